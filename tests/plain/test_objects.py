"""Plain objects to values of classes."""

from __future__ import annotations

import attrs
import pytest

from coachwork.errors import MisuseError
from coachwork.plain import from_plain, json_schema, to_json
from tests.names import told
from tests.plain_kinds import (
    Box,
    Checked,
    Color,
    Data,
    Empty,
    FakeModel,
    Holder,
    IntBox,
    Movie,
    Node,
    Odd,
    Secretive,
    Twin,
    Untyped,
    Value,
    WithModel,
    fault,
    read,
)


@pytest.mark.parametrize(
    "data, into, expected",
    [
        ({"n": 5}, FakeModel, FakeModel(5)),
        ({"model": {"n": 5}}, WithModel, WithModel(FakeModel(5))),
        ({"item": {"name": "x"}}, Box[Value], Box(Value("x"))),
        ({"item": {"name": "x"}}, Box, Box({"name": "x"})),
        ({"item": [1], "many": [[2]], "other": 3}, Twin[int], Twin([1], ([2],), 3)),
        ({"item": 1}, IntBox, IntBox(1)),
        ({"title": "x", "_note": None}, Movie, {"title": "x", "_note": None}),
        ({"item": 1}, Holder[int], {"item": 1}),
        ({"item": "x"}, Holder, {"item": "x"}),
        (
            {"cl": 1, "converter": 2, "kept": "y", "names": ["a"]},
            Odd,
            Odd(1, 2, "y", ["a"]),
        ),
        ({"what": {"a": []}}, Untyped, Untyped(what={"a": []})),
        ({"color": "red"}, Data, Data(Color.RED)),
        (
            {"value": 1, "children": [{"value": 2}], "parent": {"value": 3}},
            Node,
            Node(1, (Node(2),), Node(3)),
        ),
        ({}, Empty, Empty()),
    ],
    ids=told,
)
def test_data_that_fits_becomes_a_value(data: object, into: object, expected: object) -> None:
    """Plain data of the right shape becomes a value of the type, of exactly that type."""
    value = read(data, into)
    assert value == expected
    assert type(value) is type(expected)
    assert read(to_json(value), into) == value


@pytest.mark.parametrize(
    "data, into, expected",
    [
        ([], Value, "an object (Value)"),
        (None, Value, "an object (Value)"),
        ({"name": "x", "secret": 1}, Value, "no fields but name, weight"),
        ({"name": "x", "_hidden": 1}, Value, "no fields but name, weight"),
        ({"name": "x", "hidden": 1}, Value, "no fields but name, weight"),
        ({"secret": 1}, Empty, "no fields"),
        ({"title": "x", "secret": 1}, Movie, "no fields but title, year, _note"),
        ({"cl": 1, "converter": 1, "small": 50}, Odd, "what Odd accepts"),
        ({"cl": 1, "converter": 1, "computed": 1}, Odd, "no fields but cl, converter, kept, "),
        ({}, FakeModel, "what FakeModel accepts"),
        ({"n": "root"}, FakeModel, "what FakeModel accepts"),
    ],
    ids=ascii,
)
def test_what_the_class_does_not_take_is_refused(data: object, into: object, expected: str) -> None:
    """Nothing but the public fields is taken, and nothing that the class itself refuses."""
    where, said = fault(data, into)
    assert where == "value"
    assert said.startswith(expected)


@pytest.mark.parametrize(
    "data, into, where, expected",
    [
        ({"name": 5}, Value, "name", "text"),
        ({}, Value, "name", "a value, for it is required"),
        ({}, Movie, "title", "a value, for it is required"),
        ({"value": 1, "children": [{"value": "1"}]}, Node, "children[0].value", "a whole number"),
        ({"value": 1, "parent": {"value": "1"}}, Node, "parent.value", "a whole number"),
        ({"value": 1, "parent": {"x": 1, "value": 1}}, Node, "parent", "no fields but value"),
        ({"item": {"inner": -1}}, Box[Checked], "item.inner", "a number that is not negative"),
        ({"model": {"n": "places"}}, WithModel, "model.n", "what FakeModel accepts"),
        ({"item": 1, "many": ["x"]}, IntBox, "many[0]", "a whole number"),
    ],
    ids=ascii,
)
def test_a_fault_is_told_with_its_path(
    data: object, into: object, where: str, expected: str
) -> None:
    """The field is the path of the first fault, however deep."""
    found = fault(data, into)
    assert found[0] == where
    assert found[1].startswith(expected)
    assert "secret" not in "".join(found)


def test_a_private_field_needs_a_default_to_be_read() -> None:
    """What plain data never shows must come from somewhere."""
    assert json_schema(Secretive)["properties"] == {}
    assert to_json(Secretive(1)) == {}
    with pytest.raises(MisuseError, match=r"Secretive\._must"):
        from_plain({}, Secretive)


def as_number(data: object) -> int:
    """A converter with a mistake: it takes what it was not told to take."""
    raise LookupError(data)


@attrs.frozen
class Broken:
    """Its own code fails, whatever the data."""

    n: int = attrs.field(converter=as_number)


def test_a_mistake_of_the_class_tells_no_data() -> None:
    """What the code of a class raises is a refusal, and its text is left out."""
    assert fault({"n": 5}, Broken) == ("value", "what Broken accepts")


class Careless(FakeModel):
    """A model whose own check has a mistake."""

    @classmethod
    def model_validate(cls, data: object) -> FakeModel:
        """Fail with an error that says nothing of the data."""
        raise TypeError(type(data))


@attrs.frozen
class WithCareless:
    """Holds such a model."""

    model: Careless


def test_a_mistake_of_a_model_is_not_hidden() -> None:
    """An error that is no refusal comes through as it is."""
    with pytest.raises(TypeError, match="dict"):
        read({"model": {}}, WithCareless)
