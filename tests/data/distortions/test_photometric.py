"""Light and colour."""

from __future__ import annotations

import pytest
import torch

from beholder.data.distortions import DISTORTIONS
from beholder.data.drawing import random_source
from beholder.ops.color import rgb_to_grey
from beholder.ops.lab import rgb_to_lab

SEEDS = range(24)


def muted() -> torch.Tensor:
    """Colours that stay within sRGB when they are shifted a little."""
    return 0.4 + 0.2 * torch.rand(3, 16, 16, generator=random_source("muted"))


def test_lightness_shifts_either_way_and_nothing_else_does() -> None:
    shifts = []
    for seed in SEEDS:
        made = DISTORTIONS["lightness_shift"](muted(), 0.5, random_source(f"{seed}"))
        change = rgb_to_lab(made[None])[0] - rgb_to_lab(muted()[None])[0]
        assert change[1:].abs().max() < 0.01
        assert change[0].std() < 0.01
        shifts.append(round(change[0].mean().item(), 2))
    assert set(shifts) == {-12.5, 12.5}


def test_colours_shift_in_any_direction_at_one_lightness() -> None:
    shifts = []
    for seed in SEEDS:
        made = DISTORTIONS["colour_shift"](muted(), 0.25, random_source(f"{seed}"))
        change = rgb_to_lab(made[None])[0] - rgb_to_lab(muted()[None])[0]
        assert change[0].abs().max() < 0.01
        shifts.append(change[1:].mean((1, 2)))
    lengths = torch.stack(shifts).norm(dim=1)
    assert lengths.tolist() == pytest.approx([10.0] * len(SEEDS), abs=0.01)
    assert {tuple((shift > 0).tolist()) for shift in shifts} == {
        (a, b) for a in (True, False) for b in (True, False)
    }


def test_contrast_is_multiplied_or_divided() -> None:
    mean = rgb_to_grey(muted()[None]).mean()
    factors = set()
    for seed in SEEDS:
        made = DISTORTIONS["contrast"](muted(), 0.5, random_source(f"{seed}"))
        factor = ((made - mean) / (muted() - mean)).median().item()
        assert torch.allclose(made, mean + factor * (muted() - mean), atol=1e-5)
        factors.add(round(factor, 3))
    assert factors == {0.5, 2.0}


def test_saturation_is_lost_or_grows_and_grey_stays() -> None:
    grey = rgb_to_grey(muted()[None])[0]
    factors = set()
    for seed in SEEDS:
        made = DISTORTIONS["saturation"](muted(), 1, random_source(f"{seed}"))
        assert torch.allclose(rgb_to_grey(made[None])[0], grey, atol=0.05)
        factors.add(round(((made - grey) / (muted() - grey)).median().item(), 2))
    assert factors == {0.0, 4.0}
