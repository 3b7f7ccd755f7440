"""Embedded ICC profiles and inks: every picture becomes sRGB on its way in."""

from __future__ import annotations

import dataclasses
import functools
import io

import imagecodecs
import numpy as np
from PIL import ImageCms

from beholder.images.raster import Raster, Samples, unit

__all__ = ["means_srgb", "to_srgb"]

# Relative colorimetric keeps every colour that sRGB can show exactly as the profile measured it. Perceptual
# would shift those too, in a way that each profile's maker chose, and so change the distance between pictures.
# Black point compensation maps ink's black to the screen's, without which all CMYK shadows would be grey.
_INTENT = imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC
_FLAGS = imagecodecs.CMS.FLAGS.BLACKPOINTCOMPENSATION
# Where LittleCMS writes integers it takes a shortcut through tables, tenfold faster. For 16-bit RGB that was seen
# to be wrong by 14/255, for 8-bit grey by 1.4/255, for 8-bit RGB by 0.4/255. So floats are asked for, except for
# 8-bit pictures whose profile proves to bear the shortcut.
_GOOD_ENOUGH = 0.5 / 255  # the rounding that 8-bit samples carry anyway

_SPACES = {1: "gray", 3: "rgb", 4: "cmyk"}
_SPACE_NAMES = {"gray": "grey", "rgb": "RGB", "cmyk": "CMYK"}
_SIGNATURES = {b"GRAY": "gray", b"RGB ": "rgb", b"CMYK": "cmyk"}
# profiles that mean sRGB differ from it by the rounding of their curves, below one 8-bit level
_SAME = 1 / 255
_LONGEST_NAME = 60


@dataclasses.dataclass(frozen=True)
class _Profile:
    """What is known of an ICC profile: whether it means sRGB, and whether the shortcut serves it."""

    name: str
    space: str | None
    neutral: bool = False
    quick: bool = False
    fault: str | None = None


def to_srgb(raster: Raster) -> tuple[Samples, tuple[str, ...]]:
    """Convert a decoded picture's colours to sRGB.

    A profile that means sRGB changes nothing. One that is damaged, or belongs to another kind of picture,
    is left out. Colours beyond sRGB are clipped to it.

    Args:
        raster: The decoded picture.

    Returns:
        Grey or RGB samples, shape (H, W, 1) or (H, W, 3), uint8, uint16 or float32 in [0, 1], and notes.
    """
    space = _SPACES[raster.colours.shape[2]]
    notes: tuple[str, ...] = ()
    if raster.icc:
        profile = _inspect(raster.icc)
        if profile.fault is None and profile.space == space:
            if profile.neutral:
                return raster.colours, ()
            note = f"ICC profile {profile.name!r} converted to sRGB"
            return _convert(raster.colours, raster.icc, quick=profile.quick), (note,)
        fault = profile.fault or f"for {_name(profile.space)} in a {_name(space)} picture"
        notes = (f"ICC profile ignored ({fault}): the colours were taken for sRGB",)
    if space == "cmyk":
        notes += ("CMYK without a usable profile converted to RGB by the plain formula (1 - ink)(1 - black)",)
        return _plain_inks(raster.colours), notes
    return raster.colours, notes


def means_srgb(icc: bytes) -> bool:
    """Whether `to_srgb` leaves the colours of a picture with this ICC profile as they are."""
    return _inspect(icc).neutral


def _plain_inks(colours: Samples) -> Samples:
    paper = 1 - unit(colours)
    return np.asarray(paper[..., :3] * paper[..., 3:])


def _convert(colours: Samples, icc: bytes, *, quick: bool) -> Samples:
    if quick and colours.dtype == np.uint8:
        # 16 bits out, so that the result is not rounded to 8 bits twice
        return _transform(colours, icc, np.uint16)
    return np.clip(_transform(colours, icc, np.float32), 0, 1)


def _transform(colours: Samples, icc: bytes, dtype: type) -> Samples:
    space = _SPACES[colours.shape[2]]
    return np.asarray(
        imagecodecs.cms_transform(
            colours[..., 0] if space == "gray" else colours,
            icc,
            _srgb(),
            colorspace=space,
            outcolorspace="rgb",
            outdtype=dtype,
            intent=_INTENT,
            flags=_FLAGS,
        )
    )


@functools.cache
def _srgb() -> bytes:
    return bytes(imagecodecs.cms_profile("srgb"))


@functools.lru_cache(maxsize=32)
def _inspect(icc: bytes) -> _Profile:
    """Judge a profile once; the pictures of a data set mostly share theirs."""
    space = _SIGNATURES.get(icc[16:20])
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(icc)))
        name = " ".join(name.split())[:_LONGEST_NAME] or "without a name"
        if space is None:
            return _Profile(name, None)
        grid = _grid(space)
        exact = _convert(grid, icc, quick=False)
        shortened = unit(_convert(grid, icc, quick=True))
    except (ImageCms.PyCMSError, OSError, RuntimeError, ValueError, TypeError) as error:
        return _Profile("", space, fault=f"damaged: {error}")
    if not np.isfinite(exact).all():
        return _Profile(name, space, fault="damaged: it turns colours into no numbers")
    neutral = space != "cmyk" and float(np.abs(exact - unit(grid)).max()) <= _SAME
    return _Profile(name, space, neutral, quick=float(np.abs(exact - shortened).max()) <= _GOOD_ENOUGH)


def _grid(space: str) -> Samples:
    """A picture, shape (1, N, C), with all combinations of some levels, close together in the shadows."""
    levels = {
        "gray": range(256),
        "rgb": (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 160, 192, 224, 240, 255),
        "cmyk": (0, 3, 32, 128, 224, 252, 255),
    }[space]
    channels = next(count for count, name in _SPACES.items() if name == space)
    mesh = np.meshgrid(*[np.array(levels, dtype=np.uint8)] * channels, indexing="ij")
    return np.stack(mesh, axis=-1).reshape(1, -1, channels)


def _name(space: str | None) -> str:
    return _SPACE_NAMES.get(space or "", "another kind of colour")
