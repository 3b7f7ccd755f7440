"""`beholder data`: what goes to standard output, what to standard error, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

from cli.conftest import Run
from judged_sets import make_bapps, make_csiq


def test_check_and_pack(run: Run, tmp_path: Path) -> None:
    root = make_bapps(tmp_path / "dataset", val_cnn=6, jnd_cnn=4)
    whole = run("data", "check", root)
    assert whole.returncode == 0, whole.stderr
    assert "val/cnn" in whole.stdout
    assert "8x8" in whole.stdout
    assert "whole" in whole.stderr
    assert "the paper has 4,720" in whole.stderr
    packed = run("data", "pack", root, "all.parquet", "--kind", "triplets")
    assert (packed.returncode, packed.stdout) == (0, "")
    assert "wrote 6 triplets to all.parquet" in packed.stderr
    again = run("data", "unpack", "all.parquet", "again")
    assert again.returncode == 0, again.stderr
    files = sorted(file for file in (root / "2afc").rglob("*") if file.is_file())
    assert len(files) == 24
    for file in files:
        assert (tmp_path / "again" / file.relative_to(root)).read_bytes() == file.read_bytes()


def test_check_a_broken_set(run: Run, tmp_path: Path) -> None:
    make_csiq(tmp_path / "csiq")
    gone = tmp_path / "csiq/src_imgs/trolley.png"
    gone.unlink()
    broken = run("data", "check", "csiq", "--json", "--deep")
    assert broken.returncode == 1
    told = json.loads(broken.stdout)
    assert (told["form"], told["whole"], told["deep"]) == ("CSIQ", False, True)
    assert (told["sets"][0]["rows"], told["sets"][0]["better"]) == (2, "lower")
    assert told["problems"] == [
        {
            "found": "no such file",
            "expected": "each picture that the list names",
            "count": 1,
            "files": ["csiq/src_imgs/trolley.png"],
        }
    ]
    assert "pictures" in broken.stderr
    refused = run("data", "pack", "csiq", "csiq.parquet")
    assert refused.returncode == 2
    assert "csiq/src_imgs/trolley.png" in refused.stderr
    assert not (tmp_path / "csiq.parquet").exists()


def test_check_what_is_no_set(run: Run, tmp_path: Path) -> None:
    unknown = run("data", "check", tmp_path)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "expected one of these" in unknown.stderr
