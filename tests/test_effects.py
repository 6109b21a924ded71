"""Everything that a workflow may ask: each effect asks one port, in either colour."""

from __future__ import annotations

import asyncio
import gc
import inspect
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, TypeVar, cast

import attrs
import pytest

from coachwork import effects
from coachwork.adapters import (
    BuiltinRenderer,
    ExtractiveSummarizer,
    Memory,
    ScriptedAgents,
    ScriptedModel,
    TimeOrderedIds,
    TopicTemplates,
)
from coachwork.drivers import run, run_async
from coachwork.effects import (
    AskAdmission,
    AskModel,
    Commit,
    Dispatch,
    Effect,
    Find,
    Get,
    GetTemplate,
    NewId,
    Notify,
    Now,
    ReadLog,
    Render,
    RunAgent,
    Summarize,
    TemplateNames,
    Workflow,
)
from coachwork.errors import LLMError, MisuseError
from coachwork.events import Event, MessageCompleted
from coachwork.jobs import JobRef
from coachwork.messages import Message, Role
from coachwork.ports import (
    Admission,
    AgentAsk,
    Answer,
    Ask,
    AsyncPorts,
    CommitResult,
    Partial,
    Ports,
    Prompt,
    PromptRole,
    Query,
)
from coachwork.records import (
    Check,
    Delete,
    Facts,
    Insert,
    Record,
    Update,
    job_key,
    message_key,
    receipt_key,
    session_key,
)
from coachwork.sessions import JobKind
from coachwork.testing import NOON, FakeClock
from coachwork.topics import TemplateName, Topic

R = TypeVar("R")

PRIVATE: Final = "what nobody else shall read"
"""Stands wherever a text of a person, a prompt or a key may stand."""

TALK: Final = Topic(id="talk", system=f"{PRIVATE}: {{name}}")
MESSAGE: Final = Message(
    tenant="acme", user="ada", session="s-1", sequence=1, role=Role.USER,
    text=f"{PRIVATE}.", at=NOON, job="j-1",
)  # fmt: skip
SESSION: Final = Record(
    session_key("acme", "s-1"), 1, Facts(owner="ada", session="s-1"), f'"{PRIVATE}"'
)
JOB: Final = Record(job_key("acme", "j-1"), 1, Facts(session="s-1"), "{}")
SAID: Final = Record(message_key("acme", "s-1", 1), 1, Facts(session="s-1"), f'"{PRIVATE}"')
RECEIPT: Final = Record(receipt_key("acme", "ada", PRIVATE), 1, Facts(owner="ada"), "{}")
ASK: Final = Ask(
    messages=(Prompt(PromptRole.USER, PRIVATE),),
    schema={"title": PRIVATE},
    purpose=JobKind.REPLY,
    model=None,
    timeout=300.0,
    session="s-1",
    job="j-1",
    turn=1,
)
AGENT_ASK: Final = AgentAsk(
    agent="market",
    program="plan",
    prompt=PRIVATE,
    schema={"title": PRIVATE},
    model=None,
    timeout=60.0,
    session="s-1",
    run=1,
)
ADMISSION: Final = Admission(
    command="send", tenant="acme", user="ada", topic="talk", session="s-1", text=PRIVATE
)
REF: Final = JobRef("acme", "j-1", JobKind.REPLY)
EVENT: Final = Event(
    id="e-1",
    kind=JobKind.REPLY,
    job="j-1",
    session="s-1",
    tenant="acme",
    user="ada",
    at=NOON,
    data=MessageCompleted(
        message=PRIVATE, is_final=False, turn=1, max_turns=0, message_count=3, result=PRIVATE
    ),
)

EACH: Final[tuple[Effect[object], ...]] = (
    Now(),
    NewId(),
    Commit((Insert(SESSION), Insert(JOB), Insert(SAID), Insert(RECEIPT))),
    Get(RECEIPT.key),
    ReadLog(tenant="acme", session="s-1", limit=5),
    Find(Query(kind="session", tenant="acme", owner="ada")),
    AskModel(ASK, "acme", "ada"),
    RunAgent(AGENT_ASK, "acme", "ada"),
    GetTemplate("talk", TemplateName.SYSTEM),
    TemplateNames(TALK.system),
    Render(TALK.system, {"name": "Ada"}),
    Summarize(f"{PRIVATE}.", (MESSAGE,)),
    AskAdmission(ADMISSION),
    Dispatch(REF),
    Notify(EVENT),
)
"""One effect of each class, in an order in which they can be asked."""

ANSWERS: Final[tuple[object, ...]] = (
    NOON,
    "id-1",
    CommitResult.DONE,
    RECEIPT,
    [SAID],
    [SESSION],
    "hello",
    "done",
    TALK.system,
    frozenset({"name"}),
    f"{PRIVATE}: Ada",
    f"{PRIVATE}. They said: {PRIVATE}.",
    f"{PRIVATE}!",
    None,
    None,
)
"""What the ports below answer to them."""


class OneId:
    """A source that has one id only."""

    def new_id(self) -> str:
        """Return it."""
        return "id-1"


def shouting(admission: Admission) -> str | None:
    """Take another text in the user's place."""
    return f"{admission.text}!"


async def shouting_async(admission: Admission) -> str | None:
    """Take another text in the user's place."""
    return shouting(admission)


class Ear:
    """A notifier and a dispatcher that note what they are told."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.heard: list[object] = []

    def notify(self, event: Event, /) -> None:
        """Note it."""
        self.heard.append(event)

    def dispatch(self, ref: JobRef, /) -> None:
        """Note it."""
        self.heard.append(ref)


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


def ports() -> Ports:
    """Return real ports for blocking code."""
    ear = Ear()
    return Ports(
        repository=Memory(),
        model=ScriptedModel(["hello"]),
        clock=FakeClock(),
        ids=OneId(),
        templates=TopicTemplates({"talk": cast("Topic[object]", TALK)}),
        renderer=BuiltinRenderer(),
        summarizer=ExtractiveSummarizer(),
        admit=shouting,
        notifier=ear,
        dispatcher=ear,
        sub_agents=ScriptedAgents({"market": ["done"]}),
    )


def async_ports() -> AsyncPorts:
    """Return the same ports for async code."""
    own, ear = ports(), AsyncEar(Ear())
    return AsyncPorts(
        repository=Memory().for_async(),
        model=ScriptedModel(["hello"]).for_async(),
        clock=own.clock,
        ids=own.ids,
        templates=TopicTemplates({"talk": cast("Topic[object]", TALK)}).for_async(),
        renderer=own.renderer,
        summarizer=ExtractiveSummarizer().for_async(),
        admit=shouting_async,
        notifier=ear,
        dispatcher=ear,
        sub_agents=ScriptedAgents({"market": ["done"]}).for_async(),
    )


def blocking(workflow: Workflow[R]) -> R:
    """Run *workflow* against blocking ports."""
    return run(workflow, ports())


def awaited(workflow: Workflow[R]) -> R:
    """Run *workflow* against async ports."""
    return asyncio.run(run_async(workflow, async_ports()))


COLOURS: Final = (blocking, awaited)
Colour = Callable[[Workflow[object]], object]


def all_of_them() -> Workflow[object]:
    """Ask everything, and return the answers."""
    answers: list[object] = []
    for effect in EACH:
        answer = yield from effect
        answers.append(answer.text if isinstance(answer, Answer) else answer)
    return tuple(answers)


def test_none_is_forgotten() -> None:
    """Every effect of the module is among those that are asked here."""
    classes = {
        cls for cls in vars(effects).values() if isinstance(cls, type) and issubclass(cls, Effect)
    }
    assert {type(effect) for effect in EACH} == classes - {Effect}


@pytest.mark.parametrize("colour", COLOURS)
def test_each_effect_asks_its_port(colour: Colour) -> None:
    """One workflow gets the same answers from blocking and from async ports."""
    answers = cast("tuple[object, ...]", colour(all_of_them()))
    assert [list(a) if isinstance(a, list | tuple) else a for a in answers] == list(ANSWERS)


@pytest.mark.parametrize("colour", COLOURS)
def test_a_log_is_asked_for_in_the_words_of_the_port(colour: Colour) -> None:
    """After which message, how many of the last, and how many at most all reach the repository."""
    log = tuple(
        Record(message_key("acme", "s-1", n), 1, Facts(session="s-1"), "{}") for n in range(1, 7)
    )

    def read() -> Workflow[object]:
        yield from Commit(tuple(map(Insert, log)))
        found = yield from ReadLog(tenant="acme", session="s-1", after=1, last=4, limit=2)
        return list(found)

    assert colour(read()) == list(log[2:4])


@pytest.mark.parametrize("effect", EACH, ids=lambda effect: type(effect).__name__)
def test_an_effect_is_a_value(effect: Effect[object]) -> None:
    """An effect is frozen, equal to its like, and says in its first line what it asks."""
    assert attrs.evolve(cast("Any", effect)) == effect
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        effect.another = 1  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    assert (inspect.getdoc(type(effect)) or "").splitlines()[0].endswith(("?", ".", "had."))


@pytest.mark.parametrize("effect", EACH, ids=lambda effect: type(effect).__name__)
def test_observers_are_told_ids_and_figures_only(effect: Effect[object]) -> None:
    """What observers see of an effect holds no text of a person, no prompt and no key."""
    assert PRIVATE not in f"{effect.subject} {dict(effect.ids)}"
    assert effect.ids.keys() <= {"tenant", "session", "job"}


SEEN: Final[Mapping[type[Effect[Any]], tuple[str, dict[str, str]]]] = {
    Now: ("", {}),
    NewId: ("", {}),
    Commit: ("4 ops", {"tenant": "acme", "session": "s-1", "job": "j-1"}),
    Get: ("receipt", {"tenant": "acme"}),
    ReadLog: ("at most 5", {"tenant": "acme", "session": "s-1"}),
    Find: ("session", {}),
    AskModel: ("reply", {"tenant": "acme", "session": "s-1", "job": "j-1"}),
    RunAgent: ("market", {"tenant": "acme", "session": "s-1"}),
    GetTemplate: ("system", {}),
    TemplateNames: ("", {}),
    Render: ("", {}),
    Summarize: ("1 messages", {}),
    AskAdmission: ("send", {}),
    Dispatch: ("reply", {"tenant": "acme", "job": "j-1"}),
    Notify: ("ai.message.completed", {"tenant": "acme", "session": "s-1", "job": "j-1"}),
}


@pytest.mark.parametrize("effect", EACH, ids=lambda effect: type(effect).__name__)
def test_observers_can_tell_effects_apart(effect: Effect[object]) -> None:
    """Kinds, purposes, names and numbers are told, with the ids as far as they are known."""
    assert (effect.subject, dict(effect.ids)) == SEEN[type(effect)]


@pytest.mark.parametrize(
    "effect",
    [
        TemplateNames(PRIVATE),
        Render(PRIVATE, {"name": PRIVATE}),
        Summarize(PRIVATE, (MESSAGE,)),
        AskModel(ASK, "acme", "ada"),
        AskAdmission(ADMISSION),
        Notify(EVENT),
    ],
    ids=lambda effect: type(effect).__name__,
)
def test_texts_are_in_no_representation(effect: Effect[object]) -> None:
    """An effect in a log or a traceback shows no text."""
    assert PRIVATE not in repr(effect)


def test_a_commit_tells_its_ids_whatever_it_does() -> None:
    """Deletes and checks tell the ids of session and job as inserts and updates do."""
    ops = (Update(attrs.evolve(SESSION, version=2)), Delete(JOB.key, 1), Check(SAID.key, 1))
    assert Commit(ops).ids == {"tenant": "acme", "session": "s-1", "job": "j-1"}
    assert Commit((Check(SAID.key, 1),)).ids == {"tenant": "acme"}
    assert (Commit(()).ids, Commit(()).subject) == ({}, "0 ops")


# --- admission -------------------------------------------------------------------------------


def test_without_an_admission_everything_passes() -> None:
    """An application that admits everything needs no port for it."""
    assert run(iter_of(AskAdmission(ADMISSION)), attrs.evolve(ports(), admit=None)) is None


def iter_of(effect: Effect[R]) -> Workflow[R]:
    """Return the workflow that asks *effect* and nothing else."""
    return (yield from effect)


# --- delivery --------------------------------------------------------------------------------


@pytest.mark.parametrize("effect, told", [(Dispatch(REF), REF), (Notify(EVENT), EVENT)])
def test_who_is_to_be_told_is_told(effect: Effect[None], told: object) -> None:
    """The very reference and the very event reach the port, in either colour."""
    ear, waiting = Ear(), Ear()
    run(iter_of(effect), attrs.evolve(ports(), notifier=ear, dispatcher=ear))
    later = AsyncEar(waiting)
    there = attrs.evolve(async_ports(), notifier=later, dispatcher=later)
    asyncio.run(run_async(iter_of(effect), there))
    assert ear.heard == waiting.heard == [told]


@pytest.mark.parametrize("effect", [Dispatch(REF), Notify(EVENT)])
def test_without_a_listener_nobody_is_told(effect: Effect[None]) -> None:
    """Neither a dispatcher nor a notifier is needed."""
    run(iter_of(effect), attrs.evolve(ports(), notifier=None, dispatcher=None))
    there = attrs.evolve(async_ports(), notifier=None, dispatcher=None)
    asyncio.run(run_async(iter_of(effect), there))


# --- streaming -------------------------------------------------------------------------------

PIECES: Final = ('{"mess', 'age": "What ', "matters", '?", "is_final": false}')
"""A reply as a model writes it."""

ASKED: Final = AskModel(attrs.evolve(ASK, attempt=2), "acme", "ada")


class Writer:
    """A model that writes piece by piece, and fails at the end if it is told so."""

    def __init__(
        self, pieces: tuple[str, ...] = PIECES, failure: BaseException | None = None
    ) -> None:
        """Write these."""
        self.pieces = pieces
        self.failure = failure
        self.asked: list[Ask] = []

    def complete(self, ask: Ask, /) -> Answer:
        """Write."""
        self.asked.append(ask)
        for piece in self.pieces:
            if ask.sink is not None:
                ask.sink(piece)
        if self.failure is not None:
            raise self.failure
        return Answer(text="".join(self.pieces))


class AsyncWriter:
    """The same, awaited."""

    def __init__(self, writer: Writer) -> None:
        """Stand before it."""
        self.writer = writer

    async def complete(self, ask: Ask, /) -> Answer:
        """Write, one turn of the loop later."""
        await asyncio.sleep(0)
        return self.writer.complete(ask)


def written(effect: AskModel, writer: Writer, sink: Callable[[Partial], None] | None) -> Answer:
    """Ask *writer* by the blocking driver."""
    return run(iter_of(effect), attrs.evolve(ports(), model=writer, sink=sink))


def written_async(
    effect: AskModel, writer: Writer, sink: Callable[[Partial], None] | None
) -> Answer:
    """Ask *writer* by the async driver."""
    there = attrs.evolve(async_ports(), model=AsyncWriter(writer), sink=sink)
    return asyncio.run(run_async(iter_of(effect), there))


Asking = Callable[[AskModel, Writer, Callable[[Partial], None] | None], Answer]
EITHER: Final = pytest.mark.parametrize("asking", [written, written_async])


@EITHER
def test_what_the_model_writes_goes_to_the_sink(asking: Asking) -> None:
    """Decoded text of the message alone, numbered, with all ids; the answer is the whole one."""
    parts: list[Partial] = []
    answer = asking(ASKED, Writer(), parts.append)
    assert answer.text == "".join(PIECES)
    assert [part.text for part in parts] == ["What ", "matters", "?"]
    assert [part.sequence for part in parts] == [1, 2, 3]
    assert {(p.tenant, p.user, p.session, p.job, p.attempt) for p in parts} == {
        ("acme", "ada", "s-1", "j-1", 2)
    }


@EITHER
def test_what_was_held_back_is_told_at_the_end(asking: Asking) -> None:
    """A beginning that might have been JSON is text after all once the answer is whole."""
    parts: list[Partial] = []
    asking(ASKED, Writer(('["so"', "]")), parts.append)
    assert [part.text for part in parts] == ['["so"]']


@EITHER
def test_without_a_sink_the_model_is_asked_as_it_is(asking: Asking) -> None:
    """Nobody listens, so a model need not stream."""
    writer = Writer()
    asking(ASKED, writer, None)
    assert writer.asked == [ASKED.ask]
    assert writer.asked[0].sink is None


@EITHER
def test_a_result_is_not_streamed(asking: Asking) -> None:
    """What an extraction answers is said to nobody."""
    parts: list[Partial] = []
    writer = Writer()
    extracting = attrs.evolve(ASKED, ask=attrs.evolve(ASKED.ask, purpose=JobKind.EXTRACTION))
    asking(extracting, writer, parts.append)
    assert parts == []
    assert writer.asked[0].sink is None


@EITHER
@pytest.mark.parametrize("failure", [LLMError(), KeyboardInterrupt()], ids=["error", "interrupt"])
@pytest.mark.parametrize("piece, shown", [('["so"', []), ("Well", ["Well"])], ids=["held", "told"])
def test_a_call_that_failed_tells_nothing_more(
    asking: Asking, failure: BaseException, piece: str, shown: list[str]
) -> None:
    """What was held back stays so, and what the model writes afterwards goes nowhere."""
    parts: list[Partial] = []
    writer = Writer((piece,), failure)
    with pytest.raises(type(failure)):
        asking(ASKED, writer, parts.append)
    assert writer.asked[0].sink is not None
    writer.asked[0].sink(" and so on")
    assert [part.text for part in parts] == shown


@EITHER
def test_an_answer_that_was_given_is_whole(asking: Asking) -> None:
    """A model that goes on writing after its answer tells nobody."""
    parts: list[Partial] = []
    writer = Writer(("Well.",))
    asking(ASKED, writer, parts.append)
    assert writer.asked[0].sink is not None
    writer.asked[0].sink(" And another thing.")
    assert [part.text for part in parts] == ["Well."]


def test_a_call_given_up_tells_nothing_more() -> None:
    """A cancelled call may go on in its thread; nobody listens to it."""
    parts: list[Partial] = []
    asked: list[Ask] = []
    begun = asyncio.Event()

    class Slow:
        async def complete(self, ask: Ask, /) -> Answer:
            asked.append(ask)
            begun.set()
            await asyncio.sleep(60)
            return Answer(text="never")

    async def main() -> None:
        there = attrs.evolve(async_ports(), model=Slow(), sink=parts.append)
        task = asyncio.create_task(run_async(iter_of(ASKED), there))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert asked[0].sink is not None
    asked[0].sink("too late")
    assert parts == []


def test_a_stream_behind_the_wrong_driver_leaves_nothing_unawaited() -> None:
    """An async model behind the blocking driver is refused and closed, with a sink as without."""
    disguised = cast("Writer", AsyncWriter(Writer()))
    with pytest.raises(MisuseError, match="an async port answered AskModel"):
        written(ASKED, disguised, lambda _: None)
    gc.collect()


# --- the clock -------------------------------------------------------------------------------


class SetClock:
    """A clock that shows anything."""

    def __init__(self, shows: object) -> None:
        """Set it."""
        self.shows = shows

    def now(self) -> datetime:
        """Return what it shows."""
        return cast("datetime", self.shows)


def now_of(shows: object) -> datetime:
    """Return what a workflow is told that asks a clock which shows that."""
    return run(iter_of(Now()), attrs.evolve(ports(), clock=SetClock(shows)))


@pytest.mark.parametrize("hours", [-12, -5.5, 0, 14])
def test_every_zone_is_told_in_utc(hours: float) -> None:
    """A clock of any time zone will do; workflows see UTC only."""
    zone = timezone(timedelta(hours=hours))
    told = now_of(NOON.astimezone(zone))
    assert told == NOON
    assert told.tzinfo is UTC


def test_an_instant_in_utc_is_told_as_it_is() -> None:
    """The usual clock costs no conversion."""
    assert now_of(NOON) is NOON


@pytest.mark.parametrize(
    "shows",
    [NOON.replace(tzinfo=None), NOON.date(), 1772452800.0, "2026-03-02T12:00:00Z", None],
    ids=repr,
)
def test_a_clock_without_a_zone_is_a_mistake(shows: object) -> None:
    """A naive datetime, and what is none, is refused before it gets into a record."""
    with pytest.raises(MisuseError, match="an aware datetime in UTC"):
        now_of(shows)


@pytest.mark.parametrize(
    "shows",
    [
        datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
    ],
    ids=repr,
)
def test_a_time_that_utc_has_not_is_a_mistake(shows: datetime) -> None:
    """An instant before the year 1 or after the year 9999 of UTC is refused."""
    with pytest.raises(MisuseError, match="between the years 1 and 9999"):
        now_of(shows)


# --- the source of ids -----------------------------------------------------------------------


class SetIds:
    """A source that gives anything."""

    def __init__(self, gives: object) -> None:
        """Set it."""
        self.gives = gives

    def new_id(self) -> str:
        """Return what it gives."""
        return cast("str", self.gives)


@pytest.mark.parametrize("gives", ["", " a", "x" * 129, "a\nb", 7, None], ids=repr)
def test_a_source_of_ids_gives_ids(gives: object) -> None:
    """What is no id is refused before a record is found by it; the text is not repeated."""
    with pytest.raises(MisuseError, match="the source of ids must give ids: 1 to 128") as caught:
        run(iter_of(NewId()), attrs.evolve(ports(), ids=SetIds(gives)))
    assert caught.value.__suppress_context__


def test_the_usual_ids_pass() -> None:
    """Time-ordered ids are ids."""
    told = run(iter_of(NewId()), attrs.evolve(ports(), ids=TimeOrderedIds()))
    assert len(told) == 36


# --- the base --------------------------------------------------------------------------------


@attrs.frozen
class Weather(Effect[str]):
    """How is the weather?"""


def test_an_effect_of_your_own_needs_one_method() -> None:
    """Subject and ids have defaults that tell nothing; what it asks has none."""
    assert (Weather().subject, Weather().ids) == ("", {})
    with pytest.raises(NotImplementedError):
        run(iter_of(Weather()), ports())


def test_an_effect_yields_itself_and_returns_the_answer() -> None:
    """The driver sees the effect, the workflow its answer; there is no more to the technique."""
    asked: Generator[Effect[object], object, str] = iter_of(Weather())
    assert next(asked) == Weather()
    with pytest.raises(StopIteration) as ended:
        asked.send("sunny")
    assert ended.value.value == "sunny"
