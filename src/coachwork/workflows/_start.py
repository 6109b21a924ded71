"""Start means new (brief, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from attrs import frozen

from coachwork.effects import GetTemplate, NewId, Now, Workflow
from coachwork.errors import SessionNotFoundError, StoreUnavailableError
from coachwork.jobs import Job, JobKind
from coachwork.plain import JSON
from coachwork.records import (
    ACCOUNT,
    BACKGROUND,
    JOB_RECORD,
    RECEIPT,
    SESSION_RECORD,
    Op,
    Stored,
    account_key,
    session_key,
)
from coachwork.sessions import (
    About,
    Account,
    AccountStatus,
    Background,
    InFlight,
    Ledger,
    Receipt,
    Session,
    SessionStatus,
)
from coachwork.topics import TemplateName, Topic, checked_context
from coachwork.workflows._accepting import see_to
from coachwork.workflows._answers import Started, T, job_view, session_view
from coachwork.workflows._claiming import (
    Holding,
    claim_ops,
    conflict,
    held_by_another,
    may_take_over,
    read_holdings,
)
from coachwork.workflows._jobs import (
    Call,
    Held,
    admitted,
    keyed,
    load_held,
    new_call,
    new_job,
    read_receipt,
    reply_of,
)
from coachwork.workflows._prompting import check_templates
from coachwork.workflows._setup import Caller, Setup, checked_flag
from coachwork.workflows._store import Tries, load


def start(
    setup: Setup,
    caller: Caller,
    topic: Topic[T],
    *,
    context: Mapping[str, JSON] | None = None,
    take_over: bool = False,
    key: str | None = None,
    wait: bool = True,
) -> Workflow[Started[T]]:
    """Start a new session; the owner's live session on the topic is retired in the same commit.

    Asks: the account, the claims and what they lead to, the receipt, templates, admission, one
    commit; then, where the topic has an INITIATION template, the model, and one more commit.

    Args:
        setup: The application's declarations.
        caller: Who starts.
        topic: What about.
        context: Plain data for the templates.
        take_over: Whether another user's idle or paused session on an exclusive topic is to be
            taken over.
        key: The idempotency key; a new one if it is left out.
        wait: Whether to wait for the greeting; else a worker greets.

    Raises:
        ValidationError: Context or key is not what it should be.
        TopicNotFoundError: The application declares no such topic.
        TemplateError: A template has names without a value.
        IdempotencyKeyReusedError: The key was used for another request.
        SessionConflictError: Another user holds the exclusive topic.
        ModelError: The greeting failed; the session is there all the same.
        StoreError: The repository failed.
    """
    setup.declared(topic)
    checked_flag(take_over, "take_over")
    checked_flag(wait, "wait")
    values = checked_context(context)
    call = yield from new_call(caller, "start", key, topic.id, values, take_over, waits=wait)
    terms = _Terms(values, take_over=take_over)
    return (yield from keyed(call, _start(setup, topic, call, terms)))


_NO_TAKE_OVER: Final = False


class LiveSessionError(Exception):
    """A start that was to spare a live session found one; it never leaves the workflows.

    Attributes:
        session: The session's id.
    """

    def __init__(self, session: str) -> None:
        """Name the *session*."""
        super().__init__("a session is live")
        self.session = session


def start_unless_live(
    setup: Setup,
    caller: Caller,
    topic: Topic[T],
    *,
    context: Mapping[str, JSON] | None,
    key: str | None,
    wait: bool,
) -> Workflow[Started[T]]:
    """Start a new session like `start`, but retire no live session of the caller's.

    Raises:
        LiveSessionError: The caller has one.
        CoachworkError: What `start` raises.
    """
    values = checked_context(context)
    call = yield from new_call(caller, "start", key, topic.id, values, _NO_TAKE_OVER, waits=wait)
    terms = _Terms(values, take_over=False, spare=True)
    return (yield from keyed(call, _start(setup, topic, call, terms)))


@frozen
class _Terms:
    """On which terms a session is to be started.

    Attributes:
        context: The plain data for its templates.
        take_over: Whether another user's idle or paused session may be retired.
        spare: Whether the caller's own live session may not.
    """

    context: dict[str, JSON]
    take_over: bool
    spare: bool = False


def _start(setup: Setup, topic: Topic[T], call: Call, terms: _Terms) -> Workflow[Started[T]]:
    """Accept the new session, have it greeted, and tell the greeting."""
    declared = setup.declared(topic)
    begun = yield from _accept(setup, declared, call, terms)
    held = begun.held
    if held is not None:
        held = yield from see_to(setup, declared, call, held)
    session = begun.session if held is None else held.session.value
    now = yield from Now()
    return Started(
        session=session_view(session, topic, now),
        greeting=None if held is None else (yield from reply_of(held)),
        job=None if held is None else job_view(held.job.value),
        key=call.key,
    )


@frozen
class _Begun:
    """A session that was started, by this call or an earlier one.

    Attributes:
        session: The session.
        held: Its job, or None where it was started without a greeting.
    """

    session: Session
    held: Held | None


def _accept(setup: Setup, topic: Topic[object], call: Call, terms: _Terms) -> Workflow[_Begun]:
    """Write the new session with all that must not be lost, or find that it was done before."""
    caller = call.caller
    session_id = yield from NewId()
    greets = (yield from GetTemplate(topic.id, TemplateName.INITIATION)) is not None
    tries = Tries(setup)
    asked = False
    while True:
        tries.another()
        account = yield from load(ACCOUNT, account_key(caller.tenant, caller.user))
        holdings = yield from read_holdings(caller, topic)
        receipt = yield from read_receipt(call)
        if receipt is not None:
            return (yield from _begun_before(caller, receipt))
        now = yield from Now()
        _may_start(setup, caller, topic, terms, holdings, now)
        if account is not None and account.value.status is AccountStatus.DELETING:
            raise StoreUnavailableError("what is stored of the user is being deleted")
        if not asked:
            asked = True
            yield from check_templates(topic, terms.context)
            yield from admitted(call, topic.id, None)
        session, job = _new_session(setup, topic, call, session_id, now, greets=greets)
        ops = yield from claim_ops(setup, caller, topic, session_id, holdings)
        account, op = account_op(account, caller, now)
        ops += [op, *_opening(call, session, job, terms.context, now)]
        if (yield from tries.commit(ops)):
            if job is None:
                return _Begun(session, None)
            return _Begun(session, Held(account, Stored(session, 1), Stored(job, 1)))


def _may_start(
    setup: Setup,
    caller: Caller,
    topic: Topic[object],
    terms: _Terms,
    holdings: tuple[Holding, Holding],
    now: datetime,
) -> None:
    """Make sure that nobody is in the way.

    Raises:
        LiveSessionError: The caller has a live session that is to be spared.
        SessionConflictError: Another user has one that may not be taken over.
    """
    own, tenant_wide = holdings
    if terms.spare and own.session is not None and not own.session.value.is_expired(now):
        raise LiveSessionError(own.session.value.about.id)
    other = held_by_another(caller, tenant_wide, now)
    if other is not None and not (terms.take_over and may_take_over(topic, other, now)):
        raise conflict(setup, other)


def _begun_before(caller: Caller, receipt: Receipt) -> Workflow[_Begun]:
    """Return what an earlier call under the same key started.

    Raises:
        SessionNotFoundError: It has expired since, or was deleted.
    """
    session = str(receipt.session)  # a start always concerns one
    stored = yield from load(SESSION_RECORD, session_key(caller.tenant, session))
    now = yield from Now()
    if stored is None or stored.value.is_expired(now):
        raise SessionNotFoundError
    if receipt.job is None:
        return _Begun(stored.value, None)
    return _Begun(stored.value, (yield from load_held(caller, session, receipt.job)))


def _new_session(
    setup: Setup, topic: Topic[object], call: Call, session_id: str, now: datetime, *, greets: bool
) -> tuple[Session, Job | None]:
    """Return a new session, and the job of its greeting if the coach is to speak first."""
    about = About(
        id=session_id,
        tenant=call.caller.tenant,
        user=call.caller.user,
        topic=topic.id,
        topic_revision=topic.revision,
        started_at=now,
        max_turns=topic.max_turns,
        idle_timeout=topic.idle_timeout,
        expires_after=topic.expires_after,
        keep_ended=topic.keep_ended,
        exclusive=topic.exclusive,
        scenario=call.caller.scenario,
    )
    in_flight: InFlight | None = None
    job: Job | None = None
    if greets:
        in_flight, job = new_job(setup, call, about, JobKind.GREETING, now, follows=None)
    return Session(about, SessionStatus.ACTIVE, 0, 0, now, now, in_flight, Ledger()), job


def account_op(
    old: Stored[Account] | None, caller: Caller, now: datetime
) -> tuple[Stored[Account], Op]:
    """Return the caller's open account, and what makes sure of it in the commit."""
    if old is not None and old.value.status is AccountStatus.OPEN:
        return old, ACCOUNT.check(old)
    new = Account(caller.tenant, caller.user, AccountStatus.OPEN, now)
    if old is None:
        return Stored(new, 1), ACCOUNT.insert(new)
    return Stored(new, old.version + 1), ACCOUNT.update(old, new)


def _opening(
    call: Call, session: Session, job: Job | None, context: dict[str, JSON], now: datetime
) -> list[Op]:
    """Return what inserts the new session and everything that comes with it."""
    about = session.about
    background = Background(tenant=about.tenant, user=about.user, session=about.id, context=context)
    ops: list[Op] = [
        SESSION_RECORD.insert(session),
        BACKGROUND.insert(background),
        RECEIPT.insert(call.receipt(about.id, None if job is None else job.id, now)),
    ]
    if job is not None:
        ops.append(JOB_RECORD.insert(job))
    return ops
