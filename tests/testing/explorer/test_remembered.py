"""Records are read and written once while a search lasts."""

from __future__ import annotations

from datetime import UTC, datetime

from coachwork.records import ACCOUNT, Kind
from coachwork.sessions import Account, AccountStatus
from coachwork.testing.explorer._remembered import remembered

ADA = Account("acme", "ada", AccountStatus.OPEN, datetime(2026, 1, 5, tzinfo=UTC))


def test_what_was_read_and_written_is_the_same_thing_again() -> None:
    """Equal records are one, and what a record holds is made once."""
    plain = ACCOUNT.record(ADA, 1)
    with remembered():
        record = ACCOUNT.record(ADA, 1)
        twin = ACCOUNT.record(Account("acme", "ada", AccountStatus.OPEN, ADA.since), 1)
        assert record == plain
        assert record is twin
        assert ACCOUNT.read(record) is ACCOUNT.read(record)
        assert ACCOUNT.read(record).value == ADA
        assert ACCOUNT.record(ADA, 2).version == 2
        assert ACCOUNT.record(ADA, 2) is ACCOUNT.record(ADA, 2)


def test_everything_is_as_it_was_afterwards() -> None:
    """Nothing is remembered outside."""
    before = vars(Kind)["read"], vars(Kind)["record"]
    with remembered():
        assert vars(Kind)["read"] is not before[0]
    assert (vars(Kind)["read"], vars(Kind)["record"]) == before
