"""The only two places where the world is touched.

Both drivers are the same loop over a workflow of `coachwork.effects`; one says ``await``. What a
port raises is thrown into the workflow at the line that asked, so a workflow may handle it, and
tracebacks show where it was asked. Task cancellation and Ctrl-C arrive there too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from inspect import isawaitable
from time import perf_counter
from types import CoroutineType
from typing import Final, TypeAlias, TypeVar

from attrs import frozen

from coachwork.effects import AskModel, Effect, RunAgent, Workflow
from coachwork.errors import CoachworkError, MisuseError
from coachwork.messages import Usage
from coachwork.ports import Answer, AsyncPorts, Partial, Ports, Sink

R = TypeVar("R")

MOST_FAILED: Final = 1000
"""Of how many calls of the model at once it is known that their sink has failed."""


@frozen(kw_only=True)
class Observation:
    """One effect and its outcome: words and figures only, no text of anybody.

    Attributes:
        effect: The effect's name, such as ``AskModel`` or ``Commit``.
        subject: What it is about: a kind of record, a purpose, a number.
        ids: The ids it concerns: ``tenant``, ``session``, ``job``, as far as it knows them.
        seconds: How long it took.
        usage: The tokens that a call of the model used, as the provider tells them, else None.
        error: None when it was answered, else the error's code, or the exception type's name.
    """

    effect: str
    subject: str
    ids: Mapping[str, str]
    seconds: float
    usage: Usage | None
    error: str | None


Observer: TypeAlias = Callable[[Observation], None]
"""Told of every effect; what it raises is logged and goes no further."""


def run(workflow: Workflow[R], ports: Ports, observers: Sequence[Observer] = ()) -> R:
    """Drive *workflow* to its end against blocking *ports*.

    Raises:
        MisuseError: A port answered with something to be awaited.
    """
    try:
        effect = next(workflow)
        while True:
            began = perf_counter()
            try:
                answer = effect.perform(ports)
                if isawaitable(answer):
                    _refuse(effect, answer)
            except BaseException as failure:  # noqa: BLE001 - thrown in where it was asked
                _tell(observers, effect, began, None, failure)
                effect = workflow.throw(failure)
            else:
                _tell(observers, effect, began, answer, None)
                effect = workflow.send(answer)
    except StopIteration as stop:
        result: R = stop.value
        return result


async def run_async(
    workflow: Workflow[R], ports: AsyncPorts, observers: Sequence[Observer] = ()
) -> R:
    """Drive *workflow* to its end against *ports* that are awaited."""
    try:
        effect = next(workflow)
        while True:
            began = perf_counter()
            try:
                answer = effect.perform(ports)
                if isawaitable(answer):
                    if isinstance(effect, AskModel | RunAgent):
                        answer = _in_time(answer, effect.ask.timeout)
                    answer = await answer
            except BaseException as failure:  # noqa: BLE001 - thrown in where it was asked
                _tell(observers, effect, began, None, failure)
                effect = workflow.throw(failure)
            else:
                _tell(observers, effect, began, answer, None)
                effect = workflow.send(answer)
    except StopIteration as stop:
        result: R = stop.value
        return result


async def _in_time(answer: Awaitable[R], seconds: float) -> R:
    """Wait for *answer* for so long, then cancel it.

    Elsewhere than on asyncio the port's own deadline has to do.

    Raises:
        TimeoutError: The time is over.
    """
    import asyncio  # noqa: PLC0415 - only who awaits needs it

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return await answer
    async with asyncio.timeout(seconds):
        return await answer


def quiet(sink: Sink) -> Sink:
    """Return *sink* such that what it raises is logged and goes no further.

    Only the exception's type is told, for its text may hold what was said, and once a call.
    """
    failed: set[tuple[str, str, int]] = set()

    def tell(partial: Partial) -> None:
        try:
            sink(partial)
        except Exception as error:  # noqa: BLE001 - it is the application's
            call = (partial.tenant, partial.job, partial.attempt)
            if call not in failed:
                import logging  # noqa: PLC0415 - as below

                told = type(error).__name__
                logging.getLogger("coachwork").warning("a sink failed: %s", told)
            if len(failed) >= MOST_FAILED:
                failed.clear()
            failed.add(call)

    return tell


def _refuse(effect: Effect[object], answer: object) -> None:
    """Refuse the answer of an async port behind the blocking driver; nobody would await it.

    Raises:
        MisuseError: Always.
    """
    if isinstance(answer, CoroutineType):
        answer.close()
    raise MisuseError(f"an async port answered {type(effect).__name__}: use AsyncCoach for it")


def _tell(
    observers: Sequence[Observer],
    effect: Effect[object],
    began: float,
    answer: object,
    failure: BaseException | None,
) -> None:
    """Tell all *observers* what became of *effect*: its *answer* or its *failure*."""
    if not observers:
        return
    error = None
    if failure is not None:
        known = failure if isinstance(failure, CoachworkError) else None
        error = known.code if known else type(failure).__name__
    seen = Observation(
        effect=type(effect).__name__,
        subject=effect.subject,
        ids=effect.ids,
        seconds=perf_counter() - began,
        usage=answer.usage if isinstance(answer, Answer) else None,
        error=error,
    )
    for observer in observers:
        try:
            observer(seen)
        except Exception:
            import logging  # noqa: PLC0415 - nothing else here writes a log

            logging.getLogger("coachwork").exception("an observer failed")
