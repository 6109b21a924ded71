"""What a conversation is about, as the application declares it."""

from coachwork.topics._context import MAX_CONTEXT_BYTES, checked_context
from coachwork.topics._template import names, render
from coachwork.topics._topic import (
    MAX_MESSAGE_BYTES,
    RESERVED_NAMES,
    TemplateName,
    Topic,
    declared,
)

__all__ = [
    "MAX_CONTEXT_BYTES",
    "MAX_MESSAGE_BYTES",
    "RESERVED_NAMES",
    "TemplateName",
    "Topic",
    "checked_context",
    "declared",
    "names",
    "render",
]
