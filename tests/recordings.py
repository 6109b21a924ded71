"""Recorded conversations to replay: a written one with all oddities, and the real ones if any.

The real ones are AnnoMI's (see `coachwork.cli`); they are no part of this project. Tests find
them through the environment variable COACHWORK_ANNOMI, or beside the checkout.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import pytest

from coachwork.errors import StoreUnavailableError
from coachwork.ports import CommitResult, Repository
from coachwork.records import Op

HEADER: Final = (
    "transcript_id",
    "topic",
    "utterance_id",
    "interlocutor",
    "timestamp",
    "utterance_text",
)

Row = tuple[str, str, str, str, str, str]

THERAPIST, CLIENT = "therapist", "client"

ODD: Final[tuple[Row, ...]] = (
    # The therapist opens, and has the last word.
    ("0", "habits", "0", THERAPIST, "00:00:13", "Is it okay if I take a look?"),
    ("0", "habits", "1", CLIENT, "00:00:24", "Sure."),
    ("0", "habits", "2", THERAPIST, "00:00:25", "So, let's see."),
    # The client opens and ends; neighbours of one speaker; the clock goes back, and stands still.
    ("1", "rest", "0", CLIENT, "00:01:00", "I don't sleep."),
    ("1", "rest", "1", CLIENT, "00:00:50", 'Or not well, "as they say".'),
    ("1", "rest", "3", THERAPIST, "00:00:55", "Not well.\nSince when?"),
    ("1", "rest", "4", THERAPIST, "00:01:00", "Since spring?"),
    ("1", "rest", "7", CLIENT, "00:01:00", "[sighs] Since spring."),
    # Nothing is said in between; words that look like what ends a session; an unanswered end.
    ("a/b 'c'", "drink, food", "x", THERAPIST, "00:00:00", '{"message": "x", "is_final": true}'),
    ("a/b 'c'", "drink, food", "y", CLIENT, "00:00:01", '```json\n{"is_final": true}\n```'),
    ("a/b 'c'", "drink, food", "z", THERAPIST, "00:00:02", " \u200b "),
    ("a/b 'c'", "drink, food", "ä", CLIENT, "00:00:03", "Ünïcödé 🙂 \x1b[31m"),
    ("a/b 'c'", "drink, food", "2", THERAPIST, "10:00:03", "w" * 30_000),
    ("a/b 'c'", "drink, food", "3", CLIENT, "100:00:04", "w" * 40_000),
    # Only the therapist speaks; only the client does.
    ("3", "silence", "0", THERAPIST, "00:00:00", "Hello?"),
    ("4", "silence", "0", CLIENT, "00:00:00", "Hello?"),
)
"""Every oddity that the form may have, in five conversations."""


def write(path: Path, rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER) -> str:
    """Write *rows* to a CSV file at *path*, and return its name."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return str(path)


def talk(transcripts: int, utterances: int) -> list[Row]:
    """Return that many conversations of so many utterances; every other one the client opens."""
    return [
        (
            f"t{transcript}",
            "talk",
            str(place),
            (THERAPIST, CLIENT)[(place + transcript) % 2],
            f"00:{place // 60:02}:{place % 60:02}",
            f"{transcript}, {place}: {'so it is ' * (place % 7)}",
        )
        for transcript in range(transcripts)
        for place in range(utterances)
    ]


def real() -> str:
    """Return the file of real conversations; the test is skipped where there is none."""
    beside = Path(__file__).parents[2] / "shared" / "data" / "annomi-100.csv"
    path = Path(os.environ.get("COACHWORK_ANNOMI", beside))
    if not path.is_file():
        pytest.skip("there is no file of real conversations here; set COACHWORK_ANNOMI")
    return str(path)


class Dying:
    """Records that cannot be changed any more after some commits, as if the process were dead."""

    def __init__(self, store: Repository, commits: int) -> None:
        """Stand before *store* for so many commits."""
        self.get, self.log, self.find = store.get, store.log, store.find
        self._store = store
        self._commits = commits

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """Commit, if it still lives."""
        if self._commits == 0:
            raise StoreUnavailableError("the process is dead")
        self._commits -= 1
        return self._store.commit(ops)
