"""The kit as tests of pytest."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest

from coachwork.adapters import (
    BuiltinRenderer,
    ExtractiveSummarizer,
    Memory,
    ScriptedAgents,
    ScriptedModel,
    SystemClock,
    TimeOrderedIds,
    TopicTemplates,
)
from coachwork.errors import ValidationError
from coachwork.ports import Partial
from coachwork.records import Key, Record
from coachwork.testing import Capability, RecordingDispatcher, RecordingNotifier
from coachwork.testing.conformance import Promise
from coachwork.testing.conformance.repository import REPOSITORY
from coachwork.testing.for_pytest import (
    admission_tests,
    clock_tests,
    dispatcher_tests,
    ids_tests,
    model_tests,
    notifier_tests,
    renderer_tests,
    repository_tests,
    sink_tests,
    sub_agents_tests,
    summarizer_tests,
    templates_tests,
)
from coachwork.topics import Topic

R01 = REPOSITORY.promises[0]
REOPENING = next(p for p in REPOSITORY.promises if p.needs is Capability.REOPENING)


class Blind(Memory):
    """A repository that finds nothing."""

    def get(self, _key: Key, /) -> Record | None:
        """Find nothing."""
        return None


def test_a_kept_promise_is_a_test_that_passes() -> None:
    """In both colours."""
    repository_tests(lambda: nullcontext(Memory()))(R01)
    repository_tests(lambda: nullcontext(Memory().for_async()))(R01)


def test_a_broken_promise_is_a_test_that_fails() -> None:
    """Its text is what was found, without a traceback through the kit."""
    with pytest.raises(
        pytest.fail.Exception, match=r"^R02 broken: Key, version and facts"
    ) as caught:
        repository_tests(lambda: nullcontext(Blind()))(REPOSITORY.promises[1])
    assert not caught.value.pytrace


def test_a_promise_that_is_lacking_is_a_test_that_is_skipped() -> None:
    """It says what the application loses."""
    test = repository_tests(lambda: nullcontext(Memory()), lacks={Capability.REOPENING})
    with pytest.raises(pytest.skip.Exception, match=Capability.REOPENING.loss):
        test(REOPENING)


TALK = Topic(id="talk", system="Listen.")
PORTS: dict[str, Callable[[], Callable[[Promise], None]]] = {
    "M": lambda: model_tests(
        lambda: nullcontext(ScriptedModel(lambda _ask: "Hm.")), lacks=[Capability.STREAMING]
    ),
    "C": lambda: clock_tests(lambda: nullcontext(SystemClock())),
    "I": lambda: ids_tests(lambda: nullcontext(TimeOrderedIds())),
    "T": lambda: templates_tests(lambda: nullcontext(TopicTemplates({"talk": TALK})), [TALK]),
    "F": lambda: renderer_tests(lambda: nullcontext(BuiltinRenderer())),
    "S": lambda: summarizer_tests(lambda: nullcontext(ExtractiveSummarizer())),
    "N": lambda: notifier_tests(lambda: nullcontext(RecordingNotifier())),
    "D": lambda: dispatcher_tests(lambda: nullcontext(RecordingDispatcher())),
    "A": lambda: admission_tests(lambda: nullcontext(lambda _admission: None)),
    "G": lambda: sub_agents_tests(
        lambda: nullcontext(ScriptedAgents(lambda _ask: {"values": ["rent"]}))
    ),
    "K": lambda: sink_tests(lambda: nullcontext(list[Partial]().append)),
}
"""Tests of an adapter that ships, by the letter of the port's promises."""


@pytest.mark.parametrize("letter", PORTS)
def test_every_port_has_its_tests(letter: str) -> None:
    """One for each promise; what cannot be seen is skipped, and the rest passes."""
    test = PORTS[letter]()
    (mark,) = test.pytestmark  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]
    promises: tuple[Promise, ...] = mark.args[1]
    assert {promise.number[0] for promise in promises} == {letter}
    for promise in promises:
        with suppress(pytest.skip.Exception):
            test(promise)


@pytest.mark.parametrize("wrong", [{"settle": -1}, {"deadline": 0}, {"lacks": [1]}], ids=str)
def test_a_wrong_argument_is_refused_when_the_tests_are_collected(wrong: dict[str, Any]) -> None:
    """Nobody has to wait for the tests to run."""
    with pytest.raises(ValidationError):
        repository_tests(lambda: nullcontext(Memory()), **wrong)
    with pytest.raises(ValidationError, match="make"):
        repository_tests(Memory())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


APPLICATION = """
from contextlib import nullcontext
from coachwork import Memory
from coachwork.testing import Capability
from coachwork.testing.for_pytest import repository_tests

class Upserts(Memory):
    def find(self, query, /):
        return list(super().find(query))[::-1]

test_mine = repository_tests(lambda: nullcontext(Memory()), lacks={Capability.REOPENING})
test_broken = repository_tests(lambda: nullcontext(Upserts()), lacks={Capability.REOPENING})
"""


def test_an_application_has_one_test_for_each_promise(tmp_path: Path) -> None:
    """Two lines give them, with names that tell the promise, and a failure that tells all of it."""
    (tmp_path / "test_application.py").write_text(APPLICATION)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "test_application.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = re.findall(r"::(test_\w+)\[([\w-]+)\] (\w+)", done.stdout.partition("FAILURES")[0])
    verdicts = {(test, name): verdict for test, name, verdict in lines}
    assert [name for test, name in verdicts if test == "test_mine"] == [
        p.id for p in REPOSITORY.promises
    ]
    assert {v for (test, _), v in verdicts.items() if test == "test_mine"} == {"PASSED", "SKIPPED"}
    assert verdicts["test_broken", "R42-a-view-is-in-the-order-of-the-keys"] == "FAILED"
    assert verdicts["test_broken", "R01-nothing-is-found-where-nothing-was-put"] == "PASSED"
    failure = done.stdout.partition("R42 broken: ")[2]
    assert "why it matters: A list of sessions is in no order" in failure.partition("____")[0]
    assert "Traceback" not in done.stdout
