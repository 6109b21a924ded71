"""The JSON Schema of each event's wire form, for whoever receives it in another language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from coachwork.events._event import EventType
from coachwork.jobs import ErrorCode, JobKind
from coachwork.plain import JSON

_TEXT: Final[JSON] = {"type": "string"}
_COUNT: Final[JSON] = {"type": "integer", "minimum": 0}


def _closed(properties: dict[str, JSON]) -> dict[str, JSON]:
    """Return the schema of an object with exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _event(of: EventType, data: dict[str, JSON]) -> dict[str, JSON]:
    """Return the schema of an event of that type."""
    properties: dict[str, JSON] = {
        "eventId": {"type": "string", "description": "The same each time the event is told."},
        "eventType": {"const": of.value},
        "occurredAt": {"type": "string", "format": "date-time"},
        "kind": {"enum": [kind.value for kind in JobKind]},
        "jobId": _TEXT,
        "sessionId": _TEXT,
        "tenantId": _TEXT,
        "userId": _TEXT,
        "data": data,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": of.value,
        **_closed(properties),
    }


EVENT_SCHEMAS: Final[Mapping[EventType, Mapping[str, JSON]]] = MappingProxyType(
    {
        EventType.COMPLETED: _event(
            EventType.COMPLETED,
            _closed(
                {
                    "message": {"type": ["string", "null"]},
                    "isFinal": {"type": "boolean"},
                    "turn": _COUNT,
                    "maxTurns": _COUNT,
                    "messageCount": _COUNT,
                    "result": {"description": "What the session yielded; null without one."},
                }
            ),
        ),
        EventType.FAILED: _event(
            EventType.FAILED,
            _closed({"error": _TEXT, "errorCode": {"enum": [code.value for code in ErrorCode]}}),
        ),
    }
)
"""The schemas by type of event (JSON Schema 2020-12)."""
