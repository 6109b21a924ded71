"""The states of programs of a document as records: only what could have come to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from attrs import evolve

from coachwork.errors import ValidationError
from coachwork.programs import Program, read_state, rebuild
from coachwork.records import AUDIT, MAX_BODY
from coachwork.replies import MAX_REPLY_BYTES
from coachwork.topics import Topic
from coachwork.workflows import Setup, plant
from coachwork.workflows._scenario import read_scenario
from coachwork.workflows._scenario_ids import NewIds
from coachwork.workflows._scenario_programs import GrownState, grown_states
from tests.planted import DAILY, TOPICS, TRIAL, document, new_world
from tests.programs.habits import HABITS

Told = dict[str, Any]


def grown(told: Told, setup: Setup | None = None) -> list[GrownState]:
    """Return what becomes of the states of a document."""
    scenario = read_scenario(told)
    ids = NewIds("seed", {session.id: f"new-{session.id}" for session in scenario.sessions})
    return grown_states(setup or new_world().setup, TRIAL, scenario, ids)


def test_a_state_is_what_its_actions_lead_to_under_the_new_ids() -> None:
    """References to messages follow; ids that actions made stay, in the state and in the log."""
    told = document()
    user, own = grown(told)
    assert user.path == "programs[0]"
    daily = told["programs"][0]["audits"][0]["session"]
    audits = [AUDIT.read(op.record).value for op in user.audits]
    state = read_state(HABITS, user.progress)
    assert rebuild(HABITS, user.progress, audits) == state
    assert [habit.message for habit in state.habits] == [f"new-{daily}.2"]
    assert state.anything == f"new-{daily}.3"
    assert [(audit.session, audit.number, audit.scenario) for audit in audits] == [
        (f"new-{daily}", 1, "trial"),
        (f"new-{daily}", 2, "trial"),
    ]
    assert [audit.source for audit in audits] == [f"new-{daily}.2", f"new-{daily}.3"]
    assert state.habits[0].id.startswith(f"{audits[0].id}.1")
    shown = audits[1].actions[0].component
    assert shown is not None
    assert shown.data == {"text": f"new-{daily}.3"}
    assert own.progress.subject == f"new-{told['programs'][1]['session']}"


def test_what_was_done_in_a_session_that_is_gone_counts() -> None:
    """Its id is another one, too, and the same everywhere."""
    told = document()
    del told["sessions"][2]
    user, _ = grown(told)
    (session,) = {AUDIT.read(op.record).value.session for op in user.audits}
    assert session != told["programs"][0]["audits"][0]["session"]
    assert read_state(HABITS, user.progress).habits[0].message == f"{session}.2"


def set_to(*path: Any, to: Any) -> Callable[[Told], None]:  # noqa: ANN401 - as a document has it
    """Return what sets a part of the first state."""

    def change(told: Told) -> None:
        inner: Any = told["programs"][0]
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = to

    return change


def both(*changes: Callable[[Told], None]) -> Callable[[Told], None]:
    """Return what makes several changes."""

    def change(told: Told) -> None:
        for one in changes:
            one(told)

    return change


def gone(told: Told) -> None:
    """Take out the session in which the first state was worked on."""
    del told["sessions"][2]


def shown(*components: dict[str, Any], message: int = 3) -> Callable[[Told], None]:
    """Return what lets a message of the first state's session show these."""

    def change(told: Told) -> None:
        told["sessions"][2]["messages"][message - 1]["components"] = list(components)

    return change


def doubled(told: Told) -> None:
    """Let the first state be there twice."""
    told["programs"].append(told["programs"][0])


def of_session(name: str | None) -> Callable[[Told], None]:
    """Return what gives the second state to a session, or to none."""

    def change(told: Told) -> None:
        told["programs"][1]["session"] = name

    return change


CARD: Final[dict[str, Any]] = {"kind": "card"}
AGAIN: Final = document()["programs"][0]["audits"][0] | {
    "id": "again",
    "at": document()["programs"][0]["audits"][1]["at"],
    "actions": [],
}
"""What the coach has done at the same message once more."""

AGENTS: Final = AGAIN | {"sender": "agent", "message": None, "answers": None}
"""What an agent has done, which no message triggers; it has left no trace in the state."""

WRONG: Final[list[tuple[Callable[[Told], None], str]]] = [
    (set_to("program", to="unknown"), "[0].program"),
    (doubled, "[2].program"),
    (set_to("version", to=2), "[0].version"),
    (set_to("version", to=0), "[0].version"),
    (set_to("session", to="id-00008"), "[0].session"),
    (of_session("unknown"), "[1].session"),
    (of_session(None), "[1].session"),
    (set_to("begun", to=" "), "[0].begun"),
    (set_to("audits", to=[]), "[0].audits"),
    (set_to("begun_at", to="2027-01-05T09:00:00Z"), "[0].audits[0].at"),
    (set_to("audits", 1, "at", to="2026-01-05T09:00:00Z"), "[0].audits[1].at"),
    (set_to("updated_at", to="2027-01-05T09:00:00Z"), "[0].updated_at"),
    (set_to("phase", to="DOING"), "[0].phase"),
    (set_to("audits", 0, "id", to=""), "[0].audits[0].id"),
    (set_to("audits", 0, "session", to=""), "[0].audits[0].session"),
    (set_to("audits", 0, "topic", to=""), "[0].audits[0].topic"),
    (set_to("audits", 0, "topic", to="plan"), "[0].audits[0].topic"),
    (set_to("audits", 0, "program_version", to=2), "[0].audits[0].program_version"),
    (set_to("audits", 0, "excess", to=-1), "[0].audits[0].excess"),
    (set_to("audits", 0, "excess", to=MAX_REPLY_BYTES + 1), "[0].audits[0].excess"),
    (set_to("audits", 0, "actions", 0, "code", to="DUPLICATE"), "[0].audits[0].actions[0].code"),
    (set_to("audits", 0, "actions", 1, "code", to=None), "[0].audits[0].actions[1].code"),
    (set_to("audits", 0, "actions", 1, "component", to=CARD), "[0].audits[0].actions[1].component"),
    (set_to("audits", 0, "actions", 0, "summary", to="forged"), "[0].audits[0].actions[0].summary"),
    (set_to("audits", 1, "actions", 0, "component", to=None), "[0].audits[1].actions[0].component"),
    (set_to("audits", 1, "actions", 0, "component", to=CARD), "[0].audits[1].actions[0].component"),
    (both(set_to("audits", 0, "actions", 2, "component", to=CARD), shown(CARD)),
     "[0].audits[0].actions[2].component"),
    (set_to("audits", 0, "phase", to="DOING"), "[0].audits[0].phase"),
    (set_to("audits", 1, to=AGAIN), "[0].audits[1].message"),
    (both(gone, set_to("audits", 1, to=AGAIN)), "[0].audits[1].message"),
    (both(gone, set_to("audits", 0, "message", to=0)), "[0].audits[0].message"),
    (both(gone, set_to("audits", 0, "answers", to=3)), "[0].audits[0].answers"),
    (both(gone, set_to("audits", 0, "answers", to=0)), "[0].audits[0].answers"),
    (both(gone, set_to("audits", 1, "answers", to=2)), "[0].audits[1].answers"),
    (set_to("audits", 0, "answers", to=4), "[0].audits[0].answers"),
    (set_to("audits", 1, "message", to=None), "[0].audits[1].message"),
    (set_to("audits", 1, "sender", to="agent"), "[0].audits[1].message"),
    (set_to("audits", 1, to=AGENTS | {"answers": 2}), "[0].audits[1].answers"),
    (set_to("audits", 1, to=AGENTS), "[0].state"),
    (set_to("audits", 0, "answers", to=None), "[0].audits[0].answers"),
    (set_to("audits", 0, "phase", to=""), "[0].audits[0].phase"),
    (set_to("audits", 0, "actions", 0, "id", to="x.1"), "[0].audits[0].actions[0].id"),
    (set_to("audits", 0, "message", to=6), "[0].audits[0].message"),
    (both(set_to("audits", 0, "message", to=2), set_to("audits", 0, "answers", to=None)),
     "[0].audits[0].message"),
    (set_to("audits", 0, "answers", to=1), "[0].audits[0].answers"),
    (set_to("audits", 0, "actions", 0, "parameters", to={}), "[0].audits[0].actions"),
    (set_to("state", "habits", to=5), "[0].state.habits"),
    (set_to("state", "habits", to=[]), "[0].state"),
    (set_to("state", "phase", to="DOING"), "[0].phase"),
    (set_to("state", "phase", to="NOWHERE"), "[0].state.phase"),
    (set_to("state", "anything", to="x" * MAX_BODY), "[0].state"),
    (set_to("audits", 0, "actions", 1, "summary", to="x" * MAX_BODY), "[0].audits[0]"),
]  # fmt: skip


@pytest.mark.parametrize(
    "change, field", WRONG, ids=[f"{number}: {field}" for number, (_, field) in enumerate(WRONG)]
)
def test_what_could_not_have_come_to_be_is_refused(
    change: Callable[[Told], None], field: str
) -> None:
    """The error names the path of it."""
    told = document()
    change(told)
    with pytest.raises(ValidationError) as caught:
        grown(told)
    assert caught.value.field == f"programs{field}"


@pytest.mark.parametrize(
    "change, message",
    [(shown(), 2), (shown(CARD), 2), (shown(CARD, message=2), 1), (shown(CARD, message=5), 4)],
    ids=["nothing", "another", "the user's", "without actions"],
)
def test_a_message_shows_what_its_actions_gave(
    change: Callable[[Told], None], message: int
) -> None:
    """All of it, and nothing else; what a click gave is no message's."""
    told = document()
    change(told)
    with pytest.raises(ValidationError) as caught:
        grown(told)
    assert caught.value.field == f"sessions[2].messages[{message}].components"


def test_nothing_is_later_than_the_document() -> None:
    """It is taken out after all that it tells."""
    told = document()
    told["at"] = told["programs"][0]["begun_at"]
    with pytest.raises(ValidationError) as caught:
        grown(told)
    assert caught.value.field == "programs[0].updated_at"


def test_an_answer_may_quote_a_message() -> None:
    """A summary is held against what the action answered then, under the ids of then."""
    told = document()
    daily = told["programs"][0]["audits"][0]["session"]
    name = f"{daily}.2"
    habit = {"parameters": {"name": name}, "summary": f"added {name}"}
    told["programs"][0]["audits"][0]["actions"][0] |= habit
    told["programs"][0]["state"]["habits"][0]["name"] = name
    user, _ = grown(told)
    assert AUDIT.read(user.audits[0].record).value.actions[0].summary == f"added {name}"
    told["programs"][0]["audits"][0]["actions"][0]["summary"] = "added another"
    with pytest.raises(ValidationError):
        grown(told)


def test_what_means_something_else_under_the_new_ids_is_refused() -> None:
    """A name may have a part of an id as its length allows, and none of a longer one."""
    told = document()
    name = f"{told['programs'][0]['audits'][0]['session']}.2"
    habit = {"parameters": {"name": name}, "summary": f"added {name}"}
    told["programs"][0]["audits"][0]["actions"][0] |= habit
    told["programs"][0]["state"]["habits"][0]["name"] = name
    with pytest.raises(ValidationError) as caught:
        new_world().run(plant(new_world().setup, TRIAL, told))
    assert caught.value.field == "programs[0].audits"


def test_what_an_older_version_judged_is_taken_as_it_is() -> None:
    """Its actions may mean something else today; the state must be readable, that is all."""
    newer: Program[Any] = evolve(HABITS, version=2, upcasts={1: lambda plain: plain})
    topics = [topic for topic in TOPICS if topic is not DAILY]
    daily = Topic(id="daily", system="Listen.", program=newer)
    setup = Setup(topics={topic.id: topic for topic in (*topics, daily)})
    told = document()
    told["programs"][0]["state"]["habits"] = []
    told["programs"][0]["audits"][0]["actions"][0]["summary"] = "said otherwise then"
    told["programs"][0]["audits"][0]["phase"] = "EARLIER"
    user, _ = grown(told, setup)
    assert user.progress.version == 1
    assert read_state(newer, user.progress).habits == ()
