"""Triplets in BAPPS's folders."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import polars as pl
import pytest
import torch

from beholder.data.distortions import (
    Choice,
    Traditional,
    Triplets,
    triplet_folder,
    write_triplets,
)
from beholder.data.packs import Pack, open_pack
from beholder.data.photos import PHOTOS
from beholder.images import read_picture, save_picture
from beholder.spec import StoringError, UsageError


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("photos")
    for photo in PHOTOS[:2]:
        save_picture(photo.detail(90), folder / f"{photo.name}.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEHOLDER_CACHE", str(tmp_path_factory.mktemp("cache")))
        return open_pack(folder)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_folders_pictures_and_record(pack: Pack, tmp_path: Path) -> None:
    triplets = Triplets(pack, "traditional", 12, size=48, split="val")
    told: list[int] = []
    assert write_triplets(triplets, tmp_path, tell=told.append) == 12
    assert told == [0, 12]
    place = tmp_path / "2afc" / "val" / "traditional"
    assert place == triplet_folder(tmp_path, triplets)
    names = [f"{side}/{index:06d}.png" for side in ("ref", "p0", "p1") for index in range(12)]
    assert set(files(place)) == {*names, "distortions.parquet", "distortions.json"}
    assert not (place / "judge").exists()
    for index in (0, 11):
        for side, patch in triplets[index].items():
            found = read_picture(place / side / f"{index:06d}.png").pixels
            assert torch.equal(found, patch / 255)
    record = pl.read_parquet(place / "distortions.parquet")
    assert record["triplet"].to_list() == list(range(12))
    plan = triplets.plan(7)
    row = record.row(7, named=True)
    assert row["photograph"] == pack.pictures[plan.picture].name
    assert (row["top"], row["left"], row["size"]) == (plan.top, plan.left, 48)
    assert Choice(row["p1_name"], tuple(row["p1_strengths"])) == plan.choices[1]
    told_by_file = json.loads(pl.read_parquet_metadata(place / "distortions.parquet")["beholder"])
    assert told_by_file == json.loads((place / "distortions.json").read_text())
    assert (told_by_file["seed"], told_by_file["split"], told_by_file["triplets"]) == (0, "val", 12)


class Interrupting(Traditional):
    """Breaks off at a triplet, as Ctrl-C does."""

    left = 30

    def apply(self, choice: Choice, patch: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().apply(choice, patch, draw)


def test_it_goes_on_after_an_interruption_and_processes_make_the_same(pack: Pack, tmp_path: Path) -> None:
    broken = Triplets(pack, Interrupting(), 60, size=32)
    with pytest.raises(KeyboardInterrupt):
        write_triplets(broken, tmp_path / "a", workers=1)
    place = triplet_folder(tmp_path / "a", broken)
    (place / "p1" / ".partial-000020.png").write_bytes(b"half")
    (place / "p0" / "000003.png").unlink()
    whole = Triplets(pack, "traditional", 60, size=32)
    first: list[int] = []
    assert write_triplets(whole, tmp_path / "a", workers=2, tell=first.append) == 46
    assert first[0] == 14
    assert write_triplets(whole, tmp_path / "b", workers=1) == 60
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert write_triplets(whole, tmp_path / "a") == 0


def test_nothing_else_is_written_over(pack: Pack, tmp_path: Path) -> None:
    triplets = Triplets(pack, "traditional", 2, size=32)
    write_triplets(triplets, tmp_path)
    with pytest.raises(UsageError, match=r"holds other triplets: seed 0, not 1\. Ask for the same"):
        write_triplets(Triplets(pack, "traditional", 2, size=32, seed=1), tmp_path)
    place = triplet_folder(tmp_path / "other", triplets)
    (place / "ref").mkdir(parents=True)
    with pytest.raises(UsageError, match="is not empty"):
        write_triplets(triplets, tmp_path / "other")
    (place / "ref").rmdir()
    (place / "distortions.json").write_text("{")
    with pytest.raises(UsageError, match=r"distortions\.json: is damaged"):
        write_triplets(triplets, tmp_path / "other")


def test_one_process_at_a_time(pack: Pack, tmp_path: Path) -> None:
    triplets = Triplets(pack, "traditional", 2, size=32)

    def meanwhile(done: int) -> None:
        with pytest.raises(UsageError, match="another process writes triplets there"):
            write_triplets(triplets, tmp_path)

    write_triplets(triplets, tmp_path, tell=meanwhile)


class Deadly(Traditional):
    """Kills its process."""

    def apply(self, choice: Choice, patch: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def test_a_killed_process_is_an_error(pack: Pack, tmp_path: Path) -> None:
    with pytest.raises(StoringError, match="was killed"):
        write_triplets(Triplets(pack, Deadly(), 2, size=32), tmp_path, workers=2)


def test_what_cannot_be_written_is_an_error(pack: Pack, tmp_path: Path) -> None:
    (tmp_path / "2afc").write_text("a file")
    with pytest.raises(StoringError, match="cannot be written to"):
        write_triplets(Triplets(pack, "traditional", 2, size=32), tmp_path)
