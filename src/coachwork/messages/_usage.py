"""What calls of the model cost, in tokens; money is a price policy of the application."""

from __future__ import annotations

from typing import Final

from attrs import frozen


@frozen
class Usage:
    """Tokens that were used.

    Attributes:
        tokens_in: Tokens of the prompt.
        tokens_out: Tokens of the answer.
        tokens_cached: How many of ``tokens_in`` the provider had cached.
    """

    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Return the sum."""
        return Usage(
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.tokens_cached + other.tokens_cached,
        )

    def clamped(self) -> Usage:
        """Return the same with figures that can be kept; some providers report negative ones."""
        return Usage(
            _clamped(self.tokens_in), _clamped(self.tokens_out), _clamped(self.tokens_cached)
        )


def _clamped(figure: object) -> int:
    """Return *figure* between nothing and the most; what is no whole number counts nothing."""
    return min(max(0, figure), _MOST) if type(figure) is int else 0


_MOST: Final = 10**15
"""More tokens than that are none; a figure has to fit into any database."""


NO_USAGE: Final = Usage()
"""Nothing was used."""
