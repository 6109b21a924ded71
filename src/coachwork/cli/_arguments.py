"""What may be typed, and what ``--help`` says of it."""

from __future__ import annotations

import argparse
import shlex
import textwrap
from collections.abc import Callable
from functools import partial
from typing import Final, NoReturn, TypeAlias

from coachwork import __version__
from coachwork.cli._choice import PREFIX
from coachwork.cli._diagram import FORMATS, MACHINES
from coachwork.cli._plain import tell
from coachwork.jobs import JobStatus

MISTAKEN: Final = 2
"""What the program returns when it was called wrongly."""

DATABASE: Final = "coachwork.db"
"""The file that the commands work on unless another one is named."""

USER: Final = "you"
"""Who talks unless somebody else is named."""

TOPIC: Final = "today"
"""What is talked about unless something else is named."""

TENANT: Final = "default"
"""Whose user somebody is unless a tenant is named; `chat` knows no other one."""

DEMOS: Final = ("session", "identity", "plan")
"""What can be watched."""

TIMELINE_FORMATS: Final = ("text", "json", "mermaid")
"""How a timeline can be told."""

WIDTH: Final = 80
LONGEST: Final = 3600.0

_Adds: TypeAlias = Callable[..., argparse.ArgumentParser]


class _Parser(argparse.ArgumentParser):
    """A parser that tells of a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        """Tell of a mistake in what was typed, and end."""
        tell("USAGE", f"{message}; see {self.prog} --help")
        self.exit(MISTAKEN)


def parser() -> argparse.ArgumentParser:
    """Return what knows the commands and their arguments."""
    told = _Parser(
        prog="coachwork",
        description="Coaching conversations that survive the end of the process.",
        epilog="coachwork COMMAND --help tells more of each. None needs a network without --model.",
        allow_abbrev=False,
    )
    told.add_argument("--version", action="version", version=f"coachwork {__version__}")
    commands = told.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    add = partial(
        commands.add_parser,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_demo(add)
    _add_chat(add)
    _add_worker(add)
    _add_jobs(add)
    _add_timeline(add)
    _add_replay(add)
    _add_diagram(add)
    _add_programs(add)
    return told


def _paragraphs(*texts: str) -> str:
    """Return *texts* folded, with an empty line between them."""
    return "\n\n".join(textwrap.fill(text, WIDTH, break_on_hyphens=False) for text in texts)


def _examples(*lines: str) -> str:
    """Return what stands below the options: commands to copy."""
    return "\n".join(("examples:", *(f"  {line}" for line in lines)))


def worker_command(database: str, topic: str) -> str:
    """Return what to type for a worker that answers on *topic* in that file."""
    command = f"coachwork worker --database {shlex.quote(database)}"
    return command if topic == TOPIC else f"{command} --topic {shlex.quote(topic)}"


# --- the commands ----------------------------------------------------------------------------


def _add_demo(add: _Adds) -> None:
    """Say what ``demo`` may be told."""
    demo = add(
        "demo",
        help="watch a whole session, from start to extracted result",
        description=_paragraphs(
            "Run a whole session on SQLite with a scripted coach, and show it: start, messages, "
            "pause, a new process that resumes, final reply, result, and the way it took through "
            "the state diagram. All that is shown was read back from the file.",
            "With `identity`: a coaching through all phases of the identity program, with the "
            "actions of the coach, the buttons that Ada presses, and what came of it.",
            "With `plan`: a business plan from the vision to the brief, with answers that are "
            "assessed, help, and agents that write side by side.",
        ),
        epilog=_examples("coachwork demo", "coachwork demo identity", "coachwork demo plan"),
    )
    demo.add_argument(
        "what", nargs="?", choices=DEMOS, default=DEMOS[0], help="what to watch (%(default)s)"
    )
    demo.add_argument(
        "--database", metavar="PATH", help="the file to keep it in (a temporary one by default)"
    )
    # The second half, which the demo runs in a process of its own.
    demo.add_argument("--resume", metavar="PATH", help=argparse.SUPPRESS)


def _add_chat(add: _Adds) -> None:
    """Say what ``chat`` may be told."""
    chat = add(
        "chat",
        help="talk with a coach: one that listens and asks, or a language model",
        description=_paragraphs(
            "Talk at the terminal with a coach that only listens and asks, or with a language "
            "model. Everything is kept as you type it: stop whenever you like, and go on another "
            "day. /help lists what else you can type.",
            "With --async every answer is a job that a worker gives. Ctrl-C while the coach thinks "
            "leaves the job to a worker; the same command finds it again and waits for it.",
        ),
        epilog=_examples(
            "coachwork chat",
            "coachwork chat --model openai:gpt-4.1-mini            (OPENAI_API_KEY is set)",
            "coachwork chat --model openai:llama3.2 --base-url http://localhost:11434/v1",
            "coachwork chat --async --think 5",
            "coachwork chat --no-worker        (and `coachwork worker` in another terminal)",
        ),
    )
    _add_database(chat)
    chat.add_argument("--topic", default=TOPIC, help="what to talk about (%(default)s)")
    chat.add_argument("--user", default=USER, help="who talks (%(default)s)")
    chat.add_argument(
        "--async",
        action="store_true",
        dest="jobs",
        help="submit what is said, and have a worker answer it",
    )
    chat.add_argument(
        "--no-worker",
        action="store_false",
        dest="works",
        help="as --async, but leave the answers to `coachwork worker`; only /complete asks the "
        "model of this command",
    )
    _add_model(chat)


def _add_worker(add: _Adds) -> None:
    """Say what ``worker`` may be told."""
    worker = add(
        "worker",
        help="answer what `chat --async` has submitted",
        description=_paragraphs(
            "Answer the jobs that wait in a database file, until Ctrl-C or SIGTERM. What is under "
            "way is finished then; a second Ctrl-C gives it back at once. Start as many as you "
            "like on one file.",
            "It prints a line for each job: when it was settled, its id, its kind, completed or "
            "why it failed, and how long it took.",
        ),
        epilog=_examples(
            "coachwork worker",
            "coachwork worker --model openai:llama3.2 --base-url http://localhost:11434/v1",
            "coachwork worker --topic today --topic work --concurrency 2",
            "coachwork worker --once",
        ),
    )
    _add_database(worker)
    worker.add_argument(
        "--topic",
        action="append",
        help=f"a topic of `chat` to answer on; may be repeated ({TOPIC})",
    )
    worker.add_argument(
        "--concurrency",
        metavar="N",
        type=_at_least_one,
        default=8,
        help="how many jobs to answer at once (%(default)s)",
    )
    worker.add_argument("--once", action="store_true", help="end when nothing waits any more")
    _add_model(worker)


def _add_jobs(add: _Adds) -> None:
    """Say what ``jobs`` may be told."""
    jobs = add(
        "jobs",
        help="look at the jobs in a database file, and repeat failed ones",
        description=_paragraphs(
            "Look at the jobs in a database file, and repeat failed ones. Whoever may read the "
            "file may look at the jobs of all users. No text of a person is shown, unless by "
            "`show --text`."
        ),
        epilog="coachwork jobs ACTION --help tells more of each.",
    )
    actions = jobs.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)
    act = partial(
        actions.add_parser,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_jobs_list(act)
    _add_jobs_show(act)
    _add_jobs_retry(act)


def _add_jobs_list(act: _Adds) -> None:
    """Say what ``jobs list`` may be told."""
    listing = act(
        "list",
        help="list jobs, the newest first",
        description=_paragraphs(
            "List jobs, the newest first. Without --user these are the jobs of all tenants, or "
            "of the one that is named, that somebody has still to look after: the open ones, and "
            "the settled ones whose event is not delivered. With --user they are all jobs of that "
            "user. (There is no list of all jobs of all users: a repository can be asked for "
            "either of the two.)"
        ),
        epilog=_examples(
            "coachwork jobs list",
            "coachwork jobs list --tenant acme",
            "coachwork jobs list --user you",
            "coachwork jobs list --user you --status failed --limit 5",
        ),
    )
    _add_database(listing)
    listing.add_argument("--user", metavar="ID", help="whose jobs")
    listing.add_argument(
        "--tenant",
        metavar="ID",
        help=f"the user's tenant ({TENANT}); without --user only jobs of this tenant",
    )
    listing.add_argument(
        "--status",
        action="append",
        default=[],
        choices=[status.value for status in JobStatus],
        help="only jobs of this status; may be repeated",
    )
    listing.add_argument(
        "--limit",
        metavar="N",
        type=_at_least_one,
        default=20,
        help="only so many: with --user the newest ones, else those due first (%(default)s)",
    )


def _add_jobs_show(act: _Adds) -> None:
    """Say what ``jobs show`` may be told."""
    show = act(
        "show",
        help="show all fields of a job",
        description=_paragraphs(
            "Show all fields of a job, as its owner can poll them, and what only an operator needs "
            "to know: its lease, and what became of its event. A job whose time is over, which its "
            "owner finds no more, is shown too."
        ),
        epilog=_examples(
            "coachwork jobs show 019a2f6e-8b1c-7000-b1d2-3c4d5e6f7a8b",
            "coachwork jobs show 019a2f6e-8b1c-7000-b1d2-3c4d5e6f7a8b --text",
        ),
    )
    _add_job(show)
    show.add_argument("--text", action="store_true", help="also what was said, and what came of it")


def _add_jobs_retry(act: _Adds) -> None:
    """Say what ``jobs retry`` may be told."""
    retry = act(
        "retry",
        help="repeat a failed job",
        description=_paragraphs(
            "Repeat a failed job in its owner's name, as long as the conversation has not gone on: "
            "a new job for the same message. A worker answers it, or with --wait this process "
            "does, as the coach of `chat`; so leave --wait out for the topics of an application."
        ),
        epilog=_examples(
            "coachwork jobs retry 019a2f6e-8b1c-7000-b1d2-3c4d5e6f7a8b",
            "coachwork jobs retry 019a2f6e-8b1c-7000-b1d2-3c4d5e6f7a8b --wait",
        ),
    )
    _add_job(retry)
    retry.add_argument("--wait", action="store_true", help="answer it at once in this process")
    _add_model(retry)


def _add_timeline(add: _Adds) -> None:
    """Say what ``timeline`` may be told."""
    timeline = add(
        "timeline",
        help="tell how a session went: what was said, and what was done",
        description=_paragraphs(
            "Tell how a session in a database file went: every message, the actions that it "
            "triggered, applied or refused, and what was new in the state of the program after "
            "each. Whoever may read the file may look at the sessions of all users, and sees what "
            "was said.",
            "States and the diagram need the program: those of the library are known, an "
            "application's own is named with --program.",
        ),
        epilog=_examples(
            "coachwork timeline 019a2f6e-8b1c-7000-b1d2-3c4d5e6f7a8b",
            "coachwork timeline 019a2f6e-8b1c-7000-b1d2-3c4d5e6f7a8b --format mermaid",
            "coachwork timeline 019a2f6e-8b1c-7000-b1d2-3c4d5e6f7a8b --program app:HABITS",
        ),
    )
    timeline.add_argument("id", metavar="ID", help="the session's id")
    _add_database(timeline)
    timeline.add_argument(
        "--tenant", metavar="ID", default=TENANT, help="the session's tenant (%(default)s)"
    )
    timeline.add_argument(
        "--format", choices=TIMELINE_FORMATS, default="text", help="how (%(default)s)"
    )
    timeline.add_argument(
        "--program", metavar="MODULE:NAME", help="where an application's own program is found"
    )


def _add_replay(add: _Adds) -> None:
    """Say what ``replay`` may be told."""
    replay = add(
        "replay",
        help="run recorded conversations through the library",
        description=_paragraphs(
            "Run the recorded conversations of a CSV file (columns transcript_id, utterance_id, "
            "interlocutor (therapist or client), timestamp (hh:mm:ss) and utterance_text) through "
            "the library into a database, and compare what is read back with what was put in. Run "
            "it again on the same database after an interruption, and it goes on where it stopped."
        ),
    )
    replay.add_argument("path", metavar="PATH", help="the CSV file, in UTF-8")
    replay.add_argument(
        "--database", metavar="PATH", help="the file to keep it in (a temporary one by default)"
    )
    replay.add_argument(
        "--limit", metavar="N", type=_at_least_one, help="only the first N conversations"
    )
    replay.add_argument(
        "--synchronous",
        choices=("FULL", "NORMAL"),
        default="FULL",
        help="what SQLite waits for at each commit (%(default)s)",
    )
    replay.add_argument("--acknowledge", action="store_true", help=argparse.SUPPRESS)


def _add_diagram(add: _Adds) -> None:
    """Say what ``diagram`` may be told."""
    draw = add(
        "diagram",
        help="draw a state machine from its table",
        description="Draw a state machine from its transition table.",
    )
    draw.add_argument(
        "machine", nargs="?", choices=MACHINES, default="session", help="which (%(default)s)"
    )
    draw.add_argument("--format", choices=FORMATS, default="mermaid", help="how (%(default)s)")


def _add_programs(add: _Adds) -> None:
    """Say what ``programs`` may be told."""
    listing = add(
        "programs",
        help="list programs: what may be done by whom, and the phases",
        description=_paragraphs(
            "List the programs that come with the library, and those of an application that are "
            "named: phases, actions by who may do them, agents with their stages, and the phases as "
            "a diagram for any viewer of Mermaid."
        ),
        epilog=_examples("coachwork programs", "coachwork programs app:HABITS"),
    )
    listing.add_argument(
        "program", nargs="*", metavar="MODULE:NAME", help="where an application's program is found"
    )


# --- what several of them may be told --------------------------------------------------------


def _add_database(of: argparse.ArgumentParser) -> None:
    of.add_argument(
        "--database", metavar="PATH", default=DATABASE, help="the file to keep it in (%(default)s)"
    )


def _add_job(of: argparse.ArgumentParser) -> None:
    of.add_argument("id", metavar="ID", help="the job's id, or the text of its JobRef")
    _add_database(of)
    of.add_argument(
        "--tenant",
        metavar="ID",
        default=TENANT,
        help="the job's tenant (%(default)s); a JobRef knows it",
    )


def _add_model(of: argparse.ArgumentParser) -> None:
    of.add_argument(
        "--model",
        metavar=f"{PREFIX}NAME",
        type=_model,
        help="a language model behind a server that speaks OpenAI's chat completions; its key is "
        "read from OPENAI_API_KEY (a coach that listens and asks, without a network, by default)",
    )
    of.add_argument(
        "--base-url", metavar="URL", help="where that server listens (OPENAI_BASE_URL, or OpenAI)"
    )
    of.add_argument(
        "--think",
        metavar="SECONDS",
        type=_seconds,
        help="how long the listening coach takes to answer (0); not for a --model",
    )


def _at_least_one(text: str) -> int:
    """Return the whole number, at least 1, that *text* is.

    Raises:
        ArgumentTypeError: It is none.
    """
    if not (text.isdecimal() and len(text) < len("1000000000") and int(text) >= 1):
        raise argparse.ArgumentTypeError("expected a whole number from 1 on")
    return int(text)


def _seconds(text: str) -> float:
    """Return the seconds that *text* tells.

    Raises:
        ArgumentTypeError: It tells none.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST:  # NaN neither
        raise argparse.ArgumentTypeError(f"expected seconds from 0 to {LONGEST:g}")
    return seconds


def _model(text: str) -> str:
    """Return *text*, which names a model.

    Raises:
        ArgumentTypeError: It does not.
    """
    if not text.removeprefix(PREFIX).strip() or not text.startswith(PREFIX):
        raise argparse.ArgumentTypeError(f"expected {PREFIX}NAME")
    return text
