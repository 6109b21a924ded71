"""A queue answers the jobs: here huey, with a consumer of its own, and a message that gets lost.

Three queue libraries were looked at. procrastinate needs PostgreSQL. taskiq keeps its
messages in the process or in a server (Redis, NATS, RabbitMQ). huey keeps them in an SQLite file
too: durable, without a server, so this program runs anywhere. It also removes a message from the
file *before* it runs the task, as many queues do: a consumer that dies then loses it. That is what
the worker at the end is for. Under any other queue the two places are the same, `dispatch` and
`process`.

The web process and the consumer share the database, and neither knows the other: two coaches stand
for them here. coachwork does not bring huey along: ``pip install huey`` first, then run it with
``python examples/your_own_queue.py``.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, cast

import huey  # pyright: ignore[reportMissingTypeStubs] - it carries no types; see `Queue`

from coachwork import Coach, JobRef, Settings, SQLite, Topic, Worker
from coachwork.adapters import LocalNotifier, ScriptedModel, Subscription

LISTENING = Topic(id="listening", system="Listen.")


class Enqueue:
    """Puts a reference to every accepted job into the queue."""

    def __init__(self, put: Callable[[str], object]) -> None:
        """Put a text into the queue with *put*."""
        self._put = put

    def dispatch(self, ref: JobRef, /) -> None:
        """See `coachwork.ports.Dispatcher.dispatch`."""
        self._put(ref.text)


def answering(queue: "Queue", coach: Coach) -> Callable[[str], object]:
    """Declare the task that the consumer runs; to call it is to put it into the queue."""

    @queue.task()
    def answer(ref: str) -> str | None:
        """Answer the job that the text refers to; a job that fails is no reason to try again."""
        report = coach.process(JobRef.parse(ref))
        return None if report is None else report.status.value

    return answer


def web_process(database: Path, put: Callable[[str], object]) -> Coach:
    """Return a coach that accepts jobs and answers none; others tell the events."""
    return Coach(
        SQLite(database),
        ScriptedModel([]),
        topics=[LISTENING],
        dispatcher=Enqueue(put),
        settings=Settings(outbox=True),
    )


def main() -> None:
    """Submit two messages: the consumer answers one, and the other's reference gets lost."""
    model = ScriptedModel(["What made you do that?", "And what did it cost you?"])
    notifier = LocalNotifier()
    with TemporaryDirectory() as folder:
        database = Path(folder) / "coach.db"
        queue = make_queue(Path(folder) / "queue.db")
        with (
            Coach(SQLite(database), model, topics=[LISTENING], notifier=notifier) as consuming,
            web_process(database, answering(queue, consuming)) as web,
            notifier.subscribe(tenant="acme", user="ada") as events,
        ):
            chat = web.as_user("ada", tenant="acme").start(LISTENING)

            consumer = queue.create_consumer(workers=2, periodic=False, initial_delay=0.01)
            consumer.start()
            print(f"submitted: {chat.submit('I told them the truth.').status}")
            show("the consumer", events)
            consumer.stop(graceful=True)

            print(f"submitted: {chat.submit('I was afraid before.').status}")
            queue.flush()  # somebody empties the queue, or a consumer dies with the message
            print(f"lost:      {queue.pending_count()} in the queue, 1 job pending")
            Worker(consuming).drain()
            show("the worker", events)
        queue.storage.close()


def show(who: str, events: Subscription) -> None:
    """Print the next event."""
    event = events.get(timeout=10)
    if event is not None:
        print(f"event:     {event.type} ({who})")
        print(f"           {event.data.wire()['message']}")


# --- what is used of huey, with types --------------------------------------------------------


class Consumer(Protocol):
    """Runs tasks in threads of its own."""

    def start(self) -> None:
        """Begin; it must be called in the main thread, since it listens to signals."""

    def stop(self, graceful: bool = ...) -> None:  # noqa: FBT001 - it is huey's
        """Stop, after the tasks under way."""


class Storage(Protocol):
    """Where the messages are."""

    def close(self) -> object:
        """Close it."""


class Queue(Protocol):
    """A queue of tasks."""

    storage: Storage

    def task(self) -> Callable[[Callable[[str], str | None]], Callable[[str], object]]:
        """Make a task of a function."""
        ...

    def create_consumer(self, *, workers: int, periodic: bool, initial_delay: float) -> Consumer:
        """Return a consumer of this queue."""
        ...

    def pending_count(self) -> int:
        """Return how many tasks wait."""
        ...

    def flush(self) -> None:
        """Lose all that waits."""


def make_queue(path: Path) -> Queue:
    """Return a queue that is kept in a file."""
    return cast("Queue", huey.SqliteHuey(filename=str(path)))


if __name__ == "__main__":
    main()
