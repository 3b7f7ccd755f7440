"""Photographs that installed packages ship, free to use, so that nothing need be downloaded."""

from __future__ import annotations

import dataclasses
import importlib

import numpy as np
import torch
from torch import Tensor

from beholder.spec import MissingPackageError

__all__ = ["PHOTOS", "Photo"]


@dataclasses.dataclass(frozen=True)
class Photo:
    """A photograph inside a package.

    Attributes:
        name: A short name.
        package: The package that ships it, as pip names it.
        source: Function that loads it, and its argument where it takes one.
        credit: Who took it.
        licence: Its licence.
        corner: Top and left of a 256x256 detail that is worth looking at.
    """

    name: str
    package: str
    source: tuple[str, ...]
    credit: str
    licence: str
    corner: tuple[int, int]

    def load(self) -> Tensor:
        """The photograph as RGB, shape (3, H, W), in [0, 1].

        Raises:
            MissingPackageError: If its package is not installed.
        """
        place, *arguments = self.source
        module, _, function = place.partition(":")
        try:
            pixels = getattr(importlib.import_module(module), function)(*arguments)
        except ModuleNotFoundError as error:
            raise MissingPackageError(
                f"the photograph {self.name!r} is in the package {self.package}: pip install {self.package}"
            ) from error
        rgb = np.stack([pixels] * 3, axis=-1) if pixels.ndim == 2 else pixels
        return torch.from_numpy(np.array(rgb)).permute(2, 0, 1).to(torch.float32) / 255

    def detail(self, size: int = 256) -> Tensor:
        """The detail at `corner`, shape (3, size, size), in [0, 1]."""
        top, left = self.corner
        return self.load()[:, top : top + size, left : left + size]


def _skimage(name: str, credit: str, licence: str, corner: tuple[int, int]) -> Photo:
    return Photo(name, "scikit-image", (f"skimage.data:{name}",), credit, licence, corner)


def _sklearn(name: str, credit: str, corner: tuple[int, int]) -> Photo:
    source = ("sklearn.datasets:load_sample_image", f"{name}.jpg")
    return Photo(name, "scikit-learn", source, credit, "CC BY 2.0", corner)


PHOTOS: tuple[Photo, ...] = (
    _skimage("astronaut", "NASA", "public domain", (0, 96)),
    _skimage("chelsea", "Stefan van der Walt", "CC0", (20, 90)),
    _skimage("coffee", "Rachel Michetti", "CC0", (60, 190)),
    _skimage("rocket", "SpaceX", "public domain", (60, 200)),
    _skimage("camera", "Lav Varshney", "CC0", (30, 110)),
    _skimage("hubble_deep_field", "NASA, ESA", "public domain", (330, 330)),
    _sklearn("china", "Daniel Büchele", (100, 150)),
    _sklearn("flower", "vultilion", (80, 180)),
)
