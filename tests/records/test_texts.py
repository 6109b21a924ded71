"""Texts of plain data that changes little."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachwork.plain import JSON
from coachwork.records._texts import DEPTH, texts_of

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
PLAIN: st.SearchStrategy[Any] = st.recursive(
    LEAVES.filter(lambda leaf: leaf not in {float("inf"), float("-inf")}),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(), parts, max_size=3),
    max_leaves=20,
)


def dense(value: JSON) -> str:
    """Return the text that the standard library writes."""
    return json.dumps(value, separators=(",", ":"))


def state(*names: str) -> dict[str, JSON]:
    """Return a body with a state that holds a list of objects."""
    return {"user": "ada", "state": {"phase": "A", "things": [{"name": name} for name in names]}}


@given(PLAIN, PLAIN)
def test_it_is_the_text_that_anybody_would_write(value: JSON, other: JSON) -> None:
    """Whatever was written before, be it the same, a part of it, or something else."""
    first = texts_of(value)
    assert first.text == dense(value)
    assert texts_of(value, first) is first
    assert texts_of(other, first).text == dense(other)
    both: JSON = {"one": value, "other": [other, value]}
    told = texts_of(both, texts_of({"one": other, "other": [value]}))
    assert told.text == dense(both)


@given(st.lists(st.text(), max_size=5), st.data())
def test_what_was_changed_is_written_anew(names: list[str], data: st.DataObject) -> None:
    """Step after step, with things added, taken away, changed and moved."""
    body = state(*names)
    told = texts_of(body)
    for _ in range(data.draw(st.integers(1, 4))):
        before: Any = body["state"]
        things = [*before["things"]]
        for name in data.draw(st.lists(st.text(), max_size=2)):
            things.insert(data.draw(st.integers(0, len(things))), {"name": name})
        if things:
            del things[data.draw(st.integers(0, len(things) - 1))]
        body = {**body, "state": {**before, "things": data.draw(st.permutations(things))}}
        told = texts_of(body, told)
        assert told.text == dense(body)


def test_what_is_shared_is_not_written_again() -> None:
    """Down to the things in the lists of a state, also where nothing else in it is changed."""
    body: Any = state("a", "b")
    first = texts_of(body)
    one, other = body["state"]["things"]
    # In between a change of something else: what is in the list is known all the same.
    phased: Any = {**body, "state": {**body["state"], "phase": "B"}}
    second = texts_of(phased, first)
    changed = {**phased, "state": {**phased["state"], "things": [one, {"name": "c"}]}}
    third = texts_of(changed, second)
    things = [told.parts["state"].parts["things"] for told in (first, second, third)]
    assert things[0] is things[1]
    assert things[2].parts[id(one)] is things[0].parts[id(one)]
    assert id(other) not in things[2].parts
    assert things[2].parts[id(one)].parts == {}


def test_what_is_equal_but_not_the_same_is_written_anew() -> None:
    """Numbers that are equal may have different texts."""
    first = texts_of({"n": [1, True, 1.0]})
    assert texts_of({"n": [True, 1.0, 1]}, first).text == '{"n":[true,1.0,1]}'


def test_what_lies_deeper_has_one_text() -> None:
    """Nothing is kept of its parts."""
    value: JSON = "x"
    for _ in range(DEPTH + 2):
        value = [value]
    told = texts_of(value)
    for _ in range(DEPTH - 1):
        (told,) = told.parts.values()
    assert (told.parts, told.text) == ({}, '[[["x"]]]')


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_json_has_not_is_no_text(number: float) -> None:
    """Wherever it stands."""
    values: list[JSON] = [number, [number], {"a": {"b": [{"c": [number]}]}}]
    for value in values:
        with pytest.raises(ValueError, match="not JSON compliant"):
            texts_of(value)
