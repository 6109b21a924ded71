"""Deletions end, and are whole, while views still show what is gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import pytest
from attrs import evolve

from coachwork import Coach, Memory, Topic
from coachwork.adapters import ScriptedModel
from coachwork.coach import UserCoach
from coachwork.ports import Query
from coachwork.records import Delete, Insert, Record, Update, session_key
from coachwork.workflows._purging import BATCH

TALK: Final = Topic(id="talk", system="Listen.")


class Behind(Memory):
    """A repository whose views stand still from some moment on."""

    def __init__(self) -> None:
        """Begin with views that show what is there."""
        super().__init__()
        self._shown: Memory = self

    def stand_still(self) -> None:
        """Show from now on what is there now."""
        self._shown = Memory()
        self._shown.commit([Insert(record) for record in self.records()])

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Read what was there."""
        if self._shown is self:
            return super().log(tenant, session, after=after, last=last, limit=limit)
        return self._shown.log(tenant, session, after=after, last=last, limit=limit)

    def find(self, query: Query, /) -> Sequence[Record]:
        """Find what was there."""
        return super().find(query) if self._shown is self else self._shown.find(query)


def many_sessions(ada: UserCoach, _: Behind) -> None:
    """More than a page of them."""
    for _number in range(BATCH + 2):
        ada.start(TALK)


def a_damaged_session(ada: UserCoach, store: Behind) -> None:
    """One that cannot be read, in which something was said."""
    chat = ada.start(TALK)
    chat.send("Hello.")
    record = store.get(session_key("acme", chat.session_id))
    assert record is not None
    store.commit([Update(evolve(record, body="{}", version=record.version + 1))])


def a_lost_session(ada: UserCoach, store: Behind) -> None:
    """One whose record is gone, and nothing else of it."""
    chat = ada.start(TALK)
    chat.send("Hello.")
    record = store.get(session_key("acme", chat.session_id))
    assert record is not None
    store.commit([Delete(record.key, record.version)])


@pytest.mark.parametrize(
    "left, scenario",
    [
        (many_sessions, None),
        (a_damaged_session, None),
        (a_lost_session, None),
        (many_sessions, "trial"),
        (a_damaged_session, "trial"),
    ],
)
def test_a_deletion_ends_before_its_views_know_of_it(
    left: Callable[[UserCoach, Behind], None], scenario: str | None
) -> None:
    """It goes on from page to page, and takes nothing twice."""
    store = Behind()
    with Coach(store, ScriptedModel(lambda _: "Go on."), topics=[TALK]) as coach:
        ada = coach.as_user("ada", tenant="acme", scenario=scenario)
        left(ada, store)
        store.stand_still()
        if scenario is None:
            ada.delete_all()
        else:
            ada.delete_scenario()
    assert {record.key.kind for record in store.records()} <= {"account", "standing", "claim"}
