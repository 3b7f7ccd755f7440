"""What lies before a reader of the guide: small files and folders, and variables, each by the name that pages call it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
import yaml
from safetensors.torch import save_file

from beholder.backbones import Backbone
from beholder.backbones.cache import locate
from beholder.backbones.cards import CARDS
from beholder.catalog import create_discriminator, create_network
from beholder.catalog.ensemble import save_ensemble
from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from beholder.metrics.learned_lpips import save_learned_lpips
from beholder.training.shipped import find_recipe, shipped_models
from judged_sets import make_bapps, make_tid2013
from shards import picture, write_shard

__all__ = ["lay_out", "variables"]

SIDE = 96


def _photograph(number: int, sigma: float = 0, side: int = SIDE) -> torch.Tensor:
    photo = PHOTOS[number % len(PHOTOS)].detail(side)
    drawn = torch.randn(photo.shape, generator=torch.Generator().manual_seed(number))
    return (photo + sigma * drawn).clamp(0, 1)


def _picture(path: Path, number: int = 1, sigma: float = 0, side: int = SIDE) -> None:
    save_picture(_photograph(number, sigma, side), path)


def _folder(path: Path, count: int = 4, sigma: float = 0, side: int = SIDE, ending: str = "png") -> None:
    path.mkdir()
    for number in range(count):
        save_picture(_photograph(number, sigma, side), path / f"{PHOTOS[number].name}.{ending}")


def _pairs(path: Path) -> None:
    files = [path.with_name(f"{path.stem}-{number}.png") for number in range(4)]
    for number, file in enumerate(files):
        _picture(file, number // 2, 0.03 * (number % 2))
    names = [file.name for file in files]
    frame = pl.DataFrame({"reference": names[::2], "distorted": names[1::2]})
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)


def _video(path: Path, sigma: float = 0) -> None:
    pytest.importorskip("av", reason="videos need the extra 'video'")
    from clips import moving_frames, write_clip

    rng = np.random.default_rng(0)
    frames = [
        np.clip(frame + rng.normal(0, sigma, frame.shape), 0, 255).astype(np.uint8)
        for frame in moving_frames(6, 192, 192)
    ]
    write_clip(path, frames)


def _raw_video(path: Path) -> None:
    luma, chroma = 1920 * 1080, 1920 * 1080 // 2
    np.full(luma + chroma, 512 + 4 * (path.stem == "decoded"), "<u2").tofile(path)


def _photographed(folder: Path) -> None:
    """Give the pictures of a judged set something to see."""
    for file in [path for path in folder.rglob("*") if path.suffix.lower() in (".png", ".bmp")]:
        found = re.search(r"\d+", file.stem)
        assert found
        judge = file.parent.with_name("judge") / f"{file.stem}.npy"
        share = float(np.load(judge)[0]) if judge.exists() else 0.5  # the nearer p1, the more chose it
        spoilt = {"p0": 0.02 + 0.1 * share, "p1": 0.12 - 0.1 * share}
        sigma = spoilt.get(file.parent.name, 0 if file.parent.name.startswith("ref") else 0.05)
        file.unlink()
        save_picture(_photograph(int(found[0]), sigma, 64), file.with_suffix(".png"))
        file.with_suffix(".png").rename(file)


def _triplets(path: Path, split: str = "val", count: int = 12) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    make_bapps(path.parents[1], **{f"{split}_cnn": count, f"{split}_color": count})
    _photographed(path)


def _ratings(path: Path) -> None:
    _photographed(make_tid2013(path, [(kind, level) for kind in (1, 10, 24) for level in (1, 5)]))


def _distances(path: Path) -> None:
    rng = np.random.default_rng(0)
    columns = {f"d{side}:{name}": rng.random(60) for side in (0, 1) for name in ("lpips_alex", "ssim")}
    pl.DataFrame({**columns, "judge": rng.integers(0, 6, 60) / 5, "group": np.arange(60) // 3}).write_parquet(
        path
    )


def _shards(path: Path) -> None:
    path.mkdir()
    for number in range(10):
        pictures = (picture(number, side=64), picture(number, "JPEG", 64))
        members = {"0000.reference.png": pictures[0], "0000.distorted.jpg": pictures[1]}
        write_shard(path / f"pairs-{number:03}.tar", members)
        write_shard(path / f"photos-{number:03}.tar", {"0000.png": pictures[0]})
    for name, kind in (("a.png", "PNG"), ("b.png", "PNG"), ("a.jpg", "JPEG"), ("b.jpg", "JPEG")):
        (path / name).write_bytes(picture(ord(name[0]), kind, 64))


def _network_of_timm(path: Path) -> None:
    timm = pytest.importorskip("timm", reason="timm is not installed")
    save_file(timm.create_model("resnet18", pretrained=False).state_dict(), path)


def _learned(path: Path) -> None:
    backbone = Backbone("alexnet", ["relu1"])
    found = locate(CARDS["alexnet"])
    assert found
    shutil.copy(found[0], path.with_name("alexnet.ckpt"))
    save_learned_lpips(
        path, backbone="alexnet", layers=["relu1"], weights=[torch.ones(64)], trunk_file=backbone.weights
    )


def _recipe(path: Path) -> None:
    recipe = find_recipe("denoise").read_text(encoding="utf-8")
    told = yaml.safe_load(recipe)
    told |= {"data": {"train": "photographs", "degradation": "noise:sigma=0.1", "patch": 32}}
    told |= {"loss": {"terms": {"pixels": "l1", "content": "lpips_vgg"}}}
    path.write_text(yaml.safe_dump(told), encoding="utf-8")


def _model(path: Path, name: str = "deblock-l8-q10-pixels") -> None:
    shutil.copy(shipped_models()[name], path)


FILES: Mapping[str, Callable[..., object]] = {
    "originals": _folder,
    "restored": partial(_folder, sigma=0.03),
    "theirs": partial(_folder, sigma=0.05),
    "ours": partial(_folder, sigma=0.03),
    "tries": partial(_folder, sigma=0.1),
    "blocky": partial(_folder, ending="jpg"),
    "small": partial(_folder, side=24),
    "photographs": partial(_folder, count=5),
    "photos": partial(_folder, count=5),
    "others": partial(_folder, count=2),
    "Set5": partial(_folder, count=5),
    "BSDS500/train": partial(_folder, count=5),
    "BSDS500/val": partial(_folder, count=1, side=176),
    "original.png": _picture,
    "restored.png": partial(_picture, sigma=0.03),
    "blocky.jpg": _picture,
    "photograph.jpg": partial(_picture, side=128),
    "photograph.png": _picture,
    "photo.jpg": _picture,
    "painting.jpg": partial(_picture, number=2),
    "pairs.csv": _pairs,
    "pairs.parquet": _pairs,
    "millions.parquet": _pairs,
    "original.mp4": _video,
    "encoded.mp4": partial(_video, sigma=4),
    "original.yuv": _raw_video,
    "decoded.yuv": _raw_video,
    "shards": _shards,
    "bapps/2afc/val": _triplets,
    "bapps/2afc/train": partial(_triplets, split="train"),
    "bapps/2afc": lambda path: path.exists() or _triplets(path / "val"),
    "dataset/2afc/val": _triplets,
    "tid2013": _ratings,
    "distances.parquet": _distances,
    "resnet18.safetensors": _network_of_timm,
    "learned.safetensors": _learned,
    "mine.safetensors": partial(save_ensemble, weights={"lpips_alex": 1, "mse": 2}),
    "mine.yaml": _recipe,
    "runs/a/model.safetensors": _model,
    "runs/b/model.safetensors": partial(_model, name="deblock-l8-q10-features"),
    "runs/mine/model.safetensors": partial(_model, name="sr-x4"),
}
LARGER = {
    "niqe.md": {"side": 1000, "sigma": 0.2},
    "distortions.md": {"side": 128},
}  # pages with larger pictures
WRITTEN = {  # by the page's own commands
    "agreement.md": ("distances.parquet",),
    "deblocking.md": ("blocky",),
    "distortions.md": ("bapps/2afc/val", "bapps/2afc/train"),
    "start.md": ("blocky",),
    "super-resolution.md": ("small",),
    "training.md": ("runs/mine/model.safetensors",),
}


def lay_out(folder: Path, page: Path, code: str) -> None:
    """Make the files and folders that the code of a page names, but those that it writes."""
    for name, make in FILES.items():
        begin = re.escape(name.partition("/model")[0] if name.startswith("runs") else name)
        if name not in WRITTEN.get(page.name, ()) and re.search(rf"(?<![\w./-]){begin}(?![\w.-])", code):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            make(folder / name, **LARGER.get(page.name, {}))


def _batch(sigma: float = 0, side: int = SIDE) -> torch.Tensor:
    return torch.stack([_photograph(number, sigma, side) for number in range(2)])


def _shares() -> np.ndarray:
    return np.random.default_rng(0).random(60)


def _who() -> list[str]:
    return [f"observer{number % 6}" for number in range(60)]


def _triplet_files() -> list[tuple[Path, Path, Path, float]]:
    files = [Path(f"{name}.png").absolute() for name in ("reference", "first", "second")]
    for number, file in enumerate(files):
        _picture(file, sigma=0.05 * number)
    return [(*files, 0.8)]


VARIABLES: Mapping[str, Callable[[], Any]] = {
    "originals": _batch,
    "restored": lambda: _batch(0.05).requires_grad_(),
    "x": lambda: _batch(0.05).requires_grad_(),
    "y": _batch,
    "pictures": lambda: _batch(0.05),
    "picture": lambda: _photograph(0),
    "content": lambda: _batch(side=32)[:1],
    "style": lambda: _batch(side=32)[1:],
    "source": _batch,
    "small": lambda: _batch(),
    "network": lambda: create_network("compact:width=16:blocks=2"),
    "back": lambda: create_network("compact:width=16:blocks=2"),
    "discriminator": lambda: create_discriminator("patchgan"),
    "loader": lambda: [(_batch(0.05), _batch())],
    "backbone": lambda: Backbone("alexnet", ["relu1"]),
    "weights": lambda: [torch.ones(64)],
    "d0": _shares,
    "d1": lambda: _shares()[::-1],
    "other_d0": _shares,
    "other_d1": lambda: np.roll(_shares(), 7),
    "judge": lambda: np.random.default_rng(1).integers(0, 6, 60) / 5,
    "first": lambda: np.arange(60) % 3,
    "second": lambda: (np.arange(60) + 1) % 3,
    "preferred": lambda: np.random.default_rng(2).integers(0, 2, 60),
    "wins": lambda: np.array([[0, 8, 9], [2, 0, 6], [1, 4, 0]]),
    "observers": _who,
    "questions": lambda: np.arange(60) // 6,
    "answers": lambda: np.random.default_rng(3).integers(0, 2, 60),
    "seconds": lambda: 0.2 + _shares(),
    "observers_of_catches": _who,
    "passed": lambda: _shares() > 0.1,
    "mine": _triplet_files,
    "opinions": lambda: _shares() + np.roll(_shares(), 3),
    "references": lambda: np.arange(60) // 3,
}


def variables(names: set[str]) -> dict[str, Any]:
    """Those of the names that a reader is expected to have."""
    return {name: VARIABLES[name]() for name in sorted(names & VARIABLES.keys())}
