"""`coachwork chat`."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Final

import pytest

from coachwork.adapters import ScriptedModel, SQLite, SystemClock
from coachwork.cli import main
from coachwork.cli._chat import KEPT
from coachwork.cli._chat_coach import MOST_TURNS, Insight, Listener, topic_of
from coachwork.cli._choice import Choice
from coachwork.cli._models import PATIENCE as PATIENCE_OF_MODELS
from coachwork.cli._models import settings_of
from coachwork.coach import Chat, Coach
from coachwork.errors import StoreUnavailableError
from coachwork.jobs import ErrorCode, JobStatus
from coachwork.sessions import SessionStatus
from coachwork.texts import user_text
from coachwork.worker import Worker, WorkerOptions
from tests.openai_server import Hangs, Streams, piece, refuses, says, serving, streamed
from tests.recordings import Dying
from tests.terminals import program

AGAIN: Final = (sys.executable, "-m", "coachwork", "chat")
TOPIC: Final = topic_of("today")
SETTINGS: Final = settings_of(Choice(), jobs=False)
PATIENCE: Final = 20.0


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the terminal be as wide as it may, and without colours."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Return the path of a database that is not there yet."""
    return str(tmp_path / "chat.db")


Type = Callable[..., str]


@pytest.fixture
def talk(path: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Type:
    """Return what types lines, until the input ends, and returns what is printed, as one line."""

    def typed(*lines: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        assert main(["chat", "--database", path]) == 0
        return " ".join(capsys.readouterr().out.split())

    return typed


@contextmanager
def stored(path: str) -> Generator[Chat[Insight]]:
    """Lend the newest session, as another process sees it."""
    with closing(SQLite(path)) as database:
        coach = Coach(database, Listener(), topics=[TOPIC])
        you = coach.as_user("you")
        yield you.session(TOPIC, you.list_sessions().sessions[0].id)


def test_a_conversation_is_kept_as_it_is_typed(talk: Type, path: str) -> None:
    """The coach greets and answers; at the end of the input everything is there."""
    out = talk("I never stop working.", "", "//slash")
    assert f"Everything is kept in {path}." in out
    assert "coach Hello. Let us talk about today." in out
    assert "you I never stop working. coach I hear you say" in out
    assert out.endswith("Nothing is lost: run the same command to go on.")
    with stored(path) as chat:
        texts = [message.text for message in chat.history().messages]
        assert texts[1::2] == ["I never stop working.", "/slash"]
        assert chat.get().status is SessionStatus.ACTIVE


def test_a_waiting_session_is_resumed(talk: Type, path: str) -> None:
    """Enter resumes; the last words are shown again, and the coach welcomes back."""
    talk("I never stop working.")
    out = talk("what?", "", "/quit")
    assert "A conversation about today waits (active, 3 messages" in out
    assert out.count("Resume it (r), or start a new one (n)? [r]") == 2
    assert "you I never stop working. coach I hear you say" in out
    assert "coach Welcome back. The last thing you wrote was: “I never stop working.”" in out
    with stored(path) as chat:
        assert chat.get().messages == 4


def test_a_new_session_takes_the_place_of_a_waiting_one(talk: Type, path: str) -> None:
    """The old one is abandoned."""
    talk("I never stop working.")
    out = talk("n")
    assert "Hello. Let us talk about today." in out
    with stored(path) as chat:
        assert (chat.get().status, chat.get().messages) == (SessionStatus.ACTIVE, 1)


def test_a_pause_ends_the_sitting_and_not_the_conversation(talk: Type, path: str) -> None:
    """Whoever comes back finds it paused and resumes it."""
    assert talk("One, two, three and four.", "/pause", "more").endswith(
        "Paused. Run the same command to resume."
    )
    with stored(path) as chat:
        assert chat.get().status is SessionStatus.PAUSED
    assert "waits (paused, 3 messages" in talk("r")
    with stored(path) as chat:
        assert chat.get().status is SessionStatus.ACTIVE


def test_completing_shows_what_the_conversation_yielded(talk: Type, path: str) -> None:
    """The result is in the person's own words; where nothing was said there is none."""
    assert talk("/complete").endswith("Nothing: nothing was said.")
    out = talk("I never stop working. Not even at night.", "/complete")
    assert "what this conversation yielded" in out
    assert "said I never stop working. next_step none" in out
    with stored(path) as chat:
        assert chat.get().status is SessionStatus.COMPLETED


def test_the_coach_may_end_it(talk: Type) -> None:
    """After the last turn the result is shown, and nothing more can be typed."""
    out = talk(*[f"This is what I say, number {number}." for number in range(MOST_TURNS)], "more")
    assert "what this conversation yielded" in out
    assert "next_step This is what I say, number 7." in out


def test_giving_up_is_asked_for_twice(talk: Type, path: str) -> None:
    """Only a clear yes cancels."""
    assert "Cancelled." not in talk("/cancel", "", "/quit")
    assert talk("r", "/cancel", "y").endswith("Cancelled.")
    with stored(path) as chat:
        assert chat.get().status is SessionStatus.CANCELLED


def test_status_history_and_help(talk: Type, path: str) -> None:
    """They show where it stands, what was said, and what can be typed."""
    out = talk("One, two, three and four.", "/status", "/HISTORY", "/help", "/nope")
    with stored(path) as chat:
        assert f"session {chat.session_id} topic today status active turns 1 messages 3" in out
    assert out.count("Hello. Let us talk about today.") == 2
    assert out.count("you One, two, three and four.") == 2
    assert "/complete end the conversation, and get what it yielded" in out
    assert "There is no such command; /help lists them all." in out


def test_a_refused_message_is_told_and_the_conversation_goes_on(
    path: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too long, or no text at all: one line, and nothing is written."""
    monkeypatch.setattr(
        sys, "stdin", io.StringIO(f"{'w' * 20_000}\na\0b\n\udc80\nBut this is good.\n")
    )
    assert main(["chat", "--database", path]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "coachwork: VALIDATION: text: expected at most 16384 bytes of UTF-8",
        "coachwork: VALIDATION: text: expected text without NUL characters",
        "coachwork: VALIDATION: text: expected text without lone surrogates",
    ]
    with stored(path) as chat:
        assert chat.get().messages == 3


class Meddled(io.TextIOWrapper):
    """A person's lines; before each of them something happens elsewhere."""

    def __init__(self, lines: str, meddle: Callable[[], None]) -> None:
        """Take the lines, and what happens."""
        super().__init__(io.BytesIO(lines.encode()), encoding="utf-8")
        self._meddle = meddle

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        """Return the next line."""
        self._meddle()
        return super().readline(size)


def test_a_session_that_is_ended_elsewhere_is_left(
    path: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next message is refused, in one line, and the sitting is over."""

    def cancel() -> None:
        with stored(path) as chat:
            chat.cancel()

    monkeypatch.setattr(sys, "stdin", Meddled("Are you there?\nHello?\n", cancel))
    assert main(["chat", "--database", path]) == 2
    assert capsys.readouterr().err == (
        "coachwork: SESSION_NOT_ACTIVE: cannot send to a session that is cancelled\n"
    )


def test_a_message_waits_for_an_answer_to_another_one(
    path: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another process answers, or was when it was killed, the next message waits its turn."""
    said: list[str] = []

    def send_and_die() -> None:
        if not said:
            with closing(SQLite(path)) as database:
                dying = Dying(database, commits=1)
                coach = Coach(dying, ScriptedModel(["?"]), topics=[TOPIC], settings=SETTINGS)
                you = coach.as_user("you")
                said.append("Elsewhere.")
                with pytest.raises(StoreUnavailableError):
                    you.session(TOPIC, you.list_sessions().sessions[0].id).send(said[0])

    monkeypatch.setattr(sys, "stdin", Meddled("I never stop working.\n", send_and_die))
    assert main(["chat", "--database", path]) == 0
    assert capsys.readouterr().err == ""
    with stored(path) as chat:
        texts = [message.text for message in chat.history().messages]
        assert texts[1:3] == ["Elsewhere.", "I never stop working."]
        assert len(texts) == 4


@pytest.mark.parametrize(
    "option,value,field", [("--user", "", "user"), ("--topic", " ", "topic.id")]
)
def test_a_name_that_is_none_is_refused(
    option: str, value: str, field: str, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """User and topic are ids."""
    assert main(["chat", "--database", path, option, value]) == 2
    assert capsys.readouterr().err.startswith(f"coachwork: VALIDATION: {field}: expected 1 to 128")


# --- stopped from outside --------------------------------------------------------------------


@contextmanager
def sitting(path: str, *options: str) -> Generator[subprocess.Popen[str]]:
    """Lend a person's own process, past the greeting."""
    with subprocess.Popen(
        [*AGAIN, "--database", path, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        while "on your mind?" not in process.stdout.readline():
            pass
        yield process


def write(process: subprocess.Popen[str], text: str) -> None:
    """Type *text*."""
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.flush()


def wait_until(came: Callable[[], bool]) -> None:
    """Wait until something *came* about."""
    until = monotonic() + PATIENCE
    while not came():
        assert monotonic() < until
        sleep(0.005)


@contextmanager
def thinking() -> Generator[tuple[str, ...]]:
    """Lend the options for a model that greets, and does not come to an end with its reply."""
    with serving(says(reply("Hello. What is on your mind?")), Hangs()) as server:
        yield "--model", "openai:small", "--base-url", server.url


def wait_for_an_answer_in_flight(path: str) -> None:
    """Wait until a message is kept and not answered yet."""
    with stored(path) as chat:
        wait_until(lambda: chat.get().messages == 2 and chat.get().job is not None)


def status_of_the_answer(chat: Chat[Insight]) -> JobStatus | None:
    """Return how the job stands that is waited for, or None where none is."""
    report = chat.pending_job()
    return None if report is None else report.status


def test_ctrl_c_at_the_prompt_ends_it_cleanly(path: str) -> None:
    """The exit code is that of success, there is no traceback, and nothing is lost."""
    with sitting(path) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert out.endswith("Nothing is lost: run the same command to go on.\n")


def test_an_answer_that_ctrl_c_interrupted_is_given_next_time(talk: Type, path: str) -> None:
    """The message is kept; whoever resumes gets its answer first, at once."""
    with thinking() as model, sitting(path, *model) as process:
        write(process, "I never stop working.\n")
        wait_for_an_answer_in_flight(path)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert "Nothing is lost" in out
    again = talk("r")
    assert "on its way" not in again
    assert "you I never stop working. coach I hear you say: “I never stop working.”" in again
    with stored(path) as chat:
        assert (chat.get().messages, chat.get().turns) == (3, 1)


def test_an_answer_that_a_killed_process_owed_is_given_next_time(
    talk: Type, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is kept; whoever resumes waits until the lease of the dead process is over."""
    passed = timedelta()

    def wait(_seconds: float) -> None:
        nonlocal passed
        passed += PATIENCE_OF_MODELS / 2

    with thinking() as model, sitting(path, *model) as process:
        write(process, "I never stop working.\n")
        wait_for_an_answer_in_flight(path)
        process.kill()
    monkeypatch.setattr(SystemClock, "now", lambda _self: datetime.now(UTC) + passed)
    monkeypatch.setattr("coachwork.cli._chat_calls.sleep", wait)
    again = talk("r", "That is right, I think.")
    assert "An answer is still on its way ..." in again
    assert "you I never stop working." in again
    assert "coach I hear you say: “I never stop working.”" in again
    with stored(path) as chat:
        assert (chat.get().messages, chat.get().turns) == (5, 2)


def test_at_a_terminal_lines_can_be_typed_and_ended(path: str) -> None:
    """At a real terminal it greets in colour, answers, and Ctrl-D ends it cleanly."""
    with program("chat", "--database", path) as (screen, process):
        screen.until("on your mind?", "you  ")
        screen.type("I never stop working.\n")
        screen.until("I hear you say", "you  ")
        screen.type("\x04")
    assert process.returncode == 0
    assert "\x1b[1;32m    coach" in screen.raw
    assert "Traceback" not in screen.raw
    assert screen.text.endswith("Nothing is lost: run the same command to go on.")


# --- a language model ------------------------------------------------------------------------


def reply(text: str, *, final: bool = False) -> str:
    """Return what a model writes that answers in the form that is asked for."""
    return json.dumps({"message": text, "is_final": final})


YIELD: Final = json.dumps({"said": ["Evenings are short."], "next_step": "Read at eight."})
LONG: Final = " ".join(["word"] * 40)
BROKEN: Final = Streams(
    pieces=[piece(part) for part in (reply(LONG)[:60], reply(LONG)[60:90])], done=False, then="drop"
)


def test_a_language_model_talks_to_the_end(
    path: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From greeting to extracted result; what goes wrong gets a line, and can be repeated."""
    script = [
        refuses(503),
        says(reply("Hello.")),
        refuses(429, retry_after="7"),
        says(reply("Why?")),
        says(reply("Bye.", final=True)),
        says(YIELD),
    ]
    lines = ["/retry", "My evenings are short.", "/retry", "/retry", "I will read."]
    with serving(*script) as server:
        monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines)))
        model = ["--model", "openai:small", "--base-url", server.url]
        assert main(["chat", "--database", path, *model]) == 0
    printed, err = capsys.readouterr()
    out = " ".join(printed.split())
    unreachable, too_many = err.splitlines()
    assert unreachable == "coachwork: LLM_ERROR: the provider answered 503"
    assert too_many.startswith("coachwork: LLM_ERROR: the provider answered 429: too many requests")
    assert (
        "Your coach could not answer just now. /retry asks again, best in 10 s. "
        "you /retry coach Hello." in out
    )
    assert (
        "you My evenings are short. Your coach could not answer just now. Your message is kept; "
        "please try again in a moment. /retry asks again, best in 7 s. you /retry coach Why? "
        "you /retry Every answer has come; there is nothing to ask again. "
        "you I will read. coach Bye." in out
    )
    assert out.endswith("said Evenings are short. next_step Read at eight.")
    assert out.count("Hello.") == out.count("Why?") == out.count("Bye.") == 1
    with stored(path) as chat:
        assert chat.get().result == Insight(["Evenings are short."], "Read at eight.")
        assert chat.get().turns == 2


def test_a_server_that_cannot_be_reached_keeps_nobody_from_going_on(
    talk: Type, path: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is kept; whoever resumes another day gets its answer first."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("I never stop working.\n"))
    model = ["--model", "openai:small", "--base-url", "http://127.0.0.1:1/v1"]
    assert main(["chat", "--database", path, *model]) == 0
    assert (
        capsys.readouterr().err.splitlines()
        == ["coachwork: LLM_ERROR: the provider cannot be reached"] * 2
    )
    again = talk("r")
    assert "you I never stop working. coach I hear you say: “I never stop working.”" in again
    assert "Welcome back" not in again
    with stored(path) as chat:
        assert (chat.get().messages, chat.get().turns) == (2, 1)


def test_what_a_filter_holds_back_cannot_be_repeated(
    path: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person is asked for other words, on this day and on another one."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("Bad words.\n/retry\n"))
    model = ["--model", "openai:small", "--base-url"]
    with serving(says("Hello."), says("", "content_filter")) as server:
        assert main(["chat", "--database", path, *model, server.url]) == 0
        out, err = capsys.readouterr()
        assert err.startswith("coachwork: CONTENT_FILTER: ")
        assert "please try to put it in other words." in " ".join(out.split())
        assert "there is nothing to ask again" in out
    monkeypatch.setattr(sys, "stdin", io.StringIO("r\n"))
    with serving(says("Welcome back.")) as server:
        assert main(["chat", "--database", path, *model, server.url]) == 0
    assert "coach  Welcome back." in capsys.readouterr().out


def test_at_a_terminal_words_are_shown_as_they_come_and_once(path: str) -> None:
    """What breaks off is marked, and the retry shows the whole."""
    script = [streamed(reply("Hello.")), BROKEN, streamed(reply(LONG))]
    with (
        serving(*script) as server,
        program(
            "chat", "--database", path, "--model", "openai:small", "--base-url", server.url
        ) as (screen, process),
    ):
        screen.until("Hello.", "you  ")
        screen.type("I am tired.\n")
        screen.until("does not count", "asks again", "you  ")
        screen.type("/retry\n")
        screen.until("word word word", "you  ")
        screen.type("/quit\n")
    assert process.returncode == 0
    assert [body["stream"] for body in server.bodies] == [True] * 3
    shown = screen.lines
    assert shown.count("    coach  Hello.") == 1
    broken, whole = (number for number, line in enumerate(shown) if "coach  word" in line)
    assert " ".join(shown[whole : whole + 3]).split() == ["coach", *LONG.split()]
    assert "(This answer broke off; what stands above does not count.)" in shown[broken:whole]
    assert screen.text.count("word word") < 80


# --- by jobs ---------------------------------------------------------------------------------


def test_answers_can_be_jobs(
    path: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same conversation, with a line for each job where nobody looks on."""
    lines = [f"This is what I say, number {number}." for number in range(MOST_TURNS)]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join([lines[0], "/pause"])))
    assert main(["chat", "--database", path, "--async"]) == 0
    assert capsys.readouterr().out.count("Your coach is thinking (job ") == 2
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(["r", *lines[1:]])))
    assert main(["chat", "--database", path, "--async"]) == 0
    out = capsys.readouterr().out
    assert "Welcome back." in out
    assert "next_step  This is what I say, number 7." in out
    with stored(path) as chat:
        assert chat.get().status is SessionStatus.COMPLETED


def test_answers_can_be_left_to_another_worker(
    path: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command is named that answers, and what another one answers is waited for."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("I never stop working.\n"))
    with closing(SQLite(path)) as database:
        coach = Coach(database, Listener(), topics=[TOPIC])
        with Worker(coach, WorkerOptions(poll=0.02)):
            assert main(["chat", "--database", path, "--no-worker"]) == 0
    out = capsys.readouterr().out
    assert unfolded(out).startswith(
        unfolded(f"Answers are left to `coachwork worker --database {path}`.")
    )
    assert out.count("Your coach is thinking (job ") == 2
    assert "coach  I hear you say" in out
    assert out.endswith("Nothing is lost: run the same command to go on.\n")


def test_why_a_job_failed_is_told(
    path: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker of this process knows it; the retry is a job too."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("/retry\nHi.\n"))
    with serving(refuses(401), says("Hello."), says("Yes?")) as server:
        model = ["--model", "openai:small", "--base-url", server.url]
        assert main(["chat", "--database", path, "--async", *model]) == 0
    out, err = capsys.readouterr()
    assert err == ("coachwork: LLM_ERROR: the provider answered 401: the key is missing or wrong\n")
    assert "/retry asks again" in out
    assert out.count("coach  Hello.") == out.count("coach  Yes?") == 1


def test_what_failed_elsewhere_is_told_and_can_be_asked_for_again(path: str) -> None:
    """A worker of its own knows why; here it is told that no answer came, and how to go on."""
    with program("chat", "--database", path, "--no-worker") as (screen, process):
        screen.until("thinking")
        with serving(refuses(401)) as server:
            model = ["--model", "openai:small", "--base-url", server.url]
            assert main(["worker", "--database", path, "--once", *model]) == 0
        screen.until("LLM_ERROR: job ", "Your coach could not answer just now.")
        screen.until("/retry asks again", "you  ")
        screen.type("/retry\n")
        screen.until("thinking")
        assert main(["worker", "--database", path, "--once"]) == 0
        screen.until("on your mind?", "you  ")
        screen.type("\x04")
    assert process.returncode == 0
    assert "Your message is kept" not in screen.text  # there is none


@pytest.mark.parametrize("code", [code for code in ErrorCode if code.retryable])
def test_no_message_is_told_of_where_there_is_none(code: ErrorCode) -> None:
    """What is left of the text for a person says what happened, and nothing of a message."""
    told = user_text(code).partition(KEPT)[0]
    assert told.endswith(".")
    assert "message" not in told


@pytest.mark.parametrize(
    "options,name",
    [((), "The person"), (("--user", "you"), "The person"), (("--user", "Ada"), "Ada")],
)
def test_a_language_model_is_told_the_name_of_who_has_one(
    options: tuple[str, ...], name: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is called "you" in the third person."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with serving(says(reply("Hello."))) as server:
        model = ["--model", "openai:small", "--base-url", server.url]
        assert main(["chat", "--database", path, *options, *model]) == 0
    asked = json.dumps(server.bodies[0])
    assert f"You are a coach. {name} wants to think about" in asked
    assert f"{name} is here. Greet them in one or two sentences" in asked


def unfolded(text: str) -> str:
    """Return *text* without blanks: a terminal folds a long path in its midst."""
    return "".join(text.split())


def test_ctrl_c_leaves_the_answer_to_a_worker(path: str) -> None:
    """One sees that it thinks; the same command waits again, and a worker may go on meanwhile."""
    command = ["chat", "--database", path]
    with thinking() as model, program(*command, "--async", *model) as (screen, process):
        screen.until("on your mind?", "you  ")
        screen.type("I never stop working.\n")
        screen.until("thinking")
        with stored(path) as chat:
            wait_until(lambda: status_of_the_answer(chat) is JobStatus.PROCESSING)
            screen.type("\x03")
            process.wait(PATIENCE)
            assert status_of_the_answer(chat) is JobStatus.PENDING
    assert process.returncode == 0
    assert unfolded(screen.text).endswith(
        unfolded(
            "The answer is left to a worker: run the same command to wait for it again, or let "
            f"`coachwork worker --database {path}` give it."
        )
    )
    with program(*command, "--no-worker") as (screen, process):
        screen.until("you", "  I never stop working.", "An answer is still on its way")
        assert main(["worker", "--database", path, "--once"]) == 0
        screen.until("I hear you say", "you  ")
        screen.type("\x04")
    assert process.returncode == 0
    assert screen.text.count("I never stop working.") == 2
    with stored(path) as chat:
        assert (chat.get().messages, chat.get().turns) == (3, 1)


def test_a_job_of_another_topic_is_left_alone(
    path: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker of a conversation says nothing of what is not its own."""
    with closing(SQLite(path)) as database:
        other = topic_of("work")
        coach = Coach(database, Listener(), topics=[other])
        chat = coach.as_user("you").start(other, context={"name": "you"}, wait=False)
        monkeypatch.setattr(sys, "stdin", io.StringIO("Hello there.\n"))
        assert main(["chat", "--database", path, "--async"]) == 0
        assert capsys.readouterr().err == ""
        assert chat.get().job is not None
