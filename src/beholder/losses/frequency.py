"""Differences of frequencies: focal frequency loss, and amplitudes alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, get_args

import torch

from beholder.losses.picture_loss import PictureLoss
from beholder.ops.shapes import check_pair
from beholder.spec import UsageError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["FrequencyLoss", "Kind", "amplitude_difference", "focal_frequency"]

Kind = Literal["focal", "amplitude"]
_KINDS: tuple[Kind, ...] = get_args(Kind)


def _spectrum(x: Tensor) -> Tensor:
    """Half of the orthonormal 2-D Fourier transform, shape (N, C, H, W // 2 + 1); the rest mirrors it."""
    half: Tensor = torch.fft.rfft2(x, norm="ortho")
    return half


def _mean(half: Tensor, width: int) -> Tensor:
    """Mean over channels and all frequencies, of values at half of them: (N, C, H, width // 2 + 1) -> (N,)."""
    count = half.new_full((half.shape[-1],), 2.0)
    # The first column, and of an even width the last, mirror themselves.
    count[0] = 1
    if width % 2 == 0:
        count[-1] = 1
    return (half * (count / width)).sum(-1).flatten(1).mean(1)


def focal_frequency(x: Tensor, y: Tensor, *, alpha: float = 1.0) -> Tensor:
    r"""Squared differences of frequencies, weighted towards those that differ most.

    .. math:: \frac{1}{C H W} \sum_{cuv} w_{cuv} |d_{cuv}|^2, \qquad d = F(x) - F(y), \qquad
        w_{cuv} = \left(\frac{|d_{cuv}|}{\max_{uv} |d_{cuv}|}\right)^\alpha

    with the orthonormal Fourier transform F of each channel. The weights are constants: no gradient flows through
    them.

    Args:
        x: Pictures, shape (N, C, H, W).
        y: Target pictures, same shape.
        alpha: How strongly the weights prefer what differs most, at least 0. 0 gives the mean squared error.

    Returns:
        Shape (N,), at least 0.

    References:
        Jiang et al., "Focal Frequency Loss for Image Reconstruction and Synthesis", ICCV 2021, arXiv:2012.12821,
        equations 6 to 8. The maximum is that of each picture's channel, as in the authors' code by default, not that
        of the batch. Their options of patches, of logarithms and of averages over the batch are left out.
    """
    difference = _spectrum(x - y)
    power = torch.view_as_real(difference).square().sum(-1)
    size = difference.detach().abs()
    peak = size.amax((-2, -1), keepdim=True)
    weights = (size / torch.where(peak > 0, peak, 1)).pow(alpha)
    return _mean(weights * power, x.shape[-1])


def amplitude_difference(x: Tensor, y: Tensor) -> Tensor:
    r"""Mean absolute difference of the amplitudes of frequencies; phases are free.

    .. math:: \frac{1}{C H W} \sum_{cuv} \left| |F(x)_{cuv}| - |F(y)_{cuv}| \right|

    with the orthonormal Fourier transform F of each channel.

    Args:
        x: Pictures, shape (N, C, H, W).
        y: Target pictures, same shape.

    Returns:
        Shape (N,), at least 0. Where an amplitude is 0 the gradient through it is 0.
    """
    return _mean((_spectrum(x).abs() - _spectrum(y).abs()).abs(), x.shape[-1])


class FrequencyLoss(PictureLoss):
    """Difference of frequencies, in each of the three channels.

    Args:
        kind: ``"focal"``, see `focal_frequency`, or ``"amplitude"``, see `amplitude_difference`.
        alpha: Exponent of the weights of ``"focal"``, at least 0.

    Raises:
        UsageError: If an option is unknown, impossible or of the other kind.
    """

    title = "Difference of frequencies, focal or of amplitudes alone"
    paper = "Jiang et al., ICCV 2021, arXiv:2012.12821"

    def __init__(self, *, kind: Kind = "focal", alpha: float = 1.0) -> None:
        super().__init__()
        if kind not in _KINDS:
            raise UsageError(f"kind is {kind!r}; expected one of {', '.join(_KINDS)}.")
        if not 0 <= alpha < math.inf:
            raise UsageError(f"alpha is {alpha!r}; expected a number of at least 0.")
        if kind == "amplitude" and alpha != 1:
            raise UsageError("alpha goes with kind 'focal', not with 'amplitude'.")
        self.kind = kind
        self.alpha = alpha

    def per_image(self, x: Tensor, y: Tensor) -> Tensor:
        """The mean difference of each picture's frequencies, shape (N,), at least 0.

        Args:
            x: Pictures made by the network, shape (N, 3, H, W), about in [0, 1].
            y: Target pictures, same shape, in [0, 1].

        Raises:
            ShapeError: If the shapes differ or ``y`` leaves [0, 1].
        """
        check_pair(x, y)
        return (
            amplitude_difference(x, y)
            if self.kind == "amplitude"
            else focal_frequency(x, y, alpha=self.alpha)
        )
