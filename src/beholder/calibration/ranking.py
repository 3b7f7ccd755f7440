"""The ranking network G: from two distances to people's preference."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from beholder.judgements.columns import check_columns, check_shares
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

__all__ = ["RankingNetwork", "fit_ranking", "predict_preference"]

_EPS = 0.1
_HIDDEN = 32
_SLOPE = 0.2
_RATE, _BETAS = 1e-4, (0.5, 0.999)


class RankingNetwork(nn.Module):
    r"""How many people prefer candidate 1, of its distance :math:`d_1` and candidate 0's :math:`d_0` from a reference.

    Two hidden layers of 32 with leaky rectifiers (slope 0.2) see
    :math:`(d_0, d_1, d_0 - d_1, d_0 / (d_1 + 0.1), d_1 / (d_0 + 0.1))`.

    References:
        Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018,
        arXiv:1801.03924.
    """

    def __init__(self, *, hidden: int = _HIDDEN) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(5, hidden),
            nn.LeakyReLU(_SLOPE),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(_SLOPE),
            nn.Linear(hidden, 1),
        )

    def forward(self, d0: Tensor, d1: Tensor) -> Tensor:
        """Log-odds that candidate 1 is preferred, shape (N,), of distances (N,), at least 0."""
        seen = torch.stack([d0, d1, d0 - d1, d0 / (d1 + _EPS), d1 / (d0 + _EPS)], 1)
        odds: Tensor = self.layers(seen)
        return odds.squeeze(1)

    def loss(self, d0: Tensor, d1: Tensor, judge: Tensor) -> Tensor:
        """Binary cross-entropy against the share of people who prefer candidate 1, a scalar."""
        return functional.binary_cross_entropy_with_logits(self(d0, d1), judge)


def fit_ranking(
    d0: ArrayLike,
    d1: ArrayLike,
    judge: ArrayLike,
    *,
    epochs: int = 5,
    decay: int = 5,
    batch: int = 50,
    seed: int = 0,
    tell: Callable[[int, int], object] | None = None,
) -> RankingNetwork:
    """Learn people's preferences from stored distances: G alone, in seconds.

    Adam (rate 1e-4, first beta 0.5), as the authors train it with the metric; here each triplet is drawn with its
    candidates in either order, so that G cannot learn which one is called 0.

    Args:
        d0: Distance of candidate 0 in each triplet, shape (n,), at least 0.
        d1: Distance of candidate 1, shape (n,).
        judge: Share of people who prefer candidate 1, in [0, 1], shape (n,).
        epochs: Passes at the full rate.
        decay: Passes in which the rate falls to 0 in a line.
        batch: Triplets in a step.
        seed: Of the weights and of the order.
        tell: Called with the number of passes that are done, and of all.

    Raises:
        UsageError: If the columns differ in length or are empty, a distance is negative or not finite, or ``judge``
            leaves [0, 1].
    """
    columns = _check(d0, d1, judge).float()
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = RankingNetwork()
    optimiser = torch.optim.Adam(network.parameters(), lr=_RATE, betas=_BETAS, fused=True)
    for epoch in range(epochs + decay):
        for group in optimiser.param_groups:
            group["lr"] = _RATE * min(1.0, (epochs + decay - epoch) / (decay + 1))
        order = torch.randperm(columns.shape[1], generator=generator)
        turned = torch.rand(columns.shape[1], generator=generator) < 0.5
        given = _turn(columns, turned)[:, order]
        for part in torch.split(given, batch, dim=1):
            optimiser.zero_grad()
            network.loss(*part).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        if tell is not None:
            tell(epoch + 1, epochs + decay)
    return network.eval().requires_grad_(requires_grad=False)


@torch.inference_mode()
def predict_preference(network: RankingNetwork, d0: ArrayLike, d1: ArrayLike) -> NDArray[np.float64]:
    """Share of people who prefer candidate 1, by G in float64, shape (n,), in [0, 1].

    The mean over both orders of the candidates: whichever is called 0, the answer is the same.
    """
    first, second, _ = _check(d0, d1, np.zeros(np.shape(d0)))
    exact = copy.deepcopy(network).double()  # distances that differ in the seventh digit are no tie
    one, other = exact(first, second), exact(second, first)
    shares: NDArray[np.float64] = (0.5 + (one.sigmoid() - other.sigmoid()) / 2).numpy()
    return shares


def _turn(columns: Tensor, turned: Tensor) -> Tensor:
    d0, d1, judge = columns
    return torch.stack(
        [torch.where(turned, d1, d0), torch.where(turned, d0, d1), torch.where(turned, 1 - judge, judge)]
    )


def _check(d0: ArrayLike, d1: ArrayLike, judge: ArrayLike) -> Tensor:
    first, second, share = check_columns(d0=d0, d1=d1, judge=judge)
    check_shares(judge=share)
    for name, column in (("d0", first), ("d1", second)):
        if column.min() < 0:
            raise UsageError(f"{name} holds {column.min():g}; expected distances of at least 0.")
    return torch.from_numpy(np.stack([first, second, share]))
