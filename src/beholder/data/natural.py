"""What natural pictures look like: the model that NIQE compares with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save

from beholder.data.kmeans import list_pictures
from beholder.images import read_picture
from beholder.metrics.niqe import block_features
from beholder.ops.color import Channel, check_channel, select_channel
from beholder.ops.shapes import check_images
from beholder.spec import ShapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["fit_niqe"]

_SHARP = 0.75  # of the sharpest block of a picture
_BLOCK = 96


def fit_niqe(
    pictures: str | Path | Sequence[str | Path],
    target: str | Path,
    *,
    channel: Channel = "grey8",
    tell: Callable[[int, int], object] | None = None,
) -> Path:
    """Fit NIQE's model of natural pictures, and save it.

    Of each picture, blocks are taken that are more than 0.75 times as sharp as its sharpest; the model is the mean and the
    covariance of their features.

    Args:
        pictures: A folder, searched with its subfolders, or files: undistorted photographs, at least 96 pixels a
            side. The authors took 125.
        target: ``.safetensors`` file to write.
        channel: What NIQE shall look at; it is written into the file.
        tell: Called with the number of pictures that are done, and of all.

    Returns:
        The file.

    Raises:
        UsageError: If there are too few sharp blocks for a covariance of 36 features, or the file's ending is
            another.
        PictureError: If a picture cannot be read.
        ShapeError: If a picture is too small.

    References:
        Mittal et al., "Making a 'Completely Blind' Image Quality Analyzer", IEEE Signal Processing Letters 2013,
        doi:10.1109/LSP.2012.2227726.
    """
    target = Path(target)
    if target.suffix != ".safetensors":
        raise UsageError(f"{target}: expected a file that ends in .safetensors.")
    check_channel(channel, ("grey8", "grey", "y"))
    files = list_pictures(pictures)
    sharp = []
    for done, file in enumerate(files, 1):
        picture = read_picture(file).pixels[None]
        try:
            check_images(picture, min_size=_BLOCK)
        except ShapeError as error:
            raise ShapeError(f"{file}: {error}") from error
        features, sharpness = (each[0] for each in block_features(select_channel(picture, channel)))
        sharp.append(features[(sharpness > _SHARP * sharpness.max()) & features.isfinite().all(1)])
        if tell:
            tell(done, len(files))
    blocks = torch.cat(sharp)
    if len(blocks) <= blocks.shape[1]:
        raise UsageError(
            f"{len(files)} pictures hold {len(blocks)} sharp blocks; expected more than {blocks.shape[1]}. "
            "Add photographs, or larger ones."
        )
    told = {"made by": f"NIQE's model of {len(blocks)} blocks of {len(files)} pictures", "channel": channel}
    target.parent.mkdir(parents=True, exist_ok=True)
    # Not save_file, which leaves the file to its owner alone, whatever the umask.
    target.write_bytes(save({"mean": blocks.mean(0), "covariance": blocks.T.cov()}, told))
    return target
