"""What can go wrong, and where."""

from __future__ import annotations

import re
from pathlib import Path

from attrs import fields

from coachwork.ports import Ports
from coachwork.testing.faults import POSSIBLE, USUAL, Call, Fault


def test_each_fault_can_happen_somewhere_and_has_its_words() -> None:
    """No two are told alike; the words of a text form are short and plain."""
    everywhere = {
        fault for methods in POSSIBLE.values() for one in methods.values() for fault in one
    }
    assert everywhere == set(Fault)
    assert len({fault.sentence for fault in Fault}) == len(Fault)
    assert all(set(fault.value) <= set("abcdefghijklmnopqrstuvwxyz ") for fault in Fault)


def test_every_port_has_its_place() -> None:
    """The table names all ports of an application, as the field of `Ports` does."""
    assert list(POSSIBLE) == [
        "repository", "model", "clock", "ids", "templates", "renderer", "summarizer", "admit",
        "notifier", "dispatcher", "sub_agents", "sink",
    ]  # fmt: skip
    assert set(POSSIBLE) == {one.name for one in fields(Ports)}


def test_what_means_nothing_is_not_possible() -> None:
    """Only a commit conflicts, only a read is stale, only a clock jumps, and so on."""

    def of(*faults: Fault) -> set[str]:
        return {
            f"{port}.{method}"
            for port, methods in POSSIBLE.items()
            for method, possible in methods.items()
            if possible.intersection(faults)
        }

    assert of(Fault.CONFLICT_DONE, Fault.CONFLICT_NOT_DONE) == {"repository.commit"}
    assert of(Fault.STALE) == {"repository.get", "repository.log", "repository.find"}
    assert of(Fault.CLOCK_BACK, Fault.CLOCK_FORWARD) == {"clock.now"}
    assert of(Fault.TTL_EARLY, Fault.TTL_LATE) == of(Fault.STALE) | {"repository.commit"}
    does = {
        "repository.commit", "model.complete", "admit.admit", "notifier.notify",
        "dispatcher.dispatch", "sub_agents.run",
    }  # fmt: skip
    assert of(Fault.LOST_DONE) == of(Fault.LOST_NOT_DONE) == does
    assert of(Fault.DUPLICATE) == does | {"sink.tell"}
    never_waits = {"clock.now", "ids.new_id", "renderer.names", "renderer.render", "sink.tell"}
    assert not of(Fault.DELAY) & never_waits
    assert of(Fault.FAIL_BEFORE) == of(Fault.CRASH_AFTER) == of(*Fault)


def test_only_some_faults_take_a_time() -> None:
    """Those that are about seconds have a number of them to begin with."""
    timed = {fault for fault in Fault if fault.seconds is not None}
    assert timed == {
        Fault.DELAY, Fault.CLOCK_FORWARD, Fault.CLOCK_BACK, Fault.TTL_EARLY, Fault.TTL_LATE,
    }  # fmt: skip
    assert not timed & set(USUAL)


def test_a_call_is_told_without_ids() -> None:
    """Its number, its port and method, and what it is about."""
    call = Call("repository", "commit", ("job", "session"), 12, 3)
    assert str(call) == "call 12, repository.commit 3 of job, session"
    assert str(Call("clock", "now", (), 1, 1)) == "call 1, clock.now 1"
    assert Fault.LOST_DONE in call.possible
    assert Fault.STALE not in call.possible


def test_the_guide_tells_of_every_fault() -> None:
    """No fault is left out of the table that people read."""
    page = Path(__file__).parents[3] / "docs" / "how-to" / "inject-faults.md"
    table = [line for line in page.read_text("utf-8").splitlines() if line.startswith("| `")]
    told = {name for line in table for name in re.findall(r"`([A-Z_]+)`", line)}
    assert told == set(Fault.__members__)
