"""Which pictures meet by a list."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import polars as pl
import pytest

from beholder.images import Pair, read_pairs
from beholder.spec import PairingError


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "pairs.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_list_of_pairs(tmp_path: Path) -> None:
    text = 'score, DISTORTED ,Reference\n1, "b, c.png", sub/a.png\n\n2,/absolute/d.png\t, ../a.png \n'
    pairs = read_pairs(write(tmp_path, text))
    expected = [
        Pair(tmp_path / "sub/a.png", tmp_path / "b, c.png"),
        Pair(tmp_path / "../a.png", Path("/absolute/d.png")),
    ]
    assert list(pairs) == expected
    assert len(pairs) == 2
    assert list(pairs.after(1)) == expected[1:]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_list_goes_to_another_process(tmp_path: Path, ending: str) -> None:
    frame = pl.DataFrame({"Distorted": ["b.png", "d.png"], "reference": ["a.png", "c.png"]})
    path = tmp_path / f"pairs.{ending}"
    frame.write_csv(path) if ending == "csv" else frame.write_parquet(path)
    pairs = read_pairs(path)
    assert list(pickle.loads(pickle.dumps(pairs)).after(1)) == list(pairs)[1:]
    assert list(pairs)[1] == Pair(tmp_path / "c.png", tmp_path / "d.png")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_lists_of_other_systems(tmp_path: Path, newline: str, mark: bytes) -> None:
    text = newline.join(["reference,distorted", "é.png,b.png", ""])
    pairs = read_pairs(str(write(tmp_path, mark + text.encode())))
    assert list(pairs) == [Pair(tmp_path / "é.png", tmp_path / "b.png")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"pairs\.csv, line 1: found the columns \[\]; expected reference and distorted"),
        ("a,b\n1,2\n", r"line 1: found the columns \['a', 'b'\]"),
        (
            "reference;distorted\na.png;b.png\n",
            r"\['reference;distorted'\], which seem to be separated by ';'; exp",
        ),
        ("Distorted\tReference\na.png\tb.png\n", "which seem to be separated by tabs; expected .* by commas"),
        ("reference,distorted,reference\na,b,c\n", "once each"),
        ("reference,distorted\n", "found no rows"),
        ("reference,distorted\na.png,b.png\nc.png,\n", "line 3: found nothing under distorted"),
        ("reference,distorted\n , \n", "line 2: found nothing under reference and distorted"),
        ("reference,distorted\n\n\na.png\n", "line 4: found nothing under distorted"),
        (
            'reference,distorted\n\na.png,b.png\n"c.png,d.png\ne.png,f.png\n',
            "line 4: found a row that is not CSV.*qu",
        ),
        ('reference,distorted\na.png,"b.png\n"c.png,d.png\n', "line 2: found a row that is not CSV.*quote"),
        ("reference,distorted\na.png,b.png\n".encode("utf-16"), "found text in UTF-16.*CSV UTF-8"),
        ("reference,distorted\na.png,b.png\n".encode("utf-16-be"), "found text in UTF-16.*CSV UTF-8"),
        ("reference,distorted\na.png,é.png\n".encode("latin-1"), "line 2: found the byte 0xe9.*CSV UTF-8"),
    ],
)
def test_lists_with_mistakes(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(PairingError, match=words):
        read_pairs(write(tmp_path, text))


def test_a_list_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PairingError, match=r"gone\.csv: the list of pairs cannot be read \(No such file"):
        read_pairs(tmp_path / "gone.csv")
    with pytest.raises(PairingError, match="the list of pairs cannot be read"):
        read_pairs(tmp_path)
    with pytest.raises(PairingError, match="the list of pairs cannot be read"):
        read_pairs("nul\0character")


def test_more_cells_than_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "reference,distorted\na.png,b,1.jpg\n")
    with pytest.raises(PairingError, match=r"line 2: found 3 cells below 2 columns; .* double quotes"):
        read_pairs(path)
    repeated = write(tmp_path, "reference,distorted,reference\na.png,b.png,c.png\n")
    with pytest.raises(PairingError, match="expected reference and distorted, once each") as told:
        read_pairs(repeated)
    assert "seem to be separated" not in str(told.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX's")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pairs.csv")
    with pytest.raises(PairingError, match="a pipe or a device"):
        read_pairs(tmp_path / "pairs.csv")


def test_a_parquet_list(tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"
    frame = pl.DataFrame(
        {"n": [1, 2], "Distorted": [" b.png", "/d.png"], "reference": ["sub/a.png", "a.png"]}
    )
    frame.write_parquet(path)
    pairs = read_pairs(path)
    expected = [Pair(tmp_path / "sub/a.png", tmp_path / "b.png"), Pair(tmp_path / "a.png", Path("/d.png"))]
    assert list(pairs) == expected
    assert len(pairs) == 2
    assert list(pairs.after(1)) == expected[1:]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": ["x"], "reference": ["y"]}, r"found the columns \['a', 'reference'\]"),
        ({"reference": ["x"], "distorted": [1]}, "found Int64 under distorted"),
        ({"reference": ["x", None], "distorted": ["y", "z"]}, "row 2: found nothing under reference"),
        ({"reference": ["x"], "distorted": [" "]}, "row 1: found nothing under distorted"),
        (
            {"reference": pl.Series([], dtype=pl.String), "distorted": pl.Series([], dtype=pl.String)},
            "no rows",
        ),
    ],
)
def test_parquet_lists_with_mistakes(columns: dict[str, object], words: str, tmp_path: Path) -> None:
    pl.DataFrame(columns).write_parquet(tmp_path / "pairs.parquet")
    with pytest.raises(PairingError, match=words):
        read_pairs(tmp_path / "pairs.parquet")


@pytest.mark.parametrize("name", ["junk.parquet", "gone.parquet", "cut.parquet"])
def test_what_is_no_parquet_is_refused(name: str, tmp_path: Path) -> None:
    pl.DataFrame({"reference": ["a"] * 999, "distorted": ["b"] * 999}).write_parquet(
        tmp_path / "whole.parquet"
    )
    (tmp_path / "junk.parquet").write_text("reference,distorted")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:-50])
    with pytest.raises(PairingError, match=rf"{name}.*expected a (CSV or )?Parquet file"):
        read_pairs(tmp_path / name)
