"""What the model must be shown, told from the brief (section 4): roles, windows and templates."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TypeAlias

from coachwork.plain import JSON, from_plain
from coachwork.programs import told
from coachwork.testing.stateful.oracle._told import Said, Session

Prompt: TypeAlias = list[tuple[str, str]]
"""What the model is shown: who speaks, and what."""


def prompt(session: Session, purpose: str, state: JSON, *, said: str | None, story: str) -> Prompt:
    """Return what the model is to be shown.

    Args:
        session: The session.
        purpose: What it is asked for.
        state: The state of the program; how a program tells of one is its own business.
        said: The coach's last message, where it is not in the log yet.
        story: What was said so far, in short.
    """
    topic = session.topic
    values: dict[str, JSON] = {
        **session.context,
        "conversation_summary": story,
        "current_turn": session.turns,
        "max_turns": topic.max_turns or "unlimited",
    }
    shown = [("system", _filled(topic.system, values))]
    if topic.program is not None and purpose != "extraction":
        shown.append(("system", told(topic.program, from_plain(state, topic.program.state))))
    shown += [(part.role, part.text) for part in _conversation(session, purpose)]
    if said is not None:
        shown.append(("coach", said))
    instructions = {
        "greeting": topic.initiation,
        "welcome_back": topic.resume,
        "extraction": topic.extraction,
    }
    instruction = instructions.get(purpose)
    if instruction is not None:
        shown.append(("instruction", _filled(instruction, values)))
    return shown


def _conversation(session: Session, purpose: str) -> list[Said]:
    """Return as much of what was said as the model may see."""
    match purpose:
        case "greeting":
            return []
        case "extraction":
            return session.log
        case "reply":
            return session.log[-session.topic.message_window :]
        case _:
            return session.log[-session.topic.resume_window :]


def _filled(template: str, values: Mapping[str, JSON]) -> str:
    """Return *template* with its gaps filled: texts as they are, anything else as JSON."""

    def value(gap: re.Match[str]) -> str:
        told = values[gap[1]]
        if isinstance(told, str):
            return told
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))

    return re.sub(r"\{(\w+)\}", value, template)
