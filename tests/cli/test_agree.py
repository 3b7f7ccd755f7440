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
    for wrong in ("0", "nan"):
        error = run("agree", "--table", "none.csv", "--opinion-error", wrong)
        assert error.returncode == 2
        assert "expected a number above 0" in error.stderr
    ending = run("agree", "--table", "d.csv", "-o", "d.xlsx")
    assert ending.returncode == 2
    assert ".xlsx" in ending.stderr
    assert not (tmp_path / "d.xlsx").exists()


def test_what_is_assumed_of_opinions_is_told(run: Run, tmp_path: Path) -> None:
    rows = "\n".join(f"{0.1 * row},{9 - row % 7},{row // 3}" for row in range(12))
    (tmp_path / "d.csv").write_text(f"d,opinion,group\n{rows}\n")
    plain = run("agree", "--table", "d.csv")
    assert "no standard errors" in plain.stderr
    told = run("agree", "--table", "d.csv", "--opinion-error", "0.9", "--json")
    assert "no standard errors" not in told.stderr
    assert 0 < json.loads(told.stdout)["scores"][0]["auc_different"] < 1


def test_a_seed_below_0_is_refused(run: Run) -> None:
    done = run("agree", "nowhere", "--seed", "-1")
    assert done.returncode == 2
    assert "Invalid value for '--seed'" in done.stderr
