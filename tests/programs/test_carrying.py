"""Actions one after the other: what is kept of each, what they leave, and how much may be."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Final, cast

import pytest
from hypothesis import given
from hypothesis import strategies as hst

from coachwork.actions import ActionStatus, Audit, RefusalCode, Sender
from coachwork.errors import CorruptRecordError
from coachwork.plain import JSON, to_json
from coachwork.programs import MAX_ACTIONS, MAX_SHOWN, MAX_STATE, Carried, carry_out
from coachwork.programs._carrying import _growth, _size, carry_again
from tests.programs.habits import HABITS, NOON, STAR, Habit, Habits, Phase, asked, carry, only

APPLIED: Final = ActionStatus.APPLIED
REFUSED: Final = ActionStatus.REFUSED


def statuses(carried: Carried[Habits]) -> list[ActionStatus]:
    """Return what became of each action."""
    return [action.status for action in carried.actions]


def test_actions_are_applied_in_order_and_a_refused_one_spoils_none() -> None:
    """Each is judged on the state that the ones before it left."""
    carried = carry(
        asked("add_habit", name="read"),
        asked("fly"),
        asked("add_habit", name="read", often=2),
        asked("begin"),
        asked("add_habit", name="write"),
    )
    assert statuses(carried) == [APPLIED, REFUSED, REFUSED, APPLIED, REFUSED]
    assert [action.code for action in carried.actions] == [
        None,
        RefusalCode.UNKNOWN_ACTION,
        RefusalCode.NOT_POSSIBLE,
        None,
        RefusalCode.WRONG_PHASE,
    ]
    assert carried.state == Habits(
        Phase.DOING, habits=(Habit("a-1.1.1", "read", "s-1.4"),), at=NOON
    )


def test_an_action_is_kept_with_what_it_came_with() -> None:
    """Type and parameters stay as they came, with what was done in plain words."""
    told = only(carry(asked("add_habit", name="read", often=3)).actions)
    assert told.id == "a-1.1"
    assert told.type == "add_habit"
    assert told.parameters == {"name": "read", "often": 3}
    assert told.summary == "added read"
    assert told.code is None
    assert told.component is None


def test_a_refused_action_is_kept_with_what_it_came_with() -> None:
    """Even what is no action at all is kept, as far as it can be."""
    carried = carry({"type": "x" * 70, "parameters": [1]}, {"type": 5}, {"parameters": None})
    assert [(action.id, action.type, action.parameters) for action in carried.actions] == [
        ("a-1.1", "x" * 64, [1]),
        ("a-1.2", "", {}),
        ("a-1.3", "", None),
    ]


def test_without_actions_nothing_is_changed() -> None:
    """The state is the very same, and there is nothing to write."""
    state = Habits()
    assert carry(state=state) == Carried(state, ())


def test_the_plain_form_of_what_was_changed_comes_along() -> None:
    """Who writes the state need not make it again."""
    carried = carry(asked("add_habit", name="read"))
    assert carried.plain == to_json(carried.state)


def test_components_come_in_order() -> None:
    """What there is to show stands with its action, and in one list."""
    carried = carry(asked("praise"), asked("begin"))
    assert carried.components == (STAR,)
    assert carried.actions[0].component is STAR
    assert carried.actions[1].component is None


def test_the_excess_is_counted_and_not_read() -> None:
    """At most fifty actions are looked at."""
    flies = [asked("fly", to=number) for number in range(MAX_ACTIONS)]
    carried = carry(*flies, asked("begin"), asked("begin"))
    assert len(carried.actions) == MAX_ACTIONS == 50
    assert carried.excess == 2
    assert carried.state == Habits()


# --- bounds ----------------------------------------------------------------------------------


def test_a_state_that_would_be_too_large_stays_as_it_was() -> None:
    """Only the action that it would be too large with is refused."""
    much = "x" * (MAX_STATE // 2)
    carried = carry(
        asked("keep", what=much),
        asked("keep", what=[much, much]),
        asked("add_habit", name="read"),
    )
    assert [action.code for action in carried.actions] == [None, RefusalCode.TOO_LARGE, None]
    assert carried.state.anything == much
    assert len(carried.state.habits) == 1
    assert carried.plain == to_json(carried.state)


def test_a_state_may_be_as_large_as_can_be() -> None:
    """The bound is on its JSON text, to the character."""
    empty = len(json.dumps(to_json(Habits()), separators=(",", ":"))) - len("null")
    room = MAX_STATE - empty - len('""')
    assert only(carry(asked("keep", what="x" * room)).actions).code is None
    wider = only(carry(asked("keep", what="x" * room + "x")).actions)
    assert (wider.code, wider.summary) == (RefusalCode.TOO_LARGE, "there is no room for more")
    # A character beyond ASCII takes six of them.
    assert only(carry(asked("keep", what="é" * (room // 6))).actions).code is None
    assert only(carry(asked("keep", what="é" * (room // 6 + 1))).actions).code is not None


def test_where_one_action_is_too_large_and_nothing_else_is_left_nothing_changes() -> None:
    """The state is the very same again."""
    state = Habits()
    carried = carry(asked("keep", what="x" * MAX_STATE), state=state)
    assert carried.state is state
    assert carried.plain is None


def test_a_state_without_a_plain_form_costs_only_its_action() -> None:
    """What stands beside it is applied."""
    carried = carry(asked("misbehave", how="unkept"), asked("begin"))
    assert [action.code for action in carried.actions] == [RefusalCode.PROGRAM_ERROR, None]
    assert carried.state == Habits(Phase.DOING)


def test_what_is_shown_is_bounded_for_all_actions_together() -> None:
    """An action that would show too much is refused, and changes nothing."""
    around = len('{"kind":"text","data":{"text":""},"buttons":[]}')
    half = MAX_SHOWN // 2 - around
    carried = carry(
        asked("show", text="a" * half), asked("show", text="b" * (half + 1)), asked("praise")
    )
    assert [action.code for action in carried.actions] == [None, RefusalCode.TOO_LARGE, None]
    assert [component.kind for component in carried.components] == ["text", "star"]
    assert carried.state.anything == "a" * half
    carried = carry(asked("show", text="a" * half), asked("begin"), asked("show", text="b" * half))
    assert statuses(carried) == [APPLIED, APPLIED, APPLIED]


@pytest.mark.parametrize(
    "letter, count, kept",
    [
        ("a", 500, 500),
        ("a", 501, 500),
        ("\N{LATIN SMALL LETTER E WITH ACUTE}", 199, 199),
        ("\N{LATIN SMALL LETTER E WITH ACUTE}", 200, 100),
        ("\N{GRINNING FACE}", 99, 99),
        ("\N{GRINNING FACE}", 500, 100),
    ],
)
def test_a_long_summary_is_cut(letter: str, count: int, kept: int) -> None:
    """It is kept as far as there is room, in characters and as JSON text."""
    summary = only(carry(asked("misbehave", how=f"say {letter * count}")).actions).summary
    assert summary == letter * kept
    assert len(json.dumps(summary)) <= 1202


def test_a_summary_may_be_as_long_as_can_be() -> None:
    """To the character of its JSON text."""
    longest = "aaaa" + "\N{LATIN SMALL LETTER E WITH ACUTE}" * 199
    assert len(json.dumps(longest)) == 1200
    assert only(carry(asked("misbehave", how=f"say {longest}")).actions).summary == longest
    longer = only(carry(asked("misbehave", how=f"say a{longest}")).actions).summary
    assert longer == f"a{longest}"[:100]


def test_the_bounds_fit_into_records() -> None:
    """A state, and the audit of a turn with all it shows, are below what a record may hold."""
    assert (MAX_ACTIONS, MAX_STATE, MAX_SHOWN) == (50, 196_608, 49_152)


def test_a_known_plain_form_changes_nothing_but_the_work() -> None:
    """Where the plain form of the state is known, that of the next one is the same."""
    state = carry(asked("add_habit", name="read"), asked("keep", what=[1, {"a": None}])).state
    plain = cast("dict[str, JSON]", to_json(state))
    actions = [asked("add_habit", name="write"), asked("keep", what={"b": 2}), asked("begin")]
    carried = carry_out(HABITS, state, actions, Sender.COACH, NOON, "b", plain=plain)
    assert carried == carry_out(HABITS, state, actions, Sender.COACH, NOON, "b")
    assert carried.plain == to_json(carried.state)
    assert plain == to_json(state)
    much = [asked("keep", what="x" * MAX_STATE), asked("begin")]
    carried = carry_out(HABITS, state, much, Sender.COACH, NOON, "b", plain=plain)
    assert [action.code for action in carried.actions] == [RefusalCode.TOO_LARGE, None]
    assert carried.plain == to_json(carried.state)


def test_a_known_size_changes_nothing_but_the_work() -> None:
    """What grows is measured; where it may be too much, all of it is."""
    state = carry(asked("add_habit", name="read"), asked("keep", what=["x" * 1000, 5])).state
    plain = cast("dict[str, JSON]", to_json(state))
    size = len(json.dumps(plain, separators=(",", ":")))
    for length in (10, MAX_STATE - size, MAX_STATE - size + 200, MAX_STATE):
        much = [asked("add_habit", name="write"), asked("keep", what=["x" * 1000, "y" * length])]
        carried = carry_out(HABITS, state, much, Sender.COACH, NOON, "b", None, plain, size)
        assert carried == carry_out(HABITS, state, much, Sender.COACH, NOON, "b", None, plain)


_JSON: Final[hst.SearchStrategy[Any]] = hst.recursive(
    hst.none() | hst.booleans() | hst.integers() | hst.text(max_size=5),
    lambda inner: hst.lists(inner, max_size=3) | hst.dictionaries(hst.sampled_from("ab"), inner),
    max_leaves=8,
)


@given(old=_JSON, new=_JSON)
def test_nothing_grows_by_more_than_is_told(old: JSON, new: JSON) -> None:
    """Whatever became of plain data, it takes no more than before and the growth together."""
    for one, other in ((old, new), ([old, old], [old, new, new]), ({"a": old}, {"a": new})):
        assert _size(other) <= _size(one) + _growth(other, one)
    assert _growth({"a": old, "b": [old]}, {"a": old, "b": [old]}) == 0


# --- ids and the log -------------------------------------------------------------------------


def audit(carried: Carried[Habits], at: datetime = NOON) -> Audit:
    """Return the audit of what was carried out as `carry` does it."""
    return Audit(
        id="a-1",
        tenant="acme",
        user="ada",
        session="s-1",
        topic="t",
        program="habits",
        program_version=1,
        subject=None,
        number=1,
        sender=Sender.COACH,
        message=5,
        answers=4,
        at=at,
        actions=carried.actions,
        phase=carried.state.phase,
    )


def test_what_was_applied_can_be_applied_again() -> None:
    """The same moment, ids and message lead to the same state; what was refused stays so."""
    carried = carry(
        asked("add_habit", name="read"),
        asked("fly"),
        asked("add_habit", name="write"),
        asked("begin"),
    )
    assert carry_again(HABITS, Habits(), audit(carried)) == carried.state
    later = audit(carried, at=NOON + timedelta(hours=1))
    assert carry_again(HABITS, Habits(), later) != carried.state


def test_the_same_action_twice_in_two_audits_is_no_duplicate() -> None:
    """Only within one reply is the very same action done once."""
    state = carry(asked("keep", what=1)).state
    assert only(carry(asked("keep", what=1), state=state).actions).status is APPLIED


def test_what_cannot_be_applied_again_is_a_corrupt_record() -> None:
    """The error names the record, and nothing of what it holds."""
    carried = carry(asked("add_habit", name="read"))
    with pytest.raises(CorruptRecordError, match="audit"):
        carry_again(HABITS, carried.state, audit(carried))


@pytest.mark.parametrize("sender", [Sender.COACH, Sender.USER])
def test_ids_begin_with_the_audit_and_the_place(sender: Sender) -> None:
    """So no two things of a user's state have one id."""
    actions: list[dict[str, JSON]] = [asked("add_habit", name=name) for name in ("a", "b", "a b")]
    carried = carry_out(HABITS, Habits(), actions, sender, NOON, "xyz")
    assert [habit.id for habit in carried.state.habits] == ["xyz.1.1", "xyz.2.1", "xyz.3.1"]
    assert [habit.message for habit in carried.state.habits] == [None, None, None]
