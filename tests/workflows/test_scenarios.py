"""Everything of a test scenario is listed, or deleted at once, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, cast

import pytest

from coachwork.adapters import Memory
from coachwork.effects import Commit, Workflow
from coachwork.errors import (
    IdempotencyKeyReusedError,
    JobNotFoundError,
    SessionNotActiveError,
    SessionNotFoundError,
    ValidationError,
    VersionConflictError,
)
from coachwork.messages import Usage
from coachwork.policies import Settings
from coachwork.ports import Answer, Ask, CommitResult
from coachwork.records import ACCOUNT, MAX_OPS, Check, Delete, Record, account_key, progress_key
from coachwork.testing import Fault, violations
from coachwork.testing.faults import CrashError
from coachwork.workflows import (
    Caller,
    Deleted,
    act,
    cancel,
    cancel_job,
    check,
    delete_all,
    delete_scenario,
    get,
    history,
    job,
    list_scenario,
    list_sessions,
    pause,
    pending_job,
    program_state,
    send,
    start,
    submit,
    timeline,
    topics,
)
from tests.between import between
from tests.faults import Told, World, faults_of
from tests.planted import (
    DAILY,
    PLAN,
    ROOM,
    TALK,
    coach,
    copied,
    furnish,
    half_planted,
    long_document,
    new_world,
)
from tests.programs.habits import HABITS

ADA: Final = Caller("acme", "ada")
TRIAL: Final = Caller("acme", "ada", "trial")
OTHERS: Final = (ADA, Caller("acme", "ada", "other"), Caller("acme", "ben", "trial"))
"""The same user without the scenario and in another one, and another user in the same one."""
ELSEWHERE: Final = Caller("other", "ada", "trial")


def spend(world: World, caller: Caller) -> str:
    """Let an answer come too late, so that it costs something and is dropped."""
    session = world.run(start(world.setup, caller, PLAN)).session.id

    def model(_ask: Ask) -> Answer:
        world.run(cancel(world.setup, caller, PLAN, session))
        return Answer(text="Too late.", usage=Usage(1))

    world.model = model
    with pytest.raises(SessionNotActiveError):
        world.run(send(world.setup, caller, PLAN, session, "Hello."))
    world.model = coach
    return session


def crowded() -> World:
    """Return a world in which many have something of everything."""
    world = new_world()
    for caller in (*OTHERS, ELSEWHERE, TRIAL):
        furnish(world, caller)
        spend(world, caller)
    return world


def of_trial(world: World) -> list[Record]:
    """Return what is of the scenario, or stands beside a session of it."""
    mine = [
        record
        for record in world.records()
        if (record.key.tenant, record.facts.owner) == (TRIAL.tenant, TRIAL.user)
        and record.facts.scenario == TRIAL.scenario
    ]
    sessions = {record.facts.session for record in mine} - {None}
    beside = [record for record in world.records() if record.facts.session in sessions]
    return [*mine, *beside]


# --- listed -------------------------------------------------------------------------------------


def test_everything_of_a_scenario_is_listed() -> None:
    """Sessions with messages and jobs, states, actions and late costs; nothing of others."""
    world = crowded()
    told = world.run(list_scenario(world.setup, TRIAL))
    assert (told.tenant, told.user, told.at) == ("acme", "ada", world.clock.time)
    assert {session.session.scenario for session in told.sessions} == {"trial"}
    assert sorted(one.session.topic for one in told.sessions) == [
        "daily", "plan", "plan", "room", "talk", "talk",
    ]  # fmt: skip
    assert [spending.usage for spending in told.spendings] == [Usage(1)]
    assert [(one.program, one.scenario) for one in told.programs] == [
        ("own", "trial"),
        ("habits", "trial"),
    ]
    assert [audit.scenario for audit in told.audits] == ["trial"] * 3
    assert told.standings == ()


@pytest.mark.parametrize("what", [list_scenario, delete_scenario])
def test_a_scenario_is_wanted(what: Callable[..., Any]) -> None:
    """Who has none is told so, and nothing is deleted."""
    world = crowded()
    before = world.records()
    with pytest.raises(ValidationError, match="scenario"):
        world.run(what(world.setup, ADA))
    assert world.records() == before


# --- deleted ------------------------------------------------------------------------------------


def test_a_scenario_is_deleted_and_nothing_else() -> None:
    """Account and standings stay, and so does every record of others; each commit is in order."""
    world = crowded()
    trial = {record.key for record in of_trial(world)}
    assert {key.kind for key in trial} == {
        "audit", "background", "claim", "job", "message", "progress", "receipt", "session",
        "spending",
    }  # fmt: skip
    before = {r.key: r for r in world.records() if r.key not in trial}
    world.checks = True
    deleted = world.run(delete_scenario(world.setup, TRIAL))
    assert deleted.sessions == 6
    assert {record.key: record for record in world.records()} == before
    assert world.run(delete_scenario(world.setup, TRIAL)) == Deleted(0)


def test_nobody_has_nothing() -> None:
    """Neither who is unknown nor a scenario that is."""
    world = crowded()
    before = world.records()
    nobody = Caller("acme", "nobody", "trial")
    assert world.run(delete_scenario(world.setup, nobody)) == Deleted(0)
    assert world.run(delete_scenario(world.setup, Caller("acme", "ada", "none"))) == Deleted(0)
    assert world.records() == before
    assert world.run(list_scenario(world.setup, nobody)).sessions == ()


def test_a_deletion_may_fail_at_any_step_and_is_called_again() -> None:
    """A crash, a lost answer or a conflict at every step: called again, it ends the same."""
    begin = new_world()
    for caller in (ADA, TRIAL):
        furnish(begin, caller)
    wanted = copied(begin)
    wanted.run(delete_scenario(wanted.setup, TRIAL))
    state = wanted.state()
    for number, effect in enumerate(wanted.effects):
        for fault in faults_of(effect) if isinstance(effect, Commit) else [Fault.FAIL_BEFORE]:
            world = copied(begin)
            world.insist(partial(delete_scenario, world.setup, TRIAL), Told(number, fault))
            assert violations(world.records(), now=world.clock.time) == []
            assert world.state() == state, (number, fault)


def many_audits() -> tuple[World, str]:
    """Return a world in which a state has more audits than one commit deletes, and its session."""
    world = new_world()
    session = world.run(start(world.setup, TRIAL, DAILY)).session.id
    for _ in range(210):
        world.run(act(world.setup, TRIAL, DAILY, session, "thank", message=1))
    return world, session


def test_a_state_with_many_audits_goes_from_the_end() -> None:
    """A state is deleted after all audits of it; what is in between passes for a shorter log."""
    world, _ = many_audits()
    world.run(delete_scenario(world.setup, TRIAL))
    assert {record.key.kind for record in world.records()} == {"account"}
    kinds = [
        [op.key.kind for op in ops if isinstance(op, Delete | Check)] for ops in world.commits[-3:]
    ]
    assert [told.count("audit") for told in kinds] == [98, 98, 14]
    assert [told.count("progress") for told in kinds] == [1, 1, 1]


def test_a_state_with_many_audits_is_deleted_in_the_end() -> None:
    """A crash between two commits leaves a part; called again, the rest goes."""
    begin, _ = many_audits()
    wanted = copied(begin)
    wanted.run(delete_scenario(wanted.setup, TRIAL))
    commits = [n for n, effect in enumerate(wanted.effects) if isinstance(effect, Commit)]
    left: set[int] = set()
    for number in commits:
        world = copied(begin)
        with pytest.raises(CrashError):
            world.run(delete_scenario(world.setup, TRIAL), Told(number, Fault.CRASH_AFTER))
        left.add(len(world.stored("audit")))
        world.run(delete_scenario(world.setup, TRIAL))
        assert {record.key.kind for record in world.records()} == {"account"}
    assert left == {210, 112, 14, 0}


def test_an_action_in_between_leaves_nothing_behind() -> None:
    """Whoever acts in a new session of the scenario meanwhile: the state goes with all audits."""
    world, _ = many_audits()
    acted: list[str] = []

    def meanwhile(effect: object) -> None:
        if isinstance(effect, Commit) and len(effect.ops) == MAX_OPS and not acted:
            session = world.run(start(world.setup, TRIAL, DAILY)).session.id
            world.run(act(world.setup, TRIAL, DAILY, session, "thank", message=1))
            acted.append(session)

    world.meanwhile = meanwhile
    world.run(delete_scenario(world.setup, TRIAL))
    assert acted
    assert {record.key.kind for record in world.records()} == {"account"}


def act_anew(world: World, _daily: str) -> None:
    """Begin another session of the scenario, and do something there."""
    session = world.run(start(world.setup, TRIAL, DAILY)).session.id
    world.run(act(world.setup, TRIAL, DAILY, session, "begin", message=1))


MOVES: Final[dict[str, Callable[[World, str], object]]] = {
    "send": lambda world, daily: world.run(send(world.setup, TRIAL, DAILY, daily, "read")),
    "act": lambda world, daily: world.run(
        act(world.setup, TRIAL, DAILY, daily, "thank", message=1)
    ),
    "pause": lambda world, daily: world.run(pause(world.setup, TRIAL, DAILY, daily)),
    "start": act_anew,
    "start of another": lambda world, _: world.run(start(world.setup, ADA, ROOM)),
    "delete": lambda world, _: world.run(delete_scenario(world.setup, TRIAL)),
    "delete all": lambda world, _: world.run(delete_all(world.setup, ADA)),
}


@pytest.mark.parametrize("name", MOVES)
def test_the_world_moves_at_any_step_of_a_deletion(name: str) -> None:
    """What happens meanwhile is deleted too, or is whole; what is another's is untouched."""
    begin = new_world()
    daily = furnish(begin, TRIAL)["daily"]
    for number in range(300):
        world = copied(begin)
        world.checks = True
        happened: list[int] = []

        def meanwhile(world: World = world, happened: list[int] = happened) -> None:
            happened.append(1)
            with suppress(SessionNotFoundError, SessionNotActiveError):  # it comes too late
                MOVES[name](world, daily)

        world.run(between(delete_scenario(world.setup, TRIAL), number, meanwhile))
        if not happened:
            return
        left = [session.about.topic for session in world.stored("session")]
        assert left == ["room"] if name == "start of another" else left in ([], ["daily"])
        if left == ["daily"]:
            assert name == "start"
            assert world.run(program_state(world.setup, TRIAL, HABITS)).phase == "DOING"
    raise AssertionError("the deletion has no end")


def test_more_than_one_page_of_everything() -> None:
    """Sessions that follow each other, each with a state of its own."""
    world = new_world()
    for _ in range(101):
        session = world.run(start(world.setup, TRIAL, PLAN)).session.id
        world.run(send(world.setup, TRIAL, PLAN, session, "Hello."))
        world.run(act(world.setup, TRIAL, PLAN, session, "thank", message=2))
    assert len(world.run(list_scenario(world.setup, TRIAL)).programs) == 101
    assert world.run(delete_scenario(world.setup, TRIAL)) == Deleted(101)
    assert {record.key.kind for record in world.records()} == {"account"}


def test_the_remains_of_a_planting_while_the_account_changes() -> None:
    """Before whichever commit it changes: the deletion begins again, and nothing is left."""
    told = long_document()
    for audit in told["programs"][0]["audits"]:
        audit["actions"][1]["summary"] = "x" * 100_000
    half = half_planted(told=told)
    assert {record.key.kind for record in half.records()} >= {"job", "message", "audit"}
    caller = Caller("acme", "test", "trial")
    for number in range(50):
        world = copied(half)
        commits: list[object] = []

        def meanwhile(
            effect: object,
            world: World = world,
            commits: list[object] = commits,
            number: int = number,
        ) -> None:
            if isinstance(effect, Commit):
                commits.append(effect)
                if len(commits) == number + 1:
                    touch(world, caller)

        world.meanwhile = meanwhile
        world.run(delete_scenario(world.setup, caller))
        assert {record.key.kind for record in world.records()} == {"account"}
        if len(commits) <= number:
            return
    raise AssertionError("the deletion has no end")


def touch(world: World, caller: Caller) -> None:
    """Let the account of somebody be another version of the same."""
    record = world.memory.get(account_key(caller.tenant, caller.user))
    assert record is not None
    old = ACCOUNT.read(record)
    assert world.memory.commit([ACCOUNT.update(old, old.value)]) is CommitResult.DONE


@pytest.mark.parametrize("mine, other", [(TRIAL, ADA), (ADA, TRIAL), (TRIAL, OTHERS[1])])
def test_what_is_tried_touches_nothing_else(mine: Caller, other: Caller) -> None:
    """Nobody meets a session of another scenario, or a live one from within one."""
    world = new_world()
    setup = world.setup
    held = world.run(start(setup, other, DAILY, key="one")).session.id
    turn = world.run(send(setup, other, DAILY, held, "Hello."))
    world.run(submit(setup, other, DAILY, held, "And more."))
    (waiting,) = [one for one in world.stored("job") if not one.is_settled]
    before = world.records()
    assert not world.run(check(setup, mine, DAILY)).has_session
    assert world.run(list_sessions(setup, mine)).sessions == ()
    (standing,) = [one for one in world.run(topics(setup, mine)) if one.topic == "daily"]
    assert standing.status == "not_started"
    for meet in (
        get(setup, mine, DAILY, held),
        send(setup, mine, DAILY, held, "Hello."),
        act(setup, mine, DAILY, held, "thank", message=turn.message.sequence),
        cancel(setup, mine, DAILY, held),
        history(setup, mine, held),
        timeline(setup, mine, DAILY, held),
        pending_job(setup, mine, DAILY, held),
    ):
        with pytest.raises(SessionNotFoundError):
            world.run(cast("Workflow[object]", meet))
    for look in (job(setup, mine, DAILY, waiting.id), cancel_job(setup, mine, DAILY, waiting.id)):
        with pytest.raises(JobNotFoundError):
            world.run(look)
    with pytest.raises(IdempotencyKeyReusedError):
        world.run(start(setup, mine, DAILY, key="one"))
    assert world.records() == before
    own = world.run(start(setup, mine, DAILY)).session.id
    assert world.run(check(setup, other, DAILY)).session_id == held
    assert world.run(check(setup, mine, DAILY)).session_id == own


def test_what_was_completed_in_a_scenario_counts_nowhere() -> None:
    """Neither while it is there, nor when it was deleted."""
    world = new_world()
    session = world.run(start(world.setup, TRIAL, TALK, context={"name": "Ada"})).session.id
    world.run(send(world.setup, TRIAL, TALK, session, "the end"))
    assert world.run(get(world.setup, TRIAL, TALK, session)).status == "completed"
    for caller in (TRIAL, ADA):
        assert {one.completed for one in world.run(topics(world.setup, caller))} == {0}
    world.run(delete_scenario(world.setup, TRIAL))
    assert {record.key.kind for record in world.records()} == {"account"}


def test_what_is_damaged_is_deleted_unread() -> None:
    """A session, a state and a job that nobody can read any more go with the rest."""
    world = new_world()
    furnish(world, TRIAL)
    assert isinstance(world.memory, Memory)
    for kind in ("session", "progress", "job", "audit"):
        records = world.memory._by_kind[kind]
        for key, record in list(records.items()):
            records[key] = Record(record.key, record.version, record.facts, "damaged")
    world.run(delete_scenario(world.setup, TRIAL))
    assert {record.key.kind for record in world.records()} == {"account"}


def test_events_of_a_scenario_are_not_delivered_any_more() -> None:
    """Nobody waits for those of a test that is over, so they are in nobody's way."""
    world = new_world(settings=Settings(outbox=True))
    furnish(world, TRIAL)
    assert [job for job in world.stored("job") if job.is_undelivered]
    world.checks = True
    world.run(delete_scenario(world.setup, TRIAL))
    assert {record.key.kind for record in world.records()} == {"account"}


def test_audits_that_no_state_counts_are_deleted() -> None:
    """A planting that was interrupted may leave them; those of another state stay."""
    world = new_world()
    for caller in (TRIAL, OTHERS[1]):
        session = world.run(start(world.setup, caller, DAILY)).session.id
        world.run(act(world.setup, caller, DAILY, session, "thank", message=1))
    key = progress_key("acme", "habits", "ada", None, "trial")
    record = world.memory.get(key)
    assert record is not None
    assert world.memory.commit([Delete(key, record.version)]) is CommitResult.DONE
    world.run(delete_scenario(world.setup, TRIAL))
    assert [audit.scenario for audit in world.stored("audit")] == ["other"]


def test_an_account_that_changes_all_the_time() -> None:
    """After the tries that the settings allow it is given up."""
    world = new_world()
    furnish(world, TRIAL)

    def meanwhile(effect: object) -> None:
        if isinstance(effect, Commit):
            touch(world, TRIAL)

    world.meanwhile = meanwhile
    with pytest.raises(VersionConflictError):
        world.run(delete_scenario(world.setup, TRIAL))
