"""Pictures in tiles."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from beholder.backbones import Backbone
from beholder.backbones import tiles as tiles_module
from beholder.backbones.stages import CHAIN_STAGES
from beholder.backbones.tiles import cut_into_tiles, join_tiles

SIZE = (391, 477)  # no multiples of a network's step


@pytest.fixture(params=["alexnet", pytest.param("vgg16", marks=pytest.mark.slow), "squeezenet1_1"])
def backbone(request: pytest.FixtureRequest, squeezenet_file: Path) -> Backbone:
    name: str = request.param
    weights = squeezenet_file if name.startswith("squeeze") else None
    return Backbone(name, CHAIN_STAGES[name], weights=weights)


@pytest.mark.parametrize("side", [256, 300])
def test_tiles_have_the_features_of_the_whole(
    backbone: Backbone, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles_module, "_PIXELS", side * side)
    x = torch.rand(1, 3, *SIZE)
    with torch.inference_mode():
        whole = backbone(x)
    tiles = cut_into_tiles(backbone, SIZE)
    assert len(tiles) > 1
    assert len(tiles[0]) > 1
    assert max(tile.of(x)[0, 0].numel() for row in tiles for tile in row) <= side * side
    with torch.inference_mode():
        seen = [[(tile, backbone(tile.of(x))) for tile in row] for row in tiles]
    for layer, expected in whole.items():
        joined = join_tiles([[tile.inner(layer, each[layer]) for tile, each in row] for row in seen])
        assert joined.shape == expected.shape
        # Sums are added in other orders; a row that is cut off too early is another by far.
        assert (joined - expected).abs().max() < 1e-5 * expected.abs().max(), layer


def test_small_pictures_stay_whole(backbone: Backbone) -> None:
    x = torch.rand(1, 3, *SIZE)
    ((tile,),) = cut_into_tiles(backbone, SIZE)
    assert tile.of(x) is x


def test_networks_of_other_parts_see_pictures_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles_module, "_PIXELS", 100)
    assert len(cut_into_tiles(Backbone("stlpips_alex", ["relu1"]), SIZE)) == 1
