"""Asks as a coach puts them to a model, and refusals as the SDK raises them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

import pytest
from openai import APIStatusError, DefaultHttpxClient, OpenAI

from coachwork.jobs import JobKind
from coachwork.plain import JSON
from coachwork.ports import Ask, Prompt, PromptRole
from tests.openai_server import KEY, refuses, serving

CONFIDED: Final = "I have told nobody but you"
"""What a person wrote; it may stand in no error and no log."""

SCHEMA: Final[dict[str, JSON]] = {"type": "object", "properties": {"message": {"type": "string"}}}

SYSTEM: Final = Prompt(PromptRole.SYSTEM, "Be kind.")
HELLO: Final = Prompt(PromptRole.COACH, "Hello!")
USER: Final = Prompt(PromptRole.USER, CONFIDED)
RESUME: Final = Prompt(PromptRole.INSTRUCTION, "Welcome them back.")


def ask(
    *messages: Prompt,
    schema: dict[str, JSON] = SCHEMA,
    purpose: JobKind = JobKind.REPLY,
    model: str | None = None,
    timeout: float = 5.0,
    job: str = "job-1",
    sink: Callable[[str], None] | None = None,
) -> Ask:
    """Return an ask; a short conversation where no messages are given."""
    return Ask(
        messages=messages or (SYSTEM, USER),
        schema=schema,
        purpose=purpose,
        model=model,
        timeout=timeout,
        session="session-1",
        job=job,
        turn=1,
        attempt=2,
        sink=sink,
    )


def refusal(
    status: int, message: str = "no", code: str | None = None, **headers: str
) -> APIStatusError:
    """Return what the SDK raises when a server refuses so."""
    with serving(refuses(status, message, code=code, **headers)) as server:
        client = OpenAI(
            base_url=server.url,
            api_key=KEY,
            max_retries=0,
            http_client=_http(),
            default_headers={"Connection": "close"},
        )
        with pytest.raises(APIStatusError) as raised:
            client.chat.completions.create(model="s", messages=[])
    return raised.value


@cache
def _http() -> DefaultHttpxClient:
    """What all refusals come through, since it takes long to make one."""
    return DefaultHttpxClient(trust_env=False)
