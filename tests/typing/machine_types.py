"""What the type checkers must find in the use of a machine; this file is checked, never run.

Each mistake below is silenced by name, for mypy and for pyright. Both report a silencing that
silences nothing, so a mistake that is no longer found fails the check.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Never, TypeAlias, assert_type

import attrs

from coachwork.diagrams import dot, markdown, mermaid
from coachwork.machine import Availability, Guard, Machine, Moved, Refused, Row, Walk


class Light(StrEnum):
    """States."""

    RED = "red"
    GREEN = "green"
    BROKEN = "broken"


class Press(StrEnum):
    """Events."""

    GO = "go"
    BREAK = "break"


class Horn(StrEnum):
    """Effects."""

    BEEP = "beep"


@attrs.frozen
class Lamp:
    """The value."""

    light: Light
    shown: int


def shine(_lamp: Lamp, to: Light, _now: datetime, given: int | None) -> Lamp:
    """Build the next lamp from what is given."""
    return Lamp(to, given or 0)


def fail(lamp: Lamp, to: Light, _now: datetime, _given: object) -> Lamp:
    """Build the next lamp, whatever is given."""
    return Lamp(to, lamp.shown)


def cool(_lamp: Lamp, _now: datetime) -> str | None:
    """Whether it may shine."""
    return None


COOL = Guard("cool", cool)

LAMP: Machine[Lamp, Light, Press, int | None, Horn] = Machine(
    name="lamp",
    states=Light,
    events=Press,
    initial=(Light.RED,),
    ends=(Light.BROKEN,),
    state=attrgetter("light"),
    table={
        Light.RED: {
            Press.GO: Row(Light.GREEN, shine, guards=(COOL,), effects=(Horn.BEEP,)),
            Press.BREAK: Row(Light.BROKEN, fail),
        },
        Light.GREEN: {Press.BREAK: Row(Light.BROKEN, fail)},
        Light.BROKEN: {},
    },
)

# A machine whose events come with something, always; and without effects.
GIVEN: Machine[Lamp, Light, Press, int, Never] = Machine(
    name="given",
    states=Light,
    events=Press,
    initial=(Light.RED,),
    ends=(Light.BROKEN,),
    state=attrgetter("light"),
    table={
        Light.RED: {Press.GO: Row(Light.GREEN, shine)},
        Light.GREEN: {Press.BREAK: Row(Light.BROKEN, fail)},
        Light.BROKEN: {},
    },
)


def what_is_right(lamp: Lamp, now: datetime) -> None:
    """The types that come out."""
    answer = LAMP.step(lamp, Press.GO, now, 3)
    assert_type(answer, Moved[Lamp, Horn] | Refused[Lamp, Light, Press])
    if isinstance(answer, Refused):
        assert_type(answer.allowed, tuple[Press, ...])
        assert_type(answer.state, Light)
        assert_type(answer.event, Press)
        assert_type(answer.impossible, bool)
        assert_type(answer.reasons, tuple[tuple[str, str], ...])
    else:
        assert_type(answer.value, Lamp)
        assert_type(answer.effects, tuple[Horn, ...])
        answer.value = lamp  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    match LAMP.step(lamp, Press.GO, now):
        case Moved(value, effects):
            assert_type(value, Lamp)
            assert_type(effects, tuple[Horn, ...])
        case Refused(event=event):
            assert_type(event, Press)
    assert_type(LAMP.step(lamp, Press.GO, now), Moved[Lamp, Horn] | Refused[Lamp, Light, Press])
    assert_type(LAMP.move(lamp, Press.GO, now), Moved[Lamp, Horn])
    assert_type(LAMP.available(lamp, now), tuple[Press, ...])
    assert_type(LAMP.availability(lamp, now), Availability[Press])
    assert_type(LAMP.availability(lamp, now).refused, Mapping[Press, tuple[tuple[str, str], ...]])
    assert_type(LAMP.reachable(Light.RED), frozenset[Light])
    assert_type(LAMP.edges, tuple[tuple[Light, Press, Light], ...])
    assert_type(
        LAMP.paths(Light.RED, Light.BROKEN), tuple[tuple[tuple[Light, Press, Light], ...], ...]
    )
    walked = LAMP.walk([lamp], lambda _lamp: [(Press.GO, now, 1)], lambda seen: seen.shown)
    assert_type(walked, Walk[Lamp, Light, Press])
    assert_type(GIVEN.move(lamp, Press.GO, now, 3), Moved[Lamp, Never])
    assert_type(mermaid(LAMP, LAMP.edges) + dot(LAMP) + markdown(LAMP), str)


def what_is_wrong_in_a_step(lamp: Lamp, now: datetime) -> None:
    """Mistakes of callers."""
    # a misspelt event
    LAMP.step(lamp, Press.GOO, now)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
    # a state for an event, a text for an event
    LAMP.step(lamp, Light.RED, now)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    LAMP.step(lamp, "go", now)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    # a wrong value, no instant, a wrong thing given, nothing given
    LAMP.step(Light.RED, Press.GO, now)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    LAMP.step(lamp, Press.GO)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    LAMP.step(lamp, Press.GO, now, "3")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    GIVEN.step(lamp, Press.GO, now)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    GIVEN.move(lamp, Press.GO, now)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    # a wrong result
    _answer: Lamp = LAMP.step(lamp, Press.GO, now)  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    _value: str = LAMP.move(lamp, Press.GO, now).value  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    # an answer that was not asked whether it is a refusal
    LAMP.step(lamp, Press.GO, now).effects  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # noqa: B018 - the mistake


def what_is_wrong_in_a_guard(lamp: Lamp) -> None:
    """Mistakes of guards."""

    def answers_a_bool(_lamp: Lamp, _now: datetime) -> bool:
        return True

    def sees_too_much(_lamp: Lamp, _now: datetime, _given: int) -> None: ...

    Guard("bool", answers_a_bool)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Guard("payload", sees_too_much)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    COOL.name = "warm"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    COOL.check(lamp, "now")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def needs_text(lamp: Lamp, to: Light, _now: datetime, given: str) -> Lamp:
    """An update that wants what this machine never gives."""
    return Lamp(to, lamp.shown + len(given))


def answers_text(_lamp: Lamp, _to: Light, _now: datetime, _given: object) -> str:
    """An update that builds no lamp."""
    return ""


def warm(_text: str, _now: datetime) -> str | None:
    """A guard of another value."""
    return None


Table: TypeAlias = Mapping[Light, Mapping[Press, Row[Lamp, Light, int | None, Horn]]]
"""What the machine takes as its table; one statement below is one mistake."""


def what_is_wrong_in_a_table() -> None:
    """Mistakes in the table: each place of it is checked."""
    _t: Table
    _t = {Light.RED: {Press.GO: Row(Light.GREEN, shine, (COOL,), (Horn.BEEP,))}}  # a sound one
    # a misspelt state; an event for a state, and the other way round
    _t = {Light.RED: {Press.GO: Row(Light.GREAN, shine)}}  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
    _t = {Light.RED: {Press.GO: Row(Press.GO, fail)}}  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportAssignmentType]
    _t = {Press.GO: {Press.GO: Row(Light.RED, fail)}}  # type: ignore[dict-item]  # pyright: ignore[reportAssignmentType]
    _t = {Light.RED: {Light.RED: Row(Light.RED, fail)}}  # type: ignore[dict-item]  # pyright: ignore[reportAssignmentType]
    # an update that wants what is never given; one that builds something else
    _t = {Light.RED: {Press.GO: Row(Light.RED, needs_text)}}  # type: ignore[arg-type]  # pyright: ignore[reportAssignmentType]
    _t = {Light.RED: {Press.GO: Row(Light.RED, answers_text)}}  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    # a guard of another value; one alone, without a tuple; an effect of another enum
    _t = {Light.RED: {Press.GO: Row(Light.RED, fail, (Guard("warm", warm),))}}  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    _t = {Light.RED: {Press.GO: Row(Light.RED, fail, COOL)}}  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    _t = {Light.RED: {Press.GO: Row(Light.RED, fail, (), (Press.GO,))}}  # type: ignore[arg-type]  # pyright: ignore[reportAssignmentType]


def what_is_wrong_in_a_machine() -> None:
    """A mistake in the table is found in the machine, too."""
    _machine: Machine[Lamp, Light, Press, int | None, Horn] = Machine(  # pyright: ignore[reportAssignmentType]
        name="mistaken",
        states=Light,
        events=Press,
        initial=(Light.RED,),
        ends=(),
        state=attrgetter("light"),
        table={Light.RED: {Press.GO: Row(Light.RED, needs_text)}},  # type: ignore[arg-type]
    )
