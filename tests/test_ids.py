"""What an id may look like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachwork.errors import ValidationError
from coachwork.ids import MAX_ID, MAX_KEY, checked_id


@pytest.mark.parametrize(
    "value",
    [
        "a",
        "0",
        "auth0|5f7c8ec7c33c6c004bbafe82",
        "ada@example.org",
        "urn:uuid:0190163d-8694-739b-aea5-966c26f8ad91",
        "a/b#c:d",
        "../../etc/passwd",
        "'; DROP TABLE sessions; --",
        "{name}",
        "Ada Lovelace",
        "adá",
        "\U0001f469",
        "x" * MAX_ID,
    ],
    ids=ascii,
)
def test_any_printable_text_is_an_id(value: str) -> None:
    """Ids are the application's own: separators, quotes and path parts are taken as they are."""
    assert checked_id(value, "user") is value


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        " a",
        "a ",
        "a\n",
        "a\nb",
        "a\0b",
        "a\x1b[31mb",
        "a\u2028b",
        "a\u200bb",
        "a\u202eb",
        "a\xa0b",
        "\ud800",
        "x" * (MAX_ID + 1),
        None,
        7,
        True,
        b"a",
        ["a"],
    ],
    ids=ascii,
)
def test_anything_else_is_refused_by_the_name_of_its_field(value: object) -> None:
    """What cannot be seen, is too long, or is no text is refused; the value is not repeated."""
    with pytest.raises(ValidationError) as refused:
        checked_id(value, "tenant")
    assert refused.value.field == "tenant"
    assert refused.value.expected == (
        "1 to 128 printable characters, without a blank at either end"
    )


def test_a_key_may_be_longer() -> None:
    """The same rule holds for idempotency keys, with a limit of 255 characters."""
    assert checked_id("k" * MAX_KEY, "key", most=MAX_KEY) == "k" * 255
    with pytest.raises(ValidationError, match="1 to 255 printable"):
        checked_id("k" * 256, "key", most=MAX_KEY)


@given(st.text(st.characters(), max_size=12), st.integers(1, 10))
def test_an_id_is_kept_as_it_is_or_refused(value: str, most: int) -> None:
    """An id is never stripped, cut or normalised: it comes back the same, or not at all."""
    is_sound = 0 < len(value) <= most and value.isprintable() and value == value.strip()
    if is_sound:
        assert checked_id(value, "user", most=most) is value
        value.encode()  # so any repository can keep it
    else:
        with pytest.raises(ValidationError):
            checked_id(value, "user", most=most)
