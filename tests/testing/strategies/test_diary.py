"""The small program: everything that can become of an action becomes of one of it."""

from __future__ import annotations

from coachwork.actions import RefusalCode, Sender
from coachwork.programs import told
from coachwork.testing import strategies as st
from coachwork.testing.strategies._diary import DIARY, LOG_BOOK, Diary, Page
from tests.drawn import reaches


def test_its_actions_reach_every_outcome() -> None:
    """Applied, refused for each reason, and more than are read."""
    reaches(st.actions(), [None, *RefusalCode], lambda action: action.code)
    reaches(st.audits(), told=lambda audit: audit.excess > 0)


def test_it_says_how_many_pages_there_are() -> None:
    """To the model, with what the coach may do; either sender may write."""
    state = Diary(pages=(Page("p-1", "Rain."),))
    assert "There are 1 pages." in told(DIARY, state)
    for sender in Sender:
        assert "write" in {action.name for action in LOG_BOOK.allowed(state, sender)}
