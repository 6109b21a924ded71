"""Everything that is done to both, and what happens while the model thinks."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta

import pytest

from coachwork.adapters import Memory
from coachwork.policies import Settings
from coachwork.ports import Query
from coachwork.records import Record
from coachwork.testing import NOON, Capability
from coachwork.testing.conformance.repository import REPOSITORY
from coachwork.testing.stateful._both import Step, Words
from coachwork.testing.stateful._commands import MEANWHILE, Commands
from coachwork.testing.stateful._topics import BOARD, COUNCIL, TALK, VALUES
from coachwork.testing.stateful.oracle import Who
from coachwork.topics import Topic

CONTEXT = {"name": "Ada"}


def commands(
    topic: Topic[object] = VALUES, *, memory: Memory | None = None, lacks: Sequence[Capability] = ()
) -> Commands:
    """Return the commands of a run in which a session is started."""
    made = Commands(lambda: nullcontext(memory or Memory()), Settings(), lacks=lacks)
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


def test_the_last_call_comes_again() -> None:
    """With the same key, and whatever it was, it waits."""
    run = commands()
    made: list[tuple[str, bool]] = []

    def call(_who: Who, key: str, *, waits: bool, words: Words) -> Step:
        yield from ()
        made.append((key, waits))
        assert words == Words()

    for _ in range(2):
        run.keyed(run.both.users[0], call)
    run.both.do(run.call_again())
    assert made == [("key-1", True)]


def test_the_call_comes_again_only_if_there_was_one() -> None:
    """Who made no call with a key has none to repeat."""
    run = commands()
    run.both.do(run.call_again())
    assert run.calls == []


def test_the_clock_goes_back_but_never_behind_the_beginning() -> None:
    """As clocks do that are set."""
    run = commands()
    for step in (timedelta(hours=2), -timedelta(hours=1)):
        run.both.do(run.pass_time(step))
    assert run.both.props.clock.time == NOON + timedelta(hours=1)
    run.both.do(run.pass_time(-timedelta(days=1)))
    assert run.both.props.clock.time == NOON


def test_a_completion_stays_pending_until_it_is_done() -> None:
    """A reply that is not final does not put it off."""
    run = commands()
    session = run.both.oracle.sessions[0]
    who = session.who
    for words in (Words(says="ends", meanwhile="pause"), Words()):
        run.both.do(run.send(who, session, "hello", None, waits=True, words=words))
        if session.status == "paused":
            run.both.do(run.resume(who, session, None, waits=False, words=Words()))
            run.both.do(run.cancel_job(who, session.jobs[-1]))
    run.both.do(run.look_at(who, session, VALUES))
    assert session.pending


class Asked(Memory):
    """A repository that notes what is asked of its views."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.asked: list[Query] = []

    def find(self, query: Query, /) -> Sequence[Record]:
        """Note it."""
        self.asked.append(query)
        return super().find(query)


def test_what_is_lacking_is_asked_for_nothing() -> None:
    """Others cannot be told all the same; a deletion that cannot be is none."""
    memory = Asked()
    run = commands(COUNCIL, memory=memory, lacks=[*REPOSITORY.capabilities])
    memory.asked.clear()
    who = run.both.users[0]
    for step in (
        run.look_for_work(),
        run.relay(in_vain=True),
        run.process(run.both.oracle.sessions[0].jobs[0], Words()),
        run.pass_time(timedelta(days=60)),
        run.sweep(),
        run.delete_all(who),
    ):
        run.both.do(step)
    assert memory.asked == []
    assert (run.both.oracle.events, len(run.both.oracle.sessions)) == ([], 1)


def test_where_much_cannot_be_deleted_no_sweeper_comes() -> None:
    """What has expired is only seen no more."""
    run = commands(lacks=[Capability.LARGE_COMMITS])
    for step in (run.pass_time(timedelta(days=60)), run.sweep()):
        run.both.do(step)
    assert len(run.both.oracle.sessions) == 1
