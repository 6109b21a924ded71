"""Runs the command that was typed, and tells everything that goes wrong in one line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from io import TextIOWrapper
from typing import Final

from coachwork.cli._arguments import TOPIC, parser
from coachwork.cli._choice import Choice
from coachwork.cli._diagram import diagram
from coachwork.cli._plain import tell
from coachwork.errors import CoachworkError, RefusedError

OTHERS: Final = 1
"""What the program returns when something went wrong that the caller could not know."""

CALLER: Final = 2
"""What it returns when it was refused what was asked; when it was called wrongly, too."""

EXTRAS: Final[Mapping[str, str]] = {"rich": "cli", "openai": "openai"}
"""Which extra brings which package."""

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
    options = parser().parse_args(arguments)
    try:
        if options.command is None:
            parser().print_help()
            code = 0
        else:
            code = COMMANDS[options.command](options)
        sys.stdout.flush()
    except CoachworkError as error:
        tell(error.code, str(error))
        return CALLER if isinstance(error, RefusedError) else OTHERS
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        wants = options.command if package == "rich" else f"--model {options.model}"
        tell("MISSING_EXTRA", f"{wants} needs {package}: install coachwork[{EXTRAS[package]}]")
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


# --- the commands; what needs rich, a model or a database is loaded when it is asked for ------


# ruff: noqa: PLC0415 - see above


def _demo(options: argparse.Namespace) -> int:
    """Run ``demo``."""
    if options.what == "identity":
        from coachwork.cli._demo_identity import demo_identity

        return demo_identity(options.database)
    if options.what == "plan":
        from coachwork.cli._demo_plan import demo_plan

        return demo_plan(options.database)
    from coachwork.cli._demo import demo, demo_resume

    return demo(options.database) if options.resume is None else demo_resume(options.resume)


def _chat(options: argparse.Namespace) -> int:
    """Run ``chat``."""
    from coachwork.cli._chat import Sitting, chat

    return chat(
        Sitting(
            path=options.database,
            topic=options.topic,
            user=options.user,
            choice=_choice(options),
            jobs=options.jobs or not options.works,
            works=options.works,
        )
    )


def _worker(options: argparse.Namespace) -> int:
    """Run ``worker``."""
    from coachwork.cli._worker import Shift, worker

    return worker(
        Shift(
            path=options.database,
            topics=options.topic or [TOPIC],
            choice=_choice(options),
            concurrency=options.concurrency,
            once=options.once,
        )
    )


def _jobs(options: argparse.Namespace) -> int:
    """Run ``jobs``."""
    from coachwork.cli._jobs import Again, Wanted, list_jobs, retry_job, show_job

    match options.action:
        case "list":
            return list_jobs(
                options.database,
                Wanted(
                    tenant=options.tenant,
                    user=options.user,
                    status=options.status,
                    limit=options.limit,
                ),
            )
        case "show":
            return show_job(options.database, options.tenant, options.id, text=options.text)
        case _:
            return retry_job(
                options.database,
                Again(
                    tenant=options.tenant,
                    name=options.id,
                    wait=options.wait,
                    choice=_choice(options),
                ),
            )


def _choice(options: argparse.Namespace) -> Choice:
    """Return who is to answer."""
    return Choice(name=options.model, base_url=options.base_url, think=options.think)


def _timeline(options: argparse.Namespace) -> int:
    """Run ``timeline``."""
    from coachwork.cli._timeline import Asked, show_timeline

    return show_timeline(
        options.database,
        Asked(
            tenant=options.tenant,
            session=options.id,
            program=options.program,
            form=options.format,
        ),
    )


def _replay(options: argparse.Namespace) -> int:
    """Run ``replay``."""
    from coachwork.cli._replay import replay

    return replay(
        options.path,
        options.database,
        limit=options.limit,
        synchronous=options.synchronous,
        acknowledge=options.acknowledge,
    )


def _diagram(options: argparse.Namespace) -> int:
    """Run ``diagram``."""
    return diagram(options.machine, options.format)


def _programs(options: argparse.Namespace) -> int:
    """Run ``programs``."""
    from coachwork.cli._programs import show_programs

    return show_programs(options.program)


COMMANDS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "demo": _demo,
    "chat": _chat,
    "worker": _worker,
    "jobs": _jobs,
    "timeline": _timeline,
    "replay": _replay,
    "diagram": _diagram,
    "programs": _programs,
}
"""What runs each command."""
