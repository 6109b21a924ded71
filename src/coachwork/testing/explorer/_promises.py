"""What always holds of the shipped workflows (brief, section 10), at every step of a search.

What records alone tell is judged by `coachwork.testing.violations` and `step_violations`; here
stands what they cannot: who did it, what the caller was told, how often the model was asked, and
that nothing can get stuck.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, cast

from attrs import evolve, frozen

from coachwork.actions import ActionStatus
from coachwork.adapters import BuiltinRenderer, ExtractiveSummarizer, Memory, TopicTemplates
from coachwork.drivers import run
from coachwork.effects import AskModel, Commit, Effect, Get, Now, RunAgent
from coachwork.errors import (
    ActionRefusedError,
    ApplicationError,
    CoachworkError,
    CorruptRecordError,
    IdempotencyKeyReusedError,
    RefusedError,
    SessionAccessDeniedError,
    SessionBusyError,
    SessionNotFoundError,
    StillAnsweringError,
)
from coachwork.jobs import OPEN, ErrorCode, Job, JobRef
from coachwork.messages import Message
from coachwork.ports import Answer, Ask, Ports
from coachwork.programs import read_state, rebuild
from coachwork.records import (
    AUDIT,
    JOB_RECORD,
    MESSAGE,
    PROGRESS,
    RECEIPT,
    SESSION_RECORD,
    Insert,
    Key,
    Record,
    Update,
    account_key,
    audit_key,
    job_key,
    key_of,
    message_key,
    receipt_key,
    session_key,
)
from coachwork.sessions import AccountStatus, EndReason, Receipt, Session, SessionStatus
from coachwork.testing._invariants import step_violations, violations
from coachwork.testing.explorer._crews import crew_faults, run_faults
from coachwork.testing.explorer._invariants import Invariants, Outcome, Records, Step
from coachwork.testing.explorer._world import Call, World
from coachwork.workflows import Acted, Caller, SessionView, Setup, process

_CLOSING: Final = frozenset(
    {
        ErrorCode.SESSION_CANCELLED,
        ErrorCode.SESSION_REPLACED,
        ErrorCode.SESSION_EXPIRED,
        ErrorCode.LEASE_EXPIRED,
        ErrorCode.ATTEMPTS_EXHAUSTED,
        ErrorCode.JOB_CANCELLED,
        ErrorCode.JOB_EXPIRED,
    }
)
"""Why jobs fail that are settled by somebody else than their holder."""
_ENDING: Final[Mapping[ErrorCode | None, EndReason]] = {
    ErrorCode.SESSION_CANCELLED: EndReason.CANCELLED,
    ErrorCode.SESSION_REPLACED: EndReason.REPLACED,
    ErrorCode.SESSION_EXPIRED: EndReason.EXPIRED,
}
"""How a session has ended where its job failed with that."""
_RESUMING: Final = frozenset({"resume", "open"})
_STARTING: Final = frozenset({"start", "take_over", "open"})
_ACCEPTING: Final = _STARTING | {"send", "submit", "resume", "retry"}
"""Commands whose key always has a receipt; to complete what is completed leaves none."""
_AT_SESSIONS: Final = frozenset({"send", "submit", "resume", "complete"})
"""Commands with a key that are aimed at a session."""


@frozen
class Noted:
    """What is noted of a process.

    Attributes:
        key: The key of its call.
        seen: What time it was when it last looked (UTC).
        unused: Whether the last thing it read was the receipt of its key, and there was none.
        leases: The leases that it took or tried to take, each as job and token.
    """

    key: str | None
    seen: datetime | None = None
    unused: bool = False
    leases: frozenset[tuple[str, int]] = frozenset()


class Promises(Invariants):
    """The invariants of the design brief's section 10.

    Args:
        world: The world that is explored.
        forgets: Whether an engine's own time to live may delete records: then nothing is said of
            sessions of which the record is gone.
    """

    def __init__(self, world: World, *, forgets: bool = False) -> None:
        """Judge *world*."""
        self._setup = world.setup
        self._forgets = forgets
        self._settled: dict[frozenset[Record], tuple[str, ...]] = {}

    # --- states --------------------------------------------------------------------------------

    def state(self, records: Records, now: datetime, /) -> Iterator[str]:
        """Return what does not hold of what is stored (1 to 6, 8), or is stuck (10)."""
        stored = self._whole(records) if self._forgets else list(records.values())
        yield from violations(stored, now=now)
        yield from self._states_of_programs(records)
        for record in stored:
            is_job = record.key.kind == "job" and record.facts.status in _OPEN
            if is_job and _is_open(record, records):
                yield from self._can_be_settled(record, stored, now)

    def _states_of_programs(self, records: Records) -> Iterator[str]:
        """6, 10, 11: The state of a program is what its actions lead to, and its agents go on.

        Of a user who is being deleted the log goes first.
        """
        programs = {
            topic.program.id: topic.program
            for topic in self._setup.topics.values()
            if topic.program is not None
        }
        for key, record in records.items():
            known = key.kind == "progress" and str(key.parts[0]) in programs
            if known and _is_open(record, records):
                program = programs[str(key.parts[0])]
                stored = PROGRESS.read(record).value
                found = (
                    records.get(audit_key(key, number)) for number in range(1, stored.audits + 1)
                )
                audits = [AUDIT.read(audit).value for audit in found if audit is not None]
                state = read_state(program, stored)
                if state != rebuild(program, stored, audits):
                    yield f"11: progress {program.id}: not what the actions lead to"
                yield from crew_faults(program, state, audits)

    def _whole(self, records: Records) -> list[Record]:
        """Return the records but for those whose session an engine has deleted."""
        return [
            record
            for record in records.values()
            if (session := record.facts.session) is None
            or session_key(record.key.tenant, session) in records
        ]

    def _can_be_settled(
        self, record: Record, stored: Iterable[Record], now: datetime
    ) -> tuple[str, ...]:
        """10: One run of a worker settles an open job, once its lease is over."""
        job: Job = JOB_RECORD.read(record).value
        near = frozenset(
            other
            for other in stored
            if other.key.tenant == job.tenant
            and (other.facts.session == job.session or other.key.kind in _SHARED)
        )
        found = self._settled.get(near)
        if found is None:
            when = now if job.lease is None else max(now, job.lease.until)
            found = self._settled[near] = tuple(_stuck(self._setup, job, near, when))
        return found

    # --- steps ---------------------------------------------------------------------------------

    def step(self, step: Step, /) -> Iterator[str]:
        """Return what a commit did that it must not do (2 to 4, 6 to 9)."""
        changed = [
            (old, step.after.get(key))
            for key, old in step.before.items()
            if step.after.get(key) != old
        ]
        before = {old.key: old for old, _ in changed}
        after = {key: new for key, new in step.after.items() if step.before.get(key) != new}
        beside = [record for key, record in step.before.items() if key not in before]
        yield from step_violations([*before.values(), *beside], [*after.values(), *beside])
        noted = _noted(step.note)
        for old, new in changed:
            if old.key.kind == "session" and new is not None:
                yield from _session_step(step, noted, _session(old), _session(new))
            elif old.key.kind == "job" and new is not None:
                yield from self._job_step(step, _job(old), _job(new))
        for op in step.ops:
            key = key_of(op)
            if step.caller is not None and key.tenant != step.caller.tenant:
                yield f"8: {step.call.command}: it wrote a key of another tenant"

    def _job_step(self, step: Step, old: Job, new: Job) -> Iterator[str]:
        """6: Only the holder of the lease works on a job; who closes it has a reason."""
        noted = _noted(step.note)
        holds = old.lease is not None and (old.id, old.lease.token) in noted.leases
        if old.status not in OPEN:
            return
        if new.steps != old.steps and not holds:
            yield f"6: job {old.id}: a step done by who does not hold its lease"
        if new.status in OPEN:
            touched = old.lease is not None and new.lease != old.lease
            if touched and new.attempts == old.attempts and not holds:
                yield f"6: job {old.id}: given up by who does not hold its lease"
            return
        code = None if new.error is None else new.error.code
        if code not in _CLOSING:
            if not holds:
                yield f"6: job {old.id}: {new.status} by who does not hold its lease"
        elif not self._may_close(step, old, code):
            yield f"6: job {old.id}: closed with {code}, and it was not so"

    def _may_close(self, step: Step, old: Job, code: ErrorCode | None) -> bool:
        """Whether *old* could be closed with that code, as far as it and its session tell."""
        seen = _noted(step.note).seen
        settings = self._setup.settings
        match code:
            case ErrorCode.LEASE_EXPIRED:
                if old.lease is None and old.attempts > 0:  # its holder has given it up
                    return True
                until = old.updated_at + settings.unclaimed
                return seen is not None and seen >= (old.lease.until if old.lease else until)
            case ErrorCode.JOB_EXPIRED:
                return seen is not None and old.is_expired(seen)
            case ErrorCode.ATTEMPTS_EXHAUSTED:
                return old.attempts > settings.attempts
            case ErrorCode.JOB_CANCELLED:
                return step.call.command == "cancel_job"
            case _:
                session = step.after.get(session_key(old.tenant, old.session))
                return session is None or _reason(_session(session)) is _ENDING[code]

    # --- what callers are told -----------------------------------------------------------------

    def outcome(self, outcome: Outcome, /) -> Iterator[str]:
        """Return what is not true of what a caller was told (5, 8, 10)."""
        if outcome.error is not None:
            yield from self._told_error(outcome, outcome.error)
        elif outcome.caller is not None:
            yield from self._told(outcome, outcome.caller, outcome.value)

    def _told_error(self, outcome: Outcome, error: BaseException) -> Iterator[str]:
        """Return what is wrong with an error."""
        name = outcome.call.command
        if isinstance(error, KeyboardInterrupt):
            return
        broken = isinstance(error, ApplicationError) or (
            isinstance(error, CorruptRecordError) and not self._forgets
        )
        if broken or not isinstance(error, CoachworkError):
            yield f"10: {name}: it broke with {type(error).__name__}: {error}"
        elif isinstance(error, ActionRefusedError) and outcome.caller is not None:
            yield from _told_click(outcome, outcome.caller, error.session, ActionStatus.REFUSED)
        elif isinstance(error, RefusedError) and not isinstance(error, StillAnsweringError):
            yield from _refused(outcome, error)

    def _told(self, outcome: Outcome, caller: Caller, value: Any) -> Iterator[str]:  # noqa: ANN401
        """Return what is wrong with an answer."""
        name = outcome.call.command
        view: Any = value if _is_view(value) else getattr(value, "session", None)
        session = view.id if _is_view(view) else view
        if _is_view(view):
            if (view.tenant, view.user) != (caller.tenant, caller.user):
                yield f"8: {name}: it told of a session of {view.tenant}/{view.user}"
            seen = _noted(outcome.note).seen
            over = view.expires_at is not None and seen is not None and view.expires_at <= seen
            # What was accepted in time is told, however long its answer took.
            if over and outcome.call.key is None:
                yield f"8: {name}: it told of a session that has expired"
        record = outcome.records.get(session_key(caller.tenant, str(session)))
        # Of what is swept away nobody knows which part is still there.
        if record is None or _is_swept(_session(record), outcome.now):
            return
        job: Any = value if hasattr(value, "outcome") else getattr(value, "job", None)
        if job is not None and not isinstance(job, str):
            yield from _told_job(outcome, caller, job, session)
        messages = [
            getattr(value, field, None) for field in ("user_message", "message", "greeting")
        ]
        for message in messages:
            if isinstance(message, Message):
                yield from _told_message(outcome, message)
        if isinstance(value, Acted):
            yield from _told_click(outcome, caller, str(session), ActionStatus.APPLIED)
        if outcome.call.key is not None and name in _ACCEPTING:
            yield from _told_key(outcome, caller, job)

    # --- what is noted -------------------------------------------------------------------------

    def begin(self, call: Call, /) -> Hashable:
        """Note the key of the call."""
        return Noted(call.key)

    def note(self, note: Hashable, effect: Effect[object], answer: object, /) -> Hashable:
        """Note the time that was seen, the leases that were taken, and what was read last."""
        noted = _noted(note)
        if isinstance(effect, Now) and isinstance(answer, datetime):
            return evolve(noted, seen=answer)
        if isinstance(effect, Get):
            own = effect.key.kind == "receipt" and effect.key.parts[-1] == noted.key
            return evolve(noted, unused=own and answer is None)
        if isinstance(effect, Commit):
            taken = {
                (job.id, job.lease.token)
                for op in effect.ops
                if isinstance(op, Insert | Update) and op.record.key.kind == "job"
                if (job := _job(op.record)).lease is not None
            }
            return evolve(noted, unused=False, leases=noted.leases | taken)
        return noted

    def asked(
        self, memory: Hashable, ask: AskModel | RunAgent, records: Records, /
    ) -> tuple[Hashable, Iterable[str]]:
        """6: Under one lease, and for one run, the model is asked at most once for each thing."""
        before = cast("frozenset[tuple[str, str, int]]", memory or frozenset())
        if isinstance(ask, RunAgent):
            run = ask.ask.session, ask.ask.agent, ask.ask.run
            return before | {run}, run_faults(ask, records, again=run in before)
        job, told = ask.ask.job, ask.ask.purpose.value
        this = job, told, ask.ask.attempt
        wrong: list[str] = []
        if this in before:
            wrong.append(f"6: job {job}: the model was asked twice for the {told} under one lease")
        record = records.get(job_key(ask.tenant, job))
        if record is None:
            session = records.get(session_key(ask.tenant, ask.ask.session))
            if session is not None and _session(session).status not in _ENDS:
                wrong.append(f"6: job {job}: the model was asked before it was accepted")
        elif _job(record).attempts < ask.ask.attempt or ask.ask.attempt < 1:
            wrong.append(f"6: job {job}: the model was asked without a lease")
        return before | {this}, wrong


_OPEN: Final = frozenset(status.value for status in OPEN)
_SHARED: Final = frozenset({"account", "claim", "standing"})


def _is_open(record: Record, records: Records) -> bool:
    """Whether the account of whoever owns *record* is open."""
    account = records.get(account_key(record.key.tenant, record.facts.owner or ""))
    return account is not None and account.facts.status == AccountStatus.OPEN


def _is_view(value: object) -> bool:
    """Whether *value* is a session as its owner sees it."""
    return isinstance(value, SessionView)


def _noted(note: Hashable) -> Noted:
    assert isinstance(note, Noted)  # noqa: S101 - it is what `Promises.begin` gave
    return note


def _session(record: Record) -> Session:
    return SESSION_RECORD.read(record).value


def _job(record: Record) -> Job:
    return JOB_RECORD.read(record).value


def _reason(session: Session) -> EndReason | None:
    ending = session.ledger.ending
    return None if ending is None else ending.reason


def _session_step(step: Step, noted: Noted, old: Session, new: Session) -> Iterator[str]:
    """Return what a commit did to a session that its command must not do."""
    command = step.call.command
    named = f"session {old.about.id}"
    back = (old.status, new.status) == (SessionStatus.PAUSED, SessionStatus.ACTIVE)
    if back and command not in _RESUMING:
        yield f"7: {named}: {command} took it from paused to active"
    seen = noted.seen
    if step.caller is not None and step.caller.user != old.about.user:
        ripe = old.status is SessionStatus.PAUSED or (seen is not None and old.is_idle(seen))
        taken = command == "take_over" and old.about.exclusive and ripe
        closed = command in _STARTING and _reason(new) is EndReason.EXPIRED
        if not taken and not (closed and old.about.exclusive):
            yield f"8: {named}: changed by {command} of {step.caller.user}"
    if seen is None or old.status in _ENDS:
        return
    expired = old.is_expired(seen)
    stays = _lasting(new) == _lasting(old)  # a job that is settled from outside revives nothing
    if expired and not stays and new.status is not SessionStatus.ABANDONED:
        yield f"8: {named}: {command} changed it although it had expired"
    if _reason(new) is EndReason.EXPIRED and not expired:
        yield f"8: {named}: {command} let it expire before its time"


def _is_swept(session: Session, now: datetime) -> bool:
    """Whether *session* may be half swept away."""
    return session.status in _ENDS and session.is_expired(now)


def _lasting(session: Session) -> tuple[object, ...]:
    """Return what of a session nobody may change when it has expired, but to end it."""
    return session.status, session.messages, session.last_activity_at


_ENDS: Final = frozenset(SessionStatus) - {SessionStatus.ACTIVE, SessionStatus.PAUSED}


def _refused(outcome: Outcome, error: RefusedError) -> Iterator[str]:
    """5: A definite refusal means that nothing exists under that key."""
    caller, key = outcome.caller, outcome.call.key
    if caller is None or key is None or isinstance(error, IdempotencyKeyReusedError):
        return
    record = outcome.records.get(receipt_key(caller.tenant, caller.user, key))
    if record is None or _noted(outcome.note).unused:
        return
    receipt = RECEIPT.read(record).value
    if isinstance(error, SessionAccessDeniedError | SessionNotFoundError):
        if _is_aimed_elsewhere(outcome.call, receipt):
            return  # what is refused is not what the key was accepted for
        if isinstance(error, SessionNotFoundError) and not _is_there(outcome, caller, receipt):
            return  # it has expired since, or was deleted
    if error.job == receipt.job is not None and not isinstance(error, SessionBusyError):
        return  # it tells what became of the job
    yield f"5: {outcome.call.command}: refused with {error.code}, but its key was accepted"


def _is_aimed_elsewhere(call: Call, receipt: Receipt) -> bool:
    """Whether *call* is about another session than the one that its key was accepted for."""
    if call.command not in _AT_SESSIONS:
        return False
    *_, session = cast("tuple[object, ...]", call.target)
    return session != receipt.session


def _is_there(outcome: Outcome, caller: Caller, receipt: Receipt) -> bool:
    """Whether the session that was accepted is stored and has not expired."""
    record = outcome.records.get(session_key(caller.tenant, str(receipt.session)))
    return record is not None and not _session(record).is_expired(outcome.now)


def _told_job(
    outcome: Outcome,
    caller: Caller,
    job: Any,  # noqa: ANN401 - it looks like a `JobView`
    session: str,
) -> Iterator[str]:
    """5: What is told of a job is what became of it."""
    record = outcome.records.get(job_key(caller.tenant, job.id))
    named = f"job {job.id}"
    if job.session != session:
        yield f"5: {named}: told as one of session {session}, and is of {job.session}"
    if record is None:
        yield f"5: {named}: {outcome.call.command} told of it, and it is not there"
        return
    stored = _job(record)
    if stored.user != caller.user:
        yield f"8: {named}: {outcome.call.command} told of a job of {stored.user}"
    if job.status not in OPEN and job.status is not stored.status:
        yield f"5: {named}: told as {job.status}, stored as {stored.status}"


def _told_message(outcome: Outcome, told: Message) -> Iterator[str]:
    """5: A message that is told is stored."""
    record = outcome.records.get(message_key(told.tenant, told.session, told.sequence))
    if record is None or MESSAGE.read(record).value != told:
        yield f"5: message {told.id}: {outcome.call.command} told of it, and it is not stored"


def _told_key(outcome: Outcome, caller: Caller, job: Any) -> Iterator[str]:  # noqa: ANN401
    """5: What was accepted has the receipt of its key, and with it every call gets the same."""
    record = outcome.records.get(receipt_key(caller.tenant, caller.user, outcome.call.key or ""))
    if record is None:
        yield f"5: {outcome.call.command}: told as accepted, and there is no receipt of its key"
        return
    receipt = RECEIPT.read(record).value
    if receipt.job is not None and job is not None and job.id != receipt.job:
        yield f"5: {outcome.call.command}: told of job {job.id}, accepted as {receipt.job}"


def _told_click(
    outcome: Outcome, caller: Caller, session: str | None, wanted: ActionStatus
) -> Iterator[str]:
    """11: What is told of a click is recorded under its key, for as long as its session is there.

    Args:
        outcome: What the caller was told.
        caller: Who clicked.
        session: The session's id.
        wanted: What is told to have become of the action.
    """
    key = outcome.call.key
    if key is None or session_key(caller.tenant, str(session)) not in outcome.records:
        return
    name = outcome.call.command
    receipt = outcome.records.get(receipt_key(caller.tenant, caller.user, key))
    place = None if receipt is None else RECEIPT.read(receipt).value.audit
    audit = None if place is None else outcome.records.get(Key.parse(place))
    if audit is None:
        yield f"11: {name}: told of a click, and it is not recorded under its key"
        return
    for action in AUDIT.read(audit).value.actions:
        if action.status is not wanted:
            yield f"11: {name}: a click was {action.status}, and is told as {wanted}"


# --- 10: nothing gets stuck ----------------------------------------------------------------------


class _At:
    """A clock that stands, ids that nobody has, and a model that goes on."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._number = 0

    def now(self) -> datetime:
        return self._now

    def new_id(self) -> str:
        self._number += 1
        return f"later-{self._number}"

    def complete(self, _ask: Ask, /) -> Answer:
        return Answer(text="Go on.")


def _stuck(setup: Setup, job: Job, records: Iterable[Record], now: datetime) -> Iterator[str]:
    """Return what is left undone after one run of a worker at that time."""
    memory = Memory()
    memory.commit([Insert(record) for record in records])
    at = _At(now)
    ports = Ports(
        repository=memory,
        model=at,
        clock=at,
        ids=at,
        templates=TopicTemplates(setup.topics),
        renderer=BuiltinRenderer(),
        summarizer=ExtractiveSummarizer(),
    )
    try:
        run(process(setup.for_worker(), JobRef(job.tenant, job.id, job.kind)), ports)
    except CoachworkError as error:
        yield f"10: job {job.id}: a worker cannot settle it: {error.code}"
        return
    left = memory.get(job_key(job.tenant, job.id))
    if left is not None and _job(left).status in OPEN:
        yield f"10: job {job.id}: a worker does not settle it"
