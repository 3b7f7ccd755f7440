"""Options of metrics, each against its definition."""

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from beholder.catalog import create_metric
from beholder.metrics.gmsd import gmsd
from beholder.metrics.lpips import layer_distance
from beholder.metrics.ms_ssim import ms_ssim
from beholder.metrics.psnr import psnr
from beholder.metrics.ssim import ssim
from beholder.ops.color import rgb_to_grey, rgb_to_y
from beholder.ops.pyramids import subsample_box
from beholder.spec import ShapeError, UsageError


@pytest.fixture
def pair(photos: Tensor) -> tuple[Tensor, Tensor]:
    return (photos + 0.1 * torch.sin(torch.arange(192.0) / 3)).clamp(0, 1), photos


def test_psnr_of_a_known_error() -> None:
    y = torch.full((1, 3, 4, 4), 0.5)
    assert create_metric("psnr")(y + 0.1, y).item() == pytest.approx(20, abs=1e-5)
    assert create_metric("psnr")(y, y).item() == math.inf


def test_psnr_leaves_the_border_out(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    inside = psnr(rgb_to_y(x[..., 4:-4, 4:-4]), rgb_to_y(y[..., 4:-4, 4:-4]))
    assert torch.allclose(create_metric("psnr_y:border=4")(x, y), inside)
    framed = y.clone()
    framed[..., :4, :] = 0
    assert create_metric("psnr", border=4)(framed, y).tolist() == [math.inf] * 3


def test_modules_compute_what_the_functions_do(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    grey = rgb_to_grey(x), rgb_to_grey(y)
    for name, function in (("ssim", ssim), ("ms_ssim", ms_ssim), ("gmsd", gmsd)):
        assert torch.equal(create_metric(name)(x, y), function(*grey))
    assert torch.equal(create_metric("ssim:channel=rgb")(x, y), ssim(x, y))


def test_ssim_with_zeros_around(pair: tuple[Tensor, Tensor]) -> None:
    x, y = (each.double() for each in pair)
    window = torch.exp(-((torch.arange(11, dtype=torch.float64) - 5) ** 2) / (2 * 1.5**2))
    window = torch.outer(window, window) / window.sum() ** 2

    def mean(z: Tensor) -> Tensor:
        return torch.nn.functional.conv2d(z, window.expand(3, 1, 11, 11), padding=5, groups=3)

    a, b = mean(x), mean(y)
    of_x, of_y, covariance = mean(x * x) - a * a, mean(y * y) - b * b, mean(x * y) - a * b
    index = (2 * a * b + 1e-4) * (2 * covariance + 9e-4) / ((a * a + b * b + 1e-4) * (of_x + of_y + 9e-4))
    found = create_metric("ssim:channel=rgb:border=zero")(x, y)
    assert torch.allclose(found, index.mean((1, 2, 3)), atol=1e-9)
    with pytest.raises(UsageError, match="border is 'none'; expected one of valid, zero"):
        create_metric("ssim:border=none")


def test_ssim_matlab_averages_before_it_looks() -> None:
    generator = torch.Generator().manual_seed(0)
    y = torch.rand(1, 3, 400, 700, generator=generator)
    x = (y + 0.2 * torch.rand(1, 3, 400, 700, generator=generator)).clamp(0, 1)
    # round(400 / 256) = 2
    shrunk = (subsample_box(rgb_to_grey(image), 2) for image in (x, y))
    assert torch.allclose(create_metric("ssim_matlab")(x, y), ssim(*shrunk), atol=1e-6)
    # round(640 / 256) = round(2.5) is 3 in MATLAB and 2 in Python.
    x, y = torch.rand(2, 1, 3, 640, 640, generator=generator)
    shrunk = (subsample_box(rgb_to_grey(image), 3) for image in (x, y))
    assert torch.allclose(create_metric("ssim_matlab")(x, y), ssim(*shrunk), atol=1e-6)
    # round(383 / 256) = 1: nothing to do
    assert torch.equal(create_metric("ssim_matlab")(x[..., :383, :], y[..., :383, :]),
                       create_metric("ssim")(x[..., :383, :], y[..., :383, :]))  # fmt: skip


def test_eight_bit_grey_moves_the_score(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    rounded = [(rgb_to_grey(image) * 255).round() / 255 for image in (x, y)]
    assert torch.allclose(create_metric("ssim:channel=grey8")(x, y), ssim(*rounded), atol=1e-6)


def test_ms_ssim_with_negative_structure_is_zero_and_finite() -> None:
    generator = torch.Generator().manual_seed(0)
    y = torch.rand(1, 3, 192, 192, generator=generator)
    x = (1 - y).requires_grad_()
    score = create_metric("ms_ssim")(x, y)
    score.sum().backward()
    assert score.item() == 0
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_ms_ssim_weighted_sum(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    product, total = create_metric("ms_ssim")(x, y), create_metric("ms_ssim:method=wtd_sum")(x, y)
    # The weighted arithmetic mean is never below the weighted geometric one.
    assert (total > product).all()
    assert create_metric("ms_ssim:method=wtd_sum")(y, y).tolist() == pytest.approx([1] * 3, abs=1e-6)


def test_gmsd_counts_what_lies_beyond_an_odd_border_as_black() -> None:
    y = torch.full((1, 1, 5, 5), 0.5)
    x = torch.zeros_like(y)
    # After halving, the last row and column hold half, their corner a quarter: as with a picture padded with 0.
    padded_y, padded_x = torch.zeros(2, 1, 1, 6, 6)
    padded_y[..., :5, :5] = 0.5
    assert torch.equal(gmsd(x, y), gmsd(padded_x, padded_y))


def test_pure_functions_check_their_input() -> None:
    x = torch.rand(2, 1, 8, 8)
    for function in (psnr, ssim, ms_ssim, gmsd):
        with pytest.raises(ShapeError):
            function(x, torch.rand(1, 1, 8, 1))
    with pytest.raises(ShapeError, match="at least 11x11"):
        ssim(x, x)
    with pytest.raises(ShapeError, match=r"\(N, 1, H, W\)"):
        gmsd(x.expand(-1, 3, -1, -1), x.expand(-1, 3, -1, -1))


def test_lpips_in_another_precision_is_refused() -> None:
    x = torch.rand(1, 3, 64, 64, dtype=torch.float64)
    with pytest.raises(ShapeError, match=r"float64 and the network torch\.float32"):
        create_metric("lpips_alex")(x, x)


def test_psnr_map_has_a_finite_gradient() -> None:
    x = torch.rand(1, 3, 8, 8)
    y = x.clone()
    x.requires_grad_()
    create_metric("psnr").score_and_map(x, y)[1].sum().backward()  # type: ignore[attr-defined]
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_layer_distance_ignores_brightness_of_features() -> None:
    features = torch.rand(1, 8, 2, 2)
    assert layer_distance(features, 3 * features).abs().max() < 1e-12
    assert layer_distance(features, torch.zeros_like(features)).flatten().tolist() == pytest.approx(
        [1] * 4, abs=1e-6
    )


def test_layer_distance_of_equal_features_is_exactly_zero() -> None:
    features = torch.rand(2, 8, 5, 5, generator=torch.Generator().manual_seed(0))
    assert layer_distance(features, features.clone()).abs().max() == 0


def test_layer_distance_weighs_channels() -> None:
    x, y = torch.tensor([[1.0, 0]]).view(1, 2, 1, 1), torch.tensor([[0, 1.0]]).view(1, 2, 1, 1)
    assert layer_distance(x, y, torch.tensor([2.0, 3.0])).item() == pytest.approx(5)


def test_lpips_gradient_at_zero_features_is_finite() -> None:
    x = torch.zeros(1, 4, 2, 2, requires_grad=True)
    layer_distance(x, torch.rand(1, 4, 2, 2)).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_lpips_records_its_weights(squeezenet_file: Path) -> None:
    metric = create_metric("lpips_alex")
    cards = [file.card for file in metric.weights]  # type: ignore[attr-defined]
    assert cards == ["alexnet", "lpips_alex_lin_v0.1"] == list(metric.spec.weights)
    own = create_metric("lpips_squeeze", trunk=squeezenet_file)
    assert own.spec.weights == ("lpips_squeeze_lin_v0.1",)
    assert own.weights[0].file == squeezenet_file.name  # type: ignore[attr-defined]
    assert len(own.weights[0].sha256) == 64  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ("psnr:channel=grey", "expected one of rgb, y"),
        ("gmsd:channel=rgb", "expected one of grey, grey8, y"),
        ("psnr:border=-1", "0 or more"),
        ("psnr:border=four", "expected a number"),
        ("psnr:border=2.5", "0 or more"),
        ("psnr:border=true", "expected a number"),
        ("lpips_vgg:trunk=1", "path of a weight file"),
        ("ssim:downsample=2", "true or false"),
        ("ms_ssim:method=mean", "product, wtd_sum"),
        ("lpips_alex:version=0.2", "0.1, 0.0"),
        ("lpips_alex:lin=maybe", "true or false"),
    ],
)
def test_impossible_options_are_refused(request_: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        create_metric(request_)


@pytest.mark.filterwarnings("error")
def test_pictures_under_test_in_another_range_are_warned_of(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    metric = create_metric("psnr")
    assert metric(x * 1.5 - 0.2, y).isfinite().all()  # a network's output may overshoot
    with pytest.warns(UserWarning, match=r"x holds values 1 and more outside of \[0, 1\]"):
        metric(x / x.max() * 255, y)


def test_metrics_compile_without_a_break(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    metric = create_metric("ssim")
    explained = torch._dynamo.explain(metric)(x, y)
    assert explained.graph_break_count == 0, explained.break_reasons
