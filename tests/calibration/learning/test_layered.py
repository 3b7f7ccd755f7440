"""Distances in the making: of pictures and of moments."""

from __future__ import annotations

import torch

from beholder.catalog import create_metric
from calibration.learning.conftest import alexnet_distance


def pictures(seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    reference = torch.rand(2, 3, 40, 48, generator=draw)
    spoilt = [
        (reference + spread * torch.randn(reference.shape, generator=draw)).clamp(0, 1)
        for spread in (0.1, 0.3)
    ]
    return reference, spoilt[0], spoilt[1]


def test_equal_weights_are_the_baseline() -> None:
    distance = alexnet_distance().eval()
    reference, p0, p1 = pictures(0)
    baseline = create_metric("lpips:alexnet")
    with torch.inference_mode():
        found = distance(reference, p0, p1)
        expected = torch.stack([baseline(p0, reference), baseline(p1, reference)], 1)
    torch.testing.assert_close(found, 0.1 * expected)
    assert (found[:, 0] < found[:, 1]).all()


def test_moments_tell_all_that_weights_ask_for() -> None:
    distance = alexnet_distance().eval()
    for number, weight in enumerate(distance.weights):
        weight.data = torch.rand(weight.shape, generator=torch.Generator().manual_seed(number))
    triplet = pictures(1)
    with torch.inference_mode():
        torch.testing.assert_close(distance.of_moments(distance.measure(*triplet)), distance(*triplet))


def test_dropout_of_moments_is_as_that_of_places() -> None:
    distance = alexnet_distance(dropout=0.3).train()
    reference, p0, p1 = (each[:1] for each in pictures(2))
    with torch.inference_mode():
        torch.manual_seed(0)
        moments = distance.measure(reference, p0, p1)
        drawn = torch.cat([distance.of_moments(moments) for _ in range(400)])
        dropped = torch.cat([distance(reference, p0, p1) for _ in range(400)])
    assert drawn.std(0).min() > 0
    # of 400 draws each, the spread is known to 5%, and the mean to a twentieth of it
    torch.testing.assert_close(drawn.std(0), dropped.std(0), rtol=0.2, atol=0)
    assert ((drawn.mean(0) - dropped.mean(0)).abs() < 0.3 * dropped.std(0)).all()


def test_weights_stay_positive() -> None:
    distance = alexnet_distance()
    distance.weights[0].data[:2] = torch.tensor([-1.0, 2.0])
    distance.keep_weights_positive()
    assert distance.weights[0][:2].tolist() == [0.0, 2.0]


def test_distances_stay_in_full_precision() -> None:
    distance = alexnet_distance().train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = distance(*pictures(3))
        moments = distance.measure(*pictures(3))
        assert distance.of_moments(moments).dtype == torch.float32
    assert found.dtype == torch.float32
    assert moments[0].dtype == torch.float32
