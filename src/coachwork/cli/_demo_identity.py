"""``coachwork demo identity``: a whole coaching through all phases of the identity program."""

from __future__ import annotations

from typing import Final

from coachwork.actions import ActionStatus, Sender
from coachwork.adapters import ScriptedModel, SQLite, TimeOrderedIds
from coachwork.cli._database import database_path, opened
from coachwork.cli._identity_coach import STEPS, WHO_YOU_ARE, answer
from coachwork.cli._terminal import Terminal
from coachwork.coach import Chat, Coach, UserCoach
from coachwork.diagrams import mermaid
from coachwork.programs.identity import IDENTITY, CoachState
from coachwork.workflows import TimelineEntry

USER: Final = "ada"
TENANT: Final = "demo"

_MARKS: Final = {ActionStatus.APPLIED: "+", ActionStatus.REFUSED: "-"}


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
            session = _talk(_ada(database, scenario).start(WHO_YOU_ARE))
        with opened(path) as database:  # another one: it knows nothing but the file
            ada = _ada(database, scenario)
            _show(terminal, ada, ada.session(WHO_YOU_ARE, session))
    return 0


def _ada(database: SQLite, scenario: str) -> UserCoach:
    """Return the coach as Ada sees it."""
    coach = Coach(database, ScriptedModel(answer), topics=[WHO_YOU_ARE])
    return coach.as_user(USER, tenant=TENANT, scenario=scenario)


def _talk(chat: Chat[None]) -> str:
    """Let Ada say and press all that she does; return the session's id."""
    message = chat.greeting
    for step in STEPS:
        if isinstance(step, str):
            message = chat.send(step).message
            continue
        shown = next(shown for shown in message.components if shown.kind == step.kind)
        chat.act(shown.buttons[step.place], message=message.sequence)
    return chat.session_id


def _show(terminal: Terminal, ada: UserCoach, chat: Chat[None]) -> None:
    """Show what was said and done, what came of it, and the way through the phases."""
    told = chat.timeline()
    phase: str | None = None
    for entry in told.entries:
        if entry.message is not None:
            terminal.said(entry.message)
        _show_actions(terminal, entry)
        if entry.phase != phase:
            phase = entry.phase
            terminal.note("phase", str(phase))
    terminal.heading("what is known of Ada now")
    _show_state(terminal, ada.program(IDENTITY).state)
    terminal.note("session", f"{told.session.status}, after {told.session.turns} turns")
    terminal.heading("the phases with the way that was taken, for any viewer of Mermaid")
    terminal.verbatim(mermaid(IDENTITY.phases, told.path))


def _show_actions(terminal: Terminal, entry: TimelineEntry) -> None:
    """Show what was done, and the buttons that came of it."""
    for action in entry.actions:
        refused = "refused, " if action.status is ActionStatus.REFUSED else ""
        who = "presses" if action.sender is Sender.USER else _MARKS[action.status]
        terminal.note(who, f"{action.type}: {refused}{action.summary}")
        if action.component is not None:
            buttons = " ".join(f"[{button.label}]" for button in action.component.buttons)
            terminal.note("shown", f"{action.component.kind} {buttons}".rstrip())


def _show_state(terminal: Terminal, state: CoachState) -> None:
    """Show what came of the coaching."""
    terminal.note("is", "\n".join(state.who_you_are))
    terminal.note("wants", "\n".join(state.who_you_want_to_be))
    for identity in state.living:
        notes = "".join(f"\n({note.text})" for note in identity.notes)
        terminal.note(
            "identity", f"{identity.name}, {identity.status}: {identity.statement}{notes}"
        )
