"""The dice are the same everywhere, and fair."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from hashlib import sha256

import pytest

from coachwork.testing.faults._dice import thrown

PROGRAM = """
from coachwork.testing.faults._dice import thrown
print(*(thrown(7, n, 0.5, "abc") or "-" for n in range(1, 25)), sep="")
"""
FIRST = "-acba-c---ac-abcba-b-c--"


def test_the_throws_of_a_seed_are_known() -> None:
    """They may never change: plans that are written down somewhere replay by them."""
    assert "".join(thrown(7, n, 0.5, "abc") or "-" for n in range(1, 25)) == FIRST


@pytest.mark.parametrize("seed", ["0", "1", "random"])
def test_no_process_throws_otherwise(seed: str) -> None:
    """Neither the seed of Python's own hash nor anything else of the process is of account."""
    environ = os.environ | {"PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == FIRST


def test_a_throw_is_what_the_documentation_says() -> None:
    """Eight bytes of a digest decide whether, the next eight which, big end first."""
    for number in range(200):
        digest = sha256(f"-3/{number}".encode()).digest()
        chance, choice = int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:16], "big")
        wanted = "abcde"[choice % 5] if chance < 0.25 * 2**64 else None
        assert thrown(-3, number, 0.25, "abcde") == wanted


def test_the_rate_is_kept_and_the_choice_is_fair() -> None:
    """Of ten thousand throws about a tenth choose, each face about as often."""
    throws = Counter(thrown(1, number, 0.1, "abcd") for number in range(10_000))
    assert 900 < 10_000 - throws[None] < 1100
    assert all(180 < throws[face] < 320 for face in "abcd")


def test_never_and_always() -> None:
    """A rate of 0 chooses nothing, one of 1 always something, and of nothing nothing is chosen."""
    assert {thrown(1, number, 0, "a") for number in range(500)} == {None}
    assert {thrown(1, number, 1, "a") for number in range(500)} == {"a"}
    assert thrown(1, 1, 1, "") is None


def test_one_throw_does_not_depend_on_another() -> None:
    """Another seed, or another number, is another throw."""
    rows = {tuple(thrown(seed, n, 0.5, "ab") for n in range(40)) for seed in range(50)}
    assert len(rows) == 50
