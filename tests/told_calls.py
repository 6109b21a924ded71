"""Calls as one would tell them: what was asked, what was answered, and from when until when."""

from __future__ import annotations

from collections.abc import Sequence

from coachwork.records import Check, Delete, Facts, Insert, Key, Op, Record, Update, message_key
from coachwork.testing.history import Call, History, Method, Outcome
from coachwork.testing.history._call import Span, all_seen, part_of, seen_of


def key(name: str) -> Key:
    """Return the key of a record that means nothing."""
    return Key("thing", "acme", (name,))


def thing(name: str, version: int = 1, body: str = "") -> Record:
    """Return a record that means nothing; each version has a body of its own."""
    return Record(key(name), version, Facts(), body or f"{name}{version}")


def message(number: int, session: str = "s") -> Record:
    """Return a message record as far as a repository looks at it."""
    return Record(message_key("acme", session, number), 1, Facts(session=session), f"m{number}")


def put(name: str, version: int = 1, body: str = "") -> Op:
    """Return what writes that version of a record."""
    record = thing(name, version, body)
    return Insert(record) if version == 1 else Update(record)


def say(number: int) -> Op:
    """Return what appends a message."""
    return Insert(message(number))


def gone(name: str, version: int = 1) -> Op:
    """Return what deletes a record."""
    return Delete(key(name), version)


def held(name: str, version: int = 1) -> Op:
    """Return what makes sure of a record."""
    return Check(key(name), version)


def commit(begin: int, end: int | None, *ops: Op, outcome: Outcome = Outcome.DONE) -> Call:
    """Return a commit."""
    return _call(Method.COMMIT, begin, end, outcome=outcome, parts=tuple(map(part_of, ops)))


def got(begin: int, end: int, name: str, version: int, body: str = "") -> Call:
    """Return a read that found that version, or nothing where it is 0."""
    record = thing(name, version, body) if version else None
    return _call(Method.GET, begin, end, seen=(seen_of(key(name), record),))


def got_message(begin: int, end: int, number: int, *, there: bool) -> Call:
    """Return a read of a message by its key."""
    record = message(number)
    return _call(Method.GET, begin, end, seen=(seen_of(record.key, record if there else None),))


def log(
    begin: int,
    end: int,
    *numbers: int,
    after: int = 0,
    last: int | None = None,
    limit: int = 100,
) -> Call:
    """Return a read of the log."""
    seen = all_seen([message(number) for number in numbers])
    return _call(Method.LOG, begin, end, seen=seen, span=Span("acme", "s", after, last, limit))


def found(begin: int, end: int, *records: Record) -> Call:
    """Return a read of a view."""
    return _call(Method.FIND, begin, end, seen=all_seen(records))


def _call(
    method: Method, begin: int, end: int | None, *, outcome: Outcome = Outcome.DONE, **told: object
) -> Call:
    return Call(
        number=0,
        who="process 1, main",
        method=method,
        begin=begin,
        end=end,
        outcome=outcome,
        **told,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    )


def history(calls: Sequence[Call]) -> History:
    """Return the history of *calls*; they are numbered as they begin."""
    return History.of(calls)
