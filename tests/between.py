"""Something else happens between two steps of a workflow: races, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TypeVar

from coachwork.effects import Effect, Workflow

R = TypeVar("R")


def between(workflow: Workflow[R], number: int, what: Callable[[], object]) -> Workflow[R]:
    """Return *workflow* in which *what* is done right before its *number*-th effect, from 0 on.

    Whoever runs it through all numbers has met every moment at which the world may move.
    """
    try:
        effect: Effect[object] = next(workflow)
        for step in count():
            if step == number:
                what()
            try:
                answer = yield effect
            except GeneratorExit:
                workflow.close()
                raise
            except BaseException as failure:  # noqa: BLE001 - it is thrown in where it was asked
                effect = workflow.throw(failure)
            else:
                effect = workflow.send(answer)
    except StopIteration as stop:
        result: R = stop.value
        return result
    raise AssertionError("there is always a next step")
