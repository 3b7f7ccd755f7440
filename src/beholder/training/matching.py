"""The colours of one picture given to another, by their histograms, in little memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["Space", "match_histograms"]

Space = Literal["rgb", "lab"]
_Array: TypeAlias = "NDArray[Any]"

_STRIP = 2**18  # pixels at once
_FINE = 1024  # levels to a unit of L*, a* or b*
_LAB_LEVELS = 512 * _FINE
_LAB_ZERO = 256 * _FINE


def match_histograms(source: Tensor, reference: Tensor, space: Space) -> Tensor:
    """Give a picture the histograms of another, channel by channel.

    A value becomes the one of the reference that as large a share of its values lies below. In CIELAB, values are counted
    in steps of 1/1024, so that a picture of any size is matched in strips.

    Args:
        source: Picture to change, shape (3, H, W), uint8.
        reference: Picture to take after, shape (3, H, W), uint8; its size may be another.
        space: ``"rgb"`` or ``"lab"``.

    Returns:
        The matched picture, shape of ``source``, uint8.

    References:
        The definition of ``skimage.exposure.match_histograms``, which sorts all values of a picture at once.
    """
    tables = [
        _table(ours, theirs)
        for ours, theirs in zip(_count(source, space), _count(reference, space), strict=True)
    ]
    matched = torch.empty_like(source)
    for rows in _strips(source):
        levels = _levels(source[:, rows], space)
        values = np.stack([table[each] for table, each in zip(tables, levels, strict=True)])
        matched[:, rows] = torch.from_numpy(_eight_bit(values, space))
    return matched


def _strips(picture: Tensor) -> Iterator[slice]:
    height, width = picture.shape[-2:]
    step = max(1, _STRIP // width)
    return (slice(top, top + step) for top in range(0, height, step))


def _count(picture: Tensor, space: Space) -> list[_Array]:
    """How often each level occurs, for each channel."""
    number = 256 if space == "rgb" else _LAB_LEVELS
    counts = [np.zeros(number, np.int64) for _ in range(3)]
    for rows in _strips(picture):
        for count, levels in zip(counts, _levels(picture[:, rows], space), strict=True):
            count += np.bincount(levels.ravel(), minlength=number)
    return counts


def _levels(picture: Tensor, space: Space) -> _Array:
    """A strip's levels, shape (3, H, W)."""
    if space == "rgb":
        return picture.numpy()
    from skimage.color import rgb2lab

    lab = rgb2lab(picture.numpy(), channel_axis=0)
    return np.asarray(np.rint(lab * _FINE).astype(np.int64) + _LAB_ZERO)


def _table(source: _Array, reference: _Array) -> _Array:
    """Level of the source -> level of the reference, a fraction."""
    there = np.flatnonzero(reference)
    shares = np.cumsum(reference[there]) / reference.sum()
    return np.asarray(np.interp(np.cumsum(source) / source.sum(), shares, there))


def _eight_bit(levels: _Array, space: Space) -> NDArray[np.uint8]:
    if space == "lab":
        from skimage.color import lab2rgb

        levels = lab2rgb((levels - _LAB_ZERO) / _FINE, channel_axis=0) * 255
    return np.rint(levels).clip(0, 255).astype(np.uint8)
