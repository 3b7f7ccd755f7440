"""Features by name, from frozen networks whose weights fit exactly."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torchvision import models

from beholder.backbones import Backbone, door
from beholder.spec import ShapeError, UsageError, WeightsError


@pytest.fixture(scope="module")
def resnet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("resnet") / "resnet18.safetensors"
    torch.manual_seed(0)
    save_file(models.resnet18(weights=None).state_dict(), path)
    return path


def test_vgg_layers_are_those_of_torchvision() -> None:
    x = torch.rand(2, 3, 40, 48)
    features = Backbone("vgg16", ["relu2_2", "conv3_3", "relu5_3", "pool4"])(x)
    full = models.vgg16(weights=None).features
    tensors, _ = door.load("vgg16")
    full.load_state_dict({name.removeprefix("features."): tensor for name, tensor in tensors.items()})
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    expected = (x - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    places = {8: "relu2_2", 14: "conv3_3", 23: "pool4", 29: "relu5_3"}
    for place, module in enumerate(full.eval().requires_grad_(requires_grad=False)[:30]):
        expected = module(expected)
        if place in places:
            # float32 sums of up to 4608 products: 1e-5 of the largest value
            difference = (features[places[place]] - expected).abs().max()
            assert difference < 1e-5 * expected.abs().max(), places[place]


def test_only_what_is_asked_for_is_kept() -> None:
    backbone = Backbone("vgg16", ["relu1_2"])
    assert sum(parameter.numel() for parameter in backbone.parameters()) == 3 * 64 * 9 + 64 + 64 * 64 * 9 + 64


def test_features_before_a_relu_are_not_overwritten_by_it() -> None:
    x = torch.rand(1, 3, 32, 32)
    features = Backbone("alexnet", ["conv1", "relu1"])(x)
    assert features["conv1"].min() < 0
    assert torch.equal(features["conv1"].relu(), features["relu1"])


def test_residual_sums_leave_their_branch_alone(resnet_file: Path) -> None:
    x = torch.rand(1, 3, 64, 64)
    both = Backbone("resnet18", ["layer1.0.bn2", "layer1.0.add"], weights=resnet_file)(x)
    alone = Backbone("resnet18", ["layer1.0.bn2"], weights=resnet_file)(x)
    assert torch.equal(both["layer1.0.bn2"], alone["layer1.0.bn2"])
    assert not torch.equal(both["layer1.0.bn2"], both["layer1.0.add"])


def test_frozen_in_evaluation_mode_with_gradients_to_the_input(resnet_file: Path) -> None:
    backbone = Backbone("resnet18", ["layer1.1.relu_1"], weights=resnet_file).train()
    assert not any(module.training for module in backbone.modules())
    x = torch.rand(1, 3, 64, 64, requires_grad=True)
    backbone(x)["layer1.1.relu_1"].sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in backbone.parameters())


def test_networks_of_timm(tmp_path: Path) -> None:
    timm = pytest.importorskip("timm", reason="timm is not installed")
    torch.manual_seed(0)
    model = timm.create_model("resnet10t", pretrained=False).eval()
    save_file(model.state_dict(), tmp_path / "net.safetensors")
    x = torch.rand(1, 3, 64, 64)
    backbone = Backbone("timm:resnet10t", ["layer4"], weights=tmp_path / "net.safetensors")
    normalised = (x - backbone.mean) / backbone.std
    assert torch.allclose(backbone(x)["layer4"], model.forward_features(normalised), atol=1e-5)


def test_one_picture_expanded_is_seen_once() -> None:
    backbone = Backbone("alexnet", ["relu1"])
    seen: list[int] = []
    backbone.trunk.features[0].register_forward_hook(
        lambda module, inputs, output: seen.append(len(inputs[0]))
    )
    x = torch.rand(1, 3, 64, 64)
    features = backbone(x.expand(5, -1, -1, -1))["relu1"]
    assert seen == [1]
    assert features.shape[0] == 5
    assert torch.equal(features[4], backbone(x)["relu1"][0])


@pytest.mark.parametrize(
    ("network", "layers", "message"),
    [
        ("vgg61", ["relu1_1"], "no classifier 'vgg61'. Did you mean"),
        ("vgg16", ["relu2_3"], "no layer 'relu2_3'. Did you mean"),
        ("vgg16", [], "no layers"),
        ("timm:resnet10x", ["layer1"], "timm has no network"),
    ],
)
def test_unknown_names_are_refused_with_near_ones(
    network: str, layers: list[str], message: str, resnet_file: Path
) -> None:
    if network.startswith("timm:"):
        pytest.importorskip("timm", reason="timm is not installed")
    weights = resnet_file if network.startswith("timm:") else None
    with pytest.raises(UsageError, match=message):
        Backbone(network, layers, weights=weights)


def test_networks_that_download_on_construction_are_none_of_ours(resnet_file: Path) -> None:
    with pytest.raises(UsageError, match="no classifier 'fcn_resnet50'"):
        Backbone("fcn_resnet50", ["backbone.layer1"], weights=resnet_file)


def test_half_precision_files_are_brought_to_the_networks_type(resnet_file: Path, tmp_path: Path) -> None:
    whole = door.load("resnet18", resnet_file)[0]
    halves = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in whole.items()}
    save_file(halves, tmp_path / "half.safetensors")
    backbone = Backbone("resnet18", ["layer1"], weights=tmp_path / "half.safetensors")
    assert backbone(torch.rand(1, 3, 64, 64))["layer1"].dtype == torch.float32


def test_networks_without_a_card_need_a_file() -> None:
    with pytest.raises(WeightsError, match=r"no weight card for 'resnet18'; name a file"):
        Backbone("resnet18", ["layer1"])


def test_weights_must_fit_exactly(resnet_file: Path, tmp_path: Path) -> None:
    whole = door.load("resnet18", resnet_file)[0]
    changes = {
        "lack conv1.weight": {name: tensor for name, tensor in whole.items() if name != "conv1.weight"},
        "hold, beyond the network's own, extra": {**whole, "extra": torch.zeros(1)},
        "have a wrong shape for conv1.weight": {**whole, "conv1.weight": torch.zeros(1)},
    }
    for message, tensors in changes.items():
        save_file(tensors, tmp_path / "net.safetensors")
        with pytest.raises(WeightsError, match=message):
            Backbone("resnet18", ["layer1"], weights=tmp_path / "net.safetensors")


def test_pictures_are_checked() -> None:
    with pytest.raises(ShapeError, match=r"expected \(N, 3, H, W\)"):
        Backbone("alexnet", ["relu1"])(torch.rand(3, 64, 64))


@pytest.fixture(scope="module")
def googlenet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("googlenet") / "googlenet.safetensors"
    save_file(models.googlenet(weights=None, init_weights=False).state_dict(), path)
    return path


@pytest.mark.parametrize(("width", "height"), [(40, 40), (200, 40)])
def test_sizes_that_a_chain_does_not_take_are_told(width: int, height: int) -> None:
    backbone = Backbone("alexnet", ["relu1", "pool5"])
    backbone(torch.rand(1, 3, 63, 63))
    with pytest.raises(ShapeError, match=f"the picture is {width}x{height}.*'alexnet'.*is 63x63 pixels"):
        backbone(torch.rand(2, 3, height, width))


def test_sizes_that_a_graph_does_not_take_are_told_once(
    googlenet_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backbone = Backbone("googlenet", ["inception4a"], weights=googlenet_file)
    with pytest.raises(ShapeError, match=r"the picture is 9x9.*is 15x15 pixels"):
        backbone(torch.rand(1, 3, 9, 9))
    assert capsys.readouterr().err == ""


def test_networks_of_one_size_tell_it(tmp_path: Path) -> None:
    with torch.device("meta"):  # what the weights are does not matter
        shapes = models.vit_b_16(weights=None).state_dict()
    zeros = {name: torch.zeros(shape.shape) for name, shape in shapes.items()}
    save_file(zeros, tmp_path / "vit.safetensors")
    backbone = Backbone("vit_b_16", ["encoder.layers.encoder_layer_0"], weights=tmp_path / "vit.safetensors")
    with pytest.raises(ShapeError, match=r"the picture is 256x256.*is 224x224 pixels"):
        backbone(torch.rand(1, 3, 256, 256))


def test_errors_that_are_not_the_sizes_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = Backbone("alexnet", ["relu1"])

    def exhausted(module: object, inputs: tuple[Tensor]) -> None:
        if not inputs[0].is_meta:
            raise torch.OutOfMemoryError("no memory is left")

    backbone.trunk.features[0].register_forward_pre_hook(exhausted)
    with pytest.raises(torch.OutOfMemoryError):
        backbone(torch.rand(1, 3, 64, 64))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mean": (0.5,)}, r"mean is \(0.5,\); expected three numbers, one each"),
        ({"mean": 0.5}, "mean is 0.5; expected three numbers"),
        ({"mean": (0.5, 0.5, float("nan"))}, "mean is .*; expected three numbers"),
        ({"std": (1, 0, 1)}, r"std is \(1, 0, 1\); expected three numbers above 0"),
        ({"std": "one"}, "std is 'one'; expected three numbers above 0"),
    ],
)
def test_normalisation_is_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Backbone("alexnet", ["relu1"], **options)


def test_normalisation_by_whole_numbers() -> None:
    x = torch.rand(1, 3, 64, 64)
    whole = Backbone("alexnet", ["relu1"], mean=(0, 0, 0), std=(1, 1, 1))(x)["relu1"]
    assert torch.equal(whole, Backbone("alexnet", ["relu1"], mean=(0.0,) * 3, std=(1.0,) * 3)(x)["relu1"])


def test_one_name_for_the_layers_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"layers is 'relu2_2'; expected a list of names: layers=\['relu2_2'\]"
    ):
        Backbone("vgg16", "relu2_2")


@pytest.mark.parametrize("network", ["googlenet", "inception_v3"])
def test_networks_with_side_branches_are_built_without_a_word(network: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    full = models.get_model(network, weights=None, init_weights=False).eval()
    save_file(full.state_dict(), tmp_path / "net.safetensors")
    layer = {"googlenet": "inception5b", "inception_v3": "Mixed_7c"}[network]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        backbone = Backbone(
            network, [layer], weights=tmp_path / "net.safetensors", mean=(0.5,) * 3, std=(0.5,) * 3
        )
    assert not told
    seen: list[Tensor] = []
    full.get_submodule(layer).register_forward_hook(lambda module, inputs, output: seen.append(output))
    x = torch.rand(1, 3, 96, 96)
    full(x * 2 - 1)
    # the same layers on inputs that differ by rounding
    assert torch.allclose(
        backbone(x)[layer], seen[0], rtol=1e-4, atol=1e-5 * float(seen[0].detach().abs().max())
    )


@pytest.mark.parametrize("network", ["resnet18", "regnet_y_400mf", "swin_t"])
def test_building_leaves_random_numbers_alone(network: str, tmp_path: Path) -> None:
    save_file(models.get_model(network, weights=None).state_dict(), tmp_path / "net.safetensors")
    layer = {"resnet18": "layer1", "regnet_y_400mf": "stem", "swin_t": "features.0"}[network]
    before = torch.get_rng_state()
    Backbone(network, [layer], weights=tmp_path / "net.safetensors")
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_that_the_caller_holds_are_copied() -> None:
    held = {name: tensor.clone().requires_grad_() for name, tensor in door.load("alexnet")[0].items()}
    backbone = Backbone("alexnet", ["relu1"], weights=held)
    assert all(tensor.requires_grad for tensor in held.values())
    shared = {tensor.data_ptr() for tensor in held.values()} & {p.data_ptr() for p in backbone.parameters()}
    assert not shared
