"""`beholder agree`: figures on standard output, words on standard error."""

from __future__ import annotations

import json
from pathlib import Path

from cli.conftest import Run
from judged_sets import make_bapps


def test_a_set_and_then_its_table_give_the_same_figures(run: Run, tmp_path: Path) -> None:
    root = make_bapps(tmp_path / "set", val_cnn=12, val_color=12)
    done = run("agree", root, "-m", "mse,mae", "--distances", "d.parquet", "-o", "scores.csv", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["kind"], told["rows"], told["left_out"]) == ("triplets", 24, 0)
    assert [row["part"] for row in told["scores"][:4]] == ["all", "mean of subsets", "val/cnn", "val/color"]
    assert told["scores"][1]["auc"] is None
    assert len((tmp_path / "scores.csv").read_text().splitlines()) == 9
    again = run("agree", "--table", "d.parquet", "--json", "-q")
    assert json.loads(again.stdout) == told
    shown = run("agree", "--table", "d.parquet")
    assert "ceiling" in shown.stdout
    assert "p_holm" in shown.stdout


def test_bad_usage(run: Run, tmp_path: Path) -> None:
    both = run("agree", "set", "--table", "d.csv")
    assert both.returncode == 2
    assert "one of them" in both.stderr
    ending = run("agree", "--table", "d.csv", "-o", "d.xlsx")
    assert ending.returncode == 2
    assert ".xlsx" in ending.stderr
    assert not (tmp_path / "d.xlsx").exists()
