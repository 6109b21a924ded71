"""The way that a session took through its table, told from what is stored of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from coachwork.machine import Edge
from coachwork.messages import Role
from coachwork.sessions import SESSION, EndReason, JobKind, SessionEvent, SessionStatus
from coachwork.workflows import SessionExport

_ENDS = {
    EndReason.COMPLETED: SessionEvent.COMPLETE,
    EndReason.CANCELLED: SessionEvent.CANCEL,
    EndReason.REPLACED: SessionEvent.REPLACE,
    EndReason.EXPIRED: SessionEvent.EXPIRE,
}


def path_of(
    told: SessionExport, paused_at: Collection[int]
) -> tuple[Edge[SessionStatus, SessionEvent], ...]:
    """Return the edges that a session took, in order.

    Args:
        told: All that is stored of the session.
        paused_at: How many messages it had whenever it was found paused: a pause leaves no trace
            of its own.
    """
    path: list[Edge[SessionStatus, SessionEvent]] = []
    state = SESSION.initial[0]
    for event in _events(told, paused_at):
        to = SESSION.table[state][event].to
        path.append((state, event, to))
        state = to
    return tuple(path)


def _events(told: SessionExport, paused_at: Collection[int]) -> Iterator[SessionEvent]:
    """Return what happened to a session, in order."""
    kinds = {job.id: job.kind for job in told.jobs}
    for message in told.messages:
        if kinds[message.job] is JobKind.WELCOME_BACK:
            yield SessionEvent.RESUME
        yield SessionEvent.MESSAGE if message.role is Role.USER else SessionEvent.REPLY
        if message.sequence in paused_at:
            yield SessionEvent.PAUSE
    if told.session.end_reason is not None:
        yield _ENDS[told.session.end_reason]


def path_line(path: Iterable[Edge[SessionStatus, SessionEvent]]) -> str:
    """Return *path* as one line."""
    steps = [f"-{event}-> {to.name}" for _, event, to in path]
    return " ".join([SESSION.initial[0].name, *steps])
