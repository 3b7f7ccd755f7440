"""The door to a cluster; what it does is tested as the command is called."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from beholder.scoring import cluster
from beholder.spec import MissingPackageError, UsageError


@pytest.mark.parametrize("address", ["", "Local", "127.0.0.1:6379", "ray://host", "ray://host:x"])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(UsageError, match="expected local, auto, or ray://HOST:PORT"):
        cluster.Cluster(address, print)


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"pip install 'beholder\[cluster\]'"):
        cluster.Cluster("local", print)


@pytest.mark.parametrize(
    ("free", "room", "words"), [(10**6, 10**8, "has room for 0 MB"), (10**9, 9 * 10**8, "")]
)
def test_the_store_fits_into_shared_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, room: int, words: str
) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda name: True)
    monkeypatch.setattr(cluster, "_SHARED", tmp_path)
    monkeypatch.setattr(cluster, "available_memory", lambda: 10**11)
    monkeypatch.setattr(cluster.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    told: list[str] = []
    assert cluster.Cluster("local", told.append)._find_room() == room
    assert words in "".join(told)
    assert bool(words) == bool(told)
