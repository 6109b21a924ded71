"""How a check knows what it had asked when something was raised."""

from __future__ import annotations

import pytest

from coachwork.effects import NewId, Now, Workflow
from coachwork.testing import rehearse
from coachwork.testing.conformance import AdapterRaisedError, PromiseBrokenError
from coachwork.testing.conformance._watching import StoppedError, watched


def twice(ended: list[str]) -> Workflow[str]:
    """Ask for an id, for the time, and tell when it is over."""
    try:
        found = yield from NewId()
        yield from Now()
    finally:
        ended.append("ended")
    return found


def patient() -> Workflow[str]:
    """Ask for an id, whatever is raised, and fail by itself."""
    try:
        return (yield from NewId())
    except ValueError:
        yield from Now()
    except LookupError:
        raise KeyError("mine") from None
    return "late"


def test_what_is_answered_passes_through() -> None:
    """The workflow gets each answer, and its own comes out."""
    rehearsal = rehearse(watched(twice([])), "a", None)
    assert rehearsal.asked == (NewId(), Now())
    assert rehearsal.result == "a"


def test_what_a_workflow_lets_pass_is_told_with_what_was_asked() -> None:
    """The error of the adapter is the cause."""
    error = ValueError("away")
    with pytest.raises(AdapterRaisedError, match=r"Now\(\) raised ValueError") as caught:
        rehearse(watched(twice([])), "a", error)
    assert caught.value.operation == "Now()"
    assert caught.value.error is caught.value.__cause__ is error


def test_what_a_workflow_handles_is_handled() -> None:
    """It may go on, or raise an error of its own."""
    assert rehearse(watched(patient()), ValueError("away"), None).result == "late"
    with pytest.raises(KeyError, match="mine"):
        rehearse(watched(patient()), IndexError("away"))


@pytest.mark.parametrize(
    "error", [PromiseBrokenError("a", "b", "c"), AdapterRaisedError(Now(), ValueError())]
)
def test_what_is_told_already_is_told_once(error: Exception) -> None:
    """What comes out of a race within the check is not wrapped again."""
    with pytest.raises(type(error)) as caught:
        rehearse(watched(twice([])), error)
    assert caught.value is error


def test_who_is_interrupted_is_interrupted() -> None:
    """Ctrl-C is nobody's broken promise."""
    with pytest.raises(KeyboardInterrupt):
        rehearse(watched(twice([])), KeyboardInterrupt())


def test_a_workflow_that_is_closed_ends() -> None:
    """Its own ``finally`` runs."""
    ended: list[str] = []
    workflow = watched(twice(ended))
    next(workflow)
    workflow.close()
    assert ended == ["ended"]


def test_a_workflow_ends_where_another_has_failed() -> None:
    """It is given up before its next effect."""
    ended: list[str] = []
    stop: list[str] = []
    workflow = watched(twice(ended), stop)
    assert next(workflow) == NewId()
    stop.append("failed")
    with pytest.raises(StoppedError):
        workflow.send("a")
    assert ended == ["ended"]
