"""Triplets of photographs, judged by an observer who minds a few channels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from beholder.backbones import Backbone
from beholder.backbones.stages import CHAIN_STAGES
from beholder.calibration.learning.layered import LayeredDistance
from beholder.calibration.learning.recipe import MetricRecipe
from beholder.data.distortions import Triplets, triplet_folder, write_triplets
from beholder.data.packs import open_pack
from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from beholder.settings import read_settings
from beholder.training.shipped import find_metric_recipe

SIDE = 32
CHANNELS = (64, 192, 384, 256, 256)


def alexnet_distance(*, dropout: float = 0.5) -> LayeredDistance:
    backbone = Backbone("alexnet", CHAIN_STAGES["alexnet"])
    return LayeredDistance(backbone, CHANNELS, channels_last=frozenset(), dropout=dropout)


def recipe_of(kind: str, triplets: Path, *settings: str) -> MetricRecipe:
    quick = [f"data.train={triplets}", "data.held_out=0.25", "data.workers=0", "batch=10"]
    return read_settings(find_metric_recipe(kind), [*quick, *settings], kind=MetricRecipe)


def make_triplets(folder: Path, count: int) -> Path:
    photographs = folder / "photographs"
    photographs.mkdir(parents=True)
    for photo in PHOTOS[:4]:
        save_picture(photo.detail(96), photographs / f"{photo.name}.png")
    triplets = Triplets(open_pack(photographs), "traditional", count, size=SIDE)
    write_triplets(triplets, folder, workers=0)
    place = triplet_folder(folder, triplets)
    observer = alexnet_distance().eval()
    for weight in observer.weights:
        weight.data = torch.arange(len(weight)).remainder(16).eq(0).float()
    (place / "judge").mkdir()
    for row in range(count):
        item = {name: each[None] / 255 for name, each in triplets[row].items()}
        with torch.inference_mode():
            d0, d1 = observer(item["ref"], item["p0"], item["p1"])[0].tolist()
        np.save(place / "judge" / f"{row:06}.npy", np.array([float(d1 < d0)]))
    return place


@pytest.fixture(scope="session")
def triplets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """80 triplets of 32x32 pixels, of as many references."""
    return make_triplets(tmp_path_factory.mktemp("judged"), 80)
