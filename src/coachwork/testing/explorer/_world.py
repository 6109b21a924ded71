"""What is explored: a small world, the commands that may come, and how much may go wrong."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final, TypeAlias

from attrs import field, frozen

from coachwork.effects import Effect, Workflow
from coachwork.errors import LLMError, ValidationError
from coachwork.ports import AgentAsk, Answer, Ask
from coachwork.records import Record
from coachwork.sessions import JobKind
from coachwork.workflows import Caller, Setup

BEGIN: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""What time it is in a world when nothing has happened yet."""

Says: TypeAlias = Answer | Exception
"""What a model may do: answer, or fail."""


class Fault(StrEnum):
    """What may go wrong; its value is how a trace tells it."""

    CRASH = "its process dies"
    LOST_DONE = "done, and the answer is lost"
    LOST_NOT_DONE = "not done, and the answer is lost"
    CONFLICT_DONE = "done, and told a conflict"
    UNAVAILABLE = "the store is unavailable"
    INTERRUPT = "interrupted"
    INTERRUPT_DONE = "done, and interrupted"
    RETRY = "the same key comes again"
    OTHER_TARGET = "the same key comes for something else"
    CLOCK = "time passes"
    STALE_VIEW = "a view that lags behind answers"
    STALE_GET = "a stale record is read"
    TTL = "the engine deletes what has expired"


PROMISED: Final = frozenset(Fault) - {Fault.STALE_GET, Fault.TTL}
"""What may go wrong with ports that keep their promises; the other two break one."""


def usual_replies(ask: Ask) -> Sequence[Says]:
    """Return what a model may say: go on, or fail."""
    if ask.purpose is JobKind.EXTRACTION:
        return (Answer(text="{}"),)
    return Answer(text="Go on."), LLMError("a model failed")


def usual_agents(_ask: AgentAsk) -> Sequence[Says]:
    """Return what a sub-agent may answer: an object without anything in it, or a failure."""
    return Answer(data={}), LLMError("an agent failed")


def _nothing(_effect: Effect[object]) -> Sequence[object]:
    """Answer no effect."""
    return ()


@frozen(kw_only=True)
class World:
    """A small world.

    Attributes:
        setup: What workflows of `coachwork.workflows` are given; for an application's own that
            need none it is left out.
        replies: What the model may answer to a question, every one of which is tried; an
            exception is raised.
        agents: What a sub-agent may answer, every one of which is tried; an exception is raised.
        instants: Which times there are, each as what has passed since the beginning; the clock
            stands at the first until it goes on to a later one.
        records: What is stored at the beginning.
        answers: What an effect of the application's own may be answered, every one of which is
            tried; an exception is raised.
        alike: Groups of things that calls are aimed at, such as users, of which it makes no
            difference who is who: exchanged in every call, they are exchanged in all that
            happens, and in nothing else. It is found out whether that is so. The invariants
            must not make a difference either.
    """

    setup: Setup = field(factory=lambda: Setup(topics={}))
    replies: Callable[[Ask], Sequence[Says]] = usual_replies
    agents: Callable[[AgentAsk], Sequence[Says]] = usual_agents
    instants: tuple[timedelta, ...] = (timedelta(0),)
    records: tuple[Record, ...] = ()
    answers: Callable[[Effect[object]], Sequence[object]] = _nothing
    alike: tuple[tuple[Hashable, ...], ...] = ()

    def __attrs_post_init__(self) -> None:
        """Check the instants, and what is alike.

        Raises:
            ValidationError: There are no instants, or they do not grow; a thing is in two groups.
        """
        things = [thing for group in self.alike for thing in group]
        if len(set(things)) < len(things):
            raise ValidationError("world.alike", "groups of things, each of them once")
        if not self.instants or any(later <= earlier for earlier, later in pairwise(self.instants)):
            raise ValidationError("world.instants", "durations, each longer than the one before")

    def time(self, instant: int) -> datetime:
        """Return the time (UTC) that is the instant of that number."""
        return BEGIN + self.instants[instant]


@frozen(kw_only=True)
class Call:
    """One call of a command.

    Attributes:
        command: The command's name.
        target: What it is aimed at, as `Command.targets` gave it.
        number: Which of the calls that may make ids it is; 0 for one that makes none.
        key: The idempotency key, where the command takes one.
    """

    command: str
    target: Hashable = None
    number: int = 0
    key: str | None = None


def _no_target(_records: Sequence[Record]) -> Iterable[Hashable]:
    """Aim at nothing in particular."""
    return (None,)


@frozen(kw_only=True)
class Command:
    """Something that may be asked for, at any moment and by several at once.

    Attributes:
        name: A word for it.
        workflow: Makes the workflow of a call: a new generator each time.
        targets: What a call may be aimed at, given all that is stored: values that can be
            compared and have a hash.
        caller: Whose call it is, where it is a user's: told to the invariants.
        keyed: Whether a call has an idempotency key, and so may be made once more.
        makes_ids: Whether a call may ask for new ids; one with a key always may.
    """

    name: str
    workflow: Callable[[Call], Workflow[object]]
    targets: Callable[[Sequence[Record]], Iterable[Hashable]] = _no_target
    caller: Callable[[Call], Caller | None] = lambda _: None
    keyed: bool = False
    makes_ids: bool = False


@frozen(kw_only=True)
class Bounds:
    """How far is explored.

    Attributes:
        commands: How many calls may come, in any order.
        at_once: How many may be under way at the same moment.
        faults: How many things may go wrong in all.
        kinds: What may go wrong.
        states: How many states there may be; more is a failure (`BoundReachedError`).
    """

    commands: int = 2
    at_once: int = 2
    faults: int = 0
    kinds: frozenset[Fault] = PROMISED
    states: int = 10_000_000

    def __attrs_post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValidationError: One is not what it should be.
        """
        for name, least in (("commands", 1), ("at_once", 1), ("faults", 0), ("states", 1)):
            number: object = getattr(self, name)
            if type(number) is not int or number < least:
                raise ValidationError(f"bounds.{name}", f"a whole number from {least}")
