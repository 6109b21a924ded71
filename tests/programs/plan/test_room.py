"""How much a plan may hold: that it can always be kept."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from coachwork.plain import to_json
from coachwork.programs import MAX_STATE, AgentRun, AgentRuns, AgentStatus
from coachwork.programs.plan import MAX_AGENTS, MAX_CONTEXT, MAX_SECTION, Criterion, Step
from coachwork.programs.plan._room import MAX_CONVERSATION, MAX_TALK, newest, plain_weight, weight
from tests.programs.plan.plans import plan, section, with_step
from tests.specimens import NOON


def size_of(state: object) -> int:
    """Return how many characters a state takes as it is kept."""
    return len(json.dumps(to_json(state), separators=(",", ":")))


@pytest.mark.parametrize("letter, wide", [("x", 1), ('"', 2), ("\x01", 6), ("\xe9", 6)])
def test_every_text_weighs_what_it_takes(letter: str, wide: int) -> None:
    """To the character, wherever it stands."""
    text = letter * 100
    bare = with_step(plan(), Step.OFFRE, message="", examples=("",))
    heavier: list[dict[str, Any]] = [
        {"response": text},
        {"coach_message": text},
        {"clarifying_question": text},
        {"reformulation": text},
        {"examples": (text,)},
        {"message": text},
    ]
    for fields in heavier:
        state = with_step(bare, Step.OFFRE, **fields)
        assert weight(state) - weight(bare) == size_of(state) - size_of(bare) == 100 * wide
    for name in ("cultural_context", "sector_context"):
        empty, full = ({name: {"a": one}} for one in ("", text))
        change: Any = full
        before: Any = empty
        assert weight(evolve(bare, **change)) - weight(evolve(bare, **before)) == 100 * wide
    assert plain_weight({"a": [1]}) == len('{"a": [1]}')


def test_the_heaviest_plan_can_be_kept() -> None:
    """Everything as heavy as it may be, at once."""
    names = tuple(f"{'a' * 62}_{number}" for number in range(MAX_AGENTS))
    heavy = [
        section(
            name,
            title="\N{GRINNING FACE}" * 120,
            body="x" * (MAX_SECTION - 2),
            version=10**6,
            stale=True,
        )
        for name in names
    ]
    runs = [
        AgentRun(name, AgentStatus.SUCCEEDED, 10**6, 100, NOON, "x" * 64, 10**6) for name in names
    ]
    state = plan()
    for step in Step:
        state = with_step(
            state,
            step,
            criteria=tuple(Criterion)[:3],
            confidence=1 / 3,
            retries=10**6,
            attempts=100,
            duration=timedelta(days=999, microseconds=1),
        )
    state = evolve(
        state,
        conversation=("x" * (MAX_CONVERSATION - 3),),
        sections=tuple(heavy),
        runs=AgentRuns(tuple(runs)),
        required=names,
        coaching_duration=timedelta(days=999, microseconds=1),
    )
    room = MAX_TALK - weight(state)
    full = with_step(state, Step.VISION, response="x" * room)
    assert weight(full) == MAX_TALK
    assert size_of(full) < MAX_STATE


def test_the_bounds_are_as_they_are_told() -> None:
    """Numbers that applications may rely on."""
    assert (MAX_AGENTS, MAX_SECTION, MAX_CONTEXT) == (8, 11 * 1024, 4 * 1024)


def test_the_newest_messages_are_kept() -> None:
    """As many as there is room for."""
    few = ("s-1.1", "s-1.3")
    assert newest(few) == few
    many = tuple(f"session-{'x' * 40}.{number:04}" for number in range(300))
    left = newest(many)
    assert left == many[-len(left) :]
    assert 90 < len(left) < 200
    assert sum(len(one) + 3 for one in left) <= MAX_CONVERSATION
    assert newest(("x" * MAX_CONVERSATION,)) == ()
