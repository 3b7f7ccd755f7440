"""Training autoencoders for their distortions."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from beholder.calibration.autoencoders import train_autoencoders
from beholder.data.distortions.cnn import Autoencoder, draw_design
from beholder.data.drawing import random_source
from beholder.data.packs import Pack, open_pack
from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from beholder.spec import ShapeError, UsageError

PATCH = PHOTOS[3].detail(64)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("photographs")
    for photo in PHOTOS[:3]:
        save_picture(photo.detail(96), folder / f"{photo.name}.png")
    return open_pack(folder)


def test_they_go_on_and_are_the_same(pack: Pack, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    assert train_autoencoders(pack, tmp_path / "all", 3, steps=2, tell=lambda *step: told.append(step)) == 3
    assert told == [(step, 6) for step in range(1, 7)]
    assert train_autoencoders(pack, tmp_path / "one by one", 1, steps=2) == 1
    (tmp_path / "one by one" / "001.safetensors.partial").write_bytes(b"half")
    assert train_autoencoders(pack, tmp_path / "one by one", 3, steps=2) == 2
    for number in range(3):
        one, other = (load_file(tmp_path / run / f"{number:03}.safetensors") for run in ("all", "one by one"))
        assert one.keys() == other.keys()
        assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_training_brings_it_closer(pack: Pack, tmp_path: Path) -> None:
    designs = {seed: draw_design(seed, 0) for seed in range(2000)}
    quick = [  # small, and nothing beside the difference itself
        seed
        for seed, design in designs.items()
        if (design.layers, design.first_channels, design.dropout_layers) == (2, 8, 0)
        and design.learning_rate > 0.001
        and not design.adversarial_weight
        and not design.vgg_weight
    ]
    seed = quick[0]
    errors = []
    for steps in (1, 60):
        train_autoencoders(pack, tmp_path / str(steps), 1, seed=seed, steps=steps)
        made = Autoencoder.load(tmp_path / str(steps) / "000.safetensors")
        errors.append((made(PATCH, random_source("0")) - PATCH).abs().mean().item())
        assert made.told["steps"] == steps
    assert errors[1] < 0.7 * errors[0]


def test_what_cannot_be_is_refused(pack: Pack, tmp_path: Path) -> None:
    train_autoencoders(pack, tmp_path / "run", 1, steps=1)
    with pytest.raises(UsageError, match=r"000\.safetensors: was trained with seed 0, not 1"):
        train_autoencoders(pack, tmp_path / "run", 1, seed=1, steps=1)
    with pytest.raises(UsageError, match="expected 1 to 1000"):
        train_autoencoders(pack, tmp_path / "none", 1001)
    (tmp_path / "small").mkdir()
    save_picture(PHOTOS[0].detail(48), tmp_path / "small" / "one.png")
    with pytest.raises(ShapeError, match="none of 1 pictures is large enough"):
        train_autoencoders(open_pack(tmp_path / "small"), tmp_path / "none", 2)
