"""The conformance kit as tests of pytest: one for each promise.

In a test module of the application two lines do it::

    from coachwork.testing.for_pytest import repository_tests

    test_my_repository = repository_tests(make_repository, processes=True)

They are named by number and promise, such as ``test_my_repository[R12-an-update-...]``. A promise
that the adapter is said to lack is a skipped test that says what the application loses.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import pytest

from coachwork.ports import TemplateRenderer
from coachwork.testing.conformance import (
    DEADLINE,
    Capability,
    Make,
    Promise,
    Suite,
    Terms,
    Verdict,
    checked_make,
    hold,
)
from coachwork.testing.conformance.admission import (
    MAX_BYTES,
    REFUSALS,
    AdmitMake,
    admission_suite,
)
from coachwork.testing.conformance.clock import CLOCK, ClockMake
from coachwork.testing.conformance.dispatcher import DispatcherMake, dispatcher_terms
from coachwork.testing.conformance.ids import IDS, IdsMake
from coachwork.testing.conformance.model import ModelMake, Provocations, Provoke, model_terms
from coachwork.testing.conformance.notifier import Arrived, NotifierMake, Outage, notifier_terms
from coachwork.testing.conformance.renderer import Gap, RendererMake, braces, renderer_suite
from coachwork.testing.conformance.repository import REPOSITORY, RepositoryMake
from coachwork.testing.conformance.sink import SINK_SUITE, SinkMake
from coachwork.testing.conformance.sub_agents import SubAgentsMake, sub_agents_terms
from coachwork.testing.conformance.summarizer import SUMMARIZER, SummarizerMake
from coachwork.testing.conformance.templates import TemplatesMake, templates_suite
from coachwork.topics import Topic


def repository_tests(
    make: RepositoryMake,
    *,
    lacks: Collection[Capability] = (),
    settle: float = 0.0,
    processes: bool = False,
    deadline: float = DEADLINE,
) -> Callable[[Promise], None]:
    """Return a test for each promise of a repository; give it a name that begins with ``test``.

    The arguments are those of `coachwork.testing.check_repository`.

    Raises:
        ValidationError: An argument is not what it should be.
    """
    terms = Terms.of(REPOSITORY, lacks=lacks, settle=settle, processes=processes, deadline=deadline)
    return tests_of(REPOSITORY, make, terms)


def model_tests(
    make: ModelMake,
    provocations: Provocations | None = None,
    *,
    lacks: Collection[Capability] = (),
    deadline: float = DEADLINE,
) -> Callable[[Promise], None]:
    """Return a test for each promise of a language model; see `coachwork.testing.check_model`.

    Raises:
        ValidationError: An argument is not what it should be.
    """
    suite, terms = model_terms(provocations, lacks, deadline)
    return tests_of(suite, make, terms)


def clock_tests(
    make: ClockMake, *, lacks: Collection[Capability] = (), deadline: float = DEADLINE
) -> Callable[[Promise], None]:
    """Return a test for each promise of a clock; see `coachwork.testing.check_clock`.

    Raises:
        ValidationError: An argument is not what it should be.
    """
    return tests_of(CLOCK, make, Terms.of(CLOCK, lacks=lacks, deadline=deadline))


def ids_tests(
    make: IdsMake,
    *,
    lacks: Collection[Capability] = (),
    processes: bool = False,
    deadline: float = DEADLINE,
) -> Callable[[Promise], None]:
    """Return a test for each promise of a source of ids; see `coachwork.testing.check_ids`.

    Raises:
        ValidationError: An argument is not what it should be.
    """
    terms = Terms.of(IDS, lacks=lacks, processes=processes, deadline=deadline)
    return tests_of(IDS, make, terms)


def templates_tests(
    make: TemplatesMake,
    topics: Iterable[Topic[object]],
    *,
    renderer: TemplateRenderer | None = None,
    deadline: float = DEADLINE,
) -> Callable[[Promise], None]:
    """Return a test for each promise of a source of templates.

    The arguments are those of `coachwork.testing.check_templates`.

    Raises:
        ValidationError: An argument is not what it should be.
    """
    suite = templates_suite(topics, renderer)
    return tests_of(suite, make, Terms.of(suite, deadline=deadline))


def renderer_tests(
    make: RendererMake, *, gap: Gap = braces, deadline: float = DEADLINE
) -> Callable[[Promise], None]:
    """Return a test for each promise of a renderer; see `coachwork.testing.check_renderer`.

    Raises:
        ValidationError: An argument is not what it should be.
    """
    suite = renderer_suite(gap)
    return tests_of(suite, make, Terms.of(suite, deadline=deadline))


def summarizer_tests(
    make: SummarizerMake, *, lacks: Collection[Capability] = (), deadline: float = DEADLINE
) -> Callable[[Promise], None]:
    """Return a test for each promise of a summarizer; see `coachwork.testing.check_summarizer`.

    Raises:
        ValidationError: An argument is not what it should be.
    """
    return tests_of(SUMMARIZER, make, Terms.of(SUMMARIZER, lacks=lacks, deadline=deadline))


def notifier_tests(
    make: NotifierMake,
    *,
    arrived: Arrived | None = None,
    outage: Outage | None = None,
    settle: float = 0.0,
    deadline: float = DEADLINE,
) -> Callable[[Promise], None]:
    """Return a test for each promise of a notifier; see `coachwork.testing.check_notifier`.

    Raises:
        ValidationError: An argument is not what it should be.
    """
    suite, terms = notifier_terms(arrived, outage, settle, deadline)
    return tests_of(suite, make, terms)


def dispatcher_tests(
    make: DispatcherMake,
    *,
    arrived: Arrived | None = None,
    settle: float = 0.0,
    deadline: float = DEADLINE,
) -> Callable[[Promise], None]:
    """Return a test for each promise of a dispatcher; see `coachwork.testing.check_dispatcher`.

    Raises:
        ValidationError: An argument is not what it should be.
    """
    suite, terms = dispatcher_terms(arrived, settle, deadline)
    return tests_of(suite, make, terms)


def admission_tests(
    make: AdmitMake,
    *,
    topic: str = "topic",
    refusals: tuple[type[Exception], ...] = REFUSALS,
    max_bytes: int = MAX_BYTES,
    deadline: float = DEADLINE,
) -> Callable[[Promise], None]:
    """Return a test for each promise of an admission; see `coachwork.testing.check_admission`.

    Raises:
        ValidationError: An argument is not what it should be.
    """
    suite = admission_suite(topic, refusals, max_bytes)
    return tests_of(suite, make, Terms.of(suite, deadline=deadline))


def sink_tests(make: SinkMake, *, deadline: float = DEADLINE) -> Callable[[Promise], None]:
    """Return a test for each promise of a sink; see `coachwork.testing.check_sink`.

    Raises:
        ValidationError: An argument is not what it should be.
    """
    return tests_of(SINK_SUITE, make, Terms.of(SINK_SUITE, deadline=deadline))


def sub_agents_tests(
    make: SubAgentsMake,
    *,
    refuses: Provoke | None = None,
    hangs: Provoke | None = None,
    deadline: float = DEADLINE,
) -> Callable[[Promise], None]:
    """Return a test for each promise of sub-agents; see `coachwork.testing.check_sub_agents`.

    Raises:
        ValidationError: An argument is not what it should be.
    """
    suite, terms = sub_agents_terms(refuses, hangs, deadline)
    return tests_of(suite, make, terms)


def tests_of(suite: Suite, make: Make, terms: Terms) -> Callable[[Promise], None]:
    """Return a test for each promise of *suite*; the tests of every port are made of it.

    Args:
        suite: What is promised.
        make: Makes the adapter, of either colour.
        terms: On which terms it is checked.

    Returns:
        A test function with a parameter, to be given a name that begins with ``test``.

    Raises:
        ValidationError: ``make`` is not what it should be.
    """
    checked_make(make, terms)

    @pytest.mark.parametrize("promise", suite.promises, ids=lambda promise: promise.id)
    def test(promise: Promise) -> None:
        """Hold the adapter to one promise."""
        outcome = hold(suite, promise, make, terms)
        if outcome.verdict is Verdict.LACKING and promise.needs is not None:
            pytest.skip(f"it lacks {promise.needs}. {promise.needs.loss}")
        if not outcome.is_well:
            pytest.fail(str(outcome), pytrace=False)

    return test
