"""Types to JSON Schema."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from types import NoneType
from typing import Any, Final, Literal, cast, get_args, get_origin

from coachwork.errors import MisuseError
from coachwork.plain._fields import fields_of, has_fields
from coachwork.plain._to_json import JSON, to_json
from coachwork.plain._types import (
    ANYTHING,
    LISTS,
    MAPPINGS,
    SETS,
    UNIONS,
    Class,
    bare,
    class_of,
    is_never_hashable,
    name_of,
)

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


def json_schema(of: object) -> dict[str, JSON]:
    """Tell what plain data of a type looks like, as JSON Schema (draft 2020-12).

    Classes and enums inside it stand under ``$defs``, each once; so does the type itself where it
    holds itself. A field with a default may be left out; no other fields are allowed. The first
    line of a docstring is the description.

    Args:
        of: A type of those that `coachwork.plain` lists.

    Returns:
        A schema of its own, that the caller may change.

    Raises:
        MisuseError: The type has no plain form, its annotations cannot be resolved, or it holds a
            set of what can never be in one, such as lists.
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
        of = bare(of)
        if of in ANYTHING:
            return {}
        if of in _PRIMITIVES:
            return dict(_PRIMITIVES[of])
        origin, args = get_origin(of) or of, get_args(of)
        if origin is Literal:
            return _one_of(args)
        if origin in UNIONS:
            return {"anyOf": [self.of(member) for member in args]}
        if origin is tuple:
            return self._tuple(args)
        if origin in LISTS:
            return self._list(origin, *args)
        if origin in MAPPINGS:
            return self._mapping(*args)
        return self._reference(of)

    def _list(self, origin: object, item: object = Any) -> dict[str, JSON]:
        schema: dict[str, JSON] = {"type": "array", "items": self.of(item)}
        if origin not in SETS:
            return schema
        if is_never_hashable(item):
            raise MisuseError(f"members of sets must be hashable, which no {name_of(item)} is")
        return {**schema, "uniqueItems": True}

    def _tuple(self, args: tuple[object, ...]) -> dict[str, JSON]:
        if not args or args[1:] == (...,):
            return self._list(tuple, *args[:1])
        items: list[JSON] = [self.of(arg) for arg in args]
        size = len(items)
        return {"type": "array", "prefixItems": items, "minItems": size, "maxItems": size}

    def _mapping(self, key: object = str, value: object = Any) -> dict[str, JSON]:
        schema: dict[str, JSON] = {"type": "object", "additionalProperties": self.of(value)}
        if bare(key) is str:
            return schema
        if not _is_text_choice(bare(key)):
            raise MisuseError(f"keys of mappings must be text, not {name_of(key)}")
        return {**schema, "propertyNames": self.of(key)}

    def _reference(self, of: object) -> dict[str, JSON]:
        if of not in self.called:
            name = self.called[of] = self._free_name(of)
            self.definitions[name] = None  # the name is taken while the type's fields are read
            self.definitions[name] = self._definition(of, name)
        return {"$ref": f"#/$defs/{self.called[of]}"}

    def _free_name(self, of: object) -> str:
        name, count = name_of(of), 1
        while name in self.definitions:
            count += 1
            name = f"{name_of(of)}_{count}"
        return name

    def _definition(self, of: object, name: str) -> dict[str, JSON]:
        kind = class_of(of)
        if kind is None:
            raise MisuseError(f"{of!r} has no plain form")
        if issubclass(kind, Enum):
            return {**_description(kind), **_one_of(kind)}
        make: Callable[..., dict[str, JSON]] | None = getattr(kind, "model_json_schema", None)
        if make is not None:
            return self._model(make, name)
        if not has_fields(kind):
            raise MisuseError(f"{kind.__qualname__} has no plain form")
        fields = fields_of(of)
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


def _one_of(choices: Iterable[object]) -> dict[str, JSON]:
    allowed = cast("list[JSON]", to_json(list(choices)))
    is_text = all(isinstance(value, str) for value in allowed)
    return {"type": "string", "enum": allowed} if is_text else {"enum": allowed}


def _is_text_choice(of: object) -> bool:
    kind = class_of(of)
    if kind is not None and issubclass(kind, Enum):
        return all(isinstance(member.value, str) for member in kind)
    return get_origin(of) is Literal and all(isinstance(value, str) for value in get_args(of))


def _description(kind: Class) -> dict[str, JSON]:
    doc = vars(kind).get("__doc__")
    # A dataclass without a docstring gets its signature as one.
    if not doc or doc.startswith(f"{kind.__name__}("):
        return {}
    return {"description": inspect.cleandoc(doc).partition("\n")[0]}
