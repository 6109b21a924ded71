"""The invariants hold of what the workflows store, and each of them sees its violation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from coachwork.jobs import ErrorCode, Job, JobError, JobKind, JobStatus, Lease, Settlement, Step
from coachwork.messages import Usage
from coachwork.records import KINDS, Record
from coachwork.sessions import (
    Account,
    AccountStatus,
    Background,
    Claim,
    Ending,
    EndReason,
    InFlight,
    ResultError,
    Session,
    SessionStatus,
    Spending,
)
from coachwork.testing import snapshot, step_violations, violations
from coachwork.topics import Topic
from coachwork.workflows import cancel, complete, pause, purge_expired, send, start
from tests.faults import ADA, BEGIN, BEN, CrashedError, World

TALK = Topic(id="talk", system="Listen.", initiation="Say hello.")
ROOM = Topic(id="room", system="Listen.", exclusive=True)
LATER = BEGIN + timedelta(hours=1)
EARLIER = BEGIN - timedelta(hours=1)


def healthy() -> World:
    """Return a world with something of everything in it.

    Ada has completed ``room``; her session on ``talk`` waits for a reply. Ben has cancelled one.
    """
    world = World([TALK, ROOM], lambda _: "Go on.")
    setup = world.setup
    room = world.run(start(setup, ADA, ROOM, key="k1")).session.id
    world.run(send(setup, ADA, ROOM, room, "Hello.", key="k2"))
    world.run(complete(setup, ADA, ROOM, room, key="k3"))
    other = world.run(start(setup, BEN, TALK, key="k4")).session.id
    world.run(cancel(setup, BEN, TALK, other))
    talk = world.run(start(setup, ADA, TALK, key="k5")).session.id
    world.run(send(setup, ADA, TALK, talk, "Hello.", key="k6"))
    world.model = lambda _: CrashedError()
    with pytest.raises(CrashedError):
        world.run(send(setup, ADA, TALK, talk, "More.", key="k7"))
    return world


ROOM_SESSION, ROOM_JOB = "id-00002", "id-00003"
BENS_SESSION, BENS_JOB = "id-00006", "id-00005"
SESSION, GREETING, ANSWERED, OPEN_JOB = "id-00008", "id-00007", "id-00009", "id-00010"


def values(records: list[Record]) -> dict[str, Any]:
    """Return the values of *records* by a short name."""
    told: dict[str, Any] = {}
    for record in records:
        value = KINDS[record.key.kind].read(record).value
        parts = [part for part in record.key.parts if part != "ada"]
        told[" ".join([record.key.kind, *map(str, parts)])] = (value, record.version)
    return told


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


Change = Callable[[Any], Any]


def damaged(*changes: tuple[str, Change | None], extra: tuple[object, ...] = ()) -> list[Record]:
    """Return healthy records in which these are changed, or left out where there is no change."""
    named = values(healthy().records())
    for name, change in changes:
        value, version = named.pop(name)
        if change is not None:
            named[name] = (change(value), version)
    kinds = {kind.type: kind for kind in KINDS.values()}
    records = [kinds[type(value)].record(value, version) for value, version in named.values()]
    return records + [kinds[type(value)].record(value, 1) for value in extra]


def session(**changes: Any) -> Change:  # noqa: ANN401 - any field of a value
    """Return what changes fields of a session, of its ledger or of what is settled at its start."""

    def change(old: Session) -> Session:
        ledger = {name: value for name, value in changes.items() if hasattr(old.ledger, name)}
        about = {name: value for name, value in changes.items() if hasattr(old.about, name)}
        own = {k: v for k, v in changes.items() if k not in ledger and k not in about}
        return evolve(
            old, **own, ledger=evolve(old.ledger, **ledger), about=evolve(old.about, **about)
        )

    return change


def field(**changes: Any) -> Change:  # noqa: ANN401 - any field of a value
    """Return what changes fields of a value."""
    return lambda old: evolve(old, **changes)


def test_nothing_is_wrong_with_what_the_workflows_store() -> None:
    """A healthy state has no violation, whole or as the views tell it."""
    world = healthy()
    assert violations(world.records()) == []
    told = snapshot(world.memory, [("acme", "ada"), ("acme", "ben")])
    assert {record.key for record in told} == {record.key for record in world.records()}
    assert violations(snapshot(world.memory, [("acme", "ada")])) == []
    assert step_violations([], []) == []


def test_a_snapshot_is_paged() -> None:
    """A user with more records than one page holds is told whole."""
    world = World([TALK], lambda _: "Go on.")
    world.checks = False
    begun = world.run(start(world.setup, ADA, TALK)).session.id
    for number in range(500):
        world.run(send(world.setup, ADA, TALK, begun, f"Message {number}."))
    told = snapshot(world.memory, [("acme", "ada")])
    assert len(told) == len(world.records()) > 2000
    assert violations(told) == []


NO_CLAIM = Claim("acme", "talk", "ben", "nothing", tenant_wide=False)
SPENT = Spending(
    tenant="acme", user="ada", session=SESSION, job="j", token=1, usage=Usage(1), at=BEGIN
)


FAILED_JOB = field(
    status=JobStatus.FAILED, settlement=None, error=JobError(ErrorCode.LLM_ERROR, "x")
)


def second_session(old: Session) -> Session:
    """Return a session that must not be there beside *old*."""
    return evolve(old, about=evolve(old.about, id="another"), in_flight=None)


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


# --- steps --------------------------------------------------------------------------------------


def stepped(*changes: tuple[str, Change | None], extra: tuple[object, ...] = ()) -> list[str]:
    """Return what is wrong with a commit that makes these changes, versions counted on."""
    before = damaged()
    after = []
    named = values(before)
    kinds = {kind.type: kind for kind in KINDS.values()}
    told = dict(changes)
    for name, (value, version) in named.items():
        change = told.get(name)
        if name not in told:
            after.append(kinds[type(value)].record(value, version))
        elif change is not None:
            after.append(kinds[type(value)].record(change(value), version + 1))
    after += [kinds[type(value)].record(value, 1) for value in extra]
    return step_violations(before, after)


STEPS: dict[str, tuple[str, Callable[[], list[str]]]] = {
    "an ended session changes": (
        "2: session acme/id-00006: from cancelled to cancelled",
        lambda: stepped((f"session {BENS_SESSION}", session(updated_at=LATER))),
    ),
    "an ended session lives again": (
        "2: session acme/id-00006: from cancelled to active",
        lambda: stepped((f"session {BENS_SESSION}", session(status=SessionStatus.ACTIVE))),
    ),
    "a session begins with messages": (
        "2: session acme/another: it begins as active, 4 messages",
        lambda: stepped(extra=(second_session(values(damaged())[f"session {SESSION}"][0]),)),
    ),
    "a session begins paused": (
        "2: session acme/another: it begins as paused",
        lambda: stepped(
            extra=(
                evolve(
                    second_session(values(damaged())[f"session {SESSION}"][0]),
                    status=SessionStatus.PAUSED,
                    messages=0,
                ),
            )
        ),
    ),
    "messages are lost": (
        "3: session acme/id-00008: it lost messages",
        lambda: stepped((f"session {SESSION}", session(messages=3))),
    ),
    "a message changes": (
        "3: message acme/id-00008/2: it changed",
        lambda: stepped((f"message {SESSION} 2", field(text="Other."))),
    ),
    "a message of a live session vanishes": (
        "3: message acme/id-00008/2: deleted",
        lambda: stepped((f"message {SESSION} 2", None)),
    ),
    "a live session vanishes": (
        "3: session acme/id-00008: deleted",
        lambda: stepped((f"session {SESSION}", None)),
    ),
    "a settled job changes": (
        "4: job acme/id-00009: it was settled",
        lambda: stepped((f"job {ANSWERED}", field(updated_at=LATER))),
    ),
    "what was accepted changes": (
        "4: job acme/id-00010: what was accepted",
        lambda: stepped((f"job {OPEN_JOB}", field(message=3))),
    ),
    "a job lives longer": (
        "4: job acme/id-00010: what was accepted",
        lambda: stepped((f"job {OPEN_JOB}", field(expires_at=LATER))),
    ),
    "a job follows another one": (
        "4: job acme/id-00010: what was accepted",
        lambda: stepped((f"job {OPEN_JOB}", field(follows=GREETING))),
    ),
    "a settled job changes with its delivery": (
        "4: job acme/id-00009: it was settled",
        lambda: stepped((f"job {ANSWERED}", field(delivered_at=LATER, updated_at=LATER))),
    ),
    "a first claim changes": (
        "6: job acme/id-00010: its first claim changed",
        lambda: stepped((f"job {OPEN_JOB}", field(claimed_at=LATER))),
    ),
    "a receipt changes": (
        "5: receipt acme/ada/...: it changed",
        lambda: stepped(("receipt k7", field(command="other"))),
    ),
    "a lease passes on too early": (
        "6: job acme/id-00010: taken over",
        lambda: stepped((f"job {OPEN_JOB}", field(attempts=2, lease=Lease(2, LATER)))),
    ),
    "two attempts at once": (
        "6: job acme/id-00010: from attempt 1 to 3",
        lambda: stepped(
            (f"job {OPEN_JOB}", field(attempts=3, lease=Lease(3, LATER), updated_at=LATER))
        ),
    ),
    "a context changes": (
        "9: background acme/id-00008",
        lambda: stepped((f"background {SESSION}", field(context={"a": 1}))),
    ),
    "a completion is counted twice": (
        "9: standing acme/ada/room: from 1 to 3",
        lambda: stepped(("standing room", field(completed=3))),
    ),
    "a completion goes back in time": (
        "9: standing acme/ada/room",
        lambda: stepped(("standing room", field(completed=2, completed_at=EARLIER))),
    ),
    "what is settled at the start changes": (
        "9: session acme/id-00008: what is settled",
        lambda: stepped((f"session {SESSION}", session(max_turns=7))),
    ),
    "activity goes back": (
        "9: session acme/id-00008: its instants",
        lambda: stepped((f"session {SESSION}", session(last_activity_at=EARLIER))),
    ),
    "a change goes back": (
        "9: session acme/id-00008: its instants",
        lambda: stepped((f"session {SESSION}", session(updated_at=EARLIER))),
    ),
    "an expiry goes back": (
        "9: session acme/id-00008: its expiry",
        lambda: stepped((f"session {SESSION}", session(expires_after=timedelta(days=1)))),
    ),
    "a job goes back in time": (
        "9: job acme/id-00010: its instants",
        lambda: stepped((f"job {OPEN_JOB}", field(updated_at=EARLIER))),
    ),
    "keys of two tenants": (
        "8: one commit wrote keys of 2 tenants",
        lambda: stepped(
            (f"session {SESSION}", session(updated_at=LATER)),
            extra=(Account("other", "eve", AccountStatus.OPEN, BEGIN),),
        ),
    ),
    "sessions of two users": (
        "8: one commit changed sessions of 2 users",
        lambda: stepped(
            (f"session {SESSION}", session(updated_at=LATER)),
            (f"session {BENS_SESSION}", session(updated_at=LATER)),
        ),
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_each_violation_of_a_step_is_seen(name: str) -> None:
    """A commit that does one thing that it must not is told with the invariant's number."""
    wanted, told = STEPS[name]
    found = told()
    assert any(one.startswith(wanted) for one in found), found


def test_versions_grow_by_one() -> None:
    """A change of the same version, or of two at once, and a beginning that is not one."""
    before = damaged()
    skipped = [evolve(r, version=r.version + 2) if r.key.kind == "job" else r for r in before]
    assert [told[:2] for told in step_violations(before, skipped) if told.startswith("9")] != []
    assert step_violations([], [before[0]]) == [] or before[0].version > 1
    begun = [evolve(before[0], version=5)]
    assert any(told.startswith("9:") for told in step_violations([], begun))


def live(old: Session) -> list[Record]:
    """Return *old* as the only record."""
    return [KINDS["session"].record(old, 1)]


def test_a_paused_session_takes_no_message() -> None:
    """7: Neither while it stays paused nor when it is resumed; a reply it takes."""
    active: Session = values(damaged())[f"session {SESSION}"][0]
    paused = evolve(active, status=SessionStatus.PAUSED)
    asked = evolve(paused, messages=5)
    said = evolve(asked, ledger=evolve(asked.ledger, coach_messages=3))

    def step(new: Session) -> list[str]:
        return step_violations(live(paused), [KINDS["session"].record(new, 2)])

    assert step(asked) == [f"7: session acme/{SESSION}: paused, and it took a message"]
    assert step(evolve(asked, status=SessionStatus.ACTIVE)) == step(asked)
    assert step(said) == []


def test_only_a_pending_completion_goes_from_paused_to_completed() -> None:
    """2: To resume and to complete is one commit there; else the edge does not exist."""
    active: Session = values(damaged())[f"session {SESSION}"][0]
    paused = evolve(active, status=SessionStatus.PAUSED)
    pending = evolve(paused, ledger=evolve(paused.ledger, completion_pending=True))
    done = evolve(active, status=SessionStatus.COMPLETED)
    new = [KINDS["session"].record(done, 2)]
    assert step_violations(live(pending), new) == []
    assert step_violations(live(paused), new) == [
        f"2: session acme/{SESSION}: from paused to completed"
    ]


def test_a_session_that_never_expires() -> None:
    """9: From never to some day is going back; from some day to never is not."""
    active: Session = values(damaged())[f"session {SESSION}"][0]
    never = evolve(active, about=evolve(active.about, expires_after=None))
    told = step_violations(live(never), [KINDS["session"].record(active, 2)])
    assert f"9: session acme/{SESSION}: its expiry goes back" in told
    told = step_violations(live(active), [KINDS["session"].record(never, 2)])
    assert f"9: session acme/{SESSION}: its expiry goes back" not in told


def test_a_pending_job_is_not_completed() -> None:
    """6: What nobody worked on has no answer; and a step that was paid for stays."""
    working: Job = values(damaged())[f"job {OPEN_JOB}"][0]
    pending = evolve(working, status=JobStatus.PENDING, lease=None)
    done = evolve(pending, status=JobStatus.COMPLETED, settlement=Settlement(reply=5))
    kind = KINDS["job"]
    told = step_violations([kind.record(pending, 1)], [kind.record(done, 2)])
    assert told == [f"6: job acme/{OPEN_JOB}: completed without a lease"]
    kept = evolve(working, steps=(Step(purpose=JobKind.REPLY, output="x"),))
    told = step_violations([kind.record(kept, 1)], [kind.record(working, 2)])
    assert told == [f"6: job acme/{OPEN_JOB}: a step that was paid for is lost"]


def test_a_settled_job_is_delivered_once() -> None:
    """4: That its event was delivered is the one change of a settled job; it is never undone."""
    answered: Job = evolve(values(damaged())[f"job {ANSWERED}"][0], notify=True)
    kind = KINDS["job"]
    told = kind.record(evolve(answered, delivered_at=LATER), 2)
    assert step_violations([kind.record(answered, 1)], [told]) == []
    for again in (answered, evolve(answered, delivered_at=EARLIER)):
        assert step_violations([told], [kind.record(again, 3)]) == [
            f"4: job acme/{ANSWERED}: it was settled, and changed"
        ]


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


def test_no_job_is_deleted_before_its_event_was_delivered() -> None:
    """4: Unless everything of its user is deleted; then no event follows."""
    named = values(damaged())
    kinds = {kind.type: kind for kind in KINDS.values()}
    owed = evolve(named[f"job {ROOM_JOB}"][0], notify=True)
    room, account = named[f"session {ROOM_SESSION}"][0], named["account"][0]

    def told(job: Job, status: AccountStatus | None) -> list[str]:
        beside = [room] if status is None else [room, evolve(account, status=status)]
        left = [kinds[type(value)].record(value, 1) for value in beside]
        return step_violations([kinds[Job].record(job, 1), *left], left)

    wanted = [f"4: job acme/{ROOM_JOB}: deleted, and its event was not delivered"]
    assert told(owed, AccountStatus.OPEN) == wanted
    assert told(owed, AccountStatus.DELETING) == told(owed, None) == []
    assert told(evolve(owed, delivered_at=LATER), AccountStatus.OPEN) == []


def test_a_summary_never_covers_less() -> None:
    """9: A summary rolls on."""
    old: Background = values(damaged())[f"background {SESSION}"][0]
    kind = KINDS["background"]
    rolled = kind.record(evolve(old, summary="x", summarized=2), 2)
    assert step_violations([kind.record(old, 1)], [rolled]) == []
    assert step_violations([rolled], [kind.record(old, 3)]) != []


def test_a_completion_is_counted() -> None:
    """9: One more, later than the one before, is no violation."""
    assert stepped(("standing room", field(completed=2, completed_at=LATER))) == []


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
