"""Pooling that blurs before it leaves pixels out, so that features change little when a picture is shifted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["BlurPool", "L2Pool"]

_L2_EPS = 1e-12  # of the authors' code, which the published scores hold


def _halve(x: Tensor, padding: int = 0) -> Tensor:
    """Weighted means of every other 3x3 block: weights 1 2 1 in each direction."""
    channels = x.shape[1]
    weights = x.new_tensor([1, 2, 1]) / 4
    kernel = (weights[:, None] * weights).expand(channels, 1, 3, 3)
    return functional.conv2d(x, kernel, stride=2, padding=padding, groups=channels)


class BlurPool(nn.Module):
    """Every other weighted mean of 3x3 features, with two mirrored rows and columns on each side.

    References:
        Zhang, "Making Convolutional Networks Shift-Invariant Again", ICML 2019, arXiv:1904.11486; the wide border
        from Ghildyal and Liu, ECCV 2022, arXiv:2207.13686.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Shape (N, C, H, W), H and W at least 3, to (N, C, ceil(H / 2) + 1, ceil(W / 2) + 1)."""
        return _halve(functional.pad(x, (2, 2, 2, 2), mode="reflect"))


class L2Pool(nn.Module):
    """The root of every other weighted mean of 3x3 squared features, with zeros around them.

    References:
        Hénaff and Simoncelli, "Geodesics of Learned Representations", ICLR 2016, arXiv:1511.06394, as Ding et al.,
        TPAMI 2020, arXiv:2004.07728, use it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Shape (N, C, H, W) to (N, C, ceil(H / 2), ceil(W / 2))."""
        return (_halve(x * x, padding=1) + _L2_EPS).sqrt()
