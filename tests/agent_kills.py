"""Killing a process while agents write the brief of a plan, and looking at what is left.

A process tells its killer of each effect that it has carried out, through a pipe, and is killed
with SIGKILL after so many of them: so the moments are spread over all that it does, however slow
the machine is.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from contextlib import closing
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import sleep
from typing import Any, Final

from attrs import evolve, frozen

from coachwork import Chat, Coach, Settings, SQLite
from coachwork.actions import ActionStatus, Audit
from coachwork.adapters import ScriptedAgents, ScriptedModel
from coachwork.drivers import Observation
from coachwork.ports import AgentAsk, Ask
from coachwork.programs import AgentStatus, Program, Progress, read_state, rebuild
from coachwork.programs.plan import CoachingPlan, PlanStatus, SectionText, plan_program
from coachwork.records import KINDS, Record
from coachwork.testing import snapshot, violations
from coachwork.topics import Topic
from tests.programs.plan.written import ANSWERS, section_agents

SHORT: Final = 0.02
"""Seconds that an agent has, and again so many until it is taken for lost."""

# A slow machine may be too slow for so short a time: then an attempt fails, and another one comes.
AGENTS: Final = [
    evolve(agent, timeout=SHORT, attempts=100, losses=100) for agent in section_agents(3, 2)
]
PROGRAM: Final[Program[CoachingPlan]] = plan_program(agents=AGENTS)
PLANS: Final = Topic(id="plans", system="Listen.", initiation="Begin.", program=PROGRAM)
SETTINGS: Final = Settings(
    model_timeout=timedelta(seconds=60), lease=timedelta(seconds=60 + SHORT), commit_tries=20
)
NAMES: Final = tuple(agent.name for agent in AGENTS)
MOST_EFFECTS: Final = len(AGENTS) * 12 + 6
"""About as many effects as it takes to run all agents once."""


@frozen
class Tally:
    """What was found after many kills.

    Attributes:
        kills: How many processes were killed.
        plans: How many plans came to their brief meanwhile.
        left: What the killed processes left: how many agents were running.
        lost: How many runs came to nothing.
        faults: Everything that was not as it must be.
    """

    kills: int
    plans: int
    left: Counter[int]
    lost: int
    faults: list[str]


def open_coach(database: Path, told: Connection | None = None) -> Coach:
    """Return a coach on *database*; each effect that it carries out is *told*."""

    def tell(_observation: Observation) -> None:
        assert told is not None
        os.write(told.fileno(), b".")

    return Coach(
        SQLite(database, synchronous="NORMAL"),
        ScriptedModel(_reply),
        topics=[PLANS],
        settings=SETTINGS,
        sub_agents=ScriptedAgents(_answer),
        observers=[] if told is None else [tell],
    )


def _reply(ask: Ask) -> str:
    """Find that every answer will do."""
    return ANSWERS if ask.turn else "Well."


def _answer(ask: AgentAsk) -> SectionText:
    """Answer after a moment, so that others are at work meanwhile."""
    sleep(SHORT / 10)
    return SectionText(ask.agent, f"{ask.agent} {ask.run}")


def victim(database: Path, session: str, told: Connection) -> None:
    """Run the agents of a session to their end, unless somebody is faster."""
    with open_coach(database, told) as coach:
        coach.as_user("ada").session(PLANS, session).run_agents(side_by_side=2, wait=True)


def kill_agents(database: Path, kills: int, seed: int) -> Tally:
    """Kill so many processes while they run agents, then let all be finished."""
    chance = random.Random(seed)
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    left, sessions, faults = Counter[int](), list[str](), list[str]()
    done = 0
    with open_coach(database) as coach:
        chat = _answered(coach, sessions)
        while done < kills:
            told, telling = context.Pipe(duplex=False)
            process = context.Process(target=victim, args=(database, chat.session_id, telling))
            process.start()
            telling.close()
            killed = _killed(process, told, chance.randint(1, MOST_EFFECTS))
            told.close()
            view = chat.agents()
            faults += [] if killed else _unfinished(view.phase, process.exitcode)
            done += killed
            left[view.running] += killed
            if view.is_finished:
                chat = _answered(coach, sessions)
        for session in sessions:
            coach.as_user("ada").session(PLANS, session).run_agents(wait=True)
    records = _records(database)
    faults += violations(records)
    lost = sum(_lost(records, session, faults) for session in sessions)
    return Tally(done, len(sessions), left, lost, faults)


def _answered(coach: Coach, sessions: list[str]) -> Chat[Any]:
    """Return a new session in which every step is complete, and agents are to write the brief."""
    chat = coach.as_user("ada").start(PLANS)
    chat.act("start_coaching", message=1)
    coach_said = chat.send("A restaurant.").message.sequence
    view = chat.act("start_agents", message=coach_said)
    assert view.phase == PlanStatus.SUB_AGENTS_RUNNING
    sessions.append(chat.session_id)
    return chat


def _killed(process: Any, told: Connection, effects: int) -> bool:  # noqa: ANN401 - of any context
    """Kill *process* after so many effects; tell whether it did not come to its end before."""
    for _ in range(effects):
        if not os.read(told.fileno(), 1):
            process.join()
            return False
    process.kill()
    process.join()
    return bool(process.exitcode)


def _unfinished(phase: str, code: int | None) -> list[str]:
    """Return what is wrong with the end of a process that was not killed."""
    told = f"a process ended with {code} in {phase}"
    return [] if (phase, code) == (PlanStatus.BRIEF_READY, 0) else [told]


def _records(database: Path) -> list[Record]:
    with closing(SQLite(database)) as repository:
        return snapshot(repository, [("default", "ada")])


def _lost(records: list[Record], session: str, faults: list[str]) -> int:
    """Note what is wrong with the plan of *session*; return how many runs were lost."""
    values = [KINDS[record.key.kind].read(record).value for record in records]
    (progress,) = [
        value for value in values if isinstance(value, Progress) and value.subject == session
    ]
    audits = [value for value in values if isinstance(value, Audit) and value.subject == session]
    audits.sort(key=lambda audit: audit.number)
    plan = read_state(PROGRAM, progress)
    done = Counter(
        action.parameters["agent"]
        for audit in audits
        for action in audit.actions
        if isinstance(action.parameters, dict)
        and (action.type, action.status) == ("finish_agent", ActionStatus.APPLIED)
    )
    if (plan.status, plan.brief_version) != (PlanStatus.BRIEF_READY, 1):
        faults.append(f"{session}: no brief, but {plan.status}, version {plan.brief_version}")
    written = sorted((section.name, section.version) for section in plan.sections)
    if written != sorted((name, 1) for name in NAMES):
        faults.append(f"{session}: sections: {written}")
    if done != dict.fromkeys(NAMES, 1):
        faults.append(f"{session}: successes in the log: {dict(done)}")
    faults += [
        f"{session}: {run}"
        for run in plan.runs.runs
        if (run.status, run.successes) != (AgentStatus.SUCCEEDED, 1)
        or run.run != run.successes + run.failures + run.lost
    ]
    if rebuild(PROGRAM, progress, audits) != plan:
        faults.append(f"{session}: the log leads to another state")
    return sum(run.lost for run in plan.runs.runs)
