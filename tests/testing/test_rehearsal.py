"""Rehearsals: a workflow played against a script, without any world."""

from __future__ import annotations

from datetime import UTC, datetime
from textwrap import dedent
from typing import assert_type

import pytest

from coachwork.effects import Commit, Get, NewId, Now, Render, Workflow
from coachwork.errors import MisuseError, OutcomeUnknownError
from coachwork.ports import CommitResult
from coachwork.records import Check, Key, Record
from coachwork.testing import Expected, Rehearsal, Step, expects, rehearse
from tests.specimens import ASK

THEN = datetime(2026, 1, 5, tzinfo=UTC)
KEY = Key("thing", "acme", ("a",))


def stamped() -> Workflow[str]:
    """Ask twice, and answer with both."""
    now = yield from Now()
    try:
        name = yield from NewId()
    except LookupError:
        name = "nobody"
    if name == "refused":
        raise ValueError("refused")
    return f"{name} at {now.year}"


def checked(key: Key) -> Workflow[bool]:
    """Look, and commit."""
    found = yield from Get(key)
    version = 0 if found is None else found.version
    done = yield from Commit((Check(key, version),))
    return done is CommitResult.DONE


def failure(workflow: Workflow[object], *script: object) -> str:
    """Return what the rehearsal complains of."""
    with pytest.raises(AssertionError) as error:
        rehearse(workflow, *script)
    return str(error.value)


# --- scripts that fit -----------------------------------------------------------------------


def test_a_script_of_answers_that_fits() -> None:
    """A rehearsal tells the effects in order, and the workflow's own answer."""
    assert rehearse(stamped(), THEN, "ada") == Rehearsal((Now(), NewId()), "ada at 2026")


def test_an_exception_in_the_script_is_thrown_in() -> None:
    """An exception comes out where the effect was asked for; the workflow may handle it."""
    assert rehearse(stamped(), THEN, LookupError()).result == "nobody at 2026"
    error = LookupError()
    assert rehearse(stamped(), THEN, expects(NewId()).raises(error)).result == "nobody at 2026"


def test_a_script_that_expects_what_comes() -> None:
    """An effect that is the same, any one of a class, or whatever comes, side by side."""
    played = rehearse(
        checked(KEY),
        expects(Get(KEY)).answers(None),
        expects(Commit).answers(CommitResult.CONFLICT),
    )
    assert played == Rehearsal((Get(KEY), Commit((Check(KEY, 0),))), result=False)
    assert rehearse(stamped(), expects(Now()).answers(THEN), "ada").result == "ada at 2026"
    assert rehearse(checked(KEY), None, expects(Commit).answers(CommitResult.DONE)).result


def test_checkers_know_what_an_effect_can_answer() -> None:
    """An expectation is typed by its effect, whether that is a value or a class."""
    assert_type(expects(Now()), Expected[datetime])
    assert_type(expects(Get), Expected[Record | None])
    assert_type(expects(Commit).answers(CommitResult.DONE), Step)
    expects(Now()).answers("noon")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_workflow_that_raises() -> None:
    """What the workflow raises comes out, if the script is just over."""
    with pytest.raises(ValueError, match="refused"):
        rehearse(stamped(), THEN, "refused")
    with pytest.raises(AssertionError, match=r"raised ValueError after 2 steps") as error:
        rehearse(stamped(), THEN, "refused", "more")
    assert isinstance(error.value.__cause__, ValueError)


# --- scripts that do not --------------------------------------------------------------------


def test_another_effect_than_expected() -> None:
    """All steps so far are told, then what was expected and what came."""
    told = failure(stamped(), expects(Now()).answers(THEN), expects(Get(KEY)).answers(None))
    assert told == dedent(
        f"""\
        step 2 of the rehearsal is another than expected
          1. Now() -> {THEN!r}
          2. expected Get({KEY!r})
             came     NewId()"""
    ).replace("Get(Key", "Get(key=Key")
    assert "expected any Commit\n" in failure(stamped(), expects(Commit).answers(CommitResult.DONE))


def test_another_value_of_the_same_effect() -> None:
    """The fields are told in which it differs."""
    commit = Commit((Check(KEY, 2),))
    told = failure(checked(KEY), None, expects(commit).answers(CommitResult.DONE))
    assert told.endswith("\n     ops[0].version: expected 2, came 0")
    assert told.splitlines()[:2] == [
        "step 2 of the rehearsal is another than expected",
        f"  1. Get(key={KEY!r}) -> None",
    ]


def test_a_script_that_is_too_short() -> None:
    """The workflow asks for more than the script says: the steps and the effect are named."""
    assert failure(stamped(), THEN) == (
        "the script is over, but the workflow asks on: step 2\n"
        f"  1. Now() -> {THEN!r}\n"
        "  2. NewId()"
    )
    assert failure(stamped()).endswith("asks on: step 1\n  1. Now()")


def test_a_script_that_is_too_long() -> None:
    """The workflow answers before the script is over: the steps, and what is left, are named."""
    left = (expects(Get(KEY)).answers(None), expects(Commit).raises(OutcomeUnknownError()), 7)
    assert failure(stamped(), THEN, "ada", *left) == (
        "the workflow answered after 2 steps, but the script goes on\n"
        f"  1. Now() -> {THEN!r}\n"
        "  2. NewId() -> 'ada'\n"
        f"  3. left: Get(key={KEY!r}) -> None\n"
        "  4. left: any Commit -> raises OutcomeUnknownError\n"
        "  5. left: any effect -> 7"
    )


def test_no_text_of_anybody_is_quoted() -> None:
    """Answers that are texts are told by their length, and so are lists; ids are shown."""

    def rendered() -> Workflow[None]:
        yield from Render("Dear {name}", {"name": "a secret"})
        yield from NewId()

    told = failure(rendered(), "a secret", "id-1", ["a secret"], ASK)
    assert told.splitlines()[1:4] == [
        "  1. Render() -> a text of 8 characters",
        "  2. NewId() -> 'id-1'",
        "  3. left: any effect -> 1 of them",
    ]
    assert "secret" not in told


def test_a_step_without_an_answer() -> None:
    """It would be sent in as an answer itself."""
    with pytest.raises(MisuseError, match=r"step 2 of the script has no answer"):
        rehearse(stamped(), THEN, expects(NewId()))


def test_a_workflow_that_asks_while_it_is_given_up() -> None:
    """What is wrong with the script is told all the same."""

    def stubborn() -> Workflow[None]:
        try:
            yield from Now()
        finally:
            yield from NewId()

    assert "asks on: step 1" in failure(stubborn())
