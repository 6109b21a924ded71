"""Taking a topic: claims, conflicts, and the sessions that give way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from coachwork.effects import Commit, Effect, Get, Workflow
from coachwork.errors import SessionConflictError
from coachwork.policies import Settings
from coachwork.records import CLAIM, Delete, background_key, session_key
from coachwork.sessions import Claim, Session
from coachwork.testing import violations
from coachwork.topics import Topic
from coachwork.workflows import Caller, cancel, check, complete, pause, start
from tests.faults import ADA, BEN, World

TALK = Topic(id="talk", system="Listen.")
ROOM = Topic(id="room", system="Listen.", exclusive=True)


def world(**given: Any) -> World:  # noqa: ANN401 - as a world takes it
    """Return a world with a plain and an exclusive topic."""
    return World([TALK, ROOM], **given)


def sessions(here: World) -> list[tuple[str, str, str | None]]:
    """Return user, status and reason of the end of all sessions, the oldest first."""
    told: list[tuple[str, str, str | None]] = []
    for one in here.stored("session"):
        assert isinstance(one, Session)
        ending = one.ledger.ending
        told.append((one.about.user, one.status.value, ending.reason.value if ending else None))
    return told


def test_one_session_per_user_and_topic() -> None:
    """Two users may hold a plain topic side by side; a second start of one retires the first."""
    here = world()
    here.run(start(here.setup, ADA, TALK))
    here.run(start(here.setup, BEN, TALK))
    here.run(start(here.setup, ADA, TALK))
    assert sessions(here) == [
        ("ada", "abandoned", "replaced"),
        ("ben", "active", None),
        ("ada", "active", None),
    ]
    assert len(here.stored("claim")) == 2


def test_a_setting_cancels_an_active_session_at_a_new_start() -> None:
    """``start_new="cancel"``: the owner's active session is cancelled, a paused one abandoned."""
    here = world(settings=Settings(start_new="cancel"))
    here.run(start(here.setup, ADA, TALK))
    paused = here.run(start(here.setup, ADA, TALK)).session.id
    here.run(pause(here.setup, ADA, TALK, paused))
    here.run(start(here.setup, ADA, TALK))
    assert [end for _, _, end in sessions(here)] == ["cancelled", "replaced", None]


def test_another_users_session_is_never_cancelled() -> None:
    """Also with that setting a session that is taken over is abandoned."""
    here = world(settings=Settings(start_new="cancel"))
    here.run(start(here.setup, BEN, ROOM))
    here.clock.advance(hours=1)
    here.run(start(here.setup, ADA, ROOM, take_over=True))
    assert sessions(here)[0] == ("ben", "abandoned", "replaced")


def test_an_expired_session_is_closed_as_expired() -> None:
    """Whoever takes its place writes that it expired."""
    here = world()
    here.run(start(here.setup, ADA, TALK))
    here.clock.advance(days=14)
    here.run(start(here.setup, ADA, TALK))
    assert sessions(here)[0] == ("ada", "abandoned", "expired")


def test_an_exclusive_topic_is_the_tenants() -> None:
    """One user of the tenant at a time; a paused session holds too; other tenants are others."""
    here = world()
    held = here.run(start(here.setup, BEN, ROOM)).session.id
    for take_over in (False, True):
        with pytest.raises(SessionConflictError):
            here.run(start(here.setup, ADA, ROOM, take_over=take_over))
    here.run(start(here.setup, Caller("other", "ada"), ROOM))
    here.run(pause(here.setup, BEN, ROOM, held))
    with pytest.raises(SessionConflictError):
        here.run(start(here.setup, ADA, ROOM))
    here.run(start(here.setup, ADA, ROOM, take_over=True))
    assert sessions(here)[0] == ("ben", "abandoned", "replaced")


@pytest.mark.parametrize("command", [cancel, complete], ids=["cancel", "complete"])
def test_an_end_frees_the_topic(command: Callable[..., Workflow[object]]) -> None:
    """The tenant's claim and the user's go together."""
    here = world()
    held = here.run(start(here.setup, BEN, ROOM)).session.id
    assert len(here.stored("claim")) == 2
    here.run(command(here.setup, BEN, ROOM, held))
    assert here.stored("claim") == []
    here.run(start(here.setup, ADA, ROOM))


def test_a_topic_may_forbid_taking_over() -> None:
    """Where it does, an idle session is a conflict too."""
    here = world()
    room = evolve(ROOM, allow_take_over=False)
    here.declare(room)
    here.run(start(here.setup, BEN, room))
    here.clock.advance(days=1)
    with pytest.raises(SessionConflictError):
        here.run(start(here.setup, ADA, room, take_over=True))


def test_a_setting_hides_who_holds() -> None:
    """Then a conflict names nobody, in the refusal and in check."""
    here = world(settings=Settings(show_conflict_user=False))
    here.run(start(here.setup, BEN, ROOM))
    with pytest.raises(SessionConflictError) as error:
        here.run(start(here.setup, ADA, ROOM))
    assert (error.value.conflict_user_id, dict(error.value.facts)) == (None, {})
    told = here.run(check(here.setup, ADA, ROOM))
    assert (told.conflict, told.conflict_user_id) == (True, None)


def test_a_topic_that_becomes_exclusive() -> None:
    """Sessions from before hold no claim of the tenant; the next start takes it."""
    here = world()
    here.run(start(here.setup, ADA, TALK))
    here.run(start(here.setup, BEN, TALK))
    exclusive = evolve(TALK, exclusive=True)
    here.declare(exclusive)
    here.run(start(here.setup, ADA, exclusive))
    with pytest.raises(SessionConflictError):
        here.run(start(here.setup, BEN, exclusive))
    assert [status for _, status, _ in sessions(here)] == ["abandoned", "active", "active"]


def test_a_topic_that_is_exclusive_no_more() -> None:
    """A new start frees the claim of the tenant that the old session held."""
    here = world()
    here.run(start(here.setup, ADA, ROOM))
    here.declare(evolve(ROOM, exclusive=False))
    here.run(start(here.setup, ADA, evolve(ROOM, exclusive=False)))
    claims = here.stored("claim")
    assert [isinstance(claim, Claim) and claim.tenant_wide for claim in claims] == [False]


def test_two_sessions_give_way_at_once() -> None:
    """The caller's own session and another user's, each in the way of an exclusive start."""
    here = world()
    here.run(start(here.setup, ADA, TALK))
    exclusive = evolve(TALK, exclusive=True)
    here.declare(exclusive)
    bens = here.run(start(here.setup, BEN, exclusive)).session.id
    here.run(pause(here.setup, BEN, exclusive, bens))
    here.run(start(here.setup, ADA, exclusive, take_over=True))
    assert [status for _, status, _ in sessions(here)] == ["abandoned", "abandoned", "active"]
    assert len(here.stored("claim")) == 2


@pytest.mark.parametrize("where", ["gone", "ended", "foreign"])
def test_a_claim_that_leads_nowhere_is_taken(where: str) -> None:
    """A claim whose session is not there, or has ended, or is of somebody else, stops nobody."""
    here = world()
    here.checks = False
    lost = "gone"
    if where != "gone":
        caller = BEN if where == "foreign" else ADA
        lost = here.run(start(here.setup, caller, TALK)).session.id
    if where == "ended":
        here.run(cancel(here.setup, ADA, TALK, lost))
    here.memory.commit([CLAIM.insert(Claim("acme", "talk", "ada", lost, tenant_wide=False))])
    assert here.run(check(here.setup, ADA, TALK)).has_session is False
    here.run(start(here.setup, ADA, TALK))
    assert [one for one in sessions(here) if one[0] == "ada"][-1] == ("ada", "active", None)
    assert violations(here.records()) == []


@pytest.mark.parametrize("topic", [TALK, ROOM], ids=["plain", "exclusive"])
def test_a_claim_that_was_freed_and_taken_again_is_no_longer_the_one_that_was_read(
    topic: Topic[object],
) -> None:
    """Between two reads of a start the session ends, and another start takes the topic.

    The new claim has the version that the old one had: it must not be taken for the old one.
    """
    here = world()
    old = here.run(start(here.setup, ADA, topic)).session.id
    done: list[object] = []

    def meanwhile(effect: Effect[object]) -> None:
        if isinstance(effect, Get) and effect.key.kind == "session" and not done:
            here.run(cancel(here.setup, ADA, topic, old))
            done.append(here.run(start(here.setup, ADA, topic)))

    here.meanwhile = meanwhile
    here.run(start(here.setup, ADA, topic))
    told = sorted(status for _, status, _ in sessions(here))
    assert told == ["abandoned", "active", "cancelled"]


def test_a_claim_that_is_free_by_the_time_its_session_is_read_is_free() -> None:
    """The session ended between the two reads, and nobody has taken the topic since."""
    here = world()
    old = here.run(start(here.setup, ADA, TALK)).session.id
    done: list[object] = []

    def meanwhile(effect: Effect[object]) -> None:
        if isinstance(effect, Get) and effect.key.kind == "session" and not done:
            done.append(here.run(cancel(here.setup, ADA, TALK, old)))

    here.meanwhile = meanwhile
    here.run(start(here.setup, ADA, TALK))
    assert [status for _, status, _ in sessions(here)] == ["cancelled", "active"]


@pytest.mark.parametrize("topic", [TALK, ROOM], ids=["plain", "exclusive"])
def test_a_claim_that_an_engine_left_is_taken_once(topic: Topic[object]) -> None:
    """Its session was deleted, and before the commit of a start it changes hands, and once more.

    The last claim has the version that the first one had: it must not be taken for that.
    """
    here = world()
    here.checks = False
    old = here.run(start(here.setup, ADA, topic)).session.id
    key = session_key("acme", old)
    here.memory.commit([Delete(key, 1)])
    done: list[object] = []

    def meanwhile(effect: Effect[object]) -> None:
        if isinstance(effect, Commit) and not done:
            done.append(None)
            taken = here.run(start(here.setup, ADA, topic)).session.id
            assert here.memory.get(background_key("acme", old)) is None
            here.run(cancel(here.setup, ADA, topic, taken))
            here.run(start(here.setup, ADA, topic))

    here.meanwhile = meanwhile
    here.run(start(here.setup, ADA, topic))
    told = sorted(status for _, status, _ in sessions(here))
    assert told == ["abandoned", "active", "cancelled"]
