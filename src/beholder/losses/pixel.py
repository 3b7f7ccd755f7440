"""Differences of pixels: L1, L2, Charbonnier, Huber."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, get_args

import torch

from beholder.losses.picture_loss import PictureLoss
from beholder.metrics.mse import check_pixel_options, pixel_difference
from beholder.spec import ShapeError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from beholder.ops.color import Channel

__all__ = ["PENALTIES", "Penalty", "PixelLoss", "check_penalty", "masked_mean", "penalise"]

Penalty = Literal["l1", "l2", "charbonnier", "huber"]
PENALTIES: tuple[Penalty, ...] = get_args(Penalty)

_EPSILON = 1e-3
_DELTA = 1.0
_LEAST = 1e-12  # its square is a number in float32


def check_penalty(penalty: str, *, epsilon: float | None = None, delta: float | None = None) -> None:
    """Refuse a penalty that `penalise` does not know, and options that are impossible or another penalty's.

    Args:
        penalty: The penalty's name.
        epsilon: That of ``"charbonnier"``; ``None`` where it is not given.
        delta: That of ``"huber"``; ``None`` where it is not given.

    Raises:
        UsageError: If a name or number is not allowed.
    """
    if penalty not in PENALTIES:
        raise UsageError(f"penalty is {penalty!r}; expected one of {', '.join(PENALTIES)}.")
    for name, given, owner in (("epsilon", epsilon, "charbonnier"), ("delta", delta, "huber")):
        if given is None:
            continue
        if penalty != owner:
            raise UsageError(f"{name} goes with the penalty {owner!r}, not with {penalty!r}.")
        if not _LEAST <= given < math.inf:
            raise UsageError(f"{name} is {given!r}; expected a number of at least {_LEAST:g}.")


def penalise(
    difference: Tensor, penalty: Penalty, *, epsilon: float = _EPSILON, delta: float = _DELTA
) -> Tensor:
    r"""What each difference costs.

    .. math::
        \text{l1}: |d| \qquad \text{l2}: d^2 \qquad \text{charbonnier}: \sqrt{d^2 + \epsilon^2} \qquad
        \text{huber}: \begin{cases} d^2 / 2 & |d| \le \delta \\ \delta (|d| - \delta / 2) & |d| > \delta \end{cases}

    Args:
        difference: The differences d, any shape.
        penalty: Its name.
        epsilon: Where Charbonnier goes from the square to the absolute value. It is added squared, so the cost of no
            difference is epsilon, not 0.
        delta: Where Huber goes from the square to the absolute value.

    Returns:
        Shape of ``difference``, at least 0. The gradient at 0 is 0.

    References:
        Charbonnier: Lai et al., "Deep Laplacian Pyramid Networks for Fast and Accurate Super-Resolution", CVPR 2017,
        arXiv:1704.03915; Wang et al., "Deep Learning for Image Super-resolution: A Survey", arXiv:1902.06068.
        Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical Statistics 1964,
        doi:10.1214/aoms/1177703732; scaled as ``torch.nn.functional.huber_loss``.
    """
    if penalty == "l2":
        return difference.square()
    if penalty == "charbonnier":
        return (difference.square() + epsilon**2).sqrt()
    size = difference.abs()
    if penalty == "l1":
        return size
    near = size.clamp_max(delta)
    return near * (size - near / 2)


def masked_mean(costs: Tensor, mask: Tensor | None) -> Tensor:
    r"""Mean of each picture's costs, each place weighing what the mask says.

    .. math:: \frac{\sum_{chw} m_{hw} c_{chw}}{C \sum_{hw} m_{hw}}

    Args:
        costs: Shape (N, C, H, W).
        mask: Weights, at least 0, shape (N, 1, H, W) or (1, 1, H, W); booleans too. ``None`` weighs all places alike.

    Returns:
        Shape (N,). A mask that is 0 everywhere gives 0, with gradient 0.

    Raises:
        ShapeError: If the mask has another shape, is on another device, or a weight is below 0 or no number.
    """
    if mask is None:
        return costs.flatten(1).mean(1)
    count, _, height, width = costs.shape
    if tuple(mask.shape) not in ((count, 1, height, width), (1, 1, height, width)):
        raise ShapeError(
            f"the mask has shape {tuple(mask.shape)}; expected ({count}, 1, {height}, {width}), or 1 for all pictures."
        )
    if mask.device != costs.device:
        raise ShapeError(
            f"the mask is on {mask.device} and the pictures on {costs.device}; expected the same."
        )
    weights = mask.to(costs.dtype)
    if not torch.compiler.is_compiling() and not bool(((weights >= 0) & weights.isfinite()).all()):
        raise ShapeError(
            "the mask holds values below 0, or that are no numbers; expected weights of at least 0."
        )
    # With the largest weight 1, no mask's sum is too small to divide by, unless it is 0.
    peak = weights.detach().amax((1, 2, 3), keepdim=True)
    weights = weights / torch.where(peak > 0, peak, 1)
    weighed = (weights * costs.mean(1, keepdim=True)).sum((1, 2, 3))
    total = weights.sum((1, 2, 3))
    return weighed / torch.where(total > 0, total, 1)


class PixelLoss(PictureLoss):
    r"""Mean of what the difference of each pixel costs.

    .. math:: \frac{1}{C H W} \sum_{chw} \rho(x_{chw} - y_{chw})

    where :math:`\rho` is the penalty, see `penalise`. Called with ``mask=...`` it is the mean weighted by the mask,
    see `masked_mean`.

    Args:
        penalty: ``"l1"``, ``"l2"``, ``"charbonnier"`` or ``"huber"``.
        channel: ``"rgb"`` or ``"y"`` (BT.601, studio swing).
        epsilon: The epsilon of ``"charbonnier"``; by default 1e-3.
        delta: The delta of ``"huber"``; by default 1.

    Raises:
        UsageError: If an option is unknown, impossible or another penalty's.
    """

    title = "Difference of pixels: L1, L2, Charbonnier or Huber"
    paper = (
        "Zhao et al., IEEE TCI 2017, doi:10.1109/TCI.2016.2644865; Lai et al., CVPR 2017, arXiv:1704.03915"
    )
    inputs = ("mask",)

    def __init__(
        self,
        penalty: Penalty,
        *,
        channel: Channel = "rgb",
        epsilon: float | None = None,
        delta: float | None = None,
    ) -> None:
        super().__init__()
        check_pixel_options(channel, 0)
        check_penalty(penalty, epsilon=epsilon, delta=delta)
        self.penalty = penalty
        self.channel = channel
        self.epsilon = _EPSILON if epsilon is None else epsilon
        self.delta = _DELTA if delta is None else delta

    def per_image(self, x: Tensor, y: Tensor, mask: Tensor | None = None) -> Tensor:
        """The mean cost of each picture, shape (N,), at least 0; for Charbonnier at least epsilon.

        Args:
            x: Pictures made by the network, shape (N, 3, H, W), about in [0, 1].
            y: Target pictures, same shape, in [0, 1].
            mask: What each place weighs, shape (N, 1, H, W) or (1, 1, H, W), at least 0.

        Raises:
            ShapeError: If the shapes differ, ``y`` leaves [0, 1], or the mask does not fit.
        """
        difference = pixel_difference(x, y, self.channel, 0)
        costs = penalise(difference, self.penalty, epsilon=self.epsilon, delta=self.delta)
        return masked_mean(costs, mask)

    def extra_repr(self) -> str:
        """The penalty and the channel."""
        return f"{self.penalty}, channel={self.channel}"
