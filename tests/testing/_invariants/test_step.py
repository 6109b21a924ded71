"""A commit knows what it changes, and looks up what it does not."""

from __future__ import annotations

from coachwork.records import ACCOUNT, JOB_RECORD, SESSION_RECORD, Key, Update
from coachwork.testing._invariants import Change, Step, UnknownRecordError
from coachwork.testing._invariants._step import read
from tests.damage import SESSION, damaged, session, written


def test_what_is_changed_is_known_and_the_rest_is_looked_up() -> None:
    """Before and after differ for what is changed; else both are what is stored."""
    stored = {record.key: read(record) for record in damaged()}
    _, ops = written((f"session {SESSION}", session(turns=9)))
    (op,) = ops
    assert isinstance(op, Update)
    key = op.record.key
    change = Change(key, stored[key], read(op.record))
    asked: list[Key] = []

    def look(key: Key) -> object:
        asked.append(key)
        return stored[key].value if key in stored else None

    step = Step({key: change}, look)
    before, after = step.before(SESSION_RECORD, key), step.after(SESSION_RECORD, key)
    assert before is not None
    assert after is not None
    assert (before.turns, after.turns) == (2, 9)
    assert asked == []
    account = Key("account", "acme", ("ada",))
    assert step.before(ACCOUNT, account) == step.after(ACCOUNT, account) == stored[account].value
    assert step.after(JOB_RECORD, Key("job", "acme", ("none",))) is None
    assert len(asked) == 3
    assert list(step.of(SESSION_RECORD)) == [change]
    assert list(step.of(JOB_RECORD)) == []
    assert change.name == f"session acme/{SESSION}"


def test_what_is_not_known_is_named_without_its_ids() -> None:
    """Who is asked for what it does not know tells the key, and the kind in words."""
    error = UnknownRecordError(Key("receipt", "acme", ("ada", "secret")))
    assert error.key.parts == ("ada", "secret")
    assert str(error) == "a record of the kind receipt is not known"
