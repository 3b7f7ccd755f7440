"""White noise."""

from __future__ import annotations

import pytest
import torch
from scipy import stats

from beholder.data.degradations import Noise
from beholder.spec import UsageError


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_noise_is_normal_and_not_rounded() -> None:
    clean = torch.full((3, 60, 60), 0.5)
    noise = Noise(0.05)(clean, source()) - clean
    assert stats.kstest(noise.flatten().numpy() / 0.05, "norm").pvalue > 0.01
    levels = (noise + 0.5) * 255
    assert (levels - levels.round()).abs().mean() == pytest.approx(0.25, abs=0.01)


def test_noise_is_clamped() -> None:
    spoilt = Noise(0.5)(torch.rand(3, 20, 20, generator=source()), source())
    assert (spoilt.min(), spoilt.max()) == (0, 1)


def test_a_range_of_strengths() -> None:
    clean, draw = torch.full((3, 30, 30), 128, dtype=torch.uint8), source()
    found = torch.stack([Noise("0..0.1")(clean, draw).std() for _ in range(200)])
    assert found.min() < 0.01
    assert found.max() > 0.09
    assert found.mean() == pytest.approx(0.05, abs=0.006)
    assert torch.equal(Noise(0)(clean, draw), clean / 255)


def test_the_seed_decides() -> None:
    clean = torch.rand(3, 8, 8)
    assert torch.equal(Noise()(clean, source(3)), Noise()(clean, source(3)))
    assert not torch.equal(Noise()(clean, source(3)), Noise()(clean, source(4)))


def test_what_is_impossible_is_refused() -> None:
    for bad in (-0.1, "loud", float("nan"), float("inf"), ()):
        with pytest.raises(UsageError, match=r"sigma is .* at least 0"):
            Noise(bad)
