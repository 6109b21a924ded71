"""A model that writes its answer in pieces, and a page that shows them as they come.

The model breaks off in the middle once, so that the page has to take back what it showed. Run it
with ``python examples/streaming.py``.
"""

import json
from collections.abc import Iterator

from coachwork import Answer, Ask, Coach, LLMError, Memory, Topic, Worker
from coachwork.adapters import LocalNotifier
from coachwork.events import Event, MessageCompleted
from coachwork.ports import Partial
from coachwork.worker import WorkerOptions

LISTENING = Topic(id="listening", system="Listen.")


class Provider:
    """Stands for the client of a provider that sends what a model writes as it writes it."""

    def __init__(self) -> None:
        """Begin."""
        self._calls = 0

    def stream(self, _messages: list[str]) -> Iterator[str]:
        """Yield an answer in pieces; the connection breaks in the middle of the first one."""
        self._calls += 1
        said = "What would be enough?" if self._calls > 1 else "Perhaps you could"
        text = json.dumps({"message": said, "is_final": False})
        for at in range(0, len(text), 8):
            if self._calls == 1 and at > len(text) // 2:
                raise ConnectionError
            yield text[at : at + 8]


class StreamingModel:
    """Hands the pieces on as they come, and returns the whole in the end."""

    def __init__(self, provider: Provider) -> None:
        """Ask *provider*."""
        self._provider = provider

    def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`."""
        pieces: list[str] = []
        try:
            for piece in self._provider.stream([prompt.text for prompt in ask.messages]):
                pieces.append(piece)
                if ask.sink is not None:  # raw JSON, as it came: coachwork finds the message in it
                    ask.sink(piece)
        except ConnectionError as error:
            raise LLMError("the connection broke") from error
        return Answer(text="".join(pieces))


class Page:
    """What a browser would show: for each job the pieces so far, or how it ended."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._attempts: dict[str, int] = {}
        self._shown: dict[str, str] = {}

    def piece(self, partial: Partial) -> None:
        """Show a piece; take back what an earlier attempt showed."""
        attempt = self._attempts.setdefault(partial.job, partial.attempt)
        if partial.attempt < attempt:  # it comes late, from a worker that lost its lease
            return
        if partial.attempt > attempt:
            self._attempts[partial.job] = partial.attempt
            self._shown[partial.job] = ""
        self._shown[partial.job] = self._shown.get(partial.job, "") + partial.text
        print(f"writing: {self._shown[partial.job]}")

    def outcome(self, event: Event | None) -> None:
        """Show what counts in place of the pieces."""
        if event is None:
            return
        self._shown.pop(event.job, None)
        if isinstance(event.data, MessageCompleted):
            print(f"coach:   {event.data.message}")
        else:
            print(f"failed:  {event.data.error}")


def main() -> None:
    """Send a message whose answer breaks off, and try again."""
    page, notifier = Page(), LocalNotifier()
    model = StreamingModel(Provider())
    with (
        Coach(Memory(), model, topics=[LISTENING], sink=page.piece, notifier=notifier) as coach,
        notifier.subscribe(user="ada") as events,
        Worker(coach, WorkerOptions(backoff=0.01)),
    ):
        chat = coach.as_user("ada").start(LISTENING)
        job = chat.submit("I want more of everything.")
        page.outcome(events.get(timeout=10))
        chat.retry(job.id, wait=False)
        page.outcome(events.get(timeout=10))
        print(f"-- {chat.get().messages} messages, {chat.get().turns} turn")


if __name__ == "__main__":
    main()
