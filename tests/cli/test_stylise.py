"""`beholder stylise`, as a user calls it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from torch import Tensor

from beholder.images import read_picture, save_picture
from cli.conftest import Run


@pytest.fixture
def pictures(photos: Tensor, tmp_path: Path) -> tuple[Path, Path]:
    """A content and a style picture, of different sizes."""
    paths = tmp_path / "content.png", tmp_path / "style.png"
    save_picture(photos[0, :, :96, :128], paths[0])
    save_picture(photos[1, :, :120, :64], paths[1])
    return paths


@pytest.mark.parametrize("loss", ["gram", "nearest_patch", "contextual"])
def test_a_picture_is_written(run: Run, pictures: tuple[Path, Path], tmp_path: Path, loss: str) -> None:
    done = run(
        "stylise", *pictures, "-o", "new/out.png", "--style-loss", loss, "--steps", "2", "--size", "64"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "loss " in done.stderr
    assert "wrote new/out.png" in done.stderr
    assert read_picture(tmp_path / "new" / "out.png").pixels.shape == (3, 48, 64)


def test_the_same_seed_gives_the_same_picture(run: Run, pictures: tuple[Path, Path], tmp_path: Path) -> None:
    found = []
    for seed in ("1", "1", "2"):
        arguments = ["--start", "noise", "--seed", seed, "--steps", "2", "--size", "64", "-q"]
        done = run("stylise", *pictures, "-o", "out.png", *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        found.append((tmp_path / "out.png").read_bytes())
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "content.png"], "is read by this run"),
        (["-o", "style.png"], "is read by this run"),
        (["-o", "out.gif"], "cannot write .gif"),
        (["-o", "out.png", "--steps", "0"], "steps is 0"),
        (["-o", "out.png", "--size", "0"], "--size is 0"),
        (["-o", "out.png", "--size", "16"], "expected at least 3"),
        (["-o", "out.png", "--style-weight", "-1"], "the style weight is -1.0"),
        (["-o", "out.png", "--device", "tpu"], "device 'tpu' is not there"),
        (["-o", "out.png", "--style-loss", "ssim"], "ssim"),
    ],
)
def test_what_cannot_be_is_refused(
    run: Run, pictures: tuple[Path, Path], tmp_path: Path, arguments: list[str], message: str
) -> None:
    before = [path.read_bytes() for path in pictures]
    done = run("stylise", *pictures, *("--style-loss", "nearest_patch"), *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.read_bytes() for path in pictures] == before
    assert not (tmp_path / "out.png").exists()


def test_a_missing_picture_is_named(run: Run, pictures: tuple[Path, Path]) -> None:
    done = run("stylise", "nothing.png", pictures[1], "-o", "out.png")
    assert done.returncode == 2
    assert "nothing.png" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_an_interrupted_picture_is_kept(run: Run, pictures: tuple[Path, Path], tmp_path: Path) -> None:
    # A signal after the third step: the step after which it comes is told by the process itself.
    code = """
import os, signal
from beholder.cli import main
from beholder.training import stylising
steps = stylising.stylise_stepwise
def interrupted(*pictures, **options):
    for step in steps(*pictures, **options):
        yield step
        if step.number == 3:
            os.kill(os.getpid(), signal.SENT)
stylising.stylise_stepwise = interrupted
main()
"""
    for sent in (signal.SIGINT, signal.SIGTERM):
        arguments = ["stylise", *pictures, "-o", "out.png", "--size", "64", "--steps", "500"]
        done = run(*arguments, program=code.replace("SENT", sent.name))
        assert done.returncode == 130, done.stderr
        assert "interrupted after 3 of 500 steps; the picture so far is in out.png" in done.stderr
        assert read_picture(tmp_path / "out.png").pixels.shape == (3, 48, 64)
        (tmp_path / "out.png").unlink()
