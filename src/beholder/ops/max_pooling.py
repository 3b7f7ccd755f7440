"""The largest of each window, rows first and then columns, for inference on processors."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beholder.ops.lending import Lender

__all__ = ["MaxPooling"]


class MaxPooling:
    """Max pooling without padding, up to three times as fast as torch's, which also notes each maximum's place.

    Args:
        module: One that `fits`.
        lender: Where results and what is needed on the way lie.
    """

    def __init__(self, module: nn.MaxPool2d, lender: Lender) -> None:
        self._size = cast("int", module.kernel_size)
        self._stride = cast("int", module.stride)
        self._lender = lender

    @staticmethod
    def fits(module: nn.Module) -> bool:
        """Whether a module is a pooling that this computes."""
        return (
            isinstance(module, nn.MaxPool2d)
            and isinstance(module.kernel_size, int)
            and isinstance(module.stride, int)
            and module.kernel_size > 1
            and (module.padding, module.dilation) == (0, 1)
            and not (module.ceil_mode or module.return_indices)
        )

    @torch.inference_mode()
    def __call__(self, x: Tensor) -> Tensor:
        """From (N, C, H, W), float32, to (N, C, H', W') with channels last.

        Raises:
            RuntimeError: If a side is smaller than the window, as torch does.
        """
        x = x.permute(0, 2, 3, 1)
        number, height, width, channels = x.shape
        if min(height, width) < self._size:
            raise RuntimeError(f"a side of {width}x{height} is smaller than the window of {self._size}")
        down, across = ((side - self._size) // self._stride + 1 for side in (height, width))
        y = self._lender.empty(number, down, across, channels)
        rows = self._lender.empty(down, width, channels)
        for picture, found in zip(x, y, strict=True):
            _largest([picture[place :: self._stride][:down] for place in range(self._size)], rows)
            _largest([rows[:, place :: self._stride][:, :across] for place in range(self._size)], found)
        return y.permute(0, 3, 1, 2)


def _largest(several: Sequence[Tensor], found: Tensor) -> None:
    torch.maximum(several[0], several[1], out=found)
    for each in several[2:]:
        torch.maximum(found, each, out=found)
