"""All that is a user's: taken out as one document, and deleted so that nothing comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from attrs import frozen

from coachwork.adapters import final
from coachwork.effects import Commit, Workflow
from coachwork.errors import (
    CoachworkError,
    SessionNotActiveError,
    SessionNotFoundError,
    StoreUnavailableError,
    VersionConflictError,
)
from coachwork.jobs import JobKind
from coachwork.messages import Message, Role, Usage
from coachwork.plain import to_json
from coachwork.policies import Settings
from coachwork.ports import Answer, Ask, CommitResult
from coachwork.records import MESSAGE, SESSION_RECORD, Insert, Record, Stored, session_key
from coachwork.sessions import Account, AccountStatus, EndReason, Session
from coachwork.topics import Topic
from coachwork.workflows import (
    Caller,
    Deleted,
    cancel,
    check,
    complete,
    delete_all,
    export,
    list_sessions,
    pause,
    purge_expired,
    resume,
    send,
    start,
    topics,
)
from tests.between import between
from tests.faults import ADA, BEGIN, BEN, CrashedError, Fault, Told, World, faults_of


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


TALK = Topic(id="talk", system="Listen to {name}.", initiation="Say hello.", result=Values)
PLAIN = Topic(id="plain", system="Listen.", keep_ended=None)
ROOM = Topic(id="room", system="Listen.", exclusive=True)
COST = Usage(5, 7, 1)
NAME = {"name": "Ada"}


def coach(ask: Ask) -> Answer:
    """Say what depends on nothing but what is asked."""
    text = {"the end": final()}.get(ask.messages[-1].text, "Go on.")
    if ask.purpose is JobKind.EXTRACTION:
        text = '{"values": ["courage"]}'
    return Answer(text=text, usage=COST)


def new_world(settings: Settings | None = None) -> World:
    """Return a world with these topics and that coach."""
    return World([TALK, PLAIN, ROOM], coach, settings=settings)


def furnished(world: World | None = None) -> World:
    """Return a world in which Ada and Ben have everything that there is."""
    world = world or new_world()
    for caller in (ADA, BEN, Caller("other", "ada")):
        done = world.run(start(world.setup, caller, TALK, context=NAME)).session.id
        world.run(send(world.setup, caller, TALK, done, "Hello."))
        world.run(send(world.setup, caller, TALK, done, "the end"))
        late = world.run(start(world.setup, caller, PLAIN)).session.id
        with pytest.raises(SessionNotActiveError):
            too_late(world, caller, late)
        live = world.run(start(world.setup, caller, TALK, context=NAME)).session.id
        world.run(send(world.setup, caller, TALK, live, "Again."))
    room = world.run(start(world.setup, ADA, ROOM)).session.id
    world.run(pause(world.setup, ADA, ROOM, room))
    return world


def too_late(world: World, caller: Caller, session: str) -> None:
    """Have a session cancelled while the coach thinks: what it cost is all that is left."""

    def model(_ask: Ask) -> Answer:
        world.run(cancel(world.setup, caller, PLAIN, session))
        return Answer(text="Too late.", usage=COST)

    world.model = model
    try:
        world.run(send(world.setup, caller, PLAIN, session, "Hello."))
    finally:
        world.model = coach


def owned_by(world: World, caller: Caller) -> list[Record]:
    """Return everything that is stored of a user, messages and accounts too."""
    return [
        record
        for record in world.records()
        if record.key.tenant == caller.tenant and f'"user":"{caller.user}"' in record.body
    ]


def kinds(records: list[Record]) -> set[str]:
    """Return the kinds of these records."""
    return {record.key.kind for record in records}


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

# --- export -------------------------------------------------------------------------------------


def test_an_export_holds_everything() -> None:
    """Sessions with context, messages and jobs, the standings, and what late answers cost."""
    world = furnished()
    found = world.run(export(world.setup, ADA))
    assert (found.version, found.tenant, found.user, found.at) == (1, "acme", "ada", BEGIN)
    done, late, live, room = found.sessions
    assert [one.session.topic for one in found.sessions] == ["talk", "plain", "talk", "room"]
    assert done.context == NAME
    assert [message.text for message in done.messages] == [
        "Go on.",
        "Hello.",
        "Go on.",
        "the end",
        "The end.",
    ] or [message.sequence for message in done.messages] == [1, 2, 3, 4, 5]
    assert [job.kind for job in done.jobs] == ["greeting", "reply", "reply"]
    assert done.session.result == {"values": ["courage"]}
    assert (late.session.status, late.session.usage) == ("cancelled", Usage())
    assert (live.session.status, room.session.status) == ("active", "paused")
    (standing,) = found.standings
    assert (standing.topic, standing.completed) == ("talk", 1)
    (spending,) = found.spendings
    assert (spending.session, spending.usage) == (late.session.id, COST)


def test_an_export_is_the_users_alone() -> None:
    """Nothing of another user, and nothing of a user of that name in another tenant."""
    world = furnished()
    for caller in (ADA, BEN, Caller("other", "ada")):
        found = world.run(export(world.setup, caller))
        told = [one.session for one in found.sessions]
        assert {(view.tenant, view.user) for view in told} == {(caller.tenant, caller.user)}
        said = {(m.tenant, m.user) for one in found.sessions for m in one.messages}
        assert said == {(caller.tenant, caller.user)}
        assert {standing.user for standing in found.standings} == {caller.user}
        assert {spending.tenant for spending in found.spendings} == {caller.tenant}


def test_an_export_changes_nothing() -> None:
    """It is a question: no record is written, and it is no activity."""
    world = furnished()
    before, first = world.records(), len(world.effects)
    world.run(export(world.setup, ADA))
    assert world.records() == before
    assert "Commit" not in world.names(first)


def test_an_export_holds_expired_sessions() -> None:
    """What is invisible but still stored is the user's too."""
    world = furnished()
    world.clock.advance(days=20)
    found = world.run(export(world.setup, ADA))
    assert len(found.sessions) == 4
    assert found.at == BEGIN + timedelta(days=20)
    assert world.run(list_sessions(world.setup, ADA)).sessions[0].topic == "plain"


def test_an_export_holds_the_summary() -> None:
    """What was made of the conversation for a welcome-back is shown as it is stored."""
    world = new_world()
    session = world.run(start(world.setup, ADA, TALK, context=NAME)).session.id
    world.run(send(world.setup, ADA, TALK, session, "I value honesty."))
    assert world.run(export(world.setup, ADA)).sessions[0].summary is None
    world.run(resume(world.setup, ADA, TALK, session))
    summary = world.run(export(world.setup, ADA)).sessions[0].summary
    assert summary is not None
    assert "honesty" in summary


def test_an_export_of_nobody_is_empty() -> None:
    """Who was never there has nothing."""
    world = furnished()
    found = world.run(export(world.setup, Caller("acme", "nobody")))
    assert (found.sessions, found.standings, found.spendings) == ((), (), ())


def test_an_export_has_a_plain_form_and_a_silent_repr() -> None:
    """It becomes JSON as it is; in a log line nothing of it is read."""
    world = furnished()
    found = world.run(export(world.setup, ADA))
    plain = to_json(found)
    assert isinstance(plain, dict)
    assert set(plain) == {"version", "tenant", "user", "at", "sessions", "standings", "spendings"}
    assert "Hello." in str(plain)
    assert "Hello." not in repr(found)
    assert "'Ada'" not in repr(found)


def test_an_export_knows_no_end() -> None:
    """More sessions and messages than a view gives at once are all there, each once."""
    world = new_world()
    world.checks = False
    session = world.run(start(world.setup, ADA, PLAIN)).session.id
    stored = SESSION_RECORD.read(record_of(world, session)).value
    ops = [Insert(said(stored, number)) for number in range(1, 1002)]
    assert world.memory.commit(ops) is CommitResult.DONE
    for _ in range(500):
        world.run(start(world.setup, ADA, PLAIN))
    found = world.run(export(world.setup, ADA))
    assert len({one.session.id for one in found.sessions}) == len(found.sessions) == 501
    assert [message.sequence for message in found.sessions[0].messages] == [*range(1, 1002)]


def record_of(world: World, session: str) -> Record:
    """Return a session's record."""
    record = world.memory.get(session_key("acme", session))
    assert record is not None
    return record


def said(session: Session, number: int) -> Record:
    """Return a message as a record."""
    about = session.about
    message = Message(
        tenant=about.tenant,
        user=about.user,
        session=about.id,
        sequence=number,
        role=Role.USER,
        text="Hello.",
        at=BEGIN,
        job="j",
    )
    return MESSAGE.insert(message).record


def test_an_export_goes_on_while_a_session_is_swept_away() -> None:
    """At whatever step another sweeps: what is still there is told, without a gap."""
    for number in range(40):
        world = new_world()
        session = world.run(start(world.setup, ADA, TALK, context=NAME)).session.id
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
        world.clock.advance(days=14)
        steps = len(world.effects)
        asked = export(world.setup, ADA)
        found = world.run(between(asked, number, lambda w=world: w.run(purge_expired(w.setup))))  # type: ignore[misc]
        assert len(found.sessions) == (number > 1)
        if "Commit" not in world.names(steps):
            return
    raise AssertionError("the export has no end")


# --- deletion -----------------------------------------------------------------------------------


def test_a_deletion_leaves_the_mark_alone() -> None:
    """Of the user nothing is left but the mark: the id, and until when the mark is kept."""
    world = furnished()
    assert kinds(owned_by(world, ADA)) == EVERYTHING
    assert world.run(delete_all(world.setup, ADA)) == Deleted(4)
    (mark,) = owned_by(world, ADA)
    assert Account("acme", "ada", AccountStatus.DELETED, BEGIN, BEGIN + timedelta(days=14)) in (
        world.stored("account")
    )
    assert mark.facts.expires == BEGIN + timedelta(days=14)
    assert "Ada" not in str(world.records())


def test_a_deletion_touches_nobody_else() -> None:
    """Another user, and a user of that name in another tenant, keep every record as it was."""
    world = furnished()
    others = [record for record in world.records() if record not in owned_by(world, ADA)]
    world.run(delete_all(world.setup, ADA))
    assert [record for record in world.records() if record not in owned_by(world, ADA)] == others
    assert kinds(owned_by(world, BEN)) == EVERYTHING


def test_a_deleted_user_is_told_of_nothing() -> None:
    """Every question is answered as to somebody who was never there."""
    world = furnished()
    session = world.run(check(world.setup, ADA, TALK)).session_id
    assert session is not None
    world.run(delete_all(world.setup, ADA))
    assert world.run(check(world.setup, ADA, TALK)).advice == "start"
    assert world.run(list_sessions(world.setup, ADA)).sessions == ()
    assert {one.status for one in world.run(topics(world.setup, ADA))} == {"not_started"}
    assert world.run(export(world.setup, ADA)).sessions == ()
    for command in (pause, cancel, resume, complete):
        with pytest.raises(SessionNotFoundError):
            world.run(command(world.setup, ADA, TALK, session))  # type: ignore[operator]


def test_a_live_session_is_ended_first() -> None:
    """It ends as replaced and frees its claims, before anything of it is deleted."""
    world = new_world()
    session = world.run(start(world.setup, ADA, ROOM)).session.id
    first = len(world.commits)
    world.run(delete_all(world.setup, ADA))
    (ended,) = (
        SESSION_RECORD.read(op.record).value
        for op in world.commits[first + 1]
        if not isinstance(op, Insert) and hasattr(op, "record")
    )
    assert ended.about.id == session
    assert ended.ledger.ending is not None
    assert ended.ledger.ending.reason is EndReason.REPLACED
    assert {op.key.kind for op in world.commits[first + 1] if hasattr(op, "version")} >= {"claim"}


def test_an_exclusive_topic_is_free_again() -> None:
    """Another user may start at once where the deleted one held the topic."""
    world = new_world()
    world.run(start(world.setup, ADA, ROOM))
    assert world.run(check(world.setup, BEN, ROOM)).advice == "blocked"
    world.run(delete_all(world.setup, ADA))
    assert world.run(check(world.setup, BEN, ROOM)).advice == "start"
    world.run(start(world.setup, BEN, ROOM))


def test_a_user_may_come_back_at_once() -> None:
    """The next start opens the account again; nothing of before is known."""
    world = furnished()
    world.run(delete_all(world.setup, ADA))
    begun = world.run(start(world.setup, ADA, TALK, context=NAME, key="again"))
    assert world.run(send(world.setup, ADA, TALK, begun.session.id, "Hello.")).session.turns == 1
    assert len(world.run(export(world.setup, ADA)).sessions) == 1
    account = Account("acme", "ada", AccountStatus.OPEN, BEGIN)
    assert account in world.stored("account")


def test_keys_of_before_are_forgotten() -> None:
    """A key that was used before the deletion is a new one after it."""
    world = new_world()
    first = world.run(start(world.setup, ADA, PLAIN, key="k")).session.id
    world.run(delete_all(world.setup, ADA))
    assert world.run(start(world.setup, ADA, PLAIN, key="k")).session.id != first


def test_who_was_never_there_can_be_deleted() -> None:
    """The mark is written all the same: a command may be under way."""
    world = furnished()
    nobody = Caller("acme", "nobody")
    assert world.run(delete_all(world.setup, nobody)) == Deleted(0)
    assert kinds(owned_by(world, nobody)) == {"account"}


def test_a_deletion_again_deletes_nothing_more() -> None:
    """It is the same once more, and the mark is kept from then on."""
    world = furnished()
    world.run(delete_all(world.setup, ADA))
    world.clock.advance(days=3)
    assert world.run(delete_all(world.setup, ADA)) == Deleted(0)
    (mark,) = owned_by(world, ADA)
    assert mark.facts.expires == BEGIN + timedelta(days=17)


def test_how_long_the_mark_stays_is_a_setting() -> None:
    """It is swept away when its time has come, not before."""
    world = new_world(Settings(keep_deleted=timedelta(hours=1)))
    world.run(start(world.setup, ADA, PLAIN))
    world.run(delete_all(world.setup, ADA))
    world.clock.advance(minutes=59)
    world.run(purge_expired(world.setup))
    assert len(world.records()) == 1
    world.clock.advance(minutes=1)
    world.run(purge_expired(world.setup))
    assert world.records() == []


def test_more_sessions_than_one_page_are_deleted() -> None:
    """However many there are, all go, and are counted."""
    world = new_world()
    world.checks = False
    for _ in range(101):
        world.run(start(world.setup, ADA, PLAIN))
    assert world.run(delete_all(world.setup, ADA)) == Deleted(101)
    assert kinds(world.records()) == {"account"}


# --- commands under way -------------------------------------------------------------------------

UnderWay = Callable[[World, str], Workflow[object]]
UNDER_WAY: dict[str, UnderWay] = {
    "send": lambda world, session: send(world.setup, ADA, TALK, session, "Hello."),
    "final": lambda world, session: send(world.setup, ADA, TALK, session, "the end"),
    "resume": lambda world, session: resume(world.setup, ADA, TALK, session),
    "complete": lambda world, session: complete(world.setup, ADA, TALK, session),
    "start": lambda world, _session: start(world.setup, ADA, TALK, context=NAME),
}


@pytest.mark.parametrize("name", UNDER_WAY)
def test_a_command_under_way_adds_nothing(name: str) -> None:
    """All is deleted while the coach thinks: nothing of the answer is kept, not even its cost."""
    world = new_world()
    session = world.run(start(world.setup, ADA, TALK, context=NAME)).session.id
    world.run(send(world.setup, ADA, TALK, session, "I value honesty."))

    def model(ask: Ask) -> Answer:
        world.model = coach
        world.run(delete_all(world.setup, ADA))
        return coach(ask)

    world.model = model
    with pytest.raises(SessionNotFoundError):
        world.run(UNDER_WAY[name](world, session))
    assert kinds(world.records()) == {"account"}


def test_a_deletion_during_an_extraction_adds_nothing() -> None:
    """A final reply that was kept in its job goes with the job."""
    world = new_world()
    session = world.run(start(world.setup, ADA, TALK, context=NAME)).session.id

    def model(ask: Ask) -> Answer:
        if ask.purpose is JobKind.EXTRACTION:
            world.run(delete_all(world.setup, ADA))
        return coach(ask)

    world.model = model
    with pytest.raises(SessionNotFoundError):
        world.run(send(world.setup, ADA, TALK, session, "the end"))
    assert kinds(world.records()) == {"account"}


@pytest.mark.parametrize("name", UNDER_WAY)
def test_a_deletion_at_any_step_of_a_command(name: str) -> None:
    """Nothing is left, or what somebody has who came back: never a part of something."""
    for number in range(100):
        world = new_world()
        session = world.run(start(world.setup, ADA, TALK, context=NAME)).session.id
        world.run(send(world.setup, ADA, TALK, session, "I value honesty."))
        first = len(world.effects)
        command = UNDER_WAY[name](world, session)
        try:
            world.run(between(command, number, lambda w=world: w.run(delete_all(w.setup, ADA))))  # type: ignore[misc]
        except SessionNotFoundError:
            assert kinds(world.records()) == {"account"}
        if not any(mark.status is AccountStatus.DELETED for mark in written(world, first)):
            return
    raise AssertionError("the command has no end")


def written(world: World, first: int) -> Iterator[Account]:
    """Return the accounts that were written by the effects from one on."""
    for effect in world.effects[first:]:
        for op in effect.ops if isinstance(effect, Commit) else ():
            if hasattr(op, "record") and op.record.key.kind == "account":
                yield account_in(op.record)


def account_in(record: Record) -> Account:
    """Return the account that a record holds."""
    from coachwork.records import ACCOUNT  # noqa: PLC0415

    return ACCOUNT.read(record).value


def test_a_start_while_a_deletion_is_under_way_is_put_off() -> None:
    """It is certainly not done, and may be tried again; nothing is added meanwhile."""
    world = furnished()
    steps = len(world.effects)
    with pytest.raises(CrashedError):
        world.run(delete_all(world.setup, ADA), Told(6, Fault.CRASH_BEFORE))
    assert len(world.effects) > steps
    before = world.records()
    with pytest.raises(StoreUnavailableError) as error:
        world.run(start(world.setup, ADA, PLAIN))
    assert error.value.retryable
    assert world.records() == before


# --- failures -----------------------------------------------------------------------------------


def test_a_deletion_may_fail_at_any_step_and_is_called_again() -> None:
    """A crash, a lost answer or a conflict at every step: called again, all is gone."""
    world = furnished(unchecked())
    first = len(world.effects)
    world.run(delete_all(world.setup, ADA))
    effects, wanted = world.effects[first:], world.state()
    for number, effect in enumerate(effects):
        for fault in faults_of(effect) if isinstance(effect, Commit) else [Fault.UNAVAILABLE]:
            world = furnished(unchecked())
            world.checks = True
            again = lambda w=world: delete_all(w.setup, ADA)  # type: ignore[misc]  # noqa: E731
            world.insist(again, Told(number, fault))
            assert world.state() == wanted, (number, fault)


def unchecked() -> World:
    """Return a world that looks at nothing while it is furnished."""
    world = new_world()
    world.checks = False
    return world


def test_tries_to_mark_are_bounded() -> None:
    """Where others are faster at every try, the caller is told; nothing is deleted."""
    world = new_world(Settings(commit_tries=3))
    world.run(start(world.setup, ADA, PLAIN))
    before = world.records()
    world.commit = lambda _effect: CommitResult.CONFLICT  # type: ignore[method-assign]
    with pytest.raises(VersionConflictError):
        world.run(delete_all(world.setup, ADA))
    assert world.records() == before


def others() -> dict[str, Callable[[World, str], object]]:
    """Return what may happen between two steps of a deletion."""

    def send_once(world: World, session: str) -> None:
        world.run(send(world.setup, ADA, ROOM, session, "Hello."))

    def twice(world: World, _session: str) -> None:
        world.run(delete_all(world.setup, ADA))

    def back(world: World, session: str) -> None:
        twice(world, session)
        new = world.run(start(world.setup, ADA, ROOM)).session.id
        world.run(send(world.setup, ADA, ROOM, new, "I am back."))

    def half(world: World, _session: str) -> None:
        with pytest.raises(CrashedError):
            world.run(delete_all(world.setup, ADA), Told(9, Fault.CRASH_AFTER))

    return {
        "send": send_once,
        "start": lambda world, _: world.run(start(world.setup, ADA, ROOM)),
        "pause": lambda world, session: world.run(pause(world.setup, ADA, ROOM, session)),
        "cancel": lambda world, session: world.run(cancel(world.setup, ADA, ROOM, session)),
        "complete": lambda world, session: world.run(complete(world.setup, ADA, ROOM, session)),
        "sweep": lambda world, _: (
            world.clock.advance(days=14),
            world.run(purge_expired(world.setup)),
        ),
        "again": twice,
        "half of it again": half,
        "again, and back": back,
    }


@pytest.mark.parametrize("name", others())
def test_the_world_moves_at_any_step_of_a_deletion(name: str) -> None:
    """Whatever else happens, all of before is gone, and who came back keeps what is new."""
    for number in range(100):
        world = new_world()
        session = world.run(start(world.setup, ADA, ROOM)).session.id
        world.run(send(world.setup, ADA, ROOM, session, "Hello."))
        happened: list[int] = []

        def happen(world: World = world, session: str = session) -> None:
            happened.append(1)
            try:
                others()[name](world, session)
            except CoachworkError:
                return

        world.run(between(delete_all(world.setup, ADA), number, happen))
        assert world.memory.get(session_key("acme", session)) is None
        left = kinds(world.records())
        if name == "again, and back" and happened:
            assert left >= {"session", "claim", "account", "message"} or number < 4
            for again in world.run(export(world.setup, ADA)).sessions:
                assert [message.text for message in again.messages] == ["I am back.", "Go on."]
                world.run(send(world.setup, ADA, ROOM, again.session.id, "Still here."))
        else:
            assert left == {"account"}
        if not happened:
            return
    raise AssertionError("the deletion has no end")


_ = Stored
