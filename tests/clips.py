"""Small videos, made when a test needs them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def moving_frames(count: int = 12, width: int = 64, height: int = 48) -> list[np.ndarray]:
    """Frames of a bright square that wanders over a coloured ramp, each shape (height, width, 3), 8 bit."""
    rows, columns = np.mgrid[:height, :width]
    ramp = np.stack([rows * 255 // height, columns * 255 // width, (rows + columns) % 256], -1).astype(
        np.uint8
    )
    frames = []
    for index in range(count):
        frame = ramp.copy()
        frame[8:24, 2 * index : 2 * index + 16] = (240, 220, 40)
        frames.append(frame)
    return frames


def write_clip(
    path: Path,
    frames: Sequence[np.ndarray],
    *,
    codec: str = "ffv1",
    pixel_format: str = "yuv420p",
    rate: int = 25,
    times: Sequence[int] | None = None,
    matrix: int | None = None,
    full_range: bool = False,
) -> Path:
    """Encode frames; ``times`` are presentation times in frames, ``matrix`` as ITU-T H.273 numbers it."""
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.codec_context.time_base = Fraction(1, rate)
        if matrix is not None:
            stream.codec_context.colorspace = matrix
        stream.codec_context.color_range = 2 if full_range else 1
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame = frame.reformat(
                format=pixel_format,
                dst_colorspace={1: "ITU709"}.get(matrix or 0, "ITU601"),
                dst_color_range=2 if full_range else 1,
            )
            frame.pts = index if times is None else times[index]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def damage_clip(path: Path, packets: range) -> Path:
    """Overwrite the pictures' data of some packets; the container stays whole, whatever the encoder's sizes."""
    with av.open(str(path)) as container:
        found = [packet for packet in container.demux(video=0) if packet.size]
        contents = [bytes(found[index]) for index in packets]
    data = path.read_bytes()
    for content in contents:
        begin = data.index(content)
        spoilt = content[:6] + bytes(101 + place % 59 for place in range(len(content) - 6))
        data = data[:begin] + spoilt + data[begin + len(content) :]
    path.write_bytes(data)
    return path
