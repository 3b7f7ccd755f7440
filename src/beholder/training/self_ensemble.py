"""The mean of what a network makes of a picture turned and mirrored."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from beholder.networks.padding import pad_to_multiple

__all__ = ["SelfEnsemble"]

_ALIGNED = 16  # sides are multiples of it, so that a network that folds pixels folds a turned tile as the turned whole


class SelfEnsemble(nn.Module):
    """A network that restores each picture in eight positions and takes the mean of the eight results, turned back.

    Args:
        network: Takes pictures of any size, and has a ``scale``; it is called eight times.

    References:
        Timofte, Rothe, Van Gool, "Seven ways to improve example-based single image super resolution", CVPR 2016,
        doi:10.1109/CVPR.2016.206; the "+" of EDSR+ (arXiv:1707.02921).
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.scale = int(network.scale)  # type: ignore[arg-type]  # restoration networks have one

    def forward(self, x: Tensor) -> Tensor:
        """Shape (N, C, H, W), in [0, 1], to (N, C, scale * H, scale * W), about in [0, 1]."""
        height, width = (self.scale * side for side in x.shape[-2:])
        padded = pad_to_multiple(x, _ALIGNED)
        results = []
        for mirrored in (False, True):
            side = padded.flip(3) if mirrored else padded
            for turns in range(4):
                turned = torch.rot90(side, turns, (2, 3)).contiguous(memory_format=torch.channels_last)
                back = torch.rot90(self.network(turned), -turns, (2, 3))
                results.append(back.flip(3) if mirrored else back)
        return torch.stack(results).mean(0)[..., :height, :width]
