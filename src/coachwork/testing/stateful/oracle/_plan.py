"""What a command of the oracle is: a plan that asks the model and ends in a tale or a refusal."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeAlias, TypeVar

from attrs import frozen

from coachwork.testing.stateful._words import Words
from coachwork.testing.stateful.oracle._prompts import Prompt
from coachwork.testing.stateful.oracle._told import Job, Session

R = TypeVar("R")


@frozen
class Asks:
    """The model has to be asked now.

    Attributes:
        job: The job in question.
        purpose: What it is asked for.
        prompt: What it is shown.
        turn: How many turns the session has had.
    """

    job: Job
    purpose: str
    prompt: Prompt
    turn: int


Plan: TypeAlias = Generator[Asks, Words, R]


@frozen
class Tale:
    """What the caller is told.

    Attributes:
        session: The session in question, if it is a new one.
        job: The job in question, if it is a new one.
        tell: Tells it, once the coach has named them.
    """

    tell: Callable[[], object]
    session: Session | None = None
    job: Job | None = None


class Refusal(Exception):  # noqa: N818 - no error is meant: it is what the caller must be told
    """What the caller is told instead of an answer.

    Attributes:
        code: The code of the error.
        facts: What more it tells.
        job: The job that it is about, if it is about one.
        session: The session that it is about, if it tells one.
    """

    def __init__(
        self, code: str, job: Job | None = None, session: Session | None = None, **facts: object
    ) -> None:
        """Refuse with *code*."""
        super().__init__(code)
        self.code = code
        self.facts = facts
        self.job = job
        self.session = session if job is None else job.session
