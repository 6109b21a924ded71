"""The audits of several states as one log, in the order of time (brief, section 7).

A repository gives the audits of one state after those of the other; those of one state are in the
order of time. So the states are found first, one by one, and their logs are read side by side, as
far as it takes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from attrs import define, evolve, field

from coachwork.actions import Audit
from coachwork.effects import Workflow
from coachwork.ports import Query
from coachwork.records import AUDIT, Key, audit_key, progress_of
from coachwork.workflows._store import find

FIRST_READ: Final = 20
"""How many audits of a state are read at once at first; then twice as many each time."""

MOST_READ: Final = 200
"""How many are read at once at most."""

_LAST: Final = 10**12 - 1
_TICK: Final = timedelta(microseconds=1)


@define
class _Log:
    """The log of one state, as far as it is read.

    Attributes:
        state: The key of the state.
        read: What is read and not given yet.
        last: What was read last.
        many: How many are to be read next.
        is_whole: Whether there is no more.
    """

    state: Key
    read: deque[Audit]
    last: Audit
    many: int
    is_whole: bool = False


def _place(audit: Audit) -> tuple[datetime, str]:
    """Return where *audit* stands in the order of time; among equals by its key."""
    return audit.at, AUDIT.key(audit).text


@define
class AuditLog:
    """Gives audits one by one, in the order of time.

    Attributes:
        query: Which audits, and in which direction; what it says of ``after`` and ``limit`` does
            not count.
        is_wanted: Whether the audits of a state are, told by one of them.
        after: The audit behind which to begin, if any.
    """

    query: Query
    is_wanted: Callable[[Audit], bool]
    after: Audit | None = None
    _logs: list[_Log] | None = field(default=None, init=False)

    def next(self) -> Workflow[Audit | None]:
        """Return the next audit, or None at the end.

        Raises:
            StoreError: The repository failed.
        """
        logs = self._logs
        if logs is None:
            logs = self._logs = yield from self._begun()
        open_ = [log for log in logs if log.read]
        if not open_:
            return None
        nearest = max if self.query.newest_first else min
        log = nearest(open_, key=lambda log: _place(log.read[0]))
        audit = log.read.popleft()
        yield from self._read_on(log)
        return audit

    def _begun(self) -> Workflow[list[_Log]]:
        """Find the states, and read the beginning of the log of each."""
        self.query = self._from_there()
        logs: list[_Log] = []
        edge: Key | None = None
        while page := (yield from find(AUDIT, evolve(self.query, after=edge, limit=1))):
            head = page[0].value
            log = _Log(progress_of(head), deque([head]), head, FIRST_READ)
            edge = audit_key(log.state, 0 if self.query.newest_first else _LAST)
            if self.is_wanted(head):
                yield from self._skip(log)
                logs.append(log)
        return logs

    def _from_there(self) -> Query:
        """Return the query without what certainly lies before the audit to begin behind."""
        query = evolve(self.query, after=None)
        if self.after is None:
            return query
        at = self.after.at
        if query.newest_first:
            end = at + _TICK
            return evolve(query, before=end if query.before is None else min(end, query.before))
        return evolve(query, since=at if query.since is None else max(at, query.since))

    def _skip(self, log: _Log) -> Workflow[None]:
        """Leave out what is of the same instant as the audit to begin behind, and before it."""
        yield from self._read_on(log)
        while log.read and not self._is_behind(log.read[0]):
            log.read.popleft()
            yield from self._read_on(log)

    def _is_behind(self, audit: Audit) -> bool:
        """Whether *audit* comes after the one to begin behind."""
        if self.after is None:
            return True
        here, there = _place(audit), _place(self.after)
        return here < there if self.query.newest_first else here > there

    def _read_on(self, log: _Log) -> Workflow[None]:
        """Read more of a log of which nothing is left, if there is more."""
        if log.read or log.is_whole:
            return
        wanted = evolve(self.query, after=AUDIT.key(log.last), limit=log.many)
        page = yield from find(AUDIT, wanted)
        log.read += (one.value for one in page if progress_of(one.value) == log.state)
        log.is_whole = len(log.read) < log.many
        log.many = min(2 * log.many, MOST_READ)
        if log.read:
            log.last = log.read[-1]
