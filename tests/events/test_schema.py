"""The schemas of what goes over the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from coachwork.events import EVENT_SCHEMAS, Event, EventType, MessageCompleted, MessageFailed
from coachwork.ids import MAX_ID
from coachwork.jobs import ErrorCode, JobKind
from coachwork.plain import JSON

VALIDATORS: Final = {kind: Draft202012Validator(EVENT_SCHEMAS[kind]) for kind in EventType}

# --- strategies --------------------------------------------------------------------------------

TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
IDS: Final = st.text(
    st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=MAX_ID
).filter(str.isprintable)
COUNTS: Final = st.integers(0, 2**40)
RESULTS: Final[st.SearchStrategy[JSON]] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda values: (
        TEXTS | st.lists(values, max_size=3) | st.dictionaries(TEXTS, values, max_size=3)
    ),
    max_leaves=5,
)
INSTANTS: Final = st.datetimes(
    datetime(2, 1, 1),  # noqa: DTZ001 - the strategy adds the time zone
    datetime(9998, 12, 31),  # noqa: DTZ001 - as above
    timezones=st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23))),
)
DATA: Final[dict[EventType, st.SearchStrategy[MessageCompleted | MessageFailed]]] = {
    EventType.COMPLETED: st.builds(
        MessageCompleted,
        message=st.none() | TEXTS,
        is_final=st.booleans(),
        turn=COUNTS,
        max_turns=COUNTS,
        message_count=COUNTS,
        result=RESULTS,
    ),
    EventType.FAILED: st.builds(MessageFailed, error=TEXTS, error_code=st.sampled_from(ErrorCode)),
}


def events(kind: EventType) -> st.SearchStrategy[Event]:
    """All events of that type."""
    return st.builds(
        Event,
        id=IDS,
        kind=st.sampled_from(JobKind),
        job=IDS,
        session=IDS,
        tenant=IDS,
        user=IDS,
        at=INSTANTS,
        data=DATA[kind],
    )


EVENTS: Final = st.sampled_from(EventType).flatmap(events)


def is_valid(kind: EventType, wire: Mapping[str, JSON]) -> bool:
    """Whether that schema lets it pass."""
    found: bool = VALIDATORS[kind].is_valid(wire)
    return found


# --- the schemas -------------------------------------------------------------------------------


def test_there_is_one_for_each_type() -> None:
    """Each is a sound schema of draft 2020-12, plain data that can be handed out, and titled."""
    assert set(EVENT_SCHEMAS) == set(EventType)
    for kind, schema in EVENT_SCHEMAS.items():
        Draft202012Validator.check_schema(schema)
        assert json.loads(json.dumps(schema)) == schema
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["title"] == kind.value


def test_nobody_changes_which_there_are() -> None:
    """They are the library's own."""
    with pytest.raises(TypeError):
        EVENT_SCHEMAS[EventType.FAILED] = {}  # type: ignore[index]  # pyright: ignore[reportIndexIssue]


@settings(max_examples=60)
@given(event=EVENTS)
def test_every_event_is_as_its_schema_says(event: Event) -> None:
    """The wire form is JSON, the same after its journey, and of no other type than its own."""
    wire = event.wire()
    assert json.loads(json.dumps(wire, allow_nan=False)) == wire
    assert [kind for kind in EventType if is_valid(kind, wire)] == [event.type]
    assert wire["eventType"] == event.type.value


@settings(max_examples=40)
@given(event=EVENTS)
def test_instants_are_those_of_the_wire(event: Event) -> None:
    """They are texts of RFC 3339 in UTC, and nothing of them is lost."""
    told = event.wire()["occurredAt"]
    assert isinstance(told, str)
    read = datetime.strptime(told, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert read == event.at


@settings(max_examples=30)
@given(event=EVENTS, data=st.data())
def test_no_property_is_missing_or_more(event: Event, data: st.DataObject) -> None:
    """Receivers may rely on each, at the top and in the data; what is new is a new schema."""
    for inner in (False, True):
        wire = event.wire()
        part = wire["data"] if inner else wire
        assert isinstance(part, dict)
        name = data.draw(st.sampled_from(sorted(part)))
        kept = part.pop(name)
        assert not is_valid(event.type, wire)
        part[name] = kept
        assert is_valid(event.type, wire)
        part["more"] = None
        assert not is_valid(event.type, wire)


@pytest.mark.parametrize(
    "kind, name, value",
    [
        (EventType.COMPLETED, "message", 7),
        (EventType.COMPLETED, "isFinal", None),
        (EventType.COMPLETED, "turn", -1),
        (EventType.COMPLETED, "maxTurns", None),
        (EventType.COMPLETED, "messageCount", 1.5),
        (EventType.FAILED, "error", None),
        (EventType.FAILED, "errorCode", "OUT_OF_COFFEE"),
    ],
)
def test_other_values_are_refused(kind: EventType, name: str, value: JSON) -> None:
    """The schemas say what each property of the data may be."""
    if kind is EventType.COMPLETED:
        what: MessageCompleted | MessageFailed = MessageCompleted(
            message="Hi", is_final=False, turn=0, max_turns=0, message_count=1
        )
    else:
        what = MessageFailed(error="Sorry.", error_code=ErrorCode.LLM_ERROR)
    event = Event(
        id="e",
        kind=JobKind.GREETING,
        job="j",
        session="s",
        tenant="t",
        user="u",
        at=datetime(2026, 2, 3, tzinfo=UTC),
        data=what,
    )
    wire = event.wire()
    assert is_valid(kind, wire)
    assert not is_valid(kind, {**wire, "data": {**what.wire(), name: value}})
    for outer, wrong in [("kind", "small_talk"), ("eventId", None), ("occurredAt", 0)]:
        assert not is_valid(kind, {**wire, outer: wrong})
