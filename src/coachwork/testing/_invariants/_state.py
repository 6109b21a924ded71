"""What holds of a whole state (brief, section 10).

What one commit may make of a state stands in `coachwork.testing._invariants._judge`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Final

from attrs import evolve, field, frozen

from coachwork.actions import Audit
from coachwork.jobs import OPEN, Job, JobKind, JobStatus
from coachwork.messages import FIRST, Message, Role
from coachwork.programs import Progress
from coachwork.records import CLAIM, KINDS, Key, Record, audit_key, progress_of
from coachwork.sessions import (
    LIVE,
    Account,
    AccountStatus,
    Background,
    Claim,
    Receipt,
    Session,
    SessionStatus,
    Spending,
    Standing,
)
from coachwork.testing._invariants._alone import alone, name_of
from coachwork.testing._invariants._relations import (
    answers,
    ends_in_time,
    fault_of_audit,
    fault_of_background,
    fault_of_claim,
    fault_of_message,
    fault_of_receipt,
    live_keys,
    noted_before,
    owner_of,
    repeats,
    says,
)

Id = tuple[str, str]
"""A tenant, and an id that is the tenant's own."""


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
    progresses: dict[Key, Progress] = field(factory=dict[Key, Progress])
    audits: dict[Key, Audit] = field(factory=dict[Key, Audit])
    swept: set[Id] = field(factory=set[Id])

    def take(self, record: Record) -> Iterator[str]:
        """Read *record*; tell what is wrong with the record itself."""
        kind = KINDS[record.key.kind]
        value: object = kind.read(record).value
        yield from alone(record, value)
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
            case Progress() | Audit():
                self._take_of_program(record.key, value)
            case _:
                assert isinstance(value, Spending)  # noqa: S101 - there are no other kinds
                self.spendings.append(value)

    def _take_of_program(self, key: Key, value: Progress | Audit) -> None:
        if isinstance(value, Progress):
            self.progresses[key] = value
        else:
            self.audits[key] = value

    def note_swept(self, now: datetime | None) -> None:
        """Note the sessions that may be half swept away: ended, and expired or to be deleted.

        Of those of a test scenario nobody can tell, since it may be deleted at any time.
        """
        for key, session in self.sessions.items():
            about = session.about
            going = about.scenario is not None or self.is_going(about.tenant, about.user)
            if session.status not in LIVE and (
                going or (now is not None and session.is_expired(now))
            ):
                self.swept.add(key)

    def is_going(self, tenant: str, user: str) -> bool:
        """Whether what the user has is being deleted."""
        account = self.accounts.get((tenant, user))
        return account is not None and account.status is not AccountStatus.OPEN

    def job(self, key: Key) -> Job | None:
        """Return the job of *key*, or None."""
        return self.jobs.get((key.tenant, str(key.parts[0])))

    def whole(self) -> Iterator[tuple[Id, Session]]:
        """Return the sessions that nobody sweeps away."""
        return (found for found in self.sessions.items() if found[0] not in self.swept)


# --- 1: uniqueness ---------------------------------------------------------------------------


def _one_live_session(stored: _Stored) -> Iterator[str]:
    """1: At most one live session per user and topic, and per tenant and exclusive topic."""
    held: Counter[Key] = Counter()
    for session in stored.sessions.values():
        if session.status in LIVE:
            held.update(live_keys(session))
    for key, number in held.items():
        if number > 1:
            yield f"1: {name_of(key)}: {number} live sessions"


def _claims_and_sessions(stored: _Stored) -> Iterator[str]:
    """1: Each live session holds its claims; each claim points to a live session of its holder."""
    for (tenant, name), session in stored.sessions.items():
        for key in live_keys(session) if session.status in LIVE else ():
            claim = stored.claims.get(key.text)
            if claim is None or claim.session != name:
                yield f"1: session {tenant}/{name}: does not hold {name_of(key)}"
    for claim in stored.claims.values():
        fault = fault_of_claim(claim, stored.sessions.get((claim.tenant, claim.session)))
        if fault is not None:
            yield f"1: {name_of(CLAIM.key(claim))}: {fault}"


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
            fault = fault_of_message(message, home)
            if fault is not None:
                yield f"3: message {key[0]}/{message.id}: {fault}"


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


# --- 4: jobs and sessions --------------------------------------------------------------------


def _in_flight(stored: _Stored) -> Iterator[str]:
    """4: The job in flight of a live session is its one open job."""
    for (tenant, name), session in stored.sessions.items():
        waits = session.in_flight
        if waits is None or session.status not in LIVE:
            continue
        job = stored.jobs.get((tenant, waits.job))
        if job is None or (job.session, job.kind) != (name, waits.kind):
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
    """4: A reply is there if and only if its job completed, and answers what it is to answer."""
    for (tenant, name), job in stored.jobs.items():
        if (tenant, job.session) in stored.swept:
            continue
        named = f"job {tenant}/{name}"
        log = {one.sequence: one for one in stored.messages.get((tenant, job.session), ())}
        said = [one.sequence for one in log.values() if (one.job, one.role) == (name, Role.COACH)]
        if not says(job, said):
            yield f"4: {named}: a reply is there if and only if it completed"
        if not answers(job, None if job.message is None else log.get(job.message)):
            yield f"4: {named}: the message that it answers is not there"
        session = stored.sessions.get((tenant, job.session))
        if session is not None and not ends_in_time(job, session):
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
        if not repeats(job, stored.jobs.get((tenant, job.retry_of))):
            yield f"4: job {tenant}/{name}: what it repeats is no such job that failed"


def _deliveries(stored: _Stored) -> Iterator[str]:
    """4: An event is delivered after all events before it."""
    for (tenant, name), job in stored.jobs.items():
        if job.delivered_at is None:
            continue
        before = noted_before(job, stored.job)
        if before is not None and before.delivered_at is None:
            yield f"4: job {tenant}/{name}: delivered, and one before it is not"


# --- 5: keys ---------------------------------------------------------------------------------


def _keys(stored: _Stored) -> Iterator[str]:
    """5: One key, at most one job; each job has the receipt of its key, each receipt its job."""
    receipts: dict[tuple[str, str, str], Receipt] = {}
    for receipt in stored.receipts:
        receipts[receipt.tenant, receipt.user, receipt.key] = receipt
        home = (receipt.tenant, str(receipt.session))
        named = f"receipt {receipt.tenant}/{receipt.user} of session {receipt.session}"
        kept = evolve(receipt, job=None) if home in stored.swept else receipt
        fault = fault_of_receipt(kept, stored.sessions.get(home), stored.job)
        if fault is not None:
            yield f"5: {named}: {fault}"
    for (tenant, name), job in stored.jobs.items():
        found = receipts.get((tenant, job.user, job.key))
        if found is not None and found.job != name:
            yield f"5: job {tenant}/{name}: its key is of another job"
        elif found is None and (tenant, job.session) not in stored.swept:
            yield f"5: job {tenant}/{name}: there is no receipt of its key"


# --- 8: owners -------------------------------------------------------------------------------


def _owned(stored: _Stored) -> Iterator[tuple[str, str, str]]:
    """Return everything that a user has: what it is, the tenant and the user."""
    for values in (
        stored.sessions.values(),
        stored.jobs.values(),
        stored.backgrounds.values(),
        stored.receipts,
        stored.claims.values(),
        stored.standings.values(),
        stored.spendings,
        stored.progresses.values(),
        stored.audits.values(),
    ):
        yield from filter(None, map(owner_of, values))


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
        fault = fault_of_background(stored.backgrounds.get(key), session)
        if fault is not None:
            yield f"8: session {key[0]}/{key[1]}: {fault}"
    for key in stored.backgrounds.keys() - stored.sessions.keys():
        yield f"8: background {key[0]}/{key[1]}: its session is not there"
    for spending in stored.spendings:
        if (spending.tenant, spending.session) not in stored.sessions:
            yield f"8: spending {spending.tenant}/{spending.job}: its session is not there"
    done = Counter(
        (session.about.tenant, session.about.user, session.about.topic)
        for session in stored.sessions.values()
        if session.status is SessionStatus.COMPLETED and session.about.scenario is None
    )
    for (tenant, user, topic), number in done.items():
        standing = stored.standings.get((tenant, user, topic))
        if standing is None or standing.completed < number:
            yield f"8: standing {tenant}/{user}/{topic}: {number} completions are not counted"


# --- 11: actions -----------------------------------------------------------------------------


def _audits(stored: _Stored) -> Iterator[str]:
    """11: What is told of a state is told without a gap, to its very phase, message by message.

    While a user's data is being deleted, parts of it may be gone.
    """
    for key, progress in stored.progresses.items():
        if stored.is_going(progress.tenant, progress.user):
            continue
        wanted = [audit_key(key, number) for number in range(1, progress.audits + 1)]
        if missing := [wanted_key for wanted_key in wanted if wanted_key not in stored.audits]:
            yield f"11: {name_of(key)}: audit {missing[0].parts[-1]} is not there"
        elif wanted and stored.audits[wanted[-1]].phase != progress.phase:
            yield f"11: {name_of(key)}: its last audit tells of another phase"
    for key, audit in stored.audits.items():
        if stored.is_going(audit.tenant, audit.user):
            continue
        counted = stored.progresses.get(progress_of(audit))
        if counted is None or counted.audits < audit.number:
            yield f"11: {name_of(key)}: no state counts it"
        home = (audit.tenant, audit.session)
        if home in stored.sessions and home not in stored.swept:
            log = {message.sequence: message for message in stored.messages.get(home, ())}
            fault = fault_of_audit(audit, log.get(audit.message or 0))
            if fault is not None:
                yield f"11: {name_of(key)}: {fault}"


_OF_A_STATE: Final = (
    _one_live_session,
    _claims_and_sessions,
    _logs,
    _turns,
    _in_flight,
    _outcomes,
    _chains,
    _retries,
    _deliveries,
    _keys,
    _accounts,
    _companions,
    _audits,
)
