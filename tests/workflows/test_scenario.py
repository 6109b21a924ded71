"""The form of a document: read strictly, with the path of what is wrong."""

from __future__ import annotations

from typing import Any, cast

import pytest
from attrs import evolve

from coachwork.errors import ValidationError
from coachwork.plain import json_schema, to_json
from coachwork.workflows import SCENARIO_VERSION, Scenario, ScenarioMessage
from coachwork.workflows._scenario import read_scenario
from tests.planted import document


def test_plain_data_is_read_as_what_it_was() -> None:
    """To plain data and back nothing is lost, and a value is as good as its plain data."""
    plain = document()
    read = read_scenario(plain)
    assert isinstance(read, Scenario)
    assert to_json(read) == plain
    assert read_scenario(read) == read


def test_a_document_can_be_written_by_hand() -> None:
    """What has a usual value may be left out."""
    read = read_scenario(
        {
            "at": "2026-01-05T09:00:00Z",
            "sessions": [
                {
                    "id": "one",
                    "topic": "daily",
                    "started_at": "2026-01-05T09:00:00Z",
                    "last_activity_at": "2026-01-05T09:01:00Z",
                    "messages": [{"role": "user", "text": "Hi", "at": "2026-01-05T09:01:00Z"}],
                }
            ],
        }
    )
    assert read.version == SCENARIO_VERSION
    assert [message.text for message in read.sessions[0].messages] == ["Hi"]
    assert read.programs == ()


def test_the_form_has_a_schema() -> None:
    """Editors can be told what a document looks like."""
    assert json_schema(Scenario)["type"] == "object"


@pytest.mark.parametrize(
    "path, value, field",
    [
        ((), None, "document"),
        ((), "text", "document"),
        ((), [], "document"),
        (("version",), 2, "version"),
        (("version",), 0, "version"),
        (("version",), True, "version"),
        (("version",), "1", "version"),
        (("at",), "yesterday", "at"),
        (("more",), 1, "value"),
        (("sessions",), {}, "sessions"),
        (("sessions", 0, "status"), "asleep", "sessions[0].status"),
        (("sessions", 0, "messages", 1, "role"), "judge", "sessions[0].messages[1].role"),
        (("sessions", 0, "messages", 1, "text"), 5, "sessions[0].messages[1].text"),
        (("sessions", 0, "ending", "reason"), "tired", "sessions[0].ending.reason"),
        (("programs", 0, "state"), 5, "programs[0].state"),
        (("programs", 0, "audits", 0, "actions", 0, "status"), "done", None),
    ],
)
def test_what_does_not_fit_is_named(path: tuple[Any, ...], value: object, field: str) -> None:
    """The path of it stands in the error, and nothing of the document."""
    told: Any = document()
    if path:
        inner = told
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value
    else:
        told = value
    with pytest.raises(ValidationError) as caught:
        read_scenario(told)
    assert caught.value.field == (field or "programs[0].audits[0].actions[0].status")


def test_a_value_that_an_application_put_together_is_checked_too() -> None:
    """Python checks no types; the document is checked all the same."""
    read = read_scenario(document())
    wrong = evolve(read.sessions[0].messages[0], text=cast("str", 5))
    assert isinstance(wrong, ScenarioMessage)
    session = evolve(read.sessions[0], messages=(wrong,))
    with pytest.raises(ValidationError, match=r"sessions\[0\].messages\[0\].text"):
        read_scenario(evolve(read, sessions=(session,)))


def test_a_text_is_not_told_in_passing() -> None:
    """What people said stands in the document, and in no representation of it."""
    assert "Hello" not in repr(read_scenario(document()))
