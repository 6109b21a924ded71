"""The coach of either colour: handles, ports of the wrong colour, closing, observers."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

import pytest
from attrs import frozen

from coachwork import (
    Answer,
    Ask,
    AsyncChat,
    AsyncCoach,
    Chat,
    Coach,
    LLMError,
    Message,
    Settings,
    Topic,
    in_threads,
    ports,
)
from coachwork.adapters import (
    BuiltinRenderer,
    ExtractiveSummarizer,
    LocalNotifier,
    Memory,
    ScriptedModel,
    SQLite,
    TimeOrderedIds,
    TopicTemplates,
    final,
)
from coachwork.coach import AsyncUserCoach, UserCoach
from coachwork.drivers import Observation
from coachwork.effects import Now
from coachwork.errors import (
    MisuseError,
    RefusedError,
    SessionNotFoundError,
    StoreUnavailableError,
    TemplateError,
    TopicNotFoundError,
    ValidationError,
)
from coachwork.events import Event
from coachwork.jobs import JobKind, JobRef
from coachwork.ports import Admission
from coachwork.testing import NOON, FakeClock
from coachwork.topics import TemplateName


@frozen
class Values:
    """What the conversation yields."""

    values: list[str]


TALK: Final = Topic(
    id="talk",
    system="Listen to {name}.",
    initiation="Greet.",
    resume="Back: {conversation_summary}",
    result=Values,
    title="A talk",
)
QUIET: Final = Topic(id="quiet", system="Listen.")
TOPICS: Final = (TALK, QUIET)
ADA: Final = {"name": "Ada"}


def script() -> ScriptedModel:
    """Return a coach that talks until it is told ``bye``."""

    def answer(ask: Ask) -> str:
        if ask.messages[-1].text == "bye":
            return final(Values(["honesty"]))
        return '{"values": ["extracted"]}' if ask.purpose == "extraction" else "Go on."

    return ScriptedModel(answer)


def blocking() -> Coach:
    """Return a blocking coach."""
    return Coach(Memory(), script(), topics=TOPICS, clock=FakeClock())


def awaited() -> AsyncCoach:
    """Return an async coach."""
    return AsyncCoach(Memory(), script(), topics=TOPICS, clock=FakeClock())


# --- the same words ---------------------------------------------------------------------------

PAIRS: Final = [
    (Coach, AsyncCoach),
    (UserCoach, AsyncUserCoach),
    (Chat, AsyncChat),
    (ports.Repository, ports.AsyncRepository),
    (ports.LanguageModel, ports.AsyncLanguageModel),
    (ports.TemplateSource, ports.AsyncTemplateSource),
    (ports.Summarizer, ports.AsyncSummarizer),
    (ports.Notifier, ports.AsyncNotifier),
    (ports.Dispatcher, ports.AsyncDispatcher),
]
SAME: Final = {
    "as_user", "session", "setup", "bell", "greeting", "welcome", "key", "opening_job",
}  # fmt: skip
"""Words that ask nothing, so that nothing is to be awaited."""


def words(cls: type) -> dict[str, Any]:
    """Return the public words of a class, with the names of its context manager as one."""
    spelt = {"__aenter__": "__enter__", "__aexit__": "__exit__"}
    return {
        spelt.get(name, name): word
        for name, word in vars(cls).items()
        if not name.startswith("_") or name in {"__init__", "__enter__", "__exit__", *spelt}
    }


def blocking_form(said: str) -> str:
    """Return a signature as the blocking form would have it."""
    for name in (
        "Repository", "LanguageModel", "TemplateSource", "Summarizer", "Notifier", "Dispatcher",
        "SubAgents",
    ):  # fmt: skip
        said = said.replace(f"Async{name} | TwoColoured[Async{name}]", name)
    return said.replace("Async", "")


@pytest.mark.parametrize(
    "one, other", PAIRS, ids=[getattr(one, "__name__", "") for one, _ in PAIRS]
)
def test_both_colours_have_the_same_words(one: type, other: type) -> None:
    """The async form has the same words with the same arguments; only ``async`` differs."""
    left, right = words(one), words(other)
    assert list(left) == list(right)
    for name, word in left.items():
        twin = right[name]
        assert bool(word.__doc__) == bool(twin.__doc__)
        if not inspect.isfunction(word):
            assert isinstance(twin, type(word))
            continue
        signature = inspect.signature(word)
        assert str(signature) == blocking_form(str(inspect.signature(twin)))
        is_async = inspect.iscoroutinefunction(twin)
        assert not inspect.iscoroutinefunction(word)
        assert is_async == (name not in SAME and name != "__init__")


def test_every_use_case_is_a_word() -> None:
    """What the workflows can do, a coach can be asked for."""
    said = {*words(Coach), *words(UserCoach), *words(Chat)}
    assert said >= {
        "check", "start", "open", "session", "send", "pause", "resume", "complete", "cancel",
        "get", "history", "list_sessions", "topics", "export", "delete_all", "purge_expired",
        "submit", "job", "pending_job", "retry", "cancel_job", "process", "relay",
        "list_scenario", "export_scenario", "plant", "delete_scenario", "timeline",
        "agents", "run_agents",
    }  # fmt: skip


# --- a whole session in each colour ------------------------------------------------------------


def test_a_blocking_session() -> None:
    """Every word of the handles, blocking."""
    with blocking() as coach:
        assert coach.setup.topics == {"talk": TALK, "quiet": QUIET}
        ada = coach.as_user("ada", tenant="acme", scenario="smoke")
        assert ada.check(TALK).advice == "start"
        chat = ada.start(TALK, context=ADA, key="k1")
        assert (chat.key, chat.topic, chat.session_id) == ("k1", TALK, chat.get().id)
        assert chat.greeting is chat.welcome
        assert chat.greeting.text == "Go on."
        assert chat.opening_job is not None
        assert chat.opening_job.kind == "greeting"
        assert chat.get().scenario == "smoke"
        assert chat.send("Hello", key="k2").key == "k2"
        assert chat.pause().status == "paused"
        assert chat.resume(key="k3").key == "k3"
        again = ada.open(TALK, context=ADA, key="k4")
        assert (again.session_id, again.key) == (chat.session_id, "k4")
        assert again.greeting.text == "Go on."
        assert len(chat.history(after=1, limit=2).messages) == 2
        assert chat.complete(key="k5").result == Values(["extracted"])
        assert ada.start(TALK, context=ADA).cancel().status == "cancelled"
        assert [view.status for view in ada.list_sessions().sessions] == ["cancelled", "completed"]
        assert [standing.title for standing in ada.topics()] == ["A talk", ""]
        told = ada.export_scenario()
        assert len(ada.list_scenario().sessions) == 2
        test = coach.as_user("test", tenant="acme", scenario="again")
        assert test.plant(told, key="k6").sessions.keys() == {one.id for one in told.sessions}
        assert test.delete_scenario().sessions == 2
        ada = coach.as_user("ada", tenant="acme")
        assert len(ada.export().sessions) == 2
        assert coach.run(Now().__iter__()) == NOON
        assert coach.purge_expired().deleted == 0
        assert ada.delete_all().sessions == 2


def test_an_async_session() -> None:
    """Every word of the handles, awaited."""

    async def main() -> None:
        async with awaited() as coach:
            assert coach.setup.topics == {"talk": TALK, "quiet": QUIET}
            ada = coach.as_user("ada", tenant="acme", scenario="smoke")
            assert (await ada.check(TALK)).advice == "start"
            chat = await ada.start(TALK, context=ADA, key="k1")
            assert (chat.key, chat.topic) == ("k1", TALK)
            assert chat.greeting is chat.welcome
            assert chat.opening_job is not None
            assert (await chat.send("Hello", key="k2")).key == "k2"
            assert (await chat.pause()).status == "paused"
            assert (await chat.resume(key="k3")).key == "k3"
            again = await ada.open(TALK, context=ADA, key="k4")
            assert (again.session_id, again.greeting.text) == (chat.session_id, "Go on.")
            assert len((await chat.history(after=1, limit=2)).messages) == 2
            assert (await chat.complete(key="k5")).result == Values(["extracted"])
            other = await ada.start(TALK, context=ADA)
            assert (await other.cancel()).status == "cancelled"
            listed = await ada.list_sessions(topic="talk", status=["completed"])
            assert [view.id for view in listed.sessions] == [chat.session_id]
            assert (await chat.get()).status == "completed"
            # What was completed in a test scenario counts nowhere.
            assert [standing.completed for standing in await ada.topics()] == [0, 0]
            told = await ada.export_scenario()
            assert len((await ada.list_scenario()).sessions) == 2
            test = coach.as_user("test", tenant="acme", scenario="again")
            planted = await test.plant(told, key="k6")
            assert planted.sessions.keys() == {one.id for one in told.sessions}
            assert (await test.delete_scenario()).sessions == 2
            ada = coach.as_user("ada", tenant="acme")
            assert len((await ada.export()).sessions) == 2
            assert await coach.run(Now().__iter__()) == NOON
            assert (await coach.purge_expired()).deleted == 0
            assert (await ada.delete_all()).sessions == 2

    asyncio.run(main())


# --- jobs ---------------------------------------------------------------------------------------


class Ear:
    """A notifier, a dispatcher and a sink that note what they are told."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.events: list[Event] = []
        self.refs: list[JobRef] = []
        self.parts: list[ports.Partial] = []

    def notify(self, event: Event, /) -> None:
        """Note it."""
        self.events.append(event)

    def dispatch(self, ref: JobRef, /) -> None:
        """Note it."""
        self.refs.append(ref)

    def told(self) -> list[tuple[str, str]]:
        """Return kind and outcome of every event."""
        return [(event.kind.value, event.type.name) for event in self.events]


class AsyncEar:
    """The same, awaited."""

    def __init__(self, ear: Ear) -> None:
        """Stand before it."""
        self._ear = ear

    async def notify(self, event: Event, /) -> None:
        """Note it."""
        self._ear.notify(event)

    async def dispatch(self, ref: JobRef, /) -> None:
        """Note it."""
        self._ear.dispatch(ref)


JOURNEY: Final = [
    ("greeting", "COMPLETED"), ("reply", "FAILED"), ("reply", "FAILED"), ("reply", "COMPLETED"),
    ("welcome_back", "COMPLETED"), ("reply", "COMPLETED"),
]  # fmt: skip
"""What is told in the two conversations below, the same in both."""


def flaky() -> ScriptedModel:
    """Return a coach that fails once."""
    return ScriptedModel(["Hi.", LLMError(), "Tell me.", "Back.", final(Values(["honesty"]))])


def test_a_blocking_conversation_by_workers() -> None:  # noqa: PLR0915 - it is one conversation
    """Every word about jobs, blocking: a worker answers, and the caller polls."""
    ear, rung = Ear(), list[int]()
    given: dict[str, Any] = {"notifier": ear, "dispatcher": ear, "clock": FakeClock()}
    with Coach(Memory(), flaky(), topics=TOPICS, sink=ear.parts.append, **given) as coach:
        coach.bell.listen(lambda: rung.append(1))
        ada = coach.as_user("ada", tenant="acme")
        chat = ada.start(TALK, context=ADA, key="k1", wait=False)
        assert (chat.welcome, chat.key) == (None, "k1")
        assert chat.opening_job is not None
        waiting = chat.pending_job()
        assert waiting is not None
        assert (waiting.id, waiting.status) == (chat.opening_job.id, "pending")
        report = coach.process(JobRef.parse(ear.refs[0].text))
        assert report is not None
        assert report.outcome is not None
        assert report.outcome.message is not None
        assert report.outcome.message.text == "Hi."
        assert chat.pending_job() is None
        failing = chat.submit("I value honesty", key="k2")
        assert (failing.key, failing.user_message, failing.status) == ("k2", 2, "pending")
        coach.process(ear.refs[-1])
        assert chat.job(failing.id).error_code == ada.job(failing.id).error_code == "LLM_ERROR"
        cancelled = chat.retry(failing.id, key="k3", wait=False)
        assert (cancelled.retry_of, cancelled.key) == (failing.id, "k3")
        assert chat.cancel_job(cancelled.id).error_code == "JOB_CANCELLED"
        assert ada.cancel_job(cancelled.id).error_code == "JOB_CANCELLED"
        assert coach.process(ear.refs[-1]) is not None
        again = chat.retry(failing.id)
        assert (again.status, again.retry_of) == ("completed", failing.id)
        chat.pause()
        back = chat.resume(key="k4", wait=False)
        assert (back.message, back.session.status) == (None, "active")
        opened = ada.open(TALK, key="k5", wait=False)
        assert (opened.session_id, opened.opening_job) == (chat.session_id, back.job)
        coach.process(ear.refs[-1])
        last = chat.submit("bye")
        assert coach.process(ear.refs[-1]) is not None
        done = chat.job(last.id)
        assert done.outcome is not None
        assert (done.outcome.is_final, done.outcome.result) == (True, Values(["honesty"]))
        plain = ada.job(last.id).outcome
        assert plain is not None
        assert plain.result == {"values": ["honesty"]}
        fresh = ada.open(TALK, context=ADA, wait=False)
        assert (fresh.session_id != chat.session_id, fresh.welcome) == (True, None)
        fresh.cancel()
        assert coach.process(JobRef("acme", "nobody-knows", JobKind.REPLY)) is None
        # A worker tells what it settled at once; what others settled is left to the relay.
        assert coach.relay(limit=10).more is False
    told = [one for one in ear.told() if one != ("greeting", "FAILED")]
    assert told == JOURNEY
    assert ear.told().count(("greeting", "FAILED")) == 1
    assert len(rung) == len(ear.refs)
    assert ear.refs[0] == JobRef("acme", chat.opening_job.id, JobKind.GREETING)


def test_an_async_conversation_by_workers() -> None:
    """Every word about jobs, awaited."""

    async def main() -> None:
        ear, rung = Ear(), list[int]()
        there: dict[str, Any] = {"notifier": AsyncEar(ear), "dispatcher": AsyncEar(ear)}
        async with AsyncCoach(
            Memory(), flaky(), topics=TOPICS, clock=FakeClock(), sink=ear.parts.append, **there
        ) as coach:
            coach.bell.listen(lambda: rung.append(1))
            ada = coach.as_user("ada", tenant="acme")
            chat = await ada.start(TALK, context=ADA, key="k1", wait=False)
            assert chat.opening_job is not None
            waiting = await chat.pending_job()
            assert waiting is not None
            assert waiting.id == chat.opening_job.id
            await coach.process(JobRef.parse(ear.refs[0].text))
            assert await chat.pending_job() is None
            failing = await chat.submit("I value honesty", key="k2")
            await coach.process(ear.refs[-1])
            assert (await chat.job(failing.id)).error_code == "LLM_ERROR"
            cancelled = await chat.retry(failing.id, key="k3", wait=False)
            assert cancelled.retry_of == failing.id
            assert (await chat.cancel_job(cancelled.id)).error_code == "JOB_CANCELLED"
            assert (await ada.cancel_job(cancelled.id)).error_code == "JOB_CANCELLED"
            assert await coach.process(ear.refs[-1]) is not None
            assert (await chat.retry(failing.id)).status == "completed"
            await chat.pause()
            back = await chat.resume(key="k4", wait=False)
            assert back.message is None
            opened = await ada.open(TALK, key="k5", wait=False)
            assert (opened.session_id, opened.opening_job) == (chat.session_id, back.job)
            await coach.process(ear.refs[-1])
            last = await chat.submit("bye")
            await coach.process(ear.refs[-1])
            done = (await chat.job(last.id)).outcome
            assert done is not None
            assert done.result == Values(["honesty"])
            plain = (await ada.job(last.id)).outcome
            assert plain is not None
            assert plain.result == {"values": ["honesty"]}
            fresh = await ada.open(TALK, context=ADA, wait=False)
            assert fresh.welcome is None
            await fresh.cancel()
            assert (await coach.relay(limit=10)).more is False
        told = [one for one in ear.told() if one != ("greeting", "FAILED")]
        assert told == JOURNEY
        assert len(rung) == len(ear.refs)

    asyncio.run(main())


class Writer:
    """A model that writes in pieces, in either colour."""

    def complete(self, ask: Ask, /) -> Answer:
        """Write."""
        for piece in ("Go ", "on."):
            if ask.sink is not None:
                ask.sink(piece)
        return Answer(text="Go on.")


def test_what_the_model_writes_is_told_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """A sink is given the pieces, in either colour; one that fails spoils nothing."""
    parts: list[ports.Partial] = []

    def broken(partial: ports.Partial) -> None:
        parts.append(partial)
        raise OSError("the socket is closed")

    coach = Coach(Memory(), Writer(), topics=TOPICS, sink=broken)
    turn = coach.as_user("ada", tenant="acme").start(QUIET).send("Hello")
    assert turn.message.text == "Go on."
    assert [(p.text, p.sequence, p.attempt) for p in parts] == [("Go ", 1, 1), ("on.", 2, 1)]
    assert {(p.tenant, p.user, p.session, p.job) for p in parts} == {
        ("acme", "ada", turn.session.id, turn.job.id)
    }
    assert "a sink failed" in caplog.text

    async def main() -> None:
        coach = AsyncCoach(Memory(), in_threads(Writer()), topics=TOPICS, sink=broken)
        chat = await coach.as_user("ada", tenant="acme").start(QUIET)
        assert (await chat.send("Hello")).message.text == "Go on."
        await coach.close()

    asyncio.run(main())
    assert [p.text for p in parts] == ["Go ", "on."] * 2


def test_without_a_notifier_nothing_is_owed() -> None:
    """A relay has nobody to tell; a coach with a notifier keeps the events of its jobs."""
    store, ear = Memory(), Ear()
    silent = Coach(store, script(), topics=TOPICS)
    assert not silent.setup.notifies
    with pytest.raises(MisuseError, match="no notifier"):
        silent.relay()
    silent.as_user("ada").start(QUIET).send("Hello")
    telling = Coach(store, script(), topics=TOPICS, notifier=ear)
    assert telling.setup.notifies
    assert telling.relay().delivered == 0
    telling.as_user("ben").start(QUIET).send("Hello")
    telling.relay()
    assert [event.user for event in ear.events] == ["ben"]

    async def main() -> None:
        coach = AsyncCoach(store, script(), topics=TOPICS)
        with pytest.raises(MisuseError, match="no notifier"):
            await coach.relay()
        assert not coach.setup.notifies
        assert AsyncCoach(store, script(), topics=TOPICS, notifier=AsyncEar(ear)).setup.notifies

    asyncio.run(main())


def test_both_colours_share_a_repository() -> None:
    """What one colour began, the other goes on with."""
    store = Memory()
    chat = Coach(store, script(), topics=TOPICS).as_user("ada").start(TALK, context=ADA)

    async def main() -> None:
        coach = AsyncCoach(store, script(), topics=TOPICS)
        turn = await coach.as_user("ada").session(TALK, chat.session_id).send("bye")
        assert turn.result == Values(["honesty"])

    asyncio.run(main())
    assert chat.get().result == Values(["honesty"])


# --- handles ------------------------------------------------------------------------------------


def test_a_handle_by_id_asks_nothing() -> None:
    """A handle is made of ids; whether there is such a session shows when it is asked."""
    coach = blocking()
    chat = coach.as_user("ada").session(TALK, "nobody-knows")
    assert (chat.opened, chat.welcome, chat.key, chat.opening_job) == (None, None, None, None)
    with pytest.raises(SessionNotFoundError):
        chat.get()
    with pytest.raises(ValidationError):
        coach.as_user("ada").session(TALK, "")
    with pytest.raises(ValidationError):
        awaited().as_user("ada").session(TALK, "")


def test_where_the_coach_said_nothing() -> None:
    """`welcome` is None where the user speaks first; `greeting` says what to ask instead."""
    chat = blocking().as_user("ada").start(QUIET)
    assert (chat.welcome, chat.opening_job) == (None, None)
    with pytest.raises(MisuseError, match="welcome"):
        _ = chat.greeting

    async def main() -> None:
        chat = await awaited().as_user("ada").start(QUIET)
        assert (chat.welcome, chat.opening_job) == (None, None)
        with pytest.raises(MisuseError, match="welcome"):
            _ = chat.greeting
        by_id = awaited().as_user("ada").session(QUIET, "x")
        assert (by_id.welcome, by_id.key, by_id.opening_job) == (None, None, None)

    asyncio.run(main())


def test_a_topic_that_is_only_known_by_id() -> None:
    """Its sessions can be read, paused and cancelled; nothing can be said in them."""
    store = Memory()
    began = Coach(store, script(), topics=TOPICS).as_user("ada").start(TALK, context=ADA)
    began.send("bye")
    coach = Coach(store, script(), topics=[QUIET])
    chat = coach.as_user("ada").session("talk", began.session_id)
    assert (chat.topic, chat.get().result) == ("talk", {"values": ["honesty"]})
    assert began.opening_job is not None
    greeting = began.opening_job.id
    for call in (
        lambda: chat.send("Hello"),
        lambda: chat.submit("Hello"),
        lambda: chat.retry(greeting),
        chat.resume,
        chat.complete,
    ):
        with pytest.raises(MisuseError, match="only the topic's id"):
            call()
    assert chat.job(greeting).status == chat.cancel_job(greeting).status == "completed"
    assert chat.pending_job() is None

    async def main() -> None:
        later = AsyncCoach(store, script(), topics=[QUIET])
        chat = later.as_user("ada").session("talk", began.session_id)
        assert (await chat.get()).status == "completed"
        for call in (
            lambda: chat.send("Hello"),
            lambda: chat.submit("Hello"),
            lambda: chat.retry(greeting),
            chat.resume,
            chat.complete,
        ):
            with pytest.raises(MisuseError, match="only the topic's id"):
                await call()
        assert (await chat.job(greeting)).status == "completed"
        assert (await chat.cancel_job(greeting)).status == "completed"
        assert await chat.pending_job() is None

    asyncio.run(main())


def test_open_starts_with_its_context() -> None:
    """Open without a live session is a start, with all that belongs to one."""
    model = script()
    coach = Coach(Memory(), model, topics=TOPICS)
    assert coach.as_user("ada").open(TALK, context=ADA).greeting.text == "Go on."
    assert model.asked[0].messages[0].text == "Listen to Ada."


# --- what it is made of ---------------------------------------------------------------------------


def test_topics_are_checked_at_once() -> None:
    """Two topics of one id and a template that is none are told when the coach is made."""
    bad = Topic(id="bad", system="{x.__class__}")
    for make in (Coach, AsyncCoach):
        made: Any = make
        with pytest.raises(ValidationError, match="different ids"):
            made(Memory(), script(), topics=[TALK, TALK])
        with pytest.raises(TemplateError, match="bad"):
            made(Memory(), script(), topics=[bad])


def test_templates_of_another_kind_are_not_judged() -> None:
    """With a renderer or a source of one's own, the library does not know what a template is."""

    class Dollars(BuiltinRenderer):
        """Another language of templates."""

        def names(self, template: str, /) -> frozenset[str]:
            """Return nothing."""
            return frozenset(template[:0])

        def render(self, template: str, values: Any, /) -> str:  # noqa: ANN401, ARG002 - a port
            """Return the template as it is."""
            return template

    bad = Topic(id="bad", system="{x.__class__}")
    model = script()
    Coach(Memory(), model, topics=[bad], renderer=Dollars()).as_user("ada").start(bad).send("Hi")
    assert model.asked[0].messages[0].text == "{x.__class__}"
    source = TopicTemplates({"bad": QUIET})
    chat = Coach(Memory(), script(), topics=[bad], templates=source).as_user("ada").start(bad)
    assert chat.send("Hi").message.text == "Go on."


def test_every_port_may_be_replaced() -> None:
    """Settings, clock, ids, summarizer and admission are the application's where it has some."""
    told: list[Admission] = []

    class Short:
        """A summarizer in a word."""

        def summarize(self, previous: str | None, messages: Any, /) -> str:  # noqa: ANN401 - a port
            """Return it."""
            return f"{previous} and {len(messages)} more"

    def admit(admission: Admission) -> str | None:
        """Let all pass, and tidy texts up."""
        told.append(admission)
        return admission.text and admission.text.strip()

    class Ids(TimeOrderedIds):
        """Ids with a prefix."""

        def new_id(self) -> str:
            """Return one."""
            return f"mine-{super().new_id()}"

    model = script()
    coach = Coach(
        Memory(),
        model,
        topics=TOPICS,
        settings=Settings(start_new="cancel"),
        clock=FakeClock(),
        ids=Ids(),
        summarizer=Short(),
        admit=admit,
    )
    ada = coach.as_user("ada")
    chat = ada.start(TALK, context=ADA)
    assert chat.session_id.startswith("mine-")
    assert chat.get().started_at == NOON
    assert chat.send("  Hello  ").user_message.text == "Hello"
    chat.resume()
    assert model.asked[-1].messages[-1].text == "Back: None and 3 more"
    ada.start(TALK, context=ADA)
    assert chat.get().status == "cancelled"
    assert [admission.command for admission in told] == ["start", "send", "resume", "start"]


# --- ports of the wrong colour ------------------------------------------------------------------


class Mine:
    """A blocking model of an application."""

    def complete(self, _ask: Ask, /) -> Answer:
        """Answer."""
        return Answer(text="Go on.")


class MineAsync:
    """The same, awaited."""

    async def complete(self, _ask: Ask, /) -> Answer:
        """Answer."""
        return Answer(text="Go on.")


class Shelf:
    """Blocking templates."""

    def template(self, topic: str, name: TemplateName, /) -> str | None:
        """Return them."""
        return {"talk": TALK, "quiet": QUIET}[topic].template(name)


class ShelfAsync:
    """The same, awaited."""

    async def template(self, topic: str, name: TemplateName, /) -> str | None:
        """Return them."""
        return Shelf().template(topic, name)


class Summary:
    """A blocking summarizer."""

    def summarize(self, previous: str | None, messages: Any, /) -> str:  # noqa: ANN401 - a port
        """Return nearly nothing."""
        return f"{previous}{len(messages)}"


def admit_all(_admission: Admission) -> str | None:
    """Let all pass."""
    return None


async def admit_all_async(_admission: Admission) -> str | None:
    """Let all pass."""
    return None


class Doorman:
    """An admission that is an object."""

    async def __call__(self, _admission: Admission) -> str | None:
        """Let all pass."""
        return None


class Bare:
    """A blocking repository without an async form."""

    def __init__(self) -> None:
        """Stand before a memory."""
        memory = Memory()
        self.get, self.commit, self.log, self.find = (
            memory.get, memory.commit, memory.log, memory.find
        )  # fmt: skip


class Tells:
    """A blocking notifier."""

    def notify(self, _event: Event, /) -> None:
        """Tell nobody."""


class TellsAsync:
    """The same, awaited."""

    async def notify(self, _event: Event, /) -> None:
        """Tell nobody."""


class Wakes:
    """A blocking dispatcher."""

    def dispatch(self, _ref: JobRef, /) -> None:
        """Wake nobody."""


class WakesAsync:
    """The same, awaited."""

    async def dispatch(self, _ref: JobRef, /) -> None:
        """Wake nobody."""


class Agents:
    """Blocking sub-agents."""

    def run(self, _ask: ports.AgentAsk, /) -> Answer:
        """Answer nothing."""
        return Answer(data=None)


class AgentsAsync:
    """The same, awaited."""

    async def run(self, _ask: ports.AgentAsk, /) -> Answer:
        """Answer nothing."""
        return Answer(data=None)


BLOCKING: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "repository": ({"repository": Bare()}, r"Bare\(...\)"),
    "model": ({"model": Mine()}, r"Mine\(...\)"),
    "templates": ({"templates": Shelf()}, r"Shelf\(...\)"),
    "summarizer": ({"summarizer": Summary()}, r"Summary\(...\)"),
    "admit": ({"admit": admit_all}, "admit_all"),
    "notifier": ({"notifier": Tells()}, r"Tells\(...\)"),
    "dispatcher": ({"dispatcher": Wakes()}, r"Wakes\(...\)"),
    "sub_agents": ({"sub_agents": Agents()}, r"Agents\(...\)"),
}


@pytest.mark.parametrize("port, name", BLOCKING.values(), ids=BLOCKING.keys())
def test_a_blocking_port_behind_an_async_coach(port: dict[str, Any], name: str) -> None:
    """It would stop the event loop: refused at once, with what to do instead."""
    given: dict[str, Any] = {"repository": Memory(), "model": script(), "topics": TOPICS} | port
    told = rf"{name} is blocking and would stop the event loop: pass in_threads\({name}\)"
    with pytest.raises(MisuseError, match=told):
        AsyncCoach(**given)


ASYNC: Final[dict[str, dict[str, Any]]] = {
    "repository": {"repository": in_threads(Memory())},
    "model": {"model": MineAsync()},
    "templates": {"templates": ShelfAsync()},
    "summarizer": {"summarizer": ExtractiveSummarizer().for_async()},
    "admit": {"admit": admit_all_async},
    "admit as an object": {"admit": Doorman()},
    "notifier": {"notifier": TellsAsync()},
    "dispatcher": {"dispatcher": WakesAsync()},
    "sub_agents": {"sub_agents": AgentsAsync()},
}


@pytest.mark.parametrize("port", ASYNC.values(), ids=ASYNC.keys())
def test_an_async_port_behind_a_blocking_coach(port: dict[str, Any]) -> None:
    """Nobody would await it: refused at once, with what to do instead."""
    given: dict[str, Any] = {"repository": Memory(), "model": script(), "topics": TOPICS} | port
    with pytest.raises(MisuseError, match="is async: use AsyncCoach for it"):
        Coach(**given)


@pytest.mark.parametrize("make", [Coach, AsyncCoach])
def test_an_async_sink_is_refused(make: Callable[..., object]) -> None:
    """Nobody would await it, in either colour: refused at once, with what to do instead."""

    async def sink(_partial: ports.Partial) -> None:
        raise AssertionError

    class Sink:
        async def __call__(self, _partial: ports.Partial) -> None:
            raise AssertionError

    model = script() if make is Coach else script().for_async()
    for wrong in (sink, Sink()):
        with pytest.raises(MisuseError, match="a sink must not be async"):
            make(Memory(), model, topics=TOPICS, sink=wrong)


def test_an_async_port_in_disguise() -> None:
    """A blocking method that answers with something to be awaited is refused when it does."""

    class Disguised:
        """A model whose method is not async, but what it returns."""

        def complete(self, ask: Ask, /) -> Answer:
            """Return something to be awaited."""
            return cast("Answer", MineAsync().complete(ask))

    coach = Coach(Memory(), Disguised(), topics=TOPICS)
    chat = coach.as_user("ada").start(QUIET)
    with pytest.raises(LLMError) as raised:
        chat.send("Hello")
    assert isinstance(raised.value.__cause__, MisuseError)
    assert "use AsyncCoach" in str(raised.value.__cause__)


def test_ports_in_threads_behind_an_async_coach() -> None:
    """Wrapped by `in_threads`, every blocking port will do; async ones are taken as they are."""

    async def main() -> None:
        for given in (
            {
                "repository": in_threads(Memory()),
                "model": in_threads(Mine()),
                "templates": in_threads(Shelf()),
                "summarizer": in_threads(Summary()),
                "admit": in_threads(admit_all),
                "notifier": in_threads(Tells()),
                "dispatcher": in_threads(Wakes()),
                "sub_agents": in_threads(Agents()),
            },
            {"model": MineAsync(), "templates": ShelfAsync(), "admit": admit_all_async},
            {"model": MineAsync(), "notifier": LocalNotifier(), "dispatcher": WakesAsync()},
            {"model": MineAsync(), "admit": functools.partial(admit_all_async)},
            {"model": MineAsync(), "admit": Doorman()},
        ):
            options: dict[str, Any] = {"repository": Memory(), "topics": TOPICS, **given}
            async with AsyncCoach(**options) as coach:
                chat = await coach.as_user("ada").start(TALK, context=ADA)
                assert (await chat.send("Hello")).message.text == "Go on."
                assert (await chat.resume()).message is not None

    asyncio.run(main())


# --- closing ------------------------------------------------------------------------------------


class Closing:
    """A port of any kind that notes when it was closed."""

    def __init__(self, closed: list[str], name: str, port: object) -> None:
        """Stand before *port*."""
        self._closed = closed
        self._name = name
        self._port = port

    def __getattr__(self, word: str) -> Any:  # noqa: ANN401 - whatever the port has
        """Return what the port has."""
        if word == "for_async":
            raise AttributeError(word)
        return getattr(self._port, word)

    def __call__(self, _admission: Admission) -> str | None:
        """Let all pass."""
        return None

    def close(self) -> None:
        """Note it."""
        self._closed.append(self._name)


def test_close_closes_every_port_that_was_given() -> None:
    """All ports that can be closed are closed at the end, the repository last."""
    closed: list[str] = []
    given: dict[str, Any] = {
        "repository": Memory(),
        "model": Mine(),
        "templates": Shelf(),
        "summarizer": Summary(),
        "admit": admit_all,
        "notifier": Tells(),
        "dispatcher": Wakes(),
        "sub_agents": Agents(),
    }
    wrapped = {name: Closing(closed, name, port) for name, port in given.items()}
    with Coach(topics=TOPICS, **cast("Any", wrapped)) as coach:
        coach.as_user("ada").start(TALK, context=ADA).resume()
        assert closed == []
    assert sorted(closed) == sorted(given)
    assert closed[-1] == "repository"


def test_close_closes_every_port_that_is_awaited() -> None:
    """The same for an async coach, also where closing is not async."""
    closed: list[str] = []

    class Plain(MineAsync):
        """An async model with a close that is not."""

        def close(self) -> None:
            """Note it."""
            closed.append("model")

    async def main() -> None:
        repository = in_threads(cast("Any", Closing(closed, "repository", Memory())))
        admit = in_threads(cast("ports.Admit", Closing(closed, "admit", None)))
        summarizer = in_threads(cast("Any", Closing(closed, "summarizer", Summary())))
        notifier = in_threads(cast("ports.Notifier", Closing(closed, "notifier", Tells())))
        dispatcher = in_threads(cast("ports.Dispatcher", Closing(closed, "dispatcher", Wakes())))
        agents = in_threads(cast("ports.SubAgents", Closing(closed, "sub_agents", Agents())))
        coach = AsyncCoach(
            repository,
            Plain(),
            topics=TOPICS,
            summarizer=summarizer,
            admit=admit,
            notifier=notifier,
            dispatcher=dispatcher,
            sub_agents=agents,
        )
        async with coach:
            await (await coach.as_user("ada").start(TALK, context=ADA)).resume()
        assert sorted(closed) == [
            "admit", "dispatcher", "model", "notifier", "repository", "sub_agents", "summarizer",
        ]  # fmt: skip
        assert closed[-1] == "repository"

    asyncio.run(main())


def test_a_closed_coach_says_so(tmp_path: Path) -> None:
    """After the end the repository is closed; closing twice does no harm."""
    coach = Coach(SQLite(tmp_path / "coach.db"), script(), topics=TOPICS)
    with coach:
        chat = coach.as_user("ada").start(QUIET)
    coach.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        chat.get()


def test_an_error_in_the_block_passes_and_closes(tmp_path: Path) -> None:
    """What is raised inside is not swallowed, and the file is closed all the same."""
    store = SQLite(tmp_path / "coach.db")
    with pytest.raises(TopicNotFoundError), Coach(store, script(), topics=[QUIET]) as coach:
        coach.as_user("ada").start(TALK)
    with pytest.raises(StoreUnavailableError):
        coach.as_user("ada").start(QUIET)

    async def main() -> None:
        again = SQLite(tmp_path / "coach.db")
        with pytest.raises(TopicNotFoundError):
            async with AsyncCoach(again, script(), topics=[QUIET]) as coach:
                await coach.as_user("ada").start(TALK)

    asyncio.run(main())


# --- observers ----------------------------------------------------------------------------------


def test_observers_are_told_of_every_effect() -> None:
    """Every question and its outcome, in order, without a text of anybody."""
    seen: list[Observation] = []
    coach = Coach(Memory(), script(), topics=TOPICS, observers=[seen.append])
    coach.as_user("ada").start(QUIET).send("My secret", key="my-key")
    names = [one.effect for one in seen]
    assert names.count("AskModel") == 1
    assert names.count("Commit") == 3
    assert all(one.seconds >= 0 and one.error is None for one in seen)
    assert "My secret" not in repr(seen)
    assert "my-key" not in repr(seen)


def test_observers_are_told_of_failures() -> None:
    """A failure is told by its code, or by its type where it is not ours."""
    seen: list[Observation] = []
    model = ScriptedModel([LLMError(), KeyError("secret")])
    coach = Coach(Memory(), model, topics=TOPICS, observers=[seen.append])
    chat = coach.as_user("ada").start(QUIET)
    for text in ("One", "Two"):
        with pytest.raises(LLMError):
            chat.send(text)
    assert [one.error for one in seen if one.error] == ["LLM_ERROR", "KeyError"]
    assert "secret" not in repr(seen)


def test_an_observer_that_fails_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """What an observer raises is logged, in either colour, and the others are told."""
    seen: list[Observation] = []

    def broken(_seen: Observation) -> None:
        """Fail."""
        raise RuntimeError("no disk for figures")

    observers: list[Callable[[Observation], None]] = [broken, seen.append]
    coach = Coach(Memory(), script(), topics=TOPICS, observers=observers)
    assert coach.as_user("ada").start(QUIET).send("Hello").message.text == "Go on."
    told = len(seen)
    assert told > 0
    assert "an observer failed" in caplog.text

    async def main() -> None:
        coach = AsyncCoach(Memory(), script(), topics=TOPICS, observers=observers)
        await (await coach.as_user("ada").start(QUIET)).send("Hello")

    asyncio.run(main())
    assert len(seen) == 2 * told


def test_what_admission_refuses_is_raised_as_it_is() -> None:
    """An application's own refusal reaches the caller, in either colour; a retry is let pass."""

    def closed(_admission: Admission) -> str | None:
        """Refuse."""
        raise RefusedError("come back tomorrow", retry_after=3600)

    store = Memory()
    chat = Coach(store, script(), topics=TOPICS).as_user("ada").start(QUIET)
    turn = chat.send("Hello", key="k")
    strict = Coach(store, script(), topics=TOPICS, admit=closed).as_user("ada")
    again = strict.session(QUIET, chat.session_id)
    assert again.send("Hello", key="k").message == turn.message
    for call in (lambda: again.send("More"), again.resume, again.complete):
        with pytest.raises(RefusedError, match="tomorrow"):
            call()
    with pytest.raises(RefusedError, match="tomorrow"):
        strict.start(QUIET)


def test_a_message_is_what_it_says() -> None:
    """What `greeting` gives is the stored message itself."""
    chat = blocking().as_user("ada").start(TALK, context=ADA)
    assert isinstance(chat.greeting, Message)
    assert chat.history().messages == (chat.greeting,)


def test_a_port_that_cannot_be_closed_leaves_no_other_open(tmp_path: Path) -> None:
    """The repository is closed although the model's close raises; the error is told."""

    class Stuck(ScriptedModel):
        def close(self) -> None:
            raise RuntimeError("stuck")

    store = SQLite(tmp_path / "c.db")
    with pytest.raises(RuntimeError, match="stuck"):
        Coach(store, Stuck([]), topics=TOPICS).close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        store.find(ports.Query(kind="session"))


NO_PORTS: Final = (
    *("repository", "model", "clock", "ids", "templates", "renderer", "summarizer"),
    *("admit", "notifier", "dispatcher", "sink", "sub_agents"),
)


@pytest.mark.parametrize("of", [Coach, AsyncCoach], ids=["blocking", "async"])
@pytest.mark.parametrize("name", NO_PORTS)
def test_what_is_no_port_is_refused(name: str, of: type[Coach | AsyncCoach]) -> None:
    """Something without the port's methods is found out at once, and not when it is needed."""
    ports: dict[str, Any] = {"repository": Memory(), "model": ScriptedModel(["Hi"])}
    ports[name] = 5
    with pytest.raises(MisuseError, match=r"int\(\.\.\.\) is no such port: it has no method \w+"):
        of(**ports, topics=[])
