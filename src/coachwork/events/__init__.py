"""What is told to others when a job has its outcome: terminal events and their wire form."""

from coachwork.events._event import Event, EventType, MessageCompleted, MessageFailed
from coachwork.events._schema import EVENT_SCHEMAS

__all__ = [
    "EVENT_SCHEMAS",
    "Event",
    "EventType",
    "MessageCompleted",
    "MessageFailed",
]
