"""What a worker tells: of what goes wrong codes and ids, and of its jobs what came of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from coachwork.errors import CoachworkError
from coachwork.workflows import JobView

LOG: Final = logging.getLogger("coachwork")

AGAIN_AFTER: Final = 60.0
"""Seconds after which the same is said again, if it still happens."""


class Complaints:
    """The warnings of one worker: each is written at once, and then once a minute at the most."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin with nothing said; *clock* tells seconds and does not go back."""
        self._clock = clock
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def say(self, what: str, error: BaseException, job: str | None = None) -> None:
        """Warn that *what* could not be done, unless that was said a short while ago.

        Args:
            what: What it was, in words of this library.
            error: Why; its text is not written, since it may hold what was said or a secret.
            job: The id of the job that it was about, if it was about one.
        """
        self.say_why(
            what, error.code if isinstance(error, CoachworkError) else type(error).__name__, job
        )

    def say_why(self, what: str, code: str, job: str | None = None) -> None:
        """Warn that *what* could not be done, for the reason of that *code*, as `say` does."""
        now = self._clock()
        said, times = self._said.get((what, code), (now - AGAIN_AFTER, 0))
        if now < said + AGAIN_AFTER:
            self._said[what, code] = (said, times + 1)
            return
        self._said[what, code] = (now, 0)
        about = "" if job is None else f" (job {job})"
        more = f" ({times} more times since it was last said)" if times else ""
        LOG.warning("a worker could not %s%s%s: %s", what, about, more, code)


def tell(settled: Callable[[JobView], None] | None, view: JobView | None) -> None:
    """Tell an application of a job that got its outcome, if there is one of each.

    What the application raises is logged and goes no further; a job's view holds no text.
    """
    if settled is None or view is None:
        return
    try:
        settled(view)
    except Exception:
        LOG.exception("what a worker tells of its jobs has failed")
