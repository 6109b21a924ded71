"""Who answers in `chat`, `worker` and `jobs retry`: the listening coach, or a language model."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from coachwork.cli._chat_coach import Listener
from coachwork.cli._choice import PREFIX, Choice
from coachwork.cli._plain import tell
from coachwork.errors import ModelError, ValidationError
from coachwork.policies import Settings
from coachwork.ports import Answer, Ask, LanguageModel

KEY: Final = "OPENAI_API_KEY"
"""Where the key is read from, and nowhere else: an option could be seen by all users."""

A_MOMENT: Final = timedelta(seconds=1)
"""The listening coach answers at once; whoever takes longer is gone."""

PATIENCE: Final = timedelta(minutes=2)
"""How long a language model may take; a person waits at the terminal."""

WORKER_LEASE: Final = timedelta(seconds=10)
"""For so long a worker that was killed holds a job up."""


def model_of(choice: Choice) -> LanguageModel:
    """Return the model that was chosen.

    Raises:
        ValidationError: Something is told that does not fit, or the key is missing.
        ModuleNotFoundError: It needs the extra ``openai``, which is not installed.
    """
    if choice.name is None:
        if choice.base_url is not None:
            raise ValidationError("--base-url", f"a --model {PREFIX}NAME beside it")
        return Listener(choice.think or 0.0)
    if choice.think is not None:
        raise ValidationError("--think", "no --model beside it; it is for the listening coach")
    from coachwork.adapters.openai import OpenAIModel  # noqa: PLC0415 - only who wants it has it

    key = os.environ.get(KEY) or None
    if key is None and choice.base_url is None and not os.environ.get("OPENAI_BASE_URL"):
        raise ValidationError(
            KEY, "the key in this variable of the environment, or --base-url for another server"
        )
    try:
        return OpenAIModel(choice.name.removeprefix(PREFIX), base_url=choice.base_url, api_key=key)
    except ValidationError as error:
        raise ValidationError(_TOLD.get(error.field, error.field), error.expected) from None


_TOLD: Final = {"model": "--model", "base_url": "--base-url", "api_key": KEY}


class Candid:
    """A model that says why it failed: what is kept of a failed job tells less."""

    def __init__(self, model: LanguageModel, failed: Callable[[str, ModelError], None]) -> None:
        """Tell *failed* of each failure of *model*: the job's id, and the error."""
        self._model = model
        self._failed = failed

    def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`."""
        try:
            return self._model.complete(ask)
        except ModelError as error:
            self._failed(ask.job, error)
            raise


def tell_reason(job: str, error: ModelError) -> None:
    """Tell why the model failed in a job, in one line of the standard error stream."""
    tell(error.reason, f"{error} (job {job})")


def settings_of(choice: Choice, *, jobs: bool) -> Settings:
    """Return the settings for who answers; with *jobs* a worker does, else the call itself."""
    timeout, spare = PATIENCE, PATIENCE / 10
    if choice.name is None:
        timeout, spare = A_MOMENT + timedelta(seconds=choice.think or 0.0), A_MOMENT / 2
    # A person waits at the terminal: whatever was left behind is taken up without delay. What is
    # left to a worker is left to it.
    unclaimed = timedelta(minutes=10) if jobs else timedelta(milliseconds=1)
    return Settings(
        model_timeout=timeout,
        lease=timeout + spare,
        worker_lease=WORKER_LEASE,
        unclaimed=unclaimed,
    )
