"""Clicks: actions of the user that need no model (brief, section 7)."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Final, cast

import pytest

from coachwork import AsyncCoach, Coach
from coachwork.actions import ActionStatus, Button, RefusalCode, Sender
from coachwork.adapters import Memory, ScriptedModel
from coachwork.effects import AskAdmission, Commit, Get
from coachwork.errors import (
    ActionRefusedError,
    CoachworkError,
    CorruptRecordError,
    IdempotencyKeyReusedError,
    RefusedError,
    SessionAccessDeniedError,
    SessionNotActiveError,
    SessionNotFoundError,
    TopicNotFoundError,
    ValidationError,
)
from coachwork.ports import Admission
from coachwork.records import (
    AUDIT,
    PROGRESS,
    RECEIPT,
    Delete,
    Insert,
    message_key,
    receipt_key,
    session_key,
)
from coachwork.topics import Topic
from coachwork.workflows import act, actions, get, pause, program_state, send, start, submit
from tests.faults import ADA, BEN, Told, World, faults_of
from tests.programs.habits import HABITS, Habits, Phase

DAILY: Final = Topic(id="daily", system="Listen.", program=HABITS)
TALK: Final = Topic(id="talk", system="Listen.")


def begun(**given: Any) -> tuple[World, str]:  # noqa: ANN401 - as a world takes it
    """Return a world in which Ada and her coach have each said something, and the session's id."""
    world = World([DAILY, TALK], lambda _: "Go on.", **given)
    session = world.run(start(world.setup, ADA, DAILY)).session.id
    world.run(send(world.setup, ADA, DAILY, session, "Hello"))
    return world, session


def state(world: World) -> Habits:
    """Return Ada's state."""
    return world.run(program_state(world.setup, ADA, HABITS)).state


def test_a_click_changes_the_state_and_is_recorded() -> None:
    """State, audit and session change in one commit; no model is asked."""
    world, session = begun()
    before = len(world.commits)
    world.clock.advance(seconds=5)
    done = world.run(
        act(world.setup, ADA, DAILY, session, "add_habit", {"name": "read"}, message=2, key="k")
    )
    assert len(world.commits) == before + 1
    assert len(world.asks) == 1
    assert (done.action.type, done.action.status) == ("add_habit", ActionStatus.APPLIED)
    assert (done.action.summary, done.action.parameters) == ("added read", {"name": "read"})
    assert (done.action.sender, done.action.message) == (Sender.USER, 2)
    assert (done.phase, done.key) == ("START", "k")
    assert done.session.last_activity_at == done.action.at == world.clock.time
    (habit,) = state(world).habits
    assert (habit.name, habit.message) == ("read", f"{session}.2")
    assert world.run(actions(world.setup, ADA, HABITS)).actions == (done.action,)


def test_a_click_that_is_refused_is_recorded_too() -> None:
    """It raises, says why, and changes nothing but the log."""
    world, session = begun()
    for number, (action, parameters, code, reason) in enumerate(
        [
            ("fly", {}, RefusalCode.UNKNOWN_ACTION, "there is no action fly"),
            ("praise", {}, RefusalCode.WRONG_SENDER, "praise is not for the user"),
            (
                "add_habit",
                {"nam": "read"},
                RefusalCode.BAD_PARAMETERS,
                "add_habit: name: expected",
            ),
            ("misbehave", {"how": "raise"}, RefusalCode.PROGRAM_ERROR, "misbehave failed"),
        ],
        1,
    ):
        with pytest.raises(ActionRefusedError) as caught:
            world.run(act(world.setup, ADA, DAILY, session, action, parameters, message=2))
        assert (caught.value.action, caught.value.reason_code) == (action, code)
        assert caught.value.reason.startswith(reason)
        assert caught.value.session == session
        assert caught.value.key is not None
        page = world.run(actions(world.setup, ADA, HABITS))
        assert len(page.actions) == number
        assert (page.actions[-1].status, page.actions[-1].code) == (ActionStatus.REFUSED, code)
    assert state(world) == Habits()


def test_the_same_click_under_one_key_is_one() -> None:
    """It is answered alike, applied or refused; other content under the key is an error."""
    world, session = begun()
    click = partial(act, world.setup, ADA, DAILY, session, message=2, key="k")
    first = world.run(click("add_habit", {"name": "read"}))
    assert world.run(click("add_habit", {"name": "read"})) == first
    assert len(state(world).habits) == 1
    for other in (
        partial(click, "add_habit", {"name": "write"}),
        partial(click, "thank"),
        partial(
            act, world.setup, ADA, DAILY, session, "add_habit", {"name": "read"}, message=4, key="k"
        ),
    ):
        with pytest.raises(IdempotencyKeyReusedError):
            world.run(other())
    refused = partial(
        act, world.setup, ADA, DAILY, session, "add_habit", {"name": "read"}, message=2, key="r"
    )
    for _ in range(2):
        with pytest.raises(ActionRefusedError, match="there is a habit read"):
            world.run(refused())
    assert len(world.run(actions(world.setup, ADA, HABITS)).actions) == 2


def test_a_lost_audit_is_told() -> None:
    """A receipt that refers to nothing is a damaged record, and nothing is done again."""
    world, session = begun()
    click = partial(act, world.setup, ADA, DAILY, session, "thank", message=2, key="k")
    world.run(click())
    receipt = world.memory.get(receipt_key("acme", "ada", "k"))
    assert receipt is not None
    value = RECEIPT.read(receipt).value
    (audit,) = [record for record in world.records() if record.key.kind == AUDIT.name]
    assert value.audit == audit.key.text
    world.memory.commit([Delete(audit.key, 1)])
    with pytest.raises(CorruptRecordError, match="audit"):
        world.run(click())


def test_a_lost_message_is_told() -> None:
    """What held the button is missing: the session is damaged, or on its way out."""
    world, session = begun()
    click = partial(act, world.setup, ADA, DAILY, session, "thank", message=2)
    world.memory.commit([Delete(message_key("acme", session, 2), 1)])
    with pytest.raises(CorruptRecordError, match="message"):
        world.run(click())

    def meanwhile(effect: object) -> None:
        if isinstance(effect, Get) and effect.key.kind == "message":
            record = world.memory.get(session_key("acme", session))
            assert record is not None
            world.memory.commit([Delete(record.key, record.version)])

    world.meanwhile = meanwhile
    with pytest.raises(SessionNotFoundError):
        world.run(click())


def test_a_job_in_flight_is_no_obstacle() -> None:
    """The click goes through; the reply that comes later finds the new state."""
    world, session = begun()
    world.run(submit(world.setup, ADA, DAILY, session, "Well?"))
    done = world.run(act(world.setup, ADA, DAILY, session, "begin", message=2))
    assert done.session.job is not None
    assert done.phase == Phase.DOING


def test_a_click_needs_an_active_session() -> None:
    """A paused one takes none, nor does one that has expired or is somebody else's."""
    world, session = begun()
    click = partial(act, world.setup, action="thank", message=1, topic=DAILY, session_id=session)
    with pytest.raises(SessionAccessDeniedError):
        world.run(click(caller=BEN))
    with pytest.raises(SessionNotFoundError):
        world.run(act(world.setup, ADA, DAILY, "another", "thank", message=2))
    world.run(pause(world.setup, ADA, DAILY, session))
    with pytest.raises(SessionNotActiveError, match="cannot act in a session that is paused"):
        world.run(click(caller=ADA))
    world.clock.advance(days=14)
    with pytest.raises(SessionNotFoundError):
        world.run(click(caller=ADA))
    assert [record for record in world.records() if record.key.kind == PROGRESS.name] == []


@pytest.mark.parametrize(
    "given, field",
    [
        ({"action": ""}, "action"),
        ({"action": "x" * 65}, "action"),
        ({"action": cast("str", 5)}, "action"),
        ({"parameters": cast("Any", "x")}, "parameters"),
        ({"parameters": {"a": float("nan")}}, "parameters"),
        ({"parameters": {"a": "x" * 20_000}}, "parameters"),
        ({"message": 0}, "message"),
        ({"message": 1}, "message"),
        ({"message": 3}, "message"),
        ({"message": 1.0}, "message"),
        ({"message": cast("int", "1")}, "message"),
        ({"session_id": ""}, "session_id"),
        ({"topic": TALK}, "topic"),
    ],
)
def test_what_is_no_click_is_refused(given: dict[str, Any], field: str) -> None:
    """The field is named, and nothing is written; the first message is the user's own."""
    world, session = begun()
    before = world.records()
    usual: dict[str, Any] = {
        "topic": DAILY,
        "session_id": session,
        "action": "thank",
        "parameters": None,
        "message": 2,
    }
    with pytest.raises(ValidationError) as caught:
        world.run(act(world.setup, ADA, **{**usual, **given}))
    assert caught.value.field == field
    assert world.records() == before


def test_a_topic_that_is_not_declared_takes_no_clicks() -> None:
    """It has no program that could judge them."""
    world, session = begun()
    other = Topic(id="other", system="x", program=HABITS)
    with pytest.raises(TopicNotFoundError):
        world.run(act(world.setup, ADA, other, session, "thank", message=2))


def test_the_application_may_refuse_a_click() -> None:
    """Admission is asked once, before anything is written, and is told what it is about."""
    met: list[Admission] = []

    class FullError(RefusedError):
        """Enough for today."""

    def admit(admission: Admission) -> str | None:
        met.append(admission)
        if admission.command == "act":
            raise FullError("enough")
        return None

    world, session = begun(admit=admit)
    with pytest.raises(FullError):
        world.run(act(world.setup, ADA, DAILY, session, "thank", message=2))
    assert (met[-1].command, met[-1].session, met[-1].text) == ("act", session, None)
    assert world.run(actions(world.setup, ADA, HABITS)).actions == ()


def test_every_fault_at_every_step() -> None:
    """Whatever is lost or crashes: called again with the same key, it was done once."""
    begin, session = begun()
    records = begin.records()

    def copied() -> World:
        world = World([DAILY, TALK], lambda _: "Go on.")
        world.ids.number = begin.ids.number
        world.clock.time = begin.clock.time
        for record in records:
            world.memory.commit([Insert(record)])
        return world

    def click(world: World) -> Any:  # noqa: ANN401 - a workflow
        return act(
            world.setup, ADA, DAILY, session, "add_habit", {"name": "read"}, message=2, key="k"
        )

    wanted = copied()
    first = wanted.run(click(wanted))
    for number, effect in enumerate(wanted.effects):
        for fault in faults_of(effect):
            world = copied()
            world.insist(partial(click, world), Told(number, fault))
            assert [habit.name for habit in state(world).habits] == ["read"]
            (done,) = world.run(actions(world.setup, ADA, HABITS)).actions
            assert done.type == first.action.type


def test_admission_is_asked_once_whatever_the_number_of_tries() -> None:
    """A conflict makes the click decide again, without asking the application again."""
    world, session = begun()
    number = next(
        number
        for number, effect in enumerate(_effects(world, session))
        if isinstance(effect, Commit)
    )
    conflict = faults_of(Commit(()))[-1]
    world.effects.clear()
    world.run(
        act(world.setup, ADA, DAILY, session, "thank", message=2, key="again"),
        Told(number, conflict),
    )
    assert sum(isinstance(effect, AskAdmission) for effect in world.effects) == 1


def _effects(world: World, session: str) -> list[Any]:
    """Return the effects of a click."""
    before = len(world.effects)
    world.run(act(world.setup, ADA, DAILY, session, "thank", message=2))
    return world.effects[before:]


def test_a_button_is_pressed() -> None:
    """It carries action and parameters; what is given beside them counts more."""
    button = Button(label="Read", action="add_habit", parameters={"name": "read", "often": 2})
    with Coach(Memory(), ScriptedModel(["Hello"]), topics=[DAILY]) as coach:
        chat = coach.as_user("ada").start(DAILY)
        chat.send("Hi")
        assert chat.act(button, message=2).action.parameters == {"name": "read", "often": 2}
        pressed = chat.act(button, {"name": "write"}, message=2)
        assert pressed.action.parameters == {"name": "write", "often": 2}


def test_the_same_words_are_awaited() -> None:
    """An async coach clicks, tells the state and lists alike."""

    async def main() -> None:
        async with AsyncCoach(Memory(), ScriptedModel(["Hello"]), topics=[DAILY]) as coach:
            ada = coach.as_user("ada")
            chat = await ada.start(DAILY)
            await chat.send("Hi")
            done = await chat.act("add_habit", {"name": "read"}, message=2)
            assert (await ada.actions(HABITS)).actions == (done.action,)
            assert [h.name for h in (await ada.program(HABITS)).state.habits] == ["read"]

    asyncio.run(main())


def test_a_click_revives_nothing() -> None:
    """A session at which nobody clicks any more expires when it would have."""
    world, session = begun()
    world.clock.advance(days=13)
    world.run(act(world.setup, ADA, DAILY, session, "thank", message=2))
    world.clock.advance(days=13)
    assert world.run(get(world.setup, ADA, DAILY, session)).status == "active"
    world.clock.advance(days=1)
    with pytest.raises(CoachworkError):
        world.run(act(world.setup, ADA, DAILY, session, "thank", message=2))
