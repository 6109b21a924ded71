"""Every example is run as a reader runs it, and keeps what its first sentence promises."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Final

import pytest
from typing_extensions import override

from coachwork import (
    Answer,
    Ask,
    LLMError,
    LLMTimeoutError,
    OutcomeUnknownError,
    StoreUnavailableError,
    Usage,
)
from coachwork.errors import CorruptRecordError
from coachwork.jobs import JobKind
from coachwork.ports import CommitResult, Prompt, PromptRole
from coachwork.records import Check, Delete, Facts, Insert, Key, Record, Update
from coachwork.testing import Capability, check_repository
from coachwork.texts import TEXTS
from examples.your_own_model import HTTPModel, Provider, serving
from examples.your_own_repository import Journal

EXAMPLES: Final = Path(__file__).parents[1] / "examples"

SAYS: Final = {
    "background_worker": [
        "event: ai.message.completed I hear: Greet Ada.",
        "event: ai.message.completed I hear: I said no for once.",
        "poll:  completed, attempts: 1",
        "event: ai.message.failed LLM_ERROR",
        "event: ai.message.completed I hear: It felt good.",
    ],
    "business_plan": [
        "Coach: What will people say of it in five years?",
        "-- IN_PROGRESS, vision, 0.00",
        "-- COACHING_COMPLETE, synthesis, 0.80",
        "   stage 2  finance      succeeded, 1 attempts failed",
        "   stage 2  risks        failed, 3 attempts failed",
        "   stage 2  risks        succeeded",
        "*Version 2, complete to 100%, confidence 80%.*",
        "## What could go wrong",
    ],
    "first_session": [
        "Coach: Hello Ada. What mattered this week?",
        "-- paused, 1 turn of 12",
        "-- advice: choose",
        "Coach: Good to see you again.",
        "-- completed, final: True",
        "-- values: honesty, trust",
    ],
    "first_session_async": [
        "coach I hear: Greet Ada.",
        "user  I slept too little.",
        "user  I said no for once.",
        "coach I hear: I said no for once.",
    ],
    "identity_coaching": [
        "Coach: Hello! What do you do when nobody asks anything of you?",
        "       <question: What are you afraid of?> [I would rather not say]",
        "Ada presses [I would rather not say]: left a question unanswered",
        "       <identity_proposal: Writer> [This is me] [Not for me]",
        'Ada presses [This is me]: accepted "Writer"',
        "       -- INTEGRATION",
        "       -- COMPLETED",
        "-- completed, after 26 actions",
        "-- Writer: I write what I mean, and I send it.",
        "-- Honest friend: I listen first, and then I tell the truth.",
    ],
    "organisation_topic": [
        "grace: advice blocked, held by ada",
        "grace: SESSION_CONFLICT {'conflict_user_id': 'ada'}",
        "grace: took it over, active",
        "ada:   abandoned, replaced",
        "linus: started, in another organisation",
    ],
    "pure_machine": [
        "message   active -> active",
        "complete  refused (impossible); allowed: resume, cancel, replace",
        "complete  active -> completed",
        "do        refused (it was done less than twelve hours ago)",
        "keep      kept after 3 times; celebrate",
        "stateDiagram-v2",
        "    class paused taken",
    ],
    "streaming": [
        "writing: Perhaps you could",
        f"failed:  {TEXTS['LLM_ERROR']}",
        "writing: What would be enough?",
        "coach:   What would be enough?",
        "-- 2 messages, 1 turn",
    ],
    "your_own_model": [
        "Coach: What would you like to keep?",
        "-- 120 tokens in, 12 out",
    ],
    "your_own_program": [
        "Coach: Hello! Why do you want to change something?",
        "       refused move_on: no way leads from WHY to PRACTISING",
        "       applied move_on: went on to CHOOSING",
        "       -- CHOOSING, active",
        "       refused choose_habit: a habit of more than 10 minutes is too large to begin with",
        "       applied choose_habit: chose read",
        "       -- PRACTISING, active",
        "Ada presses [read: done]: read: 1 times",
        "Ada presses [read: done]: refused, it was counted already",
        "       refused move_on: not done 3 times: read",
        "       -- PRACTISING, active",
        "Ada presses [read: done]: read: 3 times",
        "       applied move_on: went on to ROOTED",
        "       -- ROOTED, completed",
        "stateDiagram-v2",
        "    PRACTISING --> s3 : \N{CHECK MARK} finish [every habit is rooted]",
    ],
    "your_own_queue": [
        "submitted: pending",
        "event:     ai.message.completed (the consumer)",
        "           What made you do that?",
        "submitted: pending",
        "lost:      0 in the queue, 1 job pending",
        "event:     ai.message.completed (the worker)",
        "           And what did it cost you?",
    ],
    "your_own_repository": [
        "3 commits in the journal",
        "1. user  I was tired all week.",
        "4. coach Go on.",
    ],
}
"""Lines that each example prints, in this order, among others."""


@pytest.mark.parametrize("name", sorted(SAYS))
def test_an_example_runs_and_says_what_it_shows(name: str, tmp_path: Path) -> None:
    """Each example is a program that needs nothing and leaves nothing behind."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    lines = iter(done.stdout.splitlines())

    assert (done.returncode, done.stderr) == (0, "")
    assert [line for line in SAYS[name] if line not in lines] == []
    assert list(tmp_path.iterdir()) == []


def test_each_example_has_its_test() -> None:
    """No example stands in the folder that nobody runs."""
    assert sorted(SAYS) == sorted(path.stem for path in EXAMPLES.glob("*.py"))


# --- a repository of your own -----------------------------------------------------------------


def a_record(name: str = "a", *, version: int = 1, body: str = "{}") -> Record:
    """Return a record as any kind of them may look."""
    return Record(Key("session", "acme", (name,)), version, Facts(owner="ada"), body)


def test_a_journal_keeps_its_promises(tmp_path: Path) -> None:
    """All that is promised of a repository, but for several processes, which it refuses."""
    report = check_repository(lambda: closing(Journal(tmp_path / "journal")))
    assert report.lacking == (Capability.PROCESSES,)


def test_a_journal_reads_what_it_wrote(tmp_path: Path) -> None:
    """After it was closed and opened again, everything stands as the last commit left it."""
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.commit([Insert(a_record("a")), Insert(a_record("b"))])
    journal.commit([Update(a_record("a", version=2, body="[2]")), Delete(a_record("b").key, 1)])
    journal.commit([Check(a_record("a").key, 2)])
    journal.close()
    again = Journal(path)

    assert again.get(a_record("a").key) == a_record("a", version=2, body="[2]")
    assert again.get(a_record("b").key) is None
    assert len(path.read_bytes().splitlines()) == 2
    again.close()


def test_a_journal_drops_a_commit_that_a_crash_cut_short(tmp_path: Path) -> None:
    """A line without its end is no commit, wherever it was cut; the next one takes its place."""
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.commit([Insert(a_record("a"))])
    journal.commit([Insert(a_record("b")), Insert(a_record("c"))])
    journal.close()
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first, len(whole)):
        path.write_bytes(whole[:cut])
        again = Journal(path)
        assert again.get(a_record("a").key) == a_record("a")
        assert again.get(a_record("b").key) is None
        assert again.get(a_record("c").key) is None
        assert again.commit([Insert(a_record("b"))]) is CommitResult.DONE
        again.close()
        once_more = Journal(path)
        assert once_more.get(a_record("b").key) == a_record("b")
        assert once_more.get(a_record("c").key) is None
        once_more.close()


def test_a_journal_belongs_to_one_process(tmp_path: Path) -> None:
    """Whoever opens it while another has it open is told so."""
    journal = Journal(tmp_path / "journal")
    with pytest.raises(StoreUnavailableError, match="another process"):
        Journal(tmp_path / "journal")
    journal.close()
    Journal(tmp_path / "journal").close()


@pytest.mark.parametrize("line", [b"{", b"7", b'[{"put": 3}]', b"\xff"])
def test_a_damaged_journal_is_refused(line: bytes, tmp_path: Path) -> None:
    """A line that is no commit is an error, and the file is left as it is."""
    path = tmp_path / "journal"
    path.write_bytes(line + b"\n")
    with pytest.raises(CorruptRecordError):
        Journal(path)
    assert path.read_bytes() == line + b"\n"


def test_a_journal_that_does_not_know_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failed fsync it answers nothing more until it is opened again."""

    def fail(_file: int) -> None:
        raise OSError

    journal = Journal(tmp_path / "journal")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(OutcomeUnknownError):
            journal.commit([Insert(a_record("a"))])
    with pytest.raises(StoreUnavailableError):
        journal.get(a_record("a").key)
    journal.close()
    again = Journal(tmp_path / "journal")
    assert again.get(a_record("a").key) == a_record("a")
    again.close()


@pytest.mark.parametrize("full", ["short", "refused"])
def test_a_journal_on_a_full_disk_did_nothing(
    full: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that could not be written is certainly not done, and the journal goes on."""
    write = os.pwrite

    def half(file: int, line: bytes, at: int) -> int:
        if full == "refused":
            raise OSError
        return write(file, line[:5], at)

    journal = Journal(tmp_path / "journal")
    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", half)
        with pytest.raises(StoreUnavailableError):
            journal.commit([Insert(a_record("a"))])
    assert journal.get(a_record("a").key) is None
    assert journal.commit([Insert(a_record("b"))]) is CommitResult.DONE
    journal.close()
    again = Journal(tmp_path / "journal")
    assert again.get(a_record("a").key) is None
    assert again.get(a_record("b").key) == a_record("b")
    again.close()


# --- a model of your own ----------------------------------------------------------------------


def an_ask(timeout: float = 5.0) -> Ask:
    """Return what a workflow asks."""
    return Ask(
        messages=(Prompt(PromptRole.SYSTEM, "Listen."), Prompt(PromptRole.USER, "Hello.")),
        schema={"type": "object"},
        purpose=JobKind.REPLY,
        model=None,
        timeout=timeout,
        session="s1",
        job="j1",
        turn=1,
    )


def answering(
    status: int, body: bytes = b"", *, retry_after: str = ""
) -> type[BaseHTTPRequestHandler]:
    """Return a provider that always answers so."""

    class Fixed(Provider):
        @override
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            if retry_after:
                self.send_header("Retry-After", retry_after)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Fixed


def asked(handler: type[BaseHTTPRequestHandler], timeout: float = 5.0) -> Answer:
    """Ask a provider once."""
    with serving(handler) as url:
        return HTTPModel(url, api_key="k", model="m").complete(an_ask(timeout))


def test_an_answer_carries_text_finish_usage_and_request_id() -> None:
    """What the provider says about its answer arrives in the words of the port."""
    answer = asked(Provider)

    assert answer.text is not None
    assert "What would you like to keep?" in answer.text
    assert (answer.finish, answer.usage, answer.request_id) == ("stop", Usage(120, 12), "call-1")


@pytest.mark.parametrize(
    "said,finish", [("length", "length"), ("content_filter", "content_filter"), ("odd", "error")]
)
def test_a_finish_is_told_in_the_words_of_the_port(said: str, finish: str) -> None:
    """A cut answer is not mistaken for a whole one; a word nobody knows is an error."""
    body = (
        b'{"id": "c", "choices": [{"message": {"content": null}, "finish_reason": "%s"}]}'
        % said.encode()
    )
    answer = asked(answering(200, body))

    assert (answer.text, answer.finish, answer.usage) == (None, finish, Usage())


@pytest.mark.parametrize(
    "wish,pause", [("7", 7.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 10.0), ("", 10.0)]
)
def test_a_provider_that_is_busy_is_an_error_with_its_pause(wish: str, pause: float) -> None:
    """What the provider asks for in Retry-After is on the error; else the default is."""
    with pytest.raises(LLMError, match="429") as failed:
        asked(answering(429, retry_after=wish))
    assert failed.value.retry_after == pause


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"id": "c", "choices": []}', b'{"choices": 7}', b"\xff"]
)
def test_an_answer_of_another_form_is_an_error(body: bytes) -> None:
    """Whatever comes instead of an answer is a failed call, never a crash."""
    with pytest.raises(LLMError, match="something else"):
        asked(answering(200, body))


def test_a_provider_that_does_not_answer_in_time_is_a_timeout() -> None:
    """The adapter gives up when the time it was given is over."""

    class Slow(Provider):
        @override
        def do_POST(self) -> None:
            time.sleep(0.5)

    with pytest.raises(LLMTimeoutError):
        asked(Slow, timeout=0.05)


def test_a_provider_that_is_not_there_is_an_error() -> None:
    """Nobody listens at the address."""
    with serving(Provider) as url:
        gone = url
    with pytest.raises(LLMError, match="cannot be reached"):
        HTTPModel(gone, api_key="k", model="m").complete(an_ask())
