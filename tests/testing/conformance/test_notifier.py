"""The promises of a notifier: notifiers that keep them, and some that break one each."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, nullcontext, suppress
from threading import Lock, Timer, get_ident
from time import sleep
from typing import Final

import pytest

from coachwork.adapters import LocalNotifier, Subscription, in_threads
from coachwork.events import Event, MessageCompleted
from coachwork.testing import RecordingNotifier
from coachwork.testing.conformance import ConformanceError, Verdict
from coachwork.testing.conformance.notifier import (
    check_async_notifier,
    check_notifier,
    notifier_suite,
)
from tests.verdicts import broken, report_of, unchecked


class Server:
    """The other end: what has arrived, and whether it can be reached."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.events: list[str] = []
        self.is_out = False

    def arrived(self) -> Iterable[str]:
        """Tell what has arrived."""
        return list(self.events)

    @contextmanager
    def outage(self) -> Generator[None]:
        """Be out of reach."""
        self.is_out = True
        try:
            yield
        finally:
            self.is_out = False

    def take(self, event: Event) -> None:
        """Let it arrive."""
        if self.is_out:
            raise ConnectionError("out of reach")
        self.events.append(event.id)


class Sends:
    """A notifier that sends events to a server."""

    def __init__(self, server: Server) -> None:
        """Know the server."""
        self._server = server

    def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""
        self._server.take(event)


class Encodes(Sends):
    """A notifier that writes what was said in bytes, which not every text can be."""

    def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""
        super().notify(event)
        if isinstance(event.data, MessageCompleted):
            (event.data.message or "").encode()


class Once(Sends):
    """A notifier that fails on what it has told."""

    def __init__(self, server: Server) -> None:
        """Know what was told."""
        super().__init__(server)
        self._told: Counter[str] = Counter()

    def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""
        super().notify(event)
        self._told[event.id] += 1
        if self._told[event.id] > 1:
            raise LookupError("told twice")


class OfItsThread(Sends):
    """A notifier that works in the thread that made it only."""

    def __init__(self, server: Server) -> None:
        """Remember the thread."""
        super().__init__(server)
        self._thread = get_ident()

    def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""
        if get_ident() != self._thread:
            raise RuntimeError("made in another thread")
        super().notify(event)


class Silent(Sends):
    """A notifier that tells nothing of what failed."""

    def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""
        if isinstance(event.data, MessageCompleted):
            super().notify(event)


class Backwards(Sends):
    """A notifier that sends two at a time, the second first."""

    def __init__(self, server: Server) -> None:
        """Begin with nothing."""
        super().__init__(server)
        self._waiting: list[Event] = []

    def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""
        if event.session != "in order":
            super().notify(event)
            return
        self._waiting.append(event)
        if len(self._waiting) > 1:
            super().notify(self._waiting.pop())
            super().notify(self._waiting.pop())


class Racing(Sends):
    """A notifier that forgets events when several are told at once."""

    def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""
        if event.session == "s":
            super().notify(event)
            return
        known = [*self._server.events, event.id]
        sleep(0.002)
        self._server.events = known


class Shrugs(Sends):
    """A notifier that takes an outage for no error."""

    def notify(self, event: Event, /) -> None:
        """See `coachwork.ports.Notifier.notify`."""
        with suppress(ConnectionError):
            super().notify(event)


MUTANTS: Final[Mapping[str, tuple[str, Callable[[Server], Sends]]]] = {
    "cannot write some texts": ("N01", Encodes),
    "fails on what it has told": ("N02", Once),
    "works in its own thread only": ("N03", OfItsThread),
    "tells no failures": ("N04", Silent),
    "sends the last first": ("N05", Backwards),
    "loses what is told at once": ("N06", Racing),
    "shrugs off an outage": ("N07", Shrugs),
}
"""What is wrong with each, and which promise tells it."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_notifier_is_found_by_its_promise(name: str) -> None:
    """By that one and by no other."""
    number, make = MUTANTS[name]
    server = Server()
    assert broken(
        lambda: check_notifier(
            lambda: nullcontext(make(server)), arrived=server.arrived, outage=server.outage
        )
    ) == [number]


def test_every_promise_is_broken_by_some_mutant() -> None:
    """No check passes whatever the notifier does."""
    numbers = [promise.number for promise in notifier_suite().promises]
    assert sorted({number for number, _ in MUTANTS.values()}) == numbers


def test_a_notifier_that_keeps_them() -> None:
    """In threads, and in a running loop, too."""
    server = Server()
    own = in_threads(Sends(server), threads=2)

    async def main() -> None:
        await check_async_notifier(
            lambda: nullcontext(own), arrived=server.arrived, outage=server.outage
        )

    asyncio.run(main())
    report = check_notifier(
        lambda: nullcontext(Sends(server)), arrived=server.arrived, outage=server.outage
    )
    assert {outcome.verdict for outcome in report.outcomes} == {Verdict.KEPT}


def test_the_recording_notifier_keeps_them() -> None:
    """In both colours."""
    own = RecordingNotifier()

    def arrived() -> Iterable[str]:
        return [event.id for event in own.events]

    @contextmanager
    def outage() -> Generator[None]:
        own.fail()
        yield
        own.recover()

    check_notifier(lambda: nullcontext(own), arrived=arrived, outage=outage)
    check_notifier(lambda: nullcontext(own.for_async()), arrived=arrived, outage=outage)


class Listened(LocalNotifier):
    """The notifier within the process, with somebody who listens to every user."""

    def __init__(self) -> None:
        """Listen to nobody yet."""
        super().__init__()
        self._lock_of_users = Lock()
        self.heard: dict[str, Subscription] = {}
        self.events: list[str] = []

    def notify(self, event: Event, /) -> None:
        """Subscribe to the user first."""
        with self._lock_of_users:
            if event.tenant not in self.heard:
                self.heard[event.tenant] = self.subscribe(tenant=event.tenant, user=event.user)
        super().notify(event)

    def arrived(self) -> Iterable[str]:
        """Tell what the subscribers were told."""
        for subscription in self.heard.values():
            while (event := subscription.get(timeout=0)) is not None:
                self.events.append(event.id)
        return self.events


def test_the_notifier_that_ships_keeps_them() -> None:
    """In both colours; nothing within a process can be out of reach."""
    own = Listened()
    reports = [
        check_notifier(lambda: nullcontext(own), arrived=own.arrived),
        check_notifier(lambda: nullcontext(own.for_async()), arrived=own.arrived),
    ]
    for report in reports:
        assert [outcome.verdict for outcome in report.outcomes].count(Verdict.KEPT) == 6


def test_what_arrives_late_is_waited_for() -> None:
    """As long as it may lag behind, and no longer."""
    server = Server()

    class Late(Sends):
        """A notifier whose server shows what has arrived a little later."""

        def notify(self, event: Event, /) -> None:
            """See `coachwork.ports.Notifier.notify`."""
            timer = Timer(0.05, server.take, (event,))
            timer.daemon = True
            timer.start()

    (promise,) = (p for p in notifier_suite().promises if p.number == "N04")
    assert promise.needs is not None
    report = report_of(
        lambda: check_notifier(lambda: nullcontext(Late(server)), arrived=server.arrived, settle=20)
    )
    assert "N04" not in [outcome.promise.number for outcome in report.broken]
    report = report_of(
        lambda: check_notifier(lambda: nullcontext(Late(server)), arrived=server.arrived)
    )
    assert "N04" in [outcome.promise.number for outcome in report.broken]


def test_what_nobody_sees_is_not_checked() -> None:
    """And the report says what is lost by that."""
    server = Server()
    assert unchecked(lambda: check_notifier(lambda: nullcontext(Silent(server)))) == [
        "N04", "N05", "N06", "N07",
    ]  # fmt: skip
    told = str(check_notifier(lambda: nullcontext(Silent(server))))
    assert "Whether what was told ever arrives is not known" in told


def test_what_is_wrong_is_told() -> None:
    """What was asked, what was expected, and what came."""
    with pytest.raises(ConformanceError) as error:
        check_notifier(lambda: nullcontext(Encodes(Server())))
    told = str(error.value)
    assert "notify(ai.message.completed of job '" in told
    assert "UnicodeEncodeError" in told
