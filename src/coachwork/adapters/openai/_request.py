"""What is sent: an ask in the words of the protocol.

Decisions, with their reasons:

* An instruction is one more message of the user (see `coachwork.ports.PromptRole`): many chat
  templates take a system message at the beginning only, and some need a last word of the user.
* Neighbours of one role are made one message, with a blank line between them, and a conversation
  that the coach opened is opened by a short word in the user's place: the templates of many open
  models insist on user and assistant by turns, the user first. Neither does harm elsewhere.
* The schema is sent without ``strict``. OpenAI's strict mode wants every field required and every
  object closed; a reply may leave its result out, and the parameters of an action are open.
  Nothing hangs on it: coachwork reads every answer strictly itself. Servers that constrain a
  model by a grammar (vLLM, Ollama, llama.cpp) do so without that word.
* A server that is not given the schema is told it in words, at the end of the system prompt.
* ``X-Client-Request-Id`` names job, purpose and attempt, for whoever has to ask the provider what
  became of a call. No idempotency key is sent: the protocol has none, and a gateway with one of
  its own would take the same call without a feature for a misuse of the key.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from attrs import evolve, field, frozen
from openai.types.chat import ChatCompletionMessageParam

from coachwork.adapters.openai._options import Options
from coachwork.ports import Ask, PromptRole

Role: TypeAlias = Literal["system", "developer", "user", "assistant"]

LONGEST_ID: Final = 512
"""The most characters of ``X-Client-Request-Id``, as OpenAI has it."""

TOLD: Final = (
    "Answer with one JSON object and nothing else: no other text and no code fence. "
    "It must fit this JSON Schema: "
)
"""How the schema is told in words; OpenAI's JSON mode insists on the word JSON in the prompt."""


@frozen
class Form:
    """Which features of the protocol a request makes use of; servers differ in what they have.

    Attributes:
        schema: How the shape of the answer is asked for.
        counts: Whether a stream is asked to end with what it cost.
    """

    schema: Literal["json_schema", "json_object", "none"]
    counts: bool = True

    def without_schema(self) -> Form | None:
        """Return the next lesser way to ask for the shape, or None after the last."""
        if self.schema == "json_schema":
            return evolve(self, schema="json_object")
        return evolve(self, schema="none") if self.schema == "json_object" else None


@frozen(kw_only=True)
class Request:
    """What the SDK is handed.

    Attributes:
        model: The model's name.
        messages: The prompt.
        body: The rest of the body.
        headers: What stands above it, beside the SDK's own.
    """

    model: str
    messages: list[ChatCompletionMessageParam] = field(repr=False)
    body: dict[str, object] = field(repr=False)
    headers: dict[str, str]


def build_request(ask: Ask, options: Options, form: Form) -> Request:
    """Return *ask* in the words of the protocol.

    Args:
        ask: What the model is asked for.
        options: How the server is to be asked.
        form: Which features it is believed to have.
    """
    body: dict[str, object] = dict(options.extra_body)
    if options.temperature is not None:
        body["temperature"] = options.temperature
    if ask.schema and form.schema == "json_schema":
        shape = {"name": ask.purpose.value, "schema": dict(ask.schema), "strict": False}
        body["response_format"] = {"type": "json_schema", "json_schema": shape}
    elif ask.schema and form.schema == "json_object":
        body["response_format"] = {"type": "json_object"}
    if ask.sink is not None:
        body["stream"] = True
        if form.counts:
            body["stream_options"] = {"include_usage": True}
    return Request(
        model=ask.model or options.model,
        messages=[_message(role, text) for role, text in _lines(ask, options, form)],
        body=body,
        headers=_headers(ask),
    )


def _lines(ask: Ask, options: Options, form: Form) -> list[tuple[Role, str]]:
    """Return who says what."""
    roles: dict[PromptRole, Role] = {
        PromptRole.SYSTEM: "system",
        PromptRole.USER: "user",
        PromptRole.COACH: "assistant",
        PromptRole.INSTRUCTION: options.instruction_role,
    }
    lines: list[tuple[Role, str]] = [(roles[part.role], part.text) for part in ask.messages]
    begin = next((at for at, (role, _) in enumerate(lines) if role != "system"), len(lines))
    head, talk = lines[:begin], lines[begin:]
    if _is_told(ask, options, form):
        words = TOLD + json.dumps(dict(ask.schema), ensure_ascii=False)
        said = [text for _, text in head[-1:]]
        head[-1:] = [("system", "\n\n".join([*said, words]))]
    if options.opening is not None and (not talk or talk[0][0] != "user"):
        talk.insert(0, ("user", options.opening))
    lines = [*head, *talk]
    return _merged(lines) if options.merge else lines


def _is_told(ask: Ask, options: Options, form: Form) -> bool:
    """Whether the schema is told in words."""
    if not ask.schema:
        return False
    return form.schema != "json_schema" if options.tell_schema is None else options.tell_schema


def _merged(lines: Sequence[tuple[Role, str]]) -> list[tuple[Role, str]]:
    """Return the same with neighbours of one role made one."""
    merged: list[tuple[Role, str]] = []
    for role, text in lines:
        if merged and merged[-1][0] == role:
            text = f"{merged.pop()[1]}\n\n{text}"  # noqa: PLW2901 - it goes on in this line
        merged.append((role, text))
    return merged


def _message(role: Role, text: str) -> ChatCompletionMessageParam:
    """Return one message, of the type that the SDK has for its role."""
    if role == "system":
        return {"role": "system", "content": text}
    if role == "developer":
        return {"role": "developer", "content": text}
    if role == "user":
        return {"role": "user", "content": text}
    return {"role": "assistant", "content": text}


def _headers(ask: Ask) -> dict[str, str]:
    """Return what the provider may know the call by: ids that say nothing of anybody."""
    name = f"{ask.job}.{ask.purpose.value}.{ask.attempt}"
    fits = name.isascii() and name.isprintable() and len(name) <= LONGEST_ID
    return {"X-Client-Request-Id": name} if fits else {}
