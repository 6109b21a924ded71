"""What an application says must hold."""

from __future__ import annotations

from coachwork.effects import Now
from coachwork.testing.explorer import BEGIN, Call, Invariants, Outcome, Step


def test_nothing_is_asked_that_is_not_overridden() -> None:
    """The base finds nothing, and notes nothing."""
    plain = Invariants()
    call = Call(command="take")
    step = Step(call=call, caller=None, ops=(), before={}, after={}, note=None)
    outcome = Outcome(call=call, caller=None, records={}, now=BEGIN, note=None)
    assert list(plain.state({}, BEGIN)) == []
    assert list(plain.step(step)) == []
    assert list(plain.outcome(outcome)) == []
    assert list(plain.at_rest({}, BEGIN)) == []
    assert plain.begin(call) is None
    assert plain.note("noted", Now(), BEGIN) == "noted"
    memory, wrong = plain.asked("remembered", None, {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert (memory, list(wrong)) == ("remembered", [])
