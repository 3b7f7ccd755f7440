"""How to score: every choice that can move a number, and where the arithmetic runs."""

from __future__ import annotations

import dataclasses
from typing import Literal, get_args

import torch

from beholder.images import DEFAULT_MAX_PIXELS, check_colour
from beholder.spec import UsageError

__all__ = ["RESIZE_RULES", "ResizeRule", "Settings"]

ResizeRule = Literal["refuse", "reference", "distorted", "crop"]
RESIZE_RULES: tuple[ResizeRule, ...] = get_args(ResizeRule)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """How to score.

    Attributes:
        resize: What to do when the sizes of a pair differ: ``"refuse"`` the pair, bring the distorted picture
            to the ``"reference"``'s size or the reference to the ``"distorted"``'s (bicubic, MATLAB's rule),
            or ``"crop"`` both around their centres to what they share.
        background: Colour that transparent pictures are laid on, as Pillow names colours.
        max_pixels: Pictures with more pixels than this are refused unread.
        device: ``"auto"`` (the first accelerator, else the processor), or a device of torch: ``"cpu"``,
            ``"cuda"``, ``"cuda:1"``, ``"mps"``.
        batch_size: Most pairs to score at once; by default as many small pictures as serve the device best.

    Raises:
        UsageError: If a value is impossible, or the device is not there.
    """

    resize: ResizeRule = "refuse"
    background: str = "white"
    max_pixels: int = DEFAULT_MAX_PIXELS
    device: str = "auto"
    batch_size: int | None = None

    def __post_init__(self) -> None:
        """Refuse impossible values, and settle which device ``"auto"`` is."""
        if self.resize not in RESIZE_RULES:
            raise UsageError(f"resize is {self.resize!r}; expected one of {', '.join(RESIZE_RULES)}.")
        check_colour(self.background)
        if self.max_pixels < 1:
            raise UsageError(f"max pixels is {self.max_pixels}; expected 1 or more.")
        if self.batch_size is not None and self.batch_size < 1:
            raise UsageError(f"batch size is {self.batch_size}; expected 1 or more.")
        object.__setattr__(self, "device", _settle_device(self.device))


def _settle_device(name: str) -> str:
    there = ["cpu"]
    there += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    there += ["mps"] if torch.backends.mps.is_available() else []
    if name == "auto":
        return there[1] if len(there) > 1 else "cpu"
    settled = "cuda:0" if name == "cuda" else name
    if settled not in there:
        raise UsageError(f"device {name!r} is not there; this machine has {', '.join(there)}.")
    return settled
