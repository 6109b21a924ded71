"""All records of some users, read through what the port of a repository offers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from coachwork.ports import Query, Repository
from coachwork.records import KINDS, MESSAGE, Record

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
