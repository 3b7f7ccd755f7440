"""The Parquet form: there and back without loss, in bounded memory."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import polars as pl
import pytest

from beholder.data.judged import (
    JndPair,
    PictureFile,
    Triplet,
    examine,
    open_judgements,
    packing,
    unpack_judgements,
    write_judgements,
)
from beholder.data.judged.packed import METADATA_KEY
from beholder.spec import PictureError, StoringError, UsageError
from judged_sets import encoded, make_bapps, make_kadid10k, make_tid2013, put


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("kind", ["<f4", "<f8"])
def test_bapps_there_and_back(tmp_path: Path, kind: str) -> None:
    root = make_bapps(tmp_path / "dataset", kind, train_mix=3, val_cnn=6)
    triplets = open_judgements(root)
    told: list[int] = []
    assert write_judgements(triplets, tmp_path / "packed.parquet", tell=told.append) == 9
    assert told[-1] == 9
    packed = open_judgements(tmp_path / "packed.parquet")
    assert packed.subsets == triplets.subsets
    assert (packed.answers == triplets.answers).all()
    assert (packed.columns["votes"] == triplets.columns["votes"]).all()
    assert (packed.groups() == triplets.groups()).all()
    assert unpack_judgements(packed, tmp_path / "again") == 9
    assert contents(tmp_path / "again") == contents(root)


def test_jnd_there_and_back(tmp_path: Path) -> None:
    root = make_bapps(tmp_path / "dataset", jnd_cnn=4, jnd_traditional=2)
    write_judgements(open_judgements(root), tmp_path / "packed.parquet")
    packed = open_judgements(tmp_path / "packed.parquet")
    assert isinstance(packed[0], JndPair)
    unpack_judgements(packed, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(root)


def test_a_row_of_a_packed_set(tmp_path: Path) -> None:
    root = make_bapps(tmp_path / "dataset", val_cnn=6)
    write_judgements(open_judgements(root), tmp_path / "packed.parquet")
    packed = open_judgements(tmp_path / "packed.parquet")
    row = packed[3]
    assert isinstance(row, Triplet)
    assert row.p1.encoded() == (root / "2afc/val/cnn/p1/000003.png").read_bytes()
    assert row.p1.name == f"{tmp_path}/packed.parquet, row 4, p1"
    assert (row.judge, row.votes, row.subset) == (0.6, 5, "val/cnn")
    assert row.group == open_judgements(root)[3].group
    assert packed.pictures(3)[0].shape == (3, 8, 8)
    assert pickle.loads(pickle.dumps(packed))[3] == row
    assert [each.judge for each in packed if isinstance(each, Triplet)] == packed.answers.tolist()
    assert examine(tmp_path / "packed.parquet", deep=True).whole


def test_rows_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_bapps(tmp_path / "dataset", val_cnn=10)
    monkeypatch.setattr(packing, "_GROUP_BYTES", 3 * 3 * len(encoded(1)))
    write_judgements(open_judgements(root), tmp_path / "packed.parquet")
    parquet = pytest.importorskip("pyarrow.parquet")
    metadata = parquet.read_metadata(tmp_path / "packed.parquet")
    assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == [3, 3, 3, 1]
    packed = open_judgements(tmp_path / "packed.parquet")
    for place in (9, 0, 5, 2, 3):
        (file, *_) = packed.files(place)
        assert file.data == (root / f"2afc/val/cnn/ref/{place:06d}.png").read_bytes()
        assert packed._read[1].height <= 3  # type: ignore[attr-defined]


def test_paths_beside_the_table(tmp_path: Path) -> None:
    root = make_bapps(tmp_path / "dataset", val_cnn=4)
    for table in (root / "table.parquet", tmp_path / "tables/table.parquet"):
        write_judgements(open_judgements(root), table, pictures="paths")
        packed = open_judgements(table)
        assert packed[2].pictures[0].encoded() == (root / "2afc/val/cnn/ref/000002.png").read_bytes()
    assert pl.read_parquet(root / "table.parquet")["p0"][1] == "2afc/val/cnn/p0/000001.png"
    (root / "2afc/val/cnn/p0/000001.png").unlink()
    for table in (root / "table.parquet", tmp_path / "tables/table.parquet"):
        with pytest.raises(UsageError, match="no such file"):
            open_judgements(table)
        assert len(examine(table).sets[0]) == 3


def test_rows_of_our_own(tmp_path: Path) -> None:
    picture = PictureFile.at(put(tmp_path / "a.png", encoded(1)))
    in_memory = PictureFile("made", data=encoded(2))
    row = Triplet(
        reference=picture, p0=in_memory, p1=picture, judge=0.25, votes=4, distortion0="blur", named_group="a"
    )
    write_judgements([row] * 3, tmp_path / "mine.parquet")
    (read, *_) = open_judgements(tmp_path / "mine.parquet")
    assert isinstance(read, Triplet)
    assert (read.judge, read.votes, read.distortion0, read.distortion1) == (0.25, 4, "blur", None)
    assert (read.group, read.subset, read.p0.data) == ("a", None, encoded(2))
    with pytest.raises(UsageError, match="made: has no file"):
        write_judgements([row], tmp_path / "mine.parquet", pictures="paths")
    pair = JndPair(p0=picture, p1=picture, same=1)
    with pytest.raises(UsageError, match="rows of several kinds"):
        write_judgements([row, pair], tmp_path / "other.parquet")
    with pytest.raises(UsageError, match="no rows"):
        write_judgements([], tmp_path / "other.parquet")
    gone = Triplet(reference=picture, p0=PictureFile.at(tmp_path / "gone.png"), p1=picture, judge=0)
    with pytest.raises(PictureError, match=r"gone\.png"):
        write_judgements([row, gone], tmp_path / "other.parquet")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.png", "mine.parquet"]
    with pytest.raises(StoringError, match="cannot be written"):
        write_judgements([row], tmp_path / "a.png/mine.parquet")


def test_ratings_keep_their_direction(tmp_path: Path) -> None:
    ratings = open_judgements(make_kadid10k(tmp_path / "kadid"))
    write_judgements(ratings, tmp_path / "kadid.parquet")
    packed = open_judgements(tmp_path / "kadid.parquet")
    assert packed.better == "higher"
    for name in ("opinion", "distortion", "level", "standard_error", "group"):
        assert packed.columns[name].tolist() == ratings.columns[name].tolist()
    with pytest.raises(UsageError, match="holds ratings"):
        unpack_judgements(packed, tmp_path / "again")
    frame = pl.read_parquet(tmp_path / "kadid.parquet")
    frame.write_parquet(tmp_path / "bare.parquet")
    with pytest.raises(UsageError, match="higher or a lower opinion"):
        open_judgements(tmp_path / "bare.parquet")
    told = {METADATA_KEY: json.dumps({"better": "lower"})}
    frame.write_parquet(tmp_path / "told.parquet", metadata=told)
    assert open_judgements(tmp_path / "told.parquet").better == "lower"


def table(path: Path, **columns: object) -> Path:
    whole = {
        "reference": [encoded(1)] * 2,
        "p0": [encoded(2)] * 2,
        "p1": [encoded(3)] * 2,
        "judge": [0.0, 0.5],
    }
    kept = {name: column for name, column in (whole | columns).items() if column is not None}
    pl.DataFrame(kept).write_parquet(path)
    return path


def test_tables_of_others(tmp_path: Path) -> None:
    file = tmp_path / "table.parquet"
    assert open_judgements(table(file))[1].pictures[2].data == encoded(3)
    assert open_judgements(table(file, judge=[0, 1], votes=[1, None], subset=["a", None])).subsets == (
        "a",
        "",
    )
    assert open_judgements(file)[1].votes is None  # type: ignore[union-attr]
    for columns, found in (
        ({"judge": None}, "found the columns reference, p0, p1"),
        ({"judge": ["a", "b"]}, "found String under judge"),
        ({"p0": ["a.png", "b.png"]}, "expected paths"),
        ({"p0": [1, 2]}, "Int64"),
        ({"judge": [0.0, 1.5]}, r"row 2"),
        ({"judge": [0.0, None]}, r"row 2"),
        ({"reference": ["a", None], "p0": ["a", "a"], "p1": ["a", "a"]}, "nothing in place of a path"),
        ({"reference": [], "p0": [], "p1": [], "judge": []}, "expected|no rows"),
    ):
        with pytest.raises(UsageError, match=found):
            open_judgements(table(file, **columns))


def test_a_cell_without_a_picture(tmp_path: Path) -> None:
    file = table(tmp_path / "table.parquet", p1=[encoded(3), None])
    assert examine(file).whole  # the pictures' columns are not read
    (problem,) = examine(file, deep=True).findings.problems
    assert (problem.found, problem.files) == ("an empty file (zero bytes)", [f"{file}, row 2, p1"])
    with pytest.raises(PictureError, match="row 2, p1"):
        open_judgements(file).pictures(1)


@pytest.mark.parametrize("told", ["[]", '{"rows_per_group": "many"}', '{"rows_per_group": 0}'])
def test_odd_metadata(tmp_path: Path, told: str) -> None:
    table(tmp_path / "table.parquet")
    frame = pl.read_parquet(tmp_path / "table.parquet")
    frame.write_parquet(tmp_path / "told.parquet", metadata={METADATA_KEY: told})
    assert open_judgements(tmp_path / "told.parquet")[1].pictures[0].data == encoded(1)


def test_a_broken_file(tmp_path: Path) -> None:
    file = table(tmp_path / "table.parquet")
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(UsageError, match="cannot be read"):
        open_judgements(file)


def test_unpacking_is_refused(tmp_path: Path) -> None:
    evil = open_judgements(table(tmp_path / "t.parquet", subset=["../../up"] * 2))
    with pytest.raises(UsageError, match="cannot be a folder's name"):
        unpack_judgements(evil, tmp_path / "again")
    named = open_judgements(table(tmp_path / "t.parquet", name=["../x", "y"], subset=["a"] * 2))
    assert unpack_judgements(named, tmp_path / "numbered") == 2
    assert (tmp_path / "numbered/2afc/a/p0/000001.png").is_file()
    with pytest.raises(UsageError, match="not an empty folder"):
        unpack_judgements(named, tmp_path / "numbered")
    photos = open_judgements(table(tmp_path / "t.parquet", p0=[encoded(1, kind="JPEG")] * 2))
    with pytest.raises(PictureError, match="is no PNG"):
        unpack_judgements(photos, tmp_path / "photos")


def test_other_sets_are_packed_too(tmp_path: Path) -> None:
    tid = open_judgements(make_tid2013(tmp_path / "tid"))
    write_judgements(tid, tmp_path / "tid.parquet")
    assert open_judgements(tmp_path / "tid.parquet")[3].pictures[1].data == tid[3].pictures[1].encoded()
