"""The plain data that a caller gives to a session."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachwork import Coach, Memory, Topic
from coachwork.adapters import ScriptedModel
from coachwork.errors import ValidationError
from coachwork.plain import JSON
from coachwork.topics import MAX_CONTEXT_BYTES, RESERVED_NAMES, checked_context

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name not in RESERVED_NAMES
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
PLAIN = st.recursive(
    LEAVES,
    lambda parts: (
        st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts, max_size=3)
    ),
    max_leaves=8,
)


def nested(depth: int) -> JSON:
    """Return lists in lists, so many levels deep."""
    value: JSON = "x"
    for _ in range(depth):
        value = [value]
    return value


def refused(value: object, field: str = "context") -> str:
    """Return what was expected, after *value* was refused by the name of *field*."""
    with pytest.raises(ValidationError) as caught:
        checked_context(value)
    assert caught.value.field == field
    return caught.value.expected


def test_no_context_is_an_empty_one() -> None:
    """Who passes nothing gets a context without names."""
    assert checked_context(None) == {}
    assert checked_context({}) == {}


def test_a_context_is_the_sessions_own() -> None:
    """What the caller changes later does not reach the session."""
    given: dict[str, JSON] = {"name": "Ada", "goals": ["run"], "more": {"a": {"b": [1]}}}
    kept = checked_context(given)
    assert kept == given
    given["goals"] = []
    assert kept["goals"] == ["run"]
    inner = given["more"]
    assert isinstance(inner, dict)
    inner["a"] = None
    assert kept["more"] == {"a": {"b": [1]}}


@pytest.mark.parametrize("kind", [OrderedDict, MappingProxyType])
def test_any_mapping_will_do(kind: type[Mapping[str, JSON]]) -> None:
    """The context need not be a dict."""
    assert checked_context(kind({"name": "Ada"})) == {"name": "Ada"}  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize("value", [[], "name", 7, [("name", "Ada")], True], ids=repr)
def test_what_is_no_mapping_is_refused(value: object) -> None:
    """Pairs and texts are no context."""
    assert refused(value) == "a mapping of names to plain data"


@pytest.mark.parametrize(
    "name", ["", "a b", "a.b", "a[0]", "1a", "näme", "a-b", "{a}", None, 7, ("a",)], ids=repr
)
def test_a_name_is_one_that_a_template_can_use(name: object) -> None:
    """A name that no gap could ask for is a mistake of the caller."""
    assert refused({name: 1}) == "names made of ASCII letters, digits and _"


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_reserved_names_are_the_librarys(name: str) -> None:
    """What the library fills in itself cannot be given; the error names it."""
    assert refused({"a": 1, name: "x"}, f"context.{name}") == "another name: this one is reserved"


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        b"x",
        datetime(2026, 1, 1, tzinfo=UTC),
        float("nan"),
        float("inf"),
        10**5000,
    ],
    ids=lambda value: repr(value)[:12] if not isinstance(value, int) else "huge",
)
def test_only_what_json_can_hold_is_plain(value: object) -> None:
    """Objects, NaN, infinities and numbers without end are refused at any depth."""
    for place in (value, [value], {"a": [value]}):
        assert refused({"a": place}) == "plain data: what JSON can hold, and no NaN"


@pytest.mark.parametrize("value", [(1, 2), [(1,)], {1: "x"}, {"a": {None: 1}}], ids=repr)
def test_nothing_is_turned_into_something_else(value: object) -> None:
    """What JSON would hold differently is refused: a tuple, a key that is no text."""
    assert refused({"a": value}) == "plain data: text keys, lists instead of tuples"


def test_a_context_is_bounded_in_bytes() -> None:
    """64 KiB of JSON text are taken, one byte more is not."""
    frame = len('{"a": ""}')
    assert checked_context({"a": "x" * (MAX_CONTEXT_BYTES - frame)})
    for text in ("x" * (MAX_CONTEXT_BYTES - frame + 1), "ä" * 12_000):
        assert refused({"a": text}) == "at most 65536 bytes of JSON text"


def test_a_context_is_bounded_in_depth() -> None:
    """32 levels are taken, one more is not, however many there are."""
    assert checked_context({"a": nested(31)})
    assert checked_context({"a": {str(n): nested(30) for n in range(9)}})
    for value in (nested(32), {"b": nested(31)}, nested(400)):
        assert refused({"a": value}) == "at most 32 levels of nesting"
    assert refused({"a": nested(100_000)}) == "plain data: what JSON can hold, and no NaN"


def test_a_context_that_is_taken_can_be_talked_with() -> None:
    """A session never gets stuck on a context that its start took."""
    topic = Topic(id="talk", system="Remember {a}.")
    coach = Coach(Memory(), ScriptedModel(["Yes."]), topics=[topic])
    chat = coach.as_user("ada").start(topic, context={"a": nested(31)})
    assert chat.send("Do you?").message.text == "Yes."


@pytest.mark.parametrize("value", ["\ud800", ["a\udfff"], {"\ud800": 1}], ids=ascii)
def test_half_a_character_is_no_text(value: object) -> None:
    """What no model and no database takes is refused at the door."""
    assert refused({"a": value}) == "text without lone surrogates"


def test_whole_characters_beyond_the_basic_plane_are_fine() -> None:
    """An emoji is two halves in JSON, and one character."""
    assert checked_context({"a": "\U0001f469 \\ud800"}) == {"a": "\U0001f469 \\ud800"}


@settings(max_examples=50)
@given(st.dictionaries(NAMES, PLAIN, max_size=4))
def test_plain_data_comes_back_equal(context: dict[str, object]) -> None:
    """Whatever is plain data is kept exactly, types of numbers included."""
    kept = checked_context(context)
    assert kept == context
    assert json.dumps(kept) == json.dumps(context)
