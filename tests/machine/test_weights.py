"""The cache of weights as the doctor sees it."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from beholder.backbones.cache import cache_folder
from beholder.backbones.cards import CARDS
from beholder.machine.weights import examine_weights


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which the weights of LPIPS on SqueezeNet are good, those of AlexNet damaged, and all else missing."""
    good = cache_folder() / "lpips_squeeze_lin_v0.1"
    shutil.copytree(good, tmp_path / "cache" / "weights" / good.name)
    damaged = tmp_path / "cache" / "weights" / "alexnet" / CARDS["alexnet"].sources[0].file
    damaged.parent.mkdir()
    damaged.write_bytes(b"damaged")
    monkeypatch.setenv("BEHOLDER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_present_missing_and_damaged(cache: Path) -> None:
    section = examine_weights()
    assert section.facts["writable"]
    states = {card["name"]: card["state"] for card in section.facts["cards"]}
    assert set(states) == set(CARDS)
    assert states.pop("lpips_squeeze_lin_v0.1") == "present"
    assert states.pop("alexnet") == "damaged"
    assert set(states.values()) == {"missing"}
    levels = [finding.level for finding in section.findings]
    assert levels == ["fine", "fine", "broken", "missing"]
    assert "sha256" in section.findings[2].told
    assert section.findings[2].remedy == "beholder weights fetch alexnet"
    assert "vgg19 (548.1 MiB)" in section.findings[3].told
    assert "vgg19" in section.findings[3].remedy
    assert sorted(path.name for path in (cache / "weights").iterdir()) == [
        "alexnet",
        "lpips_squeeze_lin_v0.1",
    ]


def test_a_cache_that_is_not_there_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHOLDER_CACHE", str(tmp_path / "new" / "cache"))
    section = examine_weights()
    assert section.facts["writable"]
    assert section.findings[0].level == "fine"
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("BEHOLDER_CACHE", str(tmp_path / "file" / "cache"))
    finding = examine_weights().findings[0]
    assert finding.level == "broken"
    assert f"{tmp_path / 'file'} is no folder" in finding.told
    assert "BEHOLDER_CACHE" in finding.remedy


def test_a_cache_that_takes_no_file(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    finding = examine_weights().findings[0]
    assert finding.level == "broken"
    assert "Read-only file system" in finding.told


def test_little_room(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=3 * 2**20))
    finding = examine_weights().findings[0]
    assert finding.level == "missing"
    assert "only 3.0 MiB are free" in finding.told


def test_weights_that_cannot_be_read(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("beholder.machine.weights.sha256_of_file", refuse)
    told = [finding.told for finding in examine_weights().findings if finding.level == "broken"]
    assert len(told) == 2
    assert all("cannot be read: Input/output error" in each for each in told)
