"""The data sets that are known, and which of them a folder or a file is."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.data.judged import bapps, csiq, kadid10k, live, nights, packed, pipal, tid2013
from beholder.data.judged.findings import Findings
from beholder.data.judged.listing import list_folder
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from beholder.data.judged.rows import Kind
    from beholder.data.judged.sets import JudgementSet

__all__ = ["FORMS", "Form", "find_form", "open_judgements"]

_SHOWN = 10


@dataclasses.dataclass(frozen=True)
class Form:
    """A layout in which judgements lie on a disk.

    Attributes:
        name: What it is called.
        layout: What it looks like, in words.
        fits: Whether a path is of this form; a set that lacks files still is.
        read: The sets in it, and what is wrong with them.
    """

    name: str
    layout: str
    fits: Callable[[Path], bool]
    read: Callable[[Path, Findings, Callable[[int, int], object]], list[JudgementSet]]


FORMS = (
    Form("Parquet", packed.LAYOUT, packed.is_packed, packed.read_packed),
    Form("TID2013", tid2013.LAYOUT, tid2013.is_tid2013, tid2013.read_tid2013),
    Form("KADID-10k", kadid10k.LAYOUT, kadid10k.is_kadid10k, kadid10k.read_kadid10k),
    Form("CSIQ", csiq.LAYOUT, csiq.is_csiq, csiq.read_csiq),
    Form("LIVE", live.LAYOUT, live.is_live, live.read_live),
    Form("PIPAL", pipal.LAYOUT, pipal.is_pipal, pipal.read_pipal),
    Form("NIGHTS", nights.LAYOUT, nights.is_nights, nights.read_nights),
    Form("BAPPS", bapps.LAYOUT, lambda path: bool(bapps.find_bapps(path)), bapps.read_bapps),
)


def find_form(path: Path) -> Form:
    """Which form a folder or a file has, by what is in it.

    Raises:
        UsageError: If it has none of them, or cannot be looked at.
    """
    for form in FORMS:
        if form.fits(path):
            return form
    if path.is_dir():
        names = [f"{name}/" if is_folder else name for name, is_folder in sorted(list_folder(path).items())]
        more = ", ..." if len(names) > _SHOWN else ""
        found = f"a folder with {', '.join(names[:_SHOWN])}{more}" if names else "an empty folder"
    else:
        found = "a file of another kind" if path.exists() else "no such folder or file"
    known = "\n  ".join(f"{form.name}: {form.layout}" for form in FORMS)
    raise UsageError(f"{path}: found {found}; expected one of these:\n  {known}")


def open_judgements(
    path: str | Path,
    *,
    kind: Kind | None = None,
    tell: Callable[[int, int], object] | None = None,
) -> JudgementSet:
    """Open what people said of pictures, whichever of the known data sets it is.

    It is told by what lies in the folder. All labels are read and all folders listed; no picture is read before it is
    asked for.

    Args:
        path: A folder of BAPPS (any of its levels), NIGHTS, TID2013, KADID-10k, CSIQ, LIVE or PIPAL, or a Parquet
            file of `write_judgements`.
        kind: ``"triplets"``, ``"pairs"`` or ``"ratings"``, where there are several: the root of BAPPS.
        tell: Called with the number of label files or lines that are read, and of all, where that may take long.

    Returns:
        The rows.

    Raises:
        UsageError: If it is none of these, is not whole, or holds several kinds and none is named.
        MissingPackageError: If CSIQ's workbook is to be read and no package is installed that does.
    """
    path, findings = Path(path), Findings()
    form = find_form(path)
    sets = form.read(path, findings, tell or (lambda _done, _total: None))
    findings.refuse(path, form.name)
    kinds = [each.kind for each in sets]
    if kind is not None and kind not in kinds:
        raise UsageError(f"{path}: holds {' and '.join(kinds)}; no {kind}.")
    if kind is None and len(sets) > 1:
        raise UsageError(
            f"{path}: holds {' and '.join(kinds)}; open one with kind=, or the folder that it is in."
        )
    return sets[0] if kind is None else sets[kinds.index(kind)]
