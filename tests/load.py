"""A load run: many sessions, several worker processes, and one of them killed every second.

Run small by `tests/test_load.py`, and in full by `scripts/load_run`. The users talk in this
process: each says the next thing when the job before it has its event, or when polling finds it
settled, and repeats what failed, or lets it be. Workers answer in processes of their own
(`tests.load_worker`). In the end what is left is brought to its end, and everything is judged
(`tests.load_judge`).
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Condition, Event, Thread
from time import monotonic, monotonic_ns, sleep
from typing import Final, TypeVar

from attrs import define, field, frozen

from coachwork import Worker
from coachwork.adapters import SQLite
from coachwork.coach import Chat, Coach
from coachwork.errors import StoreError
from coachwork.jobs import JobKind, JobStatus
from coachwork.testing import snapshot
from coachwork.workflows import JobView
from tests.load_judge import Accepted, Evidence, calls_of, events_of, judge
from tests.load_worker import LAST, TENANT, TOPIC, Load, Outcome, coach_of

T = TypeVar("T")

HANDS: Final = 4
"""How many threads the users share."""

MOST_TRIES: Final = 20
"""How often a call is made again that the repository failed."""

A_MOMENT: Final = 0.02
"""Seconds after which events are looked for again."""

POLLED: Final = 0.05
"""Seconds after which a user polls again."""

MOST_FAULTS: Final = 50
"""How many faults are printed."""


@define
class Talk:
    """A user, and what is still to be said."""

    number: int
    left: int
    chance: random.Random
    polls: bool = False
    chat: Chat[Outcome] | None = None
    job: JobView | None = None

    @property
    def user(self) -> str:
        """The user's id."""
        return f"user-{self.number}"


class Mail:
    """The events that workers have written down, read as they come."""

    def __init__(self) -> None:
        """Begin without any."""
        self._files: list[tuple[Path, int, subprocess.Popen[bytes]]] = []

    def add(self, path: Path, process: subprocess.Popen[bytes]) -> None:
        """Read the file of a process, too, which has yet to make it."""
        self._files.append((path, 0, process))

    def read(self) -> list[str]:
        """Return the jobs of events that came since, each perhaps several times."""
        jobs: list[str] = []
        still: list[tuple[Path, int, subprocess.Popen[bytes]]] = []
        for path, at, process in self._files:
            ended = process.poll() is not None  # whatever it wrote is there to be read
            whole = b""
            if path.exists():
                with path.open("rb") as file:
                    file.seek(at)
                    whole = b"".join(file.read().rpartition(b"\n")[:2])
            jobs += [json.loads(line)[1]["jobId"] for line in whole.splitlines()]
            if not ended:
                still.append((path, at + len(whole), process))
        self._files = still
        return jobs


@frozen
class Crew:
    """The worker processes.

    Attributes:
        folder: The run's folder.
        load: How much of what.
        mail: Reads what they write.
        chance: Decides who is killed.
        living: The processes.
        kills: When one was killed (seconds of a clock).
        faults: What was found that is not as it must be.
    """

    folder: Path
    load: Load
    mail: Mail
    chance: random.Random
    living: dict[int, subprocess.Popen[bytes]] = field(factory=dict[int, "subprocess.Popen[bytes]"])
    kills: list[float] = field(factory=list[float])
    faults: list[str] = field(factory=list[str])

    def begin(self) -> None:
        """Start all of them, and wait until they work."""
        for number in range(self.load.workers):
            self._start(number)
        until = monotonic() + self.load.patience
        while len(list(self.folder.glob("events-worker-*"))) < self.load.workers:
            if monotonic() > until or not self.is_whole():
                return
            sleep(A_MOMENT)

    def _start(self, number: int) -> None:
        name = f"worker-{number}"
        with (self.folder / f"errors-{number}").open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.load_worker", str(self.folder), name],
                stdin=subprocess.PIPE,
                stderr=errors,
            )
        self.living[number] = process
        self.mail.add(self.folder / f"events-{name}", process)

    def kill(self) -> None:
        """Kill one of those at work, and start another one; on a slow machine, wait for half."""
        working = [
            number
            for number in sorted(self.living)
            if (self.folder / f"events-worker-{number}").exists()
        ]
        if 2 * len(working) < self.load.workers or len(self.kills) == self.load.kills:
            return
        number = self.chance.choice(working)
        process = self.living.pop(number)
        process.kill()
        self._ended(number, process, -signal.SIGKILL)
        self.kills.append(monotonic())
        self._start(self.load.workers + len(self.kills) - 1)

    def is_whole(self) -> bool:
        """Whether nobody has ended but by a kill."""
        return all(process.poll() is None for process in self.living.values())

    def end(self) -> None:
        """Let all of them end as they should."""
        for process in self.living.values():
            assert process.stdin is not None
            process.stdin.close()
        for number, process in self.living.items():
            self._ended(number, process, 0)
        self.living.clear()

    def _ended(self, number: int, process: subprocess.Popen[bytes], expected: int) -> None:
        """Make sure that a process ended as it was to end."""
        try:
            code = process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        assert process.stdin is not None
        process.stdin.close()
        if code != expected:
            said = (self.folder / f"errors-{number}").read_text("utf-8").splitlines()[-1:]
            self.faults.append(f"worker {number} ended with {code}, not {expected}: {said}")

    def complaints(self) -> Counter[str]:
        """Return what the workers logged, and how often."""
        return Counter(
            line
            for path in self.folder.glob("errors-*")
            for line in path.read_text("utf-8").splitlines()
        )


class Users:
    """All users, talking."""

    def __init__(self, coach: Coach, load: Load) -> None:
        """Give everybody something to say."""
        self.accepted: dict[str, Accepted] = {}
        self.repeated = Counter[str]()
        self.faults: list[str] = []
        self.done = Event()
        self._coach = coach
        self._load = load
        self._ready: deque[Talk] = deque()
        self._waiting: dict[str, Talk] = {}
        self._early: set[str] = set()
        self._polling: deque[tuple[float, Talk]] = deque()
        self._changed = Condition()
        self._moved = monotonic()
        some, more = divmod(load.messages, load.sessions)
        self._to_come = deque(
            Talk(number, some + (number < more), random.Random(f"{load.seed}-{number}"))
            for number in range(load.sessions)
        )
        self._left = load.sessions
        for _ in range(min(load.at_once, load.sessions)):
            self._ready.append(self._to_come.popleft())

    def talk(self) -> None:
        """Say what is to be said, one thing after the other, until all is said."""
        while not self.done.is_set():
            with self._changed:
                if not self._changed.wait_for(lambda: self._ready or self.done.is_set(), 1):
                    self._check_patience()
                    continue
                if not self._ready:
                    return
                talk = self._ready.popleft()
            try:
                self._go_on(talk)
            except Exception as error:  # noqa: BLE001 - that is what is looked for
                self.stop(f"{talk.user}: {type(error).__name__}: {error}")

    def told(self, jobs: list[str]) -> None:
        """Let those go on whose job has its event, and those that want to poll again."""
        with self._changed:
            while self._polling and self._polling[0][0] <= monotonic():
                self._ready.append(self._polling.popleft()[1])
            for job in jobs:
                talk = self._waiting.pop(job, None)
                if talk is not None:
                    self._ready.append(talk)
                    self._moved = monotonic()
                elif job not in self.accepted:
                    self._early.add(job)
            self._changed.notify_all()

    def _check_patience(self) -> None:
        """Stop where nothing happens any more."""
        if monotonic() - self._moved > self._load.patience:
            left = [f"{talk.user} waits for {job}" for job, talk in self._waiting.items()]
            self.stop(f"nothing happened for {self._load.patience} s: {left[:5]}")

    def stop(self, fault: str | None = None) -> None:
        """Let nobody talk any more."""
        with self._changed:
            if fault is not None:
                self.faults.append(fault)
            self.done.set()
            self._changed.notify_all()

    def _go_on(self, talk: Talk) -> None:
        """Make the next call of a user; afterwards they wait for its job, or are done."""
        settled = None if talk.job is None else self._looked_after(talk, talk.job)
        if talk.job is not None and settled is None:
            self._poll(talk)
        elif talk.chat is None:
            self._open(talk)
        elif (
            settled is not None and settled.retryable and talk.chance.random() < self._load.retries
        ):
            self._repeat(talk, talk.chat, settled)
        elif talk.left > 0:
            self._say(talk, talk.chat)
        else:
            self._finished()

    def _looked_after(self, talk: Talk, job: JobView) -> JobView | None:
        """Poll the user's job; return it if it has its outcome, as it has where its event came."""
        assert talk.chat is not None
        chat = talk.chat
        found = self._surely(talk, lambda: chat.job(job.id))
        if found.status in {JobStatus.COMPLETED, JobStatus.FAILED}:
            return found
        if not talk.polls:
            self.stop(f"job {job.id}: its event came, and it is {found.status}")
        return None

    def _poll(self, talk: Talk) -> None:
        """Let a user poll again soon."""
        with self._changed:
            self._polling.append((monotonic() + POLLED, talk))

    def _open(self, talk: Talk) -> None:
        user = self._coach.as_user(talk.user, tenant=TENANT)
        key = f"{talk.user}-start"
        at = monotonic_ns()
        talk.chat = self._surely(talk, lambda: user.start(TOPIC, key=key, wait=False))
        job = talk.chat.opening_job
        assert job is not None
        self._wait(
            talk,
            job,
            Accepted(
                key=key,
                job=job.id,
                session=job.session,
                kind=JobKind.GREETING,
                text=None,
                retry_of=None,
                at=at,
            ),
        )

    def _say(self, talk: Talk, chat: Chat[Outcome]) -> None:
        talk.left -= 1
        text = f"message {talk.left} of {talk.user}. {'' if talk.left else LAST}"
        key = f"{talk.user}-{talk.left}"
        at = monotonic_ns()
        job = self._surely(talk, lambda: chat.submit(text, key=key))
        self._wait(
            talk,
            job,
            Accepted(
                key=key,
                job=job.id,
                session=job.session,
                kind=JobKind.REPLY,
                text=text,
                retry_of=None,
                at=at,
            ),
        )

    def _repeat(self, talk: Talk, chat: Chat[Outcome], failed: JobView) -> None:
        key = f"{talk.user}-again-{failed.id}"
        at = monotonic_ns()
        job = self._surely(talk, lambda: chat.retry(failed.id, key=key, wait=False))
        self._wait(
            talk,
            job,
            Accepted(
                key=key,
                job=job.id,
                session=job.session,
                kind=job.kind,
                text=None,
                retry_of=failed.id,
                at=at,
            ),
        )

    def _surely(self, talk: Talk, call: Callable[[], T]) -> T:
        """Call until there is an answer; now and then once more."""
        for _ in range(MOST_TRIES):
            try:
                answer = call()
            except StoreError as error:
                self.repeated[error.code] += 1
                continue
            if talk.chance.random() < self._load.twice:
                self.repeated["though answered"] += 1
                call()
            return answer
        raise TimeoutError

    def _wait(self, talk: Talk, job: JobView, call: Accepted) -> None:
        with self._changed:
            talk.job = job
            self.accepted[job.id] = call
            self._moved = monotonic()
            talk.polls = talk.chance.random() < self._load.polls
            if talk.polls:
                self._early.discard(job.id)
                self._polling.append((monotonic() + POLLED, talk))
            elif job.id in self._early:
                self._early.remove(job.id)
                self._ready.append(talk)
                self._changed.notify()
            else:
                self._waiting[job.id] = talk

    def _finished(self) -> None:
        with self._changed:
            self._left -= 1
            if self._to_come:
                self._ready.append(self._to_come.popleft())
                self._changed.notify()
        if self._left == 0:
            self.stop()


# --- the run -------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Report:
    """What came of a load run.

    Attributes:
        load: How much of what.
        evidence: What it left.
        kills: How many workers were killed.
        seconds: How long the users talked.
        repeated: How often which call was made again, and why.
        complaints: What workers logged, and how often.
        faults: Everything that was not as it must be.
    """

    load: Load
    evidence: Evidence
    kills: int
    seconds: float
    repeated: Counter[str]
    complaints: Counter[str]
    faults: list[str]

    @property
    def latencies(self) -> list[float]:
        """Seconds from each acknowledged call to its event, the shortest first."""
        first = {told.wire["jobId"]: told.at for told in self.evidence.first.values()}
        return sorted(
            (first[call.job] - call.at) / 1e9
            for call in self.evidence.accepted.values()
            if call.job in first
        )


def run(folder: Path, load: Load) -> Report:
    """Let all users say all they have to say, while workers are killed; judge what is left."""
    load.save(folder)
    mail = Mail()
    with coach_of(folder, "users") as coach:
        crew = Crew(folder, load, mail, random.Random(load.seed))
        users = Users(coach, load)
        hands = [Thread(target=users.talk) for _ in range(HANDS)]
        try:
            crew.begin()
            began = monotonic()
            for hand in hands:
                hand.start()
            next_kill = began + load.kill_every
            while crew.is_whole() and not users.done.is_set():
                users.told(mail.read())
                if monotonic() >= next_kill:
                    crew.kill()
                    next_kill = max(next_kill + load.kill_every, monotonic())
                users.done.wait(A_MOMENT)
            seconds = monotonic() - began
        finally:
            users.stop()
            crew.end()
        for hand in hands:
            hand.join()
    with coach_of(folder, "end", fails=False) as coach:
        Worker(coach, load.options()).drain()
        while coach.relay().delivered:
            pass
    owners = [(TENANT, f"user-{number}") for number in range(load.sessions)]
    with closing(SQLite(folder / "load.db")) as repository:
        records = snapshot(repository, owners)
    evidence = Evidence(users.accepted, events_of(folder), calls_of(folder))
    faults = [*users.faults, *crew.faults, *judge(evidence, records)]
    if not users.faults and sum(call.text is not None for call in users.accepted.values()) != (
        load.messages
    ):
        faults.append("not all messages were accepted")
    return Report(
        load=load,
        evidence=evidence,
        kills=len(crew.kills),
        seconds=seconds,
        repeated=users.repeated,
        complaints=crew.complaints(),
        faults=faults,
    )


# --- what is printed -----------------------------------------------------------------------------


def tell(report: Report) -> None:
    """Print what came of it."""
    # ruff: noqa: T201 - a program that is run by hand
    load, evidence = report.load, report.evidence
    jobs = list(evidence.jobs.values())
    said = sum(call.text is not None for call in evidence.accepted.values())
    print(
        f"{len(evidence.sessions):,} sessions, {said:,} messages, {load.workers} workers,"
        f" {report.kills} of them killed, in {report.seconds:.0f} s"
    )
    rate = said / report.seconds
    print(f"{rate:.1f} messages and {len(jobs) / report.seconds:.1f} jobs a second")
    print("\nJobs by kind")
    _table(Counter(job.kind.value for job in jobs))
    print("Jobs by outcome")
    _table(
        Counter(
            job.status.value if job.error is None else f"failed: {job.error.code}" for job in jobs
        )
    )
    print("Jobs by the number of leases")
    attempts = Counter(job.attempts for job in jobs)
    _table(Counter({f"{number}": attempts[number] for number in sorted(attempts)}))
    distinct = len(evidence.first)
    calls = sum(evidence.calls.values())
    taken_over = sum(job.attempts - 1 for job in jobs)
    repeats = len(evidence.told) - distinct
    print(f"{taken_over:8,}  leases that ended without an outcome")
    print(f"{calls:8,}  calls of the model")
    print(f"{distinct:8,}  events, and {repeats:,} repeats")
    ended = sum(session.ledger.ending is not None for session in evidence.sessions.values())
    print(f"{ended:8,}  sessions brought to their end")
    latencies = report.latencies
    if latencies:
        told = ", ".join(
            f"{name} {latencies[min(len(latencies) - 1, int(len(latencies) * share))]:.2f} s"
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        )
        print(f"From call to event: {told}, at most {latencies[-1]:.2f} s")
    if report.repeated:
        print("Calls made again")
        _table(report.repeated)
    if report.complaints:
        print("What workers logged")
        _table(report.complaints)
    for fault in report.faults[:MOST_FAULTS]:
        print(f"FAULT: {fault}")
    print(
        f"FAILED: {len(report.faults)} faults"
        if report.faults
        else "every message has one outcome, every job one event, and no reply is there twice"
    )


def _table(counts: Counter[str]) -> None:
    for what, times in counts.items():
        print(f"{times:8,}  {what}")


def main() -> int:
    """Run as the command line says, and print what came of it."""
    parser = argparse.ArgumentParser(
        prog="scripts/load_run",
        description="Talk in many sessions at once while workers are killed, and judge the end.",
    )
    usual = Load()
    for name, said in OPTIONS.items():
        default = getattr(usual, name)
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=type(default),
            default=default,
            help=f"{said} (%(default)s)",
        )
    parser.add_argument("--synchronous", choices=("FULL", "NORMAL"), default=usual.synchronous)
    parser.add_argument("--folder", type=Path, help="where to leave all that it leaves")
    told = vars(parser.parse_args())
    kept: Path | None = told.pop("folder")
    load = Load(**told)
    with TemporaryDirectory(prefix="coachwork-", ignore_cleanup_errors=True) as made:
        folder = kept or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        report = run(folder, load)
    tell(report)
    return 1 if report.faults else 0


OPTIONS: Final = {
    "sessions": "how many sessions, each of another user",
    "messages": "how many messages in all",
    "workers": "how many worker processes",
    "at_once": "how many sessions talk at the same time",
    "kill_every": "seconds from one kill to the next",
    "kills": "how many kills at most",
    "fails": "how often the model fails, from 0 to 1",
    "quick": "seconds that the model takes at least",
    "usual": "seconds that it takes at most, as a rule",
    "slow": "seconds that it takes else",
    "slowly": "how often it takes those, from 0 to 1",
    "telling": "seconds that handing an event over takes, before it is written and after",
    "concurrency": "how many jobs a worker answers at once",
    "lease": "seconds that a worker's lease lasts",
    "retries": "how often a failure that can be repeated is, from 0 to 1",
    "twice": "how often a call is made twice with one key, from 0 to 1",
    "polls": "how often a user polls a job instead of waiting for its event, from 0 to 1",
    "patience": "seconds within which something has to happen",
    "seed": "of all that is left to chance",
}


if __name__ == "__main__":
    sys.exit(main())
