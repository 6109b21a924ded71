"""What a provider can be made to do."""

from __future__ import annotations

from coachwork.testing.conformance import Capability
from coachwork.testing.conformance.model import Provocations
from tests.providers import Provider

DOES = ("refuses", "breaks", "hangs", "stalls")


def test_what_is_left_out_is_not_checked() -> None:
    """Each is needed by what it makes visible; some are needed together."""
    assert Provider().provocations.lacks == set()
    assert Provocations().lacks == {
        Capability.REQUESTS, Capability.WORDS, Capability.FINISHES, Capability.REFUSALS,
        Capability.PAUSES, Capability.RETRIES, Capability.BREAKS, Capability.SILENCE,
        Capability.STALLS,
    }  # fmt: skip
    blind = Provocations(refuses=Provider().provocations.refuses)
    assert Capability.RETRIES in blind.lacks
    assert Capability.REFUSALS not in blind.lacks


def test_nothing_is_provoked_by_what_is_left_out() -> None:
    """Every block can be entered all the same."""
    none = Provocations()
    assert none.asked() == ()
    blocks = (none.saying("x"), none.stopping("length"), none.pausing(1), none.refusing())
    for block in (*blocks, none.breaking(), none.hanging(), none.stalling()):
        with block as given:
            assert given is None


def test_what_is_given_is_done() -> None:
    """Each by its own word, with what it is told."""
    provider = Provider(requests=["one"])
    given = provider.provocations
    assert given.asked() == ["one"]
    with given.saying("Hello."):
        assert provider.text == "Hello."
    with given.stopping("length"):
        assert provider.finish == "length"
    with given.pausing(7):
        assert (provider.does, provider.pause) == ("pauses", 7)
    blocks = (given.refusing, given.breaking, given.hanging, given.stalling)
    for word, block in zip(DOES, blocks, strict=True):
        with block():
            assert provider.does == word
    assert provider.does is None
