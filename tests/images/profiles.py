"""ICC profiles written byte by byte, and the colour arithmetic that they stand for."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Chromaticities of the primaries and the white point: SMPTE EG 432-1 (Display P3) and IEC 61966-2-1 (sRGB).
P3_PRIMARIES = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
SRGB_PRIMARIES = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
D65 = (0.3127, 0.3290)
D50_XYZ = (0.9642, 1.0, 0.8249)  # the ICC's connection space

_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def srgb_to_linear(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The curve of IEC 61966-2-1, from encoded to linear light."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The curve of IEC 61966-2-1, from linear light to encoded, colours outside clipped."""
    values = np.clip(values, 0, 1)
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)


def rgb_to_xyz(primaries: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
    """The matrix from linear RGB with a D65 white to XYZ."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    white = np.array([D65[0] / D65[1], 1, (1 - sum(D65)) / D65[1]])
    return columns * np.linalg.solve(columns, white)


def p3_to_srgb(encoded: NDArray[np.float64]) -> NDArray[np.float64]:
    """Display P3 to sRGB by its definition, shape (..., 3): the curve, one matrix, the curve back."""
    matrix = np.linalg.inv(rgb_to_xyz(SRGB_PRIMARIES)) @ rgb_to_xyz(P3_PRIMARIES)
    return linear_to_srgb(srgb_to_linear(encoded) @ matrix.T)


def matrix_profile(name: str, primaries: tuple[tuple[float, float], ...]) -> bytes:
    """An ICC v2 display profile with the sRGB curve and any primaries, white point D65."""
    white = np.array([D65[0] / D65[1], 1, (1 - sum(D65)) / D65[1]])
    scale = (_BRADFORD @ D50_XYZ) / (_BRADFORD @ white)
    adapted = np.linalg.inv(_BRADFORD) @ np.diag(scale) @ _BRADFORD @ rgb_to_xyz(primaries)
    levels = np.rint(srgb_to_linear(np.linspace(0, 1, 4096)) * 65535).astype(">u2")
    curve = struct.pack(">4s4xI", b"curv", len(levels)) + levels.tobytes()
    tags = {b"desc": _description(name), b"cprt": b"text\0\0\0\0none\0", b"wtpt": _xyz(D50_XYZ)}
    for i, letter in enumerate((b"r", b"g", b"b")):
        tags[letter + b"XYZ"] = _xyz(tuple(adapted[:, i]))
        tags[letter + b"TRC"] = curve
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def gamma_profile(name: str, gamma: float) -> bytes:
    """An ICC v2 profile for grey pictures with a power curve."""
    curve = struct.pack(">4s4xIH", b"curv", 1, round(gamma * 256))
    tags = {
        b"desc": _description(name),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": _xyz(D50_XYZ),
        b"kTRC": curve,
    }
    return _profile(b"mntr", b"GRAY", b"XYZ ", tags)


def press_profile(name: str) -> bytes:
    """An ICC v2 profile for CMYK whose inks only darken: L* = 100 (1 - ink of any colour) (1 - black), no hue."""
    corners = np.stack(np.meshgrid(*[[0.0, 1.0]] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    lightness = np.rint(255 * (1 - corners[:, :3].mean(axis=1)) * (1 - corners[:, 3])).astype(np.uint8)
    grid = np.stack([lightness, np.full(16, 128, np.uint8), np.full(16, 128, np.uint8)], axis=-1)
    identity = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    table = struct.pack(">4s4xBBBx", b"mft1", 4, 3, 2) + matrix + identity * 4 + grid.tobytes() + identity * 3
    tags = {b"desc": _description(name), b"cprt": b"text\0\0\0\0none\0", b"wtpt": _xyz(D50_XYZ)}
    return _profile(b"prtr", b"CMYK", b"Lab ", tags | {b"A2B0": table, b"A2B1": table})


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def _description(name: str) -> bytes:
    text = name.encode("ascii") + b"\0"
    return struct.pack(">4s4xI", b"desc", len(text)) + text + bytes(78)


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += struct.pack(">4sII", name, at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4xI4s4s4s12x4s", at + len(body), 0x02400000, kind, space, connection, b"acsp")
    header += bytes(28) + struct.pack(">3i", *(round(value * 65536) for value in D50_XYZ))
    return header.ljust(128, b"\0") + table + body
