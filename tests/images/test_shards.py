"""Pairs in the shards of a WebDataset, read where they lie."""

from __future__ import annotations

import gzip
import pickle
from pathlib import Path

import pytest
import torch

import beholder
from beholder.images import Pair, decode_picture, pair_paths, read_pairs, read_picture
from beholder.images.archives import expand_braces, list_members
from beholder.images.shards import ShardList
from beholder.spec import PairingError, PictureError
from shards import picture, write_pairs, write_shard


def test_a_member_is_read_like_a_file(tmp_path: Path) -> None:
    # Turned by EXIF: what a file's reader sees to, a bare decoder does not.
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    turned = picture(1, "JPEG", exif=exif)
    shard = write_shard(tmp_path / "a.tar", {"./sub/x.jpg": turned, "long" * 60 + ".png": picture(2)})
    read = read_picture(shard / "sub/x.jpg")
    assert torch.equal(read.pixels, decode_picture(turned, "x").pixels)
    assert read.notes == ("turned upright, from EXIF orientation 6",)
    other = read_picture(f"{shard}/{'long' * 60}.png")
    assert torch.equal(other.pixels, decode_picture(picture(2), "x").pixels)


def test_members_pair_like_files(tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "a.tar", {"x.png": picture(1), "y.png": picture(2)})
    assert pair_paths(shard / "x.png", shard / "y.png").pairs == (Pair(shard / "x.png", shard / "y.png"),)
    (tmp_path / "tries").mkdir()
    (tmp_path / "tries" / "1.png").write_bytes(picture(3))
    (pair,) = pair_paths(shard / "x.png", tmp_path / "tries", one_reference=True).pairs
    assert pair.reference == shard / "x.png"
    with pytest.raises(PictureError, match=r"found no 'z\.png' in the archive"):
        pair_paths(shard / "x.png", shard / "z.png")


def test_what_is_wrong_within_an_archive_is_told_by_its_name(tmp_path: Path) -> None:
    shard = write_shard(
        tmp_path / "a.tar", {"cut.png": picture(1)[:300], "text.png": b"no picture", "e.png": b""}
    )
    with pytest.raises(PictureError, match=r"a\.tar/cut\.png: found truncated"):
        read_picture(shard / "cut.png")
    with pytest.raises(PictureError, match=r"a\.tar/text\.png: found .*expected a"):
        read_picture(shard / "text.png")
    with pytest.raises(PictureError, match=r"a\.tar/e\.png: found an empty file"):
        read_picture(shard / "e.png")
    with pytest.raises(PictureError, match=r"found no 'no\.png' in the archive"):
        read_picture(shard / "no.png")
    with pytest.raises(PictureError, match="no such file"):
        read_picture(tmp_path / "b.tar" / "no.png")
    (tmp_path / "notes.txt").write_text("no archive")
    with pytest.raises(PictureError, match=r"notes\.txt/x\.png"):
        read_picture(tmp_path / "notes.txt" / "x.png")


def test_an_archive_that_changes_is_looked_through_anew(tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "a.tar", {"x.png": picture(1)})
    assert list(list_members(shard)) == ["x.png"]
    write_shard(shard, {"y.png": picture(1, side=40)})
    assert list(list_members(shard)) == ["y.png"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a.tar", ["a.tar"]),
        ("a-{08..10}.tar", ["a-08.tar", "a-09.tar", "a-10.tar"]),
        ("a-{8..10}", ["a-8", "a-9", "a-10"]),
        ("{2..1}{x,y}", ["2x", "2y", "1x", "1y"]),
        ("a{}b", ["a{}b"]),
    ],
)
def test_patterns(pattern: str, names: list[str]) -> None:
    assert expand_braces(pattern) == names


def test_pairs_of_shards(tmp_path: Path) -> None:
    files = write_pairs(tmp_path, 3, 0, 2)
    pairs = read_pairs(tmp_path / "pairs-{00..02}.tar")
    assert len(pairs) == 5
    listed = list(pairs)
    assert listed[3].reference == tmp_path / "pairs-02.tar" / "0003.reference.png"
    assert listed[3].distorted == tmp_path / "pairs-02.tar" / "0003.distorted.jpg"
    for count in (0, 2, 3, 4, 5):
        assert list(pairs.after(count)) == listed[count:]
    assert list(pickle.loads(pickle.dumps(pairs))) == listed
    frame = beholder.score(pairs, ["mse"])
    expected = []
    for reference, distorted in files:
        y, x = (decode_picture(data, "x").pixels for data in (reference, distorted))
        expected.append((x - y).square().mean().item())
    assert frame["mse"].to_list() == pytest.approx(expected, rel=1e-5)
    assert frame["reference"].to_list() == [str(pair.reference) for pair in listed]


def test_a_picture_that_is_damaged_fails_its_row(tmp_path: Path) -> None:
    members = {"a.reference.png": picture(1), "a.distorted.png": picture(2)[:400]}
    members |= {"b.reference.png": picture(3), "b.distorted.png": picture(3)}
    write_shard(tmp_path / "p.tar", members)
    rows = list(beholder.score_iter(read_pairs(tmp_path / "p.tar"), ["mse"]))
    assert "p.tar/a.distorted.png: found truncated or damaged PNG" in rows[0]["error"]
    assert rows[1]["mse"] == 0


def test_other_fields(tmp_path: Path) -> None:
    members = {
        "s/1.png": picture(1),
        "s/1.jpg": picture(2),
        "s/1.jpg.old": b"",
        "__meta__.json": b"{}",
        "s/._1.png": b"",
    }
    shard = write_shard(tmp_path / "a.tar", members)
    (pair,) = ShardList([shard], reference="png", distorted="jpg")
    assert (pair.reference, pair.distorted) == (shard / "s/1.png", shard / "s/1.jpg")


@pytest.mark.parametrize(
    ("members", "told"),
    [
        (
            {"1.ref.png": b"", "1.distorted.png": b""},
            r"a\.tar, sample 1: found the fields ref\.png, dis.*'reference'",
        ),
        (
            {"d/7.reference.png": b"", "d/7.reference.jpg": b"", "d/7.distorted.png": b""},
            "sample d/7: .* once",
        ),
        ({"README": b""}, "found no samples"),
    ],
)
def test_samples_that_are_no_pairs(members: dict[str, bytes], told: str, tmp_path: Path) -> None:
    with pytest.raises(PairingError, match=told):
        ShardList(write_shard(tmp_path / "a.tar", members))


def test_archives_that_are_none(tmp_path: Path) -> None:
    shard = write_shard(tmp_path / "a.tar", {"1.reference.png": picture(1), "1.distorted.png": picture(1)})
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(shard.read_bytes()))
    with pytest.raises(PairingError, match=r"a\.tar\.gz: found no tar archive.*not compressed"):
        read_pairs(tmp_path / "a.tar.gz")
    (tmp_path / "cut.tar").write_bytes(shard.read_bytes()[:900])
    with pytest.raises(PairingError, match=r"cut\.tar: found no tar archive"):
        read_pairs(tmp_path / "cut.tar")
    with pytest.raises(PairingError, match=r"b-1\.tar: found no tar archive"):
        read_pairs(tmp_path / "b-{1..2}.tar")
    with pytest.raises(PairingError, match=r"s3://bucket/a\.tar: found an address"):
        read_pairs("s3://bucket/a.tar")
