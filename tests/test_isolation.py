"""Who sees what: every public operation against everybody who has no business there.

The rule (brief, sections 3 and 10): another tenant's session, one that never was, one that was
deleted and one that has expired are the same to the caller: the same error, the same words,
nothing written. Another user's session in the same tenant is denied, or hidden by a setting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

import pytest
from attrs import frozen

from coachwork import Chat, Coach, CoachworkError, Settings, Topic, problem, to_json
from coachwork.adapters import ScriptedModel, final
from coachwork.coach import UserCoach
from coachwork.errors import (
    SessionAccessDeniedError,
    SessionConflictError,
    SessionNotActiveError,
    SessionNotFoundError,
    TopicNotFoundError,
)
from coachwork.ports import Ask
from coachwork.testing import FakeClock
from tests.stores import STORES, Store, everything, opened


@frozen
class Shares:
    """What the conversation yields."""

    share: int


TALK = Topic(id="talk", system="Listen.", initiation="Greet.", result=Shares)
SHARED = Topic(id="shared", system="Listen.", exclusive=True)
CANARY: Final = "Canary-2b9e"


def saying(ask: Ask) -> str:
    """Answer, with a secret; ``bye`` is answered with the final reply."""
    if ask.messages[-1].text.endswith("bye"):
        return final({"share": 1}, f"{CANARY} bye")
    return f"{CANARY} reply"


class World:
    """A repository, a clock and a coach."""

    def __init__(self, store: Store) -> None:
        """Begin with an empty *store*."""
        self.store = store
        self.clock = FakeClock()
        self.model = ScriptedModel(saying)
        self.coach = self.serve()
        self.hiding = self.serve(Settings(hide_foreign=True))

    def serve(self, settings: Settings | None = None) -> Coach:
        """Return a coach."""
        topics = [TALK, SHARED]
        return Coach(self.store, self.model, topics=topics, clock=self.clock, settings=settings)

    def begin(self) -> Chat[Shares]:
        """Return Ada's session, with a message."""
        ada = self.coach.as_user("ada", tenant="acme")
        chat = ada.start(TALK, context={"name": CANARY}, key="ada-start")
        chat.send(f"{CANARY} hello", key="ada-send")
        return chat


@pytest.fixture(params=STORES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world on each repository."""
    made = World(opened(request.param, tmp_path))
    with made.coach:
        yield made


OPERATIONS: Final[dict[str, Callable[[Chat[Shares]], object]]] = {
    "get": lambda chat: chat.get(),
    "history": lambda chat: chat.history(),
    "timeline": lambda chat: chat.timeline(),
    "history page": lambda chat: chat.history(after=1, last=1),
    "send": lambda chat: chat.send("Hello"),
    "send with a key": lambda chat: chat.send("Hello", key="mine"),
    "send with the owner's key": lambda chat: chat.send(f"{CANARY} hello", key="ada-send"),
    "pause": lambda chat: chat.pause(),
    "resume": lambda chat: chat.resume(),
    "complete": lambda chat: chat.complete(),
    "cancel": lambda chat: chat.cancel(),
}
"""Everything that names a session."""

Told: TypeAlias = tuple[object, ...]


def told(world: World, operation: str, chat: Chat[Shares]) -> Told:
    """Return all that a caller learns from a refusal, which changed nothing and asked nobody."""
    before, asked = everything(world.store), len(world.model.asked)
    with pytest.raises(CoachworkError) as raised:
        OPERATIONS[operation](chat)
    error = raised.value
    assert everything(world.store) == before
    assert len(world.model.asked) == asked
    learnt = (type(error), error.code, str(error), repr(error), error.retry_after)
    # The key is the caller's own, or was made for this very call: it tells nothing.
    facts = (to_json(dict(error.facts)), error.session, error.job, problem(error))
    assert CANARY not in repr((learnt, facts))
    return learnt + facts


def absent(world: World, operation: str) -> Told:
    """Return what the caller learns of a session that never was."""
    user = world.coach.as_user("ada", tenant="acme")
    return told(world, operation, user.session(TALK, "01a1fc6f-0000-7000-8000-000000000000"))


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("user", ["ada", "bob"])
def test_another_tenant(world: World, operation: str, user: str) -> None:
    """A session of another tenant is not there, also for a user of the same name."""
    chat = world.begin()
    foreign = world.coach.as_user(user, tenant="other").session(TALK, chat.session_id)
    assert told(world, operation, foreign) == absent(world, operation)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("forged", ["never", "talk", "ada", "..", "*", "%", "session/4:acme/1:x"])
def test_a_forged_id(world: World, operation: str, forged: str) -> None:
    """An id that was made up is not there."""
    world.begin()
    user = world.coach.as_user("ada", tenant="acme")
    assert told(world, operation, user.session(TALK, forged)) == absent(world, operation)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("state", ["active", "paused", "completed", "cancelled"])
def test_an_expired_session(world: World, operation: str, state: str) -> None:
    """An expired session is not there, to its own user, whatever became of it, swept or not."""
    chat = world.begin()
    if state == "paused":
        chat.pause()
    elif state == "completed":
        chat.send("bye")
    elif state == "cancelled":
        chat.cancel()
    world.clock.advance(days=14)
    assert told(world, operation, chat) == absent(world, operation)
    world.coach.purge_expired()
    assert told(world, operation, chat) == absent(world, operation)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_deleted_session(world: World, operation: str) -> None:
    """What was deleted is not there, at once and after the user came back."""
    chat = world.begin()
    world.coach.as_user("ada", tenant="acme").delete_all()
    assert told(world, operation, chat) == absent(world, operation)
    fresh = world.coach.as_user("ada", tenant="acme").start(SHARED)
    assert told(world, operation, chat) == absent(world, operation)
    assert fresh.get().status == "active"


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("state", ["active", "paused", "completed", "cancelled"])
def test_another_user_of_the_tenant(world: World, operation: str, state: str) -> None:
    """Another user's session is denied with the same words, whatever its state."""
    chat = world.begin()
    if state == "paused":
        chat.pause()
    elif state == "completed":
        chat.send("bye")
    elif state == "cancelled":
        chat.cancel()
    foreign = world.coach.as_user("bob", tenant="acme").session(TALK, chat.session_id)
    learnt = told(world, operation, foreign)
    assert learnt[:3] == (
        SessionAccessDeniedError,
        "SESSION_ACCESS_DENIED",
        "this session belongs to another user",
    )
    assert "ada" not in repr(learnt)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("state", ["active", "paused", "completed"])
def test_another_user_is_hidden_by_a_setting(world: World, operation: str, state: str) -> None:
    """With `hide_foreign` another user's session is as one that never was."""
    chat = world.begin()
    if state == "paused":
        chat.pause()
    elif state == "completed":
        chat.send("bye")
    foreign = world.hiding.as_user("bob", tenant="acme").session(TALK, chat.session_id)
    assert told(world, operation, foreign) == absent(world, operation)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_another_users_session_that_has_expired(world: World, operation: str) -> None:
    """Expired comes before foreign: nobody learns that it once was somebody's."""
    chat = world.begin()
    world.clock.advance(days=14)
    foreign = world.coach.as_user("bob", tenant="acme").session(TALK, chat.session_id)
    assert told(world, operation, foreign) == absent(world, operation)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_owner_passes(world: World, operation: str) -> None:
    """The same operations by the owner are not refused: the matrix tests what it means to."""
    assert OPERATIONS[operation](world.begin()) is not None


# --- operations that name no session ----------------------------------------------------------

LISTS: Final[dict[str, Callable[[UserCoach], object]]] = {
    "check": lambda user: user.check(TALK),
    "topics": lambda user: user.topics(),
    "list": lambda user: user.list_sessions(),
    "list by topic": lambda user: user.list_sessions(topic="talk", status=["active", "paused"]),
    "export": lambda user: to_json(user.export()),
    "export scenario": lambda user: to_json(user.export_scenario().sessions),
}


@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize("who", [("bob", "acme"), ("ada", "other"), ("ada/1:x", "acme")])
def test_lists_show_nothing_of_others(world: World, operation: str, who: tuple[str, str]) -> None:
    """To everybody else it is as if the session were not there; asking writes nothing."""
    user, tenant = who
    stranger = world.coach.as_user(user, tenant=tenant)
    empty = LISTS[operation](stranger)
    chat = world.begin()
    before = everything(world.store)
    seen = LISTS[operation](stranger)
    assert seen == empty
    assert chat.session_id not in repr(seen)
    assert everything(world.store) == before


@pytest.mark.parametrize("operation", [name for name in LISTS if name != "export"])
def test_lists_show_nothing_that_has_expired(world: World, operation: str) -> None:
    """An expired session is in no list, before it is swept and after."""
    ada = world.coach.as_user("ada", tenant="acme")
    empty = LISTS[operation](ada)
    world.begin()
    assert LISTS[operation](ada) != empty
    world.clock.advance(days=14)
    assert LISTS[operation](ada) == empty
    world.coach.purge_expired()
    assert LISTS[operation](ada) == empty


@pytest.mark.parametrize("operation", LISTS)
def test_lists_show_nothing_that_was_deleted(world: World, operation: str) -> None:
    """After a deletion every list is as before the first session."""
    ada = world.coach.as_user("ada", tenant="acme")
    empty = LISTS[operation](ada)
    world.begin().send("bye")
    world.begin()
    ada.delete_all()
    assert LISTS[operation](ada) == empty


def test_start_and_open_touch_only_ones_own(world: World) -> None:
    """A start, an open and a deletion by others leave a session as it is."""
    chat = world.begin()
    mine = {key: kept for key, kept in everything(world.store).items()}  # noqa: C416 - a copy
    for user, tenant in (("bob", "acme"), ("ada", "other")):
        other = world.coach.as_user(user, tenant=tenant)
        other.start(TALK, key="ada-start")
        other.open(TALK)
        other.delete_all()
    now = everything(world.store)
    assert {key: now.get(key) for key in mine} == mine
    assert chat.get().status == "active"


def test_a_command_writes_only_its_own_tenants_keys(world: World) -> None:
    """Every record that a user's commands write has the tenant in its key."""
    world.begin()
    before = set(everything(world.store))
    chat = world.coach.as_user("ada", tenant="other").start(TALK)
    chat.send("Hello")
    chat.send("bye")
    added = set(everything(world.store)) - before
    assert added
    assert all("/5:other" in key for key in added)


def test_another_users_key_is_not_ones_own(world: World) -> None:
    """A key that another user used brings nothing of theirs."""
    chat = world.begin()
    bob = world.coach.as_user("bob", tenant="acme")
    mine = bob.start(TALK, key="ada-start")
    assert mine.session_id != chat.session_id
    turn = mine.send("My own words", key="ada-send")
    assert turn.user_message.text == "My own words"


# --- the two things that may be seen or done --------------------------------------------------


def test_a_conflict_tells_the_id_and_nothing_else(world: World) -> None:
    """Another user's session on an exclusive topic shows by its user's id; a setting hides it."""
    theirs = world.coach.as_user("ada", tenant="acme").start(SHARED)
    bob = world.coach.as_user("bob", tenant="acme")
    check = bob.check(SHARED)
    assert (check.conflict, check.conflict_user_id, check.session_id) == (True, "ada", None)
    assert theirs.session_id not in repr(check)
    quiet = world.serve(Settings(show_conflict_user=False)).as_user("bob", tenant="acme")
    assert quiet.check(SHARED).conflict_user_id is None
    for user, shown in ((bob, "ada"), (quiet, None)):
        before = everything(world.store)
        with pytest.raises(SessionConflictError) as raised:
            user.start(SHARED)
        assert raised.value.conflict_user_id == shown
        assert ("ada" in repr(problem(raised.value))) == (shown is not None)
        assert theirs.session_id not in repr(problem(raised.value))
        assert everything(world.store) == before


def test_a_conflict_that_has_expired_is_none(world: World) -> None:
    """An expired session blocks nobody, swept or not."""
    world.coach.as_user("ada", tenant="acme").start(SHARED)
    world.clock.advance(days=14)
    bob = world.coach.as_user("bob", tenant="acme")
    assert not bob.check(SHARED).conflict
    assert bob.start(SHARED).get().status == "active"


@pytest.mark.parametrize("state", ["active", "paused", "idle"])
def test_a_take_over_ends_what_it_may_and_shows_nothing(world: World, state: str) -> None:
    """A take-over retires a paused or idle session of another user; an active one never."""
    theirs = world.coach.as_user("ada", tenant="acme").start(SHARED)
    if state == "paused":
        theirs.pause()
    elif state == "idle":
        world.clock.advance(minutes=30, microseconds=1)
    bob = world.coach.as_user("bob", tenant="acme")
    before = everything(world.store)
    with pytest.raises(SessionConflictError):
        bob.start(SHARED)
    if state == "active":
        with pytest.raises(SessionConflictError):
            bob.start(SHARED, take_over=True)
        assert everything(world.store) == before
        assert theirs.get().status == "active"
        return
    mine = bob.start(SHARED, take_over=True)
    assert (theirs.get().status, theirs.get().end_reason) == ("abandoned", "replaced")
    with pytest.raises(SessionNotActiveError):
        theirs.send("Hello")
    assert theirs.session_id not in repr(mine.opened)
    assert world.coach.as_user("ada", tenant="acme").check(SHARED).conflict_user_id == "bob"


def test_an_undeclared_topic_still_keeps_its_owner(world: World) -> None:
    """A topic that is gone allows its owner to read, pause, cancel and export; nobody else."""
    chat = world.begin()
    later = Coach(world.store, world.model, topics=[SHARED], clock=world.clock)
    ada, bob = (later.as_user(name, tenant="acme") for name in ("ada", "bob"))
    handle = ada.session("talk", chat.session_id)
    assert handle.get().status == "active"
    assert len(handle.history().messages) == 3
    assert ada.export().sessions[0].session.id == chat.session_id
    with pytest.raises(SessionAccessDeniedError):
        bob.session("talk", chat.session_id).get()
    with pytest.raises(SessionNotFoundError):
        later.as_user("ada", tenant="other").session("talk", chat.session_id).cancel()
    with pytest.raises(TopicNotFoundError):
        ada.session(TALK, chat.session_id).send("Hello")
    assert handle.pause().status == "paused"
    assert handle.cancel().status == "cancelled"
