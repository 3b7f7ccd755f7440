"""JPEG, WebP, GIF and BMP: formats of at most 8 bits, which Pillow decodes whole and faithfully."""

from __future__ import annotations

import contextlib
import io
import struct
import threading
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.WebPImagePlugin import WebPImageFile

from beholder.images.raster import Raster
from beholder.images.tags import exif_orientation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL.ImageFile import ImageFile

    from beholder.images.source import Source

__all__ = ["decode_with_pillow", "without_size_limit"]

# What Pillow's parsers raise on data that breaks their assumptions.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    struct.error,
)

_bomb_lock = threading.Lock()


class _Jpeg(JpegImageFile):
    """The first picture of a JPEG or MPO file.

    Pillow looks for a resolution in the EXIF block and warns where the block is damaged; nobody asks for it
    here, and the orientation is read by us.
    """

    def getexif(self) -> Image.Exif:
        return Image.Exif()


_READERS: dict[str, Callable[[io.BytesIO], ImageFile]] = {
    "JPEG": _Jpeg,
    "WebP": WebPImageFile,
    "GIF": GifImageFile,
    "BMP": BmpImageFile,
}


def decode_with_pillow(source: Source) -> Raster:
    """Decode a JPEG, WebP, GIF or BMP file; of several frames, the first.

    The readers are called directly: ``Image.open`` would apply Pillow's own size limit and warn.

    Args:
        source: The file.

    Returns:
        Grey, RGB or CMYK samples, uint8, with straight alpha where the file has any.

    Raises:
        PictureError: If the file is cut, damaged or too large.
    """
    reader = _READERS[source.format]
    try:
        # The other readers do not ask for Pillow's limit by themselves.
        with without_size_limit() if source.format in {"GIF", "WebP"} else contextlib.nullcontext():
            image = reader(io.BytesIO(source.data))
            source.check_size(*image.size)
            frames = getattr(image, "n_frames", 1)
        image.load()
        return _raster(image, frames)
    except _DAMAGE as error:
        raise source.damaged(error) from error


def _raster(image: Image.Image, frames: int) -> Raster:
    notes: tuple[str, ...] = (f"first of {frames} frames",) if frames > 1 else ()
    if "mp" in image.info:
        notes += ("first picture of a multi-picture JPEG",)
    orientation, exif_notes = exif_orientation(image.info.get("exif"))
    if image.mode not in {"L", "RGB", "RGBA", "CMYK"} or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    samples = np.asarray(image)
    if samples.ndim == 2:
        samples = samples[..., None]
    alpha = samples[..., 3] if image.mode == "RGBA" else None
    return Raster(
        colours=samples if alpha is None else samples[..., :3],
        alpha=alpha,
        icc=image.info.get("icc_profile"),
        orientation=orientation,
        notes=notes + exif_notes,
    )


@contextlib.contextmanager
def without_size_limit() -> Iterator[None]:
    """Lift Pillow's size limit while a header is read.

    The limit is global to the process, so it comes back within microseconds; our own holds all along.
    """
    with _bomb_lock:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit
