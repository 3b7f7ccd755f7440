"""Files in object storage: by address, as those on a disk."""

from __future__ import annotations

import contextlib
import logging
import pickle
import socket
import sys
from pathlib import Path

import fsspec
import numpy as np
import polars as pl
import pytest

from beholder.images import Pair, addresses, pair_paths, read_pairs, read_picture
from beholder.images.addresses import Address, as_file, list_files, locate, read_pieces
from beholder.spec import AddressError, BeholderError, MissingPackageError, PairingError, PictureError
from images.files import encode

PICTURE = encode(np.array([[0, 100], [200, 255]], dtype=np.uint8), "PNG")


def put(folder: str, names: list[str], data: bytes = b"") -> None:
    for name in names:
        with fsspec.open(f"{folder}/{name}", "wb") as file:
            file.write(data)


def test_a_list_is_copied_anew_where_it_is_unpacked() -> None:
    put("memory://lists", ["pairs.csv"], b"reference,distorted\na.png,b.png\n")
    packed = pickle.dumps(read_pairs("memory://lists/pairs.csv"))  # the copy goes with the list
    (pair,) = pickle.loads(packed).after(0)
    assert pair == Pair(Address("memory://lists/a.png"), Address("memory://lists/b.png"))


@pytest.mark.parametrize("given", ["s3://bucket/a.png", "gs://b", "memory://a", "foo+bar://x"])
def test_what_begins_with_a_protocol_is_an_address(given: str) -> None:
    file = as_file(given)
    assert isinstance(file, Address)
    assert file == given


@pytest.mark.parametrize("given", ["a.png", "a/b://c.png", "C:\\a.png", "c://a.png", "s3:/a.png", "://a"])
def test_all_else_is_a_path(given: str) -> None:
    assert as_file(given) == Path(given)


def test_an_address_has_of_a_path_what_is_asked_for() -> None:
    address = Address("s3://bucket/a//b.tar.png")
    assert (address.protocol, address.name, address.suffix) == ("s3", "b.tar.png", ".png")
    assert address.parent == "s3://bucket/a/"
    assert Address("s3://bucket/a/").name == "a"


@pytest.mark.parametrize(
    ("folder", "name", "expected"),
    [
        (Address("s3://b/lists"), "x/a.png", Address("s3://b/lists/x/a.png")),
        (Address("s3://b/lists"), "../x/./a.png", Address("s3://b/x/a.png")),
        (Address("s3://b/lists"), "x//a..b.png", Address("s3://b/lists/x//a..b.png")),
        (Address("s3://b/lists"), "gs://c/a.png", Address("gs://c/a.png")),
        (Address("s3://b/lists"), "/home/a.png", Path("/home/a.png")),
        (Path("lists"), "s3://b/a.png", Address("s3://b/a.png")),
        (Path("lists"), "x/a.png", Path("lists/x/a.png")),
        (Path("lists"), "/a.png", Path("/a.png")),
    ],
)
def test_a_list_tells_of_files_from_its_folder_on(folder: Path, name: str, expected: object) -> None:
    found = locate(folder, name)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 25])
def test_no_byte_is_lost_between_pieces(memory: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_PIECE", 10)
    data = bytes(range(size))
    put(memory, ["a"], data)
    pieces = list(read_pieces(Address(f"{memory}/a")))
    assert b"".join(pieces) == data
    assert len(pieces) == (1 if size < 10 else 2)


def test_a_picture_is_the_same_from_a_store(memory: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PICTURE)
    put(memory, ["a.png"], (tmp_path / "a.png").read_bytes())
    assert read_picture(f"{memory}/a.png").pixels.equal(read_picture(tmp_path / "a.png").pixels)


def test_of_what_is_no_picture_little_is_read(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_PIECE", 64)
    read: list[int | None] = []
    store = type(fsspec.filesystem("memory"))
    old = store.cat_file

    def count(self: object, path: str, start: int | None = None, end: int | None = None) -> bytes:
        read.append(end)
        return bytes(old(self, path, start, end))

    monkeypatch.setattr(store, "cat_file", count)
    put(memory, ["film.png"], b"no picture" * 100)
    with pytest.raises(PictureError, match=r"memory://folder/film\.png: found .*; expected a .* picture"):
        read_picture(f"{memory}/film.png")
    assert read == [64]


def test_folders_pair_by_name(memory: str, tmp_path: Path) -> None:
    put(memory, ["r/a10.png", "r/a2.png", "r/sub/x.jpg", "r/.hidden/x.png", "r/.x.png", "r/notes.txt"])
    put(memory, ["d/a2.webp", "d/a10.png", "d/sub/x.png"])
    for reference, distorted in (("r", "d/"), ("r/", "d")):
        found = pair_paths(f"{memory}/{reference}", f"{memory}/{distorted}").pairs
        assert found == tuple(
            Pair(Address(f"{memory}/r/{name}"), Address(f"{memory}/d/{other}"))
            for name, other in (("a2.png", "a2.webp"), ("a10.png", "a10.png"), ("sub/x.jpg", "sub/x.png"))
        )
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x.gif").touch()
    mixed = pair_paths(tmp_path, f"{memory}/d", allow_unmatched=True)
    assert mixed.pairs == (Pair(tmp_path / "sub" / "x.gif", Address(f"{memory}/d/sub/x.png")),)
    assert len(mixed.unmatched_distorted) == 2
    one = pair_paths(tmp_path / "sub" / "x.gif", f"{memory}/d", one_reference=True)
    assert len(one) == 3


def test_a_folder_without_pictures_is_told(memory: str) -> None:
    put(memory, ["r/notes.txt"])
    with pytest.raises(PairingError, match=r"^memory://folder/r: found no pictures"):
        pair_paths(f"{memory}/r", f"{memory}/r")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_list_may_lie_in_a_store(memory: str, tmp_path: Path, suffix: str) -> None:
    frame = pl.DataFrame(
        {"reference": ["a.png", "s3://b/a.png"], "distorted": ["../d/a.png", "/local/a.png"]}
    )
    frame.write_csv(tmp_path / "l.csv")
    frame.write_parquet(tmp_path / "l.parquet")
    put(memory, [f"lists/l.{suffix}"], (tmp_path / f"l.{suffix}").read_bytes())
    pairs = read_pairs(f"{memory}/lists/l.{suffix}")
    expected = [
        Pair(Address(f"{memory}/lists/a.png"), Address(f"{memory}/d/a.png")),
        Pair(Address("s3://b/a.png"), Path("/local/a.png")),
    ]
    assert list(pairs) == expected
    assert list(pairs.after(1)) == expected[1:]
    copy = pairs.file
    assert copy.exists()
    del pairs
    assert not copy.parent.exists()


def test_a_list_in_a_store_that_is_none_is_named(memory: str) -> None:
    put(memory, ["l.csv"], b"a,b\n")
    with pytest.raises(PairingError, match=r"^memory://folder/l\.csv, line 1: found the columns"):
        read_pairs(f"{memory}/l.csv")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("memory://folder/none.png", "found nothing of that name"),
        ("memory://folder/a\nb.png", "found nothing of that name"),
        ("http://127.0.0.1/a.png", "an address on the web; .* download it first"),
        ("https://127.0.0.1/a.png", "an address on the web"),
        ("file:///etc/passwd", "expected its path"),
        ("nonsense://a/b.png", "the protocol 'nonsense', which fsspec does not know"),
        ("zip://a.png::http://127.0.0.1/a.zip", "found an error of the store"),
    ],
)
def test_what_cannot_be_had_is_told_in_a_line(memory: str, address: str, words: str) -> None:
    with pytest.raises(PictureError, match=words) as told:
        read_picture(address)
    assert str(told.value).startswith(address if address.isprintable() else ascii(address))
    assert "\n" not in str(told.value)
    with pytest.raises(AddressError, match=words):
        pair_paths(address, address)


@pytest.mark.parametrize("protocol", ["s3", "gs"])
def test_a_package_that_is_missing_is_named(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, protocol, raising=False)
    for package in ("s3fs", "gcsfs"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=r"beholder\[storage\]" if protocol == "s3" else "gcsfs"):
        pair_paths(f"{protocol}://b/a.png", "b.png")


def test_s3_is_asked_no_more_than_needed(bucket: str, caplog: pytest.LogCaptureFixture) -> None:
    put(bucket, [f"r/{name}.png" for name in range(20)], PICTURE)
    # Some tools put this in for a folder.
    fsspec.filesystem("s3").call_s3("put_object", Bucket=bucket.partition("://")[2], Key="r/sub/", Body=b"")
    with caplog.at_level(logging.INFO, logger="werkzeug"):
        caplog.clear()
        files = list_files(Address(f"{bucket}/r/"))
        listed = [record.getMessage() for record in caplog.records]
        caplog.clear()
        read_picture(files[0][1])
        read = [record.getMessage() for record in caplog.records]
    assert len(files) == 20
    assert len(listed) == 1
    assert "list-type=2" in listed[0]
    assert len(read) == 1
    assert "GET" in read[0]


def test_what_is_added_to_a_folder_is_seen(bucket: str) -> None:
    put(bucket, ["r/a.png"])
    assert len(list_files(Address(f"{bucket}/r"))) == 1
    put(bucket, ["r/b.png"])
    assert len(list_files(Address(f"{bucket}/r"))) == 2


def test_an_empty_object_is_an_empty_file(bucket: str, tmp_path: Path) -> None:
    put(bucket, ["a.png"])
    (tmp_path / "a.png").touch()
    told = []
    for name in (f"{bucket}/a.png", tmp_path / "a.png"):
        with pytest.raises(PictureError) as error:
            read_picture(name)
        told.append(str(error.value).removeprefix(str(name)))
    assert told[0] == told[1]


def test_a_store_that_hangs_is_not_asked_for_ever(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setitem(fsspec.config.conf, "s3", {"config_kwargs": {"read_timeout": 0.2}})
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
        type(fsspec.filesystem("s3")).clear_instance_cache()
        with pytest.raises(PictureError, match=r"found no answer \(Read timeout"):
            read_picture(f"{bucket}/a.png")
        listener.settimeout(0.1)
        asked = 0
        with contextlib.suppress(TimeoutError):
            while True:
                listener.accept()[0].close()
                asked += 1
    assert 0 < asked <= 4


def test_what_s3_refuses_is_told_in_a_line(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(address: str) -> str:
        with pytest.raises(BeholderError) as told:
            read_picture(address)
        assert str(told.value).startswith(f"{address}: found ")
        assert "\n" not in str(told.value)
        return str(told.value)

    assert "key does not exist" in refused(f"{bucket}/none.png")
    assert "bucket does not exist" in refused("s3://no-such-bucket/a.png")
    kind = type(fsspec.filesystem("s3"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    kind.clear_instance_cache()
    assert "AWS_ENDPOINT_URL" in refused(f"{bucket}/a.png")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    kind.clear_instance_cache()
    assert "found no credentials" in refused(f"{bucket}/a.png")
