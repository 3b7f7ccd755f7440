"""What terms weigh: two quadratics, 1 and 1000 in size, for which the right answer is known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from beholder.losses.balancing import Balance, Equalise, Fixed, GradientNorm, Uncertainty
from beholder.spec import UsageError

SIZES = torch.tensor([1.0, 1000.0])


def quadratics(x: Tensor) -> Tensor:
    """Two terms in one number: (x - 1)^2, and 1000 (x + 1)^2."""
    return torch.stack([(x - 1).square().sum(), 1000 * (x + 1).square().sum()])


def descend(balance: Balance, steps: int = 2000) -> float:
    """Where x ends when the balanced sum is brought down."""
    x = torch.tensor([0.3], requires_grad=True)
    optimiser = torch.optim.Adam([x, *balance.parameters()], lr=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        optimiser.zero_grad()
        total, _ = balance(quadratics(x), x)
        total.backward()
        optimiser.step()
        schedule.step()
    return x.item()


def test_fixed_weights_leave_the_large_term_to_decide() -> None:
    # (x - 1)^2 + 1000 (x + 1)^2 is least at -999 / 1001.
    assert descend(Fixed([1, 1])) == pytest.approx(-999 / 1001, abs=1e-3)
    # Weighed by hand as 1000 to 1, at 0.
    assert descend(Fixed([1000, 1])) == pytest.approx(0, abs=1e-3)


def test_gradient_norms_are_brought_to_their_shares() -> None:
    x = torch.tensor([0.3], requires_grad=True)
    for shares in ([1.0, 1.0], [3.0, 1.0]):
        balance = GradientNorm(shares)
        _, weights = balance(quadratics(x), x)
        pulls = [
            torch.autograd.grad(weight * quadratics(x)[term], x)[0].norm().item()
            for term, weight in enumerate(weights)
        ]
        assert pulls == pytest.approx(shares, rel=1e-5)
    # Equal forces from either side hold x wherever it is; shares of 3 to 1 take it to the stronger one's goal.
    assert descend(GradientNorm([3, 1], decay=0, every=1), steps=400) == pytest.approx(1, abs=0.05)
    assert descend(GradientNorm([1, 3], decay=0, every=1), steps=400) == pytest.approx(-1, abs=0.05)


def test_equalised_terms_add_their_shares() -> None:
    x = torch.tensor([0.3], requires_grad=True)
    for shares in ([1.0, 1.0], [3.0, 1.0]):
        _, weights = Equalise(shares)(quadratics(x), x)
        assert (weights * quadratics(x).detach()).tolist() == pytest.approx(shares, rel=1e-5)


def test_the_running_mean_has_no_bias_at_the_start() -> None:
    balance = Equalise([1.0, 1.0], decay=0.9)
    x = torch.zeros(1)
    for _ in range(3):
        _, weights = balance(SIZES, x)
        assert torch.allclose(weights, 1 / SIZES)
    _, weights = balance(2 * SIZES, x)
    mean = (2 * 0.1 + 0.9 * (1 - 0.9**3)) / (1 - 0.9**4)
    assert torch.allclose(weights, 1 / (mean * SIZES))


def test_learned_variances_end_at_the_terms_own_levels() -> None:
    # exp(-s) L + s is least at s = log L.
    balance = Uncertainty([1.0, 1.0])
    _, weights = balance(5 * SIZES, torch.zeros(1))  # starts at the level of the first step
    assert torch.allclose(weights, 1 / (5 * SIZES))
    optimiser = torch.optim.Adam(balance.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 1000)
    for _ in range(1000):
        optimiser.zero_grad()
        total, weights = balance(SIZES, torch.zeros(1))
        total.backward()
        optimiser.step()
        schedule.step()
    assert balance.log_variances.tolist() == pytest.approx(SIZES.log().tolist(), abs=1e-3)
    assert (weights * SIZES).tolist() == pytest.approx([1, 1], rel=1e-3)


def test_learned_variances_keep_their_bounds() -> None:
    balance = Uncertainty([1.0])
    balance(torch.ones(1), torch.zeros(1))
    with torch.no_grad():
        balance.log_variances.fill_(-500)
    total, weights = balance(torch.ones(1), torch.zeros(1))
    assert total.item() == pytest.approx(weights.item() - 20)
    total.backward()
    assert balance.log_variances.item() == -20
    assert balance.log_variances.grad is not None
    assert balance.log_variances.grad.item() < 0  # up again


def test_learned_variances_refuse_scores_below_0() -> None:
    with pytest.raises(UsageError, match=r"a term is -30; .* terms of at least 0"):
        Uncertainty([1.0, 1.0])(torch.tensor([1.0, -30.0]), torch.zeros(1))


def test_what_is_learned_is_in_the_checkpoint() -> None:
    for kind in (Equalise, GradientNorm, Uncertainty):
        x = torch.tensor([0.3], requires_grad=True)
        balance = kind([1.0, 2.0])
        for parameter in balance.parameters():
            torch.nn.init.uniform_(parameter)
        balance(quadratics(x), x)
        other = kind([1.0, 2.0])
        other.load_state_dict(balance.state_dict())
        assert torch.equal(other.eval()(quadratics(x), x)[1], balance.eval()(quadratics(x), x)[1])


def test_validation_leaves_the_means_alone() -> None:
    x = torch.tensor([0.3], requires_grad=True)
    for kind in (Equalise, GradientNorm):
        balance = kind([1.0, 1.0])
        _, before = balance(quadratics(x), x)
        with torch.no_grad():
            balance(5 * quadratics(x), x)
        balance.eval()
        _, after = balance(5 * quadratics(x), x)
        assert torch.equal(before, after)


def test_before_the_first_step_the_shares_count() -> None:
    assert Equalise([1.0, 2.0]).eval()(SIZES, torch.zeros(1))[1].tolist() == [1, 2]


def test_a_term_that_is_no_number_spoils_its_own_step_only() -> None:
    balance = Equalise([1.0, 1.0])
    balance(SIZES, torch.zeros(1))
    balance(torch.tensor([torch.nan, 1000.0]), torch.zeros(1))
    _, weights = balance(SIZES, torch.zeros(1))
    assert torch.allclose(weights, 1 / SIZES)


def test_a_term_without_a_pull_weighs_its_share() -> None:
    x = torch.tensor([0.3], requires_grad=True)
    values = torch.stack([(x - 1).square().sum(), torch.tensor(5.0), (0 * x).sum()])
    total, weights = GradientNorm([1.0, 2.0, 3.0])(values, x)
    assert weights.tolist() == pytest.approx([1 / 1.4, 2, 3])
    _, weights = Equalise([1.0, 3.0])(torch.tensor([4.0, 0.0]), x)
    assert weights.tolist() == pytest.approx([0.25, 3])
    total.backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_norms_need_a_gradient() -> None:
    with pytest.raises(UsageError, match="no gradient flows to x"):
        GradientNorm([1.0])(torch.ones(1), torch.zeros(1))


@pytest.mark.parametrize("kind", [Equalise, GradientNorm])
@pytest.mark.parametrize("decay", [-0.1, 1.0])
def test_impossible_decay_is_refused(kind: type[Equalise | GradientNorm], decay: float) -> None:
    with pytest.raises(UsageError, match="from 0 to below 1"):
        kind([1.0], decay=decay)
