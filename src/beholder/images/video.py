"""Video files to tensors: one frame after another, with its time of presentation."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beholder.images.source import shown
from beholder.images.video_frames import frame_pixels
from beholder.spec import MissingPackageError, PictureError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

__all__ = ["VIDEO_SUFFIXES", "RawLayout", "Video", "VideoFrame", "open_video"]

VIDEO_SUFFIXES = (
    ".avi",
    ".flv",
    ".ivf",
    ".m2ts",
    ".m4v",
    ".mkv",
    ".mov",
    ".mp4",
    ".mpeg",
    ".mpg",
    ".mts",
    ".mxf",
    ".nut",
    ".ogv",
    ".ts",
    ".webm",
    ".wmv",
    ".y4m",
    ".yuv",
)
"""Endings of the files that are taken for video."""


_HIDING = (
    "libvpx",
    "libvpx-vp9",
    "vp8",
    "vp9",
    "av1",
    "libdav1d",
    "libaom-av1",
)  # some packets are never shown
_LISTS = ("concat", "dash", "ffmetadata", "hls", "sdp")  # formats that name other files and addresses


@dataclasses.dataclass(frozen=True)
class RawLayout:
    """What a ``.yuv`` file does not tell of itself.

    Attributes:
        width: In pixels.
        height: In pixels.
        pixel_format: As ffmpeg names it: ``"yuv420p"``, ``"yuv422p10le"``, ...
        rate: Frames a second; it only scales the time axis.
    """

    width: int
    height: int
    pixel_format: str = "yuv420p"
    rate: Fraction = Fraction(25)


@dataclasses.dataclass(frozen=True)
class VideoFrame:
    """One frame.

    Attributes:
        index: Its place in the video, from 0.
        time: When it is shown, in seconds after the first frame.
    """

    index: int
    time: float
    _decoded: Any
    _path: Path

    def pixels(self) -> Tensor:
        """RGB as encoded, converted when it is asked for: shape (3, H, W), float32, in [0, 1]."""
        return frame_pixels(self._decoded, self._path)[0]


@dataclasses.dataclass(frozen=True)
class Video:
    """A video that can be read.

    Attributes:
        path: Its file.
        width: As shown, in pixels.
        height: As shown, in pixels.
        rate: Frames a second, on average.
        count: Frames that the file holds, counted without decoding them.
        notes: What had to be supposed, in words: a matrix or a range that the file does not name.
        shortfall: That the file holds less than it says, in words; empty where it holds all.
        layout: What a raw file does not tell of itself.
    """

    path: Path
    width: int
    height: int
    rate: Fraction
    count: int
    notes: tuple[str, ...]
    layout: RawLayout | None = None
    shortfall: str = ""

    def frames(self, *, every: int = 1) -> Iterator[VideoFrame]:
        """Decode the frames whose index is a multiple of ``every``, in the order in which they are shown.

        Y'CbCr of 8 to 16 bits becomes RGB by the matrix and the range that the file names; see
        :func:`~beholder.ops.ycbcr.ycbcr_to_rgb`.

        Raises:
            PictureError: Where the data is damaged or breaks off; the frames before have been handed out.
        """
        with _errors_told(self.path), _open(self.path, self.layout) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            stream.codec_context.options = {
                "err_detect": "explode"
            }  # else damage is painted over, now and then
            first: float | None = None
            decoded = 0
            for frame in container.decode(stream):
                if frame.is_corrupt:
                    raise _damaged(self.path, f"frame {decoded} is corrupt")
                time = float(decoded / self.rate) if frame.time is None else frame.time
                first = time if first is None else first
                if decoded % every == 0:
                    yield VideoFrame(decoded, time - first, frame, self.path)
                decoded += 1
        if decoded < self.count:
            raise _damaged(self.path, f"only {decoded} of {self.count} frames could be decoded")


def open_video(path: str | Path, layout: RawLayout | None = None) -> Video:
    """Look into a video file: its size, rate and number of frames.

    Args:
        path: The file.
        layout: Size and pixel format of a ``.yuv`` file.

    Raises:
        PictureError: If it is no video, holds no frame, or its kind of colour has no agreed meaning here.
        MissingPackageError: If PyAV is not installed.
    """
    path = Path(path)
    if layout is not None:
        _check_whole_frames(path, layout)
    with _errors_told(path):
        with _open(path, layout) as container:
            frame = next(container.decode(container.streams.video[0]), None)
        if frame is None:
            raise PictureError(f"{shown(path)}: found a video without frames; expected at least one.")
        with _open(path, layout) as container:
            stream = container.streams.video[0]
            rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
            declared = _declared(stream)
            count = _count(container, stream, exactly=frame.interlaced_frame)
    pixels, notes = frame_pixels(frame, path)
    height, width = pixels.shape[-2:]
    shortfall = _shortfall(declared, count / rate)
    notes = (*notes, shortfall) if shortfall else notes
    return Video(path, width, height, rate, count, notes, layout, shortfall)


def _count(container: Any, stream: Any, *, exactly: bool) -> int:
    """Frames that are shown: packets where each holds one, which costs less than to decode them."""
    if exactly or stream.codec_context.name in _HIDING:
        stream.thread_type = "AUTO"
        return sum(1 for _ in container.decode(stream))
    return sum(1 for packet in container.demux(stream) if packet.size and not packet.is_discard)


def _declared(stream: Any) -> float:
    """How long a video says it lasts, in seconds; 0 where it does not."""
    try:  # Matroska writes 00:01:02.5 at its head
        hours, minutes, seconds = stream.metadata.get("DURATION", "").split(":")
        return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    except ValueError:
        return float((stream.duration or 0) * (stream.time_base or 0))


def _shortfall(declared: float, held: Fraction) -> str:
    """A note where a file holds fewer frames than it says."""
    if declared - held < 0.1:
        return ""
    return f"says that it lasts {declared:.2f} s but holds {float(held):.2f} s of frames; it seems to be cut short"


def _check_whole_frames(path: Path, layout: RawLayout) -> None:
    av = _av()
    try:
        shape = av.VideoFrame(layout.width, layout.height, layout.pixel_format).format
    except ValueError as error:
        raise PictureError(
            f"{shown(path)}: found the pixel format {layout.pixel_format!r}; expected one of ffmpeg's, such as "
            "yuv420p or yuv422p10le."
        ) from error
    size = sum((math.ceil(part.bits / 8)) * part.width * part.height for part in shape.components)
    held = path.stat().st_size if path.is_file() else 0
    if held and held % size:
        raise PictureError(
            f"{shown(path)}: found {held} bytes, which is {held / size:.3f} frames of {layout.width}x{layout.height} "
            f"{layout.pixel_format}; expected whole frames: name another --size or --pix-fmt."
        )


@contextlib.contextmanager
def _open(path: Path, layout: RawLayout | None) -> Iterator[Any]:
    av = _av()
    if not path.is_file():
        raise PictureError(f"{shown(path)}: found no such file; expected a video.")
    options: dict[str, Any] = {}
    if layout is not None:
        size = f"{layout.width}x{layout.height}"
        told = {"video_size": size, "pixel_format": layout.pixel_format, "framerate": str(layout.rate)}
        options = {"format": "rawvideo", "options": told}
    elif path.suffix.lower() == ".yuv":
        raise PictureError(
            f"{shown(path)}: found raw video; expected its size too: name --size WxH (and --pix-fmt)."
        )
    # Under "file:" a name with a colon is but a name.
    with av.open(f"file:{path}", **options) as container:
        kind = container.format.name
        if kind in _LISTS:
            raise PictureError(
                f"{shown(path)}: found a list of other files ({kind}); expected a video itself."
            )
        if kind.endswith("_pipe") or kind in ("image2", "gif", "tty"):
            raise PictureError(
                f"{shown(path)}: found a picture or text ({kind}); expected a video. Name a picture as one: "
                "its ending decides how it is compared."
            )
        if not container.streams.video:
            raise PictureError(f"{shown(path)}: found no video stream; expected one.")
        yield container


@contextlib.contextmanager
def _errors_told(path: Path) -> Iterator[None]:
    av = _av()
    try:
        yield
    except av.FFmpegError as error:
        raise _damaged(path, error.strerror or error) from error


def _damaged(path: Path, why: object) -> PictureError:
    return PictureError(
        f"{shown(path)}: found no video, or one that is damaged or cut short ({why}); expected a whole video file; "
        "copy or encode it again."
    )


def _av() -> Any:
    try:
        import av
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            "video needs the package av (PyAV): pip install 'beholder[video]'"
        ) from error
    return av
