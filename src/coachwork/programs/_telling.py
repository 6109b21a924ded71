"""What the model is told about a program: its state in words, and the actions of the moment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast

from coachwork.actions import Sender
from coachwork.plain import JSON, json_schema
from coachwork.programs._program import ActionType, Program

S = TypeVar("S")

_NONE = "There is no action that you may use now."
_SOME = (
    "Actions that you may use now, each as an object with `type` and `parameters` in `actions` of "
    "your answer; leave `actions` empty where none is called for:"
)


def told(program: Program[S], state: S) -> str:
    """Return what the model is told about *state*, and which actions it may use now.

    It names the phase, what the program itself has to say, and the catalogue of the moment: exactly
    the actions that the coach is allowed in this phase, with the form of their parameters.
    """
    allowed = program.allowed(state, Sender.COACH)
    parts = [f"Phase: {program.phase(state)}", program.prompt(state)]
    parts.append(_NONE if not allowed else "\n".join([_SOME, *map(_entry, allowed)]))
    return "\n\n".join(part for part in parts if part)


@lru_cache(maxsize=1024)  # a schema takes its time, and the same few are told again and again
def _entry(action: ActionType[Any, Any]) -> str:
    """Return one line about an action."""
    schema = json_schema(action.parameters)
    schema.pop("description", None)
    form = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    told = f": {action.description}" if action.description else ""
    return f"- {action.name}{told} Parameters: {form}"


def action_schema(allowed: Sequence[ActionType[Any, Any]]) -> dict[str, JSON]:
    """Describe the list of actions of a reply: exactly those that are *allowed* now.

    Returns:
        A JSON Schema (draft 2020-12) of its own; definitions stand under ``$defs``, and references
        name them from the root.
    """
    definitions: dict[str, JSON] = {}
    kinds: list[JSON] = []
    for action in allowed:
        schema = json_schema(action.parameters)
        inner = cast("dict[str, JSON]", schema.pop("$defs", {}))
        # Two actions may know different classes of one name.
        prefix = f"{action.name}."
        for name, definition in inner.items():
            definitions[prefix + name] = _moved(definition, prefix)
        kinds.append(_kind(action, _moved(schema, prefix)))
    listed: dict[str, JSON] = {"type": "array"}
    if kinds:
        listed["items"] = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    else:
        listed["maxItems"] = 0
    if definitions:
        listed["$defs"] = definitions
    return listed


def _kind(action: ActionType[Any, Any], parameters: JSON) -> JSON:
    """Describe one action."""
    schema: dict[str, JSON] = {
        "type": "object",
        "properties": {"type": {"const": action.name}, "parameters": parameters},
        "required": ["type", "parameters"],
        "additionalProperties": False,
    }
    if action.description:
        schema["description"] = action.description
    return schema


_REFERENCE = "#/$defs/"


def _moved(schema: JSON, prefix: str) -> JSON:
    """Return *schema* with its references to definitions that stand under other names."""
    if isinstance(schema, list):
        return [_moved(part, prefix) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: f"{_REFERENCE}{prefix}{str(value).removeprefix(_REFERENCE)}"
        if name == "$ref"
        else _moved(value, prefix)
        for name, value in schema.items()
    }
