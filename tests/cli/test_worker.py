"""`coachwork worker`."""

from __future__ import annotations

import io
import os
import re
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Final

import pytest

from coachwork.adapters import ScriptedModel, SQLite
from coachwork.cli import main
from coachwork.cli._chat_coach import topic_of
from coachwork.cli._choice import Choice
from coachwork.cli._worker import Shift, worker
from coachwork.coach import Chat, Coach
from coachwork.jobs import JobStatus
from coachwork.ports import Answer, Ask
from tests.openai_server import refuses, says, serving
from tests.terminals import PATIENCE, program

LINE: Final = re.compile(r"\d\d:\d\d:\d\d [0-9a-f-]{36} (\w+) +(\w+) +\d+ ms")


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Return the path of a database that is not there yet."""
    return str(tmp_path / "jobs.db")


def submitted(database: SQLite, number: int = 1, topic: str = "today") -> list[Chat[object]]:
    """Return new sessions that wait for their greetings."""
    about = topic_of(topic)
    coach = Coach(database, ScriptedModel([]), topics=[about])
    return [
        coach.as_user(f"u{user}").start(about, context={"name": "Ada"}, wait=False)
        for user in range(number)
    ]


def status(chat: Chat[object]) -> JobStatus:
    """Return how the job of the greeting stands."""
    assert chat.opening_job is not None
    return chat.job(chat.opening_job.id).status


def test_it_answers_what_waits_and_ends(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each job, by ids alone, and one at the end."""
    with closing(SQLite(path)) as database:
        chats = submitted(database, 3)
        assert main(["worker", "--database", path, "--once", "--concurrency", "2"]) == 0
        assert [status(chat) for chat in chats] == [JobStatus.COMPLETED] * 3
    out, err = capsys.readouterr()
    first, *jobs, last = out.splitlines()
    assert first == f"Answering in {path} about today, by the listening coach, up to 2 at once."
    told = [LINE.fullmatch(job) for job in jobs]
    assert [match and match.groups() for match in told] == [("greeting", "completed")] * 3
    assert re.fullmatch(r"3 jobs \(3 completed\) in \d+\.\d s\.", last)
    assert err == ""


def test_a_language_model_may_answer_or_fail(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Why it failed is told in words beside the code."""
    with closing(SQLite(path)) as database, serving(refuses(401), says("Hi.")) as server:
        submitted(database)
        model = ["--model", "openai:small", "--base-url", server.url, "--once"]
        assert main(["worker", "--database", path, *model]) == 0
        out, err = capsys.readouterr()
        assert "by openai:small" in out
        assert " greeting     LLM_ERROR " in out
        assert "\n1 job (1 LLM_ERROR) in " in out
        assert err.startswith("coachwork: LLM_ERROR: the provider answered 401: the key is")
        submitted(database)
        assert main(["worker", "--database", path, *model]) == 0
    assert " greeting     completed " in capsys.readouterr().out


def test_it_answers_on_the_topics_that_it_is_told(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job on another one is left, and a hint says how to have it answered."""
    with closing(SQLite(path)) as database:
        (chat,) = submitted(database, topic="my work")
        assert main(["worker", "--database", path, "--once"]) == 0
        out, err = capsys.readouterr()
        assert "\n0 jobs in " in out
        assert err.startswith("coachwork: WARNING: ")
        assert err.endswith(": TOPIC_NOT_FOUND; name it by --topic\n")
        topics = ["--topic", "today", "--topic", "my work", "--topic", "today"]
        assert main(["worker", "--database", path, "--once", *topics]) == 0
        assert status(chat) is JobStatus.COMPLETED
    assert " about today, my work, by" in capsys.readouterr().out


class Held:
    """A model that answers when it is let."""

    def __init__(self) -> None:
        """Hold the answer back."""
        self.asked = Event()
        self.let = Event()

    def complete(self, _ask: Ask, /) -> Answer:
        """Answer."""
        self.asked.set()
        assert self.let.wait(PATIENCE)
        return Answer(text="Hello.")


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    """Return the model that the worker asks; it may take half a minute."""
    model = Held()
    monkeypatch.setattr("coachwork.cli._worker.model_of", lambda _choice: model)
    return model


HALF_A_MINUTE: Final = ("--think", "30")


class Notices:
    """What the worker says of signals, in the place of the standard error stream."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Listen."""
        self.heard = b""
        self._reading, self._writing = os.pipe()
        monkeypatch.setattr("coachwork.cli._worker.STDERR", self._writing)

    def wait(self) -> None:
        """Wait for the next one."""
        self.heard += os.read(self._reading, 4096)

    def close(self) -> None:
        """Listen no more."""
        os.close(self._reading)
        os.close(self._writing)


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> Generator[Notices]:
    """Lend what hears the worker's notices."""
    with closing(Notices(monkeypatch)) as heard:
        yield heard


def meanwhile(model: Held, *steps: Callable[[], None]) -> Thread:
    """Do all *steps* in turn, once the model is asked."""

    def do() -> None:
        assert model.asked.wait(PATIENCE)
        for step in steps:
            step()

    thread = Thread(target=do)
    thread.start()
    return thread


def kill(number: signal.Signals) -> Callable[[], None]:
    """Return what sends that signal to this process."""
    return lambda: os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_when_what_is_under_way_is_answered(
    path: str,
    number: signal.Signals,
    held: Held,
    notices: Notices,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The exit code is that of success, and the handlers are what they were."""
    before = signal.getsignal(number)
    with closing(SQLite(path)) as database:
        (chat,) = submitted(database)
        thread = meanwhile(held, kill(number), notices.wait, held.let.set)
        assert main(["worker", "--database", path, *HALF_A_MINUTE]) == 0
        thread.join()
        assert status(chat) is JobStatus.COMPLETED
    assert "1 job (1 completed)" in capsys.readouterr().out
    assert notices.heard.startswith(b"Stopping when what is under way is answered")
    assert signal.getsignal(number) is before


def test_a_signal_stops_it_at_once_where_nothing_is_under_way(
    path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Then there is nothing to wait for, and it does not say so."""
    with closing(SQLite(path)) as database:
        (chat,) = submitted(database)

        def stop_when_it_is_done() -> None:
            until = monotonic() + PATIENCE
            while status(chat) is not JobStatus.COMPLETED and monotonic() < until:
                sleep(0.005)
            os.kill(os.getpid(), signal.SIGTERM)

        thread = Thread(target=stop_when_it_is_done)
        thread.start()
        assert main(["worker", "--database", path]) == 0
        thread.join()
    out, err = capfd.readouterr()
    assert err == "Stopping.\n"
    assert re.search(r"^1 job \(1 completed\) in \d+\.\d s\.$", out, re.MULTILINE)


def test_a_second_signal_stops_it_at_once(
    path: str, held: Held, notices: Notices, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is under way is given back: another worker may take it."""
    with closing(SQLite(path)) as database:
        (chat,) = submitted(database)
        thread = meanwhile(held, kill(signal.SIGTERM), notices.wait, kill(signal.SIGINT))
        assert main(["worker", "--database", path, *HALF_A_MINUTE]) == 130
        thread.join()
        assert status(chat) is JobStatus.PENDING
    assert re.search(
        r"^0 jobs in \d+\.\d s; what was under way is given back\.$",
        capsys.readouterr().out,
        re.MULTILINE,
    )
    held.let.set()


class Closed(io.StringIO):
    """Somebody reads a line and goes away."""

    def write(self, text: str, /) -> int:
        """Take the first line."""
        if "\n" in self.getvalue():
            raise BrokenPipeError
        return super().write(text)


def test_it_stops_when_nobody_reads_what_it_prints(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was taken on is answered all the same."""
    with closing(SQLite(path)) as database:
        (chat,) = submitted(database)
        monkeypatch.setattr(sys, "stdout", Closed())
        shift = Shift(path=path, topics=["today"], choice=Choice(), concurrency=1, once=False)
        with pytest.raises(BrokenPipeError):
            worker(shift)
        assert status(chat) is JobStatus.COMPLETED


def test_two_programs_work_together(path: str) -> None:
    """One talks and leaves its answers to the other; Ctrl-C ends the worker cleanly."""
    with program("worker", "--database", path) as (working, process):
        working.until("the listening coach")
        with program("chat", "--database", path, "--no-worker") as (chat, talking):
            chat.until("on your mind?", "you  ")
            chat.type("I never stop working.\n")
            chat.until("I hear you say", "you  ")
            chat.type("\x04")
        assert talking.returncode == 0
        working.until("reply        completed")
        working.type("\x03")
    assert process.returncode == 0
    assert "2 jobs (2 completed) in " in working.text
    told = f"Answers are left to `coachwork worker --database {path}`."
    assert "".join(told.split()) in "".join(chat.text.split())  # a long path is folded
