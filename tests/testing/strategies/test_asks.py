"""What goes over the ports."""

from __future__ import annotations

import jsonschema
from hypothesis import given

from coachwork.events import EVENT_SCHEMAS, Event, EventType
from coachwork.jobs import JobKind
from coachwork.ports import Ask, PromptRole
from coachwork.replies import Reply, parse_reply
from coachwork.testing import strategies as st
from coachwork.testing.strategies._asks import parts_of_effects
from tests.drawn import few, reaches, some


@few
@given(ask=st.asks())
def test_an_ask_begins_with_the_system_prompt(ask: Ask) -> None:
    """Then comes the talk, and an instruction where it is no reply that is asked for."""
    roles = [prompt.role for prompt in ask.messages]
    assert roles[0] is PromptRole.SYSTEM
    assert PromptRole.SYSTEM not in roles[1:]
    assert (roles[-1] is PromptRole.INSTRUCTION) == (ask.purpose is not JobKind.REPLY)
    if ask.purpose is JobKind.GREETING:
        assert len(roles) == 2


@few
@given(event=st.events())
def test_an_event_is_what_receivers_are_told_to_expect(event: Event) -> None:
    """Its wire form fits the schema of its type."""
    jsonschema.validate(event.wire(), EVENT_SCHEMAS[event.type])


def test_they_reach_every_form() -> None:
    """All purposes, types of events, commands and classes of effects."""
    reaches(st.asks(), JobKind, lambda ask: ask.purpose)
    forms = [(type_, kind) for type_ in EventType for kind in JobKind]
    reaches(st.events(), forms, lambda event: (event.type, event.kind))
    commands = [
        ("start", True, True),
        ("send", False, False),
        ("resume", False, True),
        ("complete", False, True),
        ("retry", False, True),
    ]
    reaches(
        st.admissions(), commands, lambda one: (one.command, one.session is None, one.text is None)
    )
    reaches(st.effects(), parts_of_effects(), type)
    assert {prompt.role for prompt in some(st.prompts(PromptRole.USER))} == {PromptRole.USER}
    assert all(partial.sequence > 0 for partial in some(st.partials()))


def test_answers_are_replies_and_others() -> None:
    """A model may say whatever it likes."""
    reaches(
        st.answers(),
        told=lambda one: isinstance(parse_reply(one.text, one.data, one.finish), Reply),
    )


def test_what_observers_and_workers_are_given() -> None:
    """Observations are of effects, in words and figures; options are all that are accepted."""
    names = {kind.__name__ for kind in parts_of_effects()}
    assert {one.effect for one in some(st.observations())} <= names
    reaches(st.observations(), told=lambda one: one.error is None)
    reaches(st.worker_options(), told=lambda one: one.grace == 0)
