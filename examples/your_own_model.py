"""A language model of your own: an adapter for a provider that speaks JSON over HTTP.

It does what the port asks for and nothing more: one call, no retries of its own, and every way to
fail in the words of coachwork. The wire format is that of the many "chat completions" services;
a client library of your provider fits into `complete` in the same places, with its own retries
switched off.

So that the program runs without an account, it brings a provider of its own. Run it with
``python examples/your_own_model.py``.
"""

import json
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final, NotRequired, TypedDict
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from coachwork import Answer, Ask, Coach, LLMError, LLMTimeoutError, Memory, Topic, Usage
from coachwork.ports import PromptRole

ROLES: Final = {
    PromptRole.SYSTEM: "system",
    PromptRole.USER: "user",
    PromptRole.COACH: "assistant",
    PromptRole.INSTRUCTION: "user",  # this provider has no role for instructions
}
FINISHES: Final = {"stop": "stop", "length": "length", "content_filter": "content_filter"}


class Said(TypedDict):
    """What the model said."""

    content: str | None


class Choice(TypedDict):
    """One answer of the provider."""

    message: Said
    finish_reason: str


class Tokens(TypedDict):
    """What the provider counted."""

    prompt_tokens: int
    completion_tokens: int


class Completion(TypedDict):
    """What the provider sends, as far as it is read here."""

    id: str
    choices: list[Choice]
    usage: NotRequired[Tokens]


class HTTPModel:
    """A language model behind HTTP.

    Args:
        url: Where the provider listens.
        api_key: What it knows the application by.
        model: What to ask where a topic names no model.
    """

    def __init__(self, url: str, *, api_key: str, model: str) -> None:
        """Remember where to ask; nothing is asked yet."""
        self._url = url
        self._api_key = api_key
        self._model = model

    def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`.

        The timeout of `urllib` holds for the connection and for each read, not for the whole; a
        client that can bound the whole call should do it with ``ask.timeout``.
        """
        request = Request(  # noqa: S310 - the address comes from the application
            self._url,
            data=json.dumps(self._body(ask)).encode(),
            headers={
                "Authorization": f"Bearer {self._api_key}",
                "Content-Type": "application/json",
                "Idempotency-Key": f"{ask.job}.{ask.purpose}",
            },
        )
        try:
            with urlopen(request, timeout=ask.timeout) as response:  # noqa: S310 - as above
                completion: Completion = json.load(response)
                return _answer(completion)
        except HTTPError as error:
            with error:
                pause = _seconds(error.headers.get("Retry-After"))
            raise LLMError(f"the provider answered {error.code}", retry_after=pause) from error
        except TimeoutError as error:
            raise LLMTimeoutError from error
        except URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise LLMTimeoutError from error
            raise LLMError("the provider cannot be reached") from error
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise LLMError("the provider answered with something else") from error

    def _body(self, ask: Ask) -> dict[str, object]:
        """Return what is sent."""
        return {
            "model": ask.model or self._model,
            "messages": [{"role": ROLES[m.role], "content": m.text} for m in ask.messages],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": ask.purpose, "schema": ask.schema},
            },
        }


def _answer(completion: Completion) -> Answer:
    """Return the provider's answer in the words of the port."""
    choice = completion["choices"][0]
    usage = completion.get("usage")
    return Answer(
        text=choice["message"]["content"],
        finish=FINISHES.get(choice["finish_reason"], "error"),
        usage=Usage(usage["prompt_tokens"], usage["completion_tokens"]) if usage else Usage(),
        request_id=completion["id"],
    )


def _seconds(retry_after: str | None) -> float | None:
    """Return the pause that the provider asks for; a date is left to the default."""
    return float(retry_after) if retry_after is not None and retry_after.isdecimal() else None


# --- a provider to try it with ---------------------------------------------------------------


class Provider(BaseHTTPRequestHandler):
    """Answers every request alike."""

    def do_POST(self) -> None:
        """Answer as a provider does."""
        self.rfile.read(int(self.headers["Content-Length"]))
        reply = json.dumps({"message": "What would you like to keep?", "is_final": False})
        completion: Completion = {
            "id": "call-1",
            "choices": [{"message": {"content": reply}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 120, "completion_tokens": 12},
        }
        body = json.dumps(completion).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of it."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Generator[str]:
    """Serve on this machine, at the address that is given."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/chat/completions"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main() -> None:
    """Ask the provider through a coach."""
    topic = Topic(id="review", system="Look back on the week.", models={"reply": "large-1"})
    with serving(Provider) as url:
        model = HTTPModel(url, api_key="a secret from the environment", model="small-1")
        with Coach(Memory(), model, topics=[topic]) as coach:
            turn = coach.as_user("ada").start(topic).send("It was a long week.")
    print(f"Coach: {turn.message.text}")
    print(f"-- {turn.job.usage.tokens_in} tokens in, {turn.job.usage.tokens_out} out")


if __name__ == "__main__":
    main()
