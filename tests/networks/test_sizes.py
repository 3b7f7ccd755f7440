"""Numbers of parameters, as papers or authors' code have them, or by hand."""

from __future__ import annotations

import pytest
import torch

from beholder.catalog import create_discriminator, create_network
from beholder.networks import count_parameters


def convolution(before: int, after: int, kernel: int) -> int:
    """Weights and biases."""
    return before * after * kernel**2 + after


L8 = (
    convolution(3, 32, 11)
    + convolution(32, 64, 3)
    + 2 * convolution(64, 64, 3)
    + 2 * convolution(96, 64, 1)  # the second has 128 outputs
    + convolution(64, 64, 5)
    + convolution(128, 3, 5)
    + 96 * 64
    + 64
)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("l8", L8),
        # The paper counts weights only: 106,448 (9-7-1-5, table 1 of its extension, arXiv:1608.02778).
        ("ar_cnn:channels=1", 106_448 + 64 + 32 + 16 + 1),
        # The paper counts weights only: 57,184 for 9-5-5.
        ("srcnn:channels=1", 57_184 + 64 + 32 + 1),
        ("edsr", 1_517_571),  # the authors' baseline for x4; 1.5 M in the paper's table 1
        ("rrdb", 16_697_987),  # the authors' RRDB_ESRGAN_x4
        ("transform", 1_679_235),  # PyTorch's example of fast neural style
        ("compact", convolution(12, 64, 3) + 25 * convolution(64, 64, 3) + convolution(64, 12, 3)),
        ("compact:scale=4", convolution(3, 64, 3) + 25 * convolution(64, 64, 3) + convolution(64, 48, 3)),
    ],
)
def test_restoring(request_: str, expected: int) -> None:
    with torch.device("meta"):
        assert count_parameters(create_network(request_)) == expected


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("patchgan", 2_764_737),  # the authors' CycleGAN
        ("unet", 4_376_897),  # the authors' Real-ESRGAN
        (
            "vgg",
            convolution(3, 64, 3)
            + convolution(64, 64, 3)
            + convolution(64, 128, 3)
            + convolution(128, 128, 3)
            + convolution(128, 256, 3)
            + convolution(256, 256, 3)
            + convolution(256, 512, 3)
            + convolution(512, 512, 3)
            + convolution(512, 1024, 1)
            + convolution(1024, 1, 1),
        ),
    ],
)
def test_judging(request_: str, expected: int) -> None:
    with torch.device("meta"):
        assert count_parameters(create_discriminator(request_)) == expected


def test_limits() -> None:
    with torch.device("meta"):
        assert 220_000 <= count_parameters(create_network("l8")) <= 240_000
        assert count_parameters(create_network("compact")) <= 1_000_000
        assert count_parameters(create_network("compact:scale=4")) <= 1_000_000
