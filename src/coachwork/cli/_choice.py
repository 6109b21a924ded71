"""Who is to answer, as it was typed."""

from __future__ import annotations

from typing import Final

from attrs import frozen

PREFIX: Final = "openai:"
"""What stands before the name of a model behind a server that speaks OpenAI's protocol."""


@frozen(kw_only=True)
class Choice:
    """Who is to answer.

    Attributes:
        name: ``openai:NAME``, or None for the listening coach.
        base_url: Where the server of that model listens, or None for OpenAI.
        think: Seconds that the listening coach takes; None where nothing was told.
    """

    name: str | None = None
    base_url: str | None = None
    think: float | None = None
