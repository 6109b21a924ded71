"""What records were before they last changed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coachwork.adapters import Memory
from coachwork.ports import Query
from coachwork.records import Delete, Facts, Insert, Key, Op, Record, Update, key_of, message_key
from coachwork.testing.faults._past import Past, stale_log, stale_view


def thing(name: str, version: int = 1, kind: str = "thing", status: str = "x") -> Record:
    """Return a record that means nothing."""
    facts = Facts(owner="ada", status=status)
    return Record(Key(kind, "acme", (name,)), version, facts, f'{{"v":{version}}}')


def said(number: int, session: str = "s") -> Record:
    """Return a message record as far as a repository looks at it."""
    return Record(message_key("acme", session, number), 1, Facts(session=session), "{}")


def test_a_record_is_known_by_what_it_was() -> None:
    """Before its last change, whatever that was; of what never changed nothing is known."""
    past = Past()
    one = thing("a")
    assert not past.knows(one.key)
    past.changed({one.key: None})
    assert past.knows(one.key)
    assert past.of(one.key) is None
    past.changed({one.key: one})
    assert past.of(one.key) == one


def test_what_changed_together_is_known_by_kind_and_log() -> None:
    """Only the last commit that changed anything of it counts."""
    past = Past()
    a, b, note = thing("a"), thing("b"), thing("n", kind="note")
    past.changed({a.key: None, note.key: None})
    past.changed({b.key: None})
    assert past.of_kind("thing") == {b.key: None}
    assert past.of_kind("note") == {note.key: None}
    assert past.of_kind("job") == {}
    past.changed({said(1).key: None, said(2).key: None, said(1, "t").key: None})
    past.changed({said(2, "t").key: None})
    assert set(past.of_log("acme", "s")) == {said(1).key, said(2).key}
    assert set(past.of_log("acme", "t")) == {said(2, "t").key}
    assert past.of_log("other", "s") == past.of_log("acme", "u") == {}


# --- views are what they were before the last commit -----------------------------------------

NAMES = "abcde"


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Memory, list[Op]]:
    """Return some records, and a commit that is possible on them."""
    memory = Memory()
    there = draw(st.sets(st.sampled_from(NAMES)))
    for name in sorted(there):
        memory.commit([Insert(thing(name, status=draw(st.sampled_from("xy"))))])
    log = draw(st.integers(0, 6))
    for number in range(1, log + 1):
        memory.commit([Insert(said(number))])
    ops: list[Op] = []
    for name in sorted(draw(st.sets(st.sampled_from(NAMES), min_size=1))):
        if name not in there:
            ops.append(Insert(thing(name, status=draw(st.sampled_from("xy")))))
        elif draw(st.booleans()):
            ops.append(Update(thing(name, 2, status=draw(st.sampled_from("xy")))))
        else:
            ops.append(Delete(thing(name).key, 1))
    more = draw(st.integers(-log, 3))
    ops += [Insert(said(log + n)) for n in range(1, more + 1)]
    ops += [Delete(said(log - n).key, 1) for n in range(-more)]
    return memory, ops


def before_of(memory: Memory, ops: list[Op]) -> dict[Key, Record | None]:
    """Return what a commit is about to change."""
    return {key_of(op): memory.get(key_of(op)) for op in ops}


@given(
    worlds(),
    st.sampled_from([(), ("x",), ("x", "y")]),
    st.none() | st.sampled_from(NAMES),
    st.booleans(),
    st.integers(1, 6),
)
def test_a_stale_view_is_that_before_the_commit(
    world: tuple[Memory, list[Op]],
    status: tuple[str, ...],
    after: str | None,
    newest_first: bool,  # noqa: FBT001 - Hypothesis gives it by position
    limit: int,
) -> None:
    """Whatever the commit was, and whatever page of the view is asked for."""
    memory, ops = world
    query = Query(
        kind="thing",
        tenant="acme",
        owner="ada",
        status=status,
        after=None if after is None else thing(after).key,
        newest_first=newest_first,
        limit=limit,
    )
    wanted = list(memory.find(query))
    before = {key: old for key, old in before_of(memory, ops).items() if key.kind == "thing"}
    memory.commit(ops)
    wide = Query(
        kind="thing",
        tenant="acme",
        owner="ada",
        status=status,
        after=query.after,
        newest_first=newest_first,
        limit=limit + len(before),
    )
    assert list(stale_view(memory.find(wide), before, query)) == wanted


@given(worlds(), st.integers(0, 7), st.none() | st.integers(0, 7), st.integers(1, 7))
def test_a_stale_log_is_that_before_the_commit(
    world: tuple[Memory, list[Op]], after: int, last: int | None, limit: int
) -> None:
    """Whatever part of the log is asked for."""
    memory, ops = world
    wanted = list(memory.log("acme", "s", after=after, last=last, limit=limit))
    before = {key: old for key, old in before_of(memory, ops).items() if key.kind == "message"}
    memory.commit(ops)
    most = (limit if last is None else last) + len(before)
    shown = memory.log("acme", "s", after=after, last=None if last is None else most, limit=most)
    assert (
        list(stale_log(shown, before, "acme", "s", after=after, last=last, limit=limit)) == wanted
    )
