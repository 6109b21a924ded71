"""What a cache remembers: names of the logs that were used last."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coachwork.adapters._cache import Cache, CacheFigures, Log

ONE, TWO, THREE = ("acme", "one"), ("acme", "two"), ("acme", "three")


def test_a_log_is_known_by_its_name() -> None:
    """It is, until it is forgotten."""
    cache = Cache(2)
    assert cache.name(ONE) is None
    assert not cache.know(ONE, "a", cache.losses)
    assert cache.name(ONE) == "a"
    cache.forget(ONE, "a")
    cache.forget(ONE, "a")
    assert cache.name(ONE) is None


def test_a_log_that_began_anew_leaves_by_its_old_name() -> None:
    """Who forgets the old name does not forget the new one."""
    cache = Cache(2)
    cache.know(ONE, "a", cache.losses)
    assert cache.know(ONE, "b", cache.losses) == [(ONE, "a")]
    cache.forget(ONE, "a")
    assert cache.name(ONE) == "b"
    assert cache.figures.sessions == 1


def test_the_one_that_was_used_longest_ago_leaves() -> None:
    """To be asked for is to be used, and so is to be known once more."""
    cache = Cache(2)
    cache.know(ONE, "a", cache.losses)
    cache.know(TWO, "b", cache.losses)
    cache.name(ONE)
    assert cache.know(THREE, "c", cache.losses) == [(TWO, "b")]
    assert not cache.know(ONE, "a", cache.losses)
    assert cache.know(TWO, "b", cache.losses) == [(THREE, "c")]


def test_a_log_that_is_losing_messages_is_not_known() -> None:
    """Until all who take some from it are done; what was seen before counts no more."""
    cache = Cache(2)
    cache.know(ONE, "a", cache.losses)
    before = meanwhile = cache.losses
    assert cache.keeps(ONE, "a", before)
    assert cache.lose([ONE, TWO]) == [(ONE, "a")]
    assert cache.lose([ONE]) == []
    for _ in range(2):
        cache.know(ONE, "a", cache.losses)
        assert cache.name(ONE) is None
        cache.know(THREE, "c", cache.losses)
        assert cache.keeps(THREE, "c", cache.losses)
        meanwhile = cache.losses
        cache.lost([ONE])
        assert not cache.keeps(THREE, "c", meanwhile)
    for since in (before, meanwhile):
        cache.know(ONE, "a", since)
        assert cache.name(ONE) is None
    cache.know(TWO, "b", cache.losses)
    assert cache.name(TWO) is None
    cache.know(ONE, "a", cache.losses)
    assert cache.keeps(ONE, "a", cache.losses)
    assert not cache.keeps(ONE, "b", cache.losses)


def test_figures() -> None:
    """What is counted is told."""
    cache = Cache(1)
    cache.know(ONE, "a", cache.losses)
    for hit in (True, True, False):
        cache.count(hit=hit)
    cache.count_failure()
    assert cache.figures == CacheFigures(hits=2, misses=1, failures=1, sessions=1)


@given(
    most=st.integers(1, 4),
    used=st.lists(st.tuples(st.integers(0, 6), st.sampled_from("ab")), max_size=40),
)
def test_no_more_are_known_than_may_be(most: int, used: list[tuple[int, str]]) -> None:
    """The last ones are known, and all others were told as gone, each once."""
    cache, tenant = Cache(most), "acme"
    known: dict[Log, str] = {}
    for number, name in used:
        log: Log = tenant, str(number)
        before = known.pop(log, name)
        left: list[tuple[Log, str]] = [] if before == name else [(log, before)]
        known[log] = name
        if len(known) > most:
            oldest = next(iter(known))
            left.append((oldest, known.pop(oldest)))
        assert cache.know(log, name, cache.losses) == left
        assert cache.figures.sessions == len(known)
    assert {log: cache.name(log) for log in known} == known
