"""`coachwork jobs`: list, show and retry."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Final

import pytest

from coachwork.adapters import LocalNotifier, ScriptedModel, SQLite, SystemClock, final
from coachwork.cli import main
from coachwork.cli._chat_coach import Insight, Listener, topic_of
from coachwork.coach import Chat, Coach
from coachwork.errors import LLMError, LLMTimeoutError
from coachwork.jobs import JobKind, JobRef
from coachwork.ports import Answer, Ask, LanguageModel, Query
from coachwork.records import Delete, Record, Update, job_key
from coachwork.worker import Worker, WorkerOptions
from coachwork.workflows import JobReport
from tests.openai_server import refuses, serving
from tests.terminals import PATIENCE

TOPIC: Final = topic_of("my work")
SAID: Final = "I never stop working."
AGE: Final = re.compile(r"\b\d+[smhd]\b")


def ageless(told: str) -> str:
    """Return what was *told* without how long ago that is: it grows between two looks."""
    return AGE.sub("-", told)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Return the path of a database that is not there yet."""
    return str(tmp_path / "the jobs.db")


Run = Callable[..., str]


@pytest.fixture
def jobs(path: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs an action on the database and returns what it prints."""

    def run(*arguments: str, code: int = 0) -> str:
        assert main(["jobs", *arguments, "--database", path]) == code
        out, err = capsys.readouterr()
        return err if code else out

    return run


def begin(
    database: SQLite,
    model: LanguageModel | None = None,
    *,
    user: str = "ada",
    notifies: bool = False,
) -> Chat[Insight]:
    """Return a new session of a user."""
    notifier = LocalNotifier() if notifies else None
    coach = Coach(database, model or Listener(), topics=[TOPIC], notifier=notifier)
    return coach.as_user(user, tenant="acme").start(TOPIC, context={"name": "Ada"})


def failed(path: str, *, notifies: bool = False) -> str:
    """Return the id of a job that failed."""
    with closing(SQLite(path)) as database:
        chat = begin(database, ScriptedModel(["Hello.", LLMTimeoutError()]), notifies=notifies)
        with pytest.raises(LLMTimeoutError) as timeout:
            chat.send(SAID)
        assert timeout.value.job
        return timeout.value.job


ADA: Final = ("--user", "ada", "--tenant", "acme")


def test_all_jobs_of_a_user_are_listed(path: str, jobs: Run) -> None:
    """The newest first, by status where that is asked for, and no text of anybody."""
    job = failed(path)
    head, newest, oldest = jobs("list", *ADA).splitlines()
    assert head.split()[:3] == ["ID", "KIND", "STATUS"]
    assert newest.split()[:4] == [job, "reply", "failed", "1"]
    assert newest.split()[5:8] == ["LLM_TIMEOUT", "ada", "acme"]
    assert oldest.split()[1:3] == ["greeting", "completed"]
    assert jobs("list", *ADA, "--status", "failed").count("\n") == 2
    assert jobs("list", *ADA, "--status", "failed", "--status", "completed").count("\n") == 3
    first = jobs("list", *ADA, "--limit", "1").splitlines()
    assert [ageless(line).split() for line in first] == [head.split(), ageless(newest).split()]
    assert jobs("list", "--user", "ada") == "There are no such jobs.\n"
    assert SAID not in jobs("list", *ADA)


def test_without_a_user_what_somebody_has_to_look_after_is_listed(path: str, jobs: Run) -> None:
    """What is open, of all tenants, and what is not delivered."""
    failed(path)
    assert jobs("list").startswith("Nothing is open or undelivered; --user NAME")
    with closing(SQLite(path)) as database:
        chat = begin(database, user="eve")
        waiting = chat.submit(SAID).id
    undelivered = failed(path, notifies=True)
    _, first, second, third = jobs("list").splitlines()
    assert first.split()[:3] == [undelivered, "reply", "failed"]
    assert second.split()[1:3] == ["greeting", "completed"]
    assert third.split()[:3] == [waiting, "reply", "pending"]


def test_of_one_tenant_alone_what_has_to_be_looked_after_is_listed(path: str, jobs: Run) -> None:
    """The others' jobs are left out; a name that can be no tenant is refused."""
    with closing(SQLite(path)) as database:
        waiting = begin(database).submit(SAID).id
        coach = Coach(database, Listener(), topics=[TOPIC])
        other = coach.as_user("ada", tenant="zeta").start(
            TOPIC, context={"name": "Ada"}, wait=False
        )
    assert other.opening_job is not None
    assert [line.split()[0] for line in jobs("list", "--tenant", "acme").splitlines()] == [
        "ID",
        waiting,
    ]
    assert other.opening_job.id in jobs("list", "--tenant", "zeta")
    assert jobs("list").count("\n") == 3
    assert jobs("list", "--tenant", "nobody").startswith("Nothing is open or undelivered")
    assert "VALIDATION: --tenant: " in jobs("list", "--tenant", " ", code=2)


def test_a_job_that_cannot_be_read_is_listed(path: str, jobs: Run) -> None:
    """It does not hide the others."""
    job = failed(path)
    with closing(SQLite(path)) as database:
        old = database.get(job_key("acme", job))
        assert old is not None
        database.commit([Update(Record(old.key, old.version + 1, old.facts, "{}"))])
    told = [line.split() for line in jobs("list", *ADA).splitlines()]
    assert [job, "-", "-", "-", "-", "CORRUPT_RECORD", "-", "acme", "-"] in told
    assert len(told) == 3
    assert "CORRUPT_RECORD" in jobs("show", job, "--tenant", "acme", code=1)


def test_a_job_is_shown_by_id_or_by_reference(path: str, jobs: Run) -> None:
    """All of it but what was said; that only where it is asked for."""
    job = failed(path)
    told = jobs("show", job, "--tenant", "acme")
    assert f"             id  {job}\n" in told
    assert "     error_code  LLM_TIMEOUT\n" in told
    assert "   user_message  number 2\n" in told
    assert SAID not in told
    assert ageless(jobs("show", JobRef("acme", job, JobKind.REPLY).text)) == ageless(told)
    assert ageless(jobs("show", job, "--tenant", "acme", "--text")) == ageless(
        f"{told}      user said  {SAID}\n"
    )
    assert jobs("show", job, code=2) == "coachwork: JOB_NOT_FOUND: no such job\n"
    assert "VALIDATION: ID: " in jobs("show", " ", code=2)
    assert "VALIDATION: ref: " in jobs("show", "cwj1.x", code=2)


def test_what_came_of_a_job_is_shown(path: str, jobs: Run) -> None:
    """Its message, line by line, and what the session yielded, or why nothing."""
    with closing(SQLite(path)) as database:
        chat = begin(database, ScriptedModel(["Hi.\n\nYou?", final(Insight(["Aé"], None), "Bye.")]))
        turn = chat.send(SAID)
        badly = begin(database, ScriptedModel(["Hi.", final(), "no JSON"]))
        nothing = badly.send(SAID)
    assert chat.opening_job is not None
    greeting = jobs("show", chat.opening_job.id, "--tenant", "acme", "--text")
    assert greeting.endswith("     coach said  Hi.\n\n                 You?\n")
    told = jobs("show", turn.job.id, "--tenant", "acme", "--text")
    assert f"      user said  {SAID}\n     coach said  Bye.\n         result  {{\n" in told
    assert '"Aé"' in told
    told = jobs("show", nothing.job.id, "--tenant", "acme", "--text")
    assert "         result  null\n   result_error  BAD_REPLY: " in told


def test_a_job_whose_time_is_over_is_still_shown(path: str, jobs: Run) -> None:
    """Its owner finds it no more; the record lives as long as the session."""

    class Yesterday(SystemClock):
        def now(self) -> datetime:
            return datetime.now(UTC) - timedelta(hours=25)

    with closing(SQLite(path)) as database:
        coach = Coach(database, Listener(), topics=[TOPIC], clock=Yesterday())
        ada = coach.as_user("ada", tenant="acme")
        chat = ada.start(TOPIC, context={"name": "Ada"}, wait=False)
    assert chat.opening_job is not None
    told = jobs("show", chat.opening_job.id, "--tenant", "acme")
    assert "         status  pending\n" in told
    assert "(1h ago)" in told


def test_a_failed_job_is_repeated_for_a_worker(path: str, jobs: Run) -> None:
    """The new job waits, notifies as the old one did, and the line tells who answers it."""
    job = failed(path, notifies=True)
    repeats, answers = jobs("retry", job, "--tenant", "acme").splitlines()
    new = repeats.split()[1]
    assert repeats == f"Job {new} repeats {job}."
    assert answers == f"`coachwork worker --database '{path}' --topic 'my work'` answers it."
    told = jobs("show", new, "--tenant", "acme")
    assert f"       retry_of  {job}\n" in told
    assert "          event  to be delivered once it is settled\n" in told
    assert jobs("retry", job, "--tenant", "acme", code=2).startswith("coachwork: SESSION_BUSY: ")
    assert jobs("retry", new, "--tenant", "acme", code=2).startswith(
        "coachwork: JOB_NOT_RETRYABLE: "
    )


def test_a_failed_job_can_be_answered_at_once(path: str, jobs: Run) -> None:
    """The outcome is told, and the message is there."""
    job = failed(path)
    repeats, done = jobs("retry", job, "--tenant", "acme", "--wait").splitlines()
    new = repeats.split()[1]
    assert done.startswith("It is completed, after ")
    assert "I hear you say" in jobs("show", new, "--tenant", "acme", "--text")


def test_a_job_that_fails_again_is_told(path: str, jobs: Run) -> None:
    """Why, and that the exit code is not 0; a model without waiting is a mistake."""
    job = failed(path)
    with serving(refuses(401)) as server:
        model = ["--model", "openai:small", "--base-url", server.url]
        (err,) = jobs("retry", job, "--tenant", "acme", "--wait", *model, code=1).splitlines()
    assert err.startswith(
        "coachwork: LLM_ERROR: the provider answered 401: the key is missing or wrong (job "
    )
    assert jobs("retry", job, "--tenant", "acme", *model, code=2) == (
        "coachwork: VALIDATION: --model: expected --wait beside it\n"
    )
    assert jobs("retry", job, "--tenant", "acme", "--think", "0", code=2) == (
        "coachwork: VALIDATION: --think: expected --wait beside it\n"
    )


def test_a_failure_is_told_once(path: str, jobs: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the words of the model, where it told some."""

    def broken(_listener: Listener, _ask: Ask) -> Answer:
        raise LLMError("out of order")

    job = failed(path)
    monkeypatch.setattr(Listener, "complete", broken)
    (err,) = jobs("retry", job, "--tenant", "acme", "--wait", code=1).splitlines()
    assert err.startswith("coachwork: LLM_ERROR: out of order (job ")


def test_ctrl_c_leaves_a_repeated_job_to_a_worker(
    path: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It waits at once, and the last line tells who answers it."""

    def interrupted(_listener: Listener, _ask: Ask) -> Answer:
        raise KeyboardInterrupt

    job = failed(path)
    monkeypatch.setattr(Listener, "complete", interrupted)
    retry = ["jobs", "retry", job, "--tenant", "acme", "--wait", "--database", path]
    assert main(retry) == 130
    out, err = capsys.readouterr()
    repeats, blank, left = out.splitlines()
    new = repeats.split()[1]
    assert (blank, err) == ("", "")
    assert left == (
        f"Job {new} is left to a worker: "
        f"`coachwork worker --database '{path}' --topic 'my work'` answers it."
    )
    assert main(["jobs", "show", new, "--tenant", "acme", "--database", path]) == 0
    assert "         status  pending\n" in capsys.readouterr().out


class Held:
    """A model that answers when it is let."""

    def __init__(self, said: Answer | LLMError) -> None:
        """Hold back what is to be *said*."""
        self.let = Event()
        self._said = said

    def complete(self, _ask: Ask, /) -> Answer:
        """Answer."""
        assert self.let.wait(PATIENCE)
        if isinstance(self._said, LLMError):
            raise self._said
        return self._said


@pytest.mark.parametrize(
    "said,code,told",
    [
        (Answer(text="At last."), 0, "It is completed, after "),
        (LLMError("no"), 1, "coachwork: LLM_ERROR: job "),
    ],
)
def test_a_worker_may_be_faster(
    said: Answer | LLMError,
    code: int,
    told: str,
    path: str,
    jobs: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then what comes of its work is waited for."""
    job = failed(path)
    model = Held(said)
    process = Coach.process
    naps: list[float] = []

    def late(coach: Coach, ref: JobRef) -> JobReport[object] | None:
        ada = coach.as_user("ada", tenant="acme")
        while ada.job(ref.job).attempts == 0:  # the worker has not taken it yet
            time.sleep(0.01)
        return process(coach, ref)

    def nap(seconds: float) -> None:
        naps.append(seconds)
        model.let.set()
        time.sleep(0.01)

    monkeypatch.setattr(Coach, "process", late)
    monkeypatch.setattr("coachwork.cli._jobs.sleep", nap)
    with closing(SQLite(path)) as database:
        coach = Coach(database, model, topics=[TOPIC])
        with Worker(coach, WorkerOptions(poll=0.05)):
            done = jobs("retry", job, "--tenant", "acme", "--wait", code=code).splitlines()
    assert done[-1].startswith(told)
    assert naps


def test_a_job_whose_session_is_gone_is_told_so(path: str, jobs: Run) -> None:
    """A sweep takes the session first, and its jobs afterwards."""
    job = failed(path)
    with closing(SQLite(path)) as database:
        (session,) = database.find(Query(kind="session", tenant="acme", owner="ada"))
        database.commit([Delete(session.key, session.version)])
    assert jobs("show", job, "--tenant", "acme")
    assert jobs("retry", job, "--tenant", "acme", code=2) == (
        "coachwork: SESSION_NOT_FOUND: no such session\n"
    )


def test_a_file_that_is_not_there_is_not_made(path: str, jobs: Run) -> None:
    """A slip of the pen gets one line."""
    for action in (["list"], ["show", "x"], ["retry", "x"]):
        assert jobs(*action, code=2) == (
            "coachwork: VALIDATION: --database: expected a file that is there\n"
        )
    assert not Path(path).exists()
