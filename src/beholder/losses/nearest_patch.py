"""Nearest-patch loss (CNNMRF): each patch of features as its best match in the target."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from beholder.backbones.choice import choose
from beholder.losses.layer_sum import check_any_size, sum_over_layers
from beholder.losses.layers import read_layer_weights
from beholder.losses.picture_loss import PictureLoss
from beholder.spec import ShapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["NearestPatchLoss", "match_patches", "nearest_patch"]

_TILE = 2**23  # correlations that are held at once


def nearest_patch(x: Tensor, y: Tensor, size: int = 3) -> Tensor:
    r"""Mean squared difference of each patch of features from its best match among the patches of y.

    With the patches :math:`p_i` of x and :math:`q_j` of y, of S x S places each,

    .. math::
        \frac{1}{P C S^2} \sum_i \|p_i - q_{m(i)}\|^2, \qquad
        m(i) = \arg\max_j \frac{p_i \cdot q_j}{\|p_i\| \|q_j\|}

    over the P patches of x, at every place. Which patch matches is held fixed when gradients are taken.

    Args:
        x: Features, shape (N, C, H, W).
        y: Features, shape (N, C, H', W').
        size: Height and width S of a patch, in places.

    Returns:
        Shape (N,), at least 0.

    Raises:
        ShapeError: If the batches or channels differ, or a map is smaller than a patch.

    References:
        Li and Wand, "Combining Markov Random Fields and Convolutional Neural Networks for Image Synthesis",
        CVPR 2016, arXiv:1601.04589, equations 2 and 3.
        Deviation from the paper: the mean over patches and their values, where the paper has the sum.
    """
    if x.ndim != 4 or y.ndim != 4 or x.shape[:2] != y.shape[:2]:
        raise ShapeError(
            f"the features have shapes {tuple(x.shape)} and {tuple(y.shape)}; expected (N, C, H, W) with equal N and C."
        )
    if (smallest := min(*x.shape[2:], *y.shape[2:])) < size:
        raise ShapeError(
            f"the features are {smallest} places high or wide; expected at least {size}, one patch. "
            "Take larger pictures, an earlier layer or a smaller patch."
        )
    return torch.stack([_distance(a, b, match_patches(a, b, size), size) for a, b in zip(x, y, strict=True)])


def _distance(x: Tensor, y: Tensor, match: Tensor, size: int) -> Tensor:
    """Mean squared difference of the patches of x, shape (C, H, W), from those at the places `match` in y."""
    rows, columns = match // (y.shape[2] - size + 1), match % (y.shape[2] - size + 1)

    def compare(x: Tensor, y: Tensor, down: int, across: int) -> Tensor:
        here = x[:, down : down + match.shape[0], across : across + match.shape[1]]
        return (here - y[:, rows + down, columns + across]).square().mean()

    # One place of the patches at a time, computed again on the way back: whole patches hold S^2 times the features.
    parts = [
        checkpoint(compare, x, y, down, across, use_reentrant=False, preserve_rng_state=False)
        for down in range(size)
        for across in range(size)
    ]
    return torch.stack(parts).mean()


@torch.no_grad()
def match_patches(x: Tensor, y: Tensor, size: int) -> Tensor:
    """Where in y the patch stands that correlates best with each patch of x; exact, without gradients.

    The correlations of all patches are never held at once: memory grows with the number of patches, not with its
    square. Those of patches are sums of those of places, which are computed once for all patches that share them.

    Args:
        x: Features of one picture, shape (C, H, W).
        y: Features of another, shape (C, H', W').
        size: Height and width of a patch, in places.

    Returns:
        Shape (H - size + 1, W - size + 1): the row of the match times W' - size + 1, plus its column; the first of
        equally good ones.
    """
    rows, columns = (side - size + 1 for side in x.shape[1:])
    rows_y, columns_y = (side - size + 1 for side in y.shape[1:])
    energy = functional.avg_pool2d(y.square().sum(0, keepdim=True), size, 1)[0]
    # The length of the patch of x does not change which is best. One without features correlates with none.
    scale = energy.clamp_min(torch.finfo(y.dtype).tiny).rsqrt()
    block = max(1, math.isqrt(_TILE // y[0].numel()) - size + 1)
    match = torch.empty(rows, columns, dtype=torch.long, device=x.device)
    for top in range(0, rows, block):
        for left in range(0, columns, block):
            tile = x[:, top : top + block + size - 1, left : left + block + size - 1]
            height, width = (side - size + 1 for side in tile.shape[1:])
            places = (tile.flatten(1).T @ y.flatten(1)).view(*tile.shape[1:], *y.shape[1:])
            correlation = x.new_zeros(height, width, rows_y, columns_y)
            for down in range(size):
                for across in range(size):
                    correlation += places[down:, across:, down:, across:][
                        :height, :width, :rows_y, :columns_y
                    ]
            match[top : top + block, left : left + block] = (correlation * scale).flatten(2).argmax(2)
    return match


class NearestPatchLoss(PictureLoss):
    """Nearest-patch loss: every small piece of the output's features shall stand somewhere in the target's.

    `nearest_patch` of each layer, times the layer's weight, summed over layers. For style: output and target may
    differ in size.

    Args:
        layers: The layers: a list, or their names joined by ``+``. By default the paper's.
        size: Height and width of a patch, in places of the layer.
        backbone: A network of torchvision or timm, as `beholder.backbones.Backbone` takes it.
        weights: A file to take the network's weights from; by default the cache.
        layer_weights: What each layer weighs: a list, or numbers joined by ``+``. By default 1 each.

    Raises:
        UsageError: If an option is unknown or impossible.
        WeightsError: If weights are missing or damaged.

    References:
        Li and Wand, "Combining Markov Random Fields and Convolutional Neural Networks for Image Synthesis",
        CVPR 2016, arXiv:1601.04589. Deviation from the paper: VGG-16 instead of VGG-19, whose weights no package
        ships; ``backbone="vgg19"`` is the paper's.
    """

    title = "Patches of features that differ from their best match in the target"
    paper = "Li and Wand, CVPR 2016, arXiv:1601.04589"

    def __init__(
        self,
        layers: str | Sequence[str] = "relu3_1+relu4_1",
        *,
        size: int = 3,
        backbone: str = "vgg16",
        weights: str | Path | None = None,
        layer_weights: str | Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        choice = choose(backbone, layers, weights)
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise UsageError(f"size is {size!r}; expected the places along a patch's side, such as 3.")
        self.layer_weights = read_layer_weights(layer_weights, len(choice.layers))
        self.backbone = choice.build()
        self.size = size

    def per_image(self, x: Tensor, y: Tensor) -> Tensor:
        """How far the patches are from their matches in the target, shape (N,), at least 0."""
        check_any_size(x, y)
        return sum_over_layers(
            self.backbone, self.layer_weights, x, y, lambda _, a, b: nearest_patch(a, b, self.size)
        )

    def extra_repr(self) -> str:
        """The patch and the layers' weights."""
        return f"size={self.size}, layer_weights={self.layer_weights}"
