"""Filters and phase congruency against the textbook's formulas on whole spectra, one filter at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from beholder.ops.log_gabor import half_plane_sum, log_gabor_bank
from beholder.ops.phase_congruency import phase_congruency

Array = NDArray[np.float64]
SPREAD = math.pi / 4 / 1.2


def textbook_filter(height: int, width: int, wavelength: float, angle: float) -> Array:
    """A log-Gabor filter over the whole plane of frequencies, zero frequency first."""
    columns, rows = (np.arange(-(side // 2), -(-side // 2)) / (side - side % 2) for side in (width, height))
    x, y = np.meshgrid(columns, rows)
    radius, theta = np.hypot(x, y), np.arctan2(-y, x)
    distance = np.abs(np.angle(np.exp(1j * (theta - angle))))
    with np.errstate(divide="ignore"):
        radial = np.exp(-(np.log(radius * wavelength) ** 2) / (2 * np.log(0.55) ** 2))
    low_pass = 1 / (1 + (radius / 0.45) ** 30)
    return np.fft.ifftshift(radial * low_pass * np.exp(-(distance**2) / (2 * SPREAD**2)))


def textbook_congruency(image: Array) -> Array:
    spectrum = np.fft.fft2(image * 255)
    energy, amplitude = np.zeros_like(image), np.zeros_like(image)
    for orientation in range(4):
        filters = [
            textbook_filter(*image.shape, 6 * 2**scale, orientation * math.pi / 4) for scale in range(4)
        ]
        answers = [np.fft.ifft2(spectrum * each) for each in filters]
        total = sum(answers)
        unit = total / (np.abs(total) + 1e-4)
        along = sum((answer * unit.conj()).real - np.abs((answer * unit.conj()).imag) for answer in answers)
        power = np.median(np.abs(answers[0]) ** 2) / math.log(2) / (filters[0] ** 2).sum()
        in_space = sum(np.fft.ifft2(each).real * math.sqrt(image.size) for each in filters)
        rayleigh = math.sqrt(power * (in_space**2).sum())
        threshold = rayleigh * (math.sqrt(math.pi / 2) + 2 * math.sqrt(2 - math.pi / 2)) / 1.7
        energy += np.maximum(along - threshold, 0)
        amplitude += sum(np.abs(answer) for answer in answers)
    return energy / amplitude


@pytest.mark.parametrize("size", [(16, 20), (17, 20), (20, 15), (7, 9)])
def test_bank_is_the_textbooks(size: tuple[int, int]) -> None:
    even, odd = log_gabor_bank(
        *size,
        wavelengths=(6, 12, 24),
        orientations=4,
        bandwidth=0.55,
        angular_spread=SPREAD,
        like=torch.zeros(1, dtype=torch.float64),
    )
    assert even.shape == odd.shape == (4, 3, size[0], size[1] // 2 + 1)
    image = np.random.default_rng(0).random(size)
    spectrum = torch.fft.rfft2(torch.from_numpy(image))
    for orientation in range(4):
        for scale, wavelength in enumerate((6, 12, 24)):
            whole = textbook_filter(*size, wavelength, orientation * math.pi / 4)
            expected = np.fft.ifft2(np.fft.fft2(image) * whole)
            for part, found in (
                (expected.real, spectrum * even[orientation, scale]),
                (expected.imag, -1j * spectrum * odd[orientation, scale]),
            ):
                assert np.allclose(torch.fft.irfft2(found, s=size).numpy(), part, atol=1e-12)
            energy = half_plane_sum(even[orientation, scale] ** 2 + odd[orientation, scale] ** 2, size[1])
            assert energy.item() == pytest.approx((whole**2).sum(), rel=1e-12)


@pytest.mark.parametrize("size", [(48, 64), (49, 64), (64, 51), (33, 35)])
def test_congruency_is_the_textbooks(size: tuple[int, int]) -> None:
    generator = np.random.default_rng(1)
    image = generator.random(size) * 0.2
    image[:, size[1] // 3 :] += 0.5
    found = phase_congruency(torch.from_numpy(image)[None, None])[0, 0].numpy()
    assert found.max() > 0.3
    assert np.allclose(found, textbook_congruency(image), atol=1e-9)


def test_parts_of_a_batch_are_put_together_in_order() -> None:
    images = torch.rand(5, 1, 240, 280, dtype=torch.float64)
    together = phase_congruency(images)
    alone = torch.cat([phase_congruency(image[None]) for image in images])
    assert torch.allclose(together, alone, atol=1e-12)


def test_a_flat_image_has_no_features_and_a_finite_gradient() -> None:
    image = torch.full((1, 1, 30, 40), 0.3, requires_grad=True)
    congruency = phase_congruency(image)
    congruency.sum().backward()
    assert image.grad is not None
    assert torch.equal(congruency, torch.zeros_like(image))
    assert torch.equal(image.grad, torch.zeros_like(image))
