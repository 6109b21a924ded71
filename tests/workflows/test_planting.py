"""A document is planted for another user: whole, once, and in nobody's way."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from coachwork.adapters import SQLite
from coachwork.effects import Commit, Workflow
from coachwork.errors import (
    CoachworkError,
    IdempotencyKeyReusedError,
    StoreUnavailableError,
    ValidationError,
    VersionConflictError,
)
from coachwork.jobs import JobStatus
from coachwork.plain import JSON, to_json
from coachwork.policies import Settings
from coachwork.records import (
    ACCOUNT,
    CLAIM,
    MAX_OPS,
    SESSION_RECORD,
    Check,
    Insert,
    Update,
)
from coachwork.sessions import Account, AccountStatus
from coachwork.testing import Fault, violations
from coachwork.workflows import (
    Caller,
    Planted,
    act,
    actions,
    check,
    delete_all,
    delete_scenario,
    export_scenario,
    get,
    history,
    list_sessions,
    plant,
    program_state,
    purge_expired,
    resume,
    retry,
    send,
    start,
    topics,
)
from coachwork.workflows._planting import MAX_BYTES
from coachwork.workflows._scenario_ids import NewIds
from tests.between import between
from tests.faults import Told, World, faults_of
from tests.planted import (
    DAILY,
    LIVE,
    OWN,
    PLAN,
    ROOM,
    TALK,
    TOPICS,
    TRIAL,
    Values,
    acted_document,
    coach,
    copied,
    document,
    furnished,
    half_planted,
    left_document,
    long_document,
    new_world,
    steps,
)
from tests.programs.habits import HABITS

OTHER: Final = Caller("acme", "other")


def planted(world: World, told: object, key: str | None = "key") -> Planted:
    """Plant a document, and hold what is stored then against the invariants."""
    answer = world.run(plant(world.setup, TRIAL, told, key=key))
    assert violations(world.records(), now=world.clock.time) == []
    return answer


def taken_again(world: World, answer: Planted) -> JSON:
    """Return what is planted as a document, with the ids that the first one had."""
    back = NewIds("", {new: old for old, new in answer.sessions.items()})
    return back.renamed(to_json(world.run(export_scenario(world.setup, TRIAL))))


def without_instant(told: Any) -> JSON:  # noqa: ANN401 - a document
    """Return a document without the instant at which it was taken out."""
    read: dict[str, JSON] = json.loads(json.dumps(told))
    del read["at"]
    return read


@pytest.mark.parametrize("make", [document, long_document])
def test_what_is_planted_is_what_was_taken_out(make: Callable[[], dict[str, Any]]) -> None:
    """Taken out again it is the same document, but for the ids of its sessions."""
    world = new_world()
    answer = planted(world, make())
    assert answer.scenario == "trial"
    assert without_instant(taken_again(world, answer)) == without_instant(make())


def test_what_is_small_is_one_commit() -> None:
    """Nobody ever sees half of it."""
    world = new_world()
    world.run(start(world.setup, Caller("acme", "test"), ROOM))
    before = len(world.commits)
    planted(world, document())
    assert len(world.commits) == before + 1


def test_what_is_large_is_seen_at_once() -> None:
    """Until the last commit there is no session and no state; each commit checks the account."""
    world = new_world()
    planted(world, long_document())
    *first, last = world.commits[2:]  # the account comes to be, and notes the scenario
    assert len(first) == 2
    for ops in [*first, last]:
        assert len(ops) <= MAX_OPS
    for ops in first:
        assert sum(isinstance(op, Check) and op.key.kind == "account" for op in ops) == 1
    (noted,) = world.commits[1]
    (forgotten,) = (op for op in last if isinstance(op, Update) and op.record.key.kind == "account")
    assert isinstance(noted, Update)
    assert ACCOUNT.read(noted.record).value.planting == "trial"
    assert ACCOUNT.read(forgotten.record).value.planting is None
    seen = {"session", "background", "claim", "progress"}
    kinds = [{op.record.key.kind for op in ops if isinstance(op, Insert)} for ops in first]
    assert not set().union(*kinds) & seen
    assert {op.record.key.kind for op in last if isinstance(op, Insert)} >= seen


def test_the_planted_goes_on() -> None:
    """Whoever it was planted for talks, clicks, comes back and repeats, as if it were theirs."""
    world = new_world()
    ids = planted(world, document()).sessions
    world.checks = True
    talk, _, daily, plan, again = ids.values()
    assert world.run(check(world.setup, TRIAL, DAILY)).session_id == daily
    assert world.run(get(world.setup, TRIAL, TALK, talk)).result == Values(["courage"])
    turn = world.run(send(world.setup, TRIAL, DAILY, daily, "read"))
    assert turn.session.turns == 2
    acted = world.run(act(world.setup, TRIAL, DAILY, daily, "begin", message=3))
    assert (acted.phase, acted.action.scenario) == ("DOING", "trial")
    assert world.run(resume(world.setup, TRIAL, PLAN, plan)).message is not None
    failed = [job for job in world.stored("job") if job.status is JobStatus.FAILED]
    (job,) = (job for job in failed if job.session == again)
    world.model = lambda _: "At last."
    repeated = world.run(retry(world.setup, TRIAL, TALK, job.id, key="again"))
    assert repeated.retry_of == job.id


def test_a_state_is_the_scenarios_own() -> None:
    """What the user has without a scenario, and in another one, is not touched."""
    world = new_world()
    planted(world, document())
    assert world.run(program_state(world.setup, TRIAL, HABITS)).audits == 2
    assert world.run(program_state(world.setup, Caller("acme", "test"), HABITS)).audits == 0
    listed = world.run(actions(world.setup, TRIAL, HABITS)).actions
    assert [action.type for action in listed] == ["add_habit", "fly", "praise", "show"]
    plan = next(s.about.id for s in world.stored("session") if s.about.topic == "plan")
    assert world.run(program_state(world.setup, TRIAL, OWN, plan)).audits == 1


def test_what_is_planted_does_not_expire() -> None:
    """It is there until its scenario is deleted, however old it is."""
    world = new_world()
    world.clock.advance(days=1000)
    planted(world, document())
    purged = world.run(purge_expired(world.setup))
    assert (purged.expired, purged.deleted) == (0, 0)
    assert len(world.run(list_sessions(world.setup, TRIAL)).sessions) == 5


def test_a_state_without_its_sessions() -> None:
    """Sessions expire and states do not: what is left can be planted, once, and deleted again."""
    told = left_document()
    assert (told["sessions"], len(told["programs"])) == ([], 1)
    world = new_world()
    answer = planted(world, told)
    assert answer.sessions == {}
    assert world.run(program_state(world.setup, TRIAL, HABITS)).audits == 2
    before = world.records()
    assert planted(world, told) == answer
    assert world.records() == before
    (again,) = world.run(export_scenario(world.setup, TRIAL)).programs
    assert again.audits[0].id == told["programs"][0]["audits"][0]["id"]
    world.run(delete_scenario(world.setup, TRIAL))
    assert {record.key.kind for record in world.records()} == {"account"}
    assert planted(world, told) == answer
    assert world.run(program_state(world.setup, TRIAL, HABITS)).audits == 2


def test_on_a_database(tmp_path: Path) -> None:
    """What the engine keeps in a file is the same, and goes without a trace."""
    with closing(SQLite(tmp_path / "coach.db", synchronous="NORMAL")) as database:
        world = World(TOPICS, coach, repository=database)
        world.checks = False
        planted(world, long_document())
        assert len(world.stored("message")) == 101
        half = long_document() | {"programs": []}
        with pytest.raises(ValidationError):
            world.run(plant(world.setup, TRIAL, half, key="another"))
        world.run(delete_scenario(world.setup, TRIAL))
        assert {record.key.kind for record in world.records()} == {"account"}


# --- once ---------------------------------------------------------------------------------------


def test_the_same_key_plants_once() -> None:
    """Whatever became of it since: nothing is written a second time."""
    world = new_world()
    first = planted(world, document())
    daily = list(first.sessions.values())[2]
    world.run(send(world.setup, TRIAL, DAILY, daily, "read"))
    before = world.records()
    assert planted(world, document()) == first
    assert world.records() == before
    other = document()
    other["sessions"][0]["summary"] = "Something else."
    with pytest.raises(IdempotencyKeyReusedError):
        planted(world, other)
    assert world.records() == before


def test_without_a_key_each_call_is_another() -> None:
    """The second one finds the first in its way; when that is deleted, it can be planted again."""
    world = new_world()
    first = planted(world, document(), key=None)
    with pytest.raises(ValidationError):
        planted(world, document(), key=None)
    world.run(delete_scenario(world.setup, TRIAL))
    again = planted(world, document(), key=None)
    assert again.sessions.keys() == first.sessions.keys()
    assert not set(again.sessions.values()) & set(first.sessions.values())
    assert again.key != first.key


def test_the_same_key_plants_anew_after_a_deletion() -> None:
    """The receipt goes with the scenario."""
    world = new_world()
    first = planted(world, document())
    world.run(delete_scenario(world.setup, TRIAL))
    assert planted(world, document()) == first
    assert len(world.stored("session")) == 5


# --- refused ------------------------------------------------------------------------------------


def refused(world: World, told: object, caller: Caller = TRIAL) -> ValidationError:
    """Return why a document is not planted; nothing is written."""
    before = world.records()
    with pytest.raises(ValidationError) as caught:
        world.run(plant(world.setup, caller, told, key="key"))
    assert world.records() == before
    return caught.value


def test_a_bad_document_writes_nothing() -> None:
    """Wherever it is wrong."""
    world = new_world()
    wrong = document()
    wrong["programs"][1]["audits"][0]["message"] = 5
    assert refused(world, wrong).field == "programs[1].audits[0].message"
    wrong["sessions"][4]["status"] = "asleep"
    assert refused(world, wrong).field == "sessions[4].status"
    assert refused(world, "no document").field == "document"
    assert world.records() == []


def test_a_scenario_is_wanted() -> None:
    """What is planted can be deleted again, so it is never mixed with what is real."""
    assert refused(new_world(), document(), Caller("acme", "test")).field == "scenario"


def test_a_live_session_is_not_retired_by_a_planting() -> None:
    """It would be the user's own in that scenario; one that expired is none."""
    world = new_world()
    for caller in (Caller("acme", "test"), Caller("acme", "test", "other")):
        world.run(start(world.setup, caller, DAILY))
    session = world.run(start(world.setup, TRIAL, DAILY)).session.id
    assert refused(world, document()).field == "sessions[2].topic"
    world.clock.advance(days=14)
    planted(world, document())
    ended = [one for one in world.stored("session") if one.status == "abandoned"]
    assert [one.about.id for one in ended] == [session]


def test_an_exclusive_topic_is_not_taken_over() -> None:
    """The claim of the tenant is taken where it is free."""
    told = document()
    told["sessions"] = told["sessions"][1:2]
    told["sessions"][0] |= {"status": "active", "ending": None}
    told["programs"] = []
    world = new_world()
    world.run(start(world.setup, OTHER, ROOM))
    world.run(start(world.setup, Caller("acme", "other", "trial"), ROOM))
    assert refused(world, told).field == "sessions[0].topic"
    other = new_world()
    other.run(start(other.setup, OTHER, ROOM))
    planted(other, told)
    claims = [claim for claim in other.stored("claim") if claim.scenario == "trial"]
    assert sorted(claim.tenant_wide for claim in claims) == [False, True]


def test_a_state_is_not_overwritten() -> None:
    """Nor is one begun by something that was done in the scenario."""
    world = new_world()
    session = world.run(start(world.setup, TRIAL, DAILY)).session.id
    world.run(act(world.setup, TRIAL, DAILY, session, "begin", message=1))
    told = document()
    for one in told["sessions"]:
        if one["status"] in {"active", "paused"}:
            one["status"] = "cancelled"
            one["ending"] = {"at": one["last_activity_at"], "reason": "cancelled"}
    assert refused(world, told).field == "programs[0].program"


def test_what_is_too_much_at_once_is_refused() -> None:
    """All sessions are written in one commit: there may be so many, and of such a size."""
    told = document()
    told["programs"] = []
    room = told["sessions"][1]
    told["sessions"] = [room | {"id": f"session {number}"} for number in range(50)]
    assert refused(new_world(), told).field == "sessions"
    del told["sessions"][49:]
    planted(new_world(), told)
    large = {"context": {"text": "x" * 60_000}, "summary": "x" * 100_000}
    told["sessions"] = [one | large for one in told["sessions"]]
    assert refused(new_world(), told).field == "sessions"


def test_no_commit_is_too_large() -> None:
    """Long messages make more commits."""
    told = long_document()
    for message in told["sessions"][0]["messages"]:
        message["text"] = "x" * 40_000
    world = new_world()
    planted(world, told)
    for ops in world.commits:
        assert sum(len(op.record.body) for op in ops if isinstance(op, Insert)) <= MAX_BYTES


# --- the account and the standing ---------------------------------------------------------------


def test_who_is_being_deleted_gets_nothing() -> None:
    """It may be tried again; who was deleted comes back with it."""
    world = new_world()
    begun = world.clock.time
    deleting = Account("acme", "test", AccountStatus.DELETING, begun)
    world.memory.commit([ACCOUNT.insert(deleting)])
    with pytest.raises(StoreUnavailableError):
        world.run(plant(world.setup, TRIAL, document()))
    world.run(delete_all(world.setup, Caller("acme", "test")))
    planted(world, document())
    (account,) = world.stored("account")
    assert account.status is AccountStatus.OPEN


def test_completions_count_nowhere() -> None:
    """What is planted was not completed by the user: their standings stay as they are."""
    world = new_world()
    test = Caller("acme", "test")
    planted(world, document())
    assert world.stored("standing") == []
    world.run(delete_scenario(world.setup, TRIAL))
    own = world.run(start(world.setup, test, TALK, context={"name": "T"})).session.id
    world.run(send(world.setup, test, TALK, own, "the end"))
    before = world.run(topics(world.setup, test))
    assert [one.completed for one in before if one.topic == "talk"] == [1]
    world.clock.advance(hours=1)
    planted(world, document())
    world.run(delete_scenario(world.setup, TRIAL))
    assert world.run(topics(world.setup, test)) == before


# --- whatever goes wrong ------------------------------------------------------------------------


@pytest.mark.parametrize("make", [document, left_document, long_document])
def test_a_planting_may_fail_at_any_step_and_is_called_again(
    make: Callable[[], dict[str, Any]],
) -> None:
    """A crash, a lost answer or a conflict at every step: called again, it ends the same.

    Of the many reads of a long planting nothing comes that short ones do not show.
    """
    told = make()
    wanted = new_world()
    planted(wanted, told)
    state = wanted.state()
    is_long = make is long_document
    for number, effect in enumerate(wanted.effects):
        if is_long and not isinstance(effect, Commit):
            continue
        for fault in faults_of(effect) if isinstance(effect, Commit) else [Fault.FAIL_BEFORE]:
            world = new_world()
            world.insist(partial(plant, world.setup, TRIAL, told, key="key"), Told(number, fault))
            assert violations(world.records(), now=world.clock.time) == []
            assert world.state() == state, (number, fault)


def test_half_a_planting_is_not_seen() -> None:
    """No session, no message, no state."""
    world = half_planted()
    assert len(world.stored("message")) > 50
    assert world.run(list_sessions(world.setup, TRIAL)).sessions == ()
    assert world.run(export_scenario(world.setup, TRIAL)).sessions == ()
    assert world.run(program_state(world.setup, TRIAL, HABITS)).audits == 0
    session = world.stored("job")[0].session
    with pytest.raises(CoachworkError, match="no such session"):
        world.run(history(world.setup, TRIAL, session))


def test_actions_are_not_seen_before_their_state() -> None:
    """Where audits are written before the last commit, nobody sees one before all are there."""
    told = acted_document()
    world = half_planted(told=told)
    assert len(world.stored("audit")) > 50
    assert world.run(actions(world.setup, TRIAL, HABITS)).actions == ()
    planted(world, told)
    assert len(world.run(actions(world.setup, TRIAL, HABITS, limit=200)).actions) == 150


@pytest.mark.parametrize("delete", [delete_scenario, delete_all])
def test_half_a_planting_can_be_deleted(
    delete: Callable[..., Workflow[object]],
) -> None:
    """Nothing of it is left, at whatever step it died; then it can be planted anew."""
    caller = TRIAL if delete is delete_scenario else Caller("acme", "test")
    for number in range(steps(long_document())):
        world = half_planted(number)
        world.run(delete(world.setup, caller))
        assert {record.key.kind for record in world.records()} <= {"account"}
        planted(world, long_document())


def test_remains_of_another_planting_are_in_the_way() -> None:
    """Until they are deleted: two documents do not become one state."""
    told = long_document()
    for audit in told["programs"][0]["audits"]:
        audit["actions"][1]["summary"] = "x" * 100_000  # more than the last commit holds
    world = half_planted(told=told)
    assert world.stored("audit")
    assert not world.stored("progress")
    other = long_document()
    with pytest.raises(ValidationError, match="delete the scenario first"):
        world.run(plant(world.setup, TRIAL, other, key="other"))
    world.run(delete_scenario(world.setup, TRIAL))
    planted(world, other)


@pytest.mark.parametrize("delete", [delete_scenario, delete_all])
def test_a_deletion_at_any_step_of_a_planting(
    delete: Callable[..., Workflow[object]],
) -> None:
    """It is planted whole, or not at all, whatever was deleted meanwhile."""
    caller = TRIAL if delete is delete_scenario else Caller("acme", "test")
    for number in range(200):
        world = new_world()
        happened: list[int] = []

        def meanwhile(world: World = world, happened: list[int] = happened) -> None:
            happened.append(1)
            world.run(delete(world.setup, caller))

        told = plant(world.setup, TRIAL, long_document(), key="key")
        world.run(between(told, number, meanwhile))
        assert violations(world.records(), now=world.clock.time) == []
        assert len(world.stored("message")) == 101
        if not happened:
            return
    raise AssertionError("the planting has no end")


@pytest.mark.parametrize("first", [document, left_document])
def test_a_planting_of_a_state_at_any_step_of_a_deletion(
    first: Callable[[], dict[str, Any]],
) -> None:
    """A state and the receipt of its planting are there together, or neither is."""
    told = first()
    told["programs"] = told["programs"][: not told["sessions"]]
    told["sessions"] = told["sessions"][1:2]
    for number in range(50):
        world = new_world()
        world.run(plant(world.setup, TRIAL, told, key="first"))
        happened: list[int] = []

        def meanwhile(world: World = world, happened: list[int] = happened) -> None:
            happened.append(1)
            with suppress(ValidationError):  # the state may be in the way, as long as it is there
                world.run(plant(world.setup, TRIAL, left_document(), key="key"))

        world.run(between(delete_scenario(world.setup, TRIAL), number, meanwhile))
        assert violations(world.records(), now=world.clock.time) == []
        kinds = [record.key.kind for record in world.records()]
        assert (kinds.count("progress"), kinds.count("account")) == (kinds.count("receipt"), 1)
        if not happened:
            return
    raise AssertionError("the deletion has no end")


def test_a_planting_at_any_step_of_a_deletion_of_its_remains() -> None:
    """Of the two, whoever came first begins again; a session never loses its messages."""
    half = half_planted()
    alone = copied(half)
    alone.run(delete_scenario(alone.setup, TRIAL))
    commits = [n for n, effect in enumerate(alone.effects) if isinstance(effect, Commit)]
    assert len(commits) > 2
    for number in (0, 1, *commits, *(commit + 1 for commit in commits)):
        world = copied(half)
        again = partial(world.run, plant(world.setup, TRIAL, long_document(), key="key"))
        world.run(between(delete_scenario(world.setup, TRIAL), number, again))
        assert violations(world.records(), now=world.clock.time) == []
        assert len(world.stored("message")) in {0, 101}
        assert len(world.stored("session")) == (len(world.stored("message")) > 0)


def test_others_who_are_always_faster() -> None:
    """After the tries that the settings allow it is given up."""
    world = new_world(settings=Settings(commit_tries=2))
    test = Caller("acme", "test")
    world.run(start(world.setup, test, ROOM))

    def meanwhile(effect: object) -> None:
        if isinstance(effect, Commit):
            record = world.memory.get(ACCOUNT.key(Account(*test_account)))
            assert record is not None
            old = ACCOUNT.read(record)
            world.memory.commit([ACCOUNT.update(old, old.value)])

    test_account = ("acme", "test", AccountStatus.OPEN, world.clock.time)
    world.meanwhile = meanwhile
    for told in (document(), long_document()):
        with pytest.raises(VersionConflictError):
            world.run(plant(world.setup, TRIAL, told, key="key"))


def test_a_start_at_any_step_of_a_planting() -> None:
    """A planting finds the topic taken; a start retires what was planted, as any other session."""
    test = Caller("acme", "test")
    for number in range(50):
        world = new_world()
        happened: list[int] = []

        def meanwhile(world: World = world, happened: list[int] = happened) -> None:
            happened.append(1)
            world.run(start(world.setup, test, DAILY))

        with suppress(ValidationError):
            world.run(between(plant(world.setup, TRIAL, document(), key="key"), number, meanwhile))
        assert violations(world.records(), now=world.clock.time) == []
        if not happened:
            return
    raise AssertionError("the planting has no end")


def test_a_live_user_keeps_everything() -> None:
    """Whose data was taken out and is planted for another in the same place loses nothing."""
    world, _ = furnished()
    before = {record.key.text: record for record in world.records()}
    told = world.run(export_scenario(world.setup, LIVE))
    planted(world, told)
    after = {record.key.text: record for record in world.records()}
    assert {key: after.get(key) for key in before} == before
    assert {CLAIM.name, SESSION_RECORD.name} <= {
        record.key.kind for key, record in after.items() if key not in before
    }
