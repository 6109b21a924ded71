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
        """Return the same without negative figures, which some providers report."""
        return Usage(max(0, self.tokens_in), max(0, self.tokens_out), max(0, self.tokens_cached))


NO_USAGE: Final = Usage()
"""Nothing was used."""
