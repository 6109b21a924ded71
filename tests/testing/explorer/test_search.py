"""The search finds everything, once, and what it leaves out shows nothing new."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator
from datetime import datetime, timedelta

import pytest
from attrs import evolve

from coachwork.effects import (
    AskModel,
    Commit,
    Effect,
    Find,
    Get,
    Now,
    ReadLog,
    RunAgent,
    Workflow,
)
from coachwork.jobs import JobKind
from coachwork.ports import Query
from coachwork.records import Facts, Insert, Key, Record
from coachwork.testing.explorer import (
    PROMISED,
    BoundReachedError,
    Bounds,
    Call,
    Command,
    Fault,
    Invariants,
    Outcome,
    Promises,
    Records,
    World,
    _search,
    commands_of,
)
from coachwork.testing.explorer._playing import CONFLICT
from coachwork.testing.explorer._remembered import remembered
from coachwork.testing.explorer._search import Search
from tests.explorations import ADA, BEN, PAST_BOTH, Scope
from tests.testing.explorer.test_world import asking
from tests.tills import NothingIsLost, Print, racing, taking, tearing, till, with_till, writing

Seen = tuple[frozenset[frozenset[Record]], frozenset[tuple[str, str, str]]]


def seen(search: Search) -> Seen:
    """Return what was stored at any moment, and what calls came to."""
    stores = frozenset(
        frozenset(search.stores.held(number).values())
        for number in range(len(search.stores.states))
    )
    results = frozenset(
        (result.call.command, str(result.value)[:40], type(result.error).__name__)
        for result in search.processes.results
    )
    return stores, results


def explored(scope: Scope, *, merges: bool, reduces: bool) -> tuple[Search, object]:
    """Return a search that is over, and what it found."""
    world = scope.world()
    bounds = Bounds(
        commands=scope.commands, at_once=scope.at_once, faults=scope.faults, kinds=scope.kinds
    )
    with remembered():
        search = Search(
            world,
            commands_of(world, scope.callers, *scope.names),
            bounds,
            Promises(world),
            merges=merges,
            reduces=reduces,
        )
        return search, search.run()


CROSS_CHECKED = {
    "two starts": Scope(names=("start",), commands=2),
    "start, send and pause": Scope(names=("start", "send", "pause"), commands=3, greets=False),
    "a start and a fault": Scope(names=("start",), commands=1, faults=1, instants=PAST_BOTH),
    "a submit, a worker and a fault": Scope(
        names=("start", "submit", "process"),
        commands=2,
        greets=False,
        faults=1,
        kinds=frozenset({Fault.CRASH, Fault.RETRY, Fault.LOST_DONE, Fault.CLOCK}),
        instants=PAST_BOTH,
    ),
    "a completion and a cancellation": Scope(names=("start", "complete", "cancel"), commands=2),
}


ALIKE = {
    "two users, two topics, two starts": Scope(
        names=("start",), callers=(ADA, BEN), topics=2, commands=2
    ),
    "two users and a fault": Scope(
        names=("start", "send", "cancel"),
        callers=(ADA, BEN),
        greets=False,
        faults=1,
        kinds=frozenset({Fault.OTHER_TARGET, Fault.RETRY, Fault.LOST_DONE}),
    ),
    "two users, and views that lag behind": Scope(
        names=("start", "process"),
        callers=(ADA, BEN),
        greets=False,
        faults=1,
        kinds=frozenset({Fault.STALE_VIEW}),
    ),
    "two users on an exclusive topic": Scope(
        names=("start", "take_over"), callers=(ADA, BEN), exclusive=True, greets=False
    ),
}


@pytest.mark.parametrize("name", ALIKE)
def test_what_is_alike_is_visited_once_and_known_of_all(name: str) -> None:
    """With and without: the same is stored, the same is told, in fewer states.

    Each state without stands for one with, so that there are at most as many times more of them as
    there are ways to change places.
    """
    scope = ALIKE[name]
    alike, found = explored(scope, merges=True, reduces=True)
    apart, other = explored(evolve(scope, alike=False), merges=True, reduces=True)
    assert (found, other) == (None, None)
    assert seen(alike) == seen(apart)
    ways = 2 * scope.topics
    assert alike.count.states < apart.count.states <= ways * alike.count.states


@pytest.mark.parametrize("name", CROSS_CHECKED)
def test_what_is_merged_and_left_out_loses_nothing(name: str) -> None:
    """With and without: the same is stored, the same is told, and nothing is violated.

    The naive search compares processes by their whole ways and tries every effect at every moment.
    """
    told: list[Seen] = []
    states: list[int] = []
    for merges, reduces in ((True, True), (True, False), (False, True), (False, False)):
        search, found = explored(CROSS_CHECKED[name], merges=merges, reduces=reduces)
        assert found is None
        told.append(seen(search))
        states.append(search.count.states)
    assert told[0] == told[1] == told[2] == told[3]
    assert states[0] < states[1] < states[3]
    assert states[0] <= states[2]


# --- a world of one's own ------------------------------------------------------------------------


def searched(
    world: World, *commands: Command, invariants: Invariants | None = None, **bounds: object
) -> Search:
    """Return a search in which nothing was found."""
    wanted = Bounds(**bounds)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    search = Search(world, commands, wanted, invariants or Invariants())
    assert search.run() is None
    return search


def test_every_interleaving_is_tried() -> None:
    """Two that take at once: one of them looks again, whichever."""
    search = searched(with_till(5), taking(), invariants=NothingIsLost(1))
    assert {json.loads(record.body) for record in search.stores.records} == {5, 4, 3}


def test_a_race_is_found() -> None:
    """Who writes by what was read before another wrote."""
    search = Search(with_till(5), [racing()], Bounds(), NothingIsLost(1))
    found = search.run()
    assert found is not None
    assert found.violations == ("race took 0",)


def test_no_more_than_so_many_are_under_way() -> None:
    """One after the other there is no race."""
    searched(with_till(5), racing(), invariants=NothingIsLost(1), at_once=1)


def test_a_bound_that_is_hit_is_an_error() -> None:
    """Nothing is left out silently."""
    search = Search(with_till(5), [taking()], Bounds(states=5), Invariants())
    with pytest.raises(BoundReachedError, match="more than 5 states") as error:
        search.run()
    assert (error.value.states, error.value.depth) == (5, 2)


def test_numbers_that_do_not_fit_are_a_bound_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state is told by numbers of so many bits; more is an error, never a mix-up."""
    monkeypatch.setattr(_search, "_MASK", 1)
    with pytest.raises(BoundReachedError):
        Search(with_till(5), [taking()], Bounds(), Invariants()).run()


class AtTheBeginning(Invariants):
    """Nothing may be there."""

    def state(self, records: Records, now: datetime, /) -> Iterator[str]:
        """Complain of everything."""
        del now
        yield from map(str, records)


def test_the_beginning_is_judged_too() -> None:
    """What does not hold from the first is found without a move."""
    found = Search(with_till(5), [taking()], Bounds(), AtTheBeginning()).run()
    assert found is not None
    assert found.moves == ()


class TellingOutcomes(Invariants):
    """Remember what callers were told."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self.told: set[str] = set()

    def outcome(self, outcome: Outcome, /) -> tuple[str, ...]:
        """Remember it."""
        self.told.add(type(outcome.error or outcome.value).__name__)
        return ()


def test_every_fault_comes_to_its_caller() -> None:
    """A store that is away, an answer that is lost, an interruption; of a death nobody tells."""
    judge = TellingOutcomes()
    searched(with_till(5), taking(), commands=1, faults=1, invariants=judge)
    assert judge.told == {
        "int",
        "StoreUnavailableError",
        "OutcomeUnknownError",
        "Interrupted",
    }


def instant() -> Workflow[datetime]:
    """Say what time it was at the second look."""
    yield from Now()
    return (yield from Now())


def test_time_passes_between_two_looks() -> None:
    """As often as there are instants, and as faults are allowed."""
    world = World(instants=(timedelta(0), timedelta(1), timedelta(2)))
    looking = Command(name="look", workflow=lambda _: instant())
    for faults, times in ((0, 1), (1, 2), (2, 3), (3, 3)):
        search = searched(world, looking, commands=1, faults=faults)
        assert len({result.value for result in search.processes.results if result.value}) == times


def test_the_same_call_comes_again() -> None:
    """While it runs and later, with its key and ids of its own; and for something else."""
    aimed = Command(
        name="write",
        workflow=writing().workflow,
        targets=lambda _: ("left", "right"),
        keyed=True,
    )
    other = searched(
        with_till(5), aimed, commands=1, faults=1, kinds=frozenset({Fault.OTHER_TARGET})
    )
    assert {result.call.number for result in other.processes.results} == {1, 2}
    kinds = frozenset({Fault.RETRY, Fault.OTHER_TARGET})
    search = searched(with_till(5), aimed, commands=1, faults=1, kinds=kinds)
    calls = {result.call for result in search.processes.results}
    keys = {call.key for call in calls}
    assert keys == {"key-1-write.0", "key-1-write.1"}
    assert {(call.target, call.number) for call in calls} == {
        (target, number) for target in ("left", "right") for number in (1, 2)
    }


def test_a_number_is_used_again_only_where_nothing_knows_it() -> None:
    """What was stored once and is gone may still be in somebody's hands."""
    place = Key("note", "acme", ("any",))

    def put(call: Call) -> Workflow[None]:
        note = Record(place, 1, Facts(), json.dumps([f"id-{call.number}.1"]))
        yield from Commit((Insert(note),))

    commands = [
        Command(name="put", workflow=put, makes_ids=True),
        Command(name="tear", workflow=lambda _: tearing()),
    ]
    search = searched(World(), *commands, commands=5, at_once=1)
    numbers = {result.call.number for result in search.processes.results}
    assert numbers == {0, 1, 2, 3}


def test_a_workflow_that_asks_nothing_comes_to_its_outcome_at_once() -> None:
    """It is judged all the same."""

    def nothing(_call: Call) -> Workflow[str]:
        return "done"
        yield from Now()  # type: ignore[unreachable]

    judge = TellingOutcomes()
    searched(World(), Command(name="nothing", workflow=nothing), invariants=judge)
    assert judge.told == {"str"}


# --- views, models, and effects of one's own -----------------------------------------------------

SESSION = Key("session", "acme", ("s",))
MESSAGES = [
    Record(Key("message", "acme", ("s", number)), 1, Facts(session="s"), "0") for number in (1, 2)
]
OWNED = Facts(owner="ada")


def reading() -> Workflow[int]:
    """Say how long the log is."""
    return len((yield from ReadLog(tenant="acme", session="s", limit=9)))


def finding() -> Workflow[int]:
    """Say how many things Ada has."""
    return len((yield from Find(Query(kind="thing", tenant="acme", owner="ada"))))


def appending(call: Call) -> Workflow[None]:
    """Add a message and a thing."""
    thing = Record(Key("thing", "acme", (f"id-{call.number}.1",)), 1, OWNED, "0")
    yield from Commit((Insert(MESSAGES[0]), Insert(thing)))


LOOKING = [
    Command(name="read", workflow=lambda _: reading()),
    Command(name="find", workflow=lambda _: finding()),
    Command(name="append", workflow=appending, makes_ids=True),
]


def counted(search: Search, command: str) -> set[object]:
    """Return what a command answered."""
    return {result.value for result in search.processes.results if result.call.command == command}


def test_views_show_what_is_there() -> None:
    """Before and after another writes; nothing else."""
    search = searched(World(), *LOOKING, commands=2)
    assert counted(search, "read") == {0, 1}
    assert counted(search, "find") == {0, 1}


def test_a_view_may_lag_behind() -> None:
    """It shows what was there before; only where that is asked for."""
    world = World(records=(MESSAGES[1],))
    stale = frozenset({Fault.STALE_VIEW, Fault.UNAVAILABLE})
    for kinds, told in ((PROMISED, {1, 2, None}), (PROMISED - stale, {1, 2})):
        search = searched(world, *LOOKING[::2], commands=2, at_once=1, faults=1, kinds=kinds)
        assert counted(search, "read") == told


def test_a_read_may_be_stale() -> None:
    """A record is read as it was before its last change, where a port breaks its promise."""
    for kinds in (frozenset({Fault.STALE_GET}), frozenset({Fault.RETRY})):
        search = searched(with_till(5), taking(), at_once=1, faults=1, kinds=kinds)
        conflicts = [process for process in search.processes.all if CONFLICT in process.moves]
        assert bool(conflicts) is (Fault.STALE_GET in kinds)


def test_an_engine_may_delete_what_has_expired() -> None:
    """A session's record goes at any moment after its expiry, and no other."""
    now = World().time(0)
    record = Record(SESSION, 1, Facts(session="s", expires=now + timedelta(1)), "0")
    late = Record(Key("session", "acme", ("t",)), 1, Facts(session="t"), "0")
    world = World(records=(record, late), instants=(timedelta(0), timedelta(2)))

    def reads() -> Workflow[bool]:
        return (yield from Get(SESSION)) is None

    looking = Command(name="look", workflow=lambda _: reads())
    kinds = frozenset({Fault.TTL, Fault.CLOCK})
    search = searched(world, looking, commands=1, faults=2, kinds=kinds)
    assert counted(search, "look") == {True, False}
    both = frozenset({Fault.TTL, Fault.CLOCK, Fault.STALE_GET})
    search = searched(world, looking, commands=1, faults=3, kinds=both)
    assert counted(search, "look") == {True, False}
    search = searched(world, looking, commands=1, faults=2, kinds=frozenset({Fault.TTL}))
    assert counted(search, "look") == {False}


class Twice(Invariants):
    """A model is asked once for a job."""

    def asked(
        self, memory: Hashable, ask: AskModel | RunAgent, records: Records, /
    ) -> tuple[Hashable, tuple[str, ...]]:
        """Count the questions."""
        del ask, records
        count = memory if isinstance(memory, int) else 0
        return count + 1, ("asked twice",) if count else ()


def asks() -> Workflow[object]:
    """Ask a model."""
    return (yield from AskModel(asking(JobKind.REPLY), "acme", "ada"))


def test_questions_to_a_model_are_remembered() -> None:
    """All of the world's, also where those who asked are dead."""
    asking_once = Command(name="ask", workflow=lambda _: asks())
    searched(World(), asking_once, commands=1, invariants=Twice())
    found = Search(World(), [asking_once], Bounds(), Twice()).run()
    assert found is not None
    assert found.violations == ("asked twice",)


def prints() -> Workflow[object]:
    """Ask the printer, and the clock."""
    try:
        said: object = yield from Print()
    except OSError:
        said = "no paper"
    yield from Now()
    return said


def test_every_answer_of_the_world_is_tried() -> None:
    """Errors among them."""
    world = World(answers=lambda _: ("paper", OSError()))
    search = searched(world, Command(name="print", workflow=lambda _: prints()), commands=1)
    assert counted(search, "print") == {"paper", "no paper"}


def polling() -> Workflow[None]:
    """Read again and again until there is nothing left."""
    while (yield from Get(Key("till", "acme", ("front",)))) is not None:
        pass


def test_a_workflow_that_goes_round_in_circles_hides_nobody() -> None:
    """A read that could be repeated for ever is never done alone: others have their turn."""
    waiting = Command(name="poll", workflow=lambda _: polling())
    search = searched(with_till(1), waiting, taking())
    assert {json.loads(record.body) for record in search.stores.records} == {1, 0}
    assert any(isinstance(process.effect, Effect) for process in search.processes.all)
    assert till(0, 2) in search.stores.records
    assert ADA.user == "ada"
