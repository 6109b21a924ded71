"""What model calls cost: on the job, on the session, and in a record where the answer came late."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from operator import add
from pathlib import Path
from typing import Final

import pytest
from attrs import evolve, frozen

from coachwork import (
    Answer,
    Ask,
    Chat,
    Coach,
    LLMError,
    StoreUnavailableError,
    Topic,
    Usage,
)
from coachwork.adapters import Memory, ScriptedModel, TimeOrderedIds, final
from coachwork.coach import UserCoach
from coachwork.errors import ModelError, SessionNotActiveError, SessionNotFoundError
from coachwork.ports import CommitResult
from coachwork.records import Insert, Op
from coachwork.testing import FakeClock
from tests.stores import STORES, Store, opened


@frozen
class Values:
    """What the conversation yields."""

    values: list[str]


TALK: Final = Topic(id="talk", system="Listen.", initiation="Greet.", result=Values)
PLAIN: Final = Topic(id="plain", system="Listen.")


class World:
    """A repository, a clock, and a model whose n-th call costs 10**n tokens of each kind."""

    def __init__(self, store: Store) -> None:
        """Begin with an empty *store*."""
        self.store = store
        self.clock = FakeClock()
        self.ids = TimeOrderedIds()  # one for all coaches: two would not agree within a millisecond
        self.says: list[Answer] = []
        self.asked = 0
        self.spent = Usage()
        self.meanwhile: Callable[[], object] | None = None
        self.coach = self.serve(ScriptedModel(self.answer))

    def serve(self, model: ScriptedModel) -> Coach:
        """Return a coach on the same repository."""
        return Coach(self.store, model, topics=[TALK, PLAIN], clock=self.clock, ids=self.ids)

    def answer(self, _ask: Ask) -> Answer:
        """Say what is queued; let happen what happens meanwhile; keep the figures."""
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        cost = cost_of(self.asked)
        self.asked += 1
        self.spent += cost
        said = self.says.pop(0) if self.says else Answer(text="Go on.")
        return evolve(said, usage=cost)

    def user(self) -> UserCoach:
        """Return the coach as Ada sees it."""
        return self.coach.as_user("ada")

    def total(self) -> Usage:
        """Return all that is noted of the user: on the jobs and in the late answers."""
        told = self.user().export()
        jobs = [job.usage for session in told.sessions for job in session.jobs]
        late = [spending.usage for spending in told.spendings]
        return reduce(add, [*jobs, *late], Usage())


def cost_of(call: int) -> Usage:
    """Return what the n-th call costs, so that each can be told in a sum."""
    return Usage(10**call, 2 * 10**call, 3 * 10**call)


@pytest.fixture(params=STORES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world on each repository; whatever happens, no cost is lost and none is told twice."""
    made = World(opened(request.param, tmp_path))
    with made.coach:
        yield made
        assert made.total() == made.spent


def last_job(chat: Chat[Values]) -> Usage:
    """Return what the last job of a session cost."""
    return chat._coach.as_user("ada").export().sessions[0].jobs[-1].usage


def test_a_turn_costs_what_its_call_cost(world: World) -> None:
    """The job has its own figure, the session the sum of all so far."""
    chat = world.user().start(TALK)
    assert chat.opening_job is not None
    assert chat.opening_job.usage == cost_of(0)
    first, second = chat.send("One"), chat.send("Two")
    assert (first.job.usage, second.job.usage) == (cost_of(1), cost_of(2))
    assert first.session.usage == Usage(11, 22, 33)
    assert second.session.usage == Usage(111, 222, 333)
    chat.pause()
    back = chat.resume()
    assert back.job is not None
    assert back.job.usage == cost_of(3)
    assert chat.get().usage == Usage(1111, 2222, 3333)


def test_a_final_reply_and_its_extraction_are_one_job(world: World) -> None:
    """Two calls, one job: it has the sum, and so has the session, once."""
    chat = world.user().start(TALK)
    world.says = [Answer(text=final(message="Bye.")), Answer(text='{"values": []}')]
    turn = chat.send("I am done")
    assert turn.is_final
    assert turn.job.usage == cost_of(1) + cost_of(2)
    assert turn.session.usage == cost_of(0) + cost_of(1) + cost_of(2)


def test_a_result_in_the_reply_costs_no_second_call(world: World) -> None:
    """A result that came with the reply is not asked for again."""
    chat = world.user().start(TALK)
    world.says = [Answer(text=final(Values(["x"])))]
    turn = chat.send("I am done")
    assert (turn.job.usage, turn.session.usage) == (cost_of(1), cost_of(0) + cost_of(1))
    assert world.asked == 2


def test_an_extraction_that_was_asked_for(world: World) -> None:
    """Complete costs its extraction, also where that fails."""
    for answer in (Answer(text='{"values": []}'), Answer(text="no JSON"), Answer(finish="error")):
        chat = world.user().start(TALK)
        chat.send("One")
        before = chat.get().usage
        world.says = [answer]
        done = chat.complete()
        assert done.job is not None
        assert done.job.usage == cost_of(world.asked - 1)
        assert done.session.usage == before + done.job.usage


@pytest.mark.parametrize(
    "said",
    [Answer(text=""), Answer(text="{"), Answer(text="x", finish="length"), Answer(finish="error")],
    ids=["empty", "truncated", "length", "error"],
)
def test_a_failed_answer_costs_too(world: World, said: Answer) -> None:
    """A reply that is none was paid for: the failed job and the session tell it."""
    chat = world.user().start(TALK)
    world.says = [said]
    with pytest.raises(ModelError):
        chat.send("One")
    assert last_job(chat) == cost_of(1)
    assert chat.get().usage == cost_of(0) + cost_of(1)


def test_a_call_that_raised_cost_nothing_that_is_known(world: World) -> None:
    """Without an answer there is no figure; none is made up."""
    chat = world.user().start(TALK)
    broken = world.serve(ScriptedModel([LLMError()])).as_user("ada")
    with pytest.raises(LLMError):
        broken.session(TALK, chat.session_id).send("One")
    assert last_job(chat) == Usage()
    assert chat.get().usage == cost_of(0)


def test_the_same_call_again_costs_nothing(world: World) -> None:
    """A retry with the key tells the figures of then, and adds none."""
    chat = world.user().start(TALK)
    turn = chat.send("One", key="k")
    assert chat.send("One", key="k").job.usage == turn.job.usage
    assert chat.get().usage == turn.session.usage


@pytest.mark.parametrize("event", ["cancel", "start new"])
def test_an_answer_that_comes_late_is_kept_as_spending(world: World, event: str) -> None:
    """The reply is dropped, what it cost is kept in a record of its own."""
    chat = world.user().start(TALK)
    other = world.serve(ScriptedModel(lambda _ask: "Hello again.")).as_user("ada")
    world.meanwhile = chat.cancel if event == "cancel" else lambda: other.start(TALK)
    with pytest.raises(SessionNotActiveError):
        chat.send("One")
    (spending,) = world.user().export().spendings
    assert (spending.usage, spending.session) == (cost_of(1), chat.session_id)
    assert spending.at == world.clock.time
    assert chat.get().usage == cost_of(0)
    assert [message.text for message in chat.history().messages] == ["Go on.", "One"]


def test_an_answer_that_finds_its_session_expired(world: World) -> None:
    """The same for an answer that comes after the session has expired."""
    chat = world.user().start(TALK)
    world.meanwhile = lambda: world.clock.advance(days=14)
    with pytest.raises(SessionNotFoundError):
        chat.send("One")
    assert [spending.usage for spending in world.user().export().spendings] == [cost_of(1)]
    assert last_job(chat) == Usage()


def test_a_cancelled_extraction_keeps_both_costs(world: World) -> None:
    """Cancel wins while the result is extracted: the reply's cost is on the job, the rest late."""
    chat = world.user().start(TALK)
    world.says = [Answer(text=final(message="Bye.")), Answer(text='{"values": []}')]

    def cancel_at_the_second() -> None:
        world.meanwhile = chat.cancel  # the next call of the model is the extraction

    world.meanwhile = cancel_at_the_second
    with pytest.raises(SessionNotActiveError):
        chat.send("I am done")
    assert chat.get().status == "cancelled"
    assert last_job(chat) == cost_of(1)
    assert [spending.usage for spending in world.user().export().spendings] == [cost_of(2)]


def test_a_lease_that_another_took(world: World) -> None:
    """Two were asked: the one that came late is kept beside the outcome of the other."""
    chat = world.user().start(TALK)
    other = world.serve(ScriptedModel([Answer(text="I was faster.", usage=Usage(7))]))

    def take_over() -> None:
        world.clock.advance(minutes=6)
        again = other.as_user("ada").session(TALK, chat.session_id)
        assert again.send("One", key="k").message.text == "I was faster."

    world.meanwhile = take_over
    assert chat.send("One", key="k").message.text == "I was faster."
    world.spent += Usage(7)
    assert [spending.usage for spending in world.user().export().spendings] == [cost_of(1)]
    assert last_job(chat) == Usage(7)
    assert [message.text for message in chat.history().messages] == [
        "Go on.", "One", "I was faster.",
    ]  # fmt: skip


def test_spendings_go_with_their_user(world: World) -> None:
    """A late answer's cost is the user's: it is exported, and deleted with all the rest."""
    chat = world.user().start(TALK)
    world.meanwhile = chat.cancel
    with pytest.raises(SessionNotActiveError):
        chat.send("One")
    world.user().delete_all()
    assert world.user().export().spendings == ()
    world.spent = Usage()


class NoFigures(Memory):
    """Memory that cannot be reached whenever a late answer's cost is to be kept."""

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`."""
        if any(isinstance(op, Insert) and op.record.key.kind == "spending" for op in ops):
            raise StoreUnavailableError
        return super().commit(ops)


def test_figures_are_no_reason_to_fail() -> None:
    """Where a late answer's cost cannot be written, the caller is told of the end all the same."""

    def answer(_ask: Ask) -> Answer:
        chat.cancel()
        return Answer(text="Late.", usage=Usage(5))

    coach = Coach(NoFigures(), ScriptedModel(answer), topics=[PLAIN])
    chat = coach.as_user("ada").start(PLAIN)
    with pytest.raises(SessionNotActiveError):
        chat.send("One")


def test_figures_that_cannot_be_are_clamped() -> None:
    """A provider's negative figure counts nothing, and one beyond reason is cut."""
    assert Usage(-5, 7, -(10**30)).clamped() == Usage(0, 7, 0)
    assert Usage(10**30).clamped() == Usage(10**15)
    assert Usage(1, 2, 3) + Usage(10, 20, 30) == Usage(11, 22, 33)
