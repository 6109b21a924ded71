"""Topics and templates, settings, and what an application declares with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import cache
from typing import Any, Final

from attrs import frozen
from hypothesis import strategies as st

from coachwork.jobs import JobKind
from coachwork.plain import JSON
from coachwork.policies import Settings
from coachwork.programs import Program
from coachwork.testing.strategies._diary import PROGRAMS
from coachwork.testing.strategies._leaves import TICK, durations, ids, maybe_ids
from coachwork.testing.strategies._plain import NAMES, contexts
from coachwork.testing.strategies._texts import sound_texts, texts
from coachwork.topics import (
    MAX_MESSAGE_BYTES,
    RESERVED_NAMES,
    TemplateName,
    Topic,
    names,
)
from coachwork.workflows import Caller, Setup

MOST_TURNS: Final = 1_000_000
_MOST_WINDOW: Final = 10_000


@frozen
class Values:
    """What conversations on topics of these strategies yield.

    Attributes:
        values: What the person holds dear.
        sure: How sure they are of it, from 0 to 1.
    """

    values: list[str]
    sure: float = 1.0


@cache
def values() -> st.SearchStrategy[Values]:
    """Return a strategy of results of conversations."""
    return st.builds(Values, st.lists(sound_texts(), max_size=3), st.floats(0, 1))


def templates(among: Collection[str] = NAMES) -> st.SearchStrategy[str]:
    """Return a strategy of templates: text, braces, and gaps for some names.

    Args:
        among: The names that there may be gaps for.
    """
    return _templates(tuple(among))


@cache
def _templates(among: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Return a strategy of templates with gaps *among* these names."""
    gaps = st.sampled_from(among).map("{{{}}}".format) if among else st.nothing()
    pieces = sound_texts().map(_without_gaps) | gaps
    told = st.lists(pieces, min_size=1, max_size=4).map("".join)
    return told.filter(lambda template: bool(template.strip()))


@st.composite
def filled_templates(draw: st.DrawFn) -> tuple[str, dict[str, JSON]]:
    """Return a strategy of templates, each with values for all its gaps."""
    template = draw(templates())
    return template, draw(contexts(tuple(sorted(names(template)))))


_RESULTS: Final[st.SearchStrategy[type[Any] | None]] = st.sampled_from((None, Values))
_EITHER: Final = st.booleans()
_PROGRAMS: Final[st.SearchStrategy[Program[Any] | None]] = st.none() | st.sampled_from(PROGRAMS)


@st.composite
def topics(
    draw: st.DrawFn,
    *,
    among: Collection[str] = NAMES,
    results: st.SearchStrategy[type[Any] | None] = _RESULTS,
    exclusive: st.SearchStrategy[bool] = _EITHER,
    programs: st.SearchStrategy[Program[Any] | None] = _PROGRAMS,
) -> Topic[Any]:
    """Return a strategy of topics, with and without each template, limit and duration.

    Args:
        draw: Hypothesis passes it.
        among: The names that their templates may have gaps for.
        results: The types of their results: `Values` or none, unless others are given.
        exclusive: Whether they are exclusive.
        programs: What their coaches work on: a small program or none, unless others are given.
    """
    program = draw(programs)
    return Topic(
        id=draw(ids()),
        system=draw(templates(among)),
        result=draw(results),
        exclusive=draw(exclusive),
        program=program,
        finish_first=program is not None and draw(st.booleans()),
        **draw(_optional_fields(tuple(among))),
    )


@cache
def _optional_fields(among: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy of what a topic may say and may leave out."""
    told = templates((*among, *sorted(RESERVED_NAMES)))
    optional: dict[str, st.SearchStrategy[Any]] = {
        "initiation": st.none() | templates(among),
        "resume": told,
        "extraction": told,
        "title": sound_texts(),
        "max_turns": st.integers(0, 3) | st.integers(0, MOST_TURNS),
        "complete_at_max_turns": st.booleans(),
        "allow_take_over": st.booleans(),
        "idle_timeout": durations(),
        "expires_after": st.none() | durations(),
        "keep_ended": st.none() | durations(),
        "message_window": st.integers(1, _MOST_WINDOW),
        "resume_window": st.integers(1, _MOST_WINDOW),
        "max_message_bytes": st.integers(100, MAX_MESSAGE_BYTES),
        "models": st.dictionaries(st.sampled_from([kind.value for kind in JobKind]), texts()),
        "revision": st.integers(1, MOST_TURNS),
    }
    return st.fixed_dictionaries({}, optional=optional)


def gaps_of(topic: Topic[Any]) -> tuple[str, ...]:
    """Return the names that a context has to give for all templates of *topic*."""
    told = [topic.template(name) for name in TemplateName]
    used = {gap for template in told if template is not None for gap in names(template)}
    return tuple(sorted(used - RESERVED_NAMES))


@cache
def settings() -> st.SearchStrategy[Settings]:
    """Return a strategy of settings; the lease is longer than what a model may take, always."""
    return st.builds(
        _settings,
        st.timedeltas(min_value=TICK, max_value=timedelta(days=1)),
        st.timedeltas(min_value=TICK, max_value=timedelta(days=1)),
        st.fixed_dictionaries(
            {},
            optional={
                "worker_lease": durations(),
                "unclaimed": durations(),
                "job_life": durations(),
                "estimated_duration": durations(),
                "attempts": st.integers(1, 100),
                "commit_tries": st.integers(1, 100),
                "outbox": st.booleans(),
                "start_new": st.sampled_from(("replace", "cancel")),
                "show_conflict_user": st.booleans(),
                "hide_foreign": st.booleans(),
                "keep_deleted": durations(),
            },
        ),
    )


def _settings(timeout: timedelta, longer: timedelta, chosen: Mapping[str, Any]) -> Settings:
    """Return settings with a lease that is *longer* than the *timeout* by so much."""
    return Settings(model_timeout=timeout, lease=timeout + longer, **chosen)


@cache
def callers() -> st.SearchStrategy[Caller]:
    """Return a strategy of callers, of test scenarios too."""
    return st.builds(Caller, ids(), ids(), maybe_ids())


@cache
def setups() -> st.SearchStrategy[Setup]:
    """Return a strategy of what workflows are given."""
    declared = st.lists(topics(), max_size=3).map(lambda some: {one.id: one for one in some})
    return st.builds(Setup, topics=declared, settings=settings(), notifies=st.booleans())


def _without_gaps(text: str) -> str:
    """Return *text* such that a template with it says it."""
    return text.replace("{", "{{").replace("}", "}}")
