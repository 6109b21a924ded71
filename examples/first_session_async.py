"""The same words, awaited: two people talk at the same time, and nothing blocks the event loop.

The model here is blocking, as many clients of providers are; `in_threads` makes it fit. SQLite
knows its own async form. Run it with ``python examples/first_session_async.py``.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep

from coachwork import Answer, Ask, AsyncCoach, SQLite, Topic, in_threads

LISTENING = Topic(id="listening", system="Listen to {name}.", initiation="Greet {name}.")


class SlowModel:
    """A blocking language model that takes its time."""

    def complete(self, ask: Ask, /) -> Answer:
        """Repeat what was asked last."""
        sleep(0.2)
        return Answer(text=f"I hear: {ask.messages[-1].text}")


async def talk(coach: AsyncCoach, user: str, *texts: str) -> list[str]:
    """Hold a short session and return what was said."""
    chat = await coach.as_user(user).start(LISTENING, context={"name": user.title()})
    for text in texts:
        await chat.send(text)
    await chat.complete()
    history = await chat.history()
    return [f"{message.role.value:5} {message.text}" for message in history.messages]


async def hold_both(path: Path) -> None:
    """Let two people talk at the same time."""
    model = in_threads(SlowModel(), threads=2)
    async with AsyncCoach(SQLite(path), model, topics=[LISTENING]) as coach:
        sessions = await asyncio.gather(
            talk(coach, "ada", "I was tired all week.", "I slept too little."),
            talk(coach, "grace", "I said no for once."),
        )
    for lines in sessions:
        print("\n".join(lines), end="\n\n")


def main() -> None:
    """Run it on a file that is gone afterwards."""
    with TemporaryDirectory() as folder:
        asyncio.run(hold_both(Path(folder) / "coach.db"))


if __name__ == "__main__":
    main()
