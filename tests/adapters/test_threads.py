"""Blocking ports in threads."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, cast

import pytest

from coachwork import AsyncCoach
from coachwork.adapters import (
    ExtractiveSummarizer,
    Memory,
    ScriptedAgents,
    ScriptedModel,
    TopicTemplates,
    in_threads,
)
from coachwork.errors import MisuseError, StoreUnavailableError, ValidationError
from coachwork.events import Event, MessageFailed
from coachwork.jobs import ErrorCode, JobKind, JobRef, JobStatus
from coachwork.messages import Message
from coachwork.ports import Admission, Answer, Ask, AsyncRepository, CommitResult, Query
from coachwork.records import Insert, Key, Op, Record
from coachwork.testing import check_repository
from coachwork.topics import TemplateName, Topic
from tests.names import told
from tests.specimens import AGENT_ASK, ASK
from tests.things import NOON, message, thing

ADMISSION = Admission(command="send", tenant="t", user="u", topic="x", session="s", text="hi")
REF = JobRef("t", "j", JobKind.REPLY)
EVENT = Event(
    id="j.settled",
    kind=JobKind.REPLY,
    job="j",
    session="s",
    tenant="t",
    user="u",
    at=NOON,
    data=MessageFailed(error="Sorry.", error_code=ErrorCode.LLM_ERROR),
)
WHO: ContextVar[str] = ContextVar("WHO", default="nobody")


class Watched(Memory):
    """A repository that notes where it is called, and can be made to wait."""

    def __init__(self) -> None:
        """Wait for nothing yet."""
        super().__init__()
        self.go_on = threading.Event()
        self.go_on.set()
        self.calls: list[tuple[str, str]] = []
        self.ended: list[str] = []

    def get(self, key: Key, /) -> Record | None:
        """Note thread and context, wait, and read."""
        self.calls.append((threading.current_thread().name, WHO.get()))
        self.go_on.wait(10)
        self.ended.append("get")
        return super().get(key)

    def close(self) -> None:
        """Note the end."""
        self.ended.append("close")


async def under_way(watched: Watched, number: int) -> None:
    """Wait until so many calls have begun."""
    for _ in range(5000):
        if len(watched.calls) >= number:
            return
        await asyncio.sleep(0.001)
    raise AssertionError("nobody calls")


def test_a_repository_in_threads_keeps_its_promises() -> None:
    """Threads change nothing of what a repository promises."""
    memory = Memory()

    @asynccontextmanager
    async def threaded() -> AsyncGenerator[AsyncRepository]:
        repository: Any = in_threads(memory, threads=3)
        yield repository
        await repository.close()

    check_repository(threaded)


def test_every_port_passes_its_calls_on() -> None:
    """Each kind of port is told and answers as it would be and would."""
    topic = Topic(id="x", system="Help.")

    heard: list[object] = []

    def admit(admission: Admission, /) -> str | None:
        return f"{admission.text}!"

    class Notifies:
        def notify(self, event: Event, /) -> None:
            heard.append(event)

    class Dispatches:
        def dispatch(self, ref: JobRef, /) -> None:
            heard.append(ref)

    async def main() -> None:
        memory = Memory()
        repository: Any = in_threads(memory)
        assert await repository.commit([Insert(thing("t", "a"))]) is CommitResult.DONE
        assert await repository.commit([Insert(message("t", "s", 1))]) is CommitResult.DONE
        assert await repository.get(Key("thing", "t", ("a",))) == thing("t", "a")
        log: Sequence[Record] = await repository.log("t", "s", last=1, limit=1)
        assert list(log) == [message("t", "s", 1)]
        found = await repository.find(Query(kind="thing", tenant="t", owner="u"))
        assert list(found) == []
        model = in_threads(ScriptedModel(["Hello."]))
        assert (await model.complete(ASK)).text == "Hello."
        summarizer = in_threads(ExtractiveSummarizer())
        assert await summarizer.summarize("So far.", ()) == "So far."
        templates = in_threads(TopicTemplates({"x": topic}))
        assert await templates.template("x", TemplateName.SYSTEM) == "Help."
        await in_threads(Notifies()).notify(EVENT)
        await in_threads(Dispatches()).dispatch(REF)
        agents = in_threads(ScriptedAgents({"market": ["Found."]}))
        assert (await agents.run(AGENT_ASK)).text == "Found."
        assert await in_threads(admit)(ADMISSION) == "hi!"

    asyncio.run(main())
    assert heard == [EVENT, REF]


def test_what_a_listener_raises_reaches_who_tells_it() -> None:
    """An event that was not handed on is not taken for one that was."""

    class Away:
        def notify(self, _event: Event, /) -> None:
            raise OSError("nobody is there")

    with pytest.raises(OSError, match="nobody is there"):
        asyncio.run(in_threads(Away()).notify(EVENT))


def test_an_object_that_can_be_called_admits() -> None:
    """An admission may be a function or an object with ``__call__``."""

    class Admit:
        def __call__(self, _admission: Admission, /) -> str | None:
            return None

    async def main() -> str | None:
        return await in_threads(Admit())(ADMISSION)

    assert asyncio.run(main()) is None


def test_calls_run_in_threads_of_the_port_with_the_context_of_the_caller() -> None:
    """The loop's own thread is never used; context variables are those of the caller."""
    watched = Watched()

    async def main() -> None:
        repository = in_threads(watched, threads=2)
        WHO.set("ada")
        await repository.get(Key("thing", "t", ("a",)))

    asyncio.run(main())
    ((thread, who),) = watched.calls
    assert thread.startswith("coachwork")
    assert who == "ada"


def test_more_calls_than_threads_wait_for_their_turn() -> None:
    """The loop goes on while all threads are busy, and every call is answered."""
    watched = Watched()
    watched.go_on.clear()

    async def main() -> list[Record | None]:
        repository = in_threads(watched, threads=2)
        calls = [asyncio.create_task(repository.get(Key("thing", "t", (n,)))) for n in range(5)]
        await under_way(watched, 2)
        assert len(watched.calls) == 2
        watched.go_on.set()
        return await asyncio.gather(*calls)

    assert asyncio.run(main()) == [None] * 5


def test_what_a_port_raises_reaches_the_caller() -> None:
    """An error comes out of the await as it was raised."""

    class Broken(Memory):
        def get(self, _key: Key, /) -> Record | None:
            raise StoreUnavailableError("it is away")

    with pytest.raises(StoreUnavailableError, match="it is away"):
        asyncio.run(in_threads(Broken()).get(Key("thing", "t", ("a",))))


def test_a_stop_iteration_leaves_nobody_waiting() -> None:
    """No future takes one: it becomes an error that can be told."""

    class Empty(Memory):
        def get(self, _key: Key, /) -> Record | None:
            return next(iter(()))

    async def main() -> None:
        repository: Any = in_threads(Empty())
        with pytest.raises(RuntimeError, match="StopIteration"):
            await asyncio.wait_for(repository.get(Key("thing", "t", ("a",))), timeout=10)

    asyncio.run(main())


def test_a_cancelled_call_goes_on_to_its_end() -> None:
    """Cancelling the task gives up waiting; the call in its thread is done all the same."""
    watched = Watched()
    watched.go_on.clear()

    async def main() -> None:
        repository: Any = in_threads(watched)
        call = asyncio.create_task(repository.get(Key("thing", "t", ("a",))))
        await under_way(watched, 1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert watched.ended == []
        watched.go_on.set()
        await repository.close()

    asyncio.run(main())
    assert watched.ended == ["get", "close"]


class Gate(Memory):
    """A repository whose commits can be made to wait, and then to fail."""

    def __init__(self) -> None:
        """Wait for nothing yet."""
        super().__init__()
        self.go_on = threading.Event()
        self.go_on.set()
        self.begun = 0
        self.ended = 0
        self.error: Exception | None = None

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Wait, and write."""
        self.begun += 1
        self.go_on.wait(10)
        self.ended += 1
        if self.error is not None:
            raise self.error
        return super().commit(ops)

    async def cancelled_in(self, what: Coroutine[Any, Any, object], *, times: int = 1) -> None:
        """Cancel *what* while its next commit is under way, and let that go on then."""
        begun, ended = self.begun, self.ended
        self.go_on.clear()
        task = asyncio.create_task(what)
        for _ in range(5000):
            if self.begun > begun:
                break
            await asyncio.sleep(0.001)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0.01)
        assert (task.done(), self.ended) == (times > 1, ended)
        self.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("error", [None, StoreUnavailableError()], ids=["done", "failed"])
def test_a_cancelled_commit_is_waited_for(error: Exception | None) -> None:
    """Who is cancelled learns it when the commit is over, however it ended; no task is left."""
    gate = Gate()
    gate.error = error
    complaints: list[object] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))
        repository: Any = in_threads(gate)
        await gate.cancelled_in(repository.commit([Insert(thing("t", "a"))]))
        assert (gate.ended, gate.get(thing("t", "a").key) is None) == (1, error is not None)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await repository.close()

    asyncio.run(main())
    gc.collect()
    assert complaints == []


def test_who_is_cancelled_twice_waits_no_longer() -> None:
    """The commit goes on in its thread to its end all the same."""
    gate = Gate()

    async def main() -> None:
        repository: Any = in_threads(gate)
        await gate.cancelled_in(repository.commit([Insert(thing("t", "a"))]), times=2)
        await repository.close()

    asyncio.run(main())
    assert gate.get(thing("t", "a").key) is not None


class Endless:
    """A model that never answers."""

    async def complete(self, _ask: Ask, /) -> Answer:
        """Think for ever."""
        await asyncio.sleep(60)
        raise AssertionError


@pytest.mark.parametrize("how", ["send", "process", "take over"])
def test_who_is_cancelled_while_taking_a_lease_gives_it_up(how: str) -> None:
    """The commit that takes it is done in its thread: what was taken there is given back."""
    gate = Gate()
    topic = Topic(id="x", system="Help.")

    async def main() -> None:
        async with AsyncCoach(in_threads(gate), Endless(), topics=[topic]) as coach:
            chat = await coach.as_user("ada").start(topic)
            if how == "send":
                await gate.cancelled_in(chat.send("Hello.", key="k"))
            else:
                job = await chat.submit("Hello.", key="k")
                ref = JobRef("default", job.id, JobKind.REPLY)
                taking = coach.process(ref) if how == "process" else chat.send("Hello.", key="k")
                await gate.cancelled_in(taking)
            waiting = await chat.pending_job()
            assert waiting is not None
            assert (waiting.status, waiting.attempts) == (JobStatus.PENDING, 1)

    asyncio.run(main())


def test_closing_waits_for_the_calls_under_way() -> None:
    """The port is closed after the last call, once; the loop is not blocked meanwhile."""
    watched = Watched()
    watched.go_on.clear()

    async def main() -> None:
        repository: Any = in_threads(watched)
        call = asyncio.create_task(repository.get(Key("thing", "t", ("a",))))
        await under_way(watched, 1)
        closing = asyncio.create_task(repository.close())
        await asyncio.sleep(0.01)
        assert not closing.done()
        watched.go_on.set()
        await closing
        await repository.close()
        assert await call is None
        with pytest.raises(StoreUnavailableError, match="it is closed"):
            await repository.get(Key("thing", "t", ("a",)))

    asyncio.run(main())
    assert watched.ended == ["get", "close"]


def test_a_port_that_cannot_be_closed_is_left_alone() -> None:
    """Without a `close` of its own only the threads end; who calls then is told."""

    async def main() -> None:
        model: Any = in_threads(ScriptedModel(["Hello."]))
        await model.close()
        with pytest.raises(MisuseError, match="this port is closed"):
            await model.complete(ASK)

    asyncio.run(main())


class Async:
    """A language model that is async already."""

    async def complete(self, ask: Ask, /) -> None:
        """Answer nothing."""


@pytest.mark.parametrize(
    "port", [None, 5, "text", object(), Async(), Async().complete, Memory, asyncio.sleep], ids=told
)
def test_what_is_no_blocking_port_is_refused(port: object) -> None:
    """Nothing, something else, what is async already, and a class instead of a port."""
    with pytest.raises(MisuseError, match="in_threads wants a"):
        in_threads(cast("Any", port))


@pytest.mark.parametrize("threads", [0, -1, True, 1.5, "2", None, 1001])
def test_there_must_be_threads(threads: object) -> None:
    """At least one, and not any number."""
    with pytest.raises(ValidationError) as caught:
        in_threads(Memory(), threads=cast("Any", threads))
    assert caught.value.field == "threads"


def test_messages_are_summarized_in_a_thread() -> None:
    """What is handed over arrives as it is."""
    seen: list[Sequence[Message]] = []

    class Keeps:
        def summarize(self, previous: str | None, messages: Sequence[Message], /) -> str:
            seen.append(messages)
            return f"{previous}"

    assert asyncio.run(in_threads(Keeps()).summarize(None, ())) == "None"
    assert seen == [()]
