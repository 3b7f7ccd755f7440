"""Motion between frames."""

from __future__ import annotations

import pytest
import torch

from beholder.ops.motion import motion


def test_steps_of_brightness() -> None:
    frames = torch.tensor([10.0, 13.0, 14.0, 20.0]).view(-1, 1, 1, 1).expand(-1, 1, 8, 8)
    before, smaller = motion(frames)
    assert torch.allclose(before, torch.tensor([0.0, 3.0, 1.0, 6.0]), atol=1e-5)
    assert torch.allclose(smaller, torch.tensor([0.0, 1.0, 1.0, 6.0]), atol=1e-5)


def test_one_frame_is_still() -> None:
    before, smaller = motion(torch.rand(1, 1, 8, 8))
    assert before.tolist() == smaller.tolist() == [0]


def test_blur_keeps_noise_out() -> None:
    frames = torch.zeros(2, 1, 9, 9, dtype=torch.float64)
    frames[1, 0, 4, 4] = 81
    frames[1, 0, 4, 5] = -81
    blurred, _ = motion(frames)
    assert blurred[1].item() == pytest.approx(2 * 0.4026199, abs=1e-6)  # twice the kernel's middle, of 162/81
