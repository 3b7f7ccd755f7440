"""Pictures for golden values: made from shipped photographs with integer arithmetic, so the same everywhere."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from skimage import data
from torch import Tensor

__all__ = ["DISTORTIONS", "golden_pair"]


def _posterise(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture // 32 * 32 + 16


def _box_blur(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    wide = picture.astype(np.int64)
    total = sum(np.roll(wide, (row, column), axis=(0, 1)) for row in range(-2, 3) for column in range(-2, 3))
    return (total // 25).astype(np.uint8)


def _shift_colours(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.roll(picture, 3, axis=1)[..., [1, 2, 0]]


DISTORTIONS = {"posterised": _posterise, "box blurred": _box_blur, "colours shifted": _shift_colours}


def golden_pair(distortion: str) -> tuple[Tensor, Tensor]:
    """Distorted and reference, each of shape (1, 3, 256, 256), in [0, 1]."""
    reference = data.astronaut()[:256, 96:352]
    return _tensor(DISTORTIONS[distortion](reference)), _tensor(reference)


def _tensor(picture: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].to(torch.float32) / 255
