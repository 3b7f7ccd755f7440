"""Sources of random numbers."""

from __future__ import annotations

import hashlib

import torch

__all__ = ["random_source"]


def random_source(name: str) -> torch.Generator:
    """A source of random numbers of its own for every name, such as ``"SEED/PLACE"``.

    A generator on the CPU looks at 32 bits of its seed only, so a seed and a place side by side in one number would not
    do.
    """
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest))
