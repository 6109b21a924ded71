"""A server that speaks OpenAI's chat completions, and misbehaves on demand: real sockets, threads.

It follows a script, one step for each request; the last step stays. A step is what the server
does with a request: `Sends` (made by `plain`, `says` and `refuses`), `Streams` (by `streamed`),
`Dribbles`, `Hangs` or `Slams`, or a function of the request that returns one of them.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Final, TypeAlias

from attrs import field, frozen

KEY: Final = "sk-tell-nobody-2b7e"
"""What the tests' clients are known by; it may stand in no error and no log."""

USAGE: Final[Mapping[str, object]] = {
    "prompt_tokens": 120,
    "completion_tokens": 12,
    "total_tokens": 132,
    "prompt_tokens_details": {"cached_tokens": 100},
}


@frozen(kw_only=True)
class Asked:
    """A request that came in."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


@frozen(kw_only=True)
class Sends:
    """Answer with these very bytes, and no more than that of the length that is announced."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(factory=dict[str, str])
    length: int | None = None

    def play(self, handler: Handler) -> None:
        """Do it."""
        handler.send_response(self.status)
        for name, value in {"Content-Type": "application/json", **self.headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(self.length or len(self.body)))
        handler.end_headers()
        handler.wfile.write(self.body)
        if self.length is not None:  # what is missing never comes
            handler.hang_up()


def plain(body: object, *, status: int = 200, **headers: str) -> Sends:
    """Answer with this as JSON; ``_`` in a header's name stands for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Sends(body=json.dumps(body).encode(), status=status, headers=named)


def completion(text: object, finish: object = "stop", **changed: object) -> dict[str, object]:
    """Return a whole completion; *changed* fields replace its own."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "small",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": finish,
            }
        ],
        "usage": USAGE,
        **changed,
    }


def says(text: object, finish: object = "stop", **changed: object) -> Sends:
    """Answer whole, whether or not a stream is asked for."""
    return plain(completion(text, finish, **changed), x_request_id="req-7")


def refuses(status: int, message: str = "no", *, code: str | None = None, **headers: str) -> Sends:
    """Refuse as OpenAI does."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return plain({"error": error}, status=status, **headers)


def piece(text: object = None, finish: object = None, **delta: object) -> dict[str, object]:
    """Return one piece of a stream."""
    return {
        "id": "chatcmpl-1",
        "choices": [{"index": 0, "delta": {"content": text, **delta}, "finish_reason": finish}],
    }


COST: Final[Mapping[str, object]] = {"id": "chatcmpl-1", "choices": [], "usage": USAGE}
"""The last piece of a stream that is asked to tell what it cost."""


@frozen(kw_only=True)
class Streams:
    """Answer with a stream of pieces.

    Attributes:
        pieces: What is sent, as JSON; bytes are sent as they are.
        done: Whether it ends with the word for that.
        pause: Seconds between the pieces.
        then: What happens after the last one: the connection is closed as it should be, is
            dropped, stays open and silent, or brings comments for ever.
    """

    pieces: Iterable[object]
    done: bool = True
    pause: float = 0.0
    then: str = "close"

    def play(self, handler: Handler) -> None:
        """Do it."""
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for sent in self.pieces:
            handler.chunk(sent if isinstance(sent, bytes) else event(sent))
            handler.wait(self.pause)
        if self.done:
            handler.chunk(b"data: [DONE]\n\n")
        match self.then:
            case "close":
                handler.chunk(b"")
            case "drop":
                handler.hang_up()
            case "silence":
                handler.wait(30)
            case _:
                while not handler.wait(0.02):
                    handler.chunk(b": still here\n\n")


def event(data: object) -> bytes:
    """Return a server-sent event."""
    return f"data: {json.dumps(data)}\n\n".encode()


def streamed(text: str, finish: str = "stop", *, size: int = 7) -> Streams:
    """Stream a text in pieces, as a good server does."""
    parts = [piece(text[at : at + size]) for at in range(0, len(text), size)]
    return Streams(pieces=[piece("", role="assistant"), *parts, piece(None, finish), COST])


@frozen(kw_only=True)
class Dribbles:
    """Answer whole, a byte at a time, and for ever."""

    def play(self, handler: Handler) -> None:
        """Do it."""
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while not handler.wait(0.02):
            handler.chunk(b" ")


@frozen(kw_only=True)
class Hangs:
    """Take the request, and say nothing."""

    def play(self, handler: Handler) -> None:
        """Do it."""
        handler.wait(30)
        handler.hang_up()


@frozen(kw_only=True)
class Slams:
    """Take the request, and reset the connection."""

    def play(self, handler: Handler) -> None:
        """Do it."""
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.hang_up()


Step: TypeAlias = Sends | Streams | Dribbles | Hangs | Slams
Script: TypeAlias = Step | Callable[[Asked], Step]


class Handler(BaseHTTPRequestHandler):
    """One connection; what it does is in the script."""

    protocol_version = "HTTP/1.1"
    scripted: Server

    def setup(self) -> None:
        """Get ready."""
        super().setup()
        assert isinstance(self.server, Server)
        self.scripted = self.server

    def do_POST(self) -> None:
        """Do the next step of the script."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(path=self.path, headers=headers, body=json.loads(body))
        with contextlib.suppress(OSError):  # whoever asked has gone
            self.scripted.next_step(asked).play(self)

    def end_headers(self) -> None:
        """Let no connection outlive its answer: a client that is left to the collector has none."""
        self.send_header("Connection", "close")
        super().end_headers()

    def chunk(self, data: bytes) -> None:
        """Send a chunk of a body whose length is not known."""
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def wait(self, seconds: float) -> bool:
        """Wait, and return whether the server is about to end."""
        return self.scripted.ending.wait(seconds)

    def hang_up(self) -> None:
        """Close the connection, without any more words."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - so it is called
        """Say nothing of it."""


class Server(ThreadingHTTPServer):
    """The server.

    Attributes:
        asked: Every request that came in, in order.
        taken: Set when the first one has come in.
        ending: Set when the server ends, so that nobody waits any more.
    """

    daemon_threads = True

    def __init__(self, script: Iterable[Script]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[Asked] = []
        self.taken = Event()
        self.ending = Event()
        self._script = list(script)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The bodies of all requests."""
        return [asked.body for asked in self.asked]

    def next_step(self, asked: Asked) -> Step:
        """Return what to do with a request."""
        self.asked.append(asked)
        self.taken.set()
        step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        return step(asked) if callable(step) else step


@contextmanager
def serving(*script: Script) -> Generator[Server]:
    """Serve on this machine, for as long as the block runs."""
    server = Server(script)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.ending.set()
        server.shutdown()
        thread.join()
        server.server_close()
