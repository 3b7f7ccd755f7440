"""Style loss: difference of Gram matrices, of whole pictures or patch by patch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch.nn import functional

from beholder.backbones.choice import choose
from beholder.backbones.sizes import feature_shapes
from beholder.losses.layer_sum import check_any_size, sum_over_layers
from beholder.losses.layers import read_layer_weights
from beholder.losses.picture_loss import PictureLoss
from beholder.metrics.gram import DEFAULT_LAYERS, gram_distance
from beholder.ops.shapes import check_pair
from beholder.spec import ShapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor

    from beholder.backbones import Backbone

__all__ = ["GramLoss", "patch_gram_distance"]

_PROBE = 256  # pixels; strides of networks divide it


def patch_gram_distance(x: Tensor, y: Tensor, side: int) -> Tensor:
    """Gram distance patch by patch, mean over the patches.

    The maps are cut into patches that do not overlap; places that are missing in those at the right and bottom count
    as 0. Each patch's matrices are divided once by its C H W.

    Args:
        x: Features, shape (N, C, H, W).
        y: Features, same shape.
        side: Height and width of a patch, in places.

    Returns:
        Shape (N,), at least 0.
    """
    distances = gram_distance(_cut(x, side), _cut(y, side))
    return distances.view(len(x), -1).mean(1)


def _cut(features: Tensor, side: int) -> Tensor:
    """Patches as a batch, shape (N P, C, side, side)."""
    count, channels, height, width = features.shape
    down, across = math.ceil(height / side), math.ceil(width / side)
    whole = functional.pad(features, (0, across * side - width, 0, down * side - height))
    cells = whole.view(count, channels, down, side, across, side)
    return cells.permute(0, 2, 4, 1, 3, 5).flatten(0, 2)


class GramLoss(PictureLoss):
    r"""Style loss: features shall go together as often as in the target, wherever they stand.

    The squared Frobenius norm of the difference of the Gram matrices, each divided once by C H W, summed over
    layers: of the whole picture, or the mean over its patches.

    Args:
        layers: The layers: a list, or their names joined by ``+``. By default the paper's.
        patch: Compare patches of so many pixels a side, which do not overlap, each with the same place in the
            target. ``None`` compares whole pictures, and these may differ in size.
        backbone: A network of torchvision or timm, as `beholder.backbones.Backbone` takes it.
        weights: A file to take the network's weights from; by default the cache.
        layer_weights: What each layer weighs: a list, or numbers joined by ``+``. By default 1 each.

    Raises:
        UsageError: If an option is unknown or impossible.
        WeightsError: If weights are missing or damaged.

    References:
        Johnson et al., "Perceptual Losses for Real-Time Style Transfer and Super-Resolution", ECCV 2016,
        arXiv:1603.08155, equations 3 and 4; patch by patch: Sajjadi et al., "EnhanceNet: Single Image
        Super-Resolution Through Automated Texture Synthesis", ICCV 2017, arXiv:1612.07919.
        Deviation from EnhanceNet: features are not scaled, and matrices are divided by C H W.
    """

    title = "Difference of the Gram matrices of a pretrained network's features: style"
    paper = "Johnson et al., ECCV 2016, arXiv:1603.08155"

    def __init__(
        self,
        layers: str | Sequence[str] = DEFAULT_LAYERS,
        *,
        patch: int | None = None,
        backbone: str = "vgg16",
        weights: str | Path | None = None,
        layer_weights: str | Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        choice = choose(backbone, layers, weights)
        if patch is not None and (isinstance(patch, bool) or not isinstance(patch, int) or patch < 1):
            raise UsageError(f"patch is {patch!r}; expected a number of pixels, such as 16.")
        self.layer_weights = read_layer_weights(layer_weights, len(choice.layers))
        self.backbone = choice.build()
        self.patch = patch
        self.sides = {} if patch is None else _sides(self.backbone, patch)

    def per_image(self, x: Tensor, y: Tensor) -> Tensor:
        """How far the style is from the target's, shape (N,), at least 0."""
        if x.shape == y.shape or self.patch is not None:
            check_pair(x, y)
        else:
            check_any_size(x, y)
        if self.patch is not None and self.patch > min(x.shape[-2:]):
            height, width = x.shape[-2:]
            raise ShapeError(
                f"the picture is {width}x{height}; expected at least one patch, {self.patch}x{self.patch} pixels."
            )
        return sum_over_layers(self.backbone, self.layer_weights, x, y, self._compare)

    def _compare(self, layer: str, x: Tensor, y: Tensor) -> Tensor:
        return gram_distance(x, y) if self.patch is None else patch_gram_distance(x, y, self.sides[layer])

    def extra_repr(self) -> str:
        """The patch and the layers' weights."""
        return f"patch={self.patch}, layer_weights={self.layer_weights}"


def _sides(backbone: Backbone, patch: int) -> dict[str, int]:
    """Layer -> places along a patch's side; at least 1."""
    smaller, larger = (feature_shapes(backbone.trunk, size, size) for size in (_PROBE, 2 * _PROBE))
    sides = {}
    for layer in backbone.layers:
        stride = _PROBE / max(1, larger[layer][-1] - smaller[layer][-1])
        places = patch / stride
        if places > 1 and not places.is_integer():
            raise UsageError(
                f"patch is {patch}, and places of the layer {layer} stand {stride:g} pixels apart; "
                f"expected a multiple of {stride:g}, or less."
            )
        sides[layer] = max(1, int(places))
    return sides
