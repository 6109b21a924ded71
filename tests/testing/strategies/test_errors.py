"""Errors, and what clients are told of them."""

from __future__ import annotations

from hypothesis import given

from coachwork import errors as tree
from coachwork.errors import CoachworkError, ModelError, SessionBusyError
from coachwork.plain import JSON, to_json
from coachwork.testing import strategies as st
from tests.drawn import few, some


def raised() -> set[type[CoachworkError]]:
    """Return the classes of the tree that say what happened: those below which there is none."""
    found = {
        value
        for value in vars(tree).values()
        if isinstance(value, type) and issubclass(value, CoachworkError)
    }
    return {kind for kind in found if not kind.__subclasses__()} | {SessionBusyError}


def test_errors_of_every_class_can_be_drawn() -> None:
    """Every class of the tree that is raised is among them, with what it concerns and without."""
    drawn = [error for kind in raised() for error in some(st.errors(kind), 4)]
    assert {type(error) for error in drawn} == raised()
    assert {error.job is None for error in drawn} == {True, False}


def test_errors_as_they_are_wanted() -> None:
    """A part of the tree can be chosen."""
    assert all(isinstance(error, ModelError) for error in some(st.errors(ModelError), 15))


@few
@given(problem=st.problems())
def test_a_problem_can_be_sent(problem: tuple[dict[str, JSON], int, dict[str, str]]) -> None:
    """A body of plain data, the status that it tells, and headers."""
    body, status, headers = problem
    assert to_json(body) == body
    assert body["status"] == status
    assert headers["Content-Type"] == "application/problem+json"
