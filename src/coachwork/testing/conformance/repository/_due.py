"""What is promised to workers and sweepers: what is due, and what has expired."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from attrs import evolve

from coachwork.effects import Find, Workflow
from coachwork.ports import Query
from coachwork.records import Delete, Facts, Record, Update
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._promise import Trial, promise
from coachwork.testing.conformance.repository._asking import done, put, shows
from coachwork.testing.conformance.repository._things import NOON, TICK, names, thing

DUE: Final = "coachwork.ports.Query.due"
EXPIRES: Final = "coachwork.ports.Query.expires"
LATE: Final = NOON + 20 * TICK
FAR: Final = datetime(2999, 1, 1, tzinfo=UTC)
"""When no engine deletes what expires then."""
VERY_FAR: Final = FAR.replace(year=3000)


ORDER: Final = "dcgbfahe"
"""What `_waiting` stores, in the order in which it is due."""


def _names(records: Sequence[Record]) -> str:
    """Return the records' names, of one letter each, as one word."""
    return "".join(names(records))


def _in_any_order(records: Sequence[Record]) -> str:
    """Return the records' names in the order of the alphabet."""
    return "".join(sorted(_names(records)))


def _due(trial: Trial, until: datetime = LATE, **wanted: Any) -> Find:  # noqa: ANN401 - of a query
    """Return the question for what is due."""
    return Find(evolve(Query(kind=trial.kind, due=until), **wanted))


def _waiting(trial: Trial) -> Workflow[dict[str, Record]]:
    """Let there be records of two tenants that are due at several instants, some at the same.

    Tenant 0 has a, c, e, g and tenant 1 has b, d, f, h. By their instants, and by their keys where
    those are the same, they are d, cgbf, ah, e: keys begin with the tenant.
    """
    ticks = {"a": 5, "b": 2, "c": 2, "d": 0, "e": 9, "f": 2, "g": 2, "h": 5}
    records = {
        name: thing(
            f"{trial.tenant}-{n % 2}",
            name,
            kind=trial.kind,
            facts=Facts(status="x" if name in "acegh" else "y", due=NOON + tick * TICK),
        )
        for n, (name, tick) in enumerate(ticks.items())
    }
    stored = list(records.values())
    yield from put(stored[1::2])
    yield from put(stored[::2])
    yield from shows(trial, _due(trial), len, len(records))
    return records


@promise(
    "R51",
    why="A job is looked at before it is due, and answered twice; or it is never looked at.",
    where=DUE,
    needs=Capability.DUE,
)
def what_is_due_is_found_from_its_instant_on(trial: Trial) -> Workflow[None]:
    """A record is due from the very instant of its fact on; without that fact it never is."""
    yield from _waiting(trial)
    yield from put([thing(f"{trial.tenant}-0", "i", kind=trial.kind)])
    for tick, expected in ((-1, ""), (0, "d"), (1, "d"), (2, "bcdfg"), (5, "abcdfgh")):
        view = _due(trial, NOON + tick * TICK)
        yield from shows(trial, view, _in_any_order, expected)
    yield from shows(trial, _due(trial), _in_any_order, "abcdefgh")


@promise(
    "R52",
    why="Jobs that wait longest are never answered while new ones keep coming.",
    where=f"{DUE}: those due first first",
    needs=Capability.DUE,
)
def what_is_due_first_comes_first(trial: Trial) -> Workflow[None]:
    """What is due comes in the order of its instants, among equals by key, over all tenants."""
    yield from _waiting(trial)
    yield from shows(trial, _due(trial), _names, ORDER)


@promise(
    "R53",
    why="One look for due jobs reads all that wait.",
    where=DUE,
    needs=Capability.DUE,
)
def what_is_due_ends_at_the_limit(trial: Trial) -> Workflow[None]:
    """There are at most ``limit`` records, the first ones in the order of what is due."""
    yield from _waiting(trial)
    whole = _names((yield from _due(trial)))
    for limit in (1, 2, 5, 8):
        yield from shows(trial, _due(trial, limit=limit), _names, whole[:limit])


@promise(
    "R54",
    why="A relay looks through every open job to find one event; a worker takes what is settled.",
    where="coachwork.ports.Query: all conditions hold at once",
    needs=Capability.DUE,
)
def what_is_due_can_be_of_some_statuses(trial: Trial) -> Workflow[None]:
    """Due records can be asked for by status, and by tenant, too."""
    yield from _waiting(trial)
    wanted: tuple[tuple[dict[str, Any], str], ...] = (
        ({"status": ("x",)}, "acegh"),
        ({"status": ("y", "z")}, "bdf"),
        ({"status": ("z",)}, ""),
        ({"tenant": f"{trial.tenant}-1"}, "bdfh"),
        ({"tenant": f"{trial.tenant}-1", "status": ("x",)}, "h"),
    )
    for conditions, expected in wanted:
        yield from shows(trial, _due(trial, **conditions), _in_any_order, expected)


def _after(trial: Trial, record: Record, **wanted: Any) -> Find:  # noqa: ANN401 - of a query
    """Return the question for what is due after *record*."""
    return _due(trial, after_due=record.facts.due, after=record.key, **wanted)


@promise(
    "R55",
    why="A worker that meets a page of jobs it cannot do never gets to those behind them.",
    where="coachwork.ports.Query.after_due",
    needs=Capability.DUE,
)
def what_is_due_can_be_read_in_pages(trial: Trial) -> Workflow[None]:
    """A page holds what comes after the last record's instant and key, also among equals."""
    stored = yield from _waiting(trial)
    wanted: tuple[dict[str, Any], ...] = (
        {},
        {"status": ("x",)},
        {"tenant": f"{trial.tenant}-1"},
    )
    for conditions in wanted:
        whole = _names((yield from _due(trial, **conditions)))
        for last in whole:
            behind = ORDER[ORDER.index(last) + 1 :]
            page = _after(trial, stored[last], **conditions)
            expected = "".join(name for name in whole if name in behind)
            yield from shows(trial, page, _names, expected)


@promise(
    "R56",
    why="A worker begins anew with each job that another one takes, and never gets to the end.",
    where="coachwork.ports.Query.after_due",
    needs=Capability.DUE,
)
def a_page_of_what_is_due_goes_on_after_what_is_gone(trial: Trial) -> Workflow[None]:
    """Where a page ended counts, whatever has become of its last record since."""
    stored = yield from _waiting(trial)
    moved, gone = stored["d"], stored["e"]
    later = Record(moved.key, 2, Facts(status="y", due=LATE + TICK), "{}")
    for op in (Update(later), Delete(gone.key, 1)):
        yield from done(op)
    yield from shows(trial, _after(trial, moved), _in_any_order, "abcfgh")
    yield from shows(trial, _after(trial, gone), _names, "")


@promise(
    "R57",
    why="A job that is taken, or settled, is found as due by every other worker.",
    where=f"{DUE}; coachwork.records.Update",
    needs=Capability.DUE,
)
def what_is_due_is_so_by_its_present_facts(trial: Trial) -> Workflow[None]:
    """A record that was put off, is due no more, or was deleted is not found as it was."""
    stored = yield from _waiting(trial)
    first = stored["d"]
    never = Record(first.key, 2, Facts(status="y"), "{}")
    later = Record(stored["c"].key, 2, Facts(status="x", due=LATE + TICK), "{}")
    for op in (Update(never), Update(later), Delete(stored["b"].key, 1)):
        yield from done(op)
    yield from shows(trial, _due(trial), _in_any_order, "aefgh")
    yield from shows(trial, _due(trial, LATE + 2 * TICK), _in_any_order, "acefgh")
    yield from done(Update(Record(first.key, 3, Facts(status="y", due=NOON), "{}")))
    yield from shows(trial, _due(trial), _in_any_order, "adefgh")


# --- what has expired ------------------------------------------------------------------------


def _expiring(trial: Trial) -> Workflow[dict[str, Record]]:
    """Let there be records of two tenants that expire one after another."""
    when = {"c": FAR, "a": FAR + 2 * TICK, "b": FAR + TICK}
    records = {
        name: thing(f"{trial.tenant}-{n % 2}", name, kind=trial.kind, facts=Facts(expires=instant))
        for n, (name, instant) in enumerate(when.items())
    }
    for record in records.values():
        yield from put([record])
    yield from shows(trial, _expired(trial), len, len(records))
    return records


def _expired(trial: Trial, until: datetime = VERY_FAR, **wanted: Any) -> Find:  # noqa: ANN401 - of a query
    """Return the question for what has expired."""
    return Find(evolve(Query(kind=trial.kind, expires=until), **wanted))


@promise(
    "R58",
    why="Sessions are swept away too early, or never.",
    where=EXPIRES,
    needs=Capability.EXPIRED,
)
def what_expires_is_found_from_its_instant_on(trial: Trial) -> Workflow[None]:
    """A record has expired from the very instant of its fact on; without it, it never does."""
    yield from _expiring(trial)
    yield from put([thing(f"{trial.tenant}-0", "d", kind=trial.kind)])
    for tick, expected in ((-1, ""), (0, "c"), (1, "bc"), (2, "abc")):
        view = _expired(trial, FAR + tick * TICK)
        yield from shows(trial, view, _in_any_order, expected)
    yield from shows(trial, _expired(trial), _in_any_order, "abc")


@promise(
    "R59",
    why="A sweep never ends, or leaves out what stands behind the first page.",
    where=f"{EXPIRES}; coachwork.ports.Query.after",
    needs=Capability.EXPIRED,
)
def what_has_expired_can_be_read_in_pages(trial: Trial) -> Workflow[None]:
    """What has expired comes in the order of its keys, and pages go on after the last one."""
    stored = yield from _expiring(trial)
    # By their keys: a tenant's before the other's.
    yield from shows(trial, _expired(trial), _names, "bca")
    for number, name in enumerate("bca", 1):
        page = _expired(trial, after=stored[name].key)
        yield from shows(trial, page, _names, "bca"[number:])


@promise(
    "R60",
    why="A session that was prolonged is swept away; one that was deleted is found for ever.",
    where=f"{EXPIRES}; coachwork.records.Update",
    needs=Capability.EXPIRED,
)
def what_has_expired_is_so_by_its_present_facts(trial: Trial) -> Workflow[None]:
    """A record that was prolonged, or deleted, is not found as it was."""
    stored = yield from _expiring(trial)
    longer = Record(stored["a"].key, 2, Facts(expires=VERY_FAR + TICK), "{}")
    for op in (Update(longer), Delete(stored["b"].key, 1)):
        yield from done(op)
    yield from shows(trial, _expired(trial), _in_any_order, "c")
