"""The steps of a business plan: what each is about, and what makes an answer a good one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from attrs import frozen


class Step(StrEnum):
    """One step of the coaching, in the order in which they come where the plan says no other."""

    VISION = "vision"
    MISSION = "mission"
    CLIENTELE = "clientele"
    DIFFERENTIATION = "differentiation"
    OFFRE = "offre"
    SYNTHESIS = "synthesis"


class Criterion(StrEnum):
    """What an answer to one of the steps has to tell; each belongs to one step."""

    FUTURE = "future"
    CHANGE = "change"
    REACH = "reach"
    WORK = "work"
    BENEFICIARIES = "beneficiaries"
    REASON = "reason"
    PEOPLE = "people"
    NEED = "need"
    NUMBERS = "numbers"
    RIVALS = "rivals"
    DIFFERENCE = "difference"
    LASTING = "lasting"
    PRODUCT = "product"
    PRICE = "price"
    CHANNEL = "channel"
    WHOLE = "whole"
    CONSISTENCY = "consistency"
    NEXT_STEP = "next_step"


@frozen
class Goal:
    """What a step is about.

    Attributes:
        title: What it is called.
        question: What the person is to find an answer to.
        criteria: What a good answer tells, per criterion in words.
    """

    title: str
    question: str
    criteria: Mapping[Criterion, str]


_C = Criterion

GOALS: Final[Mapping[Step, Goal]] = {
    Step.VISION: Goal(
        "Vision",
        "What will be there in five to ten years, if all goes well?",
        {
            _C.FUTURE: "it shows a future that can be pictured",
            _C.CHANGE: "it tells what changes for people",
            _C.REACH: "it tells how far that reaches: a quarter, a town, a country",
        },
    ),
    Step.MISSION: Goal(
        "Mission",
        "What does the business do every day to get there, and for whom?",
        {
            _C.WORK: "it tells what is done every day",
            _C.BENEFICIARIES: "it tells for whom",
            _C.REASON: "it tells why that matters to the person",
        },
    ),
    Step.CLIENTELE: Goal(
        "Clientele",
        "Who are the customers, and what do they need?",
        {
            _C.PEOPLE: "it describes people, not everybody",
            _C.NEED: "it tells what they need, and how they manage today",
            _C.NUMBERS: "it tells about how many there are, and what they can spend",
        },
    ),
    Step.DIFFERENTIATION: Goal(
        "Differentiation",
        "Why would they choose this business, and no other?",
        {
            _C.RIVALS: "it names who else serves them",
            _C.DIFFERENCE: "it tells what is different here",
            _C.LASTING: "it tells why others cannot copy that soon",
        },
    ),
    Step.OFFRE: Goal(
        "Offer",
        "What exactly is sold, at what price, and how does it reach the customers?",
        {
            _C.PRODUCT: "it tells what is sold",
            _C.PRICE: "it tells at what price",
            _C.CHANNEL: "it tells how customers get it, and pay for it",
        },
    ),
    Step.SYNTHESIS: Goal(
        "Synthesis",
        "How does all of it fit together, in a few sentences?",
        {
            _C.WHOLE: "it brings the answers to the other steps together",
            _C.CONSISTENCY: "nothing in it contradicts them",
            _C.NEXT_STEP: "it tells what is done first",
        },
    ),
}
"""What each step is about."""
