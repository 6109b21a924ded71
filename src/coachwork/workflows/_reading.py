"""Questions that change nothing: check, get, history, the list of sessions, the topics."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final, cast

from coachwork.effects import Now, Workflow
from coachwork.errors import ValidationError
from coachwork.ids import checked_id
from coachwork.ports import Query
from coachwork.records import SESSION_RECORD, STANDING, Stored, session_key
from coachwork.sessions import LIVE, Session, SessionStatus, Standing
from coachwork.topics import Topic
from coachwork.workflows._answers import (
    Advice,
    Check,
    History,
    SessionList,
    SessionView,
    T,
    TopicStanding,
    TopicStatus,
    session_view,
)
from coachwork.workflows._claiming import held_by_another, read_holdings
from coachwork.workflows._jobs import check_topic
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import PAGE, find, load_session, read_messages

MAX_LIMIT: Final = 200
"""The most entries of one page."""

SHOWN_AS_PAUSED: Final = SessionStatus.PAUSED


def check(setup: Setup, caller: Caller, topic: Topic[T]) -> Workflow[Check]:
    """Tell whether the caller has a live session on *topic*, and whether another user holds it.

    It reads claims, not views; it is no activity.

    Raises:
        TopicNotFoundError: The application declares no such topic.
        StoreError: The repository failed.
    """
    declared = setup.declared(topic)
    own, tenant_wide = yield from read_holdings(caller, declared)
    now = yield from Now()
    other = held_by_another(caller, tenant_wide, now)
    session = None if own.session is None else own.session.value
    if session is not None and session.is_expired(now):
        session = None
    shown = None if session is None else _shown(session, now)
    return Check(
        has_session=session is not None,
        session_id=None if session is None else session.about.id,
        status=shown,
        actual_status=None if session is None else session.status,
        is_idle=None if session is None else session.is_idle(now),
        conflict=other is not None,
        conflict_user_id=(
            other.about.user if other is not None and setup.settings.show_conflict_user else None
        ),
        advice=_advice(shown, conflict=other is not None),
    )


def _shown(session: Session, now: datetime) -> SessionStatus:
    """Return the status as a front end should show it: an idle session as paused."""
    return SHOWN_AS_PAUSED if session.is_idle(now) else session.status


def _advice(shown: SessionStatus | None, *, conflict: bool) -> Advice:
    """Return what a front end should do."""
    if shown is None:
        return "blocked" if conflict else "start"
    return "open" if shown is SessionStatus.ACTIVE else "choose"


def get(
    setup: Setup, caller: Caller, topic: Topic[T] | None, session_id: str
) -> Workflow[SessionView[T]]:
    """Return the caller's session, its result in the type of *topic*, or plain without one.

    Raises:
        SessionNotFoundError: There is no such session for the caller.
        SessionAccessDeniedError: It is another user's.
        StoreError: The repository failed.
    """
    checked_id(session_id, "session_id")
    session, now = yield from load_session(setup, caller, session_id)
    check_topic(session.value, topic)
    return session_view(session.value, topic, now)


def history(
    setup: Setup,
    caller: Caller,
    session_id: str,
    *,
    after: int = 0,
    last: int | None = None,
    limit: int = 50,
) -> Workflow[History]:
    """Return one page of the session's messages in order.

    Args:
        setup: The application's declarations.
        caller: Who asks.
        session_id: The session.
        after: Only messages with a greater sequence number.
        last: Only the last so many of those, at most `MAX_LIMIT`; `limit` is of no account then.
        limit: At most so many, at most `MAX_LIMIT`.

    Raises:
        ValidationError: A number is out of range.
        SessionNotFoundError: There is no such session for the caller.
        SessionAccessDeniedError: It is another user's.
        StoreError: The repository failed.
    """
    checked_id(session_id, "session_id")
    checked_number(after, "after", 0, 10**12 - 1)
    checked_number(limit, "limit", 1, MAX_LIMIT)
    if last is not None:
        limit = checked_number(last, "last", 1, MAX_LIMIT)
    session, _ = yield from load_session(setup, caller, session_id)
    tenant = session.value.about.tenant
    messages = yield from read_messages(tenant, session_id, after=after, last=last, limit=limit)
    end = messages[-1].sequence if messages else after
    return History(tuple(messages), end if end < session.value.messages else None)


def list_sessions(
    setup: Setup,  # noqa: ARG001 - all workflows are called alike
    caller: Caller,
    *,
    status: Collection[str] = (),
    topic: str | None = None,
    since: datetime | None = None,
    before: datetime | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Workflow[SessionList]:
    """Return one page of the caller's sessions, the newest first.

    Args:
        setup: The application's declarations.
        caller: Who asks.
        status: Only sessions with one of these statuses; empty means all.
        topic: Only sessions on the topic of that id.
        since: Only sessions that started then (UTC) or later.
        before: Only sessions that started earlier (UTC).
        after: The ``next`` of the page before.
        limit: At most so many, at most `MAX_LIMIT`.

    Raises:
        ValidationError: A filter is not what it should be.
        StoreError: The repository failed.
    """
    checked_number(limit, "limit", 1, MAX_LIMIT)
    for name, instant in (("since", since), ("before", before)):
        checked_instant(name, instant)
    if topic is not None:
        checked_id(topic, "topic")
    if after is not None:
        checked_id(after, "after")
    found: list[SessionView[object]] = []
    cursor = None if after is None else session_key(caller.tenant, after)
    statuses = _checked_statuses(status)
    while True:
        page = yield from find(
            SESSION_RECORD,
            Query(
                kind=SESSION_RECORD.name,
                tenant=caller.tenant,
                owner=caller.user,
                status=statuses,
                topic=topic,
                since=since,
                before=before,
                scenario=caller.scenario,
                after=cursor,
                newest_first=True,
                limit=limit + 1,
            ),
        )
        now = yield from Now()
        found += [
            session_view(stored.value, None, now)
            for stored in page
            if _is_seen(caller, stored.value, now)
        ]
        if len(found) > limit:
            return SessionList(tuple(found[:limit]), found[limit - 1].id)
        if len(page) <= limit:
            return SessionList(tuple(found), None)
        cursor = SESSION_RECORD.key(page[-1].value)


def topics(setup: Setup, caller: Caller) -> Workflow[tuple[TopicStanding, ...]]:
    """Return all declared topics with the caller's standing on each.

    What was completed in a test scenario counts nowhere, not even there.

    Raises:
        StoreError: The repository failed.
    """
    live = yield from find(
        SESSION_RECORD,
        Query(
            kind=SESSION_RECORD.name,
            tenant=caller.tenant,
            owner=caller.user,
            status=tuple(sorted(status.value for status in LIVE)),
            scenario=caller.scenario,
            limit=PAGE,
        ),
    )
    done: list[Stored[Standing]] = []
    if caller.scenario is None:
        done = yield from find(
            STANDING,
            Query(kind=STANDING.name, tenant=caller.tenant, owner=caller.user, limit=PAGE),
        )
    now = yield from Now()
    sessions = {
        stored.value.about.topic: stored.value
        for stored in live
        if _is_seen(caller, stored.value, now)
    }
    standings = {stored.value.topic: stored.value for stored in done}
    return tuple(
        _standing(topic, sessions.get(topic.id), standings.get(topic.id), now)
        for topic in setup.topics.values()
    )


def _is_seen(caller: Caller, session: Session, now: datetime) -> bool:
    """Whether a *session* of the caller's is there for them: not expired, and of their scenario."""
    return session.about.scenario == caller.scenario and not session.is_expired(now)


def _standing(
    topic: Topic[object], session: Session | None, done: Standing | None, now: datetime
) -> TopicStanding:
    """Return how a user with that live session and that past stands on *topic*."""
    status: TopicStatus = "not_started" if done is None else "completed"
    session_id = None if done is None else done.session
    if session is not None:
        active = _shown(session, now) is SessionStatus.ACTIVE
        status = "in_progress" if active else "paused"
        session_id = session.about.id
    return TopicStanding(
        topic=topic.id,
        title=topic.title,
        status=status,
        session_id=session_id,
        completed=0 if done is None else done.completed,
        completed_at=None if done is None else done.completed_at,
    )


def checked_number(value: object, field: str, least: int, most: int) -> int:
    """Return *value* if it is a whole number in that range.

    Raises:
        ValidationError: It is not.
    """
    if type(value) is not int or not least <= value <= most:
        raise ValidationError(field, f"a whole number from {least} to {most}")
    return value


def checked_instant(field: str, value: object) -> None:
    """Refuse *value* if it is neither None nor an aware datetime.

    Raises:
        ValidationError: It is something else.
    """
    if value is not None and not (isinstance(value, datetime) and value.utcoffset() is not None):
        raise ValidationError(field, "an aware datetime")


def _checked_statuses(value: object) -> tuple[str, ...]:
    """Return the statuses in stored form.

    Raises:
        ValidationError: One of them is none.
    """
    known = tuple(status.value for status in SessionStatus)
    some = cast("Collection[object]", value) if isinstance(value, Collection) else (None,)
    if isinstance(value, str) or any(status not in known for status in some):
        raise ValidationError("status", f"some of {', '.join(known)}")
    return tuple(status for status in known if status in some)
