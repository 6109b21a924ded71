"""What users collect, as the oracle tells it."""

from __future__ import annotations

from coachwork.testing import NOON
from coachwork.testing.stateful._topics import TALK
from coachwork.testing.stateful._words import BARE, FLINT, FLY, SHAKE, SHUT, SLATE
from coachwork.testing.stateful.oracle import ANYTHING, Session
from coachwork.testing.stateful.oracle._collecting import Collection, Deed

WHO = ("acme", "ada")
TALKING = Session(WHO, TALK, {}, NOON, NOON, id="s-1")


def codes(deed: Deed) -> list[object]:
    """Return why each action was refused, None where it was not."""
    return [action["code"] for action in deed.actions]


def test_each_action_is_judged_by_itself() -> None:
    """What is refused leaves the others, and the state, alone."""
    mine = Collection(WHO)
    asked = [FLINT, SHAKE, FLY, BARE, FLINT, BARE, SLATE]
    deed = mine.carry_out(TALKING, asked, "coach", 1, NOON)
    assert codes(deed) == [
        None,
        "WRONG_SENDER",
        "UNKNOWN_ACTION",
        "BAD_PARAMETERS",
        "DUPLICATE",
        "BAD_PARAMETERS",
        None,
    ]
    assert mine.state == {"phase": "OPEN", "names": ["flint", "slate"]}
    assert [shown["data"] for shown in deed.components] == [{"name": "flint"}, {"name": "slate"}]
    assert codes(mine.carry_out(TALKING, [FLINT], "user", 1, NOON)) == ["NOT_POSSIBLE"]


def test_a_user_may_shake_and_shut() -> None:
    """Then nothing more is possible, and it is finished."""
    mine = Collection(WHO)
    mine.carry_out(TALKING, [FLINT, SLATE], "coach", 1, NOON)
    assert codes(mine.carry_out(TALKING, [SHAKE], "user", 1, NOON)) == [None]
    assert mine.names == ["slate", "flint"]
    assert not mine.finishes([FLINT])
    assert mine.finishes([SHUT])
    shut = mine.carry_out(TALKING, [SHUT], "user", 1, NOON)
    assert (shut.phase, mine.is_finished, mine.finishes([])) == ("SHUT", True, True)
    assert codes(mine.carry_out(TALKING, [SHAKE], "user", 1, NOON)) == ["WRONG_PHASE"]


def test_what_is_told_of_it() -> None:
    """Nothing is stored before the first deed; then the state and each deed are."""
    mine = Collection(WHO)
    assert (mine.programs, mine.audits, mine.told["updated_at"]) == ([], [], None)
    assert mine.told["allowed"] == ["add", "shake", "shut"]
    deed = mine.carry_out(TALKING, [SHUT], "coach", 2, NOON, 1)
    (action,) = deed.told
    assert (action["sender"], action["message"], action["id"]) == ("coach", 2, ANYTHING)
    assert [(one["number"], one["answers"]) for one in mine.audits] == [(1, 1)]
    assert [one["audits"] for one in mine.programs] == [1]
    assert (mine.told["allowed"], mine.told["is_finished"]) == ([], True)
