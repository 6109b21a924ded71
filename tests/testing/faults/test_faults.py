"""One run of a plan: all ports of an application, counted together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest

from coachwork import AsyncCoach, Coach, Memory, StoreUnavailableError, Topic
from coachwork.adapters import (
    BuiltinRenderer,
    ExtractiveSummarizer,
    ScriptedAgents,
    ScriptedModel,
    TopicTemplates,
)
from coachwork.errors import MisuseError, ValidationError
from coachwork.ports import AsyncPorts, Ports
from coachwork.records import session_key
from coachwork.testing import (
    CountedIds,
    FakeClock,
    RecordingDispatcher,
    RecordingNotifier,
)
from coachwork.testing.faults import POSSIBLE, CrashError, Fault, FaultPlan, Faults

TALK = Topic(id="talk", system="Listen.", initiation="Greet.")
EACH = FaultPlan.each(Fault.DELAY, seconds=0)
KEY = session_key("acme", "s")


def ports(memory: Memory) -> Ports:
    """Return blocking ports, the optional ones too."""
    return Ports(
        repository=memory,
        model=ScriptedModel(lambda _: "Go on."),
        clock=FakeClock(),
        ids=CountedIds(),
        templates=TopicTemplates({}),
        renderer=BuiltinRenderer(),
        summarizer=ExtractiveSummarizer(),
        admit=lambda _: None,
        notifier=RecordingNotifier(),
        dispatcher=RecordingDispatcher(),
        sink=lambda _: None,
        sub_agents=ScriptedAgents({}),
    )


def test_all_ports_are_replaced_in_both_colours() -> None:
    """Each of them, but those that are not there."""
    whole = ports(Memory())
    faulty = Faults(EACH).ports(whole)
    assert isinstance(faulty, Ports)
    for name in POSSIBLE:
        assert getattr(faulty, name) is not getattr(whole, name)
    bare = AsyncPorts(
        repository=Memory().for_async(),
        model=ScriptedModel([]).for_async(),
        clock=whole.clock,
        ids=whole.ids,
        templates=TopicTemplates({}).for_async(),
        renderer=whole.renderer,
        summarizer=ExtractiveSummarizer().for_async(),
    )
    awaited = Faults(EACH).ports(bare)
    assert isinstance(awaited, AsyncPorts)
    assert (awaited.admit, awaited.notifier, awaited.dispatcher, awaited.sink) == (None,) * 4
    assert asyncio.run(awaited.repository.get(KEY)) is None


def test_the_engine_of_a_set_of_ports_has_their_clock() -> None:
    """Unless it has one of its own."""
    for own in (None, FakeClock()):
        if own is not None:
            own.advance(days=30)
        memory = Memory()
        given = ports(memory)
        with Coach(memory, given.model, topics=[TALK], clock=given.clock) as coach:
            coach.as_user("ada").start(TALK)
        plan = FaultPlan.at(1, Fault.TTL_LATE, seconds=0)
        Faults(plan, clock=own).ports(given).repository.get(KEY)
        left = {record.key.kind for record in memory.records()}
        assert ("session" in left) is (own is None)


def test_calls_are_counted_over_all_ports() -> None:
    """And what went wrong is told in order, with the place of each."""
    faults = Faults(FaultPlan.at(3, Fault.FAIL_BEFORE))
    clock, ids = faults.clock(FakeClock()), faults.ids(CountedIds())
    clock.now()
    ids.new_id()
    with pytest.raises(Exception, match=r"clock\.now: a fault was injected"):
        clock.now()
    assert faults.calls == 3
    assert [str(one) for one in faults.injected] == [
        "call 3, clock.now 2: it fails before anything is done"
    ]
    assert str(faults.replay) == "call 2 of clock.now: fail before"
    assert faults.plan == FaultPlan.at(3, Fault.FAIL_BEFORE)


def test_a_process_that_died_can_be_started_again() -> None:
    """Its ports are the same; the count goes on."""
    faults = Faults(FaultPlan.at(1, Fault.CRASH_BEFORE))
    ids = faults.ids(CountedIds())
    for _ in range(2):
        with pytest.raises(CrashError):
            ids.new_id()
    dead = [faults.dead]
    faults.restart()
    assert [*dead, faults.dead] == [True, False]
    assert ids.new_id() == "id-00001"


def test_coaches_of_both_colours_take_faulty_ports() -> None:
    """A commit that fails is told, and the call made again goes on."""
    plan = FaultPlan.at(1, Fault.FAIL_BEFORE, port="repository", method="commit")
    faults = Faults(plan)
    with Coach(
        faults.repository(Memory()), faults.model(ScriptedModel(lambda _: "Hi.")), topics=[TALK]
    ) as coach:
        ada = coach.as_user("ada")
        with pytest.raises(StoreUnavailableError):
            ada.start(TALK, key="k")
        assert ada.start(TALK, key="k").greeting.text == "Hi."

    async def main() -> None:
        faults = Faults(plan)
        model = faults.model(ScriptedModel(lambda _: "Hi."))
        async with AsyncCoach(faults.repository(Memory()), model, topics=[TALK]) as coach:
            ada = coach.as_user("ada")
            with pytest.raises(StoreUnavailableError):
                await ada.start(TALK, key="k")
            assert (await ada.start(TALK, key="k")).greeting.text == "Hi."

    asyncio.run(main())


class Plain:
    """A blocking model without an async form."""

    def complete(self, _: object, /) -> object:
        """Say nothing."""


def test_a_blocking_port_without_an_async_form_stays_blocking() -> None:
    """An async coach is told what to do about it."""
    faults = Faults(EACH)
    plain: Any = Plain()
    with pytest.raises(MisuseError, match=r"put the faults before in_threads\(Plain\)"):
        faults.model(plain).for_async()
    with pytest.raises(MisuseError, match="Plain has no async form"):
        faults.repository(plain).for_async()


def test_what_is_no_plan_is_refused() -> None:
    """Its text is none, either."""
    with pytest.raises(ValidationError, match="plan: expected a FaultPlan"):
        Faults("call 1: stale")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


# --- waiting ---------------------------------------------------------------------------------


def test_without_a_sleep_of_its_own_it_really_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """In blocking code the thread, in async code the task."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)

    async def sleeping(seconds: float) -> None:
        waited.append(-seconds)

    monkeypatch.setattr(asyncio, "sleep", sleeping)
    faults = Faults(FaultPlan.each(Fault.DELAY, seconds=3, port="repository", method="get"))
    store = faults.repository(Memory())
    store.get(KEY)
    asyncio.run(store.for_async().get(KEY))
    assert waited == [3.0, -3.0]


def test_a_sleep_that_is_awaited_is_none_for_blocking_ports() -> None:
    """Nobody would wait; and no coroutine is left behind."""
    given: list[object] = []

    def handed(seconds: float) -> object:
        given.append(seconds)
        return asyncio.sleep(seconds)

    class Awaited:
        """Something to be awaited that is no coroutine."""

        def __await__(self) -> Iterator[None]:
            """Wait for nothing."""
            return iter(())

    for sleep in (handed, lambda _: Awaited()):
        faults = Faults(FaultPlan.each(Fault.DELAY, port="repository"), sleep=sleep)
        with pytest.raises(MisuseError, match="sleep: it is awaited"):
            faults.repository(Memory()).get(KEY)
    assert given == [1.0]
