"""A commit is judged by what it changes, with what two states show or by itself."""

from __future__ import annotations

import pytest
from attrs import evolve

from coachwork.jobs import Job
from coachwork.sessions import AccountStatus
from coachwork.testing import step_violations, violations
from coachwork.workflows import pause, purge_expired
from tests.bad_commits import OF_ONE_RECORD, OF_SEVERAL_RECORDS, Bad, every_real_commit
from tests.damage import (
    LATER,
    ROOM_JOB,
    ROOM_SESSION,
    SESSION,
    TALK,
    applied,
    damaged,
    field,
    healthy,
    recorded,
    values,
    written,
)
from tests.faults import ADA

ALL: dict[str, Bad] = OF_ONE_RECORD | OF_SEVERAL_RECORDS


@pytest.mark.parametrize("name", OF_ONE_RECORD)
def test_each_bad_commit_is_seen_between_two_states(name: str) -> None:
    """A commit that does one thing that it must not is told with the invariant's number."""
    wanted, commit = OF_ONE_RECORD[name]
    before, _ = commit()
    found = step_violations(before, applied(commit()))
    assert any(one.startswith(wanted) for one in found), found


@pytest.mark.parametrize("name", OF_SEVERAL_RECORDS)
def test_each_thing_left_out_is_seen_in_the_step_or_the_state(name: str) -> None:
    """What two states do not show, since something is nowhere, is seen in the state after."""
    wanted, commit = OF_SEVERAL_RECORDS[name]
    before, _ = commit()
    after = applied(commit())
    told = step_violations(before, after)
    assert any(one.startswith(wanted) for one in told) or violations(after) != []


def test_no_text_is_in_a_violation() -> None:
    """Neither what was said nor an idempotency key is in any violation."""
    secret = {"Hello.", "More.", "Go on.", "One.", "Two.", "Three.", *"abcdefgh", "k7"}
    for _, commit in ALL.values():
        before, _ = commit()
        for told in step_violations(before, applied(commit())):
            # An article is no key: what a violation names stands before its second colon.
            assert not secret & set(told.split(": ")[1].replace("/", " ").split())
            assert not secret - {"a"} & set(told.replace(":", " ").split())


def test_nothing_is_wrong_with_real_commits() -> None:
    """All that a whole life writes from nothing to the sweep has no violation."""
    assert step_violations([], []) == []
    for commit in every_real_commit():
        assert step_violations(commit[0], applied(commit)) == []


def test_an_application_may_keep_records_of_its_own() -> None:
    """A kind that the library does not know is judged by its versions and its tenant alone."""
    note = evolve(
        damaged()[0], key=evolve(damaged()[0].key, kind="note"), version=1, body="no JSON"
    )
    assert step_violations([], [note]) == []
    assert step_violations([note], []) == []
    (told,) = step_violations([note], [evolve(note, version=3)])
    assert told.startswith("9: note ")


def test_no_job_is_deleted_before_its_event_was_delivered() -> None:
    """4: Unless everything of its user, or of a test scenario, is deleted; no event follows."""
    named = values(damaged())
    owed = evolve(named[f"job {ROOM_JOB}"][0], notify=True)
    room, account = named[f"session {ROOM_SESSION}"][0], named["account"][0]

    def told(job: Job, status: AccountStatus | None) -> list[str]:
        beside = [room] if status is None else [room, evolve(account, status=status)]
        left = [recorded(value) for value in beside]
        return step_violations([recorded(job), *left], left)

    wanted = [f"4: job acme/{ROOM_JOB}: deleted, and its event was not delivered"]
    assert told(owed, AccountStatus.OPEN) == wanted
    assert told(owed, AccountStatus.DELETING) == told(owed, None) == []
    assert told(evolve(owed, delivered_at=LATER), AccountStatus.OPEN) == []
    assert told(evolve(owed, scenario="trial"), AccountStatus.OPEN) == []


def test_a_completion_is_counted() -> None:
    """9: One more, later than the one before, is no violation."""
    commit = written(("standing room", field(completed=2, completed_at=LATER)))
    assert step_violations(commit[0], applied(commit)) == []


def test_sweeping_is_well() -> None:
    """What a sweep deletes of ended sessions is no violation; the world checks every commit."""
    world = healthy()
    world.clock.advance(days=30)
    assert world.run(purge_expired(world.setup)).deleted == 3
    assert {record.key.kind for record in world.records()} == {"account", "standing"}


def test_ordinary_steps_are_well() -> None:
    """A pause, and all that a whole life writes from nothing on, have no violation."""
    world = healthy()
    assert step_violations([], [r for r in world.records() if r.key.kind == "standing"]) == []
    before = world.records()
    world.run(pause(world.setup, ADA, TALK, SESSION))
    assert step_violations(before, world.records()) == []
