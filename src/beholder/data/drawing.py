"""Sources of random numbers."""

from __future__ import annotations

import hashlib

import torch

__all__ = ["random_source", "seed_of"]


def seed_of(name: str) -> int:
    """A seed of its own for every name, such as ``"SEED/STEP"``, below 2**32.

    A generator on the CPU looks at 32 bits of its seed only, so a seed and a step side by side in one number would not
    do.
    """
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest()) % 2**32


def random_source(name: str) -> torch.Generator:
    """A source of random numbers of its own for every name, see `seed_of`."""
    return torch.Generator().manual_seed(seed_of(name))
