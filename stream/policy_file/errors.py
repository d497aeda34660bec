"""What is wrong with a policy file, in words that a risk officer can act on: line, key, what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ValidationError

from stream.policy_file.lines import line_of

Path = tuple[str | int, ...]


class PolicyError(Exception):
    """The policy file is wrong; the message names line and key, and what the key must be.

    problems: (line, key, what is wrong) of each mistake; line 0 where it is not known.
    """

    def __init__(self, message: str, problems: Sequence[tuple[int, str, str]] = ()) -> None:
        super().__init__(message)
        self.problems = list(problems)


class Problem(NamedTuple):
    """One mistake: where, and what to do about it."""

    path: Path
    words: str


_PATTERNS: Final = {
    r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,31}$": "letters, digits and . _ + - only, at most 32",
    r"^[a-z][a-z0-9_]{0,47}$": "small letters, digits and _ only, such as cn_five_class_2023",
    r"^(\d{1,2}(\.\d{1,6})?|100(\.0{1,6})?)$": 'a percentage between quotation marks, such as "2.5"',
    r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$": 'a local time, such as "17:30", or "24:00" for the end of the day',
    r"^(0(\.\d{1,6})?|1(\.0{1,6})?)$": 'a part of one between quotation marks, such as "0.5"',
    r"^[A-Z]{2}$": 'a country code of two capital letters, such as "CN"',
}
_TYPES: Final = {
    "int_type": "must be a whole number",
    "string_type": "must be a text between quotation marks",
    "bool_type": "must be true or false",
    "list_type": "must be a list: [ ... ]",
    "dict_type": "must be a table: { ... } or lines under its own [heading]",
    "model_type": "must be a table: { ... } or lines under its own [heading]",
    "missing": "is missing; it has no default",
}


def raise_for(problems: Sequence[Problem], name: str, text: str) -> None:
    """Raise PolicyError with a line for each problem, in the order of the file; nothing if there is none."""
    if not problems:
        return
    placed = sorted(
        (line_of(text, problem.path), ".".join(map(str, problem.path)), problem.words) for problem in problems
    )
    lines = [f"{name}{f':{line}' if line else ''}: {key}: {words}" for line, key, words in placed]
    raise PolicyError("\n".join(lines), placed)


def problems_of(error: ValidationError, model: type[BaseModel], prefix: Path) -> list[Problem]:
    """What pydantic found, in words."""
    return [
        Problem(prefix + tuple(found["loc"]), _words(dict(found), model))
        for found in error.errors(include_input=False, include_url=False)
    ]


def _words(found: dict[str, Any], model: type[BaseModel]) -> str:
    kind, context = found["type"], found.get("ctx", {})
    if kind == "extra_forbidden":
        keys = list(_model_at(model, found["loc"][:-1]).model_fields)
        return f"no such key{nearest(str(found['loc'][-1]), keys)}"
    if kind == "literal_error":
        return f"must be one of {context['expected']}"
    if kind == "string_pattern_mismatch":
        return "must be " + _PATTERNS.get(context["pattern"], "of another form")
    if kind in {"greater_than_equal", "less_than_equal"}:
        return f"must be at least {context['ge']}" if "ge" in context else f"must be at most {context['le']}"
    return _TYPES.get(kind) or str(found["msg"]).removeprefix("Value error, ")


def nearest(name: str, known: Iterable[str]) -> str:
    """What may have been meant, as the rest of a sentence, else all that is known."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(names)}"


def _model_at(model: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel]:
    """The model of the table at a path below `model`."""
    for step in path:
        if isinstance(step, int) or step not in model.model_fields:
            continue
        found = _models_in(model.model_fields[step].annotation)
        if found:
            model = found[0]
    return model


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]
