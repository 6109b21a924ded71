"""Promises, suites and the terms on which an adapter is checked."""

from __future__ import annotations

from contextlib import nullcontext
from types import ModuleType
from typing import Any

import pytest
from attrs import evolve

from coachwork.effects import Workflow
from coachwork.errors import ValidationError
from coachwork.testing.conformance import (
    Capability,
    Port,
    Promise,
    Suite,
    Terms,
    Trial,
    promise,
    promises_in,
)

PORT = Port(name="IdSource", field="ids", method="new_id")


def later(_trial: Trial) -> Workflow[None]:
    """Check nothing."""
    yield from ()


@promise("X02", why="Why.", where="Where.", needs=Capability.DUE, then=later)
def an_id_is__new(_trial: Trial) -> Workflow[None]:
    """No id is given twice, ``ever``.

    More is not told.
    """
    yield from ()


@promise("X01", why="Why.", where="Where.")
def _an_id_is_text(_trial: Trial) -> Workflow[None]:
    yield from ()


def test_a_promise_is_told_by_its_check() -> None:
    """The name is the function's, the sentence the first paragraph of its docstring."""
    assert an_id_is__new.name == "an-id-is-new"
    assert an_id_is__new.id == "X02-an-id-is-new"
    assert an_id_is__new.sentence == "No id is given twice, `ever`."
    assert (an_id_is__new.needs, an_id_is__new.then) == (Capability.DUE, later)


def test_a_check_without_a_docstring_is_told_by_its_name() -> None:
    """There are none under ``-OO``."""
    assert _an_id_is_text.sentence == "An id is text."
    assert (_an_id_is_text.needs, _an_id_is_text.then) == (None, None)


def test_the_promises_of_modules_come_by_their_numbers() -> None:
    """Wherever they stand, and nothing else comes along."""
    one, two = ModuleType("one"), ModuleType("two")
    one.__dict__.update(b=an_id_is__new, later=later)
    two.__dict__.update(a=_an_id_is_text)
    assert promises_in(one, two) == (_an_id_is_text, an_id_is__new)


def suite(*promises: Promise) -> Suite:
    """Return a suite of those."""
    return Suite(port=PORT, promises=promises)


def test_a_number_or_a_name_stands_for_one_promise() -> None:
    """A suite with a number or a name twice is refused."""
    for other in (evolve(an_id_is__new, name="b"), evolve(an_id_is__new, number="X03")):
        with pytest.raises(ValidationError, match="each number and each name once"):
            suite(an_id_is__new, other)


def test_a_suite_knows_what_may_be_lacking() -> None:
    """It is what its promises need."""
    assert suite(an_id_is__new, _an_id_is_text).capabilities == {Capability.DUE}


@pytest.mark.parametrize(
    "field, wrong",
    [
        ("lacks", {"lacks": {Capability.EXPIRED}}),
        ("lacks", {"lacks": ["due"]}),
        ("settle", {"settle": -0.1}),
        ("settle", {"settle": float("nan")}),
        ("settle", {"settle": float("inf")}),
        ("deadline", {"deadline": 0}),
        ("deadline", {"deadline": float("inf")}),
        ("deadline", {"deadline": float("nan")}),
    ],
    ids=repr,
)
def test_terms_that_cannot_be_are_refused_by_name(field: str, wrong: dict[str, Any]) -> None:
    """The error names the argument."""
    with pytest.raises(ValidationError) as caught:
        Terms.of(suite(an_id_is__new), **wrong)
    assert caught.value.field == field


def test_what_may_be_lacking_is_told() -> None:
    """The error names what a port knows, or that it knows nothing."""
    with pytest.raises(ValidationError, match=r"some of: Capability\.DUE$"):
        Terms.of(suite(an_id_is__new), lacks=[Capability.EXPIRED])
    with pytest.raises(ValidationError, match="expected nothing"):
        Terms.of(suite(_an_id_is_text), lacks=[Capability.EXPIRED])


def test_several_processes_are_lacking_unless_they_are_allowed() -> None:
    """Nobody begins processes that was not told to."""
    one = suite(an_id_is__new)
    assert Terms.of(one).lacks == {Capability.PROCESSES}
    assert Terms.of(one, processes=True).lacks == frozenset()
    terms = Terms.of(one, lacks=[Capability.DUE], settle=2, processes=True, deadline=3)
    assert terms == Terms(lacks=frozenset({Capability.DUE}), settle=2, processes=True, deadline=3)


def test_a_trial_has_names_of_its_own() -> None:
    """Another tenant and a kind of record are made of the tenant that nobody has had."""
    trial = Trial(tenant="t", settle=0, make=lambda: nullcontext(1), port=PORT, deadline=1)
    assert trial.kind == "kind-t"
    assert trial.other_tenant == "t-2"
