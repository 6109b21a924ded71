"""Everything that is done to both, and what happens while the model thinks."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from coachwork.adapters import Memory
from coachwork.policies import Settings
from coachwork.testing.stateful._both import Words
from coachwork.testing.stateful._commands import MEANWHILE, Commands
from coachwork.testing.stateful._topics import BOARD, COUNCIL, TALK, VALUES
from coachwork.topics import Topic

CONTEXT = {"name": "Ada"}


def commands(topic: Topic[object] = VALUES) -> Commands:
    """Return the commands of a run in which a session is started."""
    made = Commands(lambda: nullcontext(Memory()), Settings())
    given = (made.both.users[0], topic, CONTEXT, None)
    made.both.do(made.start(*given, take_over=False, waits=True, words=Words()))
    return made


@pytest.mark.parametrize("meanwhile", MEANWHILE)
@pytest.mark.parametrize("topic", [VALUES, BOARD], ids=lambda topic: topic.id)
@pytest.mark.parametrize("when", ["", " later"])
def test_whatever_happens_meanwhile(meanwhile: str, topic: Topic[object], when: str) -> None:
    """While the reply is made or the result extracted: both sides come to the same."""
    run = commands(topic)
    session = run.both.oracle.sessions[0]
    words = Words(says="ends", meanwhile=meanwhile + when)
    run.both.do(run.keyed(session.who, run.send, session, "hello")(waits=True, words=words))
    run.both.do(run.keyed(session.who, run.resume, session)(waits=True, words=Words()))


def test_all_commands_are_done_to_both() -> None:
    """A talk with everything that users and workers do."""
    run = commands(COUNCIL)
    session = run.both.oracle.sessions[0]
    who, words = session.who, Words()
    steps = [
        run.keyed(who, run.send, session, "hello")(waits=False, words=words),
        run.look_at(run.both.users[1], session, TALK),
        run.look_at(who, session, COUNCIL),
        run.look_for_work(),
        run.process(session.jobs[0], words),
        run.relay(in_vain=True),
        run.relay(in_vain=False),
        run.pause(who, session),
        run.keyed(who, run.open, COUNCIL, CONTEXT)(waits=True, words=Words(says="fails")),
    ]
    for step in steps:
        run.both.do(step)
    run.both.do(run.process(session.jobs[1], words))
    failed = session.jobs[-1]
    for step in (
        run.keyed(who, run.retry, failed)(waits=False, words=words),
        run.keyed(who, run.complete, session)(waits=True, words=words),
    ):
        run.both.do(step)
    run.both.do(run.cancel_job(who, session.jobs[-1]))
    for step in (run.cancel(who, session), run.export(who), run.sweep(), run.delete_all(who)):
        run.both.do(step)
    assert run.both.oracle.sessions == []


def test_the_call_comes_again_only_if_there_was_one() -> None:
    """Who made no call with a key has none to repeat."""
    run = commands()
    run.both.do(run.call_again())
    assert run.calls == []
