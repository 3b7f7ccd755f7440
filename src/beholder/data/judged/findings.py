"""What is wrong with a set, gathered before it is told."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from beholder.spec import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Findings", "Problem"]

_NAMED = 10


@dataclasses.dataclass
class Problem:
    """Something that is wrong with one file or more.

    Attributes:
        found: What was found.
        expected: What was expected instead.
        count: Of how many files it is true.
        files: The first ten of them.
    """

    found: str
    expected: str
    count: int = 0
    files: list[str] = dataclasses.field(default_factory=list)

    def __str__(self) -> str:
        more = f"\n    and {self.count - len(self.files):,} more" if self.count > len(self.files) else ""
        named = "".join(f"\n    {name}" for name in self.files)
        return f"found {self.found}; expected {self.expected}:{named}{more}"


class Findings:
    """Problems and notes of a set.

    Attributes:
        notes: What is worth knowing and no error.
    """

    def __init__(self) -> None:
        self._problems: dict[tuple[str, str], Problem] = {}
        self.notes: list[str] = []

    @property
    def problems(self) -> list[Problem]:
        """All that is wrong, in the order in which it was found."""
        return list(self._problems.values())

    def add(self, file: object, found: str, expected: str) -> None:
        """Something is wrong with a file: of equal problems the first ten files are kept, and how many there are."""
        problem = self._problems.setdefault((found, expected), Problem(found, expected))
        problem.count += 1
        if len(problem.files) < _NAMED:
            name = str(file)
            problem.files.append(name if name.isprintable() else ascii(name))

    def note(self, text: str) -> None:
        """Something worth knowing."""
        self.notes.append(text)

    def refuse(self, path: Path, form: str) -> None:
        """Raise what was found, if anything is wrong.

        Raises:
            UsageError: If there are problems; up to ten files of each are named.
        """
        if self._problems:
            listed = "\n  ".join(map(str, self.problems))
            raise UsageError(
                f"{path}: this {form} set is not whole:\n  {listed}\nCopy or unpack it again, or repair what is "
                "named; `beholder data check` tells what is wrong with a set."
            )

    def as_dict(self) -> dict[str, Any]:
        """Notes and problems as JSON can hold them."""
        return {"notes": self.notes, "problems": [dataclasses.asdict(each) for each in self.problems]}
