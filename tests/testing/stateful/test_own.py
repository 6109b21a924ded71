"""What is a run's own on an engine that others use too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from coachwork.adapters import Memory
from coachwork.effects import Find, Get, Now, Workflow
from coachwork.errors import StoreUnavailableError
from coachwork.ports import Query
from coachwork.records import Facts, Insert, Key, Record
from coachwork.testing import NOON, coach, rehearse
from coachwork.testing.stateful import _own
from coachwork.testing.stateful._own import everything_of, within
from coachwork.topics import Topic

TALK = Topic(id="talk", system="Listen.")


def thing(tenant: str, number: int) -> Record:
    """Return a record that is due, and expires, a second after the one before."""
    then = NOON + timedelta(seconds=number)
    facts = Facts(owner="ada", due=then, expires=then)
    return Record(Key("job", tenant, (f"j{number:04}",)), 1, facts, "{}")


def find(query: Query) -> Workflow[Sequence[Record]]:
    """Ask a view."""
    return (yield from Find(query))


@pytest.mark.parametrize(
    "query",
    [
        Query(kind="job", due=NOON + timedelta(days=1), limit=3),
        Query(kind="job", expires=NOON + timedelta(days=1), limit=3),
    ],
)
def test_others_are_passed_over(query: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many of others come before, the run's own are found, as many as are asked for."""
    monkeypatch.setattr(_own, "_PAGE", 4)
    stage = coach(topics=[TALK])
    records = [thing("mine" if number % 5 == 4 else "others", number) for number in range(30)]
    for record in records:
        stage.memory.commit([Insert(record)])
    mine = [record for record in records if record.key.tenant == "mine"]
    assert stage.run(within(["mine"], find(query))) == mine[:3]
    assert stage.run(within(["nobody"], find(query))) == []


def test_what_names_a_tenant_is_asked_as_it_is() -> None:
    """Only questions over all tenants are narrowed; errors come out where it was asked."""
    query = Query(kind="job", tenant="others", owner="ada")
    assert rehearse(within(["mine"], find(query)), []).asked == (Find(query),)

    def asks() -> Workflow[str]:
        try:
            yield from Get(Key("job", "mine", ("j",)))
        except StoreUnavailableError:
            return f"at {(yield from Now()).year}"
        return "never"

    told = rehearse(within(["mine"], asks()), StoreUnavailableError(), NOON)
    assert told.result == f"at {NOON.year}"


def test_everything_of_some_users_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """All records of the users, page by page, messages too, and nothing of others."""
    monkeypatch.setattr(_own, "_PAGE", 2)
    stage = coach(topics=[TALK], replies=lambda _: "Go on.")
    for user in ("ada", "bob"):
        chat = stage.as_user(user, tenant="acme").start(TALK)
        for number in range(3):
            chat.send(f"message {number}")
    found = stage.run(everything_of([("acme", "ada"), ("acme", "eve")]))
    of_ada = {record.key for record in found}
    of_bob = {record.key for record in stage.run(everything_of([("acme", "bob")]))}
    assert of_ada | of_bob == {record.key for record in stage.memory.records()}
    assert not of_ada & of_bob
    assert isinstance(stage.memory, Memory)
