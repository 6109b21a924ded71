"""Opening, taking and leaving jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from coachwork.effects import Commit, Get
from coachwork.errors import (
    CorruptRecordError,
    IdempotencyKeyReusedError,
    JobCancelledError,
    JobNotFoundError,
    LLMError,
    LLMTimeoutError,
    SessionNotActiveError,
    SessionNotFoundError,
    StoreUnavailableError,
    ValidationError,
)
from coachwork.jobs import ErrorCode, Job, JobError, JobKind, JobStatus, Lease, Settlement, Step
from coachwork.policies import Settings
from coachwork.ports import CommitResult
from coachwork.records import (
    ACCOUNT,
    JOB_RECORD,
    MESSAGE,
    RECEIPT,
    SESSION_RECORD,
    Stored,
    Update,
)
from coachwork.sessions import Account, AccountStatus, Session
from coachwork.testing import rehearse
from coachwork.testing.faults import CrashError, Fault, InterruptError
from coachwork.topics import Topic
from coachwork.workflows import cancel, send, start
from coachwork.workflows._jobs import (
    Call,
    Held,
    about_job,
    admitted,
    blocked_for,
    busy,
    check_topic,
    displace,
    error_of,
    is_completing,
    keyed,
    load_held,
    load_held_job,
    message_missing,
    message_of,
    new_call,
    new_job,
    not_active,
    open_account,
    read_receipt,
    reply_of,
    reread,
    still_answering,
    take,
)
from coachwork.workflows._store import Tries
from tests.faults import ADA, BEGIN, Told, World

PLAIN = Topic(id="plain", system="Listen.")
CALL = Call(ADA, "send", "k", "f", "j")
OPEN_ACCOUNT = Account("acme", "ada", AccountStatus.OPEN, BEGIN)


def waiting() -> tuple[World, Stored[Session], Stored[Job]]:
    """Return a world with one session that waits for a reply, the session and the job."""
    world = World([PLAIN], lambda _: CrashError())
    session = world.run(start(world.setup, ADA, PLAIN)).session.id
    with pytest.raises(CrashError):
        world.run(send(world.setup, ADA, PLAIN, session, "Hello.", key="k"))
    return world, Stored(world.only(Session), 2), Stored(world.only(Job), 1)


# --- the call -----------------------------------------------------------------------------------


def test_a_call_without_a_key_makes_one() -> None:
    """The key is an id, so nobody else's; a given one is checked and kept."""
    assert rehearse(new_call(ADA, "send", None, "x"), "job", "made").result.key == "made"
    assert rehearse(new_call(ADA, "send", "k", "x"), "job").result.key == "k"
    with pytest.raises(ValidationError) as error:
        rehearse(new_call(ADA, "send", "a\nb", "x"))
    assert error.value.field == "key"


def test_a_fingerprint_covers_command_and_content() -> None:
    """Nothing else: the same content in another order of names is the same."""

    def fingerprint(command: str, *content: Any) -> str:  # noqa: ANN401
        return rehearse(new_call(ADA, command, "k", *content), "j").result.fingerprint

    assert fingerprint("start", {"a": 1, "b": 2}) == fingerprint("start", {"b": 2, "a": 1})
    told = {
        fingerprint("start", {"a": 1}),
        fingerprint("start", {"a": "1"}),
        fingerprint("start", {"a": 1}, *[False]),
        fingerprint("send", {"a": 1}),
        fingerprint("send", "a", "b"),
        fingerprint("send", "a b"),
    }
    assert len(told) == 6


def test_who_waits_and_who_does_not_may_use_the_same_key() -> None:
    """The fingerprint is the same: either goes on with what the other began."""
    waits = rehearse(new_call(ADA, "send", "k", "x"), "j").result
    leaves = rehearse(new_call(ADA, "send", "k", "x", waits=False), "j").result
    assert (waits.waits, leaves.waits) == (True, False)
    assert waits.fingerprint == leaves.fingerprint


def test_who_does_not_wait_holds_no_job() -> None:
    """A call holds the job that it made and claimed itself, untouched since; nothing else."""
    _, _, job = waiting()
    mine = evolve(CALL, job=job.value.id)
    assert mine.holds(job)
    assert not mine.holds(Stored(job.value, 2))
    assert not CALL.holds(job)
    assert not evolve(mine, waits=False).holds(job)


def test_a_receipt_is_read() -> None:
    """None, or what the key was used for; for something else it is refused."""
    receipt = CALL.receipt("s", "j", BEGIN)
    assert rehearse(read_receipt(CALL), None).result is None
    assert rehearse(read_receipt(CALL), RECEIPT.record(receipt, 1)).result == receipt
    other = evolve(receipt, fingerprint="other")
    with pytest.raises(IdempotencyKeyReusedError):
        rehearse(read_receipt(CALL), RECEIPT.record(other, 1))


def test_every_error_of_a_call_tells_its_key() -> None:
    """The key is told once; what is no error of this library passes as it is."""
    with pytest.raises(StoreUnavailableError) as error:
        rehearse(keyed(CALL, open_account(ADA)), StoreUnavailableError())
    assert error.value.key == "k"
    with pytest.raises(OSError, match="disk"):
        rehearse(keyed(CALL, open_account(ADA)), OSError("disk"))
    account = ACCOUNT.record(OPEN_ACCOUNT, 3)
    assert rehearse(keyed(CALL, open_account(ADA)), account).result == Stored(OPEN_ACCOUNT, 3)


def interrupted(world: World, session: str, *, lost: bool, gone: bool = False) -> None:
    """Interrupt a call at its accepting commit, done or not; the repository may be gone then."""

    def commit(effect: Commit) -> CommitResult:
        del world.commit
        if lost:
            World.commit(world, effect)
        if gone:
            world.memory.get = lambda _key: (_ for _ in ()).throw(StoreUnavailableError())  # type: ignore[method-assign]
        raise InterruptError

    world.commit = commit  # type: ignore[method-assign]
    with pytest.raises(InterruptError):
        world.run(send(world.setup, ADA, PLAIN, session, "Hello.", key="k"))


def test_who_is_interrupted_while_accepting_leaves_no_lease() -> None:
    """The job was accepted though nobody heard of it: it waits for the next one at once."""
    world = World([PLAIN])
    session = world.run(start(world.setup, ADA, PLAIN)).session.id
    interrupted(world, session, lost=False)
    assert world.stored("job") == []
    interrupted(world, session, lost=True)
    job = world.only(Job)
    assert (job.status, job.lease, job.attempts) == (JobStatus.PENDING, None, 1)


def test_leaving_is_a_courtesy() -> None:
    """When the repository is gone too, what interrupted is what the caller gets."""
    world = World([PLAIN])
    session = world.run(start(world.setup, ADA, PLAIN)).session.id
    interrupted(world, session, lost=True, gone=True)
    assert world.only(Job).status is JobStatus.PROCESSING


def test_a_process_that_dies_while_accepting_asks_nothing_more() -> None:
    """Nobody is there to give anything up: the lease runs out by itself."""
    world = World([PLAIN])
    session = world.run(start(world.setup, ADA, PLAIN)).session.id
    first = len(world.effects)
    call = send(world.setup, ADA, PLAIN, session, "Hello.", key="k")
    at = len(rehearsed_until_commit(world, session))
    with pytest.raises(CrashError):
        world.run(call, Told(at, Fault.CRASH_AFTER))
    assert world.names(first)[-1] == "Commit"
    assert world.only(Job).status is JobStatus.PROCESSING


def rehearsed_until_commit(world: World, session: str) -> list[object]:
    """Return what a send asks before its commit, without doing it."""
    asked: list[object] = []
    workflow = send(world.setup, ADA, PLAIN, session, "Hello.", key="k")
    effect = next(workflow)
    while not isinstance(effect, Commit):
        asked.append(effect)
        effect = workflow.send(effect.perform(world.ports))
    workflow.close()
    return asked


def test_an_admission_that_refuses_reads_the_receipt() -> None:
    """Only a call that nobody accepted is refused."""
    assert rehearse(admitted(CALL, "plain", "s", "x"), "y").result == "y"
    receipt = RECEIPT.record(CALL.receipt("s", "j", BEGIN), 1)
    assert rehearse(admitted(CALL, "plain", "s", "x"), PermissionError(), receipt).result is None
    with pytest.raises(PermissionError):
        rehearse(admitted(CALL, "plain", "s", "x"), PermissionError(), None)


def test_an_account_that_is_not_open() -> None:
    """Whose data is being deleted, or was, has no session."""
    deleted = ACCOUNT.record(evolve(OPEN_ACCOUNT, status=AccountStatus.DELETED), 2)
    for answer in (None, deleted):
        with pytest.raises(SessionNotFoundError):
            rehearse(open_account(ADA), answer)


# --- refusals -----------------------------------------------------------------------------------


def test_a_session_of_another_topic_is_not_found() -> None:
    """A handle of one topic opens no session of another."""
    _, session, _ = waiting()
    check_topic(session.value, PLAIN)
    with pytest.raises(SessionNotFoundError):
        check_topic(session.value, Topic(id="other", system="x"))


def test_a_refusal_tells_what_is_allowed() -> None:
    """The commands that would be allowed now, by their names."""
    world, session, _ = waiting()
    assert not_active(session.value, "x", BEGIN).allowed == (
        "pause",
        "resume",
        "complete",
        "cancel",
    )
    world.run(cancel(world.setup, ADA, PLAIN, session.value.about.id))
    assert not_active(world.only(Session), "x", BEGIN).allowed == ()


# --- the job in flight --------------------------------------------------------------------------


def test_how_long_a_job_blocks() -> None:
    """As long as its lease, or ten minutes where nobody had one; given up or settled not at all."""
    _, _, job = waiting()
    settings = Settings()
    assert blocked_for(None, BEGIN, settings) is None
    assert blocked_for(job, BEGIN, settings) == 330.0
    assert blocked_for(job, BEGIN + settings.lease, settings) is None
    given_up = Stored(evolve(job.value, lease=None, status=JobStatus.PENDING), 2)
    assert blocked_for(given_up, BEGIN, settings) is None
    unclaimed = Stored(evolve(given_up.value, attempts=0), 1)
    assert blocked_for(unclaimed, BEGIN, settings) == 600.0
    assert blocked_for(unclaimed, BEGIN + settings.unclaimed, settings) is None
    settled = Stored(evolve(job.value, lease=None, status=JobStatus.FAILED), 2)
    assert blocked_for(settled, BEGIN, settings) is None


def test_a_job_whose_time_is_over_blocks_nobody() -> None:
    """Though its lease lasts; one in which a final reply is kept does, as long as its lease."""
    _, _, job = waiting()
    over = job.value.expires_at
    long = evolve(job.value, lease=Lease(1, over + timedelta(seconds=9)))
    assert blocked_for(Stored(long, 2), over - timedelta(seconds=1), Settings()) == 10.0
    assert blocked_for(Stored(long, 2), over, Settings()) is None
    kept = evolve(long, steps=(Step(purpose=JobKind.REPLY, output="x"),))
    assert blocked_for(Stored(kept, 2), over, Settings()) == 9.0


def test_which_job_ends_its_session() -> None:
    """An extraction, or one in which a final reply is kept."""
    _, _, job = waiting()
    kept = evolve(job.value, steps=(Step(purpose=JobKind.REPLY, output="x"),))
    assert not is_completing(None)
    assert not is_completing(job)
    assert is_completing(Stored(kept, 2))
    assert is_completing(Stored(evolve(job.value, kind=JobKind.EXTRACTION), 2))


def test_a_job_is_opened_as_its_caller_wants_it() -> None:
    """Claimed at once where the caller waits, to save a commit; else it waits for a worker."""
    world, session, _ = waiting()
    about = evolve(session.value.about, scenario="trial")
    setup = evolve(
        world.setup,
        settings=Settings(job_life=timedelta(hours=2)),
        lease=timedelta(minutes=7),
        notifies=True,
    )
    leaves = evolve(CALL, waits=False)
    waits, pending = new_job(
        setup, leaves, about, JobKind.REPLY, BEGIN, follows="j-0", message=3, retry_of="j-1"
    )
    assert (waits.job, waits.kind) == ("j", JobKind.REPLY)
    assert pending == Job(
        id="j",
        tenant="acme",
        user="ada",
        session=about.id,
        kind=JobKind.REPLY,
        key="k",
        created_at=BEGIN,
        updated_at=BEGIN,
        expires_at=BEGIN + timedelta(hours=2),
        message=3,
        retry_of="j-1",
        follows="j-0",
        scenario="trial",
        notify=True,
    )
    quiet = evolve(setup, notifies=False)
    waits, claimed = new_job(quiet, CALL, about, JobKind.GREETING, BEGIN, follows=None)
    assert (waits.kind, claimed.status, claimed.attempts) == (
        JobKind.GREETING,
        JobStatus.PROCESSING,
        1,
    )
    assert claimed.lease == Lease(1, BEGIN + timedelta(minutes=7))
    assert (claimed.claimed_at, claimed.follows, claimed.notify) == (BEGIN, None, False)
    endless = evolve(setup, settings=Settings(job_life=timedelta.max))
    _, last = new_job(endless, leaves, about, JobKind.REPLY, BEGIN, follows=None)
    assert last.expires_at.year == 9999


def test_a_job_is_displaced() -> None:
    """The session is freed of it and its turn, and the job fails; without one nothing happens."""
    _, session, job = waiting()
    freed, ops = displace(session.value, job, BEGIN)
    assert (freed.in_flight, freed.turns, len(ops)) == (None, 0, 1)
    assert displace(freed, None, BEGIN) == (freed, [])


@pytest.mark.parametrize(
    "after, code",
    [
        (timedelta(minutes=6), ErrorCode.LEASE_EXPIRED),
        (timedelta(hours=24, microseconds=-1), ErrorCode.LEASE_EXPIRED),
        (timedelta(hours=24), ErrorCode.JOB_EXPIRED),
    ],
)
def test_why_a_job_is_displaced(after: timedelta, code: ErrorCode) -> None:
    """Its lease ran out, or, from its last instant on, its own time to live."""
    _, session, job = waiting()
    _, (op,) = displace(session.value, job, BEGIN + after)
    assert isinstance(op, Update)
    error = JOB_RECORD.read(op.record).value.error
    assert error is not None
    assert error.code is code


def test_a_session_whose_job_is_missing_is_freed() -> None:
    """There is nothing to settle then."""
    _, session, _ = waiting()
    freed, ops = displace(session.value, None, BEGIN)
    assert (freed.in_flight, ops) == (None, [])


def test_a_lease_is_taken() -> None:
    """The next token, as long as settings say; None where somebody was faster."""
    world, session, job = waiting()
    held = Held(Stored(OPEN_ACCOUNT, 1), session, job)
    later = BEGIN + timedelta(minutes=6)
    taken = world.run(take(world.setup, Tries(world.setup), held, later))
    assert taken is not None
    lease = taken.job.value.lease
    assert lease is not None
    assert (lease.token, lease.until) == (2, later + world.setup.settings.lease)
    assert world.run(take(world.setup, Tries(world.setup), held, later)) is None
    pending = evolve(job.value, lease=None, status=JobStatus.PENDING)
    given_up = Held(held.account, session, Stored(pending, 2))
    assert world.run(take(world.setup, Tries(world.setup), given_up, later)) is not None


def test_a_lease_lasts_as_long_as_its_holder_says() -> None:
    """A worker's is short; with other operations in the same commit it is all or nothing."""
    world, session, job = waiting()
    hasty = evolve(world.setup, lease=timedelta(seconds=30))
    held = Held(Stored(OPEN_ACCOUNT, 1), session, job)
    later = BEGIN + timedelta(minutes=6)
    stale = ACCOUNT.check(Stored(OPEN_ACCOUNT, 7))
    assert world.run(take(hasty, Tries(hasty), held, later, stale)) is None
    taken = world.run(take(hasty, Tries(hasty), held, later))
    assert taken is not None
    assert taken.job.value.lease == Lease(2, later + timedelta(seconds=30))


# --- what became of a call ----------------------------------------------------------------------


def test_a_job_is_loaded_with_its_session() -> None:
    """All three records, or what their absence means."""
    world, session, job = waiting()
    stored = JOB_RECORD.record(job.value, 1), SESSION_RECORD.record(session.value, 2)
    account = ACCOUNT.record(OPEN_ACCOUNT, 1)
    name = session.value.about.id
    held = rehearse(load_held(ADA, name, job.value.id), *stored, account).result
    assert held == Held(Stored(OPEN_ACCOUNT, 1), session, job)
    assert world.run(reread(held)).job == job
    with pytest.raises(SessionNotFoundError):
        rehearse(load_held(ADA, name, "j"), stored[0], None, account)
    with pytest.raises(CorruptRecordError):
        rehearse(load_held(ADA, name, "j"), None, stored[1], account, stored[1])
    with pytest.raises(SessionNotFoundError):  # it was swept away since it was read
        rehearse(load_held(ADA, name, "j"), None, stored[1], account, None)
    world.run(cancel(world.setup, ADA, PLAIN, name))
    ended = SESSION_RECORD.record(world.only(Session), 3)
    with pytest.raises(SessionNotFoundError):  # it is being swept away, its jobs first
        rehearse(load_held(ADA, name, "j"), None, ended, account)


def test_a_job_that_is_settled_between_two_reads() -> None:
    """The session has moved on: the job is read once more, so the two fit each other."""
    world, session, job = waiting()
    world.run(cancel(world.setup, ADA, PLAIN, session.value.about.id))
    closed = JOB_RECORD.record(world.only(Job), 2)
    ended = SESSION_RECORD.record(world.only(Session), 3)
    played = rehearse(
        load_held(ADA, session.value.about.id, job.value.id),
        JOB_RECORD.record(job.value, 1),
        ended,
        closed,
        ACCOUNT.record(OPEN_ACCOUNT, 1),
    )
    assert played.result.job == Stored(world.only(Job), 2)


def test_a_job_that_was_read_just_now_is_not_read_again() -> None:
    """Session and account alone; the job once more only where the session has moved on."""
    world, session, job = waiting()
    account = ACCOUNT.record(OPEN_ACCOUNT, 1)
    live = SESSION_RECORD.record(session.value, 2)
    played = rehearse(load_held_job(job), live, account)
    assert played.result == Held(Stored(OPEN_ACCOUNT, 1), session, job)
    assert [type(one) for one in played.asked] == [Get, Get]
    with pytest.raises(SessionNotFoundError):
        rehearse(load_held_job(job), None, account)
    world.run(cancel(world.setup, ADA, PLAIN, session.value.about.id))
    closed = Stored(world.only(Job), 2)
    ended = SESSION_RECORD.record(world.only(Session), 3)
    again = JOB_RECORD.record(closed.value, 2)
    assert rehearse(load_held_job(job), ended, again, account).result.job == closed
    assert rehearse(load_held_job(closed), ended, account).result.job == closed
    with pytest.raises(SessionNotFoundError):  # it is being swept away, its jobs first
        rehearse(load_held_job(job), ended, None, account)


@pytest.mark.parametrize("code", ErrorCode)
def test_each_failure_is_an_error(code: ErrorCode) -> None:
    """What a job failed with is one error, with the provider's wish for a pause."""
    error = error_of(JobError(code, "why", 4.0))
    wanted: dict[ErrorCode, type[Exception]] = {
        ErrorCode.LLM_TIMEOUT: LLMTimeoutError,
        ErrorCode.SESSION_CANCELLED: SessionNotActiveError,
        ErrorCode.SESSION_REPLACED: SessionNotActiveError,
        ErrorCode.SESSION_EXPIRED: SessionNotFoundError,
        ErrorCode.JOB_CANCELLED: JobCancelledError,
        ErrorCode.JOB_EXPIRED: JobNotFoundError,
    }
    assert type(error) is wanted.get(code, LLMError)
    if isinstance(error, LLMError):
        assert (error.reason, error.retry_after) == (code.value, 4.0)


def test_errors_name_session_and_job() -> None:
    """Busy and still-answering tell the job and how long; neither tells the key of the job."""
    _, _, job = waiting()
    for error in (busy(job.value, 3.0), still_answering(job.value, 3.0)):
        assert (error.session, error.retry_after) == (job.value.session, 3.0)
        assert (error.job, error.key) == (job.value.id, None)
    told = about_job(LLMError(), job.value)
    assert (told.session, told.job, told.key) == (job.value.session, job.value.id, None)


def test_a_message_is_missing_only_where_nothing_is_being_swept_away() -> None:
    """Of an ended session that has expired, parts may be gone: then it is not found."""
    world, session, job = waiting()
    held = Held(Stored(OPEN_ACCOUNT, 1), session, job)
    told = world.run(message_missing(held))
    assert (told.kind, told.field) == ("message", "sequence")
    world.run(cancel(world.setup, ADA, None, session.value.about.id))
    world.clock.advance(days=14)
    with pytest.raises(SessionNotFoundError):
        world.run(message_missing(held))


def test_the_messages_of_a_job() -> None:
    """The one it answers and the one it made, or None; what this call wrote is not read again."""
    world, session, job = waiting()
    held = Held(Stored(OPEN_ACCOUNT, 1), session, job)
    assert rehearse(message_of(held, None)).result is None
    assert rehearse(message_of(held, 1), None).result is None
    said = world.run(message_of(held, 1))
    assert said is not None
    assert rehearse(message_of(evolve(held, said=(said,)), 1)).result == said
    assert rehearse(message_of(evolve(held, said=(said,)), 2), None).result is None
    assert rehearse(reply_of(held)).result is None
    done = evolve(held, job=Stored(evolve(job.value, settlement=Settlement(reply=1)), 2))
    assert rehearse(reply_of(done), MESSAGE.record(said, 1)).result == said
