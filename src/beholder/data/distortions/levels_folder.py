"""References and versions of them in folders named by strength, as a study of thresholds takes them."""

from __future__ import annotations

import json
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from beholder.data.distortions.levels import strength_name
from beholder.data.distortions.patches import one_thread
from beholder.images import save_picture
from beholder.spec import StoringError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from beholder.data.distortions.levels import Levels

__all__ = ["check_levels_folder", "not_farther", "write_levels"]

_REFERENCE, _RECORD, _MANIFEST = "reference", "levels.parquet", "levels.json"


def write_levels(
    levels: Levels, folder: str | Path, *, tell: Callable[[int, int], object] = lambda _done, _total: None
) -> pl.DataFrame:
    """Write ``reference/NNNNNN.png`` and ``STRENGTH/NNNNNN.png``, and what was done, whole or not at all.

    Args:
        levels: What to write.
        folder: The folder to make; it must not be there, or be empty.
        tell: Called with the number of distorted pictures that are made, and of all.

    Returns:
        What ``levels.parquet`` holds, a row a reference and strength: ``reference``, ``photograph``, ``top``, ``left``,
        ``size``, ``strength``, and ``rms``, how far the stored picture is from the reference, in levels of 255.

    Raises:
        UsageError: If something is there.
        StoringError: If the folder cannot be written to.
    """
    folder = Path(folder)
    check_levels_folder(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as unfinished:
            made = Path(unfinished) / "levels"
            for name in (_REFERENCE, *map(strength_name, levels.strengths)):
                (made / name).mkdir(parents=True)
            with one_thread():
                record = _write_pictures(levels, made, tell)
            told = json.dumps(_describe(levels), indent=2)
            record.write_parquet(made / _RECORD, metadata={"beholder": told})
            (made / _MANIFEST).write_text(told + "\n", encoding="utf-8")
            if folder.exists():
                folder.rmdir()
            made.rename(folder)
    except (OSError, pl.exceptions.PolarsError) as error:  # the latter is what polars makes of a full disk
        raise StoringError(
            f"{folder}: cannot be written to: {getattr(error, 'strerror', None) or error}."
        ) from error
    return record


def check_levels_folder(folder: Path) -> None:
    """Refuse a folder that `write_levels` does not write to.

    Raises:
        UsageError: If something is there.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder}: is there already and is not empty; name another folder.")


def not_farther(record: pl.DataFrame) -> pl.DataFrame:
    """References of which a greater strength is no farther than a weaker one.

    Args:
        record: From `write_levels`.

    Returns:
        A row for each of them: ``reference``, and ``weaker`` and ``stronger``, the first two strengths that are so.
    """
    pairs = record.sort("reference", "strength").with_columns(
        pl.col("strength").shift().over("reference").alias("weaker"),
        pl.col("rms").diff().over("reference").alias("farther"),
    )
    return (
        pairs.filter(pl.col("farther") <= 0)
        .group_by("reference", maintain_order=True)
        .agg(pl.col("weaker").first(), pl.col("strength").first().alias("stronger"))
    )


def _write_pictures(levels: Levels, made: Path, tell: Callable[[int, int], object]) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    total = len(levels) * len(levels.strengths)
    for index in range(len(levels)):
        plan, reference = levels.plan(index), levels.reference(index)
        told = {"reference": index, "photograph": levels.pack.pictures[plan.picture].name}
        told |= {"top": plan.top, "left": plan.left, "size": levels.size}
        save_picture(reference, made / _REFERENCE / f"{index:06d}.png")
        for strength in levels.strengths:
            tell(len(rows), total)
            distorted = levels.distort(index, strength)
            save_picture(distorted, made / strength_name(strength) / f"{index:06d}.png")
            rows.append({**told, "strength": strength, "rms": _distance(distorted, reference)})
    tell(total, total)
    return pl.DataFrame(rows)


def _distance(x: Tensor, y: Tensor) -> float:
    return float((x.double() - y.double()).square().mean().sqrt())


def _describe(levels: Levels) -> dict[str, Any]:
    """All that the files depend on."""
    return {
        "distortion": levels.distortion.name,
        "strengths": levels.strengths,
        "references": len(levels),
        "size": levels.size,
        "seed": levels.seed,
        "photographs": levels.pack.folder.name,
        "version": version("beholder"),
    }
