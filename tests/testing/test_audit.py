"""An audited repository refuses what must not be, and is otherwise the repository behind it."""

from __future__ import annotations

import asyncio
import copy
import logging
import pickle
from collections.abc import Sequence
from contextlib import closing, nullcontext
from pathlib import Path

import pytest
from attrs import frozen

from coachwork import AsyncCoach, Coach, CoachworkError, Memory, Topic, in_threads, problem
from coachwork.adapters import ScriptedModel, final
from coachwork.errors import MisuseError, ModelError, ValidationError
from coachwork.ports import Answer, Ask, CommitResult, Query
from coachwork.records import Insert, Key, Op, Record
from coachwork.testing import (
    AsyncAudited,
    Audited,
    FakeClock,
    InvariantError,
    RecordingNotifier,
    check_repository,
    log_violations,
    refuse_violations,
)
from tests.bad_commits import OF_SEVERAL_RECORDS
from tests.stores import STORES, opened


@frozen
class Values:
    """What the conversation yields."""

    values: list[str]


TALK = Topic(id="talk", system="Listen.", initiation="Greet.", resume="Welcome.", result=Values)
ROOM = Topic(id="room", system="Listen.", exclusive=True)


def said(ask: Ask) -> str | Answer:
    """Talk, end where it is asked for, and fail where it is asked for."""
    text = ask.messages[-1].text
    if text == "Fail.":
        return Answer(finish="error")
    if ask.purpose == "extraction":
        return '{"values": ["honesty"]}'
    return final(None, "Bye.") if text == "The end." else "Go on."


def passes(_: tuple[str, ...]) -> None:
    """Let pass what a test wants to pass."""


# --- what passes -----------------------------------------------------------------------------


@pytest.mark.parametrize("store", STORES)
def test_whole_conversations_pass(tmp_path: Path, store: str) -> None:
    """Sessions from their start to the sweep, in blocking code: nothing is found."""
    audited = Audited(opened(store, tmp_path))
    clock, heard = FakeClock(), RecordingNotifier()
    with Coach(
        audited, ScriptedModel(said), topics=[TALK, ROOM], clock=clock, notifier=heard
    ) as coach:
        ada, ben = coach.as_user("ada"), coach.as_user("ben")
        chat = ada.start(TALK)
        chat.send("One.")
        with pytest.raises(ModelError) as failed:
            chat.send("Fail.")
        assert failed.value.job is not None
        chat.submit("Two.")
        clock.advance(hours=1)
        assert chat.send("Three.").message.text == "Go on."
        chat.pause()
        chat.resume()
        assert chat.send("The end.").is_final
        room = ben.start(ROOM)
        room.submit("One.")
        room.pause()
        ada.start(ROOM, take_over=True).cancel()
        ada.start(TALK, wait=False)
        ada.start(TALK)
        coach.relay()
        clock.advance(days=40)
        coach.purge_expired()
        ben.delete_all()
    done = audited.figures
    assert done.commits > 30
    assert (done.unjudged, done.violations) == (0, 0)


@pytest.mark.parametrize("store", STORES)
def test_whole_conversations_pass_in_async_code(tmp_path: Path, store: str) -> None:
    """An async coach takes the async form of the audit; both forms count together."""
    audited = Audited(opened(store, tmp_path))

    async def main() -> None:
        async with AsyncCoach(audited, ScriptedModel(said), topics=[TALK]) as coach:
            ada = coach.as_user("ada")
            chat = await ada.start(TALK)
            await chat.send("One.")
            await chat.pause()
            await chat.resume()
            assert (await chat.send("The end.")).result == Values(["honesty"])
            assert len((await chat.history()).messages) > 4
            assert len((await ada.list_sessions()).sessions) == 1

    asyncio.run(main())
    assert audited.figures.commits > 5
    assert (audited.figures.unjudged, audited.figures.violations) == (0, 0)


def test_it_keeps_the_promises_of_the_repository_behind_it() -> None:
    """Whatever is stored: what the kit writes and no workflow would is let pass here."""
    audited = Audited(Memory(), on_violation=passes)
    check_repository(lambda: nullcontext(audited))
    assert audited.figures.commits > 0
    awaited = AsyncAudited(Memory().for_async(), on_violation=passes)
    check_repository(lambda: nullcontext(awaited))


# --- what is refused -------------------------------------------------------------------------


def broken(on_violation: object = refuse_violations) -> tuple[Memory, Audited, tuple[Op, ...]]:
    """Return a store, its audit, and a commit that breaks an invariant."""
    before, ops = OF_SEVERAL_RECORDS["a message is counted and not there"][1]()
    store = Memory()
    for record in before:
        store.commit([Insert(record)])
    assert callable(on_violation)
    return store, Audited(store, on_violation=on_violation), ops


def test_a_commit_that_breaks_an_invariant_is_refused() -> None:
    """The error tells what is wrong, with numbers and ids, and nothing of what was said."""
    store, audited, ops = broken()
    before = store.records()
    with pytest.raises(InvariantError) as told:
        audited.commit(ops)
    assert store.records() == before
    error = told.value
    assert isinstance(error, CoachworkError)
    assert error.violations[0].startswith("3: session acme/id-00002: ")
    assert str(error) == f"a commit was refused: {'; '.join(error.violations)}"
    assert "One." not in str(error)
    assert not error.retryable
    assert error.retry_after is None
    body, status, headers = problem(error)
    assert (status, body["code"], "Retry-After" in headers) == (500, "INTERNAL_ERROR", False)
    assert "session" not in str(body["detail"])
    for same in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 - our own
        assert (str(same), same.violations) == (str(error), error.violations)


def test_an_async_commit_is_refused_alike() -> None:
    """The same commit, awaited."""
    store, _, ops = broken()
    audited = AsyncAudited(store.for_async())
    with pytest.raises(InvariantError):
        asyncio.run(audited.commit(ops))
    assert audited.figures.violations == 2


def test_violations_may_be_logged_alone(caplog: pytest.LogCaptureFixture) -> None:
    """The commit is done then, and each violation stands in the log as an error."""
    _, audited, ops = broken(log_violations)
    with caplog.at_level(logging.ERROR, "coachwork"):
        assert audited.commit(ops) is CommitResult.DONE
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == audited.figures.violations == 2
    assert told[0].startswith("an invariant is broken: 3: session acme/id-00002")


# --- the two colours -------------------------------------------------------------------------


class Plain:
    """A blocking repository without an async form; it counts how often it was closed."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.store = Memory()
        self.closed = 0

    def get(self, key: Key, /) -> Record | None:
        """Ask the store."""
        return self.store.get(key)

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Tell the store."""
        return self.store.commit(ops)

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Ask the store."""
        return self.store.log(tenant, session, after=after, last=last, limit=limit)

    def find(self, query: Query, /) -> Sequence[Record]:
        """Ask the store."""
        return self.store.find(query)

    def close(self) -> None:
        """Count it."""
        self.closed += 1


def test_a_repository_without_an_async_form_has_to_be_put_into_threads() -> None:
    """An audit hides from nobody that a port would stop the event loop."""
    with pytest.raises(MisuseError, match=r"pass AsyncAudited\(in_threads\(Plain\)\)"):
        AsyncCoach(Audited(Plain()), ScriptedModel([]), topics=[ROOM])

    async def main() -> None:
        audited = AsyncAudited(in_threads(Plain()))
        async with AsyncCoach(audited, ScriptedModel(said), topics=[ROOM]) as coach:
            await (await coach.as_user("ada").start(ROOM)).send("One.")
        assert audited.figures.violations == 0

    asyncio.run(main())


def test_closing_it_closes_the_repository() -> None:
    """In both colours; one that cannot be closed is left alone."""
    plain = Plain()
    with closing(Audited(plain)):
        pass
    assert plain.closed == 1
    Audited(Memory()).close()
    asyncio.run(AsyncAudited(Memory().for_async()).close())
    asyncio.run(AsyncAudited(in_threads(plain)).close())
    assert plain.closed == 2


@pytest.mark.parametrize("remember", [-1, 1.5, True, None])
def test_what_it_cannot_remember_is_refused(remember: object) -> None:
    """The error names the argument."""
    with pytest.raises(ValidationError, match="remember: expected a whole number from 0"):
        Audited(Memory(), remember=remember)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValidationError):
        AsyncAudited(Memory().for_async(), remember=remember)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
