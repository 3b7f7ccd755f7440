"""Runs that are broken off and go on, and columns added to what they wrote."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from beholder.scoring import ScoreTable
from cli.conftest import Run

Folders = tuple[Path, Path]
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def load_benchmark(name: str):  # type: ignore[no-untyped-def]
    told = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(told)
    told.loader.exec_module(module)
    return module


def break_off(run: Run, after: int, *arguments: str | Path) -> None:
    """Call `beholder score`, and end the process at once when some rows are kept, each in a part of its own."""
    code = (
        "import os, beholder.scoring.parts as p; from beholder.cli import main; p._LEAST_SECONDS = 0; old = p.Parts.add\n"
        f"p.Parts.add = lambda s, *a, **k: (old(s, *a, **k), s.rows >= {after} and os._exit(9))\nmain()"
    )
    done = run("score", *arguments, program=code)
    assert done.returncode == 9, done.stderr


def listed(folder: Path, pairs: int) -> Path:
    """A list of pairs over three small pictures, of which one is missing."""
    for name, colour in (("r", "grey"), ("d0", "teal"), ("d1", "silver")):
        Image.new("RGB", (32, 32), colour).save(folder / f"{name}.png")
    rows = "".join(f"r.png,d{place % 3}.png\n" for place in range(pairs))
    (folder / "pairs.csv").write_text("reference,distorted\n" + rows)
    return folder / "pairs.csv"


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_a_run_that_goes_on_ends_as_one_in_one_go(run: Run, tmp_path: Path, suffix: str) -> None:
    arguments = ["--pairs", listed(tmp_path, 60), "-m", "ssim,mae"]
    assert run("score", *arguments, "-o", f"whole.{suffix}").returncode == 1
    break_off(run, 25, *arguments, "-o", f"broken.{suffix}")
    assert not (tmp_path / f"broken.{suffix}").exists()
    refused = run("score", *arguments, "-o", f"broken.{suffix}")
    assert refused.returncode == 2
    assert "--resume" in refused.stderr
    other = run("score", *arguments, "-m", "psnr", "-o", f"broken.{suffix}", "--resume")
    assert other.returncode == 2
    assert "it lacks the metric psnr" in other.stderr
    done = run("score", *arguments, "-o", f"broken.{suffix}", "--resume")
    assert done.returncode == 1
    assert "60/60" in done.stderr
    assert "20 of 60 pairs failed" in done.stderr
    whole, broken = (ScoreTable.load(tmp_path / f"{name}.{suffix}") for name in ("whole", "broken"))
    assert broken.frame.equals(whole.frame)
    passing = {"created", "command"}
    assert broken.provenance.keys() == whole.provenance.keys()
    for key in whole.provenance.keys() - passing:
        assert broken.provenance[key] == whole.provenance[key]
    assert not (tmp_path / f"broken.{suffix}.parts").exists()


def test_resume_with_nothing_there_just_starts(run: Run, folders: Folders, tmp_path: Path) -> None:
    assert run("score", *folders, "-m", "psnr", "-o", "out.parquet", "--resume").returncode == 0
    assert len(ScoreTable.load(tmp_path / "out.parquet").frame) == 2


def test_the_page_of_a_run_that_went_on_has_all_maps(run: Run, folders: Folders, tmp_path: Path) -> None:
    arguments = [*folders, "-m", "ssim", "--batch-size", "1", "-o", "out.parquet", "--report", "page.html"]
    break_off(run, 1, *arguments)
    assert run("score", *arguments, "--resume").returncode == 0
    assert run("score", *folders, "-m", "ssim", "--batch-size", "1", "--report", "whole.html").returncode == 0
    counts = [
        (tmp_path / page).read_text(encoding="utf-8").count("data:image")
        for page in ("page.html", "whole.html")
    ]
    assert counts[0] == counts[1] > 2


def interleaved(folder: Path) -> Path:
    """Five versions of each of four references, which take turns in the list."""
    for number in range(4):
        Image.new("RGB", (32, 32), (60 * number, 80, 10)).save(folder / f"r{number}.png")
    for number in range(20):
        Image.new("RGB", (32, 32), (12 * number, 70, 20)).save(folder / f"d{number}.png")
    rows = "".join(f"r{number % 4}.png,d{number}.png\n" for number in range(20))
    (folder / "pairs.csv").write_text("reference,distorted\n" + rows)
    return folder / "pairs.csv"


@pytest.mark.parametrize("page", ["first", "later", "never"])
def test_versions_that_were_gathered_come_back_once_each(run: Run, tmp_path: Path, page: str) -> None:
    arguments = ["--pairs", interleaved(tmp_path), "-m", "ssim", "--batch-size", "1"]
    report = ["--report", "page.html"]
    assert run("score", *arguments, "-o", "whole.parquet").returncode == 0
    break_off(run, 8, *arguments, "-o", "out.parquet", *(report if page == "first" else []))
    resumed = ["-o", "out.parquet", "--resume", *(report if page == "later" else [])]
    done = run("score", *arguments, *resumed)
    assert done.returncode == 0, done.stderr
    whole, broken = (ScoreTable.load(tmp_path / f"{name}.parquet") for name in ("whole", "out"))
    assert broken.frame.equals(whole.frame)
    assert broken.frame["distorted"].to_list() == [str(tmp_path / f"d{number}.png") for number in range(20)]


@pytest.mark.parametrize("times", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_killed_at_random_it_loses_nothing(run: Run, tmp_path: Path, times: int) -> None:
    kills = load_benchmark("scoring_kills")
    kills.make_pairs(tmp_path, 60, side=256)
    metrics = "ssim,dss,psnr_hvs_m,ms_ssim"
    whole = ["score", "--pairs", "pairs.csv", "-q", "-m", metrics, "-o", "whole.parquet"]
    assert run(*whole, program=kills.COUNTING).returncode == 0
    kills.kill_and_resume(tmp_path, times, 0.05, 1, metrics)
    frames = [ScoreTable.load(tmp_path / f"{name}.parquet").frame for name in ("whole", "killed")]
    assert frames[0].equals(frames[1])
    assert len(frames[1]) == 60


def test_only_metrics_that_are_missing_are_added(run: Run, folders: Folders, tmp_path: Path) -> None:
    assert run("score", *folders, "-m", "psnr,ssim", "-o", "whole.parquet").returncode == 0
    assert run("score", *folders, "-m", "psnr", "-o", "out.parquet").returncode == 0
    done = run("score", *folders, "-m", "psnr,ssim", "-o", "out.parquet", "--add")
    assert done.returncode == 0, done.stderr
    assert "has psnr already" in done.stderr
    whole, added = (ScoreTable.load(tmp_path / name) for name in ("whole.parquet", "out.parquet"))
    assert added.frame.equals(whole.frame)
    again = run("score", *folders, "-m", "psnr,ssim", "-o", "out.parquet", "--add")
    assert (again.returncode, "has psnr, ssim already" in again.stderr) == (0, True)
    silent = run("score", *folders, "-m", "psnr,ssim", "-o", "out.parquet", "--add", "-q")
    assert (silent.returncode, silent.stderr) == (0, "")
    assert not list(tmp_path.glob("*.parts"))


def test_adding_goes_on_too_and_the_table_stays_whole_until_then(
    run: Run, folders: Folders, tmp_path: Path
) -> None:
    assert run("score", *folders, "-m", "psnr", "-o", "out.parquet").returncode == 0
    before = (tmp_path / "out.parquet").read_bytes()
    arguments = [*folders, "-m", "ssim", "--batch-size", "1", "-o", "out.parquet", "--add"]
    break_off(run, 1, *arguments)
    assert (tmp_path / "out.parquet").read_bytes() == before
    assert run("score", *arguments, "--resume").returncode == 0
    assert ScoreTable.load(tmp_path / "out.parquet").metrics == ("psnr", "ssim")


def test_rows_that_stand_in_the_table_are_in_nobodys_way(run: Run, folders: Folders, tmp_path: Path) -> None:
    assert run("score", *folders, "-m", "psnr", "-o", "out.parquet").returncode == 0
    arguments = [*folders, "-o", "out.parquet", "--batch-size", "1", "--add"]
    break_off(run, 1, *arguments, "-m", "ssim")
    parts, kept = tmp_path / "out.parquet.parts", tmp_path / "kept"
    shutil.copytree(parts, kept)
    assert run("score", *arguments, "-m", "ssim", "--resume").returncode == 0
    shutil.move(kept, parts)  # as if the kill had come when the table was in its place
    again = run("score", *arguments, "-m", "ssim", "--resume")
    assert (again.returncode, "has ssim already" in again.stderr) == (0, True)
    assert not parts.exists()
    assert run("score", *arguments, "-m", "mae").returncode == 0
    assert ScoreTable.load(tmp_path / "out.parquet").metrics == ("psnr", "ssim", "mae")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "none.parquet", "--add"], "there is no such table"),
        (["--add"], "name it with -o"),
        (["--resume"], "with -o"),
        (["-q", "--log-json"], "exclude each other"),
        (["-o", "out.parquet", "--add", "--resize", "crop"], "was scored with resize 'refuse', now 'crop'"),
    ],
)
def test_what_cannot_be_is_refused(run: Run, folders: Folders, arguments: list[str], words: str) -> None:
    assert run("score", *folders, "-m", "psnr", "-o", "out.parquet").returncode == 0
    done = run("score", *folders, "-m", "psnr", *arguments)
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr


def test_lines_of_json_tell_of_the_run(run: Run, tmp_path: Path) -> None:
    done = run("score", "--pairs", listed(tmp_path, 6), "-m", "mae", "--log-json", "-o", "out.csv")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [event["event"] for event in events] == ["start", "failure", "failure", "end"]
    assert events[0]["rows"] == 6
    assert events[1]["row"] == 2
    assert events[1]["distorted"].endswith("d2.png")
    told = {"done": 6, "failed": 2, "stopped": None, "written": ["out.csv"], "exit_code": 1}
    assert events[-1].items() >= told.items()


@pytest.mark.slow
def test_a_hundred_thousand_pairs_take_no_memory(tmp_path: Path) -> None:
    ten_million = load_benchmark("ten_million")
    few, many = (ten_million.measure(tmp_path / str(rows), rows) for rows in (10_000, 100_000))
    # A dictionary for each row would take 60 MB.
    assert many["peak_mb"] - few["peak_mb"] < 40
    assert (
        pl.scan_parquet(tmp_path / "100000" / "scores.parquet").select(pl.len()).collect().item() == 100_000
    )
