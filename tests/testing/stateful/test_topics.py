"""The topics of the machine: each rule that a topic can set is in one, and not in another."""

from __future__ import annotations

import pytest

from coachwork.testing.stateful._topics import CONTEXTS, TOPICS
from coachwork.topics import checked_context


@pytest.mark.parametrize(
    "rule",
    [
        "initiation",
        "result",
        "max_turns",
        "complete_at_max_turns",
        "exclusive",
        "allow_take_over",
        "idle_timeout",
        "expires_after",
        "keep_ended",
        "message_window",
        "resume_window",
        "title",
        "program",
        "finish_first",
    ],
)
def test_each_rule_is_set_and_left_alone(rule: str) -> None:
    """The topics differ in every field that changes what a caller is told."""
    assert len({getattr(topic, rule) for topic in TOPICS.values()}) > 1


def test_the_contexts_can_be_given() -> None:
    """All are contexts; one lacks what a topic asks for."""
    assert all(checked_context(context) == context for context in CONTEXTS.values())
    assert [name for name, context in CONTEXTS.items() if "name" not in context] == ["nothing"]
