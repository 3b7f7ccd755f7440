"""Filters clustered from pictures."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from beholder.backbones import Backbone
from beholder.catalog import create_metric
from beholder.data import kmeans
from beholder.data.kmeans import fit_kmeans_alexnet, list_pictures
from beholder.images import read_picture, save_picture
from beholder.spec import MissingPackageError, PictureError, UsageError


@pytest.fixture(scope="module")
def folder(photos: Tensor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for index, photo in enumerate(photos):
        save_picture(photo, folder / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def file(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    return fit_kmeans_alexnet(folder, tmp_path_factory.mktemp("weights") / "kmeans.safetensors")


def test_responses_have_deviation_one_and_mean_a_tenth(file: Path, folder: Path) -> None:
    seen = torch.cat([kmeans._prepare(read_picture(path).pixels) for path in list_pictures(folder)])
    tensors = load_file(file)
    responses = torch.nn.functional.conv2d(
        seen, tensors["features.0.weight"], tensors["features.0.bias"], stride=4, padding=2
    )
    deviation, mean = torch.std_mean(responses, dim=(0, 2, 3))
    assert torch.allclose(deviation, torch.ones(64), atol=1e-3)
    assert torch.allclose(mean, torch.full((64,), 0.1), atol=1e-3)
    with safe_open(file, "pt") as opened:
        assert opened.metadata() == {"made by": "stacked k-means on 3 pictures, seed 0"}


def test_the_file_is_a_metric_that_sees_spoiling(file: Path, photos: Tensor) -> None:
    metric = create_metric(f"lpips:alexnet:weights={file}")
    noise = torch.randn(photos.shape, generator=torch.Generator().manual_seed(0))
    little, much = (metric((photos + sigma * noise).clamp(0, 1), photos) for sigma in (0.02, 0.1))
    assert (little > 0).all()
    assert (little < much).all()
    assert metric.weights[0].file == file.name  # type: ignore[attr-defined]


def test_first_filters_are_the_centres_of_whitened_patches() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    # Patches near four directions, stretched: whitening and the unit length bring them back to four clusters.
    draw = np.random.default_rng(0)
    corners = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], np.float32).repeat(50, 0)
    patches = (corners + 0.05 * draw.standard_normal(corners.shape)) * np.array([10, 0.1])
    centres = kmeans._cluster(patches.astype(np.float32), 4, draw)
    assert sorted(map(tuple, np.sign(centres))) == [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    # Of a response's variance, whitened axes have equal shares.
    assert np.abs(centres[:, 1]) / np.abs(centres[:, 0]) == pytest.approx(np.full(4, 100), rel=0.1)


def test_equal_seeds_give_equal_filters(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    monkeypatch.setattr(kmeans, "_PATCHES", 500)
    files = list_pictures(folder)
    first, again = (fit_kmeans_alexnet(files, tmp_path / f"{name}.safetensors") for name in "ab")
    assert first.read_bytes() == again.read_bytes()
    assert Backbone("alexnet", ["relu5"], weights=first)(torch.rand(1, 3, 64, 64))["relu5"].isfinite().all()


def test_too_few_pictures_are_refused(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    with pytest.raises(
        UsageError, match=r"1 pictures hold 169 patches for the 384 filters.*at least 3 pictures"
    ):
        fit_kmeans_alexnet([folder / "0.png"], tmp_path / "k.safetensors")
    with pytest.raises(PictureError, match="there are no pictures"):
        fit_kmeans_alexnet(tmp_path, tmp_path / "k.safetensors")
    with pytest.raises(UsageError, match=r"ends in \.safetensors"):
        fit_kmeans_alexnet(folder, tmp_path / "k.pth")


def test_without_scikit_learn_it_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.cluster", None)
    with pytest.raises(MissingPackageError, match="scikit-learn"):
        fit_kmeans_alexnet(folder, tmp_path / "k.safetensors")
