"""Judged triplets as tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.utils.data import Dataset

from beholder.spec import PictureError

if TYPE_CHECKING:
    from beholder.calibration.learning.order import PassOrder
    from beholder.data.judged import JudgementSet

__all__ = ["JudgedPictures"]


class JudgedPictures(Dataset[dict[str, Tensor]]):
    """Pictures of triplets, and what people said of them: ``ref``, ``p0`` and ``p1``, (3, H, W) in [0, 1], and ``judge``.

    Args:
        judged: A set of triplets.
        order: Which of them comes when; by default as they stand in the set.

    Raises:
        PictureError: By an item whose pictures cannot be read, or differ in size from the first one's.
    """

    def __init__(self, judged: JudgementSet, order: PassOrder | None = None) -> None:
        self.judged = judged
        self.order = order
        self._size: torch.Size | None = None

    def __len__(self) -> int:
        return len(self.judged)

    def __getitem__(self, item: int) -> dict[str, Tensor]:
        row, swapped = (item, False) if self.order is None else self.order[item]
        reference, *candidates = self.judged.pictures(row)
        self._check(row, reference)
        p0, p1 = reversed(candidates) if swapped else candidates
        judge = float(self.judged.answers[row])
        return {
            "ref": reference,
            "p0": p0,
            "p1": p1,
            "judge": torch.tensor(1 - judge if swapped else judge),
        }

    def _check(self, row: int, reference: Tensor) -> None:
        if self._size is None:
            self._size = self.judged.pictures(0)[0].shape
        if reference.shape != self._size:
            (_, height, width), (_, expected_height, expected_width) = reference.shape, self._size
            raise PictureError(
                f"{self.judged.files(row)[0].name}: found {width}x{height} pixels; expected "
                f"{expected_width}x{expected_height}, as of the first triplet. Make all pictures equally large."
            )
