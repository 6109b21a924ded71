"""A promise whose check has to know more of the application than how the adapter is made."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from types import ModuleType
from typing import Any, Generic, TypeGuard, TypeVar

from attrs import field, frozen

from coachwork.effects import Workflow
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._promise import CheckWorkflow, Promise, Trial, promise

K = TypeVar("K")


@frozen
class Draft(Generic[K]):
    """A promise that lacks what its check is to be given.

    Attributes:
        check: How it is checked, with what it is given.
    """

    check: Callable[[K, Trial], Workflow[None]]
    _made: Callable[[CheckWorkflow], Promise] = field(repr=False)

    def given(self, what: K) -> Promise:
        """Return the promise, whose check is given *what*."""
        return self._made(update_wrapper(partial(self.check, what), self.check))


def draft(
    number: str, *, why: str, where: str, needs: Capability | None = None
) -> Callable[[Callable[[K, Trial], Workflow[None]]], Draft[K]]:
    """Draft a promise of the check that is decorated; see `coachwork.testing.conformance.promise`.

    Args:
        number: See `Promise`.
        why: See `Promise`.
        where: See `Promise`.
        needs: See `Promise`.
    """
    made = promise(number, why=why, where=where, needs=needs)
    return lambda check: Draft(check, made)


def drafts_in(*modules: ModuleType) -> tuple[Draft[Any], ...]:
    """Return the drafts that *modules* hold, in the order in which they stand there."""
    found = [value for module in modules for value in vars(module).values()]
    return tuple(value for value in found if _is_draft(value))


def _is_draft(value: object) -> TypeGuard[Draft[Any]]:
    return isinstance(value, Draft)
