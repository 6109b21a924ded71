"""When a worker claims which jobs: never too fast, never the same one in vain over and over.

It decides and touches nothing: instants are seconds of any clock that does not go back.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from attrs import frozen

from coachwork.jobs import JobRef
from coachwork.worker._options import WorkerOptions

LEAST_WINDOW: Final = 32
"""How many due jobs are looked at, at least.

Workers that look at the same moment take different ones of them, and seldom the same. With 8 busy
workers on one SQLite file, 4 instead of 32 cost six times as many claims in vain.
"""

PUT_OFF: Final = 1.0
"""Seconds that a job is left alone when it could not be answered for the first time."""

LONGEST_PUT_OFF: Final = 60.0
"""Seconds that it is left alone at the most, and that its failures are remembered afterwards."""

NOT_HERE: Final = 600.0
"""Seconds that a job is left alone whose topic is not declared here: others may know it."""

LONGEST_HOPE: Final = 16.0
"""A job that was put off for longer is not waited for by who drains: it does not get better."""

LONGEST_WISH: Final = 600.0
"""Seconds that a provider may keep a worker from claiming; a wrong header is no reason to stop."""


def window(free: int) -> int:
    """Return among how many due jobs to choose for so many *free* places."""
    return max(LEAST_WINDOW, 4 * free)


@frozen
class _PutOff:
    """A job that is left alone: until when, for how many seconds, and whether it may get better."""

    until: float
    seconds: float
    hope: bool


class Pace:
    """What a worker remembers of its failures."""

    def __init__(self, options: WorkerOptions, random: Random) -> None:
        """Begin without failures."""
        self._options = options
        self._random = random
        self._failures = 0
        self._not_before: float | None = None
        self._put_off: dict[JobRef, _PutOff] = {}

    # --- which jobs ------------------------------------------------------------------------------

    def left_alone(self, now: float) -> set[JobRef]:
        """Return the jobs that are not to be taken now, having been put off."""
        self._forget(now)
        return {ref for ref, put in self._put_off.items() if now < put.until}

    def choose(self, due: Sequence[JobRef], free: int) -> list[JobRef]:
        """Return which of the *due* jobs to take: as many as are *free*, any of them."""
        some = list(due)
        self._random.shuffle(some)
        return some[:free]

    def put_off(
        self, ref: JobRef, now: float, *, hope: bool = False, least: float = PUT_OFF
    ) -> None:
        """Note that *ref* could not be answered; it is left alone, for longer each time.

        Args:
            ref: The job.
            now: The instant.
            hope: Whether it may well be answered next time.
            least: For how many seconds at the least.
        """
        before = self._put_off.get(ref)
        seconds = least if before is None else max(least, min(LONGEST_PUT_OFF, before.seconds * 2))
        self._put_off[ref] = _PutOff(now + seconds, seconds, hope)

    def answered(self, ref: JobRef) -> None:
        """Forget what went wrong with *ref*."""
        self._put_off.pop(ref, None)

    def has_hope(self, now: float) -> bool:
        """Whether there is a job that was put off and is worth waiting for."""
        return any(
            put.hope and now < put.until and put.seconds <= LONGEST_HOPE
            for put in self._put_off.values()
        )

    def _forget(self, now: float) -> None:
        """Forget jobs that nobody has found for a long time: others have settled them."""
        self._put_off = {
            ref: put for ref, put in self._put_off.items() if now < put.until + LONGEST_PUT_OFF
        }

    # --- when ------------------------------------------------------------------------------------

    def pause(self, now: float) -> float:
        """Return for how many seconds nothing is to be claimed; 0 where something may be."""
        return 0.0 if self._not_before is None else max(0.0, self._not_before - now)

    def next_poll(self) -> float:
        """Return after how many seconds to look again, though nobody rang."""
        return self._options.poll * self._random.uniform(0.8, 1.2)

    def succeeded(self) -> None:
        """Note that the model answered."""
        self._failures = 0

    def failed(self, now: float, wish: float | None = None) -> None:
        """Note that the model or the repository failed.

        What was begun before a pause and fails during it is the same failure: ten calls that fail
        together count once.

        Args:
            now: The instant.
            wish: For how many seconds the other side wants to be left alone, if it said so.
        """
        seconds = min(wish or 0.0, LONGEST_WISH)
        if self.pause(now) == 0.0:
            self._failures += 1
            options = self._options
            doubled = options.backoff * 2.0 ** min(self._failures - 1, 30)
            longest = min(options.longest_backoff, doubled)
            seconds = max(seconds, self._random.uniform(longest / 2, longest))
        self._not_before = max(now + seconds, now + self.pause(now))
