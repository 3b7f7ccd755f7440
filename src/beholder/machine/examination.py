"""All that is examined, one subject after the other."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from beholder.machine.engines import examine_engines, examine_video
from beholder.machine.packages import examine_extras, examine_installation
from beholder.machine.processors import examine_gpus, examine_processor
from beholder.machine.speed import examine_speed
from beholder.machine.weights import examine_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from beholder.machine.findings import Finding, Section

__all__ = ["Examination", "examine"]

_SUBJECTS: tuple[Callable[[], Section], ...] = (
    examine_installation,
    examine_extras,
    examine_processor,
    examine_gpus,
    examine_engines,
    examine_weights,
    examine_video,
    examine_speed,
)


@dataclasses.dataclass(frozen=True)
class Examination:
    """What was found.

    Attributes:
        sections: One for each subject, in order.
    """

    sections: tuple[Section, ...]

    @property
    def findings(self) -> list[Finding]:
        """All verdicts."""
        return [finding for section in self.sections for finding in section.findings]

    @property
    def broken(self) -> list[Finding]:
        """Verdicts of what must be mended."""
        return [finding for finding in self.findings if finding.level == "broken"]

    def as_dict(self) -> dict[str, Any]:
        """The examination as JSON can hold it: facts by subject, all verdicts, and whether anything is broken."""
        facts: dict[str, Any] = {section.name: section.facts for section in self.sections}
        told = [
            {"subject": section.name, **dataclasses.asdict(finding)}
            for section in self.sections
            for finding in section.findings
        ]
        return facts | {"findings": told, "broken": bool(self.broken)}


def examine(
    tell: Callable[[int, int], object] = lambda *_: None,
    others: tuple[Callable[[], Section], ...] = (),
) -> Examination:
    """Examine the installation and the machine; takes some seconds, since pairs are scored.

    Args:
        tell: Called with the subjects that are done, and with their number.
        others: What examines further subjects.
    """
    subjects = (*_SUBJECTS, *others)
    sections = []
    for done, subject in enumerate(subjects):
        tell(done, len(subjects))
        sections.append(subject())
    tell(len(subjects), len(subjects))
    return Examination(tuple(sections))
