"""What is promised of what tells the story so far."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Final, TypeAlias

from coachwork.effects import Summarize, Workflow
from coachwork.messages import Message, Role
from coachwork.ports import AsyncSummarizer, Summarizer
from coachwork.records import MAX_BODY
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._expecting import PromiseBrokenError
from coachwork.testing.conformance._promise import (
    DEADLINE,
    Port,
    Suite,
    Terms,
    Trial,
    promise,
)
from coachwork.testing.conformance._report import Report
from coachwork.testing.conformance._running import check, check_async
from coachwork.testing.conformance._samples import ODD, is_text, message
from coachwork.testing.conformance._together import AtOnce
from coachwork.testing.conformance._words import in_words

SummarizerMake: TypeAlias = Callable[
    [],
    AbstractContextManager[Summarizer]
    | AbstractContextManager[AsyncSummarizer]
    | AbstractAsyncContextManager[AsyncSummarizer],
]
"""Makes a summarizer of either colour: see `coachwork.testing.conformance.Make`."""

SUMMARIZE: Final = "coachwork.ports.Summarizer.summarize"
RACERS: Final = 8
LONGEST: Final = MAX_BODY // 8
"""Characters that fit into a record, however they are written."""

BEFORE: Final = "They said: My sister Quillfeather keeps bees."
TALK: Final = (
    message(Role.COACH, "What would you like to change?", 1),
    message(Role.USER, "I want to leave the zinc mine before winter.", 2),
    message(Role.COACH, "What keeps you there?", 3),
    message(Role.USER, "My pension depends on it.", 4),
)


def _told(effect: Summarize) -> Workflow[str]:
    """Return a summary; in which type it comes is another promise."""
    return str((yield from effect))


@promise("S01", why="No session can be resumed.", where=SUMMARIZE)
def a_summary_is_text(_trial: Trial) -> Workflow[None]:
    """A summary is text."""
    for previous in (None, BEFORE):
        effect = Summarize(previous, TALK)
        found = yield from effect
        if not is_text(found):
            raise PromiseBrokenError(in_words(effect), "text", in_words(found))


@promise(
    "S02",
    why="Who comes back a second time is met as if the first part had never been.",
    where=SUMMARIZE,
    needs=Capability.RECALL,
)
def the_previous_summary_is_covered(_trial: Trial) -> Workflow[None]:
    """What the previous summary tells is still told."""
    effect = Summarize(BEFORE, TALK)
    found = yield from _told(effect)
    if "Quillfeather" not in found:
        raise PromiseBrokenError(in_words(effect), "a word of Quillfeather", in_words(found))


@promise(
    "S03",
    why="Who comes back is asked again what they have told already.",
    where=SUMMARIZE,
    needs=Capability.RECALL,
)
def what_was_said_since_is_covered(_trial: Trial) -> Workflow[None]:
    """What the person said since then is told."""
    for previous in (None, BEFORE):
        effect = Summarize(previous, TALK)
        found = yield from _told(effect)
        if "zinc" not in found:
            raise PromiseBrokenError(in_words(effect), "a word of the zinc mine", in_words(found))


@promise("S04", why="A session in which little was said cannot be resumed.", where=SUMMARIZE)
def little_can_be_summarized(_trial: Trial) -> Workflow[None]:
    """No messages, one word, or the coach alone are no error, with and without a summary before."""
    talks: tuple[tuple[Message, ...], ...] = (
        (),
        (message(Role.COACH, "Hello?"),),
        (message(Role.USER, "No."),),
        (message(Role.USER, " "), message(Role.COACH, "", 2)),
    )
    for previous in (None, "", BEFORE):
        for talk in talks:
            yield from Summarize(previous, talk)


@promise(
    "S05",
    why="One odd message, and its session can never be resumed.",
    where=SUMMARIZE,
)
def any_text_can_be_summarized(_trial: Trial) -> Workflow[None]:
    """Texts of any script and length, and those that are hardly texts, are no error."""
    for text in ODD:
        yield from Summarize(None, (message(Role.USER, text), message(Role.COACH, text, 2)))
        yield from Summarize(text, (message(Role.USER, "Go on."),))


@promise(
    "S06",
    why="A conversation of months costs more with each return, until it cannot be stored.",
    where="coachwork.records.MAX_BODY; brief, section 4: the summary rolls",
)
def a_summary_stays_short(_trial: Trial) -> Workflow[None]:
    """It does not grow with all that was ever said, but stays where a record can hold it."""
    previous: str | None = None
    for turn in range(3):
        talk = tuple(
            message(role, f"In year {turn} I saw {n} mines. " * 20, n)
            for n in range(60)
            for role in Role
        )
        previous = yield from _told(Summarize(previous, talk))
    if len(str(previous)) > LONGEST:
        told = f"{len(str(previous))} characters"
        raise PromiseBrokenError("summarize(...) three times", f"at most {LONGEST}", told)


@promise(
    "S07",
    why="People who come back at the same moment fail now and then.",
    where="coachwork.coach.Coach: it may be used by several threads at once",
)
def several_may_summarize_at_once(_trial: Trial) -> Workflow[None]:
    """Several summaries at the same time are no error."""
    yield from AtOnce(tuple(_told(Summarize(BEFORE, TALK)) for _ in range(RACERS)))


SUMMARIZER: Final = Suite(
    port=Port(name="Summarizer", field="summarizer", method="summarize"),
    promises=(
        a_summary_is_text,
        the_previous_summary_is_covered,
        what_was_said_since_is_covered,
        little_can_be_summarized,
        any_text_can_be_summarized,
        a_summary_stays_short,
        several_may_summarize_at_once,
    ),
)
"""All that is promised of a summarizer."""


def check_summarizer(
    make: SummarizerMake, *, lacks: Collection[Capability] = (), deadline: float = DEADLINE
) -> Report:
    """Check a summarizer, of either colour.

    Args:
        make: Makes the summarizer: a function that returns a context manager of it.
        lacks: What it lacks: `Capability.RECALL`, for one that tells in words of its own.
        deadline: Seconds that each check may take; one that asks a model takes long.

    Returns:
        What was found, where all is well.

    Raises:
        ConformanceError: Some promise is not kept; it tells all that was found.
        ValidationError: An argument is not what it should be.
    """
    return check(SUMMARIZER, make, Terms.of(SUMMARIZER, lacks=lacks, deadline=deadline))


async def check_async_summarizer(
    make: SummarizerMake, *, lacks: Collection[Capability] = (), deadline: float = DEADLINE
) -> Report:
    """Do what `check_summarizer` does with an async summarizer, in the running loop of asyncio.

    Raises:
        ConformanceError: See `check_summarizer`.
        ValidationError: See `check_summarizer`.
    """
    terms = Terms.of(SUMMARIZER, lacks=lacks, deadline=deadline)
    return await check_async(SUMMARIZER, make, terms)


@in_words.register(Summarize)
def _(effect: Summarize) -> str:
    before = "None" if effect.previous is None else in_words(effect.previous)
    return f"summarize({before}, {len(effect.messages)} messages)"
