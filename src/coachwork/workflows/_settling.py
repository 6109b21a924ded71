"""Settling a job: one commit that writes the outcome, decided on the newest state.

What happens when the world moved while the model thought (brief, section 5):

==================================  =========================================================
what is found                       what is written
==================================  =========================================================
session ACTIVE                      the message with its actions; the end and the result, if it is
                                    final and the topic's program, where it must be, is finished
session PAUSED                      the message; a final one only marks ``completion_pending``
session expired                     the end (EXPIRED), the job failed so, and what the dropped
                                    reply cost
session ended, job closed           nothing but what the dropped reply cost
job taken over by another           nothing but what the dropped reply cost
only the version moved              the same, decided again with the answer that is there
==================================  =========================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from attrs import evolve, frozen

from coachwork.actions import Sender
from coachwork.effects import Commit, Now, Workflow
from coachwork.errors import StoreError, TemplateError
from coachwork.jobs import (
    JOB,
    OPEN,
    ErrorCode,
    Job,
    JobError,
    JobEvent,
    Settled,
    Settlement,
)
from coachwork.messages import NO_USAGE, Message, Role, Usage
from coachwork.plain import JSON
from coachwork.ports import CommitResult
from coachwork.records import (
    ACCOUNT,
    BACKGROUND,
    JOB_RECORD,
    MESSAGE,
    SESSION_RECORD,
    SPENDING,
    Op,
    Stored,
)
from coachwork.sessions import (
    SESSION,
    Background,
    Conclusion,
    Session,
    SessionEvent,
    SessionStatus,
    Spending,
    Spoken,
)
from coachwork.topics import Topic
from coachwork.workflows._ending import CLOSING, consequences, end_session
from coachwork.workflows._jobs import Held, about_job, error_of, reread, still_answering
from coachwork.workflows._program import Written, carried_out, load_of_session
from coachwork.workflows._setup import Setup
from coachwork.workflows._store import Tries

GIVE_UP_TRIES: Final = 3
"""How often giving up a lease is tried against others who change the job."""


@frozen(kw_only=True)
class Said:
    """The coach said something.

    Attributes:
        text: The message.
        final: Whether it is to end the session.
        usage: What the call cost, unless the job has it already.
        actions: What the coach wants to be done, as it came.
        premature: Whether it was to be final, but the program is not finished.
        conclusion: What the session yielded, once that is known.
        background: The session's background, if it changes.
    """

    text: str
    final: bool
    usage: Usage
    actions: tuple[Mapping[str, JSON], ...] = ()
    premature: bool = False
    conclusion: Conclusion | None = None
    background: Stored[Background] | None = None

    @property
    def cost(self) -> Usage:
        """What is not in the job yet."""
        return self.usage + self.conclusion.usage if self.conclusion else self.usage


@frozen
class Concluded:
    """The owner asked for the result; nothing was said."""

    conclusion: Conclusion

    @property
    def cost(self) -> Usage:
        """What is not in the job yet."""
        return self.conclusion.usage


@frozen
class Failed:
    """There is no usable answer.

    Attributes:
        error: Why.
        cost: What it cost all the same.
        cause: What was raised, if something was.
    """

    error: JobError
    cost: Usage
    cause: Exception | None = None


Outcome = Said | Concluded | Failed


def is_mine(job: Job, token: int) -> bool:
    """Whether *job* is still held under the lease of that token."""
    return job.lease is not None and job.lease.token == token


def settle(
    setup: Setup, topic: Topic[object], held: Held, token: int, outcome: Outcome
) -> Workflow[Held | None]:
    """Write *outcome*, if the job is still held under the caller's own lease.

    Args:
        setup: The application's declarations.
        topic: The session's topic.
        held: The job as it was read last.
        token: The token of the caller's lease; the job may be another's by now.
        outcome: What came of asking.

    Returns:
        The session and the settled job, by whomever it was settled; None where a final reply
        wants a conclusion first, since the session was resumed meanwhile.

    Raises:
        StillAnsweringError: Another holds the job now.
        SessionNotFoundError: All is gone.
        StoreError: The repository failed.
    """
    tries = Tries(setup)
    while True:
        tries.another()
        now = yield from Now()
        if not is_mine(held.job.value, token):
            yield from _came_late(held, token, outcome, now)
            return held
        if _wants_conclusion(topic, held.session.value, outcome, now):
            return None
        new, ops = yield from _decide(topic, held, outcome, now)
        if (yield from tries.commit(ops)):
            return new
        held = yield from reread(held)


def _wants_conclusion(
    topic: Topic[object], session: Session, outcome: Outcome, now: datetime
) -> bool:
    """Whether a final reply found the session ACTIVE that was PAUSED when it was to be kept."""
    return (
        isinstance(outcome, Said)
        and outcome.final
        and outcome.conclusion is None
        and topic.result is not None
        and session.status is SessionStatus.ACTIVE
        and not session.is_expired(now)
    )


def _decide(
    topic: Topic[object], held: Held, outcome: Outcome, now: datetime
) -> Workflow[tuple[Held, list[Op]]]:
    """Return what session and job become, and all that must be written for it."""
    session, job = held.session, held.job
    if session.value.is_expired(now):
        ended = yield from end_session(session, job, SessionEvent.EXPIRE, now)
        return _after(held, ended.session, ended.job or job.value), [
            *ended.ops,
            *_spent(held, job.value.attempts, outcome, now),
        ]
    ops: list[Op] = [ACCOUNT.check(held.account)]
    said: list[Message] = []
    if isinstance(outcome, Failed):
        given = Settled(outcome.error, outcome.cost)
        settled = JOB.move(job.value, JobEvent.FAIL, now, given).value
        after = SESSION.move(session.value, SessionEvent.FAIL, now, settled.usage).value
    else:
        written = yield from carried(topic, held, outcome, now)
        outcome = _judged(topic, outcome, written)
        after, settled, said, more = yield from _completed(
            session.value, job.value, outcome, written, now
        )
        ops += more
    ops += [SESSION_RECORD.update(session, after), JOB_RECORD.update(job, settled)]
    return _after(held, after, settled, said), ops


def _after(held: Held, session: Session, job: Job, said: Sequence[Message] = ()) -> Held:
    """Return what is stored once the commit is done."""
    return Held(
        held.account,
        Stored(session, held.session.version + 1),
        Stored(job, held.job.version + 1),
        (*held.said, *said),
    )


def carried(
    topic: Topic[object], held: Held, outcome: Said | Concluded, now: datetime
) -> Workflow[Written | None]:
    """Carry out the actions that a reply brings, on the program's newest state; None without any.

    What came of them is committed together with the reply, or not at all.
    """
    if topic.program is None or not isinstance(outcome, Said) or not outcome.actions:
        return None
    session = held.session.value
    underway = yield from load_of_session(topic.program, session.about)
    return (
        yield from carried_out(
            underway,
            session.about,
            outcome.actions,
            Sender.COACH,
            session.messages + 1,
            now,
            answers=held.job.value.message,
        )
    )


def _judged(
    topic: Topic[object], outcome: Said | Concluded, written: Written | None
) -> Said | Concluded:
    """Return *outcome* as not final if the program turns out not to be finished after all."""
    if (
        isinstance(outcome, Said)
        and outcome.final
        and topic.finish_first
        and written is not None
        and not written.finished
    ):
        return evolve(outcome, final=False, premature=True, conclusion=None, usage=outcome.cost)
    return outcome


def _completed(
    session: Session,
    job: Job,
    outcome: Said | Concluded,
    written: Written | None,
    now: datetime,
) -> Workflow[tuple[Session, Job, list[Message], list[Op]]]:
    """Return session and job after an outcome, what was said, and what else must be written."""
    ops: list[Op] = []
    said: list[Message] = []
    ends = isinstance(outcome, Concluded) or (
        session.status is SessionStatus.ACTIVE and outcome.conclusion is not None
    )
    reply = session.messages + 1 if isinstance(outcome, Said) else None
    settlement = Settlement(
        reply=reply,
        final=ends,
        premature=isinstance(outcome, Said) and outcome.premature,
        turns=session.turns,
        messages=reply or session.messages,
    )
    given = Settled(settlement, outcome.cost)
    settled = JOB.move(job, JobEvent.SETTLE, now, given).value
    if isinstance(outcome, Said):
        message, session = _spoken(session, settled, outcome, written, now)
        said.append(message)
        ops.append(MESSAGE.insert(message))
        if written is not None:
            ops += written.ops
        if outcome.background is not None:
            ops.append(BACKGROUND.update(outcome.background, outcome.background.value))
        spent = NO_USAGE
    else:
        spent = settled.usage
    if ends and outcome.conclusion is not None:
        conclusion = Conclusion(
            result=outcome.conclusion.result, error=outcome.conclusion.error, usage=spent
        )
        moved = SESSION.move(session, SessionEvent.COMPLETE, now, conclusion)
        ops += yield from consequences(moved, now)
        session = moved.value
    return session, settled, said, ops


def _spoken(
    session: Session, job: Job, said: Said, written: Written | None, now: datetime
) -> tuple[Message, Session]:
    """Return the coach's message, and the session with it."""
    about = session.about
    pending = said.final and session.status is SessionStatus.PAUSED
    after = SESSION.move(session, SessionEvent.REPLY, now, Spoken(job.usage, pending)).value
    message = Message(
        tenant=about.tenant,
        user=about.user,
        session=about.id,
        sequence=after.messages,
        role=Role.COACH,
        text=said.text,
        at=after.last_activity_at,
        job=job.id,
        scenario=about.scenario,
        components=() if written is None else written.components,
    )
    return message, after


def _came_late(held: Held, token: int, outcome: Outcome, now: datetime) -> Workflow[None]:
    """Keep what a dropped answer cost, unless it was this very call that settled the job.

    Raises:
        StillAnsweringError: Another holds the job, or may take it.
    """
    job = held.job.value
    closed = job.error is not None and job.error.code in CLOSING
    if job.status not in OPEN and job.attempts == token and not closed:
        return
    if spent := _spent(held, token, outcome, now):
        with suppress(StoreError):  # figures are no reason to fail; they may be there already
            yield from Commit(tuple(spent))
    if job.status in OPEN:
        left = (job.lease.until - now).total_seconds() if job.lease else 0.0
        raise still_answering(job, max(0.0, left))


def _spent(held: Held, token: int, outcome: Outcome, now: datetime) -> list[Op]:
    """Return what writes the cost of a dropped answer, unless the user's data was deleted."""
    job = held.job.value
    if outcome.cost == NO_USAGE:
        return []
    spending = Spending(
        tenant=job.tenant,
        user=job.user,
        session=job.session,
        job=job.id,
        token=token,
        usage=outcome.cost,
        at=now,
    )
    return [SPENDING.insert(spending), ACCOUNT.check(held.account)]


def give_up(held: Held, token: int, until: datetime | None = None) -> Workflow[None]:
    """Give the lease up, if it is still the caller's own and the repository can be reached.

    Whoever is interrupted leaves the job to the next one at once, instead of when the lease ends.

    Args:
        held: The job as it was read last.
        token: The token of the caller's lease.
        until: When that lease runs out, where the caller does not know whether it is his own.
    """
    try:
        for _ in range(GIVE_UP_TRIES):  # the lease may be renewed at the same moment
            fresh = yield from reread(held)
            job, lease = fresh.job, fresh.job.value.lease
            if lease is None or lease.token != token or until not in {None, lease.until}:
                return
            now = yield from Now()
            free = JOB.move(job.value, JobEvent.GIVE_UP, now, None).value
            ops = (JOB_RECORD.update(job, free), ACCOUNT.check(fresh.account))
            if (yield from Commit(ops)) is CommitResult.DONE:
                return
    except Exception:  # noqa: BLE001 - it is a courtesy; what interrupted is what counts
        return


def expire(setup: Setup, held: Held, now: datetime) -> Workflow[Held]:
    """Settle a job whose time is over as failed, if it is not settled; return what is there then.

    Raises:
        SessionNotFoundError: All is gone.
        StoreError: The repository failed.
    """
    tries = Tries(setup)
    while not held.job.value.is_settled:
        tries.another()
        why = JobError(ErrorCode.JOB_EXPIRED, "nobody answered it in time")
        after, ops = closed_from_outside(held, JobEvent.EXPIRE, why, now)
        if (yield from tries.commit(ops)):
            return after
        held = yield from reread(held)
    return held


def closed_from_outside(
    held: Held, event: JobEvent, why: JobError, now: datetime
) -> tuple[Held, list[Op]]:
    """Return session and job after the job was settled by who does not hold it, and the ops."""
    settled = JOB.move(held.job.value, event, now, Settled(why)).value
    freed = SESSION.move(held.session.value, SessionEvent.FAIL, now, settled.usage).value
    ops: list[Op] = [
        SESSION_RECORD.update(held.session, freed),
        JOB_RECORD.update(held.job, settled),
        ACCOUNT.check(held.account),
    ]
    after = Held(
        held.account,
        Stored(freed, held.session.version + 1),
        Stored(settled, held.job.version + 1),
    )
    return after, ops


def raise_for(job: Job, cause: Exception | None = None) -> None:
    """Raise the error that a failed job stands for; do nothing for another one.

    Args:
        job: A settled job.
        cause: What was raised where it failed, if that is known.

    Raises:
        TemplateError: It was the cause.
        CoachworkError: What `coachwork.workflows._jobs.error_of` makes of the job's error.
    """
    if job.error is None:
        return
    if isinstance(cause, TemplateError):
        raise cause
    raise about_job(error_of(job.error), job) from cause
