"""What bad input gets: a clear error with a code and a field, and nothing else.

The cases are numbered; each test tells which it covers. After every refusal all stored records
are as they were, the model was not asked, and no text, value or key that was passed in shows in
the error, in a representation, with an observer, or in a log.

What is not tested here, and why:

======  ==========================================================================================
case    reason
======  ==========================================================================================
44      A model that hangs past its lease: the tests of the workflows put faults at every step
59      One record's size: the tests of the records; here only that no input reaches the limit
60, 61  Floats and large integers of an engine: the conformance tests of the repositories
64      Events and their delivery come with the relay
66      Actions come with the programs
67      Phases come with the programs
68      Cancellation at any await: the tests of the drivers; here one at the model
69      Forks and two event loops: the tests of the repositories; here pickling
======  ==========================================================================================
"""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, cast

import pytest
from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from coachwork import (
    Answer,
    AsyncCoach,
    Chat,
    Coach,
    CoachworkError,
    LLMError,
    LLMTimeoutError,
    Settings,
    Topic,
    Usage,
    problem,
    to_json,
)
from coachwork.adapters import Memory, ScriptedModel, SQLite, final
from coachwork.coach import UserCoach
from coachwork.drivers import Observation
from coachwork.errors import (
    CorruptRecordError,
    IdempotencyKeyReusedError,
    MisuseError,
    ModelError,
    RefusedError,
    SessionNotFoundError,
    StoreUnavailableError,
    TemplateError,
    TopicNotFoundError,
    UnsupportedSchemaError,
    ValidationError,
)
from coachwork.ports import Admission, Ask, PromptRole
from coachwork.records import Key, claim_key
from coachwork.sessions import JobKind
from tests.clock import NOON, Clock
from tests.stores import STORES, Store, change, everything, opened

CANARY: Final = "Canary-7f3a"
"""Stands in every text, value and key; it must never show."""

Call = Callable[[], object]


@frozen
class Values:
    """A result with a place for a number."""

    values: list[str]
    confidence: float = 0.5
    scores: dict[str, int] = {}  # noqa: RUF012 - frozen values never change it


TALK = Topic(
    id="talk",
    system="You coach {name}.",
    initiation="Greet.",
    resume="Back: {conversation_summary}",
    result=Values,
    max_message_bytes=1024,
)
OTHER = Topic(id="other", system="Listen.")


class World:
    """A repository, a clock, a model that says what it is told to, and everything that is seen."""

    def __init__(self, store: Store) -> None:
        """Begin with an empty *store* and a model that says Hello, then whatever is queued."""
        self.store = store
        self.clock = Clock()
        self.says: list[str | Answer | BaseException] = []
        self.model = ScriptedModel(lambda _ask: self.says.pop(0) if self.says else "Go on.")
        self.seen: list[Observation] = []
        self.coach = self.serve()

    def serve(self, **options: Any) -> Coach:  # noqa: ANN401 - passed on
        """Return a coach on the same repository."""
        ports: dict[str, Any] = {"clock": self.clock, "observers": [self.seen.append]}
        topics = options.pop("topics", [TALK, OTHER])
        model = options.pop("model", self.model)
        return Coach(self.store, model, topics=topics, **ports | options)

    def user(self, name: str = "ada", tenant: str = "acme") -> UserCoach:
        """Return the coach as one user sees it."""
        return self.coach.as_user(name, tenant=tenant)

    def begin(self, name: str = "ada") -> Chat[Values]:
        """Start a session."""
        return self.user(name).start(TALK, context={"name": f"{CANARY} Ada"})


@pytest.fixture(params=STORES)
def world(
    request: pytest.FixtureRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> Iterator[World]:
    """A world on each repository, in which no canary ever shows."""
    caplog.set_level(logging.DEBUG)
    made = World(opened(request.param, tmp_path))
    with made.coach:
        yield made
    assert CANARY not in caplog.text
    assert CANARY not in repr(made.seen)


def refused(world: World, call: Call) -> CoachworkError:
    """Return the error that *call* gets, which changed nothing and shows nothing."""
    before, asked = everything(world.store), len(world.model.asked)
    with pytest.raises(CoachworkError) as raised:
        call()
    assert everything(world.store) == before
    assert len(world.model.asked) == asked
    return silent(raised.value)


def silent[E: CoachworkError](error: E) -> E: ...  # placeholder, replaced below
