"""The text of a rule brings it back."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachwork.errors import ValidationError
from coachwork.testing.faults import POSSIBLE, Fault
from coachwork.testing.faults._rule import At, Rule, Seeded, Where, mishap
from coachwork.testing.faults._text import parse_rule

SECONDS: Final = st.floats(0, 1e25, allow_nan=False)
KINDS: Final = st.sampled_from(["session", "ai.message.completed", "welcome_back", "start"])


@st.composite
def places(draw: st.DrawFn, fault: Fault) -> Where:
    """Return a place where *fault* is possible."""
    could = [
        (port, method)
        for port, methods in POSSIBLE.items()
        for method, faults in methods.items()
        if fault in faults
    ]
    port, method = draw(st.sampled_from(could))
    named = draw(st.sampled_from(["", "port", "method"]))
    return Where(
        port=port if named else None,
        method=method if named == "method" else None,
        kind=draw(st.none() | KINDS),
    )


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Return any rule that can be."""
    fault = draw(st.sampled_from(list(Fault)))
    place = draw(places(fault))
    one = mishap(fault, None if fault.seconds is None else draw(SECONDS))
    if draw(st.booleans()):
        return At(draw(st.none() | st.integers(1, 10**9)), one, place)
    return Seeded(
        seed=draw(st.integers()),
        rate=draw(st.floats(0, 1)),
        most=draw(st.none() | st.integers(0, 10**9)),
        menu=(one,) * draw(st.integers(1, 3)),
        where=place,
    )


@given(rules())
def test_what_is_written_is_read_back(rule: Rule) -> None:
    """Whatever rule there is, its text is its own."""
    assert parse_rule(str(rule)) == rule
    assert parse_rule(f"  {rule} ") == rule


@pytest.mark.parametrize(
    "text",
    [
        "call 3 of repository.commit session: lost done",
        "call 1: crash before",
        "each call of any session: stale",
        "each call of notifier.notify ai.message.failed: duplicate",
        "seed -4 rate 0.1: delay 2.5s, stale",
        "seed 7 rate 1e-05 most 3 of repository: fail before",
    ],
)
def test_texts(text: str) -> None:
    """As people write them, and as they are told."""
    assert str(parse_rule(text)) == text


@pytest.mark.parametrize(
    "text, told",
    [
        ("", "plan: expected rules such as 'call 3 of repository.commit session: lost done'"),
        ("call: stale", "plan"),
        ("call 1", "plan"),
        ("call -1: stale", "plan"),
        ("call 1 of: stale", "plan"),
        ("call 1 of repository.get.x: stale", "plan"),
        ("seed x rate 0.1: stale", "plan"),
        ("seed 1: stale", "plan"),
        ("call 1: stale, delay 1s", "plan: expected one fault for a call"),
        ("call 1: nonsense", "fault: expected one of fail before, "),
        ("call 1: delay 1", "fault: expected one of"),
        ("seed 1 rate 1.1.1: stale", "rate: expected a number"),
        ("call 1: delay 1-1s", "seconds: expected a number"),
        ("call 1: stale 1s", "seconds: expected none"),
        ("call 1 of door: stale", "port: expected"),
        ("call 1 of model.get: stale", "method: expected"),
        ("call 1 of model: stale", "fault: expected one that can happen to model"),
        ("call 0: stale", "number: expected"),
    ],
)
def test_what_is_no_rule_is_refused(text: str, told: str) -> None:
    """The error names what is wrong with it."""
    with pytest.raises(ValidationError) as error:
        parse_rule(text)
    assert str(error.value).startswith(told)
