"""From sRGB to CIELAB under D65, and back."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from beholder.ops.color import mix_channels

__all__ = ["lab_to_rgb", "linear_to_rgb", "rgb_to_lab", "rgb_to_linear"]

# Red's and blue's part in X, Y and Z of white: from the primaries and the white (0.3127, 0.3290) of IEC 61966-2-1.
# Green's part is what is left of 1.
_RED = (0.4338873456, 0.2126390059, 0.0177500401)
_BLUE = (0.1898886453, 0.0721923154, 0.8728023391)
_DELTA = 6 / 29  # CIE 15: where the cube root gives way to a straight line


def rgb_to_linear(x: Tensor) -> Tensor:
    """Undo sRGB's transfer curve: light in [0, 1].

    Args:
        x: Encoded values, any shape, in [0, 1]; those below 0 continue the straight part.
    """
    bend = 0.04045
    return torch.where(x > bend, ((x.clamp_min(bend) + 0.055) / 1.055) ** 2.4, x / 12.92)


def rgb_to_lab(x: Tensor) -> Tensor:
    """CIELAB of sRGB colours, with the white D65 of sRGB itself: greys have a = b = 0 to the last bit.

    Args:
        x: Images, shape (N, 3, H, W), in [0, 1].

    Returns:
        Shape (N, 3, H, W): L in [0, 100], a and b about in [-108, 99].

    References:
        IEC 61966-2-1:1999 and CIE 15:2004.
    """
    red, green, blue = rgb_to_linear(x).chunk(3, 1)
    red, blue = red - green, blue - green
    curves = torch.cat([green + r * red + b * blue for r, b in zip(_RED, _BLUE, strict=True)], 1)
    knee = _DELTA**3
    curves = torch.where(curves > knee, curves.clamp_min(knee) ** (1 / 3), curves / (3 * _DELTA**2) + 4 / 29)
    f_x, f_y, f_z = curves.chunk(3, 1)
    return torch.cat([116 * f_y - 16, 500 * (f_x - f_y), 200 * (f_y - f_z)], 1)


def linear_to_rgb(x: Tensor) -> Tensor:
    """The transfer curve of sRGB, the inverse of `rgb_to_linear`.

    Args:
        x: Light, any shape, in [0, 1]; values below 0 continue the straight part.
    """
    bend = 0.0031308
    return torch.where(x > bend, 1.055 * x.clamp_min(bend) ** (1 / 2.4) - 0.055, 12.92 * x)


def lab_to_rgb(x: Tensor) -> Tensor:
    """CIELAB colours in sRGB, the inverse of `rgb_to_lab`.

    Args:
        x: Images, shape (N, 3, H, W): L, a and b.

    Returns:
        Shape (N, 3, H, W); beyond [0, 1], and not clamped, for colours that sRGB does not have.

    References:
        IEC 61966-2-1:1999 and CIE 15:2004.
    """
    lightness, a, b = x.chunk(3, 1)
    f_y = (lightness + 16) / 116
    curves = torch.cat([f_y + a / 500, f_y, f_y - b / 200], 1)
    light = torch.where(curves > _DELTA, curves**3, (curves - 4 / 29) * (3 * _DELTA**2))
    return linear_to_rgb(mix_channels(light, _from_xyz()))


@functools.cache
def _from_xyz() -> tuple[tuple[float, float, float], ...]:
    """Rows of the matrix from X, Y and Z, each 1 for white, to red, green and blue."""
    rows = [(red, 1 - red - blue, blue) for red, blue in zip(_RED, _BLUE, strict=True)]
    inverse = torch.linalg.inv(torch.tensor(rows, dtype=torch.float64))
    return tuple((red, green, blue) for red, green, blue in inverse.tolist())
