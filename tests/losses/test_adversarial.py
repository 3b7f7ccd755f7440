"""Adversarial losses against numbers found by hand and torch's cross-entropy; who gets gradients; a toy that learns."""

from __future__ import annotations

import copy
import math
from typing import get_args

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.utils.parametrizations import spectral_norm

from beholder.backbones import Backbone
from beholder.catalog import create_loss
from beholder.data.photos import PHOTOS
from beholder.losses import WeightedSum
from beholder.losses.adversarial import AdversarialLoss, Kind, discriminator_loss, generator_loss
from beholder.spec import ShapeError, UsageError

KINDS: tuple[Kind, ...] = get_args(Kind)
FAKE, REAL = torch.tensor([0.5, -2.0]), torch.tensor([0.25, 3.0])


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="module")
def pair() -> tuple[Tensor, Tensor]:
    y = torch.stack([photo.detail(32) for photo in PHOTOS[:2]])
    return y.flip(3).contiguous(), y


def make_critic() -> nn.Sequential:
    """A map of outputs, as of a discriminator of patches."""
    return nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 3, 2))


class Conditional(nn.Module):
    """A projection discriminator: what a class adds."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head, self.classes = nn.Linear(4, 1), nn.Embedding(3, 4)

    def forward(self, pictures: Tensor, labels: Tensor) -> Tensor:
        found = self.body(pictures)
        return self.head(found)[:, 0] + (found * self.classes(labels)).sum(1)  # type: ignore[no-any-return]


def minus_log_sigmoid(logit: float) -> float:
    return math.log(1 + math.exp(-logit))


def test_by_hand() -> None:
    log = minus_log_sigmoid
    mean_fake, mean_real = -0.75, 1.625
    generator = {
        "vanilla": [log(0.5), log(-2)],
        "least_squares": [0.125, 4.5],
        "hinge": [-0.5, 2],
        "wasserstein": [-0.5, 2],
        "relativistic": [
            log(0.5 - mean_real) + log(mean_fake - 0.25),
            log(-2 - mean_real) + log(mean_fake - 3),
        ],
    }
    discriminator = {
        "vanilla": [log(0.25) + log(-0.5), log(3) + log(2)],
        "least_squares": [(0.5625 + 0.25) / 2, (4 + 4) / 2],
        "hinge": [0.75 + 1.5, 0],
        "wasserstein": [0.25, -5],
        "relativistic": [
            log(0.25 - mean_fake) + log(mean_real - 0.5),
            log(3 - mean_fake) + log(mean_real + 2),
        ],
    }
    for kind in KINDS:
        assert generator_loss(FAKE, REAL, kind).tolist() == pytest.approx(generator[kind], rel=1e-6)
        assert discriminator_loss(FAKE, REAL, kind).tolist() == pytest.approx(discriminator[kind], rel=1e-6)


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 1, 3, 5)])
def test_by_torchs_cross_entropy(shape: tuple[int, ...]) -> None:
    fake, real = 20 * torch.randn(2, *shape, dtype=torch.float64)
    ones, zeros = torch.ones_like(fake), torch.zeros_like(fake)

    def entropy(logits: Tensor, truth: Tensor) -> Tensor:
        return cross_entropy(logits, truth, reduction="none").reshape(4, -1).mean(1)

    assert torch.allclose(generator_loss(fake), entropy(fake, ones))
    assert torch.allclose(discriminator_loss(fake, real), entropy(real, ones) + entropy(fake, zeros))
    above, below = fake - real.mean(), real - fake.mean()
    found = generator_loss(fake, real, "relativistic")
    assert torch.allclose(found, entropy(above, ones) + entropy(below, zeros))
    found = discriminator_loss(fake, real, "relativistic")
    assert torch.allclose(found, entropy(below, ones) + entropy(above, zeros))


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_by_differences(kind: Kind) -> None:
    fake, real = torch.randn(2, 3, 2, 2, dtype=torch.float64, requires_grad=True).unbind()
    assert torch.autograd.gradcheck(lambda a, b: generator_loss(a, b, kind), (fake, real))
    assert torch.autograd.gradcheck(lambda a, b: discriminator_loss(a, b, kind), (fake, real))
    critic = nn.Sequential(nn.Conv2d(3, 2, 2), nn.Softplus(), nn.Conv2d(2, 1, 2)).double()
    x, y = torch.rand(2, 2, 3, 4, 4, dtype=torch.float64)
    assert torch.autograd.gradcheck(AdversarialLoss(critic, kind).per_image, (x.requires_grad_(), y))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrap", [nn.Identity, nn.BatchNorm2d, spectral_norm])
def test_each_side_has_its_own_gradients(kind: Kind, wrap: object, pair: tuple[Tensor, Tensor]) -> None:
    critic = make_critic()
    if wrap is spectral_norm:
        critic[0] = spectral_norm(critic[0])
    elif wrap is nn.BatchNorm2d:
        critic.insert(1, nn.BatchNorm2d(4))
    loss = AdversarialLoss(critic, kind)
    made = pair[0].clone().requires_grad_()
    x = made * 1
    loss(x, pair[1]).backward(retain_graph=True)
    assert made.grad is not None
    assert made.grad.abs().sum() > 0
    assert all(parameter.grad is None and parameter.requires_grad for parameter in critic.parameters())
    made.grad = None
    value = loss.discriminator_loss(x, pair[1])
    assert value.shape == ()
    value.backward()
    assert made.grad is None
    assert all(parameter.grad is not None for parameter in critic.parameters())
    assert any(
        parameter.grad.abs().sum() > 0 for parameter in critic.parameters() if parameter.grad is not None
    )


def test_a_step_of_one_side_leaves_the_other(pair: tuple[Tensor, Tensor]) -> None:
    # Values are those of the discriminator as it is: the parameters are shared, not copied.
    loss = AdversarialLoss(make_critic())
    before = loss(*pair).item()
    optimiser = torch.optim.SGD(loss.discriminator.parameters(), lr=0.1)
    loss.discriminator_loss(*pair).backward()
    optimiser.step()
    assert loss(*pair).item() != before
    expected = generator_loss(loss.discriminator(pair[0])).mean().item()
    assert loss(*pair).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_relativistic_mean_sees_batch_mates(kind: Kind, pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    loss = AdversarialLoss(make_critic(), kind)
    together = loss.per_image(x, y)
    alone = torch.cat([loss.per_image(x[n : n + 1], y[n : n + 1]) for n in range(2)])
    assert together.shape == (2,)
    assert torch.allclose(together, alone, rtol=1e-5) == (kind != "relativistic")
    sides = (generator_loss, discriminator_loss)
    for side in sides:
        alone = torch.cat([side(FAKE[n : n + 1], REAL[n : n + 1], kind) for n in range(2)])
        assert torch.allclose(side(FAKE, REAL, kind), alone) == (kind != "relativistic")


@pytest.mark.parametrize("kind", KINDS)
def test_alternating_steps_bring_the_generated_to_the_real(kind: Kind) -> None:
    shift = torch.tensor(0.2, requires_grad=True)
    critic = nn.Sequential(nn.Flatten(), nn.Linear(12, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    loss = AdversarialLoss(critic, kind)
    generator = torch.optim.Adam([shift], lr=0.03, betas=(0.5, 0.9))
    discriminator = torch.optim.Adam(critic.parameters(), lr=0.05, betas=(0.5, 0.9))
    for _ in range(20):
        real = (0.7 + 0.05 * torch.randn(16, 3, 2, 2)).clamp(0, 1)
        made = shift + 0.05 * torch.randn(16, 3, 2, 2)
        for _ in range(5):
            discriminator.zero_grad()
            loss.discriminator_loss(made, real).backward()
            discriminator.step()
        generator.zero_grad()
        loss(made, real).backward()
        generator.step()
    assert shift.item() == pytest.approx(0.7, abs=0.2)  # of twelve seeds, the worst ends at 0.85


def test_wasserstein_adds_the_penalty(pair: tuple[Tensor, Tensor]) -> None:
    # A linear critic with a known slope: no draw changes the penalty.
    critic = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 1, bias=False))
    nn.init.constant_(critic[1].weight, 3 / math.sqrt(3 * 32 * 32))
    bare = discriminator_loss(critic(pair[0]), critic(pair[1]), "wasserstein").mean().item()
    for weight in (10.0, 0.5, 0.0):
        found = AdversarialLoss(critic, "wasserstein", penalty_weight=weight).discriminator_loss(*pair)
        assert found.item() == pytest.approx(bare + weight * (3 - 1) ** 2, rel=1e-4, abs=1e-4)
    default = AdversarialLoss(critic, "wasserstein").discriminator_loss(*pair)
    assert default.item() == pytest.approx(bare + 40, rel=1e-4)


def test_only_one_kind_shows_real_pictures_to_the_discriminator(pair: tuple[Tensor, Tensor]) -> None:
    critic = make_critic()
    seen: list[Tensor] = []
    critic.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    for kind in KINDS:
        seen.clear()
        AdversarialLoss(critic, kind)(*pair)
        assert len(seen) == (2 if kind == "relativistic" else 1)


@pytest.mark.parametrize("kind", KINDS)
def test_labels_reach_the_discriminator(kind: Kind, pair: tuple[Tensor, Tensor]) -> None:
    critic = Conditional()
    loss = AdversarialLoss(critic, kind)
    first, second = torch.tensor([0, 1]), torch.tensor([2, 1])
    x = pair[0].clone().requires_grad_()
    values = loss.per_image(x, pair[1], labels=first)
    if kind != "relativistic":
        expected = generator_loss(critic(pair[0], first), None, kind)
        assert torch.allclose(values, expected)
        other = loss.per_image(x, pair[1], labels=second)
        assert values[0] != other[0]
        assert values[1] == other[1]
    loss(x, pair[1], labels=first).backward()
    assert critic.classes.weight.grad is None
    loss.discriminator_loss(x, pair[1], labels=first).backward()
    assert critic.classes.weight.grad is not None
    assert critic.classes.weight.grad[2].abs().sum() == 0
    assert WeightedSum({"game": loss})(x, pair[1], labels=first).item() == pytest.approx(
        loss(x, pair[1], labels=first).item()
    )


@pytest.mark.parametrize("kind", KINDS)
def test_features_of_a_frozen_network(kind: Kind, pair: tuple[Tensor, Tensor]) -> None:
    backbone = Backbone("alexnet", ["relu1", "relu2"])
    critic = nn.Conv2d(192, 1, 1)
    loss = AdversarialLoss(critic, kind, backbone=backbone, layer="relu2")
    x = pair[0].clone().requires_grad_()
    features = [backbone(picture)["relu2"] for picture in pair]
    expected = generator_loss(critic(features[0]), critic(features[1]), kind)
    assert torch.allclose(loss.per_image(x, pair[1]), expected, rtol=1e-5)
    loss(x, pair[1]).backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    assert critic.weight.grad is None
    x.grad = None
    loss.discriminator_loss(x, pair[1]).backward()
    assert x.grad is None
    assert critic.weight.grad is not None
    assert sorted(loss.state_dict()) == ["discriminator.bias", "discriminator.weight"]


def test_one_layer_needs_no_name() -> None:
    backbone = Backbone("alexnet", ["relu2"])
    assert AdversarialLoss(nn.Conv2d(192, 1, 1), backbone=backbone).layer == "relu2"
    with pytest.raises(UsageError, match="expected one of the backbone's: relu1, relu2"):
        AdversarialLoss(nn.Conv2d(192, 1, 1), backbone=Backbone("alexnet", ["relu1", "relu2"]))
    with pytest.raises(UsageError, match="layer is 'relu1'"):
        AdversarialLoss(nn.Conv2d(192, 1, 1), backbone=backbone, layer="relu1")
    with pytest.raises(UsageError, match="of no network"):
        AdversarialLoss(nn.Conv2d(192, 1, 1), layer="relu1")
    with pytest.raises(UsageError, match="expected a Backbone"):
        AdversarialLoss(nn.Conv2d(192, 1, 1), backbone="alexnet")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_is_widened_on_both_sides(kind: Kind, pair: tuple[Tensor, Tensor]) -> None:
    loss = AdversarialLoss(make_critic(), kind, penalty_weight=0)
    x, y = (picture.bfloat16() for picture in pair)
    generator, discriminator = loss(x.float(), y.float()), loss.discriminator_loss(x.float(), y.float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert loss(x, y).item() == generator.item()
        assert loss.discriminator_loss(x, y).item() == discriminator.item()


@pytest.mark.parametrize("kind", KINDS)
def test_extreme_pictures_stay_finite(kind: Kind) -> None:
    black, white, grey = (torch.full((2, 3, 16, 16), value) for value in (0.0, 1.0, 0.5))
    extremes = torch.rand(2, 3, 16, 16).round()
    critic = make_critic()
    dead = copy.deepcopy(critic)
    for parameter in dead.parameters():
        nn.init.zeros_(parameter)
    strong = copy.deepcopy(critic)
    with torch.no_grad():
        strong[2].weight *= 1e6
    for network in (critic, dead, strong):
        loss = AdversarialLoss(network, kind)
        for x, y in [
            (black, white),
            (white, black),
            (grey, grey),
            (grey + 1e-8, grey),
            (extremes, 1 - extremes),
        ]:
            made = x.clone().requires_grad_()
            loss(made, y).backward()
            network.zero_grad()
            value = loss.discriminator_loss(made, y)
            value.backward()
            assert value.isfinite()
            gradients = [made.grad, *(parameter.grad for parameter in network.parameters())]
            assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)


def test_validation_finds_the_same_value(pair: tuple[Tensor, Tensor]) -> None:
    labels = torch.tensor([0, 1])
    loss = AdversarialLoss(Conditional(), "wasserstein")
    torch.manual_seed(1)
    expected = loss.discriminator_loss(*pair, labels=labels).item()
    for mode in (torch.no_grad, torch.inference_mode):
        torch.manual_seed(1)
        with mode():
            given = [picture * 1 for picture in pair]
            value = loss.discriminator_loss(*given, labels=labels * 1)
        assert value.item() == pytest.approx(expected, rel=1e-6)
        assert not value.requires_grad


def test_wrong_input_is_refused(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    with pytest.raises(UsageError, match=r"kind is 'lsgan'; expected one of vanilla, least_squares"):
        AdversarialLoss(make_critic(), "lsgan")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="kind is 'lsgan'"):
        discriminator_loss(FAKE, REAL, "lsgan")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="expected a network"):
        AdversarialLoss("patchgan")  # type: ignore[arg-type]
    for weight in (-1, math.inf, math.nan):
        with pytest.raises(UsageError, match="penalty_weight"):
            AdversarialLoss(make_critic(), "wasserstein", penalty_weight=weight)
    with pytest.raises(UsageError, match="hand in the outputs"):
        generator_loss(FAKE, kind="relativistic")
    with pytest.raises(ShapeError, match="expected the same"):
        discriminator_loss(FAKE, REAL[:1])
    with pytest.raises(ShapeError, match="N at least 1"):
        generator_loss(torch.tensor(1.0))
    loss = AdversarialLoss(make_critic())
    for call in (loss, loss.discriminator_loss):
        with pytest.raises(ShapeError, match="expected the same shape"):
            call(x[:1], y)
        with pytest.raises(ShapeError, match=r"expected \[0, 1\]"):
            call(x, 255 * y)
        for labels in (torch.zeros(2), torch.zeros(3, dtype=torch.int64), torch.zeros(2, dtype=torch.bool)):
            with pytest.raises(ShapeError, match="one integer for each image"):
                call(x, y, labels=labels)
    with pytest.raises(ShapeError, match=r"made \(6144,\) of 2 pictures"):
        AdversarialLoss(nn.Flatten(0))(x, y)


def test_by_its_name(pair: tuple[Tensor, Tensor]) -> None:
    loss = create_loss("adversarial:kind=hinge", discriminator=make_critic())
    assert isinstance(loss, AdversarialLoss)
    assert loss.kind == "hinge"
    assert loss(*pair).shape == ()
