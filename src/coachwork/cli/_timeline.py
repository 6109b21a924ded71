"""``coachwork timeline``: how a session in a database file went, with all that was done.

Whoever may read the file may look at every session in it; nobody is asked who they are.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import frozen

from coachwork.adapters import ScriptedModel, SQLite
from coachwork.cli._database import there
from coachwork.cli._plain import shown
from coachwork.cli._programs import imported, known
from coachwork.coach import Coach
from coachwork.diagrams import mermaid
from coachwork.errors import SessionNotFoundError, ValidationError
from coachwork.ids import checked_id
from coachwork.plain import to_json
from coachwork.ports import Query
from coachwork.programs import Program
from coachwork.records import AUDIT, SESSION_RECORD, session_key
from coachwork.sessions import About
from coachwork.topics import Topic
from coachwork.workflows import timeline_text


@frozen(kw_only=True)
class Asked:
    """Which timeline is asked for, and how.

    Attributes:
        tenant: The session's tenant.
        session: Its id.
        program: Where its program is found, as ``module:NAME``; None for one of the library's.
        form: One of `coachwork.cli._arguments.TIMELINE_FORMATS`.
    """

    tenant: str
    session: str
    program: str | None
    form: str


def show_timeline(path: str, asked: Asked) -> int:
    """Print the timeline of a session, or the way it took through the phases of its program.

    Raises:
        CoachworkError: There is no such session, its program is not found, or the database cannot
            be used.
    """
    with there(path) as database:
        about = _about(database, asked)
        program = _program(database, about, asked.program)
        topic: Topic[None] = Topic(id=about.topic, system="It is only looked at.", program=program)
        coach = Coach(database, ScriptedModel(), topics=[topic])
        owner = coach.as_user(about.user, tenant=about.tenant, scenario=about.scenario)
        told = owner.session(topic, about.id).timeline()
    match asked.form:
        case "json":
            print(json.dumps(to_json(told), ensure_ascii=False, indent=2))
        case "mermaid":
            if program is None:
                raise ValidationError("--program", "the program of the session, as module:NAME")
            print(mermaid(program.phases, told.path), end="")
        case _:
            print(shown(timeline_text(told)), end="")
    return 0


def _about(database: SQLite, asked: Asked) -> About:
    """Return what is settled of the session.

    Raises:
        SessionNotFoundError: There is no such session.
    """
    key = session_key(checked_id(asked.tenant, "--tenant"), checked_id(asked.session, "ID"))
    record = database.get(key)
    if record is None:
        raise SessionNotFoundError
    return SESSION_RECORD.read(record).value.about


def _program(database: SQLite, about: About, where: str | None) -> Program[Any] | None:
    """Return the program that was worked on in a session, or None where it is not known here.

    Raises:
        ValidationError: The one that was named is none, or another one.
    """
    query = Query(kind=AUDIT.name, tenant=about.tenant, owner=about.user, session=about.id, limit=1)
    used = {AUDIT.read(record).value.program for record in database.find(query)}
    if where is None:
        return known(*used) if len(used) == 1 else None
    program = imported(where, "--program")
    if used - {program.id}:
        raise ValidationError("--program", f"the program {', '.join(used)}")
    return program
