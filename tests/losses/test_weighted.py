"""Sums of losses: named, logged, weighed, one pass through each network."""

from __future__ import annotations

import functools

import pytest
import torch
from torch import Tensor, nn

from beholder.backbones import Backbone
from beholder.catalog import create_loss, create_metric
from beholder.data.degradations import add_noise
from beholder.data.photos import PHOTOS
from beholder.losses import AsLoss, PictureLoss, WeightedSum
from beholder.losses.balancing import Equalise
from beholder.losses.contextual_loss import ContextualLoss
from beholder.spec import ShapeError, UsageError

FEATURES = ["lpips_vgg", "contextual", "dists", "ssim"]


class Difference(PictureLoss):
    title = "Mean absolute difference"
    inputs = ("mask",)

    def per_image(self, x: Tensor, y: Tensor, mask: Tensor | None = None) -> Tensor:
        difference = (x - y).abs()
        return (difference if mask is None else difference * mask).flatten(1).mean(1)


@pytest.fixture(scope="module")
def pair() -> tuple[Tensor, Tensor]:
    y = torch.stack([photo.detail(64) for photo in PHOTOS[:2]])
    return torch.stack([add_noise(picture, 0.1, seed=0) for picture in y]), y


def test_a_sum_is_that_of_its_terms(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    x = x.clone().requires_grad_()
    loss = WeightedSum(FEATURES, {"lpips_vgg": 2.0, "ssim": 0.5})
    total = loss(x, y)
    (gradient,) = torch.autograd.grad(total, x)
    weights = {"lpips_vgg": 2.0, "ssim": 0.5}
    apart = [weights.get(name, 1) * WeightedSum([name])(x, y) for name in FEATURES]
    expected = torch.stack(apart).sum()
    assert total.item() == pytest.approx(expected.item(), rel=1e-6)
    (alone,) = torch.autograd.grad(expected, x)
    assert (gradient - alone).abs().max() < 1e-4 * alone.abs().max()


def test_the_sums_own_name_is_taken() -> None:
    with pytest.raises(UsageError, match="a term is named 'total'"):
        WeightedSum({"total": "l1"})


def test_terms_and_weights_are_logged(pair: tuple[Tensor, Tensor]) -> None:
    loss = WeightedSum({"pixels": Difference(), "structure": "ssim"}, {"structure": 3})
    total = loss(*pair)
    assert list(loss.log) == ["pixels", "structure", "pixels/weight", "structure/weight", "total"]
    assert loss.log["pixels"].item() == pytest.approx((pair[0] - pair[1]).abs().mean().item(), rel=1e-6)
    assert loss.log["structure/weight"].item() == 3
    assert loss.log["total"].item() == total.item()
    assert not any(value.requires_grad for value in loss.log.values())


def count_passes(loss: nn.Module) -> list[tuple[int, ...]]:
    """Shapes that the networks of a loss see, one for each pass."""
    seen: list[tuple[int, ...]] = []
    trunks = {id(part.trunk): part.trunk for part in loss.modules() if isinstance(part, Backbone)}
    for trunk in trunks.values():
        first = next(iter(trunk.features))  # type: ignore[arg-type]
        first.register_forward_pre_hook(lambda _, given: seen.append(tuple(given[0].shape)))
    return seen


def test_a_network_sees_each_picture_once(pair: tuple[Tensor, Tensor]) -> None:
    loss = WeightedSum(["lpips_vgg", "contextual", "gram", "content"])
    assert len({id(part.trunk) for part in loss.modules() if isinstance(part, Backbone)}) == 1
    seen = count_passes(loss)
    loss(*pair)
    assert seen == [(2, 3, 64, 64)] * 2
    loss(*pair)
    assert len(seen) == 4


def test_networks_that_see_otherwise_stay_apart() -> None:
    loss = WeightedSum(["lpips_vgg", "lpips_vgg:version=0.0", "dists", "lpips_alex"])
    assert len({id(part.trunk) for part in loss.modules() if isinstance(part, Backbone)}) == 4


def test_a_term_alone_runs_no_further_than_its_own_layers(pair: tuple[Tensor, Tensor]) -> None:
    early = ContextualLoss("relu1_2", sample=50)
    WeightedSum({"early": early, "late": "lpips_vgg"})
    ran: list[str] = []
    for name, part in early.backbone.trunk.features.named_children():  # type: ignore[union-attr,operator]
        part.register_forward_pre_hook(lambda *_, name=name: ran.append(name))
    early(*pair)
    assert ran == ["0", "1", "2", "3"] * 2


def test_the_target_needs_no_gradient(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    loss = WeightedSum(["lpips_vgg", "contextual"])
    backbone = next(part for part in loss.modules() if isinstance(part, Backbone))
    assert not any(features.requires_grad for features in backbone(y).values())
    y = y.clone().requires_grad_()
    loss(x, y).backward()
    assert y.grad is not None
    assert y.grad.abs().sum() > 0


def test_inputs_reach_the_terms_that_name_them(pair: tuple[Tensor, Tensor]) -> None:
    loss = WeightedSum({"masked": Difference(), "ssim": "ssim"})
    assert loss.inputs == ("mask",)
    loss(*pair, mask=torch.zeros(2, 1, 64, 64))
    assert loss.log["masked"].item() == 0
    with pytest.raises(UsageError, match="no term takes labels; they take mask"):
        loss(*pair, labels=torch.zeros(2))


def test_formulas_are_widened_where_autocast_is_on(pair: tuple[Tensor, Tensor]) -> None:
    loss = WeightedSum(["ssim", "l1"])
    x, y = (picture.bfloat16() for picture in pair)
    expected = loss(x.float(), y.float()).item()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert loss(x, y).item() == pytest.approx(expected, rel=1e-6)


def test_networks_follow_autocast_and_formulas_do_not(pair: tuple[Tensor, Tensor]) -> None:
    loss = WeightedSum(["lpips_vgg", "contextual"])
    seen: list[torch.dtype] = []
    trunk = next(part.trunk for part in loss.modules() if isinstance(part, Backbone))
    trunk.features[2].register_forward_hook(lambda *given: seen.append(given[2].dtype))  # type: ignore[union-attr,index]
    exact = loss(*pair).item()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = loss(*pair)
        assert torch.is_autocast_enabled("cpu")
    assert rounded.dtype == torch.float32
    assert seen == [torch.float32] * 2 + [torch.bfloat16] * 2
    assert 0 < abs(rounded.item() / exact - 1) < 0.02
    # Alone, too, and off again afterwards.
    assert loss(*pair).item() == pytest.approx(exact, rel=1e-6)


def test_balancing_is_wired(pair: tuple[Tensor, Tensor]) -> None:
    x = pair[0].clone().requires_grad_()
    for balance in ("equalise", "gradient", "uncertainty", functools.partial(Equalise, decay=0.5)):
        loss = WeightedSum(["ssim", "lpips_vgg"], balance=balance)  # type: ignore[arg-type]
        loss(x, pair[1]).backward()
        assert loss.log["ssim/weight"].isfinite()
    with pytest.raises(UsageError, match="balance is 'even'; expected one of fixed, equalise"):
        WeightedSum(["ssim"], balance="even")


def test_checkpoints_hold_no_network_and_load_strictly(pair: tuple[Tensor, Tensor]) -> None:
    loss = WeightedSum(["ssim", "lpips_vgg"], balance="equalise")
    loss(*pair)
    state = loss.state_dict()
    assert sum(held.numel() for held in state.values() if isinstance(held, Tensor)) < 100
    other = WeightedSum(["ssim", "lpips_vgg"], balance="equalise")
    other.load_state_dict(state, strict=True)
    assert torch.equal(other.eval()(*pair), loss.eval()(*pair))
    with pytest.raises(
        UsageError, match=r"the state is of the terms ssim, lpips_vgg; the sum has lpips_vgg, ssim"
    ):
        WeightedSum(["lpips_vgg", "ssim"], balance="equalise").load_state_dict(state)


def test_terms_go_by_their_own_names() -> None:
    assert WeightedSum([AsLoss("dists"), Difference(), create_metric("ssim"), "gmsd"]).names == (
        "dists",
        "difference",
        "ssim",
        "gmsd",
    )


def test_what_is_no_tensor_is_refused(pair: tuple[Tensor, Tensor]) -> None:
    for loss in (WeightedSum(["l1"]), create_loss("l1")):
        with pytest.raises(ShapeError, match=r"found a numpy\.ndarray; expected a torch\.Tensor"):
            loss(pair[0].numpy(), pair[1].numpy())  # type: ignore[arg-type]


def test_moves_to_another_type_as_one(pair: tuple[Tensor, Tensor]) -> None:
    loss = WeightedSum(["contextual", "lpips_vgg"]).double()
    single = WeightedSum(["contextual", "lpips_vgg"])
    double = loss(*(picture.double() for picture in pair))
    assert double.dtype == torch.float64
    assert double.item() == pytest.approx(single(*pair).item(), rel=1e-5)


@pytest.mark.parametrize(
    ("terms", "weights", "message"),
    [
        ([], None, "no term is given"),
        ("ssim", None, "expected a list of losses"),
        (["ssim", "ssim"], None, "two terms are named ssim"),
        (["sim"], None, "there is no loss 'sim'. Did you mean"),
        (["ssim"], {"lpips": 1}, "weights are given to lpips; the terms are ssim"),
        (["ssim"], {"ssim": -1}, "the weight of ssim is -1"),
        (["ssim"], [1], "expected a mapping of terms to numbers"),
        ([3], None, "expected a catalogue name or a module"),
        (
            ["adversarial"],
            None,
            r"adversarial needs discriminator=\.\.\., in Python: create_loss\('adversarial', disc",
        ),
        (["gram:layers=relu1_2+relu1_2"], None, "relu1_2 is named twice"),
    ],
)
def test_impossible_sums_are_refused(terms: list[str], weights: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        WeightedSum(terms, weights)


def test_a_metric_among_the_terms_becomes_a_loss(pair: tuple[Tensor, Tensor]) -> None:
    given, named = WeightedSum([create_metric("ssim")]), WeightedSum(["ssim"])
    assert given(*pair).item() == named(*pair).item()


class PerImage(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return (x - y).flatten(1).mean(1)


def test_a_term_that_is_not_reduced_is_refused(pair: tuple[Tensor, Tensor]) -> None:
    with pytest.raises(ShapeError, match=r"the term perimage gave \(2,\); expected a scalar"):
        WeightedSum([PerImage(), "l1"])(*pair)


class Peeping(PictureLoss):
    """A term that looks at x without gradients before another does with them."""

    title = "Nothing"

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone

    def per_image(self, x: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            return 0 * self.backbone(x)["relu2_2"].flatten(1).mean(1)


def test_what_was_seen_without_gradients_is_seen_again(pair: tuple[Tensor, Tensor]) -> None:
    x = pair[0].clone().requires_grad_()
    peeping = Peeping(Backbone("vgg16", ["relu2_2"]))
    (alone,) = torch.autograd.grad(WeightedSum(["content"])(x, pair[1]), x)
    (together,) = torch.autograd.grad(WeightedSum([peeping, "content"])(x, pair[1]), x)
    assert torch.allclose(together, alone, rtol=1e-4, atol=1e-7 * float(alone.abs().max()))


def test_a_sum_within_a_sum_shares_its_pass(pair: tuple[Tensor, Tensor]) -> None:
    inner = WeightedSum(["lpips_vgg", "content"])
    loss = WeightedSum({"inner": inner, "gram": "gram"})
    seen = count_passes(loss)
    loss(*pair)
    assert len(seen) == 2


def test_changed_weights_are_not_joined_and_not_loaded(pair: tuple[Tensor, Tensor]) -> None:
    changed = create_loss("content")
    with torch.no_grad():
        next(changed.backbone.trunk.parameters()).mul_(2)  # type: ignore[attr-defined]
    value = changed(*pair).item()
    loss = WeightedSum({"changed": changed, "content": "content"})
    loss(*pair)
    assert loss.log["changed"].item() == pytest.approx(value, rel=1e-6)
    assert loss.log["content"].item() != pytest.approx(value, rel=1e-2)
    state = {"backbone.trunk.features.0.weight": torch.zeros(64, 3, 3, 3)}
    fresh = create_loss("content")
    before = fresh(*pair).item()
    fresh.load_state_dict(state)  # type: ignore[attr-defined]
    assert fresh(*pair).item() == before
