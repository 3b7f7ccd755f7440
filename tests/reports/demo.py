"""A score table like a real one: photographs, distortions, plausible scores, and every kind of trouble."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import skimage.data
from PIL import Image, ImageFilter
from skimage.filters import gaussian
from skimage.metrics import structural_similarity

from beholder.reports import save_map
from beholder.scoring import ScoreTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PHOTOS = ("astronaut", "coffee", "chelsea", "rocket")
SPECS: dict[str, dict[str, Any]] = {
    "lpips_vgg": {
        "title": "Learned perceptual image patch similarity, VGG16",
        "direction": "lower",
        "best": 0.0,
        "range": [0.0, None],
        "unit": "1",
        "paper": "Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric, CVPR 2018, arXiv:1801.03924",
        "map_range": [0.0, 1.0],
        "symmetric": True,
        "min_size": 32,
        "weights": [
            {
                "card": "vgg16",
                "file": "vgg16.ckpt",
                "sha256": "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
            }
        ],
    },
    "ssim": {
        "title": "Structural similarity",
        "direction": "higher",
        "best": 1.0,
        "range": [-1.0, 1.0],
        "unit": "1",
        "paper": "Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity, IEEE TIP 2004, doi:10.1109/TIP.2003.819861",
        "map_range": [1.0, 0.0],
        "symmetric": True,
        "min_size": 11,
        "weights": [],
    },
    "psnr": {
        "title": "Peak signal-to-noise ratio",
        "direction": "higher",
        "best": None,
        "range": [None, None],
        "unit": "dB",
        "paper": "Not a paper's: 10 log10(1 / mean squared error), over RGB",
        "map_range": None,
        "symmetric": True,
        "min_size": 1,
        "weights": [],
    },
}


def make_table(
    rows: Sequence[tuple[str, str, Sequence[float | None], str | None]],
    metrics: Sequence[str] = ("lpips_vgg", "ssim", "psnr"),
) -> ScoreTable:
    """A table of (reference, distorted, a score for each metric, error) rows."""
    columns: dict[str, Any] = {
        "reference": pl.Series([row[0] for row in rows], dtype=pl.String),
        "distorted": pl.Series([row[1] for row in rows], dtype=pl.String),
    }
    for place, metric in enumerate(metrics):
        columns[metric] = pl.Series([row[2][place] for row in rows], dtype=pl.Float64)
    columns["error"] = pl.Series([row[3] for row in rows], dtype=pl.String)
    provenance = {
        "beholder": "0.1.0",
        "created": "2026-11-21T23:59:00+00:00",
        "command": "beholder score originals distorted -m " + ",".join(metrics) + " --report report.html",
        "torch": "2.14.1",
        "engine": "torch",
        "device": "cpu",
        "precision": "float32",
        "resize": "refuse",
        "background": "white",
        "max_pixels": 100_000_000,
        "warnings": [],
        "metrics": {metric: {"name": metric, **SPECS[metric]} for metric in metrics},
    }
    return ScoreTable(pl.DataFrame(columns), provenance)


def _jpeg(quality: int) -> Callable[[Image.Image, Path], Path]:
    def distort(photo: Image.Image, stem: Path) -> Path:
        path = stem.with_name(f"{stem.name}_jpeg_q{quality:02d}.jpg")
        photo.save(path, quality=quality)
        return path

    return distort


def _blur(radius: int) -> Callable[[Image.Image, Path], Path]:
    def distort(photo: Image.Image, stem: Path) -> Path:
        path = stem.with_name(f"{stem.name}_gaussian_blur_{radius}.png")
        photo.filter(ImageFilter.GaussianBlur(radius)).save(path)
        return path

    return distort


def _noise(deviation: int) -> Callable[[Image.Image, Path], Path]:
    def distort(photo: Image.Image, stem: Path) -> Path:
        path = stem.with_name(f"{stem.name}_white_noise_{deviation}.png")
        noise = np.random.default_rng(7).normal(0.0, deviation, (photo.height, photo.width, 3))
        Image.fromarray(np.clip(np.asarray(photo) + noise, 0, 255).astype(np.uint8)).save(path)
        return path

    return distort


DISTORTIONS = (_jpeg(5), _jpeg(10), _jpeg(40), _blur(1), _blur(3), _noise(12), _noise(40))


def make_demo(folder: Path, side: int = 256) -> tuple[ScoreTable, dict[tuple[int, str], Path]]:
    """Photographs and their distortions in a folder, with scores and maps, and four rows of trouble."""
    originals, distorted = folder / "originals", folder / "distorted" / "by-kind"
    originals.mkdir(parents=True)
    distorted.mkdir(parents=True)
    rows: list[tuple[str, str, Sequence[float | None], str | None]] = []
    maps: dict[tuple[int, str], Path] = {}
    for name in PHOTOS:
        photo = Image.fromarray(getattr(skimage.data, name)()).convert("RGB")
        photo.thumbnail((side, side))
        reference = originals / f"{name}.png"
        photo.save(reference)
        for distort in DISTORTIONS:
            path = distort(photo, distorted / name)
            scores, own_maps = _compare(photo, path)
            for metric, (values, ends) in own_maps.items():
                maps[len(rows), metric] = folder / "maps" / f"{len(rows)}_{metric}.png"
                save_map(values, ends, maps[len(rows), metric])
            rows.append((str(reference), str(path), scores, None))
    return make_table(rows + _trouble(originals, distorted)), maps


def _compare(
    photo: Image.Image, path: Path
) -> tuple[list[float], dict[str, tuple[np.ndarray, tuple[float, float]]]]:
    x, y = (np.asarray(each, dtype=np.float64) / 255.0 for each in (Image.open(path), photo))
    ssim, ssim_map = structural_similarity(x, y, channel_axis=2, data_range=1.0, full=True)
    distance = np.abs(gaussian(x, 2, channel_axis=2) - gaussian(y, 2, channel_axis=2)).mean(axis=2)
    detail = np.abs(x - y).mean(axis=2)
    feature_map = np.clip(6.0 * distance + 3.0 * gaussian(detail, 3), 0.0, 1.0)
    psnr = -10.0 * math.log10(float(np.mean((x - y) ** 2)))
    scores = [float(0.8 * feature_map.mean() + 0.35 * (1.0 - ssim)), float(ssim), psnr]
    return scores, {
        "lpips_vgg": (feature_map, (0.0, 1.0)),
        "ssim": (ssim_map.mean(axis=2), (1.0, 0.0)),
    }


def _trouble(originals: Path, distorted: Path) -> list[tuple[str, str, Sequence[float | None], str | None]]:
    astronaut, coffee = originals / "astronaut.png", originals / "coffee.png"
    copy = distorted / "astronaut_untouched.png"
    copy.write_bytes(astronaut.read_bytes())
    small = distorted / "coffee_half_size.jpg"
    with Image.open(coffee) as photo:
        photo.resize((photo.width // 2, photo.height // 2)).save(small, quality=60)
    broken = distorted / "coffee_broken_off_in_the_middle_of_the_download.png"
    broken.write_bytes(coffee.read_bytes()[:5000])
    missing = distorted / "rocket_missing.png"
    return [
        (str(astronaut), str(copy), [0.0, 1.0, math.inf], None),
        (str(coffee), str(small), [None, None, 21.5], f"{small}: found 128x85; expected 256x170 as in {coffee}; pass --resize to score pictures of different sizes"),
        (str(coffee), str(broken), [None] * 3, f"{broken}: found truncated or damaged PNG data (image file is truncated); expected a whole PNG file; copy, download or export it again, or leave it out"),
        (str(originals / "rocket.png"), str(missing), [None] * 3, f"{missing}: found no such file; expected a picture; check the name"),
    ]  # fmt: skip
