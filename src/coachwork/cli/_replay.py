"""``coachwork replay``: real conversations through the library, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from time import perf_counter
from typing import Final, Literal

from attrs import frozen
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from coachwork.cli._database import database_path, opened
from coachwork.cli._plain import tell
from coachwork.cli._replaying import Replay, is_equal
from coachwork.cli._terminal import Terminal
from coachwork.cli._transcripts import Recording, read_recording

FAILED: Final = 1
"""The exit code when something is not read back as it was put in."""

STEPS: Final = 10
"""How many lines tell of the progress where there is no terminal."""

TOLD: Final = 10
"""How many transcripts are named at most that are not read back as they were put in."""


def replay(
    path: str,
    told: str | None,
    *,
    limit: int | None,
    synchronous: Literal["FULL", "NORMAL"],
    acknowledge: bool,
) -> int:
    """Run the conversations of a file through the library and report.

    Args:
        path: The CSV file.
        told: The database file, or None for a temporary one.
        limit: Only so many conversations, the first ones.
        synchronous: What SQLite waits for.
        acknowledge: Print a line after every call: the transcript's id, a tab, and how many of
            its messages are certainly kept.

    Returns:
        0 where all was read back as it was put in, else 1.

    Raises:
        CoachworkError: File or database cannot be used.
    """
    recording = read_recording(path)
    with database_path(told) as kept:
        try:
            outcome = _replay(recording, kept, limit, synchronous, acknowledge=acknowledge)
        except KeyboardInterrupt:
            if told is not None:
                tell("INTERRUPTED", "nothing is lost; the same command goes on where it stopped")
            raise
    _report(recording, outcome, synchronous)
    return FAILED if outcome.different else 0


@frozen(kw_only=True)
class _Outcome:
    """The figures of a replay.

    Attributes:
        sessions: How many conversations there are.
        turns: How many messages of the user.
        fresh: How many of them were sent now.
        failed: How many of them the recording has no answer to.
        messages: How many messages all in all.
        seconds: How long it took to replay them.
        reading: How long it took to read all back.
        different: The transcripts that were not read back as they were put in.
    """

    sessions: int
    turns: int
    fresh: int
    failed: int
    messages: int
    seconds: float
    reading: float
    different: tuple[str, ...]


def _replay(
    recording: Recording,
    path: str,
    limit: int | None,
    synchronous: Literal["FULL", "NORMAL"],
    *,
    acknowledge: bool,
) -> _Outcome:
    """Replay the first conversations of *recording*, and read them back."""
    transcripts = recording.transcripts[:limit]
    turns = sum(len(transcript.turns) for transcript in transcripts)
    with opened(path, synchronous=synchronous) as database, _progress(turns) as turned:
        player = Replay(
            database, acknowledge=_print if acknowledge else _say_nothing, turned=turned
        )
        began = perf_counter()
        done = [player.play(transcript) for transcript in transcripts]
        seconds = perf_counter() - began
        different = tuple(
            transcript.id
            for transcript, replayed in zip(transcripts, done, strict=True)
            if not is_equal(transcript, replayed.chat)
        )
        reading = perf_counter() - began - seconds
    return _Outcome(
        sessions=len(done),
        turns=turns,
        fresh=sum(replayed.fresh for replayed in done),
        failed=sum(replayed.failed for replayed in done),
        messages=sum(len(transcript.utterances) for transcript in transcripts),
        seconds=seconds,
        reading=reading,
        different=different,
    )


def _print(transcript: str, messages: int) -> None:
    """Acknowledge that so many messages of *transcript* are kept."""
    print(f"{transcript}\t{messages}", flush=True)


def _say_nothing(_transcript: str, _messages: int) -> None:
    """Acknowledge nothing."""


@contextmanager
def _progress(turns: int) -> Generator[Callable[[int], None]]:
    """Show how far it is, out of *turns*; lend what is to be told how many more are done.

    It goes to the standard error stream, so that the report stands alone in the other one.
    """
    console = Console(stderr=True, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        yield _lines(console, turns)
        return
    columns = (
        TextColumn("replaying"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("turns"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("replaying", total=turns)
        yield lambda more: progress.advance(task, more)


def _lines(console: Console, turns: int) -> Callable[[int], None]:
    """Return what prints a line for every tenth of the *turns*."""
    done, most = 0, max(turns, 1)

    def turned(more: int) -> None:
        nonlocal done
        before, done = done, done + more
        if before * STEPS // most < done * STEPS // most:
            console.print(f"{done:,} of {turns:,} turns", soft_wrap=True)

    return turned


def _report(recording: Recording, outcome: _Outcome, synchronous: str) -> None:
    """Print the figures."""
    terminal = Terminal(user="")
    earlier = outcome.turns - outcome.fresh
    rate = f"{outcome.fresh / outcome.seconds:,.0f} turns a second (synchronous={synchronous})"
    equal = outcome.sessions - len(outcome.different)
    terminal.note(
        "file",
        f"{recording.rows:,} rows: {recording.merged:,} joined to the one before, "
        f"{recording.blank:,} left out as blank",
    )
    terminal.note("sessions", f"{outcome.sessions:,}, all completed")
    terminal.note("messages", f"{outcome.messages:,}")
    terminal.note("turns", f"{outcome.turns:,}" + (f", {earlier:,} before" if earlier else ""))
    terminal.note("failed", f"{outcome.failed:,} messages without an answer, kept")
    terminal.note("rate", f"{rate}, {outcome.seconds:.2f} s" if outcome.fresh else "nothing to do")
    terminal.note(
        "read back",
        f"{equal:,} of {outcome.sessions:,} sessions equal to the recording, "
        f"{outcome.reading:.2f} s",
    )
    if outcome.different:
        named = ", ".join(outcome.different[:TOLD])
        terminal.note("different", named + (" ..." if outcome.different[TOLD:] else ""))
