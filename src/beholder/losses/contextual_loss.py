"""Contextual loss: features that find their like anywhere in the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.backbones.choice import choose
from beholder.losses.layer_sum import check_any_size, sum_over_layers
from beholder.losses.layers import read_layer_weights
from beholder.losses.picture_loss import PictureLoss
from beholder.ops.contextual import Distance, check_options, contextual_distance

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor

__all__ = ["ContextualLoss", "contextual"]

contextual = contextual_distance


class ContextualLoss(PictureLoss):
    """Contextual loss: what the output shows must be found in the target, wherever it stands there.

    For targets that are not aligned with the output: style, faces, pictures taken from another place. Output and
    target may differ in size.

    Args:
        layers: The layers: a list, or their names joined by ``+``.
        bandwidth: The bandwidth h, above 0. 0.5 for style, 0.1 for super-resolution in the authors' papers.
        distance: ``"cosine"``, ``"l1"`` or ``"l2"``, see `contextual`.
        spatial_weight: Weight of the distance between places (contextual bilateral loss, CoBi); 0 leaves them out.
        sample: Compare so many places of each layer, drawn at each call, instead of all. All is exact, and its
            memory is bounded; time grows with the square of the number of places.
        backbone: A network of torchvision or timm, as `beholder.backbones.Backbone` takes it.
        weights: A file to take the network's weights from; by default the cache.
        layer_weights: What each layer weighs: a list, or numbers joined by ``+``. By default 1 each.

    Raises:
        UsageError: If an option is unknown or impossible.
        WeightsError: If weights are missing or damaged.

    References:
        Mechrez et al., "The Contextual Loss for Image Transformation with Non-Aligned Data", ECCV 2018,
        arXiv:1803.02077, and "Maintaining Natural Image Statistics with the Contextual Loss", ACCV 2018,
        arXiv:1803.04626; with places: Zhang et al., "Zoom to Learn, Learn to Zoom", CVPR 2019, arXiv:1905.05169.
    """

    title = "Features that find no like of theirs anywhere in the target"
    paper = "Mechrez et al., ECCV 2018, arXiv:1803.02077"

    def __init__(
        self,
        layers: str | Sequence[str] = "relu3_2+relu4_2",
        *,
        bandwidth: float = 0.5,
        distance: Distance = "cosine",
        spatial_weight: float = 0.0,
        sample: int | None = None,
        backbone: str = "vgg16",
        weights: str | Path | None = None,
        layer_weights: str | Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        choice = choose(backbone, layers, weights)
        check_options(bandwidth=bandwidth, distance=distance, spatial_weight=spatial_weight, sample=sample)
        self.layer_weights = read_layer_weights(layer_weights, len(choice.layers))
        self.backbone = choice.build()
        self.bandwidth = bandwidth
        self.distance: Distance = distance
        self.spatial_weight = spatial_weight
        self.sample = sample

    def per_image(self, x: Tensor, y: Tensor) -> Tensor:
        """How little of the target's features is found in x, shape (N,), at least 0."""
        check_any_size(x, y)
        return sum_over_layers(self.backbone, self.layer_weights, x, y, self._compare)

    def _compare(self, layer: str, x: Tensor, y: Tensor) -> Tensor:  # noqa: ARG002 -- each layer alike
        return contextual_distance(
            x,
            y,
            bandwidth=self.bandwidth,
            distance=self.distance,
            spatial_weight=self.spatial_weight,
            sample=self.sample,
        )
