"""A sub-agent of a program: begun, asked, and heard of, each in a commit of its own.

The same three steps as those of a job (brief, section 5), with the run in the program's state in
the place of the lease: one commit begins a run and says until when it is waited for, then the port
is asked without any lock, and one commit writes the outcome if that run is still awaited. Whoever
crashes in between loses the run and nothing else: it may be begun again when its time is over, and
what is heard of it then is refused by its number, and recorded as refused. When too many were lost
nobody begins another one: the agent has failed.

Side by side is nothing but several of these workflows at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, TypeVar

from attrs import evolve, field, frozen

from coachwork.actions import Action, ActionStatus, Audit, Sender
from coachwork.effects import Now, RunAgent, Workflow
from coachwork.errors import (
    ActionRefusedError,
    LLMTimeoutError,
    SessionNotFoundError,
    ValidationError,
)
from coachwork.ids import checked_id
from coachwork.jobs import ErrorCode
from coachwork.messages import Usage
from coachwork.plain import JSON, from_plain, to_json
from coachwork.policies import MOST
from coachwork.ports import AgentAsk, Answer
from coachwork.programs import LOST, Agent, BeginAgent, FailAgent, FinishAgent, Program
from coachwork.records import ACCOUNT, AUDIT, SESSION_RECORD, Op
from coachwork.replies import BadReply, parse_result, result_schema
from coachwork.sessions import About, later, latest
from coachwork.topics import Topic
from coachwork.workflows._agents_view import AgentsView, agents_view
from coachwork.workflows._answering import (
    MAX_RESULT,
    checked_answer,
    model_code,
    model_pause,
)
from coachwork.workflows._jobs import check_topic, open_account
from coachwork.workflows._program import Underway, Written, carried_out, load_of_session
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._store import Tries, load, load_session

T = TypeVar("T")

LEAST_TRIES: Final = MOST
"""How often a commit is tried again: agents of one stage change one state, all at once."""

LONGEST_PAUSE: Final = 3600.0
"""Seconds for which a provider is left alone at the most, whatever it asks for."""


def agents(setup: Setup, caller: Caller, topic: Topic[T], session_id: str) -> Workflow[AgentsView]:
    """Return how far the sub-agents are that work for a session's program.

    It is no activity, and changes nothing.

    Args:
        setup: The application's declarations.
        caller: Who asks.
        topic: The session's topic.
        session_id: The session.

    Raises:
        ValidationError: Something is not what it should be, or the topic's program has no agents.
        TopicNotFoundError: The application declares no such topic.
        SessionNotFoundError: There is no such session for the caller.
        SessionAccessDeniedError: It is another user's.
        StoreError: The repository failed.
    """
    program = _program(setup, topic, session_id)
    session, now = yield from load_session(setup, caller, session_id)
    check_topic(session.value, topic)
    underway = yield from load_of_session(program, session.value.about)
    at = latest(underway.progress.updated_at, now)
    return agents_view(program, session_id, underway.state, at)


def run_agent(
    setup: Setup, caller: Caller, topic: Topic[T], session_id: str
) -> Workflow[AgentsView | None]:
    """Run the first sub-agent that is due: begin it, ask the port, and write what came of it.

    An agent that fails raises nothing: its failure is counted, and it is due again if it has
    another attempt, after the pause that the provider asks for. One of which too many runs were
    lost is not asked any more; that it has failed is written instead. The session may have ended
    meanwhile. It is no activity.

    Asks: the session, the account, the program's state, one commit; the port; the account and the
    program's state again, one commit.

    Args:
        setup: The application's declarations.
        caller: Who asks.
        topic: The session's topic.
        session_id: The session.

    Returns:
        How far the agents are now, or None where none was due.

    Raises:
        ValidationError: Something is not what it should be, or the topic's program has no agents.
        TopicNotFoundError: The application declares no such topic.
        SessionNotFoundError: There is no such session for the caller, or all is gone meanwhile.
        SessionAccessDeniedError: It is another user's.
        ActionRefusedError: The program refused to begin an agent that is due.
        StoreError: The repository failed; a run that was begun is begun again when its time is
            over.
    """
    program = _program(setup, topic, session_id)
    run = yield from _begin(setup, caller, topic, program, session_id)
    if not isinstance(run, _Run):
        return run
    heard = yield from _asked(program, run)
    return (yield from _settle(setup, caller, program, run, heard))


def _program(setup: Setup, topic: Topic[T], session_id: str) -> Program[Any]:
    """Return the program of *topic*.

    Raises:
        ValidationError: It has none, or one without agents; or the session's id is none.
        TopicNotFoundError: The application declares no such topic.
    """
    program = setup.declared(topic).program
    if program is None or not program.agents:
        raise ValidationError("topic", "one whose program has agents")
    checked_id(session_id, "session_id")
    return program


# --- beginning -------------------------------------------------------------------------------


@frozen
class _Run:
    """A run of an agent that was begun.

    Attributes:
        about: The session.
        agent: The agent.
        number: The number of the run.
        state: The program's state as it was begun.
    """

    about: About
    agent: Agent[Any]
    number: int
    state: object = field(repr=False)


def _begin(
    setup: Setup, caller: Caller, topic: Topic[T], program: Program[Any], session_id: str
) -> Workflow[_Run | AgentsView | None]:
    """Begin the first agent that is due, or give it up; None where none is due.

    Raises:
        ActionRefusedError: The program refused it.
    """
    tries = Tries(setup, LEAST_TRIES)
    while True:
        tries.another()
        session, now = yield from load_session(setup, caller, session_id)
        about = session.value.about
        check_topic(session.value, topic)
        account = yield from open_account(caller)
        underway = yield from load_of_session(program, about)
        at = latest(underway.progress.updated_at, now)
        due = program.due_agents(underway.state, at)
        if not due or program.runs is None:
            return None
        agent = due[0]
        runs = program.runs(underway.state)
        number = runs.of(agent.name).run
        until = later(at, _time_of(setup, agent))
        gives_up = runs.is_given_up(agent, at)
        lost, begin = FailAgent(agent.name, number, LOST), BeginAgent(agent.name, number + 1, until)
        asked = [_action(lost if gives_up else begin)]
        written = yield from carried_out(underway, about, asked, Sender.AGENT, None, now)
        _check_applied(written)
        ops: list[Op] = [*written.ops, ACCOUNT.check(account)]
        if underway.version is None:
            # Nothing of a session may come to be when the session is gone.
            ops.append(SESSION_RECORD.check(session))
        if (yield from _committed(tries, ops, written.audit)):
            if gives_up:
                return agents_view(program, session_id, written.carried.state, written.audit.at)
            return _Run(about, agent, number + 1, written.carried.state)


def _time_of(setup: Setup, agent: Agent[Any]) -> timedelta:
    """Return how long a run is waited for: as with jobs, a little longer than it may take."""
    settings = setup.settings
    return timedelta(seconds=agent.timeout) + (settings.lease - settings.model_timeout)


def _check_applied(written: Written) -> None:
    """Make sure that a run was begun, or an agent given up.

    Raises:
        ActionRefusedError: It was refused, which is for the application's developer to mend.
    """
    (action,) = written.audit.actions
    if action.status is ActionStatus.REFUSED:
        raise ActionRefusedError(action.type, action.summary, str(action.code))


# --- asking ----------------------------------------------------------------------------------


def _asked(program: Program[Any], run: _Run) -> Workflow[FinishAgent | FailAgent]:
    """Ask the port; whatever it raises is a failed run."""
    agent = run.agent
    try:
        ask = AgentAsk(
            agent=agent.name,
            program=program.id,
            prompt=agent.prompt(run.state),
            # A class is hashable, whatever its instances are.
            schema=_schema(agent.result),  # type: ignore[arg-type]
            model=agent.model,
            timeout=agent.timeout,
            session=run.about.id,
            run=run.number,
        )
        answer = checked_answer((yield from RunAgent(ask, run.about.tenant, run.about.user)))
    except Exception as cause:  # noqa: BLE001 - a port may raise anything, and so may a prompt
        failed = FailAgent(agent.name, run.number, _code(cause))
        pause = model_pause(cause)
        if pause is None:
            return failed
        now = yield from Now()
        return evolve(failed, until=later(now, timedelta(seconds=min(pause, LONGEST_PAUSE))))
    return _heard(run, answer)


def _code(cause: Exception) -> str:
    """Return why an agent failed."""
    late = isinstance(cause, LLMTimeoutError | TimeoutError)
    return ErrorCode.LLM_TIMEOUT if late else model_code(cause)


@lru_cache(maxsize=256)  # it takes a millisecond, and the same few are asked for again and again
def _schema(result: type[Any]) -> dict[str, JSON]:
    """Return the JSON Schema of the answer that is wished for."""
    return result_schema(result)


def _heard(run: _Run, answer: Answer) -> FinishAgent | FailAgent:
    """Return what an answer comes to: a result in the normal form of its class, or a failure."""
    name, usage = run.agent.name, answer.usage.clamped()
    read = parse_result(answer.text, answer.data, answer.finish)
    if isinstance(read, BadReply):
        return FailAgent(name, run.number, read.code.value, usage)
    try:
        result = to_json(from_plain(read, run.agent.result))
    except Exception:  # noqa: BLE001 - the class is the application's
        return _bad(run, usage)
    if len(json.dumps(result)) > MAX_RESULT:
        return _bad(run, usage)
    return FinishAgent(name, run.number, result, usage)


def _bad(run: _Run, usage: Usage) -> FailAgent:
    """Return the failure of an answer that is not what it should be."""
    return FailAgent(run.agent.name, run.number, ErrorCode.BAD_REPLY, usage)


# --- settling --------------------------------------------------------------------------------


def _settle(
    setup: Setup,
    caller: Caller,
    program: Program[Any],
    run: _Run,
    heard: FinishAgent | FailAgent,
) -> Workflow[AgentsView]:
    """Write what was heard, decided on the newest state as often as it takes.

    Raises:
        SessionNotFoundError: All is gone.
    """
    tries = Tries(setup, LEAST_TRIES)
    while True:
        tries.another()
        account = yield from open_account(caller)
        now = yield from Now()
        underway = yield from load_of_session(program, run.about)
        if underway.version is None:
            raise SessionNotFoundError
        written = yield from _written(underway, run.about, heard, now)
        ops: list[Op] = [*written.ops, ACCOUNT.check(account)]
        if (yield from _committed(tries, ops, written.audit)):
            state = written.carried.state
            return agents_view(program, run.about.id, state, written.audit.at)


def _written(
    underway: Underway[Any], about: About, heard: FinishAgent | FailAgent, now: datetime
) -> Workflow[Written]:
    """Return what is to be written for what was heard.

    A result that the program refuses although it is awaited is a failure beside, so that the run
    does not seem to go on.
    """
    asked = [_action(heard)]
    written = yield from carried_out(underway, about, asked, Sender.AGENT, None, now)
    refused: Action = written.audit.actions[0]
    if refused.status is ActionStatus.APPLIED or isinstance(heard, FailAgent):
        return written
    failed = FailAgent(heard.agent, heard.run, str(refused.code), heard.usage)
    asked.append(_action(failed))
    both = yield from carried_out(underway, about, asked, Sender.AGENT, None, now)
    return both if both.audit.actions[1].status is ActionStatus.APPLIED else written


# --- what both commits share -----------------------------------------------------------------

_NAMES: Final[Mapping[type, str]] = {
    BeginAgent: "begin_agent",
    FinishAgent: "finish_agent",
    FailAgent: "fail_agent",
}


def _action(given: BeginAgent | FinishAgent | FailAgent) -> dict[str, JSON]:
    """Return an action as it is asked for."""
    return {"type": _NAMES[type(given)], "parameters": to_json(given)}


def _committed(tries: Tries, ops: Sequence[Op], audit: Audit) -> Workflow[bool]:
    """Commit *ops*, which insert *audit*; False means to read again and decide again.

    Where the answer was lost, the log tells whether they were written.
    """
    if (yield from tries.commit(ops)):
        return True
    kept = yield from load(AUDIT, AUDIT.key(audit))
    return kept is not None and kept.value.id == audit.id
