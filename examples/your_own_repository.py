"""A repository of your own: a journal, one file to which every commit adds one line.

What makes it correct:

* **All or nothing.** A commit is one line. A line that a crash cut short is none: it is taken off
  when the file is opened again, and nothing of it was ever acknowledged.
* **Versions.** Under one lock, first every operation is judged, then the line is written, then the
  dictionary changes. Who finds another version than was wanted writes nothing.
* **Three answers.** Done; a conflict; and, where the disk answered with an error, either certainly
  not done (the line is taken off again) or unknown (it cannot be): then the journal refuses to go
  on until it is opened again and has read what is true.

It keeps everything in memory, never gets shorter, and belongs to one process at a time, which the
lock on the file makes sure of (Unix). Run it with ``python examples/your_own_repository.py``.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import cast

from coachwork import Coach, OutcomeUnknownError, StoreUnavailableError, Topic, to_json
from coachwork.adapters import ScriptedModel
from coachwork.errors import CorruptRecordError, CoachworkError
from coachwork.plain import JSON, from_plain
from coachwork.ports import CommitResult, Query
from coachwork.records import Delete, Insert, Key, Op, Record, Update

FACTS = ("owner", "session", "topic", "scenario")


class Journal:
    """Keeps records in a file of JSON lines. It may be used by several threads."""

    def __init__(self, path: Path) -> None:
        """Open the journal, or begin one, and read it."""
        self._lock = Lock()
        self._records: dict[str, Record] = {}
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise StoreUnavailableError("another process has the journal open") from error
        whole = path.read_bytes()
        self._end = whole.rfind(b"\n") + 1  # what follows is a commit that was cut short
        os.ftruncate(self._file, self._end)
        for number, line in enumerate(whole[: self._end].splitlines(), 1):
            try:
                self._replay(json.loads(line))
            except (ValueError, TypeError, CoachworkError) as error:
                raise CorruptRecordError("journal", f"line {number}", "is no commit") from error

    # --- the port ----------------------------------------------------------------------------

    def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        with self._lock:
            return self._readable().get(key.text)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`."""
        with self._lock:
            self._readable()
            if not all(self._holds(op) for op in ops):
                return CommitResult.CONFLICT
            changes: list[JSON] = [_change(op) for op in ops if isinstance(op, Insert | Update | Delete)]
            self._append(json.dumps(changes).encode() + b"\n")
            self._replay(changes)
        return CommitResult.DONE

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `coachwork.ports.Repository.log`."""
        with self._lock:
            found = sorted(
                (record.key.text, record)
                for record in self._readable().values()
                if record.key.kind == "message" and record.key.tenant == tenant and record.facts.session == session
            )
        return []

    def find(self, query: Query, /) -> Sequence[Record]:
        """See `coachwork.ports.Repository.find`."""
        return []
