"""What is promised of how a model is shown a conversation."""

from __future__ import annotations

from typing import Final

from coachwork.effects import Workflow
from coachwork.errors import ModelError
from coachwork.ports import Prompt, PromptRole
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._draft import draft
from coachwork.testing.conformance._expecting import PromiseBrokenError, expect
from coachwork.testing.conformance._promise import Trial
from coachwork.testing.conformance._samples import ODD
from coachwork.testing.conformance._words import in_words
from coachwork.testing.conformance.model._asking import (
    ASK,
    COACH,
    COMPLETE,
    INSTRUCTION,
    SINKS,
    SYSTEM,
    USER,
    Try,
    asking,
)
from coachwork.testing.conformance.model._provocations import Provocations

ROLES: Final = "coachwork.ports.PromptRole"
LONG: Final = 30


@draft("M10", why="No session can be started: nobody has spoken yet.", where=ROLES)
def a_greeting_has_no_conversation(_provider: Provocations, trial: Trial) -> Workflow[None]:
    """A system prompt and an instruction are answered, though nobody has spoken."""
    yield from asking(trial, SYSTEM, INSTRUCTION)


@draft("M11", why="Who writes again after a failed answer is never answered.", where=ROLES)
def one_may_speak_twice_in_a_row(_provider: Provocations, trial: Trial) -> Workflow[None]:
    """Several prompts of one role, one after the other, are answered."""
    yield from asking(trial, SYSTEM, COACH, COACH, USER, USER, USER)


@draft("M12", why="No session can be resumed, and no result extracted.", where=ROLES)
def an_instruction_may_be_the_last(_provider: Provocations, trial: Trial) -> Workflow[None]:
    """An instruction after a conversation is answered, whoever opened that or spoke last."""
    for talk in ((COACH, USER, COACH), (COACH, USER), (USER, COACH), (COACH,)):
        yield from asking(trial, SYSTEM, *talk, INSTRUCTION)


@draft("M13", why="One odd message, and its session is never answered again.", where=COMPLETE)
def any_text_may_be_shown(_provider: Provocations, trial: Trial) -> Workflow[None]:
    """Any text in any prompt is answered, or refused by an LLMError; nothing else is raised."""
    for text in ODD:
        talks = (
            (Prompt(PromptRole.SYSTEM, text), USER),
            (SYSTEM, Prompt(PromptRole.COACH, text), USER),
            (SYSTEM, Prompt(PromptRole.USER, text)),
            (SYSTEM, USER, Prompt(PromptRole.INSTRUCTION, text)),
        )
        for talk in talks:
            effect = asking(trial, *talk)
            found = yield from Try(effect.ask)
            if isinstance(found, Exception) and not isinstance(found, ModelError):
                wanted = "an answer, or an LLMError"
                raise PromiseBrokenError(in_words(effect), wanted, in_words(found)) from found


@draft("M14", why="A long conversation is never answered.", where=COMPLETE)
def a_long_conversation_is_answered(_provider: Provocations, trial: Trial) -> Workflow[None]:
    """As many messages as a session's window holds, and more, are answered."""
    yield from asking(trial, SYSTEM, *((COACH, USER) * LONG))


@draft(
    "M15",
    why="The coach does not know what it was told, or takes the person's words for its own.",
    where=ASK,
    needs=Capability.REQUESTS,
)
def all_of_it_is_shown_in_order(provider: Provocations, trial: Trial) -> Workflow[None]:
    """Every prompt is handed to the provider, whole and in order."""
    roles = (
        PromptRole.SYSTEM, PromptRole.COACH, PromptRole.USER, PromptRole.COACH,
        PromptRole.USER, PromptRole.INSTRUCTION,
    )  # fmt: skip
    marks = [f"begin-{n}-end" for n in range(len(roles))]
    prompts = (Prompt(role, mark) for role, mark in zip(roles, marks, strict=True))
    effect = asking(trial, *prompts)
    yield from effect
    request = provider.asked()[-1]
    places = {mark: request.find(mark) for mark in marks}
    expect(f"what {in_words(effect)} leaves out", [m for m in marks if places[m] < 0], [])
    expect(f"the order of {in_words(effect)}", sorted(marks, key=lambda m: places[m]), marks)


@draft(
    "M16",
    why="An extraction that a large model is to make is made by a small one.",
    where=ASK,
    needs=Capability.REQUESTS,
)
def the_topics_model_is_asked(provider: Provocations, trial: Trial) -> Workflow[None]:
    """The name of the model that the topic gives is handed to the provider."""
    effect = asking(trial, model="the-large-one")
    yield from effect
    if "the-large-one" not in provider.asked()[-1]:
        raise PromiseBrokenError(in_words(effect), "a request for 'the-large-one'", "another one")


@draft(
    "M17",
    why="Every answer is paid for twice.",
    where=f"{COMPLETE}: once",
    needs=Capability.REQUESTS,
)
def a_call_is_one_request(provider: Provocations, trial: Trial) -> Workflow[None]:
    """A call that is answered is one request, with a sink and without."""
    yield from asking(trial)  # what a server can do may be found out by the first call
    for sink in SINKS:
        before = len(provider.asked())
        effect = asking(trial, sink=sink)
        yield from effect
        expect(f"requests of {in_words(effect)}", len(provider.asked()) - before, 1)
