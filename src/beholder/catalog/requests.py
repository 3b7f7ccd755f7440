r"""Requests: a name, or a name with options.

``NAME:KEY=VALUE:KEY=VALUE``. Where a name has a subject, it comes first, bare, and may hold colons:
``lpips:timm:resnet18:layers=layer1+layer2``. In a value ``\:``, ``\,`` and ``\\`` stand for a colon, a comma and a
backslash (``lpips_vgg:trunk=C\:\mine\,too.pth``); any other backslash is itself.

Where files are of the kind too, the path of one stands for its name: ``C:\mine.safetensors``, with its options behind it
if it has any. Colons in it need no backslash, commas in a list do.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import itertools
import re
from typing import TYPE_CHECKING, Any

from beholder.spec import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Entry", "Shelf", "split_requests"]

_FILE = re.compile(r"(?P<path>.+?\.safetensors)(?P<options>(:\w+=.*)?)", re.IGNORECASE | re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Entry:
    """Where a catalogue name leads.

    Attributes:
        target: ``"module:Class"``.
        options: Arguments that the name stands for.
        subject: The option that must be given, and that stands bare after the name: ``"backbone"`` in
            ``lpips:vgg19``.
        package: An optional package that must be installed, by the name that Python imports.
    """

    target: str
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    subject: str | None = None
    package: str | None = None

    def load(self) -> Any:
        """The class itself."""
        module, _, name = self.target.partition(":")
        return getattr(importlib.import_module(module), name)

    def list_options(self) -> dict[str, Any]:
        """The options of its name, each with its default, ``None`` for what must be given.

        Those that the name itself stands for are left out.
        """
        return {
            key: None if each.default is each.empty else each.default
            for key, each in self._parameters().items()
            if key not in self.options
        }

    def mismatch(self, option: str, value: object) -> str | None:
        """What an option expects, where a value is of another kind: a word for a number, or a number for true or false."""
        kinds = {kind.strip() for kind in str(self._parameters()[option].annotation).split("|")}
        if kinds == {"bool"}:
            return None if isinstance(value, bool) else "true or false"
        if kinds <= {"int", "float", "None"} and (
            isinstance(value, bool) or not isinstance(value, int | float)
        ):
            return "a number"
        return None

    @property
    def required(self) -> list[str]:
        """Arguments of the class that have no default."""
        return [key for key, each in self._parameters().items() if each.default is each.empty]

    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        loaded = self.load()
        return inspect.signature(getattr(loaded, "describe", loaded)).parameters


@dataclasses.dataclass(frozen=True)
class Shelf:
    """Entries of one kind, by name.

    Attributes:
        kind: What they are, in a word: ``"metric"``.
        entries: Name -> where it leads.
        name_of_file: Of the kinds that are kept in files, the name of a ``.safetensors`` file's entry, whose subject is
            the file; called with its path.
    """

    kind: str
    entries: Mapping[str, Entry]
    name_of_file: Callable[[str], str] | None = None

    def parse(self, request: str) -> tuple[str, dict[str, Any]]:
        """Split ``"psnr_y:border=4"`` into the name and its options; numbers, ``true`` and ``false`` are recognised.

        Raises:
            UsageError: If the name is not on the shelf, or an option is not of the form ``key=value`` or is
                named twice.
            WeightsError: If it is a file that is missing or holds something else.
        """
        if not isinstance(request, str):
            raise UsageError(f"the {self.kind} is {request!r}; expected its name.")
        name, *parts = _split(request.strip(), ":")
        options: dict[str, Any] = {}
        if name not in self.entries and self.name_of_file and (found := _FILE.fullmatch(request.strip())):
            path = re.sub(r"\\([:,])", r"\1", found["path"])
            name = self.name_of_file(path)
            options[self.entries[name].subject or "file"] = path
            parts = _split(found["options"], ":")[1:]
        if name not in self.entries:
            hint = did_you_mean(name.lower(), self.entries)
            raise UsageError(
                f"there is no {self.kind} {name!r}.{hint} `beholder {_plural(self.kind)}` lists them all."
            )
        subject = self.entries[name].subject
        bare = list(itertools.takewhile(lambda part: "=" not in part, parts)) if subject else []
        if bare:
            parts = [f"{subject}={':'.join(bare)}", *parts[len(bare) :]]
        for part in parts:
            key, separator, value = part.partition("=")
            if not (key and separator and value):
                raise UsageError(
                    f"{request!r}: {part!r} is no option; expected KEY=VALUE, as in psnr_y:border=4. "
                    "A colon in a value is written \\:."
                )
            if key in options:
                raise UsageError(f"{request!r}: the option {key!r} is named twice; name it once.")
            options[key] = _literal(re.sub(r"\\([\\:,])", r"\1", value))
        return name, options

    def resolve(self, request: str, options: Mapping[str, Any]) -> tuple[str, Any, dict[str, Any]]:
        """The name of a request, the class that it leads to, and the class's arguments.

        Raises:
            UsageError: As `parse`; also if an option is unknown or given twice.
        """
        name, requested = self.parse(request)
        entry = self.entries[name]
        # An option that the name itself stands for would make it another one under the same name.
        allowed = entry.list_options()
        for key in (*requested, *options):
            if key not in allowed:
                listed = f"its options are {', '.join(allowed)}" if allowed else "it has no options"
                raise UsageError(f"{self.kind} {name!r} has no option {key!r}; {listed}.")
            if key in requested and key in options:
                raise UsageError(f"{request!r}: the option {key!r} is given twice; give it once.")
            if key in requested and (expected := entry.mismatch(key, requested[key])):
                raise UsageError(
                    f"{request!r}: the option {key!r} is {requested[key]!r}; expected {expected}."
                )
        arguments = {**entry.options, **requested, **options}
        if missing := [option for option in entry.required if option not in arguments]:
            given = ", ".join(f"{option}=..." for option in missing)
            raise UsageError(f"{name} needs {given}, in Python: create_{self.kind}({name!r}, {given}).")
        return name, entry.load(), arguments


def _plural(kind: str) -> str:
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"


def split_requests(text: str) -> list[str]:
    """The requests of ``"psnr,lpips_vgg:lin=false"``, as they stand between its commas."""
    return [request.strip() for request in _split(text, ",") if request.strip()]


def _split(text: str, separator: str) -> list[str]:
    """Split at each separator that no backslash stands before; backslashes stay."""
    pieces = [""]
    for token in re.findall(r"\\?.", text, re.DOTALL):
        if token == separator:
            pieces.append("")
        else:
            pieces[-1] += token
    return pieces


def _literal(text: str) -> bool | int | float | str:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
