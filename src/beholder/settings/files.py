"""Settings as YAML files: read with overrides, refused with the line, written whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from beholder.spec import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from beholder.settings.typed import Settings

__all__ = ["change_settings", "read_settings", "write_settings"]

Place = tuple[str | int, ...]
_LONGEST = 100  # values that errors repeat
_Settings = TypeVar("_Settings", bound="Settings")


def read_settings(path: str | Path, overrides: Sequence[str] = (), *, kind: type[_Settings]) -> _Settings:
    """Read settings.

    Args:
        path: A YAML file; paths in it are taken from the current folder.
        overrides: Settings that count in place of the file's: ``"steps=500"``, ``"data.train=photographs"``. Values are
            YAML.
        kind: What they are.

    Raises:
        UsageError: If the file cannot be read or is no YAML, or a setting is unknown, missing or impossible; the
            message names the line and what is allowed there.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        settings = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{path}: cannot be read: {reason}.") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: is no YAML: {error}") from error
    if not isinstance(settings, dict):
        raise UsageError(f"{path}: expected settings such as 'network: l8'; found {settings!r}.")
    lines = _lines(root)
    _refuse_twice(root, path)
    for override in overrides:
        _override(settings, override)
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        problems = error.errors()
        places = {problem["loc"] for problem in problems}
        told = [
            _tell(problem, lines, path, overrides, kind)
            for problem in problems
            # Of a list it says, too, how few elements are left without the wrong ones.
            if problem["type"] != "too_short" or not any(place[:-1] == problem["loc"] for place in places)
        ]
        raise UsageError("\n".join(told)) from error


def change_settings(settings: _Settings, overrides: Sequence[str]) -> _Settings:
    """The same settings, but for some.

    Args:
        settings: What holds otherwise.
        overrides: As `read_settings` takes them.

    Raises:
        UsageError: If a setting is unknown or impossible.
    """
    plain = settings.model_dump(mode="json")
    for override in overrides:
        _override(plain, override)
    kind = type(settings)
    try:
        return kind.model_validate(plain)
    except ValidationError as error:
        told = [_tell(problem, {}, Path("settings"), overrides, kind) for problem in error.errors()]
        raise UsageError("\n".join(told)) from error


def write_settings(settings: Settings, path: Path) -> None:
    """Write every setting, also those left at their defaults."""
    plain = settings.model_dump(mode="json")
    path.write_text(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=110), encoding="utf-8")


def _lines(node: Any, place: Place = ()) -> dict[Place, int]:
    """The line of each setting, by its place, from 1."""
    found: dict[Place, int] = {}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*place, key.value)
            found[here] = key.start_mark.line + 1
            found |= _lines(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            here = (*place, index)
            found[here] = value.start_mark.line + 1
            found |= _lines(value, here)
    return found


def _refuse_twice(node: Any, path: Path, place: str = "") -> None:
    """YAML's loaders take the last of two equal keys without a word."""
    if not isinstance(node, yaml.MappingNode):
        return
    seen: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        name = f"{place}{key.value}"
        if key.value in seen:
            raise UsageError(f"{path}, line {line}: {name} stands in line {seen[key.value]} already.")
        seen[key.value] = line
        _refuse_twice(value, path, f"{name}.")


def _override(settings: dict[str, Any], override: str) -> None:
    name, separator, text = override.partition("=")
    keys = name.strip().split(".")
    if not separator or not all(keys):
        raise UsageError(f"{override!r} is no setting; expected KEY=VALUE, as in steps=500 or data.patch=64.")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"{override!r}: the value is no YAML: {error}") from error
    place = settings
    for key in keys[:-1]:
        inner = place.setdefault(key, {})
        if not isinstance(inner, dict):
            raise UsageError(f"{override!r}: {key} holds {inner!r}, no settings of its own.")
        place = inner
    place[keys[-1]] = value


def _tell(
    problem: Mapping[str, Any],
    lines: Mapping[Place, int],
    path: Path,
    overrides: Sequence[str],
    kind: type[Settings],
) -> str:
    place: Place = problem["loc"]
    name = ".".join(map(str, place))
    given = next((override for override in reversed(overrides) if _is_within(name, override)), None)
    nearest = next((place[:end] for end in range(len(place), 0, -1) if place[:end] in lines), None)
    line = f", line {lines[nearest]}" if nearest and not given else ""
    where = f"{given!r}" if given else f"{path}{line}"
    if problem["type"] == "extra_forbidden":
        allowed = _allowed(kind, place[:-1])
        return f"{where}: there is no setting {name}.{did_you_mean(str(place[-1]), allowed)} Allowed: {', '.join(allowed)}."
    # A file that comes with the package leaves empty what is for the user to say.
    if problem["type"] == "missing" or (problem["input"] is None and problem["type"] != "value_error"):
        return f"{where}: {name} is missing; give it in the file, or as an argument: {name}=VALUE."
    expected = "expected a list, as in [a, b]" if problem["type"] == "tuple_type" else problem["msg"]
    expected = expected.removeprefix("Value error, ").rstrip(".")
    found = f" is {problem['input']!r}"
    if not name:  # of settings that do not go together not all are told
        return f"{where}: {expected}."
    return f"{where}: {name}{found if len(found) <= _LONGEST else ''}: {expected}."


def _is_within(name: str, override: str) -> bool:
    """Whether a setting is the one of an override, or one of those in it: ``loss.terms.pixels`` in ``loss.terms={…}``."""
    key = override.partition("=")[0].strip()
    return name == key or name.startswith(f"{key}.")


def _allowed(kind: type[Settings], place: Place) -> list[str]:
    """Names of the settings that stand at a place."""
    model: Any = kind
    for key in place:
        annotation = model.model_fields[key].annotation
        choices = [annotation, *getattr(annotation, "__args__", ())]
        model = next(each for each in choices if isinstance(each, type) and issubclass(each, BaseModel))
    return list(model.model_fields)
