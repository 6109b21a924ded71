"""The third driver: it plays a workflow against a script of answers, and touches nothing.

The two that touch the world stand in `coachwork.drivers`.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from attrs import frozen

from coachwork.effects import Effect, Workflow

R = TypeVar("R")


@frozen
class Rehearsal(Generic[R]):
    """What came of a rehearsal.

    Attributes:
        asked: The effects that the workflow asked for, in order.
        result: What it answered.
    """

    asked: tuple[Effect[object], ...]
    result: R


def rehearse(workflow: Workflow[R], *answers: object) -> Rehearsal[R]:
    """Play *workflow* to its end, answering its effects by the script.

    Args:
        workflow: A workflow that has not begun.
        answers: One answer for each effect, in order. An exception is thrown in where the effect
            was asked for, as if its port had raised it.

    Returns:
        The effects that came, and the workflow's own answer.

    Raises:
        AssertionError: The script is over and another effect came, or the workflow is over and
            something of the script is left.
        BaseException: What the workflow raises when the script is just over.
    """
    asked: list[Effect[object]] = []
    try:
        effect = next(workflow)
        for answer in answers:
            asked.append(effect)
            if isinstance(answer, BaseException):
                effect = workflow.throw(answer)
            else:
                effect = workflow.send(answer)
    except StopIteration as stop:
        result: R = stop.value
        _nothing_left(answers[len(asked) :], "answered", None)
        return Rehearsal(tuple(asked), result)
    except BaseException as error:
        _nothing_left(answers[len(asked) :], f"raised {type(error).__name__}", error)
        raise
    workflow.close()
    raise AssertionError(f"the script of {len(answers)} answers is over, but then came {effect!r}")


def _nothing_left(left: tuple[object, ...], what: str, cause: BaseException | None) -> None:
    """Make sure that the whole script was played.

    Raises:
        AssertionError: Something of it is left.
    """
    if left:
        raise AssertionError(
            f"the workflow {what}, but of the script is left: {', '.join(map(repr, left))}"
        ) from cause
