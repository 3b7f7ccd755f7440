"""Data sets with opinion scores, and NIGHTS: whole, and broken in every way."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from beholder.data.judged import RatedPair, Triplet, examine, open_judgements
from beholder.spec import MissingPackageError, UsageError
from judged_sets import (
    CSIQ_ROWS,
    encoded,
    make_csiq,
    make_kadid10k,
    make_live,
    make_nights,
    make_pipal,
    make_tid2013,
    put,
)


def problem(path: Path) -> tuple[str, list[str]]:
    """The only problem of a set: what was found, and the files."""
    (found,) = examine(path).findings.problems
    with pytest.raises(UsageError, match="not whole"):
        open_judgements(path)
    return found.found, [str(Path(file).relative_to(path)) for file in found.files]


def test_tid2013(tmp_path: Path) -> None:
    judged = open_judgements(make_tid2013(tmp_path))
    assert (judged.kind, judged.form, judged.better, len(judged)) == ("ratings", "TID2013", "higher", 4)
    first, last = judged[0], judged[3]
    assert isinstance(first, RatedPair)
    assert isinstance(last, RatedPair)
    assert (first.opinion, first.distortion, first.level) == (5.4, "additive Gaussian noise", 1)
    assert (last.distortion, last.level) == ("sparse sampling and reconstruction", 5)
    assert (first.group, last.group) == ("I01", "I25")
    assert last.reference.path == tmp_path / "reference_images/i25.bmp"
    assert last.distorted.path == tmp_path / "distorted_images/I25_24_5.BMP"
    assert judged.pictures(3)[1].shape == (3, 8, 8)
    assert "4 rated pictures; TID2013 was published with 3,000" in examine(tmp_path).findings.notes


def test_tid2013_broken(tmp_path: Path) -> None:
    make_tid2013(tmp_path)
    (tmp_path / "distorted_images/I25_24_5.BMP").unlink()
    assert problem(tmp_path) == ("no such file", ["distorted_images/i25_24_5.bmp"])
    assert len(examine(tmp_path).sets[0]) == 3
    make_tid2013(tmp_path)
    text = (tmp_path / "mos_with_names.txt").read_text()
    put(tmp_path / "mos_with_names.txt", text + "nonsense\n")
    assert problem(tmp_path) == ("a line of another form", ["mos_with_names.txt, line 5"])
    put(tmp_path / "mos_with_names.txt", text + text.splitlines()[0])
    assert problem(tmp_path)[0] == "two lines for one picture"
    put(tmp_path / "mos_with_names.txt", text.replace("5.40000", "nan", 1))
    assert problem(tmp_path)[0] == "an opinion that is no number"
    put(tmp_path / "mos_with_names.txt", text.replace("5.40000", "much", 1))
    with pytest.raises(UsageError, match="line 1: found 'much'; expected a number"):
        open_judgements(tmp_path)
    put(tmp_path / "mos_with_names.txt", b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="no text"):
        open_judgements(tmp_path)
    put(tmp_path / "mos_with_names.txt", "")
    assert problem(tmp_path)[0] == "no rated picture"


def test_a_picture_without_a_line_is_a_note(tmp_path: Path) -> None:
    make_tid2013(tmp_path)
    put(tmp_path / "distorted_images/i25_23_1.bmp", encoded(1, kind="BMP"))
    found = examine(tmp_path)
    assert found.whole
    assert "1 pictures have no opinion: distorted_images/i25_23_1.bmp" in found.findings.notes


def test_kadid10k(tmp_path: Path) -> None:
    judged = open_judgements(make_kadid10k(tmp_path))
    assert (judged.form, judged.better, len(judged)) == ("KADID-10k", "higher", 4)
    assert judged.answers.tolist() == [3.57, 3.57, 2.57, 2.57]
    assert judged.columns["distortion"].tolist() == ["Gaussian blur", "contrast change"] * 2
    assert judged.columns["level"].tolist() == [1, 5, 1, 5]
    assert judged.columns["standard_error"] == pytest.approx(0.496 / math.sqrt(30))
    assert judged[0].standard_error == judged.columns["standard_error"][0]
    assert judged.groups().tolist() == ["I01", "I01", "I02", "I02"]
    assert judged[2].pictures[0].path == tmp_path / "images/I02.png"


def test_kadid10k_broken(tmp_path: Path) -> None:
    make_kadid10k(tmp_path)
    (tmp_path / "images/I02.png").unlink()
    assert problem(tmp_path) == ("no such file", ["images/I02.png"] * 2)
    make_kadid10k(tmp_path)
    text = (tmp_path / "dmos.csv").read_text()
    put(tmp_path / "dmos.csv", text + "a,b\n")
    with pytest.raises(UsageError, match="line 6: found 2 cells; expected 4"):
        open_judgements(tmp_path)


@pytest.mark.parametrize("workbook", [False, True])
def test_csiq(tmp_path: Path, workbook: bool) -> None:
    if workbook:
        pytest.importorskip("fastexcel", reason="workbooks are read by the extra excel")
    judged = open_judgements(make_csiq(tmp_path, workbook=workbook))
    assert (judged.form, judged.better, len(judged)) == ("CSIQ", "lower", 3)
    assert judged.answers.tolist() == [0.062, 0.9, 0.5]
    assert judged.columns["distortion"].tolist() == ["noise", "jpeg 2000", "contrast"]
    assert judged.columns["level"].tolist() == [1, 5, 3]
    assert [row.pictures[1].path for row in judged] == [
        tmp_path / "dst_imgs" / name
        for name in (
            "awgn/1600.AWGN.1.png",
            "jpeg2000/1600.jpeg2000.5.png",
            "contrast/trolley.contrast.3.png",
        )
    ]


def test_csiq_in_other_capitals(tmp_path: Path) -> None:
    make_csiq(tmp_path)
    (tmp_path / "dst_imgs/awgn").rename(tmp_path / "dst_imgs/AWGN")
    (tmp_path / "csiq.DMOS.csv").rename(tmp_path / "CSIQ.dmos.csv")
    assert open_judgements(tmp_path)[0].pictures[1].path == tmp_path / "dst_imgs/AWGN/1600.AWGN.1.png"


def test_csiq_without_a_reader_of_workbooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_csiq(tmp_path, workbook=True)
    monkeypatch.setitem(__import__("sys").modules, "fastexcel", None)
    with pytest.raises(MissingPackageError, match=r"save its sheet all_by_image as csiq\.DMOS\.csv"):
        open_judgements(tmp_path)


def test_csiq_broken(tmp_path: Path) -> None:
    make_csiq(tmp_path)
    file = tmp_path / "csiq.DMOS.csv"
    text = file.read_text()
    put(file, text.replace("contrast", "noisy"))
    assert problem(tmp_path) == ("the distortion 'noisy'", ["csiq.DMOS.csv, line 6"])
    put(file, "a,b\n1,2\n")
    with pytest.raises(UsageError, match="no row with the columns image"):
        open_judgements(tmp_path)
    file.unlink()
    with pytest.raises(UsageError, match="put the list of scores there"):
        open_judgements(tmp_path)
    pytest.importorskip("fastexcel", reason="workbooks are read by the extra excel")
    put(tmp_path / "csiq.DMOS.xlsx", b"PK\x03\x04 no workbook")
    with pytest.raises(UsageError, match="the sheet all_by_image cannot be read"):
        open_judgements(tmp_path)
    assert len(CSIQ_ROWS) == 3


def test_live(tmp_path: Path) -> None:
    judged = open_judgements(make_live(tmp_path))
    assert (judged.form, judged.better, len(judged)) == ("LIVE", "lower", 779)
    names, counts = np.unique(judged.columns["distortion"], return_counts=True)
    told = dict(zip(names.tolist(), counts.tolist(), strict=True))
    assert told == {
        "JPEG": 203, "JPEG2000": 197, "JPEG2000 over a fast fading channel": 91, "Gaussian blur": 144, "white noise": 144,
    }  # fmt: skip
    row = judged[197 + 4]  # the fifth of jpeg
    assert isinstance(row, RatedPair)
    assert (row.opinion, row.distortion, row.level, row.group) == (1.25, "JPEG", 0.625, "ref2")
    assert row.distorted.path == tmp_path / "jpeg/img5.bmp"
    assert row.reference.path == tmp_path / "refimgs/ref2.bmp"
    found = examine(tmp_path)
    assert found.whole
    assert not found.findings.notes


def test_live_realigned(tmp_path: Path) -> None:
    make_live(tmp_path)
    savemat(tmp_path / "dmos_realigned.mat", {"dmos_new": np.arange(982.0)[None], "orgs": np.zeros((1, 982))})
    assert open_judgements(tmp_path).answers[:3].tolist() == [0, 1, 2]
    assert "the scores are those of dmos_realigned.mat" in examine(tmp_path).findings.notes


def test_live_broken(tmp_path: Path) -> None:
    make_live(tmp_path)
    (tmp_path / "wn/img7.bmp").unlink()
    assert problem(tmp_path) == ("no such file", ["wn/img7.bmp"])
    put(tmp_path / "wn/img7.bmp", encoded(9, kind="BMP"))
    info = (tmp_path / "wn/info.txt").read_text()
    put(tmp_path / "wn/info.txt", info.replace("ref1.bmp img7.bmp", "ref2.bmp img7.bmp"))
    assert problem(tmp_path) == ("different references in info.txt and refnames_all.mat", ["wn/img7.bmp"])
    put(tmp_path / "wn/info.txt", info + "odd\n")
    assert problem(tmp_path)[0] == "a line of another form"
    (tmp_path / "wn/info.txt").unlink()
    found = examine(tmp_path)
    assert found.whole
    assert np.isnan(found.sets[0].columns["level"]).sum() == 144
    savemat(tmp_path / "dmos.mat", {"dmos": np.zeros((1, 779)), "orgs": np.zeros((1, 779))})
    with pytest.raises(UsageError, match="found 779 values of dmos; expected the 982"):
        open_judgements(tmp_path)
    put(tmp_path / "dmos.mat", b"damaged")
    with pytest.raises(UsageError, match="no MATLAB file"):
        open_judgements(tmp_path)
    (tmp_path / "dmos.mat").unlink()
    with pytest.raises(UsageError, match=r"dmos\.mat is missing"):
        open_judgements(tmp_path)


def test_pipal(tmp_path: Path) -> None:
    judged = open_judgements(make_pipal(tmp_path))
    assert (judged.form, judged.better) == ("PIPAL", "higher")
    assert judged.answers.tolist() == [1442.5, 1300, 1442.5, 1300]
    assert judged.columns["distortion"].tolist() == ["00", "06"] * 2
    assert judged.columns["level"].tolist() == [3, 26] * 2
    assert judged[3].pictures[0].path == tmp_path / "Train_Ref/A0002.bmp"
    (tmp_path / "Train_Dist/A0002_00_03.bmp").unlink()
    assert problem(tmp_path) == ("no such file", ["Train_Dist/A0002_00_03.bmp"])
    make_pipal(tmp_path)
    put(tmp_path / "Train_Label/A0003.txt", "A0003_00_00.bmp\n")
    assert problem(tmp_path) == ("a line of another form", ["Train_Label/A0003.txt, line 1"])


def test_nights(tmp_path: Path) -> None:
    judged = open_judgements(make_nights(tmp_path))
    assert (judged.kind, judged.form) == ("triplets", "NIGHTS")
    assert judged.answers.tolist() == [1, 0, 1, pytest.approx(1 / 3)]
    assert judged.columns["votes"].tolist() == [6, 7, 6, 3]
    assert judged.subsets == ("train", "val", "test/imagenet", "test/no_imagenet")
    row = judged[1]
    assert isinstance(row, Triplet)
    assert row.p1.path == tmp_path / "distort/000/001_1.png"
    assert row.group == "ref/000/001.png"
    assert judged.pictures(1)[2].shape == (3, 8, 8)


def test_nights_broken(tmp_path: Path) -> None:
    make_nights(tmp_path)
    (tmp_path / "distort/000/002_0.png").unlink()
    assert problem(tmp_path) == ("no such file", ["distort/000/002_0.png"])
    make_nights(tmp_path)
    text = (tmp_path / "data.csv").read_text()
    put(tmp_path / "data.csv", text.replace("1,1,0,7", "1,0,0,7"))
    assert problem(tmp_path) == ("votes of nobody", ["data.csv, line 3"])
    put(tmp_path / "data.csv", text.replace("left_vote", "left"))
    with pytest.raises(UsageError, match="left_vote is missing"):
        open_judgements(tmp_path)
    put(tmp_path / "data.csv", text.replace("1,1,0,7", "1,1,0,nan"))
    assert open_judgements(tmp_path).columns["votes"].tolist() == [6, 0, 6, 3]
    put(tmp_path / "data.csv", text + "x" * 200_000)
    with pytest.raises(UsageError, match="no CSV"):
        open_judgements(tmp_path)


def test_what_is_nothing_of_these(tmp_path: Path) -> None:
    put(tmp_path / "photos/a.png", encoded(1))
    put(tmp_path / "notes.txt", "nothing")
    with pytest.raises(
        UsageError, match=r"a folder with notes\.txt, photos/; expected one of these"
    ) as error:
        open_judgements(tmp_path)
    for name in ("BAPPS", "NIGHTS", "TID2013", "KADID-10k", "CSIQ", "LIVE", "PIPAL", "Parquet"):
        assert f"\n  {name}: " in str(error.value)
    with pytest.raises(UsageError, match="a file of another kind"):
        open_judgements(tmp_path / "notes.txt")
    with pytest.raises(UsageError, match="no such folder or file"):
        open_judgements(tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="an empty folder"):
        open_judgements(tmp_path / "empty")


def test_references_are_read_once(tmp_path: Path) -> None:
    make_kadid10k(tmp_path)
    put(tmp_path / "images/I02.png", b"damaged")
    (found,) = examine(tmp_path, deep=True).findings.problems
    assert found.files == [str(tmp_path / "images/I02.png")]
    assert found.count == 1
