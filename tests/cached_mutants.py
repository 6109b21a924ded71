"""Mutants of the cache: each breaks one of its rules, and is told by what it breaks."""

from __future__ import annotations

from typing import Final

MODULE: Final = "coachwork.adapters._caching"
"""What is changed."""

_COMMIT: Final = "        result: CommitResult = yield partial(self._durable.commit, ops)\n"
_PUT: Final = "yield from self._guarded(self._put_new(ops), None)\n"
_RAISE: Final = "            raise\n"

MUTANTS: Final[dict[str, list[tuple[str, str]]]] = {
    "the end is not proven": [("if not told:", "if False:"), ("told[0] != run[-1] or ", "")],
    "the beginning is not proven": [(" or (yield from self._first(log)) != name", "")],
    "put before it is done": [(_COMMIT, f"        {_PUT}{_COMMIT}")],
    "put on a conflict": [("if result is CommitResult.DONE:", "if result:")],
    "put on an unknown outcome": [
        (
            _COMMIT,
            f"        try:\n    {_COMMIT}        except Exception:\n            {_PUT}{_RAISE}",
        )
    ],
    "one name for all": [('told = f"{first.key.text}\\n{first.body}"', "told = first.key.text")],
    "the tail is not asked for": [("answer([*run, *tail]", "answer([*run]")],
    "the end is not asked for": [("if not ends or (", "if (")],
    "a gap is passed over": [
        ("if number_of(record) != self.after + 1 + len(run):", "if False:"),
    ],
    "a failure reaches the caller": [("except Exception:", "except ZeroDivisionError:")],
}
"""What is wrong, and what stands in the source instead of what."""
