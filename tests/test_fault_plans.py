"""All use cases under plans of faults: the same plan is the same life, and a life comes to its end.

``COACHWORK_FAULT_SEEDS`` sets how many seeds are tried, for a bigger run.
"""

from __future__ import annotations

import os
import re
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from coachwork.adapters import Memory, SQLite
from coachwork.errors import SessionNotFoundError
from coachwork.records import MESSAGE, SESSION_RECORD
from coachwork.sessions import SessionStatus
from coachwork.testing import violations
from coachwork.testing.faults import USUAL, Fault, FaultPlan
from coachwork.workflows import send, start
from tests.faults import ADA
from tests.insisting import Colour, Life, lead, life, sweep
from tests.scenes import TALK

SEEDS: Final = range(int(os.environ.get("COACHWORK_FAULT_SEEDS", "25")))

KEPT: Final = (
    *USUAL,
    Fault.DELAY,
    Fault.INTERRUPT_BEFORE,
    Fault.INTERRUPT_AFTER,
    Fault.CLOCK_FORWARD,
)
"""What goes wrong though every port keeps its promises."""
BROKEN: Final = (*KEPT, Fault.FAIL_AFTER, Fault.CONFLICT_DONE, Fault.CLOCK_BACK)
"""The same, and ports that break theirs: commits that are done though that was denied."""
MENUS: Final = {"promises kept": KEPT, "promises broken": BROKEN}


def plan(seed: int, menu: str) -> FaultPlan:
    """Return a plan with enough faults to hurt, and few enough to end; views lag all the time."""
    jumps = dict.fromkeys({Fault.CLOCK_FORWARD, Fault.CLOCK_BACK} & set(MENUS[menu]), 400.0)
    views = FaultPlan()
    for method in ("log", "find"):
        views += FaultPlan.seeded(
            seed, rate=0.3, faults=[Fault.STALE], most=5, port="repository", method=method
        )
    others = FaultPlan.seeded(seed, rate=0.05, faults=MENUS[menu], seconds=jumps, most=12)
    return others + views


def comes_to_its_end(lived: Life) -> None:
    """Lead a life, and hold what must be true of it against what is stored and what was told."""
    talk = lead(lived)
    records = lived.records
    assert violations(records, now=lived.clock.time) == []
    sessions = [SESSION_RECORD.read(r).value for r in records if r.key.kind == "session"]
    assert sorted(session.status for session in sessions) == [
        SessionStatus.CANCELLED,
        SessionStatus.COMPLETED,
    ]
    messages = [MESSAGE.read(r).value for r in records if r.key.kind == MESSAGE.name]
    said = [message.text for message in messages if message.session == talk]
    assert [said.count(text) for text in ("One.", "Two.", "Three.")] == [1, 1, 1]
    jobs = {str(record.key.parts[0]) for record in records if record.key.kind == "job"}
    assert set(lived.notifier.jobs) == jobs
    ids = {event.id: event.wire() for event in lived.notifier.events}
    assert all(ids[event.id] == event.wire() for event in lived.notifier.events)
    sweep(lived)
    assert {record.key.kind for record in lived.records} == {"account", "standing"}


@pytest.mark.parametrize("menu", MENUS)
def test_a_client_who_insists_comes_to_the_end(menu: str) -> None:
    """Whatever goes wrong, nothing is lost or done twice, and all is answered and told."""
    met: set[Fault] = set()
    for seed in SEEDS:
        lived = life(Memory(), plan(seed, menu))
        try:
            comes_to_its_end(lived)
        except BaseException as error:
            raise AssertionError(f"under {plan(seed, menu)}, or {lived.faults.replay}") from error
        met |= {one.fault for one in lived.faults.injected}
    assert met == {*MENUS[menu], Fault.STALE}


def test_a_life_without_faults_calls_all_ports() -> None:
    """The plans are played on every port but the sink, which has no part in this life."""
    lived = life(Memory(), FaultPlan.each(Fault.DELAY, seconds=0))
    comes_to_its_end(lived)
    called = {one.call.port for one in lived.faults.injected}
    waits_not = {"clock", "ids", "renderer", "sink"}
    assert called == {
        "admit", "dispatcher", "model", "notifier", "repository", "summarizer", "templates",
    }  # fmt: skip
    assert not called & waits_not
    assert all(not re.search(r"id-\d", str(one)) for one in lived.faults.injected)


@pytest.mark.parametrize("menu", MENUS)
def test_the_same_plan_is_the_same_life_under_both_drivers(menu: str) -> None:
    """Faults, answers, events and all that is stored are the same, byte for byte."""
    for seed in SEEDS[:6]:
        texts = set()
        colours: tuple[Colour, ...] = ("blocking", "async", "blocking")
        for colour in colours:
            lived = life(Memory(), plan(seed, menu), colour)
            lead(lived)
            texts.add(lived.text)
        assert len(texts) == 1


@pytest.mark.parametrize("colour", ["blocking", "async"])
def test_the_same_plan_is_the_same_life_in_a_file(tmp_path: Path, colour: Colour) -> None:
    """Memory and SQLite are told the same, answer the same, and hold the same in the end."""
    for seed, menu in enumerate(MENUS):
        in_memory = life(Memory(), plan(seed, menu))
        comes_to_its_end(in_memory)
        with closing(SQLite(tmp_path / f"{seed}.db", synchronous="NORMAL")) as store:
            in_a_file = life(store, plan(seed, menu), colour)
            comes_to_its_end(in_a_file)
            assert in_a_file.text == in_memory.text


def test_what_went_wrong_replays_call_by_call() -> None:
    """The plan that a run tells in the end is as good as the seed, and its text as good as it."""
    for seed in SEEDS[:6]:
        seeded = life(Memory(), plan(seed, "promises broken"))
        lead(seeded)
        told = FaultPlan.parse(str(seeded.faults.replay))
        again = life(Memory(), told)
        lead(again)
        assert again.text == seeded.text


def test_what_an_engine_deletes_in_its_own_time_is_not_missed() -> None:
    """Sessions that expired long ago may go at any call: nobody saw them any more."""
    for number in range(1, 12, 2):
        lived = life(Memory(), FaultPlan.at(number, Fault.TTL_LATE, kind="account"))
        lead(lived)
        lived.clock.advance(days=20)
        again = lived.once(start(lived.setup, ADA, TALK, key="again"))
        turn = lived.once(send(lived.setup, ADA, TALK, again.session.id, "Hello?", key="then"))
        assert turn.message.text == "Go on."


def test_a_session_that_an_engine_deletes_too_early_stops_nobody() -> None:
    """It is not found any more, its claim is in nobody's way, and the user starts anew."""
    counted = life(Memory(), FaultPlan.each(Fault.DELAY, port="repository", seconds=0))
    lead(counted)
    gone = 0
    for number in range(2, len(counted.faults.injected), 5):
        early = FaultPlan.at(number, Fault.TTL_EARLY, seconds=30 * 24 * 3600)
        lived = life(Memory(), early)
        try:
            lead(lived)
        except (SessionNotFoundError, AssertionError, ValueError):
            gone += 1
        lived.clock.time += lived.setup.settings.lease
        again = lived.once(start(lived.setup, ADA, TALK, key="again"))
        turn = lived.once(send(lived.setup, ADA, TALK, again.session.id, "Hello?", key="then"))
        assert turn.message.text == "Go on."
        kept = [record for record in lived.records if record.facts.session == again.session.id]
        own = [one for one in violations(kept) if "account" not in one and "standing" not in one]
        assert own == []
    assert gone > 10
