"""The gradient penalty of critics whose gradients are known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from beholder.losses.gradient_penalty import gradient_penalty


@pytest.mark.parametrize("slope", [[0.6, 0.8], [3.0, 4.0], [0.0, 0.5]])
def test_of_a_linear_critic(slope: list[float]) -> None:
    weights = torch.tensor(slope, requires_grad=True)
    norm = weights.detach().norm().item()
    x, y = torch.rand(2, 5, 2)
    values = gradient_penalty(lambda z: z @ weights, x, y)
    assert values.tolist() == pytest.approx([(norm - 1) ** 2] * 5, abs=1e-6)
    values.sum().backward()
    # 2 (|w| - 1) w / |w|, five times
    expected = 10 * (norm - 1) * weights.detach() / norm
    assert torch.allclose(weights.grad, expected, atol=1e-5)  # type: ignore[arg-type]


def test_lies_between_the_pictures() -> None:
    torch.manual_seed(0)
    seen: list[Tensor] = []

    def critic(z: Tensor) -> Tensor:
        seen.append(z.detach())
        return z.square().sum((1, 2, 3)) / 2

    y = torch.rand(64, 3, 2, 2)
    x = y + torch.rand(64, 1, 1, 1) + 0.1
    values = gradient_penalty(critic, x, y)
    share = (seen[0] - y) / (x - y)
    assert torch.allclose(share, share[:, :1, :1, :1].expand_as(share), atol=1e-4)
    share = share[:, 0, 0, 0]
    assert 0 <= share.min() < 0.1
    assert 0.9 < share.max() <= 1
    # The gradient of |z|^2 / 2 is z.
    assert torch.allclose(values, (seen[0].flatten(1).norm(dim=1) - 1).square(), rtol=1e-5)


def test_many_outputs_count_as_their_mean() -> None:
    x, y = torch.rand(2, 3, 4)
    one = gradient_penalty(lambda z: 2 * z.mean(1), x, y)
    many = gradient_penalty(lambda z: (2 * z).unflatten(1, (2, 2)), x, y)
    assert torch.allclose(one, many)


def test_a_flat_critic_is_finite() -> None:
    weights = torch.zeros(4, requires_grad=True)
    x, y = torch.rand(2, 3, 4)
    values = gradient_penalty(lambda z: z @ weights, x, y)
    assert values.tolist() == [1, 1, 1]
    values.sum().backward()
    assert weights.grad is not None
    assert weights.grad.tolist() == [0, 0, 0, 0]


def test_gradients_by_differences() -> None:
    x, y = torch.rand(2, 2, 4, dtype=torch.float64)
    network = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    first = network[0].weight.detach().clone().requires_grad_()

    def penalise(weight: Tensor) -> Tensor:
        torch.manual_seed(0)
        return gradient_penalty(lambda z: network[2](torch.tanh(z @ weight.T)), x, y)

    assert torch.autograd.gradcheck(penalise, (first,))


def test_the_pictures_get_no_gradient() -> None:
    x, y = (torch.rand(2, 4, requires_grad=True) for _ in range(2))
    weights = torch.rand(4, requires_grad=True)
    gradient_penalty(lambda z: z.square() @ weights, x, y).sum().backward()
    assert x.grad is None
    assert y.grad is None
    assert weights.grad is not None


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_where_gradients_are_off(mode: type[torch.no_grad]) -> None:
    weights = torch.tensor([3.0, 4.0], requires_grad=True)
    with mode():
        x, y = torch.rand(2, 5, 2)
        values = gradient_penalty(lambda z: z @ weights, x, y)
    assert values.tolist() == pytest.approx([16.0] * 5)
    assert not values.requires_grad
