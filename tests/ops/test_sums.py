"""Sums that keep their digits."""

from __future__ import annotations

import torch

from beholder.ops.sums import centre, total


def test_order_of_terms_leaves_no_trace() -> None:
    x = torch.rand(2, 3, 300, 300, generator=torch.Generator().manual_seed(0))
    shuffled = x.flatten(1)[:, torch.randperm(x[0].numel(), generator=torch.Generator().manual_seed(1))]
    assert torch.equal(total(x, (1, 2, 3)).float(), total(shuffled, (1,)).float())
    assert torch.equal(centre(x), centre(shuffled.view_as(x)))


def test_centre_is_a_constant() -> None:
    x = torch.tensor([[1.0, 3.0], [10.0, 30.0]]).view(2, 1, 1, 2).requires_grad_()
    assert centre(x).flatten().tolist() == [2, 20]
    assert not centre(x).requires_grad
    assert centre(x).dtype == torch.float32
