"""A worker as the load run starts and kills them: ``python -m tests.load_worker FOLDER NAME``.

It works until its standard input ends, so none is left behind when the run itself is killed. What
others are to know of it, it appends to files of its own, a line at a time by one write each: what a
kill cuts off is the last line, which is then no line. Nothing of what it writes is waited for on
the disk: the process is killed, not the machine.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

from attrs import asdict, frozen

from coachwork import Answer, Ask, Coach, LLMError, LLMTimeoutError, Settings, SQLite, Topic, Worker
from coachwork.adapters import final
from coachwork.events import Event
from coachwork.jobs import JobKind
from coachwork.ports import PromptRole
from coachwork.worker import WorkerOptions

TENANT: Final = "acme"
LAST: Final = "That was all."
"""How the last message of a session ends: the coach ends the session then."""


@frozen
class Outcome:
    """What a conversation yields."""

    heard: str


TOPIC: Final = Topic(
    id="load",
    system="You help.",
    initiation="Greet.",
    result=Outcome,
    message_window=4,
)


@frozen(kw_only=True)
class Load:
    """How much of what, and how fast.

    Attributes:
        sessions: How many sessions, each of another user.
        messages: How many messages in all.
        workers: How many worker processes.
        at_once: How many sessions talk at the same time.
        kill_every: Seconds from one kill to the next.
        kills: How many kills at most.
        fails: How often the model fails.
        quick: Seconds that the model takes at least.
        usual: Seconds that it takes at most, as a rule.
        slow: Seconds that it takes else.
        slowly: How often it takes those.
        telling: Seconds that it takes to hand an event over, before it is written and after.
        concurrency: How many jobs a worker answers at once.
        lease: Seconds that a worker's lease lasts unless it is renewed.
        retries: How often a failure that can be repeated is.
        twice: How often a call is made twice, with the same key.
        polls: How often a user polls a job and goes on, instead of waiting for its event.
        patience: Seconds within which something has to happen.
        seed: Of all that is left to chance.
        synchronous: What SQLite waits for; what a process that is killed has committed is kept
            in either way.
    """

    sessions: int = 1_000
    messages: int = 10_000
    workers: int = 8
    at_once: int = 100
    kill_every: float = 1.0
    kills: int = 1_000_000
    fails: float = 0.1
    quick: float = 0.005
    usual: float = 0.05
    slow: float = 0.3
    slowly: float = 0.2
    telling: float = 0.01
    concurrency: int = 4
    lease: float = 2.0
    retries: float = 0.6
    twice: float = 0.05
    polls: float = 0.3
    patience: float = 60.0
    seed: int = 0
    synchronous: Literal["FULL", "NORMAL"] = "NORMAL"

    def save(self, folder: Path) -> None:
        """Leave it for the workers."""
        (folder / "load.json").write_text(json.dumps(asdict(self)), "utf-8")

    @classmethod
    def read(cls, folder: Path) -> Load:
        """Return what `save` left."""
        return cls(**json.loads((folder / "load.json").read_text("utf-8")))

    def options(self) -> WorkerOptions:
        """Return how a worker works."""
        return WorkerOptions(
            concurrency=self.concurrency,
            poll=0.1,
            backoff=0.05,
            longest_backoff=1.0,
            relay_after=1.0,
            grace=10.0,
        )


class Lines:
    """A file that values are appended to, a line each."""

    def __init__(self, path: Path) -> None:
        """Begin the file."""
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def add(self, value: object) -> None:
        """Append a line."""
        line = json.dumps(value).encode() + b"\n"
        assert os.write(self._file, line) == len(line)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class Post:
    """A notifier that writes events down, each with the instant at which it was handed over.

    The instant is of a clock that all processes of the machine share and that never goes back. It
    is taken before the line is written; `notify` returns afterwards. So of two events of which one
    was delivered before the other was begun, it has the lower instant.
    """

    def __init__(self, path: Path, telling: float) -> None:
        """Begin the file; take so many seconds before each line, and after it."""
        self._lines = Lines(path)
        self._telling = telling

    def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""
        time.sleep(self._telling)
        self._lines.add([time.monotonic_ns(), event.wire()])
        time.sleep(self._telling)

    def close(self) -> None:
        """Close the file."""
        self._lines.close()


class Model:
    """A model that takes its time, fails now and then, and notes every call."""

    def __init__(self, load: Load, path: Path, chance: random.Random) -> None:
        """Begin the file of its calls."""
        self._load = load
        self._lines = Lines(path)
        self._chance = chance

    def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`."""
        self._lines.add([ask.job, ask.purpose.value, ask.attempt])
        load, chance = self._load, self._chance
        slow = chance.random() < load.slowly
        time.sleep(load.slow if slow else chance.uniform(load.quick, load.usual))
        if chance.random() < load.fails:
            return chance.choice(_FAULTS)()
        return Answer(text=said(ask))

    def close(self) -> None:
        """Close the file."""
        self._lines.close()


def said(ask: Ask) -> str:
    """Return what the coach says: what it heard last, so that no reply can be taken for another."""
    heard = next(
        (part.text for part in reversed(ask.messages) if part.role is PromptRole.USER), "nothing"
    )
    if ask.purpose is JobKind.EXTRACTION:
        return json.dumps({"heard": heard})
    answer = reply(ask.job, heard)
    return final(message=answer) if heard.endswith(LAST) else answer


def reply(job: str, heard: str) -> str:
    """Return the coach's reply to what it *heard*, in that *job*."""
    return f"{job} heard: {heard}"


def _error() -> Answer:
    raise LLMError("the provider has a bad day")


def _too_many() -> Answer:
    raise LLMError("too many calls", retry_after=0.2)


def _timeout() -> Answer:
    raise LLMTimeoutError


def _filtered() -> Answer:
    return Answer(text="", finish="content_filter")


_FAULTS: Final[tuple[Callable[[], Answer], ...]] = (
    _error,
    _error,
    _error,
    _too_many,
    _timeout,
    _filtered,
)


def coach_of(folder: Path, name: str, *, fails: bool = True) -> Coach:
    """Return a coach on the run's database.

    Args:
        folder: The run's folder.
        name: What the files of this process are called after.
        fails: Whether its model does.
    """
    load = Load.read(folder)
    chance = random.Random(f"{load.seed}-{name}")
    return Coach(
        SQLite(folder / "load.db", synchronous=load.synchronous),
        Model(load if fails else Load(fails=0.0), folder / f"calls-{name}", chance),
        topics=[TOPIC],
        notifier=Post(folder / f"events-{name}", load.telling),
        settings=Settings(worker_lease=timedelta(seconds=load.lease), commit_tries=100),
    )


def main() -> None:
    """Work until the standard input ends."""
    folder, name = Path(sys.argv[1]), sys.argv[2]
    with coach_of(folder, name) as coach, Worker(coach, Load.read(folder).options()):
        sys.stdin.read()


if __name__ == "__main__":
    main()
