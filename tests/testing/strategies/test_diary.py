"""The small program: everything that can become of an action becomes of one of it."""

from __future__ import annotations

from hypothesis import find

from coachwork.actions import ActionStatus, RefusalCode, Sender
from coachwork.programs import Carried, carry_out, told
from coachwork.testing import strategies as st
from coachwork.testing.strategies._diary import DIARY, LOG_BOOK, Asked, Diary, Page, turns_of_agent
from tests.drawn import reaches
from tests.programs.habits import NOON


def test_its_actions_reach_every_outcome() -> None:
    """Applied, refused for each reason, and more than are read."""
    reaches(st.actions(), [None, *RefusalCode], lambda action: action.code)
    reaches(st.audits(), told=lambda audit: audit.excess > 0)


def test_it_says_how_many_pages_there_are() -> None:
    """To the model, with what the coach may do; coach and user may write, and agents may not."""
    state = Diary(pages=(Page("p-1", "Rain."),))
    assert "There are 1 pages." in told(DIARY, state)
    for sender in (Sender.COACH, Sender.USER):
        assert "write" in {action.name for action in LOG_BOOK.allowed(state, sender)}
    assert [action.name for action in LOG_BOOK.allowed(state, Sender.AGENT)] == [
        "begin_agent",
        "finish_agent",
        "fail_agent",
    ]


def test_its_agent_presses_flowers() -> None:
    """It is told how many pages there are, and what it answers becomes one."""
    (agent,) = DIARY.due_agents(Diary(), NOON)
    assert agent.prompt(Diary()) == "Find a flower for 0 pages."
    begun = _reached(Diary(), "begin_agent")
    assert _reached(begun, "fail_agent").runs.of("flower").failures == 1
    assert len(_reached(begun, "finish_agent").pages) == 1


def _reached(state: Diary, name: str) -> Diary:
    """Return what comes of the agent's turn in which that action is applied."""

    def played(turn: tuple[Sender, list[Asked]]) -> Carried[Diary]:
        return carry_out(DIARY, state, turn[1], turn[0], NOON, "a-1")

    def is_reached(carried: Carried[Diary]) -> bool:
        (action,) = carried.actions
        return (action.type, action.status) == (name, ActionStatus.APPLIED)

    return find(turns_of_agent(state).map(played), is_reached).state
