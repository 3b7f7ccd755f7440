"""Metrics added up: scores, specifications, one pass through each network, files."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from beholder.adapters import as_torchmetric
from beholder.backbones import Backbone
from beholder.catalog import create_metric, describe_metric
from beholder.catalog.ensemble import save_ensemble
from beholder.metrics.ensemble import Ensemble
from beholder.metrics.metric_file import save_metric, tell_metric
from beholder.metrics.mse import MSE
from beholder.metrics.ssim import SSIM
from beholder.spec import UsageError, WeightsError
from scoring.engines.pairs import loaded, noisy, photographs, scores


def test_distances_are_added_by_their_weights() -> None:
    y = photographs(3, 64, 64)
    x = noisy(y)
    ensemble = Ensemble({"ssim": SSIM(), "mse": MSE()}, {"ssim": 0.5, "mse": 3.0}, name="both")
    expected = 0.5 * (1 - SSIM()(x, y)) + 3 * MSE()(x, y)
    assert torch.allclose(ensemble(x, y), expected, rtol=1e-6, atol=0)
    assert (ensemble(y, y) == 0).all()


def test_its_specification_is_that_of_its_members(tmp_path: Path) -> None:
    path = save_ensemble(tmp_path / "mine.safetensors", {"lpips_alex": 2.0, "ssim": 0.5})
    spec = describe_metric(str(path))
    assert (spec.name, spec.direction, spec.best) == ("mine", "lower", 0.0)
    assert spec.title == "2 lpips_alex + 0.5 ssim"
    assert spec.symmetric
    assert spec.differentiable
    assert spec.min_size == describe_metric("lpips_alex").min_size
    assert spec.weights == describe_metric("lpips_alex").weights
    assert math.isinf(spec.range[1])
    assert spec == create_metric(str(path)).spec
    bounded = describe_metric(str(save_ensemble(tmp_path / "b.safetensors", {"ssim": 0.5, "mse": 1.0})))
    assert bounded.range == (0.0, 2.0)
    vif = describe_metric(str(save_ensemble(tmp_path / "vif.safetensors", {"ssim": 0.5, "vif": 1.0})))
    assert not vif.symmetric


@pytest.mark.parametrize("engine", ["auto", "torch", "openvino"])
def test_members_that_share_a_network_share_its_pass(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine == "openvino":
        pytest.importorskip("openvino", reason="OpenVINO is not installed (extra cpu)")
    passes: list[int] = []
    walk = Backbone._walk_trunk

    def count(self: Backbone, x: Tensor) -> object:
        passes.append(len(x))
        return walk(self, x)

    monkeypatch.setattr(Backbone, "_walk_trunk", count)
    members = ("lpips_alex", "lpips:alexnet:layers=relu1+relu2", "ssim")
    alone = str(save_ensemble(tmp_path / "one.safetensors", {"lpips_alex": 1.0}))
    three = str(
        save_ensemble(tmp_path / "three.safetensors", dict(zip(members, (0.2, 0.3, 0.5), strict=True)))
    )
    y = photographs(2, 64, 64)
    pairs = loaded(noisy(y), list(y))
    counts = []
    for name in (alone, three):
        passes.clear()
        found, _ = scores(pairs, (name,), engine=engine)
        counts.append(len(passes))
    assert counts[0] == counts[1] > 0
    each, _ = scores(pairs, members, engine=engine)
    first, second, ssim = each.T
    expected = 0.2 * first + 0.3 * second + 0.5 * (1 - ssim)
    assert torch.allclose(found[:, 0], expected, rtol=1e-5, atol=0)


def test_provenance_tells_the_file_and_its_members_weights(tmp_path: Path) -> None:
    path = save_ensemble(tmp_path / "mine.safetensors", {"lpips_alex": 1.0})
    y = photographs(1, 64, 64)
    _, scorer = scores(loaded(noisy(y), list(y)), (str(path),))
    told = scorer.provenance()["metrics"][str(path)]
    assert [file["file"] for file in told["weights"]][-1] == "mine.safetensors"
    assert {file["card"] for file in told["weights"]} >= {"alexnet", "lpips_alex_lin_v0.1"}
    assert all(len(file["sha256"]) == 64 for file in told["weights"])


def test_a_file_among_its_members_must_stay_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inner = save_ensemble("in/ner.safetensors", {"ssim": 1.0})
    outer = save_ensemble("out/er.safetensors", {str(inner): 2.0, "mse": 1.0})
    assert tell_metric(outer)["members"][0]["file"] == "../in/ner.safetensors"
    y = photographs(1, 64, 64)
    x = noisy(y)
    expected = 2 * (1 - SSIM()(x, y)) + MSE()(x, y)
    monkeypatch.chdir("in")  # found from its own folder, wherever it is asked for
    assert torch.allclose(create_metric("../out/er.safetensors")(x, y), expected, rtol=1e-6, atol=0)
    monkeypatch.chdir(tmp_path)
    save_ensemble(inner, {"ssim": 1.5})
    with pytest.raises(WeightsError, match=r"another file now: sha256 .* expected"):
        create_metric(str(outer))
    inner.unlink()
    with pytest.raises(WeightsError, match=r"is not there. Bring it along"):
        describe_metric(str(outer))


def test_what_weighs_nothing_is_left_out(tmp_path: Path) -> None:
    path = save_ensemble(tmp_path / "mine.safetensors", {"lpips_vgg": 0.0, "ssim": 1.0})
    assert [member["request"] for member in tell_metric(path)["members"]] == ["ssim"]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"psnr": 1.0}, "equal pictures score infinitely well by psnr, .* such as mse"),
        ({"niqe": 1.0}, "niqe judges a picture alone"),
        ({"ssim": -1.0}, "weight of ssim is -1.0; expected a finite number above 0"),
        ({"ssim": math.nan}, "weight of ssim is nan"),
        ({"ssim": 0.0}, "at least one member"),
        ({"sim": 1.0}, "Did you mean ssim"),
    ],
)
def test_what_makes_no_distance_is_refused(weights: dict[str, float], message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        save_ensemble(tmp_path / "mine.safetensors", weights)


def test_it_goes_where_a_name_goes(tmp_path: Path) -> None:
    path = str(save_ensemble(tmp_path / "mine.safetensors", {"ssim": 1.0}))
    y = photographs(2, 64, 64)
    x = noisy(y)
    mean = as_torchmetric(path)
    mean.update(x, y)
    assert not mean.higher_is_better
    assert mean.compute().item() == pytest.approx((1 - SSIM()(x, y)).mean().item())


def test_a_file_counts_once_and_by_its_sha256(tmp_path: Path) -> None:
    inner = save_ensemble(tmp_path / "inner.safetensors", {"ssim": 1.0})
    (tmp_path / "x").mkdir()
    with pytest.raises(UsageError, match="is named twice"):
        save_ensemble(
            tmp_path / "mine.safetensors",
            {str(inner): 1.0, str(tmp_path / "." / "x" / ".." / inner.name): 3.0},
        )
    for members, message in (
        ([{"request": str(inner), "weight": 1.0}], "is a file without its sha256"),
        ([{"request": "ssim", "weight": 1.0}, {"request": "ssim", "weight": 2.0}], "names a member twice"),
    ):
        forged = save_metric(tmp_path / "forged.safetensors", "ensemble", {"members": members}, {})
        with pytest.raises(WeightsError, match=message):
            create_metric(str(forged))
