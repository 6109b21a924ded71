"""What workers of either colour have on their desk: the jobs in hand, and what came of them.

The two workers differ in how they wait and in nothing else; whatever they decide is decided here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from time import monotonic
from typing import Final

from attrs import define

from coachwork.errors import (
    CoachworkError,
    MisuseError,
    OutcomeUnknownError,
    SessionNotFoundError,
    StoreUnavailableError,
    TopicNotFoundError,
)
from coachwork.jobs import ErrorCode, Job, JobRef
from coachwork.policies import Settings
from coachwork.worker._options import WorkerOptions
from coachwork.worker._pace import NOT_HERE, PUT_OFF, Pace, window
from coachwork.worker._telling import Complaints
from coachwork.workflows import NO_PROMPT, Claimed, Held, JobView, Relayed, job_view

BEATS: Final = 3
"""How often a lease is renewed before it would run out."""

RELAY_PAGE: Final = 100
"""How many owed events are looked at in one go; where there are more, it goes on at once."""

LONGEST_WAIT: Final = 60.0
"""Seconds that a worker waits for anything without looking around."""

MOST_UNTOLD: Final = 1000
"""How many events wait for their turn to be delivered; more are left to the relay."""

_MODEL_FAILED: Final = frozenset({ErrorCode.LLM_ERROR, ErrorCode.LLM_TIMEOUT})
_MODEL_ANSWERED: Final = frozenset(
    {ErrorCode.EMPTY_REPLY, ErrorCode.BAD_REPLY, ErrorCode.LENGTH, ErrorCode.CONTENT_FILTER}
)


def check_made_of(coach: object, wanted: type, options: object) -> None:
    """Make sure that a worker is made from a coach of its colour, and from options.

    Raises:
        MisuseError: It is not.
    """
    if not isinstance(coach, wanted):
        raise MisuseError(
            f"this worker wants one {wanted.__name__}: a Worker is for a Coach, an AsyncWorker for "
            "an AsyncCoach"
        )
    if options is not None and not isinstance(options, WorkerOptions):
        raise MisuseError("a worker's options must be WorkerOptions")


@define(eq=False)
class Hand:
    """One job in hand; the same job may be in hand again later, and is another one then.

    Attributes:
        ref: The job.
        claimed: Its claim, once it is claimed.
        renew_until: Until when its lease is renewed, on the desk's clock; None as long as it is not
            to be renewed.
    """

    ref: JobRef
    claimed: Claimed | None = None
    renew_until: float | None = None


class TooLate(Exception):  # noqa: N818 - it is no error, and nobody outside sees it
    """A job was claimed when it was no longer in hand; it has to be released.

    Attributes:
        claimed: The claim.
    """

    def __init__(self, claimed: Claimed) -> None:
        """Tell which claim."""
        super().__init__()
        self.claimed = claimed


class Desk:
    """The jobs in hand. Its worker makes sure that only one thread at a time is at it.

    Attributes:
        answered: How many jobs got their outcome in hand.
        is_drained: Whether there was nothing more to do when it was looked last.
        beat: Seconds from one renewal of a lease to the next.
    """

    def __init__(
        self,
        options: WorkerOptions,
        settings: Settings,
        *,
        relays: bool,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Begin with an empty desk; *clock* tells seconds and does not go back."""
        self.answered = 0
        self.is_drained = False
        self.beat = min(settings.worker_lease.total_seconds() / BEATS, LONGEST_WAIT)
        self._options = options
        # Who asks the model itself must be done within the usual lease, and it is asked twice at
        # the most, for a reply and for the result.
        self._longest = 2 * settings.lease.total_seconds()
        self._clock = clock
        self._pace = Pace(options, Random())  # noqa: S311 - it guards nothing
        self._complaints = Complaints(clock)
        self._hands: set[Hand] = set()
        self._was_empty = True
        self._had_hope = False
        self._relaying = False
        self._telling = 0
        self._untold: deque[Job] = deque()
        self._next_relay = clock() if relays else None

    @property
    def is_busy(self) -> bool:
        """Whether something is under way."""
        return bool(self._hands) or self._telling > 0 or self._relaying

    # --- jobs in hand ----------------------------------------------------------------------------

    def look_at(self) -> int:
        """Return at how many due jobs to look now; 0 where there is no room, or a pause."""
        now = self._clock()
        self.is_drained = False
        free = self._options.concurrency - len(self._hands)
        if free == 0 or self._pace.pause(now) > 0:
            return 0
        # What is in hand now may bring work while the due jobs are read: then it is not the end.
        self._was_empty = not self._hands
        # A job that is left alone now may be ripe by then, and still not be among those found.
        self._had_hope = self._pace.has_hope(now)
        return window(free)

    def not_wanted(self) -> set[JobRef]:
        """Return the jobs that are not to be found: in hand already, or to be left alone."""
        return {hand.ref for hand in self._hands} | self._pace.left_alone(self._clock())

    def take(self, due: Sequence[JobRef]) -> list[Hand]:
        """Put some of the *due* jobs on the desk, and return them."""
        free = self._options.concurrency - len(self._hands)
        chosen = self._pace.choose(due, free)
        hands = [Hand(ref) for ref in chosen]
        self._hands.update(hands)
        self.is_drained = self._was_empty and not hands and not self._had_hope
        return hands

    def claimed(self, hand: Hand, claimed: Claimed) -> None:
        """Note the claim of a job in hand, whose lease is to be renewed from now on.

        Raises:
            TooLate: It was let go meanwhile.
        """
        if hand not in self._hands:
            raise TooLate(claimed)
        hand.claimed = claimed
        hand.renew_until = self._clock() + self._longest

    def to_renew(self) -> list[tuple[Hand, Claimed]]:
        """Return whose leases to renew now.

        A call of the model that never comes back must not keep its job for ever: another worker
        takes the job over when its lease has run out.
        """
        now = self._clock()
        renewing: list[tuple[Hand, Claimed]] = []
        for hand in self._hands:
            if hand.claimed is None or hand.renew_until is None:
                continue
            if now < hand.renew_until:
                renewing.append((hand, hand.claimed))
            else:
                self.lost(hand)
                self._complaints.say("wait any longer for a model", TimeoutError(), hand.ref.job)
        return renewing

    def lost(self, hand: Hand) -> None:
        """Note that the lease of a job in hand is not to be renewed any more."""
        hand.renew_until = None

    def renewal_failed(self, hand: Hand, error: Exception) -> None:
        """Note that a lease could not be renewed; it lasts as long as it did."""
        if isinstance(error, SessionNotFoundError):  # the user's data was deleted
            self.lost(hand)
        else:
            self.failed("renew a lease", error, hand.ref)

    def off(self, hand: Hand) -> None:
        """Take a job off the desk."""
        self._hands.discard(hand)

    def let_go(self) -> list[Claimed]:
        """Clear the desk, and return the claims to give back; what comes of them is no matter.

        Events that wait for their turn are left to the relay.
        """
        self._untold.clear()
        left = [hand.claimed for hand in self._hands if hand.claimed is not None]
        self._hands.clear()
        return left

    # --- what came of a job ----------------------------------------------------------------------

    def outcome(self, hand: Hand, held: Held | None) -> JobView | None:
        """Note what came of a job in hand; return it if it got its outcome here.

        Args:
            hand: The job.
            held: As it is now; None if it is gone.
        """
        if hand not in self._hands:
            return None
        job = None if held is None else held.job.value
        token = None if hand.claimed is None else hand.claimed.token
        if job is None or not job.is_settled or job.attempts != token:
            # Gone, or another's. A view that lags behind may go on to call it due.
            self._pace.put_off(hand.ref, self._clock())
            return None
        self.answered += 1
        self._pace.answered(hand.ref)
        self._judge_model(job)
        return job_view(job)

    def _judge_model(self, job: Job) -> None:
        """Note how the model did, where the outcome tells."""
        if job.error is None or job.error.code in _MODEL_ANSWERED:
            self._pace.succeeded()
        elif job.error.code in _MODEL_FAILED and job.error.reason != NO_PROMPT:
            self._pace.failed(self._clock(), job.error.retry_after)

    def broke(self, hand: Hand, error: BaseException) -> None:
        """Note that a job in hand could not be answered; it is due as before."""
        if hand not in self._hands:
            return
        hope = isinstance(error, CoachworkError) and error.retryable
        least = NOT_HERE if isinstance(error, TopicNotFoundError) else PUT_OFF
        self._pace.put_off(hand.ref, self._clock(), hope=hope, least=least)
        self.failed("answer a job", error, hand.ref)

    def failed(self, what: str, error: BaseException, ref: JobRef | None = None) -> None:
        """Note that something could not be done; where it was not the job's fault, pause."""
        self._complaints.say(what, error, None if ref is None else ref.job)
        if isinstance(error, StoreUnavailableError | OutcomeUnknownError):
            self._pace.failed(self._clock(), error.retry_after)
        elif ref is None:
            self._pace.failed(self._clock())

    # --- events ----------------------------------------------------------------------------------

    def begin_telling(self, held: Held | None) -> Job | None:
        """Return a job whose event is to be delivered now, until `told`; None if it is not.

        It takes no place from a job: a notifier that hangs holds up no answers. Where as many are
        being delivered already, it waits for its turn; if it never comes, the relay finds it.

        Args:
            held: The job as it is now; None if it is gone.
        """
        if held is None or self._next_relay is None or not held.job.value.is_undelivered:
            return None
        if self._telling < self._options.concurrency:
            self._telling += 1
            return held.job.value
        if len(self._untold) < MOST_UNTOLD:
            self._untold.append(held.job.value)
        return None

    def told(self, *, goes_on: bool) -> Job | None:
        """Note that an event was delivered, or not; return the job whose turn it is then.

        Args:
            goes_on: Whether who delivered it can deliver another one.
        """
        if goes_on and self._untold:
            return self._untold.popleft()
        self._telling -= 1
        return None

    def relay_is_due(self) -> bool:
        """Whether to look now for events that somebody else should have delivered.

        Nothing is due again until `relayed` is called.
        """
        if self._relaying or self._next_relay is None or self._clock() < self._next_relay:
            return False
        self._relaying = True
        return True

    def relayed(self, relayed: Relayed | None) -> None:
        """Note what a relay did; None if it failed."""
        self._relaying = False
        if relayed is not None and relayed.why is not None:
            self._complaints.say_why("deliver events", relayed.why)
        pause = max(self._options.relay_after, self._pace.next_poll())
        if relayed is not None and relayed.more and relayed.delivered:
            pause = 0.0
        self._next_relay = self._clock() + pause

    # --- waiting ---------------------------------------------------------------------------------

    def patience(self) -> float:
        """Return for how many seconds to wait for something to happen."""
        now = self._clock()
        waits = [LONGEST_WAIT]
        if len(self._hands) < self._options.concurrency:
            waits.append(self._pace.pause(now) or self._pace.next_poll())
        if self._next_relay is not None and not self._relaying:
            waits.append(self._next_relay - now)
        return max(0.0, min(waits))
