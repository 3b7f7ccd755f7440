"""Pictures decoded once, into one file that is mapped into memory."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import hashlib
import itertools
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import filelock
import numpy as np
import torch
from torch import Tensor

from beholder.backbones.cache import cache_folder
from beholder.data.pack_sources import find_source
from beholder.images import eight_bit, read_picture
from beholder.spec import PictureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from beholder.data.pack_sources import PackFile, PackSource

__all__ = ["Pack", "PackedPicture", "open_pack", "pack_folder"]

_TOLD = 10  # unreadable pictures that an error names
_TOGETHER = 8  # pictures in memory at a time
_PIXELS, _INDEX = "pixels.u8", "index.json"


@dataclasses.dataclass(frozen=True)
class PackedPicture:
    """Where a picture lies in a pack.

    Attributes:
        name: Its path within the folder or archive.
        height: Rows.
        width: Columns.
        offset: Its first byte; rows follow one another, each pixel as red, green, blue.
    """

    name: str
    height: int
    width: int
    offset: int


class Pack:
    """Decoded pictures, 8 bits a channel, in a file that is mapped into memory.

    Processes that open the same pack share its pages. What is pickled, for the workers of a data loader, is its
    path and index, not its pixels.

    Args:
        folder: A folder that `open_pack` made.
        pictures: What lies in it, in order.
    """

    def __init__(self, folder: Path, pictures: Sequence[PackedPicture]) -> None:
        self.folder = folder
        self.pictures = tuple(pictures)
        self._pixels = _map(folder)

    def __len__(self) -> int:
        return len(self.pictures)

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "pictures": self.pictures}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]  # opens the file anew

    def picture(self, index: int) -> Tensor:
        """A picture, shape (3, H, W), uint8; a copy."""
        return self.crop(index, 0, 0, self.pictures[index].height, self.pictures[index].width)

    def crop(self, index: int, top: int, left: int, height: int, width: int) -> Tensor:
        """An area of a picture, shape (3, height, width), uint8; a copy. It must lie within the picture.

        Raises:
            UsageError: If it does not.
        """
        picture = self.pictures[index]
        inside = 0 <= top <= top + height <= picture.height and 0 <= left <= left + width <= picture.width
        if not inside:
            raise UsageError(
                f"{picture.name}: {width}x{height} pixels at row {top}, column {left} do not lie within its "
                f"{picture.width}x{picture.height}."
            )
        end = picture.offset + picture.height * picture.width * 3
        rows = self._pixels[picture.offset : end].reshape(picture.height, picture.width, 3)
        area = rows[top : top + height, left : left + width].transpose(2, 0, 1)
        return torch.from_numpy(np.array(area, order="C"))


def pack_folder() -> Path:
    """Where packs are kept: ``$BEHOLDER_CACHE/packs``, else under the user's cache folder."""
    return cache_folder().parent / "packs"


def open_pack(
    pictures: str | Path | Sequence[str | Path] | PackSource,
    *,
    tell: Callable[[int, int], object] | None = None,
) -> Pack:
    """Open photographs for fast reading of patches; at first they are decoded, once for all.

    What is decoded is kept in `pack_folder`, three bytes a pixel, under the SHA-256 of the pictures' paths, sizes and
    times of change; as long as these stay, opening again decodes nothing. A process that is killed while it
    decodes leaves nothing that a later one would take for a pack, and what it leaves is swept away by the next. Of
    several processes that open the same pictures, one decodes and the others wait.

    Pictures with more than 8 bits are rounded to 8.

    Args:
        pictures: A folder, searched with its subfolders; a ``.zip``, ``.tar``, ``.tar.gz`` or ``.tgz`` of folders, or a
            pattern of several (``photos-{000..009}.tar``); a list of files; or another source, such as
            `beholder.data.samples.DatasetPictures`.
        tell: Called with the number of pictures that are decoded, and of all.

    Returns:
        The pack, its pictures in order of their names, or as listed.

    Raises:
        PictureError: If there are no pictures, or some cannot be read; the first ten are named.
        UsageError: If the cache cannot be written, for want of room or of permission.
    """
    source = find_source(pictures)
    key = hashlib.sha256(json.dumps([*source.names, *source.listing]).encode()).hexdigest()
    folder = pack_folder() / key
    if (pack := _open(folder)) is not None:
        return pack
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder.with_suffix(".lock")):
            # another process may have made it while this one waited
            if (pack := _open(folder)) is None:
                _make(folder, source, tell or (lambda _done, _total: None))
                pack = _open(folder)
    except OSError as error:
        raise UsageError(
            f"{folder.parent}: the decoded pictures cannot be written: {error.strerror or error}. Make room or set "
            "BEHOLDER_CACHE to another folder."
        ) from error
    if pack is None:
        raise UsageError(f"{folder}: cannot be read though just written; check the disk.")
    return pack


def _open(folder: Path) -> Pack | None:
    """The pack in a folder; nothing if it is not there, or not whole."""
    try:
        index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        pictures = [PackedPicture(**each) for each in index["pictures"]]
        whole = (folder / _PIXELS).stat().st_size == index["bytes"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Pack(folder, pictures) if whole else None


def _map(folder: Path) -> NDArray[np.uint8]:
    return np.memmap(folder / _PIXELS, np.uint8, mode="r")


def _make(folder: Path, source: PackSource, tell: Callable[[int, int], object]) -> None:
    for abandoned in folder.parent.glob(f".{folder.name}-*"):  # by a process that was killed
        shutil.rmtree(abandoned, ignore_errors=True)
    # Written under another name, and renamed when whole.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as name:
        partial = Path(name) / "pack"
        partial.mkdir()
        with (partial / _PIXELS).open("wb") as file:
            pictures = _write_pictures(file, source, Path(name), tell)
            size = file.tell()
            file.flush()
            os.fsync(file.fileno())
        told = {"pictures": [dataclasses.asdict(each) for each in pictures], "bytes": size}
        (partial / _INDEX).write_text(json.dumps(told), encoding="utf-8")
        if folder.exists():  # damaged
            shutil.rmtree(folder)
        partial.rename(folder)


def _write_pictures(
    file: BinaryIO, source: PackSource, folder: Path, tell: Callable[[int, int], object]
) -> list[PackedPicture]:
    placed: dict[int, PackedPicture] = {}
    failures: list[str] = []
    total, done = len(source.names), 0
    unpacked = folder / "unpacked"
    unpacked.mkdir()
    files = source.read(unpacked)
    with concurrent.futures.ThreadPoolExecutor(_TOGETHER) as pool:
        while batch := list(itertools.islice(files, _TOGETHER)):
            for picture, levels in zip(batch, pool.map(_decode, batch), strict=True):
                if isinstance(levels, str):
                    failures.append(levels)
                elif not failures:
                    height, width = levels.shape[:2]
                    name = source.names[picture.position]
                    placed[picture.position] = PackedPicture(name, height, width, file.tell())
                    file.write(levels.data)
                if picture.path.parent == unpacked:
                    picture.path.unlink()
                done += 1
                tell(done, total)
    if failures:
        more = f"\n  and {len(failures) - _TOLD} more" if len(failures) > _TOLD else ""
        raise PictureError(
            f"{len(failures)} of {total} pictures cannot be read; repair them or leave them out:\n  "
            + "\n  ".join(failures[:_TOLD])
            + more
        )
    return [placed[position] for position in sorted(placed)]


def _decode(file: PackFile) -> NDArray[np.uint8] | str:
    """Levels, shape (H, W, 3); or why there are none."""
    try:
        return eight_bit(read_picture(file.path).pixels)
    except PictureError as error:
        return str(error).replace(str(file.path), file.shown)
