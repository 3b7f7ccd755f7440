"""The other commands, and how quickly the command line answers."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from beholder.catalog import METRICS, NO_REFERENCE_METRICS
from beholder.cli.app import app
from beholder.scoring import ScoreTable
from cli.conftest import Run
from forking import PROGRAM


def test_metrics_for_machines(run: Run) -> None:
    listed = json.loads(run("metrics", "--json").stdout)
    assert [metric["name"] for metric in listed] == [*METRICS, *NO_REFERENCE_METRICS]
    assert {"name", "direction", "range", "unit", "paper", "best", "differentiable"} <= set(listed[0])
    assert {metric["direction"] for metric in listed} == {"higher", "lower"}
    options = {metric["name"]: metric["options"] for metric in listed}
    assert options["psnr"] == {"channel": "rgb", "border": 0}
    assert options["lpips_vgg"] == {"version": "0.1", "lin": True, "trunk": None}


def test_metrics_for_people(run: Run) -> None:
    done = run("metrics", COLUMNS="200")
    assert all(name in done.stdout for name in METRICS)
    assert "channel=grey, downsample=false" in done.stdout
    assert "version=0.1, lin=true, trunk " in done.stdout


def test_version(run: Run) -> None:
    assert re.fullmatch(r"beholder \d+\.\d+\.\d+\n", run("--version").stdout)


def commands() -> list[list[str]]:
    """Every command that is registered, as a user types it."""
    groups = [([group.name], group.typer_instance) for group in app.registered_groups]
    return [
        [*path, str(command.name or command.callback.__name__.removesuffix("_weights"))]  # type: ignore[union-attr]
        for path, typer_app in [([], app), *groups]
        for command in typer_app.registered_commands  # type: ignore[union-attr]
    ]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example_and_stands_in_the_readme(
    run: Run, command: list[str]
) -> None:
    done = run(*command, "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout
    root = Path(__file__).parents[2]
    readme, chinese = ((root / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md"))
    assert f"`beholder {command[0]}`" in readme
    assert command[-1] in readme
    assert f"`beholder {command[0]}`" in chinese


def test_listings_are_whole_when_piped(run: Run) -> None:
    assert "lpips_alex_lin_v0.1" in run("weights", "list", COLUMNS="40").stdout
    assert "ssim_matlab" in run("metrics", COLUMNS="40").stdout


def test_pictures_on_a_disk_load_nothing_for_object_storage() -> None:
    check = "import sys, beholder.cli, beholder.scoring; sys.exit('fsspec' in sys.modules or 's3fs' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_importing_loads_no_torch() -> None:
    check = "import sys, beholder, beholder.cli, beholder.catalog; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_importing_is_quick() -> None:
    measured = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import beholder"],
        capture_output=True,
        text=True,
        check=True,
    )
    microseconds = int(measured.stderr.splitlines()[-1].split("|")[1])
    assert microseconds < 150_000


def test_help_is_quick() -> None:
    took = []
    for _ in range(3):
        start = _seconds_of_children()
        subprocess.run([sys.executable, "-c", PROGRAM, "--help"], check=True, capture_output=True)
        took.append(_seconds_of_children() - start)
    assert 0 < min(took) < 0.6


def _seconds_of_children() -> float:
    """Processor time, which does not grow where other tests run beside."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


@pytest.mark.slow
def test_demo(run: Run, tmp_path: Path) -> None:
    done = run("demo", "out", http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9")
    assert done.returncode == 0, done.stderr
    table = ScoreTable.load(tmp_path / "out" / "scores.parquet")
    assert len(table.frame) == 56
    assert table.failed.is_empty()
    assert "lpips_vgg" in table.metrics
    assert "astronaut/jpeg-quality-05.jpg" in done.stdout
    assert (tmp_path / "out" / "report.html").stat().st_size > 1_000_000
    by_quality = [
        table.frame.filter(table.frame["distorted"].str.contains(f"quality-{quality:02}"))["lpips_vgg"].mean()
        for quality in (90, 30, 10, 5)
    ]
    assert by_quality == sorted(by_quality)  # type: ignore[type-var]
    page = (tmp_path / "out" / "restored.html").read_text(encoding="utf-8")
    for row in ("pretrained", "features alone", "pixels alone", "both", "deblock"):
        assert re.search(rf"^ *{row} +\d", done.stdout, re.MULTILINE)
        assert f'<th scope="row">{row}</th>' in page
    assert len(list((tmp_path / "out" / "restored").glob("*/*.png"))) == 40
