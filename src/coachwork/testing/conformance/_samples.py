"""What checks tell adapters: texts as people write them, messages, events and jobs of all kinds.

`taken` tells such things, one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final, TypeVar

from coachwork.effects import Effect, Workflow
from coachwork.events import Event, MessageCompleted, MessageFailed
from coachwork.jobs import ErrorCode, JobKind, JobRef
from coachwork.messages import Message, Role
from coachwork.plain import JSON
from coachwork.testing.conformance._words import in_words

T = TypeVar("T")

NOON: Final = datetime(2026, 2, 3, 12, 0, 0, 123456, tzinfo=UTC)

TEXTS: Final = (
    "Hello.",
    "Line one\nline two\r\n\ttab",
    "<b>&amp;</b> {name} %s $x \\1 ' \" `",
    "\u00e9 e\u0301 \u202e\u05d0 \U0001f469\u200d\U0001f9b0 \u20ac",
    "I work all day. " * 500,
)
"""Texts as people write them; each can be a message of a user."""

ODD: Final = (*TEXTS, "\0", "\ud800 half a character", " ", "")
"""Texts as models write them, or tests."""

HOSTILE: Final = ("a", "A/b", "../../etc/passwd", "' OR 1=1 --", "#1:x", "e\u0301", "x" * 128)
"""Ids that would break what is made of them carelessly."""


def is_text(value: object) -> bool:
    """Whether an adapter that promised text gave text."""
    return isinstance(value, str)


def message(role: Role, text: str, sequence: int = 1) -> Message:
    """Return a message of a session."""
    return Message(
        tenant="acme",
        user="ada",
        session="s",
        sequence=sequence,
        role=role,
        text=text,
        at=NOON,
        job=f"j-{sequence}",
    )


def event(
    tenant: str,
    number: int,
    data: MessageCompleted | MessageFailed | None = None,
    *,
    session: str = "s",
    kind: JobKind = JobKind.REPLY,
) -> Event:
    """Return the event of that tenant's job of that *number*."""
    job = f"{tenant}-{number}"
    told = MessageCompleted(
        message=f"Answer {number}.", is_final=False, turn=number, max_turns=0, message_count=number
    )
    return Event(
        id=f"{job}.settled",
        kind=kind,
        job=job,
        session=session,
        tenant=tenant,
        user="ada",
        at=NOON,
        data=data or told,
    )


def outcomes() -> list[MessageCompleted | MessageFailed]:
    """Return all that may come of a job: texts of all kinds, results, and every failure."""
    said: list[MessageCompleted | MessageFailed] = [
        MessageCompleted(message=text, is_final=False, turn=1, max_turns=3, message_count=2)
        for text in (None, *ODD)
    ]
    result: JSON = {"values": ["honesty", "\ud800"], "none": None, "numbers": [1, 0.5, True]}
    said.append(
        MessageCompleted(
            message="Bye.", is_final=True, turn=3, max_turns=3, message_count=7, result=result
        )
    )
    said += [MessageFailed(error="No answer.", error_code=code) for code in ErrorCode]
    return said


def taken(things: Iterable[T], tell: Callable[[T], Effect[None]]) -> Workflow[list[T]]:
    """Tell *things*, one after the other, and return those that were taken without an error."""
    found: list[T] = []
    for thing in things:
        try:
            yield from tell(thing)
        except Exception:  # noqa: BLE001, S112 - that is another promise
            continue
        found.append(thing)
    return found


@in_words.register(Event)
def _(event: Event) -> str:
    return f"{event.type.value} of job {event.job!r}, session {event.session!r}"


@in_words.register(JobRef)
def _(ref: JobRef) -> str:
    return f"the {ref.kind.value} job {ref.job!r} of tenant {ref.tenant!r}"
