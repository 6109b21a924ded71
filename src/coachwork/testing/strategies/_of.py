"""A strategy for every public class of values, by the class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cache
from inspect import isclass
from typing import Any, TypeVar, cast

from hypothesis import strategies as st

from coachwork.drivers import Observation
from coachwork.errors import CoachworkError, MisuseError
from coachwork.events import Event
from coachwork.jobs import Job, JobRef
from coachwork.messages import Message
from coachwork.policies import Settings
from coachwork.ports import Admission, AgentAsk, Answer, Ask, Partial, Prompt, Query
from coachwork.records import KINDS, Facts, Key, Record, Stored
from coachwork.replies import BadReply, Reply
from coachwork.sessions import (
    Account,
    Background,
    Claim,
    Receipt,
    Session,
    Spending,
    Standing,
)
from coachwork.testing.strategies._answers import parts_of_answers
from coachwork.testing.strategies._asks import (
    admissions,
    agent_asks,
    answers,
    asks,
    events,
    observations,
    partials,
    parts_of_effects,
    parts_of_events,
    prompts,
    worker_options,
)
from coachwork.testing.strategies._companions import (
    accounts,
    backgrounds,
    claims,
    receipts,
    spendings,
    standings,
)
from coachwork.testing.strategies._errors import errors, knows
from coachwork.testing.strategies._jobs import job_refs, jobs, parts_of_jobs
from coachwork.testing.strategies._programs import parts_of_programs
from coachwork.testing.strategies._records import (
    facts,
    keys,
    parts_of_commits,
    queries,
    records,
    stored,
)
from coachwork.testing.strategies._replies import read_bad_replies, read_replies
from coachwork.testing.strategies._sessions import messages, parts_of_sessions, sessions
from coachwork.testing.strategies._topics import callers, settings, setups, topics
from coachwork.topics import Topic
from coachwork.worker import WorkerOptions
from coachwork.workflows import Caller, Setup

T = TypeVar("T")


def of(cls: type[T]) -> st.SearchStrategy[T]:
    """Return the strategy of the values of a public class of this library.

    Args:
        cls: The class, such as `coachwork.sessions.Session`, `coachwork.Turn`, an enum such as
            `coachwork.sessions.SessionStatus`, or an error, with all below it.

    Raises:
        MisuseError: It is none that these strategies know.
    """
    if not isclass(cls):
        raise MisuseError("cls must be a class")
    for strategy in (_by_class().get(cls), _of_enum(cls), _of_error(cls)):
        if strategy is not None:
            return cast("st.SearchStrategy[T]", strategy)
    raise MisuseError(f"there is no strategy for {cls.__name__}")


def _of_enum(cls: type) -> st.SearchStrategy[Any] | None:
    """Return the strategy of the members of an enum of this library."""
    ours = issubclass(cls, Enum) and cls.__module__.startswith("coachwork.")
    return st.sampled_from([*cast("Iterable[Any]", cls)]) if ours else None


def _of_error(cls: type) -> st.SearchStrategy[Any] | None:
    """Return the strategy of errors of that class."""
    return errors(cls) if issubclass(cls, CoachworkError) and knows(cls) else None


@cache
def _by_class() -> Mapping[type, st.SearchStrategy[Any]]:
    """Return all strategies by the class of their values."""
    return {
        **parts_of_sessions(),
        **parts_of_jobs(),
        **parts_of_effects(),
        **parts_of_events(),
        **parts_of_answers(),
        **parts_of_commits(),
        **parts_of_programs(),
        Account: accounts(),
        Admission: admissions(),
        AgentAsk: agent_asks(),
        Answer: answers(),
        Ask: asks(),
        Background: backgrounds(),
        BadReply: read_bad_replies(),
        Caller: callers(),
        Claim: claims(),
        Event: events(),
        Facts: facts(),
        Job: jobs(),
        JobRef: job_refs(),
        Key: keys(),
        Message: messages(),
        Observation: observations(),
        Partial: partials(),
        Prompt: prompts(),
        Query: queries(),
        Receipt: receipts(),
        Record: records(),
        Reply: read_replies(),
        Session: sessions(),
        Settings: settings(),
        Setup: setups(),
        Spending: spendings(),
        Standing: standings(),
        Stored: st.sampled_from(tuple(KINDS.values())).flatmap(stored),
        Topic: topics(),
        WorkerOptions: worker_options(),
    }
