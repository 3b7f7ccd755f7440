"""Our VMAF and its features against libvmaf's, frame by frame, on clips that FFmpeg makes.

Usage: python benchmarks/vmaf.py [FOLDER]

FOLDER holds dis_160x90_420p8.yuv and ref_160x90_420p8.yuv, to be compared as well.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import Tensor

from beholder.backbones import door
from beholder.data.photos import PHOTOS
from beholder.images import RawLayout
from beholder.metrics.vmaf import vmaf, vmaf_features
from beholder.scoring.libvmaf import score_with_libvmaf

FRAMES = 24
# Sizes that leave remainders at every halving, and one that leaves none.
SOURCES = {
    "testsrc2": (RawLayout(322, 182), ["-f", "lavfi", "-i", "testsrc2=size=322x182:rate=25"]),
    "mandelbrot": (RawLayout(320, 192), ["-f", "lavfi", "-i", "mandelbrot=size=320x192:rate=25"]),
    "photograph panning": (
        RawLayout(290, 230),
        ["-loop", "1", "-i", "photo.png", "-vf", "crop=290:230:2*n:n,format=yuv420p"],
    ),
}
QUALITIES = (23, 35, 47)  # of x264
LIMITS = {"vif": 1e-3, "adm": 1e-3, "motion": 1e-2, "vmaf": 0.05}


def ffmpeg(*arguments: str, folder: Path) -> None:
    subprocess.run(
        [get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y", *arguments], cwd=folder, check=True
    )


def make(folder: Path) -> list[tuple[str, Path, Path, RawLayout]]:
    """Every source as it is and coded in three qualities, as raw video."""
    astronaut = next(photo for photo in PHOTOS if photo.name == "astronaut").load()
    Image.fromarray((astronaut.permute(1, 2, 0) * 255).round().byte().numpy()).save(folder / "photo.png")
    clips = []
    for number, (name, (raw, source)) in enumerate(SOURCES.items()):
        reference = folder / f"{number}.yuv"
        ffmpeg(*source, "-frames:v", str(FRAMES), "-pix_fmt", raw.pixel_format, reference.name, folder=folder)
        shape = ["-f", "rawvideo", "-s", f"{raw.width}x{raw.height}", "-pix_fmt", raw.pixel_format]
        for quality in QUALITIES:
            coded, spoilt = f"{number}-{quality}.mp4", folder / f"{number}-{quality}.yuv"
            ffmpeg(
                *shape, "-i", reference.name, "-c:v", "libx264", "-crf", str(quality), coded, folder=folder
            )
            ffmpeg("-i", coded, "-pix_fmt", raw.pixel_format, spoilt.name, folder=folder)
            clips.append((f"{name}, crf {quality}", spoilt, reference, raw))
    return clips


def luma(path: Path, raw: RawLayout) -> Tensor:
    """Luma of a yuv420p file, shape (T, 1, H, W), in [0, 255]."""
    pixels = raw.width * raw.height
    frames = np.fromfile(path, np.uint8).reshape(
        -1, pixels + 2 * ((raw.width + 1) // 2 * ((raw.height + 1) // 2))
    )
    return torch.from_numpy(frames[:, :pixels].reshape(-1, 1, raw.height, raw.width).copy()).float()


def differences(spoilt: Path, reference: Path, raw: RawLayout) -> tuple[dict[str, float], float]:
    """Largest difference by feature, and the clip's VMAF."""
    theirs = score_with_libvmaf(spoilt, reference, model="vmaf_float_v0.6.1", layout=raw)
    integer = score_with_libvmaf(spoilt, reference, model="vmaf_v0.6.1", layout=raw)
    x, y = luma(spoilt, raw), luma(reference, raw)
    with torch.inference_mode():
        ours = {**vmaf_features(x, y), "vmaf": vmaf(x, y, door.load("vmaf_v0.6.1")[0])}
    found = dict.fromkeys(LIMITS, 0.0)
    for name, values in ours.items():
        group = next((group for group in LIMITS if name.startswith(group)), "adm")
        logged = torch.tensor(theirs.scores if name == "vmaf" else theirs.features[name])
        found[group] = max(found[group], (values - logged).abs().max().item())
    found["integer"] = (ours["vmaf"] - torch.tensor(integer.scores)).abs().max().item()
    return found, theirs.mean


def main(folder: Path | None) -> int:
    table = Table("clip", "VMAF", *LIMITS, "vmaf, integer model", title="largest difference of any frame")
    misses = 0
    with tempfile.TemporaryDirectory() as temporary:
        clips = make(Path(temporary))
        if folder:
            files = (folder / f"{kind}_160x90_420p8.yuv" for kind in ("dis", "ref"))
            clips.append(("the folder's", *files, RawLayout(160, 90)))
        for name, spoilt, reference, raw in clips:
            found, score = differences(spoilt, reference, raw)
            misses += sum(found[group] > limit for group, limit in LIMITS.items())
            table.add_row(name, f"{score:.3f}", *(f"{value:.1e}" for value in found.values()))
    Console().print(table)
    return 1 if misses else 0


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) == 2 else None))
