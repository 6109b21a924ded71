"""What stands beside sessions: claims, accounts, receipts and the other records of their own."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from attrs import evolve
from hypothesis import strategies as st

from coachwork.records import audit_key, progress_key
from coachwork.sessions import (
    Account,
    AccountStatus,
    Background,
    Claim,
    Receipt,
    Spending,
    Standing,
)
from coachwork.testing.strategies._leaves import (
    counts,
    idempotency_keys,
    ids,
    maybe_ids,
    utc_instants,
)
from coachwork.testing.strategies._plain import contexts
from coachwork.testing.strategies._sessions import usages
from coachwork.testing.strategies._texts import any_texts

_COMMANDS = ("start", "send", "resume", "complete", "retry")


@cache
def claims() -> st.SearchStrategy[Claim]:
    """Return a strategy of claims, of users and of tenants."""
    return st.builds(Claim, ids(), ids(), ids(), ids(), tenant_wide=st.booleans())


@st.composite
def backgrounds(draw: st.DrawFn) -> Background:
    """Return a strategy of what is put before the coach, with a summary and without."""
    summarized = draw(st.just(0) | counts())
    return Background(
        tenant=draw(ids()),
        user=draw(ids()),
        session=draw(ids()),
        context=draw(contexts()),
        summary=draw(any_texts()) if summarized else None,
        summarized=summarized,
    )


@cache
def receipts() -> st.SearchStrategy[Receipt]:
    """Return a strategy of what idempotency keys were used for."""
    told = st.builds(
        Receipt,
        tenant=ids(),
        user=ids(),
        key=idempotency_keys(),
        command=st.sampled_from(_COMMANDS),
        fingerprint=st.text("0123456789abcdef", min_size=64, max_size=64),
        session=ids(),
        job=maybe_ids(),
        at=utc_instants(),
    )
    clicks = st.builds(_of_a_click, told, ids(), maybe_ids(), maybe_ids(), st.integers(1, 99))
    return told | clicks | st.builds(_of_a_planting, told, ids())


def _of_a_click(
    receipt: Receipt, program: str, subject: str | None, scenario: str | None, number: int
) -> Receipt:
    """Return *receipt* as that of a click, which no model answers, with the audit that it left."""
    progress = progress_key(receipt.tenant, program, receipt.user, subject, scenario)
    return evolve(receipt, command="act", job=None, audit=audit_key(progress, number).text)


def _of_a_planting(receipt: Receipt, scenario: str) -> Receipt:
    """Return *receipt* as that of a planting of states alone, which names no session."""
    return evolve(receipt, command="plant", job=None, session=None, scenario=scenario)


@cache
def accounts() -> st.SearchStrategy[Account]:
    """Return a strategy of accounts: open, being deleted, and deleted."""
    then = utc_instants()
    planting = st.none() | ids()
    return st.builds(_account, ids(), ids(), st.sampled_from(AccountStatus), then, then, planting)


def _account(
    tenant: str,
    user: str,
    status: AccountStatus,
    since: datetime,
    other: datetime,
    planting: str | None,
) -> Account:
    """Return an account: planted for while it is open, swept away some day once it is deleted."""
    if status is AccountStatus.OPEN:
        return Account(tenant, user, status, since, planting=planting)
    if status is AccountStatus.DELETING:
        return Account(tenant, user, status, since)
    return Account(tenant, user, status, min(since, other), max(since, other))


@cache
def standings() -> st.SearchStrategy[Standing]:
    """Return a strategy of how often users completed topics."""
    return st.builds(
        Standing,
        tenant=ids(),
        user=ids(),
        topic=ids(),
        completed=st.integers(1, 9) | counts().filter(bool),
        completed_at=utc_instants(),
        session=ids(),
    )


@cache
def spendings() -> st.SearchStrategy[Spending]:
    """Return a strategy of what answers cost that came too late."""
    return st.builds(
        Spending,
        tenant=ids(),
        user=ids(),
        session=ids(),
        job=ids(),
        token=st.integers(1, 100),
        usage=usages(),
        at=utc_instants(),
    )
