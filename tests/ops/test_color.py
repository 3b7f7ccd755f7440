import pytest
import torch
from torch import Tensor

from beholder.ops.color import (
    check_channel,
    mix_channels,
    replace_luma,
    rgb_to_grey,
    rgb_to_y,
    select_channel,
)
from beholder.spec import UsageError


def colour(red: float, green: float, blue: float) -> torch.Tensor:
    return torch.tensor([red, green, blue], dtype=torch.float64).view(1, 3, 1, 1)


@pytest.mark.parametrize(
    ("rgb", "y"),
    # ITU-R BT.601, studio swing: black 16, white 235, primaries 81.481, 144.553, 40.966.
    [((0, 0, 0), 16), ((1, 1, 1), 235), ((1, 0, 0), 81.481), ((0, 1, 0), 144.553), ((0, 0, 1), 40.966)],
)
def test_luma_of_primaries(rgb: tuple[float, float, float], y: float) -> None:
    assert rgb_to_y(colour(*rgb)).item() * 255 == pytest.approx(y, abs=1e-9)


def test_grey_keeps_white() -> None:
    assert rgb_to_grey(colour(1, 1, 1)).item() == pytest.approx(1, abs=1e-12)


def test_eight_bit_grey_is_rounded_and_differentiable() -> None:
    # MATLAB: rgb2gray(uint8(cat(3, 10, 200, 30))) = round(0.298936*10 + 0.587043*200 + 0.114021*30) = 124.
    x = (colour(10, 200, 30) / 255).requires_grad_()
    grey = rgb_to_grey(x, eight_bit=True)
    assert grey.item() * 255 == pytest.approx(124, abs=1e-9)
    grey.sum().backward()
    assert x.grad is not None
    assert x.grad.flatten().tolist() == pytest.approx([0.298936, 0.587043, 0.114021], abs=1e-6)


def test_channels_by_name() -> None:
    x = torch.rand(2, 3, 4, 5)
    assert select_channel(x, "rgb") is x
    assert torch.equal(select_channel(x, "y"), rgb_to_y(x))
    assert torch.equal(select_channel(x, "grey"), rgb_to_grey(x))
    assert torch.equal(select_channel(x, "grey8"), rgb_to_grey(x, eight_bit=True))


def test_unknown_channel_is_refused() -> None:
    with pytest.raises(UsageError, match="'lab'; expected one of rgb, y"):
        check_channel("lab", ("rgb", "y"))


def test_channels_are_mixed_row_by_row() -> None:
    mixed = mix_channels(colour(1, 2, 3), ((1.0, 0.0, -1.0), (0.5, 1.0, 2.0)))
    assert mixed.flatten().tolist() == pytest.approx([-2, 8.5])
    assert mix_channels(colour(1, 2, 3), ((1.0, 1.0, 1.0),)).shape == (1, 1, 1, 1)


def test_luma_is_replaced_and_colours_stay(photos: Tensor) -> None:
    x, luma = photos.double(), photos.double().mean(1, keepdim=True)
    replaced = replace_luma(x, luma)
    assert torch.allclose(rgb_to_y(replaced), luma, atol=1e-12)
    change = replaced - x
    assert torch.allclose(change, change[:, :1].expand_as(change), atol=1e-12)
