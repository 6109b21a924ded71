"""The coach and the oracle, to which the same is done."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Any

import pytest

from coachwork.adapters import Memory
from coachwork.policies import Settings
from coachwork.testing.stateful._both import Both, Step, Words
from coachwork.testing.stateful._topics import TALK
from coachwork.testing.stateful.oracle import Job, Session


def quietly(_what: str, _job: Job) -> Step:
    """Let nothing happen meanwhile."""
    yield from ()


def both(**given: Any) -> Both:  # noqa: ANN401 - of Both
    """Return a coach in memory and its oracle."""
    return Both(lambda: nullcontext(Memory()), Settings(), given.pop("meanwhile", quietly), **given)


def start(both: Both) -> Session:
    """Return a session that is there on both sides."""
    who = both.users[0]
    plan = both.oracle.start(who, TALK, {}, None, take_over=False, waits=True)
    both.do(both.held(plan, lambda: both.user(who).start(TALK)))
    return both.oracle.sessions[0]


def say(both: Both, session: Session, words: Words, said: str = "hello") -> Step:
    """Send a message to both; the coach may be told another one."""
    who = session.who
    plan = both.oracle.send(who, session, TALK, "hello", "k", waits=True)
    return both.held(plan, lambda: both.chat(who, session).send(said, key="k"), "k", words)


def test_tenants_are_of_one_run_only() -> None:
    """Two runs on one engine have nothing in common."""
    assert not {*both().tenants} & {*both().tenants}


def test_what_is_done_to_both_is_alike() -> None:
    """The same call is answered as the oracle tells it."""
    pair = both()
    session = start(pair)
    pair.do(say(pair, session, Words()))
    assert [said.text for said in session.log] == ["hello", "Go on."]
    pair.do(
        pair.read(
            lambda: pair.oracle.get(session.who, session, TALK),
            pair.chat(session.who, session).get,
        )
    )
    pair.close()


def test_what_differs_is_told_though_a_workflow_took_it_for_a_failure() -> None:
    """A prompt that is wrong is no failure of the model."""
    pair = both()
    session = start(pair)
    with pytest.raises(AssertionError, match="what the model is asked is not as it must be"):
        pair.do(say(pair, session, Words(), said="good bye"))


@pytest.mark.parametrize("meanwhile, times", [("pause", ["pause"]), ("pause later", [])])
def test_what_happens_meanwhile_happens_in_time(meanwhile: str, times: list[str]) -> None:
    """The first time that the model is asked, or when it is asked for the result."""
    happened: list[str] = []

    def note(what: str, job: Job) -> Step:
        yield from ()
        happened.append(what)
        assert job.kind == "reply"

    pair = both(meanwhile=note)
    pair.do(say(pair, start(pair), Words(meanwhile=meanwhile)))
    assert happened == times


def test_views_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as they may lag behind, and not at all where they do not."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    both().wait_for_views()
    both(settle=0.5).wait_for_views()
    assert slept == [0.5]
