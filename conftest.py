"""Every example in the documents and the docstrings is run (brief, section 11).

* A ``python`` block of a Markdown page runs as written, after the blocks above it on its page.
* A docstring's ``>>>`` lines run as a doctest.
* Other blocks (``console``, ``text``, ``mermaid`` ...) are for reading.

A page runs in an empty directory of its own, so that its examples may write files. What
cannot run is left out with its reason, which the run then shows::

    <!-- skip: next "needs an account with a model's provider" -->
"""

from __future__ import annotations

import os
import signal
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import settings
from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser

from coachwork import Coach

settings.register_profile("house", deadline=None)  # a slow machine is no failure
settings.load_profile("house")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Who starts the tests in the background ignores Ctrl-C, and the programs that the tests start
    # and interrupt would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)

FLAGS = ELLIPSIS | NORMALIZE_WHITESPACE


def enter(namespace: dict[str, Any]) -> None:
    """Enter an empty directory before the first example of a document."""
    directory = TemporaryDirectory(prefix="coachwork-")
    namespace["_left"] = (Path.cwd(), directory)
    os.chdir(directory.name)


def leave(namespace: dict[str, Any]) -> None:
    """Go back to where the run was started, and remove the directory."""
    before, directory = namespace.pop("_left")
    for made in namespace.values():
        if isinstance(made, Coach):  # a page may leave its last coach open for the reader
            made.close()
    os.chdir(before)
    directory.cleanup()


pages = Sybil(
    name="page",
    parsers=[PythonCodeBlockParser(doctest_optionflags=FLAGS), SkipParser()],
    pattern="*.md",
    setup=enter,
    teardown=leave,
)
docstrings = Sybil(
    name="docstring",
    parsers=[DocTestParser(FLAGS)],
    path="src",
    pattern="*.py",
    setup=enter,
    teardown=leave,
)

pytest_collect_file = (pages + docstrings).pytest()
