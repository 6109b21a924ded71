"""What stands beside sessions."""

from __future__ import annotations

from hypothesis import given

from coachwork.records import CLAIM
from coachwork.sessions import Account, AccountStatus, Background
from coachwork.testing import strategies as st
from tests.drawn import few, reaches, some


@few
@given(account=st.accounts())
def test_only_the_mark_of_a_deletion_is_swept_away(account: Account) -> None:
    """It is told until when it stays; an open account stays for ever."""
    assert (account.until is not None) == (account.status is AccountStatus.DELETED)
    assert account.until is None or account.until >= account.since
    assert account.planting is None or account.status is AccountStatus.OPEN


@few
@given(background=st.backgrounds())
def test_a_summary_covers_something(background: Background) -> None:
    """There is a summary if and only if it covers messages."""
    assert (background.summary is not None) == (background.summarized > 0)


def test_they_reach_every_form() -> None:
    """Every status, claims of both kinds, receipts with and without job and session."""
    reaches(st.accounts(), AccountStatus, lambda account: account.status)
    reaches(st.accounts(), told=lambda account: account.planting is None)
    reaches(st.claims(), [1, 2], lambda claim: len(CLAIM.key(claim).parts))
    reaches(st.receipts(), told=lambda receipt: receipt.job is None)
    reaches(st.receipts(), told=lambda receipt: receipt.audit is None)
    reaches(st.receipts(), told=lambda receipt: receipt.session is None)
    reaches(st.backgrounds(), told=lambda background: bool(background.context))
    reaches(st.backgrounds(), told=lambda background: background.summary is None)
    assert {len(receipt.fingerprint) for receipt in some(st.receipts())} == {64}
    assert all(standing.completed > 0 for standing in some(st.standings()))
    assert all(spending.token > 0 for spending in some(st.spendings()))
