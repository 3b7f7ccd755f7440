"""Networks of one channel on the luma of RGB pictures."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from beholder.catalog import create_degradation, create_network
from beholder.networks import RestorationNetwork
from beholder.networks.on_luma import OnLuma, for_rgb
from beholder.ops.resize import resize


class Darker(RestorationNetwork):
    """Takes a tenth away from every pixel, and enlarges by repetition."""

    def __init__(self, scale: int = 1) -> None:
        super().__init__(channels=1, scale=scale)

    def restore(self, x: Tensor) -> Tensor:
        return x.repeat_interleave(self.scale, 2).repeat_interleave(self.scale, 3) - 0.1


def luma(x: Tensor) -> Tensor:
    red, green, blue = x.unbind(1)
    return (16 + 65.481 * red + 128.553 * green + 24.966 * blue)[:, None] / 255


@pytest.mark.parametrize("scale", [1, 2])
def test_luma_is_the_networks_and_colours_stay(photos: Tensor, scale: int) -> None:
    x = photos[..., :21, :30]
    restored = OnLuma(Darker(scale))(x)
    assert torch.allclose(luma(restored), Darker(scale)(luma(x)), atol=1e-6)
    change = restored - resize(x, 21 * scale, 30 * scale)
    assert (change - change[:, :1]).abs().max() < 1e-6
    assert change.abs().max() > 0.1


def test_a_perfect_network_undoes_what_jpeg_did_to_luma(photos: Tensor) -> None:
    clean = photos[0, :, :64, :64] * 0.5 + 0.25  # away from black and white, where the damage is cut off
    spoilt = create_degradation("jpeg:quality=10:channel=y")(clean, torch.Generator())

    class Perfect(Darker):
        def restore(self, x: Tensor) -> Tensor:
            return luma(clean[None])

    assert (spoilt - clean).abs().max() > 0.02
    assert (
        OnLuma(Perfect())(spoilt[None])[0] - clean
    ).abs().max() < 1.5 / 255  # what was stored has 256 levels


def test_it_is_used_where_there_is_one_channel() -> None:
    one, three = (create_network("compact", channels=channels, width=8, blocks=1) for channels in (1, 3))
    assert for_rgb(three) is three
    assert isinstance(for_rgb(one), OnLuma)
    enlarging = for_rgb(create_network("edsr", channels=1, scale=4, width=8, blocks=1))
    assert enlarging(torch.rand(2, 3, 5, 7)).shape == (2, 3, 20, 28)
