"""What a cache does, as courses: written once for both colours.

`docs/explanation/cached-repository.md` says why it is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import sha256
from typing import Any, Final, TypeVar

from attrs import frozen

from coachwork.adapters._cache import Cache, Log
from coachwork.courses import Course, closing
from coachwork.ports import AsyncRepository, CommitResult, Repository
from coachwork.records import (
    MAX_OPS,
    MESSAGE,
    Check,
    Delete,
    Facts,
    Insert,
    Key,
    Op,
    Record,
    key_of,
    message_key,
)

MAX_BYTES: Final = 3 * 1024 * 1024
"""The most bytes of all bodies of one commit."""

_KIND: Final = MESSAGE.name

R = TypeVar("R")


class Caching:
    """The courses of a repository that puts a fast one in front of a durable one.

    Whatever goes wrong beside the one call that the durable side would get anyway is counted, and
    that call is made.
    """

    def __init__(
        self,
        durable: Repository | AsyncRepository,
        fast: Repository | AsyncRepository,
        cache: Cache,
    ) -> None:
        """Stand before both, which are of one colour."""
        self._durable = durable
        self._fast = fast
        self._cache = cache

    def commit(self, ops: Sequence[Op]) -> Course[CommitResult]:
        """Commit to the durable side; then the fast side gets the messages that are new."""
        losers = _losing(ops)
        if losers:
            return (yield from self._lose(losers, ops))
        since = self._cache.losses
        result: CommitResult = yield partial(self._durable.commit, ops)
        if result is CommitResult.DONE:
            yield from self._guarded(self._put_new(ops, since), None)
        return result

    def _lose(self, losers: Sequence[Log], ops: Sequence[Op]) -> Course[CommitResult]:
        """Commit what takes messages from logs, which leave the fast side before and afterwards.

        Before, so that a process that dies in between leaves none of them behind; and afterwards,
        since somebody may have put some there meanwhile, who read them while they were there.
        Nothing of such a log is kept here until it is over.
        """
        known = self._cache.lose(losers)
        try:
            names = yield from self._names(losers, known)
            yield from self._leave(names)
            try:
                result: CommitResult = yield partial(self._durable.commit, ops)
            except Exception:  # it may be done nevertheless
                yield from self._leave(names)
                raise
            yield from self._leave(names)
            return result
        finally:
            self._cache.lost(losers)

    def log(
        self, tenant: str, session: str, *, after: int, last: int | None, limit: int
    ) -> Course[Sequence[Record]]:
        """Read a log from the fast side, as far as the durable one proves it; else from that."""
        since = self._cache.losses
        asked = Asked((tenant, session), after, last, limit)
        answer = yield from self._guarded(self._from_both(asked, since), None)
        self._cache.count(hit=answer is not None)
        if answer is not None:
            return answer
        records: Sequence[Record] = yield partial(
            self._durable.log, tenant, session, after=after, last=last, limit=limit
        )
        yield from self._guarded(self._fill(asked.log, records, since), None)
        return records

    def close(self) -> Course[None]:
        """Close both sides, where they can be closed."""
        try:
            yield from closing(self._durable)
        finally:
            yield from self._guarded(closing(self._fast), None)

    def _guarded(self, course: Course[R], otherwise: R) -> Course[R]:
        """Return what *course* does, or *otherwise* where it fails."""
        try:
            return (yield from course)
        except Exception:  # noqa: BLE001 - a fast side may raise anything, and no caller is told
            self._cache.count_failure()
            return otherwise

    # --- reading -------------------------------------------------------------------------------

    def _from_both(self, asked: Asked, since: int) -> Course[Sequence[Record] | None]:
        """Return what is asked for, or None where the durable side alone can tell.

        The durable side shows the last message that the fast one has, and what comes after it; then
        it shows that the log still has its beginning. What was there at both ends was there in
        between when the first of the two was read.
        """
        if asked.most < 1:
            return None
        log = asked.log
        name = self._cache.name(log) or (yield from self._learn(log, since))
        if name is None:
            return None
        shown = yield from self._shown(log, name, asked.after, asked.last, asked.most)
        run = asked.run(shown)
        if not run:
            return None
        room = asked.room(run)
        told: Sequence[Record] = yield partial(
            self._durable.log, *log, after=number_of(run[-1]) - 1, limit=room
        )
        if not told:  # a log that lags behind, or one that is being deleted
            return None
        if told[0] != run[-1] or (yield from self._first(log)) != name:
            self._cache.forget(log, name)
            yield from self._leave([(log, name)])
            return None
        tail = told[1:]
        yield from self._guarded(self._put(log, name, _without(shown, tail), since), None)
        return asked.answer([*run, *tail], ends=len(told) < room)

    def _fill(self, log: Log, records: Sequence[Record], since: int) -> Course[None]:
        """Put what the durable side has shown into the fast one, if it is of the log's name.

        A log may lag behind: what it shows could be of one that was deleted. Its last message is
        read by its key, unless it shows the first one.
        """
        name = self._cache.name(log)
        if name is None or not records:
            return
        first, last = records[0], records[-1]
        if number_of(first) == 1:
            proven = name_of(first) == name
        else:
            proven = last == (yield partial(self._durable.get, last.key))
        if proven:
            after = number_of(first) - 1
            shown = yield from self._shown(log, name, after, None, len(records))
            yield from self._put(log, name, _without(shown, records), since)

    def _first(self, log: Log) -> Course[str | None]:
        """Return the name of *log* as it is now, by its first message."""
        first: Record | None = yield partial(self._durable.get, message_key(*log, 1))
        return None if first is None else name_of(first)

    def _learn(self, log: Log, since: int) -> Course[str | None]:
        """Return the name of a log that is not known yet, and know it from now on."""
        name = yield from self._first(log)
        if name is not None:
            yield from self._know(log, name, since)
        return name

    def _know(self, log: Log, name: str, since: int) -> Course[None]:
        """Know the name of *log*; what has to go for it leaves the fast side."""
        yield from self._leave(self._cache.know(log, name, since))

    # --- the fast side -------------------------------------------------------------------------

    def _shown(
        self, log: Log, name: str, after: int, last: int | None, limit: int
    ) -> Course[list[Record]]:
        """Return what the fast side has under *name*, as records of *log*.

        Raises:
            ValueError: It answers something else.
        """
        tenant, session = log
        found: Any = yield partial(
            self._fast.log, tenant, name, after=after, last=last, limit=limit
        )
        return [_renamed(_checked(record, tenant, name), session) for record in found]

    def _put(self, log: Log, name: str, records: Sequence[Record], since: int) -> Course[None]:
        """Put *records* of *log* there, as long as it is known by that name.

        They were seen *since* a moment of the cache (see `Cache.losses`).
        """
        if not self._cache.keeps(log, name, since):
            return
        tenant, session = log
        told = [_renamed(_checked(record, tenant, session), name) for record in records]
        try:
            for some in _commits(told):
                yield partial(self._fast.commit, some)
        except Exception:  # they may be there nevertheless
            yield from self._leave_if_forgotten(log, name)
            raise
        yield from self._leave_if_forgotten(log, name)

    def _leave_if_forgotten(self, log: Log, name: str) -> Course[None]:
        """Take out what was put there after it was to leave, and may have left before."""
        if self._cache.name(log) != name:
            yield from self._leave([(log, name)])

    def _put_new(self, ops: Sequence[Op], since: int) -> Course[None]:
        """Put there what was just inserted; a log that was never read here is none of ours."""
        for log, records in _gaining(ops).items():
            if number_of(records[0]) == 1:
                yield from self._know(log, name_of(records[0]), since)
            name = self._cache.name(log)
            if name is not None:
                yield from self._put(log, name, records, since)

    def _names(
        self, logs: Sequence[Log], known: Sequence[tuple[Log, str]]
    ) -> Course[Sequence[tuple[Log, str]]]:
        """Return the names of *logs*, those that are *known* and those that they have now."""
        names = dict.fromkeys(known)
        for log in logs:
            name = yield from self._guarded(self._first(log), None)
            if name is not None:
                names[log, name] = None
        return [*names]

    def _leave(self, names: Sequence[tuple[Log, str]]) -> Course[None]:
        """Take logs out of the fast side by their *names*, as far as that can be done."""
        for (tenant, _), name in names:
            yield from self._guarded(self._empty(tenant, name), None)

    def _empty(self, tenant: str, name: str) -> Course[None]:
        """Delete what the fast side has under *name*, page by page, as far as it does."""
        after = 0
        while True:
            found: Any = yield partial(self._fast.log, tenant, name, after=after, limit=MAX_OPS)
            ops = [Delete(_checked(one, tenant, name).key, one.version) for one in found]
            if not ops or number_of(found[-1]) <= after:
                return
            yield partial(self._fast.commit, ops)
            after = number_of(found[-1])


@frozen
class Asked:
    """The question for a log.

    Attributes:
        log: Whose.
        after: See `coachwork.ports.Repository.log`.
        last: See there.
        limit: See there.
    """

    log: Log
    after: int
    last: int | None
    limit: int

    @property
    def most(self) -> int:
        """How many messages may be of account."""
        if self.limit < 1:
            return 0
        return self.limit if self.last is None else self.last

    def run(self, shown: Sequence[Record]) -> list[Record]:
        """Return those of *shown* that follow one another: the first ones asked for, or the last.

        They are none where the first one asked for is not among them.
        """
        run: list[Record] = []
        if self.last is None:
            for record in shown[: self.limit]:
                if number_of(record) != self.after + 1 + len(run):
                    break
                run.append(record)
            return run
        for record in shown[::-1][: self.last]:
            number = number_of(record)
            if number <= self.after or (run and number != number_of(run[-1]) - 1):
                break
            run.append(record)
        return run[::-1]

    def room(self, run: Sequence[Record]) -> int:
        """Return how many to ask the durable side for, the last one of *run* among them."""
        return self.limit - len(run) + 1 if self.last is None else self.last + 1

    def answer(self, found: Sequence[Record], *, ends: bool) -> Sequence[Record] | None:
        """Return the answer, or None where it is not among what was *found*.

        Args:
            found: Messages that follow one another.
            ends: Whether there are no more after them.
        """
        if self.last is None:
            return found
        begins = number_of(found[0]) == self.after + 1
        if not ends or (len(found) < self.last and not begins):
            return None
        return found[-self.last :][: self.limit]


def name_of(first: Record) -> str:
    """Return the name that a log has in the fast side, by its first message.

    A log that was deleted and begun anew has another first message, and so another name.
    """
    told = f"{first.key.text}\n{first.body}"
    return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def number_of(record: Record) -> int:
    """Return the sequence number of a message."""
    return int(record.key.parts[-1])


def _without(shown: Sequence[Record], records: Sequence[Record]) -> list[Record]:
    """Return those of *records* that are not among those *shown*, by their numbers."""
    there = {number_of(record) for record in shown}
    return [record for record in records if number_of(record) not in there]


def _losing(ops: Sequence[Op]) -> Sequence[Log]:
    """Return the logs of which messages are deleted, or changed, which never happens."""
    keys = [key_of(op) for op in ops if not isinstance(op, Insert | Check)]
    return [*dict.fromkeys(_log_of(key) for key in keys if key.kind == _KIND and key.parts)]


def _gaining(ops: Sequence[Op]) -> dict[Log, list[Record]]:
    """Return the messages that are inserted, in order, by their logs."""
    found: dict[Log, list[Record]] = {}
    for op in ops:
        if isinstance(op, Insert) and op.record.key.kind == _KIND:
            found.setdefault(_log_of(op.record.key), []).append(op.record)
    return {log: sorted(records, key=number_of) for log, records in found.items()}


def _log_of(key: Key) -> Log:
    """Return the log that the key of a message belongs to."""
    return key.tenant, str(key.parts[0])


def _checked(record: Any, tenant: str, session: str) -> Record:  # noqa: ANN401 - it may be anything
    """Return *record* if it is a message of that log.

    Raises:
        ValueError: It is none.
    """
    if type(record) is Record and record.version == 1 and record.facts.session == session:
        key = record.key
        *whose, number = key.parts
        if (key.kind, key.tenant, *whose) == (_KIND, tenant, session) and type(number) is int:
            return record
    raise ValueError("no message of this log")


def _renamed(record: Record, session: str) -> Record:
    """Return the same message in the log of *session*."""
    key, facts = record.key, record.facts
    told = Facts(
        owner=facts.owner,
        session=session,
        topic=facts.topic,
        status=facts.status,
        at=facts.at,
        due=facts.due,
        expires=facts.expires,
        scenario=facts.scenario,
    )
    return Record(Key(_KIND, key.tenant, (session, key.parts[1])), 1, told, record.body)


def _commits(records: Sequence[Record]) -> Iterator[list[Op]]:
    """Return what puts *records* somewhere, in commits that are not too large."""
    ops: list[Op] = []
    size = 0
    for record in records:
        if len(ops) == MAX_OPS or size + len(record.body) > MAX_BYTES:
            yield ops
            ops, size = [], 0
        ops.append(Insert(record))
        size += len(record.body)
    if ops:
        yield ops
