"""The third driver: it plays a workflow against a script of answers, and touches nothing.

The two that touch the world stand in `coachwork.drivers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Generic, TypeVar, cast

from attrs import frozen

from coachwork.effects import Effect, NewId, Workflow
from coachwork.errors import MisuseError
from coachwork.testing._difference import differences, shown

R = TypeVar("R")
T = TypeVar("T")


@frozen
class Step:
    """One step of a script: what is answered, and the effect to which.

    Attributes:
        expected: The effect, or its class where any of that class will do; None: whatever comes.
        answer: The answer; an exception is thrown in, as if the port had raised it.
    """

    expected: Effect[object] | type[Effect[object]] | None
    answer: object


@frozen
class Expected(Generic[T]):
    """An effect that a script expects; say what comes back.

    Attributes:
        effect: The effect, or its class where any of that class will do.
    """

    effect: Effect[T] | type[Effect[T]]

    def answers(self, answer: T) -> Step:
        """Return the step that answers it; a checker knows which answers it can have."""
        return Step(self.effect, answer)

    def raises(self, error: BaseException) -> Step:
        """Return the step that throws *error* in where it is asked for."""
        return Step(self.effect, error)


def expects(effect: Effect[T] | type[Effect[T]]) -> Expected[T]:
    """Expect *effect* at a step of a script, or any effect of that class.

    Write ``expects(Now()).answers(noon)`` or ``expects(Commit).raises(OutcomeUnknownError())``.
    """
    return Expected(effect)


@frozen
class Rehearsal(Generic[R]):
    """What came of a rehearsal.

    Attributes:
        asked: The effects that the workflow asked for, in order.
        result: What it answered.
    """

    asked: tuple[Effect[object], ...]
    result: R


def rehearse(workflow: Workflow[R], *script: object) -> Rehearsal[R]:
    """Play *workflow* to its end, answering its effects by the script.

    Args:
        workflow: A workflow that has not begun.
        script: One step for each effect, in order: what `expects` makes, or just the answer,
            where it is of no account what was asked. An exception is thrown in where the effect
            was asked for, as if its port had raised it.

    Returns:
        The effects that came, and the workflow's own answer.

    Raises:
        AssertionError: Another effect came than the script expects, or one more; or the workflow
            is over and something of the script is left. It tells all steps so far, and where the
            effect differs, without texts of anybody.
        MisuseError: A step expects an effect, but has no answer.
        BaseException: What the workflow raises when the script is just over.
    """
    steps = [_step(number, written) for number, written in enumerate(script, 1)]
    asked: list[Effect[object]] = []
    try:
        effect = next(workflow)
        for step in steps:
            asked.append(effect)
            if not _fits(step.expected, effect):
                break
            if isinstance(step.answer, BaseException):
                effect = workflow.throw(step.answer)
            else:
                effect = workflow.send(step.answer)
        else:
            asked.append(effect)
    except StopIteration as stop:
        result: R = stop.value
        _nothing_left(asked, steps, "answered")
        return Rehearsal(tuple(asked), result)
    except BaseException as error:
        _nothing_left(asked, steps, f"raised {type(error).__name__}", error)
        raise
    with suppress(RuntimeError):  # one that asks on while it is closed is told of all the same
        workflow.close()
    raise _refusal(asked, steps)


def _step(number: int, written: object) -> Step:
    """Return what is *written* in a script as a step.

    Raises:
        MisuseError: It has no answer.
    """
    if isinstance(written, Expected):
        raise MisuseError(f"step {number} of the script has no answer: add .answers(...)")
    return written if isinstance(written, Step) else Step(None, written)


def _fits(expected: Effect[object] | type[Effect[object]] | None, came: Effect[object]) -> bool:
    """Whether *came* is the effect that is expected."""
    if isinstance(expected, type):
        return isinstance(came, expected)
    return expected is None or expected == came


# --- telling what went wrong -----------------------------------------------------------------


def _refusal(asked: Sequence[Effect[object]], steps: Sequence[Step]) -> AssertionError:
    """Return what is to be told where the last of the effects is not what the script says."""
    number, came = len(asked), asked[-1]
    lines = _played(asked[:-1], steps)
    if number > len(steps):
        headline = f"the script is over, but the workflow asks on: step {number}"
        lines.append(f"{number:3}. {shown(came)}")
    else:
        expected = steps[number - 1].expected
        headline = f"step {number} of the rehearsal is another than expected"
        lines += [f"{number:3}. expected {_wish(expected)}", f"     came     {shown(came)}"]
        if type(expected) is type(came):
            lines += [f"     {told}" for told in differences(expected, came)]
    return AssertionError("\n".join([headline, *lines]))


def _nothing_left(
    asked: Sequence[Effect[object]],
    steps: Sequence[Step],
    what: str,
    cause: BaseException | None = None,
) -> None:
    """Make sure that the whole script was played.

    Raises:
        AssertionError: Something of it is left.
    """
    if len(asked) < len(steps):
        left = [
            f"{number:3}. left: {_wish(step.expected)} -> {_answer(None, step.answer)}"
            for number, step in enumerate(steps, 1)
            if number > len(asked)
        ]
        headline = f"the workflow {what} after {len(asked)} steps, but the script goes on"
        raise AssertionError("\n".join([headline, *_played(asked, steps), *left])) from cause


def _played(asked: Sequence[Effect[object]], steps: Sequence[Step]) -> list[str]:
    """Return the steps that went as the script says, in words."""
    return [
        f"{number:3}. {shown(effect)} -> {_answer(effect, step.answer)}"
        for number, (effect, step) in enumerate(zip(asked, steps, strict=False), 1)
    ]


def _wish(expected: Effect[object] | type[Effect[object]] | None) -> str:
    """Return what a step expects, in words."""
    if expected is None:
        return "any effect"
    return f"any {expected.__name__}" if isinstance(expected, type) else shown(expected)


def _answer(effect: Effect[object] | None, answer: object) -> str:
    """Return an answer in words; texts may be anybody's, but for ids."""
    if isinstance(answer, BaseException):
        return f"raises {type(answer).__name__}"
    if isinstance(answer, str) and not isinstance(effect, NewId):
        return f"a text of {len(answer)} characters"
    if isinstance(answer, list | tuple):
        return f"{len(cast('list[object]', answer))} of them"
    return shown(answer)
