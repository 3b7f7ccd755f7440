"""Pairs of pictures, decoded ahead of the arithmetic."""

from __future__ import annotations

import dataclasses
import os
from collections import OrderedDict, deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from beholder.images import File, Pair, Picture, read_picture
from beholder.scoring.fitting import fit
from beholder.scoring.memory import is_out_of_memory
from beholder.scoring.pairs import LoadedPair
from beholder.spec import PictureError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch import Tensor

    from beholder.scoring.pairs import Planned
    from beholder.scoring.settings import ResizeRule, Settings

__all__ = ["load_pair", "read_pairs_ahead"]

_REFERENCES_KEPT = 4
_BYTES_AHEAD = 1_000_000_000
_PAIRS_AHEAD = 32


def read_pairs_ahead(
    pairs: Iterable[Planned], settings: Settings, *, cores: int | None = None
) -> Iterator[LoadedPair]:
    """Decode pairs in threads, ahead of their use, and hand them out in order.

    A reference that several neighbouring pairs share is decoded once. Memory stays bounded: fewer pairs are
    decoded ahead the larger they are.

    Args:
        pairs: The files; taken only as far ahead as they are decoded.
        settings: How to score.
        cores: How many cores to take; by default all.
    """
    with ThreadPoolExecutor(max_workers=max(2, cores or os.cpu_count() or 1)) as threads:
        references: OrderedDict[File, Future[Picture]] = OrderedDict()

        def start(path: File) -> Future[Picture]:
            return threads.submit(
                read_picture, path, background=settings.background, max_pixels=settings.max_pixels
            )

        def start_reference(path: File) -> Future[Picture]:
            if path not in references:
                references[path] = start(path)
                if len(references) > _REFERENCES_KEPT:
                    references.popitem(last=False)
            references.move_to_end(path)
            return references[path]

        waiting: deque[tuple[Planned, Future[Picture], Future[Picture]]] = deque()
        ahead = 2  # until the first sizes are known
        try:
            for planned in pairs:
                pair = planned.pair
                waiting.append((planned, start(pair.distorted), start_reference(pair.reference)))
                while len(waiting) >= ahead:
                    loaded = _finish(*waiting.popleft(), settings.resize)
                    ahead = min(ahead + 1, _how_far_ahead(loaded) or ahead)
                    yield loaded
            while waiting:
                yield _finish(*waiting.popleft(), settings.resize)
        finally:
            threads.shutdown(cancel_futures=True)


def _how_far_ahead(loaded: LoadedPair) -> int | None:
    """How many pairs of that size the memory allows; unknown for a pair that failed."""
    if loaded.x is None:
        return None
    size = 2 * loaded.x.numel() * loaded.x.element_size()
    return max(2, min(_PAIRS_AHEAD, _BYTES_AHEAD // size))


def _finish(
    planned: Planned, distorted: Future[Picture], reference: Future[Picture], rule: ResizeRule
) -> LoadedPair:
    loaded = _load(planned, distorted, reference, rule)
    return dataclasses.replace(loaded, ends_block=planned.ends_block)


def _load(
    planned: Planned, distorted: Future[Picture], reference: Future[Picture], rule: ResizeRule
) -> LoadedPair:
    index, pair = planned.index, planned.pair
    try:
        return load_pair(index, pair, distorted.result(), reference.result(), rule)
    except (PictureError, ShapeError) as error:
        return LoadedPair(index, pair, error=str(error))
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        return LoadedPair(index, pair, error="not enough memory to decode the pictures")


def load_pair(index: int, pair: Pair, x: Picture, y: Picture, rule: ResizeRule) -> LoadedPair:
    """Put decoded pictures into a pair, brought to one size.

    Args:
        index: Place of the pair in the run.
        pair: Its files.
        x: Distorted picture.
        y: Reference picture.
        rule: What to do where the sizes differ.

    Raises:
        ShapeError: If the sizes differ and the rule is to refuse.
    """
    fitted_x, fitted_y = fit(x.pixels, y.pixels, rule)
    sides = ((pair.distorted, x, fitted_x), (pair.reference, y, fitted_y))
    notes = tuple((path, note) for path, read, fitted in sides for note in _notes(read, fitted, rule))
    return LoadedPair(index, pair, fitted_x, fitted_y, notes)


def _notes(read: Picture, fitted: Tensor, rule: ResizeRule) -> tuple[str, ...]:
    if read.pixels.shape == fitted.shape:
        return read.notes
    (height, width), (new_height, new_width) = read.pixels.shape[-2:], fitted.shape[-2:]
    changed = "cropped" if rule == "crop" else "resized"
    return (*read.notes, f"{width}x{height} {changed} to {new_width}x{new_height}")
