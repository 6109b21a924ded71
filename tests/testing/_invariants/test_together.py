"""What one commit must write together: each thing that it leaves out is seen."""

from __future__ import annotations

import pytest

from coachwork.records import Check, Key, key_of
from coachwork.testing._invariants import Step, UnknownRecordError, judged
from coachwork.testing._invariants._judge import change_of
from coachwork.testing._invariants._step import read
from tests.bad_commits import OF_SEVERAL_RECORDS, every_real_commit, real
from tests.damage import Written, applied


def wrong_with(commit: Written) -> list[str]:
    """Judge a commit of which everything is known."""
    old = {record.key: record for record in commit[0]}
    new = {record.key: record for record in applied(commit)}
    written = [key_of(op) for op in commit[1] if not isinstance(op, Check)]
    step = Step(
        {key: change_of(key, old.get(key), new.get(key)) for key in written},
        lambda key: read(old[key]).value if key in old else None,
    )
    told, unknown = judged(step)
    assert unknown == []
    return told


def test_the_commits_of_the_workflows_are_well() -> None:
    """Of a story with two sessions, from the start to the sweep, every commit is judged well."""
    commits = every_real_commit()
    assert len(commits) > 25
    for commit in commits:
        assert wrong_with(commit) == []


@pytest.mark.parametrize("name", OF_SEVERAL_RECORDS)
def test_each_thing_left_out_is_seen(name: str) -> None:
    """A commit that does one thing without the other is told with the invariant's number."""
    wanted, commit = OF_SEVERAL_RECORDS[name]
    found = wrong_with(commit())
    assert any(one.startswith(wanted) for one in found), found


def asked_by(commit: Written) -> list[Key]:
    """Return what must be known to judge a commit of which nothing else is known."""

    def nothing(key: Key) -> object:
        raise UnknownRecordError(key)

    old = {record.key: record for record in commit[0]}
    new = {record.key: record for record in applied(commit)}
    keys = [key_of(op) for op in commit[1] if not isinstance(op, Check)]
    changes = {key: change_of(key, old.get(key), new.get(key)) for key in keys}
    told, unknown = judged(Step(changes, nothing))
    assert told == []
    assert not set(unknown) & changes.keys()
    return unknown


def test_what_is_not_known_is_asked_for() -> None:
    """Where nothing but the commit is known, the keys are told that must be, and no violation."""
    asked = {key.kind for commit in every_real_commit() for key in asked_by(commit)}
    assert asked == {"account", "job", "message", "session"}


def test_what_a_turn_asks_for() -> None:
    """Of all that a turn leaves alone only the account is looked up, which it checks."""
    assert {key.kind for key in asked_by(real("send"))} == {"account"}
    assert asked_by(real("send", 1)) == []
    assert asked_by(real("process")) == []


def test_messages_of_one_instant_are_in_order() -> None:
    """3: What was said at the same moment does not go back."""
    _, commit = OF_SEVERAL_RECORDS["one job says two messages"]
    assert not any("go back" in told for told in wrong_with(commit()))


def test_a_job_of_nobody_may_be_deleted() -> None:
    """4: Where the account is gone, with all that is its, nobody is owed an event."""
    _, commit = OF_SEVERAL_RECORDS["a job is deleted before its event was delivered"]
    before, ops = commit()
    assert wrong_with(([record for record in before if record.key.kind != "account"], ops)) == []
