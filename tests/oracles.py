"""The oracle of the session machine by itself: its plans are played with the words of a test."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from attrs import evolve

from coachwork.plain import to_json
from coachwork.policies import Settings
from coachwork.testing import NOON
from coachwork.testing.stateful._topics import CONTEXTS
from coachwork.testing.stateful._words import EXTRACTS, SAYS
from coachwork.testing.stateful.oracle import Asks, Oracle, Plan, Refusal, Session, Tale
from coachwork.topics import Topic

ADA: Final = ("acme", "ada")
BOB: Final = ("acme", "bob")
OTHER: Final = ("other", "ada")


class Desk:
    """An oracle, its clock, and what was asked of the model.

    Attributes:
        now: What time it is.
        oracle: The oracle.
        asked: What the model was asked, in order.
    """

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - fields of Settings
        """Begin at noon."""
        self.now = NOON
        self.oracle = Oracle(evolve(Settings(), **settings), lambda: self.now)
        self.asked: list[Asks] = []
        self._named = 0

    def advance(self, **duration: float) -> None:
        """Let time pass."""
        self.now += timedelta(**duration)

    def name(self) -> None:
        """Give new sessions and jobs their names, as a coach does."""
        for session in self.oracle.sessions:
            session.id = session.id or self._next()
            for job in session.jobs:
                job.id = job.id or self._next()

    def _next(self) -> str:
        self._named += 1
        return f"id-{self._named}"

    def play(self, plan: Plan[Tale], *says: str) -> Any:  # noqa: ANN401 - a tale's
        """Return what a plan tells in the end, if the model says this.

        Raises:
            Refusal: It is refused.
        """
        words = [*says]
        try:
            asks = next(plan)
            while True:
                self.name()
                self.asked.append(asks)
                said = words.pop(0)
                table = EXTRACTS if asks.purpose == "extraction" else SAYS
                asks = plan.send(table[said])
        except StopIteration as stop:
            assert words == []
            self.name()
            tale: Tale = stop.value
            return to_json(tale.tell())
        finally:
            self.name()

    def refusal(self, plan: Plan[Tale], *says: str) -> str:
        """Return the code with which a plan is refused."""
        try:
            told = self.play(plan, *says)
        except Refusal as refusal:
            return refusal.code
        raise AssertionError(f"it was not refused: {told}")

    def started(
        self, topic: Topic[Any], *says: str, who: tuple[str, str] = ADA, waits: bool = True
    ) -> Session:
        """Return a new session, greeted with these words where the topic greets."""
        said = says or (("talks",) if waits and topic.initiation else ())
        plan = self.oracle.start(who, topic, CONTEXTS["Ada"], None, take_over=False, waits=waits)
        with suppress(Refusal):  # the greeting may fail
            self.play(plan, *said)
        return self.oracle.sessions[-1]

    def said(self, session: Session, *says: str, waits: bool = True, key: str | None = None) -> Any:  # noqa: ANN401 - a tale's
        """Return what comes of a message that is answered with these words."""
        text = f"message {len(session.log)}"
        plan = self.oracle.send(session.who, session, session.topic, text, key, waits=waits)
        return self.play(plan, *says)
