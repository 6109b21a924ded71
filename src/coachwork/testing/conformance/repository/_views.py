"""What is promised of the view of a user's records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import Any, Final

from attrs import evolve

from coachwork.effects import Find, Workflow
from coachwork.ports import Query
from coachwork.records import Delete, Facts, Insert, Key, Record, Update
from coachwork.testing.conformance._expecting import answers, expect
from coachwork.testing.conformance._promise import Trial, promise
from coachwork.testing.conformance._together import Wait
from coachwork.testing.conformance.repository._asking import done, put, shows
from coachwork.testing.conformance.repository._things import (
    HOSTILE,
    NOON,
    TICK,
    names,
    thing,
)

FIND: Final = "coachwork.ports.Repository.find"
QUERY: Final = "coachwork.ports.Query"


def _view(trial: Trial, **wanted: Any) -> Find:  # noqa: ANN401 - fields of a query
    """Return the question for the records of one user."""
    query = Query(kind="thing", tenant=trial.tenant, owner="u")
    return Find(evolve(query, **wanted))


def _with(facts: Facts, fact: str, value: Any) -> Facts:  # noqa: ANN401 - text or instant
    """Return *facts* with another value of one of them."""
    return evolve(facts, **{fact: value})


def _as_set(records: Sequence[Record]) -> set[str]:
    """Return which records there are, whatever their order."""
    return set(names(records))


def _stored(trial: Trial, records: Mapping[str, Facts]) -> Workflow[dict[str, Record]]:
    """Let there be a record of each name and those facts, inserted in that order."""
    put_there = {name: thing(trial.tenant, name, facts=facts) for name, facts in records.items()}
    yield from put(list(put_there.values()))
    return put_there


@promise(
    "R35",
    why="The list of sessions cannot be read: it holds records that are none.",
    where=f"{QUERY}.kind",
)
def a_view_is_of_one_kind(trial: Trial) -> Workflow[None]:
    """A user's records of other kinds are not found."""
    facts = Facts(owner="u")
    kinds = ("thing", "things", "Thing", "thin", trial.kind)
    yield from put([thing(trial.tenant, kind, kind=kind, facts=facts) for kind in kinds])
    yield from shows(trial, _view(trial), _as_set, {"thing"})


@promise(
    "R36",
    why="Somebody else's sessions are listed as one's own.",
    where=f"{QUERY}.owner",
)
def a_view_is_of_one_owner(trial: Trial) -> Workflow[None]:
    """Each owner finds exactly what is theirs, however much their ids look alike."""
    owners = ("u", "U", "u%", "\u00fc", "u\u0308", *HOSTILE)
    yield from put(
        [thing(trial.tenant, f"{n}", facts=Facts(owner=owner)) for n, owner in enumerate(owners)]
    )
    for number, owner in enumerate(owners):
        yield from shows(trial, _view(trial, owner=owner), _as_set, {f"{number}"})


@promise(
    "R37",
    why="One customer's sessions are listed to another customer's user of the same name.",
    where=f"{QUERY}.tenant; brief, section 8",
)
def a_view_is_of_one_tenant(trial: Trial) -> Workflow[None]:
    """A user of the same id under another tenant is another user."""
    for name, tenant in (("mine", trial.tenant), ("theirs", trial.other_tenant)):
        yield from put([thing(tenant, name, facts=Facts(owner="u"))])
    yield from shows(trial, _view(trial), _as_set, {"mine"})


@promise(
    "R38",
    why="A list of one topic's sessions shows those of another, and an export takes them along.",
    where=f"{QUERY}.session, .topic and .scenario",
)
def a_view_holds_to_session_topic_and_scenario(trial: Trial) -> Workflow[None]:
    """With a session, a topic or a scenario there are only records that have this one."""
    for fact in ("session", "topic", "scenario"):
        bare = Facts(owner=f"u-{fact}")
        values = ("x", "X", "xx", "%")
        facts = [*(_with(bare, fact, value) for value in values), bare]
        yield from put(
            [thing(trial.tenant, f"{fact} {n}", facts=each) for n, each in enumerate(facts)]
        )
        for number, value in enumerate(values):
            view = _view(trial, owner=bare.owner, **{fact: value})
            yield from shows(trial, view, names, [f"{fact} {number}"])


@promise(
    "R39",
    why="Sessions that have ended are listed as live, or live ones are missing.",
    where=f"{QUERY}.status",
)
def a_view_holds_to_one_of_some_statuses(trial: Trial) -> Workflow[None]:
    """With statuses there are only records that have one of them."""
    yield from _stored(
        trial,
        {
            "a": Facts(owner="u", status="x"),
            "b": Facts(owner="u", status="y"),
            "c": Facts(owner="u", status="xy"),
        },
    )
    yield from shows(trial, _view(trial), len, 3)
    for status, expected in (
        (("x",), {"a"}),
        (("y", "x"), {"a", "b"}),
        (("z", "xy"), {"c"}),
        (("z",), set[str]()),
    ):
        yield from shows(trial, _view(trial, status=status), _as_set, expected)


@promise(
    "R40",
    why="A session that began on the edge of a day is listed on both days, or on none.",
    where=f"{QUERY}.since and .before",
)
def a_view_begins_since_and_ends_before(trial: Trial) -> Workflow[None]:
    """The instant ``since`` is taken in, ``before`` is left out, to the microsecond."""
    yield from _stored(
        trial, {name: Facts(owner="u", at=NOON + n * TICK) for n, name in enumerate("abc")}
    )
    yield from shows(trial, _view(trial), len, 3)
    second = NOON + TICK
    wanted: tuple[tuple[dict[str, datetime], set[str]], ...] = (
        ({"since": second}, {"b", "c"}),
        ({"before": second}, {"a"}),
        ({"since": second, "before": second + TICK}, {"b"}),
        ({"since": second, "before": second}, set()),
    )
    for when, expected in wanted:
        yield from shows(trial, _view(trial, **when), _as_set, expected)


@promise(
    "R41",
    why="A list filtered by topic and status shows what has only one of them.",
    where=f"{QUERY}: all conditions hold at once",
)
def all_conditions_hold_at_once(trial: Trial) -> Workflow[None]:
    """With several conditions there is what is found with each of them alone, and no more."""
    conditions: dict[str, Any] = {
        "session": "s",
        "topic": "t",
        "scenario": "c",
        "status": ("x", "z"),
        "since": NOON,
        "before": NOON + TICK,
    }
    full = Facts(owner="u", session="s", topic="t", scenario="c", status="x", at=NOON)
    others = {"session": "S", "topic": "T", "scenario": "C", "status": "y", "at": NOON + TICK}
    records = {fact: _with(full, fact, value) for fact, value in others.items()}
    yield from _stored(trial, {**records, "full": full})
    yield from shows(trial, _view(trial), len, len(records) + 1)
    yield from Wait(trial.settle)  # each condition may have an index of its own
    alone: dict[str, set[str]] = {}
    for name, value in conditions.items():
        alone[name] = _as_set((yield from _view(trial, **{name: value})))
    for some in (*combinations(conditions, 2), tuple(conditions)):
        view = _view(trial, **{name: conditions[name] for name in some})
        expected = alone[some[0]].intersection(*(alone[name] for name in some))
        yield from shows(trial, view, _as_set, expected)


# --- order and pages -------------------------------------------------------------------------


def _seven(trial: Trial) -> Workflow[None]:
    """Let a user have seven records, not inserted in their order."""
    yield from _stored(trial, {name: Facts(owner="u") for name in "dbfaceg"})
    yield from shows(trial, _view(trial), len, 7)


@promise(
    "R42",
    why="A list of sessions is in no order, and its pages leave some out.",
    where=f"{QUERY}.newest_first; coachwork.records.Key.text",
)
def a_view_is_in_the_order_of_the_keys(trial: Trial) -> Workflow[None]:
    """Records come in the order of their keys' texts, code point by code point."""
    parts: tuple[str | int, ...] = ("b", "a", "B", "aa", "\u00e9", "\uff5e", "\U0001f600", 10, 9)
    records = [thing(trial.tenant, part, facts=Facts(owner="u")) for part in parts]
    yield from put(records)
    yield from shows(trial, _view(trial), len, len(records))
    found = yield from _view(trial)
    expected = sorted(records, key=lambda record: record.key.text)
    expect(_view(trial), names(found), names(expected))


@promise(
    "R43",
    why="The newest session is on the last page of the list.",
    where=f"{QUERY}.newest_first",
)
def a_view_can_have_the_newest_first(trial: Trial) -> Workflow[None]:
    """With ``newest_first`` the same records come in the opposite order."""
    yield from _seven(trial)
    found = yield from _view(trial)
    newest = _view(trial, newest_first=True)
    yield from shows(trial, newest, names, names(found)[::-1])


@promise(
    "R44",
    why="One request for a page reads everything that a user ever had.",
    where=f"{QUERY}.limit",
)
def a_view_ends_at_the_limit(trial: Trial) -> Workflow[None]:
    """There are at most ``limit`` records, the first ones in the order asked for."""
    yield from _seven(trial)
    for newest_first in (False, True):
        whole = yield from _view(trial, newest_first=newest_first)
        for limit in (1, 3, 7):
            view = _view(trial, newest_first=newest_first, limit=limit)
            yield from shows(trial, view, names, names(whole[:limit]))


@promise(
    "R45",
    why="Pages repeat sessions or leave some out; an export is incomplete, or never ends.",
    where=f"{QUERY}.after",
)
def a_view_can_be_read_in_pages(trial: Trial) -> Workflow[None]:
    """A page holds what comes after the last record of the one before, in both directions."""
    yield from _seven(trial)
    for newest_first in (False, True):
        whole = names((yield from _view(trial, newest_first=newest_first)))
        # Where they go the wrong way, another promise is broken: that of the order.
        descend = whole[0] > whole[-1]
        for last in whole:
            key = Key("thing", trial.tenant, (last,))
            behind = {name for name in whole if (name < last if descend else name > last)}
            page = _view(trial, newest_first=newest_first, after=key)
            yield from shows(trial, page, names, [name for name in whole if name in behind])


@promise(
    "R46",
    why="An export, or a list, breaks off where a record is deleted meanwhile.",
    where=f"{QUERY}.after",
)
def a_page_goes_on_after_what_is_gone(trial: Trial) -> Workflow[None]:
    """The record after which a page begins need not be there any more."""
    yield from _seven(trial)
    middle = Key("thing", trial.tenant, ("d",))
    yield from done(Delete(middle, 1))
    yield from shows(trial, _view(trial, after=middle), _as_set, set("efg"))


# --- what changes ----------------------------------------------------------------------------


@promise(
    "R47",
    why="A session that was cancelled is listed as live, or as both.",
    where=f"{FIND}; coachwork.records.Update",
)
def an_update_moves_a_record_between_views(trial: Trial) -> Workflow[None]:
    """A record is found by the facts that it has now, and not by those that it had."""
    before = Facts(owner="u", session="s", topic="t", status="x", at=NOON, scenario="c")
    now = Facts(owner="u", session="S", topic="T", status="y", at=NOON + TICK, scenario="C")
    stored = yield from _stored(trial, {"changed": before, "new": now})
    yield from done(Update(Record(stored["changed"].key, 2, now, "{}")))
    conditions: tuple[dict[str, Any], ...] = (
        {},
        {"session": "s"},
        {"session": "S"},
        {"topic": "t"},
        {"topic": "T"},
        {"status": ("x",)},
        {"status": ("y",)},
        {"scenario": "c"},
        {"scenario": "C"},
        {"before": NOON + TICK},
        {"since": NOON + TICK},
    )
    for condition in conditions:
        # Wherever one is that has had the same facts from the beginning.
        yield from shows(trial, _view(trial, **condition), _both_or_none, [True])


def _both_or_none(records: Sequence[Record]) -> list[bool]:
    """Return whether the changed record is found just where the new one is."""
    found = _as_set(records)
    return [("changed" in found) is ("new" in found)]


@promise(
    "R48",
    why="A user's deleted sessions are still listed, and cannot be opened.",
    where=f"{FIND}; coachwork.records.Delete",
)
def what_is_deleted_is_in_no_view(trial: Trial) -> Workflow[None]:
    """A record that was deleted is not found any more."""
    stored = yield from _stored(trial, {"a": Facts(owner="u"), "b": Facts(owner="u")})
    yield from done(Delete(stored["a"].key, 1))
    yield from shows(trial, _view(trial), names, ["b"])


@promise(
    "R49",
    why="Records that were never live, or have no scenario, are listed, or deleted, with others.",
    where=f"{QUERY}: only records whose fact is this",
)
def a_fact_that_is_none_meets_no_condition(trial: Trial) -> Workflow[None]:
    """A record without a fact is not found where that fact is asked for."""
    full = Facts(owner="u", session="s", topic="t", status="x", at=NOON, scenario="c")
    yield from _stored(trial, {"bare": Facts(owner="u"), "full": full, "nobody's": Facts()})
    yield from shows(trial, _view(trial), len, 2)
    yield from Wait(trial.settle)  # each condition may have an index of its own
    conditions: tuple[dict[str, Any], ...] = (
        {"session": "None"},
        {"topic": "None"},
        {"scenario": "None"},
        {"status": ("None", "y")},
        {"since": NOON + TICK},
        {"before": NOON},
        {"owner": "None"},
    )
    for condition in conditions:
        found = _as_set((yield from _view(trial, **condition)))
        # Where the other one is found too, another promise is broken: that of the condition.
        if "full" not in found:
            expect(_view(trial, **condition), found & {"bare", "nobody's"}, set[str]())


@promise(
    "R50",
    why="A session is listed, and is another one, or none, when it is opened.",
    where="coachwork.ports.Repository: a record comes back exactly as it was given",
)
def a_view_gives_whole_records(trial: Trial) -> Workflow[None]:
    """What a view finds is what was put there: key, version, facts and body."""
    facts = Facts(owner="u", session="s", topic="t#", status="x", at=NOON, scenario="c")
    record = thing(trial.tenant, "a/b", 7, "1:c", facts=facts, body='{"text":"\\ud800"}')
    yield from done(Insert(record))
    yield from shows(trial, _view(trial), len, 1)
    yield from answers(_view(trial), (record,))
