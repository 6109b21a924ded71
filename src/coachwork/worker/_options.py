"""How a worker works, as one frozen value."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from coachwork.errors import ValidationError

MOST: Final = 10_000
"""The most jobs at once, and the most seconds of any pause."""


@frozen(kw_only=True)
class WorkerOptions:
    """How a worker works.

    Attributes:
        concurrency: How many jobs it answers at once.
        poll: Seconds after which it looks for jobs that nobody told it of.
        backoff: Seconds that it claims nothing after the model failed; they double with each
            failure in a row, up to `longest_backoff`, and a random part is taken off.
        longest_backoff: Seconds that it claims nothing at the most, unless the provider asks for
            more.
        relay_after: Seconds after which it delivers an event that somebody else should have.
        grace: Seconds that it waits for answers under way when it is stopped.

    Raises:
        ValidationError: A field is not what it should be; it names the field.
    """

    concurrency: int = 8
    poll: float = 1.0
    backoff: float = 0.5
    longest_backoff: float = 30.0
    relay_after: float = 5.0
    grace: float = 30.0

    def __attrs_post_init__(self) -> None:
        """Check every field."""
        if type(self.concurrency) is not int or not 1 <= self.concurrency <= MOST:
            raise ValidationError("worker.concurrency", f"a whole number from 1 to {MOST}")
        for name in ("poll", "backoff", "longest_backoff", "relay_after", "grace"):
            least = 0 if name in {"relay_after", "grace"} else 0.001
            if not _is_between(getattr(self, name), least, MOST):
                raise ValidationError(f"worker.{name}", f"seconds from {least} to {MOST}")


def _is_between(value: object, least: float, most: float) -> bool:
    """Whether *value* is a number in that range; NaN is in none."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return least <= value <= most
