"""Numbers for values: equal numbers mean that no workflow can tell the two apart.

A suspended workflow is a value too: the chain of generators that it is suspended in, each with its
place in the code, the variables that can still be read, the values that the interpreter holds on
its stack (such as the iterator of a ``for`` loop, a list that is half made, a context manager),
and the exception that is being handled. The stack is not to be seen from Python code, but the
garbage collector is told of it, and in order. Two things are compared by what they hold; where
something can be changed, also which places hold the very same thing.

Whatever keeps its state where it cannot be looked into raises `HiddenStateError`; then a process
is told by its whole history instead (see `_processes`).

Not compared: the identity of things that cannot change (a workflow that asks ``is`` of two equal
texts is its own enemy), tracebacks, and what stands outside the workflow, such as a global
variable: a workflow is a function of the answers it gets, as the drivers and the rehearsal rely
on too.
"""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache, partial
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    GeneratorType,
    MappingProxyType,
    MethodType,
    ModuleType,
)
from typing import Any, Final, Generic, cast
from uuid import UUID

import attrs

from coachwork.testing.explorer._liveness import live_locals

_READABLE: Final = sys.implementation.name == "cpython"
"""Whether the collector tells what a suspended frame holds."""

_EXACT: Final = frozenset({type(None), bool, int, str, bytes, type(NotImplemented), type(...)})
_SHOWN: Final = frozenset(
    {float, complex, datetime, date, time, timedelta, timezone, Decimal, Fraction, UUID, range}
)
"""Types whose values say all that they hold when they are shown."""

_NONE: Final[dict[object, object]] = {}
_ITERATORS: Final[frozenset[type]] = frozenset(
    {
        type(iter(list[object]())),
        type(iter(())),
        type(iter(_NONE)),
        type(iter(_NONE.values())),
        type(iter(_NONE.items())),
        type(iter(set[object]())),
        type(iter(range(0))),
        type(iter("")),
        type(iter("\u00e9")),
        type(iter(b"")),
        type(reversed(list[object]())),
        enumerate,
        zip,
        map,
        filter,
        reversed,
    }
)
"""Iterators that tell what is left of them, without being moved by it."""

_HEAP: Final = 1 << 9
_IMMUTABLE: Final = 1 << 8
_FROZEN: Final = "_frozen_setattrs"


class HiddenStateError(Exception):
    """Something that a workflow holds cannot be looked into."""


class Canon:
    """Gives numbers to values, and the same number to those that nobody can tell apart."""

    def __init__(self) -> None:
        """Begin with no numbers."""
        self._numbers: dict[object, int] = {}
        # What cannot change keeps its number; it is kept, so that its id is nobody else's.
        self._known: dict[int, tuple[object, int]] = {}
        self._met: dict[int, int] = {}
        self._changeable = 0

    def number(self, value: object) -> int:
        """Return the number of *value*.

        Raises:
            HiddenStateError: It holds something that cannot be looked into.
        """
        return self.numbers(value)[0]

    def numbers(self, *values: object) -> tuple[int, ...]:
        """Return the numbers of *values* that are looked at together.

        Raises:
            HiddenStateError: One holds something that cannot be looked into.
        """
        self._met.clear()
        self._changeable = 0
        return tuple(self._of(value) for value in values)

    def keep(self, *values: object) -> None:
        """Take these values for the same as long as they are the same things."""
        for value in values:
            self._known[id(value)] = value, self._intern(("kept", id(value)))

    def _intern(self, form: object) -> int:
        """Return the number of a form that can be compared."""
        return self._numbers.setdefault(form, len(self._numbers))

    def _of(self, value: object) -> int:
        """Return the number of *value*, or of the place where it was met before."""
        known = self._known.get(id(value))
        if known is not None:
            return known[1]
        kind = type(value)
        if kind in _EXACT:
            return self._intern((kind, value))
        nature = _NATURES.get(kind) or _nature(kind)
        if nature is _Nature.FUNCTION:
            nature = _Nature.ITSELF if _is_plain(cast("FunctionType", value)) else _Nature.CHANGES
        if nature is _Nature.ITSELF:
            number = self._intern((kind, id(value)))
            self._known[id(value)] = value, number
            return number
        if nature is _Nature.STILL:
            changeable = self._changeable
            number = self._intern(self._still_form(value))
            if changeable == self._changeable:  # nothing below it can change either
                self._known[id(value)] = value, number
            return number
        self._changeable += 1
        before = self._met.get(id(value))
        if before is not None:
            return self._intern(("met before", before))
        self._met[id(value)] = len(self._met)
        return self._intern(self._changing_form(value))

    def _all(self, values: Iterable[object]) -> tuple[int, ...]:
        return tuple([self._of(value) for value in values])

    def _still_form(self, value: object) -> object:
        """Return what tells a value that cannot change."""
        kind: type[object] = type(value)
        if kind in _SHOWN:
            return kind, repr(value)
        if issubclass(kind, (tuple, frozenset)):
            held = self._all(cast("Iterable[object]", value))
            told = held if issubclass(kind, tuple) else tuple(sorted(held))
            return cast("object", kind), told, self._attributes(value)
        if isinstance(value, MethodType):
            return kind, self._of(value.__func__), self._of(value.__self__)
        if isinstance(value, BuiltinFunctionType):
            return kind, value.__name__, self._of(value.__self__)
        return kind, self._attributes(value)

    def _changing_form(self, value: object) -> object:
        """Return what tells a value that can change, as it is now."""
        kind: type[object] = type(value)
        if kind is GeneratorType:
            return kind, self._suspended(cast("GeneratorType[object, object, object]", value))
        form = _FORMS.get(kind)
        if form is not None:
            return kind, self._all(form(value))
        if isinstance(value, BaseException):
            raised = (value.args, value.__cause__, value.__context__, value.__suppress_context__)
            return kind, self._all(raised), self._attributes(value)
        for base in _CONTAINERS:  # a class that is more than that
            if issubclass(kind, base):
                held = self._all(_FORMS[base](value))
                return cast("object", kind), held, self._attributes(value)
        return kind, self._attributes(value)

    def _attributes(self, value: object) -> tuple[object, ...]:
        """Return what the attributes of *value* hold.

        Raises:
            HiddenStateError: It is of a class that is not written in Python.
        """
        told: list[object] = []
        for name in _slots(type(value)):
            try:
                held = getattr(value, name)
            except AttributeError:
                continue
            told += (name, self._of(held))
        attributes: dict[str, object] | None = getattr(value, "__dict__", None)
        if attributes:
            for name, held in attributes.items():
                told += (name, self._of(held))
        return tuple(told)

    # --- generators ----------------------------------------------------------------------------

    def _suspended(self, generator: GeneratorType[object, object, object]) -> tuple[object, ...]:
        """Return what tells a suspended generator.

        Raises:
            HiddenStateError: The interpreter does not tell what it holds.
        """
        frame = generator.gi_frame
        if frame is None:
            return ("over",)
        if not _READABLE or generator.gi_running:
            raise HiddenStateError("a frame of this interpreter")
        code = frame.f_code
        bound = frame.f_locals
        held = gc.get_referents(generator)
        after = _first_local(held, code)
        names = _compared(code, frame.f_lasti)
        if names is None:  # everything counts, the cells as they are
            return (id(code), frame.f_lasti, tuple(bound), self._all(held[after:]))
        told = [(name, self._of(bound[name])) for name in names if name in bound]
        return (id(code), frame.f_lasti, *told, self._all(held[after + len(bound) :]))


_KEPT: Final[dict[int, CodeType]] = {}
"""Code by its id: it is kept, so that its id stays its own."""


@cache
def _compared(code: CodeType, at: int) -> tuple[str, ...] | None:
    """Return the variables that count where *code* is suspended; None where all do."""
    _KEPT[id(code)] = code
    live = None if code.co_cellvars or code.co_freevars else live_locals(code)
    return None if live is None else tuple(sorted(live[at]))


def _first_local(held: list[Any], code: CodeType) -> int:
    """Return where in what a generator *held* its variables begin: behind function and code.

    Raises:
        HiddenStateError: It is another form than this interpreter's used to be.
    """
    for at in range(1, len(held)):
        function = held[at - 1]
        if held[at] is code and isinstance(function, FunctionType) and function.__code__ is code:
            return at + 1
    raise HiddenStateError("a frame of this interpreter")


class _Nature(Enum):
    """How values of a type are compared."""

    ITSELF = "by what they are"
    FUNCTION = "by what they are, unless they hold something"
    STILL = "by what they hold, which cannot change"
    CHANGES = "by what they hold now, and by which places hold them"


_NATURES: Final[dict[type, _Nature]] = {FunctionType: _Nature.FUNCTION}


def _nature(kind: type[object]) -> _Nature:
    """Find out how values of *kind* are compared."""
    nature = _Nature.CHANGES
    if issubclass(kind, (Enum, type, ModuleType, CodeType)):
        nature = _Nature.ITSELF
    elif kind in _SHOWN or issubclass(kind, (tuple, frozenset, MethodType, BuiltinFunctionType)):
        nature = _Nature.STILL
    elif attrs.has(kind):
        frozen = getattr(kind.__setattr__, "__name__", "") == _FROZEN
        nature = _Nature.STILL if frozen else _Nature.CHANGES
    elif getattr(getattr(kind, "__dataclass_params__", None), "frozen", False):
        nature = _Nature.STILL
    _NATURES[kind] = nature
    return nature


def _is_plain(function: FunctionType) -> bool:
    """Whether *function* holds nothing."""
    return not (
        function.__closure__
        or function.__defaults__
        or function.__kwdefaults__
        or function.__dict__
    )


_SLOTS: Final[dict[type, tuple[str, ...]]] = {}


def _slots(kind: type) -> tuple[str, ...]:
    """Return the names of the slots of a class that is written in Python.

    Raises:
        HiddenStateError: It is not.
    """
    known = _SLOTS.get(kind)
    if known is not None:
        return known
    names: list[str] = []
    for base in kind.__mro__:
        if base is object or base in _PLAIN_BASES or _is_plain_exception(base):
            continue
        if not _is_written_in_python(base):
            raise HiddenStateError(f"{kind.__module__}.{kind.__qualname__}")
        slots = vars(base).get("__slots__", ())
        names += [_mangled(base, slot) for slot in ((slots,) if isinstance(slots, str) else slots)]
    told = tuple(name for name in names if name not in {"__weakref__", "__dict__"})
    _SLOTS[kind] = told
    return told


def _is_written_in_python(kind: type) -> bool:
    """Whether all that instances of *kind* hold stands in slots and dictionaries."""
    flags: int = kind.__flags__
    if not flags & _HEAP or flags & _IMMUTABLE:
        return False
    return "__slots__" in vars(kind) or kind.__dictoffset__ != 0


def _is_plain_exception(kind: type) -> bool:
    """Whether *kind* is an exception of the interpreter's own: all that it holds is in ``args``."""
    return issubclass(kind, BaseException) and not kind.__flags__ & _HEAP


def _mangled(kind: type, name: str) -> str:
    """Return the name under which a slot is found."""
    if name.startswith("__") and not name.endswith("__"):
        return f"_{kind.__name__.lstrip('_')}{name}"
    return name


def _pairs(value: Any) -> Iterator[object]:  # noqa: ANN401 - a dictionary of anything
    for key, held in value.items():
        yield key
        yield held


def _function(value: Any) -> Iterator[object]:  # noqa: ANN401 - a function of anything
    yield value.__code__
    yield value.__defaults__
    yield value.__kwdefaults__
    yield value.__closure__
    yield value.__dict__


def _members(value: Any) -> Iterator[object]:  # noqa: ANN401 - a set of anything
    # The order in which a set tells its members is a part of what a workflow can see of it.
    yield from value


def _partial(value: Any) -> Iterator[object]:  # noqa: ANN401 - a call of anything
    yield value.func
    yield value.args
    yield value.keywords
    yield value.__dict__


def _iterator(value: Any) -> Iterator[object]:  # noqa: ANN401 - an iterator of anything
    told = value.__reduce__()
    yield told[1]
    yield from told[2:]


def _cell(value: Any) -> Iterator[object]:  # noqa: ANN401 - a cell of anything
    with suppress(ValueError):  # it is empty
        yield value.cell_contents


_FORMS: Final[dict[type, Callable[[Any], Iterator[object]]]] = {
    list: iter,
    dict: _pairs,
    set: _members,
    deque: iter,
    bytearray: iter,
    FunctionType: _function,
    MappingProxyType: _pairs,
    partial: _partial,
    CellType: _cell,
    **dict.fromkeys(_ITERATORS, _iterator),
}
_CONTAINERS: Final = (list, dict, set, deque)
_PLAIN_BASES: Final = frozenset({*_CONTAINERS, tuple, frozenset, Generic})
