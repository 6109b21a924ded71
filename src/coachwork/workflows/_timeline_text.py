"""A timeline as text that people read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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
    """Return a timeline as plain text, a few lines for each message and click.

    An applied action begins with ``+``, a refused one with ``-`` and its reason. Below stand a
    change of the phase and all that is new in the state, field by field, each cut after `MOST`
    characters. Instants are in UTC.
    """
    return "\n".join(_lines(timeline)) + "\n"


def _lines(timeline: Timeline[Any]) -> Iterator[str]:
    session = timeline.session
    told = [f"Session {session.id} on {session.topic}: {session.status}"]
    told.append("1 turn" if session.turns == 1 else f"{session.turns} turns")
    if timeline.program is not None:
        told.append(f"program {timeline.program}")
    yield ", ".join(told)
    phase = timeline.phase
    if phase is not None:
        yield f"Phase {phase}"
    state = _plain(timeline.state)
    for entry in timeline.entries:
        yield ""
        yield f"{_instant(entry.at)}  {_who(entry)}"
        if entry.message is not None:
            yield from _indented(entry.message.text, "    ")
        for action in entry.actions:
            yield from _indented(_action(action), f"  {_MARKS[action.status]} ", "      ")
        yield from _news(phase, state, entry)
        phase, state = entry.phase, _plain(entry.state)


def _news(phase: str | None, state: Mapping[str, JSON], entry: TimelineEntry) -> Iterator[str]:
    """Return what is another phase and another state than those before."""
    if entry.phase != phase and entry.phase is not None:
        yield f"  phase: {entry.phase}" if phase is None else f"  phase: {phase} -> {entry.phase}"
    for name, value in _plain(entry.state).items():
        if state.get(name) != value:
            yield f"  {name}: {_value(value)}"


def _plain(state: object) -> Mapping[str, JSON]:
    """Return a state field by field; what cannot be told has none."""
    return {} if state is None else cast("Mapping[str, JSON]", to_json(state))


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _who(entry: TimelineEntry) -> str:
    """Return who said or did something, and at which message."""
    if entry.message is not None:
        return f"{entry.message.sequence}. {entry.message.role}"
    return f"   {Sender.USER} clicks at {entry.actions[0].message}"


def _action(action: ActionView) -> str:
    refused = action.status is ActionStatus.REFUSED
    return f"{action.type}: {'refused, ' if refused else ''}{action.summary}"


def _indented(text: str, first: str, then: str | None = None) -> Iterator[str]:
    """Return *text* line by line, each behind an indent."""
    for line in text.splitlines() or [""]:
        yield f"{first}{line}"
        first = first if then is None else then


def _value(value: JSON) -> str:
    """Return a value in one line."""
    told = json.dumps(value, ensure_ascii=False)
    return told if len(told) <= MOST else f"{told[:MOST]}..."
