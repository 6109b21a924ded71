"""What a run may do next."""

from __future__ import annotations

import inspect

from coachwork.testing.stateful._choices import Do, beginnings, choices, doings
from coachwork.testing.stateful._doing import Doing
from tests.drawn import reaches, some

COMMANDS = {
    name.replace("_", " "): method
    for name, method in vars(Doing).items()
    if not name.startswith("_") and name != "step"
}


def test_everything_that_can_be_done_is_chosen() -> None:
    """All commands are drawn, and nothing that is none."""
    reaches(doings(), COMMANDS, lambda do: do.what)


def test_what_is_chosen_is_given_what_it_needs() -> None:
    """A command gets exactly the arguments that it takes."""
    for do in some(doings(), 200):
        taken = set(inspect.signature(COMMANDS[do.what]).parameters) - {"self"}
        assert do.given.keys() == taken


def test_a_choice_is_told_as_it_is_written() -> None:
    """What Hypothesis prints can be read, and run."""
    assert repr(Do("pass time", place=1, how="a day")) == "Do('pass time', place=1, how='a day')"
    assert repr(Do("sweep")) == "Do('sweep')"


def test_settings_and_beginnings_differ() -> None:
    """Runs begin on several topics, under several settings."""
    for name in ("start_new", "hide_foreign", "show_conflict_user", "attempts"):
        assert len({getattr(settings, name) for settings in some(choices(), 30)}) > 1
    assert len({*some(beginnings(), 30)}) > 3
