"""References at growing strengths."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from beholder.data.distortions import DISTORTIONS, Levels, not_farther, read_strengths, write_levels
from beholder.data.packs import Pack, open_pack
from beholder.data.photos import PHOTOS
from beholder.images import read_picture, save_picture
from beholder.spec import ShapeError, StoringError, UsageError


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("photos")
    for photo in PHOTOS[:5]:
        save_picture(photo.detail(90), folder / f"{photo.name}.png")
    save_picture(PHOTOS[5].detail(40), folder / "small.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEHOLDER_CACHE", str(tmp_path_factory.mktemp("cache")))
        return open_pack(folder)


def test_folders_and_record(pack: Pack, tmp_path: Path) -> None:
    levels = Levels(pack, "ghosting", (0.25, 0.5, 1), count=7, size=48, seed=3)
    told: list[tuple[int, int]] = []
    record = write_levels(levels, tmp_path / "new" / "ghosts", tell=lambda *now: told.append(now))
    assert (told[0], told[-1]) == ((0, 21), (21, 21))
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["ghosts"]
    place = tmp_path / "new" / "ghosts"
    assert {each.name for each in place.iterdir()} == {
        *("reference", "0.25", "0.5", "1", "levels.json", "levels.parquet")
    }
    for strength in (0.25, 0.5, 1):
        names = sorted(each.name for each in (place / f"{strength:g}").iterdir())
        assert names == [f"{index:06d}.png" for index in range(7)]
        found = read_picture(place / f"{strength:g}" / "000006.png").pixels * 255
        assert torch.equal(found.round().to(torch.uint8), levels.distort(6, strength))
    assert record.equals(pl.read_parquet(place / "levels.parquet"))
    row = record.row(6 * 3 + 1, named=True)
    plan = levels.plan(6)
    photograph = pack.pictures[plan.picture].name
    assert row | {"rms": 0} == {
        "reference": 6, "photograph": photograph, "top": plan.top, "left": plan.left, "size": 48, "strength": 0.5, "rms": 0,
    }  # fmt: skip
    difference = levels.distort(6, 0.5).double() - levels.reference(6).double()
    assert row["rms"] == pytest.approx(np.sqrt((difference.numpy() ** 2).mean()))
    manifest = json.loads((place / "levels.json").read_text())
    assert (manifest["distortion"], manifest["strengths"], manifest["seed"]) == (
        "ghosting",
        [0.25, 0.5, 1],
        3,
    )


def test_each_photograph_once_before_any_comes_twice(pack: Pack) -> None:
    assert Levels(pack, "jpeg", (0.1, 1)).left_out == 1
    assert len(Levels(pack, "jpeg", (0.1, 1))) == 5
    levels = Levels(pack, "jpeg", (0.1, 1), count=10)
    pictures = [levels.plan(index).picture for index in range(10)]
    assert pictures[:5] == pictures[5:]
    assert len(set(pictures)) == 5
    places = [(levels.plan(index).top, levels.plan(index).left) for index in range(10)]
    assert len(set(places)) > 8
    few = Levels(pack, "jpeg", (0.1, 1), count=2)
    assert [few.plan(index) for index in range(2)] == [levels.plan(index) for index in range(2)]
    assert [Levels(pack, "jpeg", (0.1, 1), seed=1).plan(i) for i in range(2)] != [
        few.plan(i) for i in range(2)
    ]
    with pytest.raises(IndexError):
        few.plan(2)


def test_nothing_changes_along_the_strengths_but_the_strength(pack: Pack) -> None:
    # Weak noise is the same field, whatever its strength; another reference has another one.
    levels = Levels(pack, "gaussian_white_noise", (0.1, 0.2), count=2)
    fields = [
        levels.distort(index, strength).double() - levels.reference(index).double()
        for index in (0, 1)
        for strength in (0.1, 0.2)
    ]

    def alike(one: int, other: int) -> float:
        return float(torch.corrcoef(torch.stack([fields[one].flatten(), fields[other].flatten()]))[0, 1])

    assert alike(0, 1) > 0.9
    assert alike(2, 3) > 0.9
    assert abs(alike(0, 2)) < 0.1


@pytest.mark.parametrize("name", [*DISTORTIONS, "contrast+jpeg"])
def test_stronger_is_farther(name: str, pack: Pack) -> None:
    strengths = read_strengths("0.05:1:8")
    levels = Levels(pack, name, strengths, count=5)
    rms = np.zeros((5, 8))
    for index in range(5):
        reference = levels.reference(index).double()
        for place, strength in enumerate(strengths):
            rms[index, place] = (levels.distort(index, strength).double() - reference).square().mean().sqrt()
    assert (np.diff(rms.mean(0)) > 0).all()


def test_pictures_of_which_stronger_is_no_farther_are_told() -> None:
    record = pl.DataFrame(
        {
            "reference": [2, 0, 0, 0, 1, 1, 1, 2, 2],
            "strength": [0.9, 0.9, 0.1, 0.5, 0.1, 0.5, 0.9, 0.1, 0.5],
            "rms": [1.0, 3.0, 1.0, 2.0, 2.0, 1.5, 1.0, 0.0, 1.0],
        }
    )
    assert not_farther(record).rows() == [(1, 0.1, 0.5), (2, 0.5, 0.9)]


@pytest.mark.parametrize(
    ("text", "log", "expected"),
    [
        ("0.1,0.25,1", False, (0.1, 0.25, 1)),
        ("0.05:1:3", False, (0.05, 0.525, 1)),
        ("0.01:1:3", True, (0.01, 0.1, 1)),
        ("0.1:1:4", False, (0.1, 0.4, 0.7, 1)),
        ("0.1:0.9:4", False, (0.1, 0.3667, 0.6333, 0.9)),
    ],
)
def test_strengths(text: str, log: bool, expected: tuple[float, ...]) -> None:
    assert read_strengths(text, log=log) == expected


@pytest.mark.parametrize(
    ("text", "log", "told"),
    [
        ("0.1", False, "found 1 strengths"),
        ("0.1:1:1", False, "found 1 strengths"),
        ("0.1:1:1000000000", False, "expected from 2 to 200"),
        ("0:1:5", True, "the strength is 0; expected numbers above 0"),
        ("0.5,1.5", False, "the strength is 1.5"),
        ("nan,1", False, "the strength is nan"),
        ("0.5,0.2", False, "0.5 and then 0.2"),
        ("0.50001,0.50002", False, "differ in 4 digits"),
        ("weak,strong", False, "such as 0.1,0.25,0.5"),
        ("0.1:1", False, "first:last:how many"),
        ("0.1,1", True, "to space them"),
    ],
)
def test_strengths_that_are_none(text: str, log: bool, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        read_strengths(text, log=log)


def test_what_is_impossible_is_refused(pack: Pack, tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match="none of 6 pictures is large enough"):
        Levels(pack, "jpeg", (0.1, 1), size=91)
    with pytest.raises(UsageError, match="count is 0"):
        Levels(pack, "jpeg", (0.1, 1), count=0)
    with pytest.raises(UsageError, match="no distortion 'blurr'"):
        Levels(pack, "blurr", (0.1, 1))
    levels = Levels(pack, "shift", (0.1, 1), count=1, size=16)
    (tmp_path / "there").mkdir()
    write_levels(levels, tmp_path / "there")
    with pytest.raises(UsageError, match="is there already"):
        write_levels(levels, tmp_path / "there")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is there already"):
        write_levels(levels, tmp_path / "file")
    with pytest.raises(StoringError, match="cannot be written to"):
        write_levels(levels, tmp_path / "file" / "levels")


def test_an_interruption_leaves_nothing(pack: Pack, tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_levels(Levels(pack, "shift", (0.1, 1), size=16), tmp_path / "levels", tell=interrupt)
    assert list(tmp_path.iterdir()) == []
