"""A recorded conversation, led through the library (`coachwork.cli._replaying`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from coachwork.adapters import Memory
from coachwork.cli._replaying import START, TENANT, Replay, is_equal
from coachwork.cli._transcripts import Transcript, read_recording
from coachwork.errors import LLMError, StoreUnavailableError, ValidationError
from coachwork.jobs import Job, JobStatus
from coachwork.records import KINDS, Record
from coachwork.sessions import SessionStatus
from coachwork.testing import snapshot, violations
from tests.kills import ended
from tests.recordings import ODD, Dying, talk, write


@pytest.fixture
def transcripts(tmp_path: Path) -> tuple[Transcript, ...]:
    """Return conversations with all oddities."""
    return read_recording(write(tmp_path / "odd.csv", ODD)).transcripts


def records(store: Memory, transcripts: Sequence[Transcript]) -> list[Record]:
    """Return everything that is stored of *transcripts*."""
    return snapshot(store, [(TENANT, transcript.id) for transcript in transcripts])


def test_what_is_read_back_is_what_was_put_in(transcripts: tuple[Transcript, ...]) -> None:
    """Words, speakers, instants, counts: all is as recorded; an unanswered message is kept."""
    store = Memory()
    acknowledged: list[tuple[str, int]] = []
    turned: list[int] = []
    replay = Replay(
        store,
        acknowledge=lambda transcript, messages: acknowledged.append((transcript, messages)),
        turned=turned.append,
    )
    done = [replay.play(transcript) for transcript in transcripts]
    assert all(map(is_equal, transcripts, [each.chat for each in done]))
    assert [(each.turns, each.fresh, each.failed) for each in done] == [
        (1, 1, 0),
        (2, 2, 1),
        (2, 2, 1),
        (0, 0, 0),
        (1, 1, 1),
    ]
    assert sum(turned) == 6
    assert acknowledged[:3] == [("0", 1), ("0", 3), ("0", 3)]
    assert acknowledged[-3:] == [("4", 0), ("4", 1), ("4", 1)]
    stored = records(store, transcripts)
    assert violations(stored) == []
    jobs = [KINDS[record.key.kind].read(record).value for record in stored]
    failed = [job for job in jobs if isinstance(job, Job) and job.status is JobStatus.FAILED]
    assert len(failed) == 3
    rest = done[1].chat.get()
    assert (rest.status, rest.turns, rest.messages) == (SessionStatus.COMPLETED, 1, 3)
    assert rest.ended_at == START + transcripts[1].utterances[-1].at


def test_it_may_be_done_again(transcripts: tuple[Transcript, ...]) -> None:
    """The second time changes nothing, and nothing is sent."""
    store = Memory()
    for transcript in transcripts:
        Replay(store).play(transcript)
    before = records(store, transcripts)
    turned: list[int] = []
    done = [Replay(store, turned=turned.append).play(transcript) for transcript in transcripts]
    assert [(each.turns, each.fresh, each.failed) for each in done] == [
        (1, 0, 0),
        (2, 0, 1),
        (2, 0, 1),
        (0, 0, 0),
        (1, 0, 1),
    ]
    assert sum(turned) == 6
    assert records(store, transcripts) == before


def test_it_goes_on_where_it_stopped(tmp_path: Path, transcripts: tuple[Transcript, ...]) -> None:
    """After any number of commits another process comes to the same end."""
    talks = read_recording(write(tmp_path / "talk.csv", talk(2, 5))).transcripts
    told = [*talks, transcripts[1]]
    undisturbed = Memory()
    for transcript in told:
        Replay(undisturbed).play(transcript)
    end = ended(records(undisturbed, told))
    commits = 0
    while True:
        store = Memory()
        dying = Replay(Dying(store, commits))
        try:
            for transcript in told:
                dying.play(transcript)
        except StoreUnavailableError:
            assert violations(records(store, told)) == []
        else:
            break
        done = [Replay(store).play(transcript) for transcript in told]
        assert all(map(is_equal, told, [each.chat for each in done]))
        assert ended(records(store, told)) == end
        commits += 1
    assert commits > 15


def test_another_recording_under_the_same_ids_is_refused(tmp_path: Path) -> None:
    """A conversation that was begun from another file is left as it is."""
    first, second = (
        read_recording(write(tmp_path / "talk.csv", rows)).transcripts[0]
        for rows in (talk(1, 6), [(*row[:5], "else") for row in talk(1, 6)])
    )
    store = Memory()
    with pytest.raises(StoreUnavailableError):
        Replay(Dying(store, 5)).play(first)
    with pytest.raises(ValidationError, match="other recording of transcript t0"):
        Replay(store).play(second)


def test_what_differs_is_seen(tmp_path: Path) -> None:
    """Another text, another instant, a missing message: none is equal."""
    rows = talk(1, 4)
    (transcript,) = read_recording(write(tmp_path / "talk.csv", rows)).transcripts
    chat = Replay(Memory()).play(transcript).chat
    assert is_equal(transcript, chat)
    changes: tuple[Callable[[], Sequence[tuple[str, ...]]], ...] = (
        lambda: [*rows[:3], (*rows[3][:5], "else")],
        lambda: [*rows[:3], (*rows[3][:4], "00:59:59", rows[3][5])],
        lambda: rows[:3],
    )
    for change in changes:
        (other,) = read_recording(write(tmp_path / "other.csv", change())).transcripts
        assert not is_equal(other, chat)


def test_a_missing_answer_is_taken_for_one_only_where_the_recording_has_none(
    tmp_path: Path,
) -> None:
    """Where the recording has an answer, and the session a failure, that is an error."""
    rows = talk(1, 4)
    (short,) = read_recording(write(tmp_path / "short.csv", rows[:2])).transcripts
    (long,) = read_recording(write(tmp_path / "long.csv", rows)).transcripts
    store = Memory()
    with pytest.raises(StoreUnavailableError):
        Replay(Dying(store, 4)).play(short)  # all but the end
    with pytest.raises(LLMError):
        Replay(store).play(long)
