"""Plain objects to values of classes: by cattrs, and by the models that read themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, cast

import attrs
from cattrs import ClassValidationError, Converter, ForbiddenExtraKeysError
from cattrs import gen as cattrs_gen

from coachwork.errors import MisuseError, ValidationError
from coachwork.plain._faults import Faults, InnerFaults, Reader, misfit
from coachwork.plain._fields import fields_of, own_fields
from coachwork.plain._types import Class, known_class

_Builder: TypeAlias = Callable[[Any, Any], object]


def object_reader(of: object, reader: Callable[[object], Reader]) -> Reader:
    """Return what reads an object as a value of a class with fields.

    Args:
        of: The class, a generic one with its arguments.
        reader: Finds what reads a field's type. It is asked when there is data, for a class may
            hold itself.

    Raises:
        MisuseError: A private field has no default, so that plain data cannot give it.
    """
    kind = known_class(of)
    build = _builder(of, kind, _converter(reader))
    names = [f.name for f in fields_of(of)]
    allowed = f"no fields but {', '.join(names)}" if names else "no fields"

    def read(data: object) -> object:
        if not isinstance(data, dict):
            raise misfit(f"an object ({kind.__name__})")
        try:
            return build(cast("object", data), kind)
        except ClassValidationError as error:
            raise InnerFaults(*_class_faults(error, kind, allowed)) from None

    return read


@cache
def _converter(reader: Callable[[object], Reader]) -> Converter:
    """Return the converter, whose hooks are the readers of this room and no others."""

    def structure(data: object, of: object) -> object:
        return reader(of)(data)

    def is_any_type(_: object) -> bool:
        return True

    def always_structure(_: object) -> Callable[[object, object], object]:
        return structure

    converter = Converter(detailed_validation=True, forbid_extra_keys=True)
    # cattrs looks for these (and for the enums made of them) before it asks any factory.
    for coerced in (str, bytes, int, float, Path):
        converter.register_structure_hook(coerced, structure)
    converter.register_structure_hook_factory(is_any_type, always_structure)
    return converter


def _builder(of: object, kind: Class, converter: Converter) -> _Builder:
    fields = fields_of(of)
    hidden = {name for name, is_needed in own_fields(kind) if is_needed} - {f.name for f in fields}
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
    return make(list(attrs.fields(shape)), kind, converter, variables, _cattrs_use_linecache=False)


def _class_faults(
    error: ClassValidationError, kind: Class, allowed: str
) -> Iterator[tuple[str, str]]:
    inside, whole = error.group_exceptions()
    for fault, note in inside:
        if isinstance(fault, Faults):
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


def model_reader(kind: Class, validate: Reader) -> Reader:
    """Return what reads an object by a model's own *validate*, as pydantic's models have it."""
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
            raise Faults(*((step, f"what {kind.__name__} accepts") for step in steps)) from None

    return read
