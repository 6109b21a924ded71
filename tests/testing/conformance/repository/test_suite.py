"""The suite of a repository, and the two functions that check one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import nullcontext

import pytest
from attrs import evolve

from coachwork.adapters import Memory
from coachwork.errors import ValidationError
from coachwork.ports import Query
from coachwork.records import Key, Record
from coachwork.testing import (
    Capability,
    ConformanceError,
    Report,
    check_async_repository,
    check_repository,
)
from coachwork.testing.conformance import Promise
from coachwork.testing.conformance.repository import REPOSITORY, RepositoryMake

LACKS = {Capability.REOPENING}


def awaited(make: RepositoryMake) -> Report:
    """Check in a running loop."""
    return asyncio.run(check_async_repository(make, lacks=LACKS))


def blocking(make: RepositoryMake) -> Report:
    """Check in threads."""
    return check_repository(make, lacks=LACKS)


both = pytest.mark.parametrize(
    "run, form",
    [(blocking, lambda memory: memory), (awaited, lambda memory: memory.for_async())],
    ids=["blocking", "async"],
)
Run = Callable[[RepositoryMake], Report]
Form = Callable[[Memory], Memory]


def test_numbers_are_without_gap_and_told_where_they_are_given() -> None:
    """A reader finds a promise by its number."""
    numbers = [promise.number for promise in REPOSITORY.promises]
    assert numbers == [f"R{n:02d}" for n in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("promise", REPOSITORY.promises, ids=lambda promise: promise.id)
def test_a_promise_is_told_in_sentences(promise: Promise) -> None:
    """What is promised and why it matters are sentences; where it is promised is a place."""
    assert re.fullmatch(r"[A-Z].*\.", promise.sentence)
    assert re.fullmatch(r"[A-Z].*\.", promise.why)
    assert re.match(r"coachwork\.|brief, section", promise.where)
    assert re.fullmatch(r"[a-z0-9-]+", promise.name)


@both
def test_a_sound_repository_is_reported_in_full(run: Run, form: Form) -> None:
    """Everything is kept but what it lacks."""
    report = run(lambda: nullcontext(form(Memory())))
    assert len(report.outcomes) == len(REPOSITORY.promises)
    assert set(report.lacking) == {Capability.REOPENING, Capability.PROCESSES}


class Broken(Memory):
    """A repository with two things wrong."""

    def get(self, key: Key, /) -> Record | None:
        """Give another body."""
        found = super().get(key)
        return found if found is None else evolve(found, body=found.body.replace("\\u0000", ""))

    def find(self, query: Query, /) -> Sequence[Record]:
        """Forget the limit."""
        return super().find(evolve(query, limit=1000))


@both
def test_all_that_is_broken_is_raised_at_once(run: Run, form: Form) -> None:
    """Not at the first."""
    with pytest.raises(ConformanceError) as caught:
        run(lambda: nullcontext(form(Broken())))
    assert [o.promise.number for o in caught.value.report.broken] == ["R03", "R44", "R53"]


class Tuples(Memory):
    """A repository that answers with other sequences."""

    def find(self, query: Query, /) -> Sequence[Record]:
        """Answer with a tuple."""
        return tuple(super().find(query))

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """Answer with a tuple."""
        return tuple(super().log(tenant, session, after=after, last=last, limit=limit))


def test_any_sequence_will_do() -> None:
    """A view need not answer with a list."""
    blocking(lambda: nullcontext(Tuples()))


def test_runs_at_the_same_time_do_not_meet() -> None:
    """On one store, in one loop."""
    memory = Memory().for_async()

    async def main() -> None:
        runs = (check_async_repository(lambda: nullcontext(memory), lacks=LACKS) for _ in range(3))
        await asyncio.gather(*runs)

    asyncio.run(main())


@pytest.mark.parametrize("run", [blocking, awaited])
def test_a_wrong_argument_is_refused(run: Run) -> None:
    """By its name."""
    with pytest.raises(ValidationError, match="make"):
        run(Memory())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
