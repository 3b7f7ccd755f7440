import pytest
import torch
from scipy import signal

from beholder.metrics.sr_sim import sr_sim, sr_sim_maps
from beholder.ops.saliency import spectral_residual


def test_one_place_by_hand() -> None:
    x, y = torch.rand(2, 1, 3, 32, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    alike, weight = sr_sim_maps(x, y)
    red, green, blue = torch.cat([x, y]).unbind(1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    p, q = spectral_residual(luma[:, None])[:, 0, 12, 9].tolist()
    kernel = [[3, 0, -3], [10, 0, -10], [3, 0, -3]]
    across = [signal.convolve2d(255 * each.numpy(), kernel, "same")[12, 9] / 16 for each in luma]
    down = [signal.convolve2d(255 * each.numpy().T, kernel, "same")[9, 12] / 16 for each in luma]
    a, b = ((h * h + v * v) ** 0.5 for h, v in zip(across, down, strict=True))
    gradients = ((2 * a * b + 225) / (a * a + b * b + 225)) ** 0.5
    assert alike[0, 0, 12, 9].item() == pytest.approx(
        (2 * p * q + 0.4) / (p * p + q * q + 0.4) * gradients, abs=1e-9
    )
    assert weight[0, 0, 12, 9].item() == pytest.approx(max(p, q), abs=1e-12)


def test_colour_of_equal_luma_is_not_seen() -> None:
    y = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 0.5 + 0.2
    x = y + 0.1 * torch.tensor([0.587, -0.299, 0.0]).view(1, 3, 1, 1)
    assert sr_sim(x, y).item() == pytest.approx(1, abs=1e-5)
