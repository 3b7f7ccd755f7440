"""Pairs and photographs out of the data sets of other libraries."""

from __future__ import annotations

import io
import pickle
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

import beholder
from beholder.data.packs import open_pack
from beholder.data.samples import DatasetPictures, sample_pairs
from beholder.images import decode_picture, eight_bit, read_pairs
from beholder.images.held import HeldFile
from beholder.spec import PairingError, PictureError
from shards import picture, write_pairs, write_shard


@pytest.fixture
def datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it imports
        library = pytest.importorskip("datasets", reason="datasets is not installed")
    monkeypatch.setattr(library.config, "HF_DATASETS_CACHE", tmp_path / "hf")
    monkeypatch.setattr(library.config, "HF_HUB_OFFLINE", True)
    library.disable_progress_bars()
    return library


@pytest.fixture(autouse=True)
def _packs_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHOLDER_CACHE", str(tmp_path / "cache" / "weights"))


def mse(reference: bytes, distorted: bytes) -> float:
    y, x = (decode_picture(data, "x").pixels for data in (reference, distorted))
    return (x - y).square().mean().item()


def test_bytes_are_read_as_files_are() -> None:
    files = [(picture(i), picture(i + 9, "JPEG")) for i in range(3)]
    samples = [{"reference": y, "distorted": x, "note": "passed over"} for y, x in files]
    rows = list(beholder.score_iter(sample_pairs(samples), ["mse"]))
    assert [row["mse"] for row in rows] == pytest.approx([mse(*pair) for pair in files], rel=1e-5)
    assert rows[2]["reference"] == "sample[2].reference"
    assert beholder.score(sample_pairs(samples), ["mse"])["mse"].to_list() == [row["mse"] for row in rows]


def test_files_of_one_name_are_told_apart_by_their_bytes() -> None:
    one, other = HeldFile("sample[0].reference", b"1"), HeldFile("sample[0].reference", b"2")
    assert one != other
    assert one == HeldFile(str(one), b"1")
    assert one != str(one)
    assert len({one, other, HeldFile(str(one), b"1")}) == 2
    copied = pickle.loads(pickle.dumps(one))
    assert (copied, copied.data) == (one, b"1")
    first, second = ([{"reference": picture(i), "distorted": picture(0)}] for i in (0, 1))
    scores = beholder.score([*sample_pairs(first), *sample_pairs(second)], ["mse"])["mse"]
    assert scores[0] == 0
    assert scores[1] > 0


def test_paths_and_failures(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture(1))
    samples: list[dict[str, Any]] = [
        {"reference": str(tmp_path / "a.png"), "distorted": {"bytes": picture(1), "path": None}},
        {"reference": {"bytes": None, "path": str(tmp_path / "a.png")}, "distorted": picture(1)[:300]},
    ]
    rows = list(beholder.score_iter(sample_pairs(samples), ["mse"]))
    assert rows[0]["mse"] == 0
    assert "sample[1].distorted: found truncated" in rows[1]["error"]


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        ([{"ref": b""}], r"sample\[0\]: found the fields ref; expected 'reference'"),
        (
            [{"reference": b"", "distorted": None}],
            r"sample\[0\]\.distorted: found a NoneType; expected the bytes",
        ),
        ([{"reference": torch.zeros(3), "distorted": b""}], "found a Tensor; .*without .decode"),
        ([{"__key__": "7", "reference.png": b""}], "7: found the fields reference.png; expected 'distorted'"),
        ({"train": []}, r"found a str; .*dataset\['train'\]"),
    ],
)
def test_samples_that_are_no_pairs(samples: Any, told: str) -> None:
    with pytest.raises(PairingError, match=told):
        list(sample_pairs(samples))


@pytest.fixture
def webdataset() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it imports, and of files that it leaves to the collector
        yield pytest.importorskip("webdataset", reason="webdataset is not installed")


def test_webdataset_gives_what_shards_are_read_for(webdataset: Any, tmp_path: Path) -> None:
    files = write_pairs(tmp_path, 2, 1)
    pattern = str(tmp_path / "pairs-{00..01}.tar")
    pairs = list(sample_pairs(webdataset.WebDataset(pattern, shardshuffle=False)))
    assert [(pair.reference.data, pair.distorted.data) for pair in pairs] == files  # type: ignore[union-attr]
    assert [str(pair.reference) for pair in pairs] == [str(pair.reference) for pair in read_pairs(pattern)]
    with pytest.raises(PairingError, match=r"pairs-00\.tar/0000\.reference\.png: found a .*without \.decode"):
        list(sample_pairs(webdataset.WebDataset(pattern, shardshuffle=False).decode("pil")))


def test_shards_that_webdataset_writes_are_read(webdataset: Any, tmp_path: Path) -> None:
    with webdataset.TarWriter(str(tmp_path / "a.tar")) as shard:
        shard.write({"__key__": "x/1", "reference.png": picture(1), "distorted.png": picture(1)})
    (row,) = beholder.score_iter(read_pairs(tmp_path / "a.tar"), ["mse"])
    assert row["mse"] == 0


def test_columns_of_pictures_are_taken_undecoded(datasets: Any, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "b.jpg").write_bytes(picture(2, "JPEG", exif=exif))
    deep = io.BytesIO()
    Image.new("I;16", (24, 24), 30000).save(deep, "PNG")
    pairs = [(picture(1), picture(2)), (deep.getvalue(), str(tmp_path / "b.jpg"))]
    table = {
        "clean": [{"bytes": y} for y, _ in pairs],
        "jpeg": [{"bytes": pairs[0][1]}, {"path": pairs[1][1]}],
    }
    columns = datasets.Features({"clean": datasets.Image(), "jpeg": datasets.Image()})
    data = datasets.Dataset.from_dict(table, features=columns, split="train")
    names = {"reference": "clean", "distorted": "jpeg"}
    expected = [mse(*pairs[0]), mse(pairs[1][0], (tmp_path / "b.jpg").read_bytes())]
    for form in (data, data.with_format("torch"), data.to_iterable_dataset()):
        rows = list(beholder.score_iter(sample_pairs(form, **names), ["mse"]))
        assert [row["mse"] for row in rows] == pytest.approx(expected, rel=1e-5)
    assert str(next(sample_pairs(data, **names)).reference) == "train[0].clean"
    with pytest.raises(PairingError, match=r"train\[0\]: found the fields clean, jpeg; expected 'reference'"):
        list(sample_pairs(data))
    with pytest.raises(PairingError, match=r"dataset\['train'\]"):
        list(sample_pairs(datasets.DatasetDict(train=data)))


def test_photographs_of_a_data_set(datasets: Any, tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(picture(2))
    cells = [{"bytes": picture(1)}, {"path": str(tmp_path / "b.png")}]
    columns = datasets.Features({"image": datasets.Image()})
    data = datasets.Dataset.from_dict({"image": cells}, features=columns, split="train")
    pack = open_pack(DatasetPictures(data))
    assert [each.name for each in pack.pictures] == ["train[0].image", "train[1].image"]
    for place in range(2):
        levels = eight_bit(decode_picture(picture(place + 1), "x").pixels)
        assert torch.equal(pack.picture(place), torch.from_numpy(levels).permute(2, 0, 1))
    assert open_pack(DatasetPictures(data)).folder == pack.folder
    assert open_pack(DatasetPictures(data.select([1]))).folder != pack.folder
    with pytest.raises(PictureError, match="with the columns image; expected pictures under 'photo'"):
        DatasetPictures(data, "photo")
    with pytest.raises(PictureError, match=r"expected a datasets\.Dataset: one split"):
        DatasetPictures(data.to_iterable_dataset())
    damaged = datasets.Dataset.from_dict({"image": [{"bytes": b"no picture"}]}, features=columns)
    with pytest.raises(PictureError, match=r"sample\[0\]\.image: found"):
        open_pack(DatasetPictures(damaged))


def test_photographs_of_shards(tmp_path: Path) -> None:
    for shard in range(2):
        write_shard(tmp_path / f"p-{shard}.tar", {f"{i}.png": picture(3 * shard + i) for i in range(3)})
    pack = open_pack(tmp_path / "p-{0..1}.tar")
    assert [each.name for each in pack.pictures[2:4]] == ["p-0.tar/2.png", "p-1.tar/0.png"]
    for place in range(6):
        levels = eight_bit(decode_picture(picture(place), "x").pixels)
        assert torch.equal(pack.picture(place), torch.from_numpy(levels).permute(2, 0, 1))
    chosen = open_pack([tmp_path / "p-1.tar" / "1.png"])
    assert torch.equal(chosen.picture(0), pack.picture(4))
    with pytest.raises(PictureError, match=r"p-2\.tar: found no such folder or archive"):
        open_pack(tmp_path / "p-{1..2}.tar")
