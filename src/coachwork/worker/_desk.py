"""What workers of either colour have on their desk: the jobs in hand, and what came of them.

The two workers differ in how they wait and in nothing else; whatever they decide is decided here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from random import Random
from time import monotonic
from typing import Final

from coachwork.errors import CoachworkError, StoreError
from coachwork.jobs import ErrorCode, JobRef
from coachwork.policies import Settings
from coachwork.worker._options import WorkerOptions
from coachwork.worker._pace import Pace
from coachwork.workflows import Claimed, Held, JobView, job_view

LOG: Final = logging.getLogger("coachwork")

BEATS: Final = 3
"""How often a lease is renewed before it would run out."""

_MODEL_FAILED: Final = frozenset({ErrorCode.LLM_ERROR, ErrorCode.LLM_TIMEOUT})


class Desk:
    """The jobs in hand. Its worker makes sure that only one thread at a time is at it."""

    def __init__(
        self,
        options: WorkerOptions,
        settings: Settings,
        settled: Callable[[JobView], None] | None,
        *,
        relays: bool,
    ) -> None:
        """Begin with an empty desk."""
        self.pace = Pace(options, Random())  # noqa: S311 - it guards nothing
        self.in_hand: dict[JobRef, Claimed | None] = {}
        self.answered = 0
        self._options = options
        self._settled = settled
        self._beat = settings.worker_lease.total_seconds() / BEATS
        self._next_beat = monotonic() + self._beat
        self._next_relay = monotonic() if relays else None

    @property
    def free(self) -> int:
        """How many jobs can be taken now, were it not for a pause."""
        return self._options.concurrency - len(self.in_hand)

    @property
    def may_claim(self) -> bool:
        """Whether there is room for a job, and no pause."""
        return self.free > 0 and self.pace.pause(monotonic()) == 0

    def take(self, due: list[JobRef]) -> list[JobRef]:
        """Put some of the *due* jobs on the desk, and return them."""
        chosen = self.pace.choose(due, self.free, self.in_hand, monotonic())
        self.in_hand.update(dict.fromkeys(chosen))
        return chosen

    def beat_is_due(self) -> list[Claimed]:
        """Return whose leases to renew now."""
        if monotonic() < self._next_beat:
            return []
        self._next_beat = monotonic() + self._beat
        return [claimed for claimed in self.in_hand.values() if claimed is not None]

    def relay_is_due(self) -> bool:
        """Whether to look for events that somebody else should have delivered."""
        if self._next_relay is None or monotonic() < self._next_relay:
            return False
        self._next_relay = monotonic() + max(self._options.relay_after, self.pace.next_poll())
        return True

    def patience(self) -> float:
        """Return for how many seconds to wait for something to happen."""
        now = monotonic()
        pause = self.pace.pause(now)
        waits = [self._next_beat - now, pause or self.pace.next_poll()]
        if self._next_relay is not None:
            waits.append(self._next_relay - now)
        return max(0.0, min(waits))

    # --- what came of a job ----------------------------------------------------------------------

    def claimed(self, ref: JobRef, claimed: Claimed) -> None:
        """Note the claim of a job in hand, whose lease is to be renewed from now on."""
        self.in_hand[ref] = claimed

    def lost(self, ref: JobRef) -> None:
        """Note that the lease of a job in hand is another's now."""
        if ref in self.in_hand:
            self.in_hand[ref] = None

    def done(self, ref: JobRef, held: Held | None) -> None:
        """Take a job off the desk, with what came of it; None is a job that is gone."""
        self.in_hand.pop(ref, None)
        job = None if held is None else held.job.value
        if job is None:
            return
        if not job.is_settled:  # in another's hands
            self.pace.put_off(ref, monotonic())
            return
        self.answered += 1
        if job.error is not None and job.error.code in _MODEL_FAILED:
            self.pace.failed(monotonic(), job.error.retry_after)
        else:
            self.pace.succeeded(ref)
        if self._settled is not None:
            try:
                self._settled(job_view(job))
            except Exception:
                LOG.exception("what a worker tells its settled jobs to has failed")

    def broke(self, ref: JobRef, error: Exception) -> None:
        """Take a job off the desk that could not be answered; it is due as before."""
        self.in_hand.pop(ref, None)
        self.pace.put_off(ref, monotonic())
        self.failed("answer a job", error)

    def failed(self, what: str, error: Exception) -> None:
        """Note that something could not be done, and say so without a word of its text."""
        code = error.code if isinstance(error, CoachworkError) else type(error).__name__
        LOG.warning("a worker could not %s: %s", what, code)
        if isinstance(error, StoreError):
            self.pace.failed(monotonic(), error.retry_after)
