"""What the model is shown: templates rendered, and as much of the conversation as it may see."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from attrs import evolve

from coachwork.actions import Sender
from coachwork.effects import GetTemplate, Render, Summarize, TemplateNames, Workflow
from coachwork.errors import TemplateError
from coachwork.jobs import JobKind
from coachwork.messages import Message, Role
from coachwork.plain import JSON
from coachwork.ports import Ask, Prompt, PromptRole
from coachwork.programs import ActionType, told
from coachwork.records import BACKGROUND, Stored, background_key
from coachwork.replies import reply_schema, result_schema
from coachwork.sessions import Background, Session
from coachwork.topics import RESERVED_NAMES, TemplateName, Topic
from coachwork.workflows._jobs import Held
from coachwork.workflows._program import load_of_session
from coachwork.workflows._setup import Setup
from coachwork.workflows._store import load, read_tail

_ROLES = {Role.USER: PromptRole.USER, Role.COACH: PromptRole.COACH}
_INSTRUCTIONS = {
    JobKind.GREETING: TemplateName.INITIATION,
    JobKind.WELCOME_BACK: TemplateName.RESUME,
    JobKind.EXTRACTION: TemplateName.EXTRACTION,
}
UNLIMITED = "unlimited"


def check_templates(topic: Topic[object], context: Mapping[str, JSON]) -> Workflow[None]:
    """Make sure that every template of *topic* can be rendered with *context*.

    Raises:
        TemplateError: It names every template and every name without a value, not only the first.
    """
    problems: dict[str, tuple[str, ...]] = {}
    for name in TemplateName:
        template = yield from GetTemplate(topic.id, name)
        if template is None:
            if name is TemplateName.SYSTEM:
                problems[name.value] = ("there is no such template",)
            continue
        try:
            used = yield from TemplateNames(template)
        except TemplateError as error:
            problems[name.value] = tuple(what for said in error.problems.values() for what in said)
            continue
        known = context.keys() | _reserved(name)
        if missing := sorted(used - known):
            problems[name.value] = tuple(f"no value for {{{gap}}}" for gap in missing)
    if problems:
        raise TemplateError(problems, topic=topic.id)


def _reserved(name: TemplateName) -> frozenset[str]:
    """Return the names that the library itself gives to that template."""
    return RESERVED_NAMES if name in {TemplateName.RESUME, TemplateName.EXTRACTION} else frozenset()


def build_ask(
    setup: Setup, topic: Topic[object], held: Held, purpose: JobKind, said: str | None = None
) -> Workflow[tuple[Ask, Stored[Background] | None]]:
    """Return what to ask the model for, and the session's background if it is to change.

    Args:
        setup: The application's declarations.
        topic: The session's topic.
        held: The job and its session.
        purpose: What to ask for.
        said: The coach's final message, where it is not in the log yet.

    Raises:
        TemplateError: A template cannot be rendered.
    """
    session = held.session.value
    about = session.about
    background = yield from load(BACKGROUND, background_key(about.tenant, about.id))
    values: dict[str, object] = {} if background is None else dict(background.value.context)
    summarized: Stored[Background] | None = None
    if purpose is JobKind.WELCOME_BACK and background is not None:
        summarized = yield from _summarized(session, background)
    latest = summarized or background
    story = "" if latest is None else latest.value.summary or ""
    parts = [Prompt(PromptRole.SYSTEM, (yield from _render(topic, TemplateName.SYSTEM, values)))]
    allowed: tuple[ActionType[Any, Any], ...] | None = None
    if topic.program is not None and purpose is not JobKind.EXTRACTION:
        underway = yield from load_of_session(topic.program, about)
        parts.append(Prompt(PromptRole.SYSTEM, told(topic.program, underway.state)))
        allowed = topic.program.allowed(underway.state, Sender.COACH)
    parts += [
        Prompt(_ROLES[message.role], message.text)
        for message in (yield from _conversation(session, topic, purpose))
    ]
    if said is not None:
        parts.append(Prompt(PromptRole.COACH, said))
    instruction = _INSTRUCTIONS.get(purpose)
    if instruction is not None:
        if instruction is not TemplateName.INITIATION:
            values["conversation_summary"] = story
            values["current_turn"] = session.turns
            values["max_turns"] = about.max_turns or UNLIMITED
        text = yield from _render(topic, instruction, values)
        parts.append(Prompt(PromptRole.INSTRUCTION, text))
    ask = Ask(
        messages=tuple(parts),
        # A class is hashable, whatever its instances are.
        schema=_schema(topic.result, purpose, allowed),  # type: ignore[arg-type]
        purpose=purpose,
        model=topic.models.get(purpose.value),
        timeout=setup.settings.model_timeout.total_seconds(),
        session=about.id,
        job=held.job.value.id,
        turn=session.turns,
        attempt=held.job.value.attempts,
    )
    return ask, summarized


@lru_cache(maxsize=256)  # it takes a millisecond, and the same few are asked for again and again
def _schema(
    result: type[object] | None,
    purpose: JobKind,
    allowed: tuple[ActionType[Any, Any], ...] | None,
) -> Mapping[str, JSON]:
    """Return the JSON Schema of the answer that is wished for."""
    if purpose is JobKind.EXTRACTION and result is not None:
        return result_schema(result)
    return reply_schema(result, allowed)


def _render(
    topic: Topic[object], name: TemplateName, values: Mapping[str, object]
) -> Workflow[str]:
    """Return that template of *topic*, filled in.

    Raises:
        TemplateError: There is no such template, or a name has no value.
    """
    template = yield from GetTemplate(topic.id, name)
    if template is None:
        raise TemplateError({name.value: ("there is no such template",)}, topic=topic.id)
    try:
        return (yield from Render(template, values))
    except TemplateError as error:
        told = tuple(what for said in error.problems.values() for what in said)
        raise TemplateError({name.value: told}, topic=topic.id) from None


def _conversation(
    session: Session, topic: Topic[object], purpose: JobKind
) -> Workflow[list[Message]]:
    """Return the part of the conversation that the model sees for that purpose."""
    if purpose is JobKind.GREETING:
        return []
    if purpose is JobKind.EXTRACTION:
        return (yield from read_tail(session))
    window = topic.message_window if purpose is JobKind.REPLY else topic.resume_window
    return (yield from read_tail(session, last=window))


def _summarized(
    session: Session, background: Stored[Background]
) -> Workflow[Stored[Background] | None]:
    """Return the background with a summary of all that was said, or None if it has one.

    The summary rolls: the previous one and the messages since then are all that it is made from.
    """
    old = background.value
    fresh = yield from read_tail(session, after=old.summarized)
    if not fresh:
        return None
    summary = yield from Summarize(old.summary, tuple(fresh))
    new = evolve(old, summary=summary, summarized=fresh[-1].sequence)
    return Stored(new, background.version)
