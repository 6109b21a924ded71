"""The ids of what is planted: new ones, always the same for the same planting.

They are made from the call's key and content, so who plants once more, after an interruption, makes
the very same records. Ids that actions made stay as they were: they are found in one state alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from attrs import field, frozen

from coachwork.plain import JSON

_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)


@frozen
class NewIds:
    """Where the ids of one planting come from.

    Attributes:
        seed: What tells it from all others.
        sessions: The new ids of the sessions that the document names, by their ids there.
    """

    seed: str = field(repr=False)
    sessions: dict[str, str] = field(factory=dict[str, str])

    def new(self, what: str, at: datetime, place: int = 0) -> str:
        """Return the id of *what* came to be *at* some instant (UTC).

        It has the form of a UUID of version 8 and begins with the milliseconds, so that it sorts
        among the ids of `coachwork.adapters.TimeOrderedIds` by the instant; what came to be in one
        millisecond sorts by its *place*.
        """
        stamp = max(0, int((at - _BEGIN).total_seconds() * 1000)) & 0xFFFF_FFFF_FFFF
        chance = int.from_bytes(hashlib.sha256(f"{self.seed}/{what}".encode()).digest()[:8])
        value = stamp << 80 | 0x8 << 76 | min(place, 0xFFF) << 64 | 0b10 << 62
        text = f"{value | chance & ((1 << 62) - 1):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def session(self, name: str, at: datetime) -> str:
        """Return the new id of the session that the document calls *name*; it is kept."""
        place = len(self.sessions)
        return self.sessions.setdefault(name, self.new(f"session {name}", at, place))

    def renamed(self, plain: JSON) -> JSON:
        """Return plain data that refers to the new sessions.

        What changes is a text that is the id of a session, or of a message of one, from first
        to last character; prose that quotes one stays as it is.
        """
        if isinstance(plain, str):
            return self._text(plain)
        if isinstance(plain, list):
            return [self.renamed(part) for part in plain]
        if isinstance(plain, dict):
            return self.renamed_object(plain)
        return plain

    def renamed_object(self, plain: dict[str, JSON]) -> dict[str, JSON]:
        """Return an object that refers to the new sessions, in its names, too."""
        return {self._text(name): self.renamed(part) for name, part in plain.items()}

    def _text(self, text: str) -> str:
        if text in self.sessions:
            return self.sessions[text]
        session, point, number = text.rpartition(".")
        if point and number.isdecimal() and session in self.sessions:
            return f"{self.sessions[session]}.{number}"
        return text


def seed_of(parts: Iterable[str]) -> str:
    """Return a seed that other parts do not have."""
    told = "/".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(told.encode()).hexdigest()
