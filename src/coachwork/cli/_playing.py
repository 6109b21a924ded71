"""What the demos of programs have in common: what is pressed, and how actions are shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from coachwork.actions import ActionStatus, Sender
from coachwork.cli._terminal import Terminal
from coachwork.coach import Chat
from coachwork.plain import JSON
from coachwork.workflows import TimelineEntry

_MARKS: Final = {ActionStatus.APPLIED: "+", ActionStatus.REFUSED: "-"}


@frozen
class Press:
    """A button of the last message that shows one.

    Attributes:
        kind: The kind of component that it belongs to.
        place: Which of that component's buttons, from 0 on.
    """

    kind: str
    place: int = 0


@frozen
class Click:
    """What a front end always offers beside the coach's words.

    Attributes:
        action: The type of the action.
        parameters: Its parameters.
    """

    action: str
    parameters: dict[str, JSON] = field(factory=dict[str, JSON])


Said: TypeAlias = str | Press | Click
"""What somebody says or presses."""


def play(chat: Chat[Any], steps: Iterable[Said]) -> None:
    """Let the user say and press all of *steps*, each at the coach's newest message."""
    (message,) = chat.history(last=1).messages
    for step in steps:
        match step:
            case str():
                message = chat.send(step).message
            case Click():
                chat.act(step.action, step.parameters, message=message.sequence)
            case _:
                shown = next(shown for shown in message.components if shown.kind == step.kind)
                chat.act(shown.buttons[step.place], message=message.sequence)


def show_entry(terminal: Terminal, entry: TimelineEntry) -> None:
    """Show what was said and done, and the buttons that came of it."""
    if entry.message is not None:
        terminal.said(entry.message)
    for action in entry.actions:
        refused = "refused, " if action.status is ActionStatus.REFUSED else ""
        who = "presses" if action.sender is Sender.USER else _MARKS[action.status]
        terminal.note(who, f"{action.type}: {refused}{action.summary}")
        if action.component is not None:
            buttons = " ".join(f"[{button.label}]" for button in action.component.buttons)
            terminal.note("shown", f"{action.component.kind} {buttons}".rstrip())
