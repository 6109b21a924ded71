"""What is a run's own on an engine that others use too: the records of a few tenants.

A worker, a relay and a sweeper ask for what is due or has expired, of all tenants. `within` lets
them see the run's own and nothing else, so they neither touch nor are held up by what others left
there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, TypeVar

from attrs import evolve

from coachwork.effects import Effect, Find, ReadLog, Workflow
from coachwork.ports import Query
from coachwork.records import KINDS, MESSAGE, Record

R = TypeVar("R")

_PAGE: Final = 500


def within(tenants: Collection[str], workflow: Workflow[R]) -> Workflow[R]:
    """Do what *workflow* does, but show it only records of *tenants*."""
    try:
        effect: Effect[object] = next(workflow)
        while True:
            answer: object
            try:
                if isinstance(effect, Find) and effect.query.tenant is None:
                    answer = yield from _found(tenants, effect.query)
                else:
                    answer = yield effect
            except BaseException as failure:  # noqa: BLE001 - thrown in where it was asked
                effect = workflow.throw(failure)
            else:
                effect = workflow.send(answer)
    except StopIteration as stop:
        result: R = stop.value
        return result


def _found(tenants: Collection[str], query: Query) -> Workflow[list[Record]]:
    """Return as many records of *tenants* as *query* asks for, however many others come before."""
    found: list[Record] = []
    size = max(query.limit, _PAGE)
    while True:
        page = yield from Find(evolve(query, limit=size))
        found += [record for record in page if record.key.tenant in tenants]
        if len(page) < size or len(found) >= query.limit:
            return found[: query.limit]
        after_due = None if query.due is None else page[-1].facts.due
        query = evolve(query, after=page[-1].key, after_due=after_due)


def everything_of(owners: Iterable[tuple[str, str]]) -> Workflow[list[Record]]:
    """Return all records of some users, each given as tenant and user."""
    found: list[Record] = []
    for tenant, user in owners:
        for kind in KINDS:
            found += yield from _owned(Query(kind=kind, tenant=tenant, owner=user, limit=_PAGE))
    for record in [record for record in found if record.key.kind == "session"]:
        found += yield from _log(record.key.tenant, str(record.key.parts[0]))
    return found


def _owned(query: Query) -> Workflow[list[Record]]:
    """Return all that *query* asks for, page by page."""
    found: list[Record] = []
    while True:
        page = yield from Find(query)
        found += page
        if len(page) < query.limit:
            return found
        query = evolve(query, after=page[-1].key)


def _log(tenant: str, session: str) -> Workflow[list[Record]]:
    """Return all messages of a session, page by page."""
    found: list[Record] = []
    while True:
        after = MESSAGE.read(found[-1]).value.sequence if found else 0
        page = yield from ReadLog(tenant=tenant, session=session, after=after, limit=_PAGE)
        found += page
        if len(page) < _PAGE:
            return found
