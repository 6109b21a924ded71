"""Recorded conversations: the CSV form of AnnoMI, read strictly.

AnnoMI is a public set of transcribed motivational-interviewing conversations (Wu et al., ICASSP
2022, doi 10.1109/ICASSP43922.2022.9746035). Its oddities are dealt with here, and told:

* Neighbouring rows of one speaker are one utterance, joined by a line break.
* A row in which nothing is said is left out, for nobody can be asked to answer it.
* A timestamp that goes back does not count: the clock is the latest one so far.
* A conversation may open with either speaker, and end with either.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Final

from attrs import field, frozen

from coachwork.errors import ValidationError
from coachwork.ids import checked_id
from coachwork.messages import Role, checked_text, is_blank
from coachwork.replies import MAX_REPLY_BYTES
from coachwork.topics import MAX_MESSAGE_BYTES

COLUMNS: Final = (
    "transcript_id",
    "utterance_id",
    "interlocutor",
    "timestamp",
    "utterance_text",
)
"""The columns that must be there; others are of no account."""

MAX_UTTERANCE_ID: Final = 120
"""The most characters of the id of an utterance: it becomes part of an idempotency key."""

_SPEAKERS: Final = {"client": Role.USER, "therapist": Role.COACH}
_TIMESTAMP: Final = re.compile(r"([0-9]{1,3}):([0-5][0-9]):([0-5][0-9])")


@frozen
class Utterance:
    """What somebody says until somebody else does.

    Attributes:
        id: The id of its first row.
        role: Who says it.
        at: When, from the start of the conversation; never before the one before.
        text: What is said.
    """

    id: str
    role: Role
    at: timedelta
    text: str = field(repr=False)


@frozen
class Transcript:
    """One conversation; the two speakers take turns in it.

    Attributes:
        id: Its id.
        utterances: What was said, in order; at least one.
    """

    id: str
    utterances: tuple[Utterance, ...]

    @property
    def greeting(self) -> Utterance | None:
        """What the coach says before the user says anything, if it does."""
        first = self.utterances[0]
        return first if first.role is Role.COACH else None

    @property
    def turns(self) -> tuple[tuple[Utterance, Utterance | None], ...]:
        """What the user says, each with the coach's reply; the last may have none."""
        said = self.utterances if self.greeting is None else self.utterances[1:]
        replies = (*said[1::2], None)
        return tuple(zip(said[::2], replies, strict=False))


@frozen
class Recording:
    """What a file holds.

    Attributes:
        transcripts: The conversations, in the order in which they begin.
        rows: How many rows were read.
        merged: How many of them were joined to the one before.
        blank: How many of them were left out because nothing is said.
    """

    transcripts: tuple[Transcript, ...]
    rows: int
    merged: int
    blank: int


def as_reply(text: str) -> str:
    """Return *text* as a model would write it that says exactly this, whatever it looks like."""
    return json.dumps({"message": text}, ensure_ascii=False)


def read_recording(path: str) -> Recording:
    """Return what the CSV file at *path* holds.

    Raises:
        ValidationError: It cannot be read, or is not of the form; it names file, row and column.
            The header is row 1.
    """
    by_id: dict[str, list[Utterance]] = {}
    seen: set[tuple[str, str]] = set()
    rows = merged = blank = 0
    for row in _rows(path):
        rows += 1
        transcript, said = row.utterance()
        if (transcript, said.id) in seen:
            raise row.wrong("utterance_id", "an id that no other row of the transcript has")
        seen.add((transcript, said.id))
        if is_blank(said.text):
            blank += 1
            continue
        utterances = by_id.setdefault(transcript, [])
        if utterances and utterances[-1].role is said.role:
            merged += 1
            before = utterances.pop()
            said = Utterance(before.id, said.role, before.at, f"{before.text}\n{said.text}")
        elif utterances:
            said = Utterance(said.id, said.role, max(said.at, utterances[-1].at), said.text)
        row.check_text(said)
        utterances.append(said)
    if not by_id:
        raise ValidationError(path, "at least one row in which something is said")
    transcripts = tuple(Transcript(name, tuple(said)) for name, said in by_id.items())
    return Recording(transcripts, rows, merged, blank)


@frozen
class _Row:
    """One row of the file.

    Attributes:
        path: The file.
        number: Its number; the header is row 1.
        cells: What it holds, by column.
    """

    path: str
    number: int
    cells: dict[str, str] = field(repr=False)

    def wrong(self, column: str, expected: str) -> ValidationError:
        """Return the error that *column* is not what was *expected*."""
        return ValidationError(self._place(column), expected)

    def _place(self, column: str) -> str:
        return f"{self.path}, row {self.number}, column {column}"

    def utterance(self) -> tuple[str, Utterance]:
        """Return the transcript's id, and what this row says.

        Raises:
            ValidationError: A cell is not what it should be.
        """
        cells = self.cells
        transcript = checked_id(cells["transcript_id"], self._place("transcript_id"))
        utterance = checked_id(
            cells["utterance_id"], self._place("utterance_id"), most=MAX_UTTERANCE_ID
        )
        role = _SPEAKERS.get(cells["interlocutor"])
        if role is None:
            raise self.wrong("interlocutor", "therapist or client")
        told = _TIMESTAMP.fullmatch(cells["timestamp"])
        if told is None:
            raise self.wrong("timestamp", "hh:mm:ss from the start of the conversation")
        hours, minutes, seconds = map(int, told.groups())
        at = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return transcript, Utterance(utterance, role, at, cells["utterance_text"])

    def check_text(self, said: Utterance) -> None:
        """Make sure that a user may say this, or a coach reply it.

        Raises:
            ValidationError: It is too long, or no text that can be kept.
        """
        place = self._place("utterance_text")
        checked_text(said.text, place, max_bytes=MAX_MESSAGE_BYTES)
        if said.role is Role.COACH and len(as_reply(said.text).encode()) > MAX_REPLY_BYTES:
            raise self.wrong("utterance_text", f"at most {MAX_REPLY_BYTES} bytes as a reply")


def _rows(path: str) -> Iterator[_Row]:
    """Return the rows below the header, one by one.

    Raises:
        ValidationError: The file cannot be read, or is no CSV file with these columns.
    """
    reader = csv.reader(StringIO(_text(path), newline=""), strict=True)
    number = 1
    try:
        header = next(reader, list[str]())
        missing = [column for column in COLUMNS if column not in header]
        if missing:
            raise ValidationError(f"{path}, row 1", f"the column {missing[0]}")
        for number, cells in enumerate(reader, 2):
            if cells:  # an empty line is no row
                yield _Row(path, number, _by_column(path, number, header, cells))
    except csv.Error as error:
        raise ValidationError(f"{path}, after row {number}", f"CSV ({error})") from None


def _by_column(
    path: str, number: int, header: Sequence[str], cells: Sequence[str]
) -> dict[str, str]:
    """Return the cells of a row by column.

    Raises:
        ValidationError: There are more or fewer of them than columns.
    """
    if len(cells) != len(header):
        raise ValidationError(
            f"{path}, row {number}", f"{len(header)} columns, not {len(cells)} of them"
        )
    return dict(zip(header, cells, strict=True))


def _text(path: str) -> str:
    """Return what the file holds as text.

    Raises:
        ValidationError: It cannot be read, or is not in UTF-8.
    """
    try:
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "no path"
        raise ValidationError(path, f"a file that can be read ({why.lower()})") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValidationError(f"{path}, line {line}", "text in UTF-8") from None
