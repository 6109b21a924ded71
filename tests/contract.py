"""The contract of a repository (brief, section 8), written once for all of them.

Each check is a workflow, so the blocking and the async driver run the same words over a blocking
and an async repository. A check gets a tenant of its own and leaves what it wrote behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, TypeAlias

from coachwork.adapters import (
    BuiltinRenderer,
    ExtractiveSummarizer,
    ScriptedModel,
    SystemClock,
    TimeOrderedIds,
    TopicTemplates,
)
from coachwork.drivers import run, run_async
from coachwork.effects import Commit, Find, Get, ReadLog, Workflow
from coachwork.ports import AsyncPorts, AsyncRepository, CommitResult, Ports, Query, Repository
from coachwork.records import (
    MAX_BODY,
    MAX_OPS,
    Check,
    Delete,
    Facts,
    Insert,
    Key,
    Op,
    Record,
    Update,
    message_key,
)

DONE: Final = CommitResult.DONE
CONFLICT: Final = CommitResult.CONFLICT
NOON: Final = datetime(2026, 2, 3, 12, 0, 0, 123456, tzinfo=UTC)
TICK: Final = timedelta(microseconds=1)
HOSTILE: Final = (
    "a",
    "A",
    "a#b",
    "a/b",
    "/",
    "#000000000001",
    "3:x",
    "1:a/1:b",
    "' OR 1=1 --",
    '"; DROP TABLE coachwork_record; --',
    "%",
    "_",
    "../../etc/passwd",
    "C:\\x",
    "é",
    "e\u0301",
    "\U0001f469\u200d\U0001f9b0",
    "x" * 128,
)
"""Ids that would break a key made carelessly."""

ContractCheck: TypeAlias = Callable[[str], Workflow[None]]


def thing(
    tenant: str,
    *parts: str | int,
    version: int = 1,
    kind: str = "thing",
    facts: Facts | None = None,
    body: str = '{"schema":1}',
) -> Record:
    """Return a record that means nothing."""
    return Record(Key(kind, tenant, parts), version, facts or Facts(), body)


def message(tenant: str, session: str, sequence: int) -> Record:
    """Return a message record as far as a repository looks at it."""
    key = message_key(tenant, session, sequence)
    return Record(key, 1, Facts(session=session), f'{{"n":{sequence}}}')


def commit(*ops: Op) -> Commit:
    """Return the effect that commits *ops*."""
    return Commit(ops)


# --- the checks ------------------------------------------------------------------------------


def what_is_not_there_is_none(tenant: str) -> Workflow[None]:
    """Nothing is found where nothing was put."""
    assert (yield from Get(Key("thing", tenant, ("a",)))) is None
    assert list((yield from ReadLog(tenant=tenant, session="s", limit=10))) == []
    assert list((yield from Find(Query(kind="thing", tenant=tenant, owner="u")))) == []


def a_record_comes_back_exactly(tenant: str) -> Workflow[None]:
    """Key, version, facts and body are given back as they were."""
    east = timezone(timedelta(hours=14))
    facts = Facts(
        owner="' OR 1=1 --",
        session="s/1:x",
        topic="t#",
        status="active",
        at=NOON,
        due=datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        expires=datetime(2026, 2, 4, 2, 0, 0, 1, tzinfo=east),
        scenario="e\u0301",
    )
    body = '{"text":"\\u0000 \\ud800 \\u00e4","n":123456789012345678901234567890,"schema":1}'
    first = thing(tenant, "a", 7, facts=facts, body=body)
    bare = thing(tenant, "b")
    assert (yield from commit(Insert(first), Insert(bare))) is DONE
    assert (yield from Get(first.key)) == first
    assert (yield from Get(bare.key)) == bare


def an_insert_wants_nothing_there(tenant: str) -> Workflow[None]:
    """A second insert is a conflict and changes nothing."""
    first = thing(tenant, "a", body='{"n":1}')
    assert (yield from commit(Insert(first))) is DONE
    assert (yield from commit(Insert(thing(tenant, "a", body='{"n":2}')))) is CONFLICT
    assert (yield from Get(first.key)) == first


def an_update_wants_the_version_before(tenant: str) -> Workflow[None]:
    """An update passes from exactly one version; a stale, early or blind one is a conflict."""
    key = Key("thing", tenant, ("a",))
    second = thing(tenant, "a", version=2, facts=Facts(owner="u"), body='{"n":2}')
    assert (yield from commit(Update(second))) is CONFLICT
    assert (yield from Get(key)) is None
    assert (yield from commit(Insert(thing(tenant, "a")))) is DONE
    assert (yield from commit(Update(thing(tenant, "a", version=3)))) is CONFLICT
    assert (yield from commit(Update(second))) is DONE
    assert (yield from Get(key)) == second
    stale = thing(tenant, "a", version=2, body='{"n":3}')
    assert (yield from commit(Update(stale))) is CONFLICT
    assert (yield from Get(key)) == second


def a_delete_wants_the_version(tenant: str) -> Workflow[None]:
    """A delete passes at exactly one version; what is gone can be put anew."""
    record = thing(tenant, "a", facts=Facts(owner="u"))
    assert (yield from commit(Delete(record.key, 1))) is CONFLICT
    assert (yield from commit(Insert(record))) is DONE
    assert (yield from commit(Delete(record.key, 2))) is CONFLICT
    assert (yield from Get(record.key)) == record
    assert (yield from commit(Delete(record.key, 1))) is DONE
    assert (yield from Get(record.key)) is None
    assert list((yield from Find(Query(kind="thing", tenant=tenant, owner="u")))) == []
    assert (yield from commit(Insert(record))) is DONE


def a_check_changes_nothing(tenant: str) -> Workflow[None]:
    """A check lets a commit pass at exactly one version, and moves no version."""
    record = thing(tenant, "a")
    beside = thing(tenant, "b")
    assert (yield from commit(Check(record.key, 1), Insert(beside))) is CONFLICT
    assert (yield from commit(Insert(record))) is DONE
    assert (yield from commit(Check(record.key, 2), Insert(beside))) is CONFLICT
    assert (yield from Get(beside.key)) is None
    assert (yield from commit(Check(record.key, 1), Insert(beside))) is DONE
    assert (yield from commit(Check(record.key, 1))) is DONE
    assert (yield from Get(record.key)) == record


def a_commit_is_all_or_nothing(tenant: str) -> Workflow[None]:
    """One operation that finds something else stops all of them, wherever it stands."""
    old, doomed = thing(tenant, "old"), thing(tenant, "doomed")
    assert (yield from commit(Insert(old), Insert(doomed))) is DONE
    good: tuple[Op, ...] = (
        Insert(thing(tenant, "new")),
        Update(thing(tenant, "old", version=2, body='{"n":2}')),
        Delete(doomed.key, 1),
    )
    bad: tuple[Op, ...] = (
        Insert(thing(tenant, "other-old")),
        Update(thing(tenant, "missing", version=2)),
        Delete(Key("thing", tenant, ("missing",)), 1),
        Check(Key("thing", tenant, ("missing",)), 1),
    )
    assert (yield from commit(Insert(thing(tenant, "other-old")))) is DONE
    for wrong in bad:
        for place in range(len(good) + 1):
            ops = (*good[:place], wrong, *good[place:])
            assert (yield from Commit(ops)) is CONFLICT
            assert (yield from Get(old.key)) == old
            assert (yield from Get(doomed.key)) == doomed
            assert (yield from Get(Key("thing", tenant, ("new",)))) is None
    assert (yield from Commit(good)) is DONE
    assert (yield from Get(doomed.key)) is None


def a_commit_may_be_as_large_as_promised(tenant: str) -> Workflow[None]:
    """No operation is fine, so are a hundred, and so is a body of the greatest length."""
    assert (yield from commit()) is DONE
    large = '{"text":"' + "x" * (MAX_BODY - 11) + '"}'
    assert len(large) == MAX_BODY
    records = [thing(tenant, n, body=large if n == 7 else "{}") for n in range(MAX_OPS)]
    assert (yield from Commit(tuple(Insert(record) for record in records))) is DONE
    assert (yield from Get(records[7].key)) == records[7]
    assert (yield from Get(records[99].key)) == records[99]


def hostile_ids_meet_nobody(tenant: str) -> Workflow[None]:
    """Ids with separators, quotes, path parts, or alike to the eye are each a record of its own."""
    records = [
        thing(tenant, first, second, body=f'{{"n":{n}}}')
        for n, (first, second) in enumerate((a, b) for a in HOSTILE for b in HOSTILE[:6])
    ]
    for start in range(0, len(records), MAX_OPS):
        ops = tuple(Insert(record) for record in records[start : start + MAX_OPS])
        assert (yield from Commit(ops)) is DONE
    for record in records:
        assert (yield from Get(record.key)) == record


def tenants_are_apart(tenant: str) -> Workflow[None]:
    """The same parts under another tenant are another record, and no view mixes them."""
    other = f"{tenant}-2"
    mine = thing(tenant, "a", facts=Facts(owner="u"), body='{"n":1}')
    theirs = thing(other, "a", facts=Facts(owner="u"), body='{"n":2}')
    assert (yield from commit(Insert(mine), Insert(message(tenant, "s", 1)))) is DONE
    assert (yield from commit(Insert(theirs), Insert(message(other, "s", 1)))) is DONE
    assert (yield from commit(Insert(message(other, "s", 2)))) is DONE
    assert (yield from Get(mine.key)) == mine
    assert (yield from Get(theirs.key)) == theirs
    assert list((yield from Find(Query(kind="thing", tenant=tenant, owner="u")))) == [mine]
    found = yield from ReadLog(tenant=tenant, session="s", limit=10)
    assert list(found) == [message(tenant, "s", 1)]


def the_log_is_in_order(tenant: str) -> Workflow[None]:
    """Messages come in ascending order of their numbers, across powers of ten."""
    log = [message(tenant, "s", n) for n in range(1, 1101)]
    for start in reversed(range(0, len(log), MAX_OPS)):
        ops = tuple(Insert(record) for record in log[start : start + MAX_OPS])
        assert (yield from Commit(ops)) is DONE
    for near in ("s1", "S", "s#", "s/", "1:s", "", "s" * 128):
        assert (yield from commit(Insert(message(tenant, near, 1)))) is DONE

    def read(
        after: int = 0, last: int | None = None, limit: int = 5000
    ) -> Workflow[Sequence[Record]]:
        found = yield from ReadLog(tenant=tenant, session="s", after=after, last=last, limit=limit)
        return list(found)

    assert (yield from read()) == log
    assert (yield from read(limit=3)) == log[:3]
    assert (yield from read(after=9, limit=2)) == log[9:11]
    assert (yield from read(after=1099)) == log[1099:]
    assert (yield from read(after=1100)) == []
    assert (yield from read(after=10**9)) == []
    assert (yield from read(last=3)) == log[-3:]
    assert (yield from read(last=3, limit=2)) == log[-3:-1]
    assert (yield from read(after=1098, last=30)) == log[1098:]
    assert (yield from read(last=5000)) == log
    assert (yield from read(last=0)) == []
    assert (yield from read(after=5, last=0, limit=3)) == []


def a_log_can_be_deleted_in_pages(tenant: str) -> Workflow[None]:
    """What is left of a log that loses its beginning is still found."""
    log = [message(tenant, "s", n) for n in range(1, 8)]
    assert (yield from Commit(tuple(Insert(record) for record in log))) is DONE
    assert (yield from commit(*(Delete(record.key, 1) for record in log[:3]))) is DONE
    assert list((yield from ReadLog(tenant=tenant, session="s", limit=100))) == log[3:]
    assert list((yield from ReadLog(tenant=tenant, session="s", last=2, limit=9))) == log[5:]
    assert (yield from commit(*(Delete(record.key, 1) for record in log[3:]))) is DONE
    assert list((yield from ReadLog(tenant=tenant, session="s", limit=100))) == []


def a_view_asks_for_facts(tenant: str) -> Workflow[None]:
    """All conditions of a query hold at once."""
    one = thing(tenant, "1", facts=Facts(owner="u", session="s", topic="t", status="x", at=NOON))
    two = thing(
        tenant,
        "2",
        facts=Facts(owner="u", session="S", topic="t", status="y", at=NOON + TICK, scenario="c"),
    )
    three = thing(tenant, "3", facts=Facts(owner="u"))
    four = thing(tenant, "4", facts=Facts(owner="v", session="s", topic="t", status="x", at=NOON))
    other = thing(tenant, "5", kind="other", facts=Facts(owner="u", status="x"))
    assert (yield from commit(*map(Insert, (four, three, two, one, other)))) is DONE

    def find(**wanted: Any) -> Workflow[list[Record]]:  # noqa: ANN401 - fields of a query
        query = Query(kind="thing", tenant=tenant, owner="u", **wanted)
        return list((yield from Find(query)))

    assert (yield from find()) == [one, two, three]
    assert (yield from find(newest_first=True)) == [three, two, one]
    assert (yield from find(session="s")) == [one]
    assert (yield from find(topic="t")) == [one, two]
    assert (yield from find(scenario="c")) == [two]
    assert (yield from find(status=("x",))) == [one]
    assert (yield from find(status=("x", "y"))) == [one, two]
    assert (yield from find(status=("z",))) == []
    assert (yield from find(status=("x", "y"), session="S")) == [two]
    assert (yield from find(since=NOON)) == [one, two]
    assert (yield from find(since=NOON + TICK)) == [two]
    assert (yield from find(before=NOON + TICK)) == [one]
    assert (yield from find(before=NOON)) == []
    assert (yield from find(since=NOON, before=NOON + TICK)) == [one]
    assert (yield from find(limit=2)) == [one, two]
    moved = Record(one.key, 2, Facts(owner="u", status="z"), one.body)
    assert (yield from commit(Update(moved))) is DONE
    assert (yield from find(status=("x",))) == []
    assert (yield from find(status=("z",))) == [moved]


def a_view_is_read_page_by_page(tenant: str) -> Workflow[None]:
    """Pages in either direction hold each record once, also when the last one is gone."""
    records = [thing(tenant, f"{n:02d}", facts=Facts(owner="u")) for n in range(10)]
    assert (yield from Commit(tuple(Insert(record) for record in records))) is DONE
    for newest_first in (False, True):
        read: list[Record] = []
        after: Key | None = None
        while True:
            query = Query(
                kind="thing",
                tenant=tenant,
                owner="u",
                after=after,
                newest_first=newest_first,
                limit=3,
            )
            page = yield from Find(query)
            assert len(page) <= 3
            if not page:
                break
            read += page
            after = page[-1].key
        assert read == (records[::-1] if newest_first else records)
    assert (yield from commit(Delete(records[5].key, 1))) is DONE
    after_it = Query(kind="thing", tenant=tenant, owner="u", after=records[5].key)
    assert list((yield from Find(after_it))) == records[6:]


def a_sweeper_finds_what_is_due(tenant: str) -> Workflow[None]:
    """What is due or has expired is found over all tenants, from the very instant on."""
    kind = f"kind-of-{tenant}"
    early = thing(tenant, "1", kind=kind, facts=Facts(due=NOON - TICK, expires=NOON))
    late = thing(f"{tenant}-2", "2", kind=kind, facts=Facts(due=NOON, expires=NOON + TICK))
    never = thing(tenant, "3", kind=kind)
    assert (yield from commit(Insert(early), Insert(never))) is DONE
    assert (yield from commit(Insert(late))) is DONE
    wanted: tuple[tuple[Query, list[Record]], ...] = (
        (Query(kind=kind, due=NOON - TICK - TICK), []),
        (Query(kind=kind, due=NOON - TICK), [early]),
        (Query(kind=kind, due=NOON), [early, late]),
        (Query(kind=kind, due=NOON, limit=1), [early]),
        (Query(kind=kind, expires=NOON - TICK), []),
        (Query(kind=kind, expires=NOON), [early]),
        (Query(kind=kind, expires=NOON + TICK), [early, late]),
        (Query(kind=kind, expires=NOON + TICK, after=early.key), [late]),
    )
    for query, expected in wanted:
        assert list((yield from Find(query))) == expected


def what_is_due_first_comes_first(tenant: str) -> Workflow[None]:
    """Due records come in the order of their instants, by key among equals, over all tenants."""
    kind = f"kind-of-{tenant}"
    due = {"a": 5, "b": 2, "c": 2, "d": 0, "e": 9, "f": 2}
    records = {
        name: thing(
            f"{tenant}-{n % 2}",
            name,
            kind=kind,
            facts=Facts(status="x" if name in "ace" else "y", due=NOON + ticks * TICK),
        )
        for n, (name, ticks) in enumerate(due.items())
    }
    assert (yield from commit(*map(Insert, records.values()))) is DONE
    assert (yield from commit(Insert(thing(tenant, "g", kind=kind)))) is DONE

    def find(**wanted: Any) -> Workflow[str]:  # noqa: ANN401 - fields of a query
        found = yield from Find(Query(kind=kind, **wanted))
        return "".join(str(record.key.parts[0]) for record in found)

    late = NOON + 9 * TICK
    # Tenant 0 has a, c, e and tenant 1 has b, d, f: keys begin with the tenant.
    assert (yield from find(due=late)) == "dcbfae"
    assert (yield from find(due=NOON + 5 * TICK)) == "dcbfa"
    assert (yield from find(due=late, limit=2)) == "dc"
    assert (yield from find(due=late, status=("x",))) == "cae"
    assert (yield from find(due=late, status=("x",), limit=1)) == "c"
    assert (yield from find(due=late, status=("x", "y"))) == "dcbfae"
    assert (yield from find(due=late, status=("z",))) == ""
    assert (yield from find(due=late, tenant=f"{tenant}-1")) == "dbf"
    # Whatever changes, they are found where they stand now.
    first = records["d"]
    never = Record(first.key, 2, Facts(status="y"), first.body)
    last = Record(records["c"].key, 2, Facts(status="x", due=late + TICK), "{}")
    assert (yield from commit(Update(never), Update(last), Delete(records["b"].key, 1))) is DONE
    assert (yield from find(due=late)) == "fae"
    assert (yield from find(due=late + TICK)) == "faec"
    again = Record(first.key, 3, Facts(status="y", due=NOON), first.body)
    assert (yield from commit(Update(again))) is DONE
    assert (yield from find(due=late)) == "dfae"


def what_is_due_is_read_page_by_page(tenant: str) -> Workflow[None]:
    """In due order each record once, over all tenants, also among equals, and if the last is gone.

    ``after`` alone goes by the keys; with ``after_due`` by the instant first.
    """
    kind = f"kind-of-{tenant}"
    due = {"a": 5, "b": 2, "c": 2, "d": 0, "e": 9, "f": 2, "g": 2, "h": 5}
    records = {
        name: thing(
            f"{tenant}-{n % 2}",
            name,
            kind=kind,
            facts=Facts(status="x" if name in "acegh" else "y", due=NOON + ticks * TICK),
        )
        for n, (name, ticks) in enumerate(due.items())
    }
    assert (yield from commit(*map(Insert, records.values()))) is DONE
    assert (yield from commit(Insert(thing(tenant, "i", kind=kind)))) is DONE
    late = NOON + 9 * TICK
    # Tenant 0 has a, c, e, g and tenant 1 has b, d, f, h: keys begin with the tenant.
    views: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "dcgbfahe"),
        ({"status": ("x",)}, "cgahe"),
        ({"status": ("x", "y")}, "dcgbfahe"),
        ({"tenant": f"{tenant}-1"}, "dbfh"),
    )
    for wanted, expected in views:
        for limit in (1, 2, 3, 8, 9):
            read = ""
            last: Record | None = None
            while True:
                query = Query(
                    kind=kind,
                    due=late,
                    after_due=None if last is None else last.facts.due,
                    after=None if last is None else last.key,
                    limit=limit,
                    **wanted,
                )
                page = yield from Find(query)
                assert len(page) <= limit
                if not page:
                    break
                read += "".join(str(record.key.parts[0]) for record in page)
                last = page[-1]
            assert read == expected

    def after(name: str, ticks: int, until: datetime = late) -> Workflow[str]:
        key = records[name].key
        query = Query(kind=kind, due=until, after_due=NOON + ticks * TICK, after=key)
        found = yield from Find(query)
        return "".join(str(record.key.parts[0]) for record in found)

    assert (yield from after("g", 2, NOON + 5 * TICK)) == "bfah"
    assert (yield from after("g", 2, NOON + TICK)) == ""
    # Where the page ended counts, whatever became of its last record since.
    gone = Delete(records["g"].key, 1)
    moved = Record(records["f"].key, 2, Facts(status="y", due=late), "{}")
    assert (yield from commit(gone, Update(moved))) is DONE
    assert (yield from after("g", 2)) == "bahef"
    assert (yield from after("f", 2)) == "ahef"
    assert (yield from after("f", 9)) == ""


CHECKS: Final[tuple[ContractCheck, ...]] = (
    what_is_not_there_is_none,
    a_record_comes_back_exactly,
    an_insert_wants_nothing_there,
    an_update_wants_the_version_before,
    a_delete_wants_the_version,
    a_check_changes_nothing,
    a_commit_is_all_or_nothing,
    a_commit_may_be_as_large_as_promised,
    hostile_ids_meet_nobody,
    tenants_are_apart,
    the_log_is_in_order,
    a_log_can_be_deleted_in_pages,
    a_view_asks_for_facts,
    a_view_is_read_page_by_page,
    a_sweeper_finds_what_is_due,
    what_is_due_first_comes_first,
    what_is_due_is_read_page_by_page,
)
"""All of them."""


# --- running them ----------------------------------------------------------------------------


def name_of(check: ContractCheck) -> str:
    """How a check is called in a report."""
    return str(getattr(check, "__name__", check))


def ports(repository: Repository) -> Ports:
    """Return ports with that repository, and defaults for the rest."""
    return Ports(
        repository=repository,
        model=ScriptedModel([]),
        clock=SystemClock(),
        ids=TimeOrderedIds(),
        templates=TopicTemplates({}),
        renderer=BuiltinRenderer(),
        summarizer=ExtractiveSummarizer(),
    )


def async_ports(repository: AsyncRepository) -> AsyncPorts:
    """Return ports with that repository, and defaults for the rest."""
    return AsyncPorts(
        repository=repository,
        model=ScriptedModel([]).for_async(),
        clock=SystemClock(),
        ids=TimeOrderedIds(),
        templates=TopicTemplates({}).for_async(),
        renderer=BuiltinRenderer(),
        summarizer=ExtractiveSummarizer().for_async(),
    )


def hold(check: ContractCheck, repository: Repository) -> None:
    """Hold *check* against a blocking repository."""
    run(check(TimeOrderedIds().new_id()), ports(repository))


async def hold_async(check: ContractCheck, repository: AsyncRepository) -> None:
    """Hold *check* against an async repository."""
    await run_async(check(TimeOrderedIds().new_id()), async_ports(repository))
