"""A job's address as a text."""

from __future__ import annotations

import contextlib
import re
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Final

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from coachwork.errors import ValidationError
from coachwork.ids import MAX_ID
from coachwork.jobs import JobKind, JobRef

REF: Final = JobRef("acme", "j-1", JobKind.REPLY)
PREFIX: Final = "cwj1."


def is_id(text: str) -> bool:
    """Whether a text may be an id."""
    return 0 < len(text) <= MAX_ID and text == text.strip() and text.isprintable()


IDS: Final = st.one_of(
    st.text(st.sampled_from(":.1a/|-_=+ é😀\u0301\U000e0067"), min_size=1, max_size=12),
    st.text(max_size=MAX_ID),
    st.sampled_from(["x" * MAX_ID, "😀" * MAX_ID, "4:acme", "reply:1:a", "..", PREFIX]),
).filter(is_id)
KINDS: Final = st.sampled_from(JobKind)
REFS: Final = st.builds(JobRef, IDS, IDS, KINDS)


def coded(told: bytes | str) -> str:
    """A text that is made as those of references are."""
    data = told if isinstance(told, bytes) else told.encode()
    return PREFIX + urlsafe_b64encode(data).decode().rstrip("=")


def is_refused(text: Any) -> bool:  # noqa: ANN401 - whatever an application may pass
    """Whether it is no reference, and the error says so without repeating it."""
    with pytest.raises(ValidationError) as refused:
        JobRef.parse(text)
    assert refused.value.__cause__ is None
    assert str(refused.value) == str(ValidationError("ref", "the text of a JobRef"))
    return refused.value.field == "ref"


@given(ref=REFS)
def test_what_is_written_can_be_read(ref: JobRef) -> None:
    """Every reference comes back from its text, which any queue and any header can carry."""
    assert JobRef.parse(ref.text) == ref
    assert set(ref.text) <= set(string.ascii_letters + string.digits + "._-")


@given(one=REFS, other=REFS)
@example(one=JobRef("ab", "c", JobKind.REPLY), other=JobRef("a", "bc", JobKind.REPLY))
@example(one=JobRef("a:1", "b", JobKind.REPLY), other=JobRef("a", "1:b", JobKind.REPLY))
@example(one=JobRef("a", "b", JobKind.REPLY), other=JobRef("a", "b", JobKind.GREETING))
@example(one=JobRef("\u00e9", "b", JobKind.REPLY), other=JobRef("e\u0301", "b", JobKind.REPLY))
def test_no_two_have_one_text(one: JobRef, other: JobRef) -> None:
    """Separators in an id forge nothing."""
    assert (one == other) is (one.text == other.text)


def test_the_text_stays_as_it_is() -> None:
    """What lies in a queue is read by the next version, too."""
    assert REF.text == "cwj1.cmVwbHk6NDozOmFjbWVqLTE"
    assert urlsafe_b64decode("cmVwbHk6NDozOmFjbWVqLTE=") == b"reply:4:3:acmej-1"


def test_the_longest_ids_make_a_text_that_a_queue_takes() -> None:
    """Four bytes a character, and a third more for the code: below one and a half thousand."""
    longest = JobRef("😀" * MAX_ID, "😀" * MAX_ID, JobKind.WELCOME_BACK).text
    assert len(longest) < 1500


@pytest.mark.parametrize(
    "tenant, job, field",
    [("", "j", "tenant"), ("t", "", "job"), (" t", "j", "tenant"), ("t", "j\n", "job")],
)
def test_what_is_no_id_has_no_address(tenant: str, job: str, field: str) -> None:
    """The ids are those that a session and its jobs can have."""
    with pytest.raises(ValidationError) as refused:
        JobRef(tenant, job, JobKind.REPLY)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "text",
    [
        "",
        PREFIX,
        REF.text.removeprefix(PREFIX),
        PREFIX + REF.text,
        REF.text.upper(),
        REF.text + "=",
        REF.text + "==",
        REF.text + "A",
        REF.text + "AAAA",
        REF.text + "\n",
        " " + REF.text,
        REF.text[:-4],
        REF.text[:-8],
        REF.text[:9] + "\n" + REF.text[9:],
        REF.text[:9] + "!" + REF.text[9:],
        REF.text.replace("cwj1", "cwj2"),
        REF.text + "\ud83d",
        "\ud83d",
        PREFIX + "é",
        "cwj1.____",
        coded(b"reply:1:a\xffb"),
        coded("reply"),
        coded("reply:4"),
        coded("reply:4:"),
        coded("reply:0:acmej-1"),
        coded("reply:-3:acmej-1"),
        coded("reply:+4:acmej-1"),
        coded("reply: 4:acmej-1"),
        coded("reply:04:acmej-1"),
        coded("reply:\u0664:acmej-1"),
        coded("reply:4.0:acmej-1"),
        coded("reply:7:acmej-1"),
        coded("reply:99:acmej-1"),
        coded("reply:" + "9" * 5000 + ":acmej-1"),
        coded("REPLY:4:acmej-1"),
        coded("chat:4:acmej-1"),
        coded("reply:4:acmej-1 "),
        coded("reply:4:acmej\0"),
        coded("reply:4:acme" + "j" * (MAX_ID + 1)),
        b"cwj1.cmVwbHk6NDozOmFjbWVqLTE",
        bytearray(b"cwj1."),
        None,
        7,
        1.5,
        [],
        REF,
        str,
    ],
    ids=lambda text: f"{re.sub(r'[^ -~]', '?', repr(text))[:40]}",
)
def test_what_is_no_reference_is_refused(text: object) -> None:
    """Another version, other spellings of the same, texts that were cut, and what is no text."""
    assert is_refused(text)


@given(ref=REFS, at=st.integers(0, 2000), put=st.text(max_size=2), cut=st.integers(0, 2))
def test_no_other_text_is_a_reference(ref: JobRef, at: int, put: str, cut: int) -> None:
    """A text that is changed anywhere is refused, or is, letter by letter, that of another."""
    at %= len(ref.text) + 1
    changed = ref.text[:at] + put + ref.text[at + cut :]
    assume(changed != ref.text)
    with contextlib.suppress(ValidationError):
        other = JobRef.parse(changed)
        assert other != ref
        assert other.text == changed


@given(
    text=st.text()
    | st.binary().map(coded)
    | st.text(st.characters(exclude_categories=["Cs"])).map(coded)
)
def test_no_text_raises_anything_else(text: str) -> None:
    """Whatever comes out of a queue, it is a reference or a validation error."""
    with contextlib.suppress(ValidationError):
        assert JobRef.parse(text).text == text
