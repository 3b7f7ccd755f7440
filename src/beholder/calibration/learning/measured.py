"""What a network that stays as it is makes of triplets: measured once, kept in the run's folder."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Subset

from beholder.calibration.learning.pictures import JudgedPictures
from beholder.training.loop import leave_interrupts
from beholder.training.writing import replacing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lightning_fabric import Fabric

    from beholder.calibration.learning.layered import LayeredDistance, Moments
    from beholder.calibration.learning.order import PassOrder
    from beholder.data.judged import JudgementSet

__all__ = ["MeasuredTriplets", "fingerprint", "measure_triplets"]

_CHUNK = 1000  # triplets a file
_AT_ONCE = 16


class MeasuredTriplets(Dataset[dict[str, Tensor]]):
    """Moments of triplets, and what people said of them: ``mean`` and ``spread``, (2, channels), and ``judge``.

    They are read from the files of `measure_triplets` as they are asked for.

    Args:
        files: The files, in order.
        judged: The triplets.
        order: Which of them comes when; by default as they stand in the set.
    """

    def __init__(self, files: list[Path], judged: JudgementSet, order: PassOrder | None = None) -> None:
        self.judged = judged
        self.order = order
        self._chunks = [_open(file) for file in files]

    def __len__(self) -> int:
        return len(self.judged)

    def __getitem__(self, item: int) -> dict[str, Tensor]:
        row, swapped = (item, False) if self.order is None else self.order[item]
        mean, spread = (each[row % _CHUNK] for each in self._chunks[row // _CHUNK])
        judge = float(self.judged.answers[row])
        if swapped:
            mean, spread, judge = mean.flip(0), spread.flip(0), 1 - judge
        return {"mean": mean, "spread": spread, "judge": torch.tensor(judge)}

    def means(self) -> Tensor:
        """Those of all triplets in order, shape (n, 2, channels)."""
        return torch.cat([mean for mean, _ in self._chunks])


def measure_triplets(
    distance: LayeredDistance,
    judged: JudgementSet,
    folder: Path,
    fabric: Fabric,
    *,
    of: str,
    workers: int,
    tell: Callable[[int, int], object] | None = None,
) -> list[Path]:
    """Pass the pictures of a set through a network, and keep what `LayeredDistance.of_moments` wants of them.

    A thousand triplets take a file. Those that are there of the same network and triplets are not measured again, so that
    what is broken off goes on; several processes share the files between them.

    Args:
        distance: The network.
        judged: A set of triplets.
        folder: Where the files are kept.
        fabric: The processes.
        of: What tells this network and these triplets from others.
        workers: Processes that decode pictures.
        tell: Called with the number of triplets that are done, and of all.

    Returns:
        The files.

    Raises:
        PictureError: If a picture cannot be read.
        TrainingError: If a file cannot be written.
    """
    starts = range(0, len(judged), _CHUNK)
    files = [folder / f"{of[:16]}-{start // _CHUNK:05}.safetensors" for start in starts]
    if fabric.is_global_zero:
        folder.mkdir(parents=True, exist_ok=True)
    fabric.barrier()
    pictures = JudgedPictures(judged)
    done = 0
    for number, (start, file) in enumerate(zip(starts, files, strict=True)):
        rows = range(start, min(start + _CHUNK, len(judged)))
        if number % fabric.world_size == fabric.global_rank and not _holds(file, of):
            parts = []
            batches = DataLoader(
                Subset(pictures, rows),
                batch_size=_AT_ONCE,
                num_workers=workers,
                worker_init_fn=leave_interrupts,
            )
            for batch in batches:
                with torch.inference_mode(), fabric.autocast():
                    placed = (batch[name].to(fabric.device) for name in ("ref", "p0", "p1"))
                    parts.append(distance.measure(*placed))
                if tell is not None:
                    tell(done + sum(len(mean) for mean, _ in parts), len(judged))
            _write(parts, file, of)
        done += len(rows)
    fabric.barrier()
    return files


def fingerprint(*told: object, judged: JudgementSet) -> str:
    """SHA-256 of what people said, of the pictures' names within the set, and of whatever else is told."""
    digest = hashlib.sha256(repr(told).encode())
    digest.update(judged.answers.tobytes())
    within = str(judged.path)
    for name in itertools.chain.from_iterable(
        (file.name for file in judged.files(row)) for row in range(len(judged))
    ):
        digest.update(name.removeprefix(within).encode() + b"\0")
    return digest.hexdigest()


def _write(parts: list[Moments], file: Path, of: str) -> None:
    mean, spread = (torch.cat(each).float().cpu().contiguous() for each in zip(*parts, strict=True))
    with replacing(file) as partial:
        partial.write_bytes(save({"mean": mean, "spread": spread}, {"of": of}))


def _holds(file: Path, of: str) -> bool:
    """Whether a whole file of the same network and triplets is there."""
    try:
        with safe_open(file, framework="pt") as opened:
            return (opened.metadata() or {}).get("of") == of
    except (OSError, SafetensorError):
        return False


def _open(file: Path) -> Moments:
    with safe_open(file, framework="pt") as opened:
        return opened.get_tensor("mean"), opened.get_tensor("spread")
