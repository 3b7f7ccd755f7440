"""Pictures restored by a trained network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import torch
from torch import Tensor

from beholder.ops.resize import resize
from beholder.spec import UsageError
from beholder.training.model_file import load_model
from beholder.training.tiles import receptive_radius, restore_in_tiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["MATCHES", "Match", "Restorer"]

Match = Literal["none", "rgb", "lab"]
MATCHES: tuple[Match, ...] = get_args(Match)
_WHOLE = 2**22  # pixels of a picture that goes through at once where the network looks at all of it


class Restorer:
    """A trained network, loaded once, that restores any number of pictures.

    Args:
        model: What `beholder train` saved.
        tile: Height and width of the tiles of the input, in pixels.
        match: Give the result the colours of the input, against shifts that losses on features bring: each channel's
            histogram is brought to that of the input, enlarged, in ``"rgb"`` or ``"lab"``; ``"none"`` leaves it.
        device: Where the network runs.

    Raises:
        WeightsError: If the file holds no model.
        UsageError: If an option is impossible.
    """

    def __init__(
        self, model: str | Path, *, tile: int = 512, match: Match = "none", device: str = "cpu"
    ) -> None:
        if match not in MATCHES:
            raise UsageError(f"match is {match!r}; expected one of {', '.join(MATCHES)}.")
        if tile < 16:
            raise UsageError(f"tile is {tile!r}; expected 16 or more pixels.")
        self.network, self.told = load_model(model)
        self.network.to(device).to(memory_format=torch.channels_last)
        self.tile = tile
        self.match = match
        self.radius = receptive_radius(self.network)

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
        restored = restore_in_tiles(self.network, picture, tile=tile, radius=radius, tell=tell)
        return restored if self.match == "none" else _match_colours(restored, picture, self.match)


def _match_colours(restored: Tensor, picture: Tensor, space: Match) -> Tensor:
    from skimage import color, exposure

    enlarged = resize(picture[None], *restored.shape[-2:])[0].clamp(0, 1)
    source: Any = restored.permute(1, 2, 0).numpy() / 255
    target: Any = enlarged.permute(1, 2, 0).numpy()
    if space == "lab":
        source, target = color.rgb2lab(source), color.rgb2lab(target)
    matched = exposure.match_histograms(source, target, channel_axis=-1)
    if space == "lab":
        matched = color.lab2rgb(matched)
    levels = (torch.from_numpy(matched).permute(2, 0, 1) * 255).round().clamp(0, 255)
    return levels.to(torch.uint8)
