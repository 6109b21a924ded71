"""Planting a test scenario: what one user said and did becomes another's.

What is small goes into one commit. Of anything larger, the turns of sessions and the audits are
written first, in commits of their own, and at last in one commit the sessions, the claims that live
ones need, and the states: until then no session and no state is there to be seen. Whoever is
interrupted calls again with the same key: the ids are the same, and what is there already is left.

Each commit makes sure of the account. Where there are several, the account notes before the first
of them which scenario is being planted, and forgets it with the last one. Who deletes the remains
of an interrupted planting writes it, too: of the two, the one that came first finds another version
of the account and begins again, so that no session is planted whose messages somebody has just
deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import evolve, field, frozen

from coachwork.effects import Get, Now, Workflow
from coachwork.errors import StoreUnavailableError, ValidationError
from coachwork.plain import to_json
from coachwork.records import (
    ACCOUNT,
    MAX_OPS,
    RECEIPT,
    Insert,
    Op,
    Stored,
    Update,
    account_key,
)
from coachwork.sessions import Account, AccountStatus, Session
from coachwork.workflows._claiming import claim_ops, held_by_another, read_holdings
from coachwork.workflows._jobs import Call, keyed, new_call, read_receipt
from coachwork.workflows._scenario import Scenario, read_scenario
from coachwork.workflows._scenario_ids import NewIds, seed_of
from coachwork.workflows._scenario_programs import GrownState, grown_states
from coachwork.workflows._scenario_sessions import Grown, grown_sessions
from coachwork.workflows._scenarios import checked_scenario
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._start import account_op
from coachwork.workflows._store import Tries, load

MAX_BYTES: Final = 3 * 1024 * 1024
"""The most bytes of all bodies of one commit."""


@frozen(kw_only=True)
class Planted:
    """The answer to a planting.

    Attributes:
        scenario: The test scenario in which everything stands.
        sessions: The ids of the new sessions, by their ids in the document.
        key: The idempotency key of the call.
    """

    scenario: str
    sessions: dict[str, str]
    key: str = field(repr=False)


def plant(
    setup: Setup, caller: Caller, document: object, *, key: str | None = None
) -> Workflow[Planted]:
    """Write what a document tells as if the caller had said and done it, in a test scenario.

    Sessions get new ids, and everything refers to them; instants stay as they are. What is planted
    does not expire: it is there until `delete_scenario`. A message without an answer has a job that
    failed, and its turn is free. Nothing is asked of a model, and nothing was paid for; what was
    completed counts in no standing.

    The same document under the same key is planted once, however often it is called.

    Args:
        setup: The application's declarations: the topics of live sessions and all programs of the
            document must be among them.
        caller: For whom; with the test scenario.
        document: A `Scenario`, or its plain data.
        key: The idempotency key; a new one if it is left out.

    Raises:
        ValidationError: The caller has no scenario, or the document is none that could have come
            to be; the field is the path of what is wrong. Or something is in its way: a live
            session on a topic, or a state of a program in this scenario. Nothing is written.
        IdempotencyKeyReusedError: The key was used for another request.
        StoreError: The repository failed; call again with the same key.
    """
    scenario = checked_scenario(caller)
    told = read_scenario(document)
    call = yield from new_call(caller, "plant", key, to_json(told), scenario)
    return (yield from keyed(call, _plant(setup, call, told, scenario)))


@frozen
class _Plan:
    """All that is to be written in a scenario, checked and made before anything is."""

    scenario: str
    sessions: list[Grown]
    states: list[GrownState]

    @property
    def before(self) -> list[Sequence[Insert]]:
        """What is not seen as long as the rest is not there; what stands together stays so."""
        turns = [turn for session in self.sessions for turn in session.turns]
        return [*turns, *((audit,) for state in self.states for audit in state.audits)]


def _plant(setup: Setup, call: Call, told: Scenario, scenario: str) -> Workflow[Planted]:
    """Plant what was read, or find that it was done before."""
    caller = call.caller
    ids = NewIds(seed_of([caller.tenant, caller.user, scenario, call.key, call.fingerprint]))
    plan = _Plan(
        scenario,
        grown_sessions(setup, caller, told, ids),
        grown_states(setup, caller, told, ids),
    )
    planted = Planted(
        scenario=scenario,
        sessions={session.id: ids.sessions[session.id] for session in told.sessions},
        key=call.key,
    )
    tries = Tries(setup)
    while True:
        tries.another()
        account = yield from load(ACCOUNT, account_key(caller.tenant, caller.user))
        if (yield from read_receipt(call)) is not None:
            return planted
        if account is not None and account.value.status is AccountStatus.DELETING:
            raise StoreUnavailableError("what is stored of the user is being deleted")
        now = yield from Now()
        last = yield from _last(setup, call, plan, now)
        if account is None or account.value.status is not AccountStatus.OPEN:
            account, op = account_op(account, caller, now)
            if not (yield from tries.commit([op])):
                continue
        if (yield from _write(tries, plan, last, account)):
            return planted


def _write(
    tries: Tries, plan: _Plan, last: Sequence[Op], account: Stored[Account]
) -> Workflow[bool]:
    """Write all that is planned, *last* at the end; False to look again."""
    batches = _batches(plan.before)
    rest: Sequence[Insert] = ()
    if batches and _fits([*batches[-1], *last]):
        rest = batches.pop()
    guard: Op = ACCOUNT.check(account)
    if batches:
        noted = Stored(evolve(account.value, planting=plan.scenario), account.version + 1)
        if not (yield from tries.commit([ACCOUNT.update(account, noted.value)])):
            return False
        for batch in batches:
            if not (yield from _put(tries, batch, ACCOUNT.check(noted))):
                return False
        guard = ACCOUNT.update(noted, evolve(noted.value, planting=None))
    return (yield from _put(tries, rest, guard, last))


def _batches(groups: Sequence[Sequence[Insert]]) -> list[Sequence[Insert]]:
    """Return what is to be inserted in batches that are not too large for a commit each."""
    batches: list[Sequence[Insert]] = []
    for group in groups:
        if batches and _fits([*batches[-1], *group]):
            batches[-1] = [*batches[-1], *group]
        else:
            batches.append(group)
    return batches


def _fits(ops: Sequence[Op]) -> bool:
    """Whether *ops* and the check of the account are not too large for one commit."""
    size = sum(len(op.record.body) for op in ops if isinstance(op, Insert | Update))
    return len(ops) < MAX_OPS and size <= MAX_BYTES


def _put(
    tries: Tries, batch: Sequence[Insert], guard: Op, last: Sequence[Op] = ()
) -> Workflow[bool]:
    """Insert a batch, as far as it is not there already, and write what is *last*.

    Args:
        tries: The tries that are left.
        batch: What to insert.
        guard: What makes sure of the account.
        last: What is written with it, and was certainly not before.

    Returns:
        Whether it is done; False to look again.

    Raises:
        ValidationError: Something else is in the place of something.
    """
    if (yield from tries.commit([*batch, *last, guard])):
        return True
    missing: list[Insert] = []
    for op in batch:
        found = yield from Get(op.record.key)
        if found is None:
            missing.append(op)
        elif found != op.record:
            told = "one without remains of something else: delete the scenario first"
            raise ValidationError("scenario", told)
    if len(missing) == len(batch):
        return False
    return not (missing or last) or (yield from tries.commit([*missing, *last, guard]))


# --- what is seen ----------------------------------------------------------------------------


def _last(setup: Setup, call: Call, plan: _Plan, now: datetime) -> Workflow[list[Op]]:
    """Return what makes everything seen.

    Raises:
        ValidationError: Something is in the way, or it is too much for one commit.
    """
    ops: list[Op] = []
    for place, grown in enumerate(plan.sessions):
        ops += grown.opening
        if grown.is_live:
            ops += yield from _claims(setup, call.caller, f"sessions[{place}]", grown.session, now)
    for state in plan.states:
        if (yield from Get(state.opening.record.key)) is not None:
            told = "a program without a state in this scenario: delete the scenario first"
            raise ValidationError(f"{state.path}.program", told)
        ops.append(state.opening)
    first = plan.sessions[0].session.about.id if plan.sessions else None
    ops.append(RECEIPT.insert(call.receipt(first, None, now)))
    if not _fits(ops):
        told = f"fewer: sessions and states are written at once, with {MAX_OPS} operations"
        raise ValidationError("sessions", told)
    return ops


def _claims(
    setup: Setup, caller: Caller, path: str, session: Session, now: datetime
) -> Workflow[list[Op]]:
    """Return what makes a live session the holder of its topic.

    Raises:
        ValidationError: Somebody else is.
    """
    topic = setup.topics[session.about.topic]
    holdings = yield from read_holdings(caller, topic)
    own, tenant_wide = holdings
    taken = own.session is not None and not own.session.value.is_expired(now)
    if taken or held_by_another(caller, tenant_wide, now) is not None:
        raise ValidationError(f"{path}.topic", "a topic without a live session that is in the way")
    return (yield from claim_ops(setup, caller, topic, session.about.id, holdings))
