"""The notifier within the process."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from selectors import DefaultSelector, SelectorKey
from typing import Any, Final

import pytest

from coachwork.adapters import LocalNotifier, Subscription
from coachwork.adapters._notifier import MOST_BUFFERED, REMEMBERED
from coachwork.errors import MisuseError, ValidationError
from coachwork.events import Event, MessageFailed
from coachwork.jobs import ErrorCode, JobKind
from coachwork.ports import AsyncNotifier, Notifier

NOON: Final = datetime(2026, 2, 3, 12, 0, tzinfo=UTC)


def event(
    name: object, *, tenant: str = "default", user: str = "ada", session: str = "s-1"
) -> Event:
    """An event of that id."""
    return Event(
        id=str(name),
        kind=JobKind.REPLY,
        job=f"j-{name}",
        session=session,
        tenant=tenant,
        user=user,
        at=NOON,
        data=MessageFailed(error="Sorry.", error_code=ErrorCode.LLM_ERROR),
    )


def tell(notifier: LocalNotifier, names: Iterable[object]) -> None:
    """Tell events of these ids."""
    for name in names:
        notifier.notify(event(name))


def waiting(subscription: Subscription) -> list[str]:
    """The ids of what waits, which is taken."""
    found: list[str] = []
    while (one := subscription.get(0)) is not None:
        found.append(one.id)
    return found


async def soon(coroutine: Coroutine[object, object, Event | None]) -> asyncio.Task[Event | None]:
    """A task that has begun to wait."""
    task = asyncio.create_task(coroutine)
    for _ in range(3):
        await asyncio.sleep(0)
    return task


# --- who is told -------------------------------------------------------------------------------


def test_it_is_a_notifier_in_both_forms() -> None:
    """Coaches of both colours tell the same subscribers."""
    local = LocalNotifier()
    blocking: Notifier = local
    awaited: AsyncNotifier = local.for_async()
    with local.subscribe(session="s-1") as heard:
        blocking.notify(event(1))
        asyncio.run(awaited.notify(event(2)))
        assert waiting(heard) == ["1", "2"]


def test_only_what_was_asked_for_is_told() -> None:
    """Tenant, user and session all have to be right; ids are never taken for each other's."""
    notifier = LocalNotifier()
    told = {
        "session": notifier.subscribe(session="s-1"),
        "user": notifier.subscribe(user="ada"),
        "both": notifier.subscribe(user="ada", session="s-1"),
        "another session": notifier.subscribe(user="ada", session="s-2"),
        "another user": notifier.subscribe(user="bob", session="s-1"),
        "another tenant": notifier.subscribe(tenant="acme", user="ada"),
        "its session": notifier.subscribe(tenant="acme", session="s-1"),
        "a session named like the user": notifier.subscribe(session="ada"),
    }
    notifier.notify(event(1))
    notifier.notify(event(2, session="s-2"))
    notifier.notify(event(3, user="bob"))
    notifier.notify(event(4, tenant="acme"))
    assert {name: waiting(subscription) for name, subscription in told.items()} == {
        "session": ["1", "3"],
        "user": ["1", "2"],
        "both": ["1"],
        "another session": ["2"],
        "another user": ["3"],
        "another tenant": ["4"],
        "its session": ["4"],
        "a session named like the user": [],
    }


@pytest.mark.parametrize(
    "given, field",
    [
        ({}, "session"),
        ({"tenant": "acme"}, "session"),
        ({"tenant": "", "user": "ada"}, "tenant"),
        ({"user": " ada"}, "user"),
        ({"user": "", "session": "s-1"}, "user"),
        ({"session": 7}, "session"),
        ({"user": "ada", "buffer": 0}, "buffer"),
        ({"user": "ada", "buffer": MOST_BUFFERED + 1}, "buffer"),
        ({"user": "ada", "buffer": True}, "buffer"),
    ],
)
def test_what_cannot_be_subscribed_to_is_refused(given: dict[str, Any], field: str) -> None:
    """Everything is not for anybody; the error names what is wrong."""
    with pytest.raises(ValidationError) as refused:
        LocalNotifier().subscribe(**given)
    assert refused.value.field == field


def test_events_come_in_order_and_each_once() -> None:
    """An event that is told again is known by its id, even after it was taken."""
    notifier = LocalNotifier()
    heard = notifier.subscribe(user="ada")
    tell(notifier, [1, 2, 1, 3, 2])
    assert waiting(heard) == ["1", "2", "3"]
    tell(notifier, [3, 1, 4])
    assert waiting(heard) == ["4"]


def test_repeats_are_remembered_within_bounds() -> None:
    """So many ids are known; of more, the oldest are forgotten."""
    notifier = LocalNotifier()
    heard = notifier.subscribe(user="ada", buffer=2 * REMEMBERED)
    short = notifier.subscribe(user="ada", buffer=1)
    tell(notifier, range(2 * REMEMBERED))
    assert len(waiting(heard)) == 2 * REMEMBERED
    assert waiting(short) == [str(2 * REMEMBERED - 1)]
    tell(notifier, [REMEMBERED, 0])
    assert waiting(heard) == []
    assert waiting(short) == ["0"]
    tell(notifier, [2 * REMEMBERED, 0])
    assert waiting(heard) == [str(2 * REMEMBERED), "0"]


def test_who_is_slow_misses_the_oldest_and_is_told() -> None:
    """A full buffer makes nobody wait, and does not grow."""
    notifier = LocalNotifier()
    slow, quick = notifier.subscribe(user="ada", buffer=2), notifier.subscribe(user="ada")
    tell(notifier, range(5))
    assert (slow.missed, quick.missed) == (3, 0)
    assert waiting(slow) == ["3", "4"]
    tell(notifier, [5, 0])  # what was dropped is known, too
    assert slow.missed == 3
    assert waiting(slow) == ["5"]
    assert len(waiting(quick)) == 6


# --- the end -----------------------------------------------------------------------------------


def test_a_closed_subscription_is_told_no_more() -> None:
    """What waited can still be taken, then iteration ends; others hear on, and nothing is kept."""
    notifier = LocalNotifier()
    left, stays = notifier.subscribe(user="ada"), notifier.subscribe(user="ada")
    with left as inside:
        assert inside is left
        before = left.closed
        tell(notifier, [1, 2])
    assert (before, left.closed) == (False, True)
    left.close()
    tell(notifier, [3])
    assert [one.id for one in left] == ["1", "2"]
    assert left.get() is None
    assert waiting(stays) == ["1", "2", "3"]
    stays.close()
    assert notifier._inboxes == {}


def test_closing_the_notifier_ends_all_subscriptions() -> None:
    """Nobody waits for what will never be told; a coach closes it in either form."""
    for end in (LocalNotifier.close, lambda local: asyncio.run(local.for_async().close())):
        notifier = LocalNotifier()
        ended = [notifier.subscribe(user="ada"), notifier.subscribe(session="s-1")]
        tell(notifier, [1])
        end(notifier)
        assert all(one.closed for one in ended)
        assert [[one.id for one in each] for each in ended] == [["1"], ["1"]]
        tell(notifier, [2])
        ended[0].close()
        notifier.close()
        with pytest.raises(MisuseError, match="closed"):
            notifier.subscribe(user="ada")


def test_an_event_that_is_under_way_when_it_is_closed_is_dropped() -> None:
    """Whoever tells may have found the subscriber just before it left."""
    heard = LocalNotifier().subscribe(user="ada")
    heard.close()
    heard._inbox.put(event(1))
    assert heard.get() is None


# --- threads -----------------------------------------------------------------------------------


def test_a_thread_waits_until_it_is_told() -> None:
    """The iterator waits for each event, and for the end."""
    notifier = LocalNotifier()
    heard = notifier.subscribe(session="s-1")
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(lambda: [one.id for one in heard])
        for name in range(3):
            time.sleep(0.005)
            tell(notifier, [name])
        time.sleep(0.005)
        assert not found.done()
        heard.close()
        assert found.result(10) == ["0", "1", "2"]


def test_a_wait_may_have_an_end() -> None:
    """When the time is over there is nothing; what comes later is not lost."""
    notifier = LocalNotifier()
    heard = notifier.subscribe(session="s-1")
    begun = time.monotonic()
    assert heard.get(0.02) is None
    assert time.monotonic() - begun >= 0.02
    assert not heard.closed
    tell(notifier, [1])
    assert heard.get(-1) == event(1)


def test_many_threads_tell_and_listen() -> None:
    """Each subscriber hears each event once, those of one teller in order."""
    notifier = LocalNotifier()
    subscriptions = [notifier.subscribe(user="ada") for _ in range(3)]
    shared = notifier.subscribe(session="s-1")

    def hear(subscription: Subscription) -> list[tuple[int, int]]:
        return [(int(one.id) // 100, int(one.id) % 100) for one in subscription]

    with ThreadPoolExecutor(9) as pool:
        found = [pool.submit(hear, subscription) for subscription in subscriptions]
        parts = [pool.submit(hear, shared) for _ in range(2)]
        tellers = [
            pool.submit(tell, notifier, range(teller * 100, teller * 100 + 100))
            for teller in range(4)
        ]
        for teller in tellers:
            teller.result(10)
        for subscription in [*subscriptions, shared]:
            subscription.close()
        everything = sorted((teller, name) for teller in range(4) for name in range(100))
        for each in found:
            heard = each.result(10)
            assert sorted(heard) == everything
            for who in range(4):
                assert [number for told, number in heard if told == who] == list(range(100))
        assert sorted([*parts[0].result(10), *parts[1].result(10)]) == everything


# --- asyncio -----------------------------------------------------------------------------------


def test_a_task_waits_until_it_is_told_from_its_own_loop() -> None:
    """The async iterator waits for each event, and for the end."""

    async def go() -> list[str]:
        notifier = LocalNotifier()
        found: list[str] = []

        async def hear() -> None:
            async with notifier.subscribe(session="s-1") as heard:
                async for one in heard:
                    found.append(one.id)
                    if one.id == "last":
                        heard.close()
            assert heard.closed

        task = asyncio.create_task(hear())
        await asyncio.sleep(0)
        for name in (1, 2, "last"):
            await notifier.for_async().notify(event(name))
            await asyncio.sleep(0.001)
        await asyncio.wait_for(task, 10)
        return found

    assert asyncio.run(go()) == ["1", "2", "last"]


def test_a_task_waits_until_it_is_told_from_threads() -> None:
    """Events come from any thread, to any event loop, without anybody's looking for them."""
    notifier = LocalNotifier()
    ready = threading.Barrier(3)

    async def hear() -> list[str]:
        heard = notifier.subscribe(user="ada")
        await asyncio.to_thread(ready.wait, 10)
        return [one.id async for one in heard]

    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(asyncio.run, hear()) for _ in range(2)]
        ready.wait(10)
        for name in range(50):
            tell(notifier, [name])
            time.sleep(0.0002)
        notifier.close()
        assert [each.result(10) for each in found] == [[str(name) for name in range(50)]] * 2


class Counted(DefaultSelector):
    """What an event loop sleeps in; it counts how often."""

    times = 0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """Sleep once more."""
        self.times += 1
        return super().select(timeout)


def test_a_loop_that_waits_does_nothing() -> None:
    """Who waits is woken for an event, not now and then to look."""
    selector = Counted()

    async def go() -> int:
        notifier = LocalNotifier()
        task = await soon(notifier.subscribe(user="ada").get_async())
        before = selector.times
        threading.Timer(0.05, tell, [notifier, [1]]).start()
        assert await task == event(1)
        return selector.times - before

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        assert runner.run(go()) < 10


def test_an_awaited_wait_may_have_an_end() -> None:
    """When the time is over there is nothing; what is there already is taken at once."""

    async def go() -> None:
        notifier = LocalNotifier()
        heard = notifier.subscribe(session="s-1")
        assert await heard.get_async(0) is None
        assert await heard.get_async(-1) is None
        begun = time.monotonic()
        assert await heard.get_async(0.02) is None
        assert time.monotonic() - begun >= 0.015
        tell(notifier, [1])
        assert await heard.get_async(0) == event(1)
        task = await soon(heard.get_async(10))
        tell(notifier, [2])
        assert await task == event(2)
        assert not heard._inbox._awaited

    asyncio.run(go())


def test_who_finds_nothing_left_waits_on() -> None:
    """All who wait are woken, and one takes the event; the other has the time it had left."""

    async def go() -> None:
        notifier = LocalNotifier()
        heard = notifier.subscribe(session="s-1")
        first, begun = await soon(heard.get_async()), time.monotonic()
        second = await soon(heard.get_async(0.03))
        tell(notifier, [1])
        assert await first == event(1)
        assert await second is None
        assert time.monotonic() - begun >= 0.025
        third, fourth = await soon(heard.get_async()), await soon(heard.get_async(10))
        tell(notifier, [2, 3])
        assert [await third, await fourth] == [event(2), event(3)]

    asyncio.run(go())


def test_a_cancelled_wait_takes_nothing_with_it() -> None:
    """Whenever it is cancelled, the event is there for the next who asks, and nobody sleeps on."""

    async def go(turns: int) -> None:
        notifier = LocalNotifier()
        heard = notifier.subscribe(session="s-1")
        waits = await soon(heard.get_async())
        sleeps = await soon(heard.get_async())
        tell(notifier, [1])
        for _ in range(turns):
            await asyncio.sleep(0)
        waits.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            assert await waits == event(1)  # it had it before
            tell(notifier, [2])
            assert await sleeps == event(2)
            return
        assert await asyncio.wait_for(sleeps, 10) == event(1)
        assert not heard._inbox._awaited

    for turns in range(6):
        asyncio.run(go(turns))


def test_cancelled_again_and_again_nothing_is_lost() -> None:
    """A client that gives up its wait every other moment gets every event, in order."""

    async def go() -> list[str]:
        notifier = LocalNotifier()
        heard = notifier.subscribe(session="s-1")
        teller = threading.Thread(target=tell, args=(notifier, range(300)))
        teller.start()
        found: list[str] = []
        while len(found) < 300:
            task = asyncio.create_task(heard.get_async())
            for _ in range(len(found) % 5):
                await asyncio.sleep(0)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                one = await task
                assert one is not None
                found.append(one.id)
            if not task.cancelled():
                continue
            one = await heard.get_async(10)
            assert one is not None
            found.append(one.id)
        teller.join()
        return found

    assert asyncio.run(go()) == [str(name) for name in range(300)]


def abandoned(heard: Subscription) -> Coroutine[object, None, object]:
    """What still waits for an event, on an event loop that is closed."""
    wait = heard.get_async()

    async def begin() -> None:
        wait.send(None)

    asyncio.run(begin())
    assert len(heard._inbox._awaited) == 1
    return wait


def test_a_loop_that_is_gone_hinders_nobody() -> None:
    """Who waited on an event loop that was closed is passed over, and the event is kept."""
    notifier = LocalNotifier()
    gone, stays = notifier.subscribe(user="ada"), notifier.subscribe(user="ada")
    lost = abandoned(gone)
    tell(notifier, [1, 2])
    assert waiting(stays) == ["1", "2"]
    assert waiting(gone) == ["1", "2"]
    lost.close()


def test_a_wait_that_is_given_up_while_an_event_is_told_stops_nobody() -> None:
    """The garbage of a lost event loop may be collected in the very call that tells an event."""
    notifier = LocalNotifier()
    heard = notifier.subscribe(user="ada")
    lost = abandoned(heard)
    with heard._inbox._changed, notifier._lock:  # as if within a call, in the same thread
        lost.close()
        assert not heard._inbox._awaited
        heard.close()
    assert notifier._inboxes == {}
