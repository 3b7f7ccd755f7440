"""LPIPS from a file: the built-in one's scores, and what is no such file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

import beholder
from beholder.backbones import Backbone, WeightFile
from beholder.catalog import (
    create_metric,
    create_no_reference_metric,
    describe_metric,
    parse_request,
    split_requests,
)
from beholder.images import save_picture
from beholder.metrics.learned_lpips import LearnedLPIPS, save_learned_lpips
from beholder.metrics.lpips import LPIPS
from beholder.metrics.metric_file import tell_metric
from beholder.spec import UsageError, WeightsError
from scoring.engines.pairs import loaded, noisy, photographs, scores


@pytest.fixture(scope="module")
def alex() -> LPIPS:
    return LPIPS("alex")


@pytest.fixture(scope="module")
def files(alex: LPIPS, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """LPIPS alex as files: on the card's network, and with a network of its own."""
    folder = tmp_path_factory.mktemp("learned")
    return {
        "lin": save(alex, folder / "lin.safetensors", trunk_file=alex.backbone.weights),
        "tune": save(alex, folder / "tune.safetensors", trunk=alex.backbone.trunk.state_dict()),
    }


def save(alex: LPIPS, path: Path, **options: object) -> Path:
    given = {
        "backbone": "alexnet",
        "layers": alex.backbone.layers,
        "weights": [alex.get_buffer(f"weight{index}") for index in range(5)],
        **options,
    }
    return save_learned_lpips(path, **given)  # type: ignore[arg-type]


@pytest.fixture
def pair(photos: Tensor) -> tuple[Tensor, Tensor]:
    return (photos + 0.1 * torch.sin(torch.arange(192.0) / 3)).clamp(0, 1), photos


@pytest.mark.parametrize("kind", ["lin", "tune"])
def test_the_built_in_weights_in_a_file_score_as_built_in(
    kind: str, alex: LPIPS, files: dict[str, Path], pair: tuple[Tensor, Tensor]
) -> None:
    metric = create_metric(str(files[kind]))
    assert isinstance(metric, LearnedLPIPS)
    assert torch.equal(metric(*pair), alex(*pair))
    assert torch.equal(metric.score_and_map(*pair)[1], alex.score_and_map(*pair)[1])
    assert metric.spec.min_size == alex.spec.min_size
    assert metric.spec.name == kind
    assert metric.spec.weights == (("alexnet",) if kind == "lin" else ())


@pytest.mark.parametrize("engine", ["auto", "torch", "winograd", "openvino"])
def test_engines_score_it_as_the_built_in_one(engine: str, files: dict[str, Path]) -> None:
    if engine == "openvino":
        pytest.importorskip("openvino", reason="OpenVINO is not installed (extra cpu)")
    y = photographs(3, 70, 64)
    names = ("lpips_alex", str(files["lin"]), str(files["tune"]))
    found, scorer = scores(loaded(noisy(y), list(y)), names, engine=engine)
    assert (found > 0.01).all()
    assert torch.allclose(found[:, :1].expand(-1, 3), found, rtol=0, atol=1e-6)
    told = scorer.provenance()["metrics"]
    assert len({told[name]["engine"] for name in names}) == 1


def test_score_names_its_column_by_the_request(files: dict[str, Path], tmp_path: Path) -> None:
    y = photographs(1, 64, 64)
    for name, picture in (("y.png", y), ("x.png", noisy(y))):
        save_picture(picture[0], tmp_path / name)
    request = str(files["lin"])
    frame = beholder.score([(tmp_path / "y.png", tmp_path / "x.png")], ["lpips_alex", request])
    assert frame[request].to_list() == pytest.approx(frame["lpips_alex"].to_list(), abs=1e-6)


def test_layers_are_weighted_by_name_whatever_their_order(
    alex: LPIPS, tmp_path: Path, pair: tuple[Tensor, Tensor]
) -> None:
    weights = [alex.get_buffer(f"weight{index}") for index in range(5)]
    turned = save(
        alex,
        tmp_path / "turned.safetensors",
        layers=alex.backbone.layers[::-1],
        weights=weights[::-1],
        trunk_file=alex.backbone.weights,
    )
    assert torch.allclose(create_metric(str(turned))(*pair), alex(*pair), rtol=1e-6, atol=0)


def test_a_loss_of_it_has_gradients(files: dict[str, Path], pair: tuple[Tensor, Tensor]) -> None:
    x = pair[0].clone().requires_grad_()
    beholder.create_loss(str(files["tune"]))(x, pair[1]).backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


def test_what_is_known_of_it_is_in_the_file(alex: LPIPS, tmp_path: Path) -> None:
    path = save(
        alex, tmp_path / "new" / "m.safetensors", trunk_file=alex.backbone.weights, about={"data": "BAPPS"}
    )
    told = tell_metric(path)
    assert told["about"] == {"data": "BAPPS"}
    assert told["trunk"]["sha256"] == alex.backbone.weights.sha256
    assert told["map_range"] == [0.0, pytest.approx(0.64, abs=0.01)]
    described = describe_metric(str(path))
    assert described == create_metric(str(path)).spec


def test_another_network_than_it_was_learned_on_is_refused(alex: LPIPS, tmp_path: Path) -> None:
    own = tmp_path / "own.safetensors"
    tensors = {name: tensor.contiguous() for name, tensor in alex.backbone.trunk.state_dict().items()}
    save_file(tensors, own)
    path = save(alex, tmp_path / "m.safetensors", trunk_file=WeightFile("alexnet", "own.pth", "0" * 64))
    with pytest.raises(
        WeightsError, match=f"learned on own.pth with sha256 {'0' * 64}; found .* with sha256 443c"
    ):
        create_metric(str(path))
    with pytest.raises(WeightsError, match=r"learned on own.pth .* found own.safetensors"):
        create_metric(f"{path}:trunk={own}")
    mine = Backbone("alexnet", alex.backbone.layers, weights=own).weights
    path = save(alex, tmp_path / "mine.safetensors", trunk_file=mine)
    create_metric(f"{path}:trunk={own}")


def test_sources_of_a_card_are_the_same_network(alex: LPIPS, tmp_path: Path) -> None:
    other = next(
        source
        for source in beholder.backbones.CARDS["alexnet"].sources
        if source.sha256 != alex.backbone.weights.sha256
    )
    path = save(alex, tmp_path / "m.safetensors", trunk_file=WeightFile("alexnet", other.file, other.sha256))
    x, y = torch.rand(2, 1, 3, 64, 64)
    torch.testing.assert_close(create_metric(str(path))(x, y), alex(x, y))


def test_a_network_without_a_card_must_be_named(alex: LPIPS, tmp_path: Path) -> None:
    path = save(alex, tmp_path / "m.safetensors", trunk_file=WeightFile("mine", "mine.pth", "0" * 64))
    with pytest.raises(WeightsError, match=r"learned on mine.pth.*trunk=mine.pth"):
        create_metric(str(path))


def test_a_file_with_its_own_network_takes_no_other(files: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match="holds its own network"):
        create_metric(f"{files['tune']}:trunk=other.pth")


def spoil(weights: list[Tensor], value: float) -> list[Tensor]:
    spoilt = [weight.clone() for weight in weights]
    spoilt[2][7] = value
    return spoilt


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: spoil(weights, -1e-3), "weights of relu3 are negative or not finite"),
        (lambda weights: spoil(weights, float("nan")), "weights of relu3 are negative or not finite"),
        (lambda weights: weights[:4], "weights of 4 layers; expected 5"),
        (lambda weights: [weights[1], *weights[1:]], r"relu1 have the shape \(192,\); .* \(64,\)"),
        (lambda weights: [weight * 0 for weight in weights], "all weights are 0"),
    ],
    ids=["negative", "nan", "few", "channels", "zero"],
)
def test_weights_that_make_no_distance_are_refused(
    change: Callable[[list[Tensor]], list[Tensor]],
    message: str,
    alex: LPIPS,
    files: dict[str, Path],
    tmp_path: Path,
) -> None:
    weights = change([alex.get_buffer(f"weight{index}") for index in range(5)])
    with pytest.raises(WeightsError, match=message):
        save(alex, tmp_path / "m.safetensors", weights=weights, trunk_file=alex.backbone.weights)
    tensors = {f"weight.{index}": weight.clone() for index, weight in enumerate(weights)}
    forged = tmp_path / "forged.safetensors"
    save_file(tensors, forged, {"metric": json.dumps(tell_metric(files["lin"]))})
    with pytest.raises(WeightsError, match=message):
        create_metric(str(forged))


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"std": [0.2, 0.0, 0.2]}, "", "does not tell of its network whole"),
        ({"layers": []}, "", "does not tell of its network whole"),
        ({"min_size": 3}, "", "takes no pictures of 3x3 pixels"),
        ({"trunk": None}, "", "holds no network, and does not tell of one"),
        ({"trunk": None}, ":trunk=other.safetensors", "holds no network, and does not tell of one"),
    ],
)
def test_a_file_that_does_not_tell_its_network_is_refused(
    change: dict[str, object], options: str, message: str, files: dict[str, Path], tmp_path: Path
) -> None:
    forged = tmp_path / "forged.safetensors"
    save_file(load_file(files["lin"]), forged, {"metric": json.dumps(tell_metric(files["lin"]) | change)})
    with pytest.raises(WeightsError, match=message):
        create_metric(f"{forged}{options}")


def test_one_of_the_tensors_and_their_file_is_wanted(alex: LPIPS, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one of them"):
        save(alex, tmp_path / "m.safetensors")
    with pytest.raises(UsageError, match=r"ends in .safetensors"):
        save(alex, tmp_path / "m.pth", trunk_file=alex.backbone.weights)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({}, "holds tensors, but tells of no metric"),
        ({"model": "{}"}, "holds a network that restores pictures"),
        ({"channel": "y"}, "model of natural pictures, for niqe:FILE"),
        ({"metric": "{"}, "tells of no metric"),
        ({"metric": '{"form": "dream"}'}, "of the form 'dream'; expected lpips or ensemble"),
    ],
)
def test_files_of_another_kind_are_refused(metadata: dict[str, str], message: str, tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"mean": torch.zeros(3)}, path, metadata)
    with pytest.raises(WeightsError, match=message):
        create_metric(str(path))


def test_paths_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.safetensors").mkdir()
    (tmp_path / "text.safetensors").write_text("no tensors")
    for name, message in (
        ("none", "there is no such file"),
        ("folder", "is a folder"),
        ("text", "cannot be read"),
    ):
        with pytest.raises(WeightsError, match=message):
            create_metric(str(tmp_path / f"{name}.safetensors"))
    with pytest.raises(UsageError, match=r"no such file, and no metric of that name. Did you mean lpips_vgg"):
        create_metric("lpips_vg:trunk=other.safetensors")
    with pytest.raises(UsageError, match="learned_lpips wants a file"):
        create_metric("learned_lpips")


@pytest.mark.parametrize(
    "name", [r"C:\mine.safetensors", "a,b.safetensors", "k=v:1.safetensors", "Mine.SafeTensors"]
)
def test_any_path_can_be_named(
    name: str, files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(files["lin"].read_bytes())
    monkeypatch.chdir(tmp_path)
    assert create_metric(name).spec.min_size == 31
    for path in (name, str(tmp_path / name)):
        (request,) = split_requests(path.replace(",", r"\,"))
        assert parse_request(request) == ("learned_lpips", {"file": path})


def test_it_is_no_metric_without_a_reference(files: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match="compares with a reference"):
        create_no_reference_metric(str(files["lin"]))
