"""msgspec types derived from the contract: they may say yes to a good message faster than the contract itself.

They never say no: whatever they refuse, the pydantic model judges. So only one direction needs proof, and
`tests/properties/test_fast_decoder_agrees.py` searches for counter-examples: what the fast path accepts, the model
accepts with equal values.
"""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import annotated_types
import msgspec
from msgspec import UNSET, UnsetType
from pydantic import BaseModel, BeforeValidator, WithJsonSchema
from pydantic.fields import FieldInfo

from schemas.types import parse_date

_PLAIN: Final = (str, int, bool, NoneType)
_BOUNDS: Final = ("ge", "le", "min_length", "max_length", "pattern")


def fast_struct(
    model: type[BaseModel],
    *,
    by_hand: frozenset[str] = frozenset(),
    instead: dict[str, Any] | None = None,
    extra: dict[str, Any] | None = None,
    tag: str | None = None,
) -> type[msgspec.Struct]:
    """A msgspec Struct with the model's fields and bounds; a field that may be left out is UNSET where it is.

    Args:
        model: The contract.
        by_hand: Fields whose pattern, and model validators whose rule, the caller checks itself.
        instead: Types that the caller wants for some fields, checked by the caller.
        extra: Fields that the struct has and the model has not.
        tag: Value of the member `type`, where the struct is one of several told apart by it.

    Raises:
        TypeError: The model says something that has no equivalent here.
    """
    validators = set(model.__pydantic_decorators__.model_validators) - by_hand
    if validators:
        raise TypeError(f"{model.__name__}: nobody checks {sorted(validators)} on the fast path")
    fields: list[Any] = []
    for name, field in model.model_fields.items():
        if tag is not None and name == "type":
            continue
        if instead is not None and name in instead:
            kind = instead[name]
        else:
            kind = _fast_type(field.annotation, field.metadata, check_pattern=name not in by_hand)
        fields.append((name, kind) if field.is_required() else (name, Union[kind, UnsetType], UNSET))  # noqa: UP007
    fields.extend((extra or {}).items())
    return msgspec.defstruct(
        f"Fast{model.__name__}", fields, gc=False, tag=tag, tag_field=None if tag is None else "type", kw_only=True
    )


def _fast_type(kind: Any, metadata: list[Any], *, check_pattern: bool) -> Any:
    """The msgspec type of an annotation and its constraints."""
    if get_origin(kind) is Annotated:
        kind, *more = get_args(kind)
        return _fast_type(kind, [*metadata, *more], check_pattern=check_pattern)
    bounds: dict[str, Any] = {}
    is_date = False
    for constraint in _flat(metadata):
        if isinstance(constraint, BeforeValidator) and constraint.func is parse_date:
            is_date = True  # msgspec takes YYYY-MM-DD only, too; the caller checks the range
        elif not isinstance(constraint, WithJsonSchema):
            bounds |= _bounds(constraint)
    if "pattern" in bounds:
        bounds["pattern"] = rf"\A(?:{bounds['pattern'].removeprefix('^').removesuffix('$')})\Z"
        if not check_pattern:
            del bounds["pattern"]
    kind = _inner(kind, is_date=is_date, check_pattern=check_pattern)
    return Annotated[kind, msgspec.Meta(**bounds)] if bounds else kind


def _inner(kind: Any, *, is_date: bool, check_pattern: bool) -> Any:
    """The msgspec type of an annotation without its own constraints."""
    if kind in _PLAIN or is_date or get_origin(kind) is Literal:
        return kind
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return fast_struct(kind)
    parts = [_fast_type(part, [], check_pattern=check_pattern) for part in get_args(kind)]
    if get_origin(kind) in (Union, UnionType):
        return Union[tuple(parts)]  # noqa: UP007
    if get_origin(kind) in (list, dict):
        return get_origin(kind)[tuple(parts)]
    raise TypeError(f"no fast equivalent of {kind!r}")


def _flat(metadata: list[Any]) -> list[Any]:
    """Constraints, taken out of the FieldInfo that pydantic keeps them in."""
    found: list[Any] = []
    for constraint in metadata:
        found.extend(constraint.metadata if isinstance(constraint, FieldInfo) else [constraint])
    return found


def _bounds(constraint: Any) -> dict[str, Any]:
    """The msgspec bounds of one constraint."""
    known = (annotated_types.Ge, annotated_types.Le, annotated_types.MinLen, annotated_types.MaxLen)
    if isinstance(constraint, known) or type(constraint).__name__ == "_PydanticGeneralMetadata":
        values = constraint.__dict__ if hasattr(constraint, "__dict__") else {}
        found = {name: getattr(constraint, name) for name in _BOUNDS if hasattr(constraint, name)}
        if found and set(values) <= set(found):
            return found
    raise TypeError(f"no fast equivalent of {constraint!r}")
