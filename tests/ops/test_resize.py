import pytest
import torch

from beholder.ops.resize import resize

# MATLAB R2023a documents imresize's kernel and borders; these values follow from them by hand.


def test_enlarging_a_step_twice() -> None:
    # Weights at the offsets 1/4 and 3/4 of Keys's kernel: -0.0703125, 0.8671875, 0.2265625, -0.0234375.
    x = torch.tensor([0.0, 0, 1, 1], dtype=torch.float64).view(1, 1, 1, 4)
    found = resize(x, 1, 8).flatten().tolist()
    near, far = 0.2265625 - 0.0234375, -0.0234375
    overshoot = -0.0703125
    assert found == pytest.approx([0, far, overshoot, near, 1 - near, 1 - overshoot, 1 - far, 1], abs=1e-12)


def test_shrinking_averages_what_would_alias() -> None:
    stripes = torch.tensor([0.0, 1.0] * 16, dtype=torch.float64).view(1, 1, 1, 32)
    assert torch.allclose(
        resize(stripes, 1, 16)[..., 4:-4], torch.tensor(0.5, dtype=torch.float64), atol=1e-12
    )


@pytest.mark.parametrize("size", [(7, 9), (14, 18), (5, 20), (1, 1)])
def test_flat_stays_flat(size: tuple[int, int]) -> None:
    found = resize(torch.full((2, 3, 10, 12), 0.3), *size)
    assert found.shape == (2, 3, *size)
    assert torch.allclose(found, torch.tensor(0.3), atol=1e-6)


def test_same_size_is_untouched() -> None:
    x = torch.rand(1, 3, 8, 9)
    assert torch.equal(resize(x, 8, 9), x)


def test_inside_it_is_torchs_antialiased_bicubic() -> None:
    # torch differs at the border, where it leaves pixels out instead of mirroring them.
    x = torch.rand(1, 3, 64, 48, dtype=torch.float64)
    expected = torch.nn.functional.interpolate(
        x, (32, 24), mode="bicubic", antialias=True, align_corners=False
    )
    assert torch.allclose(resize(x, 32, 24)[..., 3:-3, 3:-3], expected[..., 3:-3, 3:-3], atol=1e-7)


def test_bilinear_enlarging_and_shrinking_by_hand() -> None:
    x = torch.tensor([0.0, 0, 8, 8], dtype=torch.float64).view(1, 1, 1, 4)
    enlarged = resize(x, 1, 8, kernel="bilinear").flatten().tolist()
    assert enlarged == pytest.approx([0, 0, 0, 2, 6, 8, 8, 8], abs=1e-12)
    # Weights 1/8, 3/8, 3/8, 1/8; the pixel beyond the border is the edge pixel again.
    assert resize(x, 1, 2, kernel="bilinear").flatten().tolist() == pytest.approx([1, 7], abs=1e-12)


def test_a_given_scale_is_kept_where_the_size_is_rounded_up() -> None:
    ramp = torch.arange(22, dtype=torch.float64).view(1, 1, 1, 22)
    # Centres at 4 i + 1.5, as with 24 pixels; the ratio of the sizes would place them 22 / 6 apart.
    found = resize(ramp, 1, 6, scale=0.25)[0, 0, 0]
    assert found[2:4].tolist() == pytest.approx([9.5, 13.5], abs=1e-12)
