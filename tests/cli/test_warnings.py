"""What the library logs, in one line each (`coachwork.cli._warnings`)."""

from __future__ import annotations

import logging

import pytest

from coachwork.cli._warnings import told_in_lines

LOG = logging.getLogger("coachwork")


def test_each_warning_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Of an exception its class is told and nothing of its text; afterwards nobody listens."""
    with told_in_lines():
        LOG.info("nothing")
        LOG.warning("a worker could not %s: %s", "answer", "X")
        try:
            int("a secret")
        except ValueError:
            LOG.exception("a sink failed")
    LOG.warning("later")
    assert capsys.readouterr().err.splitlines() == [
        "coachwork: WARNING: a worker could not answer: X",
        "coachwork: ERROR: a sink failed: ValueError",
    ]


def test_a_code_may_have_a_hint_or_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """As the command wants it."""
    with told_in_lines(ONE="; try two", TWO=None):
        LOG.warning("it failed: ONE")
        LOG.warning("it failed: TWO")
        LOG.warning("it failed: THREE")
    assert capsys.readouterr().err.splitlines() == [
        "coachwork: WARNING: it failed: ONE; try two",
        "coachwork: WARNING: it failed: THREE",
    ]
