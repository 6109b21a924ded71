"""Whatever coach and user do, valid or not, what must hold of a coach state holds."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any, Final, cast

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from coachwork.actions import ActionStatus, Audit, RefusalCode, Sender
from coachwork.plain import JSON, to_json
from coachwork.programs import (
    MAX_ACTIONS,
    MAX_STATE,
    Progress,
    action_schema,
    begun,
    carry_out,
    read_state,
    rebuild,
    told,
)
from coachwork.programs.identity import IDENTITY, Category, CoachState, Phase
from tests.programs.identity.invariants import broken_between, broken_by
from tests.programs.identity.people import ARCHIVED, REFINED, coach_state, identity, note, question
from tests.specimens import NOON

Asked = dict[str, JSON]


def asked(name: str, /, **parameters: JSON) -> Asked:
    """Return an action as it comes."""
    return {"type": name, "parameters": parameters}


class Play:
    """A coaching from its beginning, with the log of its actions."""

    def __init__(self) -> None:
        """Begin."""
        self.state: CoachState = begun(IDENTITY, "seed", NOON)
        self.plain = cast("dict[str, JSON]", to_json(self.state))
        self.audits: list[Audit] = []

    @classmethod
    def until(cls, phase: Phase) -> Play:
        """Return a coaching that has just come to *phase*."""
        play = cls()
        play.state, audits = _led_to(phase)
        play.plain = cast("dict[str, JSON]", to_json(play.state))
        play.audits = [*audits]
        return play

    def turn(self, sender: Sender, actions: list[Asked], minutes: int = 1) -> Audit:
        """Carry out actions, so many *minutes* later, and check what must hold."""
        number = len(self.audits) + 1
        audit = Audit(
            id=f"a-{number}",
            tenant="acme",
            user="ada",
            session="s-1",
            topic="identity",
            program=IDENTITY.id,
            program_version=IDENTITY.version,
            subject=None,
            number=number,
            sender=sender,
            message=2 * number,
            answers=2 * number - 1 if sender is Sender.COACH else None,
            at=max(NOON + timedelta(minutes=minutes), self.state.updated_at),
            actions=(),
            phase="",
        )
        before = self.state
        done = carry_out(
            IDENTITY, before, actions, sender, audit.at, audit.id, audit.source, self.plain
        )
        self.state = done.state
        self.plain = done.plain or self.plain
        assert self.plain == to_json(self.state)
        audit = evolve(
            audit, actions=done.actions, excess=done.excess, phase=self.state.current_phase
        )
        self.audits.append(audit)
        assert not broken_by(self.state)
        assert not broken_between(before, audit, self.state)
        assert len(done.actions) + done.excess == len(actions)
        for place, (told_of, action) in enumerate(zip(done.actions, actions, strict=False), 1):
            assert told_of.id == f"a-{number}.{place}"
            assert told_of.parameters == action.get("parameters", {})
            assert (told_of.code is None) == (told_of.status is ActionStatus.APPLIED)
        return audit

    def progress(self) -> Progress:
        """Return what would be stored."""
        plain = to_json(self.state)
        assert isinstance(plain, dict)
        assert len(json.dumps(plain)) <= MAX_STATE
        return Progress(
            tenant="acme",
            user="ada",
            program=IDENTITY.id,
            version=IDENTITY.version,
            subject=None,
            phase=self.state.current_phase,
            state=plain,
            audits=len(self.audits),
            begun="seed",
            begun_at=NOON,
            updated_at=self.state.updated_at,
        )


# --- random coaching -------------------------------------------------------------------------

_CATEGORIES: Final = [category.value for category in Category]

LEADING: Final[dict[Phase, list[Asked]]] = {
    Phase.GET_TO_KNOW_YOU: [],
    Phase.IDENTITY_CREATION: [
        asked("ask_question", text="Who?"),
        asked("decline_question", question="Who?"),
        asked("transition_phase", to="IDENTITY_CREATION"),
    ],
    Phase.IDENTITY_REFINEMENT: [
        asked("create_identities", identities=[
            {"name": name, "category": category, "note": f"about {name}"}
            for name, category in zip(["One", "Two", "Three"], _CATEGORIES, strict=False)
        ]),
        *(asked("skip_category", category=category) for category in _CATEGORIES[3:]),
        asked("transition_phase", to="IDENTITY_REFINEMENT"),
    ],
    Phase.INTEGRATION: [
        *(asked("refine_identity", identity=name, statement=f"I am {name}")
          for name in ("One", "Two", "Three")),
        asked("transition_phase", to="INTEGRATION"),
    ],
    Phase.COMPLETED: [
        *(asked("integrate_identity", identity=name) for name in ("One", "Two", "Three")),
        asked("transition_phase", to="COMPLETED"),
    ],
}  # fmt: skip
"""What leads to each phase from the one before it."""


@cache
def _led_to(phase: Phase) -> tuple[CoachState, tuple[Audit, ...]]:
    """Return the state in which a phase begins, and the log that leads to it."""
    play = Play()
    for then, actions in LEADING.items():
        play.turn(Sender.COACH, actions)
        if then is phase:
            break
    return play.state, tuple(play.audits)


_NAMES: Final = st.sampled_from(["One", "Two", "Three", "one", "TWO", "Four", "a-3.1.1", "a-3.1.2"])
_TEXTS: Final = st.sampled_from(["a", "A", "b", "c", "Who?", "Why?", "é\n\"'", " ", "x" * 1200])
_PARAMETERS: Final[dict[str, dict[str, st.SearchStrategy[Any]]]] = {
    "ask_question": {"text": _TEXTS},
    "answer_question": {"question": _TEXTS, "answer": _TEXTS},
    "decline_question": {"question": _TEXTS},
    "add_who_you_are": {"texts": st.lists(_TEXTS, max_size=3)},
    "remove_who_you_are": {"text": _TEXTS},
    "add_who_you_want_to_be": {"texts": st.lists(_TEXTS, max_size=3)},
    "remove_who_you_want_to_be": {"text": _TEXTS},
    "focus_category": {"category": st.sampled_from(Category)},
    "skip_category": {"category": st.sampled_from(Category)},
    "unskip_category": {"category": st.sampled_from(Category)},
    "create_identity": {"name": _NAMES, "category": st.sampled_from(Category), "note": _TEXTS},
    "create_identities": {
        "identities": st.lists(
            st.fixed_dictionaries({"name": _NAMES}, optional={"statement": _TEXTS}), max_size=3
        )
    },
    "propose_identity": {"identity": _NAMES},
    "accept_identity": {"identity": _NAMES},
    "select_identity": {"identity": _NAMES},
    "refine_identity": {"identity": _NAMES, "statement": _TEXTS},
    "integrate_identity": {"identity": _NAMES, "practice": _TEXTS},
    "rename_identity": {"identity": _NAMES, "name": _NAMES},
    "note_identity": {"identity": _NAMES, "text": _TEXTS},
    "combine_identities": {"identity": _NAMES, "other": _NAMES, "name": _NAMES},
    "nest_identity": {"identity": _NAMES, "under": _NAMES},
    "archive_identity": {"identity": _NAMES},
    "set_metadata": {"name": _TEXTS, "value": st.none() | st.integers() | _TEXTS},
    "transition_phase": {"to": st.sampled_from(Phase)},
}
assert _PARAMETERS.keys() == IDENTITY.by_name.keys()


def _form(name: str) -> st.SearchStrategy[Asked]:
    """Return the strategy of an action, which now and then lacks a parameter."""
    fields = _PARAMETERS[name]
    whole = st.fixed_dictionaries(fields)
    partial = st.fixed_dictionaries({}, optional=fields)
    return st.builds(
        lambda parameters: {"type": name, "parameters": to_json(parameters)},
        st.one_of(whole, whole, whole, partial),
    )


@cache
def _actions(phase: Phase, sender: Sender) -> st.SearchStrategy[list[Asked]]:
    """Return the strategy of the actions of a turn: mostly of those that are allowed."""
    allowed = [action.name for action in IDENTITY.allowed(coach_state(phase), sender)]
    others = sorted(_PARAMETERS)
    names = st.sampled_from(allowed * (1 + 2 * len(others) // max(1, len(allowed))) + others)
    return st.lists(names.flatmap(_form), min_size=1, max_size=5)


@settings(max_examples=80, deadline=None)
@given(data=st.data(), phase=st.sampled_from(Phase), turns=st.integers(1, 6))
def test_whatever_is_done_what_must_hold_holds(
    data: st.DataObject, phase: Phase, turns: int
) -> None:
    """Of each state, of each turn, and of the log: it leads to the very state that is stored."""
    play = Play.until(phase)
    following = [*LEADING.values(), []][list(LEADING).index(phase) + 1]
    play.turn(Sender.COACH, following[: data.draw(st.integers(0, len(following)))])
    for _ in range(turns):
        sender = data.draw(st.sampled_from(Sender))
        play.turn(
            sender,
            data.draw(_actions(play.state.current_phase, sender)),
            data.draw(st.integers(0, 9)),
        )
    progress = play.progress()
    assert read_state(IDENTITY, progress) == play.state
    assert rebuild(IDENTITY, progress, play.audits) == play.state
    told(IDENTITY, play.state)


def plausible(chance: random.Random, state: CoachState) -> Asked:
    """Return an action that may well be possible in *state*."""
    names = [one.name for one in state.living] or ["Nobody"]
    options: dict[str, list[JSON]] = {
        "identity": [*names, *(one.id for one in state.identities)],
        "other": [*names],
        "under": [*names],
        "question": [one.text for one in state.asked_questions] or ["Never?"],
        "category": [*_CATEGORIES],
        "to": [phase.value for phase in Phase],
        "texts": [[chance.choice("abcdef")]],
        "value": [chance.randrange(9), None],
        "identities": [[{"name": f"Several {chance.randrange(99)}"}]],
        "name": [f"New {chance.randrange(99)}", f"new {chance.randrange(99)}"],
    }
    chosen = chance.choice(IDENTITY.allowed(state, Sender.COACH))
    words: list[JSON] = [*"abcdef"]
    fields = [one.name for one in chosen.parameters.__attrs_attrs__]
    return asked(chosen.name, **{name: chance.choice(options.get(name, words)) for name in fields})


@pytest.mark.parametrize("phase", [*Phase][:-1])
def test_plausible_coaching_holds_in_every_phase(phase: Phase) -> None:
    """However often it is tried, until each action of the phase was applied, and beyond."""
    applied: set[str] = set()
    for seed in range(25):
        chance = random.Random(f"{phase} {seed}")
        play = Play.until(phase)
        while play.state.current_phase is phase and len(play.audits) < 12:
            play.turn(Sender.COACH, [plausible(chance, play.state) for _ in range(4)])
        progress = play.progress()
        assert rebuild(IDENTITY, progress, play.audits) == read_state(IDENTITY, progress)
        applied |= {
            action.type
            for audit in play.audits
            for action in audit.actions
            if action.status is ActionStatus.APPLIED
        }
    allowed = {action.name for action in IDENTITY.allowed(coach_state(phase), Sender.COACH)}
    assert allowed <= applied


def test_what_leads_to_each_phase_is_applied() -> None:
    """Every action of it, so that the random ones begin where they should."""
    play = Play()
    for phase, actions in LEADING.items():
        audit = play.turn(Sender.COACH, actions)
        assert [action.code for action in audit.actions] == [None] * len(actions)
        assert play.state.current_phase is phase


ONE: Final = identity("One", notes=(note("a", "i-one"),))
SOUND: Final = coach_state(
    Phase.IDENTITY_CREATION,
    ONE,
    proposed_identity="i-one",
    asked_questions=(question("Who?"),),
)
GONE: Final = evolve(ONE, status=ARCHIVED)


@pytest.mark.parametrize(
    "changes, told_of",
    [
        ({"identities": (ONE, ONE)}, "two identities have one id"),
        ({"identities": (ONE, evolve(ONE, id="i-2"))}, "two living identities have one name"),
        ({"identities": (evolve(ONE, nested_under="i-one"),)}, "still there"),
        ({"identities": (evolve(GONE, combined_into="i-2"),)}, "to where there is none"),
        ({"identities": (evolve(ONE, notes=(note("a", "i-2"),)),)}, "comes from nowhere"),
        ({"skipped_identity_categories": (Category.GOALS, Category.VALUES)}, "out of order"),
        ({"skipped_identity_categories": (Category.PASSIONS,)}, "skipped category has an identity"),
        ({"identities": (), "skipped_identity_categories": (Category.PASSIONS,)}, "in focus"),
        ({"current_identity": "i-one"}, "in the wrong phase"),
        ({"proposed_identity": None}, "not pending"),
        ({"proposed_identity": "i-2"}, "not pending"),
        ({"asked_questions": (question("Who?", message="s-1.1"),)}, "open and answered"),
        ({"who_you_are": ("x" * MAX_STATE,)}, "too much"),
        ({"who_you_are": ("x",) * 51}, "too many traits"),
        ({"asked_questions": (question("Who?"),) * 101}, "too many questions"),
        ({"identities": (GONE,) * 301}, "too many identities"),
    ],
)
def test_damage_to_a_state_is_seen(changes: dict[str, Any], told_of: str) -> None:
    """Each predicate tells its own; a state that is sound has none."""
    assert not broken_by(SOUND)
    assert told_of in "; ".join(broken_by(evolve(SOUND, **changes)))


@pytest.mark.parametrize(
    "changes, told_of",
    [
        ({"identities": ()}, "an identity was lost"),
        ({"identities": (evolve(ONE, category=Category.GOALS),)}, "became another one"),
        ({"identities": (evolve(ONE, status=REFINED),)}, "without an action"),
        ({"identities": (evolve(ONE, notes=()),)}, "a note was lost"),
        ({"asked_questions": ()}, "a question was lost"),
        ({"updated_at": NOON - timedelta(1)}, "time went back"),
        ({"current_phase": Phase.COMPLETED}, "the phase changed by itself"),
    ],
)
def test_damage_by_a_turn_is_seen(changes: dict[str, Any], told_of: str) -> None:
    """Each predicate tells its own; a turn without actions is sound."""
    audit = Play().turn(Sender.COACH, [])
    assert not broken_between(SOUND, audit, SOUND)
    assert told_of in "; ".join(broken_between(SOUND, audit, evolve(SOUND, **changes)))


def test_steps_back_and_beyond_the_end_are_seen() -> None:
    """What is archived never changes, no status goes back, and what is completed is over."""
    audit = Play().turn(Sender.COACH, [asked("add_who_you_are", texts=["a"])])
    archived = evolve(SOUND, identities=(GONE,))
    assert "an archived identity changed" in broken_between(archived, audit, SOUND)
    assert "archived led to proposed" in broken_between(archived, audit, SOUND)
    completed = evolve(SOUND, current_phase=Phase.COMPLETED)
    assert "a completed coaching changed" in broken_between(completed, audit, completed)
    jumped = evolve(audit.actions[0], type="transition_phase", parameters={"to": "COMPLETED"})
    jump = evolve(audit, actions=(jumped,))
    assert "IDENTITY_CREATION led to COMPLETED" in broken_between(SOUND, jump, completed)


# --- garbage ---------------------------------------------------------------------------------


def garbage(chance: random.Random) -> JSON:
    """Return plain data of any kind."""
    kind = chance.randrange(9)
    if kind > 6:
        return [garbage(chance) for _ in range(chance.randrange(3))]
    if kind > 5:
        return {str(garbage(chance)): garbage(chance) for _ in range(chance.randrange(3))}
    choices: list[JSON] = [None, True, 0, -1.5, "", "\ud800\0", "One", "a" * 5000, 10**40]
    return chance.choice(choices)


def malformed(chance: random.Random) -> Iterator[Asked]:
    """Yield an action of each kind of malformation."""
    names = list(IDENTITY.by_name)
    name = chance.choice(names)
    some = garbage(chance)
    yield {}
    yield {"type": some if some not in names else None, "parameters": {}}
    yield {"type": name.upper(), "parameters": some}
    yield {"type": f" {name}", "parameters": {}}
    yield {"type": name, "parameters": {}, "more": some}
    yield {"type": name, "parameters": some if not isinstance(some, dict) else [some]}
    yield {"type": name, "parameters": {"more": some}}
    yield {"type": name}
    fields = [one.name for one in IDENTITY.by_name[name].parameters.__attrs_attrs__]
    yield {"type": name, "parameters": {field: [[some]] for field in fields if field != "value"}}
    yield {"type": name, "parameters": dict.fromkeys(fields, "\ud800")}
    nobody = {"identity": "Nobody", "other": "Nobody", "under": "Nobody", "question": "Never?"}
    about = {"name": "Fine", "text": "x" * 2000, "texts": "fine", "to": "SOMEWHERE"}
    wrong: dict[str, JSON] = {"category": "SOMETHING", "identities": [some], "value": None}
    yield {
        "type": name,
        "parameters": {field: {**nobody, **about, **wrong}.get(field, "x") for field in fields},
    }


@pytest.mark.parametrize("phase", Phase)
def test_ten_thousand_malformed_actions_change_nothing(phase: Phase) -> None:
    """None of them raises, and each is refused with a reason."""
    chance = random.Random(phase)
    state = Play.until(phase).state
    seen: set[RefusalCode | None] = set()
    count = 0
    while count < 2000:
        batch = [action for _ in range(5) for action in malformed(chance)][:MAX_ACTIONS]
        carried = carry_out(
            IDENTITY, state, batch, chance.choice(list(Sender)), NOON, "a-x", "s-1.1"
        )
        accidental = [one for one in carried.actions if one.status is ActionStatus.APPLIED]
        assert not accidental, accidental
        assert carried.state is state
        assert all(one.summary for one in carried.actions)
        seen |= {one.code for one in carried.actions}
        count += len(batch)
    form = RefusalCode.WRONG_PHASE if phase is Phase.COMPLETED else RefusalCode.BAD_PARAMETERS
    assert {RefusalCode.UNKNOWN_ACTION, form} <= seen
    assert RefusalCode.PROGRAM_ERROR not in seen


_ANYTHING: Final[st.SearchStrategy[Any]] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
_SCHEMAS: Final = {
    (phase, sender): Draft202012Validator(
        action_schema(IDENTITY.allowed(coach_state(phase), sender))
    )
    for phase in Phase
    for sender in Sender
}


@settings(max_examples=60)
@given(
    phase=st.sampled_from(Phase),
    sender=st.sampled_from(Sender),
    name=st.sampled_from([*sorted(_PARAMETERS), "fly"]),
    parameters=_ANYTHING,
)
def test_what_does_not_fit_the_schema_is_refused(
    phase: Phase, sender: Sender, name: str, parameters: JSON
) -> None:
    """And what fits it is never refused for its sender or its phase."""
    action: Asked = {"type": name, "parameters": parameters}
    state = coach_state(phase)
    (judged,) = carry_out(IDENTITY, state, [action], sender, NOON, "a-1").actions
    if _SCHEMAS[phase, sender].is_valid([action]):
        assert judged.code not in {
            RefusalCode.UNKNOWN_ACTION,
            RefusalCode.WRONG_PHASE,
            RefusalCode.WRONG_SENDER,
        }
    else:
        assert judged.status is ActionStatus.REFUSED
