"""What is promised of an adapter, and how it is checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from inspect import getdoc
from types import ModuleType
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from coachwork.effects import Workflow
from coachwork.errors import ValidationError
from coachwork.testing.conformance._capability import Capability

DEADLINE: Final = 60.0
"""Seconds that a check may take, where nothing else is said."""

Make: TypeAlias = Callable[[], AbstractContextManager[Any] | AbstractAsyncContextManager[Any]]
"""Makes the adapter: a function whose context manager gives it, and ends it.

It is called for every check. What it gives may be a new adapter on the same engine each time.
"""


@frozen(kw_only=True)
class Trial:
    """What a check works with.

    Attributes:
        tenant: A tenant's id that nobody has had: what is stored under it is the check's alone.
        settle: Seconds that a view may lag behind; 0 where it must not.
        make: Makes one more adapter, in another process.
        port: Which port it is.
        deadline: Seconds that the check may take.
    """

    tenant: str
    settle: float
    make: Make
    port: Port
    deadline: float

    @property
    def kind(self) -> str:
        """A kind of record that nobody else has: for what is looked for over all tenants."""
        return f"kind-{self.tenant}"

    @property
    def other_tenant(self) -> str:
        """A second tenant's id that nobody has had."""
        return f"{self.tenant}-2"


CheckWorkflow: TypeAlias = Callable[[Trial], Workflow[None]]
"""A check is a workflow, so that it runs on blocking and on async adapters alike."""


@frozen(kw_only=True)
class Promise:
    """One thing that is promised of an adapter.

    Attributes:
        number: Its number, such as ``R07``. It stays, whatever is added or taken away.
        name: Its name, in a few words joined by ``-``.
        sentence: What is promised.
        why: What goes wrong in production where it is broken.
        where: Where it is promised.
        check: How it is checked; it raises `PromiseBrokenError`.
        then: What is checked when the adapter was ended and made again, if anything.
        needs: The capability that it needs, if any.
    """

    number: str
    name: str
    sentence: str
    why: str
    where: str
    check: CheckWorkflow = field(repr=False)
    then: CheckWorkflow | None = field(default=None, repr=False)
    needs: Capability | None = None

    @property
    def id(self) -> str:
        """Number and name, as tests are called."""
        return f"{self.number}-{self.name}"


def promise(
    number: str,
    *,
    why: str,
    where: str,
    needs: Capability | None = None,
    then: CheckWorkflow | None = None,
) -> Callable[[CheckWorkflow], Promise]:
    """Make a promise of the check that is decorated.

    The first sentence of its docstring is what is promised; its own name is the promise's.

    Args:
        number: See `Promise`.
        why: See `Promise`.
        where: See `Promise`.
        needs: See `Promise`.
        then: See `Promise`.
    """

    def made(check: CheckWorkflow) -> Promise:
        name = re.sub(r"_+", "-", str(getattr(check, "__name__", check)).strip("_"))
        # There are no docstrings under -OO.
        told = (getdoc(check) or f"{name.replace('-', ' ').capitalize()}.").partition("\n\n")[0]
        return Promise(
            number=number,
            name=name,
            sentence=" ".join(told.replace("``", "`").split()),
            why=why,
            where=where,
            check=check,
            then=then,
            needs=needs,
        )

    return made


def promises_in(*modules: ModuleType) -> tuple[Promise, ...]:
    """Return the promises that *modules* hold, by their numbers."""
    found = [p for module in modules for p in vars(module).values() if isinstance(p, Promise)]
    return tuple(sorted(found, key=lambda promise: promise.number))


@frozen(kw_only=True)
class Port:
    """A port, as the drivers know it.

    Attributes:
        name: The name of its protocol, such as ``Repository``.
        field: The field of `coachwork.ports.Ports` that it stands in.
        method: A method that only its async form awaits.
    """

    name: str
    field: str
    method: str


@frozen(kw_only=True)
class Suite:
    """All that is promised of one port.

    Attributes:
        port: Which port it is.
        promises: The promises, by their numbers.
    """

    port: Port
    promises: tuple[Promise, ...]

    def __attrs_post_init__(self) -> None:
        """Refuse a number or a name that stands twice."""
        for names in ([p.number for p in self.promises], [p.name for p in self.promises]):
            if len(set(names)) < len(names):
                raise ValidationError("promises", "each number and each name once")

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What an adapter of this port may lack."""
        return frozenset(p.needs for p in self.promises if p.needs is not None)


@frozen(kw_only=True)
class Terms:
    """On which terms an adapter is checked.

    Attributes:
        lacks: What it lacks.
        settle: Seconds that its views may lag behind.
        processes: Whether several processes may use it at once. Then ``make`` is a function of a
            module that other processes can import.
        deadline: Seconds that each check may take.
    """

    lacks: frozenset[Capability]
    settle: float
    processes: bool
    deadline: float

    @classmethod
    def of(
        cls,
        suite: Suite,
        *,
        lacks: Collection[Capability] = (),
        settle: float = 0.0,
        processes: bool = False,
        deadline: float = DEADLINE,
    ) -> Terms:
        """Return the terms for *suite*, if they can be.

        Raises:
            ValidationError: An argument is not what it should be.
        """
        if not set(lacks) <= suite.capabilities:
            known = ", ".join(f"Capability.{c.name}" for c in sorted(suite.capabilities))
            raise ValidationError("lacks", f"some of: {known}" if known else "nothing")
        if not 0 <= settle < float("inf"):
            raise ValidationError("settle", "seconds, 0 or more")
        if not 0 < deadline < float("inf"):
            raise ValidationError("deadline", "seconds, more than 0")
        lacking = set(lacks) if processes else {*lacks, Capability.PROCESSES}
        return cls(lacks=frozenset(lacking), settle=settle, processes=processes, deadline=deadline)
