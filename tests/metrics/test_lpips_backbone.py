"""LPIPS on any network: layers by family, layouts, requests, random weights."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torchvision import models

from beholder.backbones import Backbone, door
from beholder.backbones.stages import find_stages
from beholder.catalog import create_metric, parse_request
from beholder.metrics.lpips import layer_distance
from beholder.metrics.lpips_backbone import RandomLPIPS
from beholder.spec import MetricSpec, ShapeError, UsageError, WeightsError


class RandomFiles:
    """Random weights of networks that no package ships, made when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> Path:
        path = self._folder / f"{name}.safetensors"
        if not path.exists():
            with torch.random.fork_rng(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                torch.manual_seed(0)
                save_file(models.get_model(name, weights=None).state_dict(), path)
        return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RandomFiles]:
    folder = tmp_path_factory.mktemp("networks")
    yield RandomFiles(folder)
    shutil.rmtree(folder)  # up to 0.9 GB


@pytest.fixture
def pair(photos: Tensor) -> tuple[Tensor, Tensor]:
    photos = photos[:2, :, :96, :96]
    return (photos + 0.1 * torch.sin(torch.arange(96.0) / 3)).clamp(0, 1), photos


@pytest.mark.parametrize(("network", "ours"), [("alexnet", "lpips_alex"), ("vgg16", "lpips_vgg")])
def test_on_the_papers_networks_it_is_their_baseline(
    network: str, ours: str, pair: tuple[Tensor, Tensor]
) -> None:
    metric, baseline = create_metric(f"lpips:{network}"), create_metric(f"{ours}:lin=false")
    assert torch.equal(metric(*pair), baseline(*pair))
    assert torch.equal(metric.score_and_map(*pair)[1], baseline.score_and_map(*pair)[1])  # type: ignore[attr-defined]
    assert metric.spec.min_size == baseline.spec.min_size
    assert metric.spec.weights == baseline.spec.weights == (network,)


def test_the_score_is_the_sum_of_the_layers_means(files: RandomFiles, pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    backbone = Backbone("resnet18", ["layer1", "layer2"], weights=files["resnet18"])
    features_x, features_y = backbone(x), backbone(y)
    expected = sum(
        layer_distance(features_x[layer], features_y[layer]).mean((1, 2, 3)) for layer in ("layer1", "layer2")
    )
    for layers in ("layer1+layer2", ["layer1", "layer2"]):
        metric = create_metric("lpips", backbone="resnet18", layers=layers, weights=files["resnet18"])
        assert torch.allclose(metric(x, y), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "network",
    [
        pytest.param("vgg19", marks=pytest.mark.slow),
        "resnet18",
        "resnet50",
        "regnet_y_400mf",
        pytest.param("densenet121", marks=pytest.mark.slow),
        "swin_t",
    ],
)
def test_customary_layers_halve_the_resolution(
    network: str, files: RandomFiles, pair: tuple[Tensor, Tensor]
) -> None:
    metric = create_metric("lpips", backbone=network, weights=files[network])
    distances = metric._distances(*pair)  # type: ignore[attr-defined]
    sides = [distance.shape[-1] for distance in distances]
    assert sides == sorted(sides, reverse=True)
    assert len(set(sides)) == len(sides) >= 4
    assert all(distance.shape[2] == distance.shape[3] for distance in distances)
    assert (metric(*pair) > 0).all()


def test_channels_last_are_normalised_along_channels(files: RandomFiles, pair: tuple[Tensor, Tensor]) -> None:
    metric = create_metric("lpips", backbone="swin_t", layers="features.1", weights=files["swin_t"])
    x, y = (metric.backbone(side)["features.1"].permute(0, 3, 1, 2) for side in pair)  # type: ignore[attr-defined]
    assert x.shape[1] == 96
    assert torch.allclose(metric(*pair), layer_distance(x, y).mean((1, 2, 3)), rtol=1e-6)


def test_networks_of_timm(tmp_path: Path, pair: tuple[Tensor, Tensor]) -> None:
    timm = pytest.importorskip("timm", reason="timm is not installed")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_file(timm.create_model("resnet10t").state_dict(), tmp_path / "net.safetensors")
    metric = create_metric(f"lpips:timm:resnet10t:weights={tmp_path / 'net.safetensors'}")
    assert metric.backbone.layers == ("act1", "layer1", "layer2", "layer3", "layer4")  # type: ignore[attr-defined]
    assert (metric(*pair) > 0).all()
    assert metric.spec.weights == ()
    assert find_stages("timm:inception_v3").mean == (0.5, 0.5, 0.5)


def test_tokens_are_no_map(tmp_path: Path) -> None:
    timm = pytest.importorskip("timm", reason="timm is not installed")
    save_file(timm.create_model("vit_tiny_patch16_224").state_dict(), tmp_path / "vit.safetensors")
    with pytest.raises(UsageError, match=r"blocks\.3 of .* gives features of shape \(1, 197, 192\)"):
        create_metric(
            "lpips",
            backbone="timm:vit_tiny_patch16_224",
            layers="blocks.3",
            weights=tmp_path / "vit.safetensors",
        )


@pytest.mark.parametrize(
    ("written", "options"),
    [
        ("lpips:vgg19", {"backbone": "vgg19"}),
        ("lpips:timm:resnet18", {"backbone": "timm:resnet18"}),
        (
            "lpips:timm:resnet18:layers=layer1+layer2",
            {"backbone": "timm:resnet18", "layers": "layer1+layer2"},
        ),
        (r"lpips:backbone=timm\:resnet18", {"backbone": "timm:resnet18"}),
        (r"lpips:vgg19:weights=C\:\net.pth", {"backbone": "vgg19", "weights": r"C:\net.pth"}),
    ],
)
def test_the_backbone_stands_bare_after_the_name(written: str, options: dict[str, str]) -> None:
    assert parse_request(written) == ("lpips", options)


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        ("lpips", UsageError, "lpips wants a backbone: lpips:vgg19"),
        ("lpips:vgg19:backbone=vgg16", UsageError, "'backbone' is named twice"),
        ("lpips:vgg19:layers=relu1_1:vgg16", UsageError, "'vgg16' is no option"),
        ("lpips_alex:vgg16", UsageError, "'vgg16' is no option"),
        ("lpips:vgg61", UsageError, "no classifier 'vgg61'. Did you mean"),
        ("lpips:vgg16:layers=relu1_9", UsageError, "no layer 'relu1_9'"),
        ("lpips:vgg16:layers=relu1_1+", UsageError, r"expected names joined by '\+'"),
        ("lpips:mobilenet_v2", UsageError, r"wants layers.*Some of its names: features, features\.0"),
        ("lpips:resnet18", WeightsError, "lpips:resnet18:weights=FILE"),
        ("lpips:4", UsageError, "backbone is 4"),
        ("lpips:vgg16:weights=1", UsageError, "weights is 1; expected the path"),
        ("lpips_random:seed=-1", UsageError, "seed is -1"),
        ("lpips_random:seed=1.5", UsageError, "seed is 1.5"),
    ],
)
def test_impossible_requests_are_refused(request_: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        create_metric(request_)


def test_the_smallest_size_is_that_of_the_layers() -> None:
    early, late = create_metric("lpips:vgg16:layers=relu1_2"), create_metric("lpips:vgg16:layers=pool5")
    assert (early.spec.min_size, late.spec.min_size) == (1, 32)
    x = torch.rand(1, 3, 31, 31)
    assert early(x, x).item() == 0
    with pytest.raises(ShapeError, match="at least 32x32"):
        late(x, x)


def test_random_weights_are_those_of_the_seed(pair: tuple[Tensor, Tensor]) -> None:
    first, again, other = (create_metric("lpips_random", seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first(*pair), again(*pair))
    assert not torch.allclose(first(*pair), other(*pair), rtol=1e-3)
    (file,) = first.weights  # type: ignore[attr-defined]
    assert file.file == "Gaussian, seed 0"
    assert file.sha256 == again.weights[0].sha256 != other.weights[0].sha256  # type: ignore[attr-defined]
    state = first.backbone.trunk.state_dict()  # type: ignore[attr-defined]
    assert not any(tensor.any() for name, tensor in state.items() if name.endswith("bias"))
    spread = torch.cat([tensor.flatten() for name, tensor in state.items() if name.endswith("weight")]).std()
    assert spread.item() == pytest.approx(0.01, rel=1e-2)


def test_the_spread_of_random_weights_does_not_matter(
    pair: tuple[Tensor, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = RandomLPIPS()(*pair)
    monkeypatch.setattr("beholder.metrics.lpips_backbone._STD", 0.05)
    assert torch.allclose(RandomLPIPS()(*pair), small, rtol=1e-5)


def test_tensors_in_memory_are_recorded_like_a_file() -> None:
    tensors, _ = door.load("alexnet")
    given = Backbone("alexnet", ["relu1"], weights=tensors)
    assert given.weights.file == "tensors in memory"
    changed = Backbone("alexnet", ["relu1"], weights={**tensors, "features.0.bias": torch.zeros(64)})
    assert given.weights.sha256 != changed.weights.sha256


def test_the_name_alone_is_described() -> None:
    spec = create_metric("lpips_random").spec
    assert isinstance(spec, MetricSpec)
    assert spec.min_size == 31
