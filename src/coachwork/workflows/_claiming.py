"""Taking a topic: the claims that a start needs, and the sessions that give way to it.

Uniqueness is a claim record whose key is the live key and whose value is the session. Every
session holds its user's claim; one on an exclusive topic the tenant's too. Each test scenario has
claims of its own, so what is tried there ends nothing that is live. To take over a claim is an
update from its version, in the commit that ends the session that held it, so of two starts that
both saw it free or ripe, one is told to look again (brief, section 8).
"""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from coachwork.effects import Get, Now, Workflow
from coachwork.errors import SessionConflictError
from coachwork.records import (
    CLAIM,
    SESSION_RECORD,
    Delete,
    Op,
    Stored,
    background_key,
    claim_key,
    session_key,
)
from coachwork.sessions import LIVE, Claim, Session, SessionEvent, SessionStatus
from coachwork.topics import Topic
from coachwork.workflows._ending import end_session, load_job
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import load


@frozen
class Holding:
    """A claim on a topic, or that there is none, and the live session that it leads to.

    Attributes:
        claim: The claim.
        session: The session.
        left: What deletes the background of a session that an engine deleted.
    """

    claim: Stored[Claim] | None
    session: Stored[Session] | None
    left: Delete | None = None


NOTHING = Holding(None, None)


def read_holding(caller: Caller, topic: str, user: str | None) -> Workflow[Holding]:
    """Return who holds *topic*: the *user*'s claim, or the tenant's where *user* is None.

    A claim that leads to no live session was freed between the two reads, and may have been taken
    again: a new claim begins with the version of the old one, so a commit could not tell them
    apart. It is read once more; only where it is still the same does it lead nowhere for good:
    an engine has deleted the session. Whoever takes it then deletes what is left of that, too,
    which only one can; else who saw the same claim could take a later one for it.
    """
    place = claim_key(caller.tenant, topic, user, caller.scenario)
    claim = yield from load(CLAIM, place)
    while claim is not None:
        key = session_key(caller.tenant, claim.value.session)
        session = yield from load(SESSION_RECORD, key)
        if session is not None and _is_of(claim.value, session.value):
            return Holding(claim, session)
        left = None if session is not None else (yield from _left_of(claim.value))
        again = yield from load(CLAIM, place)
        if again == claim:
            return Holding(claim, None, left)
        claim = again
    return NOTHING


def _left_of(claim: Claim) -> Workflow[Delete | None]:
    """Return what deletes the background of the session that *claim* leads to, read or not."""
    key = background_key(claim.tenant, claim.session)
    found = yield from Get(key)
    return None if found is None else Delete(key, found.version)


def _is_of(claim: Claim, session: Session) -> bool:
    """Whether *session* is the live one that *claim* speaks of, and no other's by some mistake."""
    about = session.about
    wanted = (claim.user, claim.topic, claim.scenario)
    return session.status in LIVE and (about.user, about.topic, about.scenario) == wanted


def held_by_another(caller: Caller, tenant_wide: Holding, now: datetime) -> Session | None:
    """Return the session of another user that holds the tenant's claim, if it has not expired."""
    session = tenant_wide.session
    if session is None or session.value.about.user == caller.user:
        return None
    return None if session.value.is_expired(now) else session.value


def read_holdings(caller: Caller, topic: Topic[object]) -> Workflow[tuple[Holding, Holding]]:
    """Return the user's holding and, where the topic is exclusive, the tenant's."""
    own = yield from read_holding(caller, topic.id, caller.user)
    if not topic.exclusive:
        return own, NOTHING
    return own, (yield from read_holding(caller, topic.id, None))


def conflict(setup: Setup, session: Session) -> SessionConflictError:
    """Return the refusal of a start that finds *session* of another user."""
    return SessionConflictError(session.about.user if setup.settings.show_conflict_user else None)


def may_take_over(topic: Topic[object], session: Session, now: datetime) -> bool:
    """Whether another user's *session* may be taken over: an active one never."""
    ripe = session.status is SessionStatus.PAUSED or session.is_idle(now)
    return ripe and topic.allow_take_over


def claim_ops(
    setup: Setup,
    caller: Caller,
    topic: Topic[object],
    session_id: str,
    holdings: tuple[Holding, Holding],
) -> Workflow[list[Op]]:
    """Return what makes *session_id* the holder of *topic* and ends the sessions before it."""
    own, tenant_wide = holdings
    new = [(own, _claim(caller, topic, session_id, tenant_wide=False))]
    if topic.exclusive:
        new.append((tenant_wide, _claim(caller, topic, session_id, tenant_wide=True)))
    ops: list[Op] = [
        CLAIM.insert(claim) if old.claim is None else CLAIM.update(old.claim, claim)
        for old, claim in new
    ]
    ops += dict.fromkeys(holding.left for holding in holdings if holding.left is not None)
    claimed = {CLAIM.key(claim) for _, claim in new}
    ended: set[str] = set()
    for holding in holdings:
        session = holding.session
        if session is None or session.value.about.id in ended:
            continue
        ended.add(session.value.about.id)
        freeing = yield from _retire(setup, caller, session)
        ops += [op for op in freeing if not (isinstance(op, Delete) and op.key in claimed)]
    return ops


def _claim(caller: Caller, topic: Topic[object], session: str, *, tenant_wide: bool) -> Claim:
    """Return the claim of *session*."""
    return Claim(caller.tenant, topic.id, caller.user, session, tenant_wide, caller.scenario)


def _retire(setup: Setup, caller: Caller, session: Stored[Session]) -> Workflow[list[Op]]:
    """Return what ends *session* because another takes its place."""
    job = yield from load_job(session.value)
    now = yield from Now()
    event = SessionEvent.REPLACE
    if session.value.is_expired(now):
        event = SessionEvent.EXPIRE
    elif (
        session.value.about.user == caller.user
        and session.value.status is SessionStatus.ACTIVE
        and setup.settings.start_new == "cancel"
    ):
        event = SessionEvent.CANCEL
    return (yield from end_session(session, job, event, now)).ops
