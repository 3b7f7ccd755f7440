"""Landmark loss: heat maps against loops, and faces that its gradient moves back to where they were."""

from __future__ import annotations

import math
import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from beholder.backbones import door
from beholder.backbones.cards import find_card
from beholder.catalog import create_loss
from beholder.data.photos import PHOTOS
from beholder.losses.landmarks import LandmarkLoss, heat_map_distance, render_points
from beholder.spec import MissingPackageError, ShapeError, UsageError

FACE = (72, 172, 108, 108)  # of the astronaut


class Brightest(nn.Module):
    """Finds one point: the centre of mass of a picture; its dropout would make it find another in training."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        mass = self.dropout(self.weight * x.mean(1)) + 1e-3
        height, width = mass.shape[-2:]
        across = (torch.arange(width, dtype=x.dtype) + 0.5) / width
        down = (torch.arange(height, dtype=x.dtype) + 0.5) / height
        total = mass.sum((1, 2))
        point = torch.stack([(mass.sum(1) @ across) / total, (mass.sum(2) @ down) / total], 1)
        return point[:, None]


@pytest.fixture
def face() -> Tensor:
    """The astronaut's face, shape (1, 3, 108, 108); skips where no network finds its landmarks."""
    if door.locate(find_card("face_landmarks_68")) is None:
        pytest.skip(
            "the weights face_landmarks_68 are not in the cache: beholder weights fetch face_landmarks_68"
        )
    top, left, height, width = FACE
    return PHOTOS[0].load()[None, :, top : top + height, left : left + width]


def test_a_point_by_hand() -> None:
    found = render_points(torch.tensor([[[0.25, 0.25]]]), size=2, sigma=1)
    near, far = math.exp(-1 / 2), math.exp(-1)
    assert found.flatten().tolist() == pytest.approx([1, near, near, far])


def test_points_by_loops() -> None:
    points = torch.rand(2, 3, 2, dtype=torch.float64) * 1.4 - 0.2
    found = render_points(points, size=7, sigma=1.3)
    assert found.shape == (2, 3, 7, 7)
    for n in range(2):
        for k in range(3):
            across, down = (points[n, k] * 7).tolist()
            for row in range(7):
                for column in range(7):
                    away = math.hypot(column + 0.5 - across, row + 0.5 - down)
                    assert found[n, k, row, column].item() == pytest.approx(math.exp(-(away**2) / 2 / 1.3**2))


def test_distance_by_hand() -> None:
    x = torch.tensor([[[[1.0, 0], [0, 0]], [[0, 0], [0, 2]]], [[[0.0, 0], [0, 0]], [[0, 0], [0, 0]]]])
    assert heat_map_distance(x, torch.zeros_like(x)).tolist() == [pytest.approx(5 / 8), 0]


def test_gradients() -> None:
    points = torch.rand(2, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda given: render_points(given, size=6, sigma=1.5), points)
    loss = LandmarkLoss(detector=Brightest().double(), size=8)
    x = torch.rand(2, 3, 5, 4, dtype=torch.float64, requires_grad=True)
    y = torch.rand(2, 3, 5, 4, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda given: loss.per_image(given, y), x)


def test_gradients_through_the_network(face: Tensor) -> None:
    loss = LandmarkLoss().double()
    x = face.double().requires_grad_()
    y = face.flip(3).double()
    (gradient,) = torch.autograd.grad(loss(x, y), x)
    direction = torch.randn(x.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    step = 1e-7 * direction
    with torch.no_grad():
        slope = (loss(x + step, y) - loss(x - step, y)) / 2e-7
    assert (gradient * direction).sum().item() == pytest.approx(slope.item(), rel=1e-4)


def test_the_target_gets_no_gradient_and_the_network_none() -> None:
    detector = Brightest()
    loss = LandmarkLoss(detector=detector)
    x, y = (torch.rand(1, 3, 8, 8, requires_grad=True) for _ in range(2))
    loss(x, y).backward()
    assert x.grad is not None
    assert y.grad is None
    assert detector.weight.grad is None
    assert not detector.weight.requires_grad


def test_it_stays_in_evaluation_mode() -> None:
    loss = LandmarkLoss(detector=Brightest())
    nn.Sequential(loss).train()
    x, y = torch.rand(2, 1, 3, 16, 16)
    assert loss(x, y) == loss(x, y)
    assert loss(y, y) == 0


def test_each_image_for_itself(face: Tensor) -> None:
    loss = LandmarkLoss()
    x, y = torch.cat([face.roll(6, 3), face, face.flip(3)]), face.expand(3, -1, -1, -1)
    together = loss.per_image(x, y)
    apart = torch.cat([loss.per_image(x[i : i + 1], y[i : i + 1]) for i in range(3)])
    assert torch.allclose(together, apart, rtol=1e-4, atol=1e-9)
    assert together[1] == pytest.approx(0, abs=1e-9)
    assert loss(x, y).item() == pytest.approx(together.mean().item())


def test_box_and_points(face: Tensor) -> None:
    photo = PHOTOS[0].load()[None]
    moved = photo.roll(5, 2)
    top, left, height, width = FACE
    expected = create_loss("landmarks")(moved[..., top : top + height, left : left + width], face)
    assert create_loss("landmarks:box=72+172+108+108")(moved, photo) == expected
    assert LandmarkLoss(box=FACE)(moved, photo) == expected
    network = LandmarkLoss().detector
    with torch.no_grad():
        maps = [render_points(network(p), size=32, sigma=3) for p in (moved[..., 72:180, 172:280], face)]
    found = create_loss("landmarks:size=32:sigma=3", box=FACE)(moved, photo)
    assert found.item() == pytest.approx((maps[0] - maps[1]).pow(2).mean().item(), rel=1e-5)


def test_a_network_may_give_heat_maps() -> None:
    maps = nn.Conv2d(3, 4, 3)
    x, y = torch.rand(2, 2, 3, 9, 7)
    expected = (maps(x) - maps(y)).square().mean()
    assert LandmarkLoss(detector=maps)(x, y).item() == pytest.approx(expected.item(), rel=1e-5)


def extremes(face: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
    black, white, grey = (torch.full_like(face, level) for level in (0.0, 1.0, 0.5))
    bits = (face > 0.5).float()
    return {
        "identical": (face, face),
        "nearly identical": (face + 1e-8, face),
        "black": (black, black),
        "white against the face": (white, face),
        "the face against black": (face, black),
        "constant": (grey, grey),
        "zeros and ones": (bits, 1 - bits),
    }


def test_extreme_pictures_are_finite(face: Tensor) -> None:
    loss = LandmarkLoss()
    for case, (x, y) in extremes(face).items():
        given = x.clone().requires_grad_()
        value = loss(given, y)
        (gradient,) = torch.autograd.grad(value, given)
        assert value.isfinite(), case
        assert gradient.isfinite().all(), case
        if x is y:
            assert value == 0, case


def show_moved(face: Tensor, offset: Tensor, where: Tensor) -> Tensor:
    """The face, moved by an offset in halves of the picture's side, as far as ``where`` says."""
    side = face.shape[-1]
    centres = (torch.arange(side) + 0.5) / side * 2 - 1
    down, across = torch.meshgrid(centres, centres, indexing="ij")
    grid = torch.stack([across, down], -1) + where[..., None] * offset
    return nn.functional.grid_sample(face, grid[None], align_corners=False, padding_mode="border")


@pytest.mark.parametrize("start", [(0.16, 0.1), (-0.15, 0.2)])
@pytest.mark.parametrize("part", ["face", "mouth"])
def test_gradient_descent_moves_a_face_back(face: Tensor, part: str, start: tuple[float, float]) -> None:
    centres = (torch.arange(108) + 0.5) / 108
    from_mouth = (centres - 0.475).square() + (centres[:, None] - 0.66).square()
    where = torch.exp(-from_mouth / 2 / 0.12**2) if part == "mouth" else torch.ones(108, 108)
    loss = LandmarkLoss()
    offset = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.Adam([offset], lr=0.02)
    for _ in range(30):
        optimizer.zero_grad()
        loss(show_moved(face, offset, where), face).backward()
        optimizer.step()
    assert offset.norm() < math.hypot(*start) / 2


class Hourglasses(nn.Module):
    """Stands for the network of face-alignment: a list of heat maps, of which the last counts."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x: Tensor) -> list[Tensor]:
        assert x.shape[1:] == (3, 256, 256)
        maps = nn.functional.avg_pool2d(self.norm(x), 4)
        return [torch.zeros_like(maps), maps]


def test_fan_is_taken_from_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def build(*arguments: Any, **options: Any) -> Any:
        asked.append((arguments, options))
        return SimpleNamespace(face_alignment_net=Hourglasses())

    stub = SimpleNamespace(FaceAlignment=build, LandmarksType=SimpleNamespace(TWO_D=1))
    monkeypatch.setitem(sys.modules, "face_alignment", stub)
    loss = create_loss("landmarks:detector=fan")
    assert asked == [((1,), {"device": "cpu", "face_detector": "folder", "compile": False})]
    x, y = torch.rand(2, 1, 3, 256, 256)
    expected = nn.functional.avg_pool2d((x - y) / math.sqrt(1 + 1e-5), 4).square().mean()
    assert loss(x, y).item() == pytest.approx(expected.item(), rel=1e-4)


def test_fan_without_its_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "face_alignment", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'face-alignment>=1\.5'"):
        LandmarkLoss(detector="fan")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sigma": 0}, "sigma is 0; expected a number above 0"),
        ({"sigma": "wide"}, "sigma is 'wide'"),
        ({"sigma": math.nan}, "sigma is nan"),
        ({"size": 0}, "size is 0; expected a whole number"),
        ({"size": 6.5}, "size is 6.5"),
        ({"box": (1, 2, 3)}, r"box is \(1, 2, 3\); expected the face's top, left, height and width"),
        ({"box": "1+2+0+4"}, "box is '1.2.0.4'"),
        ({"box": (-1, 2, 3, 4)}, "box is"),
        ({"box": 7}, "box is 7"),
        ({"detector": "dlib"}, "detector is 'dlib'; expected 'fan', or a module"),
        ({"detector": len}, "detector is <built-in function len>"),
    ],
    ids=str,
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        LandmarkLoss(**{"detector": Brightest(), **options})


def test_wrong_input_is_refused() -> None:
    loss = LandmarkLoss(detector=Brightest(), box=(2, 3, 4, 5))
    with pytest.raises(ShapeError, match="the picture is 8x5, and the box ends at column 8, row 6"):
        loss(torch.rand(1, 3, 5, 8), torch.rand(1, 3, 5, 8))
    with pytest.raises(ShapeError, match="expected the same shape"):
        loss(torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 9))
    with pytest.raises(ShapeError, match=r"gives shape \(1, 3\); expected points \(1, K, 2\)"):
        LandmarkLoss(detector=nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))(
            *torch.rand(2, 1, 3, 8, 8)
        )
