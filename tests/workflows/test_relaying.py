"""The relay: every event at least once, under one id, in order per session, whatever happens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve, frozen

from coachwork.adapters import Memory, final
from coachwork.effects import Commit, Find, Get, Notify
from coachwork.errors import (
    CorruptRecordError,
    LLMError,
    MisuseError,
    SessionNotFoundError,
    StoreUnavailableError,
    ValidationError,
)
from coachwork.events import Event, MessageCompleted, MessageFailed
from coachwork.jobs import ErrorCode, Job, JobKind, JobRef, JobStatus
from coachwork.ports import Ask, CommitResult, Query
from coachwork.records import Delete, Facts, Record, Update, job_key, message_key
from coachwork.sessions import Session
from coachwork.testing import RecordingNotifier
from coachwork.testing.faults import CrashError, Fault
from coachwork.topics import Topic
from coachwork.workflows import (
    Caller,
    Relayed,
    cancel,
    cancel_job,
    complete,
    delete_all,
    pause,
    process,
    purge_expired,
    relay,
    retry,
    send,
    start,
    submit,
)
from coachwork.workflows import _relaying as relaying
from coachwork.workflows._jobs import Held, load_held
from coachwork.workflows._relaying import deliver, deliver_quietly
from tests.faults import ADA, BEN, Told, World
from tests.workers import work


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


TALK = Topic(id="talk", system="Listen.", initiation="Say hello.", result=Values, max_turns=9)
PLAIN = Topic(id="plain", system="Listen.")


class Lagging(Memory):
    """A repository whose views leave some records out, or tell them in another order."""

    def __init__(self) -> None:
        """Lag behind nothing."""
        super().__init__()
        self.hidden: set[str] = set()
        self.backwards = False

    def find(self, query: Query, /) -> Sequence[Record]:
        """Return what can be seen already."""
        found = [one for one in super().find(query) if one.key.parts[0] not in self.hidden]
        return found[::-1] if self.backwards else found


def begun(
    *messages: str, repository: Memory | None = None, caller: Caller = ADA
) -> tuple[World, RecordingNotifier, str]:
    """Return a world, its notifier, and a session of turns whose events are all still owed.

    A send does not deliver: whoever waits for the answer has it.
    """
    heard = RecordingNotifier()
    world = World([TALK, PLAIN], lambda _: "Go on.", notifier=heard, repository=repository)
    return world, heard, talked(world, *messages, caller=caller)


def talked(world: World, *messages: str, caller: Caller = ADA, topic: Topic[object] = PLAIN) -> str:
    """Return a session in which that was said and answered."""
    session = world.run(start(world.setup, caller, topic)).session.id
    for text in messages:
        world.run(send(world.setup, caller, topic, session, text))
    return session


def jobs(world: World, session: str) -> list[str]:
    """Return the ids of the jobs of a session, in order."""
    return [
        job.id for job in world.stored("job") if isinstance(job, Job) and job.session == session
    ]


def owed(world: World) -> list[str]:
    """Return the ids of the jobs whose events were not delivered yet."""
    return [job.id for job in world.stored("job") if isinstance(job, Job) and job.is_undelivered]


# --- what is delivered --------------------------------------------------------------------------


def test_events_are_delivered_once_and_marked() -> None:
    """Each owed event is handed over and marked, and then there is nothing to do."""
    world, heard, session = begun("One.", "Two.")
    assert world.run(relay(world.setup)) == Relayed(delivered=2, failed=0, more=False)
    assert heard.jobs == jobs(world, session)
    assert [event.id for event in heard.events] == [f"{name}.settled" for name in heard.jobs]
    settled = [job for job in world.stored("job") if isinstance(job, Job)]
    assert {job.delivered_at for job in settled} == {world.clock.time}
    assert world.run(relay(world.setup)) == Relayed(delivered=0, failed=0, more=False)
    assert len(heard.events) == 2


def test_a_completed_job_is_told_with_what_it_brought() -> None:
    """Turn, turns allowed, number of messages, and the result where it ended the session."""
    world, heard, _ = begun()
    world.model = lambda ask: {"Done.": final(Values(["x"]))}.get(ask.messages[-1].text, "Go on.")
    session = talked(world, "Hello.", "Done.", topic=TALK)
    world.run(relay(world.setup))
    greeting, reply, last = heard.events
    assert (greeting.kind, greeting.tenant, greeting.user, greeting.session) == (
        JobKind.GREETING,
        "acme",
        "ada",
        session,
    )
    assert reply.data == MessageCompleted(
        message="Go on.", is_final=False, turn=1, max_turns=9, message_count=3
    )
    assert isinstance(last.data, MessageCompleted)
    assert (last.data.is_final, last.data.turn, last.data.message_count) == (True, 2, 5)
    assert last.data.result == {"values": ["x"]}


def test_an_extraction_is_told_without_a_message() -> None:
    """A job that only extracted the result said nothing."""
    world, heard, _ = begun()
    session = talked(world, "Hello.", topic=TALK)
    world.model = lambda _: '{"values": ["y"]}'
    world.run(complete(world.setup, ADA, TALK, session))
    world.run(relay(world.setup))
    data = heard.events[-1].data
    assert isinstance(data, MessageCompleted)
    assert (heard.events[-1].kind, data.message, data.is_final) == ("extraction", None, True)
    assert data.result == {"values": ["y"]}


def test_a_failed_job_is_told_with_its_code() -> None:
    """Whoever settled it: the model's failure, a cancelled job, a session that was replaced."""
    world, heard, session = begun()
    world.model = lambda _: LLMError()
    with pytest.raises(LLMError):
        world.run(send(world.setup, ADA, PLAIN, session, "One."))
    name = world.run(submit(world.setup, ADA, PLAIN, session, "Two.")).id
    world.run(cancel_job(world.setup, ADA, PLAIN, name))
    world.run(submit(world.setup, ADA, PLAIN, session, "Three."))
    world.run(start(world.setup, ADA, PLAIN))
    world.run(relay(world.setup))
    codes = [one.data.error_code for one in heard.events if isinstance(one.data, MessageFailed)]
    assert codes == [ErrorCode.LLM_ERROR, ErrorCode.JOB_CANCELLED, ErrorCode.SESSION_REPLACED]
    assert all(event.data.error for event in heard.events if isinstance(event.data, MessageFailed))


def test_an_open_job_has_no_event() -> None:
    """Nothing is told before there is an outcome, and none can be made up."""
    world, heard, session = begun("One.")
    name = world.run(submit(world.setup, ADA, PLAIN, session, "Two.")).id
    world.run(relay(world.setup))
    assert len(heard.events) == 1
    assert world.run(deliver(world.setup, "acme", name)) == 0
    held = world.run(load_held(ADA, session, name))
    with pytest.raises(MisuseError):
        world.run(relaying._data(held))


def test_the_time_of_an_event_is_that_of_the_outcome() -> None:
    """However late it is delivered, and however often it is told."""
    world, heard, _ = begun("One.")
    then = world.clock.time
    world.clock.advance(hours=3)
    with pytest.raises(CrashError):
        world.run(relay(world.setup), Told(7, Fault.CRASH_AFTER))
    world.clock.advance(hours=3)
    world.run(relay(world.setup))
    assert [event.at for event in heard.events] == [then] * len(heard.events)


# --- who may run it, and how much ---------------------------------------------------------------


@pytest.mark.parametrize("limit", [0, -1, True, 1.5, "1", None])
def test_a_limit_is_a_number(limit: Any) -> None:  # noqa: ANN401 - whatever is passed
    """Anything else is refused before anything is asked."""
    world, _, _ = begun()
    first = len(world.effects)
    with pytest.raises(ValidationError) as error:
        world.run(relay(world.setup, limit=limit))
    assert (error.value.field, len(world.effects)) == ("limit", first)


def test_without_a_notifier_there_is_nothing_to_relay_to() -> None:
    """It says so, instead of marking what nobody has heard."""
    world = World([PLAIN], lambda _: "Go on.")
    with pytest.raises(MisuseError):
        world.run(relay(world.setup))


def test_a_limit_is_kept_and_told() -> None:
    """So many jobs are looked at; `more` says to come again."""
    world, heard, _ = begun("One.", "Two.", "Three.")
    assert world.run(relay(world.setup, limit=2)) == Relayed(2, 0, more=True)
    assert world.run(relay(world.setup, limit=2)) == Relayed(1, 0, more=False)
    assert len(heard.jobs) == 3


def test_what_was_settled_just_now_may_be_left_to_who_settled_it() -> None:
    """`older_than` spares what is on its way."""
    world, heard, session = begun("One.")
    world.clock.advance(seconds=5)
    world.run(send(world.setup, ADA, PLAIN, session, "Two."))
    world.run(relay(world.setup, older_than=timedelta(seconds=1)))
    assert heard.jobs == jobs(world, session)[:1]
    world.clock.advance(seconds=1)
    world.run(relay(world.setup, older_than=timedelta(seconds=1)))
    assert heard.jobs == jobs(world, session)


# --- order --------------------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", [(0,), (1,), (0, 1), (0, 1, 2), (2,)])
def test_in_order_though_the_view_lags(hidden: tuple[int, ...]) -> None:
    """What a view does not show yet is found through the job that follows it."""
    lagging = Lagging()
    world, heard, session = begun("One.", "Two.", "Three.", repository=lagging)
    names = jobs(world, session)
    lagging.hidden = {names[number] for number in hidden}
    world.run(relay(world.setup))
    shown = [number for number in range(3) if number not in hidden]
    assert heard.jobs == (names[: shown[-1] + 1] if shown else [])
    lagging.hidden = set()
    world.run(relay(world.setup))
    assert heard.jobs == names


def test_in_order_though_the_view_tells_the_last_first() -> None:
    """A view that tells them in any order makes no difference."""
    lagging = Lagging()
    world, heard, session = begun("One.", "Two.", "Three.", repository=lagging)
    lagging.backwards = True
    assert world.run(relay(world.setup)).delivered == 3
    assert heard.jobs == jobs(world, session)


def test_in_order_though_the_clock_went_back() -> None:
    """The instants of two jobs may be the wrong way round; their chain is not."""
    world, heard, session = begun("One.")
    world.clock.advance(hours=-2)
    world.run(send(world.setup, ADA, PLAIN, session, "Two."))
    world.clock.advance(hours=-2)
    world.run(send(world.setup, ADA, PLAIN, session, "Three."))
    world.clock.advance(hours=9)
    world.run(relay(world.setup))
    assert heard.jobs == jobs(world, session)


def test_in_order_past_jobs_that_nobody_is_to_hear_of() -> None:
    """A process without a notifier accepted one in between: what is owed before it comes first."""
    world, heard, session = begun("One.")
    notifying, world.setup = world.setup, evolve(world.setup, notifies=False)
    for text in ("Two.", "Three."):
        world.run(send(world.setup, ADA, PLAIN, session, text))
    world.setup = notifying
    name = world.run(submit(world.setup, ADA, PLAIN, session, "Four.")).id
    world.run(process(world.setup, JobRef("acme", name, JobKind.REPLY)))
    assert heard.jobs == [jobs(world, session)[0], name]
    assert owed(world) == []


# --- at least once ------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.CRASH_AFTER, Fault.CRASH_BEFORE])
def test_a_crash_while_delivering_tells_it_again_under_the_same_id(fault: Fault) -> None:
    """Between the notifier and the mark: at least once, and known by its id."""
    world, heard, session = begun("One.", "Two.")
    run = relay(world.setup)
    notify = number_of(world, "Notify")
    with pytest.raises(CrashError):
        world.run(run, Told(notify, fault))
    world.run(relay(world.setup))
    ids = [event.id for event in heard.events]
    first = jobs(world, session)[0]
    assert ids.count(f"{first}.settled") == (2 if fault is Fault.CRASH_AFTER else 1)
    assert heard.jobs == jobs(world, session)


def number_of(world: World, name: str) -> int:
    """Return the number of the first effect of that name in a relay, by running it beside."""
    twin = World([TALK, PLAIN], lambda _: "Go on.", notifier=RecordingNotifier())
    twin.clock.time = world.clock.time
    talked(twin, "One.", "Two.")
    first = len(twin.effects)
    twin.run(relay(twin.setup))
    return twin.names(first).index(name)


def test_a_mark_whose_answer_is_lost_is_looked_for() -> None:
    """The event is not told again where the mark is there; two relays mark it once."""
    for fault in (Fault.LOST_DONE, Fault.CONFLICT_DONE, Fault.CONFLICT_NOT_DONE):
        world, heard, session = begun("One.")
        commit = number_of(world, "Commit")
        assert world.run(relay(world.setup), Told(commit, fault)).delivered == 1
        assert (len(heard.events), heard.jobs) == (1, jobs(world, session))
        assert owed(world) == []


def test_two_relays_at_once() -> None:
    """Another delivers all of it while this one tells the first: told twice, in order, marked."""
    world, heard, session = begun("One.", "Two.")
    seen: list[Event] = []

    def refuses(event: Event) -> bool:
        if not seen:
            seen.append(event)
            world.run(relay(world.setup))
        return False

    heard.fail(when=refuses)
    assert world.run(relay(world.setup)).delivered == 1
    names = jobs(world, session)
    assert [event.job for event in heard.events] == [names[0], names[1], names[0]]
    assert owed(world) == []


# --- what stands in the way ---------------------------------------------------------------------


def test_a_session_whose_event_fails_waits_and_others_do_not() -> None:
    """What comes later in that session is not told before it; the others are."""
    world, heard, session = begun("One.", "Two.")
    other = talked(world, "Three.", "Four.", caller=BEN)
    heard.fail(when=lambda event: event.user == "ada")
    assert world.run(relay(world.setup)) == Relayed(2, 1, more=False, why="ConnectionError")
    assert heard.jobs == jobs(world, other)
    assert owed(world) == jobs(world, session)
    heard.recover()
    assert world.run(relay(world.setup)) == Relayed(delivered=2, failed=0, more=False)
    assert heard.jobs == [*jobs(world, other), *jobs(world, session)]


def test_a_notifier_that_finds_no_session_has_failed_too() -> None:
    """Its own SESSION_NOT_FOUND is no deletion: nothing of that session is told before it."""
    world, heard, session = begun("One.", "Two.")
    first = jobs(world, session)[0]
    heard.fail(SessionNotFoundError(), when=lambda event: event.job == first)
    assert world.run(relay(world.setup)) == Relayed(0, 1, more=False, why="SESSION_NOT_FOUND")
    assert (heard.events, owed(world)) == ([], jobs(world, session))


def test_what_cannot_be_delivered_does_not_hold_up_what_stands_behind_it() -> None:
    """However many events of one session stand in front: the relay looks behind them."""
    world, heard, _ = begun("One.", "Two.", "Three.", "Four.")
    world.clock.advance(seconds=1)
    other = talked(world, "Five.", caller=BEN)
    heard.fail(when=lambda event: event.user == "ada")
    why = "ConnectionError"
    assert world.run(relay(world.setup, limit=1)) == Relayed(1, 1, more=False, why=why)
    assert heard.jobs == jobs(world, other)
    first = len(world.effects)
    assert world.run(relay(world.setup, limit=1)) == Relayed(0, 1, more=False, why=why)
    sizes = [one.query.limit for one in world.effects[first:] if isinstance(one, Find)]
    assert sizes == [1, 2, 4, 8]


def test_the_relay_does_not_look_behind_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a bound, and the answer says that there is more."""
    monkeypatch.setattr(relaying, "MOST_OWED", 2)
    world, heard, _ = begun("One.", "Two.", "Three.")
    heard.fail()
    stuck = Relayed(delivered=0, failed=1, more=True, why="ConnectionError")
    assert world.run(relay(world.setup, limit=1)) == stuck
    assert world.run(relay(world.setup, limit=3)) == stuck


def test_a_damaged_job_holds_up_its_session_alone() -> None:
    """One that cannot be read is left, and what follows it waits."""
    world, heard, session = begun("One.", "Two.")
    other = talked(world, "Three.", caller=BEN)
    world.checks = False  # it is no state that a workflow could make
    theirs = jobs(world, other)
    damage(world, jobs(world, session)[0])
    assert world.run(relay(world.setup)) == Relayed(1, 1, more=False, why="CORRUPT_RECORD")
    assert heard.jobs == theirs


def damage(world: World, name: str) -> None:
    """Write something unreadable into a job's record; its facts stay."""
    record = world.memory.get(job_key("acme", name))
    assert record is not None
    broken = evolve(record, version=record.version + 1, body='{"schema": 1}')
    assert isinstance(broken.facts, Facts)
    assert world.memory.commit([Update(broken)]) is CommitResult.DONE


def test_a_reply_that_is_missing_is_not_told_as_none() -> None:
    """A completed job whose message is not there is damaged: it did not say nothing."""
    world, heard, session = begun("One.")
    world.checks = False
    world.memory.commit([Delete(message_key("acme", session, 2), 1)])
    with pytest.raises(CorruptRecordError):
        world.run(deliver(world.setup, "acme", jobs(world, session)[0]))
    assert world.run(relay(world.setup)) == Relayed(0, 1, more=False, why="CORRUPT_RECORD")
    assert heard.events == []


def test_a_repository_that_fails_is_told_where_nothing_can_be_found() -> None:
    """Without the view nothing can be done; later failures hold up one session."""
    world, _, _ = begun("One.")
    with pytest.raises(StoreUnavailableError):
        world.run(relay(world.setup), Told(1, Fault.FAIL_BEFORE))
    failed = Relayed(delivered=0, failed=1, more=False, why="STORE_UNAVAILABLE")
    assert world.run(relay(world.setup), Told(3, Fault.FAIL_BEFORE)) == failed


def test_the_first_failure_is_told_without_its_text() -> None:
    """Its type or code, once: what a notifier says may hold a secret, or what was said."""
    world, heard, session = begun("One.")
    world.clock.advance(seconds=1)
    talked(world, "Two.", caller=BEN)

    heard.fail(ValueError("a secret"), when=lambda event: event.session == session)
    heard.fail(OSError("another"))
    assert world.run(relay(world.setup)) == Relayed(0, 2, more=False, why="ValueError")
    heard.recover()
    assert world.run(relay(world.setup)) == Relayed(2, 0, more=False, why=None)


# --- deletions ----------------------------------------------------------------------------------


def test_no_event_follows_a_deletion() -> None:
    """From its mark on nothing is told of a user; others are told as before."""
    world, heard, _ = begun("One.", "Two.")
    other = talked(world, "Three.", caller=BEN)
    deleting = delete_all(world.setup, ADA)
    effect = next(deleting)
    while not isinstance(effect, Commit):
        effect = deleting.send(effect.perform(world.ports))
    deleting.send(effect.perform(world.ports))
    assert world.run(relay(world.setup)) == Relayed(delivered=1, failed=0, more=False)
    assert heard.jobs == jobs(world, other)


def test_a_deletion_while_the_notifier_is_told() -> None:
    """What was told was told; nothing is marked, and nothing more is told."""
    world, heard, _ = begun("One.", "Two.")
    gone: list[Event] = []

    def refuses(event: Event) -> bool:
        gone.append(event)
        world.run(delete_all(world.setup, ADA))
        return False

    heard.fail(when=refuses)
    assert world.run(relay(world.setup)) == Relayed(delivered=1, failed=0, more=False)
    assert (len(gone), world.stored("job")) == (1, [])


def test_nothing_is_purged_before_it_was_delivered() -> None:
    """A sweep delivers first, in order; without a notifier it keeps what is owed."""
    world, heard, session = begun("One.")
    notifying, world.setup = world.setup, evolve(world.setup, notifies=False)
    world.run(send(world.setup, ADA, PLAIN, session, "Two."))
    world.run(cancel(world.setup, ADA, PLAIN, session))
    world.clock.advance(days=14)
    names = jobs(world, session)
    assert world.run(purge_expired(world.setup)).undelivered == 1
    assert owed(world) == names[:1]
    world.setup = notifying
    assert world.run(purge_expired(world.setup)).deleted == 1
    assert heard.jobs == names[:1]


# --- delivering what was settled just now -------------------------------------------------------


def held(world: World, session: str) -> Held:
    """Return the latest job of a session."""
    return world.run(load_held(ADA, session, jobs(world, session)[-1]))


def test_who_settles_delivers() -> None:
    """After what is still owed from before; not a second time."""
    world, heard, session = begun("One.", "Two.")
    for _ in range(2):
        world.run(deliver_quietly(world.setup, held(world, session).job.value))
    assert heard.jobs == jobs(world, session)
    assert len(heard.events) == 2


def test_without_a_notifier_nothing_is_delivered() -> None:
    """Nor where nobody is to hear of the job, nor of one without an outcome."""
    world, _, session = begun("One.")
    job = held(world, session).job.value
    first = len(world.effects)
    world.run(deliver_quietly(evolve(world.setup, notifies=False), job))
    world.run(deliver_quietly(world.setup, evolve(job, notify=False)))
    assert world.effects[first:] == []


def test_a_delivery_that_fails_is_left_to_the_relay() -> None:
    """Whatever the notifier or the repository raises: the job is settled all the same."""
    world, heard, session = begun("One.")
    job = held(world, session).job.value
    heard.fail()
    world.run(deliver_quietly(world.setup, job))
    world.run(deliver_quietly(world.setup, job), Told(0, Fault.FAIL_BEFORE))
    assert owed(world) == [job.id]
    heard.recover()
    assert world.run(relay(world.setup)).delivered == 1


def test_a_session_that_is_far_behind_is_left_to_the_relay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who settled one job does not deliver hundreds; the relay begins at the oldest."""
    monkeypatch.setattr(relaying, "FAR_BEHIND", 2)
    world, heard, session = begun("One.", "Two.", "Three.")
    latest = held(world, session).job.value
    first = len(world.effects)
    world.run(deliver_quietly(world.setup, latest))
    assert (heard.events, world.names(first)) == ([], ["Get"] * 2)
    world.run(relay(world.setup, limit=1))
    world.run(deliver_quietly(world.setup, latest))
    assert heard.jobs == jobs(world, session)[:1]  # what was delivered is looked at too
    monkeypatch.setattr(relaying, "FAR_BEHIND", 3)
    world.run(deliver_quietly(world.setup, latest))
    assert heard.jobs == jobs(world, session)


def test_jobs_that_nobody_hears_of_are_not_walked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notifier that came late: what was settled before it counts as looked at, too."""
    monkeypatch.setattr(relaying, "FAR_BEHIND", 3)
    world, heard, _ = begun()
    notifying, world.setup = world.setup, evolve(world.setup, notifies=False)
    session = talked(world, *"abcdefgh")
    world.setup = notifying
    world.run(send(world.setup, ADA, PLAIN, session, "Heard."))
    latest = held(world, session).job.value
    first = len(world.effects)
    world.run(deliver_quietly(world.setup, latest))
    assert (heard.events, world.names(first)) == ([], ["Get"] * 3)
    assert world.run(relay(world.setup)).delivered == 1
    assert heard.jobs == [latest.id]


def test_a_short_session_is_delivered_to_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many jobs as are looked at, and nothing behind them: all of them are told."""
    monkeypatch.setattr(relaying, "FAR_BEHIND", 3)
    world, heard, session = begun("One.", "Two.", "Three.")
    world.run(deliver_quietly(world.setup, held(world, session).job.value))
    assert heard.jobs == jobs(world, session)


def test_an_event_is_told_with_one_read_of_its_job() -> None:
    """What was read to see that it is owed is not read again to tell it."""
    world, heard, session = begun("One.")
    first = len(world.effects)
    world.run(deliver_quietly(world.setup, held(world, session).job.value))
    told = world.names(first).index("Notify") + first
    kinds = [one.key.kind for one in world.effects[first + 3 : told] if isinstance(one, Get)]
    assert sorted(kinds) == ["account", "job", "message", "session"]
    assert len(heard.events) == 1


def test_a_worker_delivers_what_others_left() -> None:
    """The whole chain, each event after the one before it, however it was settled."""
    world, heard, session = begun("One.")
    name = world.run(submit(world.setup, ADA, PLAIN, session, "Two.")).id

    def model(_: Ask) -> LLMError:
        world.run(pause(world.setup, ADA, PLAIN, session))
        return LLMError()

    world.model = model
    work(world)
    assert heard.jobs == [jobs(world, session)[0], name]
    assert world.only(Session).in_flight is None
    effects = [one for one in world.effects if isinstance(one, Notify)]
    assert [one.event for one in effects] == heard.events
    assert [job.status for job in world.stored("job")] == [JobStatus.COMPLETED, JobStatus.FAILED]


def test_a_repetition_follows_what_it_repeats() -> None:
    """First the failure is told, then the outcome of the new job."""
    world, heard, session = begun()
    name = world.run(submit(world.setup, ADA, PLAIN, session, "One.")).id
    world.model = lambda _: LLMError()
    heard.fail()
    work(world)
    world.model = lambda _: "Go on."
    again = world.run(retry(world.setup, ADA, PLAIN, name, wait=False))
    heard.recover()
    work(world)
    assert heard.jobs == [name, again.id]
