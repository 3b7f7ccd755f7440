"""The cache of weights as the doctor sees it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import platformdirs
import pytest

from beholder.backbones.cache import cache_folder
from beholder.backbones.cards import CARDS
from beholder.backbones.door import load
from beholder.machine.findings import at_home, find_home
from beholder.machine.weights import examine_weights
from beholder.spec import WeightsError


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


def test_a_cache_that_may_not_be_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat = os.stat

    def refuse(path: Any, **options: Any) -> os.stat_result:
        if "locked" in str(path) and Path(path).name != "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **options)

    (tmp_path / "locked").mkdir()
    monkeypatch.setenv("BEHOLDER_CACHE", str(tmp_path / "locked" / "cache"))
    monkeypatch.setattr(os, "stat", refuse)
    monkeypatch.setattr(os, "access", lambda *_: False)  # as of anybody but the superuser
    section = examine_weights()
    assert {card["state"] for card in section.facts["cards"]} == {"unreadable"}
    (finding,) = section.findings
    assert finding.level == "broken"
    assert "locked does not let anything be made in it" in finding.told
    with pytest.raises(WeightsError, match=r"cannot be looked at: Permission denied\. Make .* readable"):
        load("alexnet")


def test_somebody_without_a_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", refuse)
    assert find_home() is None
    assert at_home(tmp_path) == str(tmp_path)
    monkeypatch.delenv("BEHOLDER_CACHE", raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: refuse())
    section = examine_weights()
    assert section.facts == {"folder": None, "cards": []}
    (finding,) = section.findings
    assert (finding.level, finding.remedy) == ("broken", "set BEHOLDER_CACHE to a folder that can be written")
    with pytest.raises(WeightsError, match="this user has no home folder; set BEHOLDER_CACHE"):
        load("alexnet")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert at_home(tmp_path / "cache") == "~/cache"
