"""A repository of your own: a journal, one file to which every commit adds one line.

What makes it correct:

* **All or nothing.** A commit is one line, and a line counts when its end is there. What a crash
  cut short is no line: the next commit is written over it.
* **Versions.** Under one lock every operation is judged first, then the line is written, then the
  dictionary changes. Who finds another version than was wanted writes nothing.
* **Three answers.** Done; conflict; and an error that says whether the commit was certainly not
  done. After a failed ``fsync`` nobody knows: then the journal answers nothing more until it is
  opened again and has read what is true.

It keeps all records in memory, scans them for views, and never gets shorter: enough for a tool on
somebody's own machine. It belongs to one process, which a lock on the file makes sure of (Unix).
Run it with ``python examples/your_own_repository.py``.
"""

import fcntl
import json
import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from attrs import frozen

from coachwork import Coach, OutcomeUnknownError, StoreUnavailableError, Topic, to_json
from coachwork.adapters import ScriptedModel
from coachwork.errors import CorruptRecordError, ValidationError
from coachwork.plain import from_plain
from coachwork.ports import CommitResult, Query
from coachwork.records import Check, Delete, Insert, Key, Op, Record, Update, key_of, message_key


@frozen
class Change:
    """What a commit did to one record: put it there, or deleted the one of that key."""

    put: Record | None = None
    delete: str | None = None


class Journal:
    """Keeps records in a file of JSON lines. It may be used by several threads."""

    def __init__(self, path: Path) -> None:
        """Open the journal, or begin one, and read it."""
        self._lock = Lock()
        self._lost = False
        self._records: dict[str, Record] = {}
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise StoreUnavailableError("another process has the journal open") from error
        whole = path.read_bytes()
        self._end = whole.rfind(b"\n") + 1
        for line in whole[: self._end].splitlines():
            try:
                changes = from_plain(json.loads(line), list[Change])
            except ValueError as error:
                raise CorruptRecordError("journal", "line", "is no JSON") from error
            except ValidationError as error:
                raise CorruptRecordError("journal", error.field, "is no commit") from error
            self._apply(changes)

    def close(self) -> None:
        """Close the file; `Coach.close` calls it."""
        with self._lock:
            self._lost = True
            os.close(self._file)

    # --- the port ----------------------------------------------------------------------------

    def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        with self._lock:
            return self._current().get(key.text)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`."""
        with self._lock:
            self._current()
            if not all(self._holds(op) for op in ops):
                return CommitResult.CONFLICT
            changes = [
                Change(delete=op.key.text) if isinstance(op, Delete) else Change(put=op.record)
                for op in ops
                if not isinstance(op, Check)
            ]
            if changes:
                self._append(json.dumps(to_json(changes)).encode() + b"\n")
                self._apply(changes)
        return CommitResult.DONE

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `coachwork.ports.Repository.log`."""
        read = message_key(tenant, session, after).text  # its number is the last part of a key
        found = [
            record
            for record in self._sorted("message", tenant)
            if record.facts.session == session and record.key.text > read
        ]
        return (found if last is None else found[max(0, len(found) - last) :])[:limit]

    def find(self, query: Query, /) -> Sequence[Record]:
        """See `coachwork.ports.Repository.find`."""
        found = [
            record for record in self._sorted(query.kind, query.tenant) if asked(record, query)
        ]
        if query.newest_first:
            found.reverse()
        if (latest := query.due) is not None:  # what a worker asks: who waits longest comes first
            found.sort(key=lambda record: record.facts.due or latest)
        return found[: query.limit]

    # --- how it is done ----------------------------------------------------------------------

    def _current(self) -> dict[str, Record]:
        """Return what is stored, unless nobody knows what that is."""
        if self._lost:
            raise StoreUnavailableError("the journal is closed; open it again")
        return self._records

    def _holds(self, op: Op) -> bool:
        """Whether what *op* wants to find is there."""
        found = self._records.get(key_of(op).text)
        if isinstance(op, Insert):
            return found is None
        wanted = op.record.version - 1 if isinstance(op, Update) else op.version
        return found is not None and found.version == wanted

    def _append(self, line: bytes) -> None:
        """Write one line and wait until it is on the disk."""
        try:
            written = os.pwrite(self._file, line, self._end)
        except OSError as error:
            raise StoreUnavailableError("the journal cannot be written") from error
        if written < len(line):  # without its end it does not count
            raise StoreUnavailableError("the disk is full")
        try:
            os.fsync(self._file)
        except OSError as error:
            self._lost = True
            raise OutcomeUnknownError from error
        self._end += written

    def _apply(self, changes: Sequence[Change]) -> None:
        """Change what is in memory."""
        for change in changes:
            if change.put is not None:
                self._records[change.put.key.text] = change.put
            elif change.delete is not None:
                del self._records[change.delete]

    def _sorted(self, kind: str, tenant: str | None) -> list[Record]:
        """Return the records of a kind in the order of their keys' texts."""
        with self._lock:
            records = [
                record
                for record in self._current().values()
                if record.key.kind == kind and tenant in {None, record.key.tenant}
            ]
        return sorted(records, key=lambda record: record.key.text)


def asked(record: Record, query: Query) -> bool:
    """Whether *query* asks for *record*, whose kind and tenant are right."""
    facts, text = record.facts, record.key.text
    if query.after is not None:
        after = query.after.text
        if query.after_due is not None:  # the next page of what is due
            if facts.due is None or (facts.due, text) <= (query.after_due, after):
                return False
        elif (text >= after) if query.newest_first else (text <= after):
            return False
    return (
        all(
            wanted in {None, found}
            for wanted, found in (
                (query.owner, facts.owner),
                (query.session, facts.session),
                (query.topic, facts.topic),
                (query.scenario, facts.scenario),
            )
        )
        and (not query.status or facts.status in query.status)
        and (query.since is None or (facts.at is not None and facts.at >= query.since))
        and (query.before is None or (facts.at is not None and facts.at < query.before))
        and (query.due is None or (facts.due is not None and facts.due <= query.due))
        and (
            query.expires is None or (facts.expires is not None and facts.expires <= query.expires)
        )
    )


def main() -> None:
    """Talk, end the process as it were, and find everything again."""
    topic = Topic(id="listening", system="Listen.")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "coach.jsonl"
        with Coach(Journal(path), ScriptedModel(["I see."]), topics=[topic]) as coach:
            chat = coach.as_user("ada").start(topic)
            chat.send("I was tired all week.")
        print(f"{len(path.read_bytes().splitlines())} commits in the journal")
        with Coach(Journal(path), ScriptedModel(["Go on."]), topics=[topic]) as coach:
            again = coach.as_user("ada").session(topic, chat.session_id)
            again.send("I slept too little.")
            for message in again.history().messages:
                print(f"{message.sequence}. {message.role:5} {message.text}")


if __name__ == "__main__":
    main()
