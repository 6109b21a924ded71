"""How a value becomes a record, and what is refused when it is read."""

from __future__ import annotations

import json
from typing import Any, Final, cast

import pytest
from attrs import frozen

from coachwork.errors import CorruptRecordError, MisuseError, UnsupportedSchemaError
from coachwork.plain import JSON
from coachwork.records import (
    KINDS,
    MAX_BODY,
    SESSION_RECORD,
    Check,
    Delete,
    Facts,
    Insert,
    Key,
    Kind,
    Record,
    Stored,
    Update,
)
from tests.specimens import GOLDEN, REPLYING, session

CANARY: Final = "a secret of a person"


@frozen
class Habit:
    """A value of a kind that has changed its form twice."""

    name: str
    times: int


def _key(habit: Habit) -> Key:
    return Key("habit", "t", (habit.name,))


def _to_2(body: dict[str, JSON]) -> dict[str, JSON]:
    return {"name": body["title"], "times": body["count"]}


def _to_3(body: dict[str, JSON]) -> dict[str, JSON]:
    return {**body, "times": int(str(body["times"]))}


HABIT: Final = Kind(
    name="habit",
    type=Habit,
    key=_key,
    facts=lambda habit: Facts(topic=habit.name),
    schema=3,
    upcasts={1: _to_2, 2: _to_3},
)


def stored(body: str, *, key: Key | None = None) -> Record:
    """Return a record of a habit with that body."""
    return Record(key or Key("habit", "t", ("walk",)), 7, Facts(), body)


# --- upcasts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        '{"title":"walk","count":"5","schema":1}',
        '{"name":"walk","times":"5","schema":2}',
        '{"name":"walk","times":5,"schema":3}',
        '{"schema":3,"times":5,"name":"walk"}',
    ],
)
def test_older_bodies_are_read_through_upcasts(body: str) -> None:
    """Each older form is brought to the newest, one version at a time; the version is kept."""
    assert HABIT.read(stored(body)) == Stored(Habit("walk", 5), 7)


def test_what_is_written_is_of_the_newest_form() -> None:
    """A value read from an older form is written in today's, at the next version."""
    old = HABIT.read(stored('{"title":"walk","count":"5","schema":1}'))
    update = HABIT.update(old, Habit("walk", 6))
    assert update.record.body == '{"name":"walk","times":6,"schema":3}'
    assert update.record.version == 8


@pytest.mark.parametrize(
    "body, version",
    [
        ('{"title":"walk","schema":1}', 1),
        ('{"name":"walk","times":"many","schema":2}', 2),
        ('{"name":"walk","schema":2}', 2),
    ],
)
def test_an_older_body_that_cannot_be_upcast_is_damaged(body: str, version: int) -> None:
    """A fault of an upcast is damage of the record, named by the version it has."""
    with pytest.raises(CorruptRecordError, match=f"as version {version}") as caught:
        HABIT.read(stored(body))
    assert (caught.value.kind, caught.value.field) == ("habit", "schema")


@pytest.mark.parametrize(
    "fault", [IndexError(), ZeroDivisionError(), AttributeError(), KeyError(), TypeError()]
)
def test_whatever_an_upcast_meets_is_damage(fault: Exception) -> None:
    """An upcast that was not prepared for what it finds raises nothing of its own."""

    def upcast(_body: dict[str, JSON]) -> dict[str, JSON]:
        raise fault

    kind = Kind("habit", Habit, _key, lambda _: Facts(), schema=2, upcasts={1: upcast})
    with pytest.raises(CorruptRecordError):
        kind.read(stored('{"schema":1}'))


def test_a_version_without_an_upcast_is_damage() -> None:
    """Where no upcast is known, nothing is guessed."""
    kind = Kind("habit", Habit, _key, lambda _: Facts(), schema=2)
    with pytest.raises(CorruptRecordError, match="cannot be read as version 1"):
        kind.read(stored('{"name":"walk","times":5,"schema":1}'))


@pytest.mark.parametrize("schema", [4, 99, 10**30])
def test_a_newer_body_is_refused(schema: int) -> None:
    """What newer code wrote is not read, whatever it holds, and both versions are told."""
    with pytest.raises(UnsupportedSchemaError) as caught:
        HABIT.read(stored(f'{{"unheard":"{CANARY}","schema":{schema}}}'))
    error = caught.value
    assert (error.kind, error.field, error.found, error.known) == ("habit", "schema", schema, 3)
    assert CANARY not in str(error)


# --- damage ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body, field, reason",
    [
        ("", "body", "is not JSON"),
        ("{", "body", "is not JSON"),
        ('{"name":"walk","times":5,"schema":3', "body", "is not JSON"),
        ('{"name":"walk","times":5,"schema":3} x', "body", "is not JSON"),
        ("nonsense", "body", "is not JSON"),
        ('{"name":"walk","times":NaN,"schema":3}', "body", "is not JSON"),
        ('{"name":"walk","times":-Infinity,"schema":3}', "body", "is not JSON"),
        ('{"name":"walk","name":"run","times":5,"schema":3}', "body", "is not JSON"),
        ('{"name":"walk","times":5,"schema":3,"schema":3}', "body", "is not JSON"),
        ("[" * 100_000, "body", "is not JSON"),
        (f'{{"name":"walk","times":{"9" * 5000},"schema":3}}', "body", "is not JSON"),
        ("[]", "body", "is not a JSON object"),
        ("null", "body", "is not a JSON object"),
        ('"text"', "body", "is not a JSON object"),
        ("5", "body", "is not a JSON object"),
        ('{"name":"walk","times":5}', "schema", "is no version number"),
        ('{"name":"walk","times":5,"schema":null}', "schema", "is no version number"),
        ('{"name":"walk","times":5,"schema":"3"}', "schema", "is no version number"),
        ('{"name":"walk","times":5,"schema":true}', "schema", "is no version number"),
        ('{"name":"walk","times":5,"schema":3.0}', "schema", "is no version number"),
        ('{"name":"walk","times":5,"schema":0}', "schema", "is no version number"),
        ('{"name":"walk","times":5,"schema":-1}', "schema", "is no version number"),
        ('{"name":"walk","schema":3}', "times", "is missing"),
        ('{"schema":3}', "name", "is missing"),
        ('{"name":"walk","times":5,"more":1,"schema":3}', "more", "is unknown"),
        ('{"name":"walk","times":"5","schema":3}', "times", "is no int"),
        ('{"name":"walk","times":true,"schema":3}', "times", "is no int"),
        ('{"name":"walk","times":5.0,"schema":3}', "times", "is no int"),
        ('{"name":"walk","times":null,"schema":3}', "times", "is no int"),
        ('{"name":5,"times":5,"schema":3}', "name", "is no str"),
        ('{"name":["walk"],"times":5,"schema":3}', "name", "is no str"),
        ('{"name":"run","times":5,"schema":3}', "key", "is not the key of what it holds"),
    ],
    ids=lambda text: text[:60],
)
def test_damage_is_named_by_kind_and_field(body: str, field: str, reason: str) -> None:
    """A damaged record is refused: which kind, which field, and what is wrong with it."""
    with pytest.raises(CorruptRecordError) as caught:
        HABIT.read(stored(body))
    error = caught.value
    assert (error.kind, error.field, error.reason) == ("habit", field, reason)


def test_a_body_that_is_no_text_is_damage() -> None:
    """A repository that gives something else than text as body is not trusted."""
    with pytest.raises(CorruptRecordError, match="is not JSON"):
        HABIT.read(Record(Key("habit", "t", ("walk",)), 1, Facts(), cast("Any", None)))


def test_a_record_of_another_tenant_is_damage() -> None:
    """What is found under a key must be what belongs there."""
    body = '{"name":"walk","times":5,"schema":3}'
    with pytest.raises(CorruptRecordError, match="key"):
        HABIT.read(stored(body, key=Key("habit", "other", ("walk",))))


def test_an_upcast_that_gives_no_object_is_damage() -> None:
    """What an upcast gives is checked like anything that is read."""
    kind = Kind(
        "habit",
        Habit,
        _key,
        lambda _: Facts(),
        schema=2,
        upcasts={1: lambda _: cast("Any", [])},
    )
    with pytest.raises(CorruptRecordError, match="body: is no object"):
        kind.read(stored('{"schema":1}'))


def paths_in(plain: JSON, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the paths of all fields in a body, not those inside of free plain data."""
    found: list[tuple[str | int, ...]] = []
    if isinstance(plain, dict) and (not path or path[-1] not in _ANY_JSON):
        for name, inner in plain.items():
            found += [(*path, name), *paths_in(inner, (*path, name))]
    return found


def changed(body: str, path: tuple[str | int, ...], value: JSON, *, drop: bool = False) -> str:
    """Return *body* with another value at *path*, or without it."""
    plain: Any = json.loads(body)
    inside = plain
    for step in path[:-1]:
        inside = inside[step]
    if drop:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return json.dumps(plain)


_ANY_JSON: Final = {"context", "result", "output", "state", "data", "parameters"}


_ANY_VALUE: Final = {"result", "output", "parameters"}
_ANY_MAPPING: Final = _ANY_JSON - _ANY_VALUE


@pytest.mark.parametrize("name", GOLDEN)
def test_no_field_of_any_kind_may_be_missing_or_wrong(name: str) -> None:
    """In every kind, each field that lacks, or holds a thing of another kind, is named."""
    kind: Kind[Any] = KINDS[name.partition("-")[0]]
    record = kind.record(GOLDEN[name], 1)
    paths = [path for path in paths_in(json.loads(record.body)) if path != ("schema",)]
    assert paths
    for path in paths:
        told = ".".join(map(str, path))
        damaged = changed(record.body, path, None, drop=True)
        with pytest.raises(CorruptRecordError) as caught:
            kind.read(Record(record.key, 1, record.facts, damaged))
        assert (caught.value.kind, caught.value.field) == (kind.name, told)
        if path[-1] in _ANY_VALUE:
            continue  # any plain data is right there
        damaged = changed(record.body, path, {CANARY: [CANARY]})
        if path[-1] in _ANY_MAPPING:
            continue
        with pytest.raises(CorruptRecordError) as caught:
            kind.read(Record(record.key, 1, record.facts, damaged))
        assert caught.value.field.startswith(told)
        assert caught.value.kind == kind.name


@pytest.mark.parametrize(
    "path, value, field",
    [
        (("status",), "frozen", "status"),
        (("status",), "ACTIVE", "status"),
        (("status",), 5, "status"),
        (("in_flight",), {"job": "j", "kind": "poem"}, "in_flight.kind"),
        (("in_flight",), {"job": "j"}, "in_flight.kind"),
        (("turns",), True, "turns"),
        (("turns",), 1.0, "turns"),
        (("turns",), "1", "turns"),
        (("about", "exclusive"), 1, "about.exclusive"),
        (("about", "user"), None, "about.user"),
        (("about", "idle_timeout"), "PT30M", "about.idle_timeout"),
        (("about", "idle_timeout"), True, "about.idle_timeout"),
        (("about", "idle_timeout"), 10**30, "about.idle_timeout"),
        (("last_activity_at",), "2026-02-03T12:00:00", "last_activity_at"),
        (("last_activity_at",), "2026-02-03T14:00:00+02:00", "last_activity_at"),
        (("last_activity_at",), "2026-02-03", "last_activity_at"),
        (("last_activity_at",), "yesterday", "last_activity_at"),
        (("last_activity_at",), "", "last_activity_at"),
        (("last_activity_at",), 1770119999, "last_activity_at"),
        (("last_activity_at",), "2026-02-30T12:00:00+00:00", "last_activity_at"),
        (("ledger", "usage", "tokens_in"), 1.5, "ledger.usage.tokens_in"),
        (("ledger",), [], "ledger"),
    ],
    ids=repr,
)
def test_a_wrong_value_is_named_by_its_path(path: tuple[str, ...], value: JSON, field: str) -> None:
    """An unknown status, a naive or foreign instant, a bool for a number: each is named."""
    record = SESSION_RECORD.record(session(turns=1, messages=2, in_flight=REPLYING), 1)
    damaged = changed(record.body, path, value)
    with pytest.raises(CorruptRecordError) as caught:
        SESSION_RECORD.read(Record(record.key, 1, record.facts, damaged))
    assert (caught.value.kind, caught.value.field) == ("session", field)


def test_no_value_is_told() -> None:
    """Neither the error nor what it hangs on holds what stood in the record."""
    record = KINDS["message"].record(GOLDEN["message-user"], 1)
    values: tuple[JSON, ...] = ([CANARY], {"a": CANARY}, {CANARY: 1})
    for value in values:
        damaged = changed(record.body, ("text",), value)
        with pytest.raises(CorruptRecordError) as caught:
            KINDS["message"].read(Record(record.key, 1, record.facts, damaged))
        error = caught.value
        assert CANARY not in f"{error}{error!r}{error.facts}{error.__cause__}"
        assert error.__suppress_context__


# --- writing ---------------------------------------------------------------------------------


def test_a_record_has_key_version_facts_and_a_compact_body() -> None:
    """The body is one line of ASCII JSON, the schema last."""
    record = HABIT.record(Habit("wälk", 5), 4)
    assert record.body == '{"name":"w\\u00e4lk","times":5,"schema":3}'
    assert (record.key, record.version) == (Key("habit", "t", ("wälk",)), 4)
    assert record.facts == Facts(topic="wälk")


def test_a_body_is_at_most_as_long_as_promised() -> None:
    """The longest body passes; one character more is refused without its text."""
    room = MAX_BODY - len(HABIT.record(Habit("", 5), 1).body)
    assert len(HABIT.record(Habit("x" * room, 5), 1).body) == MAX_BODY
    with pytest.raises(MisuseError) as caught:
        HABIT.record(Habit("x" * (room + 1), 5), 1)
    assert str(caught.value) == f"a habit record of more than {MAX_BODY} bytes"


def test_operations_name_the_version_they_want() -> None:
    """An insert is version 1, an update one more, delete and check the very one."""
    old, new = Stored(Habit("walk", 5), 7), Habit("walk", 6)
    key = Key("habit", "t", ("walk",))
    assert HABIT.insert(new) == Insert(HABIT.record(new, 1))
    assert HABIT.update(old, new) == Update(HABIT.record(new, 8))
    assert HABIT.delete(old) == Delete(key, 7)
    assert HABIT.check(old) == Check(key, 7)


def test_a_record_after_another_is_the_same_record() -> None:
    """What was written before saves work and changes nothing; the bound is the same."""
    first, texts = HABIT.record_after(Habit("read", 1), 1, None)
    assert first == HABIT.record(Habit("read", 1), 1)
    second, _ = HABIT.record_after(Habit("read", 2), 2, texts)
    assert second == HABIT.record(Habit("read", 2), 2)
    with pytest.raises(MisuseError, match="a habit record of more than"):
        HABIT.record_after(Habit("x" * MAX_BODY, 1), 1, texts)
