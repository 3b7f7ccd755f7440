"""Content loss against its definition, one number at a time."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from beholder.backbones import Backbone
from beholder.catalog import create_loss, create_metric
from beholder.losses.content import ContentLoss, content
from beholder.spec import ShapeError, UsageError
from losses.extremes import extreme_pairs, finite

PAIRS = extreme_pairs(24)


@pytest.fixture(scope="module")
def pair() -> tuple[Tensor, Tensor]:
    y = torch.cat([PAIRS["identical"][0], PAIRS["zeros and ones"][0]])
    return y.flip(0), y


def test_by_hand() -> None:
    x, y = torch.tensor([1.0, 2, 3, 4]).view(1, 1, 2, 2), torch.tensor([1.0, 0, 0, 5]).view(1, 1, 2, 2)
    assert content(x, y).item() == pytest.approx((4 + 9 + 1) / 4)
    assert content(x, y, "l1").item() == pytest.approx((2 + 3 + 1) / 4)


def test_layers_are_weighed(pair: tuple[Tensor, Tensor]) -> None:
    layers = ["conv2_2", "relu2_2", "relu1_1"]  # not in the network's order
    backbone = Backbone("vgg16", layers)
    features_x, features_y = (backbone(picture) for picture in pair)
    expected = torch.zeros(2, dtype=torch.float64)
    for layer, weight in zip(layers, (1, 0.5, 2), strict=True):
        for image in range(2):
            difference = features_x[layer][image].double() - features_y[layer][image].double()
            expected[image] += weight * difference.abs().sum() / difference.numel()
    loss = create_loss("content:layers=conv2_2+relu2_2+relu1_1:penalty=l1:layer_weights=1+0.5+2")
    assert torch.allclose(loss.per_image(*pair).double(), expected, rtol=1e-5)  # type: ignore[attr-defined]
    assert loss(*pair).item() == pytest.approx(expected.mean().item(), rel=1e-5)


def test_one_layer_is_the_metric(pair: tuple[Tensor, Tensor]) -> None:
    found = ContentLoss("relu3_3").per_image(*pair)
    assert torch.equal(found, create_metric("content")(*pair))


def test_before_and_after_the_relu() -> None:
    x, y = PAIRS["identical"]
    assert ContentLoss("conv2_2")(1 - x, y) > ContentLoss("relu2_2")(1 - x, y)


def test_other_networks(pair: tuple[Tensor, Tensor]) -> None:
    x, y = (torch.nn.functional.interpolate(picture, 64) for picture in pair)
    loss = ContentLoss("relu1+relu2", backbone="alexnet")
    assert (loss.per_image(x, y) > 0).all()


def test_images_do_not_mix(pair: tuple[Tensor, Tensor]) -> None:
    loss = ContentLoss("relu2_2+relu1_2")
    both = loss.per_image(*pair)
    apart = torch.cat([loss.per_image(x[None], y[None]) for x, y in zip(*pair, strict=True)])
    assert torch.allclose(both, apart, rtol=1e-6)


@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_gradcheck(penalty: str) -> None:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(2, 1, 3, 6, 6, generator=generator, dtype=torch.float64)
    loss = ContentLoss("conv1_1+conv1_2", penalty=penalty).double()  # type: ignore[arg-type]
    assert torch.autograd.gradcheck(loss, (x.requires_grad_(), y.requires_grad_()))


@pytest.mark.parametrize("penalty", ["l1", "l2"])
@pytest.mark.parametrize("name", PAIRS)
def test_finite(penalty: str, name: str) -> None:
    assert finite(ContentLoss(penalty=penalty), *PAIRS[name])  # type: ignore[arg-type]


def test_wrong_input_is_refused() -> None:
    x, y = PAIRS["identical"]
    with pytest.raises(ShapeError, match="expected the same shape"):
        ContentLoss()(x, y[..., :-1])
    with pytest.raises(ShapeError, match="a size that the layers"):
        ContentLoss("relu5_3")(x[..., :8, :8], y[..., :8, :8])
    with pytest.raises(UsageError, match="penalty is 'l3'; expected one of l1, l2"):
        ContentLoss(penalty="l3")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="one for each layer"):
        ContentLoss("relu1_1+relu2_2", layer_weights="1")
