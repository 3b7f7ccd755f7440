"""Content loss: difference of features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from beholder.backbones.choice import choose
from beholder.losses.layer_sum import sum_over_layers
from beholder.losses.layers import read_layer_weights
from beholder.losses.picture_loss import PictureLoss
from beholder.metrics.content import content_map
from beholder.ops.shapes import check_pair
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor

__all__ = ["ContentLoss", "content"]

Penalty = Literal["l1", "l2"]


def content(x: Tensor, y: Tensor, penalty: Penalty = "l2") -> Tensor:
    r"""Mean squared or absolute difference of the features of one layer.

    .. math:: \frac{1}{C H W} \sum_{chw} (x_{chw} - y_{chw})^2 \quad \text{or} \quad
        \frac{1}{C H W} \sum_{chw} |x_{chw} - y_{chw}|

    Args:
        x: Features, shape (N, ...).
        y: Features, same shape.
        penalty: ``"l2"``, squared, or ``"l1"``, absolute.

    Returns:
        Shape (N,), at least 0.
    """
    differences = content_map(x, y) if penalty == "l2" else (x - y).abs()
    return differences.flatten(1).mean(1)


class ContentLoss(PictureLoss):
    r"""Content loss: the features of a pretrained network shall be those of the target, place by place.

    The mean difference of each layer, see `content`, times the layer's weight, summed over layers.

    Args:
        layers: The layers: a list, or their names joined by ``+``. Before or after the ReLU is said by the name:
            ``"conv5_4"``, ``"relu2_2"``.
        backbone: A network of torchvision or timm, as `beholder.backbones.Backbone` takes it.
        weights: A file to take the network's weights from; by default the cache.
        penalty: ``"l2"``, squared differences, or ``"l1"``, absolute ones.
        layer_weights: What each layer weighs: a list, or numbers joined by ``+``. By default 1 each.

    Raises:
        UsageError: If an option is unknown or impossible.
        WeightsError: If weights are missing or damaged.

    References:
        Johnson et al., "Perceptual Losses for Real-Time Style Transfer and Super-Resolution", ECCV 2016,
        arXiv:1603.08155, equation 2, there with the square of the norm; ``"relu2_2"`` is its layer for
        super-resolution.
    """

    title = "Difference of a pretrained network's features"
    paper = "Johnson et al., ECCV 2016, arXiv:1603.08155"

    def __init__(
        self,
        layers: str | Sequence[str] = "relu2_2",
        *,
        backbone: str = "vgg16",
        weights: str | Path | None = None,
        penalty: Penalty = "l2",
        layer_weights: str | Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        choice = choose(backbone, layers, weights)
        if penalty not in get_args(Penalty):
            raise UsageError(f"penalty is {penalty!r}; expected one of {', '.join(get_args(Penalty))}.")
        self.layer_weights = read_layer_weights(layer_weights, len(choice.layers))
        self.backbone = choice.build()
        self.penalty: Penalty = penalty

    def per_image(self, x: Tensor, y: Tensor) -> Tensor:
        """How far the features are from the target's, shape (N,), at least 0."""
        check_pair(x, y)
        return sum_over_layers(
            self.backbone, self.layer_weights, x, y, lambda _, a, b: content(a, b, self.penalty)
        )

    def extra_repr(self) -> str:
        """The penalty and the layers' weights."""
        return f"penalty={self.penalty!r}, layer_weights={self.layer_weights}"
