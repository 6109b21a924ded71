"""What the model's answer should look like."""

from __future__ import annotations

import json

import pytest
from attrs import frozen

from coachwork.errors import MisuseError
from coachwork.plain import json_schema
from coachwork.replies import Reply, parse_reply, reply_schema, result_schema


@frozen
class Value:
    """One value."""

    name: str


@frozen
class Values:
    """What matters most."""

    values: list[Value]
    more: Values | None = None


def test_a_reply_without_a_result() -> None:
    """A topic without a result asks for message, finality and actions."""
    schema = reply_schema(None)
    assert schema["required"] == ["message", "is_final"]
    assert schema["additionalProperties"] is False
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert list(properties) == ["message", "is_final", "actions"]
    assert "$defs" not in schema


def test_a_result_of_a_simple_type_needs_no_definitions() -> None:
    """A result is of its type, or null as long as there is none."""
    schema = reply_schema(int)
    properties = schema["properties"]
    assert isinstance(properties, dict)
    result = properties["result"]
    assert isinstance(result, dict)
    assert result["anyOf"] == [{"type": "integer"}, {"type": "null"}]
    assert "$defs" not in schema


def test_the_definitions_of_a_result_stand_at_the_root() -> None:
    """References inside the result's schema find their definitions in the reply's."""
    schema = reply_schema(Values)
    assert schema["$defs"] == json_schema(Values)["$defs"]
    assert json.dumps(schema).count('"$defs"') == 1
    references = {part.split('"')[0] for part in json.dumps(schema).split('"#/$defs/')[1:]}
    assert references == {"Value", "Values"}


def test_the_schema_of_a_result_is_that_of_its_type() -> None:
    """The extraction asks for the result alone."""
    assert result_schema(Value) == json_schema(Value)
    with pytest.raises(MisuseError):
        result_schema(bytes)


def test_what_the_schema_asks_for_is_a_reply() -> None:
    """An answer with all that the schema asks for is read as a reply."""
    properties = reply_schema(Values)["properties"]
    assert isinstance(properties, dict)
    answer = {"message": "Hi", "is_final": True, "actions": [], "result": {"values": []}}
    assert answer.keys() == properties.keys()
    found = parse_reply(json.dumps(answer), None, "stop")
    assert isinstance(found, Reply)
    assert found.result == {"values": []}


def test_each_schema_may_be_changed() -> None:
    """Adapters adapt a schema to their provider; the next one is as it was."""
    reply_schema(Values).clear()
    first = reply_schema(Values)
    properties = first["properties"]
    assert isinstance(properties, dict)
    properties.clear()
    assert reply_schema(Values)["properties"]
