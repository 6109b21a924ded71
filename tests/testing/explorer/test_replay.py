"""A way through a world is replayed on real generators, and told in words."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from coachwork.effects import (
    AskModel,
    Commit,
    Find,
    Get,
    Now,
    ReadLog,
    RunAgent,
    Workflow,
)
from coachwork.errors import MisuseError
from coachwork.jobs import JobKind
from coachwork.ports import Query
from coachwork.records import Check, Delete, Facts, Insert, Key, Record
from coachwork.testing.explorer import (
    Command,
    Fault,
    Happening,
    Invariants,
    Replay,
    World,
    replay,
)
from tests.specimens import AGENT_ASK
from tests.testing.explorer.test_search import AtTheBeginning, Twice
from tests.testing.explorer.test_world import asking
from tests.tills import (
    TILL,
    NothingIsLost,
    Print,
    racing,
    taking,
    with_till,
    writing,
)

WORLD = with_till(5)


def told(*happenings: Happening, commands: tuple[Command, ...] = (), **world: object) -> Replay:
    """Return what came of it in a world with a till."""
    where = World(**world) if world else WORLD  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    known = (taking(), racing(), writing(), *commands)
    return replay(where, known, Invariants(), happenings)


def test_a_call_is_told_effect_by_effect() -> None:
    """From its begin to what it answers."""
    assert told(Happening(who="take 1", begins="take", effects=2)).lines == (
        "take 1: begins",
        "take 1: reads till front: v1",
        "take 1: commits till front v2: done",
        "take 1: answers int",
    )


def test_what_does_not_hold_ends_it() -> None:
    """It stops at the violation, and text shows it below the lines."""
    one = Happening(who="race 1", begins="race", effects=1)
    shown = replay(
        WORLD,
        [taking(), racing()],
        NothingIsLost(1),
        [
            one,
            Happening(who="take 1", begins="take", effects=2),
            Happening(who="race 1", effects=9),
        ],
    )
    assert shown.violations == ("race took 0",)
    assert str(shown).endswith(
        "reads till front: v2\n  8. race 1: commits till front v3: done\n  -> race took 0"
    )
    assert replay(WORLD, [], AtTheBeginning(), [one]).lines == ()


FAULTS = {
    Fault.LOST_DONE: ("OUTCOME_UNKNOWN (done, and the answer is lost)", 4),
    Fault.LOST_NOT_DONE: ("OUTCOME_UNKNOWN (not done, and the answer is lost)", 5),
    Fault.UNAVAILABLE: ("STORE_UNAVAILABLE (the store is unavailable)", 5),
    Fault.INTERRUPT: ("Interrupted() (interrupted)", 5),
    Fault.INTERRUPT_DONE: ("Interrupted() (done, and interrupted)", 4),
    Fault.CONFLICT_DONE: ("conflict (done, and told a conflict)", 4),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_goes_wrong_at_a_commit(fault: Fault) -> None:
    """It is done or not, and its caller is told something else."""
    answer, left = FAULTS[fault]
    begin = Happening(who="take 1", begins="take", effects=1)
    lines = told(begin, Happening(who="take 1", effects=1, fault=fault)).lines
    assert lines[2] == f"take 1: commits till front v2: {answer}"
    later = told(
        begin,
        Happening(who="take 1", effects=1, fault=fault),
        Happening(who="take 2", begins="take", effects=2),
    )
    assert f"commits till front v{6 - left + 1}" in later.lines[-2]


def test_what_goes_wrong_at_a_read() -> None:
    """It fails, or answers what was there before; and a process may die."""
    lines = told(
        Happening(who="take 1", begins="take", effects=1, fault=Fault.UNAVAILABLE),
        Happening(who="take 2", begins="take", effects=2),
        Happening(who="take 3", begins="take", effects=1, fault=Fault.STALE_GET),
        Happening(who="take 3", effects=1),
        Happening(who="take 3", fault=Fault.CRASH),
        Happening(who="take 4", begins="take", effects=1),
    ).lines
    assert lines[1] == ("take 1: reads till front: STORE_UNAVAILABLE (the store is unavailable)")
    assert lines[2] == "take 1: raises STORE_UNAVAILABLE"
    assert lines[8] == "take 3: reads till front: v1 (a stale record is read)"
    assert lines[9:11] == (
        "take 3: commits till front v2: conflict",
        "take 3: its process dies",
    )
    assert lines[-1] == "take 4: reads till front: v2"


def test_a_first_read_is_stale_only_where_there_was_something_before() -> None:
    """Else it answers what is there."""
    lines = told(Happening(who="take 1", begins="take", effects=1, fault=Fault.STALE_GET)).lines
    assert lines[1].startswith("take 1: reads till front: v1")


def test_the_same_call_comes_again() -> None:
    """With its key, at the same target; or for something else."""
    aimed = Command(
        name="write",
        workflow=writing().workflow,
        targets=lambda _: (("left", 1), "right"),
        keyed=True,
    )
    key = "key-1-write.0"
    shown = replay(
        WORLD,
        [aimed],
        Invariants(),
        [
            Happening(who="write 1", begins="write", number=1, key=key, effects=2),
            Happening(
                who="write 2", begins="write", number=2, key=key, again=Fault.RETRY, effects=1
            ),
            Happening(
                who="write 3",
                begins="write",
                target=1,
                number=3,
                key=key,
                again=Fault.OTHER_TARGET,
                effects=1,
            ),
        ],
    )
    begun = [line for line in shown.lines if "begins" in line]
    assert begun == [
        "write 1: begins on left 1",
        f"write 2: begins on left 1, {Fault.RETRY}",
        f"write 3: begins on right, {Fault.OTHER_TARGET}",
    ]
    assert "write 2: answers str" in shown.lines


def test_what_cannot_happen_so_is_an_error() -> None:
    """The workflows are others than those that it was found with."""
    with pytest.raises(MisuseError, match="take 1: there is nothing that it is aimed at"):
        told(Happening(who="take 1", begins="take", target=1, effects=1))
    with pytest.raises(MisuseError, match="take 1: it is over, and was to do something"):
        told(Happening(who="take 1", begins="take", effects=3))


def looking(_call: object) -> Workflow[object]:
    """Look at everything there is to be looked at."""
    yield from Now()
    yield from ReadLog(tenant="acme", session="s", limit=9)
    yield from Find(Query(kind="note", tenant="acme", owner="ada"))
    yield from Commit((Check(TILL, 1), Delete(Key("note", "acme", ("a",)), 1)))
    yield from AskModel(asking(JobKind.REPLY), "acme", "ada")
    return (yield from Print())


NOTE = Record(Key("note", "acme", ("a",)), 1, Facts(owner="ada", session="s"), "1")
OPEN = Record(Key("job", "acme", ("j",)), 1, Facts(status="open", session="s"), "1")


def test_every_kind_of_effect_has_words() -> None:
    """Clocks, views, commits, models, and what is the application's own."""
    look = Command(name="look", workflow=looking)
    till = WORLD.records[0]
    happenings = (
        Happening(who="look 1", begins="look", effects=1),
        Happening(fault=Fault.CLOCK),
        Happening(who="look 1", effects=3),
        Happening(who="look 1", effects=1, choice=1),
    )
    lines = told(
        *happenings,
        commands=(look,),
        records=(till, NOTE),
        instants=(timedelta(0), timedelta(minutes=6)),
        answers=lambda _: ("paper",),
    ).lines
    assert lines[1:] == (
        "look 1: asks what time it is: 05 January, 09:00",
        "time passes: it is 05 January, 09:06 now",
        "look 1: reads the log of s: nothing",
        "look 1: looks for note records: note a",
        "look 1: commits no note a: done",
        "look 1: asks the model for the reply of j: LLM_ERROR",
        "look 1: raises LLM_ERROR",
    )


def test_a_model_and_the_application_answer() -> None:
    """What they said stands in the line."""

    def asks(_call: object) -> Workflow[object]:
        yield from AskModel(asking(JobKind.REPLY), "acme", "ada")
        yield from RunAgent(AGENT_ASK, "acme", "ada")
        return (yield from Print())

    lines = told(
        Happening(who="ask 1", begins="ask", effects=3),
        commands=(Command(name="ask", workflow=asks),),
        answers=lambda _: ("paper",),
    ).lines
    assert lines[1] == "ask 1: asks the model for the reply of j: 'Go on.'"
    assert lines[2] == "ask 1: asks the agent market, run 3: {}"
    assert lines[3].endswith(": paper")


def test_a_question_that_must_not_be_asked() -> None:
    """It is the violation that ends the replay."""

    def asks(_call: object) -> Workflow[object]:
        yield from AskModel(asking(JobKind.REPLY), "acme", "ada")
        return (yield from AskModel(asking(JobKind.REPLY), "acme", "ada"))

    shown = replay(
        WORLD,
        [Command(name="ask", workflow=asks)],
        Twice(),
        [Happening(who="ask 1", begins="ask", effects=5)],
    )
    assert shown.violations == ("asked twice",)


def test_a_view_that_lags_and_an_engine_that_deletes() -> None:
    """They are told as what they are; a record's status is told where it has one."""

    def finds(_call: object) -> Workflow[object]:
        place = Key("note", "acme", ("b",))
        yield from Commit((Insert(Record(place, 1, NOTE.facts, json.dumps(1))), Insert(OPEN)))
        yield from Find(Query(kind="note", tenant="acme", owner="ada"))
        return (yield from Get(NOTE.key))

    lines = told(
        Happening(who="find 1", begins="find", effects=1),
        Happening(who="find 1", effects=1, fault=Fault.STALE_VIEW),
        Happening(fault=Fault.TTL, gone=NOTE.key.text),
        Happening(who="find 1", effects=1),
        commands=(Command(name="find", workflow=finds),),
        records=(NOTE,),
    ).lines
    assert lines[1:5] == (
        "find 1: commits note b v1, job j v1 open: done",
        "find 1: looks for note records: note a (a view that lags behind answers)",
        "the engine deletes what has expired: note a",
        "find 1: reads note a: nothing",
    )


def test_a_call_that_asks_nothing_is_over_at_once() -> None:
    """Nothing more is to happen to it."""

    def nothing(_call: object) -> Workflow[str]:
        return "done"
        yield from Now()  # type: ignore[unreachable]

    lines = told(
        Happening(who="no 1", begins="no"), commands=(Command(name="no", workflow=nothing),)
    ).lines
    assert lines == ("no 1: begins", "no 1: answers str")
