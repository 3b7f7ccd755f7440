"""The second half of `beholder demo`: its JPEGs restored by the models that come with the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from beholder.catalog import create_metric
from beholder.data.photos import PHOTOS
from beholder.images import read_picture, save_picture
from beholder.reports.gains import Gains
from beholder.reports.restored_page import Restorations
from beholder.training.restoring import Restorer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

__all__ = ["INPUT", "METRICS", "MODELS", "ORIGINAL", "restore_jpegs"]

MODELS = {
    "deblock-l8-q10": "pretrained",
    "deblock-l8-q10-features": "features alone",
    "deblock-l8-q10-pixels": "pixels alone",
    "deblock-l8-q10-both": "both",
    "deblock": "deblock",
}
"""Models of the first experiment, and the better one: what each is called in the table."""

METRICS = ("psnr", "ssim", "lpips_alex")
INPUT, ORIGINAL = "JPEG, quality 10", "original"
_JPEG = "jpeg-quality-10.jpg"


def restore_jpegs(
    folder: Path, models: Mapping[str, Path], metrics: Sequence[str] = METRICS
) -> tuple[Gains, Restorations, dict[str, str]]:
    """Restore the JPEGs of quality 10 of a demo's folder, into its subfolder ``restored``.

    Args:
        folder: Holds ``reference/NAME.png`` and ``distorted/NAME/jpeg-quality-10.jpg``.
        models: Name -> file, of those in `MODELS`.
        metrics: What is measured.

    Returns:
        Mean scores, the pictures, and what each model is.
    """
    names = [photo.name for photo in PHOTOS if (folder / "reference" / f"{photo.name}.png").exists()]
    originals = [read_picture(folder / "reference" / f"{name}.png").pixels for name in names]
    versions = {INPUT: [read_picture(folder / "distorted" / name / _JPEG).pixels for name in names]}
    told = {}
    for model, file in models.items():
        restorer = Restorer(file)
        restored = [restorer.restore(picture) for picture in versions[INPUT]]
        (folder / "restored" / model).mkdir(parents=True, exist_ok=True)
        for name, picture in zip(names, restored, strict=True):
            save_picture(picture, folder / "restored" / model / f"{name}.png")
        versions[MODELS[model]] = [picture / 255 for picture in restored]
        told[MODELS[model]] = f"{model}: {restorer.told['network']}, {restorer.told['step']:,} steps"
    page = Restorations()
    for place, name in enumerate(names):
        # The original stands second, so that the page opens with the input and the last model.
        told_apart = {title: pictures[place] for title, pictures in versions.items() if title != INPUT}
        page.add(name, {INPUT: versions[INPUT][place], ORIGINAL: originals[place], **told_apart})
    return _score(versions, originals, metrics), page, told


def _score(
    versions: Mapping[str, Sequence[Tensor]], originals: Sequence[Tensor], metrics: Sequence[str]
) -> Gains:
    columns, rows = [], {title: list[float]() for title in versions}
    y = torch.stack(list(originals))
    for name in metrics:
        metric = create_metric(name)
        columns.append((name, metric.spec.unit, metric.spec.direction))
        with torch.inference_mode():
            for title, pictures in versions.items():
                rows[title].append(metric(torch.stack(list(pictures)), y).mean().item())
    return Gains(columns, list(rows.items()))
