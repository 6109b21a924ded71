"""A coach for an application's own tests: what a test of a service wants to see and to do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import assert_type

import pytest
from attrs import frozen

from coachwork import AsyncCoach, AsyncWorker, Coach, LLMError, Message, Settings, Topic, Worker
from coachwork.adapters import BuiltinRenderer, LocalNotifier, TopicTemplates, in_threads
from coachwork.coach import UserCoach
from coachwork.drivers import Observation
from coachwork.effects import AskModel, Commit, Get, Now, TemplateNames, Workflow
from coachwork.errors import MisuseError, SessionNotFoundError, TemplateError
from coachwork.events import Event, EventType
from coachwork.jobs import JobKind, JobRef
from coachwork.ports import Admission, Ask, Partial
from coachwork.records import Delete
from coachwork.testing import (
    NOON,
    AsyncScriptedCoach,
    FakeClock,
    RecordingDispatcher,
    RecordingNotifier,
    ScriptedCoach,
    Stage,
    async_coach,
    coach,
    final,
)
from coachwork.workflows import JobReport


@frozen
class Values:
    """What the conversation yields."""

    values: list[str]


CORE_VALUES = Topic(id="core_values", system="Listen.", initiation="Greet.", result=Values)
RESUME = "Story: {conversation_summary}"
TALK = Topic(id="talk", system="Listen.", resume=RESUME)
TOPICS = (CORE_VALUES, TALK)


# --- a conversation -------------------------------------------------------------------------


def test_a_conversation_in_a_few_lines() -> None:
    """The replies come in order, the result is typed, and what the model was asked can be seen."""
    given = coach(topics=[CORE_VALUES], replies=["Hi", final(Values(["honesty"]))])
    assert_type(given, ScriptedCoach)
    chat = given.as_user("ada").start(CORE_VALUES)
    assert chat.greeting.text == "Hi"
    turn = chat.send("I value honesty")
    assert_type(turn.result, Values | None)
    assert turn.result == Values(["honesty"])
    assert [ask.purpose for ask in given.asks] == ["greeting", "reply"]
    assert given.asks[-1].messages[-1].text == "I value honesty"
    assert given.violations() == []


def test_it_is_a_coach() -> None:
    """Whatever takes a coach takes it, in either colour, and it can be closed like one."""
    with coach(topics=TOPICS) as given:
        assert isinstance(given, Coach)
        assert isinstance(given, Stage)

    async def main() -> None:
        async with async_coach(topics=TOPICS) as awaited:
            assert isinstance(awaited, AsyncCoach)
            assert isinstance(awaited, Stage)

    asyncio.run(main())


def test_replies_can_be_added_and_errors_are_raised() -> None:
    """A test says what comes next where it needs it; a failed model fails as in real life."""
    given = coach(topics=[TALK])
    chat = given.as_user("ada").start(TALK)
    given.model.add(LLMError("busy", retry_after=7), "Go on.")
    with pytest.raises(LLMError) as error:
        chat.send("Hello", key="k")
    assert (error.value.retry_after, error.value.key) == (7, "k")
    assert error.value.job is not None
    assert chat.retry(error.value.job).status == "completed"
    with pytest.raises(LLMError) as error:
        chat.send("And now?")
    assert str(error.value.__cause__) == "the script is used up"


def test_replies_may_depend_on_what_is_asked() -> None:
    """A function in the place of a list."""

    def say(ask: Ask) -> str:
        return f"You said: {ask.messages[-1].text}"

    chat = coach(topics=[TALK], replies=say).as_user("ada").start(TALK)
    assert chat.send("Hello").message.text == "You said: Hello"


def test_time_passes_when_it_is_told_to() -> None:
    """A session gets idle, then expires, and is swept away."""
    given = coach(topics=[TALK], replies=["Go on."])
    ada = given.as_user("ada")
    chat = ada.start(TALK)
    chat.send("Hello")
    assert chat.get().started_at == NOON
    given.clock.advance(minutes=31)
    assert ada.check(TALK).is_idle
    given.clock.advance(days=15)
    assert not ada.check(TALK).has_session
    with pytest.raises(SessionNotFoundError):
        chat.get()
    assert given.purge_expired().deleted == 1
    assert [record.key.kind for record in given.records()] == ["account"]


def test_it_begins_when_it_is_told_to() -> None:
    """An application may read the same clock."""
    clock = FakeClock(NOON + timedelta(days=1))
    given = coach(topics=[TALK], clock=clock)
    assert given.clock is clock
    assert given.as_user("ada").start(TALK).get().started_at == NOON + timedelta(days=1)


# --- jobs and events ------------------------------------------------------------------------


def test_what_is_left_to_workers_is_done_when_it_is_told() -> None:
    """A job waits, is dispatched, is answered by `work`, and its event is delivered."""
    given = coach(topics=TOPICS, replies=["Hi", LLMError(), "Go on."])
    ada = given.as_user("ada")
    chat = ada.start(CORE_VALUES, wait=False)
    job = chat.pending_job()
    assert job is not None
    assert given.dispatched == [JobRef("default", job.id, JobKind.GREETING)]
    assert (given.asks, given.events) == ([], [])
    assert [report.id for report in given.work()] == [job.id]
    assert [message.text for message in chat.history().messages] == ["Hi"]
    chat.submit("One")
    failed, done = given.work(), given.work()
    assert_type(failed, list[JobReport[object]])
    assert ([report.status for report in failed], done) == (["failed"], [])
    assert [event.type for event in given.events] == [EventType.COMPLETED, EventType.FAILED]


def test_work_delivers_what_a_send_owes(monkeypatch: pytest.MonkeyPatch) -> None:
    """More events than a relay looks at in one go; a send delivers none by itself."""
    monkeypatch.setattr("coachwork.workflows._relaying.MOST_OWED", 500)
    notifier = RecordingNotifier()
    given = coach(topics=[TALK], replies=lambda _: "Go on.", notifier=notifier)
    for number in range(501):
        given.as_user(f"user-{number}").start(TALK).send("Hello")
    assert given.events == []
    notifier.fail()
    assert (given.work(), given.events) == ([], [])
    notifier.recover()
    assert given.work() == []
    assert len({event.user for event in given.events}) == len(given.events) == 501


def test_a_notifier_that_fails_ends_the_work() -> None:
    """What it refuses is not delivered; later it is."""
    notifier = RecordingNotifier()
    given = coach(topics=[TALK], replies=["Go on."], notifier=notifier)
    given.as_user("ada").start(TALK).send("Hello")
    notifier.fail()
    given.work()
    assert (given.events, len(notifier.refused)) == ([], 1)
    notifier.recover()
    given.work()
    assert given.events == notifier.events
    assert len(given.events) == 1


def test_a_worker_whose_process_dies() -> None:
    """It gives its lease up on the way out, and the next one takes the job."""
    given = coach(topics=[TALK], replies=[SystemExit(), "Go on."])
    chat = given.as_user("ada").start(TALK)
    chat.submit("Hello")
    given.as_user("ben").start(TALK)
    with pytest.raises(SystemExit):
        given.work()
    assert [report.status for report in given.work()] == ["completed"]
    assert [message.text for message in chat.history().messages] == ["Hello", "Go on."]


def test_a_job_of_a_user_who_was_deleted_meanwhile() -> None:
    """It is gone when it is taken up, and reported to nobody."""
    given = coach(topics=[TALK])
    ada = given.as_user("ada")
    ada.start(TALK).submit("Hello")

    def delete(seen: Observation) -> None:
        if seen.effect == "Find":
            ada.delete_all()

    assert coach(topics=[TALK], beside=given, observers=[delete]).work() == []
    assert given.asks == []


def test_a_real_worker_can_have_it() -> None:
    """What its threads and tasks do is seen, too."""
    given = coach(topics=[TALK], replies=["Go on."])
    given.as_user("ada").start(TALK).submit("Hello")
    assert Worker(given).drain() == 1
    assert len(given.events) == 1

    async def main() -> None:
        awaited = async_coach(topics=[TALK], replies=["Go on."])
        await (await awaited.as_user("ada").start(TALK)).submit("Hello")
        assert await AsyncWorker(awaited).drain() == 1
        assert len(awaited.events) == 1

    asyncio.run(main())


# --- what is told to others -----------------------------------------------------------------


def test_an_applications_own_ports_are_told() -> None:
    """Beside what the coach itself remembers; settings hold, observers hear."""
    notifier, dispatcher = LocalNotifier(), RecordingDispatcher()
    asked: list[Admission] = []
    seen: list[Observation] = []
    given = coach(
        topics=[TALK],
        replies=["Go on.", "Go on."],
        settings=Settings(start_new="cancel"),
        notifier=notifier,
        dispatcher=dispatcher,
        admit=asked.append,
        observers=[seen.append],
    )
    ada = given.as_user("ada")
    with notifier.subscribe(user="ada") as subscription:
        chat = ada.start(TALK)
        chat.submit("Hello")
        given.work()
        assert subscription.get(timeout=0) == given.events[0]
    assert dispatcher.refs == given.dispatched
    assert [admission.command for admission in asked] == ["start", "send"]
    assert [observation.effect for observation in seen] == [
        type(effect).__name__ for effect in given.effects
    ]
    ada.start(TALK)
    assert chat.get().status == "cancelled"
    given.close()
    with pytest.raises(MisuseError):
        notifier.subscribe(user="ada")


class Shouts(BuiltinRenderer):
    """A renderer that shouts."""

    def render(self, template: str, values: Mapping[str, object], /) -> str:
        """See `coachwork.ports.TemplateRenderer.render`."""
        return super().render(template, values).upper()


class Forgets:
    """A summarizer that knows nothing."""

    def summarize(self, _previous: str | None, _messages: Sequence[Message], /) -> str:
        """See `coachwork.ports.Summarizer.summarize`."""
        return "Nothing was said."


def test_what_the_model_is_shown_is_the_applications_own() -> None:
    """Templates, renderer and summarizer may be its own, in either colour."""
    other = TopicTemplates({"talk": Topic(id="talk", system="Say little.", resume=RESUME)})
    given = coach(
        topics=[TALK],
        replies=["Hm.", "Hello again."],
        templates=other,
        renderer=Shouts(),
        summarizer=Forgets(),
    )
    chat = given.as_user("ada").start(TALK)
    chat.send("Hello")
    chat.pause()
    chat.resume()
    shown = [given.asks[-1].messages[place].text for place in (0, -1)]
    assert shown == ["SAY LITTLE.", "STORY: NOTHING WAS SAID."]

    async def main() -> None:
        awaited = async_coach(
            topics=[TALK],
            replies=["Hm.", "Hello again."],
            templates=other,
            renderer=Shouts(),
            summarizer=in_threads(Forgets()),
            settings=Settings(start_new="cancel"),
            observers=[seen.append],
            sink=heard.append,
            admit=in_threads(asked.append),
        )
        async with awaited:
            chat = await awaited.as_user("ada").start(TALK)
            await chat.send("Hello")
            await chat.pause()
            await chat.resume()
            assert [awaited.asks[-1].messages[place].text for place in (0, -1)] == shown
            await awaited.as_user("ada").start(TALK)
            assert (await chat.get()).status == "cancelled"

    seen: list[Observation] = []
    heard: list[Partial] = []
    asked: list[Admission] = []
    asyncio.run(main())
    assert len(seen) > 10
    assert "".join(partial.text for partial in heard) == "Hm.Hello again."
    assert [admission.command for admission in asked] == ["start", "send", "resume", "start"]


def test_pieces_of_a_message_are_kept_or_go_to_a_sink() -> None:
    """A scripted reply is streamed word by word."""
    given = coach(topics=[TALK], replies=["How are you?"])
    given.as_user("ada").start(TALK).send("Hello")
    assert [partial.text for partial in given.partials] == ["How", " are", " you?"]
    heard: list[Partial] = []
    other = coach(topics=[TALK], replies=["How are you?"], sink=heard.append)
    other.as_user("ada").start(TALK).send("Hello")
    assert (len(heard), other.partials) == (3, [])


def test_effects_are_seen_whatever_came_of_them() -> None:
    """In order, those that failed too, of an application's own workflows as well."""

    def asking() -> Workflow[str]:
        yield from Now()
        try:
            yield from TemplateNames("{")
        except TemplateError:
            return "none"
        return "one"

    given = coach(topics=[TALK])
    assert given.run(asking()) == "none"
    assert given.effects == [Now(), TemplateNames("{")]


def test_a_failed_delivery_is_no_event() -> None:
    """An event that the notifier refused, or a job that the dispatcher refused, was not told."""
    dispatcher = RecordingDispatcher()
    dispatcher.fail()
    given = coach(topics=[TALK], dispatcher=dispatcher)
    given.as_user("ada").start(TALK).submit("Hello")
    assert (given.dispatched, len(dispatcher.refused)) == ([], 1)


# --- several --------------------------------------------------------------------------------


def test_another_process_of_the_same_application() -> None:
    """It shares what is stored, the clock and the ids; its model and what it sees are its own."""
    given = coach(topics=TOPICS, replies=["Hi"])
    chat = given.as_user("ada").start(CORE_VALUES)
    other = coach(topics=TOPICS, replies=["Go on."], beside=given)
    again = other.as_user("ada").session(CORE_VALUES, chat.session_id)
    assert again.send("Hello").message.text == "Go on."
    assert [message.text for message in chat.history().messages] == ["Hi", "Hello", "Go on."]
    assert (len(given.asks), len(other.asks)) == (1, 1)
    other.clock.advance(days=15)
    assert not given.as_user("ada").check(CORE_VALUES).has_session
    late = coach(topics=TOPICS, clock=FakeClock(), beside=given)
    assert late.as_user("ada").check(CORE_VALUES).has_session


def test_users_and_tenants_are_apart() -> None:
    """Each has their own, as in real life; all of it is in the records."""
    given = coach(topics=[TALK])
    users = [given.as_user("ada"), given.as_user("ben"), given.as_user("ada", tenant="acme")]
    assert_type(users, list[UserCoach])
    for user in users:
        user.start(TALK)
    assert [len(user.list_sessions().sessions) for user in users] == [1, 1, 1]
    assert len([r for r in given.records() if r.key.kind == "session"]) == 3


def test_what_is_broken_is_told() -> None:
    """Records that cannot be are violations, by the invariants of the kit."""
    given = coach(topics=[TALK])
    given.as_user("ada").start(TALK)
    (claim,) = [record for record in given.records() if record.key.kind == "claim"]
    given.memory.commit([Delete(claim.key, claim.version)])
    assert [violation.partition(":")[0] for violation in given.violations()] == ["1"]


# --- awaited --------------------------------------------------------------------------------


def test_the_same_words_awaited() -> None:
    """Replies, jobs, events and time, for an async application."""

    async def main() -> None:
        heard: list[Event] = []

        class Listens:
            async def notify(self, event: Event, /) -> None:
                heard.append(event)

        given = async_coach(
            topics=[CORE_VALUES],
            replies=["Hi", final(Values(["honesty"]))],
            notifier=Listens(),
            dispatcher=RecordingDispatcher(),
        )
        assert_type(given, AsyncScriptedCoach)
        ada = given.as_user("ada")
        chat = await ada.start(CORE_VALUES, wait=False)
        reports = await given.work()
        assert_type(reports, list[JobReport[object]])
        assert [report.id for report in reports] == [ref.job for ref in given.dispatched]
        turn = await chat.send("I value honesty")
        assert turn.result == Values(["honesty"])
        await given.work()
        assert len(given.events) == 2
        assert heard == given.events
        assert {AskModel, Commit, Get} <= {type(effect) for effect in given.effects}
        assert "".join(partial.text for partial in given.partials).startswith("Hi")
        assert len(given.asks) == 2
        given.clock.advance(days=15)
        assert not (await ada.check(CORE_VALUES)).has_session
        assert given.violations() == []
        blocking = coach(topics=[CORE_VALUES], beside=given, clock=FakeClock())
        assert blocking.as_user("ada").session(CORE_VALUES, chat.session_id).get().turns == 1

    asyncio.run(main())
