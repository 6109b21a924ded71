"""The two colours: they move bytes between the SDK and an exchange, and decide nothing.

An exchange raises its error itself, after the SDK's error is out of the way: so no request and no
answer hangs on it as a context.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Final, Literal, Protocol, cast

from openai import AsyncOpenAI, OpenAI, OpenAIError

from coachwork.adapters.openai._exchange import Exchange, Memory
from coachwork.adapters.openai._options import (
    OPENING,
    InstructionRole,
    Options,
    SchemaMode,
    checked_key,
    checked_url,
)
from coachwork.errors import MisuseError, ValidationError
from coachwork.ports import Answer, Ask

NO_KEY: Final = "none"
"""What a server of one's own is told where there is no key; the SDK insists on one."""


class OpenAIModel:
    """A language model behind a server that speaks OpenAI's chat completions.

    It is blocking; an `coachwork.AsyncCoach` takes it too, and uses its async form. It may be
    used by several threads at once.

    Each call is one request, without retries. There is one exception: a server that refuses a
    request because it lacks a feature (``response_format``, ``stream_options``) has generated
    nothing; it is asked again without, within the same deadline, and remembered for it.

    The deadline of an ask holds for the whole call. What the SDK itself waits for, headers and the
    bodies of refusals, a blocking call can bound by the wait for each piece only: a server that
    dribbles those may take longer. The async form is exact.

    Args:
        model: The model to ask, where the topic names none.
        base_url: Where the server listens, such as ``http://localhost:11434/v1``; the SDK's own
            choice by default (``OPENAI_BASE_URL``, or OpenAI).
        api_key: What it knows the application by; ``OPENAI_API_KEY`` by default. A server at an
            address of one's own needs none.
        client: An `openai.OpenAI` of one's own in place of address and key: Azure, a proxy, other
            headers. Its retries are switched off here, and nobody closes it.
        schema: How the shape of the answer is asked for: ``json_schema`` holds the model to the
            schema, ``json_object`` to JSON, ``none`` to nothing; ``auto`` finds out what the
            server can, in this order.
        tell_schema: Whether the schema is told in words too, at the end of the system prompt. By
            default (None) it is where the server is not given it. True helps small models whose
            server constrains them without showing them the schema; False is for topics whose
            templates tell the shape.
        instruction_role: Who speaks the application's instructions: ``user`` suits every server;
            ``system`` or ``developer`` keep them apart from what people write, where the server
            takes such messages at the end.
        merge: Whether neighbouring messages of one role are made one, as many servers want it.
        opening: What stands in the user's place where the coach spoke first, as many servers want
            it; None for nothing.
        temperature: How freely the model chooses its words; the server's own choice by default.
        extra_body: Whatever else the server takes, such as ``{"max_completion_tokens": 2000}``.

    Raises:
        ValidationError: An argument is not what it should be, or there is no key.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each choice
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        client: OpenAI | None = None,
        schema: SchemaMode = "auto",
        tell_schema: bool | None = None,
        instruction_role: InstructionRole = "user",
        merge: bool = True,
        opening: str | None = OPENING,
        temperature: float | None = None,
        extra_body: Mapping[str, object] | None = None,
    ) -> None:
        """Remember where to ask and how; nothing is asked yet."""
        self._options = Options(
            model=model,
            schema=schema,
            tell_schema=tell_schema,
            instruction_role=instruction_role,
            merge=merge,
            opening=opening,
            temperature=temperature,
            extra_body={} if extra_body is None else extra_body,
        )
        self._memory = Memory(self._options)
        self._address = (base_url, api_key)
        self._own: OpenAI | None = None
        if client is None:
            url, key = _address(base_url, api_key)
            with _no_key():
                self._own = OpenAI(base_url=url, api_key=key, max_retries=0)
            self._client = self._own
        else:
            _check_client(client, OpenAI, base_url, api_key)
            self._client = client.with_options(max_retries=0)

    def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.LanguageModel.complete`."""
        exchange = Exchange(ask, self._options, self._memory)
        while not exchange.over:
            self._ask(exchange)
        return exchange.answer()

    def _ask(self, exchange: Exchange) -> None:
        """Send one request, and read what comes back."""
        try:
            request = exchange.request()
            with self._client.chat.completions.with_streaming_response.create(
                model=request.model,
                messages=request.messages,
                extra_body=request.body,
                extra_headers=request.headers,
                timeout=exchange.left,
            ) as response:
                exchange.began(response.headers)
                with _cut_off(response.http_response.extensions, exchange.left):
                    for chunk in response.iter_bytes():
                        if not exchange.took(chunk):
                            break
                exchange.ended()
        except Exception as error:  # noqa: BLE001 - whatever it is, the exchange judges it
            exchange.failed(error)

    def for_async(self) -> AsyncOpenAIModel:
        """Return the same for an async coach.

        Raises:
            MisuseError: It was given a client of one's own, which has no async form.
        """
        if self._own is None:
            raise MisuseError("a client of one's own is blocking: use AsyncOpenAIModel(client=...)")
        base_url, api_key = self._address
        options = self._options
        return AsyncOpenAIModel(
            options.model,
            base_url=base_url,
            api_key=api_key,
            schema=options.schema,
            tell_schema=options.tell_schema,
            instruction_role=options.instruction_role,
            merge=options.merge,
            opening=options.opening,
            temperature=options.temperature,
            extra_body=options.extra_body,
        )

    def close(self) -> None:
        """Close the connections, if they are its own."""
        if self._own is not None:
            self._own.close()


class AsyncOpenAIModel:
    """The same as `OpenAIModel`, awaited; a cancelled call is really given up.

    Args:
        client: An `openai.AsyncOpenAI` of one's own. The other arguments are those of
            `OpenAIModel`.

    Raises:
        ValidationError: An argument is not what it should be, or there is no key.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each choice
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        client: AsyncOpenAI | None = None,
        schema: SchemaMode = "auto",
        tell_schema: bool | None = None,
        instruction_role: InstructionRole = "user",
        merge: bool = True,
        opening: str | None = OPENING,
        temperature: float | None = None,
        extra_body: Mapping[str, object] | None = None,
    ) -> None:
        """Remember where to ask and how; nothing is asked yet."""
        self._options = Options(
            model=model,
            schema=schema,
            tell_schema=tell_schema,
            instruction_role=instruction_role,
            merge=merge,
            opening=opening,
            temperature=temperature,
            extra_body={} if extra_body is None else extra_body,
        )
        self._memory = Memory(self._options)
        self._own: AsyncOpenAI | None = None
        if client is None:
            url, key = _address(base_url, api_key)
            with _no_key():
                self._own = AsyncOpenAI(base_url=url, api_key=key, max_retries=0)
            self._client = self._own
        else:
            _check_client(client, AsyncOpenAI, base_url, api_key)
            self._client = client.with_options(max_retries=0)

    async def complete(self, ask: Ask, /) -> Answer:
        """See `coachwork.ports.AsyncLanguageModel.complete`."""
        exchange = Exchange(ask, self._options, self._memory)
        while not exchange.over:
            await self._ask(exchange)
        return exchange.answer()

    async def _ask(self, exchange: Exchange) -> None:
        """Send one request, and read what comes back."""
        try:
            request = exchange.request()
            async with (
                asyncio.timeout(exchange.left),
                self._client.chat.completions.with_streaming_response.create(
                    model=request.model,
                    messages=request.messages,
                    extra_body=request.body,
                    extra_headers=request.headers,
                    timeout=exchange.left,
                ) as response,
            ):
                exchange.began(response.headers)
                async for chunk in response.iter_bytes():
                    if not exchange.took(chunk):
                        break
                exchange.ended()
        except Exception as error:  # noqa: BLE001 - whatever it is, the exchange judges it
            exchange.failed(error)

    async def close(self) -> None:
        """Close the connections, if they are its own."""
        if self._own is not None:
            await self._own.close()


# --- what both share -------------------------------------------------------------------------


def _address(base_url: str | None, api_key: str | None) -> tuple[str | None, str | None]:
    """Return what the SDK is to be told of address and key.

    Raises:
        ValidationError: One of them is none.
    """
    url, key = checked_url(base_url), checked_key(api_key)
    elsewhere = url is not None or "OPENAI_BASE_URL" in os.environ
    if key is None and elsewhere and not os.environ.get("OPENAI_API_KEY"):
        key = NO_KEY
    return url, key


@contextmanager
def _no_key() -> Generator[None]:
    """Say in the words of coachwork what the SDK misses.

    Raises:
        ValidationError: There is no key.
    """
    try:
        yield
    except OpenAIError:
        raise ValidationError("api_key", "a key, or one in OPENAI_API_KEY") from None


def _check_client(
    client: object, wanted: type[object], base_url: str | None, api_key: str | None
) -> None:
    """Refuse a client that does not fit.

    Raises:
        ValidationError: It is of another kind or colour, or address or key are given beside it.
    """
    if not isinstance(client, wanted):
        raise ValidationError("client", f"an openai.{wanted.__name__}")
    if base_url is not None or api_key is not None:
        raise ValidationError("client", "no base_url and no api_key beside it")


class _Stream(Protocol):
    """What a response tells of its connection."""

    def get_extra_info(self, info: Literal["socket"], /) -> object: ...


@contextmanager
def _cut_off(extensions: Mapping[str, object], seconds: float) -> Generator[None]:
    """Cut the connection after so many seconds.

    A blocking read ends when something comes, or after a time of its own: a server that has begun
    and falls silent would hold the caller for longer than the deadline.

    Args:
        extensions: What the response tells of itself.
        seconds: How long to wait.
    """
    stream = cast("_Stream | None", extensions.get("network_stream"))
    connection = None if stream is None else stream.get_extra_info("socket")
    if not isinstance(connection, socket.socket):  # a client of one's own may have no connection
        yield
        return
    timer = Timer(seconds, _shut, (connection,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _shut(connection: socket.socket) -> None:
    """End a connection under the hands of who reads from it."""
    with suppress(OSError):  # it has ended by itself
        # Not the method of a TLS socket, which would take its state away as well.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
