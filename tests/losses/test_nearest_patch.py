"""Nearest-patch loss against patches that are cut out and compared one by one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from beholder.catalog import create_loss
from beholder.losses import nearest_patch as module
from beholder.losses.nearest_patch import NearestPatchLoss, match_patches, nearest_patch
from beholder.spec import ShapeError, UsageError
from losses.extremes import extreme_pairs, finite

PAIRS = extreme_pairs(32)


def cut(features: Tensor, size: int) -> list[Tensor]:
    """Patches of a map of shape (C, H, W), row by row."""
    height, width = features.shape[1:]
    return [
        features[:, top : top + size, left : left + size].flatten()
        for top in range(height - size + 1)
        for left in range(width - size + 1)
    ]


def by_definition(x: Tensor, y: Tensor, size: int) -> tuple[float, list[int]]:
    patches_y = cut(y, size)
    squares, matches = [], []
    for patch in cut(x, size):
        correlations = [float(patch @ other / (patch.norm() * other.norm())) for other in patches_y]
        best = max(range(len(correlations)), key=correlations.__getitem__)
        squares.append(float((patch - patches_y[best]).square().mean()))
        matches.append(best)
    return sum(squares) / len(squares), matches


@pytest.fixture
def maps() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 4, 7, 6, generator=generator, dtype=torch.float64)
    return x, torch.randn(2, 4, 5, 8, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("tile", [1, 400, 2**23])
def test_by_definition(
    maps: tuple[Tensor, Tensor], size: int, tile: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TILE", tile)
    x, y = maps
    found = nearest_patch(x, y, size)
    for image in range(2):
        expected, matches = by_definition(x[image], y[image], size)
        assert found[image].item() == pytest.approx(expected)
        assert match_patches(x[image], y[image], size).flatten().tolist() == matches


def test_by_hand() -> None:
    # Of the single values 1 and -2 the first correlates with 3 and the second with -1.
    x, y = torch.tensor([1.0, -2]).view(1, 1, 1, 2), torch.tensor([-1.0, 3]).view(1, 1, 1, 2)
    assert nearest_patch(x, y, 1).item() == pytest.approx((4 + 1) / 2)


def test_moved_pieces_are_found(maps: tuple[Tensor, Tensor]) -> None:
    _, y = maps
    assert nearest_patch(y[..., 1:4, 2:7], y).tolist() == [0, 0]


def test_gradients_go_to_both_sides(maps: tuple[Tensor, Tensor]) -> None:
    x, y = (each[:1, :2, :5, :6].clone().requires_grad_() for each in maps)
    assert torch.autograd.gradcheck(nearest_patch, (x, y))
    loss = nearest_patch(x, y).sum()
    for gradient in torch.autograd.grad(loss, (x, y)):
        assert gradient.abs().sum() > 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    largest = 0
    matmul = Tensor.__matmul__

    def watch(a: Tensor, b: Tensor) -> Tensor:
        nonlocal largest
        product = matmul(a, b)
        largest = max(largest, product.numel())
        return product

    monkeypatch.setattr(module, "_TILE", 2**16)
    monkeypatch.setattr(Tensor, "__matmul__", watch)
    match_patches(torch.rand(2, 40, 40), torch.rand(2, 30, 50), 3)
    assert 0 < largest <= 2**16


def test_layers_are_weighed() -> None:
    x, y = PAIRS["identical"][0], PAIRS["zeros and ones"][0][..., :28]
    one, two = (NearestPatchLoss(layer)(x, y) for layer in ("relu3_1", "relu4_1"))
    both = create_loss("nearest_patch:layers=relu4_1+relu3_1:layer_weights=0.5+2")
    assert both(x, y).item() == pytest.approx((0.5 * two + 2 * one).item(), rel=1e-5)


def test_images_do_not_mix() -> None:
    y = torch.cat([PAIRS["identical"][0], PAIRS["zeros and ones"][0]])
    x = y.flip(0)
    loss = NearestPatchLoss()
    apart = torch.cat([loss.per_image(a[None], b[None]) for a, b in zip(x, y, strict=True)])
    assert torch.allclose(loss.per_image(x, y), apart, rtol=1e-5)


def test_gradcheck() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(1, 3, 4, 6, generator=generator, dtype=torch.float64)
    y = torch.rand(1, 3, 5, 4, generator=generator, dtype=torch.float64)
    loss = NearestPatchLoss("conv1_1").double()
    assert torch.autograd.gradcheck(loss, (x.requires_grad_(), y.requires_grad_()))


@pytest.mark.parametrize("name", PAIRS)
def test_finite(name: str) -> None:
    assert finite(NearestPatchLoss(), *PAIRS[name])


def test_wrong_input_is_refused(maps: tuple[Tensor, Tensor]) -> None:
    x, y = PAIRS["identical"]
    with pytest.raises(ShapeError, match="x has 1 pictures and y 2"):
        NearestPatchLoss()(x, torch.cat([y, y]))
    with pytest.raises(ShapeError, match=r"expected \(N, 3, H, W\)"):
        NearestPatchLoss()(x[:, :1], y)
    with pytest.raises(ShapeError, match="are 2 places high or wide; expected at least 3"):
        NearestPatchLoss()(x[..., :16, :16], y)
    with pytest.raises(ShapeError, match="equal N and C"):
        nearest_patch(maps[0], maps[1][:, :3])
    for wrong in (0, 1.5, True):
        with pytest.raises(UsageError, match="such as 3"):
            NearestPatchLoss(size=wrong)  # type: ignore[arg-type]
