"""A timeline as text that people read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, cast

from coachwork.actions import ActionStatus, Sender
from coachwork.plain import JSON, to_json
from coachwork.workflows._answers import ActionView
from coachwork.workflows._timeline import Timeline, TimelineEntry

MOST: Final = 200
"""The most characters of a value that are shown."""

_NAMES: Final = ("id", "step", "name", "agent")
"""By which attribute elements of a list are known: the first that all of them have."""

_UNTOLD: Final = "updated_at"
"""An attribute that tells when the others changed, which stands above."""

_MARKS: Final = {ActionStatus.APPLIED: "+", ActionStatus.REFUSED: "-"}


def timeline_text(timeline: Timeline[Any]) -> str:
    """Return a timeline as plain text, a few lines for each message, click and word of an agent.

    An applied action begins with ``+``, a refused one with ``-`` and its reason. Below stand a
    change of the phase and all that is another in the state, each at its path and cut after `MOST`
    characters: of lists the elements that differ alone, and what is gone as ``removed``. Instants
    are in UTC.
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
        repeats_the_phase = (state.get(name), value) == (phase, entry.phase)
        if name != _UNTOLD and not repeats_the_phase:
            lines += (f"  {line}" for line in _changes(name, state.get(name), value))
    return lines


def _changes(path: str, old: JSON, new: JSON) -> list[str]:
    """Return what of the value at *path* is another, a line for each."""
    if old == new:
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        part = partial("{}.{}".format, path)
        return _parts(old, new, part, part)
    if isinstance(old, list) and isinstance(new, list):
        return _elements(path, old, new)
    return [f"{path}: {_value(new)}"]


def _parts(
    old: Mapping[str, JSON],
    new: Mapping[str, JSON],
    inside: Callable[[str], str],
    whole: Callable[[str], str],
) -> list[str]:
    """Return what differs of named parts.

    Args:
        old: The parts before.
        new: The parts now.
        inside: Answers the path to what has changed in a part, by its name.
        whole: Answers the path at which a part stands that is new or gone.
    """
    lines: list[str] = []
    for name, value in new.items():
        if name not in old:
            lines.append(f"{whole(name)}: {_value(value)}")
        elif name != _UNTOLD:
            lines += _changes(inside(name), old[name], value)
    gone = [name for name in old if name not in new]
    return lines + [f"{whole(name)}: removed {_value(old[name])}" for name in gone]


def _elements(path: str, old: list[JSON], new: list[JSON]) -> list[str]:
    """Return which elements of a list differ: by name where they have one, else by value."""
    before, after = Counter(map(_text, old)), Counter(map(_text, new))
    if before == after:  # only the order is another
        return [f"{path}: {_value(new)}"]
    named = _named(old, new)
    if named is not None:
        return _parts(*named, partial("{}[{}]".format, path), lambda _: path)
    return [
        *(f"{path}: {_cut(text)}" for text in (after - before).elements()),
        *(f"{path}: removed {_cut(text)}" for text in (before - after).elements()),
    ]


def _named(
    old: Sequence[JSON], new: Sequence[JSON]
) -> tuple[Mapping[str, JSON], Mapping[str, JSON]] | None:
    """Return the elements of both lists by the name that they are known by, if by any."""
    for name in _NAMES:
        before, after = _by(name, old), _by(name, new)
        if before is not None and after is not None:
            return before, after
    return None


def _by(name: str, elements: Sequence[JSON]) -> Mapping[str, JSON] | None:
    """Return *elements* by that attribute; None where one has it not, or two have the same."""
    found: dict[str, JSON] = {}
    for element in elements:
        known = element.get(name) if isinstance(element, dict) else None
        if not isinstance(known, str) or known in found:
            return None
        found[known] = element
    return found


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
    """Return a value in one line, as far as it is shown."""
    return _cut(_text(value))


def _text(value: JSON) -> str:
    """Return a value in one line."""
    return json.dumps(value, ensure_ascii=False)


def _cut(text: str) -> str:
    """Return as much of *text* as is shown."""
    return text if len(text) <= MOST else f"{text[:MOST]}..."
