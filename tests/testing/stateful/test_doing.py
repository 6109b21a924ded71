"""What was chosen, done."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta

import pytest

from coachwork.adapters import Memory
from coachwork.policies import Settings
from coachwork.testing.stateful._both import Words
from coachwork.testing.stateful._choices import Do
from coachwork.testing.stateful._commands import Commands
from coachwork.testing.stateful._doing import Doing

START = Do("start", user=0, topic="values", context="Ada", words=Words(), waits=True)
SEND = Do("send", place=0, words=Words(), waits=True)
CALL = {"words": Words(), "waits": True}

ALL = [
    SEND,
    Do("open", user=0, topic="values", **CALL),
    Do("resume", place=0, **CALL),
    Do("pause", place=0),
    Do("complete", place=0, **CALL),
    Do("cancel", place=0),
    Do("act", place=0, button="flint", **CALL),
    Do("act", place=6, button="shut", **CALL),
    Do("take over", place=0, **CALL),
    Do("retry", place=0, **CALL),
    Do("cancel a job", place=0),
    Do("work", place=0, words=Words()),
    Do("call again", place=0, **CALL),
    Do("use a key again", place=0, other=0),
    Do("look at", place=0, user=1, topic="talk"),
    Do("pass time", place=0, how="a day"),
    Do("look for work"),
    Do("relay", in_vain=False),
    Do("sweep"),
    Do("export", user=0),
    Do("delete all", user=0),
]


def doing() -> tuple[Commands, Doing]:
    """Return a run in which nothing was done yet."""
    commands = Commands(lambda: nullcontext(Memory()), Settings())
    return commands, Doing(commands)


@pytest.mark.parametrize("do", ALL, ids=str)
def test_everything_can_be_done_at_any_time(do: Do) -> None:
    """Where there is nothing that it could be done to, nothing is done; both sides agree."""
    commands, chosen = doing()
    commands.both.do(chosen.step(do))
    for first in (START, SEND):
        commands.both.do(chosen.step(first))
    commands.both.do(chosen.step(do))


def test_what_can_be_clicked_is_chosen_rather() -> None:
    """Of eight places six are of active sessions with a program, in which something was said."""
    commands, chosen = doing()
    for user, topic in enumerate(("council", "values")):
        start = Do("start", user=user, topic=topic, context="Ada", **CALL)
        commands.both.do(chosen.step(start))
    commands.both.do(chosen.step(Do("act", place=0, button="flint", **CALL)))
    assert len(commands.both.oracle.actions(commands.both.users[0])) == 1
    commands.both.do(chosen.step(Do("act", place=6, button="slate", **CALL)))
    assert len(commands.both.oracle.actions(commands.both.users[0])) == 1


def test_what_can_go_on_is_chosen_rather() -> None:
    """Of eight places six are of live sessions, the others of any."""
    commands, chosen = doing()
    for user in (0, 1):
        commands.both.do(chosen.step(Do("start", user=user, topic="talk", context="Ada", **CALL)))
    commands.both.do(chosen.step(Do("cancel", place=0)))
    first, second = commands.both.oracle.sessions
    commands.both.do(chosen.step(SEND))
    assert (len(first.log), second.status) == (2, "cancelled")
    for place, messages in ((5, 4), (6, 4), (7, 6)):
        commands.both.do(chosen.step(Do("send", place=place, **CALL)))
        assert (len(first.log), second.log) == (messages, [])

    commands.both.do(chosen.step(Do("start", user=1, topic="talk", context="Ada", **CALL)))
    commands.both.do(chosen.step(Do("cancel", place=1)))
    third = commands.both.oracle.sessions[-1]
    for place, messages in ((5, 2), (7, 2), (6, 4)):
        commands.both.do(chosen.step(Do("send", place=place, **CALL)))
        assert (len(first.log), len(third.log)) == (6, messages)


def test_the_newest_job_comes_first() -> None:
    """Of all sessions, whichever was started last."""
    commands, chosen = doing()
    for user in (0, 1):
        commands.both.do(chosen.step(Do("start", user=user, topic="talk", context="Ada", **CALL)))
    for place in (0, 1):
        commands.both.do(chosen.step(Do("send", place=place, words=Words(), waits=False)))
    commands.both.do(chosen.step(Do("cancel a job", place=0)))
    first, second = commands.both.oracle.sessions
    assert [first.jobs[0].error, second.jobs[0].error] == ["JOB_CANCELLED", None]


@pytest.mark.parametrize(
    "how, passed",
    [
        ("a moment", timedelta(microseconds=1)),
        ("backwards", timedelta(0)),  # never behind the beginning
        ("till it is idle", timedelta(minutes=30)),
        ("till it expires", timedelta(days=14)),
        ("till its job expires", timedelta(days=1)),
    ],
)
def test_time_passes_until_something_changes(how: str, passed: timedelta) -> None:
    """So much, or to the very instant."""
    commands, chosen = doing()
    commands.both.do(chosen.step(START))
    before = commands.both.oracle.now
    commands.both.do(chosen.step(Do("pass time", place=0, how=how)))
    assert commands.both.oracle.now - before == passed


def test_what_never_comes_is_not_waited_for() -> None:
    """A session may live for ever, and have no job."""
    commands, chosen = doing()
    commands.both.do(chosen.step(Do("start", user=0, topic="talk", context="Ada", **CALL)))
    for how in ("till it expires", "till its job expires"):
        commands.both.do(chosen.step(Do("pass time", place=0, how=how)))
    assert commands.both.oracle.now == commands.both.oracle.sessions[0].started_at
