"""NIQE: features against the definition in NumPy, models fitted and read, pictures alone."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import scipy.ndimage
import scipy.special
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

import beholder
from beholder.catalog import create_metric, create_no_reference_metric
from beholder.data.degradations import add_noise, blur
from beholder.data.natural import fit_niqe
from beholder.data.photos import PHOTOS
from beholder.images import read_picture, save_picture
from beholder.metrics.niqe import NIQE, block_features, niqe
from beholder.ops.color import rgb_to_grey
from beholder.ops.resize import resize
from beholder.spec import NoReferenceMetric, PictureError, ShapeError, UsageError, WeightsError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("natural")
    for photo in PHOTOS[:5]:
        for left in range(0, 250, 50):  # each of them has at least one block that is sharp for it
            for top in range(0, 110, 50):
                cut = photo.load()[:, top : top + 192, left : left + 192]
                save_picture(cut, folder / f"{photo.name}{left}-{top}.png")
    return folder


@pytest.fixture(scope="module")
def model(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fit_niqe(folder, tmp_path_factory.mktemp("model") / "natural.safetensors")


def _aggd(values: np.ndarray) -> tuple[float, float, float]:
    """Moments into the parameters of an asymmetric generalised Gaussian, as the paper's code finds them."""
    gamma = scipy.special.gamma
    shapes = np.arange(0.2, 10.0005, 0.001)
    ratios = gamma(2 / shapes) ** 2 / (gamma(1 / shapes) * gamma(3 / shapes))
    left, right = (np.sqrt(np.mean(side**2)) for side in (values[values < 0], values[values > 0]))
    skew = left / right
    ratio = np.mean(np.abs(values)) ** 2 / np.mean(values**2)
    wanted = ratio * (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    shape = shapes[np.argmin((ratios - wanted) ** 2)]
    scale = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return shape, left * scale, right * scale


def _features(image: np.ndarray, side: int) -> np.ndarray:
    """Of the second block in the first row of an image in [0, 255]."""
    place = np.arange(-3, 4)
    window = np.exp(-(place[:, None] ** 2 + place[None] ** 2) / (2 * (7 / 6) ** 2))
    window /= window.sum()
    mean = scipy.ndimage.correlate(image, window, mode="nearest")
    deviation = np.sqrt(np.abs(scipy.ndimage.correlate(image**2, window, mode="nearest") - mean**2))
    block = ((image - mean) / (deviation + 1))[:side, side : 2 * side]
    shape, left, right = _aggd(block.ravel())
    found = [shape, (left + right) / 2]
    for shift in ((0, 1), (1, 0), (1, 1), (1, -1)):
        shape, left, right = _aggd((block * np.roll(block, shift, (0, 1))).ravel())
        mean_of_product = (right - left) * scipy.special.gamma(2 / shape) / scipy.special.gamma(1 / shape)
        found += [shape, mean_of_product, left, right]
    return np.array(found)


def test_features_are_those_of_the_definition() -> None:
    grey = rgb_to_grey(PHOTOS[0].load()[None, :, :200, :300].double(), eight_bit=True)
    features, sharpness = block_features(grey)
    assert features.shape == (1, 6, 36)
    assert sharpness.shape == (1, 6)
    image = 255 * grey[..., :192, :288]
    half = resize(image, 96, 144)
    expected = np.concatenate([_features(image[0, 0].numpy(), 96), _features(half[0, 0].numpy(), 48)])
    assert features[0, 1].numpy() == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_distance_of_known_statistics() -> None:
    grey = rgb_to_grey(PHOTOS[0].load()[None, :, :192, :384].double())
    features = block_features(grey).features[0]
    mean, covariance = features.mean(0), features.T.cov()
    assert niqe(grey, mean, covariance).item() == pytest.approx(0, abs=1e-6)
    # Along one feature, far from the model and with a model much wider than the picture:
    wide = 1e6 * torch.eye(36, dtype=torch.float64)
    shifted = mean.clone()
    shifted[0] += 1000
    assert niqe(grey, shifted, wide).item() == pytest.approx(1000 / (0.5e6) ** 0.5, rel=1e-3)


def test_spoiling_is_seen_without_a_reference(model: Path) -> None:
    metric = NIQE(model)
    assert isinstance(metric, NoReferenceMetric)
    photo = PHOTOS[6].load()
    spoilt = [photo, add_noise(photo, 0.05, seed=0), add_noise(photo, 0.2, seed=0)]
    scores = metric(torch.stack(spoilt))
    assert scores.shape == (3,)
    assert scores[0] < scores[1] < scores[2]
    assert metric(blur(photo, 3)[None]) > scores[0]
    alone = torch.cat([metric(picture[None]) for picture in spoilt])
    assert torch.allclose(alone, scores, rtol=1e-6)


def test_a_pixel_that_is_no_number_makes_the_score_none(model: Path, photos: Tensor) -> None:
    metric = NIQE(model)
    spoilt = photos.clone()
    spoilt[0, 0, 5, 5] = torch.nan
    assert metric(spoilt).isnan().tolist() == [True, False, False]
    assert metric(torch.full((1, 3, 192, 192), 0.5)).isnan().all()
    with pytest.raises(ShapeError, match="at least 192x192"):
        metric(photos[..., 1:])


def test_models_are_recorded_and_read(model: Path, photos: Tensor, tmp_path: Path) -> None:
    held = load_file(model)
    assert held["mean"].shape == (36,)
    assert torch.equal(held["covariance"], held["covariance"].T)
    names = {"mu_prisparam": held["mean"].numpy()[None], "cov_prisparam": held["covariance"].numpy()}
    scipy.io.savemat(tmp_path / "modelparameters.mat", names)
    ours, matlab = NIQE(model), NIQE(tmp_path / "modelparameters.mat")
    assert torch.equal(ours(photos), matlab(photos))
    assert (ours.weights[0].file, matlab.weights[0].file) == (model.name, "modelparameters.mat")


def test_unfit_models_are_refused(tmp_path: Path) -> None:
    save_file({"mean": torch.zeros(3)}, tmp_path / "m.safetensors")
    with pytest.raises(WeightsError, match="expected mean and covariance of 36 features"):
        NIQE(tmp_path / "m.safetensors")
    scipy.io.savemat(tmp_path / "m.mat", {"mu": np.zeros(3)})
    with pytest.raises(WeightsError, match=r"it holds {}; expected mean"):
        NIQE(tmp_path / "m.mat")
    (tmp_path / "text.mat").write_text("no such file as this")
    with pytest.raises(WeightsError, match="it is not a MATLAB 5 file: it begins with b'no such file'"):
        NIQE(tmp_path / "text.mat")
    content = (tmp_path / "m.mat").read_bytes()
    for end in (20, 130, 200, len(content) - 1):
        (tmp_path / "short.mat").write_bytes(content[:end])
        with pytest.raises(WeightsError, match=r"short\.mat"):
            NIQE(tmp_path / "short.mat")
    with pytest.raises(WeightsError, match="cannot be read"):
        NIQE(tmp_path / "none.mat")
    with pytest.raises(UsageError, match="expected one of grey8, grey, y"):
        NIQE(tmp_path / "m.mat", channel="rgb")


def test_too_little_to_fit_from_is_refused(folder: Path, tmp_path: Path, photos: Tensor) -> None:
    with pytest.raises(UsageError, match=r"1 pictures hold \d+ sharp blocks; expected more than 36"):
        fit_niqe([folder / "astronaut0-0.png"], tmp_path / "m.safetensors")
    save_picture(photos[0][:, :50], tmp_path / "small.png")
    with pytest.raises(ShapeError, match=r"small\.png: the picture is 192x50; expected at least 96x96"):
        fit_niqe([tmp_path / "small.png"], tmp_path / "m.safetensors")
    with pytest.raises(PictureError, match="there are no pictures"):
        fit_niqe(tmp_path / "none", tmp_path / "m.safetensors")
    with pytest.raises(UsageError, match=r"ends in \.safetensors"):
        fit_niqe(folder, tmp_path / "m.pth")


def test_pairs_are_judged_by_the_picture_under_test_alone(model: Path, folder: Path) -> None:
    pair = (folder / "astronaut0-0.png", folder / "coffee0-0.png")
    frame = beholder.score([pair, pair[::-1]], ["mse", f"niqe:{model}"])
    alone = NIQE(model)
    expected = [alone(read_picture(file).pixels[None]).item() for file in pair[::-1]]
    assert frame[f"niqe:{model}"].to_list() == pytest.approx(expected)
    own = beholder.score([pair], [alone])
    assert own["niqe"].to_list() == pytest.approx(expected[:1])


def test_by_name(model: Path) -> None:
    assert create_no_reference_metric(f"niqe:{model}:channel=grey8").spec.name == "niqe"
    with pytest.raises(UsageError, match="create_no_reference_metric"):
        create_metric(f"niqe:{model}")
    with pytest.raises(UsageError, match="ssim compares with a reference"):
        create_no_reference_metric("ssim")
    with pytest.raises(UsageError, match="niqe wants a model of natural pictures"):
        create_no_reference_metric("niqe")


def test_the_model_tells_its_channel(folder: Path, tmp_path: Path, photos: Tensor) -> None:
    file = fit_niqe(folder, tmp_path / "luma.safetensors", channel="y")
    assert NIQE(file).channel == "y"
    assert torch.equal(NIQE(file)(photos), NIQE(file, channel="y")(photos))
    with pytest.raises(UsageError, match="was fitted to 'y', not to 'grey8'; leave out the channel"):
        NIQE(file, channel="grey8")
    assert file.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
