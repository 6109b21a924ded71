"""Plain data and contexts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from coachwork.errors import ValidationError
from coachwork.plain import JSON, MAX_DEPTH, to_json
from coachwork.testing import strategies as st
from coachwork.topics import MAX_CONTEXT_BYTES, checked_context
from tests.drawn import few, reaches


@few
@given(data=st.plain_data())
def test_plain_data_is_what_json_holds(data: JSON) -> None:
    """It is its own plain form, and comes back from JSON exactly."""
    assert to_json(data) == data
    assert json.loads(json.dumps(data, allow_nan=False)) == data


@few
@given(data=st.sound_data())
def test_sound_data_goes_into_any_database(data: JSON) -> None:
    """No text of it holds a NUL or half of a character."""
    text = json.dumps(data, ensure_ascii=False)
    assert text.encode()
    assert "\\u0000" not in text


@few
@given(context=st.contexts(["name", "goal"]))
def test_a_context_is_accepted_as_it_is(context: dict[str, JSON]) -> None:
    """A context has values for the names that are wanted, and is taken unchanged."""
    assert {"name", "goal"} <= context.keys()
    assert checked_context(context) == context


@few
@given(context=st.refused_contexts())
def test_what_is_no_context_is_refused(context: object) -> None:
    """Nothing that is refused is accepted."""
    with pytest.raises(ValidationError):
        checked_context(context)


def test_contexts_reach_every_form() -> None:
    """Nothing, more than is wanted, and nested data are among them."""
    reaches(st.contexts())
    nested = (list, dict)
    reaches(st.contexts(), told=lambda some: any(isinstance(one, nested) for one in some.values()))
    reaches(st.contexts(["name"]), told=lambda some: len(some) > 2)


def test_refused_contexts_reach_every_fault() -> None:
    """Each reason to refuse a context is given."""

    def fault(context: object) -> str:
        with pytest.raises(ValidationError) as refused:
            checked_context(context)
        return refused.value.expected.partition(":")[0]

    faults = [
        "a mapping of names to plain data",
        "names made of ASCII letters, digits and _",
        "another name",
        "plain data",
        f"at most {MAX_DEPTH} levels of nesting",
        f"at most {MAX_CONTEXT_BYTES} bytes of JSON text",
        "text without lone surrogates",
    ]
    reaches(st.refused_contexts(), faults, fault)
