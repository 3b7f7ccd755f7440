"""Two videos into rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from beholder.images import Video, open_video
from beholder.scoring import Settings
from beholder.scoring.frames import pair_frames
from beholder.scoring.video import VideoScorer, pooled_rows
from beholder.spec import PictureError, UsageError
from clips import moving_frames, write_clip


def spoil(frames: list[np.ndarray], amount: int) -> list[np.ndarray]:
    return [np.clip(frame.astype(int) + amount * (index % 3), 0, 255).astype(np.uint8)
            for index, frame in enumerate(frames)]  # fmt: skip


def clip(path: Path, frames: list[np.ndarray], **options: object) -> Video:
    return open_video(write_clip(path, frames, pixel_format="bgr0", **options))  # type: ignore[arg-type]


@pytest.fixture
def videos(tmp_path: Path) -> tuple[Video, Video]:
    frames = moving_frames()
    return clip(tmp_path / "reference.mkv", frames), clip(tmp_path / "distorted.mkv", spoil(frames, 10))


def test_a_row_per_frame(videos: tuple[Video, Video]) -> None:
    scorer = VideoScorer(*videos, ["mae", "psnr"])
    rows = [scored.as_row() for scored in scorer.stream()]
    assert scorer.count == len(rows) == 12
    assert [row["frame"] for row in rows] == list(range(12))
    assert [row["time"] for row in rows] == pytest.approx([place / 25 for place in range(12)], abs=2e-3)
    # Every third frame is as it was, though all frames stand in batches under one file's name.
    errors = [float(row["mae"] or 0) for row in rows]
    assert errors[::3] == [0] * 4
    assert all(0.02 < error < 0.05 for error in errors[1::3])
    assert all(0.05 < error < 0.09 for error in errors[2::3])


def test_every_third_frame(videos: tuple[Video, Video]) -> None:
    scorer = VideoScorer(*videos, ["mae"], every=3)
    rows = [scored.as_row() for scored in scorer.stream()]
    assert scorer.count == 4
    assert [(row["frame"], row["mae"]) for row in rows] == [(0, 0), (3, 0), (6, 0), (9, 0)]


def test_pooled_rows_follow(videos: tuple[Video, Video]) -> None:
    rows = [scored.as_row() for scored in VideoScorer(*videos, ["mae"]).stream()]
    pooled = pooled_rows(rows, ["mae"])
    assert [row["pooled"] for row in pooled] == ["mean", "harmonic_mean", "p5", "min", "p95", "max"]
    assert pooled[0]["mae"] == pytest.approx(np.mean([row["mae"] for row in rows]))


def test_different_lengths_are_refused_or_cut(videos: tuple[Video, Video], tmp_path: Path) -> None:
    short = clip(tmp_path / "short.mkv", moving_frames(7))
    with pytest.raises(UsageError, match=r"12 frames and .*short\.mkv 7; .*--align shortest"):
        VideoScorer(videos[0], short, ["mae"])
    for pair in ((videos[0], short), (short, videos[0])):
        rows = [scored.as_row() for scored in VideoScorer(*pair, ["mae"], align="shortest").stream()]
        assert [(row["mae"], row["error"]) for row in rows] == [(0, None)] * 7


def test_different_rates_are_refused_or_aligned_by_time(videos: tuple[Video, Video], tmp_path: Path) -> None:
    halved = clip(tmp_path / "halved.mkv", moving_frames()[::2], rate=12, times=range(6))
    with pytest.raises(UsageError, match=r"halved\.mkv 12; expected the same rate"):
        VideoScorer(videos[0], halved, ["mae"], align="shortest")
    doubled = clip(tmp_path / "doubled.mkv", moving_frames()[::2], rate=25, times=range(0, 12, 2))
    pairs = list(pair_frames(videos[0], doubled, "time"))
    assert [(x.index, y.index) for x, y in pairs] == [(place, 2 * place) for place in range(6)]
    assert all((x.pixels() - y.pixels()).abs().max() == 0 for x, y in pairs)
    # The other way round each frame meets the one still shown; the last lasts 1/25 s, as the file says.
    pairs = list(pair_frames(doubled, videos[0], "time"))
    assert [(x.index, y.index) for x, y in pairs] == [(place, place // 2) for place in range(11)]


def test_frames_at_other_times_are_told(videos: tuple[Video, Video], tmp_path: Path) -> None:
    gap = clip(tmp_path / "gap.mkv", moving_frames(), times=[0, 1, 2, *range(13, 22)])
    gap = Video(gap.path, gap.width, gap.height, videos[0].rate, gap.count, gap.notes)
    rows = [scored.as_row() for scored in VideoScorer(videos[0], gap, ["mae"]).stream()]
    assert [row["mae"] for row in rows[:3]] == [0, 0, 0]
    assert len(rows) == 4
    assert "frame 3 is shown at 0.520 s" in str(rows[3]["error"])
    assert rows[3]["frame"] == 3


def test_a_video_that_breaks_off_keeps_its_frames(videos: tuple[Video, Video], tmp_path: Path) -> None:
    claims = Video(videos[1].path, 64, 48, videos[1].rate, 14, ())
    longer = clip(tmp_path / "longer.mkv", moving_frames(14))
    rows = [scored.as_row() for scored in VideoScorer(longer, claims, ["mae"]).stream()]
    assert [row["error"] is None for row in rows] == [True] * 12 + [False]
    assert "only 12 of 14 frames" in str(rows[-1]["error"])


def test_sizes_follow_the_rule(videos: tuple[Video, Video], tmp_path: Path) -> None:
    small = clip(tmp_path / "small.mkv", moving_frames(12, 32, 24))
    with pytest.raises(UsageError, match=r"64x48 and .* 32x24; .*--resize reference"):
        VideoScorer(videos[0], small, ["mae"])
    settings = Settings(resize="reference")
    rows = [scored.as_row() for scored in VideoScorer(videos[0], small, ["mae"], settings).stream()]
    assert all(row["error"] is None for row in rows)


def test_impossible_requests() -> None:
    video = Video(Path("a.mp4"), 64, 48, 25, 3, ())  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="every is 0"):
        VideoScorer(video, video, ["mae"], every=0)
    with pytest.raises(UsageError, match="align is 'guess'"):
        VideoScorer(video, video, ["mae"], align="guess")  # type: ignore[arg-type]


def test_pictures_that_are_shown_are_those_that_were_scored(videos: tuple[Video, Video]) -> None:
    scorer = VideoScorer(*videos, ["psnr"])
    rows = [scored.as_row() for scored in scorer.stream()]
    shown = list(scorer.show([2, 7]))
    assert [loaded.frame[0] for loaded, _ in shown if loaded.frame] == [2, 7]
    assert len(rows) == 12
    for (_, maps), row in zip(shown, (rows[2], rows[7]), strict=True):
        # The map of PSNR is the root of the squared error, whose mean the score holds.
        assert -10 * np.log10(np.square(maps["psnr"]).mean()) == pytest.approx(row["psnr"], abs=1e-4)


def test_damage_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="no such file"):
        open_video(tmp_path / "none.mkv")


def test_frames_that_are_scored_are_passed_over(videos: tuple[Video, Video]) -> None:
    scorer = VideoScorer(*videos, ["mae"])
    rows = [scored.as_row() for scored in scorer.stream()]
    assert [scored.as_row() for scored in scorer.stream(5)] == rows[5:]
    assert list(scorer.stream(12)) == []
