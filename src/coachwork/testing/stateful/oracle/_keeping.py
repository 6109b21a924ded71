"""What is there, who sees it, how it is told, and what ends it (brief, section 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from attrs import frozen

from coachwork.messages import NO_USAGE, Usage
from coachwork.policies import Settings
from coachwork.testing.stateful.oracle._collecting import Collection, Deed
from coachwork.testing.stateful.oracle._plan import Refusal
from coachwork.testing.stateful.oracle._told import Job, Session, Told, Who, plus
from coachwork.topics import Topic

WHY_CLOSED: Final = {
    "cancelled": "SESSION_CANCELLED",
    "replaced": "SESSION_REPLACED",
    "expired": "SESSION_EXPIRED",
}
_ENDS: Final = {"cancelled": "cancelled", "replaced": "abandoned", "expired": "abandoned"}


@frozen
class Receipt:
    """What an idempotency key was used for: the content, and what was made of it."""

    content: Sequence[object]
    session: Session
    job: Job | None
    deed: Deed | None = None


class Keeping:
    """All sessions of all users, as they are kept.

    Attributes:
        sessions: Those that are stored, the oldest first.
        events: Everything that was told to others, in order.
        dispatched: The jobs that workers were told of, in order.
        is_deaf: Whether the others cannot be told anything now.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        """Begin with nothing."""
        self._settings = settings
        self._now = now
        self._receipts: dict[tuple[Who, str], Receipt] = {}
        self._done: dict[tuple[Who, str], Told] = {}
        self._spent: dict[tuple[Job, int], Told] = {}
        self._collections: dict[Who, Collection] = {}
        self.sessions: list[Session] = []
        self.events: list[Told] = []
        self.dispatched: list[Job] = []
        self.is_deaf = False

    @property
    def now(self) -> datetime:
        """What time it is."""
        return self._now()

    # --- who sees what -------------------------------------------------------------------------

    def see(self, who: Who, session: Session, topic: Topic[Any] | None = None) -> None:
        """Make sure that *who* may see *session*, on *topic* where it is named."""
        there = session in self.sessions and session.who[0] == who[0]
        if not there or session.is_expired(self.now):
            raise Refusal("SESSION_NOT_FOUND")
        if session.who != who:
            hidden = self._settings.hide_foreign
            raise Refusal("SESSION_NOT_FOUND" if hidden else "SESSION_ACCESS_DENIED")
        if topic not in {None, session.topic}:
            raise Refusal("SESSION_NOT_FOUND")

    def see_job(self, who: Who, job: Job, topic: Topic[Any] | None = None) -> None:
        """Make sure that *who* may see *job*; one whose time is over is settled so first."""
        session = job.session
        foreign = session.who != who
        there = session in self.sessions and session.who[0] == who[0]
        gone = not there or session.is_expired(self.now)
        if gone or (foreign and self._settings.hide_foreign):
            raise Refusal("JOB_NOT_FOUND")
        if foreign:
            expired = self.now >= job.expires_at
            raise Refusal("JOB_NOT_FOUND" if expired else "SESSION_ACCESS_DENIED")
        if topic not in {None, session.topic}:
            raise Refusal("JOB_NOT_FOUND")
        self._settle_overdue(job)
        if self.now >= job.expires_at:
            raise Refusal("JOB_NOT_FOUND")

    def get(self, who: Who, session: Session, topic: Topic[Any] | None) -> Told:
        """Tell of a session."""
        self.see(who, session, topic)
        return session.told(self.now)

    def history(self, who: Who, session: Session) -> list[Told | None]:
        """Tell all messages of a session."""
        self.see(who, session)
        return session.messages

    def live(self, who: Who, topic: Topic[Any]) -> Session | None:
        """Return a user's session on *topic* that has not ended, expired or not."""
        own = (s for s in self.sessions if s.is_live and s.who == who and s.topic is topic)
        return next(own, None)

    def holder(self, who: Who, topic: Topic[Any]) -> Session | None:
        """Return the session that holds an exclusive topic for the tenant, expired or not."""
        if not topic.exclusive:
            return None
        held = (s for s in self.sessions if s.is_live and s.topic is topic and s.who[0] == who[0])
        return next(held, None)

    def conflict(self, who: Who, topic: Topic[Any]) -> Session | None:
        """Return the session of another user that is in the way of a start."""
        holder = self.holder(who, topic)
        if holder is None or holder.who == who or holder.is_expired(self.now):
            return None
        return holder

    def check(self, who: Who, topic: Topic[Any]) -> Told:
        """Tell how *who* stands on *topic* now."""
        own, other, now = self.live(who, topic), self.conflict(who, topic), self.now
        if own is not None and own.is_expired(now):
            own = None
        idle = own and own.is_idle(now)
        shown = None if own is None else "paused" if idle else own.status
        advice = {None: "blocked" if other else "start", "active": "open"}
        return {
            "has_session": own is not None,
            "session_id": own and own.id,
            "status": shown,
            "actual_status": own and own.status,
            "is_idle": idle,
            "conflict": other is not None,
            "conflict_user_id": other.who[1]
            if other and self._settings.show_conflict_user
            else None,
            "advice": advice.get(shown, "choose"),
        }

    def standing(self, who: Who, topic: Topic[Any]) -> Told:
        """Tell how *who* stands on *topic*, today's session and the past."""
        done = self._done.get((who, topic.id))
        check = self.check(who, topic)
        shown = {"active": "in_progress", "paused": "paused"}
        past = "completed" if done else "not_started"
        return {
            "topic": topic.id,
            "title": topic.title,
            "status": shown.get(check["status"], past),
            "session_id": check["session_id"] or (done and done["session"]),
            "completed": done["completed"] if done else 0,
            "completed_at": done["completed_at"] if done else None,
        }

    def listed(self, who: Who) -> list[Session]:
        """Return all sessions that *who* is shown, the newest first."""
        return [s for s in reversed(self.sessions) if s.who == who and not s.is_expired(self.now)]

    def exported(self, who: Who) -> Told:
        """Tell everything that is stored of *who*."""
        return {
            "version": 1,
            "tenant": who[0],
            "user": who[1],
            "at": self.now,
            "sessions": [
                {
                    "session": session.told(self.now),
                    "context": session.context,
                    "summary": session.summary,
                    "messages": session.messages,
                    "jobs": [job.told for job in session.jobs],
                }
                for session in self.sessions
                if session.who == who
            ],
            "standings": [
                {"tenant": who[0], "user": who[1], "topic": topic, **done}
                for (whose, topic), done in sorted(self._done.items(), key=_by_topic)
                if whose == who
            ],
            "spendings": [
                {"tenant": who[0], "user": who[1], **spent, "job": job.id}
                for (job, _), spent in sorted(self._spent.items(), key=_by_job)
                if job.session.who == who
            ],
            "programs": self.collection(who).programs,
            "audits": self.collection(who).audits,
        }

    def collection(self, who: Who) -> Collection:
        """Return what *who* has collected."""
        return self._collections.setdefault(who, Collection(who))

    def program(self, who: Who) -> Told:
        """Tell where *who* stands in the program."""
        return self.collection(who).told

    def actions(self, who: Who) -> list[Told]:
        """Tell all that was done for *who*, in order."""
        return [action for deed in self.collection(who).deeds for action in deed.told]

    # --- what ends -----------------------------------------------------------------------------

    def _free(self, session: Session, usage: Usage = NO_USAGE) -> None:
        """Let *session* wait for nothing any more; the turn of an unanswered message is free."""
        job, session.in_flight = session.in_flight, None
        session.turns -= job is not None and job.kind == "reply"
        session.usage = plus(session.usage, usage)

    def _fail(self, job: Job, code: str, pause: float | None = None) -> None:
        """Settle *job* as failed."""
        job.change("failed", self.now)
        job.error, job.pause = code, pause

    def _end(self, session: Session, reason: str) -> None:
        """End *session* without a result, and its job with it."""
        if session.in_flight is not None:
            self._fail(session.in_flight, WHY_CLOSED[reason])
        self._free(session)
        self._over(session, _ENDS[reason], reason)

    def _over(self, session: Session, status: str, reason: str) -> None:
        session.status, session.reason = status, reason
        session.ended_at = max(session.active_at, self.now)
        session.pending = False

    def _complete(
        self, session: Session, result: Mapping[str, Any] | None, no_result: str | None
    ) -> None:
        """End *session* with what it yields, and count it."""
        self._over(session, "completed", "completed")
        session.result, session.no_result = result, no_result
        done = self._done.setdefault(
            (session.who, session.topic.id), {"completed": 0, "completed_at": self.now}
        )
        done["completed"] += 1
        done["completed_at"] = max(done["completed_at"], self.now)
        done["session"] = session.id

    def _settle_overdue(self, job: Job) -> None:
        """Settle *job* as failed where its time is over."""
        if job.is_overdue(self.now):
            self._fail(job, "JOB_EXPIRED")
            self._free(job.session, job.usage)

    def _forget(self, sessions: Sequence[Session]) -> None:
        """Forget *sessions* and everything that is theirs."""
        self.sessions = [session for session in self.sessions if session not in sessions]
        self._receipts = {
            key: receipt
            for key, receipt in self._receipts.items()
            if receipt.session not in sessions
        }
        self._spent = {
            key: spent for key, spent in self._spent.items() if key[0].session not in sessions
        }


def _by_topic(done: tuple[tuple[Who, str], Told]) -> str:
    """Sort as the keys of records do: the shorter id first."""
    topic = done[0][1]
    return f"{len(topic)}:{topic}"


def _by_job(spent: tuple[tuple[Job, int], Told]) -> tuple[str, int]:
    """Sort as the keys of records do."""
    return spent[0][0].id, spent[0][1]
