"""Actions on what a person says of themselves, and on what else is to be kept of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from attrs import Attribute, evolve, field, frozen

from coachwork.errors import ValidationError
from coachwork.plain import JSON
from coachwork.programs import Done, Moment, Refusal
from coachwork.programs.identity._changing import added, done
from coachwork.programs.identity._room import MAX_METADATA, MAX_TRAITS
from coachwork.programs.identity._state import CoachState, key_of
from coachwork.programs.identity._texts import MAX_AT_ONCE, MAX_TRAIT
from coachwork.programs.texts import is_deeper, is_tellable, quoted, text_of, texts_of

Answer = Done[CoachState] | Refusal

MAX_METADATA_NAME = 64
"""The most characters of a name of metadata."""

MAX_METADATA_DEPTH = 8
"""How deep lists and objects of metadata may stand in each other."""


@frozen
class AddWhoYouAre:
    """Keep what the person says they are, in their own words.

    Attributes:
        texts: What they said, each of them in a few words.
    """

    texts: tuple[str, ...] = field(
        validator=texts_of(MAX_TRAIT, most_texts=MAX_AT_ONCE), repr=False
    )


def add_who_you_are(state: CoachState, given: AddWhoYouAre, moment: Moment) -> Answer:
    """Add what is new of it."""
    more = _more(state.who_you_are, given.texts)
    if isinstance(more, Refusal):
        return more
    after = evolve(state, who_you_are=(*state.who_you_are, *more))
    return added(after, moment, f"kept {_things(more)} that the person is")


@frozen
class RemoveWhoYouAre:
    """Remove something that the person does not say of themselves any more.

    Attributes:
        text: What is to be removed, as it was kept.
    """

    text: str = field(validator=text_of(MAX_TRAIT), repr=False)


def remove_who_you_are(state: CoachState, given: RemoveWhoYouAre, moment: Moment) -> Answer:
    """Remove it."""
    left = _without(state.who_you_are, given.text)
    if isinstance(left, Refusal):
        return left
    return done(evolve(state, who_you_are=left), moment, "removed something that the person is")


@frozen
class AddWhoYouWantToBe:
    """Keep what the person says they want to be, in their own words.

    Attributes:
        texts: What they said, each of them in a few words.
    """

    texts: tuple[str, ...] = field(
        validator=texts_of(MAX_TRAIT, most_texts=MAX_AT_ONCE), repr=False
    )


def add_who_you_want_to_be(state: CoachState, given: AddWhoYouWantToBe, moment: Moment) -> Answer:
    """Add what is new of it."""
    more = _more(state.who_you_want_to_be, given.texts)
    if isinstance(more, Refusal):
        return more
    after = evolve(state, who_you_want_to_be=(*state.who_you_want_to_be, *more))
    return added(after, moment, f"kept {_things(more)} that the person wants to be")


@frozen
class RemoveWhoYouWantToBe:
    """Remove something that the person does not want to be any more.

    Attributes:
        text: What is to be removed, as it was kept.
    """

    text: str = field(validator=text_of(MAX_TRAIT), repr=False)


def remove_who_you_want_to_be(
    state: CoachState, given: RemoveWhoYouWantToBe, moment: Moment
) -> Answer:
    """Remove it."""
    left = _without(state.who_you_want_to_be, given.text)
    if isinstance(left, Refusal):
        return left
    after = evolve(state, who_you_want_to_be=left)
    return done(after, moment, "removed something that the person wants to be")


def _things(some: Sequence[str]) -> str:
    """Return how many things there are, in words."""
    return "one thing" if len(some) == 1 else f"{len(some)} things"


def _more(known: tuple[str, ...], said: Iterable[str]) -> tuple[str, ...] | Refusal:
    """Return what of *said* is not known yet, whatever the case."""
    keys = set(map(key_of, known))
    more: list[str] = []
    for one in said:
        if key_of(one) not in keys:
            keys.add(key_of(one))
            more.append(one)
    if not more:
        return Refusal("all of that is known already")
    if len(known) + len(more) > MAX_TRAITS:
        return Refusal(f"there are {len(known)} already, and there may be {MAX_TRAITS}")
    return tuple(more)


def _without(known: tuple[str, ...], gone: str) -> tuple[str, ...] | Refusal:
    """Return what is *known* without one of it, whatever the case."""
    key = key_of(gone)
    left = tuple(one for one in known if key_of(one) != key)
    return Refusal("there is no such thing") if left == known else left


def _check_metadata(_instance: object, attribute: Attribute[JSON], value: JSON) -> None:
    """Refuse metadata that could not be kept or told.

    Raises:
        ValidationError: It could not.
    """
    if is_deeper(value, MAX_METADATA_DEPTH):
        raise ValidationError(attribute.name, f"at most {MAX_METADATA_DEPTH} levels of nesting")
    if not is_tellable(quoted(value)):
        raise ValidationError(attribute.name, "text without lone surrogates")


@frozen
class SetMetadata:
    """Keep something else about the person under a name of its own.

    Attributes:
        name: The name; what is there already is replaced.
        value: What is to be kept, as plain data; null removes it.
    """

    name: str = field(validator=text_of(MAX_METADATA_NAME))
    value: JSON = field(validator=_check_metadata, repr=False)


def set_metadata(state: CoachState, given: SetMetadata, moment: Moment) -> Answer:
    """Set it, or remove it."""
    if given.value is None and given.name not in state.metadata:
        return Refusal(f"there is no metadata {quoted(given.name)}")
    metadata = {**state.metadata, given.name: given.value}
    if given.value is None:
        del metadata[given.name]
        return done(evolve(state, metadata=metadata), moment, f"removed {quoted(given.name)}")
    if len(json.dumps(metadata)) > MAX_METADATA:
        return Refusal("there is no room for more metadata")
    return added(evolve(state, metadata=metadata), moment, f"kept {quoted(given.name)}")
