"""The two drivers: the same effects, in two colours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, Final, TypeAlias, cast

import pytest
from attrs import evolve

from coachwork import Ask, AsyncCoach, Coach, Topic, drivers
from coachwork.adapters import Memory, ScriptedModel, in_threads
from coachwork.drivers import Observation, Observer, quiet, run, run_async
from coachwork.effects import AskModel, Commit, Effect, Find, Get, NewId, Now, ReadLog, Workflow
from coachwork.errors import LLMError, MisuseError, StoreUnavailableError
from coachwork.messages import Usage
from coachwork.ports import Answer, AsyncPorts, CommitResult, Partial, Query
from coachwork.records import Insert, Key, Op, Record
from tests.specimens import ASK
from tests.things import async_ports, ports, thing

KEY: Final = Key("thing", "t", ("a",))
Drive: TypeAlias = Callable[..., Any]


def blocking(workflow: Workflow[Any], memory: Memory, observers: Sequence[Observer] = ()) -> object:
    """Drive it by the blocking driver."""
    return run(workflow, ports(memory), observers)


def awaited(workflow: Workflow[Any], memory: Memory, observers: Sequence[Observer] = ()) -> object:
    """Drive it by the async driver, over ports that never wait."""
    return asyncio.run(run_async(workflow, async_ports(memory.for_async()), observers))


def threaded(workflow: Workflow[Any], memory: Memory, observers: Sequence[Observer] = ()) -> object:
    """Drive it by the async driver, over a repository in threads."""
    return asyncio.run(run_async(workflow, async_ports(in_threads(memory)), observers))


DRIVES: Final = pytest.mark.parametrize("drive", [blocking, awaited, threaded])


class Broken(Memory):
    """A repository that fails in one way."""

    def __init__(self, failure: BaseException) -> None:
        """Fail with *failure*."""
        super().__init__()
        self._failure = failure

    def get(self, _key: Key, /) -> Record | None:
        """Fail."""
        raise self._failure


def nothing() -> Workflow[str]:
    """Ask nothing."""
    yield from ()
    return "done"


@DRIVES
def test_a_workflow_is_answered_effect_by_effect(drive: Drive) -> None:
    """Each effect gets its own answer, and what the workflow returns comes out."""

    def workflow() -> Workflow[object]:
        record = thing("t", "a")
        first = yield from Get(KEY)
        done = yield from Commit((Insert(record),))
        second = yield from Get(KEY)
        log = yield from ReadLog(tenant="t", session="s", limit=5)
        found = yield from Find(Query(kind="thing", tenant="t", owner="u"))
        made = yield from NewId()
        now = yield from Now()
        return first, done, second == record, list(log), list(found), len(made), now.tzinfo

    first, done, same, log, found, length, zone = drive(workflow(), Memory())
    assert (first, done, same, log, found, length) == (None, CommitResult.DONE, True, [], [], 36)
    assert str(zone) == "UTC"


@DRIVES
def test_a_workflow_may_ask_nothing(drive: Drive) -> None:
    """It is done at once."""
    assert drive(nothing(), Memory()) == "done"


@DRIVES
def test_what_a_port_raises_arrives_at_the_line_that_asked(drive: Drive) -> None:
    """There it can be handled, and the workflow goes on, or ends."""

    def workflow() -> Workflow[list[str]]:
        heard = []
        for _ in range(2):
            try:
                yield from Get(KEY)
            except StoreUnavailableError as error:
                heard.append(error.code)
        return heard

    def ending() -> Workflow[str]:
        try:
            yield from Get(KEY)
        except StoreUnavailableError:
            return "ended"
        return "went on"

    away = StoreUnavailableError("it is away")
    assert drive(workflow(), Broken(away)) == ["STORE_UNAVAILABLE"] * 2
    assert drive(ending(), Broken(away)) == "ended"


@DRIVES
@pytest.mark.parametrize(
    "failure", [StoreUnavailableError("it is away"), KeyError("x"), SystemExit(3)], ids=repr
)
def test_what_nobody_handles_comes_out(drive: Drive, failure: BaseException) -> None:
    """As it was raised, with the workflow's own clean-up done before."""
    left: list[str] = []

    def workflow() -> Workflow[None]:
        try:
            yield from Get(KEY)
        finally:
            left.append("left")

    with pytest.raises(type(failure)) as caught:
        drive(workflow(), Broken(failure))
    assert caught.value is failure
    assert left == ["left"]


@DRIVES
def test_what_a_workflow_raises_comes_out(drive: Drive) -> None:
    """A refusal is the workflow's own."""

    def workflow() -> Workflow[None]:
        yield from Now()
        raise LLMError

    with pytest.raises(LLMError):
        drive(workflow(), Memory())


@DRIVES
def test_a_stop_iteration_from_a_port_ends_nothing_silently(drive: Drive) -> None:
    """A port that leaks a StopIteration does not make a workflow seem done."""

    def workflow() -> Workflow[str]:
        yield from Get(KEY)
        return "done"

    failure = StopIteration("not a result")
    with pytest.raises(RuntimeError, match="StopIteration"):
        drive(workflow(), Broken(failure))


def test_a_stop_iteration_in_a_thread_leaves_nobody_waiting() -> None:
    """The call of a port in threads ends, as a failed one."""
    topic = Topic(id="talk", system="Help.")
    empty: Iterator[str] = iter(())

    class Model:
        def complete(self, _ask: Ask, /) -> Answer:
            return Answer(text=next(empty))

    async def main() -> None:
        async with AsyncCoach(Memory(), in_threads(Model()), topics=[topic]) as coach:
            chat = await coach.as_user("ada").start(topic)
            with pytest.raises(LLMError):
                await asyncio.wait_for(chat.send("hello"), timeout=10)

    asyncio.run(main())


def test_a_stop_iteration_of_a_model_is_a_failed_model() -> None:
    """``next(replies)`` in an adapter is a likely mistake: it fails the job, and no more."""
    topic = Topic(id="talk", system="Help.")
    replies = iter(["Go on."])
    with Coach(Memory(), ScriptedModel(lambda _: next(replies)), topics=[topic]) as coach:
        chat = coach.as_user("ada").start(topic)
        assert chat.send("one").message.text == "Go on."
        with pytest.raises(LLMError):
            chat.send("two")
        assert [m.text for m in chat.history().messages] == ["one", "Go on.", "two"]


# --- colours ---------------------------------------------------------------------------------


def test_an_async_port_behind_the_blocking_driver_is_refused_and_nothing_is_lost() -> None:
    """The coroutine is closed, the workflow is told by name, and nothing was done."""
    memory = Memory()
    mixed = ports(cast("Any", memory.for_async()))
    heard: list[str] = []

    def workflow() -> Workflow[str]:
        try:
            yield from Commit((Insert(thing("t", "a")),))
        except MisuseError as error:
            heard.append(str(error))
        return "went on"

    assert run(workflow(), mixed) == "went on"
    assert heard == ["an async port answered Commit: use AsyncCoach for it"]
    assert memory.get(KEY) is None


def test_anything_to_be_awaited_is_refused() -> None:
    """Not only coroutines: whatever a blocking caller would have to await."""

    class Later:
        def __await__(self) -> Generator[None, None, None]:
            yield

    class Strange(Memory):
        def get(self, _key: Key, /) -> Any:  # noqa: ANN401 - a port that is wrong
            return Later()

    def workflow() -> Workflow[object]:
        return (yield from Get(KEY))

    with pytest.raises(MisuseError, match="async port answered Get"):
        run(workflow(), ports(Strange()))


def test_an_effect_without_a_port_cannot_be_performed() -> None:
    """The base class asks nobody."""

    def workflow() -> Workflow[object]:
        return (yield from Effect[object]())

    with pytest.raises(NotImplementedError):
        run(workflow(), ports(Memory()))


class Waiting(Memory):
    """A repository whose async form waits until it is told to go on."""

    def __init__(self) -> None:
        """Wait."""
        super().__init__()
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()

    async def wait(self, answer: Record | None) -> Record | None:
        """Wait."""
        self.asked.set()
        await self.go_on.wait()
        return answer


class AsyncWaiting:
    """Its async form."""

    def __init__(self, waiting: Waiting) -> None:
        """Stand before it."""
        self._waiting = waiting

    async def get(self, key: Key, /) -> Record | None:
        """Wait, then read."""
        return await self._waiting.wait(self._waiting.get(key))

    async def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Commit at once."""
        return self._waiting.commit(ops)

    async def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Read at once."""
        return self._waiting.log(tenant, session, after=after, last=last, limit=limit)

    async def find(self, query: Query, /) -> Sequence[Record]:
        """Read at once."""
        return self._waiting.find(query)


def test_cancellation_reaches_the_workflow() -> None:
    """A task that is cancelled is cancelled at the line that asked, which may still clean up."""
    heard: list[str] = []

    async def main() -> None:
        waiting = Waiting()

        def workflow() -> Workflow[None]:
            try:
                yield from Get(KEY)
            except asyncio.CancelledError:
                heard.append("cancelled")
                yield from Commit((Insert(thing("t", "a")),))
                raise

        driven = run_async(workflow(), async_ports(AsyncWaiting(waiting)))
        task = asyncio.create_task(driven)
        await waiting.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert waiting.get(KEY) is not None

    asyncio.run(main())
    assert heard == ["cancelled"]


def test_a_time_limit_of_the_caller_is_a_cancellation() -> None:
    """`asyncio.timeout` around a call works as everywhere."""

    async def main() -> None:
        waiting = Waiting()

        def workflow() -> Workflow[object]:
            return (yield from Get(KEY))

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(
                run_async(workflow(), async_ports(AsyncWaiting(waiting))), timeout=0.01
            )

    asyncio.run(main())


# --- deadlines -------------------------------------------------------------------------------


class Slow:
    """A model that answers after so many seconds, and notes when it is cancelled."""

    def __init__(self, seconds: float) -> None:
        """Take so long."""
        self._seconds = seconds
        self.cancelled = 0

    async def complete(self, _ask: Ask, /) -> Answer:
        """Answer, if there is time."""
        try:
            await asyncio.sleep(self._seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Answer(text="Go on.")


def asking(timeout: float) -> Workflow[Answer | str]:
    """Ask the model, which has so many seconds, and tell what came of it."""
    try:
        return (yield from AskModel(evolve(ASK, timeout=timeout), "t", "u"))
    except TimeoutError:
        return "too late"


def with_model(model: object) -> AsyncPorts:
    """Return async ports with that model."""
    return evolve(async_ports(Memory().for_async()), model=cast("Any", model))


def test_a_model_that_takes_too_long_is_cancelled() -> None:
    """The deadline of the question is the driver's too: the call is really ended."""
    model = Slow(60)
    assert asyncio.run(run_async(asking(0.01), with_model(model))) == "too late"
    assert model.cancelled == 1


def test_a_model_that_answers_in_time_is_left_alone() -> None:
    """Neither the call nor what is asked afterwards is cancelled."""
    model = Slow(0)

    async def main() -> None:
        for _ in range(2):
            answer = await run_async(asking(0.05), with_model(model))
            assert answer == Answer(text="Go on.")
        await asyncio.sleep(0.06)

    asyncio.run(main())
    assert model.cancelled == 0


def test_a_cancellation_is_no_deadline() -> None:
    """Who cancels the task cancels the call of the model, and is not told of a time-out."""
    model = Slow(60)

    async def main() -> None:
        task = asyncio.create_task(run_async(asking(60), with_model(model)))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert model.cancelled == 1


def test_the_deadline_is_the_models_alone() -> None:
    """A repository may take as long as it takes: what it did would be unknown."""

    async def main() -> object:
        waiting = Waiting()

        def workflow() -> Workflow[object]:
            yield from AskModel(evolve(ASK, timeout=0.01), "t", "u")
            return (yield from Get(KEY))

        there = evolve(async_ports(AsyncWaiting(waiting)), model=Slow(0))
        task = asyncio.create_task(run_async(workflow(), there))
        await waiting.asked.wait()
        await asyncio.sleep(0.03)
        assert not task.done()
        waiting.go_on.set()
        return await task

    assert asyncio.run(main()) is None


def test_elsewhere_than_on_asyncio_the_port_keeps_its_own_deadline() -> None:
    """The async driver needs no event loop of asyncio: whoever awaits may be of any other."""

    class Elsewhere:
        """Somewhere in another event loop."""

        def __await__(self) -> Generator[str, None, None]:
            yield "wait"

    class Model:
        async def complete(self, _ask: Ask, /) -> Answer:
            await Elsewhere()
            return Answer(text="Go on.")

    driven = run_async(asking(0.000001), with_model(Model()))
    assert driven.send(None) == "wait"
    with pytest.raises(StopIteration) as ended:
        driven.send(None)
    assert ended.value.value == Answer(text="Go on.")


# --- sinks -----------------------------------------------------------------------------------

PARTIAL: Final = Partial(
    tenant="t", user="u", session="s", job="j", attempt=1, sequence=1, text="the secret"
)


def test_a_quiet_sink_passes_everything_on() -> None:
    """Each piece reaches the sink, as it is."""
    heard: list[Partial] = []
    quiet(heard.append)(PARTIAL)
    assert heard == [PARTIAL]
    assert heard[0] is PARTIAL


def test_a_sink_that_fails_is_only_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The model does not notice, and no text of the coach gets into the log."""

    def broken(partial: Partial) -> None:
        raise ValueError(f"cannot send {partial.text!r}")

    with caplog.at_level(logging.WARNING, logger="coachwork"):
        quiet(broken)(PARTIAL)
    assert [(one.name, one.levelname, one.message, one.exc_info) for one in caplog.records] == [
        ("coachwork", "WARNING", "a sink failed: ValueError", None)
    ]
    assert "the secret" not in caplog.text


def test_a_sink_that_goes_on_failing_is_logged_once_a_call(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many pieces a call has, and however many calls go on side by side."""
    heard: list[Partial] = []

    def broken(partial: Partial) -> None:
        heard.append(partial)
        raise OSError

    tell = quiet(broken)
    calls = [
        evolve(PARTIAL, job=job, attempt=attempt, tenant=tenant)
        for job in "jk"
        for attempt in (1, 2)
        for tenant in "tu"
    ]
    with caplog.at_level(logging.WARNING, logger="coachwork"):
        for number in range(3):
            for call in calls:
                tell(evolve(call, sequence=number + 1))
        assert (len(heard), len(caplog.records)) == (24, 8)
        monkeypatch.setattr(drivers, "MOST_FAILED", 2)
        tell = quiet(broken)
        for call in calls[:3]:  # the third forgets the others: what is remembered is bounded
            tell(call)
        tell(calls[2])
        tell(calls[0])
    assert len(caplog.records) == 8 + 4


def test_who_interrupts_a_sink_interrupts_the_call() -> None:
    """Ctrl-C is not swallowed."""

    def interrupted(_partial: Partial) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quiet(interrupted)(PARTIAL)


# --- observers -------------------------------------------------------------------------------


@DRIVES
def test_observers_are_told_of_every_effect(drive: Drive) -> None:
    """Name, subject, ids, time, tokens and the error, if there was one; all of them, in order."""
    seen: list[Observation] = []
    others: list[Observation] = []

    def workflow() -> Workflow[None]:
        yield from Now()
        yield from Commit((Insert(thing("t", "a")),))
        yield from Get(KEY)
        yield from ReadLog(tenant="t", session="s", limit=5)
        with pytest.raises(LLMError):
            yield from AskModel(ASK, "t", "u")

    drive(workflow(), Memory(), (seen.append, others.append))
    assert seen == others
    assert [(one.effect, one.subject, dict(one.ids), one.error) for one in seen] == [
        ("Now", "", {}, None),
        ("Commit", "1 ops", {"tenant": "t"}, None),
        ("Get", "thing", {"tenant": "t"}, None),
        ("ReadLog", "at most 5", {"tenant": "t", "session": "s"}, None),
        ("AskModel", "reply", {"tenant": "t", "session": "s", "job": "j"}, "LLM_ERROR"),
    ]
    assert all(one.seconds >= 0 for one in seen)
    assert all(one.usage is None for one in seen)


@DRIVES
@pytest.mark.parametrize(
    "failure, error",
    [(StoreUnavailableError("it is away"), "STORE_UNAVAILABLE"), (KeyError("x"), "KeyError")],
    ids=["ours", "another"],
)
def test_observers_are_told_of_failures(drive: Drive, failure: Exception, error: str) -> None:
    """By code where it is an error of the library, else by its class."""
    seen: list[Observation] = []

    def workflow() -> Workflow[None]:
        yield from Get(KEY)

    with pytest.raises(type(failure)):
        drive(workflow(), Broken(failure), (seen.append,))
    assert [one.error for one in seen] == [error]


def test_observers_are_told_what_a_model_used() -> None:
    """Tokens, as the provider told them."""
    seen: list[Observation] = []
    usage = Usage(100, 20, 5)

    class Model:
        def complete(self, _ask: Ask, /) -> Answer:
            return Answer(text="Go on.", usage=usage)

    topic = Topic(id="talk", system="Help.")
    with Coach(Memory(), Model(), topics=[topic], observers=[seen.append]) as coach:
        coach.as_user("ada").start(topic).send("hello")
    assert [one.usage for one in seen if one.effect == "AskModel"] == [usage]
    assert all(one.usage is None for one in seen if one.effect != "AskModel")


@DRIVES
def test_an_observer_that_fails_is_only_logged(
    drive: Drive, caplog: pytest.LogCaptureFixture
) -> None:
    """The workflow and the other observers do not notice."""
    seen: list[Observation] = []

    def fails(_seen: Observation) -> None:
        raise ValueError("a mistake in an observer")

    def workflow() -> Workflow[str]:
        yield from Now()
        return "done"

    with caplog.at_level(logging.ERROR, logger="coachwork"):
        assert drive(workflow(), Memory(), (fails, seen.append)) == "done"
    assert len(seen) == 1
    assert [(one.name, one.message) for one in caplog.records] == [
        ("coachwork", "an observer failed")
    ]


CANARIES: Final = {
    "text": "the secret of the user",
    "reply": "the answer of the coach",
    "context": "a name that nobody may know",
    "template": "the instructions of the application",
    "key": "the-key-of-the-request",
}


@pytest.mark.parametrize("fails", [False, True])
def test_observers_and_logs_are_never_told_a_text(
    caplog: pytest.LogCaptureFixture, *, fails: bool
) -> None:
    """Neither what was said, nor context, templates or keys; not even when everything fails."""
    seen: list[Observation] = []
    topic = Topic(
        id="talk",
        system=f"{CANARIES['template']} {{name}}",
        initiation=CANARIES["template"],
        resume=CANARIES["template"],
        result=dict,
    )

    def said(ask: Ask) -> str:
        if fails and ask.turn == 1:
            raise LLMError(CANARIES["reply"])
        return CANARIES["reply"]

    caplog.set_level(logging.DEBUG)
    model = ScriptedModel(said)
    with Coach(Memory(), model, topics=[topic], observers=[seen.append]) as coach:
        ada = coach.as_user("ada")
        chat = ada.start(topic, context={"name": CANARIES["context"]}, key=CANARIES["key"])
        told = ""
        try:
            chat.send(CANARIES["text"], key=CANARIES["key"] + "2")
        except LLMError as error:
            told = f"{error}{error!r}{error.facts}"
        assert bool(told) is fails
        chat.pause()
        chat.resume()
        chat.complete()
        ada.export()
        ada.delete_all()
    assert len(seen) > 30
    told += repr(seen) + caplog.text
    assert [canary for canary in CANARIES.values() if canary in told] == []
