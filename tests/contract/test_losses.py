"""The promises that every loss of the catalogue keeps, metrics as losses among them: nothing turns into NaN."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from beholder.catalog import LOSSES, METRICS, create_loss, describe_metric
from beholder.data.photos import PHOTOS
from beholder.losses import PictureLoss
from beholder.spec import Loss, WeightsError

SIDE = 32
SEEDS = 200


def discriminator() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 4, stride=4), nn.LeakyReLU(0.2), nn.Conv2d(8, 1, 3, padding=1))


GIVEN: dict[str, Callable[[], dict[str, Any]]] = {
    "adversarial": lambda: {"discriminator": discriminator(), "kind": "relativistic"},
    "cycle": lambda: {"back": nn.Conv2d(3, 3, 3, padding=1)},
    "identity": lambda: {"network": nn.Conv2d(3, 3, 3, padding=1)},
}
MEASURES = [
    name
    for name, entry in METRICS.items()
    if name not in LOSSES and not entry.package and (entry.subject or describe_metric(name).differentiable)
]


@pytest.fixture(scope="module", params=[*LOSSES, *MEASURES])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def loss(name: str, squeezenet_file: Any, saved_metrics: dict[str, Path]) -> Loss:
    options: dict[str, dict[str, Any]] = {name: {"file": file} for name, file in saved_metrics.items()}
    options |= {"lpips_squeeze": {"trunk": squeezenet_file}, "lpips": {"backbone": "alexnet"}}
    given = options.get(name, {})
    try:
        return create_loss(name, **(GIVEN[name]() if name in GIVEN else given))
    except WeightsError as error:
        pytest.skip(f"weights are not to be had: {error}")


@pytest.fixture(scope="module")
def side(loss: Loss) -> int:
    """Pictures as small as the loss takes them, for speed."""
    spec = getattr(loss, "spec", None)
    return max(SIDE, spec.min_size) if spec is not None else SIDE


def extra(loss: Loss, y: Tensor) -> dict[str, Tensor]:
    """What the loss takes besides, where it must have it."""
    return (
        {"source": y[..., ::2, ::2] if type(loss).__name__ == "ShrunkLoss" else y}
        if ("source" in getattr(loss, "inputs", ()))
        else {}
    )


def value_and_gradient(loss: Loss, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    x = x.clone().requires_grad_()
    value = loss(x, y, **extra(loss, y))
    assert value.shape == ()
    if not value.requires_grad:  # of the network alone, or of nothing
        return value, torch.zeros_like(x)
    (gradient,) = torch.autograd.grad(value, x, allow_unused=True)
    return value, torch.zeros_like(x) if gradient is None else gradient


def extremes(side: int) -> dict[str, tuple[Tensor, Tensor]]:
    """Pictures under test and targets at which formulas break."""
    photo = PHOTOS[0].detail(side)[None]
    black, white, grey = (torch.full_like(photo, level) for level in (0.0, 1.0, 0.5))
    saturated = (torch.rand(photo.shape, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    return {
        "identical": (photo, photo),
        "constant": (grey, grey),
        "black": (black, black),
        "white": (white, white),
        "black against white": (black, white),
        "black against photo": (black, photo),
        "photo against white": (photo, white),
        "constant against photo": (grey, photo),
        "0 and 1": (saturated, 1 - saturated),
        "0 and 1 against photo": (saturated, photo),
        "1e-8 away": ((photo.double() + 1e-8).float(), photo),
        "1e-8 from constant": ((grey.double() + 1e-8).float(), grey),
        "1e-8 from black": (black + 1e-8, black),
        "overshooting": (1.4 * photo - 0.2, photo),
    }


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_extremes_are_finite(loss: Loss, side: int, dtype: torch.dtype) -> None:
    cases = extremes(side)
    x, y = (torch.cat(pictures).to(dtype) for pictures in zip(*cases.values(), strict=True))
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        value, gradient = value_and_gradient(loss, x, y)
    # A mean over the batch is no number if one of its pictures has none.
    assert value.isfinite()
    assert [case for case, each in zip(cases, gradient, strict=True) if not each.isfinite().all()] == []


@pytest.mark.slow
def test_random_pictures_are_finite(name: str, loss: Loss, side: int) -> None:
    for start in range(0, SEEDS, 20):
        pairs = [random_pair(seed, side) for seed in range(start, start + 20)]
        x, y = (torch.stack(pictures) for pictures in zip(*pairs, strict=True))
        value, gradient = value_and_gradient(loss, x, y)
        assert value.isfinite()
        assert gradient.isfinite().all()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value, gradient = value_and_gradient(loss, x.bfloat16(), y.bfloat16())
    assert value.isfinite()
    assert gradient.isfinite().all()


def random_pair(seed: int, side: int) -> tuple[Tensor, Tensor]:
    """Pictures of random contrast, brightness, coarseness and saturation, and their spoilt likenesses."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    cells = int(torch.randint(1, side + 1, (), generator=generator))
    coarse = torch.nn.functional.interpolate(draw(1, 3, cells, cells), (side, side))[0]
    y = ((coarse - draw(1)) * 10 ** (4 * draw(1) - 3) + draw(1)).clamp(0, 1)
    x = y + 10 ** (-8 * draw(1)) * (draw(3, side, side) - 0.5)
    return x.clamp(0, 1), y


def test_each_image_stands_alone(name: str, loss: Loss, side: int) -> None:
    if name == "adversarial":
        pytest.skip("the relativistic kind compares with the batch's mean, by its definition")
    y = torch.stack([photo.detail(side) for photo in PHOTOS[:3]])
    x = (y + 0.1 * torch.rand(y.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    apart = [loss(a[None], b[None], **extra(loss, b[None])) for a, b in zip(x, y, strict=True)]
    assert loss(x, y, **extra(loss, y)).item() == pytest.approx(torch.stack(apart).mean().item(), rel=1e-5)


def test_says_what_it_is(name: str, loss: Loss) -> None:
    assert isinstance(loss, PictureLoss)
    assert loss.title
    assert not [p for p in loss.parameters() if p.requires_grad] or name in GIVEN
