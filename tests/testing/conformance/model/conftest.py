"""What the tests of mutants share."""

from __future__ import annotations

import pytest

from coachwork.testing.conformance.model import _deadlines, _streams


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for as short a time as tells a provider within the process from one that hangs."""
    monkeypatch.setattr(_deadlines, "TIMEOUT", 0.03)
    monkeypatch.setattr(_streams, "AFTER", 0.01)
