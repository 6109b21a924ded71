"""One workflow for each thing that an application asks for: generators that ask by effects.

They never touch the world; `coachwork.drivers` does. Run one with
``run(send(setup, caller, topic, session_id, text), ports)``, or let `coachwork.Coach` do it.
"""

from coachwork.workflows._answers import (
    Advice,
    Check,
    Completed,
    History,
    JobView,
    Purged,
    Resumed,
    SessionList,
    SessionView,
    Started,
    TopicStanding,
    TopicStatus,
    Turn,
)
from coachwork.workflows._changing import cancel, pause
from coachwork.workflows._complete import complete
from coachwork.workflows._owning import Deleted, Export, SessionExport, delete_all, export
from coachwork.workflows._purging import purge_expired
from coachwork.workflows._reading import check, get, history, list_sessions, topics
from coachwork.workflows._resume import open_session, resume
from coachwork.workflows._send import send
from coachwork.workflows._setup import Caller, Setup
from coachwork.workflows._start import start

__all__ = [
    "Advice",
    "Caller",
    "Check",
    "Completed",
    "Deleted",
    "Export",
    "History",
    "JobView",
    "Purged",
    "Resumed",
    "SessionExport",
    "SessionList",
    "SessionView",
    "Setup",
    "Started",
    "TopicStanding",
    "TopicStatus",
    "Turn",
    "cancel",
    "check",
    "complete",
    "delete_all",
    "export",
    "get",
    "history",
    "list_sessions",
    "open_session",
    "pause",
    "purge_expired",
    "resume",
    "send",
    "start",
    "topics",
]
