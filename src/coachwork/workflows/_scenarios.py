"""Everything that is of a user's test scenario: listed, or deleted at once.

A scenario is a name that an application gives to what a test does: `Caller.scenario`. It belongs to
a tenant, and several users may take part in it. What the port of a repository can be asked for is
one user's, so each of these workflows is about the caller's part of it.

Sessions, messages, jobs, states of programs and audits carry the scenario's id. What has no such
field belongs to the scenario of its session: receipts, backgrounds, claims and spendings; but for
the receipt of a planting without sessions, which names the scenario itself. What is the user's and
outlives sessions, the account and the standings, belongs to none.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve, frozen

from coachwork.effects import Find, Get, Now, Workflow
from coachwork.errors import ValidationError
from coachwork.ports import Query
from coachwork.records import (
    ACCOUNT,
    AUDIT,
    JOB_RECORD,
    MAX_OPS,
    PROGRESS,
    RECEIPT,
    SESSION_RECORD,
    SPENDING,
    Check,
    Delete,
    Key,
    Op,
    Record,
    Stored,
    account_key,
    audit_key,
)
from coachwork.sessions import Account
from coachwork.workflows._owning import (
    EXPORT_VERSION,
    Deleted,
    Export,
    SessionExport,
    all_of,
    delete_sessions,
    session_export,
)
from coachwork.workflows._purging import (
    BATCH,
    delete_found,
    delete_lost,
    find_lost,
    home_of_job,
)
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import Tries, load

AUDITS: Final = MAX_OPS - 2
"""How many audits one commit deletes; beside them stand the state and the account."""


def list_scenario(
    setup: Setup,  # noqa: ARG001 - all workflows are called alike
    caller: Caller,
) -> Workflow[Export]:
    """Return everything that is stored of the caller's test scenario.

    It has the form of an export. Standings are not in it, for they are of no scenario.

    Raises:
        ValidationError: The caller has no scenario.
        StoreError: The repository failed.
    """
    scenario = checked_scenario(caller)
    now = yield from Now()
    sessions: list[SessionExport] = []
    for session in (yield from all_of(SESSION_RECORD, caller, scenario=scenario)):
        told = yield from session_export(caller, session.value, now)
        sessions.append(told)
    homes = {session.session.id for session in sessions}
    spendings = yield from all_of(SPENDING, caller)
    programs = yield from all_of(PROGRESS, caller, scenario=scenario)
    audits = yield from all_of(AUDIT, caller, scenario=scenario)
    return Export(
        version=EXPORT_VERSION,
        tenant=caller.tenant,
        user=caller.user,
        at=now,
        sessions=tuple(sessions),
        standings=(),
        spendings=tuple(one.value for one in spendings if one.value.session in homes),
        programs=tuple(progress.value for progress in programs),
        audits=tuple(audit.value for audit in audits),
    )


def checked_scenario(caller: Caller) -> str:
    """Return the caller's test scenario.

    Raises:
        ValidationError: The caller has none.
    """
    if caller.scenario is None:
        raise ValidationError("scenario", "the id of a test scenario: this concerns one alone")
    return caller.scenario


def delete_scenario(setup: Setup, caller: Caller) -> Workflow[Deleted]:
    """Delete everything that is stored of the caller's test scenario, and nothing else.

    Live sessions are ended first, as by a new start. Each commit makes sure that the account is as
    it was, so it may be stopped at any step, repeated, and run by several at once. Events that are
    still owed are not delivered: nobody waits for those of a test that is over.

    What was planted only half, because the planting was interrupted, is deleted too.

    Raises:
        ValidationError: The caller has no scenario.
        VersionConflictError: The account changed each time.
        StoreError: The repository failed; what was done stays done, call again.
    """
    checked_scenario(caller)
    deleted = 0
    tries = Tries(setup)
    while True:
        tries.another()
        account = yield from load(ACCOUNT, account_key(caller.tenant, caller.user))
        if account is None:
            return Deleted(deleted)
        part = _Part(setup, caller, account, tries)
        query = part.query(SESSION_RECORD.name)
        sessions, done = yield from delete_sessions(setup, query, account)
        deleted += sessions
        done = done and (yield from delete_found(setup, part.query(RECEIPT.name), account))
        if not (done and (yield from _delete_states(part)) and (yield from _delete_lost(part))):
            continue
        # What was begun or planted meanwhile may have lost its state: it goes, too.
        left = yield from _any_left(part, SESSION_RECORD.name)
        if not (left or (yield from _any_left(part, RECEIPT.name))):
            return Deleted(deleted)


@frozen
class _Part:
    """A user's part of a scenario, with the account and the tries under which it is deleted."""

    setup: Setup
    caller: Caller
    account: Stored[Account]
    tries: Tries

    def query(self, kind: str) -> Query:
        """Return the question for its records of a kind."""
        return Query(
            kind=kind,
            tenant=self.caller.tenant,
            owner=self.caller.user,
            scenario=self.caller.scenario,
            limit=BATCH,
        )


def _any_left(part: _Part, kind: str) -> Workflow[bool]:
    """Whether there is a record of that kind, and not only in a view that lags behind."""
    query = part.query(kind)
    while True:
        page = yield from Find(query)
        for shown in page:
            if (yield from Get(shown.key)) is not None:
                return True
        if len(page) < BATCH:
            return False
        query = evolve(query, after=page[-1].key)


def _delete_states(part: _Part) -> Workflow[bool]:
    """Delete all states of programs with their audits; False to begin again."""
    query = part.query(PROGRESS.name)
    while True:
        page = yield from Find(query)
        for record in page:
            if not (yield from _delete_state(part, record.key)):
                return False
        if len(page) < BATCH:
            return True
        query = evolve(query, after=page[-1].key)


def _delete_state(part: _Part, key: Key) -> Workflow[bool]:
    """Delete a state and its audits, the last ones first; False to begin again.

    What fits into one commit goes in one. Else each commit makes sure that the state is as it was:
    no audit is left behind by an action that comes in between.
    """
    record = yield from Get(key)
    if record is None:
        return True
    audits = yield from _audits_of(part, key)
    while True:
        left, last = audits[:-AUDITS], audits[-AUDITS:]
        ops: list[Op] = [Delete(audit.key, audit.version) for audit in reversed(last)]
        ops.append((Check if left else Delete)(record.key, record.version))
        if not (yield from part.tries.commit([*ops, ACCOUNT.check(part.account)])):
            return False
        if not left:
            return True
        audits = left


def _audits_of(part: _Part, key: Key) -> Workflow[list[Record]]:
    """Return the audits of the state that is stored under *key*, in order."""
    found: list[Record] = []
    # Keys are ordered by state and number, so those of one state stand together.
    query = evolve(part.query(AUDIT.name), after=audit_key(key, 0))
    while True:
        page = yield from Find(query)
        own = [record for record in page if record.key.parts[:-1] == key.parts]
        found += own
        if len(own) < BATCH:
            return found
        query = evolve(query, after=own[-1].key)


def home_of_audit(record: Record) -> Key:
    """Return the key of the state that an audit tells of."""
    return Key(PROGRESS.name, record.key.tenant, record.key.parts[:-1])


def _delete_lost(part: _Part) -> Workflow[bool]:
    """Delete what a planting left that was interrupted; False to begin again."""
    jobs, audits = part.query(JOB_RECORD.name), part.query(AUDIT.name)
    lost = yield from find_lost(jobs, home_of_job)
    lost += yield from find_lost(audits, home_of_audit)
    if not lost:
        return True
    # One that is under way must notice that what it has written so far is going.
    open_again = evolve(part.account.value, planting=None)
    if not (yield from part.tries.commit([ACCOUNT.update(part.account, open_again)])):
        return False
    account = Stored(open_again, part.account.version + 1)
    if not (yield from delete_lost(part.setup, jobs, account)):
        return False
    while lost := (yield from find_lost(audits, home_of_audit)):
        ops: list[Op] = [Delete(record.key, record.version) for record in lost]
        if not (yield from part.tries.commit([*ops, ACCOUNT.check(account)])):
            return False
    return True
