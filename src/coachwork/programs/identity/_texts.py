"""How long the texts of a coach state may be."""

from __future__ import annotations

from typing import Final

MAX_NAME: Final = 120
"""The most characters of an identity's name."""

MAX_STATEMENT: Final = 1000
"""The most characters of an identity's statement."""

MAX_NOTE: Final = 1000
"""The most characters of a note."""

MAX_QUESTION: Final = 500
"""The most characters of a question, and of what was answered in short."""

MAX_TRAIT: Final = 200
"""The most characters of one of the things that a person says they are or want to be."""

MAX_AT_ONCE: Final = 20
"""The most texts or identities that one action brings."""

MAX_REFERENCE: Final = 255
"""The most characters of an id or a name by which something is found."""
