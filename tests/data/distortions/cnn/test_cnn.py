"""Autoencoders: their designs, their networks, their files, and the schemes that draw them."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import polars as pl
import pytest
import torch

from beholder.data.distortions import (
    Choice,
    Traditional,
    Triplets,
    create_scheme,
    triplet_folder,
    write_triplets,
)
from beholder.data.distortions.cnn import (
    Autoencoder,
    AutoencoderDesign,
    Cnn,
    Generator,
    Mix,
    draw_design,
    find_autoencoders,
)
from beholder.data.distortions.cnn.corruption import corrupt
from beholder.data.drawing import random_source
from beholder.data.packs import open_pack
from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from beholder.spec import UsageError, WeightsError

PATCH = PHOTOS[0].detail(64)
DESIGNS = [draw_design(0, number) for number in range(96)]


def small(number: int) -> AutoencoderDesign:
    return dataclasses.replace(draw_design(0, number), first_channels=8, most_channels=32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four autoencoders that have learned nothing."""
    place = tmp_path_factory.mktemp("autoencoders")
    for number in range(4):
        torch.manual_seed(number)
        design = small(number)
        (place / f"{number:03}.safetensors").write_bytes(Autoencoder(design, Generator(design), {}).encoded())
    return place


def test_designs_are_functions_of_seed_and_number() -> None:
    assert draw_design(0, 5) == DESIGNS[5]
    assert len({*DESIGNS, *(draw_design(1, number) for number in range(96))}) == 192


def test_designs_take_all_there_is() -> None:
    for field, values in {
        "corruption": {"none", "pink_noise", "white_noise", "grey", "shrunk"},
        "layers": {2, 3, 4, 5},
        "first_stride": {1, 2},
        "first_channels": {8, 16, 32},
        "most_channels": {32, 64, 128},
        "skips": {False, True},
        "top_skip": {False, True},
        "dropout_layers": {0, 1, 2},
        "upsampling": {"nearest", "bilinear", "transposed"},
        "normalisation": {"none", "batch", "instance"},
        "discriminator_layers": {1, 2, 3},
    }.items():
        assert {getattr(design, field) for design in DESIGNS} == values, field
    for field, low, high in (
        ("corruption_strength", 0.2, 1),
        ("vgg_weight", 0.001, 0.1),
        ("adversarial_weight", 0.003, 0.1),
        ("learning_rate", 0.001, 0.005),
    ):
        values = [getattr(design, field) for design in DESIGNS if getattr(design, field)]
        assert low <= min(values) < 2 * low, field
        assert high / 2 < max(values) <= high, field
    # it takes away what a picture's mean and contrast are, which the last layer must then see elsewhere
    assert all(design.top_skip for design in DESIGNS if design.normalisation == "instance")


@pytest.mark.parametrize("number", range(0, 96, 4))
def test_generators_keep_the_size(number: int) -> None:
    generator = Generator(DESIGNS[number]).eval()
    for height, width in ((64, 64), (37, 70), (8, 8), (32, 32)):
        with torch.inference_mode():
            assert generator(torch.rand(1, 3, height, width)).shape == (1, 3, height, width)


@pytest.mark.parametrize("corruption", ["none", "pink_noise", "white_noise", "grey", "shrunk"])
def test_corruptions_grow(corruption: str) -> None:
    spoilt = []
    for strength in (0.2, 1.0):
        design = dataclasses.replace(DESIGNS[0], corruption=corruption, corruption_strength=strength)  # type: ignore[arg-type]
        found = corrupt(PATCH, design, random_source("0"))
        assert found.shape == PATCH.shape
        assert 0 <= found.min() <= found.max() <= 1
        spoilt.append((found - PATCH).square().mean().item())
    assert spoilt == [0, 0] if corruption == "none" else 0 < spoilt[0] < spoilt[1]


def test_files_give_back_what_was_saved(folder: Path) -> None:
    torch.manual_seed(0)
    generator = Generator(small(0)).eval()
    found = Autoencoder.load(folder / "000.safetensors")
    assert found.design == small(0)
    with torch.inference_mode():
        expected = generator(corrupt(PATCH, small(0), random_source("1"))[None])[0].clamp(0, 1)
    torch.testing.assert_close(found(PATCH, random_source("1")), expected)


def test_wrong_files_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="found 0 autoencoders; expected at least two"):
        find_autoencoders(tmp_path)
    damaged = tmp_path / "000.safetensors"
    damaged.write_bytes((folder / "000.safetensors").read_bytes()[:100])
    with pytest.raises(WeightsError, match=r"000\.safetensors: cannot be read"):
        Autoencoder.load(damaged)
    other = Autoencoder(
        dataclasses.replace(small(0), layers=2 + small(0).layers % 4), Generator(small(0)), {}
    )
    damaged.write_bytes(other.encoded())
    with pytest.raises(WeightsError, match="do not fit its design"):
        Autoencoder.load(damaged)


def test_cnn_draws_two_different_ones(folder: Path) -> None:
    scheme = create_scheme("cnn", folder)
    assert isinstance(scheme, Cnn)
    drawn = [tuple(each.name for each in scheme.choose(random_source(str(seed)))) for seed in range(200)]
    assert all(first != second for first, second in drawn)
    assert len(set(drawn)) == 12
    choice = Choice("autoencoder-002", ())
    made = pickle.loads(pickle.dumps(scheme)).apply(choice, (PATCH * 255).byte(), random_source("2"))
    assert made.shape == PATCH.shape
    assert made.dtype == torch.float32
    assert 0 <= made.min() < made.max() <= 1


def test_mix_draws_both_kinds(folder: Path) -> None:
    scheme = create_scheme("mix", folder)
    assert isinstance(scheme, Mix)
    drawn = [scheme.choose(random_source(str(seed))) for seed in range(300)]
    kinds = [tuple(each.name.startswith("autoencoder-") for each in pair) for pair in drawn]
    assert {
        kinds.count(each) > 40 for each in ((True, True), (True, False), (False, True), (False, False))
    } == {True}
    assert all(first.name != second.name for first, second in drawn)
    for choice in drawn[0] + drawn[1]:
        assert scheme.apply(choice, PATCH, random_source("3")).shape == PATCH.shape


def test_schemes_tell_their_autoencoders(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "photographs").mkdir()
    save_picture(PHOTOS[1].detail(96), tmp_path / "photographs" / "one.png")
    triplets = Triplets(open_pack(tmp_path / "photographs"), Cnn(folder), 3, size=32)
    assert triplets[1]["p0"].shape == (3, 32, 32)
    assert not torch.equal(triplets[1]["p0"], triplets[1]["p1"])
    assert triplets.scheme.told["autoencoders"] == 4
    write_triplets(triplets, tmp_path / "made", workers=1)
    record = pl.read_parquet(triplet_folder(tmp_path / "made", triplets) / "distortions.parquet")
    assert record["p0_name"][0].startswith("autoencoder-00")
    assert record.schema["p0_strengths"] == pl.List(pl.Float64)
    assert Traditional().told == {}


def test_schemes_want_autoencoders_or_none(folder: Path) -> None:
    with pytest.raises(UsageError, match="the scheme cnn wants a folder of autoencoders"):
        create_scheme("cnn")
    with pytest.raises(UsageError, match="takes no autoencoders"):
        create_scheme("traditional", folder)
