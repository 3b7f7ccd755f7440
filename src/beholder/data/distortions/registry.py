"""The twenty traditional distortions, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.data.distortions.blur.bilateral import blur_bilateral
from beholder.data.distortions.blur.gaussian import blur_gaussian
from beholder.data.distortions.compression.jpeg import compress
from beholder.data.distortions.distortion import Distortion
from beholder.data.distortions.noise.blue import add_blue_noise
from beholder.data.distortions.noise.checkerboard import add_checkerboard
from beholder.data.distortions.noise.coloured import add_coloured_noise
from beholder.data.distortions.noise.pink import add_pink_noise
from beholder.data.distortions.noise.white import add_gaussian_noise, add_uniform_noise
from beholder.data.distortions.photometric.colour import shift_colour
from beholder.data.distortions.photometric.contrast import change_contrast
from beholder.data.distortions.photometric.lightness import shift_lightness
from beholder.data.distortions.photometric.saturation import change_saturation
from beholder.data.distortions.spatial.affine import warp_affine
from beholder.data.distortions.spatial.chromatic_aberration import draw_colours_apart
from beholder.data.distortions.spatial.cubic_warp import warp_cubic
from beholder.data.distortions.spatial.ghosting import add_ghost
from beholder.data.distortions.spatial.homography import warp_homography
from beholder.data.distortions.spatial.linear_warp import warp_linear
from beholder.data.distortions.spatial.shift import shift
from beholder.spec import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DISTORTIONS", "find_distortion"]

_ALL = (
    Distortion(
        "lightness_shift",
        "photometric",
        "lighter or darker",
        "L* of CIELAB shifted by 0 to 25, up or down",
        shift_lightness,
    ),
    Distortion(
        "colour_shift",
        "photometric",
        "a colour cast",
        "a* and b* of CIELAB shifted by 0 to 40, in any direction",
        shift_colour,
    ),
    Distortion(
        "contrast",
        "photometric",
        "more or less contrast",
        "contrast multiplied or divided by 1 to 4, around the mean grey level",
        change_contrast,
    ),
    Distortion(
        "saturation",
        "photometric",
        "stronger or faded colours",
        "saturation multiplied by 1 to 4, or by 1 down to 0",
        change_saturation,
    ),
    Distortion(
        "uniform_white_noise",
        "noise",
        "white noise within bounds",
        "standard deviation 0 to 51 levels of 255, bounds at 1.73 times that",
        add_uniform_noise,
    ),
    Distortion(
        "gaussian_white_noise",
        "noise",
        "normally distributed white noise",
        "standard deviation 0 to 51 levels of 255",
        add_gaussian_noise,
    ),
    Distortion(
        "pink_noise",
        "noise",
        "coarse grey noise, power as 1/f",
        "standard deviation 0 to 51 levels of 255",
        add_pink_noise,
    ),
    Distortion(
        "blue_noise",
        "noise",
        "fine grey noise, power as f",
        "standard deviation 0 to 51 levels of 255",
        add_blue_noise,
    ),
    Distortion(
        "gaussian_coloured_noise",
        "noise",
        "colour noise, power as f to the power of -2 (brown) to 2 (violet)",
        "standard deviation 0 to 51 levels of 255",
        add_coloured_noise,
    ),
    Distortion(
        "checkerboard",
        "noise",
        "a checkerboard of fields of 1, 2 or 4 pixels",
        "0 to 51 levels of 255 added and taken away",
        add_checkerboard,
    ),
    Distortion(
        "gaussian_blur",
        "blur",
        "blur",
        "standard deviation 0 to 3 pixels",
        blur_gaussian,
    ),
    Distortion(
        "bilateral_blur",
        "blur",
        "areas smoothed, edges kept",
        "standard deviation of the distance of colours 0 to 76 levels of 255, of places 3 pixels",
        blur_bilateral,
    ),
    Distortion(
        "shift",
        "spatial",
        "moved in one direction",
        "0 to 8 pixels",
        shift,
    ),
    Distortion(
        "affine",
        "spatial",
        "turned, slanted and stretched",
        "turned and slanted by 0 to 12 degrees, stretched or shrunk by 1 to 1.2, at least one of them in full",
        warp_affine,
    ),
    Distortion(
        "homography",
        "spatial",
        "seen from the side",
        "corners moved by 0 to 15 % of the width and height",
        warp_homography,
    ),
    Distortion(
        "linear_warp",
        "spatial",
        "warped, with kinks",
        "points 16 pixels apart moved by 0 to at most 6 pixels down and across",
        warp_linear,
    ),
    Distortion(
        "cubic_warp",
        "spatial",
        "warped smoothly",
        "points 32 pixels apart moved by 0 to at most 8 pixels down and across",
        warp_cubic,
    ),
    Distortion(
        "ghosting",
        "spatial",
        "doubled, 4 to 10 pixels apart",
        "opacity of the ghost 0 to 50 %",
        add_ghost,
    ),
    Distortion(
        "chromatic_aberration",
        "spatial",
        "red and blue drawn apart",
        "0 to 4 pixels each",
        draw_colours_apart,
    ),
    Distortion(
        "jpeg",
        "compression",
        "JPEG with 4:2:0 colour",
        "quality 100 to 5, in equal factors; at 0 not compressed",
        compress,
    ),
)

DISTORTIONS: Mapping[str, Distortion] = {each.name: each for each in _ALL}


def find_distortion(name: str) -> Distortion:
    """A distortion by its name.

    Raises:
        UsageError: If there is none.
    """
    if name not in DISTORTIONS:
        hint = did_you_mean(name.lower(), DISTORTIONS)
        raise UsageError(f"there is no distortion {name!r}.{hint} There are {', '.join(DISTORTIONS)}.")
    return DISTORTIONS[name]
