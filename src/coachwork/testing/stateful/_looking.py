"""Looking at everything that can be seen, after each step and in the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from coachwork.courses import Course
from coachwork.plain import to_json
from coachwork.records import ACCOUNT, Record
from coachwork.testing._invariants import violations
from coachwork.testing.stateful._both import Both, Step, Words
from coachwork.testing.stateful._commands import Commands
from coachwork.testing.stateful._own import everything_of
from coachwork.testing.stateful._pebbles import PEBBLES
from coachwork.testing.stateful._playing import hold
from coachwork.testing.stateful._topics import TOPICS
from coachwork.testing.stateful.oracle import Session, Told, Who

_PAGE: Final = 3


class Looking:
    """Looks at what is seen; it remembers what it has seen of events, and of jobs for workers."""

    def __init__(self, both: Both) -> None:
        """Begin before anything has happened."""
        self._both = both
        self._told = self._sent = 0

    def look_at(self, *users: Who) -> Step:
        """Look at what decides: events, sessions and claims of some users."""
        both, oracle = self._both, self._both.oracle
        yield from self._messengers()
        for session in [session for session in oracle.sessions if session.who in users]:
            tell = partial(oracle.get, session.who, session, session.topic)
            yield from both.read(tell, both.chat(session.who, session).get)
        for who in users:
            tell = partial(oracle.program, who)
            yield from both.read(tell, partial(both.user(who).program, PEBBLES))
            for topic in TOPICS.values():
                check = partial(both.user(who).check, topic)
                yield from both.read(partial(oracle.check, who, topic), check)

    def look_at_views(self, *users: Who) -> Step:
        """Look at what only shows: logs, lists, standings; and at all records of some users."""
        both, oracle = self._both, self._both.oracle
        for session in oracle.sessions:
            if session.who in users and not session.is_expired(oracle.now):
                yield from self._history(session)
        for who in users:
            yield from both.read(partial(self._standings, who), both.user(who).topics)
            yield from self._list(who)
            yield from self._actions(who)
        records = yield lambda: both.coach.run(everything_of(users))
        told = "\n".join(violations(records, now=oracle.now))
        if told:
            raise AssertionError(f"the records that are found do not fit together:\n{told}")

    def _messengers(self) -> Step:
        """Look at what was told to others, and at what workers were told of."""
        yield from ()
        both = self._both
        events = [event.wire() for event in both.props.notifier.events[self._told :]]
        hold("what others are told", to_json(events), to_json(both.oracle.events[self._told :]))
        self._told += len(events)
        refs = [ref.job for ref in both.props.dispatcher.refs[self._sent :]]
        sent = [job.id for job in both.oracle.dispatched[self._sent :]]
        hold("what workers are told", to_json(refs), to_json(sent))
        self._sent += len(refs)

    def _standings(self, who: Who) -> list[Told]:
        """Return how *who* must stand on all topics."""
        return [self._both.oracle.standing(who, topic) for topic in TOPICS.values()]

    def _history(self, session: Session) -> Step:
        """Read a log page by page."""
        chat = self._both.chat(session.who, session)
        read = partial(chat.history, limit=_PAGE)
        found = yield from _pages(read, 0, "messages", len(session.log))
        hold("the history", to_json(found), to_json(session.messages))

    def _actions(self, who: Who) -> Step:
        """Read what was done for a user page by page."""
        told = self._both.oracle.actions(who)
        read = partial(self._both.user(who).actions, PEBBLES, limit=_PAGE)
        found = yield from _pages(read, None, "actions", len(told))
        hold("what was done", to_json(found), to_json(told))

    def _list(self, who: Who) -> Step:
        """Read the sessions of a user page by page."""
        now = self._both.oracle.now
        told = [session.told(now) for session in self._both.oracle.listed(who)]
        read = partial(self._both.user(who).list_sessions, limit=_PAGE)
        found = yield from _pages(read, None, "sessions", len(told))
        hold("the list of sessions", to_json(found), to_json(told))


def _pages(
    read: Callable[..., object], after: object, name: str, wanted: int
) -> Course[list[object]]:
    """Return what all pages hold; of a repository that never ends no more than is *wanted*."""
    found: list[object] = []
    while True:
        page = yield partial(read, after=after)
        part = getattr(page, name)
        found += part
        after = page.next
        if after is None or not part or len(found) > wanted:
            return found


def to_the_end(commands: Commands, looking: Looking) -> Step:
    """Have everything answered, told, deleted and swept; then nothing is left.

    Where no sweeper comes, the marks of the deletions are left. Where nobody is deleted, all is.
    """
    both = commands.both
    settings = both.props.settings
    yield from commands.pass_time(settings.lease + settings.unclaimed)
    yield from commands.look_for_work()
    for job in both.oracle.due():
        yield from commands.process(job, Words())
    yield from commands.relay(in_vain=False)
    for job in both.oracle.owed():  # what no relay found
        yield from commands.process(job, Words())
    yield from both.wait_for_views()
    yield from looking.look_at(*both.users)
    yield from looking.look_at_views(*both.users)
    for who in both.users:
        yield from commands.export(who)
        yield from commands.delete_all(who)
    yield from commands.pass_time(settings.keep_deleted)
    yield from commands.sweep()
    if not commands.deletes:
        return
    yield from both.wait_for_views()
    left = yield lambda: both.coach.run(everything_of(both.users))
    if not commands.finds_expired:
        left = [one for one in left if not _is_expired_mark(one, both.oracle.now)]
    if left:
        raise AssertionError(f"deleted and swept, and yet there: {[one.key for one in left]}")


def _is_expired_mark(record: Record, now: datetime) -> bool:
    """Whether a sweep would have taken it after a deletion: a mark that nobody needs any more."""
    expires = record.facts.expires
    return record.key.kind == ACCOUNT.name and expires is not None and expires <= now
