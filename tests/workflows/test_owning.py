"""Everything that is a user's: taken out, or deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from coachwork.adapters import Memory
from coachwork.effects import Commit, Effect
from coachwork.errors import (
    OutcomeUnknownError,
    SessionNotFoundError,
    ValidationError,
    VersionConflictError,
)
from coachwork.messages import Usage
from coachwork.plain import to_json
from coachwork.policies import Settings
from coachwork.ports import Answer, CommitResult
from coachwork.records import Delete, Record, Update, session_key
from coachwork.sessions import Account, AccountStatus, Session
from coachwork.testing import violations
from coachwork.testing.faults import CrashError, Fault
from coachwork.topics import Topic
from coachwork.workflows import (
    Caller,
    Deleted,
    cancel,
    complete,
    delete_all,
    export,
    get,
    pause,
    plant,
    purge_expired,
    resume,
    send,
    start,
    topics,
)
from tests.between import between
from tests.faults import ADA, BEN, Told, World
from tests.planted import TRIAL, half_planted, long_document

TALK = Topic(id="talk", system="Listen.")
ROOM = Topic(id="room", system="Listen.", exclusive=True)


def world(**given: Any) -> World:  # noqa: ANN401 - as a world takes it
    """Return a world in which Ada has something of everything, and others have sessions too."""
    here = World([TALK, ROOM], lambda _: "Go on?", **given)
    done = here.run(start(here.setup, ADA, ROOM)).session.id
    here.run(complete(here.setup, ADA, ROOM, done))
    here.run(start(here.setup, Caller("other", "ada"), TALK))
    here.run(start(here.setup, BEN, TALK))
    talk = here.run(start(here.setup, ADA, TALK, context={"name": "Ada"})).session.id
    here.run(send(here.setup, ADA, TALK, talk, "I am here."))
    here.run(pause(here.setup, ADA, TALK, talk))
    here.run(resume(here.setup, ADA, TALK, talk))
    here.run(start(here.setup, ADA, ROOM))
    return here


def owners(here: World) -> set[tuple[str, str | None]]:
    """Return the owners of all records but accounts and messages."""
    return {
        (record.key.tenant, record.facts.owner)
        for record in here.records()
        if record.key.kind not in {"account", "message"}
    }


# --- export -------------------------------------------------------------------------------------


def test_an_export_has_everything() -> None:
    """All sessions with context, summary, messages and jobs; standings; as plain data too."""
    here = world()
    told = here.run(export(here.setup, ADA))
    assert (told.version, told.tenant, told.user) == (1, "acme", "ada")
    assert [one.session.topic for one in told.sessions] == ["room", "talk", "room"]
    talk = told.sessions[1]
    assert (talk.context, [one.text for one in talk.messages]) == (
        {"name": "Ada"},
        ["I am here.", "Go on?", "Go on?"],
    )
    assert talk.summary is not None
    assert len(talk.jobs) == 2
    assert [one.topic for one in told.standings] == ["room"]
    assert "I am here." in json.dumps(to_json(told))
    assert "I am here." not in repr(told.sessions[0])


def test_an_export_needs_no_declared_topic() -> None:
    """What is stored is told whatever is declared, and results are plain data."""
    here = world()
    here.declare()
    assert len(here.run(export(here.setup, ADA)).sessions) == 3


def test_an_export_is_the_callers_own() -> None:
    """Nothing of another user or tenant is in it."""
    here = world()
    told = str(to_json(here.run(export(here.setup, BEN))))
    assert "ada" not in told
    assert "other" not in told
    nobody = here.run(export(here.setup, Caller("acme", "nobody")))
    assert (nobody.sessions, nobody.standings, nobody.spendings) == ((), (), ())


def test_an_export_tells_what_late_answers_cost() -> None:
    """And a session whose background is gone is told without it."""
    here = World([TALK])
    session = here.run(start(here.setup, ADA, TALK)).session.id

    def model(_ask: object) -> Answer:
        here.run(cancel(here.setup, ADA, TALK, session))
        return Answer(text="Too late.", usage=Usage(1))

    here.model = model
    with pytest.raises(Exception, match="cancelled"):
        here.run(send(here.setup, ADA, TALK, session, "Hello."))
    assert [one.usage for one in here.run(export(here.setup, ADA)).spendings] == [Usage(1)]
    assert isinstance(here.memory, Memory)
    here.memory._by_kind["background"].clear()
    told = here.run(export(here.setup, ADA)).sessions[0]
    assert (told.context, told.summary) == ({}, None)


def test_an_export_of_many() -> None:
    """More records than one page holds."""
    here = World([TALK])
    here.checks = False
    for _ in range(501):
        here.run(start(here.setup, ADA, TALK))
    assert len(here.run(export(here.setup, ADA)).sessions) == 501


def test_an_export_while_a_sweep_is_under_way() -> None:
    """A session that is half swept away does not stop the export."""
    here = World([TALK], lambda _: "Go on.")
    here.checks = False
    session = here.run(start(here.setup, ADA, TALK)).session.id
    for number in range(60):
        here.run(send(here.setup, ADA, TALK, session, f"Message {number}."))
    here.clock.advance(days=14)
    first = len(here.effects)
    with pytest.raises(CrashError):
        here.run(purge_expired(here.setup), Told(_second_commit(), Fault.CRASH_AFTER))
    assert here.effects[first:]
    left = len(here.stored("message"))
    assert 0 < left < 120
    assert len(here.run(export(here.setup, ADA)).sessions[0].messages) == left


def _second_commit() -> int:
    """The number of the second commit of a sweep of one session."""
    here = World([TALK], lambda _: "Go on.")
    session = here.run(start(here.setup, ADA, TALK)).session.id
    here.run(send(here.setup, ADA, TALK, session, "Hello."))
    here.clock.advance(days=14)
    first = len(here.effects)
    here.run(purge_expired(here.setup))
    commits = [n for n, name in enumerate(here.names(first)) if name == "Commit"]
    return commits[1]


# --- deletion -----------------------------------------------------------------------------------


def test_a_deletion_leaves_nothing_but_the_mark() -> None:
    """Of this user; what is others' stays, and a topic that was held is free."""
    here = world()
    assert here.run(delete_all(here.setup, ADA)) == Deleted(3)
    assert owners(here) == {("acme", "ben"), ("other", "ada")}
    account = here.stored("account")[0]
    assert isinstance(account, Account)
    assert (account.status, account.until) == (
        AccountStatus.DELETED,
        here.clock.time + here.setup.settings.keep_deleted,
    )
    assert {message.tenant for message in here.stored("message")} == set()
    here.run(start(here.setup, BEN, ROOM))


def test_a_user_comes_back() -> None:
    """At once, and with nothing of before."""
    here = world()
    here.run(delete_all(here.setup, ADA))
    assert {one.status for one in here.run(topics(here.setup, ADA))} == {"not_started"}
    session = here.run(start(here.setup, ADA, TALK)).session.id
    assert here.run(get(here.setup, ADA, TALK, session)).messages == 0


def test_a_deletion_of_nobody() -> None:
    """Who has nothing can be deleted too, twice."""
    here = World([TALK])
    for _ in range(2):
        assert here.run(delete_all(here.setup, ADA)) == Deleted(0)
    assert here.only(Account).status is AccountStatus.DELETED


def test_many_sessions_are_deleted_in_batches() -> None:
    """No commit has more than a hundred operations."""
    here = World([TALK])
    here.checks = False
    for _ in range(120):
        here.run(start(here.setup, ADA, TALK))
    assert here.run(delete_all(here.setup, ADA)) == Deleted(120)
    assert {record.key.kind for record in here.records()} == {"account"}
    assert max(len(ops) for ops in here.commits) <= 100


def test_a_deletion_that_dies_is_repeated() -> None:
    """At every commit, whatever becomes of it: the next call ends it, and nothing is left."""
    here = world()
    first = len(here.effects)
    here.run(delete_all(here.setup, ADA))
    commits = [n for n, name in enumerate(here.names(first)) if name == "Commit"]
    faults = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.LOST_DONE, Fault.LOST_NOT_DONE)
    for number in commits:
        for fault in faults:
            other = world()
            other.insist(lambda: delete_all(other.setup, ADA), Told(number, fault))  # noqa: B023
            assert owners(other) == {("acme", "ben"), ("other", "ada")}


def test_a_session_that_moves_while_it_is_deleted() -> None:
    """A pause at the same moment: it is ended all the same."""
    here = world()
    number = [0]

    def commit(effect: Commit) -> CommitResult:
        number[0] += 1
        if number[0] == 5:
            here.commit = lambda other: World.commit(here, other)  # type: ignore[method-assign]
            live = [one for one in here.stored("session") if isinstance(one, Session)]
            mine = [
                one.about.id
                for one in live
                if (one.about.user, one.about.tenant, one.status) == ("ada", "acme", "active")
            ]
            for session in mine:
                here.run(pause(here.setup, ADA, None, session))
        return World.commit(here, effect)

    here.commit = commit  # type: ignore[method-assign]
    assert here.run(delete_all(here.setup, ADA)).sessions == 3
    assert owners(here) == {("acme", "ben"), ("other", "ada")}


def test_a_view_that_lags_behind() -> None:
    """A session that a view still tells of is gone already, and is not counted."""
    here = World([TALK])
    here.run(start(here.setup, ADA, TALK))
    stale = [record for record in here.records() if record.key.kind == "session"]
    here.run(delete_all(here.setup, ADA))
    plain = here.memory.find
    here.memory.find = lambda query: stale if query.kind == "session" else plain(query)  # type: ignore[method-assign]
    assert here.run(delete_all(here.setup, ADA)) == Deleted(0)


def test_the_mark_may_be_lost_and_others_faster() -> None:
    """An unknown outcome is tried again; when tries are used up the caller is told."""
    here = World([TALK])
    assert here.run(delete_all(here.setup, ADA), Told(2, Fault.LOST_DONE)) == Deleted(0)
    here = World([TALK], settings=Settings(commit_tries=2))
    here.commit = lambda _: CommitResult.CONFLICT  # type: ignore[method-assign]
    with pytest.raises(VersionConflictError):
        here.run(delete_all(here.setup, ADA))

    def lost(_effect: Commit) -> CommitResult:
        raise OutcomeUnknownError

    here.commit = lost  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknownError):
        here.run(delete_all(here.setup, ADA))


def test_of_two_deletions_the_first_one_ends_both() -> None:
    """At any step of one another one runs to its end, and the user comes back: all that is safe."""
    here = world()
    first = len(here.effects)
    here.run(delete_all(here.setup, ADA))
    for when in range(len(here.effects) - first):
        other = world()
        steps = [0]

        def meanwhile(
            _effect: Effect[object],
            other: World = other,
            steps: list[int] = steps,
            when: int = when,
        ) -> None:
            if steps[0] == when:
                other.run(delete_all(other.setup, ADA))
                session = other.run(start(other.setup, ADA, TALK)).session.id
                other.run(send(other.setup, ADA, TALK, session, "I am back."))
            steps[0] += 1

        other.meanwhile = meanwhile
        other.run(delete_all(other.setup, ADA))
        account = other.stored("account")[0]
        assert isinstance(account, Account)
        mine = [one for one in other.stored("session") if getattr(one, "about", None) is not None]
        if account.status is AccountStatus.OPEN:
            assert len(mine) == 3  # the new one, Ben's and the other tenant's
            assert len(other.stored("message")) == 2
        else:
            assert owners(other) == {("acme", "ben"), ("other", "ada")}


def test_the_last_word_of_a_deletion_may_be_lost() -> None:
    """Its commit conflicts without a cause: it is tried again."""
    here = world()
    first = len(here.effects)
    here.run(delete_all(here.setup, ADA))
    last = max(n for n, name in enumerate(here.names(first)) if name == "Commit")
    other = world()
    other.run(delete_all(other.setup, ADA), Told(last, Fault.CONFLICT_NOT_DONE))
    assert owners(other) == {("acme", "ben"), ("other", "ada")}


def test_a_command_under_way_adds_nothing() -> None:
    """The account is checked in every commit that adds something."""
    here = world()
    session = here.run(start(here.setup, ADA, TALK)).session.id
    for command in (
        send(here.setup, ADA, TALK, session, "Hello."),
        resume(here.setup, ADA, TALK, session),
        complete(here.setup, ADA, TALK, session),
    ):
        other = here

        def commit(effect: Commit, here: World = other) -> CommitResult:
            del here.commit
            here.run(delete_all(here.setup, ADA))
            return World.commit(here, effect)

        here.commit = commit  # type: ignore[method-assign]
        with pytest.raises(SessionNotFoundError):
            here.run(command)
        assert owners(here) == {("acme", "ben"), ("other", "ada")}
        vars(here).pop("commit", None)


def test_who_came_back_loses_nothing_to_a_deletion_of_before() -> None:
    """Of two deletions at once the first that is done ends both: what is new since stays."""

    def meets(number: int, sessions: int) -> bool:
        here = World([TALK, ROOM], lambda _: "Go on?")
        for topic in (TALK, ROOM)[:sessions]:
            here.run(start(here.setup, ADA, topic))
        new: list[str] = []

        def back() -> None:
            here.run(delete_all(here.setup, ADA))
            new.append(here.run(start(here.setup, ADA, ROOM)).session.id)

        here.run(between(delete_all(here.setup, ADA), number, back))
        # Before its mark is written it has not begun: then it deletes what came back too.
        left = [one.session.id for one in here.run(export(here.setup, ADA)).sessions]
        assert left == (new if number > 2 else [])
        return bool(new)

    for sessions in (0, 1, 2):
        steps = 0
        while meets(steps, sessions):
            steps += 1
        assert steps > 10


def test_a_conflict_without_a_cause_is_tried_again() -> None:
    """An engine may answer a conflict that was none: what was to go is gone all the same."""
    here = world()
    told = [0]

    def commit(effect: Commit) -> CommitResult:
        told[0] += 1
        return CommitResult.CONFLICT if told[0] % 2 else World.commit(here, effect)

    here.commit = commit  # type: ignore[method-assign]
    assert here.run(delete_all(here.setup, ADA)) == Deleted(3)
    assert owners(here) == {("acme", "ben"), ("other", "ada")}
    assert here.stored("message") == []


def test_a_scenario_is_no_user() -> None:
    """Who acts for a test scenario can neither take out nor delete what is the user's."""
    world = World([], [])
    caller = Caller("acme", "ada", "smoke")
    for command in (export, delete_all):
        with pytest.raises(ValidationError) as error:
            world.run(command(world.setup, caller))
        assert error.value.field == "scenario"


@pytest.mark.parametrize("messages", [0, 3, 150])
def test_what_cannot_be_read_is_deleted_all_the_same(messages: int) -> None:
    """A damaged session keeps nobody from having everything deleted, nor from coming back."""
    topic = Topic(id="talk", system="Listen.")
    world = World([topic], lambda _: "Go on.")
    world.checks = False
    session = world.run(start(world.setup, ADA, topic)).session.id
    for number in range(messages):
        world.run(send(world.setup, ADA, topic, session, f"Message {number}."))
    record = world.memory.get(session_key("acme", session))
    assert record is not None
    broken = Record(record.key, record.version + 1, record.facts, "{")
    assert world.memory.commit([Update(broken)]) is CommitResult.DONE
    assert world.run(delete_all(world.setup, ADA)).sessions == 1
    assert [record.key.kind for record in world.records()] == ["account"]
    assert world.run(start(world.setup, ADA, topic)).session.status == "active"


def test_what_its_session_left_behind_goes_too() -> None:
    """Where an engine's own time to live took the sessions, the rest is found by its owner."""
    here = world()
    here.checks = False
    late = here.run(start(here.setup, ADA, TALK)).session.id

    def model(_ask: object) -> Answer:
        here.run(cancel(here.setup, ADA, TALK, late))
        return Answer(text="Too late.", usage=Usage(1))

    here.model = model
    with pytest.raises(Exception, match="cancelled"):
        here.run(send(here.setup, ADA, TALK, late, "Hello."))
    mine = [record for record in here.records() if record.facts.owner == "ada"]
    here.memory.commit(
        [Delete(record.key, record.version) for record in mine if record.key.kind == "session"]
    )
    assert here.run(delete_all(here.setup, ADA)) == Deleted(0)
    assert ("acme", "ada") not in owners(here)


def test_two_deletions_of_what_cannot_be_read_are_one() -> None:
    """The one that comes late deletes nothing any more, at whatever step it is overtaken."""
    topic = Topic(id="talk", system="Listen.")
    for number in range(10):
        world = World([topic], lambda _: "Go on.")
        world.checks = False
        session = world.run(start(world.setup, ADA, topic)).session.id
        world.run(send(world.setup, ADA, topic, session, "Hello."))
        record = world.memory.get(session_key("acme", session))
        assert record is not None
        broken = Record(record.key, record.version + 1, record.facts, "{")
        assert world.memory.commit([Update(broken)]) is CommitResult.DONE

        def overtake(world: World = world) -> None:
            world.run(delete_all(world.setup, ADA))
            world.run(start(world.setup, ADA, topic))

        world.run(between(delete_all(world.setup, ADA), number, overtake))
        kinds = {record.key.kind for record in world.records()}
        assert kinds == {"account"} or "session" in kinds


def test_who_plants_anew_loses_nothing_to_a_deletion_of_before() -> None:
    """The same is planted again, under the same ids, while the remains of before are deleted."""
    tester = Caller("acme", "test")
    alone = half_planted()
    before = len(alone.effects)
    alone.run(delete_all(alone.setup, tester))
    steps = enumerate(alone.effects[before:])
    for number in [number for number, effect in steps if isinstance(effect, Commit)][1:]:
        world = half_planted()

        def overtake(world: World = world) -> None:
            world.run(delete_all(world.setup, tester))
            world.run(plant(world.setup, TRIAL, long_document(), key="key"))

        world.run(between(delete_all(world.setup, tester), number, overtake))
        assert violations(world.records(), now=world.clock.time) == []
        assert len(world.stored("message")) == 101
