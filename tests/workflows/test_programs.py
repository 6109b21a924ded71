"""Where a user stands in a program, and what was done there."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, Final, cast

import pytest
from attrs import evolve

from coachwork.actions import ActionStatus, RefusalCode, Sender
from coachwork.errors import (
    ActionRefusedError,
    SessionAccessDeniedError,
    SessionNotFoundError,
    ValidationError,
)
from coachwork.programs import Program, Scope
from coachwork.records import Key
from coachwork.topics import Topic
from coachwork.workflows import (
    ActionList,
    Caller,
    _programs,
    act,
    actions,
    delete_all,
    export,
    program_state,
    send,
    start,
)
from coachwork.workflows._reading import MAX_LIMIT
from tests.faults import ADA, BEGIN, BEN, World
from tests.programs.habits import HABITS, Habits, Phase

OWN: Final = Program(
    id="own",
    state=Habits,
    phases=HABITS.phases,
    prompt=HABITS.prompt,
    actions=HABITS.actions,
    scope=Scope.SESSION,
)
DAILY: Final = Topic(id="daily", system="Listen.", program=HABITS)
PLAN: Final = Topic(id="plan", system="Listen.", program=OWN)
TRIAL: Final = Caller("acme", "ada", "trial")
SECOND: Final = timedelta(seconds=1)


def new_world() -> World:
    """Return a world with both topics."""
    return World([DAILY, PLAN], lambda _: "Go on.")


def begun(world: World, topic: Topic[Any] = DAILY, caller: Caller = ADA) -> str:
    """Start a session and say something; return its id."""
    session = world.run(start(world.setup, caller, topic)).session.id
    world.run(send(world.setup, caller, topic, session, "Hello"))
    return session


def click(
    world: World,
    session: str,
    name: str,
    topic: Topic[Any] = DAILY,
    *,
    message: int = 2,
    caller: Caller = ADA,
) -> None:
    """Add a habit, a second later; one that is there is refused."""
    world.clock.advance(seconds=1)
    with suppress(ActionRefusedError):
        world.run(
            act(world.setup, caller, topic, session, "add_habit", {"name": name}, message=message)
        )


def names(
    world: World,
    caller: Caller = ADA,
    *,
    program: Program[Any] | None = HABITS,
    **wanted: Any,  # noqa: ANN401 - filters of several types
) -> list[str]:
    """Return the names of the habits that actions were about, page by page."""
    found: list[str] = []
    after: str | None = None
    while True:
        page = world.run(actions(world.setup, caller, program, after=after, **wanted))
        found += [cast("dict[str, str]", action.parameters)["name"] for action in page.actions]
        if page.next is None:
            return found
        after = page.next


def test_before_the_first_action_it_stands_at_the_beginning() -> None:
    """Nothing is stored for who only looks."""
    world = new_world()
    view = world.run(program_state(world.setup, ADA, HABITS))
    assert (view.program, view.phase, view.is_finished) == ("habits", "START", False)
    assert (view.state, view.audits, view.updated_at) == (Habits(), 0, None)
    assert view.allowed == tuple(
        action.name for action in HABITS.actions if action.name != "praise"
    )
    assert world.records() == []


def test_a_user_has_one_state_in_all_sessions() -> None:
    """It outlives them, and is nobody else's."""
    world = new_world()
    first = begun(world)
    click(world, first, "read")
    second = begun(world)
    click(world, second, "write")
    view = world.run(program_state(world.setup, ADA, HABITS))
    assert [habit.name for habit in view.state.habits] == ["read", "write"]
    assert (view.audits, view.updated_at) == (2, world.clock.time)
    assert world.run(program_state(world.setup, BEN, HABITS)).state == Habits()
    world.clock.advance(days=30)
    assert len(world.run(program_state(world.setup, ADA, HABITS)).state.habits) == 2


def test_a_session_may_have_a_state_of_its_own() -> None:
    """Then the session is named, and must be the caller's."""
    world = new_world()
    first, second = begun(world, PLAN), begun(world, PLAN)
    click(world, second, "write", PLAN)
    assert world.run(program_state(world.setup, ADA, OWN, first := second)).audits == 1
    assert first == second
    with pytest.raises(SessionAccessDeniedError):
        world.run(program_state(world.setup, BEN, OWN, second))
    with pytest.raises(SessionNotFoundError):
        world.run(program_state(world.setup, ADA, OWN, "another"))
    for program, session in ((OWN, None), (HABITS, second), (OWN, "")):
        with pytest.raises(ValidationError) as caught:
            world.run(program_state(world.setup, ADA, program, session))
        assert caught.value.field == "session_id"


def test_a_program_must_be_declared() -> None:
    """One that no topic names is refused, and so is what is none."""
    world = new_world()
    other = evolve(OWN)
    for program in (other, cast("Program[Any]", None), cast("Program[Any]", "habits")):
        with pytest.raises(ValidationError, match="program"):
            world.run(program_state(world.setup, ADA, program))
    for program in (other, cast("Program[Any]", "habits")):
        with pytest.raises(ValidationError, match="program"):
            world.run(actions(world.setup, ADA, program))


def test_actions_of_all_programs() -> None:
    """Those of one that is no longer declared, too; one program follows the other."""
    world = new_world()
    own = begun(world, PLAN)
    click(world, own, "c", PLAN)
    click(world, begun(world), "a")
    click(world, begun(world), "b")
    assert names(world, program=None) == ["c", "a", "b"]
    assert names(world, program=None, newest_first=True, limit=1) == ["b", "a", "c"]
    assert names(world, program=None, session=own) == ["c"]
    world.setup = evolve(world.setup, topics={DAILY.id: DAILY})
    assert names(world, program=None) == ["c", "a", "b"]
    assert names(world, BEN, program=None) == []


def test_a_scenario_has_a_state_of_its_own() -> None:
    """What is tried there touches nothing else, and each caller sees the own."""
    world = new_world()
    click(world, begun(world), "read")
    click(world, begun(world, caller=TRIAL), "write", caller=TRIAL)
    for caller, name in ((ADA, "read"), (TRIAL, "write")):
        view = world.run(program_state(world.setup, caller, HABITS))
        assert [habit.name for habit in view.state.habits] == [name]
        assert names(world, caller) == [name]


def test_actions_are_told_in_the_order_of_their_doing() -> None:
    """Of all sessions, or of one; the oldest or the newest first."""
    world = new_world()
    first = begun(world)
    for name in "ab":
        click(world, first, name)
    second = begun(world)
    for name in "bc":
        click(world, second, name)
    assert names(world) == ["a", "b", "b", "c"]
    assert names(world, newest_first=True) == ["c", "b", "b", "a"]
    assert names(world, session=second) == ["b", "c"]
    assert names(world, status="refused") == ["b"]
    assert names(world, status=ActionStatus.APPLIED) == ["a", "b", "c"]
    assert names(world, type="add_habit", limit=1) == ["a", "b", "b", "c"]
    assert names(world, type="praise") == []
    assert names(world, sender=Sender.USER) == ["a", "b", "b", "c"]
    assert names(world, sender="coach") == []
    since = world.clock.time - SECOND
    assert names(world, since=since) == ["b", "c"]
    assert names(world, before=since) == ["a", "b"]
    assert names(world, BEN) == []
    assert names(world, program=OWN) == []


def test_actions_of_one_message() -> None:
    """A message's number counts in its session only."""
    world = new_world()
    session = begun(world)
    world.run(send(world.setup, ADA, DAILY, session, "More"))
    click(world, session, "a", message=2)
    click(world, session, "b", message=4)
    assert names(world, session=session, message=2) == ["a"]
    assert names(world, session=session, message=9) == []


def test_the_actions_of_one_reply_are_not_torn_apart() -> None:
    """A page ends behind a whole reply, and the next one goes on there."""
    three = '{"type": "add_habit", "parameters": {"name": "%s"}}'
    listed = ", ".join(three % name for name in "abc")
    world = World([DAILY, PLAN], [f'{{"message": "Well.", "actions": [{listed}]}}'] * 2)
    session = world.run(start(world.setup, ADA, DAILY)).session.id
    for _ in range(2):
        world.run(send(world.setup, ADA, DAILY, session, "Hello"))
    page = world.run(actions(world.setup, ADA, HABITS, limit=2))
    assert [action.status for action in page.actions] == ["applied"] * 3
    assert page.next is not None
    rest = world.run(actions(world.setup, ADA, HABITS, limit=2, after=page.next))
    assert [action.code for action in rest.actions] == [RefusalCode.NOT_POSSIBLE] * 3
    assert rest.next is not None
    assert world.run(actions(world.setup, ADA, HABITS, after=rest.next)).actions == ()


def test_a_search_for_what_is_rare_comes_back_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many audits a short answer says where to go on."""
    monkeypatch.setattr(_programs, "MOST_AUDITS", 2)
    world = new_world()
    session = begun(world)
    for name in "abc":
        click(world, session, name)
    rare = partial(actions, world.setup, ADA, HABITS, type="praise")
    first = world.run(rare())
    assert first.actions == ()
    assert world.run(rare(after=first.next)) == ActionList((), None)
    assert names(world, type="add_habit") == ["a", "b", "c"]


def test_actions_of_several_states_are_in_the_order_of_time() -> None:
    """Whatever the programs are called, and whichever session was begun first."""
    other = evolve(PLAN, id="other")
    world = World([DAILY, PLAN, other], lambda _: "Go on.")
    daily, first, second = begun(world), begun(world, PLAN), begun(world, other)
    for name, session, topic in (
        ("a", second, other),
        ("b", daily, DAILY),
        ("c", first, PLAN),
        ("d", daily, DAILY),
        ("e", second, other),
    ):
        click(world, session, name, topic)
    for limit in (1, 2, 50):
        assert names(world, program=None, limit=limit) == ["a", "b", "c", "d", "e"]
        assert names(world, program=OWN, limit=limit) == ["a", "c", "e"]
        assert names(world, program=None, newest_first=True, limit=limit) == [*"edcba"]
    assert names(world, BEN, program=None) == []


def test_nobody_goes_on_where_another_stopped() -> None:
    """The next of somebody else's page is none."""
    world = new_world()
    click(world, begun(world), "a")
    page = world.run(actions(world.setup, ADA, HABITS, limit=1))
    assert page.next is not None
    with pytest.raises(ValidationError, match="after"):
        world.run(actions(world.setup, BEN, HABITS, after=page.next))


@pytest.mark.parametrize(
    "wanted, field",
    [
        ({"limit": 0}, "limit"),
        ({"limit": MAX_LIMIT + 1}, "limit"),
        ({"message": 1}, "session"),
        ({"message": 0, "session": "s"}, "message"),
        ({"session": ""}, "session"),
        ({"type": 5}, "type"),
        ({"type": "x" * 65}, "type"),
        ({"status": "done"}, "status"),
        ({"sender": "nobody"}, "sender"),
        ({"since": BEGIN.replace(tzinfo=None)}, "since"),
        ({"before": "now"}, "before"),
        ({"after": "nowhere"}, "after"),
        ({"after": Key("audit", "other", ("habits", "ada", "", "", 1)).text}, "after"),
        ({"after": Key("job", "acme", ("j",)).text}, "after"),
        ({"after": Key("audit", "acme", ("habits", "ada", "", "", 1)).text}, "after"),
    ],
)
def test_a_filter_that_is_none_is_refused(wanted: dict[str, Any], field: str) -> None:
    """It is named."""
    world = new_world()
    with pytest.raises(ValidationError) as caught:
        world.run(actions(world.setup, ADA, HABITS, **wanted))
    assert caught.value.field == field


def test_all_of_it_is_exported_and_deleted() -> None:
    """State and log belong to the user."""
    world = new_world()
    click(world, begun(world), "read")
    document = world.run(export(world.setup, ADA))
    assert [progress.phase for progress in document.programs] == [Phase.START]
    assert [audit.number for audit in document.audits] == [1]
    world.run(delete_all(world.setup, ADA))
    assert [record.key.kind for record in world.records()] == ["account"]
