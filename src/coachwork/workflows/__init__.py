"""One workflow for each thing that an application asks for: generators that ask by effects.

They never touch the world; `coachwork.drivers` does. Run one with
``run(send(setup, caller, topic, session_id, text), ports)``, or let `coachwork.Coach` do it.
"""

from coachwork.workflows._acting import act
from coachwork.workflows._agents import agents, run_agent
from coachwork.workflows._agents_view import AgentsView, AgentView
from coachwork.workflows._answering import NO_PROMPT
from coachwork.workflows._answers import (
    Acted,
    ActionList,
    ActionView,
    Advice,
    Check,
    Completed,
    History,
    JobOutcome,
    JobReport,
    JobView,
    ProgramView,
    Purged,
    Relayed,
    Resumed,
    SessionList,
    SessionView,
    Started,
    TopicStanding,
    TopicStatus,
    Turn,
    job_view,
)
from coachwork.workflows._changing import cancel, pause
from coachwork.workflows._complete import complete
from coachwork.workflows._jobs import Held
from coachwork.workflows._owning import Deleted, Export, SessionExport, delete_all, export
from coachwork.workflows._planting import Planted, plant
from coachwork.workflows._polling import cancel_job, job, pending_job
from coachwork.workflows._processing import (
    Claimed,
    due_jobs,
    process,
    release,
    renew,
    serve,
)
from coachwork.workflows._programs import actions, program_state
from coachwork.workflows._purging import purge_expired
from coachwork.workflows._reading import check, get, history, list_sessions, topics
from coachwork.workflows._relaying import deliver_quietly, relay
from coachwork.workflows._resume import open_session, resume
from coachwork.workflows._retry import retry
from coachwork.workflows._scenario import (
    SCENARIO_VERSION,
    Scenario,
    ScenarioAudit,
    ScenarioMessage,
    ScenarioProgram,
    ScenarioSession,
)
from coachwork.workflows._scenario_export import export_scenario
from coachwork.workflows._scenarios import delete_scenario, list_scenario
from coachwork.workflows._send import send, submit
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._start import start
from coachwork.workflows._timeline import PhaseEdge, Timeline, TimelineEntry, timeline
from coachwork.workflows._timeline_text import timeline_text

__all__ = [
    "NO_PROMPT",
    "SCENARIO_VERSION",
    "Acted",
    "ActionList",
    "ActionView",
    "Advice",
    "AgentView",
    "AgentsView",
    "Caller",
    "Check",
    "Claimed",
    "Completed",
    "Deleted",
    "Export",
    "Held",
    "History",
    "JobOutcome",
    "JobReport",
    "JobView",
    "PhaseEdge",
    "Planted",
    "ProgramView",
    "Purged",
    "Relayed",
    "Resumed",
    "Scenario",
    "ScenarioAudit",
    "ScenarioMessage",
    "ScenarioProgram",
    "ScenarioSession",
    "SessionExport",
    "SessionList",
    "SessionView",
    "Setup",
    "Started",
    "Timeline",
    "TimelineEntry",
    "TopicStanding",
    "TopicStatus",
    "Turn",
    "act",
    "actions",
    "agents",
    "cancel",
    "cancel_job",
    "check",
    "complete",
    "delete_all",
    "delete_scenario",
    "deliver_quietly",
    "due_jobs",
    "export",
    "export_scenario",
    "get",
    "history",
    "job",
    "job_view",
    "list_scenario",
    "list_sessions",
    "open_session",
    "pause",
    "pending_job",
    "plant",
    "process",
    "program_state",
    "purge_expired",
    "relay",
    "release",
    "renew",
    "resume",
    "retry",
    "run_agent",
    "send",
    "serve",
    "start",
    "submit",
    "timeline",
    "timeline_text",
    "topics",
]
