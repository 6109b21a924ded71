"""The broken adapters on which the checks of the ports are tested, but those of repositories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from coachwork.testing.conformance import Suite
from coachwork.testing.conformance.admission import admission_suite
from coachwork.testing.conformance.clock import CLOCK
from coachwork.testing.conformance.dispatcher import dispatcher_suite
from coachwork.testing.conformance.ids import IDS
from coachwork.testing.conformance.model import model_suite
from coachwork.testing.conformance.notifier import notifier_suite
from coachwork.testing.conformance.renderer import renderer_suite
from coachwork.testing.conformance.sink import SINK_SUITE
from coachwork.testing.conformance.sub_agents import sub_agents_suite
from coachwork.testing.conformance.summarizer import SUMMARIZER
from coachwork.testing.conformance.templates import templates_suite
from tests.testing.conformance import (
    test_admission,
    test_clock,
    test_dispatcher,
    test_ids,
    test_notifier,
    test_renderer,
    test_sink,
    test_sub_agents,
    test_summarizer,
    test_templates,
)
from tests.testing.conformance.model import (
    test_answers,
    test_deadlines,
    test_failures,
    test_prompts,
    test_streams,
)


def _told(*mutants: Mapping[str, tuple[str, Any]]) -> dict[str, str]:
    """Return what is wrong with each, and which promise tells it."""
    return {name: number for some in mutants for name, (number, _) in some.items()}


PORTS: Final[tuple[tuple[Suite, Mapping[str, str]], ...]] = (
    (
        model_suite(),
        _told(
            test_answers.MUTANTS,
            test_prompts.MUTANTS,
            test_streams.MUTANTS,
            test_failures.MUTANTS,
            test_deadlines.MUTANTS,
        ),
    ),
    (CLOCK, _told(test_clock.MUTANTS)),
    (IDS, {**_told(test_ids.MUTANTS), **test_ids.OF_PROCESSES}),
    (templates_suite(test_templates.TOPICS), _told(test_templates.MUTANTS)),
    (renderer_suite(), _told(test_renderer.MUTANTS)),
    (SUMMARIZER, _told(test_summarizer.MUTANTS)),
    (notifier_suite(), _told(test_notifier.MUTANTS)),
    (dispatcher_suite(), _told(test_dispatcher.MUTANTS)),
    (admission_suite(), _told(test_admission.MUTANTS)),
    (SINK_SUITE, _told(test_sink.MUTANTS)),
    (sub_agents_suite(), _told(test_sub_agents.MUTANTS)),
)
"""What is promised of each port, and what is wrong with the adapters that break it."""
