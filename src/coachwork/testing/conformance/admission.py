"""What is promised of what is asked before anything is accepted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Final, TypeAlias

from attrs import frozen

from coachwork.effects import AskAdmission, Workflow
from coachwork.errors import CoachworkError, ValidationError
from coachwork.messages import checked_text
from coachwork.ports import Admission, Admit, AsyncAdmit
from coachwork.testing.conformance._draft import draft
from coachwork.testing.conformance._expecting import PromiseBrokenError
from coachwork.testing.conformance._promise import DEADLINE, Port, Suite, Terms, Trial
from coachwork.testing.conformance._report import Report
from coachwork.testing.conformance._running import check, check_async
from coachwork.testing.conformance._samples import HOSTILE, TEXTS
from coachwork.testing.conformance._together import AtOnce
from coachwork.testing.conformance._words import in_words

AdmitMake: TypeAlias = Callable[
    [],
    AbstractContextManager[Admit]
    | AbstractContextManager[AsyncAdmit]
    | AbstractAsyncContextManager[AsyncAdmit],
]
"""Makes an admission of either colour: see `coachwork.testing.conformance.Make`."""

ADMIT: Final = "coachwork.ports.Admit"
RACERS: Final = 8
COMMANDS: Final = ("start", "resume", "send", "complete", "retry")


@frozen
class Rules:
    """How an application admits.

    Attributes:
        topic: The id of one of its topics.
        refusals: What it raises to refuse.
        max_bytes: The most bytes that a message may have.
    """

    topic: str
    refusals: tuple[type[Exception], ...]
    max_bytes: int


def _admission(
    rules: Rules, trial: Trial, command: str, text: str | None = None, user: str = "ada"
) -> AskAdmission:
    """Return the question whether a command of that user may be accepted."""
    session = None if command == "start" else f"{trial.tenant}-s"
    text = "Hello." if command == "send" and text is None else text
    return AskAdmission(
        Admission(
            command=command,
            tenant=trial.tenant,
            user=user,
            topic=rules.topic,
            session=session,
            text=text,
        )
    )


def _asked(rules: Rules, effect: AskAdmission) -> Workflow[object]:
    """Return what is answered; None where it is refused."""
    try:
        answer: object = yield from effect
    except rules.refusals:
        return None
    return answer


@draft("A01", why="A message is refused by an error that tells nobody why.", where=ADMIT)
def the_answer_is_text_or_none(rules: Rules, trial: Trial) -> Workflow[None]:
    """Of every command it lets pass by None, gives another text, or refuses."""
    for command in COMMANDS:
        effect = _admission(rules, trial, command)
        found = yield from _asked(rules, effect)
        if found is not None and not isinstance(found, str):
            raise PromiseBrokenError(in_words(effect), "None or text", in_words(found))


@draft("A02", why="Some people, or what some of them write, can never be answered.", where=ADMIT)
def every_message_has_an_answer(rules: Rules, trial: Trial) -> Workflow[None]:
    """Texts of any script and length, and ids of any form, are let pass or refused, no more."""
    for text in TEXTS:
        yield from _asked(rules, _admission(rules, trial, "send", text))
    for user in HOSTILE:
        yield from _asked(rules, _admission(rules, trial, "send", user=user))


@draft(
    "A03",
    why="A message that was made harmless is refused, as if its author had written nonsense.",
    where=f"{ADMIT}; coachwork.messages.checked_text",
)
def another_text_is_a_message(rules: Rules, trial: Trial) -> Workflow[None]:
    """A text that it gives in the user's place can be a message: not blank, not too long."""
    for text in TEXTS:
        effect = _admission(rules, trial, "send", text)
        found = yield from _asked(rules, effect)
        if isinstance(found, str):
            try:
                checked_text(found, "admit", max_bytes=rules.max_bytes)
            except ValidationError as error:
                raise PromiseBrokenError(
                    in_words(effect), error.expected, in_words(found)
                ) from None


@draft(
    "A04",
    why="People who write at the same moment are refused by errors that tell nobody why.",
    where="coachwork.coach.Coach: it may be used by several threads at once",
)
def several_may_ask_at_once(rules: Rules, trial: Trial) -> Workflow[None]:
    """Several who ask at the same time are let pass or refused, no more."""
    asks = [_admission(rules, trial, "send", user=f"user-{n}") for n in range(RACERS)]
    yield from AtOnce(tuple(_asked(rules, ask) for ask in asks))


DRAFTS: Final = (
    the_answer_is_text_or_none,
    every_message_has_an_answer,
    another_text_is_a_message,
    several_may_ask_at_once,
)

REFUSALS: Final = (CoachworkError, PermissionError)
"""What refuses, where an application says nothing else."""

MAX_BYTES: Final = 16 * 1024
"""The most bytes that a message may have, where a topic says nothing else."""


def admission_suite(
    topic: str = "topic",
    refusals: tuple[type[Exception], ...] = REFUSALS,
    max_bytes: int = MAX_BYTES,
) -> Suite:
    """Return all that is promised of an admission with these rules."""
    rules = Rules(topic, refusals, max_bytes)
    port = Port(name="Admit", field="admit", method="__call__")
    return Suite(port=port, promises=tuple(each.given(rules) for each in DRAFTS))


def check_admission(
    make: AdmitMake,
    *,
    topic: str = "topic",
    refusals: tuple[type[Exception], ...] = REFUSALS,
    max_bytes: int = MAX_BYTES,
    deadline: float = DEADLINE,
) -> Report:
    """Check what is asked before anything is accepted, of either colour.

    Args:
        make: Makes the function: a function that returns a context manager of it.
        topic: The id of a topic that it knows.
        refusals: What it raises to refuse; anything else is a fault.
        max_bytes: The most bytes that a message on that topic may have.
        deadline: Seconds that each check may take.

    Returns:
        What was found, where all is well.

    Raises:
        ConformanceError: Some promise is not kept; it tells all that was found.
        ValidationError: An argument is not what it should be.
    """
    suite = admission_suite(topic, refusals, max_bytes)
    return check(suite, make, Terms.of(suite, deadline=deadline))


async def check_async_admission(
    make: AdmitMake,
    *,
    topic: str = "topic",
    refusals: tuple[type[Exception], ...] = REFUSALS,
    max_bytes: int = MAX_BYTES,
    deadline: float = DEADLINE,
) -> Report:
    """Do what `check_admission` does with an async admission, in the running loop of asyncio.

    Raises:
        ConformanceError: See `check_admission`.
        ValidationError: See `check_admission`.
    """
    suite = admission_suite(topic, refusals, max_bytes)
    return await check_async(suite, make, Terms.of(suite, deadline=deadline))


@in_words.register(AskAdmission)
def _(effect: AskAdmission) -> str:
    asked = effect.admission
    text = "" if asked.text is None else f" {in_words(asked.text)}"
    return f"admit({asked.command}{text} by user {asked.user!r})"
