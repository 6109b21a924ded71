"""What a commit may do to one record: each thing that it must not is seen."""

from __future__ import annotations

from datetime import timedelta

from attrs import evolve

from coachwork.jobs import Job, JobKind, JobStatus, Lease, Settlement, Step
from coachwork.messages import Usage
from coachwork.records import KINDS, Record
from coachwork.sessions import Background, Session, SessionStatus, Spending
from coachwork.testing._invariants._changes import OF_ONE_RECORD as PREDICATES
from coachwork.testing._invariants._changes import one_version
from coachwork.testing._invariants._judge import change_of
from tests.bad_commits import OF_ONE_RECORD
from tests.damage import (
    ANSWERED,
    EARLIER,
    LATER,
    OPEN_JOB,
    SESSION,
    applied,
    damaged,
    recorded,
    values,
)


def wrong_with(old: Record | None, new: Record | None) -> list[str]:
    """Judge what becomes of one record."""
    record = new or old
    assert record is not None
    change = change_of(record.key, old, new)
    return [*one_version(change), *PREDICATES[record.key.kind](change)]


def same(record: Record) -> Record:
    """Return *record* as it is, one version later."""
    return evolve(record, version=record.version + 1)


def test_each_change_that_must_not_be_is_seen() -> None:
    """Of each bad commit that changes records that were there, some change is told."""
    seen = 0
    for wanted, commit in OF_ONE_RECORD.values():
        before, after = commit()[0], applied(commit())
        old = {record.key: record for record in before}
        told = [
            one
            for record in after
            if record != old.get(record.key) and record.key.kind in PREDICATES
            for one in wrong_with(old.get(record.key), record)
        ]
        seen += any(one.startswith(wanted) for one in told)
    assert seen == len(OF_ONE_RECORD) - 4  # two deletions, and two that reach too far


def test_nothing_is_wrong_with_what_stays_or_goes() -> None:
    """A deletion, and a change of nothing but the version, are no fault of one record's own."""
    for record in damaged():
        if record.key.kind in PREDICATES:
            assert wrong_with(record, None) == []
    session, _ = values(damaged())[f"session {SESSION}"]
    record = KINDS["session"].record(session, 1)
    assert wrong_with(record, same(record)) == []


def test_versions_grow_by_one() -> None:
    """9: From nothing to one, and from each to the next."""
    record = damaged()[0]
    assert list(one_version(change_of(record.key, None, evolve(record, version=1)))) == []
    assert list(one_version(change_of(record.key, record, same(record)))) == []
    for old, new in ((None, 2), (record, record.version), (record, record.version + 2)):
        (told,) = one_version(change_of(record.key, old, evolve(record, version=new)))
        assert told.startswith("9: ")


def test_a_paused_session_takes_no_message() -> None:
    """7: Neither while it stays paused nor when it is resumed; a reply it takes."""
    active: Session = values(damaged())[f"session {SESSION}"][0]
    paused = evolve(active, status=SessionStatus.PAUSED)
    asked = evolve(paused, messages=5)
    said = evolve(asked, ledger=evolve(asked.ledger, coach_messages=3))

    def step(new: Session) -> list[str]:
        return wrong_with(KINDS["session"].record(paused, 1), KINDS["session"].record(new, 2))

    assert step(asked) == [f"7: session acme/{SESSION}: paused, and it took a message"]
    assert step(evolve(asked, status=SessionStatus.ACTIVE)) == step(asked)
    assert step(said) == []


def test_only_a_pending_completion_goes_from_paused_to_completed() -> None:
    """2: To resume and to complete is one commit there; else the edge does not exist."""
    active: Session = values(damaged())[f"session {SESSION}"][0]
    paused = evolve(active, status=SessionStatus.PAUSED)
    pending = evolve(paused, ledger=evolve(paused.ledger, completion_pending=True))
    done = evolve(active, status=SessionStatus.COMPLETED)
    new = KINDS["session"].record(done, 2)
    assert wrong_with(KINDS["session"].record(pending, 1), new) == []
    assert wrong_with(KINDS["session"].record(paused, 1), new) == [
        f"2: session acme/{SESSION}: from paused to completed"
    ]


def test_a_session_that_never_expires() -> None:
    """9: From never to some day is going back; from some day to never is not."""
    active: Session = values(damaged())[f"session {SESSION}"][0]
    never = evolve(active, about=evolve(active.about, expires_after=None))
    told = wrong_with(KINDS["session"].record(never, 1), KINDS["session"].record(active, 2))
    assert f"9: session acme/{SESSION}: its expiry goes back" in told
    told = wrong_with(KINDS["session"].record(active, 1), KINDS["session"].record(never, 2))
    assert f"9: session acme/{SESSION}: its expiry goes back" not in told


def test_a_pending_job_is_not_completed() -> None:
    """6: What nobody worked on has no answer; and a step that was paid for stays."""
    working: Job = values(damaged())[f"job {OPEN_JOB}"][0]
    pending = evolve(working, status=JobStatus.PENDING, lease=None)
    done = evolve(pending, status=JobStatus.COMPLETED, settlement=Settlement(reply=5))
    kind = KINDS["job"]
    told = wrong_with(kind.record(pending, 1), kind.record(done, 2))
    assert told == [f"6: job acme/{OPEN_JOB}: completed without a lease"]
    kept = evolve(working, steps=(Step(purpose=JobKind.REPLY, output="x"),))
    told = wrong_with(kind.record(kept, 1), kind.record(working, 2))
    assert told == [f"6: job acme/{OPEN_JOB}: a step that was paid for is lost"]


def test_a_settled_job_is_delivered_once() -> None:
    """4: That its event was delivered is the one change of a settled job; it is never undone."""
    answered: Job = evolve(values(damaged())[f"job {ANSWERED}"][0], notify=True)
    kind = KINDS["job"]
    told = kind.record(evolve(answered, delivered_at=LATER), 2)
    assert wrong_with(kind.record(answered, 1), told) == []
    for again in (answered, evolve(answered, delivered_at=EARLIER)):
        assert wrong_with(told, kind.record(again, 3)) == [
            f"4: job acme/{ANSWERED}: it was settled, and changed"
        ]


def test_a_summary_never_covers_less() -> None:
    """9: A summary rolls on."""
    old: Background = values(damaged())[f"background {SESSION}"][0]
    kind = KINDS["background"]
    rolled = kind.record(evolve(old, summary="x", summarized=2), 2)
    assert wrong_with(kind.record(old, 1), rolled) == []
    assert wrong_with(rolled, kind.record(old, 3)) != []


def test_a_lease_is_over_at_its_very_end() -> None:
    """6: From that instant on another may take the job, and not a moment before."""
    held: Job = values(damaged())[f"job {OPEN_JOB}"][0]
    assert held.lease is not None
    kind, until = KINDS["job"], held.lease.until
    taken = evolve(held, attempts=2, lease=Lease(2, LATER), updated_at=until)
    assert wrong_with(kind.record(held, 1), kind.record(taken, 2)) == []
    early = evolve(taken, updated_at=until - timedelta(microseconds=1))
    assert wrong_with(kind.record(held, 1), kind.record(early, 2)) == [
        f"6: job acme/{OPEN_JOB}: taken over before its lease was over"
    ]


def test_what_stays_at_the_same_instant_does_not_go_back() -> None:
    """9: A completion at the very moment of the one before, and a summary that covers as much."""
    standing = values(damaged())["standing room"][0]
    kind = KINDS["standing"]
    again = kind.record(evolve(standing, completed=2), 2)
    assert wrong_with(kind.record(standing, 1), again) == []
    background = values(damaged())[f"background {SESSION}"][0]
    kind = KINDS["background"]
    told = kind.record(evolve(background, summary="x"), 2)
    assert wrong_with(kind.record(background, 1), told) == []


def test_a_cost_never_changes() -> None:
    """6: What a dropped answer cost is written once."""
    spent = Spending(
        tenant="acme", user="ada", session=SESSION, job="j", token=1, usage=Usage(1), at=LATER
    )
    record = recorded(spent)
    assert wrong_with(record, same(record)) == ["6: spending acme/j/1: it changed"]
