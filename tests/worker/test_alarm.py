"""The alarm of a worker in threads: no ring is lost, from wherever it comes."""

from __future__ import annotations

import signal
from threading import Thread, main_thread
from time import monotonic

import pytest

from coachwork.worker import _alarm as module
from coachwork.worker._alarm import Alarm


def test_it_wakes_who_sleeps() -> None:
    """A ring of another thread ends the sleep."""
    alarm = Alarm()
    sleeper = Thread(target=alarm.wait, args=(60,))
    sleeper.start()
    alarm.ring()
    sleeper.join(5)
    assert not sleeper.is_alive()


def test_a_ring_before_the_sleep_counts() -> None:
    """What rang since it was cleared keeps from falling asleep; however often, it is one ring."""
    alarm = Alarm()
    began = monotonic()
    for _ in range(100):
        alarm.ring()
    alarm.wait(60)
    assert monotonic() - began < 5
    alarm.clear()
    alarm.wait(0)


def test_what_is_cleared_is_over() -> None:
    """After it was cleared, it sleeps to the end."""
    alarm = Alarm()
    alarm.clear()
    alarm.ring()
    alarm.clear()
    began = monotonic()
    alarm.wait(0.02)
    assert monotonic() - began >= 0.02


def test_it_sleeps_on_after_a_nap(monkeypatch: pytest.MonkeyPatch) -> None:
    """It wakes now and then for signals, and goes on to sleep."""
    monkeypatch.setattr(module, "NAP", 0.01)
    began = monotonic()
    Alarm().wait(0.05)
    assert monotonic() - began >= 0.05


def test_a_signal_handler_may_ring() -> None:
    """A signal that comes at any moment of clearing, ringing and waiting stops nothing."""
    alarm = Alarm()
    before = signal.signal(signal.SIGUSR1, lambda _number, _frame: alarm.ring())
    main = main_thread().ident
    assert main is not None
    over = False

    def disturb() -> None:
        while not over:
            signal.pthread_kill(main, signal.SIGUSR1)

    disturbing = Thread(target=disturb)
    disturbing.start()
    try:
        for _ in range(2000):
            alarm.clear()
            alarm.ring()
            alarm.wait(5)
    finally:
        over = True
        disturbing.join()
        signal.signal(signal.SIGUSR1, before)
