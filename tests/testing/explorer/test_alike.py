"""Things that are alike change places, and whatever is no such thing is found out."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from coachwork.effects import AskModel, Commit, Find, Get, Now, RunAgent, Workflow
from coachwork.errors import MisuseError, ValidationError
from coachwork.jobs import JobKind
from coachwork.ports import Query
from coachwork.records import Check, Facts, Insert, Key, Record, Update
from coachwork.testing.explorer import (
    BEGIN,
    Bounds,
    Call,
    Command,
    Invariants,
    Outcome,
    Records,
    World,
    explore,
)
from coachwork.testing.explorer._alike import Alike, CallKeys, Images
from tests.testing.explorer.test_world import asking

HANDS = ("left", "right")


def test_every_way_to_change_places_is_there_once() -> None:
    """First the one that leaves all in place; two of them one after the other are one of them."""
    alike = Alike((("a", "b", "c"), (1, 2)))
    ways = [alike.image(("a", "b", "c", 1, 2, "other"), change) for change in alike.changes]
    assert len(set(ways)) == 12
    assert ways[0] == ("a", "b", "c", 1, 2, "other")
    for way, after in alike.orbit(ways):
        assert after == tuple(alike.image(way, change) for change in alike.changes)


def test_nothing_changes_places_where_nothing_is_alike() -> None:
    """There is one way then, and it is none."""
    for alike in (Alike(), Alike((("a",), ()))):
        assert list(alike.changes) == [0]
        assert not alike
    assert Alike((HANDS,))


def test_a_thing_has_the_same_images_for_ever() -> None:
    """And they have it: told otherwise is an error."""
    images = Images(Alike((HANDS,)))
    images.relate((1, 2))
    images.relate((2, 1))
    assert (images[1], images[2], images.get(3)) == ((1, 2), (2, 1), None)
    with pytest.raises(MisuseError, match="not alike"):
        images.relate((3, 2))


def test_a_key_tells_its_call_and_becomes_another() -> None:
    """The one that the call would have with its target changed."""
    keys = CallKeys(Alike((HANDS,)))
    command = Command(name="take", workflow=lambda _: taking("left"), keyed=True)
    key = keys.key(command, ("left", 5), 2)
    call = Call(command="take", target=("left", 5), number=2, key=key)
    assert keys.call(key) == (command, ("left", 5))
    assert keys.changed(call, 0) == call
    other = keys.changed(call, 1)
    assert (other.target, other.key) == (("right", 5), keys.key(command, ("right", 5), 2))
    assert keys.changed(Call(command="take", target="left"), 1).target == "right"


def test_a_thing_stands_in_one_group() -> None:
    """Else nobody could say with what it changes places."""
    with pytest.raises(ValidationError, match=r"world\.alike"):
        World(alike=(HANDS, ("left",)))


# --- searches ------------------------------------------------------------------------------------


def pot(hand: str, number: int, version: int = 1) -> Record:
    """Return what a hand holds."""
    return Record(Key("pot", "acme", (hand,)), version, Facts(), json.dumps(number))


def taking(hand: str) -> Workflow[int]:
    """Put one more into a pot."""
    found = yield from Get(Key("pot", "acme", (hand,)))
    if found is None:
        yield from Commit((Insert(pot(hand, 1)),))
        return 1
    number = int(json.loads(found.body)) + 1
    yield from Commit((Update(pot(hand, number, found.version + 1)),))
    return number


def handing(workflow: Callable[[str], Workflow[object]], **more: Any) -> Command:  # noqa: ANN401
    """Return a command that is aimed at either hand."""
    return Command(
        name="take",
        workflow=lambda call: workflow(str(call.target)),
        targets=lambda _: HANDS,
        **more,
    )


ALIKE = World(alike=(HANDS,))


def test_one_of_two_that_are_alike_is_visited() -> None:
    """Half of the states; the same is stored, and each process is known as both."""
    bounds = Bounds(commands=3, faults=1)
    alike = explore(ALIKE, [handing(taking)], bounds)
    apart = explore(World(), [handing(taking)], bounds)
    assert alike.violation is None
    assert alike.states < 0.55 * apart.states
    assert (alike.stores, alike.processes) == (apart.stores, apart.processes)


def test_who_is_aimed_at_nothing_stays_who_it_is() -> None:
    """It is told of either, in their places; here it does not tell them apart."""

    def looks(_call: Call) -> Workflow[int]:
        pots = yield from Find(Query(kind="pot", tenant="acme", owner="nobody"))
        yield from Now()
        return len(pots)

    def checks(call: Call) -> Workflow[None]:
        key = Key("pot", "acme", (str(call.target),))
        found = yield from Get(key)
        yield from Commit((Check(key, 0 if found is None else found.version),))

    commands = [
        handing(taking),
        Command(name="look", workflow=looks),
        Command(name="check", workflow=checks, targets=lambda _: HANDS),
    ]
    bounds = Bounds(commands=2, faults=1)
    alike = explore(ALIKE, commands, bounds)
    apart = explore(World(), commands, bounds)
    assert alike.states < apart.states
    assert (alike.stores, alike.processes) == (apart.stores, apart.processes)


class NoMore(Invariants):
    """No hand may hold three."""

    def state(self, records: Records, now: datetime, /) -> Iterator[str]:
        """Complain of the third."""
        del now
        yield from ("too much" for record in records.values() if record.body == "3")


def test_a_violation_is_told_of_who_it_was() -> None:
    """The way to it is replayed with nobody in another's place, and is as short."""
    told = [
        explore(world, [handing(taking)], Bounds(commands=5, at_once=2), NoMore()).violation
        for world in (ALIKE, World())
    ]
    assert told[0] is not None
    assert told[1] is not None
    assert told[0].violations == told[1].violations == ("too much",)
    assert len(told[0].trace) == len(told[1].trace)
    assert {happening.target for happening in told[0].happenings if happening.begins} == {0}


def answering(hand: str) -> Workflow[object]:
    """Ask a model."""
    return (yield from AskModel(asking(JobKind.REPLY), "acme", hand))


def looking(hand: str) -> Workflow[object]:
    """Read, or look at the clock."""
    if hand == "left":
        return (yield from Now())
    return (yield from Get(Key("pot", "acme", (hand,))))


def stopping(hand: str) -> Workflow[object]:
    """Read, or do nothing."""
    if hand == "left":
        return None
    return (yield from Get(Key("pot", "acme", (hand,))))


def sharing(hand: str) -> Workflow[object]:
    """Read what is the left one's."""
    yield from Get(Key("pot", "acme", ("left",)))
    return (yield from Get(Key("pot", "acme", (hand,))))


def merging(hand: str) -> Workflow[object]:
    """Put something there, and forget on one hand whether there is anything."""
    found = yield from Get(Key("pot", "acme", (hand,)))
    if hand == "left":
        found = None
    yield from Now()
    if found is None:
        yield from Commit((Insert(pot(hand, 1)),))
    return found is None


def expiring(hand: str) -> Workflow[object]:
    """Put something that one hand keeps for longer."""
    expires = BEGIN + timedelta(days=1 if hand == "left" else 2)
    record = Record(Key("pot", "acme", (hand,)), 1, Facts(expires=expires), "0")
    return (yield from Commit((Insert(record),)))


def listing(hand: str) -> Workflow[object]:
    """Put something, and find all."""
    yield from Commit((Insert(Record(Key("pot", "acme", (hand,)), 1, Facts(owner="x"), "0")),))
    return len((yield from Find(Query(kind="pot", tenant="acme", owner="x"))))


def keeping(call: Call) -> Workflow[object]:
    """Write down the key of the call, where one hand does it."""
    told = call.key if call.target == "left" else "nothing of it: id-1.1 key-1"
    record = Record(Key("pot", "acme", (str(call.target),)), 1, Facts(), json.dumps(told))
    return (yield from Commit((Insert(record),)))


UNLIKE: dict[str, Command] = {
    "it asks for something else": handing(looking),
    "where one goes on, another is done": handing(stopping),
    "the same becomes this once": handing(sharing),
    "it leads to this once, and to that": handing(merging),
    "another version, ids or expiry": handing(expiring),
    "a view tells of them in another order": handing(listing),
    "a record holds the key of another call": Command(
        name="take", workflow=keeping, targets=lambda _: HANDS, keyed=True
    ),
    "calls are aimed at something else": Command(
        name="take", workflow=lambda call: taking(str(call.target)), targets=lambda _: ("left",)
    ),
}


@pytest.mark.parametrize("why", UNLIKE)
def test_what_is_not_alike_is_found_out(why: str) -> None:
    """Wherever it makes a difference who is who."""
    with pytest.raises(MisuseError, match=f"world.alike: these things are not alike: .*{why}"):
        explore(ALIKE, [UNLIKE[why]], Bounds(commands=2))


class Remembering(Invariants):
    """Remember who asked."""

    def asked(
        self, memory: Hashable, ask: AskModel | RunAgent, records: Records, /
    ) -> tuple[Hashable, tuple[str, ...]]:
        """Remember the last."""
        del memory, records
        return ask.user, ()


def test_invariants_may_not_remember_who_it_was() -> None:
    """States that differ in it would be one."""
    with pytest.raises(MisuseError, match="the invariants remember who it was"):
        explore(ALIKE, [handing(answering)], Bounds(commands=1), Remembering())


class Partial(Invariants):
    """Complain of what one hand is told, and only once."""

    def __init__(self) -> None:
        """Have not complained yet."""
        self.left = 1

    def outcome(self, outcome: Outcome, /) -> Iterator[str]:
        """Complain."""
        del outcome
        self.left -= 1
        if self.left == 0:
            yield "it is not so"


def test_invariants_may_not_judge_otherwise_the_second_time() -> None:
    """What was found is looked at again, with all in their own places."""
    for world in (ALIKE, World()):
        with pytest.raises(MisuseError, match="invariants judge the same alike"):
            explore(world, [handing(taking)], Bounds(commands=1), Partial())
