"""How workflows read and write values, on top of the two effects that decide: get and commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from coachwork.effects import Commit, Find, Get, Now, ReadLog, Workflow
from coachwork.errors import (
    CorruptRecordError,
    OutcomeUnknownError,
    SessionAccessDeniedError,
    SessionNotFoundError,
    VersionConflictError,
)
from coachwork.messages import Message
from coachwork.ports import CommitResult, Query
from coachwork.records import (
    MESSAGE,
    SESSION_RECORD,
    Key,
    Kind,
    Op,
    Stored,
    message_key,
    session_key,
)
from coachwork.sessions import LIVE, Session
from coachwork.workflows._setup import Caller, Setup

V = TypeVar("V")
PAGE = 500


def load(kind: Kind[V], key: Key) -> Workflow[Stored[V] | None]:
    """Return what is stored under *key*, or None."""
    record = yield from Get(key)
    return None if record is None else kind.read(record)


def find(kind: Kind[V], query: Query) -> Workflow[list[Stored[V]]]:
    """Return what a view finds."""
    records = yield from Find(query)
    return [kind.read(record) for record in records]


def read_messages(
    tenant: str, session: str, *, after: int = 0, last: int | None = None, limit: int
) -> Workflow[list[Message]]:
    """Return messages of a session, as `coachwork.ports.Repository.log` tells."""
    records = yield from ReadLog(
        tenant=tenant, session=session, after=after, last=last, limit=limit
    )
    messages = [MESSAGE.read(record).value for record in records]
    # A log may lag behind, but it has no gaps: nothing is shown with a part left out.
    first = after + 1 if last is None else messages[0].sequence if messages else 0
    for sequence, message in enumerate(messages, first):
        if message.sequence != sequence:
            raise CorruptRecordError("message", "sequence", "one before it is missing")
    return messages


def read_all_messages(tenant: str, session: str, *, after: int = 0) -> Workflow[list[Message]]:
    """Return all messages of a session with a greater sequence number, page by page."""
    read: list[Message] = []
    while True:
        page = yield from read_messages(tenant, session, after=after, limit=PAGE)
        read.extend(page)
        if len(page) < PAGE:
            return read
        after = page[-1].sequence


def read_tail(
    session: Session, *, after: int = 0, last: int | None = None
) -> Workflow[list[Message]]:
    """Return messages of *session* up to its very last one: all after a number, or the last few.

    What a log that lags behind does not show yet is read by its key: the model is never asked
    without the message that it is to answer.
    """
    about = session.about
    if last is None:
        read = yield from read_all_messages(about.tenant, about.id, after=after)
    else:
        after = max(after, session.messages - last)
        read = yield from read_messages(about.tenant, about.id, last=last, limit=last)
        read = [message for message in read if message.sequence > after]
    shown = read[-1].sequence if read else after
    for sequence in range(shown + 1, session.messages + 1):
        read.append((yield from load_message(session, sequence)))
    return read


def load_message(session: Session, sequence: int) -> Workflow[Message]:
    """Return the message of that number, which *session* says to have.

    Raises:
        SessionNotFoundError: The session is being swept away with its messages just now.
        CorruptRecordError: The message is missing.
    """
    about = session.about
    stored = yield from load(MESSAGE, message_key(about.tenant, about.id, sequence))
    if stored is None:
        yield from _gone(session)
        raise CorruptRecordError("message", "sequence", "is missing from its session")
    return stored.value


def _gone(session: Session) -> Workflow[None]:
    """Make sure that *session* is not being swept away with its messages just now.

    Raises:
        SessionNotFoundError: It has ended, or is gone.
    """
    about = session.about
    stored = yield from load(SESSION_RECORD, session_key(about.tenant, about.id))
    if stored is None or stored.value.status not in LIVE:
        raise SessionNotFoundError


class Tries:
    """The bounded tries of a workflow to decide and commit while others do the same.

    A commit whose outcome is unknown counts as a conflict: the workflow reads again and finds
    what became of it. Only when all tries are used up does the caller get to know.
    """

    def __init__(self, setup: Setup, least: int = 1) -> None:
        """Allow as many tries as the settings say, but *least* at least."""
        self._left = self._allowed = max(setup.settings.commit_tries, least)
        self._unknown: OutcomeUnknownError | None = None

    def another(self) -> None:
        """Count one try; it stands first in the loop.

        Raises:
            OutcomeUnknownError: All tries are used up, and the last commit may have been done.
            VersionConflictError: All tries are used up.
        """
        if self._left == 0:
            raise self._unknown or VersionConflictError(self._allowed)
        self._left -= 1

    def commit(self, ops: Sequence[Op]) -> Workflow[bool]:
        """Commit *ops*; False means to read again and decide again."""
        try:
            result = yield from Commit(tuple(ops))
        except OutcomeUnknownError as unknown:
            self._unknown = unknown
            return False
        self._unknown = None
        return result is CommitResult.DONE


def load_session(
    setup: Setup, caller: Caller, session_id: str
) -> Workflow[tuple[Stored[Session], datetime]]:
    """Return the caller's session, and the time at which it was not expired.

    Raises:
        SessionNotFoundError: It never was, has expired, is another tenant's, or belongs to another
            test scenario than the caller.
        SessionAccessDeniedError: It is another user's of the same tenant.
    """
    stored = yield from load(SESSION_RECORD, session_key(caller.tenant, session_id))
    now = yield from Now()
    if stored is None or stored.value.is_expired(now):
        raise SessionNotFoundError
    if stored.value.about.user != caller.user:
        if setup.settings.hide_foreign:
            raise SessionNotFoundError
        raise SessionAccessDeniedError
    if stored.value.about.scenario != caller.scenario:
        raise SessionNotFoundError
    return stored, now
