"""The identity program: its catalogue, and a journey through all of it."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast

import pytest
from jsonschema import Draft202012Validator

import coachwork.programs
from coachwork.actions import Sender
from coachwork.plain import JSON
from coachwork.programs import ActionType, Scope, action_schema, begun, carry_out, told
from coachwork.programs.identity import IDENTITY, CoachState, IdentityStatus, Phase
from tests.programs.identity.people import (
    COMPLETED,
    CREATION,
    INTEGRATION,
    KNOWING,
    REFINEMENT,
    coach_state,
)
from tests.specimens import NOON

SOURCE: Final = Path(coachwork.programs.__file__).parent / "identity"

EVERYWHERE: Final = (KNOWING, CREATION, REFINEMENT, INTEGRATION)

CATALOGUE: Final[dict[str, tuple[str, tuple[Phase, ...]]]] = {
    "ask_question": ("coach", (KNOWING,)),
    "answer_question": ("both", (KNOWING,)),
    "decline_question": ("both", (KNOWING,)),
    "add_who_you_are": ("both", EVERYWHERE),
    "remove_who_you_are": ("both", EVERYWHERE),
    "add_who_you_want_to_be": ("both", EVERYWHERE),
    "remove_who_you_want_to_be": ("both", EVERYWHERE),
    "focus_category": ("both", (KNOWING, CREATION)),
    "skip_category": ("both", (KNOWING, CREATION)),
    "unskip_category": ("both", (KNOWING, CREATION)),
    "create_identity": ("both", (CREATION,)),
    "create_identities": ("both", (CREATION,)),
    "propose_identity": ("coach", (CREATION,)),
    "accept_identity": ("both", (CREATION,)),
    "select_identity": ("both", (REFINEMENT, INTEGRATION)),
    "refine_identity": ("both", (REFINEMENT,)),
    "integrate_identity": ("both", (INTEGRATION,)),
    "rename_identity": ("both", (CREATION, REFINEMENT, INTEGRATION)),
    "note_identity": ("both", (CREATION, REFINEMENT, INTEGRATION)),
    "combine_identities": ("both", (CREATION, REFINEMENT)),
    "nest_identity": ("both", (CREATION, REFINEMENT)),
    "archive_identity": ("both", (CREATION, REFINEMENT, INTEGRATION)),
    "set_metadata": ("both", EVERYWHERE),
    "transition_phase": ("both", EVERYWHERE),
}
"""Who may do what, and where, copied by hand."""


def test_the_catalogue_is_as_it_should_be() -> None:
    """Who may do what, and in which phases; nothing is allowed once it is completed."""
    found = {
        action.name: (
            action.by,
            tuple(phase for phase in Phase if IDENTITY.is_allowed(action, coach_state(phase))),
        )
        for action in IDENTITY.actions
    }
    assert found == CATALOGUE
    assert IDENTITY.scope is Scope.USER
    assert IDENTITY.is_finished(coach_state(COMPLETED))


@pytest.mark.parametrize("action", IDENTITY.actions, ids=lambda action: action.name)
def test_each_action_tells_what_it_does_and_what_its_fields_are(
    action: ActionType[CoachState, Any],
) -> None:
    """A model that reads no code has to know."""
    fields = action.parameters.__attrs_attrs__
    assert fields
    assert action.description[0].isupper()
    for one in fields:
        assert f" {one.name}: " in action.description


@pytest.mark.parametrize("phase", Phase)
def test_the_schema_of_each_phase_is_sound(phase: Phase) -> None:
    """A provider takes it, and the model is told of each of its actions."""
    state = coach_state(phase)
    allowed = IDENTITY.allowed(state, Sender.COACH)
    cast("Any", Draft202012Validator).check_schema(action_schema(allowed))
    assert all(f"\n- {action.name}: " in told(IDENTITY, state) for action in allowed)


def test_it_begins_in_the_first_phase_with_an_id() -> None:
    """Made from the seed, so that it is the same when it is rebuilt."""
    assert begun(IDENTITY, "seed", NOON) == CoachState(id="seed.0.1", updated_at=NOON)


def test_it_is_written_with_public_parts_alone() -> None:
    """What stands here could stand in an application: no private module of another room."""
    imported = {
        f"{path.name}: {node.module}"
        for path in SOURCE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
    }
    assert "_program.py: coachwork.programs" in imported
    private = {line for line in imported if "._" in line}
    assert all(": coachwork.programs.identity._" in line for line in private), private


def skip(category: str) -> tuple[str, dict[str, JSON]]:
    """Return the action that skips a category."""
    return "skip_category", {"category": category}


def test_a_whole_journey() -> None:
    """From a stranger to somebody who lives by who they are."""
    state = begun(IDENTITY, "seed", NOON)
    turns: list[tuple[Sender, list[tuple[str, dict[str, JSON]]]]] = [
        (Sender.COACH, [("ask_question", {"text": "Who are you?"})]),
        (
            Sender.COACH,
            [
                ("answer_question", {"question": "Who are you?", "answer": "a reader"}),
                ("add_who_you_are", {"texts": ["a reader"]}),
                ("add_who_you_want_to_be", {"texts": ["a writer", "kind"]}),
                ("transition_phase", {"to": "IDENTITY_CREATION"}),
            ],
        ),
        (
            Sender.COACH,
            [
                ("create_identity", {"name": "Writer"}),
                (
                    "create_identities",
                    {
                        "identities": [
                            {"name": "Kind soul", "category": "VALUES"},
                            {"name": "Helper", "category": "RELATIONSHIPS"},
                            {"name": "Reader", "category": "CREATIVITY"},
                        ]
                    },
                ),
                *[skip(name) for name in ("STRENGTHS", "GOALS", "CAREER", "FINANCE")],
                skip("SPIRITUALITY"),
            ],
        ),
        (Sender.USER, [("accept_identity", {"identity": "writer"})]),
        (Sender.USER, [skip("HEALTH")]),
        (
            Sender.COACH,
            [
                ("combine_identities", {"identity": "Kind soul", "other": "Helper"}),
                ("nest_identity", {"identity": "Reader", "under": "Writer"}),
                ("transition_phase", {"to": "IDENTITY_REFINEMENT"}),
            ],
        ),
        (
            Sender.COACH,
            [
                ("refine_identity", {"identity": "Writer", "statement": "I write every day"}),
                ("refine_identity", {"identity": "Kind soul", "statement": "I listen first"}),
                ("transition_phase", {"to": "INTEGRATION"}),
            ],
        ),
        (
            Sender.COACH,
            [
                ("integrate_identity", {"identity": "Writer", "practice": "a page at dawn"}),
                ("integrate_identity", {"identity": "Kind soul"}),
                ("transition_phase", {"to": "COMPLETED"}),
            ],
        ),
    ]
    for number, (sender, actions) in enumerate(turns, 1):
        asked: list[dict[str, JSON]] = [
            {"type": name, "parameters": parameters} for name, parameters in actions
        ]
        now = NOON + timedelta(minutes=number)
        carried = carry_out(IDENTITY, state, asked, sender, now, f"a-{number}", f"s-1.{number}")
        assert [action.code for action in carried.actions] == [None] * len(actions)
        state = carried.state
    assert state.current_phase is COMPLETED
    assert {one.name: (one.status, one.statement) for one in state.living} == {
        "Writer": (IdentityStatus.INTEGRATED, "I write every day"),
        "Kind soul": (IdentityStatus.INTEGRATED, "I listen first"),
    }
    assert state.asked_questions[0].message == "s-1.2"
    assert state.updated_at == NOON + timedelta(minutes=len(turns))
