"""``coachwork demo identity``: a whole coaching through all phases of the identity program."""

from __future__ import annotations

from typing import Final

from coachwork.adapters import ScriptedModel, SQLite, TimeOrderedIds
from coachwork.cli._database import database_path, opened
from coachwork.cli._identity_coach import STEPS, WHO_YOU_ARE, answer
from coachwork.cli._playing import play, show_entry
from coachwork.cli._terminal import Terminal
from coachwork.coach import Chat, Coach, UserCoach
from coachwork.diagrams import mermaid
from coachwork.programs.identity import IDENTITY, CoachState

USER: Final = "ada"
TENANT: Final = "demo"


def demo_identity(told: str | None) -> int:
    """Show a whole coaching; everything that is printed was read back from the database.

    It is a test scenario of its own, so that it may be shown again in the same file.

    Args:
        told: The database file, or None for a temporary one.
    """
    terminal = Terminal(user="Ada")
    with database_path(told) as path:
        kept = "" if told is not None else ", a temporary file"
        terminal.line(f"Identity coaching on SQLite, kept in {path}{kept}.")
        scenario = f"demo {TimeOrderedIds().new_id()}"
        with opened(path) as database:
            chat = _ada(database, scenario).start(WHO_YOU_ARE)
            play(chat, STEPS)
        with opened(path) as database:  # another one: it knows nothing but the file
            ada = _ada(database, scenario)
            _show(terminal, ada, ada.session(WHO_YOU_ARE, chat.session_id))
    return 0


def _ada(database: SQLite, scenario: str) -> UserCoach:
    """Return the coach as Ada sees it."""
    coach = Coach(database, ScriptedModel(answer), topics=[WHO_YOU_ARE])
    return coach.as_user(USER, tenant=TENANT, scenario=scenario)


def _show(terminal: Terminal, ada: UserCoach, chat: Chat[None]) -> None:
    """Show what was said and done, what came of it, and the way through the phases."""
    told = chat.timeline()
    phase: str | None = None
    for entry in told.entries:
        show_entry(terminal, entry)
        if entry.phase != phase:
            phase = entry.phase
            terminal.note("phase", str(phase))
    terminal.heading("what is known of Ada now")
    _show_state(terminal, ada.program(IDENTITY).state)
    terminal.note("session", f"{told.session.status}, after {told.session.turns} turns")
    terminal.heading("the phases with the way that was taken, for any viewer of Mermaid")
    terminal.verbatim(mermaid(IDENTITY.phases, told.path))


def _show_state(terminal: Terminal, state: CoachState) -> None:
    """Show what came of the coaching."""
    terminal.note("is", "\n".join(state.who_you_are))
    terminal.note("wants", "\n".join(state.who_you_want_to_be))
    for identity in state.living:
        notes = "".join(f"\n({note.text})" for note in identity.notes)
        terminal.note(
            "identity", f"{identity.name}, {identity.status}: {identity.statement}{notes}"
        )
