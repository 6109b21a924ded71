"""What is promised of one record: it is found by its key, and comes back as it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain
from typing import Final

from coachwork.effects import Find, Get, ReadLog, Workflow
from coachwork.ports import Query
from coachwork.records import MAX_BODY, Facts, Insert, Key, Record
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._expecting import answers, expect
from coachwork.testing.conformance._promise import Trial, promise
from coachwork.testing.conformance.repository._asking import (
    done,
    finds,
    put,
)
from coachwork.testing.conformance.repository._things import HOSTILE, NOON, TICK, thing

EXACTLY: Final = "coachwork.ports.Repository: a record comes back exactly as it was given"


@promise(
    "R01",
    why="Whoever starts for the first time gets an error, or somebody else's session.",
    where="coachwork.ports.Repository.get, .log and .find",
)
def nothing_is_found_where_nothing_was_put(trial: Trial) -> Workflow[None]:
    """A key without a record is answered with None, and a view without records with none."""
    yield from answers(Get(Key("thing", trial.tenant, ("a",))), None)
    yield from answers(ReadLog(tenant=trial.tenant, session="s", limit=10), ())
    yield from answers(Find(Query(kind="thing", tenant=trial.tenant, owner="u")), ())


@promise(
    "R02",
    why="A session without its version or its facts can never be changed or found again.",
    where=EXACTLY,
)
def a_record_comes_back_as_it_was(trial: Trial) -> Workflow[None]:
    """Key, version and facts come back as they were, also where a fact is None."""
    full = thing(
        trial.tenant,
        "a",
        7,
        facts=Facts(
            owner="' OR 1=1 --",
            session="s/1:x",
            topic="t#",
            status="active",
            scenario="e\u0301",
        ),
    )
    bare = thing(trial.tenant, "b")
    yield from done(Insert(full), Insert(bare))
    yield from answers(Get(full.key), full)
    yield from answers(Get(bare.key), bare)


BODIES: Final = (
    '{"text":"\\u0000 \\ud800 \\u00e4 \\ud83d\\ude00 \\/"}',
    '{"n":123456789012345678901234567890,"x":1.10,"y":1E400,"z":-0.0}',
    '{ "b" : 1,\t"a" : [ ] ,\r\n "a":{}}\n',
    '{"text":"it\'s %s {0} $1 :name ? \\\\ \\" <b>&amp;"}',
    "[]",
)
"""JSON documents that are changed by whatever reads and writes them anew."""


@promise(
    "R03",
    why="What a person wrote is changed, or the record cannot be read any more.",
    where=f"{EXACTLY}; coachwork.records.Record.body",
)
def a_body_comes_back_character_by_character(trial: Trial) -> Workflow[None]:
    """A body is text: escapes, numbers, blanks and the order of its names stay as they are."""
    records = [thing(trial.tenant, n, body=body) for n, body in enumerate(BODIES)]
    yield from put(records)
    for record in records:
        found = yield from Get(record.key)
        expect(
            f"the body of {record.key.parts}", None if found is None else found.body, record.body
        )


INSTANTS: Final = (
    NOON,
    NOON + TICK,
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 2, 4, 2, 0, 0, 1, tzinfo=timezone(timedelta(hours=14))),
    datetime(2026, 2, 3, 0, 0, 0, 999999, tzinfo=timezone(-timedelta(hours=11, minutes=30))),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
)
"""Instants that are changed by a float, by milliseconds, or by the loss of their zone."""


@promise(
    "R04",
    why="Sessions expire, and leases end, hours too early or late; views lose what is on an edge.",
    where=f"{EXACTLY}; brief, section 8",
)
def an_instant_comes_back_to_the_microsecond(trial: Trial) -> Workflow[None]:
    """Every instant comes back aware and equal, from the year 1 to the year 9999."""
    records = [
        thing(trial.tenant, n, facts=Facts(at=instant, due=instant, expires=_far(instant)))
        for n, instant in enumerate(INSTANTS)
    ]
    yield from put(records)
    for record in records:
        found = yield from Get(record.key)
        facts = None if found is None else found.facts
        expect(f"the facts of {record.key.parts}", facts, record.facts)


def _far(instant: datetime) -> datetime:
    """Return an instant that no engine deletes what expires then."""
    return instant.replace(year=9999) if instant.year < 9999 else instant  # noqa: PLR2004 - the last


@promise(
    "R05",
    why="Two users, or two topics, whose ids look alike share one session.",
    where="coachwork.records.Key.text; brief, section 8",
)
def ids_that_look_alike_are_different(trial: Trial) -> Workflow[None]:
    """Ids are compared character by character: case, accents, quotes and paths are kept apart."""
    alike = ("\u00e9".upper(), "\uff41", "ss", "\u00df", "i", "\u0131", "1", "01", *HOSTILE)
    yield from _apart([thing(trial.tenant, name) for name in dict.fromkeys(alike)])


@promise(
    "R06",
    why="Who may choose an id can make one that leads to somebody else's record.",
    where="coachwork.records.Key.text: different keys have different texts, whatever the ids hold",
)
def no_separator_forges_a_key(trial: Trial) -> Workflow[None]:
    """The parts of a key are told apart, whatever is in them, and so are texts and numbers."""
    parts: dict[tuple[str | int, ...], None] = {(1,): None, ("1",): None, ("000000000001",): None}
    for sign in ("/", "#", ":", "-", "_", "|", ",", ".", "1:", "#000000000001"):
        for forged in ((f"a{sign}b", "c"), ("a", f"b{sign}c"), (f"a{sign}b{sign}c",)):
            parts[forged] = None
    parts["a", "b", "c"] = None
    yield from _apart([thing(trial.tenant, *each) for each in parts])


@promise(
    "R07",
    why="One customer's conversation is shown to another customer.",
    where="coachwork.records.Key: one tenant's keys are never another's; brief, section 8",
)
def a_tenants_key_is_its_own(trial: Trial) -> Workflow[None]:
    """The same ids under another tenant are another record."""
    tenants = [f"{trial.tenant}{end}" for end in ("", "-2", "-x", "-X", "/a", "/1:a")]
    yield from _apart(*([thing(tenant, "a", "b"), thing(tenant, "b")] for tenant in tenants))


def _apart(*groups: Sequence[Record]) -> Workflow[None]:
    """Make sure that each record is one of its own; those of one tenant are a group."""
    told = [
        [
            Record(record.key, 1, record.facts, f'{{"n":[{n},{m}]}}')
            for m, record in enumerate(group)
        ]
        for n, group in enumerate(groups)
    ]
    for group in told:
        yield from put(group)
    for record in chain.from_iterable(told):
        yield from finds(record.key, record)


@promise(
    "R08",
    why="A long message is accepted and then cannot be kept.",
    where="coachwork.records.MAX_BODY; brief, section 8",
    needs=Capability.LARGE_BODIES,
)
def a_body_may_be_as_long_as_promised(trial: Trial) -> Workflow[None]:
    """A body of 256 KiB is kept whole."""
    body = '{"text":"' + "x" * (MAX_BODY - 11) + '"}'
    record = thing(trial.tenant, "a", body=body)
    yield from done(Insert(record))
    found = yield from Get(record.key)
    expect("the longest body", None if found is None else found.body, body)
