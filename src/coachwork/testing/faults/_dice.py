"""Chance that is the same on every machine, in every process and for every Python.

The dice of a seed are its SHA-256 digests: those of number *n* are the first two 64-bit words,
big-endian, of the digest of the text ``seed/n`` in ASCII. Nothing is drawn from a stream, so no
throw depends on how often the dice were thrown before; and unlike ``random`` and ``hash`` the
digest is no affair of a Python version or of ``PYTHONHASHSEED``.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, TypeVar

T = TypeVar("T")

_ALL: Final = 2**64


def thrown(seed: int, number: int, rate: float, among: Sequence[T]) -> T | None:
    """Return one of *among* as often as *rate* says, else None.

    Args:
        seed: Which dice.
        number: Which throw.
        rate: How often one is chosen: 0 never, 1 always.
        among: What to choose from; nothing is chosen where it is empty.
    """
    digest = sha256(f"{seed}/{number}".encode("ascii")).digest()
    chance, choice = int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:16], "big")
    # Both are exact: a float times a power of two, and a whole number compared with a float.
    if not among or chance >= rate * _ALL:
        return None
    return among[choice % len(among)]
