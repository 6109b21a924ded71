"""The commands, and what workers, others and sweepers do (brief, sections 3 and 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from coachwork.plain import JSON
from coachwork.testing.stateful.oracle._answering import Answering, raise_for
from coachwork.testing.stateful.oracle._collecting import Deed
from coachwork.testing.stateful.oracle._plan import Plan, Refusal, Tale
from coachwork.testing.stateful.oracle._told import RETRYABLE, Job, Said, Session, Told, Who
from coachwork.topics import Topic

_ALLOWED: Final[Mapping[str, list[str]]] = {"paused": ["resume", "cancel"]}
_NOTHING: Final = Tale(lambda: None)
"""What is told where nothing is left."""


class Oracle(Answering):
    """What must come of everything that is asked of a coach."""

    # --- commands ------------------------------------------------------------------------------

    def start(
        self,
        who: Who,
        topic: Topic[Any],
        context: Mapping[str, JSON],
        key: str | None,
        *,
        take_over: bool,
        waits: bool,
    ) -> Plan[Tale]:
        """Start means new: the owner's live session on the topic gives way."""
        content = ("start", topic.id, dict(context), take_over)
        receipt = self._receipt(who, key, content)
        if receipt is not None:
            if receipt.session.is_expired(self.now):
                raise Refusal("SESSION_NOT_FOUND")
            if receipt.job is not None:
                yield from self._see_to(receipt.job, waits=waits)
            return Tale(partial(self._started, receipt.session, receipt.job, key))
        other = self.conflict(who, topic)
        if other is not None and not (take_over and self._may_be_taken(other)):
            shown = other.who[1] if self._settings.show_conflict_user else None
            raise Refusal("SESSION_CONFLICT", conflict_user_id=shown)
        if "{name}" in topic.system and "name" not in context:
            raise Refusal("TEMPLATE_ERROR")
        for old in {self.live(who, topic): 0, self.holder(who, topic): 0}:
            if old is not None:
                self._retire(who, old)
        session = Session(who, topic, dict(context), self.now, self.now)
        self.sessions.append(session)
        job = None
        if topic.initiation is not None:
            job = self._open(session, "greeting", key, waits=waits)
        self._note(key, content, session, job)
        if job is not None:
            yield from self._see_to(job, waits=waits, fresh=True)
        return Tale(partial(self._started, session, job, key), session, job)

    def _may_be_taken(self, session: Session) -> bool:
        """Whether another user's session may be taken over: an active one never."""
        ripe = session.status == "paused" or session.is_idle(self.now)
        return ripe and session.topic.allow_take_over

    def _retire(self, who: Who, session: Session) -> None:
        """End a session whose place another one takes."""
        if session.is_expired(self.now):
            self._end(session, "expired")
        elif (
            session.who == who
            and session.status == "active"
            and self._settings.start_new == "cancel"
        ):
            self._end(session, "cancelled")
        else:
            self._end(session, "replaced")

    def _started(self, session: Session, job: Job | None, key: str | None) -> Told:
        return {
            "session": session.told(self.now),
            "greeting": session.message(job.reply) if job else None,
            "job": job.told if job else None,
            "key": key,
            "resumed": False,
        }

    def resume(
        self, who: Who, session: Session, topic: Topic[Any], key: str | None, *, waits: bool
    ) -> Plan[Tale]:
        """Resume means continue: what is owed comes first, then a welcome."""
        self.see(who, session, topic)
        content = ("resume", session)
        receipt = self._receipt(who, key, content)
        if receipt is not None:
            job = receipt.job
            if job is not None and not (job.key != key and job.is_held(self.now)):
                yield from self._see_to(job, waits=waits)
            return Tale(partial(self._resumed, session, receipt.job, key))
        if not session.is_live:
            raise _not_active(session)
        job = session.in_flight
        if job is not None and job.is_overdue(self.now):
            self._settle_overdue(job)
            job = None
        session.status = "active"
        session.act(self.now)
        if job is not None:
            self._note(key, content, session, job)
            if job.is_held(self.now) or not waits:
                self._dispatch(job)
            else:
                yield from self._take(job)
                raise_for(job)
        elif session.pending and topic.result is None:
            self._note(key, content, session, None)
            self._complete(session, None, None)
        else:
            greets = topic.initiation is not None and session.coach_messages == 0
            kind = "greeting" if greets else "welcome_back"
            job = self._open(session, "extraction" if session.pending else kind, key, waits=waits)
            self._note(key, content, session, job)
            yield from self._see_to(job, waits=waits, fresh=True)
        return Tale(partial(self._resumed, session, job, key), session, job)

    def _resumed(self, session: Session, job: Job | None, key: str | None) -> Told:
        final = job is None or job.is_final
        return {
            "session": session.told(self.now),
            "message": session.message(job.reply) if job else None,
            "is_final": final,
            "result": session.result if final else None,
            "result_error": session.told_error if final else None,
            "job": job.told if job else None,
            "key": key,
            "resumed": True,
        }

    def open(
        self,
        who: Who,
        topic: Topic[Any],
        context: Mapping[str, JSON],
        key: str | None,
        *,
        waits: bool,
    ) -> Plan[Tale]:
        """Resume the live session, else start one; a key that was used does what it did."""
        receipt = None if key is None else self._receipts.get((who, key))
        if receipt is None:
            session = self.live(who, topic)
            if session is not None and session.is_expired(self.now):
                session = None
        else:
            session = receipt.session if receipt.content[0] == "resume" else None
            if session is not None and session.topic is not topic:
                raise Refusal("IDEMPOTENCY_KEY_REUSED")
        if session is None:
            return (yield from self.start(who, topic, context, key, take_over=False, waits=waits))
        return (yield from self.resume(who, session, topic, key, waits=waits))

    def send(
        self,
        who: Who,
        session: Session,
        topic: Topic[Any],
        text: str,
        key: str | None,
        *,
        waits: bool,
    ) -> Plan[Tale]:
        """Take a message, and have it answered."""
        content = ("send", session, text)
        while True:
            self.see(who, session, topic)
            receipt = self._receipt(who, key, content)
            if receipt is not None and receipt.job is not None:
                yield from self._see_to(receipt.job, waits=waits)
                return self._sent(receipt.job, key, waits=waits)
            if session.status != "active":
                raise _not_active(session)
            if (yield from self._room(session, waits=waits)):
                break
        self._used_up(session)
        self._displace(session)
        session.act(self.now)
        session.turns += 1
        job = self._open(session, "reply", key, waits=waits, message=len(session.log) + 1)
        session.log.append(Said("user", text, session.active_at, job))
        self._note(key, content, session, job)
        yield from self._see_to(job, waits=waits, fresh=True)
        return self._sent(job, key, waits=waits)

    def _sent(self, job: Job, key: str | None, *, waits: bool) -> Tale:
        return Tale(partial(self._turn, job, key) if waits else partial(self._report, job), job=job)

    def _turn(self, job: Job, key: str | None) -> Told:
        session = job.session
        return {
            "session": session.told(self.now),
            "user_message": session.message(job.message),
            "message": session.message(job.reply),
            "is_final": job.is_final,
            "result": session.result if job.is_final else None,
            "result_error": session.told_error if job.is_final else None,
            "job": job.told,
            "key": key,
        }

    def _report(self, job: Job) -> Told:
        return job.report(self._settings.estimated_duration)

    def complete(
        self, who: Who, session: Session, topic: Topic[Any], key: str | None
    ) -> Plan[Tale]:
        """End a session, and get what it yields."""
        content = ("complete", session)
        while True:
            self.see(who, session, topic)
            receipt = self._receipt(who, key, content)
            if receipt is not None and receipt.job is not None:
                yield from self._see_to(receipt.job, waits=True)
                return Tale(partial(self._completed, session, receipt.job, key))
            if session.status == "completed":
                return Tale(partial(self._completed, session, None, key))
            if session.status != "active":
                raise _not_active(session)
            if (yield from self._room(session, waits=True)):
                break
        self._displace(session)
        job = None
        if topic.result is None or session.user_messages == 0:
            self._note(key, content, session, None)
            self._complete(session, None, None)
        else:
            session.act(self.now)
            job = self._open(session, "extraction", key, waits=True)
            self._note(key, content, session, job)
            yield from self._see_to(job, waits=True, fresh=True)
        return Tale(partial(self._completed, session, job, key), job=job)

    def _completed(self, session: Session, job: Job | None, key: str | None) -> Told:
        return {
            "session": session.told(self.now),
            "result": session.result,
            "result_error": session.told_error,
            "job": job.told if job else None,
            "key": key,
        }

    def pause(self, who: Who, session: Session, topic: Topic[Any]) -> Told:
        """Pause; twice is once."""
        self.see(who, session, topic)
        if session.status == "paused":
            return session.told(self.now)
        if session.status != "active":
            raise _not_active(session)
        job = session.in_flight
        seconds = self._blocked_for(job)
        if job is not None and job.is_completing and seconds is not None:
            raise Refusal("SESSION_BUSY", job, retry_after=seconds)
        if job is not None and job.kind == "extraction":
            self._displace(session)
        session.status = "paused"
        session.act(self.now)
        return session.told(self.now)

    def cancel(self, who: Who, session: Session, topic: Topic[Any]) -> Told:
        """Cancel; twice is once, and what is under way is dropped."""
        self.see(who, session, topic)
        if session.status != "cancelled":
            if not session.is_live:
                raise _not_active(session)
            self._end(session, "cancelled")
        return session.told(self.now)

    def act(
        self,
        who: Who,
        session: Session,
        topic: Topic[Any],
        action: Mapping[str, JSON],
        message: int,
        key: str | None,
    ) -> Plan[Tale]:
        """Do something beside talking; a job in flight is in nobody's way."""
        yield from ()
        if topic.program is None:
            raise Refusal("VALIDATION")
        self.see(who, session, topic)
        content = ("act", session, dict(action), message)
        receipt = self._receipt(who, key, content)
        if receipt is None:
            if session.status != "active":
                raise _not_active(session)
            if not session.is_of_coach(message):
                raise Refusal("VALIDATION")
            collection = self.collection(who)
            deed: Deed | None = collection.carry_out(session, [action], "user", message, self.now)
            session.act(self.now)
            self._note(key, content, session, None, deed)
        else:
            deed = receipt.deed
        return Tale(partial(self._acted, session, _applied(session, deed), key))

    def _acted(self, session: Session, deed: Deed, key: str | None) -> Told:
        (action,) = deed.told
        return {
            "session": session.told(self.now),
            "action": action,
            "phase": deed.phase,
            "key": key,
        }

    def retry(
        self, who: Who, job: Job, topic: Topic[Any], key: str | None, *, waits: bool
    ) -> Plan[Tale]:
        """Ask again for what a failed job was to bring."""
        session = job.session
        content = ("retry", job)
        while True:
            try:
                self.see_job(who, job, topic)
            except Refusal as refusal:
                before = self._repeated_before(who, job, topic, key, content)
                if before is None or refusal.code != "JOB_NOT_FOUND":
                    raise
                yield from self._see_to(before, waits=waits)
                return Tale(partial(self._report, before))
            self.see(who, session, topic)
            receipt = self._receipt(who, key, content)
            if receipt is not None and receipt.job is not None:
                yield from self._see_to(receipt.job, waits=waits)
                return Tale(partial(self._report, receipt.job))
            if session.status != "active":
                raise _not_active(session)
            if not self._may_be_repeated(job):
                raise Refusal("JOB_NOT_RETRYABLE")
            if (yield from self._room(session, waits=waits)):
                break
        if job.kind == "reply":
            self._used_up(session)
        self._displace(session)
        session.act(self.now)
        session.turns += job.kind == "reply"
        new = self._open(session, job.kind, key, waits=waits, message=job.message, retry_of=job)
        self._note(key, content, session, new)
        yield from self._see_to(new, waits=waits, fresh=True)
        return Tale(partial(self._report, new), job=new)

    def _repeated_before(
        self,
        who: Who,
        job: Job,
        topic: Topic[Any],
        key: str | None,
        content: Sequence[object],
    ) -> Job | None:
        """Return what this very call made before, though the old job is not found any more."""
        try:
            receipt = self._receipt(who, key, content)
            self.see(who, job.session, topic)
        except Refusal:
            return None
        return None if receipt is None else receipt.job

    def _may_be_repeated(self, job: Job) -> bool:
        """Whether *job* failed in a way that may be mended, and the talk has not gone on since."""
        session = job.session
        if job.error not in RETRYABLE:
            return False
        if job.kind == "reply":
            return len(session.log) == job.message
        return session.jobs[-1] is job

    def poll(self, who: Who, job: Job) -> Told:
        """Tell what became of a job."""
        self.see_job(who, job)
        return self._report(job)

    def pending_job(self, who: Who, session: Session, topic: Topic[Any]) -> Told | None:
        """Tell what a session waits for."""
        self.see(who, session, topic)
        job = session.in_flight
        if job is None:
            return None
        self._settle_overdue(job)
        return None if self.now >= job.expires_at else self._report(job)

    def cancel_job(self, who: Who, job: Job) -> Told:
        """Cancel a job that has no outcome; what was said stays, and the turn is free."""
        self.see_job(who, job)
        if not job.is_settled:
            if job.kept is not None:
                raise Refusal("SESSION_BUSY", job, retry_after=self._blocked_for(job) or 0.0)
            self._fail(job, "JOB_CANCELLED")
            self._free(job.session, job.usage)
        return self._report(job)

    # --- workers, others and sweepers ----------------------------------------------------------

    def due(self) -> list[Job]:
        """Return the jobs that wait for a worker, those that wait longest first."""
        return self._ripe(lambda job: not job.is_settled)

    def owed(self) -> list[Job]:
        """Return the jobs whose outcome others are still to be told, the oldest first."""
        return self._ripe(lambda job: job.is_settled and not job.delivered)

    def _ripe(self, wanted: Callable[[Job], bool]) -> list[Job]:
        """Return the *wanted* jobs that somebody should look at by now."""
        jobs = [job for session in self.sessions for job in session.jobs if wanted(job)]
        ripe = [job for job in jobs if (job.lease or job.updated_at) <= self.now]
        return sorted(
            ripe, key=lambda job: (job.lease or job.updated_at, job.session.who[0], job.id)
        )

    def process(self, job: Job) -> Plan[Tale]:
        """Answer a job as a worker does; that it fails is no error there."""
        session = job.session
        if session not in self.sessions:
            return _NOTHING
        if not job.is_settled:
            if session.is_expired(self.now):
                self._end(session, "expired")
            elif job.is_overdue(self.now):
                self._settle_overdue(job)
            elif not job.is_held(self.now):
                try:
                    yield from self._take(job)
                except Refusal as refusal:
                    if refusal.code == "SESSION_NOT_FOUND":
                        return _NOTHING
        self._deliver(job)
        return Tale(partial(self._report, job))

    def _deliver(self, job: Job) -> int:
        """Tell others of *job*, after those that they are owed from before it."""
        if self.is_deaf or not job.is_settled:
            return 0
        jobs = job.session.jobs
        owed = [one for one in jobs[: jobs.index(job) + 1] if not one.delivered]
        for one in owed:
            one.delivered = True
            self.events.append(one.event)
        return len(owed)

    def relay(self) -> Told:
        """Tell others all that they are owed."""
        owed = self.owed()
        delivered = sum(self._deliver(job) for job in owed)
        stuck = {job.session.id: job for job in owed if not job.delivered}
        why = "ConnectionError" if stuck else None
        return {"delivered": delivered, "failed": len(stuck), "more": False, "why": why}

    def purge(self) -> Told:
        """Close what has expired, tell what is owed, and forget it."""
        expired = [session for session in self.sessions if session.is_expired(self.now)]
        live = [session for session in expired if session.is_live]
        for session in live:
            self._end(session, "expired")
        kept = 0
        gone: list[Session] = []
        for session in sorted(expired, key=lambda one: (one.who[0], one.id)):
            for job in session.jobs[-1:]:
                self._deliver(job)
            owed = any(not job.delivered for job in session.jobs)
            kept += owed
            if not owed:
                gone.append(session)
        self._forget(gone)
        return {"expired": len(live), "deleted": len(gone), "more": False, "undelivered": kept}

    def delete_all(self, who: Who) -> Told:
        """Forget a user with everything; no event follows."""
        own = [session for session in self.sessions if session.who == who]
        self._forget(own)
        self._done = {key: done for key, done in self._done.items() if key[0] != who}
        self._collections.pop(who, None)
        return {"sessions": len(own)}


def _applied(session: Session, deed: Deed | None) -> Deed:
    """Return what a click came to.

    Raises:
        Refusal: It was refused; so it is for ever.
    """
    assert deed is not None  # noqa: S101 - a key of a click has one, or its content is another
    (action,) = deed.actions
    if action["code"] is not None:
        facts = {"action": action["type"], "reason_code": action["code"]}
        raise Refusal("ACTION_REFUSED", None, session, **facts)
    return deed


def _not_active(session: Session) -> Refusal:
    """Return the refusal of what the status of *session* does not allow."""
    allowed = _ALLOWED.get(session.status, [])
    return Refusal("SESSION_NOT_ACTIVE", session_status=session.status, allowed=allowed)
