"""Mutants of the cache: each breaks one of its rules, and is told by what it breaks."""

from __future__ import annotations

from typing import Final

MODULE: Final = "coachwork.adapters._caching"
"""What is changed."""

_SINCE: Final = "        since = self._cache.losses\n"
_RESULT: Final = "        result: CommitResult = yield partial(self._durable.commit, ops)\n"
_COMMIT: Final = _SINCE + _RESULT
_PUT: Final = "yield from self._guarded(self._put_new(ops, since), None)\n"
_LOST: Final = "                yield from self._leave(names)\n                raise\n"
_AFTER: Final = "            yield from self._leave(names)\n            return result\n"
_EXCEPT: Final = "        except Exception:\n"
_RAISE: Final = "            raise\n"

MUTANTS: Final[dict[str, list[tuple[str, str]]]] = {
    "the end is not proven": [("if not told:", "if False:"), ("told[0] != run[-1] or ", "")],
    "the beginning is not proven": [(" or (yield from self._first(log)) != name", "")],
    "put before it is done": [(_COMMIT, f"{_SINCE}        {_PUT}{_RESULT}")],
    "put on a conflict": [("if result is CommitResult.DONE:", "if result:")],
    "put on an unknown outcome": [
        (
            _COMMIT,
            f"{_SINCE}        try:\n    {_RESULT}{_EXCEPT}            {_PUT}{_RAISE}",
        )
    ],
    "one name for all": [('told = f"{first.key.text}\\n{first.body}"', "told = first.key.text")],
    "the tail is not asked for": [("answer([*run, *tail]", "answer([*run]")],
    "the end is not asked for": [("if not ends or (", "if (")],
    "a gap is passed over": [
        ("if number_of(record) != self.after + 1 + len(run):", "if False:"),
    ],
    "a failure reaches the caller": [
        ("except Exception:  # noqa", "except ZeroDivisionError:  # noqa")
    ],
    "what is put before a deletion stays": [(_AFTER, "            return result\n")],
    "what is put before a deletion that is not heard of stays": [
        (_LOST, "                raise\n")
    ],
    "what is put after it was to leave stays": [
        ("        if self._cache.name(log) != name:\n", "        if False:\n"),
    ],
}
"""What is wrong, and what stands in the source instead of what."""
