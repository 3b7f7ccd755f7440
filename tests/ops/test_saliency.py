"""Saliency against the authors' steps, spelt out with NumPy, SciPy and scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage, signal
from skimage import color

from beholder.ops.resize import resize
from beholder.ops.saliency import simple_priors, spectral_residual

Array = NDArray[np.float64]


def resized(image: Array, *size: int, **options: object) -> Array:
    return resize(torch.from_numpy(image)[None, None], *size, **options)[0, 0].numpy()


def stretched(plane: Array) -> Array:
    return (plane - plane.min()) / np.ptp(plane)


def textbook_priors(image: Array) -> Array:
    small = np.stack([resized(plane, 256, 256, kernel="bilinear") for plane in image], -1)
    xyz = color.rgb2xyz(small)  # its matrix differs in the fifth digit
    relative = xyz / np.array([0.9642, 1.0, 0.8251])
    f = np.where(relative > 0.008856, np.cbrt(relative), (903.3 * relative + 16) / 116)
    lab = np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)
    frequencies = np.fft.fftfreq(256)
    radius = np.hypot(*np.meshgrid(frequencies, frequencies))
    with np.errstate(divide="ignore"):
        response = np.exp(-(np.log(radius / 0.021) ** 2) / (2 * 1.34**2)) * (radius <= 0.5)
    filtered = np.fft.ifft2(np.fft.fft2(lab, axes=(0, 1)) * response[..., None], axes=(0, 1)).real
    places = np.arange(1, 257) - 128
    near = np.exp(-(places[:, None] ** 2 + places**2) / 145**2)
    warm = 1 - np.exp(-(stretched(lab[..., 1]) ** 2 + stretched(lab[..., 2]) ** 2) / 0.001**2)
    saliency = np.sqrt((filtered**2).sum(-1)) * near * warm
    return stretched(resized(saliency, *image.shape[1:], kernel="bilinear"))


def textbook_residual(image: Array) -> Array:
    height, width = image.shape
    small = resized(image * 255, -(-height // 4), -(-width // 4), scale=0.25)
    spectrum = np.fft.fft2(small)
    magnitude, phase = np.log(np.abs(spectrum)), np.angle(spectrum)
    residual = magnitude - ndimage.uniform_filter(magnitude, 3, mode="nearest")
    saliency = np.abs(np.fft.ifft2(np.exp(residual + 1j * phase))) ** 2
    places = np.arange(10) - 4.5
    kernel = np.exp(-(places[:, None] ** 2 + places**2) / (2 * 3.8**2))
    blurred = signal.correlate2d(np.pad(saliency, ((4, 5), (4, 5))), kernel / kernel.sum(), "valid")
    return resized(stretched(blurred), height, width)


@pytest.mark.parametrize("size", [(40, 50), (256, 256), (300, 270)])
def test_simple_priors_are_the_textbooks(size: tuple[int, int]) -> None:
    image = ndimage.gaussian_filter(np.random.default_rng(0).random((3, *size)), (0, 3, 3))
    image = (image - image.min()) / np.ptp(image)
    found = simple_priors(torch.from_numpy(image)[None])[0, 0].numpy()
    assert found.min() == 0
    assert found.max() == 1
    assert np.allclose(found, textbook_priors(image), atol=1e-4)


@pytest.mark.parametrize("size", [(64, 80), (61, 66), (9, 10)])
def test_spectral_residual_is_the_textbooks(size: tuple[int, int]) -> None:
    image = np.random.default_rng(1).random(size)
    found = spectral_residual(torch.from_numpy(image)[None, None])[0, 0].numpy()
    assert np.allclose(found, textbook_residual(image), atol=1e-6)


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_flat_images_have_finite_saliency_and_gradients(level: float) -> None:
    image = torch.full((1, 3, 40, 50), level, requires_grad=True)
    priors, residual = simple_priors(image), spectral_residual(image[:, :1])
    assert torch.equal(priors, torch.zeros_like(priors))
    (priors.sum() + residual.sum()).backward()
    assert residual.isfinite().all()
    assert image.grad is not None
    assert image.grad.isfinite().all()
