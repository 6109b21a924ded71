"""The invariants hold of what the workflows store, and each of them sees its violation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve

from coachwork.jobs import ErrorCode, JobError, JobKind, JobStatus, Lease, Settlement, Step
from coachwork.messages import Usage
from coachwork.records import KINDS, Record
from coachwork.sessions import (
    Account,
    AccountStatus,
    Claim,
    Ending,
    EndReason,
    InFlight,
    ResultError,
    SessionStatus,
    Spending,
)
from coachwork.testing import snapshot, violations
from tests.damage import (
    ANSWERED,
    BENS_JOB,
    BENS_SESSION,
    EARLIER,
    FAILED_JOB,
    GREETING,
    LATER,
    OPEN_JOB,
    ROOM_JOB,
    ROOM_SESSION,
    SESSION,
    damaged,
    field,
    healthy,
    second_session,
    session,
    values,
)
from tests.faults import BEGIN


def test_names() -> None:
    """The ids that this module counts on."""
    named = values(healthy().records())
    for name in (
        f"session {ROOM_SESSION}",
        f"job {ROOM_JOB}",
        f"session {BENS_SESSION}",
        f"job {BENS_JOB}",
        f"session {SESSION}",
        f"job {GREETING}",
        f"job {ANSWERED}",
        f"job {OPEN_JOB}",
        f"message {SESSION} 2",
        "receipt k7",
        "claim talk",
        "account",
        "standing room",
    ):
        assert name in named


def test_nothing_is_wrong_with_what_the_workflows_store() -> None:
    """A healthy state has no violation, whole or as the views tell it."""
    world = healthy()
    assert violations(world.records()) == []
    told = snapshot(world.memory, [("acme", "ada"), ("acme", "ben")])
    assert {record.key for record in told} == {record.key for record in world.records()}
    assert violations(snapshot(world.memory, [("acme", "ada")])) == []


NO_CLAIM = Claim("acme", "talk", "ben", "nothing", tenant_wide=False)
SPENT = Spending(
    tenant="acme", user="ada", session=SESSION, job="j", token=1, usage=Usage(1), at=BEGIN
)


STATES: dict[str, tuple[str, Callable[[], list[Record]]]] = {
    "two live sessions": (
        "1: claim acme/talk/ada: 2 live",
        lambda: damaged(extra=(second_session(values(damaged())[f"session {SESSION}"][0]),)),
    ),
    "no claim": ("1: session", lambda: damaged(("claim talk", None))),
    "the claim of another session": (
        "1: session",
        lambda: damaged(("claim talk", field(session=ROOM_SESSION))),
    ),
    "no claim of the tenant": (
        "1: session",
        lambda: damaged((f"session {SESSION}", session(exclusive=True))),
    ),
    "a claim of nothing": ("1: claim acme/talk/ben: points", lambda: damaged(extra=(NO_CLAIM,))),
    "a claim on an ended session": (
        "1: claim acme/talk/ben: points",
        lambda: damaged(extra=(evolve(NO_CLAIM, session=BENS_SESSION),)),
    ),
    "a claim of another user": (
        "1: claim acme/talk/ben: points to a session that it does not fit",
        lambda: damaged(extra=(evolve(NO_CLAIM, session=SESSION),)),
    ),
    "a claim of the tenant on a session that is not exclusive": (
        "1: claim acme/talk: points to a session that it does not fit",
        lambda: damaged(
            extra=(Claim("acme", "talk", "ada", SESSION, tenant_wide=True),),
        ),
    ),
    "an end without an ending": (
        "2: session",
        lambda: damaged((f"session {ROOM_SESSION}", session(ending=None))),
    ),
    "an ending of another kind": (
        "2: session",
        lambda: damaged((f"session {ROOM_SESSION}", session(status=SessionStatus.CANCELLED))),
    ),
    "an ending without an end": (
        "2: session",
        lambda: damaged(
            (
                f"session {SESSION}",
                session(ending=Ending(at=BEGIN, reason=EndReason.CANCELLED)),
            )
        ),
    ),
    "a result of a cancelled session": (
        "2: session acme/id-00006: a result",
        lambda: damaged(
            (
                f"session {BENS_SESSION}",
                session(ending=Ending(at=BEGIN, reason=EndReason.CANCELLED, result=1)),
            )
        ),
    ),
    "a failed result of a cancelled session": (
        "2: session acme/id-00006: a result",
        lambda: damaged(
            (
                f"session {BENS_SESSION}",
                session(
                    ending=Ending(at=BEGIN, reason=EndReason.CANCELLED, error=ResultError("X", "x"))
                ),
            )
        ),
    ),
    "an ended session that waits for its completion": (
        "2: session acme/id-00002: ended",
        lambda: damaged((f"session {ROOM_SESSION}", session(completion_pending=True))),
    ),
    "a gap in the log": ("3: session", lambda: damaged((f"message {SESSION} 2", None))),
    "a message too many": (
        "3: session",
        lambda: damaged((f"session {SESSION}", session(messages=3))),
    ),
    "a wrong count of the coach's messages": (
        "3: session acme/id-00008: 2 messages of the coach",
        lambda: damaged((f"session {SESSION}", session(coach_messages=1))),
    ),
    "two messages of one job": (
        "3: session acme/id-00008: two",
        lambda: damaged((f"message {SESSION} 3", field(job=GREETING))),
    ),
    "instants that go back": (
        "3: session acme/id-00008: the instants",
        lambda: damaged((f"message {SESSION} 3", field(at=EARLIER))),
    ),
    "a message without a session": (
        "3: message acme/gone.1: its session is not there",
        lambda: damaged((f"message {SESSION} 1", field(session="gone"))),
    ),
    "a message of another user": (
        "3: message acme/id-00008.1: it is not",
        lambda: damaged((f"message {SESSION} 1", field(user="ben"))),
    ),
    "a message of another scenario": (
        "3: message acme/id-00008.1: it is not",
        lambda: damaged((f"message {SESSION} 1", field(scenario="s"))),
    ),
    "a message without a job": (
        "3: message acme/id-00008.1: its job",
        lambda: damaged((f"job {GREETING}", None)),
    ),
    "a message of another session's job": (
        "3: message acme/id-00008.1: its job",
        lambda: damaged((f"message {SESSION} 1", field(job=ROOM_JOB))),
    ),
    "a turn too many": (
        "3: session acme/id-00008: 2 turns are taken, not 3",
        lambda: damaged((f"session {SESSION}", session(turns=3))),
    ),
    "more turns than allowed": (
        "3: session acme/id-00008: more turns",
        lambda: damaged((f"session {SESSION}", session(max_turns=1))),
    ),
    "an ended session with a job": (
        "4: session acme/id-00006: ended, and a job",
        lambda: damaged(
            (f"session {BENS_SESSION}", session(in_flight=InFlight(BENS_JOB, JobKind.GREETING)))
        ),
    ),
    "a job in flight that is not there": (
        "4: session acme/id-00008: the job in flight is not there",
        lambda: damaged((f"session {SESSION}", session(in_flight=InFlight("gone", JobKind.REPLY)))),
    ),
    "a job in flight of another kind": (
        "4: session acme/id-00008: the job in flight is not there",
        lambda: damaged(
            (f"session {SESSION}", session(in_flight=InFlight(OPEN_JOB, JobKind.GREETING)))
        ),
    ),
    "a settled job in flight": (
        "4: session acme/id-00008: the job in flight is settled",
        lambda: damaged(
            (f"session {SESSION}", session(in_flight=InFlight(ANSWERED, JobKind.REPLY)))
        ),
    ),
    "an open job that nobody waits for": (
        "4: job acme/id-00010: open, and not in flight",
        lambda: damaged((f"session {SESSION}", session(in_flight=None))),
    ),
    "another job is waited for": (
        "4: job acme/id-00010: open, and not in flight",
        lambda: damaged(
            (f"session {SESSION}", session(in_flight=InFlight(ANSWERED, JobKind.REPLY)))
        ),
    ),
    "a job without a session": (
        "4: job acme/id-00010: its session is not there",
        lambda: damaged((f"job {OPEN_JOB}", field(session="gone"))),
    ),
    "a job of another user": (
        "4: job acme/id-00010: its session is not there",
        lambda: damaged((f"job {OPEN_JOB}", field(user="ben"))),
    ),
    "a completed job without an outcome": (
        "4: job acme/id-00009: its outcome",
        lambda: damaged((f"job {ANSWERED}", field(settlement=None))),
    ),
    "a completed job with an error": (
        "4: job acme/id-00009: its outcome",
        lambda: damaged((f"job {ANSWERED}", field(error=JobError(ErrorCode.LLM_ERROR, "x")))),
    ),
    "a completed job without a reply": (
        "4: job acme/id-00009: a reply",
        lambda: damaged((f"job {ANSWERED}", field(settlement=Settlement()))),
    ),
    "a reply of another number": (
        "4: job acme/id-00009: a reply",
        lambda: damaged((f"job {ANSWERED}", field(settlement=Settlement(reply=1)))),
    ),
    "a reply to a job that failed": (
        "4: job acme/id-00009: a reply",
        lambda: damaged(
            (
                f"job {ANSWERED}",
                field(
                    status=JobStatus.FAILED,
                    settlement=None,
                    error=JobError(ErrorCode.LLM_ERROR, "x"),
                ),
            )
        ),
    ),
    "a reply to nothing": (
        "4: job acme/id-00009: the message that it answers",
        lambda: damaged((f"job {ANSWERED}", field(message=None))),
    ),
    "a reply to what the coach said": (
        "4: job acme/id-00009: the message that it answers",
        lambda: damaged((f"job {ANSWERED}", field(message=3))),
    ),
    "a greeting that answers": (
        "4: job acme/id-00007: the message that it answers",
        lambda: damaged(
            (f"job {GREETING}", field(message=2)), (f"message {SESSION} 2", field(job=GREETING))
        ),
    ),
    "final, and not completed": (
        "4: job acme/id-00009: final",
        lambda: damaged((f"job {ANSWERED}", field(settlement=Settlement(reply=3, final=True)))),
    ),
    "a chain that ends too early": (
        "4: session acme/id-00008: its jobs do not follow",
        lambda: damaged((f"job {OPEN_JOB}", field(follows=None))),
    ),
    "a chain into another session": (
        "4: session acme/id-00008: its jobs do not follow",
        lambda: damaged((f"job {OPEN_JOB}", field(follows=ROOM_JOB))),
    ),
    "a job left out": (
        "4: session acme/id-00008: its jobs do not follow",
        lambda: damaged((f"job {OPEN_JOB}", field(follows=GREETING))),
    ),
    "jobs in a ring": (
        "4: session acme/id-00008: its jobs do not follow",
        lambda: damaged((f"job {GREETING}", field(follows=OPEN_JOB))),
    ),
    "two jobs that answer one message": (
        "3: message acme/id-00008.2: 2 jobs answer it",
        lambda: damaged(extra=(evolve(values(damaged())[f"job {ANSWERED}"][0], id="twin"),)),
    ),
    "a repetition of nothing": (
        "4: job acme/id-00010: what it repeats",
        lambda: damaged((f"job {OPEN_JOB}", field(retry_of="gone"))),
    ),
    "a repetition of what did not fail": (
        "4: job acme/id-00010: what it repeats",
        lambda: damaged((f"job {OPEN_JOB}", field(retry_of=ANSWERED))),
    ),
    "a repetition of another session's job": (
        "4: job acme/id-00010: what it repeats",
        lambda: damaged((f"job {OPEN_JOB}", field(retry_of=BENS_JOB))),
    ),
    "a repetition of another message's job": (
        "4: job acme/id-00010: what it repeats",
        lambda: damaged(
            (f"job {OPEN_JOB}", field(retry_of=ANSWERED)), (f"job {ANSWERED}", FAILED_JOB)
        ),
    ),
    "an event of an open job is delivered": (
        "4: job acme/id-00010: delivered, and there is no event",
        lambda: damaged((f"job {OPEN_JOB}", field(notify=True, delivered_at=LATER))),
    ),
    "an event that nobody is to hear is delivered": (
        "4: job acme/id-00009: delivered, and there is no event",
        lambda: damaged((f"job {ANSWERED}", field(delivered_at=LATER))),
    ),
    "an event is delivered before the one before it": (
        "4: job acme/id-00009: delivered, and one before it is not",
        lambda: damaged(
            (f"job {GREETING}", field(notify=True)),
            (f"job {ANSWERED}", field(notify=True, delivered_at=LATER)),
        ),
    ),
    "a receipt without a session": (
        "5: receipt acme/ada of session gone: its session",
        lambda: damaged(("receipt k7", field(session="gone"))),
    ),
    "a receipt of another user's session": (
        "5: receipt acme/ada of session id-00006: its session",
        lambda: damaged(("receipt k7", field(session=BENS_SESSION))),
    ),
    "a receipt without its job": (
        "5: receipt acme/ada of session id-00008: its job",
        lambda: damaged(("receipt k7", field(job="gone"))),
    ),
    "a receipt of another session's job": (
        "5: receipt acme/ada of session id-00008: its job",
        lambda: damaged(("receipt k7", field(job=ROOM_JOB))),
    ),
    "two jobs of one key": (
        "5: job acme/id-00009: its key is of another job",
        lambda: damaged((f"job {ANSWERED}", field(key="k7"))),
    ),
    "a job without a receipt": (
        "5: job acme/id-00010: there is no receipt",
        lambda: damaged(("receipt k7", None)),
    ),
    "a lease of a settled job": (
        "6: job acme/id-00009: its lease does not fit",
        lambda: damaged((f"job {ANSWERED}", field(lease=Lease(1, LATER)))),
    ),
    "work without a lease": (
        "6: job acme/id-00010: its lease does not fit",
        lambda: damaged((f"job {OPEN_JOB}", field(lease=None))),
    ),
    "an old lease": (
        "6: job acme/id-00010: its lease is not the newest",
        lambda: damaged((f"job {OPEN_JOB}", field(attempts=2))),
    ),
    "an attempt without a claim": (
        "6: job acme/id-00010: its first claim does not fit",
        lambda: damaged((f"job {OPEN_JOB}", field(claimed_at=None))),
    ),
    "a claim without an attempt": (
        "6: job acme/id-00010: its first claim does not fit",
        lambda: damaged((f"job {OPEN_JOB}", field(attempts=0, lease=None))),
    ),
    "a step done twice": (
        "6: job acme/id-00010: a step",
        lambda: damaged(
            (f"job {OPEN_JOB}", field(steps=(Step(purpose=JobKind.REPLY, output="x"),) * 2))
        ),
    ),
    "facts of another owner": (
        "8: account acme/ada: its facts",
        lambda: [
            evolve(record, facts=evolve(record.facts, owner="eve"))
            if record.key.parts == ("ada",)
            else record
            for record in damaged()
        ],
    ),
    "no account": (
        "8: session id-00008 of acme/ada: there is no",
        lambda: damaged(("account", None)),
    ),
    "a deleted account": (
        "8: claim talk of acme/ada: it was deleted",
        lambda: damaged(("account", field(status=AccountStatus.DELETED))),
    ),
    "a cost of nobody": (
        "8: spending j of acme/eve: there is no account",
        lambda: damaged(extra=(evolve(SPENT, user="eve"),)),
    ),
    "a cost of no session": (
        "8: spending acme/j: its session",
        lambda: damaged(extra=(evolve(SPENT, session="gone"),)),
    ),
    "no background": (
        "8: session acme/id-00008: its background",
        lambda: damaged((f"background {SESSION}", None)),
    ),
    "a background of another user": (
        "8: session acme/id-00008: its background",
        lambda: damaged((f"background {SESSION}", field(user="ben"))),
    ),
    "a background without a session": (
        "8: background acme/gone: its session",
        lambda: damaged((f"background {SESSION}", field(session="gone"))),
    ),
    "more summarized than said": (
        "8: session acme/id-00008: more is summarized",
        lambda: damaged((f"background {SESSION}", field(summarized=9))),
    ),
    "a completion that is not noted": (
        "8: standing acme/ada/room",
        lambda: damaged(("standing room", None)),
    ),
    "a completion that is not counted": (
        "8: standing acme/ada/room",
        lambda: damaged(("standing room", field(completed=0))),
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_each_violation_of_a_state_is_seen(name: str) -> None:
    """A state with one thing wrong is told with the invariant's number, kind and id."""
    wanted, records = STATES[name]
    told = violations(records())
    assert any(one.startswith(wanted) for one in told), told


def test_a_cost_beside_its_session_is_well() -> None:
    """What a dropped answer cost may stand there."""
    assert violations(damaged(extra=(SPENT,))) == []


def test_no_text_is_in_a_violation() -> None:
    """Neither what was said nor an idempotency key is in any violation."""
    for _, records in STATES.values():
        for told in violations(records()):
            assert not {"Hello.", "More.", "Go on.", "k7"} & set(told.replace(":", " ").split())


def test_what_is_being_swept_away_need_not_be_whole() -> None:
    """An ended session that has expired, or whose user is being deleted, may be half gone."""
    half = damaged(
        (f"message {ROOM_SESSION} 1", None),
        (f"job {ROOM_JOB}", None),
        ("receipt k2", None),
        (f"background {ROOM_SESSION}", None),
    )
    assert violations(half) != []
    assert violations(half, now=BEGIN) != []
    swept = [told for told in violations(half, now=BEGIN + timedelta(days=30)) if "00002" in told]
    assert swept == []
    kinds = {kind.type: kind for kind in KINDS.values()}
    deleting = [
        kinds[Account].record(evolve(value, status=AccountStatus.DELETING), version)
        if isinstance(value, Account)
        else kinds[type(value)].record(value, version)
        for value, version in values(half).values()
    ]
    assert [told for told in violations(deleting) if "00002" in told] == []


def test_what_is_of_a_scenario_may_be_deleted_at_any_time() -> None:
    """An ended session of one may be half gone, though it has not expired."""
    half = damaged(
        (f"session {ROOM_SESSION}", session(scenario="trial")),
        (f"message {ROOM_SESSION} 2", field(scenario="trial")),
        (f"message {ROOM_SESSION} 1", None),
        (f"job {ROOM_JOB}", None),
        ("receipt k2", None),
        (f"background {ROOM_SESSION}", None),
    )
    assert [told for told in violations(half) if "00002" in told] == []


def test_events_are_delivered_past_those_that_nobody_is_to_hear() -> None:
    """4: What was accepted without a notifier stands in nobody's way."""
    heard = field(notify=True, delivered_at=LATER)
    assert violations(damaged((f"job {ANSWERED}", heard))) == []
    failed = damaged(
        (f"job {GREETING}", field(notify=True)),
        (f"job {OPEN_JOB}", lambda old: FAILED_JOB(evolve(heard(old), lease=None))),
    )
    told = violations(failed)
    assert f"4: job acme/{OPEN_JOB}: delivered, and one before it is not" in told
    ring = damaged((f"job {GREETING}", field(follows=ANSWERED)), (f"job {ANSWERED}", heard))
    assert not [one for one in violations(ring) if "one before it" in one]


def test_a_repetition_is_well() -> None:
    """4: A job may repeat one that failed, and is no turn more."""
    first = values(damaged())[f"job {ANSWERED}"][0]
    again = evolve(first, id="again", key="k8", retry_of=ANSWERED, follows=OPEN_JOB)
    records = damaged((f"job {ANSWERED}", FAILED_JOB), extra=(again,))
    told = [one for one in violations(records) if "repeats" in one or "turn" in one]
    assert told == []
