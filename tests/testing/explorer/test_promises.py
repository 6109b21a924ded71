"""What always holds of the workflows, where records alone do not tell it.

That every promise is asked for is shown by the mutants (`tests.workflow_mutants`); here stands what
they cannot show: that nothing is said against what is allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from coachwork.effects import AskModel, Commit, Get, NewId, Now
from coachwork.errors import (
    ActionRefusedError,
    CorruptRecordError,
    IdempotencyKeyReusedError,
    JobCancelledError,
    SessionAccessDeniedError,
    SessionBusyError,
    SessionNotFoundError,
    StillAnsweringError,
    StoreUnavailableError,
)
from coachwork.jobs import JOB, ErrorCode, Job, JobEvent, JobKind, JobStatus
from coachwork.jobs import Step as PaidStep
from coachwork.records import (
    JOB_RECORD,
    MESSAGE,
    PROGRESS,
    SESSION_RECORD,
    Insert,
    Record,
    Stored,
    receipt_key,
)
from coachwork.sessions import SESSION, Session, SessionEvent, SessionStatus, later
from coachwork.testing.explorer import BEGIN, Call, Outcome, Promises, Records, Step, World
from coachwork.testing.explorer._promises import Noted, _At, _session_step
from coachwork.workflows import Acted, Setup, act, pause, send, start, submit
from tests.explorations import ADA, BEN, Scope
from tests.faults import World as Played
from tests.testing.explorer.test_world import asking
from tests.workflow_mutants import MUTANTS

SCOPE = Scope(names=("start",))
WORLD = SCOPE.world()
PROMISES = Promises(WORLD)
TALK = WORLD.setup.topics["talk"]
SEND = Call(command="send", key="k", number=1)


def played() -> tuple[Played, str]:
    """Return a world in which Ada has started, and the session's id."""
    world = Played([TALK], lambda _: "Go on.")
    world.setup = WORLD.setup
    return world, world.run(start(world.setup, ADA, TALK, key="s")).session.id


def by_key(world: Played) -> Records:
    """Return all that is stored by its keys."""
    return {record.key: record for record in world.records()}


def told(
    world: Played,
    *,
    value: object = None,
    error: BaseException | None = None,
    call: Call = SEND,
    noted: Noted | None = None,
) -> list[str]:
    """Return what is not true of what Ada was told."""
    return list(
        PROMISES.outcome(
            Outcome(
                call=call,
                caller=ADA,
                value=value,
                error=error,
                records=by_key(world),
                now=BEGIN,
                note=noted or Noted(call.key),
            )
        )
    )


# --- what callers are told -----------------------------------------------------------------------


def test_what_is_so_may_be_told() -> None:
    """The answer of a send, as it was given."""
    world, session = played()
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert told(world, value=turn) == []


def test_what_is_not_so_may_not() -> None:
    """Another's session, a job or a message that is not there, a key of another job."""
    world, session = played()
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    foreign = evolve(turn, session=evolve(turn.session, user="ben"))
    assert told(world, value=foreign) == ["8: send: it told of a session of acme/ben"]
    gone = evolve(turn, job=evolve(turn.job, id="gone"))
    assert told(world, value=gone) == [
        "5: job gone: send told of it, and it is not there",
        f"5: send: told of job gone, accepted as {turn.job.id}",
    ]
    other = evolve(turn, message=evolve(turn.message, text="Else."))
    assert told(world, value=other) == [
        f"5: message {turn.message.id}: send told of it, and it is not stored"
    ]
    no_key = told(world, value=turn, call=Call(command="send", key="never", number=1))
    assert no_key == ["5: send: told as accepted, and there is no receipt of its key"]
    failed = evolve(turn, job=evolve(turn.job, status=JobStatus.FAILED))
    assert told(world, value=failed) == [
        f"5: job {turn.job.id}: told as failed, stored as completed"
    ]
    elsewhere = evolve(turn, job=evolve(turn.job, session="x"))
    assert told(world, value=elsewhere) == [
        f"5: job {turn.job.id}: told as one of session x, and is of {session}"
    ] or told(world, value=elsewhere) == [
        f"5: job {turn.job.id}: told as one of session {session}, and is of x"
    ]


def clicked() -> tuple[Played, Promises, Acted[object], ActionRefusedError]:
    """Return a world in which Ada clicked twice, and what she was told: done, and refused."""
    world = Scope(names=("act",), program=True).world()
    topic = world.setup.topics["talk"]
    played = Played([topic], lambda _: "Go on.")
    played.setup = world.setup
    session = played.run(start(played.setup, ADA, topic)).session.id
    acted = played.run(act(played.setup, ADA, topic, session, "count", message=1, key="a"))
    with pytest.raises(ActionRefusedError) as refused:
        played.run(act(played.setup, ADA, topic, session, "double", message=1, key="r"))
    return played, Promises(world), acted, refused.value


def test_a_click_is_recorded_as_it_is_told() -> None:
    """Applied or refused, under its key; nothing is said of one without a key, or that is gone."""
    world, promises, acted, refused = clicked()
    records = by_key(world)

    def told(key: str | None, *, gone: str = "", **what: Any) -> list[str]:  # noqa: ANN401
        outcome = Outcome(
            call=Call(command="act", key=key, number=1),
            caller=ADA,
            records={one: record for one, record in records.items() if one.kind != gone},
            now=BEGIN,
            note=Noted(key),
            **{"value": None, "error": None, **what},
        )
        return list(promises.outcome(outcome))

    assert told("a", value=acted) == told("r", error=refused) == told(None, value=acted) == []
    assert told("r", value=acted) == ["11: act: a click was refused, and is told as applied"]
    assert told("a", error=refused) == ["11: act: a click was applied, and is told as refused"]
    missing = ["11: act: told of a click, and it is not recorded under its key"]
    for gone in ("receipt", "audit"):
        assert told("a", value=acted, gone=gone) == told("r", error=refused, gone=gone) == missing
    assert told("a", value=acted, gone="session") == told("r", error=refused, gone="session") == []


def test_a_state_is_what_its_actions_lead_to() -> None:
    """One that is not is told of; of a program that is not declared nothing is."""
    world, promises, _, _ = clicked()
    records = by_key(world)
    assert list(promises.state(records, world.clock.time)) == []
    (key,) = [key for key in records if key.kind == "progress"]
    progress = PROGRESS.read(records[key])
    state = {**progress.value.state, "number": 7}
    other = PROGRESS.record(evolve(progress.value, state=state), progress.version)
    found = list(promises.state({**records, key: other}, world.clock.time))
    assert found == ["11: progress tally: not what the actions lead to"]
    assert list(PROMISES.state({**records, key: other}, world.clock.time)) == []


def test_a_job_of_another_user_is_not_told_of() -> None:
    """Whoever looked it up."""
    world, session = played()
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    records = dict(by_key(world))
    key = JOB_RECORD.key(JOB_RECORD.read(_only(world, "job", turn.job.id)).value)
    job = JOB_RECORD.read(records[key]).value
    records[key] = JOB_RECORD.record(evolve(job, user="ben"), 2)
    outcome = Outcome(
        call=SEND, caller=ADA, value=turn, records=records, now=BEGIN, note=Noted("k")
    )
    assert f"8: job {job.id}: send told of a job of ben" in list(PROMISES.outcome(outcome))


def _only(world: Played, kind: str, name: str) -> Record:
    """Return the record of that kind and id."""
    return next(r for r in world.records() if r.key.kind == kind and r.key.parts[0] == name)


def test_what_has_expired_is_not_told_of() -> None:
    """Unless it expired while the call was working."""
    world, session = played()
    view = world.run(pause(world.setup, ADA, TALK, session))
    late = Noted(None, seen=BEGIN + timedelta(days=15))
    plain = Call(command="pause")
    assert told(world, value=view, call=plain, noted=late) == [
        "8: pause: it told of a session that has expired"
    ]
    assert told(world, value=view, call=plain, noted=Noted(None, seen=BEGIN)) == []
    keyed = Call(command="complete", key="k", number=1)
    assert told(world, value=view, call=keyed, noted=late) == []


def test_what_is_gone_since_is_let_be() -> None:
    """A session may be swept away before its answer arrives; a worker's answer is nobody's."""
    world, session = played()
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    world.memory = Played([TALK]).memory
    assert told(world, value=turn) == []
    assert told(world, value=None) == []
    nobody = Outcome(call=SEND, caller=None, value=turn, records={}, now=BEGIN, note=Noted("k"))
    assert list(PROMISES.outcome(nobody)) == []


REFUSALS: list[tuple[Callable[[str], BaseException], bool]] = [
    (lambda _: SessionBusyError(retry_after=1.0), True),
    (lambda job: SessionBusyError(retry_after=1.0).about(job=job), True),
    (lambda job: JobCancelledError().about(job=job), False),
    (lambda _: StillAnsweringError(retry_after=1.0), False),
    (lambda _: SessionNotFoundError(), True),
    (lambda _: SessionAccessDeniedError(), True),
    (lambda _: IdempotencyKeyReusedError(), False),
    (lambda _: StoreUnavailableError("away"), False),
    (lambda _: KeyboardInterrupt(), False),
]


@pytest.mark.parametrize("make, lies", REFUSALS, ids=map(str, range(len(REFUSALS))))
def test_who_was_accepted_is_not_refused(
    make: Callable[[str], BaseException],
    lies: bool,  # noqa: FBT001 - a case
) -> None:
    """A refusal means that there is nothing; news of the job, and errors that say so, do not."""
    world, session = played()
    job = world.run(submit(world.setup, ADA, TALK, session, "Hello.", key="k")).id
    error = make(job)
    call = evolve(SEND, target=(ADA, "talk", session))
    assert bool(told(world, error=error, call=call)) is lies
    assert told(world, error=error, noted=Noted("k", unused=True)) == []
    assert told(world, error=error, call=Call(command="send", key="new", number=2)) == []
    assert told(world, error=error, call=Call(command="pause")) == []


@pytest.mark.parametrize("error", [SessionNotFoundError(), SessionAccessDeniedError()])
def test_what_was_accepted_of_one_session_may_be_refused_of_another(error: Exception) -> None:
    """The same key for another session, that is another's or gone: nothing was accepted there."""
    world, session = played()
    world.run(submit(world.setup, ADA, TALK, session, "Hello.", key="k"))
    elsewhere = evolve(SEND, target=(ADA, "talk", "another"))
    assert told(world, error=error, call=elsewhere) == []
    again = Call(command="start", target=(ADA, "talk"), key="k", number=2)
    assert told(world, error=error, call=again) != []


def test_what_was_accepted_may_have_expired_or_gone() -> None:
    """Its session is found no more, and not before."""
    world, session = played()
    world.run(submit(world.setup, ADA, TALK, session, "Hello.", key="k"))
    call = evolve(SEND, target=(ADA, "talk", session))
    kept = by_key(world)
    gone = {key: record for key, record in kept.items() if key.kind != "session"}
    expires = BEGIN + timedelta(days=14)
    for records, now, holds in ((kept, BEGIN, False), (kept, expires, True), (gone, BEGIN, True)):
        outcome = Outcome(
            call=call,
            caller=ADA,
            error=SessionNotFoundError(),
            records=records,
            now=now,
            note=Noted("k"),
        )
        assert (list(PROMISES.outcome(outcome)) == []) is holds


def test_what_breaks_a_workflow_is_told() -> None:
    """Errors that nobody is meant to see; damage only where an engine deletes nothing."""
    world, _ = played()
    assert told(world, error=ValueError("x")) == ["10: send: it broke with ValueError: x"]
    damaged = CorruptRecordError("message", "sequence", "is missing")
    assert told(world, error=damaged)[0].startswith("10: send: it broke with CorruptRecordError")
    outcome = Outcome(call=SEND, caller=ADA, error=damaged, records={}, now=BEGIN, note=Noted("k"))
    assert list(Promises(WORLD, forgets=True).outcome(outcome)) == []


# --- steps and states ----------------------------------------------------------------------------


def jobs_of(world: Played) -> list[Job]:
    """Return all jobs."""
    return [JOB_RECORD.read(r).value for r in world.records() if r.key.kind == "job"]


def session_of(world: Played) -> Stored[Session]:
    """Return the one session."""
    return SESSION_RECORD.read(next(r for r in world.records() if r.key.kind == "session"))


def step(
    world: Played, new: Session, *, command: str = "send", noted: Noted | None = None
) -> list[str]:
    """Return what a commit of Ben's did that it must not do, if it made that of the session."""
    before = by_key(world)
    old = session_of(world)
    record = SESSION_RECORD.record(new, old.version + 1)
    return list(
        PROMISES.step(
            Step(
                call=Call(command=command),
                caller=BEN if command in {"take_over", "steal"} else ADA,
                ops=(SESSION_RECORD.update(old, new),),
                before=before,
                after={**before, record.key: record},
                note=noted or Noted(None),
            )
        )
    )


def test_a_session_is_changed_by_its_owner_alone() -> None:
    """Or where it may be taken over, being paused or idle, on an exclusive topic."""
    world, _ = played()
    session = session_of(world).value
    changed = evolve(session, updated_at=later(session.updated_at, timedelta(1)))
    assert step(world, changed) == []
    assert step(world, changed, command="steal") == [
        f"8: session {session.about.id}: changed by steal of ben"
    ]
    assert step(world, changed, command="take_over", noted=Noted(None, seen=BEGIN)) != []


def test_on_an_exclusive_topic_who_comes_next_may_close_what_another_left() -> None:
    """What is paused is taken over when that is wished, and what has expired is closed."""
    world, _ = played()
    live = session_of(world).value
    shared = evolve(live, about=evolve(live.about, exclusive=True))
    late = live.updated_at + timedelta(days=400)
    paused = SESSION.move(shared, SessionEvent.PAUSE, live.updated_at, None).value
    gives_way = SESSION.move(paused, SessionEvent.REPLACE, paused.updated_at, None).value
    closed = SESSION.move(shared, SessionEvent.EXPIRE, late, None).value
    cases = [
        (paused, gives_way, "take_over", BEGIN, True),
        (paused, gives_way, "start", BEGIN, False),
        (shared, closed, "start", late, True),
        (shared, closed, "open", late, True),
        (shared, closed, "cancel", late, False),
        (live, evolve(closed, about=live.about), "start", late, False),
    ]
    for old, new, command, now, allowed in cases:
        noted = Noted(None, seen=now)
        made = evolve(made_of({}, command, noted), caller=BEN)
        assert (list(_session_step(made, noted, old, new)) == []) is allowed


def test_an_expired_session_is_only_closed() -> None:
    """Nothing that lasts is changed in it, and none expires before its time."""
    world, _ = played()
    session = session_of(world).value
    late = Noted(None, seen=BEGIN + timedelta(days=15))
    name = f"session {session.about.id}"
    settled = evolve(session, updated_at=later(session.updated_at, timedelta(1)))
    active = evolve(session, last_activity_at=later(session.last_activity_at, timedelta(1)))
    assert step(world, settled, noted=late) == []
    assert step(world, active, noted=late) == [
        f"8: {name}: send changed it although it had expired"
    ]
    paused = evolve(session, status=SessionStatus.PAUSED)
    assert step(world, paused, noted=Noted(None, seen=BEGIN)) == []


def test_a_key_of_another_tenant_is_not_written() -> None:
    """Not even together with one's own."""
    world, _ = played()
    foreign = MESSAGE.record(
        evolve(
            MESSAGE.read(_only(world, "message", session_of(world).value.about.id)).value,
            tenant="other",
        ),
        1,
    )
    before = by_key(world)
    wrote = Step(
        call=SEND, caller=ADA, ops=(Insert(foreign),), before=before, after=before, note=Noted("k")
    )
    assert list(PROMISES.step(wrote)) == ["8: send: it wrote a key of another tenant"]


def test_what_is_noted_of_a_process() -> None:
    """The time it saw, the leases it took, and whether its key was free when it looked last."""
    world, session = played()
    world.run(submit(world.setup, ADA, TALK, session, "Hello.", key="k"))
    noted = PROMISES.begin(SEND)
    assert noted == Noted("k")
    own, other = Get(receipt_key("acme", "ada", "k")), Get(receipt_key("acme", "ada", "x"))
    assert PROMISES.note(noted, own, None) == Noted("k", unused=True)
    assert PROMISES.note(Noted("k", unused=True), other, None) == Noted("k")
    assert PROMISES.note(noted, Now(), BEGIN) == Noted("k", seen=BEGIN)
    assert PROMISES.note(noted, Now(), KeyboardInterrupt()) == noted
    assert PROMISES.note(noted, NewId(), "id") == noted
    stored = next(
        found
        for found in map(JOB_RECORD.read, (r for r in world.records() if r.key.kind == "job"))
        if not found.value.is_settled
    )
    taken = JOB.move(stored.value, JobEvent.CLAIM, BEGIN, later(BEGIN, timedelta(1))).value
    commit = Commit((JOB_RECORD.update(stored, taken),))
    assert PROMISES.note(noted, commit, "done") == Noted("k", leases=frozenset({(taken.id, 1)}))


def test_a_model_is_asked_once_under_each_lease() -> None:
    """By who took it; a session that is gone, or ending, asks nobody's leave."""
    world, session = played()
    job = world.run(submit(world.setup, ADA, TALK, session, "Hello.", key="k")).id
    ask = AskModel(evolve(asking(JobKind.REPLY), session=session, job=job), "acme", "ada")
    memory, wrong = PROMISES.asked(None, ask, by_key(world))
    assert list(wrong) == [f"6: job {job}: the model was asked without a lease"]
    memory, wrong = PROMISES.asked(memory, ask, {})
    assert list(wrong) == [f"6: job {job}: the model was asked twice for the reply under one lease"]
    lost = evolve(ask, ask=evolve(ask.ask, job="lost"))
    _, wrong = PROMISES.asked(memory, lost, by_key(world))
    assert list(wrong) == ["6: job lost: the model was asked before it was accepted"]


def test_what_an_engine_has_deleted_is_not_judged() -> None:
    """A session without its record may have anything left."""
    world, _session = played()
    records = {key: record for key, record in by_key(world).items() if key.kind != "session"}
    assert list(PROMISES.state(records, BEGIN)) != []
    assert list(Promises(WORLD, forgets=True).state(records, BEGIN)) == []


# --- what only a broken workflow does -------------------------------------------------------------

SEEN = {
    "status written back": "7",
    "no busy check": "6",
    "no lease token": "6",
    "another's lease given up": "6",
    "asked without a claim": "10",
    "pause while extracting": "10",
    "worker ignores the lease": "10",
}


@pytest.mark.parametrize("name", SEEN)
def test_a_broken_workflow_is_seen_by_its_promise(name: str) -> None:
    """Each of these breaks a promise that stands here, and it is told by its number."""
    mutant = MUTANTS[name]
    with mutant.in_force():
        violation = mutant.scope.explore().violation
    assert violation is not None
    assert violation.violations[0].partition(":")[0] == SEEN[name]


def test_a_job_is_closed_for_a_reason() -> None:
    """Its lease is over, nobody came for it, its own time is over, or it was taken too often."""
    world, session = played()
    world.run(submit(world.setup, ADA, TALK, session, "Hello.", key="k"))
    waiting = next(job for job in jobs_of(world) if not job.is_settled)
    now = waiting.updated_at
    held = JOB.move(waiting, JobEvent.CLAIM, now, later(now, timedelta(minutes=1))).value
    left = JOB.move(held, JobEvent.GIVE_UP, now, None).value
    late = now + timedelta(days=2)
    cases = [
        (waiting, ErrorCode.LEASE_EXPIRED, now, False),
        (waiting, ErrorCode.LEASE_EXPIRED, None, False),
        (waiting, ErrorCode.LEASE_EXPIRED, late, True),
        (left, ErrorCode.LEASE_EXPIRED, None, True),
        (held, ErrorCode.LEASE_EXPIRED, now, False),
        (held, ErrorCode.LEASE_EXPIRED, late, True),
        (held, ErrorCode.JOB_EXPIRED, now, False),
        (held, ErrorCode.JOB_EXPIRED, None, False),
        (held, ErrorCode.JOB_EXPIRED, late, True),
        (held, ErrorCode.ATTEMPTS_EXHAUSTED, now, False),
        (evolve(held, attempts=4), ErrorCode.ATTEMPTS_EXHAUSTED, now, True),
    ]
    for job, code, seen, allowed in cases:
        made = made_of({}, "send", Noted(None, seen=seen))
        assert PROMISES._may_close(made, job, code) is allowed
    for command, allowed in (("cancel_job", True), ("cancel", False)):
        made = made_of({}, command, Noted(None, seen=now))
        assert PROMISES._may_close(made, held, ErrorCode.JOB_CANCELLED) is allowed


def made_of(after: Records, command: str, noted: Noted) -> Step:
    """Return a commit after which this is stored."""
    call = Call(command=command)
    return Step(call=call, caller=ADA, ops=(), before={}, after=after, note=noted)


def test_a_job_is_closed_with_its_session() -> None:
    """For the reason for which that has ended; of one that an engine deleted nobody knows."""
    world, session = played()
    world.run(submit(world.setup, ADA, TALK, session, "Hello.", key="k"))
    (job,) = (job for job in jobs_of(world) if not job.is_settled)
    live = session_of(world)
    events = {
        ErrorCode.SESSION_CANCELLED: SessionEvent.CANCEL,
        ErrorCode.SESSION_REPLACED: SessionEvent.REPLACE,
        ErrorCode.SESSION_EXPIRED: SessionEvent.EXPIRE,
    }
    late = live.value.updated_at + timedelta(days=400)
    for ended_by, event in events.items():
        now = late if event is SessionEvent.EXPIRE else live.value.updated_at
        ended = SESSION.move(evolve(live.value, in_flight=None), event, now, None).value
        record = SESSION_RECORD.record(ended, 9)
        for code in events:
            made = made_of({record.key: record}, "cancel", Noted(None))
            assert PROMISES._may_close(made, job, code) is (code is ended_by)
    made = made_of({}, "cancel", Noted(None))
    assert PROMISES._may_close(made, job, ErrorCode.SESSION_CANCELLED)
    stays = made_of(by_key(world), "cancel", Noted(None))
    assert not PROMISES._may_close(stays, job, ErrorCode.SESSION_CANCELLED)


def test_only_the_holder_works_on_a_job() -> None:
    """It alone notes a step, or makes anything of the lease; whoever comes later takes another."""
    world, session = played()
    world.run(submit(world.setup, ADA, TALK, session, "Hello.", key="k"))
    (waiting,) = (job for job in jobs_of(world) if not job.is_settled)
    now = waiting.updated_at
    held = JOB.move(waiting, JobEvent.CLAIM, now, later(now, timedelta(minutes=1))).value
    assert held.lease is not None
    longer = evolve(held, lease=evolve(held.lease, until=now + timedelta(days=1)))
    over = now + timedelta(minutes=2)
    taken = JOB.move(held, JobEvent.TAKE_OVER, over, over + timedelta(minutes=1)).value
    paid = evolve(held, steps=(PaidStep(purpose=JobKind.REPLY, output=None),))
    holder = Noted(None, leases=frozenset({(held.id, held.lease.token)}))
    wrong = {
        longer: [f"6: job {held.id}: given up by who does not hold its lease"],
        paid: [f"6: job {held.id}: a step done by who does not hold its lease"],
        taken: [],
    }
    for new, told in wrong.items():
        for noted, expected in ((holder, []), (Noted(None), told)):
            made = made_of({}, "process", noted)
            assert list(PROMISES._job_step(made, held, new)) == expected


def test_none_expires_before_its_time() -> None:
    """Whoever writes that a session has expired has seen that it has."""
    world, _ = played()
    stored = session_of(world)
    ended = SESSION.move(stored.value, SessionEvent.EXPIRE, BEGIN + timedelta(days=400), None).value
    told = step(world, ended, noted=Noted(None, seen=BEGIN))
    assert f"8: session {ended.about.id}: send let it expire before its time" in told


def test_a_worker_that_cannot_settle_a_job_is_told_of() -> None:
    """Here because nobody declares its topic any more; a settled job is of no account."""
    world, session = played()
    world.run(submit(world.setup, ADA, TALK, session, "Hello.", key="k"))
    bare = Promises(World(setup=Setup(topics={})))
    (told,) = list(bare.state(by_key(world), BEGIN))
    assert told.endswith("a worker cannot settle it: TOPIC_NOT_FOUND")
    settled = next(job for job in jobs_of(world) if job.is_settled)
    assert list(PROMISES._job_step(made_of({}, "send", Noted(None)), settled, settled)) == []


def test_what_a_worker_is_given_to_settle_a_job() -> None:
    """A clock that stands, and ids that nobody has had."""
    at = _At(BEGIN)
    assert at.now() == BEGIN
    assert (at.new_id(), at.new_id()) == ("later-1", "later-2")
