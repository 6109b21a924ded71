"""How much a coach state may hold: what it weighs, and that it can always be kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from coachwork.plain import JSON, to_json
from coachwork.programs import MAX_STATE
from coachwork.programs.identity import (
    MAX_IDENTITIES,
    MAX_QUESTIONS,
    MAX_TRAITS,
    Category,
    CoachState,
    Identity,
    IdentityStatus,
    Note,
    Phase,
    Question,
    QuestionStatus,
)
from coachwork.programs.identity._room import MAX_METADATA, MAX_WEIGHT, is_full, weight
from tests.programs.identity.people import LATER, coach_state, identity, note, question
from tests.specimens import NOON

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_IDS = st.none() | st.text("abc", min_size=64, max_size=64)
_INSTANTS = st.sampled_from([NOON, LATER])
_NOTES = st.builds(Note, text=_TEXTS, at=_INSTANTS, origin=st.just("i" * 64))
_IDENTITIES = st.builds(
    Identity,
    id=st.text("abc", max_size=64),
    name=_TEXTS,
    category=st.sampled_from(Category),
    status=st.sampled_from(IdentityStatus),
    statement=_TEXTS,
    notes=st.lists(_NOTES, max_size=3).map(tuple),
    combined_into=_IDS,
    nested_under=st.none(),
    created_at=_INSTANTS,
    updated_at=_INSTANTS,
)
_QUESTIONS = st.builds(
    Question,
    id=st.text("abc", max_size=64),
    text=_TEXTS,
    status=st.sampled_from(QuestionStatus),
    asked_at=_INSTANTS,
    answer=_TEXTS,
    message=_IDS,
)
_PLAIN: st.SearchStrategy[JSON] = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXTS, inner, max_size=2),
    max_leaves=4,
)
STATES = st.builds(
    CoachState,
    id=st.text("abc", max_size=64),
    current_phase=st.sampled_from(Phase),
    current_identity=_IDS,
    proposed_identity=_IDS,
    identity_focus=st.sampled_from(Category),
    skipped_identity_categories=st.lists(st.sampled_from(Category), unique=True).map(tuple),
    who_you_are=st.lists(_TEXTS, max_size=3).map(tuple),
    who_you_want_to_be=st.lists(_TEXTS, max_size=3).map(tuple),
    asked_questions=st.lists(_QUESTIONS, max_size=2).map(tuple),
    identities=st.lists(_IDENTITIES, max_size=3).map(tuple),
    metadata=st.dictionaries(_TEXTS, _PLAIN, max_size=2),
    updated_at=_INSTANTS,
)


def size_of(state: CoachState) -> int:
    """Return how many characters a state takes as it is kept."""
    return len(json.dumps(to_json(state), separators=(",", ":")))


@settings(max_examples=60)
@given(STATES)
def test_a_state_takes_no_more_than_it_weighs(state: CoachState) -> None:
    """Whatever it holds, in whatever script."""
    assert size_of(state) <= weight(state)


@given(
    identities=st.integers(0, 40),
    notes=st.integers(0, 40),
    questions=st.integers(0, 40),
    traits=st.integers(0, 40),
)
@settings(max_examples=20)
def test_many_small_things_weigh_enough(
    identities: int, notes: int, questions: int, traits: int
) -> None:
    """Each weighs as if status, instants and references were as long as can be."""
    heavy = Identity(
        id="i" * 64,
        name="",
        category=Category.RELATIONSHIPS,
        status=IdentityStatus.INTEGRATED,
        notes=(Note(text="", at=NOON, origin="i" * 64),) * notes,
        combined_into="i" * 64,
        created_at=NOON,
        updated_at=NOON,
    )
    asked = Question(
        id="q" * 64, text="", status=QuestionStatus.DECLINED, asked_at=NOON, message="m" * 64
    )
    state = CoachState(
        id="c" * 64,
        current_phase=Phase.IDENTITY_REFINEMENT,
        current_identity="i" * 64,
        proposed_identity="i" * 64,
        identity_focus=Category.RELATIONSHIPS,
        skipped_identity_categories=tuple(Category),
        who_you_are=("",) * traits,
        who_you_want_to_be=("",) * traits,
        asked_questions=(asked,) * questions,
        identities=(evolve(heavy, notes=()),) * identities + (heavy,),
        updated_at=NOON,
    )
    assert size_of(state) <= weight(state)


def test_only_texts_make_it_heavier() -> None:
    """Steps, references and answers in no words weigh nothing, so that they always fit."""
    one = identity("One")
    state = coach_state(Phase.INTEGRATION, one)
    other = evolve(one, status=IdentityStatus.ARCHIVED, combined_into="i" * 64, updated_at=LATER)
    changes: dict[str, Any] = {
        "current_phase": Phase.IDENTITY_REFINEMENT,
        "current_identity": "i" * 64,
        "identities": (other,),
        "skipped_identity_categories": tuple(Category),
    }
    assert weight(evolve(state, **changes)) == weight(state)
    assert weight(evolve(state, who_you_are=("x",))) > weight(state)


@pytest.mark.parametrize("letter, wide", [("x", 1), ('"', 2), ("\n", 2), ("\x01", 6), ("\xe9", 6)])
def test_every_text_weighs_what_it_takes(letter: str, wide: int) -> None:
    """To the character, wherever it stands."""
    text = letter * 100
    one = identity("", notes=(note("", "i-"),))
    bare = coach_state(
        Phase.IDENTITY_CREATION,
        one,
        who_you_are=("",),
        who_you_want_to_be=("",),
        asked_questions=(question("", id="q-1"),),
        metadata={"": ""},
    )
    asked = bare.asked_questions[0]
    heavier = [
        evolve(bare, identities=(evolve(one, name=text),)),
        evolve(bare, identities=(evolve(one, statement=text),)),
        evolve(bare, identities=(evolve(one, notes=(note(text, "i-"),)),)),
        evolve(bare, who_you_are=(text,)),
        evolve(bare, who_you_want_to_be=(text,)),
        evolve(bare, asked_questions=(evolve(asked, text=text),)),
        evolve(bare, asked_questions=(evolve(asked, answer=text),)),
        evolve(bare, metadata={"": text}),
        evolve(bare, metadata={text: ""}),
    ]
    for state in heavier:
        assert weight(state) - weight(bare) == size_of(state) - size_of(bare) == 100 * wide


def test_the_bounds_are_as_they_are_told() -> None:
    """Numbers that applications may rely on."""
    assert (MAX_IDENTITIES, MAX_QUESTIONS, MAX_TRAITS, MAX_METADATA) == (300, 100, 50, 4096)


def test_what_is_not_full_can_be_kept() -> None:
    """The heaviest state is below the bound of every program's state."""
    assert MAX_WEIGHT < MAX_STATE
    base = weight(coach_state(who_you_are=("",)))
    most = coach_state(who_you_are=("x" * (MAX_WEIGHT - base),))
    assert weight(most) == MAX_WEIGHT
    assert not is_full(most)
    assert is_full(evolve(most, who_you_want_to_be=("",)))


def test_there_is_room_for_as_many_identities_as_may_be() -> None:
    """Each with a name, a sentence and nothing more."""
    many = tuple(
        identity(f"Identity {number}", statement="I am who I am, and that is enough.")
        for number in range(MAX_IDENTITIES)
    )
    assert not is_full(coach_state(Phase.IDENTITY_CREATION, *many))
