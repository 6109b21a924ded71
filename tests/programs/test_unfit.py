"""What counts although it was refused: parameters of the coach's that do not fit at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, cast

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from coachwork.actions import Action, ActionStatus, Audit, RefusalCode, Sender
from coachwork.errors import CorruptRecordError
from coachwork.plain import JSON, to_json
from coachwork.programs import (
    MAX_STATE,
    ActionType,
    Carried,
    Moment,
    Program,
    Scope,
    carry_again,
    carry_out,
)
from tests.programs.habits import (
    NOON,
    PHASES,
    AddHabit,
    Begin,
    Event,
    Habit,
    Habits,
    Phase,
    add_habit,
    asked,
    begin,
)

Unfit = Callable[[Habits, Moment], Habits]


def noted(state: Habits, moment: Moment) -> Habits:
    """Note what did not fit as a habit without a name."""
    habit = Habit(moment.new_id(), "", moment.message)
    return evolve(state, habits=(*state.habits, habit), at=moment.now)


def counting(unfit: Unfit, by: str = "both") -> Program[Habits]:
    """Return a program in which a habit that does not fit counts for something."""
    return Program(
        id="counting",
        state=Habits,
        phases=PHASES,
        prompt=str,
        scope=Scope.USER,
        actions=[
            ActionType(AddHabit, add_habit, [Phase.START], by, unfit=unfit),
            ActionType(Begin, begin),
        ],
    )


COUNTING: Final = counting(noted)


def carry(
    *actions: dict[str, JSON],
    program: Program[Habits] = COUNTING,
    sender: Sender = Sender.COACH,
    state: Habits | None = None,
) -> Carried[Habits]:
    """Carry out actions."""
    return carry_out(program, state or Habits(), actions, sender, NOON, "a-1", "s-1.4")


def audit(actions: tuple[Action, ...], sender: Sender = Sender.COACH) -> Audit:
    """Return the record of *actions*."""
    return Audit(
        id="a-1",
        tenant="acme",
        user="ada",
        session="s-1",
        topic="t",
        program="counting",
        program_version=1,
        subject=None,
        number=1,
        sender=sender,
        message=5 if sender is Sender.COACH else 4,
        answers=4 if sender is Sender.COACH else None,
        at=NOON,
        actions=actions,
        phase="START",
    )


@pytest.mark.parametrize(
    "action",
    [
        asked("add_habit"),
        asked("add_habit", name=""),
        asked("add_habit", name="read", often="NaN"),
        {"type": "add_habit", "parameters": None},
        {**asked("add_habit", name="read"), "more": 1},
        {**asked("add_habit", name=5), "more": 1},
    ],
)
def test_what_does_not_fit_counts(action: dict[str, JSON]) -> None:
    """It stands as refused, and the state becomes what the program says; also from the log."""
    carried = carry(action)
    (told,) = carried.actions
    assert (told.status, told.code) == (ActionStatus.REFUSED, RefusalCode.BAD_PARAMETERS)
    assert told.component is None
    assert carried.state == Habits(habits=(Habit("a-1.1.1", "", "s-1.4"),), at=NOON)
    assert carried.plain == to_json(carried.state)
    assert carry_again(COUNTING, Habits(), audit(carried.actions)) == carried.state


def test_the_actions_after_it_are_judged_on_what_it_left() -> None:
    """As on what an applied one leaves."""
    carried = carry(
        asked("add_habit", name="read"), asked("add_habit"), asked("add_habit", name="x")
    )
    assert [habit.name for habit in carried.state.habits] == ["read", "", "x"]
    assert [habit.id for habit in carried.state.habits] == ["a-1.1.1", "a-1.2.1", "a-1.3.1"]


def test_what_is_asked_for_twice_counts_once() -> None:
    """The very same action of one reply is a duplicate, whether it fits or not."""
    carried = carry(asked("add_habit"), asked("add_habit"))
    assert len(carried.state.habits) == 1
    assert carried.actions[1].code is RefusalCode.DUPLICATE
    assert carry_again(COUNTING, Habits(), audit(carried.actions)) == carried.state


def test_only_the_coach_is_counted() -> None:
    """What a user's client sends is the client's mistake."""
    carried = carry(asked("add_habit"), sender=Sender.USER)
    assert carried.actions[0].code is RefusalCode.BAD_PARAMETERS
    assert carried.state == Habits()
    assert carried.plain is None
    assert carry_again(COUNTING, Habits(), audit(carried.actions, Sender.USER)) == Habits()


def test_what_could_not_be_at_all_does_not_count() -> None:
    """Neither in another phase, nor from who may not, nor what is none, nor what only refuses."""
    doing = Habits(Phase.DOING)
    assert carry(asked("add_habit"), state=doing).state is doing
    state = Habits(habits=(Habit("h", "read", None),))
    assert carry(asked("add_habit", name="read"), state=state).state is state
    assert carry(asked("fly"), asked("begin", x=1), state=state).state is state
    assert carry_again(COUNTING, state, audit(carry(asked("begin", x=1)).actions)) is state


def test_a_phase_moves_along_the_table_alone() -> None:
    """So it does by what does not fit."""
    ended = counting(lambda state, moment: PHASES.move(state, Event.BEGIN, moment.now).value)
    assert carry(asked("add_habit"), program=ended).state.phase is Phase.DOING
    jumped = carry(
        asked("add_habit"), program=counting(lambda state, _: evolve(state, phase=Phase.DONE))
    )
    assert jumped.state == Habits()
    assert jumped.actions[0].code is RefusalCode.PROGRAM_ERROR


def _raise(_state: Habits, _moment: Moment) -> Habits:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    "unfit, why",
    [
        (_raise, "add_habit failed with ZeroDivisionError"),
        (lambda _state, _moment: cast("Habits", None), "answered a state of another class"),
        (lambda state, _: evolve(state, anything={1, object()}), "without a plain form"),
    ],
)
def test_code_that_breaks_its_word_changes_nothing(unfit: Unfit, why: str) -> None:
    """The action is refused for it; the others stand."""
    carried = carry(asked("add_habit"), asked("begin"), program=counting(unfit))
    assert carried.actions[0].code is RefusalCode.PROGRAM_ERROR
    assert why in carried.actions[0].summary
    assert carried.state == Habits(Phase.DOING)
    assert carried.plain == to_json(carried.state)
    assert carry_again(counting(unfit), Habits(), audit(carried.actions)) == carried.state


def test_a_state_that_grows_too_large_by_it_is_not_kept() -> None:
    """The action is refused for that, and the state stays as it was before it."""
    large = counting(lambda state, _: evolve(state, anything="x" * MAX_STATE))
    carried = carry(asked("add_habit", name="read"), asked("add_habit"), program=large)
    assert carried.actions[1].code is RefusalCode.TOO_LARGE
    assert [habit.name for habit in carried.state.habits] == ["read"]
    # One beside it that can be kept counts, although each is looked at by itself.
    kept = counting(
        lambda state, moment: (
            noted(state, moment)
            if state.habits
            else evolve(state, habits=(Habit("h", "x" * MAX_STATE, None),))
        )
    )
    mixed = carry(
        asked("add_habit"), asked("add_habit", name="x"), asked("add_habit", name=5), program=kept
    )
    assert [habit.name for habit in mixed.state.habits] == ["x", ""]
    assert mixed.plain == to_json(mixed.state)


def test_what_cannot_count_again_is_a_corrupt_record() -> None:
    """As with what was applied."""
    actions = carry(asked("add_habit")).actions
    with pytest.raises(CorruptRecordError, match="audit"):
        carry_again(counting(_raise), Habits(), audit(actions))


@given(
    st.lists(
        st.fixed_dictionaries(
            {"type": st.sampled_from(["add_habit", "begin", "fly"])},
            optional={
                "parameters": st.dictionaries(
                    st.sampled_from(["name", "often"]), st.sampled_from(["a", "b", 1, None])
                )
                | st.none(),
                "more": st.none(),
            },
        ),
        max_size=6,
    ),
    st.sampled_from([Sender.COACH, Sender.USER]),
)
def test_the_log_leads_to_the_state(actions: list[dict[str, Any]], sender: Sender) -> None:
    """Whatever fits and does not, played again it comes to the same."""
    carried = carry(*actions, sender=sender)
    assert carry_again(COUNTING, Habits(), audit(carried.actions, sender)) == carried.state
    later = evolve(audit(carried.actions, sender), at=NOON + timedelta(hours=1))
    assert len(carry_again(COUNTING, Habits(), later).habits) == len(carried.state.habits)
