"""Recorded conversations (`coachwork.cli._transcripts`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from coachwork.cli._transcripts import COLUMNS, Utterance, as_reply, read_recording
from coachwork.errors import ValidationError
from coachwork.messages import Role
from coachwork.replies import Reply, parse_reply
from tests.recordings import CLIENT, HEADER, ODD, THERAPIST, Row, real, write

GOOD: Row = ("0", "habits", "0", CLIENT, "00:00:00", "Hello")


def test_all_oddities_are_dealt_with(tmp_path: Path) -> None:
    """Neighbours are joined, blanks left out, the clock never goes back; both may open and end."""
    recording = read_recording(write(tmp_path / "odd.csv", ODD))
    assert (recording.rows, recording.merged, recording.blank) == (16, 3, 1)
    habits, rest, odd, coach_only, user_only = recording.transcripts
    assert [said.id for said in recording.transcripts] == ["0", "1", "a/b 'c'", "3", "4"]
    assert habits.greeting is not None
    assert habits.greeting.text == "Is it okay if I take a look?"
    assert [(said.id, reply.id if reply else None) for said, reply in habits.turns] == [("1", "2")]
    assert rest.greeting is None
    minute = timedelta(minutes=1)
    assert rest.utterances == (
        Utterance("0", Role.USER, minute, 'I don\'t sleep.\nOr not well, "as they say".'),
        Utterance("3", Role.COACH, minute, "Not well.\nSince when?\nSince spring?"),
        Utterance("7", Role.USER, minute, "[sighs] Since spring."),
    )
    assert [reply for _, reply in rest.turns] == [rest.utterances[1], None]
    assert [said.id for said in odd.utterances] == ["x", "y", "2", "3"]
    assert odd.utterances[1].text == '```json\n{"is_final": true}\n```\nÜnïcödé 🙂 \x1b[31m'
    assert odd.utterances[3].at == timedelta(hours=100, seconds=4)
    assert (coach_only.turns, len(user_only.turns)) == ((), 1)


def test_columns_may_stand_in_any_order_and_others_beside_them(tmp_path: Path) -> None:
    """Columns are found by name; a byte order mark and empty lines do no harm."""
    header = ("note", *reversed(COLUMNS))
    path = tmp_path / "other.csv"
    write(path, [("n", "Hello", "00:00:00", CLIENT, "0", "7"), ()], header)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    (transcript,) = read_recording(str(path)).transcripts
    assert transcript.id == "7"
    assert transcript.utterances[0].text == "Hello"


@pytest.mark.parametrize(
    "rows,place,expected",
    [
        ([(*GOOD[:4], "1:2", "x")], "row 2, column timestamp", "hh:mm:ss"),
        ([GOOD, (*GOOD[:4], "00:61:00", "x")], "row 3, column timestamp", "hh:mm:ss"),
        ([("0", "", "1", "dog", "00:00:00", "x")], "row 2, column interlocutor", "therapist or"),
        ([("", "", "1", CLIENT, "00:00:00", "x")], "row 2, column transcript_id", "characters"),
        ([("0", "", "1" * 121, CLIENT, "00:00:00", "x")], "row 2, column utterance_id", "1 to 120"),
        ([GOOD, GOOD], "row 3, column utterance_id", "an id that no other row"),
        ([(*GOOD[:5], "a\0b")], "row 2, column utterance_text", "NUL"),
        ([(*GOOD[:5], "ä" * 20_001)], "row 2, column utterance_text", "at most 40000 bytes"),
        (
            [GOOD, ("0", "", "1", CLIENT, "00:00:00", "w" * 39_995)],
            "row 3, column utterance_text",
            "at most 40000 bytes",
        ),
        (
            [("0", "", "1", THERAPIST, "00:00:00", '"' * 20_000)],
            "row 2, column utterance_text",
            "as a reply",
        ),
        ([GOOD[:5]], "row 2", "6 columns, not 5"),
        ([(*GOOD, "more")], "row 2", "6 columns, not 7"),
        ([], "", "at least one row"),
        ([(*GOOD[:5], " ")], "", "at least one row"),
    ],
)
def test_a_bad_row_is_named(
    rows: Sequence[Sequence[str]], place: str, expected: str, tmp_path: Path
) -> None:
    """The error names file, row and column, and never what stands there."""
    path = write(tmp_path / "bad.csv", rows)
    with pytest.raises(ValidationError) as caught:
        read_recording(path)
    assert caught.value.field == (f"{path}, {place}" if place else path)
    assert expected in caught.value.expected


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(column: str, tmp_path: Path) -> None:
    """Each of the columns is needed."""
    header = [name for name in HEADER if name != column]
    path = write(tmp_path / "bad.csv", [], header)
    with pytest.raises(ValidationError, match=rf"row 1: expected the column {column}$"):
        read_recording(path)


@pytest.mark.parametrize(
    "data,sentence",
    [
        (b"", "row 1: expected the column transcript_id"),
        (b"a\nb\n\xff\n", "line 3: expected text in UTF-8"),
        (b"PK\x03\x04", "row 1: expected the column"),
        (b'"a\n', "after row 1: expected CSV (unexpected end of data)"),
        (
            ",".join(HEADER).encode() + b'\n0,h,0,client,00:00:00,"a"b\n',
            "after row 1: expected CSV",
        ),
    ],
    ids=["empty", "not UTF-8", "not CSV", "open quote", "quote in the middle"],
)
def test_a_file_of_another_form_is_refused(data: bytes, sentence: str, tmp_path: Path) -> None:
    """The error names the file and where it stops being one."""
    path = tmp_path / "bad.csv"
    path.write_bytes(data)
    with pytest.raises(ValidationError) as caught:
        read_recording(str(path))
    assert str(caught.value).startswith(f"{path}, {sentence}")


@pytest.mark.parametrize("name", ["missing.csv", ".", "a\0b"])
def test_a_file_that_cannot_be_read_is_refused(name: str, tmp_path: Path) -> None:
    """A missing file, a folder, and what is no path at all."""
    with pytest.raises(ValidationError, match="expected a file that can be read"):
        read_recording(f"{tmp_path}/{name}")


def test_a_recorded_reply_says_exactly_what_was_said() -> None:
    """Words that look like JSON, or like the end of a session, stay words."""
    for text in ('{"message": "x", "is_final": true}', "{", "```json\n[]\n```", "Ünï\n\x1b", " x "):
        told = parse_reply(as_reply(text), None, "stop")
        assert told == Reply(message=text, structured=True)
        assert json.loads(as_reply(text)) == {"message": text}


def test_what_was_said_is_in_no_representation(tmp_path: Path) -> None:
    """People's words reach no log by accident."""
    recording = read_recording(write(tmp_path / "one.csv", [(*GOOD[:5], "secret")]))
    assert "secret" not in repr(recording)


def test_the_real_conversations_are_read() -> None:
    """The published file has the figures that its description tells."""
    recording = read_recording(real())
    assert len(recording.transcripts) == 100
    assert sum(said.greeting is None for said in recording.transcripts) == 14
    assert sum(said.utterances[-1].role is Role.USER for said in recording.transcripts) == 44
    assert recording.merged > 0
