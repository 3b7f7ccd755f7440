"""Tiles that leave no seam."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from beholder.catalog import create_network
from beholder.data.photos import PHOTOS
from beholder.training.self_ensemble import SelfEnsemble
from beholder.training.tiles import choose_tile, receptive_radius, restore_in_tiles


def shaken(request: str) -> nn.Module:
    """A network with weights that do something."""
    torch.manual_seed(0)
    network = create_network(request).eval()
    for parameter in network.parameters():
        if parameter.ndim > 1:
            nn.init.normal_(parameter, std=0.6 / parameter[0].numel() ** 0.5)
    return network


@pytest.mark.parametrize(
    ("request_", "radius"),
    [
        ("ar_cnn", 4 + 3 + 0 + 2),
        ("l8", 5 + 1 + 1 + 1 + 2 + 2),
    ],
)
def test_the_radius_is_that_of_the_layers(request_: str, radius: int) -> None:
    assert receptive_radius(shaken(request_)) == radius


def test_a_radius_beyond_the_short_strips() -> None:
    torch.manual_seed(0)
    assert receptive_radius(nn.Conv2d(3, 3, (1, 301), padding=(0, 150))) == 150


def test_a_network_that_looks_at_all_of_a_picture_has_no_radius() -> None:
    assert receptive_radius(shaken("transform")) is None


@pytest.mark.parametrize(
    "request_",
    [
        "l8",
        "compact:width=16:blocks=2",
        "compact:width=16:blocks=2:scale=2",
        "edsr:width=16:blocks=2:scale=3",
    ],
)
def test_tiles_equal_the_whole(request_: str) -> None:
    network = shaken(request_)
    picture = PHOTOS[0].load()[:, :150, :211]
    radius = receptive_radius(network)
    assert radius is not None
    seen: list[tuple[int, int]] = []
    tiled = restore_in_tiles(
        network, picture, tile=64, radius=radius, tell=lambda done, total: seen.append((done, total))
    )
    with torch.inference_mode():
        whole = network(picture[None])[0]
    assert seen[-1] == (12, 12)
    difference = (tiled.float() / 255 - whole.clamp(0, 1)).abs()
    assert difference.max() < 0.5 / 255 + 1e-4


def test_tiles_shrink_with_what_layers_hold() -> None:
    small, large = (create_network(name).eval() for name in ("compact:width=16", "edsr:width=128"))
    assert choose_tile(small, 55) == 512
    # The last convolutions read 128 and write 128 channels, or write 512 at half the resolution: 4x4 times a pixel.
    side = (800e6 / 4 / (16 * 2 * 128)) ** 0.5 - 2 * 48
    assert side - 16 < choose_tile(large, 36) <= side
    assert choose_tile(large, 500) == 64


def test_a_self_ensemble_turns_with_the_picture() -> None:
    network = shaken("compact:width=16:blocks=1:scale=2")
    picture = PHOTOS[0].load()[None, :, :48, :64]
    with torch.inference_mode():
        once, ensemble = network, SelfEnsemble(network)
        upright = ensemble(picture)
        for turn in (lambda x: x.rot90(1, (2, 3)), lambda x: x.flip(3), lambda x: x.flip(2).rot90(1, (2, 3))):
            assert (ensemble(turn(picture)) - turn(upright)).abs().max() < 1e-5
            assert (once(turn(picture)) - turn(once(picture))).abs().max() > 1e-2


@pytest.mark.parametrize("request_", ["compact:width=16:blocks=2", "edsr:width=16:blocks=2:scale=3"])
def test_tiles_of_a_self_ensemble_equal_the_whole(request_: str) -> None:
    network = shaken(request_)
    picture = PHOTOS[0].load()[:, :149, :211]
    radius = receptive_radius(network)
    assert radius is not None
    ensemble = SelfEnsemble(network)
    tiled = restore_in_tiles(ensemble, picture, tile=64, radius=radius)
    with torch.inference_mode():
        whole = ensemble(picture[None])[0]
    assert (tiled.float() / 255 - whole.clamp(0, 1)).abs().max() < 0.5 / 255 + 1e-4
