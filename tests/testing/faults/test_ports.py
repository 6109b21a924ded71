"""Every port goes wrong as planned, in each of its forms, and is otherwise the one behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from datetime import timedelta
from inspect import isawaitable
from typing import Any, Final

import pytest

from coachwork import LLMError, LLMTimeoutError, in_threads
from coachwork.adapters import (
    BuiltinRenderer,
    ExtractiveSummarizer,
    ScriptedAgents,
    ScriptedModel,
    SystemClock,
    TimeOrderedIds,
    TopicTemplates,
)
from coachwork.events import Event
from coachwork.jobs import JobKind, JobRef
from coachwork.messages import Message
from coachwork.ports import Admission, AgentAsk, Answer, Ask, Partial
from coachwork.testing import (
    NOON,
    CountedIds,
    FakeClock,
    RecordingDispatcher,
    RecordingNotifier,
    check_clock,
    check_ids,
    check_renderer,
    check_summarizer,
)
from coachwork.testing.conformance._samples import event
from coachwork.testing.faults import POSSIBLE, CrashError, Fault, FaultPlan, Faults, InjectedError
from coachwork.topics import TemplateName, Topic

ASK: Final = Ask(
    messages=(),
    schema={},
    purpose=JobKind.REPLY,
    model=None,
    timeout=1,
    session="s",
    job="j",
    turn=1,
)
AGENT_ASK: Final = AgentAsk(
    agent="market",
    program="plan",
    prompt="Look.",
    schema={},
    model=None,
    timeout=1,
    session="s",
    run=1,
)
REF: Final = JobRef("acme", "j", JobKind.GREETING)
EVENT: Final = event("s", 1)
ADMISSION: Final = Admission(command="send", tenant="acme", user="ada", topic="t", session="s")
PARTIAL: Final = Partial(
    tenant="acme", user="ada", session="s", job="j", attempt=1, sequence=1, text="Go"
)
TOPIC: Final = Topic(id="t", system="Listen to {name}.")


async def admits(_: Admission, /) -> str | None:
    """Admit everybody, with another text."""
    return "Another."


class Bench:
    """All ports, made faulty, and what reached those behind them."""

    def __init__(self, plan: FaultPlan, *, awaited: bool) -> None:
        """Put them together."""
        self.reached: list[object] = []
        self.waited: list[float] = []
        self.faults = Faults(plan, sleep=self.waited.append)
        model = ScriptedModel(self._said)
        self.notifier, self.dispatcher = RecordingNotifier(), RecordingDispatcher()
        templates, summarizer = TopicTemplates({"t": TOPIC}), ExtractiveSummarizer()
        faults = self.faults
        self.clock = faults.clock(FakeClock())
        self.ids = faults.ids(CountedIds())
        self.renderer = faults.renderer(BuiltinRenderer())
        self.sink = faults.sink(self.reached.append)
        self.model: Any = faults.model(model.for_async() if awaited else model)
        self.notify: Any = faults.notifier(self.notifier.for_async() if awaited else self.notifier)
        self.dispatch: Any = faults.dispatcher(
            self.dispatcher.for_async() if awaited else self.dispatcher
        )
        agents = ScriptedAgents(self._found)
        self.agents: Any = faults.sub_agents(agents.for_async() if awaited else agents)
        self.templates: Any = faults.templates(templates.for_async() if awaited else templates)
        self.summarizer: Any = faults.summarizer(summarizer.for_async() if awaited else summarizer)
        self.admit: Any = faults.admit(admits) if awaited else faults.admit(self._admit)

    def _said(self, ask: Ask) -> str:
        self.reached.append(ask)
        return "Go on."

    def _found(self, ask: AgentAsk) -> str:
        self.reached.append(ask)
        return "Found."

    def _admit(self, admission: Admission) -> str | None:
        self.reached.append(admission)
        return "Another."

    def call(self, method: str) -> object:
        """Call one method, and await what is to be awaited."""
        answer = CALLS[method](self)
        return asyncio.run(_await(answer)) if isawaitable(answer) else answer


async def _await(answer: Awaitable[Any]) -> object:
    return await answer


CALLS: Final[dict[str, Callable[[Bench], object]]] = {
    "model.complete": lambda bench: bench.model.complete(ASK),
    "clock.now": lambda bench: bench.clock.now(),
    "ids.new_id": lambda bench: bench.ids.new_id(),
    "templates.template": lambda bench: bench.templates.template("t", TemplateName.SYSTEM),
    "renderer.names": lambda bench: bench.renderer.names("Listen to {name}."),
    "renderer.render": lambda bench: bench.renderer.render("Hi {name}.", {"name": "Ada"}),
    "summarizer.summarize": lambda bench: bench.summarizer.summarize("Before.", ()),
    "admit.admit": lambda bench: bench.admit(ADMISSION),
    "notifier.notify": lambda bench: bench.notify.notify(EVENT),
    "dispatcher.dispatch": lambda bench: bench.dispatch.dispatch(REF),
    "sub_agents.run": lambda bench: bench.agents.run(AGENT_ASK),
    "sink.tell": lambda bench: bench.sink(PARTIAL),
}
KINDS: Final = {
    "model.complete": ("reply",),
    "templates.template": ("system",),
    "admit.admit": ("send",),
    "notifier.notify": (EVENT.type.value,),
    "dispatcher.dispatch": ("greeting",),
    "sub_agents.run": ("market",),
}
ANSWERS: Final = {
    "model.complete": Answer(text="Go on."),
    "clock.now": NOON,
    "ids.new_id": "id-00001",
    "templates.template": "Listen to {name}.",
    "renderer.names": frozenset({"name"}),
    "renderer.render": "Hi Ada.",
    "admit.admit": "Another.",
    "notifier.notify": None,
    "dispatcher.dispatch": None,
    "sub_agents.run": Answer(text="Found."),
    "sink.tell": None,
}


@pytest.mark.parametrize("awaited", [False, True])
@pytest.mark.parametrize("method", CALLS)
def test_a_call_is_carried_out_and_counted(method: str, *, awaited: bool) -> None:
    """Where nothing goes wrong the answer is that of the port behind."""
    bench = Bench(FaultPlan.at(2, Fault.CRASH_BEFORE), awaited=awaited)
    answer = bench.call(method)
    if method != "summarizer.summarize":
        assert answer == ANSWERS[method]
    else:
        assert isinstance(answer, str)
    with pytest.raises(CrashError):
        bench.call(method)
    (one,) = bench.faults.injected
    assert f"{one.call.port}.{one.call.method}" == method
    assert one.call.kinds == KINDS.get(method, ())


@pytest.mark.parametrize("awaited", [False, True])
@pytest.mark.parametrize("method", CALLS)
def test_each_port_fails_in_its_own_way(method: str, *, awaited: bool) -> None:
    """A model with the errors of a model, agents too, the others with one that is told apart."""
    as_a_model = method in {"model.complete", "sub_agents.run"}
    failed = LLMError if as_a_model else InjectedError
    lost = LLMTimeoutError if as_a_model else TimeoutError
    port, _, word = method.partition(".")
    for fault, error in (
        (Fault.FAIL_BEFORE, failed),
        (Fault.FAIL_AFTER, failed),
        (Fault.LOST_DONE, lost),
        (Fault.LOST_NOT_DONE, lost),
    ):
        if fault in POSSIBLE[port][word]:
            bench = Bench(FaultPlan.at(1, fault), awaited=awaited)
            with pytest.raises(error) as told:
                bench.call(method)
            assert type(told.value) is error
            if not as_a_model:
                assert str(told.value).startswith(f"{method}: ")


def test_what_is_done_twice_reaches_the_port_twice() -> None:
    """In both colours: an event, a job, a question, a piece of a message."""
    for awaited in (False, True):
        bench = Bench(FaultPlan.each(Fault.DUPLICATE), awaited=awaited)
        for method in (
            "notifier.notify",
            "dispatcher.dispatch",
            "model.complete",
            "sub_agents.run",
            "sink.tell",
        ):
            bench.call(method)
        assert bench.notifier.events == [EVENT, EVENT]
        assert bench.dispatcher.refs == [REF, REF]
        assert bench.reached == [ASK, ASK, AGENT_ASK, AGENT_ASK, PARTIAL, PARTIAL]


def test_a_delay_waits_and_then_calls() -> None:
    """By the sleep that was given, in both colours."""
    for awaited in (False, True):
        plan = FaultPlan.each(Fault.DELAY, port="model", seconds=2.5)
        bench = Bench(plan, awaited=awaited)
        assert bench.call("model.complete") == Answer(text="Go on.")
        assert bench.waited == [2.5]


def test_a_clock_stays_as_wrong_as_it_went() -> None:
    """Forward, and back again, each from the call on."""
    plan = FaultPlan.at(2, Fault.CLOCK_FORWARD, seconds=100)
    plan += FaultPlan.at(4, Fault.CLOCK_BACK, seconds=30)
    bench = Bench(plan, awaited=False)
    shown = [bench.clock.now() - NOON for _ in range(5)]
    assert shown == [timedelta(seconds=seconds) for seconds in (0, 100, 100, 70, 70)]
    assert len(bench.faults.injected) == 2


def test_ports_of_one_form_keep_their_promises() -> None:
    """Where nothing goes wrong."""
    faults = Faults(FaultPlan())
    check_clock(lambda: nullcontext(faults.clock(SystemClock())))
    check_ids(lambda: nullcontext(faults.ids(TimeOrderedIds())))
    check_renderer(lambda: nullcontext(faults.renderer(BuiltinRenderer())))
    check_summarizer(lambda: nullcontext(faults.summarizer(ExtractiveSummarizer())))


def test_a_blocking_port_keeps_its_async_form() -> None:
    """An async coach takes it from there."""
    faults = Faults(FaultPlan.at(2, Fault.FAIL_BEFORE, port="model"))
    model = faults.model(ScriptedModel(["One.", "Two."]))
    assert model.complete(ASK) == Answer(text="One.")
    with pytest.raises(LLMError):
        asyncio.run(model.for_async().complete(ASK))
    assert asyncio.run(model.for_async().complete(ASK)) == Answer(text="Two.")


class Closable:
    """A summarizer that counts how often it was closed."""

    closed = 0

    def summarize(self, previous: str | None, messages: Sequence[Message], /) -> str:
        """Say nothing new."""
        return f"{previous}{len(messages)}"

    def close(self) -> None:
        """Count it."""
        self.closed += 1


def test_closing_it_closes_the_port() -> None:
    """In both colours."""
    port = Closable()
    faults = Faults(FaultPlan())
    faults.summarizer(port).close()
    asyncio.run(faults.summarizer(in_threads(port)).close())
    assert port.closed == 2
    assert isinstance(EVENT, Event)
