"""`beholder score --pairs` on the shards of a WebDataset."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from cli.conftest import Run
from shards import write_pairs


def test_shards_have_tables_pages_maps_and_further_columns(run: Run, tmp_path: Path) -> None:
    write_pairs(tmp_path, 2, 1)
    asked = ("score", "--pairs", "pairs-{00..01}.tar", "-o", "out.parquet")
    done = run(*asked, "-m", "gmsd", "--report", "page.html", "--maps", "maps")
    assert done.returncode == 0, done.stderr
    assert "2/2" in done.stderr  # shards
    done = run(*asked, "-m", "mse", "--add", "-q")
    assert done.returncode == 0, done.stderr
    table = pl.read_parquet(tmp_path / "out.parquet")
    assert table["distorted"].to_list()[2] == "pairs-01.tar/0002.distorted.jpg"
    assert table["mse"].null_count() == table["gmsd"].null_count() == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "0002.distorted.jpg" in page
    assert page.count("data:image/") >= 3
    assert len(list((tmp_path / "maps").rglob("*.png"))) == 3
