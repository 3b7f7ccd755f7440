"""Which neighbouring pairs are scored at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from beholder.scoring.pairs import LoadedPair
    from beholder.scoring.settings import Settings

__all__ = ["cut_batches", "is_large"]

# Pixels in a batch: beyond this a processor's caches overflow and larger batches are slower per pair.
_BATCH_PIXELS = {"cpu": 4 * 256 * 256, "cuda": 64 * 256 * 256, "mps": 16 * 256 * 256}
_VERSIONS = (
    8  # of one reference, that a batch has room for: as many pictures as in four pairs, the reference once
)
# A batch with more pixels wants all cores and the memory for itself: VGG-16 takes about 1 kB a pixel and pair.
_LARGE_PIXELS = 1024 * 1024


def cut_batches(pairs: Iterable[LoadedPair], settings: Settings) -> Iterator[list[LoadedPair]]:
    """Neighbouring pairs of one size and block, as many as serve the device."""
    batch: list[LoadedPair] = []
    for loaded in pairs:
        if batch and not _fits(batch, loaded, settings):
            yield batch
            batch = []
        batch.append(loaded)
    if batch:
        yield batch


def is_large(batch: Sequence[LoadedPair]) -> bool:
    """Whether a batch wants all cores and the memory for itself."""
    return sum(loaded.x[0].numel() for loaded in batch if loaded.x is not None) > _LARGE_PIXELS


def _fits(batch: Sequence[LoadedPair], loaded: LoadedPair, settings: Settings) -> bool:
    first = batch[0]
    if batch[-1].ends_block:
        return False
    if first.x is None or loaded.x is None or first.x.shape != loaded.x.shape:
        return False
    kind = torch.device(settings.device).type
    pixels = first.x[0].numel()
    fitting = _BATCH_PIXELS.get(kind, _BATCH_PIXELS["cpu"]) // pixels
    if first.y is loaded.y:
        fitting = max(fitting, min(_VERSIONS, _LARGE_PIXELS // pixels))
    return len(batch) < (settings.batch_size or max(1, fitting))
