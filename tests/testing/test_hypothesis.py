"""Who asks for strategies without Hypothesis is told what to install."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from coachwork.testing import _hypothesis

SENTENCE = "coachwork.testing.strategies needs Hypothesis: install coachwork[testing]"


def test_where_it_is_there_nothing_is_said() -> None:
    """Hypothesis is there: the tests run under it."""
    importlib.reload(_hypothesis)


def test_where_it_is_missing_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The error is one sentence."""
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ImportError) as raised:
        importlib.reload(_hypothesis)
    assert str(raised.value) == SENTENCE


@pytest.mark.parametrize("module", ["strategies", "stateful"])
def test_a_module_that_needs_it_says_so_first(module: str) -> None:
    """Whoever imports it without Hypothesis gets the sentence; the rest of the kit works."""
    program = (
        "import sys\n"
        "sys.modules['hypothesis'] = None\n"
        "import coachwork.testing\n"
        f"import coachwork.testing.{module}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip().endswith(f"ImportError: {SENTENCE}")
