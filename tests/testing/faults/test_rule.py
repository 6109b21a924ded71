"""A rule counts the calls that it is about, and knows what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from coachwork.errors import ValidationError
from coachwork.testing.faults import Call, Fault
from coachwork.testing.faults._rule import (
    At,
    Counts,
    Mishap,
    Seeded,
    Where,
    checked,
    mishap,
    where,
)

ANYWHERE = Where()


def call(port: str = "repository", method: str = "get", *kinds: str) -> Call:
    """Return a call."""
    return Call(port, method, kinds, 1, 1)


def test_a_mishap_has_the_seconds_of_its_fault_or_its_own() -> None:
    """Text and sentence tell them."""
    assert mishap(Fault.STALE) == Mishap(Fault.STALE)
    assert str(mishap(Fault.STALE)) == "stale"
    assert str(mishap(Fault.DELAY)) == "delay 1s"
    assert str(mishap(Fault.DELAY, 0.25)) == "delay 0.25s"
    assert mishap(Fault.DELAY, 2).sentence == "it comes late: 2 s"
    assert mishap(Fault.STALE).sentence == Fault.STALE.sentence


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), "1", True])
def test_a_time_is_a_number_from_zero(seconds: Any) -> None:  # noqa: ANN401 - all are wrong
    """Else the error names the argument."""
    with pytest.raises(ValidationError, match="seconds: expected a number from 0"):
        mishap(Fault.DELAY, seconds)
    assert mishap(Fault.DELAY, 0).seconds == 0


def test_what_takes_no_time_is_given_none() -> None:
    """And what is no fault is none."""
    with pytest.raises(ValidationError, match="seconds: expected none: 'stale' takes no time"):
        mishap(Fault.STALE, 1)
    with pytest.raises(ValidationError, match="fault: expected a Fault"):
        mishap("stale")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_place_matches_what_it_names() -> None:
    """Port, method and kind; a commit is about all kinds that it writes."""
    commit = call("repository", "commit", "job", "session")
    assert ANYWHERE.matches(commit)
    assert where("repository", None, None).matches(commit)
    assert where("repository", "commit", "job").matches(commit)
    assert where(None, None, "session").matches(commit)
    assert not where("model", None, None).matches(commit)
    assert not where("repository", "get", None).matches(commit)
    assert not where(None, None, "account").matches(commit)


@pytest.mark.parametrize(
    "named, told",
    [
        ((None, None, None), ""),
        (("model", None, None), " of model"),
        (("repository", "get", None), " of repository.get"),
        (("repository", None, "session"), " of repository session"),
        ((None, None, "session"), " of any session"),
    ],
)
def test_a_place_in_words(named: tuple[Any, Any, Any], told: str) -> None:
    """What it does not name is left out."""
    assert str(where(*named)) == told


@pytest.mark.parametrize(
    "named, told",
    [
        (("door", None, None), "port: expected one of repository, model"),
        ((None, "get", None), "port: expected the port that the method is of"),
        (("model", "get", None), "method: expected one of complete"),
        ((None, None, "a b"), "kind: expected a word without spaces"),
        ((None, None, ""), "kind: expected a word without spaces"),
        ((None, None, "a;b"), "kind: expected a word without spaces"),
    ],
)
def test_a_place_that_is_none(named: tuple[Any, Any, Any], told: str) -> None:
    """The error names the argument, and what would do."""
    with pytest.raises(ValidationError, match=told):
        where(*named)


def test_a_number_counts_only_calls_that_can_go_wrong_so() -> None:
    """The second stale read is the second read, whatever comes in between."""
    rule, counts = At(2, mishap(Fault.STALE), ANYWHERE), Counts()
    commit = call("repository", "commit")
    met = [rule.meets(one, counts) for one in (call(), commit, commit, call(), call())]
    assert met == [None, None, None, Mishap(Fault.STALE), None]
    assert rule.faults == {Fault.STALE}


def test_each_call_is_each() -> None:
    """Of the place that is named."""
    rule = At(None, mishap(Fault.STALE), where(None, None, "job"))
    counts = Counts()
    met = [rule.meets(call("repository", "get", kind), counts) for kind in ("job", "claim", "job")]
    assert met == [Mishap(Fault.STALE), None, Mishap(Fault.STALE)]


def seeded(**changes: Any) -> Seeded:  # noqa: ANN401 - any field of a rule
    """Return a rule that chooses by chance."""
    fields: dict[str, Any] = {
        "seed": 7,
        "rate": 0.5,
        "most": None,
        "menu": (mishap(Fault.STALE), mishap(Fault.CONFLICT_DONE)),
        "where": ANYWHERE,
    }
    return Seeded(**{**fields, **changes})


def test_a_seed_chooses_what_is_possible() -> None:
    """Of a menu only what can happen to the call; what cannot go wrong at all is not counted."""
    rule, counts = seeded(), Counts()
    calls = [call(), call("repository", "commit"), call("model", "complete")] * 100
    met = [(one.method, rule.meets(one, counts)) for one in calls]
    assert counts.calls == 200
    assert {got for method, got in met if method == "get"} == {None, Mishap(Fault.STALE)}
    assert {got for method, got in met if method == "commit"} == {None, Mishap(Fault.CONFLICT_DONE)}
    assert {got for method, got in met if method == "complete"} == {None}
    assert 70 < sum(got is not None for _, got in met) < 130
    assert rule.faults == {Fault.STALE, Fault.CONFLICT_DONE}


def test_a_seed_is_the_same_whatever_else_is_called() -> None:
    """Calls of other places move nothing."""
    rule = seeded(where=where("repository", "get", None))
    alone, among = Counts(), Counts()
    first = [rule.meets(call(), alone) for _ in range(50)]
    second = [
        rule.meets(one, among)
        for one in [call(), call("repository", "find")] * 50
        if one.method == "get" or rule.meets(one, among) is not None
    ]
    assert first == second


@pytest.mark.parametrize("most", [0, 1, 5])
def test_a_seed_stops_when_it_has_done_enough(most: int) -> None:
    """So often at most, and then never again."""
    rule, counts = seeded(rate=1.0, most=most), Counts()
    met = [rule.meets(call(), counts) for _ in range(20)]
    assert [got is not None for got in met] == [True] * most + [False] * (20 - most)


BAD: list[tuple[Any, str]] = [
    (At(0, mishap(Fault.STALE), ANYWHERE), "number: expected a whole number from 1"),
    (At(number=True, mishap=mishap(Fault.STALE), where=ANYWHERE), "number"),
    (seeded(seed=1.5), "seed: expected a whole number"),
    (seeded(rate=1.01), "rate: expected a number from 0 to 1"),
    (seeded(rate=-0.1), "rate"),
    (seeded(rate=float("nan")), "rate"),
    (seeded(rate="1"), "rate"),
    (seeded(rate=True), "rate"),
    (seeded(most=-1), "most: expected a whole number from 0"),
    (seeded(most=1.0), "most"),
    (seeded(menu=()), "faults: expected at least one fault"),
    (
        At(1, mishap(Fault.STALE), where("clock", None, None)),
        "fault: expected one that can happen to clock, not 'stale': clock back, clock forward",
    ),
    (
        seeded(where=where("repository", "commit", None)),
        "fault: expected one that can happen to repository.commit, not 'stale'",
    ),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_what_cannot_be_is_refused(number: int) -> None:
    """The error names the argument, and tells what could."""
    rule, told = BAD[number]
    with pytest.raises(ValidationError, match=told):
        checked(rule)


def test_what_can_be_is_as_it_was() -> None:
    """At the bounds too."""
    for rule in (
        At(1, mishap(Fault.STALE), ANYWHERE),
        At(None, mishap(Fault.CLOCK_BACK), where("clock", None, None)),
        seeded(rate=0, most=0),
        seeded(rate=1),
    ):
        assert checked(rule) is rule
