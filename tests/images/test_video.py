"""Video files, with colours as their files name them."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from beholder.images import RawLayout, VideoFrame, open_video
from beholder.spec import PictureError
from clips import damage_clip, moving_frames, write_clip


def as_tensor(frame: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(frame).permute(2, 0, 1).float() / 255


@pytest.mark.parametrize(
    ("pixel_format", "matrix", "full_range", "tolerance"),
    [
        ("bgr0", None, False, 1e-6),
        # Whole chroma: what is left is the rounding of codes, half of 1/219 through gains of up to 2.
        ("yuv444p", 6, False, 0.012),
        ("yuv444p", 1, False, 0.012),
        ("yuv444p", 1, True, 0.012),
        ("yuv444p10le", 1, False, 0.004),
    ],
)
def test_colours_come_back(
    tmp_path: Path, pixel_format: str, matrix: int | None, full_range: bool, tolerance: float
) -> None:
    frames = moving_frames(3)
    clip = write_clip(
        tmp_path / "clip.mkv", frames, pixel_format=pixel_format, matrix=matrix, full_range=full_range
    )
    for frame, expected in zip(open_video(clip).frames(), frames, strict=True):
        assert (frame.pixels() - as_tensor(expected)).abs().max() < tolerance


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv420p10le", "nv12"])
def test_thinned_chroma_keeps_smooth_colours(tmp_path: Path, pixel_format: str) -> None:
    rows, columns = np.mgrid[:48, :64]
    smooth = np.stack([rows * 5, columns * 3, 255 - columns * 3], -1).astype(np.uint8)
    codec = "libx264" if pixel_format == "nv12" else "ffv1"
    clip = write_clip(tmp_path / "clip.mkv", [smooth] * 2, pixel_format=pixel_format, codec=codec, matrix=6)
    frame = next(open_video(clip).frames())
    assert (frame.pixels() - as_tensor(smooth)).abs().mean() < 0.01


def test_what_a_video_tells_of_itself(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_frames(10), codec="libx264", rate=30, matrix=1)
    video = open_video(clip)
    assert (video.width, video.height, video.rate, video.count) == (64, 48, Fraction(30), 10)
    assert video.notes == ()
    frames = list(video.frames(every=4))
    assert [frame.index for frame in frames] == [0, 4, 8]
    assert [frame.time for frame in frames] == pytest.approx([0, 4 / 30, 8 / 30], abs=1e-4)


def test_an_unnamed_matrix_is_supposed_aloud(tmp_path: Path) -> None:
    small = write_clip(tmp_path / "small.mkv", moving_frames(2))
    large = write_clip(tmp_path / "large.mkv", moving_frames(2, 1280, 720))
    assert open_video(small).notes == ("names no colour matrix; BT.601 supposed from its size",)
    assert open_video(large).notes == ("names no colour matrix; BT.709 supposed from its size",)


def test_raw_video_needs_its_size(tmp_path: Path) -> None:
    raw = tmp_path / "clip.yuv"
    raw.write_bytes(bytes([235] * 64 * 48 + [128] * 64 * 24) * 3)
    video = open_video(raw, RawLayout(64, 48))
    assert video.count == 3
    for frame in video.frames():
        assert torch.allclose(frame.pixels(), torch.ones(3, 48, 64), rtol=0, atol=1e-6)
    with pytest.raises(PictureError, match="name --size WxH"):
        open_video(raw)
    with pytest.raises(PictureError, match=r"2\.9\d\d frames of 65x48 yuv420p"):
        open_video(raw, RawLayout(65, 48))
    with pytest.raises(PictureError, match="pixel format 'yuv999p'"):
        open_video(raw, RawLayout(64, 48, "yuv999p"))


def test_what_is_no_video_is_told(tmp_path: Path) -> None:
    picture = tmp_path / "picture.mp4"
    Image.new("RGB", (32, 32)).save(picture, format="PNG")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "words.mp4").write_text("not a video\n" * 50)
    whole = write_clip(tmp_path / "whole.mp4", moving_frames(), codec="libx264").read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) // 2])
    for name, message in (
        ("picture.mp4", "found a picture or text"),
        ("empty.mp4", "damaged or cut short"),
        ("words.mp4", "damaged or cut short"),
        ("half.mp4", "damaged or cut short"),
        ("none.mp4", "found no such file"),
    ):
        with pytest.raises(PictureError, match=f"{name}: .*{message}"):
            open_video(tmp_path / name)


def test_a_video_that_is_cut_short_says_so(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.mkv", moving_frames(25), matrix=1).read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    video = open_video(cut)
    assert video.count < 25
    assert any(re.match(r"says that it lasts 1\.00 s but holds 0\.\d\d s", note) for note in video.notes)


def test_damage_in_the_middle_keeps_the_frames_before(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", moving_frames(48, 160, 120), codec="libx264", matrix=1)
    damage_clip(clip, range(20, 30))
    frames: list[VideoFrame] = []
    with pytest.raises(PictureError, match=r"clip\.mkv"):
        frames.extend(open_video(clip).frames())
    assert 0 < len(frames) < 48


def test_high_dynamic_range_is_refused(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", moving_frames(2), pixel_format="yuv420p10le", matrix=9)
    with pytest.raises(PictureError, match=r"matrix 9 .*BT\.2020"):
        open_video(clip)
