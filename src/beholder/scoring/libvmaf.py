"""VMAF of video files by libvmaf itself, in the FFmpeg that imageio-ffmpeg brings."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.spec import MissingPackageError, PictureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from beholder.images import RawLayout

__all__ = ["LibvmafScores", "score_with_libvmaf"]

_SAID = 3  # lines of what FFmpeg says of an error; those that follow say it again
_MODEL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")


@dataclasses.dataclass(frozen=True)
class LibvmafScores:
    """What libvmaf found.

    Attributes:
        model: Name of the model.
        version: libvmaf's own version, as its log gives it.
        scores: VMAF of each frame, with the digits that the log has.
        features: What the model saw in each frame, by libvmaf's names (``"motion2"``, ``"integer_adm2"``, ...).
    """

    model: str
    version: str
    scores: tuple[float, ...]
    features: dict[str, tuple[float, ...]]

    @property
    def mean(self) -> float:
        """The score of the clip, as libvmaf pools it by default."""
        return sum(self.scores) / len(self.scores)


def score_with_libvmaf(
    distorted: str | Path,
    reference: str | Path,
    *,
    model: str = "vmaf_v0.6.1",
    phone: bool = False,
    layout: RawLayout | None = None,
    most: int | None = None,
    tell: Callable[[int], object] | None = None,
) -> LibvmafScores:
    """Score each frame of a video against its reference.

    Frames are paired by their place: the first of the one with the first of the other, and so on. Their times are not
    looked at, which containers round (Matroska to milliseconds), so that libvmaf would pair some with their neighbours.

    Args:
        distorted: The video under test, of any kind that FFmpeg reads.
        reference: Its reference, of the same size and number of frames.
        model: One of libvmaf's built-in models: ``"vmaf_v0.6.1"``, ``"vmaf_float_v0.6.1"``, ``"vmaf_v0.6.1neg"``,
            ``"vmaf_4k_v0.6.1"``, ...
        phone: Transform the scores to what people say who watch on a phone ("enable_transform").
        layout: Size and pixel format of files that hold nothing but pixels (``.yuv``).
        most: Frames to score at most; then the numbers of frames may differ.
        tell: Called with the number of frames that are scored, now and then.

    Raises:
        MissingPackageError: If imageio-ffmpeg is not installed.
        UsageError: If libvmaf has no such model, or the videos differ in their number of frames.
        PictureError: If a file is missing or FFmpeg cannot compare them, with its own words.
    """
    if not _MODEL_NAME.fullmatch(model):
        raise UsageError(
            f"model is {model!r}; expected the name of one of libvmaf's models, such as vmaf_v0.6.1."
        )
    program = _ffmpeg()
    inputs = [_input(Path(path), layout) for path in (distorted, reference)]
    if most is None:
        most, other = (_count_frames(program, each) for each in inputs)
        if most != other:
            raise UsageError(
                f"{distorted} has {most} frames and {reference} {other}; expected as many. libvmaf would "
                "repeat the last frame of the shorter one: cut the longer one first."
            )
    command = [program, *_QUIET, *inputs[0], *inputs[1]]
    told = f"version={model}" + (r"\\:enable_transform=true" if phone else "")
    log = _run(command, told, most, f"{distorted} against {reference}", tell)
    return _parse(log, model, most)


def _ffmpeg() -> str:
    try:
        package = importlib.import_module("imageio_ffmpeg")
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            "libvmaf needs the package imageio-ffmpeg: pip install imageio-ffmpeg"
        ) from error
    return str(package.get_ffmpeg_exe())


def _input(path: Path, layout: RawLayout | None) -> list[str]:
    if not path.is_file():
        raise PictureError(f"{path}: there is no such video.")
    # Under "file:" a name with a colon, a per cent sign or a dash in front is but a name.
    place = ["-i", f"file:{path.resolve()}"]
    if path.suffix.lower() != ".yuv":
        return place
    if layout is None:
        raise UsageError(f"{path}: holds nothing but pixels; tell their size and format as a RawLayout.")
    size = f"{layout.width}x{layout.height}"
    told = ["-pixel_format", layout.pixel_format, "-video_size", size, "-framerate", str(layout.rate)]
    return ["-f", "rawvideo", *told, *place]


def _count_frames(program: str, place: list[str]) -> int:
    """Number of a video's frames that are shown: packets, which cost less to count, may hold none or two."""
    decode = ["-map", "0:v:0", "-f", "null", "-progress", "pipe:1", "-"]
    counted = re.findall(
        r"^frame=\s*(\d+)",
        _call([program, *_QUIET, *place, *decode], place[-1].removeprefix("file:"), None),
        re.MULTILINE,
    )
    return int(counted[-1]) if counted else 0


def _run(command: list[str], model: str, most: int, what: str, tell: Callable[[int], object] | None) -> bytes:
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    settings = f"model={model}:n_threads={threads}:log_fmt=json:log_path=log.json:shortest=1"
    by_place = "settb=1/25,setpts=N"
    graph = f"[0:v:0]{by_place}[x];[1:v:0]{by_place}[y];[x][y]libvmaf={settings}"
    output = ["-lavfi", graph, "-frames:v", str(most), "-f", "null", "-progress", "pipe:1", "-"]
    with tempfile.TemporaryDirectory(prefix=".beholder-") as folder:
        # The log's name stands in the graph, where a path's own signs would have to be escaped twice.
        _call([*command, *output], what, folder, tell)
        log = Path(folder) / "log.json"
        if not log.is_file():
            raise PictureError(
                f"{what}: libvmaf wrote no scores; expected at least one frame in both videos."
            )
        return log.read_bytes()


_QUIET = ("-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-xerror")


def _call(
    command: list[str], what: str, folder: str | None, tell: Callable[[int], object] | None = None
) -> str:
    """What a call of FFmpeg prints; on its way the frames that it has done are told."""
    printed = []
    # What it says of errors goes to a file: a second pipe, unread, could fill and stop it.
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            for line in process.stdout or ():
                printed.append(line)
                if tell and line.startswith("frame="):
                    tell(int(line.removeprefix("frame=")))
            code = process.wait()
        except BaseException:
            process.kill()
            raise
        errors.seek(0)
        said_in_full = errors.read().decode(errors="replace")
    if code == 0:
        return "".join(printed)
    # FFmpeg puts the part that speaks, with its address, before each line.
    lines = [re.sub(r"^\[[^\]]*\] ", "", line) for line in said_in_full.splitlines()]
    said = "; ".join(list(dict.fromkeys(line.strip() for line in lines if line.strip()))[:_SAID]) or "nothing"
    if "could not load libvmaf model" in said:
        raise UsageError(f"{said}. Expected one of its built-in models, such as vmaf_v0.6.1.")
    raise PictureError(f"{what}: FFmpeg failed (exit {code}); it says: {said}")


def _parse(log: bytes, model: str, most: int) -> LibvmafScores:
    found = json.loads(log)
    frames = sorted(found["frames"], key=lambda frame: int(frame["frameNum"]))[:most]
    rows = [frame["metrics"] for frame in frames]
    if not rows:
        raise PictureError("libvmaf's log holds no frame; expected at least one in both videos.")
    features = {name: tuple(float(row[name]) for row in rows) for name in rows[0]}
    return LibvmafScores(model, str(found["version"]), features.pop("vmaf"), features)
