"""Shift-tolerant LPIPS (ST-LPIPS)."""

from __future__ import annotations

from typing import Literal, NamedTuple

from torch import Tensor, nn

from beholder.backbones import Backbone, WeightFile, door
from beholder.metrics.lpips import draw_layers, layer_distances, sum_layers
from beholder.ops.shapes import check_pair
from beholder.spec import MetricSpec, UsageError

__all__ = ["ShiftTolerantLPIPS"]

Network = Literal["alex", "vgg"]


class _Trunk(NamedTuple):
    network: str
    layers: tuple[str, ...]
    min_size: int


_TRUNKS = {
    "alex": _Trunk("alexnet", ("relu1", "relu2", "relu3", "relu4", "relu5"), 21),
    "vgg": _Trunk("vgg16", ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3"), 18),
}


class ShiftTolerantLPIPS(nn.Module):
    r"""LPIPS on a network that blurs before it leaves pixels out, all of its weights learned from people.

    .. math:: \sum_l \frac{1}{H_l W_l} \sum_{hw} \sum_c w_{lc} \left(\hat x_{lchw} - \hat y_{lchw}\right)^2

    with the features of layer l scaled to unit length along their channels, as `lpips.layer_distance` does. Against
    LPIPS's networks: pooling moves by one pixel and is followed by a blur that keeps every other one, its border
    mirrored two wide; AlexNet's first convolution moves by one pixel, too, with such a blur before its ReLU.

    Args:
        network: ``"alex"`` or ``"vgg"``.

    Raises:
        UsageError: If the network is unknown.
        WeightsError: If weights are missing or damaged.

    References:
        Ghildyal and Liu, "Shift-tolerant Perceptual Similarity Metric", ECCV 2022, arXiv:2207.13686.
        Deviation from the authors' code: none in the score; the gradient of a length of 0 is 0, not NaN.
    """

    traceable = True

    def __init__(self, network: Network = "alex") -> None:
        super().__init__()
        self.spec = self.describe(network)
        card = f"stlpips_{network}"
        self.backbone = Backbone(card, _TRUNKS[network].layers)
        self.weights: tuple[WeightFile, ...] = (self.backbone.weights,)
        tensors, _ = door.load(card)
        for index in range(len(self.backbone.layers)):
            self.register_buffer(f"weight{index}", tensors[f"lin{index}.weight"].flatten(), persistent=False)

    @staticmethod
    def describe(network: Network = "alex") -> MetricSpec:
        """The specification of the metric with these options."""
        if network not in _TRUNKS:
            raise UsageError(f"network is {network!r}; expected one of {', '.join(_TRUNKS)}.")
        return MetricSpec(
            name=f"stlpips_{network}",
            title=f"Distance of features of an {_TRUNKS[network].network} that bears shifts, learned from people",
            direction="lower",
            best=0.0,
            range=(0.0, float("inf")),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=_TRUNKS[network].min_size,
            paper="Ghildyal and Liu, ECCV 2022, arXiv:2207.13686",
            map_range=(0.0, 0.6),
            weights=(f"stlpips_{network}",),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), at least 0."""
        return sum_layers(self._distances(x, y))

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and each pixel's part in them, (N, 1, H, W): the layers' maps enlarged and added."""
        distances = self._distances(x, y)
        return sum_layers(distances), draw_layers(distances, x.shape[-2:])

    def _distances(self, x: Tensor, y: Tensor) -> list[Tensor]:
        check_pair(x, y, min_size=self.spec.min_size)
        features_x, features_y = ((features for _, features in self.backbone.walk(z)) for z in (x, y))
        weights = (self.get_buffer(f"weight{index}") for index in range(len(self.backbone.layers)))
        return layer_distances(features_x, features_y, weights)
