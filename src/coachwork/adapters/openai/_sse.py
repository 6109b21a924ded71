"""Server-sent events, as far as chat completions use them.

The SDK's own reader tells of whole events only. A server that sends nothing but comments, to keep
the connection alive, would never be asked whether it is late: so the bytes are read here.
"""

from __future__ import annotations


class Events:
    """Cuts a stream of bytes into the data of events, in the order in which they are sent."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def take(self, chunk: bytes) -> list[bytes]:
        """Return the data of the events that *chunk* completes.

        What an ended stream leaves open is no event; so the standard has it.
        """
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        events: list[bytes] = []
        for line in lines:
            name, _, value = line.removesuffix(b"\r").partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
            elif not name and not _ and self._data:
                events.append(b"\n".join(self._data))
                self._data.clear()
        return events
