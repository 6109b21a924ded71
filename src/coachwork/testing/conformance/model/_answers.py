"""What is promised of a model's answers."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Final

from coachwork.effects import Workflow
from coachwork.errors import LLMError
from coachwork.jobs import JobKind
from coachwork.plain import JSON
from coachwork.ports import FINISHES, Answer
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._draft import draft
from coachwork.testing.conformance._expecting import PromiseBrokenError, expect
from coachwork.testing.conformance._promise import Trial
from coachwork.testing.conformance._samples import TEXTS, is_text
from coachwork.testing.conformance._together import AtOnce
from coachwork.testing.conformance._words import in_words
from coachwork.testing.conformance.model._asking import (
    ANSWER,
    ASK,
    AT_ONCE,
    COACH,
    COMPLETE,
    INSTRUCTION,
    RACERS,
    SYSTEM,
    USER,
    Try,
    answered,
    asking,
    part,
)
from coachwork.testing.conformance.model._provocations import Provocations

REASONS: Final = {"length": "LENGTH", "content_filter": "CONTENT_FILTER"}
"""Why a model may stop early, and what an error calls that."""


@draft("M01", why="Nothing that the model says is ever heard.", where=ANSWER)
def an_answer_has_text_or_data(_provider: Provocations, trial: Trial) -> Workflow[None]:
    """An answer is an Answer, and holds text, or data, where the model came to its end."""
    effect = asking(trial)
    found = yield from answered(effect)
    is_said = is_text(part(found, "text")) or part(found, "data") is not None
    if not isinstance(found, Answer) or (found.finish == "stop" and not is_said):
        raise PromiseBrokenError(in_words(effect), "an Answer with text or data", in_words(found))


@draft("M02", why="A cut or a filtered answer is kept as a whole one.", where=ANSWER)
def why_it_stopped_is_one_of_four_words(_provider: Provocations, trial: Trial) -> Workflow[None]:
    """Why the model stopped is told as ``stop``, ``length``, ``content_filter`` or ``error``."""
    effect = asking(trial)
    found: object = getattr((yield from effect), "finish", "stop")
    if found not in FINISHES:
        raise PromiseBrokenError(
            in_words(effect), f"finish: {', '.join(FINISHES)}", in_words(found)
        )


@draft("M03", why="What people cost is added up wrongly, or the turn fails.", where=ANSWER)
def what_it_cost_is_counted(_provider: Provocations, trial: Trial) -> Workflow[None]:
    """What a call cost is told in whole numbers of tokens, none of them negative."""
    effect = asking(trial)
    found = part((yield from answered(effect)), "usage")
    if found is not None and not _is_counted(found):
        raise PromiseBrokenError(in_words(effect), "usage in numbers from 0", in_words(found))


def _is_counted(usage: object) -> bool:
    """Whether figures can be added up."""
    numbers = [part(usage, name) for name in ("tokens_in", "tokens_out", "tokens_cached")]
    return all(type(number) is int and number >= 0 for number in numbers)


@draft("M04", why="A call cannot be found again in the provider's log.", where=ANSWER)
def the_providers_name_of_it_is_text(_provider: Provocations, trial: Trial) -> Workflow[None]:
    """The provider's name for a call is text, or None."""
    effect = asking(trial)
    found = part((yield from answered(effect)), "request_id")
    if found is not None and not is_text(found):
        raise PromiseBrokenError(in_words(effect), "request_id: text or None", in_words(found))


@draft("M05", why="Sessions cannot be started, resumed or ended.", where=ASK)
def every_purpose_is_answered(_provider: Provocations, trial: Trial) -> Workflow[None]:
    """Greetings, replies, welcomes and extractions are answered, each with its own schema."""
    for purpose in JobKind:
        yield from asking(trial, SYSTEM, COACH, USER, INSTRUCTION, purpose=purpose)


@draft(
    "M06",
    why="The next ask for the same topic wants another answer: asks share what they are made of.",
    where=ASK,
)
def an_ask_is_left_as_it_is(_provider: Provocations, trial: Trial) -> Workflow[None]:
    """What it was asked with is not changed."""
    inner: JSON = {"type": "object", "properties": {"message": {"type": "string"}}}
    schema: dict[str, JSON] = {"type": "object", "properties": {"inner": inner}, "required": []}
    before = deepcopy(schema)
    effect = asking(trial, schema=schema)
    yield from effect
    expect(f"the schema of {in_words(effect)}", schema, before)


@draft("M07", why="People who talk at the same moment fail now and then.", where=AT_ONCE)
def several_may_ask_at_once(_provider: Provocations, trial: Trial) -> Workflow[None]:
    """Several calls at the same time are all answered."""
    yield from AtOnce(tuple(answered(asking(trial)) for _ in range(RACERS)))


@draft(
    "M08",
    why="People are told something else than the coach said, or nothing.",
    where=f"{ANSWER}; {COMPLETE}",
    needs=Capability.WORDS,
)
def what_was_said_arrives(provider: Provocations, trial: Trial) -> Workflow[None]:
    """What the provider says arrives unchanged, as text or as the data that it is."""
    for text in TEXTS:
        reply: dict[str, JSON] = {"message": text, "is_final": False}
        said = json.dumps(reply)
        effect = asking(trial)
        with provider.saying(said):
            answer = yield from effect
        if answer.data is None:
            expect(effect, answer.text, said)
        else:
            expect(effect, answer.data, reply)


@draft(
    "M09",
    why="Half a sentence is kept as what the coach said.",
    where=ANSWER,
    needs=Capability.FINISHES,
)
def an_early_stop_is_told(provider: Provocations, trial: Trial) -> Workflow[None]:
    """That an answer was cut or filtered is told by its finish, or by the reason of an error."""
    for finish, reason in REASONS.items():
        effect = asking(trial)
        with provider.stopping(finish):
            found = yield from Try(effect.ask)
            told = found.reason if isinstance(found, LLMError) else part(found, "finish")
            if told not in {finish, reason}:
                raise PromiseBrokenError(in_words(effect), finish, in_words(found))
