"""How to score: every choice that can move a number, and where the arithmetic runs."""

from __future__ import annotations

import dataclasses
from importlib.util import find_spec
from typing import Literal, get_args

import torch

from beholder.images import DEFAULT_MAX_PIXELS, check_colour
from beholder.spec import MissingPackageError, UsageError

__all__ = ["ENGINES", "PRECISIONS", "RESIZE_RULES", "Engine", "Precision", "ResizeRule", "Settings"]

ResizeRule = Literal["refuse", "reference", "distorted", "crop"]
RESIZE_RULES: tuple[ResizeRule, ...] = get_args(ResizeRule)
Engine = Literal["auto", "torch", "winograd", "openvino", "compiled"]
ENGINES: tuple[Engine, ...] = get_args(Engine)
Precision = Literal["auto", "fp32", "bf16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)


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
        engine: What computes pretrained networks: ``"torch"``, ``"winograd"`` (torch with Winograd's convolutions,
            processors and float32 only), ``"openvino"`` (processors only, extra ``cpu``), or ``"auto"``: on a
            processor ``"winograd"``, in bfloat16 OpenVINO where it is installed, else torch. All else is computed by
            torch. With ``"compiled"`` torch compiles every metric, which takes seconds for each size of pictures.
        precision: What pretrained networks compute in: ``"fp32"``, which is what ``"auto"`` means, or ``"bf16"``,
            faster and with two or three digits; see docs/engines.md. Torch keeps formulas in float32.

    Raises:
        UsageError: If a value is impossible, or the device is not there.
        MissingPackageError: If OpenVINO is asked for and not installed.
    """

    resize: ResizeRule = "refuse"
    background: str = "white"
    max_pixels: int = DEFAULT_MAX_PIXELS
    device: str = "auto"
    batch_size: int | None = None
    engine: Engine = "auto"
    precision: Precision = "auto"

    def __post_init__(self) -> None:
        """Refuse impossible values, and settle what ``"auto"`` is."""
        if self.resize not in RESIZE_RULES:
            raise UsageError(f"resize is {self.resize!r}; expected one of {', '.join(RESIZE_RULES)}.")
        check_colour(self.background)
        if self.max_pixels < 1:
            raise UsageError(f"max pixels is {self.max_pixels}; expected 1 or more.")
        if self.batch_size is not None and self.batch_size < 1:
            raise UsageError(f"batch size is {self.batch_size}; expected 1 or more.")
        if self.precision not in PRECISIONS:
            raise UsageError(f"precision is {self.precision!r}; expected one of {', '.join(PRECISIONS)}.")
        object.__setattr__(self, "device", _settle_device(self.device))
        object.__setattr__(self, "precision", "fp32" if self.precision == "auto" else self.precision)
        object.__setattr__(self, "engine", _settle_engine(self.engine, self.device, self.precision))


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


def _settle_engine(name: str, device: str, precision: str) -> str:
    if name not in ENGINES:
        raise UsageError(f"engine is {name!r}; expected one of {', '.join(ENGINES)}.")
    there = find_spec("openvino") is not None
    if name == "auto":
        if device != "cpu":
            return "torch"
        if precision == "fp32":
            return "winograd"
        return "openvino" if there else "torch"
    if name in ("winograd", "openvino") and device != "cpu":
        raise UsageError(f"engine is {name}, which computes on processors, and device {device!r}.")
    if name == "winograd" and precision != "fp32":
        raise UsageError(f"engine is winograd, which computes in fp32, and precision {precision}.")
    if name == "openvino" and not there:
        raise MissingPackageError(
            "engine is openvino, which is not installed: pip install 'beholder[cpu]', or leave engine at auto."
        )
    return name
