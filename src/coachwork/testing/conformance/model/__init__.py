"""What is promised of a language model, and the functions that find out whether it is kept.

Numbers: M01 to M09 are about answers, M10 to M17 about what the model is shown, M18 to M20 about
pieces, M21 to M26 about failures, M27 to M29 about time. A new promise gets the next number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from types import ModuleType
from typing import Final, TypeAlias

from coachwork.ports import AsyncLanguageModel, LanguageModel
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._draft import drafts_in
from coachwork.testing.conformance._promise import DEADLINE, Port, Suite, Terms
from coachwork.testing.conformance._report import Report
from coachwork.testing.conformance._running import check, check_async
from coachwork.testing.conformance.model import (
    _answers,
    _deadlines,
    _failures,
    _prompts,
    _streams,
)
from coachwork.testing.conformance.model._provocations import Provocations, Provoke

ModelMake: TypeAlias = Callable[
    [],
    AbstractContextManager[LanguageModel]
    | AbstractContextManager[AsyncLanguageModel]
    | AbstractAsyncContextManager[AsyncLanguageModel],
]
"""Makes a language model of either colour: see `coachwork.testing.conformance.Make`."""

_MODULES: Final[tuple[ModuleType, ...]] = (_answers, _prompts, _streams, _failures, _deadlines)


def model_suite(provocations: Provocations | None = None) -> Suite:
    """Return all that is promised of a language model whose provider can be provoked so."""
    given = provocations or Provocations()
    port = Port(name="LanguageModel", field="model", method="complete")
    drafts = drafts_in(*_MODULES)
    return Suite(port=port, promises=tuple(each.given(given) for each in drafts))


def model_terms(
    provocations: Provocations | None, lacks: Collection[Capability], deadline: float
) -> tuple[Suite, Terms]:
    """Return what is checked of a language model, and on which terms; see `check_model`."""
    given = provocations or Provocations()
    suite = model_suite(given)
    return suite, Terms.of(suite, lacks={*lacks, *given.lacks}, deadline=deadline)


def check_model(
    make: ModelMake,
    provocations: Provocations | None = None,
    *,
    lacks: Collection[Capability] = (),
    deadline: float = DEADLINE,
) -> Report:
    """Check a language model, of either colour.

    Without provocations some eighty short calls are made. That can be done with a provider whom one
    pays, too, and shows less: what cannot be provoked is not checked, and the report says so.

    Args:
        make: Makes the model: a function that returns a context manager of it.
        provocations: What can be seen of the provider behind it, and what it can be made to do.
        lacks: What it lacks: `Capability.STREAMING`.
        deadline: Seconds that each check may take.

    Returns:
        What was found, where all is well.

    Raises:
        ConformanceError: Some promise is not kept; it tells all that was found.
        ValidationError: An argument is not what it should be.
    """
    suite, terms = model_terms(provocations, lacks, deadline)
    return check(suite, make, terms)


async def check_async_model(
    make: ModelMake,
    provocations: Provocations | None = None,
    *,
    lacks: Collection[Capability] = (),
    deadline: float = DEADLINE,
) -> Report:
    """Do what `check_model` does with an async model, in the running loop of asyncio.

    Raises:
        ConformanceError: See `check_model`.
        ValidationError: See `check_model`.
    """
    suite, terms = model_terms(provocations, lacks, deadline)
    return await check_async(suite, make, terms)


__all__ = [
    "ModelMake",
    "Provocations",
    "Provoke",
    "check_async_model",
    "check_model",
    "model_suite",
    "model_terms",
]
