"""Accept now, answer later: a worker beside the web handlers, events, polling, and a retry.

The functions called ``post_...`` and ``get_...`` stand for the handlers of a web service: each is
one request, and none of them waits for the model. Run it with
``python examples/background_worker.py``.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep

from coachwork import Answer, Ask, Coach, LLMError, SQLite, Topic, Worker, to_json
from coachwork.adapters import LocalNotifier, Subscription
from coachwork.events import MessageFailed
from coachwork.plain import JSON
from coachwork.worker import WorkerOptions

LISTENING = Topic(id="listening", system="Listen to {name}.", initiation="Greet {name}.")


class SlowModel:
    """Takes its time, and fails once."""

    def __init__(self) -> None:
        """Begin."""
        self._asked = 0

    def complete(self, ask: Ask, /) -> Answer:
        """Answer after a while."""
        sleep(0.02)
        self._asked += 1
        if self._asked == 3:  # noqa: PLR2004 - greeting, first message, and this one
            raise LLMError("the provider is busy")
        return Answer(text=f"I hear: {ask.messages[-1].text}")


def post_session(coach: Coach, user: str) -> str:
    """Start a session whose greeting is left to the worker; answer with its id."""
    chat = coach.as_user(user, tenant="acme").start(
        LISTENING, context={"name": user.title()}, wait=False
    )
    return chat.session_id


def post_message(coach: Coach, user: str, session_id: str, text: str, key: str) -> str:
    """Take a message; answer with the id of its job."""
    chat = coach.as_user(user, tenant="acme").session(LISTENING, session_id)
    return chat.submit(text, key=key).id


def get_job(coach: Coach, user: str, job_id: str) -> JSON:
    """Tell what became of a job."""
    return to_json(coach.as_user(user, tenant="acme").job(job_id))


def post_retry(coach: Coach, user: str, session_id: str, job_id: str, key: str) -> str:
    """Repeat a job that failed; answer with the id of the new one."""
    chat = coach.as_user(user, tenant="acme").session(LISTENING, session_id)
    return chat.retry(job_id, key=key, wait=False).id


def watch(subscription: Subscription) -> None:
    """Wait for the next event, as the handler of a WebSocket does in a loop, and show it."""
    event = subscription.get(timeout=10)
    if event is None:
        return
    if isinstance(event.data, MessageFailed):
        print(f"event: {event.type} {event.data.error_code}")
    else:
        print(f"event: {event.type} {event.data.message}")


def main() -> None:
    """Hold a short conversation."""
    notifier = LocalNotifier()
    options = WorkerOptions(concurrency=4, backoff=0.01)
    with (
        TemporaryDirectory() as folder,
        Coach(
            SQLite(Path(folder) / "coach.db"), SlowModel(), topics=[LISTENING], notifier=notifier
        ) as coach,
        notifier.subscribe(tenant="acme", user="ada") as events,
        Worker(coach, options),
    ):
        session = post_session(coach, "ada")
        watch(events)

        job = post_message(coach, "ada", session, "I said no for once.", "key-1")
        watch(events)
        polled = get_job(coach, "ada", job)
        if isinstance(polled, dict):
            print(f"poll:  {polled['status']}, attempts: {polled['attempts']}")

        job = post_message(coach, "ada", session, "It felt good.", "key-2")
        watch(events)
        post_retry(coach, "ada", session, job, "key-3")
        watch(events)


if __name__ == "__main__":
    main()
