"""How a check knows what it had asked when an adapter raised something."""

from __future__ import annotations

from collections.abc import Sized
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


class StoppedError(Exception):
    """A racer need not go on: another one has failed."""


def watched(workflow: Workflow[R], stop: Sized = ()) -> Workflow[R]:
    """Do what *workflow* does; tell what was asked when something is raised that it lets pass.

    Args:
        workflow: A workflow that has not begun.
        stop: It is given up as soon as there is something in it.

    Raises:
        AdapterRaisedError: From what was raised.
        StoppedError: It was given up.
    """
    try:
        effect = next(workflow)
        while True:
            if len(stop) > 0:
                workflow.close()
                raise StoppedError
            try:
                answer = yield effect
            except BaseException as failure:  # noqa: BLE001 - thrown in where it was asked
                effect = _thrown(workflow, effect, failure)
            else:
                effect = workflow.send(answer)
    except StopIteration as end:
        result: R = end.value
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
