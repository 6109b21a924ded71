"""What is promised of a model that fails."""

from __future__ import annotations

from typing import Final

from coachwork.effects import Workflow
from coachwork.errors import LLMError, ModelError
from coachwork.ports import Prompt, PromptRole
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._draft import draft
from coachwork.testing.conformance._expecting import expect
from coachwork.testing.conformance._promise import Trial
from coachwork.testing.conformance._words import in_words
from coachwork.testing.conformance.model._asking import ASK, COMPLETE, SINKS, Try, asking, failure
from coachwork.testing.conformance.model._provocations import Provocations

CONFIDED: Final = "I have told nobody but you"
"""What a person wrote."""

PAUSE: Final = 7.0


@draft(
    "M21",
    why="A failure is not told from a mistake in the program, and its pause is lost.",
    where=COMPLETE,
    needs=Capability.REFUSALS,
)
def a_refusal_is_an_llm_error(provider: Provocations, trial: Trial) -> Workflow[None]:
    """Where the provider refuses, an LLMError is raised, with a sink and without."""
    for sink in SINKS:
        with provider.refusing():
            yield from failure(asking(trial, sink=sink), LLMError)


@draft(
    "M22",
    why="What a person wrote, or the key of the provider, stands in every log.",
    where="coachwork.errors: no error holds a message's text",
    needs=Capability.REFUSALS,
)
def an_error_tells_nothing(provider: Provocations, trial: Trial) -> Workflow[None]:
    """An error holds nothing of what was asked, and no secret of the adapter's."""
    prompts = (Prompt(PromptRole.SYSTEM, CONFIDED), Prompt(PromptRole.USER, CONFIDED))
    effect = asking(trial, *prompts)
    with provider.refusing():
        error = yield from failure(effect, Exception)
    told = f"{error} {error!r} {vars(error)}"
    expect(f"what was said, in the error of {in_words(effect)}", CONFIDED in told, expected=False)
    leaked = sum(secret in told for secret in provider.secrets)
    expect(f"secrets in the error of {in_words(effect)}", leaked, 0)


@draft(
    "M23",
    why="Workers go on asking a provider that has asked to be left alone.",
    where=f"{COMPLETE}: retry_after; brief, section 8",
    needs=Capability.PAUSES,
)
def a_wish_for_a_pause_is_told(provider: Provocations, trial: Trial) -> Workflow[None]:
    """For how long the provider wants to be left alone is told by the error."""
    effect = asking(trial)
    with provider.pausing(PAUSE):
        error = yield from Try(effect.ask)
    found = error.provider_retry_after if isinstance(error, ModelError) else None
    expect(f"retry_after of {in_words(effect)}", found, PAUSE)


@draft(
    "M24",
    why="A failing provider is asked, and paid, again and again by each call.",
    where=f"{COMPLETE}: without retries of its own",
    needs=Capability.RETRIES,
)
def a_refusal_is_not_tried_again(provider: Provocations, trial: Trial) -> Workflow[None]:
    """A call that is refused is one request."""
    effect = asking(trial)
    before = len(provider.asked())
    with provider.refusing():
        yield from Try(effect.ask)
    expect(f"requests of {in_words(effect)}", len(provider.asked()) - before, 1)


@draft(
    "M25",
    why="After an hour of trouble the service has to be begun again.",
    where=COMPLETE,
    needs=Capability.REFUSALS,
)
def a_failure_is_forgotten(provider: Provocations, trial: Trial) -> Workflow[None]:
    """A model that has failed answers again when the provider does."""
    for _ in range(10):
        with provider.refusing():
            yield from Try(asking(trial).ask)
    yield from asking(trial)


@draft(
    "M26",
    why="Half a sentence is kept as what the coach said.",
    where=f"{COMPLETE}; {ASK}: sink",
    needs=Capability.BREAKS,
)
def half_an_answer_is_an_llm_error(provider: Provocations, trial: Trial) -> Workflow[None]:
    """Where the answer breaks off, an LLMError is raised, with a sink and without."""
    for sink in SINKS:
        with provider.breaking():
            yield from failure(asking(trial, sink=sink), LLMError)
