"""`beholder doctor`: what is installed, what works, what is missing, and what to do."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beholder.cli.console import print_out, progress_bar
from beholder.cli.options import Quiet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beholder.machine import Examination, Section

__all__ = ["doctor"]

_COLOURS = {"fine": typer.colors.GREEN, "missing": typer.colors.YELLOW, "broken": typer.colors.RED}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="All that was found, for reports of bugs.")] = False,
    quiet: Quiet = False,
) -> None:
    """Tell what is installed, what works, what is missing, and what to do about it.

    It looks at Beholder, Python, torch and every extra; at processor, memory and GPUs; at engines, weights and room
    for them, FFmpeg and libvmaf; it measures how long one pair takes, and whether all engines score it alike. Nothing
    is fetched or changed.

    Exit code: 0 nothing is broken, though optional things may be missing; 1 something is broken.

    Examples:
        beholder doctor

        beholder doctor --json > report.json
    """
    from beholder.machine import examine

    with progress_bar("subjects", quiet=quiet) as bar:
        task = bar.add_task("examining", total=None, failed="")
        found = examine(lambda done, total: bar.update(task, completed=done, total=total), (_completion,))
    if as_json:
        print_out(json.dumps(found.as_dict(), indent=2, ensure_ascii=False))
    else:
        print_out("\n".join(_tell(found)))
    raise typer.Exit(1 if found.broken else 0)


def _tell(found: Examination) -> Iterator[str]:
    for section in found.sections:
        if section.findings:
            yield typer.style(section.name, bold=True)
        for finding in section.findings:
            level = typer.style(f"{finding.level:8}", fg=_COLOURS[finding.level])
            yield f"  {level}{finding.told}"
            if finding.remedy:
                yield f"          -> {finding.remedy}"
    yield typer.style("verdict", bold=True)
    missing = sum(finding.level == "missing" for finding in found.findings)
    optional = f"{missing} optional thing{'s are' if missing != 1 else ' is'} missing" if missing else ""
    if found.broken:
        count = len(found.broken)
        told = f"{count} thing{'s are' if count > 1 else ' is'} broken: do what stands behind the arrow"
        yield f"  {told}{f'; {optional}' if optional else ''}."
    else:
        yield f"  nothing is broken{f'; {optional}, each with what to do about it' if optional else ''}."


def _completion() -> Section:
    """Whether the user's shell completes Beholder's words."""
    from beholder.cli.completion import installed_completion
    from beholder.machine import Finding, Section
    from beholder.machine.findings import find_home

    shell, home = Path(os.environ.get("SHELL", "")).name, find_home()
    there = installed_completion(home) if home is not None else {}
    facts = {"shell": shell or None, "installed": list(there)}
    if shell in there or (there and not shell):
        finding = Finding("fine", f"names are completed by {', '.join(there)}")
    else:
        told = f"names are not completed{f' by {shell}' if shell else ''}"
        finding = Finding("missing", told, "beholder --install-completion")
    return Section("completion", facts, (finding,))
