"""What the model's answer should look like, as JSON Schema, for adapters to ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from coachwork.plain import JSON, json_schema
from coachwork.programs import ActionType, action_schema

_MESSAGE: Final = "What you say to the person, in their language; never blank."
_IS_FINAL: Final = "True only when the conversation has reached its goal and ends with this."
_ACTIONS: Final = "What is to be done beside the answer; empty when nothing is."
_RESULT: Final = "What the conversation has yielded; null as long as it is not final."


def reply_schema(
    result: type | None, allowed: Sequence[ActionType[Any, Any]] | None = None
) -> dict[str, JSON]:
    """Describe the reply that the coach is to give (brief, section 4).

    It asks for more than `parse_reply` insists on: a message alone is a reply, too.

    Args:
        result: The type of the topic's result, or None when it has none.
        allowed: The actions that the coach may use now, or None where the topic has no program.

    Returns:
        A JSON Schema (draft 2020-12) of its own, that the caller may change.

    Raises:
        MisuseError: The type has no plain form.
    """
    definitions: dict[str, JSON] = {}
    actions: dict[str, JSON] = {"type": "array", "items": {"type": "object"}}
    if allowed is not None:
        actions = action_schema(allowed)
        definitions |= cast("dict[str, JSON]", actions.pop("$defs", {}))
    properties: dict[str, JSON] = {
        "message": {"type": "string", "minLength": 1, "description": _MESSAGE},
        "is_final": {"type": "boolean", "description": _IS_FINAL},
        "actions": {**actions, "description": _ACTIONS},
    }
    schema: dict[str, JSON] = {
        "type": "object",
        "properties": properties,
        "required": ["message", "is_final"],
        "additionalProperties": False,
    }
    if result is not None:
        inner = result_schema(result)
        # References inside it name the root, so that its definitions have to stand there.
        definitions |= cast("dict[str, JSON]", inner.pop("$defs", {}))
        properties["result"] = {"anyOf": [inner, {"type": "null"}], "description": _RESULT}
    if definitions:
        schema["$defs"] = definitions
    return schema


def result_schema(result: type) -> dict[str, JSON]:
    """Describe the result that the extraction is to yield.

    Args:
        result: The type of the topic's result.

    Returns:
        A JSON Schema (draft 2020-12) of its own, that the caller may change.

    Raises:
        MisuseError: The type has no plain form.
    """
    return json_schema(result)
