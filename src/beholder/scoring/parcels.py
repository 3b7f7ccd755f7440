"""Decoded pairs as bytes: what travels from the process that decodes to the one that scores."""

from __future__ import annotations

import dataclasses
import pickle
from typing import TYPE_CHECKING

import numpy as np
import torch

from beholder.images.raster import unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from beholder.images.raster import Samples
    from beholder.scoring.pairs import LoadedPair

__all__ = ["pack", "unpack"]


def pack(batches: Sequence[Sequence[LoadedPair]]) -> bytes:
    """Batches of pairs as bytes, each picture once, in 8 or 16 bits where that loses nothing."""
    places: dict[int, int] = {}
    samples: list[Samples] = []

    def place(picture: Tensor | None) -> int | None:
        if picture is None:
            return None
        if id(picture) not in places:
            places[id(picture)] = len(samples)
            samples.append(_shrink(picture.numpy()))
        return places[id(picture)]

    placed = [
        [(dataclasses.replace(loaded, x=None, y=None), place(loaded.x), place(loaded.y)) for loaded in batch]
        for batch in batches
    ]
    return pickle.dumps((samples, placed), protocol=pickle.HIGHEST_PROTOCOL)


def unpack(parcel: bytes | memoryview) -> list[list[LoadedPair]]:
    """What `pack` was given, pictures to the last bit; pairs that shared a picture share it again."""
    samples, placed = pickle.loads(parcel)  # noqa: S301  # from a process of the same run
    pictures = [torch.from_numpy(unit(picture)) for picture in samples]
    return [
        [
            loaded if x is None else dataclasses.replace(loaded, x=pictures[x], y=pictures[y])
            for loaded, x, y in batch
        ]
        for batch in placed
    ]


def _shrink(planes: NDArray[np.float32]) -> Samples:
    for kind in (np.uint8, np.uint16):
        samples: Samples = np.rint(planes * np.float32(np.iinfo(kind).max)).astype(kind)
        if np.array_equal(unit(samples), planes):
            return samples
    return planes
