"""Losses that compare with one picture, whatever the target."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from beholder.catalog import create_loss
from beholder.losses import WeightedSum
from beholder.losses.against import Against
from beholder.spec import ShapeError


def test_the_picture_takes_the_targets_place(photos: Tensor) -> None:
    x, y = photos[:2, :, :48, :48].clone().requires_grad_(), photos[:2, :, 48:96, :48]
    picture = photos[2, :, :48, :48]
    for name in ("l1", "ssim", "gram"):
        loss = create_loss(name)
        found = Against(loss, picture)(x, y)
        assert torch.allclose(found, loss(x, torch.stack([picture] * 2)), rtol=1e-5)
        assert not torch.allclose(found, loss(x, y), rtol=1e-2)
        (gradient,) = torch.autograd.grad(found, x)
        assert gradient.abs().max() > 0


def test_a_style_may_have_its_own_size_and_is_seen_once(photos: Tensor) -> None:
    x, y, picture = photos[:2, :, :48, :48], photos[:2, :, 48:96, :48], photos[2, :, :40, :64]
    style = create_loss("gram")
    expected = style(x, torch.stack([picture] * 2))
    total = WeightedSum({"content": "content", "style": Against(style, picture)})
    seen: list[int] = []
    trunk = total.terms[1].loss.backbone.trunk
    trunk.features[0].register_forward_hook(lambda _, given, __: seen.append(len(given[0])))
    total(x, y)
    assert torch.allclose(total.log["style"], expected, rtol=1e-5)
    assert sorted(seen) == [1, 2, 2]  # the style; what was made, for both terms; the target


def test_the_picture_is_in_no_checkpoint(photos: Tensor) -> None:
    assert not Against(create_loss("l1"), photos[0]).state_dict()


def test_what_is_no_picture_is_refused(photos: Tensor) -> None:
    with pytest.raises(ShapeError, match=r"shape \(3, 3, 192, 192\); expected \(3, H, W\)"):
        Against(create_loss("l1"), photos)
    with pytest.raises(ShapeError, match="the picture has shape"):
        Against(create_loss("l1"), photos[0, :1])
    with pytest.raises(ShapeError, match="expected the same shape"):
        Against(create_loss("l1"), photos[0])(photos[..., :32, :32], photos[..., :32, :32])
