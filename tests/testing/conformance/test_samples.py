"""What checks tell adapters."""

from __future__ import annotations

from coachwork.effects import Dispatch
from coachwork.events import MessageCompleted, MessageFailed
from coachwork.ids import checked_id
from coachwork.jobs import ErrorCode, JobKind, JobRef
from coachwork.messages import Role, checked_text
from coachwork.testing import rehearse
from coachwork.testing.conformance import in_words
from coachwork.testing.conformance._samples import (
    HOSTILE,
    ODD,
    TEXTS,
    event,
    is_text,
    message,
    outcomes,
    taken,
)


def test_samples_are_what_they_are_called() -> None:
    """Texts that a user may send, ids that an application may give, and others beside."""
    assert [checked_text(text, "text", max_bytes=16 * 1024) for text in TEXTS] == list(TEXTS)
    assert [checked_id(name, "id") for name in HOSTILE] == list(HOSTILE)
    assert {*TEXTS} < {*ODD}
    assert (is_text("x"), is_text(b"x"), is_text(None)) == (True, False, False)


def test_events_are_of_all_kinds() -> None:
    """Every failure, texts, none, and a result; each as it would go over the wire."""
    told = outcomes()
    assert {data.error_code for data in told if isinstance(data, MessageFailed)} == {*ErrorCode}
    said = [data for data in told if isinstance(data, MessageCompleted)]
    assert {data.message for data in said} >= {None, *ODD}
    assert [data.result for data in said if data.result is not None]
    assert all(event("t", n, data).wire()["data"] == data.wire() for n, data in enumerate(told))
    assert event("t", 7).id == "t-7.settled"


def test_samples_in_words() -> None:
    """Short, and without what was said."""
    assert message(Role.USER, "Hello.").text == "Hello."
    assert in_words(event("t", 7)) == "ai.message.completed of job 't-7', session 's'"
    assert in_words(JobRef("t", "j", JobKind.REPLY)) == "the reply job 'j' of tenant 't'"


def test_what_was_taken_is_told() -> None:
    """What is not taken is left out, whatever was raised, and the others are told all the same."""
    refs = [JobRef("acme", f"job-{number}", JobKind.REPLY) for number in range(3)]
    played = rehearse(taken(refs, Dispatch), None, ConnectionError("nobody listens"), None)
    assert played.asked == tuple(map(Dispatch, refs))
    assert played.result == [refs[0], refs[2]]
