"""A strategy for every public class of values, by the class."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

from hypothesis import strategies as st

from coachwork.drivers import Observation
from coachwork.errors import MisuseError
from coachwork.events import Event
from coachwork.jobs import Job, JobRef
from coachwork.messages import Message
from coachwork.policies import Settings
from coachwork.ports import Admission, Answer, Ask, Partial, Prompt, Query
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
        cls: The class, such as `coachwork.sessions.Session` or `coachwork.Turn`.

    Raises:
        MisuseError: It is none that these strategies know.
    """
    strategy = _by_class().get(cls)
    if strategy is None:
        raise MisuseError(f"there is no strategy for {cls.__name__}")
    return cast("st.SearchStrategy[T]", strategy)


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
