"""The promises that every metric of the catalogue keeps."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from beholder.data.degradations import add_noise, blur, shrink_and_enlarge
from beholder.spec import MapMetric, Metric, ShapeError


def is_better(metric: Metric, a: Tensor, b: Tensor) -> Tensor:
    return a > b if metric.spec.direction == "higher" else a < b


def random_pair(metric: Metric, images: int = 1) -> tuple[Tensor, Tensor]:
    """Random images in float64, as small as the metric takes them."""
    generator = torch.Generator().manual_seed(0)
    size = metric.spec.min_size
    x, y = torch.rand(2, images, 3, size, size + 1, dtype=torch.float64, generator=generator) * 0.8 + 0.1
    return x, y


def gradients(metric: Metric, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    x, y = x.clone().requires_grad_(), y.clone().requires_grad_()
    scores = metric(x, y)
    return torch.autograd.grad(scores[scores.isfinite()].sum() + 0 * (x.sum() + y.sum()), (x, y))


def test_spec_is_whole(metric: Metric) -> None:
    spec = metric.spec
    assert spec.title
    assert "19" in spec.paper or "20" in spec.paper, "the paper's year"
    assert spec.range[0] <= spec.best <= spec.range[1]
    assert isinstance(metric, MapMetric) == (spec.map_range is not None)


def test_one_score_per_image(metric: Metric, photos: Tensor) -> None:
    assert metric(photos, photos.flip(0)).shape == (3,)
    assert metric(photos[:1], photos[1:2]).shape == (1,)


# VMAF counts faint variance as loss even between equal pictures, by its definition: docs/metrics/vmaf.md.
SHORT_OF_BEST = {"vmaf": 0.017}


def test_equal_pictures_score_best(metric: Metric, photos: Tensor) -> None:
    scores = metric(photos, photos.clone())
    slack = SHORT_OF_BEST.get(metric.spec.name, 1e-6)
    assert torch.allclose(scores, torch.full((3,), metric.spec.best), rtol=0, atol=slack)


def test_equal_slopes_score_best(metric: Metric, side: int) -> None:
    slope = ((torch.arange(side) / (side - 1) * 255).round() / 255).expand(side, -1)
    picture = torch.stack([slope, slope.T, slope.flip(-1)])[None]
    assert torch.allclose(
        metric(picture, picture.clone()), torch.tensor([metric.spec.best]), rtol=0, atol=1e-6
    )


def test_flat_pictures_score_best(metric: Metric, side: int) -> None:
    if metric.spec.name == "contextual":
        pytest.skip("by definition a place that looks like all others has no match of its own")
    flat = torch.full((1, 3, side, side), 0.5)
    assert torch.allclose(metric(flat, flat.clone()), torch.tensor([metric.spec.best]), rtol=0, atol=1e-6)


def test_symmetric_as_declared(metric: Metric, photos: Tensor) -> None:
    noisy = torch.stack([add_noise(photo, 0.1, seed=1) for photo in photos])
    equal = torch.allclose(metric(noisy, photos), metric(photos, noisy), rtol=1e-5, atol=1e-6)
    assert equal == metric.spec.symmetric


DISTORTIONS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "noise": lambda picture, strength: add_noise(picture, 0.04 * strength, seed=2),
    "blur": lambda picture, strength: blur(picture, 0.8 * strength),
    "shrinking": lambda picture, strength: shrink_and_enlarge(picture, round(1 + strength)),
}


def test_worse_with_growing_distortion(metric: Metric, photos: Tensor) -> None:
    low, high = metric.spec.range
    for photo in photos:
        worse = [distort(photo, strength) for distort in DISTORTIONS.values() for strength in (1, 2, 4)]
        found = metric(torch.stack(worse), photo.expand(len(worse), -1, -1, -1))
        assert ((low <= found) & (found <= high)).all()
        for kind, scores in zip(DISTORTIONS, found.view(-1, 3), strict=True):
            assert is_better(metric, scores[:-1], scores[1:]).all(), (kind, scores)


def test_independent_of_batch_mates(metric: Metric, photos: Tensor) -> None:
    noisy = torch.stack([add_noise(photo, 0.1, seed=3) for photo in photos])
    together = metric(noisy, photos)
    alone = torch.cat([metric(noisy[i : i + 1], photos[i : i + 1]) for i in range(3)])
    # A score in dB near 20 has a float32 step of 2e-6.
    assert torch.allclose(together, alone, rtol=2e-7, atol=1e-6)


def test_one_reference_for_a_whole_batch(metric: Metric, photos: Tensor) -> None:
    reference = photos[:1]
    noisy = torch.stack([add_noise(photos[0], sigma, seed=3) for sigma in (0.05, 0.1)])
    expanded = metric(noisy, reference.expand(2, -1, -1, -1))
    assert torch.allclose(expanded, metric(noisy, reference.repeat(2, 1, 1, 1)), rtol=2e-7, atol=1e-6)


def test_one_pair_repeated_scores_as_often(metric: Metric, photos: Tensor) -> None:
    noisy = add_noise(photos[0], 0.1, seed=3)[None]
    (alone,) = metric(noisy, photos[:1])
    repeated = metric(noisy.expand(2, -1, -1, -1), photos[:1].expand(2, -1, -1, -1))
    assert repeated.shape == (2,)
    assert torch.allclose(repeated, alone.expand(2), rtol=2e-7, atol=1e-6)


def test_one_reference_for_a_batch_has_gradients_of_its_own(metric: Metric, photos: Tensor) -> None:
    noisy = torch.stack([add_noise(photos[0], sigma, seed=3) for sigma in (0.05, 0.1)])
    expanded = photos[:1].clone().requires_grad_()
    repeated = photos[:1].repeat(2, 1, 1, 1).requires_grad_()
    metric(noisy, expanded.expand(2, -1, -1, -1)).sum().backward()
    metric(noisy, repeated).sum().backward()
    assert expanded.grad is not None
    assert repeated.grad is not None
    scale = repeated.grad.abs().max()
    assert (expanded.grad[0] - repeated.grad.sum(0)).abs().max() < 1e-4 * scale
    # Each copy's own share, too, is that of a picture of its own.
    shared = photos[:1].expand(2, -1, -1, -1).requires_grad_()
    (gradient,) = torch.autograd.grad(metric(noisy, shared).sum(), shared)
    assert (gradient - repeated.grad).abs().max() < 1e-4 * scale


def test_not_a_number_stays_one(metric: Metric, photos: Tensor) -> None:
    x = photos.clone()
    x[0, :, x.shape[2] // 2, x.shape[3] // 2] = math.nan
    scores = metric(x, photos)
    assert scores[0].isnan()
    assert not scores[1:].isnan().any()


def test_indifferent_to_memory_format(metric: Metric, photos: Tensor) -> None:
    noisy = torch.stack([add_noise(photo, 0.1, seed=3) for photo in photos])
    plain = metric(noisy, photos)
    swapped = metric(*(t.contiguous(memory_format=torch.channels_last) for t in (noisy, photos)))
    assert torch.allclose(plain, swapped, rtol=2e-7, atol=2e-6)


def test_leaves_its_input_alone(metric: Metric, photos: Tensor) -> None:
    x, y = photos.flip(0).clone(), photos.clone()
    metric(x, y)
    assert torch.equal(x, photos.flip(0))
    assert torch.equal(y, photos)


def test_same_in_training_mode(metric: Metric, photos: Tensor) -> None:
    assert isinstance(metric, nn.Module)
    before = metric(photos, photos.flip(0))
    try:
        assert torch.equal(metric.train()(photos, photos.flip(0)), before)
    finally:
        metric.eval()


def test_nothing_to_train(metric: Metric) -> None:
    assert isinstance(metric, nn.Module)
    assert not [parameter for parameter in metric.parameters() if parameter.requires_grad]


def test_single_precision_agrees_with_double(metric: Metric, doubled: Metric, photos: Tensor) -> None:
    noisy = torch.stack([add_noise(photo, 0.1, seed=4) for photo in photos])
    single, double = metric(noisy, photos).double(), doubled(noisy.double(), photos.double())
    assert double.dtype == torch.float64
    assert torch.allclose(single, double, rtol=1e-5, atol=1e-5)


def test_single_precision_agrees_with_double_on_faint_detail_in_bright_light(
    metric: Metric, doubled: Metric, photos: Tensor
) -> None:
    bright = ((0.97 + 0.01 * photos) * 255).round() / 255
    spotted = bright.clone()
    spotted[..., ::8, ::8] += 3 / 255
    single, double = metric(spotted, bright), doubled(spotted.double(), bright.double())
    # Contextual distances divide by the least of a row, which enlarges the rounding of the network's features.
    tolerance = 3e-6 if metric.spec.name == "contextual" else 1e-6
    assert torch.allclose(single.double(), double, rtol=tolerance, atol=1e-6)


def test_gradients_are_finite(metric: Metric, photos: Tensor) -> None:
    photo, flat, black = photos[0], torch.full_like(photos[0], 0.5), torch.zeros_like(photos[0])
    cases = {
        "equal": (photo, photo),
        "flat": (flat, flat),
        "black": (black, black),
        "flat against photo": (flat, photo),
        "photo against flat": (photo, flat),
        "opposite": (1 - photo, photo),
    }
    x, y = (torch.stack(pictures) for pictures in zip(*cases.values(), strict=True))
    for found in gradients(metric, x, y):
        broken = [case for case, each in zip(cases, found, strict=True) if not each.isfinite().all()]
        assert broken == []


def test_gradient_points_to_better_scores(metric: Metric, photos: Tensor) -> None:
    if not metric.spec.differentiable:
        pytest.skip("the metric is not differentiable")
    noisy = torch.stack([add_noise(photo, 0.1, seed=5) for photo in photos])
    gradient, reference_gradient = gradients(metric, noisy, photos)
    assert reference_gradient.abs().sum() > 0, "the reference is not detached"
    towards = gradient / gradient.abs().amax((1, 2, 3), keepdim=True)
    sign = 1 if metric.spec.direction == "higher" else -1
    assert is_better(metric, metric(noisy + sign * 0.005 * towards, photos), metric(noisy, photos)).all()


def test_gradcheck(doubled: Metric) -> None:
    if not doubled.spec.differentiable:
        pytest.skip("the metric is not differentiable")
    x, y = random_pair(doubled, images=2)
    # What another package computes in single precision wants larger steps, and meets them less closely.
    steps = {"eps": 1e-3, "rtol": 0.05, "atol": 1e-3} if doubled.spec.name == "cvvdp" else {}
    # Random directions in place of the whole Jacobian, which has 10^5 columns for the larger metrics.
    assert torch.autograd.gradcheck(
        doubled, (x.requires_grad_(), y.requires_grad_()), fast_mode=True, **steps
    )


def test_smallest_size_is_the_declared_one(metric: Metric) -> None:
    size = metric.spec.min_size
    x, y = torch.rand(2, 1, 3, size, size, generator=torch.Generator().manual_seed(6))
    assert metric(x, y).isfinite().all()
    if size > 1:
        with pytest.raises(ShapeError, match=f"at least {size}x{size}"):
            metric(x[..., 1:], y[..., 1:])


REFUSED: dict[str, tuple[Callable[[Tensor, Tensor], tuple[Any, Any]], str]] = {
    "sizes": (lambda x, y: (x[..., 1:], y), "same shape"),
    "no batch": (lambda x, y: (x[0], y[0]), r"\(N, 3, H, W\)"),
    "grey": (lambda x, y: (x[:, :1], y[:, :1]), r"\(N, 3, H, W\)"),
    "empty": (lambda x, y: (x[:0], y[:0]), r"\(N, 3, H, W\)"),
    "numpy": (lambda x, y: (x.numpy(), y.numpy()), r"expected a torch\.Tensor"),
    "bytes": (lambda x, y: ((x * 255).byte(), (y * 255).byte()), "floating point"),
    "half": (lambda x, y: (x.half(), y.half()), r"call \.float\(\)"),
    "0 to 255": (lambda x, y: (x, y * 255), r"expected \[0, 1\]"),
    "-1 to 1": (lambda x, y: (x, y * 2 - 1), r"expected \[0, 1\]"),
    "types": (lambda x, y: (x.double(), y), "expected the same"),
}


def test_refuses_what_it_cannot_compare(metric: Metric, photos: Tensor) -> None:
    for kind, (change, message) in REFUSED.items():
        with pytest.raises(ShapeError) as told:
            metric(*change(photos, photos))
        assert re.search(message, str(told.value)), kind


def test_map_belongs_to_the_score(metric: Metric, photos: Tensor) -> None:
    if not isinstance(metric, MapMetric):
        pytest.skip("the metric has no map")
    assert metric.spec.map_range is not None
    noisy = torch.stack([add_noise(photo, 0.1, seed=7) for photo in photos])
    scores, maps = metric.score_and_map(noisy, photos)
    assert torch.equal(scores, metric(noisy, photos))
    assert maps.shape[:2] == (3, 1)
    assert maps.isfinite().all()
    alike, different = metric.spec.map_range
    assert math.isfinite(alike)
    same = metric.score_and_map(photos, photos)[1]
    assert torch.allclose(same, torch.full_like(same, alike), atol=1e-6)
    # Spoil a corner only: the map lights up there and stays dark in the opposite one.
    spoilt = photos.clone()
    third = photos.shape[-1] // 3
    spoilt[..., :third, :third] = noisy[..., :third, :third]
    spoilt_map = metric.score_and_map(spoilt, photos)[1]
    height, width = spoilt_map.shape[-2:]
    near, far = spoilt_map[..., : height // 4, : width // 4], spoilt_map[..., -height // 4 :, -width // 4 :]
    assert ((near.mean() - far.mean()) / (different - alike)) > 0.02
