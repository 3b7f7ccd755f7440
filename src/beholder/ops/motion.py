"""How much the frames of a clip differ from each other."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from beholder.ops.filters import filter_separable, gaussian_kernel

__all__ = ["motion"]


def motion(frames: Tensor) -> tuple[Tensor, Tensor]:
    """Mean absolute difference of each frame from the one before, after a Gaussian blur of 5 pixels, sigma 1.

    Args:
        frames: Luma of a clip, in order, shape (T, 1, H, W), H and W at least 3.

    Returns:
        The difference from the frame before (0 for the first frame), and the smaller one of the differences
        from the frame before and the one after (the last frame has only one before it), each of shape (T,),
        in units of ``frames``: "motion" and "motion2" of libvmaf.
    """
    smooth = filter_separable(
        functional.pad(frames, (2, 2, 2, 2), mode="reflect"), gaussian_kernel(5, 1, frames)
    )
    still = frames.new_zeros(1)
    before = torch.cat([still, (smooth[1:] - smooth[:-1]).abs().mean((1, 2, 3))])
    return before, torch.cat([torch.minimum(before[:-1], before[1:]), before[-1:]])
