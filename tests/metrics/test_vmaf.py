"""ADM, VIF at four scales and VMAF, worked out by hand where that can be done."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from beholder.catalog import create_metric
from beholder.data.degradations import add_noise, blur
from beholder.metrics import vif_scales as vif_module
from beholder.metrics.adm import ADM_MIN_SIZE, adm_scores
from beholder.metrics.vif_scales import vif_scales
from beholder.metrics.vmaf import vmaf_features
from beholder.spec import ShapeError, UsageError


@pytest.fixture(scope="module")
def luma(photos: Tensor) -> Tensor:
    return 16 + 219 * photos.mean(1, keepdim=True).double()


def test_half_the_contrast_is_half_the_detail(luma: Tensor) -> None:
    scores = adm_scores(128 + (luma - 128) / 2, luma)
    # r = o / 2 and a = 0: nothing masks, so only the constant under the roots keeps the score from 1 / 2.
    assert scores.additive.max() == 0
    assert ((scores.detail > 0.5) & (scores.detail < 0.6)).all()


def test_gain_of_contrast_counts_up_to_the_limit(luma: Tensor) -> None:
    stronger = 128 + (luma - 128) * 1.5
    free, limited = adm_scores(stronger, luma), adm_scores(stronger, luma, gain_limit=1)
    assert (free.detail > 1.3).all()
    assert (limited.detail <= 1 + 1e-9).all()
    assert (limited.additive > free.additive).all()


def test_inverted_picture_has_no_detail_left(luma: Tensor) -> None:
    scores = adm_scores(256 - luma, luma)
    own_noise = scores.detail  # only the constants of numerator and denominator remain
    assert (own_noise < 0.2).all()
    assert (scores.additive > 0.8).all()


def test_detail_is_lost_and_noise_is_added(photos: Tensor) -> None:
    def parts(x: Tensor) -> tuple[float, float]:
        scores = adm_scores(*(16 + 219 * picture.mean(0).expand(1, 1, -1, -1) for picture in (x, photos[0])))
        return scores.detail.item(), scores.additive.item()

    blurred, noisy = parts(blur(photos[0], 2)), parts(add_noise(photos[0], 0.1, seed=0))
    assert blurred[0] < noisy[0], "blur loses more detail"
    assert blurred[1] < noisy[1], "noise adds more impairment"


def test_borders_are_left_out(luma: Tensor) -> None:
    spoilt = luma.clone()
    spoilt[..., :4] = 16
    assert adm_scores(spoilt, luma).scales[0].tolist() == pytest.approx([1, 1, 1])


def test_vif_of_half_the_contrast_by_hand() -> None:
    generator = torch.Generator().manual_seed(0)
    y = 255 * torch.rand(1, 1, 64, 64, dtype=torch.float64, generator=generator)
    (first, *_) = vif_scales(128 + (y - 128) / 2, y)
    # g = 1/2 and no distortion: log(1 + s/8) over log(1 + s/2), s being about the variance of uniform numbers.
    s = 255**2 / 12
    assert first.item() == pytest.approx(math.log(1 + s / 8) / math.log(1 + s / 2), abs=0.01)


def test_vif_where_the_original_is_flat() -> None:
    y = torch.full((1, 1, 32, 32), 100.0, dtype=torch.float64)
    x = y + 20 * torch.randn(y.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    (first, *_) = vif_scales(x, y)
    assert first.item() == pytest.approx(1 - 4 / 255**2 * 20**2, abs=0.005)


def test_vif_in_parts_is_vif_at_once(luma: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt = luma.flip(0)
    at_once = vif_scales(spoilt, luma)
    monkeypatch.setattr(vif_module, "_PIXELS_AT_ONCE", 1)
    for whole, parts in zip(at_once, vif_scales(spoilt, luma), strict=True):
        assert torch.allclose(whole, parts, rtol=1e-12)


def test_equal_stills_score_a_little_under_their_best(photos: Tensor) -> None:
    metric = create_metric("vmaf")
    scores = metric(photos, photos)
    assert ((scores > 97.4119) & (scores < metric.spec.best + 1e-4)).all()


def test_variants(photos: Tensor) -> None:
    stronger = 0.5 + (photos - 0.5) * 1.2
    assert (create_metric("vmaf:neg=true")(stronger, photos) < create_metric("vmaf")(stronger, photos)).all()
    assert (create_metric("vmaf:phone=true")(photos, photos) == 100).all()
    for option in ("neg", "phone"):
        with pytest.raises(UsageError, match=f"the option {option!r} is 3"):
            create_metric(f"vmaf:{option}=3")


def test_features_refuse_other_ranges_and_shapes(luma: Tensor) -> None:
    with pytest.raises(ShapeError, match="Divide those of 10 bits by 4"):
        vmaf_features(luma, luma * 4)
    with pytest.raises(ShapeError, match="expected the same for both clips"):
        vmaf_features(luma[1:], luma)
    with pytest.raises(ShapeError, match="at least 17x17"):
        vmaf_features(luma[..., : ADM_MIN_SIZE - 1], luma[..., : ADM_MIN_SIZE - 1])
    with pytest.raises(ShapeError, match=r"\(N, 1, H, W\)"):
        vmaf_features(luma.expand(-1, 3, -1, -1), luma.expand(-1, 3, -1, -1))


def test_gradients_reach_every_frame(luma: Tensor) -> None:
    x, y = luma.flip(-1).requires_grad_(), luma.clone().requires_grad_()
    sum(value.sum() for value in vmaf_features(x, y).values()).backward()
    for leaf in (x, y):
        assert leaf.grad is not None
        assert leaf.grad.isfinite().all()
        assert (leaf.grad.abs().amax((1, 2, 3)) > 0).all()
