"""Machines for Hypothesis: sessions on any repository, and any table."""

from __future__ import annotations

from coachwork.testing import _hypothesis as _hypothesis  # it says what to install
from coachwork.testing.stateful._session_machine import SessionMachine
from coachwork.testing.stateful._table_machine import table_machine

__all__ = ["SessionMachine", "table_machine"]
