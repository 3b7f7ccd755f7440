"""Score tables survive their files."""

from __future__ import annotations

import json
import math
from pathlib import Path

import polars as pl
import pytest

from beholder.scoring import ScoreTable, StoredScores
from beholder.spec import UsageError


@pytest.fixture
def table() -> ScoreTable:
    provenance = {
        "beholder": "0.1.0",
        "warnings": ["ü.png: transparent"],
        "metrics": {
            "psnr": {"direction": "higher", "best": None},
            "lpips_alex": {"direction": "lower", "best": 0.0},
        },
    }
    rows = [
        {
            "reference": "a,b\u2028\x85.png",
            "distorted": 'q"uote\n.png',
            "psnr": 30.5,
            "lpips_alex": 0.1,
            "error": None,
        },
        {"reference": "ü.png", "distorted": "same.png", "psnr": math.inf, "lpips_alex": 0.0, "error": None},
        {
            "reference": "c.png",
            "distorted": "bad.png",
            "psnr": None,
            "lpips_alex": None,
            "error": "bad.png: empty",
        },
        {
            "reference": "d.png",
            "distorted": "tiny.png",
            "psnr": -math.inf,
            "lpips_alex": None,
            "error": "lpips_alex: too small",
        },
    ]
    return ScoreTable.from_rows(rows, provenance)


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_saved_and_loaded_it_is_the_same(table: ScoreTable, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "deep" / f"scores{suffix}"
    table.save(path)
    loaded = ScoreTable.load(path)
    assert loaded.frame.equals(table.frame)
    assert loaded.provenance == table.provenance
    assert loaded.metrics == ("psnr", "lpips_alex")
    assert loaded.failed["distorted"].to_list() == ["bad.png", "tiny.png"]
    assert not [left for left in path.parent.iterdir() if left.name.startswith(".")]


def test_parquet_is_plain_parquet(table: ScoreTable, tmp_path: Path) -> None:
    table.save(tmp_path / "scores.parquet")
    assert pl.read_parquet(tmp_path / "scores.parquet").columns == [
        "reference",
        "distorted",
        "psnr",
        "lpips_alex",
        "error",
    ]


def test_json_lines_are_strict(table: ScoreTable, tmp_path: Path) -> None:
    table.save(tmp_path / "scores.jsonl")
    lines = (tmp_path / "scores.jsonl").read_text(encoding="utf-8").split("\n")
    assert "Infinity" not in "".join(lines)
    rows = [json.loads(line) for line in lines if line]
    assert [row["psnr"] for row in rows] == [30.5, None, None, None]
    assert [row.get("infinite") for row in rows] == [None, {"psnr": "inf"}, None, {"psnr": "-inf"}]


def test_other_endings_are_refused(table: ScoreTable, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"expected \.parquet, \.csv or \.jsonl"):
        table.save(tmp_path / "scores.xlsx")


def test_foreign_and_missing_files_are_refused(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "other.parquet")
    with pytest.raises(UsageError, match="not written by Beholder"):
        ScoreTable.load(tmp_path / "other.parquet")
    (tmp_path / "lonely.csv").write_text("reference,distorted,error\n")
    with pytest.raises(UsageError, match=r"lonely\.csv\.provenance\.json: there is no such file"):
        ScoreTable.load(tmp_path / "lonely.csv")


@pytest.mark.parametrize("content", [b"\x00junk", b"5\n", b'{"infinite": {"psnr": null}}\n'])
@pytest.mark.parametrize("name", ["junk.parquet", "junk.csv", "junk.jsonl"])
def test_junk_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / f"{name}.provenance.json").write_text("{}")
    with pytest.raises(UsageError, match="cannot be read as a table of scores"):
        ScoreTable.load(tmp_path / name)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_table_that_is_cut_is_refused(table: ScoreTable, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"scores{suffix}"
    table.save(path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    with pytest.raises(UsageError, match=r"holds \d rows of \d"):
        ScoreTable.load(path)


def test_columns_that_are_missing_are_told(table: ScoreTable, tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    table.save(path)
    pl.read_csv(path).drop("error").write_csv(path)
    with pytest.raises(UsageError, match="its columns are"):
        ScoreTable.load(path)


def test_a_link_is_written_through(table: ScoreTable, tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to("real.csv")
    table.save(tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert ScoreTable.load(tmp_path / "real.csv").frame.equals(table.frame)


def test_a_failed_score_is_not_read_back_as_infinite(tmp_path: Path) -> None:
    provenance = {"metrics": {"psnr": {"direction": "higher"}, "ssim": {"direction": "higher"}}}
    row = {
        "reference": "r.png",
        "distorted": "psnr: x.png",
        "psnr": None,
        "ssim": None,
        "error": "psnr: x.png: empty",
    }
    ScoreTable.from_rows([row], provenance).save(tmp_path / "t.jsonl")
    assert ScoreTable.load(tmp_path / "t.jsonl").frame["ssim"].item() is None


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    empty = ScoreTable.from_rows([], {"metrics": {"psnr": {"direction": "higher"}}})
    empty.save(tmp_path / "empty.parquet")
    assert ScoreTable.load(tmp_path / "empty.parquet").frame.columns == [
        "reference",
        "distorted",
        "psnr",
        "error",
    ]


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_a_full_disk_is_an_os_error_and_leaves_nothing(
    table: ScoreTable, suffix: str, tmp_path: Path
) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            table.save(tmp_path / f"scores{suffix}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_the_first_and_the_worst_rows_of_any_number(tmp_path: Path) -> None:
    provenance = {"metrics": {"psnr": {"direction": "higher"}}}
    scores = [30.0, math.inf, None, 20.0, 10.0]
    rows = [{"reference": "r", "distorted": str(place), "psnr": psnr} for place, psnr in enumerate(scores)]
    ScoreTable.from_rows(rows, provenance).save(tmp_path / "t.parquet")
    stored = StoredScores.open(tmp_path / "t.parquet")
    assert stored.head(2).frame["psnr"].to_list() == [30.0, math.inf]
    worst, places = stored.worst(2)
    assert (worst.frame["psnr"].to_list(), places) == ([20.0, 10.0], [3, 4])
    assert stored.worst(4)[1] == [0, 1, 3, 4]
    assert stored.worst(9)[1] == [0, 1, 2, 3, 4]
    assert [row for rows in stored.slices() for row in rows] == stored.head(9).to_rows()
