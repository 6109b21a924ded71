"""The promises of sub-agents: ports that keep them, and some that break one each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from threading import Event, get_ident
from typing import Any, Final, cast

import pytest

from coachwork.adapters import ModelAgents, ScriptedAgents, ScriptedModel, in_threads
from coachwork.errors import LLMError, LLMTimeoutError, MisuseError
from coachwork.messages import Usage
from coachwork.plain import JSON
from coachwork.ports import AgentAsk, Answer, Ports, SubAgents
from coachwork.testing.conformance import Capability, ConformanceError, Report, Verdict
from coachwork.testing.conformance.sub_agents import (
    Run,
    check_async_sub_agents,
    check_sub_agents,
    sub_agents_suite,
)
from tests.specimens import AGENT_ASK
from tests.verdicts import broken, unchecked

DATA: Final[JSON] = {"values": ["rent"]}
GOOD: Final = Answer(data=DATA)


class Service:
    """What answers behind an adapter: it can be made to refuse, and to say nothing."""

    def __init__(self) -> None:
        """Be well."""
        self.is_refusing = self.is_hanging = False

    @contextmanager
    def refuse(self) -> Generator[None]:
        """Refuse everything meanwhile."""
        self.is_refusing = True
        yield
        self.is_refusing = False

    @contextmanager
    def hang(self) -> Generator[None]:
        """Say nothing meanwhile."""
        self.is_hanging = True
        yield
        self.is_hanging = False


class Mine:
    """An adapter that keeps its promises, but for what a function makes of the answer."""

    def __init__(self, service: Service, make: Callable[[AgentAsk], object]) -> None:
        """Stand before the service."""
        self.service = service
        self._make = make

    def run(self, ask: AgentAsk, /) -> Answer:
        """See `coachwork.ports.SubAgents.run`."""
        if self.service.is_refusing:
            self.refused()
        if self.service.is_hanging:
            self.hung(ask)
        return cast("Answer", self._make(ask))

    def refused(self) -> None:
        """Tell it."""
        raise LLMError("it refused")

    def hung(self, ask: AgentAsk) -> None:
        """Wait for as long as may be, and tell it."""
        Event().wait(ask.timeout)
        raise LLMTimeoutError


class Raw(Mine):
    """An adapter that raises what its client raises."""

    def refused(self) -> None:
        """Tell it in other words."""
        raise OSError("500")


class Patient(Mine):
    """An adapter that takes a service that says nothing for one that has failed."""

    def hung(self, ask: AgentAsk) -> None:
        """Wait for as long as may be, and tell something else."""
        Event().wait(ask.timeout)
        raise LLMError("nothing came")


class OfItsThread(Mine):
    """An adapter that works in the thread that made it only."""

    def __init__(self, service: Service, make: Callable[[AgentAsk], object]) -> None:
        """Remember the thread."""
        super().__init__(service, make)
        self._thread = get_ident()

    def run(self, ask: AgentAsk, /) -> Answer:
        """Look where it is called."""
        if get_ident() != self._thread:
            raise RuntimeError("made in another thread")
        return super().run(ask)


def changing(ask: AgentAsk) -> Answer:
    """Write into what it was asked with."""
    cast("dict[str, JSON]", ask.schema)["strict"] = True
    return GOOD


def latin(ask: AgentAsk) -> Answer:
    """Send it in bytes, which not every text can be."""
    ask.prompt.encode()
    return GOOD


Made = Callable[[Service], Mine]


def saying(answer: object) -> Made:
    """Return what makes an adapter that always gives that answer."""
    return lambda service: Mine(service, lambda _: answer)


MUTANTS: Final[Mapping[str, tuple[str, Made]]] = {
    "gives a text": ("G01", saying("text")),
    "says nothing": ("G01", saying(Answer())),
    "stops for a reason of its own": ("G02", saying(Answer(data=DATA, finish="tool_calls"))),
    "counts from minus one": ("G03", saying(Answer(data=DATA, usage=Usage(-1, 0, 0)))),
    "talks": ("G04", saying(Answer(text="You need to watch the rent."))),
    "writes into the schema": ("G05", lambda service: Mine(service, changing)),
    "cannot send some texts": ("G06", lambda service: Mine(service, latin)),
    "works in its own thread only": ("G07", lambda service: OfItsThread(service, lambda _: GOOD)),
    "raises what its client raises": ("G08", lambda service: Raw(service, lambda _: GOOD)),
    "takes silence for a failure": ("G09", lambda service: Patient(service, lambda _: GOOD)),
}
"""What is wrong with each, and which promise tells it."""


def checked(make: Made) -> Report:
    """Check an adapter whose service can be provoked."""
    service = Service()
    return check_sub_agents(
        lambda: nullcontext(make(service)), refuses=service.refuse, hangs=service.hang
    )


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_port_is_found_by_its_promise(name: str) -> None:
    """By that one and by no other."""
    number, make = MUTANTS[name]
    assert broken(lambda: checked(make)) == [number]


def test_every_promise_is_broken_by_some_mutant() -> None:
    """No check passes whatever the port does."""
    numbers = [promise.number for promise in sub_agents_suite().promises]
    assert sorted({number for number, _ in MUTANTS.values()}) == numbers


def test_one_that_keeps_them_is_well() -> None:
    """Where all of it can be seen, nothing is left unchecked."""
    report = checked(saying(GOOD))
    assert {outcome.verdict for outcome in report.outcomes} == {Verdict.KEPT}
    early = saying(Answer(text='{"values": [', finish="length"))
    assert broken(lambda: checked(early)) == []


def test_those_that_ship_keep_them() -> None:
    """In both colours, in a loop of the kit's own and in a running one, and in threads."""
    scripted = ScriptedAgents(lambda _: DATA)
    model = ModelAgents(ScriptedModel(lambda _: '```json\n{"values": ["rent"]}\n```'))
    ports: list[Any] = [
        scripted,
        scripted.for_async(),
        in_threads(cast("SubAgents", scripted), threads=8),
        model,
        model.for_async(),
    ]
    for port in ports:
        make: Any = partial(nullcontext, port)
        report = check_sub_agents(make)
        assert unchecked(partial(_same, report)) == ["G08", "G09"]
    report = asyncio.run(check_async_sub_agents(lambda: nullcontext(scripted.for_async())))
    lacking = {o.promise.needs for o in report.outcomes if o.verdict is Verdict.LACKING}
    assert lacking == {Capability.REFUSALS, Capability.SILENCE}


def _same(report: Report) -> Report:
    return report


def test_an_async_one_is_provoked_too() -> None:
    """What it raises is looked at as with a blocking one."""
    service = Service()

    class Waiting:
        async def run(self, ask: AgentAsk, /) -> Answer:
            if service.is_refusing:
                raise LLMError("it refused")
            if service.is_hanging:
                await asyncio.sleep(ask.timeout)
                raise LLMTimeoutError
            return GOOD

    report = check_sub_agents(
        lambda: nullcontext(Waiting()), refuses=service.refuse, hangs=service.hang
    )
    assert {outcome.verdict for outcome in report.outcomes} == {Verdict.KEPT}


def test_a_run_that_takes_much_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Although it ends with the right error."""
    monkeypatch.setattr("coachwork.testing.conformance.sub_agents.LATE", -1.0)
    assert broken(lambda: checked(saying(GOOD))) == ["G09"]


def test_what_is_wrong_is_told() -> None:
    """What was asked, what was expected, and what came."""
    with pytest.raises(ConformanceError) as error:
        checked(saying(Answer(text="Watch the rent.")))
    told = "run(market, its prompt, 30.0 s)\n    expected: one JSON value"
    assert told in str(error.value)
    with pytest.raises(ConformanceError) as error:
        checked(lambda service: Raw(service, latin))
    assert "run(market, '\\ud800 half a character', 30.0 s)" in str(error.value)


def test_there_must_be_a_port() -> None:
    """Else it is the application's mistake."""
    ports = cast("Ports", type("Bare", (), {"sub_agents": None})())
    with pytest.raises(MisuseError, match="no sub-agents"):
        Run(AGENT_ASK).perform(ports)
