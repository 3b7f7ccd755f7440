"""Convolutions with fewer multiplications: Winograd's minimal filtering, for inference on processors."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beholder.ops.lending import Lender

__all__ = ["WinogradConvolution", "transforms"]

_TILE = 4  # outputs a side
# Of the polynomials, besides infinity: those whose rounding errors are least, by the filter's size.
_POINTS = {
    3: (Fraction(0), Fraction(1), Fraction(-1), Fraction(1, 2), Fraction(-2)),
    5: (Fraction(0), Fraction(1), Fraction(-1), Fraction(2), Fraction(-2), Fraction(1, 2), Fraction(-1, 2)),
}
_ONE = 1  # place of the point 1 among them
_FEWEST = 64  # channels: with fewer the transforms cost more than the multiplications
_AT_ONCE = (
    1_200_000  # numbers of a buffer; from 150,000 to 2,400,000 this was the least that was as fast as any
)


class _Transforms(NamedTuple):
    output: Tensor
    filter: Tensor
    input: Tensor


class WinogradConvolution:
    r"""A convolution of stride 1 that keeps its input's size, in tiles of 4x4 outputs.

    Pictures are read in tiles that overlap, transformed, multiplied with the transformed filters channel by channel,
    and transformed back. With 3x3 filters an output takes 2.25 multiplications a channel, not 9; with 5x5 filters 4,
    not 25. Each step is a matrix product over the tiles of some rows. Rounding to float32 moves results some ten
    times as far as it moves those of the direct sum.

    .. math:: Y = A^\top \left[(G g G^\top) \odot (B^\top d B)\right] A

    Args:
        convolution: One that `fits`; its weights are transformed now.
        relu: Whether what comes out is clamped at 0 from below.
        lender: Where results and what is needed on the way lie.

    References:
        Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, arXiv:1509.09308.
        Barabasz et al., "Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks",
        ACM TOMS 46(4), 2020, arXiv:1803.10986: the choice of points.
    """

    def __init__(self, convolution: nn.Conv2d, lender: Lender, *, relu: bool) -> None:
        size = convolution.kernel_size[0]
        output, filters, given = transforms(size)
        self._side = len(given)  # of an input tile
        self._reach = size // 2
        self._relu = relu
        self._lender = lender
        kernel = convolution.weight.detach()
        taps = kernel.permute(2, 3, 1, 0).reshape(size * size, -1).double()
        transformed = torch.kron(filters, filters) @ taps
        self._kernel = transformed.float().view(-1, convolution.in_channels, convolution.out_channels)
        self._bias = None if convolution.bias is None else convolution.bias.detach().clone()
        # A plane's two transforms, along columns and rows, are one product with all places of a tile.
        self._into = torch.kron(given, given).float()
        self._back = torch.kron(output, output).float()

    @staticmethod
    def fits(module: nn.Module) -> bool:
        """Whether a module is a convolution that this computes, and computes faster."""
        return (
            isinstance(module, nn.Conv2d)
            and module.kernel_size in {(size, size) for size in _POINTS}
            and module.stride == module.dilation == (1, 1)
            and module.padding == (module.kernel_size[0] // 2,) * 2
            and module.padding_mode == "zeros"
            and module.groups == 1
            and min(module.in_channels, module.out_channels) >= _FEWEST
            and module.weight.dtype == torch.float32
            and module.weight.device.type == "cpu"
        )

    @torch.inference_mode()
    def __call__(self, x: Tensor) -> Tensor:
        """From (N, C, H, W), float32, to (N, C', H, W) with channels last in memory; without gradients."""
        x = x.permute(0, 2, 3, 1)
        number, height, width, channels = x.shape
        down, across = -(-height // _TILE), -(-width // _TILE)
        if number == 1:
            across = max(across, 2)  # one tile alone would be summed in another order than one of many
        found = self._kernel.shape[-1]
        y = self._lender.empty(number, down * _TILE, across * _TILE, found)
        row = self._side**2 * number * across * max(channels, found)
        rows = max(1, min(down, _AT_ONCE // row))
        buffers = self._lender.empty(rows * row), self._lender.empty(rows * row)
        for start in range(0, down, rows):
            end = min(start + rows, down)
            tiles = self._cut(x, start, end, across, buffers)
            self._filter(tiles, y[:, start * _TILE : end * _TILE], buffers)
        return y[:, :height, :width].permute(0, 3, 1, 2)

    def _cut(self, x: Tensor, start: int, end: int, across: int, buffers: tuple[Tensor, Tensor]) -> Tensor:
        """Tiles of some rows: shape (side * side, tiles, C), in the first buffer."""
        number, height, width, channels = x.shape
        reach, side = self._reach, self._side
        rows, columns = (count * _TILE + 2 * reach for count in (end - start, across))
        top = start * _TILE - reach
        first, last = max(0, top), min(height, top + rows)
        framed = _shaped(buffers[1], number, rows, columns, channels)
        framed[:, : first - top].zero_()
        framed[:, last - top :].zero_()
        framed[:, :, :reach].zero_()
        framed[:, :, reach + width :].zero_()
        framed[:, first - top : last - top, reach : reach + width] = x[:, first:last]
        whole, line, place, _ = framed.stride()
        tiles = _shaped(buffers[0], side, side, number, end - start, across, channels)
        overlapping = (line, place, whole, line * _TILE, place * _TILE, 1)
        tiles.copy_(framed.as_strided(tiles.shape, overlapping, framed.storage_offset()))
        return tiles.view(side * side, -1, channels)

    def _filter(self, tiles: Tensor, y: Tensor, buffers: tuple[Tensor, Tensor]) -> None:
        """From tiles, in the first buffer, to their rows of the output, (N, rows, columns, C')."""
        places, count, channels = tiles.shape
        found = self._kernel.shape[-1]
        into = _shaped(buffers[1], places, count * channels)
        torch.mm(self._into, tiles.view(places, -1), out=into)
        products = _shaped(buffers[0], places, count, found)
        torch.bmm(into.view(tiles.shape), self._kernel, out=products)
        if self._bias is not None:
            # What is added to a polynomial's value at 1, of each side, is added to all outputs.
            products[_ONE * self._side + _ONE] += self._bias
        back = _shaped(buffers[1], _TILE * _TILE, count * found)
        torch.mm(self._back, products.view(places, -1), out=back)
        number, rows, columns, _ = y.shape
        down, across = rows // _TILE, columns // _TILE
        ordered = back.view(_TILE, _TILE, number, down, across, found).permute(2, 3, 0, 4, 1, 5)
        outputs = y.view(number, down, _TILE, across, _TILE, found)
        if self._relu:
            torch.clamp_min(ordered, 0, out=outputs)
        else:
            outputs.copy_(ordered)


def _shaped(buffer: Tensor, *shape: int) -> Tensor:
    return buffer[: torch.Size(shape).numel()].view(shape)


def transforms(size: int) -> _Transforms:
    r"""The matrices :math:`A^\top`, :math:`G` and :math:`B^\top` of four outputs of a filter, in float64.

    Values of the filter's polynomial and of the signal's are multiplied at each point; Lagrange's formula leads back.

    Args:
        size: Taps of the filter: 3 or 5.

    Returns:
        Shapes (4, n), (n, size) and (n, n), n = size + 3.
    """
    points = _POINTS[size]
    output = [[point**power for point in points] + [_at_infinity(power, _TILE)] for power in range(_TILE)]
    filters, given = [], []
    for point in points:
        others = [other for other in points if other != point]
        scale = _evaluate(_polynomial(others), point)
        filters.append([point**power / scale for power in range(size)])
        given.append([*_polynomial(others), Fraction(0)])
    filters.append([_at_infinity(power, size) for power in range(size)])
    given.append(_polynomial(points))
    return _Transforms(*(_as_tensor(matrix) for matrix in (output, filters, given)))


def _at_infinity(power: int, terms: int) -> Fraction:
    """What a power adds to a polynomial's value at infinity: its highest coefficient."""
    return Fraction(power == terms - 1)


def _polynomial(roots: Sequence[Fraction]) -> list[Fraction]:
    """Coefficients of the product of (x - root), from the constant on."""
    found = [Fraction(1)]
    for root in roots:
        shifted, scaled = [Fraction(0), *found], [*(root * each for each in found), Fraction(0)]
        found = [one - other for one, other in zip(shifted, scaled, strict=True)]
    return found


def _evaluate(polynomial: Sequence[Fraction], point: Fraction) -> Fraction:
    return sum((each * point**power for power, each in enumerate(polynomial)), Fraction(0))


def _as_tensor(matrix: Sequence[Sequence[Fraction]]) -> Tensor:
    return torch.tensor(
        [[float(number) for number in row] for row in matrix], dtype=torch.float64, device="cpu"
    )
