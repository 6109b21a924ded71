"""Topics and templates, settings, and what is declared with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as hypothesis_st

from coachwork.plain import JSON, from_plain, to_json
from coachwork.policies import Settings
from coachwork.testing import strategies as st
from coachwork.topics import RESERVED_NAMES, TemplateName, Topic, names, render
from tests.drawn import few, reaches, some


@few
@given(topic=st.topics(), data=hypothesis_st.data())
def test_a_context_fills_all_templates_of_a_topic(
    topic: Topic[Any], data: hypothesis_st.DataObject
) -> None:
    """With values for its gaps every template can be rendered."""
    given_values: dict[str, object] = {**data.draw(st.contexts(st.gaps_of(topic)))}
    for name in TemplateName:
        template = topic.template(name)
        if template is not None:
            assert isinstance(render(template, given_values | dict.fromkeys(RESERVED_NAMES)), str)


@few
@given(told=st.filled_templates())
def test_a_template_comes_with_its_values(told: tuple[str, dict[str, JSON]]) -> None:
    """There is a value for every gap."""
    template, given_values = told
    assert names(template) <= given_values.keys()
    assert isinstance(render(template, given_values), str)


@few
@given(values=st.values())
def test_a_result_has_a_plain_form(values: st.Values) -> None:
    """A result goes out and comes back."""
    assert from_plain(to_json(values), st.Values) == values


FORMS: Final[dict[str, Callable[[Topic[Any]], bool]]] = {
    "no initiation": lambda topic: topic.initiation is None,
    "no result": lambda topic: topic.result is None,
    "exclusive": lambda topic: topic.exclusive,
    "take-over": lambda topic: topic.allow_take_over,
    "completes by itself": lambda topic: topic.complete_at_max_turns,
    "unlimited": lambda topic: topic.max_turns == 0,
    "never expires": lambda topic: topic.expires_after is None,
    "kept for ever": lambda topic: topic.keep_ended is None,
    "soon idle": lambda topic: topic.idle_timeout < timedelta(hours=1),
    "models": lambda topic: bool(topic.models),
    "program": lambda topic: topic.program is None,
    "finishes first": lambda topic: topic.finish_first,
    "gaps": lambda topic: bool(st.gaps_of(topic)),
}


@pytest.mark.parametrize("what", FORMS)
def test_topics_reach_every_form(what: str) -> None:
    """With and without each optional part, exclusive or not, with short and long durations."""
    reaches(st.topics(), told=FORMS[what])


def test_topics_as_they_are_wanted() -> None:
    """Names, results, exclusivity and programs can be chosen."""
    no_result, exclusive = hypothesis_st.none(), hypothesis_st.just(value=True)
    for topic in some(st.topics(among=(), results=no_result, exclusive=exclusive)):
        assert topic.exclusive
        assert topic.result is None
        assert st.gaps_of(topic) == ()
    reaches(st.topics(among=()), told=lambda topic: "{" in topic.system)


def test_settings_reach_every_choice() -> None:
    """Every field is chosen now and then, and left out now and then."""
    usual = Settings()
    for name in ("attempts", "commit_tries", "keep_deleted", "start_new", "hide_foreign"):
        reaches(st.settings(), told=lambda one: getattr(one, name) == getattr(usual, name))  # noqa: B023


def test_callers_and_setups() -> None:
    """Some callers belong to a scenario; some setups declare nothing, some have a notifier."""
    reaches(st.callers(), told=lambda caller: caller.scenario is None)
    reaches(st.setups(), [0, 1, 2], lambda setup: len(setup.topics))
    reaches(st.setups(), told=lambda setup: setup.notifies)
