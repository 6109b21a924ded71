"""The proof that checks see what they are for: tests for each promise of a module, and its mutants.

Each promise is kept by the reference, in both colours. Each mutant breaks exactly the promises
that it says, and each promise is broken by some mutant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from types import ModuleType
from typing import Final

import pytest

from coachwork.adapters import Memory
from coachwork.testing.conformance import (
    Promise,
    Suite,
    Terms,
    check,
    check_async,
    promises_in,
)
from coachwork.testing.conformance.repository import REPOSITORY
from tests.testing.conformance.mutants.base import Mutant, mutants_in

MEMORY: Final = Memory()
"""One store for all checks: they must not meet each other."""


def proofs(
    promises: ModuleType, mutants: ModuleType
) -> tuple[Callable[[Promise], None], Callable[[Mutant], None], Callable[[], None]]:
    """Return the tests of a module of promises, with its module of mutants."""
    all_promises, all_mutants = promises_in(promises), mutants_in(mutants)

    @pytest.mark.parametrize("promise", all_promises, ids=lambda promise: promise.id)
    def kept(promise: Promise) -> None:
        """The reference keeps it, in both colours, as long as one store lives."""
        suite = Suite(port=REPOSITORY.port, promises=(promise,))
        check(suite, lambda: nullcontext(MEMORY), Terms.of(suite))
        awaited = check_async(suite, lambda: nullcontext(MEMORY.for_async()), Terms.of(suite))
        asyncio.run(awaited)

    @pytest.mark.parametrize("mutant", all_mutants, ids=names(all_mutants))
    def caught(mutant: Mutant) -> None:
        """It breaks what it says, and the checks find nothing else."""
        findings = mutant.findings()
        assert sorted(findings) == sorted(mutant.caught_by), "\n\n".join(findings.values())

    def complete() -> None:
        """No check is without a repository that it fails."""
        caught_by = {number for mutant in all_mutants for number in mutant.caught_by}
        assert caught_by >= {promise.number for promise in all_promises}
        assert {mutant.caught_by[0] for mutant in all_mutants} <= {p.number for p in all_promises}

    return kept, caught, complete


def names(mutants: Sequence[Mutant]) -> list[str]:
    """Return how tests of these mutants are called."""
    return [f"{mutant.caught_by[0]}-{mutant.name[:60]}" for mutant in mutants]
