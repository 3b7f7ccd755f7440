"""Features that libvmaf takes from luma alone, through the ffmpeg of the package imageio-ffmpeg."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import imageio_ffmpeg
import torch
from torch import Tensor

__all__ = ["score_luma"]


def score_luma(x: Tensor, y: Tensor, feature: str, key: str) -> Tensor:
    """One feature of grey pictures, rounded to 8 bits, shape (N, 1, H, W), sides even: one frame per picture."""
    height, width = x.shape[-2:]
    with tempfile.TemporaryDirectory() as folder:
        inputs: list[str] = []
        for name, pictures in (("x", x), ("y", y)):
            path = Path(folder) / f"{name}.yuv"
            # Chroma, at half the size, is neutral.
            chroma = bytes([128]) * (height * width // 2)
            frames = (pictures[:, 0] * 255).round().byte().numpy()
            path.write_bytes(b"".join(frame.tobytes() + chroma for frame in frames))
            inputs += ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-i", str(path)]
        log = Path(folder) / "log.json"
        graph = (
            f"libvmaf=feature=name={feature}:n_threads={torch.get_num_threads()}:log_fmt=json:log_path={log}"
        )
        ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *inputs, "-lavfi", graph, "-f", "null", "-"]
        subprocess.run(ffmpeg, check=True)
        frames = json.loads(log.read_text())["frames"]
    return torch.tensor([frame["metrics"][key] for frame in frames], dtype=torch.float64)
