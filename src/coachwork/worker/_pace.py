"""When a worker claims which jobs: never too fast, never the same one in vain over and over.

It decides and touches nothing: instants are seconds of any clock that does not go back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from random import Random
from typing import Final

from coachwork.jobs import JobRef
from coachwork.worker._options import WorkerOptions

WINDOW: Final = 4
"""How many times as many jobs are looked at as can be taken.

Workers that look at the same moment take different ones of them, and seldom the same.
"""

PUT_OFF: Final = 1.0
LONGEST_PUT_OFF: Final = 60.0


class Pace:
    """What a worker remembers of its failures."""

    def __init__(self, options: WorkerOptions, random: Random) -> None:
        """Begin without failures."""
        self._options = options
        self._random = random
        self._failures = 0
        self._not_before = 0.0
        self._put_off: dict[JobRef, tuple[float, float]] = {}

    def look_at(self, free: int) -> int:
        """Return at how many due jobs to look in order to take so many."""
        return free * WINDOW + len(self._put_off)

    def choose(
        self, due: Iterable[JobRef], free: int, in_hand: Collection[JobRef], now: float
    ) -> list[JobRef]:
        """Return which of the *due* jobs to take: as many as are *free*, some of the first ones."""
        self._forget(now)
        ripe = [ref for ref in due if ref not in in_hand and not self._is_put_off(ref, now)]
        some = ripe[: free * WINDOW]
        self._random.shuffle(some)
        return some[:free]

    def pause(self, now: float) -> float:
        """Return for how many seconds nothing is to be claimed; 0 where something may be."""
        return max(0.0, self._not_before - now)

    def next_poll(self) -> float:
        """Return after how many seconds to look again, though nobody rang."""
        return self._options.poll * self._random.uniform(0.8, 1.2)

    def succeeded(self, ref: JobRef) -> None:
        """Note that the model answered."""
        self._failures = 0
        self._put_off.pop(ref, None)

    def failed(self, now: float, wish: float | None = None) -> None:
        """Note that the model or the repository failed, and for how long it wants to be left."""
        self._failures += 1
        options = self._options
        longest = min(options.longest_backoff, options.backoff * 2.0 ** min(self._failures - 1, 30))
        seconds = max(self._random.uniform(longest / 2, longest), wish or 0.0)
        self._not_before = max(self._not_before, now + seconds)

    def put_off(self, ref: JobRef, now: float) -> None:
        """Note that *ref* could not be taken; it is left alone for a while, longer each time."""
        _, before = self._put_off.get(ref, (0.0, PUT_OFF / 2))
        seconds = min(LONGEST_PUT_OFF, before * 2)
        self._put_off[ref] = (now + seconds, seconds)

    def _is_put_off(self, ref: JobRef, now: float) -> bool:
        return now < self._put_off.get(ref, (now, 0.0))[0]

    def _forget(self, now: float) -> None:
        """Forget jobs that nobody has found for a long time: others have settled them."""
        self._put_off = {
            ref: (until, seconds)
            for ref, (until, seconds) in self._put_off.items()
            if now < until + LONGEST_PUT_OFF
        }
