"""Triplets of what autoencoders make, alone or beside the traditional distortions."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from beholder.data.degradations.stored import to_unit
from beholder.data.distortions.cnn.files import Autoencoder, find_autoencoders
from beholder.data.distortions.scheme import Choice
from beholder.data.distortions.traditional import Traditional

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

__all__ = ["Cnn", "Mix"]

_PREFIX = "autoencoder-"


class Cnn:
    """Two different autoencoders for each triplet, all equally likely.

    Args:
        folder: Trained ones, as `beholder.calibration.autoencoders.train_autoencoders` leaves them.

    Raises:
        WeightsError: If there are fewer than two.
    """

    name = "cnn"

    def __init__(self, folder: Path) -> None:
        self._files = find_autoencoders(Path(folder))

    @functools.cached_property
    def told(self) -> Mapping[str, Any]:
        """The autoencoders, by the SHA-256 of all their files."""
        digest = hashlib.sha256()
        for file in self._files.values():
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        return {"autoencoders": len(self._files), "autoencoders_sha256": digest.hexdigest()}

    def choose(self, draw: torch.Generator) -> tuple[Choice, Choice]:
        """Draw two different ones."""
        first, second = torch.randperm(len(self._files), generator=draw)[:2].tolist()
        names = list(self._files)
        return Choice(_PREFIX + names[first], ()), Choice(_PREFIX + names[second], ())

    def apply(self, choice: Choice, patch: Tensor, draw: torch.Generator) -> Tensor:
        """Distort a patch, as `Scheme` says."""
        return _load(self._files[choice.name.removeprefix(_PREFIX)])(to_unit(patch), draw)


class Mix:
    """A traditional distortion beside an autoencoder, in either order; or two of a kind, as often as chance has it.

    Each candidate is of either kind, equally likely. Of BAPPS' *mix* the paper says no more than that it has both.

    Args:
        folder: As of `Cnn`.

    Raises:
        WeightsError: If there are fewer than two.
    """

    name = "mix"

    def __init__(self, folder: Path) -> None:
        self._cnn, self._traditional = Cnn(folder), Traditional()

    @property
    def told(self) -> Mapping[str, Any]:
        """As of `Cnn`."""
        return self._cnn.told

    def choose(self, draw: torch.Generator) -> tuple[Choice, Choice]:
        """Draw two different distortions."""
        drawn = torch.randint(2, (2,), generator=draw).tolist()
        pairs = self._traditional.choose(draw), self._cnn.choose(draw)
        return pairs[drawn[0]][0], pairs[drawn[1]][1]

    def apply(self, choice: Choice, patch: Tensor, draw: torch.Generator) -> Tensor:
        """Distort a patch, as `Scheme` says."""
        scheme = self._cnn if choice.name.startswith(_PREFIX) else self._traditional
        return scheme.apply(choice, patch, draw)


@functools.lru_cache(maxsize=128)
def _load(file: Path) -> Autoencoder:
    """Once in each process that makes triplets."""
    return Autoencoder.load(file)
