"""How a check knows what it had asked when an adapter raised something."""

from __future__ import annotations

from typing import TypeVar

from coachwork.effects import Effect, Workflow
from coachwork.testing.conformance._expecting import PromiseBrokenError
from coachwork.testing.conformance._words import in_words

R = TypeVar("R")


class AdapterRaisedError(Exception):
    """An adapter raised what a check did not expect; the cause is what it raised.

    Attributes:
        operation: What was asked, in words.
        error: What was raised.
    """

    def __init__(self, effect: Effect[object], error: Exception) -> None:
        """Tell what was asked, and what was raised."""
        super().__init__(f"{in_words(effect)} raised {type(error).__name__}")
        self.operation = in_words(effect)
        self.error = error


def watched(workflow: Workflow[R]) -> Workflow[R]:
    """Do what *workflow* does; tell what was asked when something is raised that it lets pass.

    Raises:
        AdapterRaisedError: From what was raised.
    """
    try:
        effect = next(workflow)
        while True:
            try:
                answer = yield effect
            except BaseException as failure:  # noqa: BLE001 - thrown in where it was asked
                effect = _thrown(workflow, effect, failure)
            else:
                effect = workflow.send(answer)
    except StopIteration as stop:
        result: R = stop.value
        return result


def _thrown(
    workflow: Workflow[R], effect: Effect[object], failure: BaseException
) -> Effect[object]:
    """Throw *failure* into the workflow, and return what it asks then."""
    try:
        return workflow.throw(failure)
    except (AdapterRaisedError, PromiseBrokenError, StopIteration):
        raise
    except Exception as error:
        if error is not failure:
            raise
        raise AdapterRaisedError(effect, error) from error
