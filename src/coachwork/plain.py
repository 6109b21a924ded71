"""Plain data at the edge: any value as JSON, any type as JSON Schema, and the way back.

What is understood, alike by all three functions: attrs classes, dataclasses and TypedDicts
(generic ones too), enums (by value), ``Literal``, unions, lists, tuples, sets, mappings with text
keys, text, numbers, booleans, None, aware instants (ISO 8601, UTC, microseconds), days, durations
(seconds), anything at all (``object``), and pydantic models where an application has them. The
fields of a class are those that its ``__init__`` takes and whose names do not begin with an
underscore.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
from collections.abc import (
    Callable,
    Collection,
    Hashable,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
    MutableSequence,
    Sequence,
)
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Required,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
)

import attrs
from cattrs import ClassValidationError, Converter, ForbiddenExtraKeysError
from cattrs import gen as cattrs_gen
from typing_extensions import ReadOnly, get_type_hints, is_typeddict

from coachwork.errors import MisuseError, ValidationError

if TYPE_CHECKING:
    JSON: TypeAlias = bool | int | float | str | list["JSON"] | dict[str, "JSON"] | None
else:
    # At run time it is anything, so that annotations that name it can be resolved.
    JSON = object

T = TypeVar("T")

# --- values to plain data ----------------------------------------------------------------------

# Where a value is: where its holder is, and its own step from there; None for the root.
_Where: TypeAlias = "tuple[_Where, str] | None"


def to_json(value: object) -> JSON:
    """Turn *value* into plain data that ``json.dumps`` accepts, for any web framework.

    Args:
        value: What the module's docstring lists. Nothing of it is shared with the answer.

    Returns:
        Dicts, lists, text, numbers, booleans and None.

    Raises:
        ValidationError: Something in it has no plain form: an unknown class, an instant without
            a time zone, NaN or an infinity, a key that is no text, a cycle. The field is its path.
    """
    try:
        return _plain(value, None)
    except RecursionError:
        raise ValidationError("value", "data without cycles, and less deep") from None


def _plain(value: object, where: _Where) -> JSON:  # noqa: PLR0911 - one return for each kind
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return _plain(value.value, where)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _finite(value, where)
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        return {_key(k, where): _plain(v, (where, ".*")) for k, v in pairs}
    if isinstance(value, list | tuple):
        items = enumerate(cast("Iterable[object]", value))
        return [_plain(v, (where, f"[{i}]")) for i, v in items]
    if isinstance(value, AbstractSet):
        # A set has no order; plain data gets one that is always the same.
        members = cast("Iterable[object]", value)
        return sorted((_plain(v, (where, ".*")) for v in members), key=json.dumps)
    if isinstance(value, datetime | date | timedelta):
        return _time(value, where)
    return _plain_fields(value, where)


def _key(key: object, where: _Where) -> str:
    name = key.value if isinstance(key, Enum) else key
    if not isinstance(name, str):
        raise _fault(where, "text as keys")
    return str(name)


def _finite(value: float, where: _Where) -> float:
    if not math.isfinite(value):
        raise _fault(where, "a finite number")
    return float(value)


def _time(value: date | timedelta, where: _Where) -> JSON:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.utcoffset() is None:
        raise _fault(where, "an instant with a time zone")
    try:
        instant = value.astimezone(UTC)
    except OverflowError:
        raise _fault(where, "an instant of the years 1 to 9999 in UTC") from None
    return instant.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _plain_fields(value: object, where: _Where) -> JSON:
    kind = type(value)
    dump: Callable[..., object] | None = getattr(kind, "model_dump", None)
    if dump is not None:
        return _plain(dump(value, mode="json"), where)
    if attrs.has(kind) or dataclasses.is_dataclass(kind):
        return {
            name: _plain(getattr(value, name), (where, f".{name}"))
            for name in _public_names(cast("Hashable", kind))
        }
    raise _fault(where, "a value with a plain form (attrs, dataclass, text, number, list ...)")


def _fault(where: _Where, expected: str) -> ValidationError:
    steps: list[str] = []
    while where is not None:
        where, step = where
        steps.append(step)
    return ValidationError(_told("".join(reversed(steps))), expected)


def _told(path: str) -> str:
    """Return *path* as people write it; the root has no name of its own."""
    return path.removeprefix(".") or "value"


# --- types -------------------------------------------------------------------------------------

_WRAPPERS: Final[Collection[object]] = frozenset(
    {Annotated, Final, NotRequired, ReadOnly, Required}
)
_UNIONS: Final[Collection[object]] = frozenset({Union, UnionType})
_LISTS: Final[Mapping[object, type]] = {
    list: list,
    MutableSequence: list,
    Sequence: tuple,
    set: set,
    frozenset: frozenset,
    AbstractSet: frozenset,
}
_SETS: Final[Collection[object]] = frozenset({set, frozenset, AbstractSet})
_MAPPINGS: Final[Collection[object]] = frozenset({dict, Mapping, MutableMapping})


# ``type`` alone says less than this to the one checker, and ``type[object]`` to the other.
_Class: TypeAlias = type[Any]


class _Field(NamedTuple):
    name: str
    of: object
    required: bool


def _bare(of: object) -> object:
    """Return what a type is without its wrappers."""
    while True:
        if of is None:
            return NoneType
        if get_origin(of) in _WRAPPERS:
            of = get_args(of)[0]
        elif isinstance(of, NewType):
            of = of.__supertype__
        elif (alias := getattr(of, "__value__", None)) is not None:  # ``type X = ...``
            of = cast("object", alias)
        elif isinstance(of, TypeVar):
            return Any
        else:
            return of


def _class(of: object) -> _Class | None:
    """Return the class behind *of*, which may be a generic one with its arguments."""
    found: object = get_origin(of) or of
    return found if isinstance(found, type) else None


def _known_class(of: object) -> _Class:
    """Return the class behind *of*, where it is known that there is one."""
    return cast("_Class", get_origin(of) or of)


def _has_fields(kind: _Class) -> bool:
    return is_typeddict(kind) or dataclasses.is_dataclass(kind) or attrs.has(kind)


def _own_fields(kind: _Class) -> tuple[tuple[str, bool], ...]:
    """Return the fields that ``__init__`` takes: the name, and whether a value must be given."""
    if is_typeddict(kind):
        return tuple(_keys(kind))
    if attrs.has(kind):
        return tuple((a.name, a.default is attrs.NOTHING) for a in attrs.fields(kind) if a.init)
    missing = dataclasses.MISSING
    return tuple(
        (f.name, f.default is missing and f.default_factory is missing)
        for f in dataclasses.fields(kind)
        if f.init
    )


@lru_cache(maxsize=512)
def _public_names(kind: Hashable) -> tuple[str, ...]:
    own = _own_fields(cast("_Class", kind))
    return tuple(name for name, _ in own if not name.startswith("_"))


def _keys(kind: _Class) -> Iterator[tuple[str, bool]]:
    # Under postponed annotations a TypedDict does not see its own NotRequired, so it is read here.
    required: frozenset[str] = getattr(kind, "__required_keys__", frozenset())
    for name, of in get_type_hints(kind, include_extras=True).items():
        if not name.isidentifier():
            raise MisuseError(f"the keys of {kind.__qualname__} must be names")
        marks = set(_marks(of))
        yield name, Required in marks or (name in required and NotRequired not in marks)


def _marks(of: object) -> Iterator[object]:
    while (origin := get_origin(of)) in _WRAPPERS:
        yield origin
        of = get_args(of)[0]


def _fields(of: object) -> tuple[_Field, ...]:
    """Return the public fields of a class with fields, their types without type variables."""
    kind = _known_class(of)
    try:
        hints = get_type_hints(kind)
        own = _own_fields(kind)
    except (NameError, TypeError, AttributeError) as error:
        raise MisuseError(f"the annotations of {kind.__qualname__} cannot be resolved") from error
    known = dict(_bindings(of))
    return tuple(
        _Field(name, _bound(hints.get(name, Any), known[_owner(kind, name, known)]), required)
        for name, required in own
        if is_typeddict(kind) or not name.startswith("_")
    )


def _bindings(of: object) -> Iterator[tuple[_Class, Mapping[object, object]]]:
    """Tell for a class and each of its bases what their type variables stand for."""
    kind = _known_class(of)
    free: tuple[object, ...] = getattr(kind, "__parameters__", ())
    known = dict[object, object](zip(free, get_args(of), strict=False))
    for base in getattr(kind, "__orig_bases__", kind.__bases__):
        if get_origin(base) is not Generic and _class(base) is not None:
            yield from _bindings(_bound(base, known))
    yield kind, known


def _owner(kind: _Class, name: str, known: Mapping[_Class, object]) -> _Class:
    """Return the class that declares the field, for its type variables are that class's."""
    return next(
        (c for c in kind.__mro__ if c in known and name in inspect.get_annotations(c)), kind
    )


def _bound(of: object, known: Mapping[object, object]) -> object:
    """Put types in the place of type variables; a free one becomes ``Any``."""
    if isinstance(of, TypeVar):
        return known.get(of, Any)
    free: tuple[object, ...] = getattr(of, "__parameters__", ())
    if get_origin(of) is None or not free:
        return of
    generic = cast("Mapping[object, object]", of)
    return generic[tuple(known.get(variable, Any) for variable in free)]


# --- types to JSON Schema ----------------------------------------------------------------------

_PRIMITIVES: Final[Mapping[object, Mapping[str, JSON]]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    NoneType: {"type": "null"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    timedelta: {"type": "number", "description": "A duration in seconds."},
}
_ANYTHING: Final[Collection[object]] = frozenset({Any, object})


def json_schema(of: object) -> dict[str, JSON]:
    """Tell what plain data of a type looks like, as JSON Schema (draft 2020-12).

    Classes and enums inside it stand under ``$defs``, each once; so does the type itself where it
    holds itself. A field with a default may be left out; no other fields are allowed. The first
    line of a docstring is the description.

    Args:
        of: A type of those that the module's docstring lists.

    Returns:
        A schema of its own, that the caller may change.

    Raises:
        MisuseError: The type has no plain form, or its annotations cannot be resolved.
    """
    schemas = _Schemas()
    try:
        schema = schemas.of(of)
    except RecursionError:
        raise MisuseError("a type that holds itself must be a class") from None
    return schemas.with_definitions(schema)


class _Schemas:
    """The definitions made so far, and what they are called."""

    def __init__(self) -> None:
        self.definitions: dict[str, JSON] = {}
        self.called: dict[object, str] = {}

    def with_definitions(self, schema: dict[str, JSON]) -> dict[str, JSON]:
        """Return the *schema* of a root, without the detour by a definition that only it uses."""
        name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
        used = json.dumps(self.definitions, ensure_ascii=False)
        if name and f'"#/$defs/{name}"' not in used:
            schema = cast("dict[str, JSON]", self.definitions.pop(name))
        return {**schema, "$defs": self.definitions} if self.definitions else schema

    def of(self, of: object) -> dict[str, JSON]:  # noqa: PLR0911 - one return for each kind
        """Return the schema of a type, as a reference where it is a class or an enum."""
        of = _bare(of)
        if of in _ANYTHING:
            return {}
        if of in _PRIMITIVES:
            return dict(_PRIMITIVES[of])
        origin, args = get_origin(of) or of, get_args(of)
        if origin is Literal:
            return _one_of(to_json(list(args)))
        if origin in _UNIONS:
            return {"anyOf": [self.of(member) for member in args]}
        if origin is tuple:
            return self._tuple(args)
        if origin in _LISTS:
            return self._list(origin, *args)
        if origin in _MAPPINGS:
            return self._mapping(*args)
        return self._reference(of)

    def _list(self, origin: object, item: object = Any) -> dict[str, JSON]:
        unique: dict[str, JSON] = {"uniqueItems": True} if origin in _SETS else {}
        return {"type": "array", "items": self.of(item), **unique}

    def _tuple(self, args: tuple[object, ...]) -> dict[str, JSON]:
        if not args or args[1:] == (...,):
            return self._list(tuple, *args[:1])
        items: list[JSON] = [self.of(arg) for arg in args]
        size = len(items)
        return {"type": "array", "prefixItems": items, "minItems": size, "maxItems": size}

    def _mapping(self, key: object = str, value: object = Any) -> dict[str, JSON]:
        schema: dict[str, JSON] = {"type": "object", "additionalProperties": self.of(value)}
        if _bare(key) is str:
            return schema
        if not _is_text_choice(_bare(key)):
            raise MisuseError(f"keys of mappings must be text, not {_name(key)}")
        return {**schema, "propertyNames": self.of(key)}

    def _reference(self, of: object) -> dict[str, JSON]:
        name = self.called.get(of)
        if name is None:
            name = self._free_name(of)
            self.called[of] = name
            self.definitions[name] = None  # the name is taken while the type's fields are read
            self.definitions[name] = self._definition(of, name)
        return {"$ref": f"#/$defs/{name}"}

    def _free_name(self, of: object) -> str:
        name, count = _name(of), 1
        while name in self.definitions:
            count += 1
            name = f"{_name(of)}_{count}"
        return name

    def _definition(self, of: object, name: str) -> dict[str, JSON]:
        kind = _class(of)
        if kind is None:
            raise MisuseError(f"{of!r} has no plain form")
        if issubclass(kind, Enum):
            return {**_description(kind), **_one_of(to_json(list(kind)))}
        make: Callable[..., dict[str, JSON]] | None = getattr(kind, "model_json_schema", None)
        if make is not None:
            return self._model(make, name)
        if not _has_fields(kind):
            raise MisuseError(f"{kind.__qualname__} has no plain form")
        fields = _fields(of)
        return {
            "type": "object",
            **_description(kind),
            "properties": {f.name: self.of(f.of) for f in fields},
            "required": [f.name for f in fields if f.required],
            "additionalProperties": False,
        }

    def _model(self, make: Callable[..., dict[str, JSON]], name: str) -> dict[str, JSON]:
        """Take a pydantic model's schema of itself, with its own definitions beside ours."""
        schema = make(ref_template=f"#/$defs/{name}.{{model}}")
        inner = cast("dict[str, JSON]", schema.pop("$defs", {}))
        self.definitions.update({f"{name}.{model}": inner[model] for model in inner})
        return schema


def _one_of(values: JSON) -> dict[str, JSON]:
    allowed = cast("list[JSON]", values)
    is_text = all(isinstance(value, str) for value in allowed)
    return {"type": "string", "enum": allowed} if is_text else {"enum": allowed}


def _is_text_choice(of: object) -> bool:
    kind = _class(of)
    if kind is not None and issubclass(kind, Enum):
        return all(isinstance(member.value, str) for member in kind)
    return get_origin(of) is Literal and all(isinstance(value, str) for value in get_args(of))


def _name(of: object) -> str:
    """Return a name for a type: ``Box``, ``Box_int``."""
    names = [getattr(get_origin(of) or of, "__name__", str(of)), *map(_name, get_args(of))]
    return "_".join("".join(c if c.isalnum() else "_" for c in name) for name in names)


def _description(kind: _Class) -> dict[str, JSON]:
    doc = vars(kind).get("__doc__")
    # A dataclass without a docstring gets its signature as one.
    if not doc or doc.startswith(f"{kind.__name__}("):
        return {}
    return {"description": inspect.cleandoc(doc).partition("\n")[0]}


# --- plain data to values ----------------------------------------------------------------------

_MOST_PATHS: Final = 20
_Reader: TypeAlias = Callable[[object], object]


class _Faults(Exception):  # noqa: N818 - it never leaves this module
    """All faults of some data: where each is, and what was expected there."""

    def __init__(self, *faults: tuple[str, str]) -> None:
        super().__init__()
        self.faults = faults

    def under(self, step: str) -> Iterator[tuple[str, str]]:
        return ((step + path, expected) for path, expected in self.faults)


class _InnerFaults(_Faults):
    """Faults of data that is of the right kind (an object, a list), but wrong inside."""


def from_plain(data: object, into: type[T]) -> T:
    """Build a value of a type from plain data, strictly.

    Nothing is coerced: ``"5"`` is no integer, ``true`` is none either; an integer will do for a
    float. Instants must have a time zone and come back in UTC. Unknown fields are refused.

    Args:
        data: What ``json.loads`` gives.
        into: A type of those that the module's docstring lists.

    Returns:
        The value.

    Raises:
        ValidationError: The data does not fit. The field is the path of the first fault
            (``values[0].name``); what was expected names the paths of the others. Neither holds
            anything of the data.
        MisuseError: The type has no plain form, or its annotations cannot be resolved.
    """
    read = _checked_reader(cast("Hashable", into))
    try:
        return cast("T", read(data))
    except _Faults as found:
        raise _validation_error(found.faults) from None
    except RecursionError:
        raise ValidationError("value", "data that is less deep") from None


def _validation_error(faults: tuple[tuple[str, str], ...]) -> ValidationError:
    path, expected = faults[0]
    others = list(dict.fromkeys(_told(other) for other, _ in faults[1:] if other != path))
    if len(others) > _MOST_PATHS:
        others[_MOST_PATHS:] = [f"{len(others) - _MOST_PATHS} more"]
    also = f" (also at fault: {', '.join(others)})" if others else ""
    return ValidationError(_told(path), expected + also)


@lru_cache(maxsize=512)
def _checked_reader(into: Hashable) -> _Reader:
    # What can be described can be read, and nothing else.
    json_schema(into)
    return _reader(_bare(into))


@lru_cache(maxsize=2048)
def _reader(of: object) -> _Reader:  # noqa: PLR0911 - one return for each kind
    """Return what reads plain data as a type; it raises `_Faults` alone."""
    if of in _ANYTHING:
        return _read_anything
    if of in _READERS:
        return _READERS[of]
    origin, args = get_origin(of) or of, get_args(of)
    if origin is Literal:
        return _choice_reader(args)
    if origin in _UNIONS:
        return _union_reader(tuple(_bare(member) for member in args))
    if origin is tuple and args and args[1:] != (...,):
        return _row_reader(tuple(_reader(_bare(arg)) for arg in args))
    if origin is tuple or origin in _LISTS:
        return _list_reader(_LISTS.get(origin, tuple), _reader(_bare(args[0] if args else Any)))
    if origin in _MAPPINGS:
        key, value = args or (str, Any)
        return _mapping_reader(_reader(_bare(key)), _reader(_bare(value)))
    kind = _known_class(of)
    if issubclass(kind, Enum):
        return _choice_reader(tuple(kind))
    validate: _Reader | None = getattr(kind, "model_validate", None)
    if validate is not None:
        return _model_reader(kind, validate)
    return _object_reader(of)


def _read_anything(data: object) -> object:
    try:
        return to_json(data)
    except ValidationError as error:
        raise _Faults(("", error.expected)) from None


def _read_text(data: object) -> str:
    if isinstance(data, str):
        return data
    raise _Faults(("", "text"))


def _read_bool(data: object) -> bool:
    if isinstance(data, bool):
        return data
    raise _Faults(("", "true or false"))


def _read_int(data: object) -> int:
    if isinstance(data, int) and not isinstance(data, bool):
        return data
    raise _Faults(("", "a whole number"))


def _read_float(data: object) -> float:
    if isinstance(data, int | float) and not isinstance(data, bool):
        try:
            number = float(data)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise _Faults(("", "a finite number"))


def _read_none(data: object) -> None:
    if data is not None:
        raise _Faults(("", "null"))


def _read_instant(data: object) -> datetime:
    try:
        instant = datetime.fromisoformat(_read_text(data))
        if instant.utcoffset() is not None:
            return instant.astimezone(UTC)
    except (_Faults, ValueError, OverflowError):
        pass
    raise _Faults(("", "an instant with a time zone, in ISO 8601"))


def _read_day(data: object) -> date:
    try:
        return date.fromisoformat(_read_text(data))
    except (_Faults, ValueError):
        raise _Faults(("", "a day, in ISO 8601")) from None


def _read_duration(data: object) -> timedelta:
    try:
        return timedelta(seconds=_read_float(data))
    except (_Faults, OverflowError):
        raise _Faults(("", "a duration in seconds")) from None


_READERS: Final[Mapping[object, _Reader]] = {
    str: _read_text,
    bool: _read_bool,
    int: _read_int,
    float: _read_float,
    NoneType: _read_none,
    datetime: _read_instant,
    date: _read_day,
    timedelta: _read_duration,
}


def _choice_reader(choices: tuple[object, ...]) -> _Reader:
    plain = [(to_json(choice), choice) for choice in choices]
    expected = "one of " + ", ".join(json.dumps(value, ensure_ascii=False) for value, _ in plain)

    def read(data: object) -> object:
        for value, choice in plain:
            # ``True == 1`` in Python, not here.
            if type(value) is type(data) and value == data:
                return choice
        raise _Faults(("", expected))

    return read


def _read_all(steps: Iterable[tuple[str, _Reader, object]]) -> list[object]:
    """Read one piece of data after the other, and tell the faults of all."""
    made: list[object] = []
    faults: list[tuple[str, str]] = []
    for step, read, data in steps:
        try:
            made.append(read(data))
        except _Faults as found:
            faults += found.under(step)
    if faults:
        raise _InnerFaults(*faults)
    return made


def _list_reader(make: Callable[[list[object]], object], item: _Reader) -> _Reader:
    def read(data: object) -> object:
        if not isinstance(data, list):
            raise _Faults(("", "a list"))
        values = cast("list[object]", data)
        return make(_read_all((f"[{i}]", item, value) for i, value in enumerate(values)))

    return read


def _row_reader(items: tuple[_Reader, ...]) -> _Reader:
    def read(data: object) -> object:
        if not isinstance(data, list) or len(cast("list[object]", data)) != len(items):
            raise _Faults(("", f"a list of {len(items)}"))
        pairs = enumerate(zip(items, cast("list[object]", data), strict=True))
        return tuple(_read_all((f"[{i}]", item, value) for i, (item, value) in pairs))

    return read


def _mapping_reader(key: _Reader, value: _Reader) -> _Reader:
    def read(data: object) -> object:
        if not isinstance(data, dict):
            raise _Faults(("", "an object"))
        items = cast("dict[object, object]", data)
        # A key is data, so that no error tells it.
        keys = _read_all((".*", key, k) for k in items)
        return dict(zip(keys, _read_all((".*", value, v) for v in items.values()), strict=True))

    return read


def _model_reader(kind: _Class, validate: _Reader) -> _Reader:
    names: Mapping[str, object] = getattr(kind, "model_fields", {})

    def read(data: object) -> object:
        try:
            return validate(data)
        except ValueError as error:
            # Only pydantic's own error tells places; of these only the names of fields are ours.
            tell: Callable[[], Sequence[Mapping[str, Sequence[object]]]] = getattr(
                error, "errors", tuple
            )
            tops = [fault["loc"][0] for fault in tell() if fault["loc"]]
            steps = [f".{name}" for name in names if name in tops] or [""]
            raise _Faults(*((step, f"what {kind.__name__} accepts") for step in steps)) from None

    return read


def _structure(data: object, of: object) -> object:
    # The reader is looked up when there is data, for a class may hold itself.
    return _reader(_bare(of))(data)


@cache
def _converter() -> Converter:
    """Return the converter, whose hooks are the readers of this module and no others."""
    converter = Converter(detailed_validation=True, forbid_extra_keys=True)
    # cattrs looks for these (and for the enums made of them) before it asks any factory.
    for coerced in (str, bytes, int, float, Path):
        converter.register_structure_hook(coerced, _structure)
    converter.register_structure_hook_factory(_is_any_type, _always_structure)
    return converter


def _is_any_type(_: object) -> bool:
    return True


def _always_structure(_: object) -> Callable[[object, object], object]:
    return _structure


def _object_reader(of: object) -> _Reader:
    kind = _known_class(of)
    build = _builder(of, kind)
    names = [f.name for f in _fields(of)]
    allowed = f"no fields but {', '.join(names)}" if names else "no fields"

    def read(data: object) -> object:
        if not isinstance(data, dict):
            raise _Faults(("", f"an object ({kind.__name__})"))
        try:
            return build(cast("object", data), kind)
        except ClassValidationError as error:
            raise _InnerFaults(*_class_faults(error, kind, allowed)) from None

    return read


_Builder: TypeAlias = Callable[[Any, Any], object]


def _builder(of: object, kind: _Class) -> _Builder:
    fields = _fields(of)
    hidden = {name for name, is_needed in _own_fields(kind) if is_needed} - {f.name for f in fields}
    if hidden:
        raise MisuseError(f"{kind.__qualname__}.{min(hidden)} is private and has no default")
    aliases = {a.name: a.alias for a in attrs.fields(kind)} if attrs.has(kind) else {}
    # The fields as cattrs wants them: the public ones, without type variables.
    shape = attrs.make_class(
        "Shape",
        {
            f.name: attrs.field(
                type=cast("type", f.of),
                default=attrs.NOTHING if f.required else None,
                alias=aliases.get(f.name, f.name),
                kw_only=True,
            )
            for f in fields
        },
    )
    variables = {variable.__name__: Any for variable in getattr(kind, "__parameters__", ())}
    make = cast(
        "Callable[..., _Builder]",
        cattrs_gen.make_dict_structure_fn_from_attrs,  # pyright: ignore[reportUnknownMemberType] - gaps in cattrs' types
    )
    return make(
        list(attrs.fields(shape)), kind, _converter(), variables, _cattrs_use_linecache=False
    )


def _class_faults(
    error: ClassValidationError, kind: _Class, allowed: str
) -> Iterator[tuple[str, str]]:
    inside, whole = error.group_exceptions()
    for fault, note in inside:
        if isinstance(fault, _Faults):
            yield from fault.under(f".{note.name}")
        elif isinstance(fault, KeyError):
            yield f".{note.name}", "a value, for it is required"
        else:
            raise fault
    for fault in whole:
        if isinstance(fault, ForbiddenExtraKeysError):
            yield "", allowed
        elif isinstance(fault, ValidationError):
            yield f".{fault.field}", fault.expected
        else:
            yield "", f"what {kind.__name__} accepts"


# The less a member of a union says, the later it is tried.
_RANKS: Final[Mapping[object, int]] = {int: 1, float: 2, str: 3, Any: 4, object: 4}


def _union_reader(members: tuple[object, ...]) -> _Reader:
    ordered = sorted(members, key=lambda member: _RANKS.get(member, 0))
    objects = [member for member in ordered if _is_object(member)]
    is_optional = len(members) == 2 and NoneType in members  # noqa: PLR2004 - ``X | None``
    expected = " or ".join(_words(member) for member in members)

    def read(data: object) -> object:
        meant = [member for member in objects if _is_meant(member, data)]
        if len(meant) == 1:
            return _reader(meant[0])(data)
        found: dict[object, _Faults] = {}
        for member in ordered:
            try:
                return _reader(member)(data)
            except _Faults as faults:
                found[member] = faults
        # Where only one member is like the data, its faults are the ones that help.
        like = [
            faults
            for member, faults in found.items()
            if isinstance(faults, _InnerFaults) or (is_optional and member is not NoneType)
        ]
        raise like[0] if len(like) == 1 else _Faults(("", expected))

    return read


def _is_object(of: object) -> bool:
    kind = _class(of)
    return kind is not None and _has_fields(kind)


def _is_meant(of: object, data: object) -> bool:
    """Tell whether the data has all the fixed values that a class has as its marks."""
    marks = [f for f in _fields(of) if get_origin(_bare(f.of)) is Literal]
    if not marks or not isinstance(data, dict):
        return False
    items = cast("dict[object, object]", data)
    try:
        _read_all((f.name, _reader(_bare(f.of)), items.get(f.name)) for f in marks)
    except _Faults:
        return False
    return True


def _words(of: object) -> str:
    """Return a few words for what a member of a union looks like."""
    return "null" if of is NoneType else _name(of)
