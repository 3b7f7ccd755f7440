"""Central moments of overlapping blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Moments", "block_moments", "double_blocks"]


class Moments(NamedTuple):
    """Statistics of blocks, each of shape (N, C, rows, columns).

    Attributes:
        pixels: Number of pixels in a block.
        mean: Mean.
        second: Sum of the squared deviations from the mean.
        third: Sum of their cubes.
        fourth: Sum of their fourth powers.
    """

    pixels: int
    mean: Tensor
    second: Tensor
    third: Tensor
    fourth: Tensor


def block_moments(x: Tensor, size: int) -> Moments:
    """Moments of blocks side by side, from the upper left corner; what is left over is dropped.

    Args:
        x: Shape (N, C, H, W), H and W at least ``size``.
        size: Side of a block.
    """
    rows, columns = x.shape[-2] // size, x.shape[-1] // size
    x = x[..., : rows * size, : columns * size].reshape(*x.shape[:2], rows, size, columns, size)
    mean = x.mean((3, 5), keepdim=True)
    deviation = x - mean
    square = deviation * deviation
    return Moments(
        size * size,
        mean[:, :, :, 0, :, 0],
        square.sum((3, 5)),
        (square * deviation).sum((3, 5)),
        (square * square).sum((3, 5)),
    )


def double_blocks(moments: Moments, step: int) -> Moments:
    """Moments of blocks twice as high and wide, joined from those of their four quarters.

    Deviations are only ever taken from a mean near by, so no digits are lost, as they are between sums of powers.

    Args:
        moments: Of blocks that lie ``step`` of their places apart when side by side.
        step: The quarters' distance, in places.

    Returns:
        At each place that has all four quarters: shape (N, C, rows - step, columns - step).
    """
    for dim in (-2, -1):
        moments = _join(moments, step, dim)
    return moments


def _join(moments: Moments, step: int, dim: int) -> Moments:
    size = moments.mean.shape[dim] - step
    first, second = (
        Moments(moments.pixels, *(each.narrow(dim, start, size) for each in moments[1:]))
        for start in (0, step)
    )
    # Both halves are equally large, so their means lie equally far from the common one.
    half = (second.mean - first.mean) / 2
    square = half * half
    twos = first.second + second.second
    return Moments(
        2 * moments.pixels,
        first.mean + half,
        twos + 2 * moments.pixels * square,
        first.third + second.third + 3 * half * (second.second - first.second),
        first.fourth
        + second.fourth
        + 4 * half * (second.third - first.third)
        + 6 * square * twos
        + 2 * moments.pixels * square * square,
    )
