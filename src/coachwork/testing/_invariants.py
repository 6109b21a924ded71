"""What always holds of stored records (brief, section 10, invariants 1 to 9).

One file of predicates, for unit tests, properties, faults and races on every engine. `violations`
judges a state, `step_violations` what one commit made of another state. Each violation begins with
the invariant's number and names the kind and id concerned; no text of anybody is in it.

What records alone cannot tell is left to those who see more: that a refused call left nothing
(5), how often the model was asked (6), that it was ``resume`` that took PAUSED to ACTIVE (7).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from attrs import evolve, field, frozen

from coachwork.jobs import OPEN, Job, JobKind, JobStatus
from coachwork.messages import FIRST, Message, Role
from coachwork.ports import Query, Repository
from coachwork.records import CLAIM, KINDS, MESSAGE, Key, Record, account_key, claim_key
from coachwork.sessions import (
    LIVE,
    Account,
    AccountStatus,
    Background,
    Claim,
    EndReason,
    Receipt,
    Session,
    SessionStatus,
    Spending,
    Standing,
)

Id = tuple[str, str]
"""A tenant, and an id that is the tenant's own."""

_PAGE: Final = 500


def snapshot(repository: Repository, owners: Iterable[tuple[str, str]]) -> list[Record]:
    """Return all records of some users, as the views of *repository* tell them.

    It asks only what the port offers, so it works on every engine; where views lag, wait until
    they are up to date. A message whose session is gone is not found.

    Args:
        repository: The repository.
        owners: The users whose records are wanted, each as tenant and user.

    Raises:
        StoreError: The repository failed.
    """
    found: list[Record] = []
    for tenant, user in owners:
        for kind in KINDS.values():
            found += _owned_by(repository, kind.name, tenant, user)
    for record in [record for record in found if record.key.kind == "session"]:
        found += _log(repository, record.key.tenant, str(record.key.parts[0]))
    return found


def _owned_by(repository: Repository, kind: str, tenant: str, user: str) -> list[Record]:
    """Return all records of one kind that a user owns, page by page."""
    found: list[Record] = []
    while True:
        after = found[-1].key if found else None
        page = repository.find(
            Query(kind=kind, tenant=tenant, owner=user, after=after, limit=_PAGE)
        )
        found += page
        if len(page) < _PAGE:
            return found


def _log(repository: Repository, tenant: str, session: str) -> list[Record]:
    """Return all messages of a session, page by page."""
    found: list[Record] = []
    while True:
        after = MESSAGE.read(found[-1]).value.sequence if found else 0
        page = repository.log(tenant, session, after=after, limit=_PAGE)
        found += page
        if len(page) < _PAGE:
            return found


def violations(records: Iterable[Record], *, now: datetime | None = None) -> list[str]:
    """Return what does not hold of a state; nothing where all is well.

    Args:
        records: Everything that is stored, or everything of some users.
        now: The time (UTC), where sessions that have expired may be half swept away.

    Raises:
        StoreError: A record cannot be read.
    """
    stored = _Stored()
    found: list[str] = []
    for record in records:
        found += stored.take(record)
    stored.note_swept(now)
    for predicate in _OF_A_STATE:
        found += predicate(stored)
    return found


@frozen
class _Stored:
    """A state: what all records hold, by what it is found by."""

    sessions: dict[Id, Session] = field(factory=dict[Id, Session])
    jobs: dict[Id, Job] = field(factory=dict[Id, Job])
    messages: dict[Id, list[Message]] = field(factory=lambda: defaultdict[Id, list[Message]](list))
    claims: dict[str, Claim] = field(factory=dict[str, Claim])
    receipts: list[Receipt] = field(factory=list[Receipt])
    backgrounds: dict[Id, Background] = field(factory=dict[Id, Background])
    accounts: dict[Id, Account] = field(factory=dict[Id, Account])
    standings: dict[tuple[str, str, str], Standing] = field(
        factory=dict[tuple[str, str, str], Standing]
    )
    spendings: list[Spending] = field(factory=list[Spending])
    swept: set[Id] = field(factory=set[Id])

    def take(self, record: Record) -> Iterator[str]:
        """Read *record*; tell what is wrong with the record itself."""
        kind = KINDS[record.key.kind]
        value: object = kind.read(record).value
        if record.facts != kind.facts(value):
            yield f"8: {_name(record.key)}: its facts are not those of its body"
        match value:
            case Session():
                self.sessions[value.about.tenant, value.about.id] = value
            case Job():
                self.jobs[value.tenant, value.id] = value
            case Message():
                self.messages[value.tenant, value.session].append(value)
            case Claim():
                self.claims[CLAIM.key(value).text] = value
            case Receipt():
                self.receipts.append(value)
            case Background():
                self.backgrounds[value.tenant, value.session] = value
            case Account():
                self.accounts[value.tenant, value.user] = value
            case Standing():
                self.standings[value.tenant, value.user, value.topic] = value
            case _:
                assert isinstance(value, Spending)  # noqa: S101 - there are no other kinds
                self.spendings.append(value)

    def note_swept(self, now: datetime | None) -> None:
        """Note the sessions that may be half swept away: ended, and expired or to be deleted."""
        for key, session in self.sessions.items():
            about = session.about
            account = self.accounts.get((about.tenant, about.user))
            going = account is not None and account.status is not AccountStatus.OPEN
            if session.status not in LIVE and (
                going or (now is not None and session.is_expired(now))
            ):
                self.swept.add(key)

    def whole(self) -> Iterator[tuple[Id, Session]]:
        """Return the sessions that nobody sweeps away."""
        return (found for found in self.sessions.items() if found[0] not in self.swept)


def _name(key: Key) -> str:
    """Return kind and ids of a record, without the caller's secrets."""
    return f"{key.kind} {key.tenant}/{'/'.join(map(str, key.shown))}"


# --- 1: uniqueness ---------------------------------------------------------------------------


def _one_live_session(stored: _Stored) -> Iterator[str]:
    """1: At most one live session per user and topic, and per tenant and exclusive topic."""
    held: Counter[Key] = Counter()
    for session in stored.sessions.values():
        if session.status in LIVE:
            held.update(_live_keys(session))
    for key, number in held.items():
        if number > 1:
            yield f"1: {_name(key)}: {number} live sessions"


def _live_keys(session: Session) -> list[Key]:
    """Return the keys of the claims that a live *session* must hold."""
    about = session.about
    users = (about.user, None) if about.exclusive else (about.user,)
    return [claim_key(about.tenant, about.topic, user) for user in users]


def _claims_and_sessions(stored: _Stored) -> Iterator[str]:
    """1: Each live session holds its claims; each claim points to a live session of its holder."""
    for (tenant, name), session in stored.sessions.items():
        for key in _live_keys(session) if session.status in LIVE else ():
            claim = stored.claims.get(key.text)
            if claim is None or claim.session != name:
                yield f"1: session {tenant}/{name}: does not hold {_name(key)}"
    for claim in stored.claims.values():
        named = _name(CLAIM.key(claim))
        held = stored.sessions.get((claim.tenant, claim.session))
        if held is None or held.status not in LIVE:
            yield f"1: {named}: points to a session that is not live"
        elif (held.about.user, held.about.topic) != (claim.user, claim.topic) or (
            claim.tenant_wide and not held.about.exclusive
        ):
            yield f"1: {named}: points to a session that it does not fit"


# --- 2: ends ---------------------------------------------------------------------------------

_REASONS: Final[Mapping[SessionStatus, frozenset[EndReason | None]]] = {
    SessionStatus.ACTIVE: frozenset({None}),
    SessionStatus.PAUSED: frozenset({None}),
    SessionStatus.COMPLETED: frozenset({EndReason.COMPLETED}),
    SessionStatus.CANCELLED: frozenset({EndReason.CANCELLED}),
    SessionStatus.ABANDONED: frozenset({EndReason.REPLACED, EndReason.EXPIRED}),
}


def _endings(stored: _Stored) -> Iterator[str]:
    """2: An ending is there if and only if the session ended, and fits its status."""
    for (tenant, name), session in stored.sessions.items():
        ending = session.ledger.ending
        if (None if ending is None else ending.reason) not in _REASONS[session.status]:
            yield f"2: session {tenant}/{name}: its ending does not fit {session.status}"
        if ending is not None:
            yielded = ending.result is not None or ending.error is not None
            if yielded and session.status is not SessionStatus.COMPLETED:
                yield f"2: session {tenant}/{name}: a result although it is {session.status}"
            if session.ledger.completion_pending:
                yield f"2: session {tenant}/{name}: ended, and its completion is pending"


# --- 3: the log ------------------------------------------------------------------------------


def _logs(stored: _Stored) -> Iterator[str]:
    """3: Sequences without gap, counts that agree, instants in order, no (role, job) twice."""
    for key, session in stored.whole():
        named = f"session {key[0]}/{key[1]}"
        log = sorted(stored.messages.get(key, ()), key=lambda message: message.sequence)
        if [message.sequence for message in log] != [*range(FIRST, FIRST + session.messages)]:
            yield f"3: {named}: the sequence numbers are not 1 to {session.messages}"
        coach = sum(message.role is Role.COACH for message in log)
        if coach != session.ledger.coach_messages:
            yield f"3: {named}: {coach} messages of the coach, not as counted"
        if len({(message.role, message.job) for message in log}) != len(log):
            yield f"3: {named}: two messages of one role and job"
        if any(one.at > other.at for one, other in pairwise(log)):
            yield f"3: {named}: the instants of its messages go back"
    for key, messages in stored.messages.items():
        home = stored.sessions.get(key)
        for message in messages:
            named = f"message {key[0]}/{message.id}"
            if home is None:
                yield f"3: {named}: its session is not there"
            elif (message.user, message.scenario) != (home.about.user, home.about.scenario):
                yield f"3: {named}: it is not of its session's user and scenario"


def _turns(stored: _Stored) -> Iterator[str]:
    """3: A turn is a message of the user that is answered or in flight, by one job of its own."""
    answering: Counter[tuple[Id, int | None]] = Counter()
    for (tenant, _), job in stored.jobs.items():
        if job.kind is JobKind.REPLY and job.status is not JobStatus.FAILED:
            answering[(tenant, job.session), job.message] += 1
    for key, session in stored.whole():
        taken = 0
        for message in stored.messages.get(key, ()):
            home = stored.jobs.get((message.tenant, message.job))
            jobs = answering[key, message.sequence]
            if home is None or home.session != message.session:
                yield f"3: message {key[0]}/{message.id}: its job is not there"
            if jobs > 1:
                yield f"3: message {key[0]}/{message.id}: {jobs} jobs answer it"
            taken += jobs > 0
        if taken != session.turns:
            yield f"3: session {key[0]}/{key[1]}: {taken} turns are taken, not {session.turns}"
        if 0 < session.about.max_turns < session.turns:
            yield f"3: session {key[0]}/{key[1]}: more turns than it may have"


# --- 4: jobs and sessions --------------------------------------------------------------------


def _in_flight(stored: _Stored) -> Iterator[str]:
    """4: The job in flight of a live session is its one open job."""
    for (tenant, name), session in stored.sessions.items():
        waits = session.in_flight
        if waits is None:
            continue
        job = stored.jobs.get((tenant, waits.job))
        if session.status not in LIVE:
            yield f"4: session {tenant}/{name}: ended, and a job is in flight"
        elif job is None or (job.session, job.kind) != (name, waits.kind):
            yield f"4: session {tenant}/{name}: the job in flight is not there"
        elif job.status not in OPEN:
            yield f"4: session {tenant}/{name}: the job in flight is settled"
    for (tenant, name), job in stored.jobs.items():
        home = stored.sessions.get((tenant, job.session))
        if home is None or home.about.user != job.user:
            yield f"4: job {tenant}/{name}: its session is not there"
        elif job.status in OPEN and (home.in_flight is None or home.in_flight.job != job.id):
            yield f"4: job {tenant}/{name}: open, and not in flight"


def _outcomes(stored: _Stored) -> Iterator[str]:
    """4: One outcome: a settlement if completed, an error if failed; a reply only if completed."""
    for (tenant, name), job in stored.jobs.items():
        named = f"job {tenant}/{name}"
        completed, failed = job.status is JobStatus.COMPLETED, job.status is JobStatus.FAILED
        if (job.settlement is not None, job.error is not None) != (completed, failed):
            yield f"4: {named}: its outcome does not fit {job.status}"
        if (tenant, job.session) in stored.swept:
            continue
        log = {one.sequence: one for one in stored.messages.get((tenant, job.session), ())}
        said = [one.sequence for one in log.values() if (one.job, one.role) == (name, Role.COACH)]
        speaks = completed and job.kind is not JobKind.EXTRACTION
        reply = None if job.settlement is None else job.settlement.reply
        if said != ([] if reply is None else [reply]) or (reply is not None) != speaks:
            yield f"4: {named}: a reply is there if and only if it completed"
        asked = None if job.message is None else log.get(job.message)
        if (job.kind is JobKind.REPLY) != (
            asked is not None
            and (asked.role is Role.USER)
            and (asked.job == name or job.retry_of is not None)
        ):
            yield f"4: {named}: the message that it answers is not there"
        session = stored.sessions.get((tenant, job.session))
        if (
            job.settlement is not None
            and job.settlement.final
            and session is not None
            and session.status is not SessionStatus.COMPLETED
        ):
            yield f"4: {named}: final, and its session is not completed"


def _chains(stored: _Stored) -> Iterator[str]:
    """4: From a session's latest job on, each job leads to the one before it, and so to all."""
    by_session: dict[Id, set[str]] = defaultdict(set)
    for (tenant, name), job in stored.jobs.items():
        by_session[tenant, job.session].add(name)
    for key, session in stored.whole():
        left = set(by_session[key])
        before = session.latest_job
        while before is not None and before in left:
            left.remove(before)
            before = stored.jobs[key[0], before].follows
        if before is not None or left:
            yield f"4: session {key[0]}/{key[1]}: its jobs do not follow one another"


def _retries(stored: _Stored) -> Iterator[str]:
    """4: A job repeats one that failed, for the same message of the same session."""
    for (tenant, name), job in stored.jobs.items():
        if job.retry_of is None or (tenant, job.session) in stored.swept:
            continue
        old = stored.jobs.get((tenant, job.retry_of))
        if (
            old is None
            or old.status is not JobStatus.FAILED
            or (old.session, old.kind, old.message) != (job.session, job.kind, job.message)
        ):
            yield f"4: job {tenant}/{name}: what it repeats is no such job that failed"


def _deliveries(stored: _Stored) -> Iterator[str]:
    """4: An event is delivered after its job was settled, and after all events before it."""
    for (tenant, name), job in stored.jobs.items():
        if job.delivered_at is None:
            continue
        if not (job.is_settled and job.notify):
            yield f"4: job {tenant}/{name}: delivered, and there is no event"
        before = _noted_before(stored, tenant, job)
        if before is not None and before.delivered_at is None:
            yield f"4: job {tenant}/{name}: delivered, and one before it is not"


def _noted_before(stored: _Stored, tenant: str, job: Job) -> Job | None:
    """Return the job before *job* whose event is to be delivered too, or None."""
    seen = {job.id}
    while job.follows is not None and job.follows not in seen:
        before = stored.jobs.get((tenant, job.follows))
        if before is None or before.notify:
            return before
        seen.add(before.id)
        job = before
    return None


# --- 5: keys ---------------------------------------------------------------------------------


def _keys(stored: _Stored) -> Iterator[str]:
    """5: One key, at most one job; each job has the receipt of its key, each receipt its job."""
    receipts: dict[tuple[str, str, str], Receipt] = {}
    for receipt in stored.receipts:
        receipts[receipt.tenant, receipt.user, receipt.key] = receipt
        named = f"receipt {receipt.tenant}/{receipt.user} of session {receipt.session}"
        session = stored.sessions.get((receipt.tenant, receipt.session))
        if session is None or session.about.user != receipt.user:
            yield f"5: {named}: its session is not there"
        elif receipt.job is not None and (receipt.tenant, receipt.session) not in stored.swept:
            job = stored.jobs.get((receipt.tenant, receipt.job))
            if job is None or job.session != receipt.session:
                yield f"5: {named}: its job is not there"
    for (tenant, name), job in stored.jobs.items():
        found = receipts.get((tenant, job.user, job.key))
        if found is not None and found.job != name:
            yield f"5: job {tenant}/{name}: its key is of another job"
        elif found is None and (tenant, job.session) not in stored.swept:
            yield f"5: job {tenant}/{name}: there is no receipt of its key"


# --- 6: leases -------------------------------------------------------------------------------


def _leases(stored: _Stored) -> Iterator[str]:
    """6: A job has a lease if and only if it is worked on, with the newest token."""
    for (tenant, name), job in stored.jobs.items():
        if (job.lease is not None) != (job.status is JobStatus.PROCESSING):
            yield f"6: job {tenant}/{name}: its lease does not fit {job.status}"
        if job.lease is not None and job.lease.token != job.attempts:
            yield f"6: job {tenant}/{name}: its lease is not the newest one"
        if (job.claimed_at is not None) != (job.attempts > 0):
            yield f"6: job {tenant}/{name}: its first claim does not fit {job.attempts} attempts"
        purposes = [step.purpose for step in job.steps]
        if len(set(purposes)) != len(purposes):
            yield f"6: job {tenant}/{name}: a step was done twice"


# --- 8: owners -------------------------------------------------------------------------------


def _owned(stored: _Stored) -> Iterator[tuple[str, str, str]]:
    """Return everything that a user has: what it is, the tenant and the user."""
    for session in stored.sessions.values():
        yield f"session {session.about.id}", session.about.tenant, session.about.user
    for job in stored.jobs.values():
        yield f"job {job.id}", job.tenant, job.user
    for background in stored.backgrounds.values():
        yield f"background {background.session}", background.tenant, background.user
    for receipt in stored.receipts:
        yield f"receipt of session {receipt.session}", receipt.tenant, receipt.user
    for claim in stored.claims.values():
        yield f"claim {claim.topic}", claim.tenant, claim.user
    for standing in stored.standings.values():
        yield f"standing {standing.topic}", standing.tenant, standing.user
    for spending in stored.spendings:
        yield f"spending {spending.job}", spending.tenant, spending.user


def _accounts(stored: _Stored) -> Iterator[str]:
    """8: Whoever has anything has an account; a deleted one has nothing."""
    for what, tenant, user in _owned(stored):
        account = stored.accounts.get((tenant, user))
        if account is None:
            yield f"8: {what} of {tenant}/{user}: there is no account"
        elif account.status is AccountStatus.DELETED:
            yield f"8: {what} of {tenant}/{user}: it was deleted"


def _companions(stored: _Stored) -> Iterator[str]:
    """8: What stands beside a session is its user's own; what a user completed is counted."""
    for key, session in stored.whole():
        background = stored.backgrounds.get(key)
        if background is None or background.user != session.about.user:
            yield f"8: session {key[0]}/{key[1]}: its background is not there"
        elif background.summarized > session.messages:
            yield f"8: session {key[0]}/{key[1]}: more is summarized than was said"
    for key in stored.backgrounds.keys() - stored.sessions.keys():
        yield f"8: background {key[0]}/{key[1]}: its session is not there"
    for spending in stored.spendings:
        if (spending.tenant, spending.session) not in stored.sessions:
            yield f"8: spending {spending.tenant}/{spending.job}: its session is not there"
    done = Counter(
        (session.about.tenant, session.about.user, session.about.topic)
        for session in stored.sessions.values()
        if session.status is SessionStatus.COMPLETED
    )
    for (tenant, user, topic), number in done.items():
        standing = stored.standings.get((tenant, user, topic))
        if standing is None or standing.completed < number:
            yield f"8: standing {tenant}/{user}/{topic}: {number} completions are not counted"


_OF_A_STATE: Final = (
    _one_live_session,
    _claims_and_sessions,
    _endings,
    _logs,
    _turns,
    _in_flight,
    _outcomes,
    _chains,
    _retries,
    _deliveries,
    _keys,
    _leases,
    _accounts,
    _companions,
)


# --- what one commit may do ------------------------------------------------------------------


def step_violations(before: Iterable[Record], after: Iterable[Record]) -> list[str]:
    """Return what one commit did that it must not do; nothing where all is well.

    Args:
        before: Everything that was stored, or at least all that the commit found.
        after: The same after the commit.

    Raises:
        StoreError: A record cannot be read.
    """
    old = {record.key: record for record in before}
    new = {record.key: record for record in after}
    changes = [
        _Change(old.get(key), new.get(key))
        for key in {**old, **new}
        if old.get(key) != new.get(key)
    ]
    found: list[str] = []
    for change in changes:
        found += _versions(change)
        found += _STEPS.get(change.key.kind, _nothing)(change)
    ended = {
        (record.key.tenant, record.facts.session)
        for record in old.values()
        if record.key.kind == "session" and _value(record).status not in LIVE
    }
    found += _deletions(changes, ended)
    found += _owed(changes, old)
    found += _reach(changes)
    return found


@frozen
class _Change:
    """What a commit did to one record."""

    old: Record | None
    new: Record | None

    @property
    def key(self) -> Key:
        """The record's key."""
        record = self.new or self.old
        assert record is not None  # noqa: S101 - one of them is there
        return record.key

    @property
    def name(self) -> str:
        """Kind and ids of the record."""
        return _name(self.key)


def _value(record: Record) -> Any:  # noqa: ANN401 - the kind tells the type
    """Return what *record* holds."""
    return KINDS[record.key.kind].read(record).value


def _nothing(_change: _Change) -> Iterator[str]:
    """Forbid nothing."""
    return iter(())


def _versions(change: _Change) -> Iterator[str]:
    """9: A version begins with one and grows by one with each change."""
    if change.new is not None:
        wanted = 1 if change.old is None else change.old.version + 1
        if change.new.version != wanted:
            yield f"9: {change.name}: version {change.new.version} where {wanted} comes next"


_EDGES: Final = frozenset(
    {
        (SessionStatus.ACTIVE, SessionStatus.PAUSED),
        (SessionStatus.ACTIVE, SessionStatus.COMPLETED),
        (SessionStatus.PAUSED, SessionStatus.ACTIVE),
        *((live, SessionStatus.CANCELLED) for live in LIVE),
        *((live, SessionStatus.ABANDONED) for live in LIVE),
        *((live, live) for live in LIVE),
    }
)


def _session_step(change: _Change) -> Iterator[str]:
    """2, 7 and 9: Ends absorb, a paused session takes no message, instants never go back."""
    if change.new is None:
        return
    new: Session = _value(change.new)
    if change.old is None:
        if new.status is not SessionStatus.ACTIVE or new.messages:
            yield f"2: {change.name}: it begins as {new.status}, {new.messages} messages long"
        return
    old: Session = _value(change.old)
    # To resume and to complete may be one commit, where a final reply has come before.
    back = old.ledger.completion_pending and new.status is SessionStatus.COMPLETED
    if (old.status, new.status) not in _EDGES and not (old.status in LIVE and back):
        yield f"2: {change.name}: from {old.status} to {new.status}"
    if old.status is SessionStatus.PAUSED and new.user_messages > old.user_messages:
        yield f"7: {change.name}: paused, and it took a message"
    if new.messages < old.messages:
        yield f"3: {change.name}: it lost messages"
    if new.about != old.about:
        yield f"9: {change.name}: what is settled at its start changed"
    if new.last_activity_at < old.last_activity_at or new.updated_at < old.updated_at:
        yield f"9: {change.name}: its instants go back"
    if new.status in LIVE and _earlier(new.expires_at, old.expires_at):
        yield f"9: {change.name}: its expiry goes back"


def _earlier(new: datetime | None, old: datetime | None) -> bool:
    """Whether *new* comes before *old*, where None is never."""
    return new is not None and (old is None or new < old)


def _job_step(change: _Change) -> Iterator[str]:
    """4, 6 and 9: A settled job never changes; a lease passes on only when it is over."""
    if change.old is None or change.new is None:
        return
    old: Job = _value(change.old)
    new: Job = _value(change.new)
    yield from _kept(change, old, new)
    if old.status not in OPEN:
        if evolve(new, delivered_at=None) != old:  # it is delivered once, and nothing else
            yield f"4: {change.name}: it was settled, and changed"
    elif old.status is JobStatus.PENDING and new.status is JobStatus.COMPLETED:
        yield f"6: {change.name}: completed without a lease"
    if new.attempts > old.attempts and old.lease is not None and new.updated_at < old.lease.until:
        yield f"6: {change.name}: taken over before its lease was over"
    if not old.attempts <= new.attempts <= old.attempts + 1:
        yield f"6: {change.name}: from attempt {old.attempts} to {new.attempts}"
    if new.steps[: len(old.steps)] != old.steps:
        yield f"6: {change.name}: a step that was paid for is lost"
    if new.updated_at < old.updated_at:
        yield f"9: {change.name}: its instants go back"


def _kept(change: _Change, old: Job, new: Job) -> Iterator[str]:
    """4 and 6: What was accepted stays as it was, and so does the first claim."""
    if _accepted(old) != _accepted(new):
        yield f"4: {change.name}: what was accepted changed"
    if old.claimed_at not in {None, new.claimed_at}:
        yield f"6: {change.name}: its first claim changed"


def _accepted(job: Job) -> tuple[object, ...]:
    """Return what of *job* is settled when it is accepted and never changes."""
    return (
        job.id,
        job.tenant,
        job.user,
        job.session,
        job.kind,
        job.key,
        job.scenario,
        job.message,
        job.created_at,
        job.expires_at,
        job.retry_of,
        job.follows,
        job.notify,
    )


def _unchanging(number: int) -> Any:  # noqa: ANN401 - a predicate like the others
    """Return the predicate of a kind whose records never change."""

    def predicate(change: _Change) -> Iterator[str]:
        if change.old is not None and change.new is not None:
            yield f"{number}: {change.name}: it changed"

    return predicate


def _background_step(change: _Change) -> Iterator[str]:
    """9: A session's context never changes, and its summary never covers less."""
    if change.old is not None and change.new is not None:
        old: Background = _value(change.old)
        new: Background = _value(change.new)
        if new.context != old.context or new.summarized < old.summarized:
            yield f"9: {change.name}: its context changed, or its summary covers less"


def _standing_step(change: _Change) -> Iterator[str]:
    """9: What was completed is counted by one, and its instant never goes back."""
    if change.old is not None and change.new is not None:
        old: Standing = _value(change.old)
        new: Standing = _value(change.new)
        if new.completed != old.completed + 1 or new.completed_at < old.completed_at:
            yield f"9: {change.name}: from {old.completed} to {new.completed}, or back in time"


_STEPS: Final = {
    "session": _session_step,
    "job": _job_step,
    "message": _unchanging(3),
    "receipt": _unchanging(5),
    "spending": _unchanging(6),
    "background": _background_step,
    "standing": _standing_step,
}

_OF_A_SESSION: Final = frozenset({"session", "message", "job", "receipt", "background", "spending"})


def _deletions(changes: list[_Change], ended: set[tuple[str, str | None]]) -> Iterator[str]:
    """3: Nothing of a session is deleted before it has ended."""
    for change in changes:
        if change.new is not None or change.old is None:
            continue
        if change.key.kind not in _OF_A_SESSION:
            continue
        if (change.key.tenant, change.old.facts.session) not in ended:
            yield f"3: {change.name}: deleted, and its session has not ended"


def _owed(changes: list[_Change], old: Mapping[Key, Record]) -> Iterator[str]:
    """4: No job is deleted before its event was delivered, unless its user's data is deleted."""
    for change in changes:
        if change.key.kind != "job" or change.old is None or change.new is not None:
            continue
        job: Job = _value(change.old)
        record = old.get(account_key(job.tenant, job.user))
        account: Account | None = None if record is None else _value(record)
        if job.is_undelivered and account is not None and account.status is AccountStatus.OPEN:
            yield f"4: {change.name}: deleted, and its event was not delivered"


def _reach(changes: list[_Change]) -> Iterator[str]:
    """8: One tenant's keys, one user's sessions but for those that give way."""
    tenants = {change.key.tenant for change in changes}
    if len(tenants) > 1:
        yield f"8: one commit wrote keys of {len(tenants)} tenants"
    users: set[str] = set()
    for change in changes:
        if change.key.kind == "session" and change.new is not None:
            session: Session = _value(change.new)
            if session.status is not SessionStatus.ABANDONED:
                users.add(session.about.user)
    if len(users) > 1:
        yield f"8: one commit changed sessions of {len(users)} users"
