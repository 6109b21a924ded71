"""What is promised of those who answer in the name of the sub-agents of programs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from copy import deepcopy
from time import monotonic
from typing import Final, TypeAlias, TypeVar

from attrs import frozen

from coachwork.effects import Effect, Workflow
from coachwork.errors import LLMTimeoutError, MisuseError, ModelError
from coachwork.messages import Usage
from coachwork.plain import JSON
from coachwork.ports import (
    FINISHES,
    AgentAsk,
    Answer,
    AsyncPorts,
    AsyncSubAgents,
    Ports,
    SubAgents,
)
from coachwork.replies import BadReply, parse_result, result_schema
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._draft import draft
from coachwork.testing.conformance._expecting import PromiseBrokenError, expect
from coachwork.testing.conformance._promise import DEADLINE, Port, Suite, Terms, Trial
from coachwork.testing.conformance._report import Report
from coachwork.testing.conformance._running import check, check_async
from coachwork.testing.conformance._samples import ODD, is_text
from coachwork.testing.conformance._together import AtOnce
from coachwork.testing.conformance._words import in_words
from coachwork.testing.conformance.model import Provoke

T = TypeVar("T")

SubAgentsMake: TypeAlias = Callable[
    [],
    AbstractContextManager[SubAgents]
    | AbstractContextManager[AsyncSubAgents]
    | AbstractAsyncContextManager[AsyncSubAgents],
]
"""Makes sub-agents of either colour: see `coachwork.testing.conformance.Make`."""

RUN: Final = "coachwork.ports.SubAgents.run"
ASK: Final = "coachwork.ports.AgentAsk"
ANSWER: Final = "coachwork.ports.Answer"
RACERS: Final = 8
PATIENCE: Final = 30.0
"""Seconds that a good agent has to answer."""
TIMEOUT: Final = 0.3
"""Seconds that an agent has who says nothing."""
LATE: Final = 5.0
"""Seconds that it may take longer on a busy machine."""

PROMPT: Final = "Name what a small restaurant needs to watch, in a list of a few words."


@frozen
class Values:
    """What an agent may be asked for."""

    values: list[str]


@frozen
class _Provoked:
    """How who answers can be provoked, as far as an application can."""

    refuses: Provoke | None
    hangs: Provoke | None

    @property
    def lacks(self) -> set[Capability]:
        """What is not checked, because it cannot be provoked."""
        found = {Capability.REFUSALS: self.refuses, Capability.SILENCE: self.hangs}
        return {capability for capability, provoke in found.items() if provoke is None}


def _during(provoke: Provoke | None) -> AbstractContextManager[object]:
    """Provoke it for as long as the block lasts; what is lacking is never checked."""
    return nullcontext() if provoke is None else provoke()


@frozen
class Run(Effect[Answer]):
    """What does the agent answer, as it answers it?"""

    ask: AgentAsk

    def perform(self, ports: Ports | AsyncPorts, /) -> Answer | Awaitable[Answer]:
        """Ask the agent; nobody but the adapter keeps the time."""
        if isinstance(ports, AsyncPorts):
            return _given(ports.sub_agents).run(self.ask)
        return _given(ports.sub_agents).run(self.ask)


@frozen
class Try(Effect[Answer | Exception]):
    """What comes of it: an answer, or an error?"""

    ask: AgentAsk

    def perform(
        self, ports: Ports | AsyncPorts, /
    ) -> Answer | Exception | Awaitable[Answer | Exception]:
        """Ask the agent, and let nothing be raised."""
        if isinstance(ports, AsyncPorts):
            return self._tried(_given(ports.sub_agents))
        try:
            return _given(ports.sub_agents).run(self.ask)
        except Exception as error:  # noqa: BLE001 - it is what was asked for
            return error

    async def _tried(self, agents: AsyncSubAgents) -> Answer | Exception:
        try:
            return await agents.run(self.ask)
        except Exception as error:  # noqa: BLE001 - as above
            return error


def _asking(
    trial: Trial,
    prompt: str = PROMPT,
    *,
    schema: dict[str, JSON] | None = None,
    timeout: float = PATIENCE,
) -> Run:
    """Return the question to an agent."""
    return Run(
        AgentAsk(
            agent="market",
            program="plan",
            prompt=prompt,
            schema=result_schema(Values) if schema is None else schema,
            model=None,
            timeout=timeout,
            session=f"{trial.tenant}-s",
            run=1,
        )
    )


def _answered(effect: Run) -> Workflow[object]:
    """Return what the agent answers, as something that may be anything."""
    return (yield from effect)


@draft("G01", why="Nothing that the agent finds is ever heard.", where=ANSWER)
def an_answer_has_text_or_data(_provoked: _Provoked, trial: Trial) -> Workflow[None]:
    """An answer is an Answer, and holds text, or data, where the agent came to its end."""
    effect = _asking(trial)
    found = yield from _answered(effect)
    if not isinstance(found, Answer) or (found.finish == "stop" and not _says_something(found)):
        raise PromiseBrokenError(in_words(effect), "an Answer with text or data", in_words(found))


def _says_something(answer: Answer) -> bool:
    return is_text(answer.text) or answer.data is not None


@draft("G02", why="A cut or a filtered answer is taken for a whole one.", where=ANSWER)
def why_it_stopped_is_one_of_four_words(_provoked: _Provoked, trial: Trial) -> Workflow[None]:
    """Why the agent stopped is told as ``stop``, ``length``, ``content_filter`` or ``error``."""
    effect = _asking(trial)
    found: object = getattr((yield from effect), "finish", "stop")
    if found not in FINISHES:
        raise PromiseBrokenError(
            in_words(effect), f"finish: {', '.join(FINISHES)}", in_words(found)
        )


@draft("G03", why="What agents cost is added up wrongly.", where=ANSWER)
def what_it_cost_is_counted(_provoked: _Provoked, trial: Trial) -> Workflow[None]:
    """What a run costs is told in whole numbers of tokens, none of them negative."""
    effect = _asking(trial)
    found: object = getattr((yield from effect), "usage", Usage())
    if not isinstance(found, Usage) or found != found.clamped():
        raise PromiseBrokenError(in_words(effect), "usage in numbers from 0", in_words(found))


@draft("G04", why="Each run is a failure, until no attempts are left.", where=RUN)
def an_answer_is_one_json_value(_provoked: _Provoked, trial: Trial) -> Workflow[None]:
    """A whole answer is one JSON value, as text, bare or in one fence, or as data."""
    effect = _asking(trial)
    found = yield from _answered(effect)
    if not isinstance(found, Answer) or found.finish != "stop" or not _says_something(found):
        return  # that is another promise
    if isinstance(parse_result(found.text, found.data, "stop"), BadReply):
        raise PromiseBrokenError(in_words(effect), "one JSON value", in_words(found))


@draft(
    "G05",
    why="The next run of the agent wants another answer: asks share what they are made of.",
    where=ASK,
)
def an_ask_is_left_as_it_is(_provoked: _Provoked, trial: Trial) -> Workflow[None]:
    """What it was asked with is not changed."""
    schema = result_schema(Values)
    before = deepcopy(schema)
    effect = _asking(trial, schema=schema)
    yield from effect
    expect(f"the schema of {in_words(effect)}", schema, before)


@draft("G06", why="One odd word in a plan, and its agents fail for ever.", where=ASK)
def any_prompt_is_taken(_provoked: _Provoked, trial: Trial) -> Workflow[None]:
    """Prompts of any script and length, and those that are hardly texts, are no error."""
    for text in ODD:
        yield from _asking(trial, text)


@draft("G07", why="Agents of one stage fail now and then.", where=f"{RUN}: several threads at once")
def several_may_run_at_once(_provoked: _Provoked, trial: Trial) -> Workflow[None]:
    """Several runs at the same time are all answered."""
    yield from AtOnce(tuple(_answered(_asking(trial)) for _ in range(RACERS)))


@draft(
    "G08",
    why="A failure is not told from a mistake in the program.",
    where=RUN,
    needs=Capability.REFUSALS,
)
def a_failure_is_a_model_error(provoked: _Provoked, trial: Trial) -> Workflow[None]:
    """Where it fails, an LLMError or an LLMTimeoutError is raised, and the next run is answered."""
    effect = _asking(trial)
    with _during(provoked.refuses):
        found = yield from Try(effect.ask)
    if not isinstance(found, ModelError):
        raise PromiseBrokenError(in_words(effect), "an LLMError is raised", in_words(found))
    yield from effect


@draft(
    "G09",
    why="A plan waits for an agent that nobody hears of, and a thread with it.",
    where=f"{ASK}: timeout",
    needs=Capability.SILENCE,
)
def a_run_ends_in_time(provoked: _Provoked, trial: Trial) -> Workflow[None]:
    """Where nobody answers, an LLMTimeoutError is raised when the time is over."""
    effect = _asking(trial, timeout=TIMEOUT)
    begun = monotonic()
    with _during(provoked.hangs):
        found = yield from Try(effect.ask)
    if not isinstance(found, LLMTimeoutError):
        raise PromiseBrokenError(in_words(effect), "an LLMTimeoutError is raised", in_words(found))
    took = monotonic() - begun
    if took > TIMEOUT + LATE:
        raise PromiseBrokenError(in_words(effect), f"{TIMEOUT} s", f"{took:.1f} s")


DRAFTS: Final = (
    an_answer_has_text_or_data,
    why_it_stopped_is_one_of_four_words,
    what_it_cost_is_counted,
    an_answer_is_one_json_value,
    an_ask_is_left_as_it_is,
    any_prompt_is_taken,
    several_may_run_at_once,
    a_failure_is_a_model_error,
    a_run_ends_in_time,
)


def sub_agents_suite(refuses: Provoke | None = None, hangs: Provoke | None = None) -> Suite:
    """Return all that is promised of sub-agents that can be provoked so."""
    provoked = _Provoked(refuses, hangs)
    port = Port(name="SubAgents", field="sub_agents", method="run")
    return Suite(port=port, promises=tuple(each.given(provoked) for each in DRAFTS))


def sub_agents_terms(
    refuses: Provoke | None, hangs: Provoke | None, deadline: float
) -> tuple[Suite, Terms]:
    """Return what is checked of sub-agents, and on which terms; see `check_sub_agents`."""
    suite = sub_agents_suite(refuses, hangs)
    return suite, Terms.of(suite, lacks=_Provoked(refuses, hangs).lacks, deadline=deadline)


def check_sub_agents(
    make: SubAgentsMake,
    *,
    refuses: Provoke | None = None,
    hangs: Provoke | None = None,
    deadline: float = DEADLINE,
) -> Report:
    """Check those who answer in the name of sub-agents, of either colour.

    Some twenty short runs are made, of an agent that is to answer an object with a list of texts
    under ``values``.

    Args:
        make: Makes the port: a function that returns a context manager of it.
        refuses: Makes it fail, for as long as the block of its context manager lasts.
        hangs: Makes nobody answer, for as long as the block of its context manager lasts.
        deadline: Seconds that each check may take.

    Returns:
        What was found, where all is well.

    Raises:
        ConformanceError: Some promise is not kept; it tells all that was found.
        ValidationError: An argument is not what it should be.
    """
    suite, terms = sub_agents_terms(refuses, hangs, deadline)
    return check(suite, make, terms)


async def check_async_sub_agents(
    make: SubAgentsMake,
    *,
    refuses: Provoke | None = None,
    hangs: Provoke | None = None,
    deadline: float = DEADLINE,
) -> Report:
    """Do what `check_sub_agents` does with an async port, in the running loop of asyncio.

    Raises:
        ConformanceError: See `check_sub_agents`.
        ValidationError: See `check_sub_agents`.
    """
    suite, terms = sub_agents_terms(refuses, hangs, deadline)
    return await check_async(suite, make, terms)


def _given(port: T | None) -> T:
    """Return the port that is checked.

    Raises:
        MisuseError: There is none.
    """
    if port is None:
        raise MisuseError("there are no sub-agents to check")
    return port


@in_words.register(Run)
def _(effect: Run) -> str:
    prompt = effect.ask.prompt
    told = "its prompt" if prompt == PROMPT else in_words(prompt)
    return f"run({effect.ask.agent}, {told}, {effect.ask.timeout} s)"
