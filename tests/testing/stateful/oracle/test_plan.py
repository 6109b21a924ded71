"""What a command of the oracle is."""

from __future__ import annotations

from coachwork.testing.stateful.oracle import Refusal, Tale


def test_a_refusal_tells_its_code_and_what_it_knows() -> None:
    """Nothing is known of a job unless it is about one."""
    refusal = Refusal("MAX_TURNS_REACHED", max_turns=3)
    assert (refusal.code, refusal.job, refusal.facts) == (
        "MAX_TURNS_REACHED",
        None,
        {"max_turns": 3},
    )
    assert str(refusal) == "MAX_TURNS_REACHED"


def test_a_tale_is_told_when_it_is_asked_for() -> None:
    """What is told may become known after the plan has ended."""
    names: list[str] = []
    tale = Tale(lambda: names[0])
    names.append("s-1")
    assert (tale.tell(), tale.session, tale.job) == ("s-1", None, None)
