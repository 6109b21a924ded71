"""What is promised of a model that writes piece by piece."""

from __future__ import annotations

import json
from typing import Final

from coachwork.effects import Workflow
from coachwork.ports import Answer
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._draft import draft
from coachwork.testing.conformance._expecting import PromiseBrokenError, expect
from coachwork.testing.conformance._promise import Trial
from coachwork.testing.conformance._samples import is_text
from coachwork.testing.conformance._together import AtOnce, Wait
from coachwork.testing.conformance._words import in_words
from coachwork.testing.conformance.model._asking import ASK, AT_ONCE, RACERS, Try, asking
from coachwork.testing.conformance.model._provocations import Provocations

AFTER: Final = 0.1
"""Seconds in which a piece could come that comes too late."""

STEPS: Final = 10
"""How often it is looked for in that time."""


def _are_whole(pieces: list[str], answer: Answer) -> bool:
    """Whether the pieces of an answer, put together, are its text, or the document of its data."""
    heard = "".join(map(str, pieces))
    if answer.data is None:
        return heard == answer.text
    try:
        document: object = json.loads(heard)
    except ValueError:
        return False
    return document == answer.data


@draft(
    "M18",
    why="Nobody can read along, or reads something else than what is kept.",
    where=f"{ASK}: sink",
    needs=Capability.STREAMING,
)
def the_pieces_are_the_answer(_provider: Provocations, trial: Trial) -> Workflow[None]:
    """A sink is given the answer in pieces of text, which put together are the whole of it."""
    pieces: list[str] = []
    effect = asking(trial, sink=pieces.append)
    answer = yield from effect
    if not pieces or not all(map(is_text, pieces)):
        raise PromiseBrokenError(in_words(effect), "pieces of text", in_words(pieces))
    if not _are_whole(pieces, answer):
        raise PromiseBrokenError(in_words(effect), in_words(answer), in_words("".join(pieces)))


@draft(
    "M19",
    why="A word is shown below an answer that is finished.",
    where=f"{ASK}: sink",
    needs=Capability.STREAMING,
)
def no_piece_comes_too_late(_provider: Provocations, trial: Trial) -> Workflow[None]:
    """When the call has ended, nothing more is given to its sink."""
    pieces: list[str] = []
    yield from asking(trial, sink=pieces.append)
    number = len(pieces)
    for _ in range(STEPS):
        yield from Wait(AFTER / STEPS)
        expect("pieces after the end", len(pieces) - number, 0)


@draft(
    "M20",
    why="Two people who talk at the same moment read each other's answers.",
    where=AT_ONCE,
    needs=Capability.STREAMING,
)
def each_sink_hears_its_own(_provider: Provocations, trial: Trial) -> Workflow[None]:
    """Of calls at the same time each gives its sink what it would give it alone."""
    alone = yield from _matches(trial)
    for matches in (yield from AtOnce(tuple(_matches(trial) for _ in range(RACERS)))):
        expect(
            "whether the pieces of one of several are its answer",
            matches or not alone,
            expected=True,
        )


def _matches(trial: Trial) -> Workflow[bool]:
    """Return whether the pieces of a call are its answer; that it fails is another promise."""
    pieces: list[str] = []
    answer = yield from Try(asking(trial, sink=pieces.append).ask)
    return isinstance(answer, Exception) or _are_whole(pieces, answer)
