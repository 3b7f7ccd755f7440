"""`beholder score`, as a user calls it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from beholder.scoring import ScoreTable
from cli.conftest import Run
from forking import ForkedCommands
from hostile import CASES, make_hostile_folder

Folders = tuple[Path, Path]


def test_two_files_as_a_table(run: Run, folders: Folders) -> None:
    done = run("score", folders[0] / "one.png", folders[1] / "one.bmp", "-m", "psnr,ssim")
    assert done.returncode == 0, done.stderr
    assert "psnr" in done.stdout
    assert "one.bmp" in done.stdout


def test_json_on_stdout_and_the_rest_on_stderr(run: Run, folders: Folders) -> None:
    done = run("score", *folders, "-m", "psnr,ssim", "--json")
    rows = json.loads(done.stdout)
    assert [Path(row["distorted"]).name for row in rows] == ["one.bmp", "two.bmp"]
    assert set(rows[0]) == {"reference", "distorted", "psnr", "ssim", "error"}
    assert rows[0]["psnr"] > rows[1]["psnr"]
    assert "2/2" in done.stderr


def test_equal_pictures_are_told_as_infinite_in_json(run: Run, folders: Folders) -> None:
    same = folders[0] / "one.png"
    row = json.loads(run("score", same, same, "-m", "psnr", "--json").stdout)[0]
    assert row["psnr"] is None
    assert row["infinite"] == {"psnr": "inf"}
    assert row["error"] is None


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_tables_by_their_ending(run: Run, folders: Folders, tmp_path: Path, suffix: str) -> None:
    done = run("score", *folders, "-m", "psnr", "-o", f"out.{suffix}")
    assert done.returncode == 0
    assert done.stdout == ""
    table = ScoreTable.load(tmp_path / f"out.{suffix}")
    assert len(table.frame) == 2
    assert table.provenance["command"].startswith("beholder score")


def test_report_and_maps(run: Run, folders: Folders, tmp_path: Path) -> None:
    done = run("score", *folders, "-m", "ssim,psnr", "--report", "page.html", "--maps", "maps", "-q")
    assert done.returncode == 0, done.stderr
    names = sorted(str(path.relative_to(tmp_path / "maps")) for path in (tmp_path / "maps").rglob("*.png"))
    assert names == ["one.bmp.psnr.png", "one.bmp.ssim.png", "sub/two.bmp.psnr.png", "sub/two.bmp.ssim.png"]
    with Image.open(tmp_path / "maps" / "one.bmp.psnr.png") as heat:
        assert heat.size == (192, 192)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "one.bmp" in page
    assert page.count("data:image") >= 4
    assert done.stderr == ""


def test_one_reference(run: Run, folders: Folders) -> None:
    reference = folders[0] / "one.png"
    assert run("score", reference, folders[1], "-m", "psnr").returncode == 2
    done = run("score", reference, folders[1], "-m", "psnr", "--one-reference", "--json")
    assert [row["reference"] for row in json.loads(done.stdout)] == [str(reference)] * 2


def test_pairs_from_a_list(run: Run, folders: Folders, tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("reference,distorted\nreference/one.png,distorted/sub/two.bmp\n")
    done = run("score", "--pairs", "pairs.csv", "-m", "psnr", "--json")
    assert [Path(row["distorted"]).name for row in json.loads(done.stdout)] == ["two.bmp"]


def test_the_unmatched_are_an_error_unless_allowed(run: Run, folders: Folders) -> None:
    (folders[1] / "one.bmp").rename(folders[1] / "uno.bmp")
    done = run("score", *folders, "-m", "psnr")
    assert done.returncode == 2
    assert "one.png" in done.stderr
    assert "uno.bmp" in done.stderr
    allowed = run("score", *folders, "-m", "psnr", "--allow-unmatched", "--json")
    assert allowed.returncode == 0
    assert len(json.loads(allowed.stdout)) == 1
    assert "uno.bmp" in allowed.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-m", "pnsr"], "Did you mean psnr"),
        (["-m", "psnr", "-m", "psnr"], "named twice: psnr"),
        (["-m", r"lpips_vgg:trunk=a\,b\:c"], "a,b:c"),
        ([], "no metric is named"),
        (["-m", "psnr", "-o", "out.xlsx"], "expected .parquet, .csv or .jsonl"),
        (["-m", "psnr", "--resize", "stretch"], "refuse, reference, distorted, crop"),
        (["-m", "psnr", "--device", "tpu"], "this machine has cpu"),
        (["-m", "psnr", "--background", "blurple"], "blurple"),
        (["-m", "psnr", "--no-such-option"], "No such option"),
    ],
)
def test_bad_usage_exits_with_2(run: Run, folders: Folders, arguments: list[str], message: str) -> None:
    done = run("score", *folders, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_weights_tell_what_would_help(run: Run, folders: Folders, tmp_path: Path) -> None:
    done = run("score", *folders, "-m", "lpips_alex", BEHOLDER_CACHE=str(tmp_path / "cache"), PIP_NO_INDEX="1",
               http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9")  # fmt: skip
    assert done.returncode == 2
    assert "beholder weights fetch alexnet --from" in done.stderr
    assert "Traceback" not in done.stderr


def test_hostile_folder(run: Run, tmp_path: Path) -> None:
    reference, distorted = make_hostile_folder(tmp_path)
    done = run(
        "score", reference, distorted, "-m", "ssim,psnr", "-o", "scores.parquet", "--report", "page.html"
    )
    assert done.returncode == 1, done.stderr
    frame = pl.read_parquet(tmp_path / "scores.parquet")
    assert len(frame) >= 30
    for row in frame.iter_rows(named=True):
        stem = Path(row["distorted"]).stem
        assert (row["error"] is not None) == CASES[stem].must_fail, (stem, row["error"])
        if row["error"]:
            assert "expected" in row["error"]
            assert "Traceback" not in row["error"]
    assert (tmp_path / "page.html").stat().st_size > 10_000
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("sent", [["SIGINT"], ["SIGTERM"], ["SIGHUP"], ["SIGINT", "SIGINT"]], ids=" ".join)
def test_interrupted_it_keeps_what_is_scored(forked: ForkedCommands, tmp_path: Path, sent: list[str]) -> None:
    pairs = 3000
    Image.new("RGB", (256, 256), "teal").save(tmp_path / "p.png")
    (tmp_path / "pairs.csv").write_text("reference,distorted\n" + "p.png,p.png\n" * pairs)
    arguments = ["score", "--pairs", "pairs.csv", "-m", "lpips_alex", "-o", "out.csv", "--maps", "maps"]
    with forked.start(arguments, tmp_path) as process:
        deadline = time.monotonic() + 60
        # More than a batch: rows of one that is not whole are scored anew.
        while len(list(tmp_path.glob("maps/*.png"))) < 9 and time.monotonic() < deadline:
            time.sleep(0.1)
        for name in sent:
            process.send_signal(getattr(signal, name))
            time.sleep(0.05)
        code, errors = process.wait(60), process.errors.read_text()
    assert code == 130, errors
    assert not (tmp_path / "out.csv").exists()
    kept = pl.read_csv(tmp_path / "out.csv.parts" / "rows-*.csv")
    assert 0 < len(kept) < pairs
    assert (
        f"interrupted after {len(kept):,} of {pairs:,} pairs; what was scored is kept in out.csv.parts"
        in errors
    )
    assert "--resume" in errors


BREAKING = """
from beholder.metrics import psnr
from beholder.cli import main

whole = psnr.pixel_difference

def broken(x, y, *options):
    if (x - y).square().mean() > 5e-3:
        raise {error}
    return whole(x, y, *options)

psnr.pixel_difference = broken
main()
"""


def run_breaking(run: Run, error: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Call `beholder` with a PSNR that fails on the noisier of the two pairs."""
    return run(*arguments, program=BREAKING.format(error=error))


def test_a_run_that_breaks_off_keeps_what_is_scored(run: Run, folders: Folders, tmp_path: Path) -> None:
    options = ["-m", "psnr", "-o", "out.csv", "--batch-size", "1"]
    done = run_breaking(run, "RuntimeError('a bug')", "score", *folders, *options)
    assert done.returncode == 3
    assert "broken off after 1 of 2 pairs: RuntimeError('a bug'); what was scored is kept" in done.stderr
    assert not (tmp_path / "out.csv").exists()
    assert len(pl.read_csv(tmp_path / "out.csv.parts" / "rows-*.csv")) == 1


def test_broken_off_it_shows_what_is_scored(run: Run, folders: Folders, tmp_path: Path) -> None:
    done = run_breaking(run, "KeyboardInterrupt", "score", *folders, "-m", "psnr", "--batch-size", "1", "--json",
                        "--report", "page.html")  # fmt: skip
    assert done.returncode == 130
    assert [Path(row["distorted"]).name for row in json.loads(done.stdout)] == ["one.bmp"]
    assert "interrupted after 1 of 2 pairs.\n" in done.stderr
    assert (tmp_path / "page.html").exists()


def test_stopped_before_the_first_score_it_writes_nothing(run: Run, folders: Folders, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("yesterday's")
    noisier = [
        folder / "sub" / f"two.{suffix}" for folder, suffix in zip(folders, ("png", "bmp"), strict=True)
    ]
    arguments = ["score", *noisier, "-m", "psnr", "-o", "out.csv", "--report", "page.html", "--json"]
    for error, code, told in (
        ("KeyboardInterrupt", 130, "interrupted before the first score"),
        ("RuntimeError('a bug')", 3, "broken off after 0 of 1 pairs"),
    ):
        done = run_breaking(run, error, *arguments)
        assert done.returncode == code
        assert told in done.stderr
        assert "kept" not in done.stderr
        assert not (tmp_path / "out.csv.parts").exists()
        assert ("Traceback" in done.stderr) == (code == 3)
        assert done.stdout == ""
        assert (tmp_path / "out.csv").read_text() == "yesterday's"
        assert not (tmp_path / "page.html").exists()


def test_interrupted_while_it_prepares_it_says_so(run: Run, folders: Folders) -> None:
    code = "import beholder.backbones.door as door; from beholder.cli import main\n"
    code += "def locate(card): raise KeyboardInterrupt\ndoor.locate = locate; main()"
    done = run("score", *folders, "-m", "lpips_alex", program=code)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_a_map_that_cannot_be_saved_costs_that_map_only(run: Run, folders: Folders, tmp_path: Path) -> None:
    # The second map's folder cannot be made: a file stands in its place.
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "sub").touch()
    options = ["-m", "psnr", "-o", "out.csv", "--maps", "maps", "--report", "page.html"]
    done = run("score", *folders, *options)
    assert done.returncode == 0, done.stderr
    table = ScoreTable.load(tmp_path / "out.csv")
    assert table.frame["psnr"].null_count() == 0
    [warning] = table.provenance["warnings"]
    assert warning.startswith(f"{folders[1] / 'sub' / 'two.bmp'}: no heat map of psnr: ")
    assert (tmp_path / "maps" / "one.bmp.psnr.png").exists()
    assert "wrote maps" in done.stderr


def test_a_folder_without_maps_is_not_claimed(run: Run, folders: Folders, tmp_path: Path) -> None:
    done = run("score", *folders, "-m", "ms_ssim", "--maps", "maps")
    assert done.returncode == 0
    assert "wrote" not in done.stderr


def test_metrics_may_be_named_one_by_one(run: Run, folders: Folders) -> None:
    done = run("score", *folders, "-m", "psnr", "-m", "ssim,gmsd", "--json")
    assert set(json.loads(done.stdout)[0]) >= {"psnr", "ssim", "gmsd"}


def test_maps_stay_in_their_folder(run: Run, folders: Folders, tmp_path: Path) -> None:
    rows = "reference/one.png,distorted/one.bmp\nreference/sub/two.png,reference/../distorted/sub/two.bmp\n"
    (tmp_path / "pairs.csv").write_text("reference,distorted\n" + rows)
    before = set(tmp_path.rglob("*"))
    assert run("score", "--pairs", "pairs.csv", "-m", "psnr", "--maps", "maps", "--json").returncode == 0
    new = {path.relative_to(tmp_path).parts[0] for path in set(tmp_path.rglob("*")) - before}
    assert new == {"maps"}


def test_a_file_in_place_of_the_maps_folder_is_refused_at_once(
    run: Run, folders: Folders, tmp_path: Path
) -> None:
    (tmp_path / "maps").touch()
    done = run("score", *folders, "-m", "psnr", "--maps", "maps")
    assert done.returncode == 2
    assert "expected a folder" in done.stderr


def test_a_link_to_itself_fails_its_row_only(run: Run, folders: Folders, tmp_path: Path) -> None:
    (folders[0] / "loop.png").write_bytes((folders[0] / "one.png").read_bytes())
    (folders[1] / "loop.png").symlink_to("loop.png")
    done = run("score", *folders, "-m", "psnr", "--json")
    assert done.returncode == 1
    assert [row["error"] is None for row in json.loads(done.stdout)] == [False, True, True]


def test_nothing_that_is_read_is_written_over(run: Run, folders: Folders, tmp_path: Path) -> None:
    picture = folders[0] / "one.png"
    before = picture.read_bytes()
    (tmp_path / "pairs.csv").write_text("reference,distorted\nreference/one.png,distorted/one.bmp\n")
    for arguments, message in (
        (["--report", picture], "expected .html or .htm"),
        (["-o", "pairs.csv"], "name another file"),
    ):
        done = run("score", "--pairs", "pairs.csv", "-m", "psnr", *arguments)
        assert done.returncode == 2
        assert message in done.stderr
    assert picture.read_bytes() == before
    assert "reference/one.png" in (tmp_path / "pairs.csv").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills a process that takes too much memory")
def test_a_picture_too_large_for_the_memory_fails_its_row_only(folders: Folders, tmp_path: Path) -> None:
    for folder in folders:
        Image.new("RGB", (6000, 6000), "white").save(folder / "huge.png")
    beholder = f"'{sys.executable}' -c 'from beholder.cli import main; main()'"
    command = f"ulimit -d 1500000; {beholder} score reference distorted -m ssim --json"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    errors = [row["error"] for row in json.loads(done.stdout)]
    assert errors[0] is not None
    assert "memory" in errors[0]
    assert errors[1:] == [None, None]
    assert done.returncode == 1
