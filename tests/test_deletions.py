"""A user's data is deleted: at any step of anything else, and whatever goes wrong at any step.

Each scenario is run once for every moment at which the world may move (see `tests.between`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
from attrs import evolve, frozen

from coachwork.adapters import Memory, final
from coachwork.effects import Commit, Workflow
from coachwork.errors import CoachworkError, SessionNotActiveError, SessionNotFoundError
from coachwork.jobs import JobKind
from coachwork.messages import Usage
from coachwork.ports import Answer, Ask, CommitResult
from coachwork.records import ACCOUNT, Insert, Record, account_key, session_key
from coachwork.sessions import AccountStatus
from coachwork.testing.faults import CrashError, Fault
from coachwork.topics import Topic
from coachwork.workflows import (
    Caller,
    Deleted,
    Purged,
    cancel,
    complete,
    delete_all,
    export,
    pause,
    purge_expired,
    resume,
    send,
    start,
)
from tests.between import between
from tests.faults import ADA, BEN, Told, World, faults_of


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


TALK = Topic(id="talk", system="Listen to {name}.", initiation="Say hello.", result=Values)
PLAIN = Topic(id="plain", system="Listen.")
ROOM = Topic(id="room", system="Listen.", exclusive=True)
COST = Usage(5, 7, 1)
NAME = {"name": "Ada"}
ADA_ELSEWHERE = Caller("other", "ada")


def coach(ask: Ask) -> Answer:
    """Say what depends on nothing but what is asked."""
    text = {"the end": final()}.get(ask.messages[-1].text, "Go on.")
    if ask.purpose is JobKind.EXTRACTION:
        text = '{"values": ["courage"]}'
    return Answer(text=text, usage=COST)


def new_world(repository: Memory | None = None) -> World:
    """Return a world with these topics and that coach."""
    return World([TALK, PLAIN, ROOM], coach, repository=repository)


def talking() -> tuple[World, str]:
    """Return a world in which Ada has said something, and her session."""
    world = new_world()
    session = world.run(start(world.setup, ADA, TALK, context=NAME)).session.id
    world.run(send(world.setup, ADA, TALK, session, "I value honesty."))
    return world, session


def furnish(world: World, caller: Caller) -> None:
    """Give a user a record of every kind: sessions live and ended, a standing, a late cost."""
    done = world.run(start(world.setup, caller, TALK, context=NAME)).session.id
    world.run(send(world.setup, caller, TALK, done, "the end"))
    late = world.run(start(world.setup, caller, PLAIN)).session.id

    def model(ask: Ask) -> Answer:
        world.run(cancel(world.setup, caller, PLAIN, late))
        return coach(ask)

    world.model = model
    with pytest.raises(SessionNotActiveError):
        world.run(send(world.setup, caller, PLAIN, late, "Hello."))
    world.model = coach
    world.run(start(world.setup, caller, TALK, context=NAME))


def copied(world: World) -> World:
    """Return another world in which the same is stored at the same time."""
    memory = Memory()
    assert memory.commit([Insert(record) for record in world.records()]) is CommitResult.DONE
    copy = new_world(memory)
    copy.clock.time = world.clock.time
    copy.ids.number = world.ids.number
    return copy


def kinds(world: World, caller: Caller = ADA) -> set[str]:
    """Return the kinds of all that is stored of a user, messages and the account too."""
    return {
        record.key.kind
        for record in world.records()
        if record.key.tenant == caller.tenant and f'"user":"{caller.user}"' in record.body
    }


EVERYTHING = {
    "account",
    "background",
    "claim",
    "job",
    "message",
    "receipt",
    "session",
    "spending",
    "standing",
}


def test_a_deletion_takes_a_record_of_every_kind_and_touches_nobody_else() -> None:
    """Only the mark is left; another user and a namesake elsewhere keep every record as it was."""
    world = new_world()
    for caller in (ADA, BEN, ADA_ELSEWHERE):
        furnish(world, caller)
        assert kinds(world, caller) == EVERYTHING
    mine = [r for r in world.records() if r.key.tenant == "acme" and '"user":"ada"' in r.body]
    others = [record for record in world.records() if record not in mine]
    assert world.run(delete_all(world.setup, ADA)) == Deleted(3)
    assert kinds(world) == {"account"}
    left = [record for record in world.records() if record in others]
    assert left == others
    assert len(world.records()) == len(others) + 1


# --- a deletion at any step of something else ---------------------------------------------------

COMMANDS: dict[str, Callable[[World, str], Workflow[object]]] = {
    "send": lambda world, session: send(world.setup, ADA, TALK, session, "Hello."),
    "final": lambda world, session: send(world.setup, ADA, TALK, session, "the end"),
    "resume": lambda world, session: resume(world.setup, ADA, TALK, session),
    "complete": lambda world, session: complete(world.setup, ADA, TALK, session),
    "start": lambda world, _: start(world.setup, ADA, TALK, context=NAME),
    "pause": lambda world, session: pause(world.setup, ADA, TALK, session),
    "cancel": lambda world, session: cancel(world.setup, ADA, TALK, session),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_deletion_at_any_step_of_a_command(name: str) -> None:
    """Nothing is left; a start that comes after it is somebody who came back."""

    def deleted_before(number: int) -> bool:
        world, session = talking()
        done: list[Deleted] = []

        def meanwhile() -> None:
            done.append(world.run(delete_all(world.setup, ADA)))

        with suppress(SessionNotFoundError):
            world.run(between(COMMANDS[name](world, session), number, meanwhile))
        if done:
            assert world.memory.get(session_key("acme", session)) is None
            assert name == "start" or kinds(world) == {"account"}
        return bool(done)

    for number in range(100):
        if not deleted_before(number):
            return
    raise AssertionError("the command has no end")


@pytest.mark.parametrize("name", ["send", "final", "resume", "complete", "start"])
def test_a_deletion_while_the_coach_thinks(name: str) -> None:
    """Nothing of the answer is kept, not even what it cost."""
    world, session = talking()

    def model(ask: Ask) -> Answer:
        world.model = coach
        world.run(delete_all(world.setup, ADA))
        return coach(ask)

    world.model = model
    with pytest.raises(SessionNotFoundError):
        world.run(COMMANDS[name](world, session))
    assert kinds(world) == {"account"}


def with_a_held_job(world: World, session: str) -> Workflow[object]:
    """Resume while the coach still answers."""
    world.model = lambda _: CrashError()
    with suppress(CrashError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    return resume(world.setup, ADA, TALK, session)


def plain(world: World) -> str:
    """Start a session that yields no result, and let its final reply find it paused."""
    session = world.run(start(world.setup, ADA, PLAIN)).session.id

    def model(_ask: Ask) -> Answer:
        world.run(pause(world.setup, ADA, PLAIN, session))
        return Answer(text=final())

    world.model = model
    world.run(send(world.setup, ADA, PLAIN, session, "the end"))
    return session


ADDING: dict[str, Callable[[World, str], Workflow[object]]] = {
    **{name: COMMANDS[name] for name in ("send", "final", "resume", "complete", "start")},
    "resume, and wait": with_a_held_job,
    "resume, and end": lambda world, _: resume(world.setup, ADA, PLAIN, plain(world)),
    "complete without a model": lambda world, _: complete(
        world.setup, ADA, PLAIN, world.run(start(world.setup, ADA, PLAIN)).session.id
    ),
}


@pytest.mark.parametrize("name", ADDING)
def test_the_mark_alone_stops_every_commit(name: str) -> None:
    """Each checks the account itself, whether the deletion has reached the session or not."""

    def marked_before(number: int) -> bool:
        world, session = talking()
        command = ADDING[name](world, session)
        first = len(world.commits)
        marked: list[Record] = []

        def meanwhile(effect: object) -> None:
            if isinstance(effect, Commit) and len(world.commits) == first + number and not marked:
                record = world.memory.get(account_key("acme", "ada"))
                assert record is not None
                old = ACCOUNT.read(record)
                new = evolve(old.value, status=AccountStatus.DELETING)
                assert world.memory.commit([ACCOUNT.update(old, new)]) is CommitResult.DONE
                marked.extend(world.records())

        world.meanwhile = meanwhile
        with suppress(CoachworkError):
            world.run(command)
        assert not marked or world.records() == marked
        return bool(marked)

    commits = next(number for number in range(10) if not marked_before(number))
    assert commits > 0


def test_a_deletion_while_the_result_is_extracted() -> None:
    """A final reply that was kept in its job goes with the job."""
    world, session = talking()

    def model(ask: Ask) -> Answer:
        if ask.purpose is JobKind.EXTRACTION:
            world.run(delete_all(world.setup, ADA))
        return coach(ask)

    world.model = model
    with pytest.raises(SessionNotFoundError):
        world.run(send(world.setup, ADA, TALK, session, "the end"))
    assert kinds(world) == {"account"}


def test_a_sweep_at_any_step_of_an_export() -> None:
    """What is still there is told; what is gone is not, and nothing has a gap."""

    def exported(number: int) -> tuple[list[int], bool]:
        world, _ = talking()
        world.clock.advance(days=14)
        purges: list[Purged] = []

        def meanwhile() -> None:
            purges.append(world.run(purge_expired(world.setup)))

        found = world.run(between(export(world.setup, ADA), number, meanwhile))
        for session in found.sessions:
            sequences = [message.sequence for message in session.messages]
            assert sequences == [*range(1, len(sequences) + 1)]
        told = [(one.context, one.messages, one.jobs) for one in found.sessions]
        return [sum(map(bool, one)) for one in told], bool(purges)

    # It asks for the time, the sessions, the context, the messages, the jobs, and the rest.
    assert [exported(number) for number in range(10)] == [
        ([], True),
        ([], True),
        ([0], True),
        ([1], True),
        ([2], True),
        ([3], True),
        ([3], True),
        ([3], True),
        ([3], True),
        ([3], False),
    ]


# --- something else at any step of a deletion ---------------------------------------------------


def test_a_deletion_may_fail_at_any_step_and_is_called_again() -> None:
    """A crash, a lost answer or a conflict at every step: called again, all is gone."""
    begin = new_world()
    furnish(begin, ADA)
    begin.run(start(begin.setup, ADA, ROOM))
    wanted = copied(begin)
    wanted.run(delete_all(wanted.setup, ADA))
    state = wanted.state()
    for number, effect in enumerate(wanted.effects):
        for fault in faults_of(effect) if isinstance(effect, Commit) else [Fault.FAIL_BEFORE]:
            world = copied(begin)
            world.insist(partial(delete_all, world.setup, ADA), Told(number, fault))
            assert world.state() == state, (number, fault)


def test_a_conflict_without_a_cause_leaves_nothing_behind() -> None:
    """An engine may answer a conflict that was none: what was to go is gone all the same."""
    world = new_world()
    furnish(world, ADA)
    told = [0]

    def commit(effect: Commit) -> CommitResult:
        told[0] += 1
        return CommitResult.CONFLICT if told[0] % 2 else World.commit(world, effect)

    world.commit = commit  # type: ignore[method-assign]
    assert world.run(delete_all(world.setup, ADA)) == Deleted(3)
    assert kinds(world) == {"account"}


def deleted_with(
    number: int, what: Callable[[World, str], object]
) -> tuple[World, list[str], Deleted]:
    """Delete all, while something happens before that step; tell what became of both."""
    world = new_world()
    session = world.run(start(world.setup, ADA, ROOM)).session.id
    world.run(send(world.setup, ADA, ROOM, session, "Hello."))
    happened: list[str] = []

    def meanwhile() -> None:
        try:
            what(world, session)
            happened.append("done")
        except CoachworkError as error:
            happened.append(error.code)

    deleted = world.run(between(delete_all(world.setup, ADA), number, meanwhile))
    assert world.memory.get(session_key("acme", session)) is None
    return world, happened, deleted


def expire(world: World) -> None:
    """Go on to the expiry, and sweep."""
    world.clock.advance(days=14)
    world.run(purge_expired(world.setup))


def delete_half(world: World) -> None:
    """Begin a deletion that dies midway."""
    with suppress(CrashError):  # it may have an end before that step
        world.run(delete_all(world.setup, ADA), Told(9, Fault.CRASH_BEFORE))


def take_over(world: World, session: str) -> None:
    """Another user takes the exclusive topic over."""
    world.run(pause(world.setup, ADA, ROOM, session))
    world.run(start(world.setup, BEN, ROOM, take_over=True))


OTHERS: dict[str, Callable[[World, str], object]] = {
    "send": lambda world, session: world.run(send(world.setup, ADA, ROOM, session, "Hello.")),
    "start": lambda world, _: world.run(start(world.setup, ADA, ROOM)),
    "pause": lambda world, session: world.run(pause(world.setup, ADA, ROOM, session)),
    "cancel": lambda world, session: world.run(cancel(world.setup, ADA, ROOM, session)),
    "complete": lambda world, session: world.run(complete(world.setup, ADA, ROOM, session)),
    "sweep": lambda world, _: expire(world),
    "take over": take_over,
    "start of another": lambda world, _: world.run(start(world.setup, BEN, ROOM)),
    "delete": lambda world, _: world.run(delete_all(world.setup, ADA)),
    "delete half": lambda world, _: delete_half(world),
}


@pytest.mark.parametrize("name", OTHERS)
def test_the_world_moves_at_any_step_of_a_deletion(name: str) -> None:
    """Whatever else happens, nothing of the user is left, and of another user all is there."""
    for number in range(100):
        world, happened, _ = deleted_with(number, OTHERS[name])
        if not happened:
            return
        back = name == "start" and happened == ["done"] and kinds(world) != {"account"}
        assert back or kinds(world) <= {"account"}
        if happened == ["done"] and name in {"take over", "start of another"}:
            (theirs,) = world.run(export(world.setup, BEN)).sessions
            assert theirs.session.status == "active"
    raise AssertionError("the deletion has no end")


def test_who_came_back_loses_nothing_to_a_deletion_of_before() -> None:
    """Two deletions at once: the first that is done ends both, and what is new since stays."""

    def back(world: World, _session: str) -> None:
        world.run(delete_all(world.setup, ADA))
        new = world.run(start(world.setup, ADA, ROOM)).session.id
        world.run(send(world.setup, ADA, ROOM, new, "I am back."))

    for number in range(100):
        world, happened, deleted = deleted_with(number, back)
        assert deleted.sessions <= 1
        sessions = world.run(export(world.setup, ADA)).sessions
        # Before its mark is written it has not begun: then it deletes what came back too.
        assert len(sessions) == (bool(happened) and number > 2)
        for session in sessions:
            assert [message.text for message in session.messages] == ["I am back.", "Go on."]
            world.run(send(world.setup, ADA, ROOM, session.session.id, "Still here."))
        if not happened:
            return
    raise AssertionError("the deletion has no end")


def test_a_late_deletion_lets_many_new_sessions_be() -> None:
    """It meets more of them than one page holds, and touches none."""
    many = [Topic(id=f"topic-{number}", system="Listen.") for number in range(120)]
    world = World(many, coach)
    world.checks = False
    for topic in many:
        world.run(start(world.setup, ADA, topic))

    def back() -> None:
        world.run(delete_all(world.setup, ADA))
        for topic in many:
            world.run(start(world.setup, ADA, topic))

    assert world.run(between(delete_all(world.setup, ADA), 4, back)) == Deleted(0)
    sessions = world.run(export(world.setup, ADA)).sessions
    assert [one.session.status for one in sessions] == ["active"] * 120
