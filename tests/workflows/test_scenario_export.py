"""A test scenario is taken out of a user's data, as one document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

import pytest

from coachwork.adapters import Memory
from coachwork.effects import Find
from coachwork.errors import CorruptRecordError, VersionConflictError
from coachwork.messages import Role
from coachwork.plain import to_json
from coachwork.ports import Query
from coachwork.records import KINDS, Record
from coachwork.sessions import SessionStatus
from coachwork.workflows import (
    Caller,
    Scenario,
    ScenarioSession,
    act,
    delete_all,
    export_scenario,
    plant,
    send,
    start,
)
from tests.between import between
from tests.faults import World
from tests.planted import DAILY, LIVE, PLAN, TRIAL, furnish, furnished, new_world


def taken(world: World, caller: Caller = LIVE) -> Scenario:
    """Return the document."""
    return world.run(export_scenario(world.setup, caller))


def test_a_document_has_sessions_messages_states_and_actions() -> None:
    """Each message tells what it answers and whether it ended the session."""
    world, ids = furnished()
    told = taken(world)
    sessions = {session.id: session for session in told.sessions}
    assert list(sessions) == [ids[name] for name in ("talk", "room", "daily", "plan", "again")]
    assert (told.version, told.at) == (1, world.clock.time)
    talk = sessions[ids["talk"]]
    assert (talk.topic, talk.status, talk.context) == (
        "talk",
        SessionStatus.COMPLETED,
        {"name": "Ada"},
    )
    assert [(m.role, m.text, m.answers, m.final) for m in talk.messages] == [
        (Role.USER, "Hello.", None, False),
        (Role.COACH, "Go on.", 1, False),
        (Role.USER, "the end", None, False),
        (Role.COACH, "Well done.", 3, True),
    ]
    assert talk.ending is not None
    assert talk.ending.result == {"values": ["courage"]}
    daily = sessions[ids["daily"]]
    assert [(m.text, m.answers) for m in daily.messages] == [
        ("Go on.", None),
        ("read", None),
        ("A habit.", 2),
        ("fail", None),
        ("Go on.", None),
    ]
    assert [shown.kind for shown in daily.messages[2].components] == ["star"]
    assert daily.summarized == 4
    assert sessions[ids["again"]].messages[-1].text == "crash"
    user, own = told.programs
    assert (user.program, user.session, len(user.audits)) == ("habits", None, 2)
    assert (own.program, own.session, len(own.audits)) == ("own", ids["plan"], 1)
    assert [action.type for action in user.audits[0].actions] == ["add_habit", "fly", "praise"]


def test_a_document_names_no_user_tenant_job_or_key() -> None:
    """It is plain data, and nothing in it tells where it came from."""
    world = new_world()
    furnish(world, Caller("secret tenant", "secret user", "secret trial"))
    text = json.dumps(to_json(taken(world, Caller("secret tenant", "secret user", "secret trial"))))
    assert "secret" not in text
    jobs = [job.id for job in world.stored("job")]
    assert not [job for job in jobs if f'"{job}"' in text]


def test_a_scenario_is_apart_from_what_has_none() -> None:
    """Who has a scenario gets that alone, and who has none, what has none."""
    world = new_world()
    trial = Caller(LIVE.tenant, LIVE.user, "trial")
    other = Caller(LIVE.tenant, LIVE.user, "other")
    mine = world.run(start(world.setup, LIVE, DAILY)).session.id
    world.run(act(world.setup, LIVE, DAILY, mine, "begin", message=1))
    theirs = world.run(start(world.setup, trial, PLAN)).session.id
    world.run(send(world.setup, trial, PLAN, theirs, "read"))
    assert [session.id for session in taken(world).sessions] == [mine]
    assert [program.program for program in taken(world).programs] == ["habits"]
    assert [session.id for session in taken(world, trial).sessions] == [theirs]
    assert [program.session for program in taken(world, trial).programs] == [theirs]
    assert taken(world, other) == Scenario(at=world.clock.time, sessions=())


def test_nothing_in_a_document_is_later_than_it_is() -> None:
    """Whatever the clock does, so that it can be planted."""
    world, _ = furnished()
    last = taken(world).at
    world.clock.advance(hours=-1)
    told = taken(world)
    assert told.at == last
    assert new_world().run(plant(world.setup, TRIAL, told)).sessions
    world.clock.advance(hours=2)
    assert taken(world).at == world.clock.time


def test_what_has_expired_is_left_out() -> None:
    """A session that nobody can see any more, and the state that was its own; not the user's."""
    world, _ = furnished()
    world.clock.advance(days=15)
    told = taken(world)
    assert told.sessions == ()
    assert [program.program for program in told.programs] == ["habits"]


def told_with(number: int, what: str) -> tuple[Scenario, ScenarioSession, bool]:
    """Take a document out while something happens before that step; tell whether it did."""
    world, ids = furnished()
    daily = ids["daily"]
    happened: list[str] = []

    def meanwhile() -> None:
        happened.append(what)
        if what == "send":
            world.run(send(world.setup, LIVE, DAILY, daily, "read"))
        else:
            world.run(act(world.setup, LIVE, DAILY, daily, "begin", message=1))

    told = world.run(between(export_scenario(world.setup, LIVE), number, meanwhile))
    (session,) = (session for session in told.sessions if session.id == daily)
    return told, session, bool(happened)


@pytest.mark.parametrize("what", ["send", "act"])
def test_a_document_is_of_one_moment(what: str) -> None:
    """Whatever is said or done while it is read is in it wholly or not at all."""
    found: set[tuple[int, int]] = set()
    for number in range(200):
        told, session, happened = told_with(number, what)
        found.add((len(session.messages), len(told.programs[0].audits)))
        if not happened:
            break
    assert found == {(5, 2), (7 if what == "send" else 5, 3)}


def test_what_changes_all_the_time_is_given_up() -> None:
    """After the tries that the settings allow."""
    world, ids = furnished()

    def meanwhile(effect: object) -> None:
        # After the states were looked for, in each try.
        if isinstance(effect, Find) and effect.query.kind == "progress":
            world.run(act(world.setup, LIVE, DAILY, ids["daily"], "thank", message=1))

    world.meanwhile = meanwhile
    with pytest.raises(VersionConflictError):
        taken(world)


def test_what_is_deleted_meanwhile_is_not_told() -> None:
    """A user who leaves at any moment has all in the document, or nothing."""
    for number in range(200):
        world, _ = furnished()
        deleted = partial(world.run, delete_all(world.setup, LIVE))
        told = world.run(between(export_scenario(world.setup, LIVE), number, deleted))
        assert len(told.sessions) in {0, 5}
        if world.stored("session"):
            return
    raise AssertionError("it has no end")


def test_what_is_damaged_is_told() -> None:
    """An audit that the state counts and that is gone; a background that is gone is none."""
    world, _ = furnished()
    assert isinstance(world.memory, Memory)
    world.memory._by_kind["background"].clear()
    assert [session.context for session in taken(world).sessions] == [{}] * 5
    world.memory._by_kind["job"].clear()
    assert {
        message.answers for session in taken(world).sessions for message in session.messages
    } == {None}
    world.memory._by_kind["audit"].clear()
    with pytest.raises(CorruptRecordError, match="audit"):
        taken(world)


def test_a_view_that_lags_decides_nothing() -> None:
    """What the log does not show yet is read by its key; what is shown and gone is left out."""
    world, _ = furnished()
    whole = taken(world)
    log, find = world.memory.log, world.memory.find

    def lagging(
        tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        return log(tenant, session, after=after, last=last, limit=limit)[:-1]

    world.memory.log = lagging  # type: ignore[method-assign]
    assert taken(world) == whole
    shown = {kind: find(Query(kind=kind, tenant="acme", owner="live")) for kind in KINDS}
    world.run(delete_all(world.setup, LIVE))
    world.memory.find = lambda query: shown[query.kind]  # type: ignore[method-assign]
    assert taken(world) == Scenario(at=world.clock.time, sessions=())


def test_a_namesake_is_somebody_else() -> None:
    """Neither another tenant's user nor another user of the tenant gets anything."""
    world, _ = furnished()
    assert taken(world, Caller("other", LIVE.user)).sessions == ()
    assert taken(world, TRIAL).sessions == ()
