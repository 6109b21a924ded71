"""Plain data at the edge: any value as JSON, any type as JSON Schema, and the way back.

What is understood, alike by all three functions: attrs classes, dataclasses and TypedDicts
(generic ones too), enums (by value), ``Literal``, unions, lists, tuples, sets, mappings with text
keys, text, numbers, booleans, None, aware instants (ISO 8601, UTC, microseconds), days, durations
(seconds), anything at all (``object``), and pydantic models where an application has them. The
fields of a class are those that its ``__init__`` takes and whose names do not begin with an
underscore.
"""

from coachwork.plain._checked import MAX_DEPTH, checked_plain
from coachwork.plain._from_plain import from_plain
from coachwork.plain._schema import json_schema
from coachwork.plain._to_json import JSON, to_json, to_json_after

__all__ = [
    "JSON",
    "MAX_DEPTH",
    "checked_plain",
    "from_plain",
    "json_schema",
    "to_json",
    "to_json_after",
]
