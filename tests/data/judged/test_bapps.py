"""BAPPS: every level of its folders, whole, and broken in every way."""

from __future__ import annotations

import hashlib
import io
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from beholder.data.judged import JndPair, Triplet, examine, open_judgements
from beholder.spec import PictureError, UsageError
from judged_sets import encoded, label, make_bapps, put


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_bapps(tmp_path / "dataset", train_mix=3, val_color=4, val_cnn=6, jnd_cnn=4)


def test_all_levels(root: Path) -> None:
    whole = open_judgements(root, kind="triplets")
    assert whole.subsets == ("train/mix", "val/cnn", "val/color")  # the paper's order
    assert len(whole) == 13
    for level, subsets, rows in (
        ("2afc", ("train/mix", "val/cnn", "val/color"), 13),
        ("2afc/val", ("val/cnn", "val/color"), 10),
        ("2afc/val/cnn", ("val/cnn",), 6),
        ("jnd", ("val/cnn",), 4),
        ("jnd/val", ("val/cnn",), 4),
        ("jnd/val/cnn", ("val/cnn",), 4),
    ):
        judged = open_judgements(root / level)
        assert judged.subsets == subsets
        assert len(judged) == rows
        assert judged.kind == ("pairs" if level.startswith("jnd") else "triplets")
        assert judged.form == "BAPPS"


def test_root_holds_two_kinds(root: Path) -> None:
    with pytest.raises(UsageError, match="holds triplets and pairs; open one with kind="):
        open_judgements(root)
    assert open_judgements(root, kind="pairs").kind == "pairs"
    with pytest.raises(UsageError, match="no ratings"):
        open_judgements(root, kind="ratings")


def test_a_triplet(root: Path) -> None:
    judged = open_judgements(root / "2afc")
    row = judged[4]  # the second of val/cnn
    assert isinstance(row, Triplet)
    assert (row.judge, row.votes, row.subset, row.distortion0) == (0.2, 5, "val/cnn", None)
    folder = root / "2afc/val/cnn"
    files = [folder / part / "000001.png" for part in ("ref", "p0", "p1")]
    assert [file.path for file in row.pictures] == files
    assert row.group == hashlib.sha256(files[0].read_bytes()).hexdigest()
    reference, p0, _ = judged.pictures(4)
    assert reference.shape == (3, 8, 8)
    assert reference.dtype == torch.float32
    assert torch.equal(p0[:, 0, 0], torch.tensor([(32 + 301) % 256, 1, 7]) / 255)
    assert judged[-9] == row
    with pytest.raises(IndexError):
        judged[13]


def test_columns(root: Path) -> None:
    judged = open_judgements(root / "2afc")
    assert judged.answers.tolist() == [0, 0.5, 1, 0, 0.2, 0.4, 0.6, 0.8, 1, 0, 0.2, 0.4, 0.6]
    assert judged.answers.dtype == np.float64
    assert judged.columns["votes"].tolist() == [2] * 3 + [5] * 10
    color = judged.subset("val/color")
    assert color.answers.tolist() == [0, 0.2, 0.4, 0.6]
    assert color[1] == judged[10]
    assert [row.subset for row in judged[2:5]] == ["train/mix", "val/cnn", "val/cnn"]
    with pytest.raises(UsageError, match="Did you mean val/color"):
        judged.subset("val/colour")


def test_groups_are_the_references(root: Path) -> None:
    told: list[tuple[int, int]] = []
    judged = open_judgements(root / "2afc/val/cnn")
    groups = judged.groups(lambda *each: told.append(each))
    assert groups[0] == groups[1]
    assert len(set(groups)) == 5
    assert told[-1] == (6, 6)
    assert judged[0].named_group == groups[0]
    assert open_judgements(root / "2afc/val/cnn")[0].named_group is None


def test_a_jnd_pair(root: Path) -> None:
    row = open_judgements(root / "jnd")[2]
    assert isinstance(row, JndPair)
    assert (row.same, row.votes, row.subset) == (pytest.approx(2 / 3), 3, "val/cnn")
    assert [file.path for file in row.pictures] == [
        root / f"jnd/val/cnn/{part}/000002.png" for part in ("p0", "p1")
    ]


def test_workers_of_a_loader_get_a_copy(root: Path) -> None:
    judged = open_judgements(root / "2afc")
    assert pickle.loads(pickle.dumps(judged))[5] == judged[5]


def test_votes_are_not_known_elsewhere(tmp_path: Path, root: Path) -> None:
    shutil.copytree(root / "2afc/val", tmp_path / "mine")
    judged = open_judgements(tmp_path / "mine")
    assert judged.subsets == ("cnn", "color")
    assert judged[0].votes is None


def test_endings_in_capitals_and_clutter(root: Path) -> None:
    folder = root / "2afc/val/cnn"
    (folder / "p0/000001.png").rename(folder / "p0/000001.PNG")
    (folder / "judge/000002.npy").rename(folder / "judge/000002.NPY")
    put(folder / "p0/.DS_Store", b"")
    put(folder / "p0/Thumbs.db", b"")
    judged = open_judgements(folder)
    assert len(judged) == 6
    assert judged.pictures(1)[1].shape == (3, 8, 8)


@pytest.mark.parametrize("part", ["ref", "p0", "p1", "judge"])
def test_a_missing_file_is_named(root: Path, part: str) -> None:
    ending = "npy" if part == "judge" else "png"
    gone = root / f"2afc/val/cnn/{part}/000003.{ending}"
    gone.unlink()
    found = examine(root)
    (problem,) = found.findings.problems
    assert (problem.found, problem.count, problem.files) == ("no such file", 1, [str(gone)])
    assert [len(each) for each in found.sets] == [12, 4]
    with pytest.raises(UsageError, match=rf"not whole:[\s\S]*{part}/000003.{ending}"):
        open_judgements(root / "2afc")


def test_triplets_that_nobody_judged_are_told_of_once(root: Path) -> None:
    shutil.rmtree(root / "2afc/val/cnn/judge")
    found = examine(root / "2afc/val/cnn")
    (problem,) = found.findings.problems
    assert (problem.count, len(found.sets[0])) == (1, 0)
    assert "were they asked yet" in problem.expected
    assert str(root / "2afc/val/cnn/judge") in problem.files


def test_a_missing_folder_of_pictures_is_named(root: Path) -> None:
    shutil.rmtree(root / "2afc/val/cnn/p1")
    found = examine(root / "2afc/val/cnn")
    (problem,) = found.findings.problems
    assert (problem.count, len(found.sets[0])) == (6, 0)
    shutil.rmtree(root / "jnd/val/cnn/same")
    assert examine(root / "jnd").sets[0].kind == "pairs"


def test_ten_of_many_are_named(tmp_path: Path) -> None:
    root = make_bapps(tmp_path, val_cnn=25)
    for row in range(5, 25):
        (root / f"2afc/val/cnn/p1/{row:06d}.png").unlink()
    with pytest.raises(UsageError, match="and 10 more") as error:
        open_judgements(root)
    assert str(error.value).count(".png") == 10


def test_a_file_too_many_is_named(root: Path) -> None:
    put(root / "2afc/val/cnn/ref/999999.png", encoded(1))
    put(root / "2afc/val/cnn/p0/notes.txt", "no picture")
    (root / "2afc/val/cnn/p1/sub.png").mkdir()
    found = examine(root / "2afc")
    told = {problem.found: problem.files[0] for problem in found.findings.problems}
    assert told["a file too many"].endswith("ref/999999.png")
    assert told["something that is no .png file"].endswith("p0/notes.txt")
    assert sum(problem.count for problem in found.findings.problems) == 3
    assert len(found.sets[0]) == 13


def saved(array: np.ndarray, *, allow_pickle: bool = False) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=allow_pickle)
    return stream.getvalue()


BAD_LABELS = {
    "the shape (2,)": saved(np.array([0.2, 0.4])),
    "the shape ()": saved(np.array(0.2)),
    "the shape (1000000000000,)": label(0.2).replace(b"(1,), }" + b" " * 12, b"(1000000000000,), }"),
    "the number 1.2": label(1.2),
    "the number -0.2": label(-0.2),
    "the number nan": label(float("nan")),
    "pickled objects, which are never opened": saved(np.array([{}], dtype=object), allow_pickle=True),
    "no .npy file": pickle.dumps(0.2),
    "an empty file": b"",
    "4 bytes of numbers instead of 8": label(0.2)[:-4],
    "a damaged .npy file": label(0.2).replace(b"descr", b"drecs"),
    "numbers of type <U1": saved(np.array(["a"])),
}


@pytest.mark.parametrize("found", BAD_LABELS)
def test_a_bad_label_is_named(root: Path, found: str) -> None:
    file = put(root / "2afc/val/cnn/judge/000002.npy", BAD_LABELS[found])
    examined = examine(root / "2afc")
    (problem,) = examined.findings.problems
    assert (problem.found, problem.files) == (found, [str(file)])
    assert problem.expected == "a .npy file with one number of shape (1,), in [0, 1]"
    assert len(examined.sets[0]) == 12
    with pytest.raises(UsageError, match="not whole"):
        open_judgements(root / "2afc")


@pytest.mark.parametrize("kind", ["<f4", ">f8", "<f2", "<i8", "|u1"])
def test_labels_of_other_types(tmp_path: Path, kind: str) -> None:
    root = make_bapps(tmp_path, val_cnn=1)
    put(root / "2afc/val/cnn/judge/000000.npy", label(1, kind))
    assert open_judgements(root).answers.tolist() == [1]


def test_an_unreadable_picture_is_found_when_read(root: Path) -> None:
    bad = put(root / "2afc/val/cnn/p1/000004.png", encoded(1)[:-20])
    judged = open_judgements(root / "2afc")
    with pytest.raises(PictureError, match="000004"):
        judged.pictures(7)
    assert examine(root).whole
    (problem,) = examine(root, deep=True).findings.problems
    assert problem.files == [str(bad)]
    assert "damaged PNG" in problem.found


def test_sizes_within_a_triplet_are_equal(root: Path) -> None:
    put(root / "2afc/val/cnn/p1/000004.png", encoded(1, (9, 8)))
    judged = open_judgements(root / "2afc/val/cnn")
    with pytest.raises(PictureError, match=r"8x8 in .*9x8 in .*p1"):
        judged.pictures(4)
    (problem,) = examine(root, deep=True).findings.problems
    assert problem.found == "pictures of different sizes"


def test_notes_are_no_errors(root: Path) -> None:
    put(root / "2afc/val/cnn/judge/000002.npy", label(0.5))
    found = examine(root)
    assert found.whole
    assert "val/cnn: 6 triplets; the paper has 4,720" in found.findings.notes
    assert "train/mix: 3 triplets; the paper has 56.6k" in found.findings.notes
    assert "val/cnn: 1 shares are no multiple of 1/5" in found.findings.notes
    assert not any("color" in note and "multiple" in note for note in found.findings.notes)


def test_examination(root: Path) -> None:
    told: list[tuple[str, int, int]] = []
    found = examine(root, deep=True, tell=lambda *each: told.append(each))
    assert ("labels", 17, 17) in told
    assert told[-1] == ("pictures", 17, 17)
    plain = found.as_dict()
    assert (plain["form"], plain["whole"], plain["deep"]) == ("BAPPS", True, True)
    triplets, pairs = plain["sets"]
    assert (pairs["kind"], pairs["rows"]) == ("pairs", 4)
    assert triplets["subsets"][1] == {
        "name": "val/cnn",
        "rows": 6,
        "references": None,
        "votes": [5],
        "answers": [0.0, 1.0],
        "sizes": [[8, 8]],
    }
