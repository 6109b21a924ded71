"""When a worker claims which jobs: never too fast, never one in vain over and over."""

from __future__ import annotations

from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from coachwork.jobs import JobKind, JobRef
from coachwork.worker import WorkerOptions
from coachwork.worker._pace import (
    LEAST_WINDOW,
    LONGEST_HOPE,
    LONGEST_PUT_OFF,
    LONGEST_WISH,
    NOT_HERE,
    PUT_OFF,
    Pace,
    window,
)

REFS: Final = [JobRef("acme", f"job-{n}", JobKind.REPLY) for n in range(50)]
OPTIONS: Final = WorkerOptions(backoff=0.5, longest_backoff=8, poll=2)
NOW: Final = 1000.0
TINY: Final = 1e-6

seeds = st.integers(0, 2**32)
seconds = st.floats(0, 1e6)


def pace(seed: int = 0, options: WorkerOptions = OPTIONS) -> Pace:
    """Return one without failures."""
    return Pace(options, Random(seed))


# --- which jobs ----------------------------------------------------------------------------------


@given(seed=seeds, due=st.lists(st.sampled_from(REFS), unique=True), free=st.integers(0, 60))
def test_what_is_chosen(seed: int, due: list[JobRef], free: int) -> None:
    """As many as are free, each once, of those that are due."""
    before = list(due)
    chosen = pace(seed).choose(due, free)
    assert len(chosen) == len(set(chosen)) == min(free, len(due))
    assert set(chosen) <= set(due)
    assert due == before


def test_workers_take_different_ones() -> None:
    """Those that look at the same moment seldom take the same."""
    assert {pace(seed).choose(REFS, 1)[0] for seed in range(500)} == set(REFS)


@given(free=st.integers(1, 10_000))
def test_the_window(free: int) -> None:
    """There is always something to choose from, also for one place and for very many."""
    assert window(free) >= max(LEAST_WINDOW, 4 * free)


def test_a_job_is_put_off_longer_each_time() -> None:
    """A job that cannot be answered is tried again ever more seldom, and never forgotten."""
    one, now, waits = pace(), NOW, list[float]()
    for _ in range(10):
        one.put_off(REFS[0], now)
        began = now
        while one.left_alone(now):
            assert one.left_alone(now) == {REFS[0]}
            now += 0.5
        waits.append(now - began)
    assert waits[:4] == [PUT_OFF, PUT_OFF * 2, PUT_OFF * 4, PUT_OFF * 8]
    assert waits[-2:] == [LONGEST_PUT_OFF, LONGEST_PUT_OFF]


def test_a_job_of_nobody_here_is_left_alone_for_long() -> None:
    """As long as it is said at the least, each time; afterwards it is put off as others are."""
    one, now = pace(), NOW
    for _ in range(3):
        one.put_off(REFS[0], now, least=NOT_HERE)
        assert one.left_alone(now + NOT_HERE - TINY) == {REFS[0]}
        now += NOT_HERE
        assert one.left_alone(now) == set()
    one.put_off(REFS[0], now)
    assert one.left_alone(now + LONGEST_PUT_OFF - TINY) == {REFS[0]}
    assert one.left_alone(now + LONGEST_PUT_OFF) == set()


def test_a_job_that_is_answered_is_forgotten() -> None:
    """It begins anew; so does one that nobody has found for a long time."""
    one = pace()
    for _ in range(3):
        one.put_off(REFS[0], NOW)
        one.put_off(REFS[1], NOW)
    one.answered(REFS[0])
    one.answered(REFS[0])
    assert one.left_alone(NOW) == {REFS[1]}
    later = NOW + 4 * PUT_OFF + LONGEST_PUT_OFF
    assert one.left_alone(later) == set()
    assert not one._put_off
    one.put_off(REFS[1], later)
    assert one.left_alone(later + PUT_OFF) == set()


def test_hope() -> None:
    """A job is worth waiting for where it may get better, a few times."""
    one, now = pace(), NOW
    one.put_off(REFS[0], now)
    assert not one.has_hope(now)
    waited = 0.0
    while True:
        one.put_off(REFS[1], now, hope=True)
        if not one.has_hope(now):
            break
        began = now
        while one.has_hope(now):
            now += 0.5
        waited += now - began
    assert waited == 2 * LONGEST_HOPE - PUT_OFF


# --- when ----------------------------------------------------------------------------------------


@given(seed=seeds, poll=st.floats(0.001, 10_000))
def test_polls_are_spread(seed: int, poll: float) -> None:
    """Workers that began together do not look together for ever."""
    one = pace(seed, WorkerOptions(poll=poll))
    assert all(0.8 * poll <= one.next_poll() <= 1.2 * poll for _ in range(5))
    assert len({one.next_poll() for _ in range(5)}) > 1


@given(
    seed=seeds,
    backoff=st.floats(0.001, 100),
    longest=st.floats(0.001, 100),
    failures=st.integers(1, 60),
)
def test_pauses_grow_and_are_bounded(
    seed: int, backoff: float, longest: float, failures: int
) -> None:
    """Each failure in a row doubles the pause up to the longest, and half of it is random."""
    one = pace(seed, WorkerOptions(backoff=backoff, longest_backoff=longest))
    now = NOW
    for n in range(failures):
        one.failed(now)
        most = min(longest, backoff * 2.0**n)
        assert most / 2 - TINY <= one.pause(now) <= most + TINY
        now += one.pause(now) + TINY
        assert one.pause(now) == 0
    one.succeeded()
    one.failed(now)
    assert one.pause(now) <= min(longest, backoff) + TINY


def test_no_pause_at_first() -> None:
    """Whatever the clock shows."""
    assert pace().pause(-1e9) == 0


@given(seed=seeds, failures=st.integers(1, 100))
def test_calls_that_fail_together_count_once(seed: int, failures: int) -> None:
    """Ten calls at once that fail are one failure of the model, not ten in a row."""
    one = pace(seed)
    for _ in range(failures):
        one.failed(NOW)
    assert one.pause(NOW) <= OPTIONS.backoff + TINY


@given(seed=seeds, wish=st.one_of(seconds, st.just(float("inf"))), other=seconds)
def test_a_wish_is_kept_within_reason(seed: int, wish: float, other: float) -> None:
    """The provider is left alone as long as it wants, but no wrong header stops a worker."""
    one = pace(seed)
    one.failed(NOW, wish)
    pause = one.pause(NOW)
    least = min(wish, LONGEST_WISH)
    assert least - TINY <= pause <= max(OPTIONS.backoff, least) + TINY
    one.failed(NOW, other)  # a second call that failed meanwhile
    assert one.pause(NOW) >= max(pause, min(other, LONGEST_WISH)) - TINY
    assert one.pause(NOW) <= max(OPTIONS.backoff, LONGEST_WISH) + TINY


class Pacing(RuleBasedStateMachine):
    """Whatever happens in whatever order, while time goes on."""

    def __init__(self) -> None:
        """Begin."""
        super().__init__()
        self.pace = pace()
        self.now = NOW
        self.paused_until = NOW

    @rule(by=st.floats(0, 100))
    def time_goes_on(self, by: float) -> None:
        """Nothing else happens."""
        self.now += by

    @rule(wish=st.none() | st.floats(0, 1000))
    def it_fails(self, wish: float | None) -> None:
        """The model or the repository fails: whatever pause there was does not become shorter."""
        self.pace.failed(self.now, wish)
        assert self.pace.pause(self.now) > 0
        until = self.now + self.pace.pause(self.now)
        assert until >= self.paused_until - TINY
        self.paused_until = until

    @rule()
    def it_succeeds(self) -> None:
        """A success ends no pause: the provider asked for it."""
        before = self.pace.pause(self.now)
        self.pace.succeeded()
        assert self.pace.pause(self.now) == before

    @rule(ref=st.sampled_from(REFS), hope=st.booleans())
    def one_is_put_off(self, ref: JobRef, hope: bool) -> None:  # noqa: FBT001 - drawn
        """It is left alone now, and for a minute at the most."""
        self.pace.put_off(ref, self.now, hope=hope)
        assert ref in self.pace.left_alone(self.now)
        put = self.pace._put_off[ref]
        assert PUT_OFF <= put.seconds <= LONGEST_PUT_OFF
        assert put.until == self.now + put.seconds

    @invariant()
    def pauses_are_bounded(self) -> None:
        """No pause is for ever."""
        longest = max(LONGEST_WISH, OPTIONS.longest_backoff)
        assert 0 <= self.pace.pause(self.now) <= longest + TINY


TestPacing = Pacing.TestCase
TestPacing.settings = settings(max_examples=30, stateful_step_count=30)


@pytest.mark.parametrize("wish", [None, 0.0])
def test_no_wish(wish: float | None) -> None:
    """Without one the worker decides."""
    one = pace()
    one.failed(NOW, wish)
    assert 0 < one.pause(NOW) <= OPTIONS.backoff
