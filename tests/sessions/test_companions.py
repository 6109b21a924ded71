"""What stands beside a session."""

from __future__ import annotations

from coachwork.sessions import Account, AccountStatus
from tests.specimens import GOLDEN, NOON


def test_secrets_and_texts_do_not_show() -> None:
    """Context, summary and idempotency key stay out of logs."""
    shown = repr(GOLDEN["background"]) + repr(GOLDEN["receipt"])
    for hidden in ("Ada", "quotes", "k-1"):
        assert hidden not in shown
    assert "ada" in shown


def test_what_is_stored_are_lower_case_words() -> None:
    """The statuses of an account are stored in lower case (brief, section 3)."""
    assert [status.value for status in AccountStatus] == ["open", "deleting", "deleted"]


def test_an_open_account_has_no_end() -> None:
    """Only the mark of a deletion is swept away."""
    assert Account("acme", "ada", AccountStatus.OPEN, NOON).until is None
