"""``coachwork demo plan``: a business plan from the vision to the brief, with agents that write."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from coachwork.adapters import ScriptedAgents, ScriptedModel, SQLite, TimeOrderedIds
from coachwork.cli._database import database_path, opened
from coachwork.cli._plan_coach import AFTER, BEFORE, BUSINESS_PLAN, answer, write
from coachwork.cli._playing import play, show_entry
from coachwork.cli._terminal import Terminal
from coachwork.coach import Chat, Coach, UserCoach
from coachwork.diagrams import mermaid
from coachwork.programs import AgentStatus
from coachwork.programs.plan import PLAN, CoachingPlan, brief_of, markdown
from coachwork.workflows import AgentsView

USER: Final = "awa"
TENANT: Final = "demo"

_LOOKS: Final = 0.05
"""Seconds between two looks at the agents."""

_MARKS: Final = {
    AgentStatus.WAITING: ".",
    AgentStatus.RUNNING: ">",
    AgentStatus.SUCCEEDED: "+",
    AgentStatus.FAILED: "-",
}


def demo_plan(told: str | None) -> int:
    """Show a whole coaching; everything that is printed was read back from the database.

    It is a test scenario of its own, so that it may be shown again in the same file.

    Args:
        told: The database file, or None for a temporary one.
    """
    terminal = Terminal(user="Awa")
    with database_path(told) as path:
        kept = "" if told is not None else ", a temporary file"
        terminal.line(f"A business plan on SQLite, kept in {path}{kept}.")
        scenario = f"demo {TimeOrderedIds().new_id()}"
        with opened(path) as database:
            chat = _awa(database, scenario).start(BUSINESS_PLAN)
            play(chat, BEFORE)
            _show_talk(terminal, chat)
            terminal.heading("the agents: . waits, > runs, + has written, - has failed")
            _watch(terminal, chat)
        with opened(path) as database:  # another one: it knows nothing but the file
            awa = _awa(database, scenario)
            again = awa.session(BUSINESS_PLAN, chat.session_id)
            before = len(again.timeline().entries)
            play(again, AFTER)
            _show_end(terminal, awa, again, before)
    return 0


def _awa(database: SQLite, scenario: str) -> UserCoach:
    """Return the coach as Awa sees it."""
    coach = Coach(
        database, ScriptedModel(answer), topics=[BUSINESS_PLAN], sub_agents=ScriptedAgents(write)
    )
    return coach.as_user(USER, tenant=TENANT, scenario=scenario)


def _show_talk(terminal: Terminal, chat: Chat[None]) -> None:
    """Show what was said and done, and after each message how far the steps are."""
    seen = ""
    for entry in chat.timeline().entries:
        show_entry(terminal, entry)
        if isinstance(entry.state, CoachingPlan) and (line := _steps(entry.state)) != seen:
            terminal.note("steps", line)
            seen = line


def _steps(plan: CoachingPlan) -> str:
    """Return one line about how far the steps are."""
    marks = "".join("+" if step.complete else "." for step in plan.steps)
    where = plan.current_step if plan.open_steps else "complete"
    return f"{marks} {where}, {plan.coaching_confidence:.0%} sure"


def _watch(terminal: Terminal, chat: Chat[None]) -> None:
    """Run the agents, and show how far they are whenever that has changed."""
    with ThreadPoolExecutor(1) as elsewhere:
        running = elsewhere.submit(chat.run_agents)
        seen = ""
        while True:
            is_over = running.done()  # before the look: what is seen then is the end
            line = _agents(chat.agents())
            if line != seen:
                terminal.note("agents", line)
                seen = line
            if is_over:
                break
            time.sleep(_LOOKS)
        running.result()


def _agents(view: AgentsView) -> str:
    """Return one line about how far the agents are."""
    return "  ".join(f"{_MARKS[agent.status]} {agent.name}" for agent in view.agents)


def _show_end(terminal: Terminal, awa: UserCoach, chat: Chat[None], before: int) -> None:
    """Show what was said of the brief, the brief itself, and the way through the status table."""
    told = chat.timeline()
    for entry in told.entries[before:]:
        show_entry(terminal, entry)
    plan = awa.program(PLAN, chat.session_id).state
    terminal.note("plan", f"{plan.status}, {plan.retry_count} answers were asked for again")
    terminal.heading("the brief, as Markdown")
    terminal.verbatim(markdown(brief_of(plan)))
    terminal.heading("the status with the way that was taken, for any viewer of Mermaid")
    terminal.verbatim(mermaid(PLAN.phases, told.path))
