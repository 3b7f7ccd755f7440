"""Spoilt pictures to look at, and to score."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image
from skimage import filters
from torch import Tensor

from beholder.images import eight_bit
from beholder.ops.resize import resize

__all__ = ["add_noise", "blur", "compress_jpeg", "shrink_and_enlarge"]


def compress_jpeg(picture: Tensor, quality: int) -> bytes:
    """The picture as a JPEG file of libjpeg, with its usual 4:2:0 colour sub-sampling.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        quality: libjpeg's quality, 1 to 100.
    """
    file = io.BytesIO()
    Image.fromarray(eight_bit(picture)).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return file.getvalue()


def blur(picture: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of the encoded values.

    Args:
        picture: Shape (3, H, W), in [0, 1].
        sigma: Standard deviation, in pixels.
    """
    return torch.from_numpy(filters.gaussian(picture.numpy(), sigma, channel_axis=0))


def add_noise(picture: Tensor, sigma: float, seed: int) -> Tensor:
    """White Gaussian noise, clipped to [0, 1].

    Args:
        picture: Shape (3, H, W), in [0, 1].
        sigma: Standard deviation, in encoded values.
        seed: The same seed gives the same noise.
    """
    noise = np.random.default_rng(seed).normal(0, sigma, tuple(picture.shape)).astype(np.float32)
    return (picture + torch.from_numpy(noise)).clamp(0, 1)


def shrink_and_enlarge(picture: Tensor, factor: int) -> Tensor:
    """Shrink by a factor and enlarge again, bicubic by MATLAB's rule, clipped to [0, 1].

    Args:
        picture: Shape (3, H, W), in [0, 1].
        factor: How many times smaller, at least 1.
    """
    height, width = picture.shape[-2:]
    small = resize(picture[None], -(-height // factor), -(-width // factor)).clamp(0, 1)
    return resize(small, height, width)[0].clamp(0, 1)
