"""`beholder score --cluster`, as a user calls it: tables as without it, whatever dies."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from beholder.scoring import ScoreTable
from cli.conftest import Run
from cli.test_resuming import load_benchmark
from forking import ForkedCommands

pytest.importorskip("ray", reason="Ray is not installed (extra cluster)")
pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="processes are looked for in /proc"
)
benchmark = load_benchmark("cluster")
PAIRS = 250


Here = Callable[..., int]


@pytest.fixture(scope="module")
def here(forked: ForkedCommands) -> Here:
    """Call the command without a cluster; returns its exit code."""

    def call(folder: Path, *arguments: str) -> int:
        return forked.call(scoring(*arguments), folder, program=benchmark.KILLING).returncode

    return call


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, here: Here) -> Path:
    """Pairs of JPEG files, of which one is missing, and their table as this machine scores it."""
    folder = tmp_path_factory.mktemp("cluster")
    benchmark.make_pairs(folder, PAIRS, 192)
    (folder / "distorted-00007.jpg").unlink()
    assert here(folder, "-o", "local.parquet") == 1
    return folder


def scoring(*arguments: str, kill_at: int = 0) -> list[str]:
    return [str(kill_at), "score", "--pairs", f"{PAIRS}.csv", "-m", "ssim,dss,ms_ssim", *arguments]


def command(*arguments: str, kill_at: int = 0) -> list[str]:
    return [sys.executable, "-c", benchmark.KILLING, *scoring(*arguments, kill_at=kill_at)]


@pytest.mark.slow
def test_a_worker_is_killed_and_the_table_is_the_same(folder: Path) -> None:
    arguments = command("-o", "ray.parquet", "--json", "--cluster", "local", kill_at=1)
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    local, ray = (ScoreTable.load(folder / f"{name}.parquet") for name in ("local", "ray"))
    assert ray.frame.equals(local.frame)
    assert ray.failed["distorted"].to_list() == ["distorted-00007.jpg"]
    assert len(json.loads(done.stdout)) == PAIRS
    assert "killed a worker" in done.stderr
    told = {key: ray.provenance[key] for key in ray.provenance.keys() - {"created", "command"}}
    assert (told.pop("cluster"), told.pop("workers") >= 1) == ("local", True)
    assert told | {"threads": 0} == {key: local.provenance[key] for key in told} | {"threads": 0}


@pytest.mark.slow
def test_what_is_interrupted_goes_on_without_a_cluster(folder: Path, here: Here) -> None:
    output = folder / "interrupted.parquet"
    arguments = [*command("-o", output.name, "-q"), "--cluster", "local"]
    with subprocess.Popen(arguments, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 120
        while not list(folder.glob("interrupted.parquet.parts/rows-*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)  # a part that is being written when the signal comes does not count
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "--resume goes on" in told
    assert not output.exists()
    assert here(folder, "-o", output.name, "--resume", "-q") == 1
    assert ScoreTable.load(output).frame.equals(ScoreTable.load(folder / "local.parquet").frame)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.png", "b.png", "--cluster", "kubernetes"], "expected local, auto, or ray://HOST:PORT"),
        (["a.mp4", "b.mp4", "--cluster", "local"], "--cluster are for pictures"),
    ],
)
def test_what_cannot_be_is_refused(run: Run, arguments: list[str], words: str) -> None:
    done = run("score", *arguments, "-m", "ssim")
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr
