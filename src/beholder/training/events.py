"""What TensorBoard shows of a run."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any

from beholder.images import read_picture
from beholder.training.writing import add_to

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Events"]


class Events:
    """An event file of TensorBoard.

    Written here and now, not by `torch.utils.tensorboard.SummaryWriter`: that one writes in a thread of its own, in which a
    full disk ends unseen. TensorBoard's packages are loaded by the first event.

    Args:
        folder: Where it is made, beside those that earlier parts of the run left.
        step: Steps that are done. What earlier files hold of later ones is not shown.

    Raises:
        TrainingError: If it cannot be written; by every method.
    """

    def __init__(self, folder: Path, step: int) -> None:
        # TensorBoard reads the files of a folder in the order of their names.
        self.file = folder / f"events.out.tfevents.{time.time_ns()}"
        self.step = step

    def add_numbers(self, step: int, numbers: Mapping[str, float]) -> None:
        """Add numbers, by their names: ``"train/total"``."""
        self._add(step, [{"tag": name, "simple_value": number} for name, number in numbers.items()])

    def add_picture(self, step: int, name: str, picture: Path) -> None:
        """Add a picture: a PNG file."""
        height, width = read_picture(picture).pixels.shape[-2:]
        told = {
            "height": height,
            "width": width,
            "colorspace": 3,
            "encoded_image_string": picture.read_bytes(),
        }
        self._add(step, [{"tag": name, "image": told}])

    def _add(self, step: int, values: list[dict[str, Any]]) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog

        events = [Event(wall_time=time.time(), step=step, summary={"value": values})]
        if not self.file.exists():
            begin = SessionLog(status=SessionLog.START)
            events[:0] = [
                Event(wall_time=time.time(), file_version="brain.Event:2"),
                Event(wall_time=time.time(), step=self.step + 1, session_log=begin),
            ]
        add_to(self.file, b"".join(_as_record(event.SerializeToString()) for event in events))


def _as_record(event: bytes) -> bytes:
    from tensorboard.summary.writer.record_writer import RecordWriter

    record = io.BytesIO()
    RecordWriter(record).write(event)
    return record.getvalue()
