import pytest
import torch
from scipy import signal

from beholder.catalog import create_metric
from beholder.metrics.fsim import fsim, fsim_maps
from beholder.ops.phase_congruency import phase_congruency
from beholder.spec import UsageError


def test_one_place_by_hand() -> None:
    x, y = torch.rand(2, 1, 3, 32, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    alike, weight = fsim_maps(x, y, chromatic=True)
    red, green, blue = (255 * torch.cat([x, y])).unbind(1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    in_phase = 0.596 * red - 0.274 * green - 0.322 * blue
    quadrature = 0.211 * red - 0.523 * green + 0.312 * blue
    p, q = phase_congruency(luma[:, None] / 255)[:, 0, 12, 9].tolist()
    kernel = [[3, 0, -3], [10, 0, -10], [3, 0, -3]]
    across = [signal.convolve2d(each.numpy(), kernel, "same")[12, 9] / 16 for each in luma]
    down = [signal.convolve2d(each.numpy().T, kernel, "same")[9, 12] / 16 for each in luma]
    a, b = ((h * h + v * v) ** 0.5 for h, v in zip(across, down, strict=True))
    expected = (2 * p * q + 0.85) / (p * p + q * q + 0.85) * (2 * a * b + 160) / (a * a + b * b + 160)
    colour = 1.0
    for plane in (in_phase, quadrature):
        a, b = plane[:, 12, 9].tolist()
        colour *= (2 * a * b + 200) / (a * a + b * b + 200)
    expected *= complex(colour**0.03).real
    assert alike[0, 0, 12, 9].item() == pytest.approx(expected, abs=1e-9)
    assert weight[0, 0, 12, 9].item() == pytest.approx(max(p, q), abs=1e-12)


def test_colour_counts_in_fsimc_only() -> None:
    y = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 0.5 + 0.2
    # 0.299 r + 0.587 g + 0.114 b stays as it is.
    x = y + 0.1 * torch.tensor([0.587, -0.299, 0.0]).view(1, 3, 1, 1)
    assert fsim(x, y).item() == pytest.approx(1, abs=1e-5)
    assert fsim(x, y, chromatic=True).item() < 0.995


def test_halves_pictures_of_512_pixels() -> None:
    x, y = torch.rand(2, 1, 3, 512, 600, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    halved = [image.unflatten(-1, (-1, 2)).unflatten(-3, (-1, 2)).mean((-1, -3)) for image in (x, y)]
    metric = create_metric("fsimc")
    assert metric(x, y).item() == pytest.approx(metric(*halved).item(), abs=1e-12)


def test_pictures_without_features_are_compared_by_their_colour() -> None:
    x, y = torch.full((1, 3, 40, 40), 0.2), torch.full((1, 3, 40, 40), 0.2)
    x[:, 0] = 0.6
    assert fsim(y, y).item() == pytest.approx(1)
    assert fsim(x, y, chromatic=True).item() < fsim(x, y).item() - 0.005


def test_refuses_what_is_neither_true_nor_false() -> None:
    with pytest.raises(UsageError, match="expected true or false"):
        create_metric("fsim").describe(chromatic="yes")
