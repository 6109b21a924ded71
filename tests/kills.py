"""Killing a replay at random moments, and looking at what is left.

Run by `tests/test_kill_replay.py` a few times, and by `scripts/kill_replay` hundreds of times.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from collections import Counter
from contextlib import closing
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Final

from attrs import evolve, field, frozen

from coachwork.adapters import SQLite
from coachwork.cli._replaying import START, TENANT
from coachwork.cli._transcripts import Transcript, read_recording
from coachwork.jobs import Job
from coachwork.messages import Message
from coachwork.records import KINDS, Record
from coachwork.sessions import Background, Claim, Receipt, Session, Spending, Standing
from coachwork.testing import snapshot, violations

STARTING: Final = 0.1
"""How often a process is killed while it is starting, before it has done anything new."""

LONGEST_START: Final = 1.0
"""Seconds within which it is killed then."""

LONGEST_CALL: Final = 0.01
"""Seconds within which it is killed after the last call that it acknowledged, else."""


@frozen
class Tally:
    """What was found after many kills.

    Attributes:
        kills: How many processes were killed.
        rounds: How many databases were brought to the end meanwhile.
        acknowledged: How many messages were acknowledged when their process was killed.
        moments: What the killed processes left: a job in flight, or none.
        faults: Everything that was not as it must be.
        seconds: How long it all took.
    """

    kills: int
    rounds: int
    acknowledged: int
    moments: Counter[str]
    faults: list[str]
    seconds: float


@frozen
class Killer:
    """Replays one recording again and again, and kills it while it does.

    Attributes:
        path: The recording.
        folder: Where the databases lie.
        transcripts: What the recording holds, by id.
        end: What an undisturbed replay ends with.
        chance: Decides when to kill.
        synchronous: What SQLite waits for.
        faults: What was found that is not as it must be.
    """

    path: str
    folder: Path
    transcripts: dict[str, Transcript]
    end: dict[str, list[object]]
    chance: random.Random
    synchronous: str
    faults: list[str] = field(factory=list[str])

    def run(self, kills: int) -> Tally:
        """Kill so many processes, and bring every database to its end."""
        began = monotonic()
        calls = sum(len(said.turns) + 2 for said in self.transcripts.values())
        most = max(2, 2 * calls // kills)
        moments = Counter[str]()
        done = rounds = acknowledged = 0
        database = self.folder / "killed-0.db"
        kept: dict[str, int] = {}
        while done < kills and not self.faults:
            if self._replay(database, kept, self.chance.randrange(most)):
                self._compare(database)
                acknowledged += sum(kept.values())
                rounds += 1
                database, kept = self.folder / f"killed-{rounds}.db", {}
                continue
            done += 1
            moments[self._look(database, kept)] += 1
        self._replay(database, kept, None)
        self._compare(database)
        acknowledged += sum(kept.values())
        return Tally(done, rounds + 1, acknowledged, moments, self.faults, monotonic() - began)

    def _replay(self, database: Path, kept: dict[str, int], calls: int | None) -> bool:
        """Replay into *database*, for so many calls or to the end; tell whether it came there.

        Args:
            database: The file.
            kept: How many messages were acknowledged, by transcript; what is acknowledged now
                is noted in it.
            calls: How many calls may be acknowledged that were not before; None: all.
        """
        errors = self.folder / "errors.txt"
        with (
            errors.open("wb") as stderr,
            subprocess.Popen(
                [
                    *(sys.executable, "-m", "coachwork", "replay", self.path),
                    *("--limit", str(len(self.transcripts)), "--synchronous", self.synchronous),
                    *("--database", str(database), "--acknowledge"),
                ],
                stdout=subprocess.PIPE,
                stderr=stderr,
                encoding="utf-8",
            ) as process,
        ):
            assert isinstance(process.stdout, TextIOWrapper)
            if calls is not None and self.chance.random() < STARTING:
                sleep(self.chance.random() * LONGEST_START)
                process.kill()
            for line in process.stdout:
                told = line.rstrip("\n").split("\t")
                if len(told) != 2 or not line.endswith("\n"):
                    continue  # the report, or a line that was cut off
                transcript, messages = told[0], int(told[1])
                if messages > kept.get(transcript, -1):
                    kept[transcript] = messages
                    if calls == 0:
                        sleep(self.chance.random() * LONGEST_CALL)
                        process.kill()
                    calls = None if calls is None else calls - 1
            code = process.wait()
        if code > 0:
            said = errors.read_text("utf-8").splitlines()[-1:]
            self.faults.append(f"the replay ended with the exit code {code}: {said}")
        return code >= 0

    def _look(self, database: Path, kept: dict[str, int]) -> str:
        """Look at what a killed process left; return what was in flight."""
        if not database.exists():
            return "nothing at all"
        records = self._records(database)
        self.faults.extend(violations(records))
        messages = _messages(records)
        for transcript, number in kept.items():
            recorded = [
                (said.role, START + said.at, said.text)
                for said in self.transcripts[transcript].utterances[:number]
            ]
            if messages.get(transcript, [])[:number] != recorded:
                self.faults.append(f"transcript {transcript}: not all of {number} messages kept")
        values = [KINDS[record.key.kind].read(record).value for record in records]
        open_jobs = [value for value in values if isinstance(value, Job) and value.lease]
        return f"a {open_jobs[0].kind} in flight" if open_jobs else "no job in flight"

    def _compare(self, database: Path) -> None:
        """Compare the end of a disturbed replay with that of an undisturbed one."""
        records = self._records(database)
        self.faults.extend(violations(records))
        if ended(records) != self.end:
            self.faults.append("the end is not that of an undisturbed replay")

    def _records(self, database: Path) -> list[Record]:
        return records_of(database, self.transcripts)


def killer(
    path: str, folder: Path, *, seed: int, synchronous: str, limit: int | None = None
) -> Killer:
    """Return what kills replays of *path*, with an undisturbed replay of it to compare with.

    Args:
        path: The recording.
        folder: Where databases may be left.
        seed: Of the moments.
        synchronous: What SQLite waits for.
        limit: Only so many conversations, the first ones.
    """
    transcripts = {said.id: said for said in read_recording(path).transcripts[:limit]}
    undisturbed = folder / "undisturbed.db"
    killer = Killer(path, folder, transcripts, {}, random.Random(seed), synchronous)
    assert killer._replay(undisturbed, {}, None)
    return evolve(killer, end=ended(records_of(undisturbed, transcripts)))


def records_of(database: Path, transcripts: dict[str, Transcript]) -> list[Record]:
    """Return everything that is stored of *transcripts*."""
    with closing(SQLite(database)) as repository:
        return snapshot(repository, [(TENANT, transcript) for transcript in transcripts])


def ended(records: list[Record]) -> dict[str, list[object]]:
    """Return what *records* hold by transcript, without ids and without how often it was tried."""
    by_user: dict[str, list[object]] = {}
    for record in records:
        value: object = KINDS[record.key.kind].read(record).value
        told: object
        match value:
            case Session():
                user = value.about.user
                ledger = evolve(value.ledger, settled_job=value.ledger.settled_job and "")
                about = evolve(value.about, id="")
                told = (record.version, evolve(value, about=about, ledger=ledger))
            case Message():
                user, told = value.user, evolve(value, session="", job="")
            case Job():
                user = value.user
                told = (value.key, value.kind, value.status, value.message, value.settlement)
                told = (*told, value.error, value.usage)
            case Receipt():
                user = value.user
                told = (value.key, evolve(value, session="", job="", fingerprint=""))
            case Standing():
                user, told = value.user, evolve(value, session="")
            case Background():
                user, told = value.user, evolve(value, session="")
            case Claim() | Spending():
                user, told = value.user, "nothing of this kind is left at the end"
            case _:
                user, told = str(record.key.parts[0]), value
        by_user.setdefault(user, []).append(told)
    return {user: sorted(told, key=repr) for user, told in by_user.items()}


def _messages(records: list[Record]) -> dict[str, list[object]]:
    """Return the messages by transcript, in order."""
    found: dict[str, list[object]] = {}
    for record in records:
        value: object = KINDS[record.key.kind].read(record).value
        if isinstance(value, Message):
            found.setdefault(value.user, []).append((value.role, value.at, value.text))
    return found


def main() -> int:
    """Kill replays of a file, as often as the command line says, and print what was found."""
    parser = argparse.ArgumentParser(
        prog="scripts/kill_replay", description="Kill replays of a recording at random moments."
    )
    parser.add_argument("path", metavar="PATH", help="the recording, as for coachwork replay")
    parser.add_argument("--kills", type=int, default=200, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (%(default)s)")
    parser.add_argument("--synchronous", choices=("FULL", "NORMAL"), default="FULL")
    told = parser.parse_args()
    with TemporaryDirectory(prefix="coachwork-", ignore_cleanup_errors=True) as folder:
        prepared = killer(told.path, Path(folder), seed=told.seed, synchronous=told.synchronous)
        tally = prepared.run(told.kills)
    # ruff: noqa: T201 - a program that is run by hand
    print(f"{tally.kills} kills at random moments, {tally.rounds} replays brought to the end")
    print(f"{tally.acknowledged:,} messages acknowledged, in {tally.seconds:.0f} s")
    for moment, times in tally.moments.most_common():
        print(f"{times:6}  found {moment}")
    for fault in tally.faults:
        print(f"FAULT: {fault}")
    print("FAILED" if tally.faults else "nothing lost, every session valid, the same end")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
