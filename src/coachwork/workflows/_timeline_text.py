"""A timeline as text that people read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

from coachwork.actions import ActionStatus, Sender
from coachwork.plain import JSON, to_json
from coachwork.workflows._answers import ActionView
from coachwork.workflows._timeline import Timeline, TimelineEntry

MOST: Final = 200
"""The most characters of a value that are shown."""

_MARKS: Final = {ActionStatus.APPLIED: "+", ActionStatus.REFUSED: "-"}


def timeline_text(timeline: Timeline[Any]) -> str:
    """Return a timeline as plain text, a few lines for each message, click and word of an agent.

    An applied action begins with ``+``, a refused one with ``-`` and its reason. Below stand a
    change of the phase and all that is new in the state, field by field, each cut after `MOST`
    characters. Instants are in UTC.
    """
    lines = [_title(timeline)]
    phase, state = timeline.phase, _plain(timeline.state)
    if phase is not None:
        lines.append(f"Phase {phase}")
    for entry in timeline.entries:
        lines += ["", f"{_instant(entry.at)}  {_who(entry)}"]
        if entry.message is not None:
            lines += _indented(entry.message.text, "    ")
        for action in entry.actions:
            lines += _indented(_action(action), f"  {_MARKS[action.status]} ", "      ")
        lines += _news(phase, state, entry)
        phase, state = entry.phase, _plain(entry.state)
    return "\n".join(lines) + "\n"


def _title(timeline: Timeline[Any]) -> str:
    """Return what is said of the session as a whole."""
    session = timeline.session
    turns = "1 turn" if session.turns == 1 else f"{session.turns} turns"
    told = f"Session {session.id} on {session.topic}: {session.status}, {turns}"
    return told if timeline.program is None else f"{told}, program {timeline.program}"


def _news(phase: str | None, state: Mapping[str, JSON], entry: TimelineEntry) -> list[str]:
    """Return what is another phase and another state than those before."""
    lines: list[str] = []
    if entry.phase != phase and entry.phase is not None:
        lines.append(f"  phase: {entry.phase if phase is None else f'{phase} -> {entry.phase}'}")
    for name, value in _plain(entry.state).items():
        if state.get(name) != value:
            lines.append(f"  {name}: {_value(value)}")
    return lines


def _plain(state: object) -> Mapping[str, JSON]:
    """Return a state field by field; what cannot be told has none."""
    return {} if state is None else cast("Mapping[str, JSON]", to_json(state))


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _who(entry: TimelineEntry) -> str:
    """Return who said or did something, and at which message."""
    if entry.message is not None:
        return f"{entry.message.sequence}. {entry.message.role}"
    led = entry.actions[0].message
    return f"   {Sender.AGENT}" if led is None else f"   {Sender.USER} clicks at {led}"


def _action(action: ActionView) -> str:
    refused = action.status is ActionStatus.REFUSED
    return f"{action.type}: {'refused, ' if refused else ''}{action.summary}"


def _indented(text: str, first: str, then: str | None = None) -> list[str]:
    """Return *text* line by line, each behind an indent."""
    start, *more = text.splitlines() or [""]
    return [f"{first}{start}", *(f"{first if then is None else then}{line}" for line in more)]


def _value(value: JSON) -> str:
    """Return a value in one line."""
    told = json.dumps(value, ensure_ascii=False)
    return told if len(told) <= MOST else f"{told[:MOST]}..."
