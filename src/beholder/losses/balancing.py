"""What each term of a sum weighs: fixed, or found from the terms' sizes, their gradients, or their noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BALANCES", "Balance", "Equalise", "Fixed", "GradientNorm", "Uncertainty"]

_LEAST = 1e-8  # a term that is smaller, or pulls less, has nothing to be balanced by
_WIDEST = 20.0  # of log-variances, either way


class Balance(nn.Module):
    """How the terms of a sum are weighed; what it learns is in its state dictionary.

    Args:
        shares: The weight that each term is given by hand, at least 0.
    """

    shares: Tensor

    def __init__(self, shares: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("shares", torch.tensor(shares), persistent=False)

    def weigh(self, values: Tensor, x: Tensor) -> Tensor:
        """What each term weighs at this step.

        Args:
            values: The terms, shape (K,), with their gradients.
            x: The network's output, shape (N, 3, H, W).

        Returns:
            Shape (K,).
        """
        raise NotImplementedError

    def forward(self, values: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """The weighted sum, and what each term weighed in it, detached."""
        weights = self.weigh(values, x).detach()
        return (weights * values).sum(), weights


class Fixed(Balance):
    r"""The weights as given: the sum is :math:`\\sum_k w_k L_k`."""

    def weigh(self, values: Tensor, x: Tensor) -> Tensor:  # noqa: ARG002
        """The weights as given."""
        return self.shares.to(values)


class _RunningMean(Balance):
    """Weights that are the shares, divided by a running mean of what `measure` says of the terms."""

    mean: Tensor

    def __init__(self, shares: Sequence[float], *, decay: float, every: int) -> None:
        super().__init__(shares)
        if not 0 <= decay < 1:
            raise UsageError(f"decay is {decay!r}; expected a number from 0 to below 1, such as 0.99.")
        if every < 1:
            raise UsageError(f"every is {every!r}; expected 1 or more steps.")
        self.decay = decay
        self.every = every
        self.seen = 0  # no tensor: reading one would wait for the accelerator
        self.register_buffer("mean", torch.zeros(len(shares)))

    def get_extra_state(self) -> Tensor:
        """The number of steps, for the state dictionary."""
        return torch.tensor(self.seen)

    def set_extra_state(self, state: Tensor) -> None:
        """Take the number of steps from a state dictionary."""
        self.seen = int(state)

    def measure(self, values: Tensor, x: Tensor) -> Tensor:
        """The size of each term, shape (K,)."""
        raise NotImplementedError

    def weigh(self, values: Tensor, x: Tensor) -> Tensor:
        """The shares, divided by the running means.

        The share itself before the first step of training, and for a term whose mean is 0.
        """
        if self.training and torch.is_grad_enabled():
            if self.seen % self.every == 0:
                self._update(_over_processes(self.measure(values, x)).to(self.mean))
            self.seen += 1
        mean = self._unbiased()
        return (self.shares / torch.where(mean < _LEAST, 1, mean)).to(values)

    def _unbiased(self) -> Tensor:
        """The mean, as if it had not begun at 0; 1 before the first measurement."""
        measured = -(-self.seen // self.every)
        return self.mean / (1 - self.decay**measured) if measured else torch.ones_like(self.mean)

    def _update(self, sizes: Tensor) -> None:
        # What is no number, or infinite, would stay in the mean for good.
        sizes = torch.where(sizes.isfinite(), sizes, self._unbiased())
        self.mean.mul_(self.decay).add_((1 - self.decay) * sizes)


def _over_processes(sizes: Tensor) -> Tensor:
    """The mean over all processes that train together, so that all weigh alike."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return sizes
    gathered = sizes.clone()
    torch.distributed.all_reduce(gathered)
    return gathered / torch.distributed.get_world_size()


class Equalise(_RunningMean):
    r"""Every term, divided by the running mean of its own size, so that each adds its share to the sum.

    .. math:: \sum_k w_k \frac{L_k}{\overline{|L_k|}}

    The mean is exponential, with its start-up bias removed, taken over processes too, and no gradient flows through
    it. What is optimised is, slowly drifting, the product :math:`\prod_k |L_k|^{w_k}`: a term that has fallen by half
    counts for twice as much. Values say little of gradients: where terms are of equal size and one pulls a hundred
    times harder, `GradientNorm` sees it.

    Args:
        shares: The part that each term has of the sum.
        decay: How much of the mean each step keeps, from 0 to below 1.
    """

    def __init__(self, shares: Sequence[float], *, decay: float = 0.99) -> None:
        super().__init__(shares, decay=decay, every=1)

    def measure(self, values: Tensor, x: Tensor) -> Tensor:  # noqa: ARG002
        """The terms' absolute values."""
        return values.detach().abs()


class GradientNorm(_RunningMean):
    r"""Every term, divided by the running norm of its gradient at the network's output.

    .. math:: \sum_k w_k \frac{L_k}{\overline{\|\partial L_k / \partial x\|}}

    so that each pulls at the picture with its share of the force. The last layers that all terms go through are the
    picture's own, so no layer need be named (Chen et al., "GradNorm", ICML 2018, arXiv:1711.02257, learn weights
    towards equal training rates there; here the norms are set, not learned). It costs one backward pass of each
    term, every `every` steps.

    Args:
        shares: The part of the force that each term has.
        decay: How much of the mean each measurement keeps, from 0 to below 1.
        every: Steps from one measurement to the next.
    """

    def __init__(self, shares: Sequence[float], *, decay: float = 0.9, every: int = 10) -> None:
        super().__init__(shares, decay=decay, every=every)

    def measure(self, values: Tensor, x: Tensor) -> Tensor:
        """Norms of the terms' gradients at x."""
        if not x.requires_grad:
            raise UsageError("no gradient flows to x, the network's output; balancing by it needs one.")
        norms = []
        for value in values.unbind():
            (gradient,) = torch.autograd.grad(value, x, retain_graph=True, allow_unused=True)
            norms.append(values.new_zeros(()) if gradient is None else gradient.float().norm())
        return torch.stack([norm.to(values) for norm in norms])


class Uncertainty(Balance):
    r"""Weights that are learned with the network, each from how noisy its term is.

    .. math:: \sum_k w_k \left(e^{-s_k} L_k + s_k\right)

    with a learned log-variance :math:`s_k` of each term. It is least where :math:`s_k = \log L_k`: each term then
    counts relative to its own level, as with `Equalise`, but the level is learned at the optimiser's pace. Give the
    optimiser ``loss.balance.parameters()`` too. Terms must be at least 0; the sum itself may be negative.

    The log-variances start at the level of the first step: from 0, a term of size 1000 would rule for the thousand
    steps and more that Adam takes to get there.

    Args:
        shares: A factor for each term.

    References:
        Kendall et al., "Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry and Semantics", CVPR
        2018, arXiv:1705.07115, equation 7, without the factor 1/2. Log-variances are kept from -20 to 20.
    """

    begun: Tensor

    def __init__(self, shares: Sequence[float]) -> None:
        super().__init__(shares)
        self.log_variances = nn.Parameter(torch.zeros(len(shares)))
        # also where no DDP module holds them
        self.log_variances.register_hook(_over_processes)  # type: ignore[no-untyped-call]
        self.register_buffer("begun", torch.zeros((), dtype=torch.bool))

    def weigh(self, values: Tensor, x: Tensor) -> Tensor:  # noqa: ARG002
        """The shares, divided by the variances; gradients flow to these."""
        if self.training and torch.is_grad_enabled() and not self.begun:
            self._begin(values.detach())
        with torch.no_grad():
            self.log_variances.clamp_(-_WIDEST, _WIDEST)
        return (self.shares * torch.exp(-self.log_variances)).to(values)

    def _begin(self, values: Tensor) -> None:
        if (values < 0).any():
            raise UsageError(
                f"a term is {values.min().item():g}; balancing by uncertainty expects terms of at least 0. Take a loss in "
                "place of a score in dB or of a critic, or another balance."
            )
        level = _over_processes(values).to(self.log_variances).clamp_min(_LEAST).log()
        with torch.no_grad():
            self.log_variances.copy_(torch.where(level.isfinite(), level, 0))
        self.begun.fill_(value=True)

    def forward(self, values: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """The weighted sum with the log-variances, and what each term weighed in it, detached."""
        weights = self.weigh(values, x)
        total = (weights * values).sum() + (self.shares * self.log_variances).sum()
        return total, weights.detach()


BALANCES: dict[str, type[Balance]] = {
    "fixed": Fixed,
    "equalise": Equalise,
    "gradient": GradientNorm,
    "uncertainty": Uncertainty,
}
