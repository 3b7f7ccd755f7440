"""The rows of `beholder compare`: pictures made and scored, written, and shown."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beholder.backbones.cache import sha256_of_file
from beholder.cli.compare_candidates import INPUT
from beholder.cli.console import say
from beholder.cli.outputs import check_folder, check_outputs
from beholder.spec import BeholderError, PictureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl
    from rich.progress import Progress

    from beholder.cli.compare_candidates import Candidate, Photo, Plan
    from beholder.cli.compare_making import Made, Maker
    from beholder.reports.compare_findings import Findings
    from beholder.scoring import Scorer
    from beholder.scoring.pairs import LoadedPair

__all__ = ["CompareOutput", "measure_rows", "show_pictures"]

_TABLE = "scores.parquet"


@dataclasses.dataclass(frozen=True)
class CompareOutput:
    """What a comparison writes.

    Attributes:
        table: The table of scores.
        folder: The folder for the pictures that are made.
        report: The page.
    """

    table: Path | None = None
    folder: Path | None = None
    report: Path | None = None

    @classmethod
    def check(cls, output: Path | None, report: Path | None, plan: Plan) -> CompareOutput:
        """Refuse what could not be written, before anything is restored.

        Raises:
            UsageError: If the folder is not empty, or a file is read by the run or cannot be written.
        """
        read = [
            file
            for photo in plan.photos
            for file in (photo.file, photo.spoilt, *photo.results.values())
            if file is not None
        ]
        if output is None or output.suffix in (".parquet", ".csv", ".jsonl"):
            check_outputs(output, report, None, read=read)
            return cls(output, None, report)
        if output.suffix and not output.is_dir():
            raise UsageError(
                f"{output}: the ending {output.suffix!r} is unknown; expected .parquet, .csv, .jsonl, or a folder."
            )
        if output.is_dir() and any(output.iterdir()):
            raise UsageError(f"{output}: is not empty; expected a new folder for tables and pictures.")
        check_folder(output)
        check_outputs(None, report, None, read=read)
        return cls(output / _TABLE, output, report)

    def save(self, photo: Photo, made: Made, maker: Maker) -> None:
        """Save what was made of a picture, if a folder is asked for it.

        Raises:
            PictureError: If it cannot be written.
        """
        from beholder.cli.picture_files import make_folder_of
        from beholder.images import save_picture

        if self.folder is None:
            return
        versions = made.versions()
        for name in (INPUT, *maker.restorers):
            if name in versions and (name != INPUT or photo.spoilt is None):
                target = self.picture(name, photo)
                make_folder_of(target)
                save_picture(versions[name], target)

    def picture(self, candidate: str, photo: Photo) -> Path:
        """The file of a picture that a candidate makes."""
        # A candidate may be called by a path: two that end alike must not share a folder.
        parts = ["up" if part == ".." else part.strip("/\\:") or "root" for part in Path(candidate).parts]
        return (self.folder or Path()) / "-".join(parts) / f"{photo.name}.png"

    def tell_of(
        self,
        candidates: Sequence[Candidate],
        maker: Maker,
        plan: Plan,
        *,
        on: Path,
        degradation: str | None,
        seed: int,
        inputs: Path | None,
    ) -> dict[str, Any]:
        """What is compared on what, as JSON can hold it."""
        from beholder.scoring import as_text

        told: list[dict[str, Any]] = []
        for each in candidates:
            about: dict[str, Any] = {"name": each.name, "given": each.given}
            if each.is_model:
                model = maker.restorers[each.name]
                about |= {
                    "network": model.told["network"],
                    "step": model.told["step"],
                    "sha256": sha256_of_file(each.path),
                }
            told.append(about)
        return {
            "command": as_text(shlex.join(["beholder", *sys.argv[1:]])),
            "originals": as_text(on),
            "candidates": told,
            "degradation": degradation,
            "seed": seed if degradation is not None else None,
            "inputs": None if inputs is None else as_text(inputs),
            "unmatched": {why: [as_text(file) for file in files] for why, files in plan.left_out.items()},
        }

    def write_table(self, frame: pl.DataFrame, provenance: Mapping[str, Any]) -> None:
        """Write the rows, if they are asked for.

        Raises:
            UsageError: If the disk does not take them.
        """
        from beholder.scoring.writing import write_table

        if self.table is None:
            return
        try:
            write_table(frame.lazy(), provenance, self.table, scores=list(provenance["metrics"]))
        except OSError as error:
            raise UsageError(f"{self.table}: cannot be written: {error}. Name another file.") from error

    def tell_of_files(self) -> None:
        """Say what was written."""
        for path in (self.folder or self.table, self.report):
            if path is not None:
                say(f"wrote {path}")


def measure_rows(
    maker: Maker,
    scorer: Scorer,
    photos: Sequence[Photo],
    wanted: CompareOutput,
    told: Mapping[str, Any],
    bar: Progress,
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Make and score every candidate's version of every picture.

    Args:
        maker: What makes them.
        scorer: What scores them.
        photos: The pictures.
        wanted: What is written.
        told: What is compared, for the provenance.
        bar: Where progress is shown.

    Returns:
        A row per picture and candidate (``picture``, ``candidate``, ``reference``, ``result``, a column per metric,
        ``error``), and where the numbers come from.
    """
    import polars as pl

    from beholder.scoring import as_text
    from beholder.scoring.notes import Notes

    notes, rows, failed = Notes(), list[dict[str, Any]](), set[str]()
    candidates = maker.names
    task = bar.add_task("comparing", total=len(photos) * len(candidates), failed="", unit="results")
    for scored in scorer.stream_loaded(_load(maker, photos, wanted)):
        photo, candidate = photos[scored.index // len(candidates)], candidates[scored.index % len(candidates)]
        file = photo.spoilt if candidate == INPUT else photo.results.get(candidate)
        if file is None and wanted.folder is not None:
            file = wanted.picture(candidate, photo)
        row = {"picture": photo.name, "candidate": candidate, "reference": as_text(photo.file)}
        row |= {"result": None if file is None else as_text(file)}  # type: ignore[dict-item]  # polars takes nulls
        rows.append(row | dict(scored.scores) | {"error": scored.error})
        notes.add(f"{photo.name}: {note}" for _, note in scored.notes)
        failed |= {photo.name} if scored.error is not None else set()
        bar.update(task, advance=1, failed=f"{len(failed)} failed" if failed else "")
    columns: dict[str, Any] = dict.fromkeys(("picture", "candidate", "reference", "result"), pl.String)
    columns |= dict.fromkeys(scorer.metrics, pl.Float64) | {"error": pl.String}
    provenance = {**scorer.provenance(), **told, **notes.as_dict(), "rows": len(rows)}
    return pl.DataFrame(rows, schema=columns), provenance


def _load(maker: Maker, photos: Sequence[Photo], wanted: CompareOutput) -> Iterator[LoadedPair]:
    """Every candidate's version of every picture, ready to be scored; one original is read once."""
    from beholder.images import Pair
    from beholder.scoring.pairs import LoadedPair

    count = len(maker.names)
    for row, photo in enumerate(photos):
        made, error = None, ""
        try:
            made = maker.make(photo)
            wanted.save(photo, made, maker)
        except BeholderError as failure:
            made, error = None, str(failure)
        for column, name in enumerate(maker.names):
            index, pair = row * count + column, Pair(photo.file, Path(name) / photo.name)
            result: Any = error if made is None else made.results[name]
            if made is None or isinstance(result, str):
                yield LoadedPair(index, pair, error=str(result))
                continue
            noted = tuple((photo.file, note) for note in made.notes) if column == 0 else ()
            yield LoadedPair(index, pair, result, made.reference, noted)


def show_pictures(
    findings: Findings,
    maker: Maker,
    photos: Sequence[Photo],
    path: Path,
    provenance: Mapping[str, Any],
    bar: Progress,
) -> None:
    """Write the page; the pictures that it shows are made once more where they are too many to be kept.

    Raises:
        UsageError: If the disk does not take it.
    """
    from beholder.reports.compare_extremes import find_extremes, in_order_of_interest
    from beholder.reports.compare_page import write_compare_page
    from beholder.reports.restored_page import Restorations

    by_name = {photo.name: photo for photo in photos}
    order = in_order_of_interest(findings, find_extremes(findings))
    shown = Restorations()
    task = bar.add_task("showing", total=len(order), failed="")
    for name in order:
        if not shown.left_out:
            try:
                made = maker.make(by_name[name])
                shown.add(name, made.versions(), made.notes)
            except PictureError as error:  # gone since it was scored
                shown.failed.append(str(error))
        else:
            shown.left_out.append(name)
        bar.update(task, advance=1)
    try:
        write_compare_page(
            findings,
            shown,
            path,
            told=_told(provenance),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            command=provenance["command"],
        )
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}. Name another file.") from error


def _told(provenance: Mapping[str, Any]) -> dict[str, str]:
    """What a reader of the page wants to know of where its numbers come from."""
    told = {"originals": provenance["originals"]}
    if provenance["degradation"] is not None:
        told |= {"inputs": f"{provenance['degradation']}, seed {provenance['seed']}"}
    elif provenance["inputs"] is not None:
        told |= {"inputs": provenance["inputs"]}
    for each in provenance["candidates"]:
        what = each["given"]
        if "sha256" in each:
            what += f": {each['network']}, {each['step']:,} steps, sha256 {each['sha256']}"
        told[f"candidate {each['name']}"] = what
    told |= {why: f"{len(files)} pictures" for why, files in provenance["unmatched"].items()}
    kept = ("beholder", "torch", "device", "precision", "engine")
    told |= {key: str(provenance[key]) for key in kept}
    for name, metric in provenance["metrics"].items():
        weights = ", ".join(f"{file['card']} sha256 {file['sha256']}" for file in metric["weights"])
        told[name] = f"{metric['title']}{f' ({weights})' if weights else ''}"
    return told
