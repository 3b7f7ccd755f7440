"""A network for one channel, on the luma of RGB pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.networks.enlarging import enlarge
from beholder.networks.restoration import RestorationNetwork
from beholder.ops.color import replace_luma, rgb_to_y

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["OnLuma", "for_rgb"]


class OnLuma(RestorationNetwork):
    """Restore the luma of RGB pictures with a network of one channel; colours stay.

    What luma gains is added to red, green and blue alike, so that the luma of the result is exactly what the network
    made of the picture's luma. Where the network enlarges, colours are those of the picture, enlarged bicubically.

    Args:
        network: A network with ``channels=1``.
    """

    title = "A network of one channel on luma"

    def __init__(self, network: RestorationNetwork) -> None:
        super().__init__(channels=3, scale=network.scale)
        self.network = network

    def restore(self, x: Tensor) -> Tensor:
        """Shape (N, 3, H, W), in [0, 1], to (N, 3, scale * H, scale * W)."""
        restored: Tensor = self.network(rgb_to_y(x))
        return replace_luma(enlarge(x, self.scale), restored)


def for_rgb(network: RestorationNetwork) -> RestorationNetwork:
    """A network that takes RGB pictures: itself where it has three channels, else it on their luma."""
    return network if network.channels == 3 else OnLuma(network)
