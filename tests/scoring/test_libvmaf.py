"""libvmaf as an engine, and our VMAF against it, on a clip made here."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from beholder.backbones import door
from beholder.data.degradations import blur
from beholder.data.photos import PHOTOS
from beholder.images import RawLayout
from beholder.metrics.vmaf import vmaf, vmaf_features
from beholder.scoring.libvmaf import LibvmafScores, score_with_libvmaf
from beholder.spec import MissingPackageError, PictureError, UsageError
from clips import moving_frames, write_clip

WIDTH, HEIGHT, FRAMES = 98, 66, 4  # not multiples of 16, so that the wavelet meets odd sizes


def save(frames: Tensor, path: Path) -> Path:
    """Luma frames in whole numbers, shape (T, 1, H, W), as yuv420p with grey chroma."""
    with path.open("wb") as file:
        for frame in frames.byte().numpy():
            file.write(frame.tobytes() + np.full(frame.size // 2, 128, np.uint8).tobytes())
    return path


@pytest.fixture(scope="module")
def clips() -> tuple[Tensor, Tensor]:
    """A view that slides over a photograph, spoilt and as it was: luma, shape (4, 1, 66, 98)."""
    photo = PHOTOS[0].detail(192).mean(0, keepdim=True)
    reference = torch.stack([photo[:, 3 * t : 3 * t + HEIGHT, 2 * t : 2 * t + WIDTH] for t in range(FRAMES)])
    spoilt = torch.stack([blur(frame.expand(3, -1, -1), 1.2)[:1] for frame in reference])
    return (spoilt * 219 + 16).round(), (reference * 219 + 16).round()


@pytest.fixture(scope="module")
def files(clips: tuple[Tensor, Tensor], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg, which brings libvmaf, is not installed")
    folder = tmp_path_factory.mktemp("a: clip%d's")
    return save(clips[0], folder / "-spoilt.yuv"), save(clips[1], folder / "reference.yuv")


@pytest.fixture(scope="module")
def scores(files: tuple[Path, Path]) -> LibvmafScores:
    return score_with_libvmaf(*files, model="vmaf_float_v0.6.1", layout=RawLayout(WIDTH, HEIGHT))


def test_one_score_and_all_features_per_frame(scores: LibvmafScores) -> None:
    assert len(scores.scores) == FRAMES
    assert {len(values) for values in scores.features.values()} == {FRAMES}
    assert scores.mean == pytest.approx(sum(scores.scores) / FRAMES)
    assert (scores.model, bool(scores.version)) == ("vmaf_float_v0.6.1", True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_our_features_are_those_of_libvmaf(
    clips: tuple[Tensor, Tensor], scores: LibvmafScores, dtype: torch.dtype
) -> None:
    ours = vmaf_features(*(clip.to(dtype) for clip in clips))
    for name, values in ours.items():
        tolerance = 1e-5 if "motion" in name else 1e-4
        assert values.tolist() == pytest.approx(list(scores.features[name]), abs=tolerance), name


def test_our_scores_are_those_of_libvmaf(clips: tuple[Tensor, Tensor], scores: LibvmafScores) -> None:
    model, _ = door.load("vmaf_v0.6.1")
    assert vmaf(*clips, model).tolist() == pytest.approx(list(scores.scores), abs=0.01)


@pytest.mark.parametrize("option", ["neg", "phone"])
def test_our_variants_order_as_they_should(clips: tuple[Tensor, Tensor], option: str) -> None:
    model, _ = door.load("vmaf_v0.6.1")
    sharpened = (2 * clips[1] - clips[0]).clamp(0, 255)
    plain, varied = vmaf(sharpened, clips[1], model), vmaf(sharpened, clips[1], model, **{option: True})
    assert ((varied < plain) if option == "neg" else (varied >= plain)).all()


def test_neg_is_that_of_libvmaf(
    clips: tuple[Tensor, Tensor], files: tuple[Path, Path], tmp_path: Path
) -> None:
    sharpened = (2 * clips[1] - clips[0]).clamp(0, 255)
    path = save(sharpened, tmp_path / "sharpened.yuv")
    model, _ = door.load("vmaf_v0.6.1")
    for neg, name in ((False, "vmaf_float_v0.6.1"), (True, "vmaf_float_v0.6.1neg")):
        theirs = score_with_libvmaf(path, files[1], model=name, layout=RawLayout(WIDTH, HEIGHT)).scores
        assert vmaf(sharpened, clips[1], model, neg=neg).tolist() == pytest.approx(list(theirs), abs=0.05)


def test_integer_model_is_the_default(files: tuple[Path, Path], scores: LibvmafScores) -> None:
    integer = score_with_libvmaf(*files, layout=RawLayout(WIDTH, HEIGHT))
    assert "integer_adm2" in integer.features
    assert integer.mean == pytest.approx(scores.mean, abs=0.5)


def test_refuses_unknown_models(files: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError, match="could not load libvmaf model with version: vmaf_v9"):
        score_with_libvmaf(*files, model="vmaf_v9", layout=RawLayout(WIDTH, HEIGHT))
    with pytest.raises(UsageError, match="expected the name"):
        score_with_libvmaf(*files, model="vmaf_v0.6.1:log_path=/etc/passwd", layout=RawLayout(WIDTH, HEIGHT))


def test_tells_what_is_wrong_with_files(
    files: tuple[Path, Path], clips: tuple[Tensor, Tensor], tmp_path: Path
) -> None:
    raw = RawLayout(WIDTH, HEIGHT)
    with pytest.raises(PictureError, match=r"none\.mp4: there is no such video"):
        score_with_libvmaf(tmp_path / "none.mp4", files[1])
    with pytest.raises(UsageError, match="tell their size"):
        score_with_libvmaf(*files)
    with pytest.raises(UsageError, match=r"4 frames and .*short\.yuv 3"):
        score_with_libvmaf(files[0], save(clips[1][:3], tmp_path / "short.yuv"), layout=raw)
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    with pytest.raises(PictureError, match=r"text\.mp4: FFmpeg failed .*Invalid data"):
        score_with_libvmaf(text, text)


def test_asks_for_the_package(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingPackageError, match="pip install"):
        score_with_libvmaf(*files, layout=RawLayout(WIDTH, HEIGHT))


def test_containers_that_round_times_change_nothing(tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg, which brings libvmaf, is not installed")
    pytest.importorskip("av", reason="PyAV is not installed")
    frames = moving_frames(24)
    exact = write_clip(tmp_path / "exact.nut", frames, rate=24)
    rounded = write_clip(tmp_path / "rounded.mkv", frames, rate=24)  # to milliseconds
    expected = score_with_libvmaf(exact, exact).scores
    assert score_with_libvmaf(rounded, exact).scores == expected
    assert score_with_libvmaf(exact, rounded).scores == expected
