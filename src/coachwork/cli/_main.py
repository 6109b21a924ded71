"""What may be typed, and how everything that goes wrong is told: in one line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from io import TextIOWrapper
from typing import Final, NoReturn

from coachwork import __version__
from coachwork.cli._diagram import FORMATS, MACHINES, diagram
from coachwork.cli._plain import tell
from coachwork.errors import CoachworkError, RefusedError

OTHERS: Final = 1
"""What the program returns when something went wrong that the caller could not know."""

CALLER: Final = 2
"""What it returns when it was called wrongly, or refused what was asked."""

INTERRUPTED: Final = 130
"""What it returns when it was stopped by Ctrl-C, as shells expect it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says.

    Args:
        arguments: What was typed after the program's name; that of this process by default.

    Returns:
        0; 2 where the caller made a mistake, 1 where something else went wrong. An error is told
        in one line of the standard error stream, with its code.

    Raises:
        SystemExit: The arguments are none (2), or ask for help or the version (0).
    """
    _be_lenient()
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if options.command is None:
            parser.print_help()
            code = 0
        else:
            code = _run(options)
        sys.stdout.flush()
    except CoachworkError as error:
        tell(error.code, str(error))
        return CALLER if isinstance(error, RefusedError) else OTHERS
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "rich":
            raise
        tell("MISSING_EXTRA", f"{options.command} needs rich: install coachwork[cli]")
        return OTHERS
    except OSError as error:
        _drop_unprinted()
        if not isinstance(error, BrokenPipeError):  # there, whoever reads has seen enough
            tell("INTERNAL_ERROR", error.strerror or type(error).__name__)
        return OTHERS
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _drop_unprinted() -> None:
    """Make sure that the interpreter, when it ends, can print what it could not print so far."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _be_lenient() -> None:
    """Let no character that a terminal cannot show, or sends by mistake, stop the program."""
    for stream, errors in (
        (sys.stdin, "surrogateescape"),  # the library refuses such a text, with a reason
        (sys.stdout, "replace"),
        (sys.stderr, "backslashreplace"),
    ):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=errors)


# --- the commands; what needs rich or a database is loaded when it is asked for --------------


def _run(options: argparse.Namespace) -> int:
    """Run the command that was typed."""
    # ruff: noqa: PLC0415 - see above
    match options.command:
        case "demo":
            from coachwork.cli._demo import demo, demo_resume

            if options.resume is not None:
                return demo_resume(options.resume)
            return demo(options.database)
        case "chat":
            from coachwork.cli._chat import chat

            return chat(options.database, options.topic, options.user, think=options.think)
        case "replay":
            from coachwork.cli._replay import replay

            return replay(
                options.path,
                options.database,
                limit=options.limit,
                synchronous=options.synchronous,
                acknowledge=options.acknowledge,
            )
        case _:
            return diagram(options.machine, options.format)


# --- what may be typed -----------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """A parser that tells of a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        """Tell of a mistake in what was typed, and end."""
        tell("USAGE", f"{message}; see {self.prog} --help")
        self.exit(CALLER)


def _parser() -> argparse.ArgumentParser:
    """Return what knows the commands and their arguments."""
    parser = _Parser(
        prog="coachwork",
        description="Coaching conversations that survive the end of the process.",
        epilog="coachwork COMMAND --help tells more of each. None of them needs a network.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"coachwork {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    add = partial(commands.add_parser, allow_abbrev=False)
    _fill_demo(
        add(
            "demo",
            help="watch a whole session, from start to extracted result",
            description="Run a whole session on SQLite with a scripted coach, and show it: start, "
            "messages, pause, a new process that resumes, final reply, result, and the way it "
            "took through the state diagram. All that is shown was read back from the file.",
        )
    )
    _fill_chat(
        add(
            "chat",
            help="talk with a coach that listens and asks",
            description="Talk at the terminal with a coach that only listens and asks. Everything "
            "is kept as you type it: stop whenever you like, and go on another day.",
        )
    )
    _fill_replay(
        add(
            "replay",
            help="run recorded conversations through the library",
            description="Run the recorded conversations of a CSV file (columns transcript_id, "
            "utterance_id, interlocutor (therapist or client), timestamp (hh:mm:ss) and "
            "utterance_text) through the library into a database, and compare what is read back "
            "with what was put in. Run it again on the same database after an interruption, and "
            "it goes on where it stopped.",
        )
    )
    _fill_diagram(
        add(
            "diagram",
            help="draw a state machine from its table",
            description="Draw a state machine from its transition table.",
        )
    )
    return parser


def _fill_demo(demo: argparse.ArgumentParser) -> None:
    """Say what ``demo`` may be told."""
    demo.add_argument(
        "--database", metavar="PATH", help="the file to keep it in (a temporary one by default)"
    )
    # The second half, which the demo runs in a process of its own.
    demo.add_argument("--resume", metavar="PATH", help=argparse.SUPPRESS)


def _fill_chat(chat: argparse.ArgumentParser) -> None:
    """Say what ``chat`` may be told."""
    chat.add_argument(
        "--database",
        metavar="PATH",
        default="coachwork.db",
        help="the file to keep it in (%(default)s)",
    )
    chat.add_argument("--topic", default="today", help="what to talk about (%(default)s)")
    chat.add_argument("--user", default="you", help="who talks (%(default)s)")
    chat.add_argument("--think", type=float, default=0.0, help=argparse.SUPPRESS)


def _fill_replay(replay: argparse.ArgumentParser) -> None:
    """Say what ``replay`` may be told."""
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


def _at_least_one(text: str) -> int:
    """Return the whole number, at least 1, that *text* is.

    Raises:
        ArgumentTypeError: It is none.
    """
    if not (text.isdecimal() and len(text) < len("1000000000") and int(text) >= 1):
        raise argparse.ArgumentTypeError("expected a whole number from 1 on")
    return int(text)


def _fill_diagram(draw: argparse.ArgumentParser) -> None:
    """Say what ``diagram`` may be told."""
    draw.add_argument(
        "machine", nargs="?", choices=MACHINES, default="session", help="which (%(default)s)"
    )
    draw.add_argument("--format", choices=FORMATS, default="mermaid", help="how (%(default)s)")
