"""The policy file: TOML, checked key by key, made into the engine's rules."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from stream.engine.calendars import Calendar
from stream.engine.feed import FeedRules
from stream.engine.policy import Policy, Rules
from stream.engine.schemes import Scheme
from stream.policy_file.build import exact, rules
from stream.policy_file.calendars import own_calendar
from stream.policy_file.errors import PolicyError, Problem, problems_of, raise_for
from stream.policy_file.parts import File, Product
from stream.policy_file.schemes import SchemePart, scheme, shipped

__all__ = ["PolicyError", "content_of", "load_policy", "parse_policy", "read_policy", "shipped_policies"]

Model = TypeVar("Model", bound=BaseModel)
DEFAULT = "cn.toml"


def shipped_policies() -> list[str]:
    """The policy files that come with the program."""
    folder = files("stream").joinpath("policies")
    return sorted(one.name for one in folder.iterdir() if one.name.endswith(".toml") and one.name != "schemes.toml")


def read_policy(path: Path | None = None) -> tuple[str, str]:
    """Text and name of a policy file: of a path, of a shipped file by its name, or of the default.

    Raises PolicyError.
    """
    if path is None or (str(path) in shipped_policies() and not path.exists()):
        name = DEFAULT if path is None else str(path)
        return files("stream").joinpath("policies", name).read_text("utf-8"), name
    try:
        return path.read_text("utf-8"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(
            f"{path}: can't be read ({error}); give a TOML file in UTF-8, or one of {', '.join(shipped_policies())}"
        ) from error


def load_policy(path: Path | None = None) -> Policy:
    """The policy of a file; without one, the shipped `cn.toml`. Raises PolicyError."""
    return parse_policy(*read_policy(path))


def content_of(path: Path | None = None) -> dict[str, Any]:
    """What a policy file says, unchecked. Raises PolicyError."""
    return _toml(*read_policy(path))


def parse_policy(text: str, name: str = "policy") -> Policy:
    """The policy of a TOML text; `name` is what errors call it. Raises PolicyError."""
    content = _toml(text, name)
    problems: list[Problem] = []
    head = _check(File, content, (), problems)
    raise_for(problems, name, text)
    assert head is not None  # noqa: S101  (else there was a problem)
    schemes = _schemes(head, problems)
    calendars = _calendars(head, problems)
    raise_for(problems, name, text)
    defaults = head.products.get("default", {})
    products: dict[str, Rules] = {}
    for product, keys in {"default": defaults, **head.products}.items():
        found: list[Problem] = []
        part = _check(Product, {**defaults, **keys}, ("products", product), found)
        if part is not None:
            products[product] = rules(head.version, part, schemes, calendars, ("products", product), found)
        inherited = product != "default"
        problems += [one for one in found if not inherited or len(one.path) < 3 or one.path[2] in keys]
    raise_for(problems, name, text)
    feed = head.feed
    trust = FeedRules(exact(feed.least_share), feed.min_expected, feed.min_days, feed.max_held_days)
    default = products.pop("default")
    return Policy(head.version, head.time_zone, default, products, trust if feed.enabled else None)


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{name}: not TOML: {error}") from error


def _check(model: type[Model], content: Any, path: tuple[str | int, ...], problems: list[Problem]) -> Model | None:
    """The content as the model has it; None, and problems, where it does not fit."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems += problems_of(error, model, path)
        return None


def _schemes(head: File, problems: list[Problem]) -> dict[str, Scheme]:
    parts: dict[str, SchemePart] = {}
    for name, content in {**shipped(), **head.schemes}.items():
        part = _check(SchemePart, content, ("schemes", name), problems)
        if part is not None:
            parts[name] = part
    ready = {}
    for name, part in parts.items():
        try:
            ready[name] = scheme(name, part, parts)
        except ValueError as error:
            problems.append(Problem(("schemes", name, "worst_of"), str(error).removeprefix("worst_of: ")))
    return ready


def _calendars(head: File, problems: list[Problem]) -> dict[str, Calendar]:
    ready = {}
    for name, part in head.calendars.items():
        try:
            ready[name] = own_calendar(name, part)
        except ValueError as error:
            problems.append(Problem(("calendars", name), str(error)))
    return ready
