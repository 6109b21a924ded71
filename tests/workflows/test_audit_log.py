"""The audits of several states as one log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from coachwork.actions import Audit, Sender
from coachwork.adapters import Memory
from coachwork.effects import Find
from coachwork.ports import Query
from coachwork.records import AUDIT
from coachwork.testing import NOON
from coachwork.workflows import _audit_log
from coachwork.workflows._audit_log import AuditLog
from tests.faults import World

MINUTE = timedelta(minutes=1)
STATES = [("a", None), ("a", "s-1"), ("a", "s-2"), ("long name", None)]
QUERY = Query(kind="audit", tenant="t", owner="ada")


def audit(state: tuple[str, str | None], number: int, minute: int) -> Audit:
    """Return an audit of a state, the *number*th, at some minute."""
    program, subject = state
    return Audit(
        id=f"{program}-{subject}-{number}",
        tenant="t",
        user="ada",
        session=subject or "s",
        topic="x",
        program=program,
        program_version=1,
        subject=subject,
        number=number,
        sender=Sender.USER,
        message=1,
        at=NOON + minute * MINUTE,
        actions=(),
        phase="A",
    )


def logs(minutes: Iterable[list[int]]) -> list[Audit]:
    """Return the audits of states whose deeds were done at those minutes."""
    return [
        audit(state, number, minute)
        for state, own in zip(STATES, minutes, strict=True)
        for number, minute in enumerate(sorted(own), 1)
    ]


def world(audits: list[Audit]) -> World:
    """Return a world that holds them."""
    memory = Memory()
    for one in audits:
        memory.commit([AUDIT.insert(one)])
    here = World([], [], repository=memory)
    here.checks = False
    return here


def read(here: World, query: Query, after: Audit | None = None, **given: Any) -> list[Audit]:  # noqa: ANN401 - fields of a log
    """Return all that a log gives."""
    log = AuditLog(query, given.get("is_wanted", lambda _: True), after)
    found: list[Audit] = []
    while (one := here.run(log.next())) is not None:
        found.append(one)
    assert here.run(log.next()) is None
    return found


def in_order(audits: list[Audit], *, newest_first: bool) -> list[Audit]:
    """Return them by time, and among equals by their keys."""
    key = lambda one: (one.at, AUDIT.key(one).text)  # noqa: E731 - said once
    return sorted(audits, key=key, reverse=newest_first)


@given(
    st.tuples(*[st.lists(st.integers(0, 9), max_size=6)] * len(STATES)),
    st.booleans(),
    st.integers(0, 24),
    st.tuples(st.integers(-1, 9), st.integers(0, 11)),
)
def test_it_is_in_the_order_of_time(
    minutes: tuple[list[int], ...],
    newest_first: bool,  # noqa: FBT001 - it is drawn
    place: int,
    bounds: tuple[int, int],
) -> None:
    """From the beginning, from behind any audit, and within bounds; nothing twice, nothing lost."""
    audits = logs(minutes)
    here = world(audits)
    since, before = (NOON + minute * MINUTE for minute in bounds)
    for query in (QUERY, evolve(QUERY, since=since, before=before)):
        wanted = in_order(
            [one for one in audits if query is QUERY or since <= one.at < before],
            newest_first=newest_first,
        )
        query = evolve(query, newest_first=newest_first)  # noqa: PLW2901 - in that direction
        assert read(here, query) == wanted
        after = wanted[place % len(wanted)] if wanted else None
        behind = wanted[wanted.index(after) + 1 :] if after else wanted
        assert read(here, query, after) == behind


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_long_log_is_read_in_growing_pieces(
    monkeypatch: pytest.MonkeyPatch,
    newest_first: bool,  # noqa: FBT001 - it is a parameter of the test
) -> None:
    """And no more of it than is taken."""
    monkeypatch.setattr(_audit_log, "FIRST_READ", 2)
    monkeypatch.setattr(_audit_log, "MOST_READ", 4)
    audits = logs([[*range(20)], [], [30], []])
    here = world(audits)
    query = evolve(QUERY, newest_first=newest_first)
    assert read(here, query) == in_order(audits, newest_first=newest_first)
    begun = len(here.effects)
    log = AuditLog(query, lambda _: True)
    for _ in range(2):
        here.run(log.next())
    asked = [effect.query.limit for effect in here.effects[begun:] if isinstance(effect, Find)]
    assert asked[:3] == [1, 1, 1]
    assert sum(asked[3:]) <= 4


def test_states_that_are_not_wanted_are_passed_over() -> None:
    """After one look at each."""
    audits = logs([[1, 2], [1], [2], [0]])
    here = world(audits)
    found = read(here, QUERY, is_wanted=lambda one: one.program == "long name")
    assert [one.program for one in found] == ["long name"]
