"""A topic: templates, limits, exclusivity and the type of the result, as one frozen value.

The number of turns, the durations and exclusivity are copied into a session when it starts and
stay as they were; everything else is read live: templates, the length of messages, windows, names
of models (brief, section 3). A topic's ``revision`` is kept in what it made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, Generic, cast

from attrs import field, frozen
from typing_extensions import TypeVar

from coachwork.errors import ValidationError
from coachwork.ids import checked_id
from coachwork.programs import Program, declared_programs

T_co = TypeVar("T_co", covariant=True, default=None)


class TemplateName(StrEnum):
    """The four templates of a topic."""

    SYSTEM = "system"
    INITIATION = "initiation"
    RESUME = "resume"
    EXTRACTION = "extraction"


RESERVED_NAMES: Final = frozenset({"conversation_summary", "current_turn", "max_turns"})
"""Names that the library fills in when RESUME and EXTRACTION are rendered."""

RESUME: Final = (
    "The person comes back after a pause. What was said so far, in short: "
    "{conversation_summary} Welcome them back in two or three sentences, name where you "
    "stopped, and ask one question to go on."
)
EXTRACTION: Final = (
    "The conversation has ended. Read all of it and write down what it yielded, as JSON of the "
    "form that was asked for and nothing else. Take only what the person said or agreed to."
)

MAX_MESSAGE_BYTES: Final = 40_000
MAX_TURNS: Final = 1_000_000
MAX_WINDOW: Final = 10_000


@frozen(kw_only=True)
class Topic(Generic[T_co]):
    """What a conversation is about.

    Attributes:
        id: Its id, the same for ever: sessions are found by it.
        system: Template of the system prompt.
        initiation: Template of the instruction that makes the coach greet, or None when the
            user speaks first.
        resume: Template of the instruction that makes the coach welcome somebody back; it may
            use the names in `RESERVED_NAMES`.
        extraction: Template of the instruction that makes a model extract the result.
        result: The type of the result: any attrs class, dataclass, TypedDict or pydantic model;
            None when the conversation yields none.
        program: What the coach works on beside the talk, or None.
        finish_first: Whether the coach can end a session only when the program is finished; one
            that ends it earlier goes on (brief, section 5).
        title: A name for people.
        max_turns: How many turns a session may have; 0 means unlimited.
        complete_at_max_turns: Whether the answer to the last turn ends the session by itself.
        exclusive: Whether only one user of a tenant may hold a session on the topic.
        allow_take_over: Whether another user's idle or paused session may be taken over.
        idle_timeout: After how long without activity a session is presented as paused.
        expires_after: After how long without activity a live session expires; None: never.
        keep_ended: How long an ended session is kept; None: for ever.
        message_window: How many of the last messages the model sees for a message.
        resume_window: How many of the last messages the model sees for a welcome-back.
        max_message_bytes: How long a user's message may be, in bytes of UTF-8.
        models: Names of models by purpose (``greeting``, ``reply``, ``welcome_back``,
            ``extraction``), handed to the language model port as they are.
        revision: Counted up by the application when the topic changes its meaning.

    Raises:
        ValidationError: A field is not what it should be; it names the field.
    """

    id: str
    system: str = field(repr=False)
    initiation: str | None = field(default=None, repr=False)
    resume: str = field(default=RESUME, repr=False)
    extraction: str = field(default=EXTRACTION, repr=False)
    result: type[T_co] | None = None
    program: Program[Any] | None = None
    finish_first: bool = False
    title: str = ""
    max_turns: int = 0
    complete_at_max_turns: bool = False
    exclusive: bool = False
    allow_take_over: bool = True
    idle_timeout: timedelta = timedelta(minutes=30)
    expires_after: timedelta | None = timedelta(days=14)
    keep_ended: timedelta | None = timedelta(days=14)
    message_window: int = 30
    resume_window: int = 20
    max_message_bytes: int = 16 * 1024
    models: Mapping[str, str] = field(factory=dict[str, str], hash=False)
    revision: int = 1

    def __attrs_post_init__(self) -> None:
        """Check every field."""
        checked_id(self.id, "topic.id")
        for name in TemplateName:
            template: object = getattr(self, name)
            optional = name is TemplateName.INITIATION and template is None
            if not (optional or (isinstance(template, str) and template.strip())):
                raise ValidationError(f"topic.{name}", "a template that is not blank")
        self._check_classes()
        if not _is_of_texts(self.models):
            raise ValidationError("topic.models", "a mapping of purposes to names of models")
        for flag in ("finish_first", "complete_at_max_turns", "exclusive", "allow_take_over"):
            if not isinstance(getattr(self, flag), bool):
                raise ValidationError(f"topic.{flag}", "True or False")
        if self.finish_first and self.program is None:
            raise ValidationError("topic.finish_first", "False where there is no program")
        self._check_number("max_turns", 0, MAX_TURNS)
        self._check_number("message_window", 1, MAX_WINDOW)
        self._check_number("resume_window", 1, MAX_WINDOW)
        self._check_number("max_message_bytes", 1, MAX_MESSAGE_BYTES)
        self._check_number("revision", 1, MAX_TURNS)
        _check_duration("idle_timeout", self.idle_timeout)
        for age in ("expires_after", "keep_ended"):
            if (duration := getattr(self, age)) is not None:
                _check_duration(age, duration)

    def _check_classes(self) -> None:
        """Refuse a field that is of the wrong class."""
        for what, wanted, told in _OF_A_CLASS:
            value: object = getattr(self, what)
            if not isinstance(value, wanted) and (value is not None or what == "title"):
                raise ValidationError(f"topic.{what}", told)

    def _check_number(self, name: str, least: int, most: int) -> None:
        """Refuse a field that is no whole number between *least* and *most*."""
        value: object = getattr(self, name)
        if type(value) is not int or not least <= value <= most:
            raise ValidationError(f"topic.{name}", f"a whole number from {least} to {most}")

    def template(self, name: TemplateName) -> str | None:
        """Return the template of that name, or None where the topic has none."""
        template: str | None = getattr(self, name)
        return template


_OF_A_CLASS: Final = (
    ("result", type, "a class"),
    ("program", Program, "a Program"),
    ("title", str, "text"),
)
"""What a field must be an instance of, and how that is told; only the title must be there."""


def _is_of_texts(value: object) -> bool:
    """Whether *value* is a mapping of texts to texts."""
    if not isinstance(value, Mapping):
        return False
    pairs = cast("Mapping[object, object]", value)
    return all(isinstance(text, str) for pair in pairs.items() for text in pair)


def _check_duration(name: str, value: object) -> None:
    """Refuse a duration that is no timedelta, or not longer than nothing."""
    if not isinstance(value, timedelta) or value <= timedelta(0):
        raise ValidationError(f"topic.{name}", "a timedelta longer than zero")


def declared(topics: Iterable[object]) -> dict[str, Topic[object]]:
    """Return *topics* by id.

    Raises:
        ValidationError: Something else than a topic is among them, an id comes twice, or two
            programs have one id.
    """
    by_id: dict[str, Topic[object]] = {}
    for topic in topics:
        if not isinstance(topic, Topic):
            raise ValidationError("topics", "topics")
        topic = cast("Topic[object]", topic)
        if topic.id in by_id:
            raise ValidationError("topics", "topics with different ids")
        by_id[topic.id] = topic
    declared_programs(topic.program for topic in by_id.values() if topic.program is not None)
    return by_id
