"""The small worlds in which the shipped workflows are explored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from attrs import field, frozen

from coachwork.adapters import final
from coachwork.errors import LLMError
from coachwork.jobs import JobKind
from coachwork.policies import Settings
from coachwork.ports import Answer, Ask
from coachwork.testing.explorer import (
    PROMISED,
    Bounds,
    Exploration,
    Fault,
    Promises,
    World,
    commands_of,
    explore,
)
from coachwork.topics import Topic
from coachwork.workflows import Caller, Setup

ADA: Final = Caller("acme", "ada")
BEN: Final = Caller("acme", "ben")

AT_ONCE: Final = (timedelta(0),)
PAST_LEASE: Final = (timedelta(0), timedelta(minutes=6))
PAST_EXPIRY: Final = (timedelta(0), timedelta(days=15))
PAST_BOTH: Final = (timedelta(0), timedelta(minutes=6), timedelta(days=15))


@frozen
class Values:
    """What a conversation may yield."""

    values: list[str]


@frozen(kw_only=True)
class Scope:
    """A small world and its bounds.

    Attributes:
        names: The commands that may come.
        callers: Who calls.
        topics: How many topics there are.
        exclusive: Whether a topic is only one user's of a tenant.
        greets: Whether the coach speaks first.
        result: Whether conversations yield a result.
        finals: Whether the coach may end a session.
        commands: How many calls may come.
        at_once: How many may be under way at the same moment.
        faults: How much may go wrong.
        kinds: What may go wrong.
        instants: Which times there are.
        states: How many states there may be.
        alike: Whether users, and topics, that differ in their names alone may change places.
    """

    names: tuple[str, ...]
    callers: tuple[Caller, ...] = (ADA,)
    topics: int = 1
    exclusive: bool = False
    greets: bool = True
    result: bool = False
    finals: bool = False
    commands: int = 2
    at_once: int = 2
    faults: int = 0
    kinds: frozenset[Fault] = field(default=PROMISED, repr=False)
    instants: tuple[timedelta, ...] = field(default=AT_ONCE, repr=False)
    states: int = 20_000_000
    alike: bool = True

    def world(self) -> World:
        """Return the world."""
        topics = [
            Topic(
                id=name,
                system="Listen.",
                initiation="Say hello." if self.greets else None,
                result=Values if self.result else None,
                exclusive=self.exclusive,
            )
            for name in ("talk", "plan")[: self.topics]
        ]
        settings = Settings(commit_tries=3)
        return World(
            setup=Setup(topics={topic.id: topic for topic in topics}, settings=settings),
            replies=self._replies,
            instants=self.instants,
            alike=(self.callers, tuple(topic.id for topic in topics)) if self.alike else (),
        )

    def _replies(self, ask: Ask) -> Sequence[Answer | Exception]:
        """Return what the model may say."""
        if ask.purpose is JobKind.EXTRACTION:
            return (Answer(text='{"values": ["courage"]}'),)
        said: list[Answer | Exception] = [Answer(text="Go on."), LLMError("it failed")]
        return [*said, Answer(text=final())] if self.finals else said

    def explore(self, *, merges: bool = True, reduces: bool = True) -> Exploration:
        """Explore it."""
        world = self.world()
        forgets = Fault.TTL in self.kinds and self.faults > 0
        return explore(
            world,
            commands_of(world, self.callers, *self.names),
            Bounds(
                commands=self.commands,
                at_once=self.at_once,
                faults=self.faults,
                kinds=self.kinds,
                states=self.states,
            ),
            Promises(world, forgets=forgets),
            merges=merges,
            reduces=reduces,
        )


EVERYTHING: Final = (
    "start",
    "send",
    "submit",
    "process",
    "pause",
    "resume",
    "complete",
    "cancel",
    "purge",
)
"""The commands that every large world has."""

TAKEN_AGAIN: Final = Scope(
    names=("start", "cancel"),
    greets=False,
    commands=5,
    faults=2,
    kinds=frozenset({Fault.TTL, Fault.CLOCK}),
    instants=PAST_EXPIRY,
)
"""A session is deleted early, its topic is taken, freed and taken again while another starts."""

SMALL: Final[dict[str, Scope]] = {
    "three commands": Scope(names=EVERYTHING, commands=3),
    "two commands, one fault": Scope(names=EVERYTHING, commands=2, faults=1, instants=PAST_BOTH),
    "a talk with a result, three commands": Scope(
        names=("start", "send", "pause", "resume", "complete", "cancel"),
        commands=3,
        greets=False,
        result=True,
        finals=True,
    ),
    "retries, cancelled jobs and a deletion": Scope(
        names=("start", "submit", "retry", "cancel_job", "delete"), commands=3, greets=False
    ),
    "two users on an exclusive topic": Scope(
        names=("start", "take_over", "pause", "cancel"),
        callers=(ADA, BEN),
        exclusive=True,
        greets=False,
        commands=3,
    ),
    "stale reads": Scope(
        names=("start", "send", "cancel"),
        commands=2,
        faults=1,
        kinds=frozenset({Fault.STALE_VIEW}),
    ),
    "an engine that deletes early": Scope(
        names=("start", "pause", "purge"),
        commands=2,
        faults=2,
        kinds=frozenset({Fault.TTL, Fault.CLOCK}),
        instants=PAST_EXPIRY,
    ),
}
"""The worlds that are explored with every run of the tests."""

LARGE: Final[dict[str, Scope]] = {
    "one user, one topic, 3 commands, no fault": Scope(names=EVERYTHING, commands=3),
    "one user, one topic, 4 commands, no fault": Scope(names=EVERYTHING, commands=4),
    "one user, one topic, a start and 4 commands, no fault": Scope(names=EVERYTHING, commands=5),
    "one user, one topic, 3 commands, 1 fault": Scope(
        names=EVERYTHING, commands=3, faults=1, instants=PAST_BOTH
    ),
    "one user, one topic, 2 commands, 2 faults": Scope(
        names=EVERYTHING, commands=2, faults=2, instants=PAST_BOTH
    ),
    "2 users, an exclusive topic, 3 commands, 1 fault": Scope(
        names=("start", "take_over", "pause", "cancel"),
        callers=(ADA, BEN),
        exclusive=True,
        greets=False,
        commands=3,
        faults=1,
        instants=PAST_EXPIRY,
    ),
    "a talk with a result, 3 commands, 1 fault": Scope(
        names=("start", "send", "pause", "resume", "complete"),
        commands=3,
        faults=1,
        greets=False,
        result=True,
        finals=True,
        instants=PAST_LEASE,
    ),
    "three at once, 3 commands, no fault": Scope(names=EVERYTHING, commands=3, at_once=3),
    "retries, cancelled jobs and deletions, 4 commands": Scope(
        names=("start", "submit", "process", "retry", "cancel_job", "delete"),
        commands=4,
        greets=False,
    ),
    "stale views, 3 commands, 1 fault": Scope(
        names=EVERYTHING,
        commands=3,
        faults=1,
        kinds=frozenset({Fault.STALE_VIEW, Fault.CLOCK}),
        instants=PAST_EXPIRY,
    ),
    "an engine that deletes early, 3 commands, 2 faults": Scope(
        names=EVERYTHING,
        commands=3,
        faults=2,
        kinds=frozenset({Fault.TTL, Fault.CLOCK}),
        instants=PAST_EXPIRY,
    ),
    "a topic that changes hands after that, 5 commands, 2 faults": TAKEN_AGAIN,
    "2 users, 2 topics, 2 commands, 2 faults": Scope(
        names=EVERYTHING,
        callers=(ADA, BEN),
        topics=2,
        commands=2,
        faults=2,
        instants=PAST_BOTH,
    ),
}
"""The worlds of ``scripts/explore``; the first start is one of the commands."""
