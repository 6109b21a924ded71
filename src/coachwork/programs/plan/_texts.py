"""How long the texts of a plan may be."""

from __future__ import annotations

from typing import Final

MAX_RESPONSE: Final = 4000
"""The most characters of an answer, and of other words for it."""

MAX_FEEDBACK: Final = 2000
"""The most characters of what the coach says of an answer."""

MAX_QUESTION: Final = 500
"""The most characters of a question, and of an example."""

MAX_PROPOSAL: Final = 1000
"""The most characters of a proposal to choose from."""

MAX_AT_ONCE: Final = 5
"""The most questions, examples or proposals at once."""

MAX_TITLE: Final = 120
"""The most characters of a section's title."""
