"""Shift-tolerant LPIPS (ST-LPIPS)."""

from __future__ import annotations

from typing import Literal, NamedTuple

from beholder.backbones import Backbone, door
from beholder.metrics.lpips import FeatureDistance
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


class ShiftTolerantLPIPS(FeatureDistance):
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

    def __init__(self, network: Network = "alex") -> None:
        spec = self.describe(network)
        card = f"stlpips_{network}"
        backbone = Backbone(card, _TRUNKS[network].layers)
        tensors, _ = door.load(card)
        weights = [tensors[f"lin{index}.weight"].flatten() for index in range(len(backbone.layers))]
        super().__init__(backbone, weights)
        self.spec = spec

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
