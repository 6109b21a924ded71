"""Hypothesis is there, or a sentence says what to install."""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("hypothesis") is None:
    raise ImportError("coachwork.testing.strategies needs Hypothesis: install coachwork[testing]")
