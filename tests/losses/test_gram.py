"""Style loss, whole and patch by patch, against Gram matrices one at a time."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from beholder.catalog import create_loss, create_metric
from beholder.losses.gram import GramLoss, patch_gram_distance
from beholder.metrics.gram import gram_distance
from beholder.spec import ShapeError, UsageError
from losses.extremes import extreme_pairs, finite

PAIRS = extreme_pairs(32)


@pytest.fixture(scope="module")
def pair() -> tuple[Tensor, Tensor]:
    y = torch.cat([PAIRS["identical"][0], PAIRS["zeros and ones"][0]])
    return y.flip(0), y


def by_definition(x: Tensor, y: Tensor, places: int) -> float:
    """Distance of two maps of shape (C, H, W), with sums over channels, channels and places."""
    channels = len(x)

    def matrix(features: Tensor) -> list[float]:
        values = features.tolist()
        return [
            sum(
                a * b
                for row, other in zip(values[c], values[d], strict=True)
                for a, b in zip(row, other, strict=True)
            )
            / (channels * places)
            for c in range(channels)
            for d in range(channels)
        ]

    return sum((a - b) ** 2 for a, b in zip(matrix(x), matrix(y), strict=True))


def test_patches_by_definition() -> None:
    x, y = torch.rand(2, 2, 3, 4, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = patch_gram_distance(x, y, 2)
    for image in range(2):
        expected = [
            by_definition(*(each[image, :, top : top + 2, left : left + 2] for each in (x, y)), 4)
            for top in (0, 2)
            for left in (0, 2, 4)
        ]
        assert found[image].item() == pytest.approx(sum(expected) / 6)


def test_patches_at_the_rim_lack_places() -> None:
    x, y = torch.rand(2, 1, 3, 3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = [by_definition(x[0, :, :2], y[0, :, :2], 4), by_definition(x[0, :, 2:], y[0, :, 2:], 4)]
    assert patch_gram_distance(x, y, 2).item() == pytest.approx(sum(expected) / 2)


def test_sizes_may_differ() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(1, 3, 4, 5, generator=generator, dtype=torch.float64)
    y = torch.rand(1, 3, 2, 7, generator=generator, dtype=torch.float64)
    zero = x.new_zeros(())
    matrices = [torch.einsum("chw,dhw->cd", each[0], each[0]) / each.numel() for each in (x, y)]
    expected = (matrices[0] - matrices[1]).square().sum()
    assert gram_distance(x, y).item() == pytest.approx(expected.item())
    assert gram_distance(x, x.flip(3)[..., :4]).item() > zero.item()


def test_a_tiled_target_has_the_same_style() -> None:
    tile = PAIRS["identical"][0]
    twice = torch.cat([tile, tile], 3)
    loss = GramLoss("conv1_1")
    assert loss(tile, twice) < 0.01 * loss(tile, 1 - twice)


def test_the_whole_is_the_metric(pair: tuple[Tensor, Tensor]) -> None:
    loss = create_loss("gram")
    assert torch.equal(loss.per_image(*pair), create_metric("gram")(*pair))  # type: ignore[attr-defined]


def test_layers_are_weighed(pair: tuple[Tensor, Tensor]) -> None:
    one, two = (GramLoss(layer, patch=16)(*pair) for layer in ("relu1_2", "relu3_3"))
    both = create_loss("gram:layers=relu3_3+relu1_2:layer_weights=0.5+2:patch=16")
    assert both(*pair).item() == pytest.approx((0.5 * two + 2 * one).item(), rel=1e-5)


def test_patches_see_places(pair: tuple[Tensor, Tensor]) -> None:
    _, y = pair
    moved = y.roll(16, 3)
    whole, patches = GramLoss("relu1_2+relu2_2"), GramLoss("relu1_2+relu2_2", patch=8)
    assert patches(moved, y) > 10 * whole(moved, y)


def test_a_patch_has_one_place_at_least() -> None:
    loss = GramLoss("relu1_2+relu3_3+relu4_3", patch=4)
    assert loss.sides == {"relu1_2": 4, "relu3_3": 1, "relu4_3": 1}


def test_images_do_not_mix(pair: tuple[Tensor, Tensor]) -> None:
    for patch in (None, 16):
        loss = GramLoss(patch=patch)
        both = loss.per_image(*pair)
        apart = torch.cat([loss.per_image(x[None], y[None]) for x, y in zip(*pair, strict=True)])
        assert torch.allclose(both, apart, rtol=1e-5)


@pytest.mark.parametrize(("patch", "width"), [(None, 6), (None, 5), (2, 6)])
def test_gradcheck(patch: int | None, width: int) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(1, 3, 4, 6, generator=generator, dtype=torch.float64)
    y = torch.rand(1, 3, 4, width, generator=generator, dtype=torch.float64)
    loss = GramLoss("conv1_1", patch=patch).double()
    assert torch.autograd.gradcheck(loss, (x.requires_grad_(), y.requires_grad_()))


@pytest.mark.parametrize("patch", [None, 8])
@pytest.mark.parametrize("name", PAIRS)
def test_finite(patch: int | None, name: str) -> None:
    assert finite(GramLoss(patch=patch), *PAIRS[name])


def test_wrong_input_is_refused() -> None:
    x, y = PAIRS["identical"]
    with pytest.raises(ShapeError, match="expected the same shape"):
        GramLoss(patch=8)(x, y[..., :-1])
    with pytest.raises(ShapeError, match="at least one patch, 64x64 pixels"):
        GramLoss(patch=64)(x, y)
    with pytest.raises(ShapeError, match="x has 1 pictures and y 2"):
        GramLoss()(x, torch.cat([y, y])[..., :-1])
    with pytest.raises(ShapeError, match=r"torch.float32 on cpu and y torch.float64"):
        GramLoss()(x, y.double()[..., :-1])
    with pytest.raises(UsageError, match="relu4_3 stand 8 pixels apart; expected a multiple of 8"):
        GramLoss(patch=20)
    for wrong in (0, 1.5, True):
        with pytest.raises(UsageError, match="expected a number of pixels"):
            GramLoss(patch=wrong)  # type: ignore[arg-type]
