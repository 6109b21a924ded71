"""States by numbers: what commits make of them, and what views tell."""

from __future__ import annotations

import json

from attrs import evolve

from coachwork.effects import Find, ReadLog
from coachwork.ports import Query
from coachwork.records import Check, Delete, Facts, Insert, Key, Op, Record, Update
from coachwork.testing.explorer import _stores
from coachwork.testing.explorer._stores import NOTHING, Stores, numbers_in

PLACE = Key("thing", "acme", ("a",))
OTHER = Key("thing", "acme", ("b",))


def thing(version: int = 1, key: Key = PLACE, body: object = None) -> Record:
    """Return a record."""
    return Record(key, version, Facts(owner="ada", session="s"), json.dumps(body))


def after(stores: Stores, state: int, *ops: Op) -> int:
    """Return the state after a commit."""
    return stores.commit(state, stores.wants(ops))


def test_equal_states_are_one() -> None:
    """Whatever the way to it, a state is told by what it holds."""
    stores = Stores(keeps_past=False)
    empty = stores.of(())
    one = after(stores, empty, Insert(thing()))
    both = after(stores, one, Insert(thing(key=OTHER)))
    assert after(stores, both, Delete(OTHER, 1)) == one
    assert stores.of([thing(key=OTHER), thing()]) == both
    assert stores.held(one) == {PLACE: thing()}


def test_a_commit_is_done_wholly_or_not_at_all() -> None:
    """An insert wants nothing there, the others the very version."""
    stores = Stores(keeps_past=False)
    one = stores.of([thing()])
    assert after(stores, one, Insert(thing(key=OTHER)), Insert(thing())) == NOTHING
    assert after(stores, one, Update(thing(3))) == NOTHING
    assert after(stores, one, Delete(PLACE, 2)) == NOTHING
    assert after(stores, one, Check(OTHER, 1)) == NOTHING
    assert after(stores, one, Check(PLACE, 1)) == one
    assert stores.held(after(stores, one, Update(thing(2)))) == {PLACE: thing(2)}


def test_what_was_before_is_known_where_it_is_kept() -> None:
    """A stale read may get it, a lagging view shows it, and it can be forgotten."""
    stores = Stores(keeps_past=True)
    place = stores.key(PLACE)
    begin = stores.of([thing()])
    changed = after(stores, begin, Update(thing(2)), Insert(thing(key=OTHER)))
    assert stores.before(begin, place) is None
    assert stores.before(changed, place) == stores.record(thing())
    assert stores.before(changed, stores.key(OTHER)) == NOTHING
    assert stores.held(stores.lagging(changed)) == {PLACE: thing()}
    gone = after(stores, changed, Delete(PLACE, 2))
    assert stores.held(stores.lagging(gone)) == {PLACE: thing(2)}
    forgotten = stores.without_past(changed)
    assert stores.held(forgotten) == stores.held(changed)
    assert stores.before(forgotten, place) is None
    assert stores.without_past(changed) == forgotten


def test_nothing_is_forgotten_where_nothing_is_kept() -> None:
    """A state without a past is itself."""
    stores = Stores(keeps_past=False)
    begin = stores.of([thing()])
    assert stores.without_past(begin) == begin


def test_ids_and_keys_of_calls_are_found() -> None:
    """They are told from other texts, wherever they stand."""
    stores = Stores(keeps_past=False)
    state = stores.of(
        [thing(body=["id-3.1", "key-12-send.0", "id-x"]), thing(key=Key("t", "a", ("id-7.2",)))]
    )
    assert stores.made_in(state) == stores.made_in(state) == {3, 12, 7}
    assert stores.keys_in(state) == stores.keys_in(state) == {"key-12-send.0"}
    assert stores.made_keys() == [frozenset(), frozenset({7})]
    assert numbers_in("kid-3.1 grid-4") == frozenset()


def test_views_are_those_of_a_repository() -> None:
    """Logs and queries are answered as the memory repository answers them."""
    stores = Stores(keeps_past=False)
    log = [thing(key=Key("message", "acme", ("s", number))) for number in (1, 2)]
    state = stores.of([thing(), *log])
    query = Query(kind="thing", tenant="acme", owner="ada")
    assert stores.view(state, Find(query)) == (thing(),)
    read = ReadLog(tenant="acme", session="s", after=1, limit=5)
    assert stores.view(state, read) == (log[1],)


def test_few_states_are_kept_in_the_form_of_views(monkeypatch: object) -> None:
    """However many states are looked at, the memory for it is bounded."""
    del monkeypatch
    stores = Stores(keeps_past=False)
    find = Find(Query(kind="thing", tenant="acme", owner="ada"))
    for number in range(_stores._MOST_MEMORIES + 3):
        state = stores.of([evolve(thing(), body=str(number))])
        assert len(stores.view(state, find)) == 1
    assert len(stores._memories) < _stores._MOST_MEMORIES
