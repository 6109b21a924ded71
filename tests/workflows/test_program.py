"""Actions that the coach's reply brings: carried out in the commit that says it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final, cast

import jsonschema
import pytest
from attrs import evolve, frozen

from coachwork.actions import ActionStatus, Audit, RefusalCode, Sender
from coachwork.effects import Commit
from coachwork.errors import (
    ActionRefusedError,
    CoachworkError,
    CorruptRecordError,
    StoreUnavailableError,
    UnsupportedSchemaError,
)
from coachwork.jobs import Job, JobKind
from coachwork.ports import Ask, PromptRole
from coachwork.programs import (
    ActionType,
    Done,
    Moment,
    Program,
    Progress,
    Refusal,
    Scope,
    rebuild,
)
from coachwork.records import PROGRESS, Insert, Stored, Update
from coachwork.testing import Fault
from coachwork.testing.faults import CrashError
from coachwork.topics import Topic
from coachwork.workflows import (
    act,
    actions,
    cancel,
    complete,
    get,
    pause,
    program_state,
    retry,
    send,
    start,
)
from tests.faults import ADA, Told, World, faults_of
from tests.programs.habits import HABITS, PHASES, STAR, Event, Habits, Phase, told

DAILY: Final = Topic(id="daily", system="Listen.", program=HABITS)


@frozen
class Yield:
    """What a conversation yields."""

    word: str


DONE_FIRST: Final = Topic(
    id="first", system="Listen.", program=HABITS, finish_first=True, result=Yield
)


def says(*asked: tuple[str, Mapping[str, object]], final: bool = False, word: str = "") -> str:
    """Return a reply that asks for actions."""
    reply: dict[str, object] = {
        "message": "Well.",
        "is_final": final,
        "actions": [{"type": name, "parameters": given} for name, given in asked],
    }
    return json.dumps({**reply, "result": {"word": word}} if word else reply)


READ: Final = ("add_habit", {"name": "read"})
WRITE: Final = ("add_habit", {"name": "write"})
ENDING: Final[tuple[tuple[str, Mapping[str, object]], ...]] = (
    ("begin", {}),
    ("jump", {"to": "DONE"}),
)


def new_world(replies: Sequence[object], topic: Topic[Any] = DAILY) -> World:
    """Return a world whose model gives these replies, one after the other."""
    left = list(replies)

    def says_next(_: Ask) -> Any:  # noqa: ANN401 - what a model may say, and what it may not
        return left.pop(0)

    return World([topic], says_next)


def begun(replies: Sequence[object], topic: Topic[Any] = DAILY) -> tuple[World, str]:
    """Return such a world with a session, and its id."""
    world = new_world(replies, topic)
    return world, world.run(start(world.setup, ADA, topic)).session.id


def state(world: World) -> Habits:
    """Return Ada's state."""
    return world.run(program_state(world.setup, ADA, HABITS)).state


def told_of(world: World) -> list[tuple[str, str, str | None]]:
    """Return all actions: type, status, code."""
    page = world.run(actions(world.setup, ADA, HABITS))
    return [(action.type, action.status, action.code) for action in page.actions]


# --- what the model is told ------------------------------------------------------------------


def test_the_model_is_told_the_state_and_what_it_may_do_now() -> None:
    """Behind the system prompt; the schema allows exactly those actions."""
    world, session = begun([says(READ, ("begin", {})), "Go on."])
    world.run(send(world.setup, ADA, DAILY, session, "Hello"))
    world.run(send(world.setup, ADA, DAILY, session, "More"))
    first, second = world.asks
    assert [part.role for part in first.messages[:3]] == [
        PromptRole.SYSTEM,
        PromptRole.SYSTEM,
        PromptRole.USER,
    ]
    assert "There are 0 habits." in first.messages[1].text
    assert "- add_habit: Add a habit." in first.messages[1].text
    assert "thank" not in first.messages[1].text
    assert "There are 1 habits." in second.messages[1].text
    assert "add_habit" not in second.messages[1].text
    reply = json.loads(says(READ))
    jsonschema.validate(reply, dict(first.schema))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(reply, dict(second.schema))
    jsonschema.validate(json.loads(says(("praise", {}))), dict(second.schema))


def test_who_extracts_is_told_of_no_actions() -> None:
    """The result is all that is wanted then."""
    world, session = begun([says(), '{"word": "so"}'], evolve(DONE_FIRST, finish_first=False))
    world.run(send(world.setup, ADA, DONE_FIRST, session, "Hello"))
    world.run(complete(world.setup, ADA, DONE_FIRST, session))
    last = world.asks[-1]
    assert last.purpose is JobKind.EXTRACTION
    assert [part.role for part in last.messages].count(PromptRole.SYSTEM) == 1


# --- what becomes of actions -----------------------------------------------------------------


def test_a_reply_changes_the_state_in_its_own_commit() -> None:
    """Message, state, audit, session and job: all of it at once, or nothing."""
    world, session = begun([says(READ, READ, ("fly", {}), ("thank", {}), ("praise", {}))])
    turn = world.run(send(world.setup, ADA, DAILY, session, "Hello"))
    kinds = [op.record.key.kind for op in world.commits[-1] if isinstance(op, Insert | Update)]
    assert sorted(kinds) == ["audit", "job", "message", "progress", "session"]
    (habit,) = state(world).habits
    assert (habit.name, habit.message) == ("read", f"{session}.1")
    assert turn.message.components == (STAR,)
    audit = world.only(Audit)
    assert (audit.sender, audit.message, audit.answers) == (Sender.COACH, 2, 1)
    assert (audit.number, audit.phase, audit.topic) == (1, "START", "daily")
    assert audit.id == habit.id.partition(".")[0]
    assert told_of(world) == [
        ("add_habit", ActionStatus.APPLIED, None),
        ("add_habit", ActionStatus.REFUSED, RefusalCode.DUPLICATE),
        ("fly", ActionStatus.REFUSED, RefusalCode.UNKNOWN_ACTION),
        ("thank", ActionStatus.REFUSED, RefusalCode.WRONG_SENDER),
        ("praise", ActionStatus.APPLIED, None),
    ]


def test_a_reply_without_actions_writes_nothing_of_the_program() -> None:
    """A turn writes what changed and nothing more."""
    world, session = begun([says(), "Plain.", says(READ), says()])
    for _ in range(2):
        world.run(send(world.setup, ADA, DAILY, session, "Hello"))
    assert world.stored("progress") == []
    world.run(send(world.setup, ADA, DAILY, session, "Hello"))
    before = len(world.commits)
    world.run(send(world.setup, ADA, DAILY, session, "Hello"))
    written = [
        op for ops in world.commits[before:] for op in ops if isinstance(op, Insert | Update)
    ]
    assert {op.record.key.kind for op in written} == {"message", "session", "job", "receipt"}


def test_a_topic_without_a_program_carries_nothing_out() -> None:
    """Actions that a model asks for all the same are of no account."""
    plain = Topic(id="plain", system="Listen.")
    world, session = begun([says(READ)], plain)
    world.run(send(world.setup, ADA, plain, session, "Hello"))
    assert {kind for kind in ("progress", "audit") if world.stored(kind)} == set()


def test_a_greeting_may_bring_actions() -> None:
    """They answer nobody's message."""
    greeting = evolve(DAILY, initiation="Greet.")
    world, _ = begun([says(READ)], greeting)
    (habit,) = state(world).habits
    assert habit.message is None
    assert world.only(Audit).answers is None


def test_what_the_log_tells_leads_to_the_state() -> None:
    """Played again from the beginning, it ends at the very state that is stored."""
    world, session = begun([says(READ, ("fly", {})), says(WRITE, ("begin", {})), says()])
    for _ in range(3):
        world.run(send(world.setup, ADA, DAILY, session, "Hello"))
        world.clock.advance(seconds=7)
    world.run(act(world.setup, ADA, DAILY, session, "thank", message=2))
    progress = world.only(Progress)
    audits = world.stored("audit")
    assert [audit.number for audit in audits] == [1, 2, 3]
    assert rebuild(HABITS, progress, audits) == state(world)
    assert progress.audits == 3


def test_a_state_is_stored_as_if_nothing_was_known_of_it() -> None:
    """What turn after turn is not written anew is what writing it anew would give."""
    world, session = begun([says(READ), says(WRITE, ("keep", {"what": [1]})), says(("begin", {}))])
    for _ in range(3):
        world.run(send(world.setup, ADA, DAILY, session, "Hello"))
        (record,) = [record for record in world.records() if record.key.kind == PROGRESS.name]
        assert PROGRESS.record(PROGRESS.read(record).value, record.version) == record


@frozen
class Spoil:
    """Change a state that may not be changed, and refuse."""


def spoil(now: Habits, _given: Spoil, _moment: Moment) -> Refusal:
    """Break the promise of being a pure function."""
    cast("dict[str, object]", now.anything)["spoilt"] = True
    return Refusal("it cannot be")


@frozen
class Copy:
    """Keep something beside what is kept."""


def copy(now: Habits, _given: Copy, _moment: Moment) -> Done[Habits]:
    """Add it to what is there."""
    kept = cast("dict[str, object]", now.anything)
    return Done(evolve(now, anything={**kept, "copied": True}), "copied")


def test_code_that_refuses_spoils_nothing_where_its_turn_is_not_written() -> None:
    """The state that was read before is read anew."""
    more: list[ActionType[Habits, Any]] = [ActionType(Spoil, spoil), ActionType(Copy, copy)]
    program = evolve(HABITS, actions=[*HABITS.actions, *more])
    topic = evolve(DAILY, program=program)
    world, session = begun([says(("keep", {"what": {"kept": True}}))], topic)
    world.run(send(world.setup, ADA, topic, session, "Hello"))
    click = partial(act, world.setup, ADA, topic, session, message=2)
    world.effects.clear()
    with pytest.raises(ActionRefusedError):
        world.run(click("spoil", key="k"))
    number = next(n for n, effect in enumerate(world.effects) if isinstance(effect, Commit))
    with pytest.raises(StoreUnavailableError):
        world.run(click("spoil", key="l"), Told(number, Fault.FAIL_BEFORE))
    world.run(click("copy"))
    view = world.run(program_state(world.setup, ADA, program))
    assert view.state.anything == {"kept": True, "copied": True}


def test_code_that_refuses_and_changes_all_the_same_changes_nothing_for_long() -> None:
    """What the next turn sees is what is stored, and the log leads there."""
    program = evolve(HABITS, actions=[*HABITS.actions, ActionType(Spoil, spoil)])
    topic = evolve(DAILY, program=program)
    kept: dict[str, object] = {"kept": True}
    replies = [says(("keep", {"what": kept})), says(("spoil", {})), says(("praise", {}))]
    world, session = begun(replies, topic)
    for _ in range(3):
        world.run(send(world.setup, ADA, topic, session, "Hello"))
        view = world.run(program_state(world.setup, ADA, program))
        assert view.state.anything == kept
        assert rebuild(program, world.only(Progress), world.stored("audit")) == view.state


def test_a_click_while_the_model_thinks_counts() -> None:
    """The reply's actions are judged on the state that the click left, without asking again."""
    world, session = begun([says()])
    world.run(send(world.setup, ADA, DAILY, session, "Hello"))

    def click(_: Ask) -> str:
        world.run(act(world.setup, ADA, DAILY, session, "add_habit", READ[1], message=2))
        return says(READ, WRITE)

    world.model = click
    world.run(send(world.setup, ADA, DAILY, session, "Hello"))
    assert len(world.asks) == 2
    assert [habit.name for habit in state(world).habits] == ["read", "write"]
    assert told_of(world) == [
        ("add_habit", ActionStatus.APPLIED, None),
        ("add_habit", ActionStatus.REFUSED, RefusalCode.NOT_POSSIBLE),
        ("add_habit", ActionStatus.APPLIED, None),
    ]


def test_a_click_between_the_look_and_the_commit_makes_it_decide_again() -> None:
    """Phase and permission are judged again on the fresh state."""
    world, session = begun([says(), says(READ, WRITE)])
    world.run(send(world.setup, ADA, DAILY, session, "Hello"))
    met: list[str] = []

    def meanwhile(effect: object) -> None:
        if type(effect).__name__ == "Commit" and len(world.asks) == 2 and not met:
            met.append("once")
            world.run(act(world.setup, ADA, DAILY, session, "begin", message=2))

    world.meanwhile = meanwhile
    world.run(send(world.setup, ADA, DAILY, session, "Hello"))
    assert met == ["once"]
    assert state(world).phase is Phase.DOING
    assert [code for _, _, code in told_of(world)[1:]] == [RefusalCode.WRONG_PHASE] * 2


@pytest.mark.parametrize("ends", [cancel, pause])
def test_actions_of_a_reply_share_its_fate(ends: Any) -> None:  # noqa: ANN401 - a workflow
    """A reply that is dropped brings nothing about; one that finds the session paused does."""
    world, session = begun([])

    def end(_: Ask) -> str:
        world.run(ends(world.setup, ADA, DAILY, session))
        return says(READ)

    world.model = end
    if ends is cancel:
        with pytest.raises(CoachworkError):
            world.run(send(world.setup, ADA, DAILY, session, "Hello"))
        assert (state(world), world.stored("audit")) == (Habits(), [])
    else:
        world.run(send(world.setup, ADA, DAILY, session, "Hello"))
        assert [habit.name for habit in state(world).habits] == ["read"]


def test_a_failed_reply_changes_nothing_and_a_retry_does() -> None:
    """What is no reply has no actions."""
    world, session = begun(['{"message": 5}', says(READ)])
    with pytest.raises(CoachworkError) as caught:
        world.run(send(world.setup, ADA, DAILY, session, "Hello"))
    assert (state(world), world.stored("audit")) == (Habits(), [])
    assert caught.value.job is not None
    world.run(retry(world.setup, ADA, DAILY, caught.value.job))
    assert len(state(world).habits) == 1


def test_every_fault_at_every_step_of_a_turn_with_actions() -> None:
    """Whatever is lost or crashes: the state was changed once, and told once."""

    def turn(world: World, session: str) -> Any:  # noqa: ANN401 - a workflow
        return send(world.setup, ADA, DAILY, session, "Hello", key="k")

    def fresh() -> tuple[World, str]:
        world, session = begun([])
        world.model = lambda _: says(READ, ("fly", {}))
        return world, session

    wanted, session = fresh()
    before = len(wanted.effects)
    wanted.run(turn(wanted, session))
    names = wanted.names(before)
    # What fails by itself there fails the job, which is another story.
    prompting = range(names.index("GetTemplate"), names.index("AskModel"))
    for number, effect in enumerate(wanted.effects[before:]):
        for fault in faults_of(effect):
            if fault is Fault.FAIL_BEFORE and number in prompting:
                continue
            world, session = fresh()
            world.insist(partial(turn, world, session), Told(number, fault))
            assert [habit.name for habit in state(world).habits] == ["read"]
            assert len(told_of(world)) == 2


# --- the end ---------------------------------------------------------------------------------


def test_a_final_reply_waits_for_the_program() -> None:
    """As long as it is not finished, finality is recorded and ignored."""
    world, session = begun(
        [says(final=True, word="early"), says(*ENDING, final=True, word="late")], DONE_FIRST
    )
    early = world.run(send(world.setup, ADA, DONE_FIRST, session, "Hello"))
    assert (early.is_final, early.session.status) == (False, "active")
    late = world.run(send(world.setup, ADA, DONE_FIRST, session, "Now"))
    assert (late.is_final, late.result) == (True, Yield("late"))
    settlements = [job.settlement for job in world.stored("job")]
    assert [(one.final, one.premature) for one in settlements] == [(False, True), (True, False)]


def test_a_finished_program_lets_any_final_reply_end_it() -> None:
    """Also one that brings no actions."""
    world, session = begun([says(*ENDING), says(final=True, word="so")], DONE_FIRST)
    world.run(send(world.setup, ADA, DONE_FIRST, session, "Hello"))
    assert world.run(send(world.setup, ADA, DONE_FIRST, session, "Now")).is_final


@frozen
class Close:
    """Come to the end, if there are no habits."""


def close(now: Habits, _given: Close, moment: Moment) -> Done[Habits] | Refusal:
    """Move along the table."""
    if now.habits:
        return Refusal("there are habits")
    return Done(PHASES.move(now, Event.END, moment.now).value, "closed")


def test_a_final_reply_that_loses_its_end_on_the_way_is_none() -> None:
    """What was to finish the program is refused on the state of the last moment."""
    program = evolve(HABITS, actions=[*HABITS.actions, ActionType(Close, close)])
    topic = evolve(DONE_FIRST, program=program)
    world, session = begun([says()], topic)
    world.run(send(world.setup, ADA, topic, session, "Hello"))

    def extract(ask: Ask) -> str:
        if ask.purpose is JobKind.EXTRACTION:
            world.run(act(world.setup, ADA, topic, session, "add_habit", READ[1], message=2))
            return '{"word": "so"}'
        return says(("begin", {}), ("close", {}), final=True)

    world.model = extract
    turn = world.run(send(world.setup, ADA, topic, session, "Hello"))
    assert [ask.purpose for ask in world.asks] == [
        JobKind.REPLY,
        JobKind.REPLY,
        JobKind.EXTRACTION,
    ]
    assert (turn.is_final, turn.result, turn.session.status) == (False, None, "active")
    *_, settlement = [job.settlement for job in world.stored("job")]
    assert (settlement.final, settlement.premature) == (False, True)


def test_the_last_turn_does_not_end_what_is_not_finished() -> None:
    """A topic that completes by itself waits as well."""
    topic = evolve(DONE_FIRST, max_turns=1, complete_at_max_turns=True)
    world, session = begun([says()], topic)
    assert not world.run(send(world.setup, ADA, topic, session, "Hello")).is_final


def test_a_premature_end_of_a_paused_session_is_none_later_either() -> None:
    """Nothing is pending when it is resumed."""
    world, session = begun([], DONE_FIRST)

    def paused(_: Ask) -> str:
        world.run(pause(world.setup, ADA, DONE_FIRST, session))
        return says(final=True)

    world.model = paused
    world.run(send(world.setup, ADA, DONE_FIRST, session, "Hello"))
    assert not world.run(get(world.setup, ADA, DONE_FIRST, session)).completion_pending


def test_a_kept_final_reply_keeps_its_actions() -> None:
    """A crash while the result is extracted loses none, and asks for nothing twice."""
    topic = evolve(DONE_FIRST, finish_first=False)
    world, session = begun([], topic)

    def dies(ask: Ask) -> Any:  # noqa: ANN401 - what a model says, or a crash
        return CrashError() if ask.purpose is JobKind.EXTRACTION else says(READ, final=True)

    world.model = dies
    with pytest.raises(CrashError):
        world.run(send(world.setup, ADA, topic, session, "Hello", key="k"))
    job = world.only(Job)
    assert job.steps[0].output == {"message": "Well.", "actions": json.loads(says(READ))["actions"]}
    assert state(world) == Habits()
    world.clock.advance(minutes=10)
    world.model = lambda _: '{"word": "so"}'
    turn = world.run(send(world.setup, ADA, topic, session, "Hello", key="k"))
    assert (turn.message.text, turn.is_final, turn.result) == ("Well.", True, Yield("so"))
    assert [habit.name for habit in state(world).habits] == ["read"]


def test_a_kept_final_reply_that_is_given_up_keeps_its_actions() -> None:
    """Taken too often, it is settled without a result, but with what it brought."""
    topic = evolve(DONE_FIRST, finish_first=False)
    world, session = begun([], topic)
    world.model = lambda ask: (
        CrashError() if ask.purpose is JobKind.EXTRACTION else says(READ, final=True)
    )
    for _ in range(world.setup.settings.attempts):
        with pytest.raises(CrashError):
            world.run(send(world.setup, ADA, topic, session, "Hello", key="k"))
        world.clock.advance(minutes=10)
    turn = world.run(send(world.setup, ADA, topic, session, "Hello", key="k"))
    assert (turn.is_final, turn.result) == (True, None)
    assert len(state(world).habits) == 1


# --- what is stored --------------------------------------------------------------------------


def test_a_stored_state_that_is_damaged_is_told() -> None:
    """Kind and field are named; a turn that cannot be prompted fails and is retried later."""
    world, session = begun([says(READ), says()])
    world.run(send(world.setup, ADA, DAILY, session, "Hello"))
    (record,) = [one for one in world.records() if one.key.kind == "progress"]
    stored = PROGRESS.read(record)
    world.checks = False
    worse = evolve(stored.value, state={"phase": "NOWHERE"})
    world.memory.commit([PROGRESS.update(stored, worse)])
    with pytest.raises(CorruptRecordError, match=r"progress record is damaged: state\.phase"):
        state(world)
    newer = evolve(stored.value, version=9)
    world.memory.commit([PROGRESS.update(Stored(worse, 2), newer)])
    with pytest.raises(UnsupportedSchemaError, match="progress"):
        state(world)
    with pytest.raises(UnsupportedSchemaError):
        world.run(send(world.setup, ADA, DAILY, session, "Hello"))


def test_an_older_state_is_read_through_upcasts() -> None:
    """What a new version of a program makes of it is written with the next action."""
    world, session = begun([says(READ), says(("begin", {}))])
    world.run(send(world.setup, ADA, DAILY, session, "Hello"))

    def upcast(plain: dict[str, Any]) -> dict[str, Any]:
        return {**plain, "anything": "new"}

    newer = Program(
        id="habits",
        version=2,
        state=Habits,
        phases=PHASES,
        prompt=told,
        actions=HABITS.actions,
        upcasts={1: upcast},
    )
    world.declare(evolve(DAILY, program=newer))
    assert world.run(program_state(world.setup, ADA, newer)).state.anything == "new"
    world.run(send(world.setup, ADA, DAILY, session, "Hello"))
    progress = world.only(Progress)
    assert (progress.version, progress.state["anything"]) == (2, "new")
    assert [audit.program_version for audit in world.stored("audit")] == [1, 2]


def test_a_state_begins_where_its_first_action_finds_it() -> None:
    """What it begins with is made from an id and an instant that are kept for ever."""
    begins = Program(
        id="begins",
        state=Habits,
        phases=PHASES,
        prompt=told,
        actions=HABITS.actions,
        begin=lambda moment: Habits(anything=moment.new_id(), at=moment.now),
        scope=Scope.SESSION,
    )
    topic = Topic(id="begins", system="Listen.", program=begins)
    world, session = begun([says(READ), says(WRITE)], topic)
    for _ in range(2):
        world.run(send(world.setup, ADA, topic, session, "Hello"))
        world.clock.advance(seconds=1)
    progress = world.only(Progress)
    assert progress.subject == session
    view = world.run(program_state(world.setup, ADA, begins, session))
    assert view.state.anything == f"{progress.begun}.0.1"
    assert rebuild(begins, progress, world.stored("audit")) == view.state


def test_instants_of_a_state_never_go_back() -> None:
    """Whatever the clock does."""
    world, session = begun([says(READ), says(WRITE)])
    world.run(send(world.setup, ADA, DAILY, session, "Hello"))
    at = world.only(Progress).updated_at
    world.clock.time -= timedelta(hours=1)
    world.run(send(world.setup, ADA, DAILY, session, "Hello"))
    assert world.only(Progress).updated_at == at
    assert rebuild(HABITS, world.only(Progress), world.stored("audit")) == state(world)
