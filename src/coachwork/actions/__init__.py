"""What the coach or the user did beside talking, and what a front end is to show of it."""

from coachwork.actions._action import (
    MAX_ACTION_TYPE,
    Action,
    ActionStatus,
    Audit,
    RefusalCode,
    Sender,
)
from coachwork.actions._component import Button, Component

__all__ = [
    "MAX_ACTION_TYPE",
    "Action",
    "ActionStatus",
    "Audit",
    "Button",
    "Component",
    "RefusalCode",
    "Sender",
]
