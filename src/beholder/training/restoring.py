"""Pictures restored by a trained network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import torch
from torch import Tensor

from beholder.data.degradations.stored import to_levels
from beholder.networks.enlarging import enlarge
from beholder.spec import UsageError
from beholder.training.matching import match_histograms
from beholder.training.model_file import load_model
from beholder.training.self_ensemble import SelfEnsemble
from beholder.training.shipped import find_model
from beholder.training.tiles import choose_tile, receptive_radius, restore_in_tiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["MATCHES", "Match", "Restorer"]

Match = Literal["none", "rgb", "lab"]
MATCHES: tuple[Match, ...] = get_args(Match)
_STRIP, _AROUND = 64, 4  # rows enlarged at once, and rows around that bicubic interpolation looks at
_WHOLE = 2**22  # pixels of a picture that goes through at once where the network looks at all of it


class Restorer:
    """A trained network, loaded once, that restores any number of pictures.

    Args:
        model: One of `beholder models`, or the file that `beholder train` saved.
        tile: Height and width of the tiles of the input, in pixels; by default as large as is quick in about a gigabyte.
        match: Give the result the colours of the input, against shifts that losses on features bring: each channel's
            histogram is brought to that of the input, enlarged, in ``"rgb"`` or ``"lab"``; ``"none"`` leaves it.
        self_ensemble: Restore each tile in eight positions and take the mean, see `SelfEnsemble`; takes eight times as
            long.
        device: Where the network runs.

    Raises:
        WeightsError: If the file holds no model.
        UsageError: If there is no model of that name, or an option is impossible.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        tile: int | None = None,
        match: Match = "none",
        self_ensemble: bool = False,
        device: str = "cpu",
    ) -> None:
        if match not in MATCHES:
            raise UsageError(f"match is {match!r}; expected one of {', '.join(MATCHES)}.")
        if tile is not None and tile < 16:
            raise UsageError(f"tile is {tile!r}; expected 16 or more pixels.")
        self.file = find_model(str(model))
        self.network, self.told = load_model(self.file)
        self.network.to(device).to(memory_format=torch.channels_last)
        self.match, self.self_ensemble = match, self_ensemble
        self.radius = receptive_radius(self.network)
        self.tile = choose_tile(self.network, self.radius or 0) if tile is None else tile
        self.restoring = SelfEnsemble(self.network) if self_ensemble else self.network

    def restore(self, picture: Tensor, tell: Callable[[int, int], object] | None = None) -> Tensor:
        """Restore a picture.

        Args:
            picture: Shape (3, H, W), in [0, 1].
            tell: Called with the number of tiles that are done, and of all.

        Returns:
            Shape (3, scale H, scale W), uint8.

        Raises:
            UsageError: If the network looks at all of a picture at once, and the picture is too large for that.
        """
        tile, radius = self.tile, self.radius
        if radius is None:
            if picture[0].numel() > _WHOLE:
                raise UsageError(
                    f"the picture has {picture.shape[-1]}x{picture.shape[-2]} pixels, and {self.told['network']} looks at "
                    f"all of it at once; expected {_WHOLE} pixels at most."
                )
            tile, radius = max(picture.shape[-2:]), 0
        restored = restore_in_tiles(self.restoring, picture, tile=tile, radius=radius, tell=tell)
        if self.match == "none":
            return restored
        return match_histograms(restored, _enlarge(picture, int(self.network.scale)), self.match)  # type: ignore[arg-type]  # a number


def _enlarge(picture: Tensor, scale: int) -> Tensor:
    """A picture, bicubically enlarged, as uint8, in strips."""
    channels, height, width = picture.shape
    enlarged = torch.empty(channels, scale * height, scale * width, dtype=torch.uint8)
    for top in range(0, height, _STRIP):
        above, bottom = min(top, _AROUND), min(top + _STRIP, height)
        seen = enlarge(picture[None, :, top - above : bottom + _AROUND], scale)[0]
        kept = seen[:, scale * above : scale * (above + bottom - top)]
        enlarged[:, scale * top : scale * bottom] = to_levels(kept)
    return enlarged
