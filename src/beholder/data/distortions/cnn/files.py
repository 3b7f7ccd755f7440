"""Trained autoencoders as files."""

from __future__ import annotations

import dataclasses
import json
import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save

from beholder.data.distortions.cnn.corruption import corrupt
from beholder.data.distortions.cnn.design import AutoencoderDesign
from beholder.data.distortions.cnn.generator import Generator
from beholder.spec import WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

__all__ = ["Autoencoder", "find_autoencoders", "name_file"]

_KEY = "autoencoder"


@dataclasses.dataclass(frozen=True)
class Autoencoder:
    """A trained autoencoder.

    Attributes:
        design: What it is like.
        generator: The network, in evaluation mode.
        told: What else its file tells: how it was trained.
    """

    design: AutoencoderDesign
    generator: Generator
    told: Mapping[str, Any]

    def __call__(self, picture: Tensor, draw: torch.Generator) -> Tensor:
        """What it makes of a picture, which it sees corrupted: (3, H, W), in [0, 1]."""
        with torch.inference_mode():
            made: Tensor = self.generator(corrupt(picture, self.design, draw)[None])[0].clamp(0, 1)
        return made.clone()

    def encoded(self) -> bytes:
        """The content of its file."""
        told = {"beholder": version("beholder"), "design": dataclasses.asdict(self.design), **self.told}
        tensors = {
            name: each.detach().cpu().contiguous() for name, each in self.generator.state_dict().items()
        }
        encoded: bytes = save(tensors, {_KEY: json.dumps(told)})
        return encoded

    @staticmethod
    def read_told(file: Path) -> dict[str, Any]:
        """What a file tells, without its tensors.

        Raises:
            WeightsError: If it cannot be read, or holds no autoencoder.
        """
        try:
            with safe_open(file, framework="pt") as opened:
                told = json.loads((opened.metadata() or {}).get(_KEY, "null"))
        except (OSError, SafetensorError, ValueError) as error:
            raise WeightsError(
                f"{file}: cannot be read: {error}. Remove it, and train the autoencoder again."
            ) from error
        if not isinstance(told, dict) or not isinstance(told.get("design"), dict):
            raise WeightsError(
                f"{file}: tells of no autoencoder; expected what `beholder distort train-autoencoders` saved."
            )
        return told

    @classmethod
    def load(cls, file: Path) -> Autoencoder:
        """Read an autoencoder.

        Raises:
            WeightsError: If the file cannot be read, or holds no autoencoder.
        """
        told = cls.read_told(file)
        try:
            design = AutoencoderDesign(**told.pop("design"))
            generator = Generator(design)
            generator.load_state_dict(load_file(file))
        except (TypeError, KeyError, RuntimeError, SafetensorError) as error:
            raise WeightsError(f"{file}: its weights do not fit its design: {error}.") from error
        told.pop("beholder", None)
        return cls(design, generator.eval().requires_grad_(requires_grad=False), told)


def name_file(number: int) -> str:
    """The file of an autoencoder in its folder."""
    return f"{number:03}.safetensors"


def find_autoencoders(folder: Path) -> dict[str, Path]:
    """Name -> file of each autoencoder in a folder, in order.

    Raises:
        WeightsError: If there are fewer than two, of which a triplet could have one each.
    """
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    found = {file.stem: file for file in files if re.fullmatch(r"\d{3}", file.stem)}
    if len(found) < 2:
        raise WeightsError(
            f"{folder}: found {len(found)} autoencoders; expected at least two, as `beholder distort train-autoencoders "
            "PHOTOS FOLDER` makes them."
        )
    return found
