"""The record: what a repository keeps, and the four things that a commit can do to one.

A repository needs to understand nothing of it but this file (brief, section 8).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from attrs import field, frozen

MAX_BODY: Final = 256 * 1024
"""The most characters (ASCII, so bytes too) of a body."""

MAX_OPS: Final = 100
"""The most operations of one commit."""


@frozen
class Key:
    """What a record is found by.

    Attributes:
        kind: The kind of record, one word.
        tenant: The tenant; one tenant's keys are never another's.
        parts: What tells it from the tenant's others of its kind: ids, and numbers that order.
    """

    kind: str
    tenant: str
    parts: tuple[str | int, ...]

    def __repr__(self) -> str:
        return f"Key(kind={self.kind!r}, tenant={self.tenant!r}, parts={self.shown!r})"

    @property
    def shown(self) -> tuple[str | int, ...]:
        """The parts, as far as they may be shown: a receipt's last one is the caller's secret."""
        return (*self.parts[:-1], "...") if self.kind == "receipt" else self.parts

    @property
    def text(self) -> str:
        """The key as one text: different keys have different texts, whatever the ids hold.

        Ids are preceded by their length, so no separator can be forged. Numbers have twelve
        digits, so keys that differ in their last number are ordered by it.
        """
        tenant = self.tenant
        text = f"{self.kind}/{len(tenant)}:{tenant}"
        for part in self.parts:
            text += f"#{part:012d}" if isinstance(part, int) else f"/{len(part)}:{part}"
        return text

    @classmethod
    def parse(cls, text: str) -> Key:
        """Return the key whose `text` this is.

        Raises:
            ValueError: It is no key's text.
        """
        kind, _, rest = text.partition("/")
        parts: list[str | int] = []
        rest = f"/{rest}"
        while rest:
            if rest[0] == "#":
                parts.append(int(rest[1:13]))
                rest = rest[13:]
            else:
                length, _, rest = rest[1:].partition(":")
                parts.append(rest[: int(length)])
                rest = rest[int(length) :]
        key = cls(kind, str(parts[0]), tuple(parts[1:]))
        if key.text != text:
            raise ValueError("no text of a key")
        return key


@frozen(kw_only=True)
class Facts:
    """The few columns that views ask about; never any text of a person (brief, section 8).

    Attributes:
        owner: The user whose record it is; a message has none, it is found by its session.
        session: The session it belongs to.
        topic: The topic's id.
        status: The status, in stored form.
        at: When what it tells of began (UTC).
        due: From when on somebody should look at it (UTC), or None.
        expires: When it may be swept away (UTC), or None.
        scenario: The test scenario it belongs to, or None.
    """

    owner: str | None = None
    session: str | None = None
    topic: str | None = None
    status: str | None = None
    at: datetime | None = None
    due: datetime | None = None
    expires: datetime | None = None
    scenario: str | None = None


@frozen
class Record:
    """One stored thing.

    Attributes:
        key: What it is found by.
        version: 1 when inserted, one more with each update.
        facts: What views may ask; derived from the body, which alone counts.
        body: One JSON document as ASCII text, at most `MAX_BODY` characters. A repository gives
            it back exactly as it was.
    """

    key: Key
    version: int
    facts: Facts
    body: str = field(repr=False)


@frozen
class Insert:
    """Put a new record (of version 1) where there is none."""

    record: Record


@frozen
class Update:
    """Put a record of version *n* in the place of the same key's version *n* - 1."""

    record: Record


@frozen
class Delete:
    """Take away the record of that key, if its version is the given one."""

    key: Key
    version: int


@frozen
class Check:
    """Change nothing, but let the commit pass only if the record has that version.

    It must hold until the commit is done: no other commit may change the record in between.
    """

    key: Key
    version: int


Op = Insert | Update | Delete | Check
"""What a commit is made of; no key comes twice in one commit."""


def key_of(op: Op) -> Key:
    """Return the key that *op* is about."""
    return op.record.key if isinstance(op, Insert | Update) else op.key
