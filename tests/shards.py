"""Tar archives of pictures, as WebDataset lays them out."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def picture(seed: int, kind: str = "PNG", side: int = 24, **options: object) -> bytes:
    """The file of a small picture."""
    levels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(levels).save(file, kind, **options)
    return file.getvalue()


def write_shard(path: Path, members: Mapping[str, bytes]) -> Path:
    """A tar archive."""
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            told = tarfile.TarInfo(name)
            told.size = len(data)
            tar.addfile(told, io.BytesIO(data))
    return path


def write_pairs(folder: Path, *counts: int) -> list[tuple[bytes, bytes]]:
    """Shards ``pairs-00.tar`` and on, with so many pairs each; all their pictures, in order."""
    pairs = [(picture(2 * i), picture(2 * i + 1, "JPEG")) for i in range(sum(counts))]
    following = iter(enumerate(pairs))
    for number, count in enumerate(counts):
        members = {}
        for _ in range(count):
            place, (reference, distorted) = next(following)
            members |= {f"{place:04}.reference.png": reference, f"{place:04}.distorted.jpg": distorted}
            members |= {f"{place:04}.json": b"{}"}
        write_shard(folder / f"pairs-{number:02}.tar", members)
    return pairs
