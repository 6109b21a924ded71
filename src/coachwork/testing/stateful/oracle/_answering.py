"""A job, from the call that is accepted to its one outcome (brief, section 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from attrs import define

from coachwork.messages import NO_USAGE, Usage
from coachwork.plain import JSON
from coachwork.testing.stateful._words import InterruptionError, Words
from coachwork.testing.stateful.oracle._collecting import Deed
from coachwork.testing.stateful.oracle._keeping import Keeping, Receipt
from coachwork.testing.stateful.oracle._plan import Asks, Plan, Refusal
from coachwork.testing.stateful.oracle._prompts import prompt
from coachwork.testing.stateful.oracle._told import Job, Said, Session, Told, Who, plus


@define
class _Outcome:
    """What the answers of the model come to.

    Attributes:
        text: What the coach says, or None where the job only extracts.
        is_final: Whether it is to end the session.
        is_concluded: Whether it is known what the session yields.
        result: That.
        no_result: Why it yields nothing although the topic wants something.
        code: Why there is no usable answer, or None.
        pause: For how many seconds the provider wants to be left alone.
        cost: What is not in the job yet.
        summary: The new summary, and up to which message it goes.
        actions: What the coach wants to be done.
    """

    text: str | None = None
    is_final: bool = False
    is_concluded: bool = False
    result: Mapping[str, Any] | None = None
    no_result: str | None = None
    code: str | None = None
    pause: float | None = None
    cost: Usage = NO_USAGE
    summary: tuple[str, int] | None = None
    actions: Sequence[Mapping[str, JSON]] = ()

    def conclude(self, words: Words) -> None:
        """Take what the model says that the session yields."""
        self.is_concluded = True
        self.result, self.no_result = words.result, words.code
        self.cost = plus(self.cost, words.usage)


class Answering(Keeping):
    """What becomes of jobs."""

    # --- accepting -----------------------------------------------------------------------------

    def _receipt(self, who: Who, key: str | None, content: Sequence[object]) -> Receipt | None:
        """Return what *key* was used for, if it was for the same."""
        found = None if key is None else self._receipts.get((who, key))
        if found is not None and found.content != content:
            raise Refusal("IDEMPOTENCY_KEY_REUSED")
        return found

    def _note(
        self,
        key: str | None,
        content: Sequence[object],
        session: Session,
        job: Job | None,
        deed: Deed | None = None,
    ) -> None:
        if key is not None:
            self._receipts[session.who, key] = Receipt(content, session, job, deed)

    def _blocked_for(self, job: Job | None) -> float | None:
        """Return for how many seconds *job* blocks its session, or None if not at all."""
        if job is None or job.is_settled or job.is_overdue(self.now):
            return None
        if job.lease is None and job.attempts > 0:  # somebody gave it up
            return None
        until = job.lease or job.updated_at + self._settings.unclaimed
        left = (until - self.now).total_seconds()
        return left if left > 0 else None

    def _room(self, session: Session, *, waits: bool) -> Plan[bool]:
        """Make sure that nothing is in the way of one more job; False is to look again."""
        job = session.in_flight
        seconds = self._blocked_for(job)
        if job is None:
            return True
        if seconds is not None:
            raise Refusal("SESSION_BUSY", job, retry_after=seconds)
        if job.is_completing and not job.is_overdue(self.now):
            if not waits:
                self._dispatch(job)
                usual = self._settings.estimated_duration.total_seconds()
                raise Refusal("SESSION_BUSY", job, retry_after=usual)
            with suppress(Refusal):
                yield from self._take(job)
            return False
        return True

    def _displace(self, session: Session) -> None:
        """Settle the job in flight that was in nobody's hands any more."""
        job = session.in_flight
        if job is not None:
            self._fail(job, "JOB_EXPIRED" if job.is_overdue(self.now) else "LEASE_EXPIRED")
            self._free(session)

    def _used_up(self, session: Session) -> None:
        """Make sure that there is a turn left, the one of a job that is displaced counted in."""
        waits = session.in_flight is not None and session.in_flight.kind == "reply"
        most = session.topic.max_turns
        if 0 < most <= session.turns - waits:
            raise Refusal("MAX_TURNS_REACHED", max_turns=most)

    def _open(
        self,
        session: Session,
        kind: str,
        key: str | None,
        *,
        waits: bool,
        message: int | None = None,
        retry_of: Job | None = None,
    ) -> Job:
        """Let *session* wait for a new job; who waits for its answer works on it at once."""
        now = self.now
        job = Job(
            session,
            kind,
            key,
            created_at=now,
            updated_at=now,
            expires_at=now + self._settings.job_life,
            message=message,
            retry_of=retry_of,
        )
        if waits:
            self._claim(job)
        session.in_flight = job
        session.jobs.append(job)
        return job

    def _claim(self, job: Job) -> None:
        """Take a lease of *job*."""
        job.attempts += 1
        job.change("processing", self.now, self.now + self._settings.lease)
        job.claimed_at = job.claimed_at or job.updated_at

    def _dispatch(self, job: Job) -> None:
        """Tell workers of *job*, if it waits for one."""
        if not job.is_settled and not job.is_held(self.now):
            self.dispatched.append(job)

    def _see_to(self, job: Job, *, waits: bool, fresh: bool = False) -> Plan[None]:
        """Have *job* answered, by the caller or by a worker."""
        if not waits:
            if job.is_overdue(self.now):
                self._settle_overdue(job)
            else:
                self._dispatch(job)
            return
        if fresh:
            yield from self._answer(job)
        else:
            self._settle_overdue(job)
            if job.is_held(self.now) and job.lease is not None:
                left = (job.lease - self.now).total_seconds()
                raise Refusal("SESSION_BUSY", job, retry_after=left)
            if not job.is_settled:
                yield from self._take(job)
        raise_for(job)

    def _take(self, job: Job) -> Plan[None]:
        """Go on with a job that nobody holds."""
        self._claim(job)
        yield from self._answer(job)

    # --- asking and settling -------------------------------------------------------------------

    def _answer(self, job: Job) -> Plan[None]:
        """Ask the model under the lease that is held, and settle *job*."""
        token = job.attempts
        try:
            if token > self._settings.attempts:
                outcome = _exhausted(job)
            else:
                outcome = yield from self._first(job)
            if outcome.is_final and not outcome.is_concluded:
                yield from self._conclude(job, token, outcome)
        except InterruptionError:
            if _is_mine(job, token) and job.session in self.sessions:
                job.change("pending", self.now)
            raise
        self._settle(job, token, outcome)

    def _asks(
        self, job: Job, purpose: str, *, said: str | None = None, story: str | None = None
    ) -> Plan[Words]:
        """Ask the model."""
        session = job.session
        state = self.collection(session.who).state
        story = story or session.summary or ""
        shown = prompt(session, purpose, state, said=said, story=story)
        words = yield Asks(job, purpose, shown, session.turns)
        if isinstance(words.answer, InterruptionError):
            raise words.answer
        return words

    def _first(self, job: Job) -> Plan[_Outcome]:
        """Return what the first answer comes to, asked for now or kept from before."""
        session = job.session
        if job.kind == "extraction":
            outcome = _Outcome()
            outcome.conclude((yield from self._asks(job, job.kind)))
            return outcome
        if job.kept is not None:
            return _Outcome(text=job.kept, is_final=True, actions=job.kept_actions)
        topic = session.topic
        is_last = topic.complete_at_max_turns and 0 < topic.max_turns <= session.turns
        may_end = session.user_messages > 0
        summary = _summary(session) if job.kind == "welcome_back" else None
        words = yield from self._asks(job, job.kind, story=summary and summary[0])
        if words.message is None:
            return _Outcome(code=words.code, pause=words.pause, cost=words.usage)
        final = may_end and (words.is_final or (is_last and job.kind == "reply"))
        actions = () if topic.program is None else words.actions
        if topic.finish_first and not self.collection(session.who).finishes(actions):
            final = False
        outcome = _Outcome(words.message, is_final=final, cost=words.usage, summary=summary)
        outcome.actions = actions
        outcome.is_concluded = final and (topic.result is None or words.result is not None)
        outcome.result = None if topic.result is None else words.result
        return outcome

    def _conclude(self, job: Job, token: int, outcome: _Outcome) -> Plan[None]:
        """Keep a final reply, and have the result extracted, unless the session is paused."""
        session = job.session
        if session not in self.sessions:
            raise Refusal("SESSION_NOT_FOUND", job)
        if session.status != "active" or not _is_mine(job, token):
            return
        if job.kept is None:
            if session.is_expired(self.now):
                return
            job.kept, job.kept_actions = outcome.text, outcome.actions
            job.usage, outcome.cost = plus(job.usage, outcome.cost), NO_USAGE
            job.change("processing", self.now, self.now + self._settings.lease)
        outcome.conclude((yield from self._asks(job, "extraction", said=outcome.text)))

    def _settle(self, job: Job, token: int, outcome: _Outcome) -> None:
        """Write what came of it, if the job is still the caller's own."""
        session, now = job.session, self.now
        if session not in self.sessions:
            raise Refusal("SESSION_NOT_FOUND", job)
        if not _is_mine(job, token):
            self._come_late(job, token, outcome)
            return
        if session.is_expired(now):
            self._end(session, "expired")
            self._spend(job, token, outcome.cost)
            return
        job.usage = plus(job.usage, outcome.cost)
        if outcome.code is not None:
            self._fail(job, outcome.code, outcome.pause)
            self._free(session, job.usage)
            return
        extracts = outcome.text is None
        ends = extracts or (session.status == "active" and outcome.is_concluded)
        job.change("completed", now)
        job.is_final, job.turns = ends, session.turns
        session.in_flight = None
        session.usage = plus(session.usage, job.usage)
        if outcome.text is not None:
            shown: Sequence[Told] = ()
            if outcome.actions:
                place = len(session.log) + 1
                given = (session, outcome.actions, "coach", place, now, job.message)
                shown = self.collection(session.who).carry_out(*given).components
            session.act(now)
            session.log.append(Said("coach", outcome.text, session.active_at, job, shown))
            job.reply = len(session.log)
            session.pending |= outcome.is_final and session.status == "paused"
            if outcome.summary is not None:
                session.summary, session.summarized = outcome.summary
        job.messages = len(session.log)
        if ends:
            self._complete(session, outcome.result, outcome.no_result)

    def _come_late(self, job: Job, token: int, outcome: _Outcome) -> None:
        """Drop an answer that came too late; what it cost is kept."""
        self._spend(job, token, outcome.cost)
        if not job.is_settled:
            left = 0.0 if job.lease is None else (job.lease - self.now).total_seconds()
            raise Refusal("SESSION_BUSY", job, retry_after=max(0.0, left))

    def _spend(self, job: Job, token: int, cost: Usage) -> None:
        """Note what a dropped answer cost."""
        if cost != NO_USAGE:
            spent = {"session": job.session.id, "token": token, "usage": cost, "at": self.now}
            self._spent[job, token] = spent


def _is_mine(job: Job, token: int) -> bool:
    """Whether *job* is still held under the lease of that token."""
    return job.lease is not None and job.attempts == token


def _exhausted(job: Job) -> _Outcome:
    """Return what comes of a job that was taken too often."""
    code = "ATTEMPTS_EXHAUSTED"
    if job.kept is None and job.kind != "extraction":
        return _Outcome(code=code)
    return _Outcome(
        text=job.kept, is_final=True, is_concluded=True, no_result=code, actions=job.kept_actions
    )


def _summary(session: Session) -> tuple[str, int] | None:
    """Return the story with what was said since it was told last, and how far it goes."""
    fresh = range(session.summarized + 1, len(session.log) + 1)
    if not fresh:
        return None
    return f"{session.summary or ''}[{fresh[0]}-{fresh[-1]}]", fresh[-1]


def raise_for(job: Job) -> None:
    """Tell who waited for *job* that it failed."""
    match job.error:
        case None:
            return
        case "SESSION_CANCELLED":
            raise Refusal("SESSION_NOT_ACTIVE", job, session_status="cancelled", allowed=[])
        case "SESSION_REPLACED":
            raise Refusal("SESSION_NOT_ACTIVE", job, session_status="abandoned", allowed=[])
        case "SESSION_EXPIRED":
            raise Refusal("SESSION_NOT_FOUND", job)
        case "JOB_EXPIRED":
            raise Refusal("JOB_NOT_FOUND", job)
        case "JOB_CANCELLED":
            raise Refusal("JOB_CANCELLED", job)
        case "LLM_TIMEOUT":
            raise Refusal("LLM_TIMEOUT", job, retry_after=job.told["retry_after"])
        case reason:
            pause = 10.0 if job.pause is None else job.pause
            raise Refusal("LLM_ERROR", job, reason=reason, retry_after=pause)
