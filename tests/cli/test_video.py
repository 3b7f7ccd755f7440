"""`beholder score` on videos, as a user calls it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from beholder.scoring import ScoreTable
from beholder.scoring.libvmaf import score_with_libvmaf
from cli.conftest import Run
from clips import damage_clip, moving_frames, write_clip


@pytest.fixture
def clips(tmp_path: Path) -> tuple[Path, Path]:
    """A clip, and one with stronger compression."""
    frames = moving_frames(10)
    return (
        write_clip(tmp_path / "reference.mkv", frames, matrix=1),
        write_clip(tmp_path / "distorted.mp4", frames, codec="mpeg4", matrix=1),
    )


def test_frames_and_poolings(run: Run, clips: tuple[Path, Path], tmp_path: Path) -> None:
    arguments = ("score", *clips, "-m", "psnr,ssim", "--every", "4")
    done = run(*arguments, "-o", "scores.parquet", "--report", "page.html", "--maps", "maps")
    assert done.returncode == 0, done.stderr
    assert "3/3" in done.stderr
    table = ScoreTable.load(tmp_path / "scores.parquet")
    assert table.metrics == ("psnr", "ssim")
    assert table.pairs["frame"].to_list() == [0, 4, 8]
    assert table.frame["pooled"].to_list()[3:] == ["mean", "harmonic_mean", "p5", "min", "p95", "max"]
    assert table.frame["psnr"][3] == pytest.approx(table.pairs["psnr"].mean())
    assert table.provenance["video"]["reference"]["frames"] == 10
    assert len(list((tmp_path / "maps").rglob("frame-000008.ssim.png"))) == 1
    page = (tmp_path / "page.html").read_text()
    assert "Over time" in page
    assert "distorted.mp4 frame 8 at 0.32 s" in page.replace("\\u00a0", " ")
    for ending in ("csv", "jsonl"):
        assert run(*arguments, "-o", f"scores.{ending}").returncode == 0
        assert ScoreTable.load(tmp_path / f"scores.{ending}").frame.equals(table.frame)


def test_the_terminal_shows_poolings(run: Run, clips: tuple[Path, Path]) -> None:
    done = run("score", *clips, "-m", "psnr")
    assert done.returncode == 0
    assert re.search(r"harmonic_mean +\d\d\.\d{4}", done.stdout)
    assert "frame " in done.stderr
    rows = json.loads(run("score", *clips, "-m", "psnr", "--json").stdout)
    assert len(rows) == 16


def test_refusals(run: Run, clips: tuple[Path, Path], tmp_path: Path) -> None:
    short = write_clip(tmp_path / "short.mkv", moving_frames(6), matrix=1)
    (tmp_path / "words.mp4").write_text("no video")
    (tmp_path / "raw.yuv").write_bytes(bytes(64 * 48 * 3 // 2))
    for arguments, message in (
        ([clips[0], short], "10 frames"),
        ([clips[0], "words.mp4"], "words.mp4"),
        ([clips[0], "none.mp4"], "no such file"),
        ([clips[0], "picture.png"], "expected two videos"),
        ([clips[0], "raw.yuv"], "--size"),
        ([clips[0], "raw.yuv", "--size", "64"], "WIDTHxHEIGHT"),
    ):
        done = run("score", *arguments, "-m", "psnr")
        assert done.returncode == 2, done.stderr
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_a_rule_lets_lengths_differ(run: Run, clips: tuple[Path, Path], tmp_path: Path) -> None:
    short = write_clip(tmp_path / "short.mkv", moving_frames(6), matrix=1)
    done = run("score", clips[0], short, "-m", "mae", "--align", "shortest", "--json")
    assert done.returncode == 0, done.stderr
    assert [row["mae"] for row in json.loads(done.stdout)] == [0.0] * 12


def test_raw_video(run: Run, tmp_path: Path) -> None:
    frame = bytes([180] * 64 * 48 + [128] * 64 * 24)
    (tmp_path / "a.yuv").write_bytes(frame * 3)
    (tmp_path / "b.yuv").write_bytes(bytes(code - 10 if code == 180 else code for code in frame) * 3)
    done = run("score", "a.yuv", "b.yuv", "--size", "64x48", "-m", "mae", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["mae"] == pytest.approx(10 / 219, abs=1e-6)


def test_vmaf_is_libvmafs(run: Run, clips: tuple[Path, Path], tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg, which brings libvmaf, is not installed")
    theirs = score_with_libvmaf(clips[1], clips[0]).scores
    done = run(
        "score",
        *clips,
        "-m",
        "vmaf,mae,vmaf:neg=true",
        "--every",
        "3",
        "-o",
        "out.parquet",
        "--report",
        "p.html",
    )
    assert done.returncode == 0, done.stderr
    assert "libvmaf" in done.stderr
    table = ScoreTable.load(tmp_path / "out.parquet")
    assert table.metrics == ("vmaf", "mae", "vmaf:neg=true")
    assert table.pairs["vmaf"].to_list() == [theirs[index] for index in (0, 3, 6, 9)]
    assert table.provenance["metrics"]["vmaf"]["engine"] == "libvmaf"
    alone = run("score", *clips, "-m", "vmaf", "--json")
    assert [row["vmaf"] for row in json.loads(alone.stdout)][:10] == list(theirs)
    refused = run("score", *clips, "-m", "vmaf", "--align", "time")
    assert refused.returncode == 2
    assert "libvmaf pairs frames itself" in refused.stderr


def test_damage_that_libvmaf_meets_is_an_error_of_its_rows(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg, which brings libvmaf, is not installed")
    frames = moving_frames(48, 160, 120)
    whole = write_clip(tmp_path / "whole.mkv", frames, codec="libx264", matrix=1)
    shutil.copy(whole, tmp_path / "damaged.mkv")
    damage_clip(tmp_path / "damaged.mkv", range(20, 30))
    done = run("score", whole, "damaged.mkv", "-m", "vmaf", "--json")
    assert done.returncode == 1, done.stderr
    rows = json.loads(done.stdout)
    assert any(row["error"] for row in rows)
    assert all(row["error"] for row in rows if row["vmaf"] is None and row["pooled"] is None)


def test_options_of_the_other_kind_are_refused(run: Run, clips: tuple[Path, Path]) -> None:
    for arguments in ([*clips, "--allow-unmatched"], ["a.png", "b.png", "--every", "2"]):
        done = run("score", *arguments, "-m", "psnr")
        assert done.returncode == 2
        assert "leave them out" in done.stderr
