"""Pictures and results in object storage."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pytest
from torch import Tensor

import beholder
from beholder.data.degradations import add_noise
from beholder.images import save_picture
from beholder.images.addresses import Address
from beholder.scoring import ScoreTable
from beholder.scoring.storing import check_address, parts_folder, writing
from beholder.spec import AddressError, UsageError


def names(folder: str) -> list[str]:
    return sorted(Path(name).name for name in fsspec.filesystem("memory").find(folder))


@pytest.fixture
def table() -> ScoreTable:
    provenance = {"metrics": {"psnr": {"direction": "higher", "best": None}}}
    row = {"reference": "s3://b/a.png", "distorted": "b.png", "psnr": 30.5, "error": None}
    return ScoreTable.from_rows([row], provenance)


def test_scores_are_those_of_files_on_a_disk(memory: str, photos: Tensor, tmp_path: Path) -> None:
    for name, picture in (("r.png", photos[0]), ("d.png", add_noise(photos[0], 0.1, seed=0))):
        save_picture(picture, tmp_path / name)
        with fsspec.open(f"{memory}/{name}", "wb") as file:
            file.write((tmp_path / name).read_bytes())
    near, far = (str(tmp_path / name) for name in ("r.png", "d.png"))
    pairs = [(near, far), (f"{memory}/r.png", f"{memory}/d.png"), (near, f"{memory}/none.png")]
    frame = beholder.score(pairs, ["ssim", "psnr"])
    assert frame.row(0)[2:] == frame.row(1)[2:]
    assert frame.row(1)[:2] == pairs[1]
    assert frame["error"].to_list()[:2] == [None, None]
    assert frame["error"][2].startswith(f"{memory}/none.png: found nothing of that name")
    assert frame["ssim"].null_count() == 1


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_a_table_in_a_store_is_the_same_again(memory: str, table: ScoreTable, suffix: str) -> None:
    table.save(f"{memory}/scores.{suffix}")
    loaded = ScoreTable.load(f"{memory}/scores.{suffix}")
    assert loaded.frame.equals(table.frame)
    assert loaded.provenance == table.provenance
    beside = [] if suffix == "parquet" else [f"scores.{suffix}.provenance.json"]
    assert names(memory) == [f"scores.{suffix}", *beside]


def test_a_table_in_no_known_format_is_refused(memory: str, table: ScoreTable) -> None:
    with pytest.raises(UsageError, match=r"^memory://folder/scores\.xlsx: the ending"):
        table.save(f"{memory}/scores.xlsx")
    with fsspec.open(f"{memory}/bad.parquet", "wb") as file:
        file.write(b"no table")
    with pytest.raises(UsageError, match=r"^memory://folder/bad\.parquet: cannot be read as a table"):
        ScoreTable.load(f"{memory}/bad.parquet")


def test_a_table_that_is_not_there_is_told(memory: str) -> None:
    with pytest.raises(AddressError, match=r"^memory://folder/none\.csv: found nothing of that name"):
        ScoreTable.load(f"{memory}/none.csv")


def test_nothing_that_is_half_written_is_uploaded(memory: str, tmp_path: Path) -> None:
    def write() -> None:
        with writing(Address(f"{memory}/page.html"), tmp_path) as file:
            file.write_text("half")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        write()
    assert names(memory) == []


def test_an_address_that_takes_files_is_left_as_it_was(memory: str) -> None:
    check_address(Address(f"{memory}/scores.parquet"))
    assert names(memory) == []


@pytest.mark.parametrize(
    ("address", "words"),
    [("memory://folder/", "found a folder"), ("http://127.0.0.1/scores.csv", "on the web")],
)
def test_an_address_that_takes_no_files_is_refused(address: str, words: str) -> None:
    with pytest.raises(AddressError, match=words):
        check_address(Address(address))


def test_a_bucket_that_is_not_there_is_not_made(bucket: str) -> None:
    for address in ("s3://no-such-bucket/scores.parquet", "s3://no-such-bucket/deep/scores.parquet"):
        with pytest.raises(AddressError, match="bucket does not exist"):
            check_address(Address(address))
    assert not fsspec.filesystem("s3").exists("no-such-bucket")


def test_rows_of_an_address_have_one_folder_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEHOLDER_CACHE", str(tmp_path))
    folder = parts_folder(Address("s3://b/scores.parquet"))
    assert folder.parent == tmp_path / "runs"
    assert folder == parts_folder(Address("s3://b/scores.parquet"))
    assert folder != parts_folder(Address("s3://c/scores.parquet"))
    assert parts_folder(tmp_path / "scores.csv") == tmp_path / "scores.csv.parts"
    (tmp_path / "link.csv").symlink_to(tmp_path / "deep" / "scores.csv")
    assert parts_folder(tmp_path / "link.csv") == tmp_path / "deep" / "scores.csv.parts"
