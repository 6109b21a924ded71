"""Every public class of values has its strategy, or a reason to have none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from inspect import isclass
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

import coachwork
from coachwork.drivers import Observation
from coachwork.errors import LLMError, LLMTimeoutError, MisuseError, ModelError
from coachwork.plain import to_json
from coachwork.programs import Moment
from coachwork.sessions import SessionStatus
from coachwork.testing import InvariantError
from coachwork.testing import strategies as st
from coachwork.testing.strategies._of import _by_class
from coachwork.topics import Topic
from coachwork.workflows import Claimed, Setup
from tests.drawn import some

PACKAGE: Final = Path(coachwork.__file__).parent

WITHOUT: Final = {
    "ActionType": "an application declares it",
    "Agent": "an application declares it",
    "AsyncPorts": "it holds what acts",
    "Availability": "a machine answers with it: coachwork.testing.stateful fires every event",
    "CacheFigures": "a cache counts them",
    "Guard": "an application declares it",
    "Kind": "there are eleven, in coachwork.records.KINDS",
    "Machine": "an application declares it",
    "Moved": "a machine answers with it",
    "Ports": "it holds what acts",
    "Program": "an application declares it",
    "Refused": "a machine answers with it",
    "Row": "an application declares it",
    "Texts": "a record comes with it, and it is given back with the next one",
    "Walk": "a machine answers with it",
}
"""Public classes of values that need no strategy, each with the reason."""

NO_PLAIN_FORM: Final = {Claimed, Moment, Setup, Topic}
"""What has no plain form, since it holds the type of a result, or a function."""


def public_classes() -> Iterator[type]:
    """Return the attrs classes that the rooms of the library offer, but those of the kit itself."""
    folders = [*PACKAGE.glob("*/__init__.py"), *PACKAGE.glob("programs/*/__init__.py")]
    rooms = [".".join(path.parent.relative_to(PACKAGE).parts) for path in folders]
    files = [path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("_")]
    for room in sorted({*rooms, *files} - {"testing", "cli"}):
        module = import_module(f"coachwork.{room}")
        offered: list[str] = getattr(module, "__all__", None) or [*vars(module)]
        for name in offered:
            value: object = getattr(module, name)
            if not isclass(value) or not attrs.has(value) or name.startswith("_"):
                continue
            if value.__module__.startswith(f"coachwork.{room}"):
                yield value


def test_every_public_class_has_a_strategy_or_a_reason() -> None:
    """None is forgotten, and no reason outlives its class."""
    offered = {*public_classes()}
    assert {Observation, Topic} <= offered
    known = {*_by_class()}
    assert {kind.__name__ for kind in offered - known} == set(WITHOUT)
    assert known <= offered


@pytest.mark.parametrize("cls", _by_class(), ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_its_values_are_of_the_class_and_have_a_plain_form(cls: type[Any]) -> None:
    """They are what was asked for, and go out as JSON wherever such a value ever does."""
    for value in some(st.of(cls), 5):
        assert type(value) is cls
        if cls not in NO_PLAIN_FORM:
            assert json.dumps(to_json(value))


def test_enums_and_errors_have_theirs() -> None:
    """All members, and all errors of a class and below it."""
    assert {*some(st.of(SessionStatus), 200)} == {*SessionStatus}
    found = {type(error) for error in some(st.of(ModelError), 200)}
    assert found == {LLMError, LLMTimeoutError}


class Colour(StrEnum):
    """An enum of an application."""

    RED = "red"


@pytest.mark.parametrize("kind", [Path, Colour, InvariantError], ids=lambda kind: kind.__name__)
def test_a_class_that_has_none_is_told(kind: type) -> None:
    """Who asks for another class is told so."""
    with pytest.raises(MisuseError, match=f"there is no strategy for {kind.__name__}"):
        st.of(kind)


def test_what_is_no_class_is_refused() -> None:
    """Also a value, or a name."""
    kind: Any = "Session"
    with pytest.raises(MisuseError, match="cls must be a class"):
        st.of(kind)
