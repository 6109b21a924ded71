"""The commands of the library, as they may come in a small world."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from coachwork.errors import ValidationError
from coachwork.records import Record
from coachwork.testing.explorer import Bounds, Call, Command, Promises, commands_of, explore
from coachwork.workflows import cancel, start, submit
from tests.explorations import ADA, BEN, Scope
from tests.faults import World as Played

ALL = (
    "start",
    "take_over",
    "open",
    "send",
    "submit",
    "resume",
    "complete",
    "retry",
    "pause",
    "cancel",
    "cancel_job",
    "act",
    "run_agent",
    "process",
    "purge",
    "relay",
    "delete",
)
SCOPE = Scope(names=ALL, callers=(ADA, BEN))


def by_name(*, ended: bool = True) -> dict[str, Command]:
    """Return all commands."""
    made = commands_of(SCOPE.world(), SCOPE.callers, *ALL, ended=ended)
    return {command.name: command for command in made}


def stored(*, failed: bool = False) -> Sequence[Record]:
    """Return what is there after Ada started and submitted something, or had it fail."""
    world = SCOPE.world()
    topic = world.setup.topics["talk"]
    played = Played([topic], lambda _: RuntimeError() if failed else "Go on.")
    if failed:
        with pytest.raises(Exception, match="could not answer"):
            played.run(start(played.setup, ADA, topic))
    else:
        session = played.run(start(played.setup, ADA, topic)).session.id
        played.run(submit(played.setup, ADA, topic, session, "Hello."))
    return played.records()


def test_every_command_has_its_name() -> None:
    """Whatever else is asked for is refused."""
    assert tuple(by_name()) == ALL
    for wrong in ("fly", "_keyed", "_setup"):
        with pytest.raises(ValidationError):
            commands_of(SCOPE.world(), (ADA,), wrong)


def test_everybody_aims_at_everything() -> None:
    """Each user at each topic and session, whosever it is; workers at what is open."""
    commands, records = by_name(), stored()
    aims = {name: len(list(command.targets(records))) for name, command in commands.items()}
    assert aims == {
        **dict.fromkeys(("start", "take_over", "open"), 2),
        **dict.fromkeys(("send", "submit", "resume", "complete", "pause", "cancel"), 2),
        **dict.fromkeys(("cancel_job", "delete"), 2),
        **dict.fromkeys(("process", "purge", "relay"), 1),
        **dict.fromkeys(("retry", "act", "run_agent"), 0),
    }
    assert len(list(commands["retry"].targets(stored(failed=True)))) == 2


def test_a_click_is_at_a_button_of_the_user() -> None:
    """Each action for users that needs no parameters, at the first message of the coach's."""
    scope = Scope(names=("act",), callers=(ADA, BEN), program=True)
    world = scope.world()
    (click,) = commands_of(world, scope.callers, "act")
    topic = world.setup.topics["talk"]
    played = Played([topic], lambda _: "Go on.")
    session = played.run(start(played.setup, ADA, topic)).session.id
    records = played.records()
    assert list(click.targets(records)) == [
        (caller, "talk", session, name, 1) for caller in (ADA, BEN) for name in ("count", "close")
    ]
    silent = [record for record in records if record.key.kind != "message"]
    assert list(click.targets(silent)) == []


def test_agents_are_run_where_a_program_has_some() -> None:
    """In each session on it, by each user; such a call makes ids, and has no key."""
    scope = Scope(names=("run_agent",), callers=(ADA, BEN), agents=True)
    world = scope.world()
    (command,) = commands_of(world, scope.callers, "run_agent")
    topic = world.setup.topics["talk"]
    played = Played([topic], lambda _: "Go on.")
    session = played.run(start(played.setup, ADA, topic)).session.id
    assert list(command.targets(played.records())) == [
        (caller, "talk", session) for caller in (ADA, BEN)
    ]
    assert (command.makes_ids, command.keyed) == (True, False)


def test_jobs_without_a_session_are_aimed_at_by_workers_alone() -> None:
    """Nobody could say what topic they are on."""
    records = [record for record in stored() if record.key.kind != "session"]
    assert list(by_name()["cancel_job"].targets(records)) == []
    assert len(list(by_name()["process"].targets(records))) == 1


def test_sessions_that_have_ended_may_be_left_alone() -> None:
    """They are aimed at unless it is said otherwise."""
    world = SCOPE.world()
    topic = world.setup.topics["talk"]
    played = Played([topic], lambda _: "Go on.")
    session = played.run(start(played.setup, ADA, topic)).session.id
    played.run(cancel(played.setup, ADA, topic, session))
    records = played.records()
    assert len(list(by_name()["send"].targets(records))) == 2
    assert list(by_name(ended=False)["send"].targets(records)) == []


def test_a_call_is_its_callers() -> None:
    """A worker's is nobody's."""
    commands = by_name()
    assert commands["start"].caller(Call(command="start", target=(BEN, "talk"))) == BEN
    assert commands["purge"].caller(Call(command="purge")) is None
    assert {name for name, command in commands.items() if command.keyed} == {
        "start",
        "take_over",
        "open",
        "send",
        "submit",
        "resume",
        "complete",
        "retry",
        "act",
    }


@pytest.mark.parametrize("name", [name for name in ALL if name not in {"start", "relay"}])
def test_every_command_runs(name: str) -> None:
    """Beside a start, nothing is violated."""
    world = Scope(names=ALL).world()
    commands = commands_of(world, (ADA,), "start", name)
    found = explore(world, commands, Bounds(commands=2), Promises(world))
    assert found.violation is None


def test_a_relay_needs_a_notifier() -> None:
    """Without one the workflow itself complains."""
    world = SCOPE.world()
    found = explore(world, commands_of(world, (ADA,), "relay"), Bounds(commands=1), Promises(world))
    assert found.violation is not None
    assert found.violation.violations[0].startswith("10: relay: it broke with MisuseError")
