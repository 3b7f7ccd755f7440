"""Sources of random numbers."""

from __future__ import annotations

import torch

from beholder.data.drawing import random_source, seed_of


def test_every_name_draws_its_own() -> None:
    names = [f"{seed}/{place}" for seed in (0, 1, 2**31, 2**40) for place in range(50)]
    drawn = {tuple(torch.rand(4, generator=random_source(name)).tolist()) for name in names}
    assert len(drawn) == len(names)
    assert torch.equal(
        torch.rand(4, generator=random_source("1/2")), torch.rand(4, generator=random_source("1/2"))
    )


def test_a_generator_looks_at_all_of_a_seed() -> None:
    assert all(0 <= seed_of(f"{place}") < 2**32 for place in range(100))
