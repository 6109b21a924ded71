"""What is promised to whoever comes later, or from another process."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from coachwork.effects import Find, Get, ReadLog, Workflow
from coachwork.ports import Query
from coachwork.records import Delete, Facts, Insert, Key, Op, Record, Update
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._expecting import expect
from coachwork.testing.conformance._processes import Elsewhere, ProcessMeeting
from coachwork.testing.conformance._promise import Trial, promise
from coachwork.testing.conformance.repository._asking import (
    done,
    finds,
    put,
    shows,
    version_of,
)
from coachwork.testing.conformance.repository._races import (
    claimed,
    counted,
    crossed,
    never_both,
    one_winner_each,
)
from coachwork.testing.conformance.repository._things import message, names, numbers, thing

REPOSITORY: Final = "coachwork.ports.Repository"
PROCESSES: Final = 2
ROUNDS: Final = 50
OWNED: Final = Facts(owner="u")


# --- later -------------------------------------------------------------------------------------


def _found_again(trial: Trial) -> Workflow[None]:
    """Find everything as the last commit left it."""
    changed = thing(trial.tenant, "b", version=2, facts=OWNED, body='{"n":2}')
    yield from finds(changed.key, changed)
    yield from finds(Key("thing", trial.tenant, ("c",)), None)
    view = Find(Query(kind="thing", tenant=trial.tenant, owner="u"))
    yield from shows(trial, view, names, ["a", "b"])
    log = ReadLog(tenant=trial.tenant, session="s", limit=10)
    yield from shows(trial, log, numbers, [1, 2])


@promise(
    "R70",
    why="After a restart, what people had said is gone, or what they had deleted is back.",
    where="brief, section 10, invariant 10: a crash ends in a state that a run could reach",
    needs=Capability.REOPENING,
    then=_found_again,
)
def what_was_done_is_there_after_a_restart(trial: Trial) -> Workflow[None]:
    """Records, changes, deletions, logs and views are found again by whoever opens it anew."""
    yield from put([thing(trial.tenant, name, facts=OWNED) for name in "abc"])
    yield from put([message(trial.tenant, "s", n) for n in (1, 2)])
    yield from done(
        Update(thing(trial.tenant, "b", version=2, facts=OWNED, body='{"n":2}')),
        Delete(Key("thing", trial.tenant, ("c",)), 1),
    )


# --- elsewhere -----------------------------------------------------------------------------------


@promise(
    "R71",
    why="Two servers: a message vanishes, though it was acknowledged.",
    where=f"{REPOSITORY}.commit; brief, section 10, invariant 9",
    needs=Capability.PROCESSES,
)
def processes_lose_no_update(trial: Trial) -> Workflow[None]:
    """Of several processes that count in one record, none loses an update of another."""
    yield from done(Insert(thing(trial.tenant, "counter")))
    racers = [partial(counted, trial.tenant, f"{n}", ROUNDS) for n in range(PROCESSES)]
    yield from Elsewhere(trial, tuple(racers))
    found = yield from Get(Key("thing", trial.tenant, ("counter",)))
    counted_to = version_of(found)
    expect(f"the version after {PROCESSES * ROUNDS} updates", counted_to, 1 + PROCESSES * ROUNDS)


@promise(
    "R72",
    why="Two servers: a user has two live sessions on one topic.",
    where=f"{REPOSITORY}.commit; brief, section 10, invariant 1",
    needs=Capability.PROCESSES,
)
def of_the_inserts_of_several_processes_one_is_done(trial: Trial) -> Workflow[None]:
    """Of several processes that put a record where none is, one is told that it was done."""
    meeting = ProcessMeeting(PROCESSES)
    racers = [partial(claimed, trial.tenant, f"{n}", ROUNDS, meeting) for n in range(PROCESSES)]
    won = yield from Elsewhere(trial, tuple(racers))
    one_winner_each(won, ROUNDS, "with an insert of one key")


@promise(
    "R73",
    why="A message is accepted on one server while another deletes its user's data.",
    where="coachwork.records.Check: it must hold until the commit is done",
    needs=Capability.PROCESSES,
)
def a_check_holds_against_other_processes(trial: Trial) -> Workflow[None]:
    """Two processes that each check what the other one changes never both pass."""
    for name in "ab":
        yield from put([thing(trial.tenant, name, n) for n in range(ROUNDS)])
    ways = (("a", "b"), ("b", "a"))
    meeting = ProcessMeeting(PROCESSES)
    racers = [partial(crossed, trial.tenant, *way, ROUNDS, meeting) for way in ways]
    never_both((yield from Elsewhere(trial, tuple(racers))))


def changed(ops: Sequence[Op]) -> Workflow[None]:
    """Make changes, as another process."""
    yield from done(*ops)


@promise(
    "R74",
    why="A server keeps what it read, and decides by it what another one has changed since.",
    where=f"{REPOSITORY}.get: never served from a cache or a replica",
    needs=Capability.PROCESSES,
)
def what_another_process_did_is_seen_at_once(trial: Trial) -> Workflow[None]:
    """What one process has done, another that had read it before reads at once."""
    gone, one = thing(trial.tenant, "gone"), thing(trial.tenant, "a")
    two, new = thing(trial.tenant, "a", version=2), thing(trial.tenant, "new")
    yield from done(Insert(gone), Insert(one))
    states: tuple[tuple[Key, Record | None], ...] = (
        (gone.key, gone),
        (one.key, one),
        (new.key, None),
    )
    for key, state in states:
        yield from finds(key, state)
    ops: tuple[Op, ...] = (Delete(gone.key, 1), Update(two), Insert(new))
    yield from Elsewhere(trial, (partial(changed, ops),))
    later: tuple[tuple[Key, Record | None], ...] = (
        (gone.key, None),
        (one.key, two),
        (new.key, new),
    )
    for key, state in later:
        yield from finds(key, state)
