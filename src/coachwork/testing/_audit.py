"""A repository that judges every commit before it is done (brief, section 10).

It needs no test framework, and is cheap enough to be left on where people are served: it judges
what one commit changes, never the whole store, and remembers what it has read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from coachwork.courses import at_once, awaited, closing, is_async
from coachwork.errors import ApplicationError, MisuseError, ValidationError
from coachwork.ports import AsyncRepository, CommitResult, Query, Repository
from coachwork.records import Key, Op, Record
from coachwork.testing._auditing import Audit, AuditFigures, OnViolation

REMEMBERED: Final = 1000
"""How many records an audit remembers, unless it is told otherwise."""


class InvariantError(ApplicationError):
    """A commit would have broken an invariant; nothing of it was written.

    It is nobody's request that is wrong but a program: this library, a workflow of the
    application's own, or something that changed records behind their back. So it is an error of
    the application, a web service tells its client no more than ``INTERNAL_ERROR``, and the same
    call again is not worth trying.

    Attributes:
        violations: What is wrong, each with the invariant's number and the kind and ids of the
            record; no text of anybody.
    """

    retryable: ClassVar[bool] = False
    default_retry_after: ClassVar[float | None] = None

    def __init__(self, violations: Sequence[str]) -> None:
        """Tell the *violations*."""
        super().__init__(f"a commit was refused: {'; '.join(violations)}")
        self.violations = tuple(violations)


def refuse_violations(violations: tuple[str, ...]) -> None:
    """Refuse the commit; this is what an audit does unless it is told otherwise.

    Raises:
        InvariantError: Always.
    """
    raise InvariantError(violations)


def log_violations(violations: tuple[str, ...]) -> None:
    """Write the violations to the log ``coachwork``, as errors, and let the commit pass."""
    import logging  # noqa: PLC0415 - only who finds something needs it

    for violation in violations:
        logging.getLogger("coachwork").error("an invariant is broken: %s", violation)


class Audited:
    """A repository that judges every commit before it hands it on.

    What it hands on, answers and raises is what the repository before it does, but for commits that
    break an invariant. A commit that the repository would answer with a conflict is never
    refused, and one that cannot be judged, because a record cannot be read, passes.

    Args:
        repository: The repository; commits that go past the audit are not judged.
        on_violation: What to do with a commit that breaks an invariant: `refuse_violations`,
            `log_violations`, or a function of one's own, which is called in the thread or task
            that commits.
        remember: How many records to keep in memory, so that most commits are judged without a
            read. Messages and receipts are not among them.

    Raises:
        MisuseError: The repository is async: take `AsyncAudited`.
        ValidationError: It is to remember a negative number of records.
    """

    def __init__(
        self,
        repository: Repository,
        *,
        on_violation: OnViolation = refuse_violations,
        remember: int = REMEMBERED,
    ) -> None:
        """Stand before *repository*."""
        if is_async(repository, "commit"):
            raise MisuseError("this repository is async: take AsyncAudited")
        self._repository = repository
        self._audit = Audit(on_violation, _checked_number(remember))

    @property
    def figures(self) -> AuditFigures:
        """What the audit has done so far."""
        return self._audit.figures

    def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        record = self._repository.get(key)
        self._audit.saw(key, record)
        return record

    def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `coachwork.ports.Repository.commit`.

        Raises:
            InvariantError: The commit breaks an invariant; nothing is written.
        """
        return at_once(self._audit.commit(self._repository, ops))

    def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `coachwork.ports.Repository.log`."""
        return self._repository.log(tenant, session, after=after, last=last, limit=limit)

    def find(self, query: Query, /) -> Sequence[Record]:
        """See `coachwork.ports.Repository.find`."""
        records = self._repository.find(query)
        self._audit.found(records)
        return records

    def for_async(self) -> AsyncAudited:
        """Return the same audit for an async coach, before the async form of the repository.

        Raises:
            MisuseError: The repository has none: pass `AsyncAudited(in_threads(...))`.
        """
        form: Callable[[], AsyncRepository] | None = getattr(self._repository, "for_async", None)
        if form is None:
            name = type(self._repository).__name__
            raise MisuseError(f"{name} has no async form: pass AsyncAudited(in_threads({name}))")
        return _OtherColour(form(), self._audit)

    def close(self) -> None:
        """Close the repository, where it can be closed."""
        at_once(closing(self._repository))


class AsyncAudited:
    """The same as `Audited`, awaited."""

    def __init__(
        self,
        repository: AsyncRepository,
        *,
        on_violation: OnViolation = refuse_violations,
        remember: int = REMEMBERED,
    ) -> None:
        """Stand before *repository*; see `Audited`.

        Raises:
            MisuseError: The repository is blocking: take `Audited`, or put it `in_threads`.
        """
        if not is_async(repository, "commit"):
            raise MisuseError("this repository is blocking: take Audited, or put it in_threads")
        self._repository = repository
        self._audit = Audit(on_violation, _checked_number(remember))

    @property
    def figures(self) -> AuditFigures:
        """What the audit has done so far."""
        return self._audit.figures

    async def get(self, key: Key, /) -> Record | None:
        """See `coachwork.ports.Repository.get`."""
        record = await self._repository.get(key)
        self._audit.saw(key, record)
        return record

    async def commit(self, ops: Sequence[Op], /) -> CommitResult:
        """See `Audited.commit`."""
        return await awaited(self._audit.commit(self._repository, ops))

    async def log(
        self, tenant: str, session: str, /, *, after: int = 0, last: int | None = None, limit: int
    ) -> Sequence[Record]:
        """See `coachwork.ports.Repository.log`."""
        return await self._repository.log(tenant, session, after=after, last=last, limit=limit)

    async def find(self, query: Query, /) -> Sequence[Record]:
        """See `coachwork.ports.Repository.find`."""
        records = await self._repository.find(query)
        self._audit.found(records)
        return records

    async def close(self) -> None:
        """Close the repository, where it can be closed."""
        await awaited(closing(self._repository))


class _OtherColour(AsyncAudited):
    """The async form of an audit that has a blocking one."""

    def __init__(self, repository: AsyncRepository, audit: Audit) -> None:
        super().__init__(repository)
        self._audit = audit


def _checked_number(remember: object) -> int:
    """Return *remember* if it is a number of records."""
    if type(remember) is not int or remember < 0:
        raise ValidationError("remember", "a whole number from 0")
    return remember
