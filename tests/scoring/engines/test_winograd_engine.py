"""Winograd's convolutions give the scores of direct ones, whatever is compared with what."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from beholder.backbones import Backbone
from beholder.backbones.chains import CHAINS, Chain
from beholder.backbones.quick_chains import gains, quick_chains
from beholder.catalog import create_metric, describe_metric
from beholder.scoring import Scorer, Settings
from beholder.scoring.engines import winograd_engine
from beholder.scoring.engines.references import KeptReferences
from beholder.spec import UsageError
from scoring.engines.pairs import loaded, noisy, photographs, scores

METRICS = (
    "lpips_vgg",
    "lpips_alex:lin=false",
    "stlpips_alex",
    "dists",
    "content",
    "gram",
    "lpips_random",
    "contextual",
)


@pytest.mark.parametrize(("height", "width"), [pytest.param(64, 64, marks=pytest.mark.slow), (101, 77)])
def test_scores_are_those_of_direct_convolutions(height: int, width: int) -> None:
    y = photographs(3, height, width)
    pairs = loaded(noisy(y), list(y))
    expected, _ = scores(pairs, METRICS, engine="torch")
    found, scorer = scores(pairs, METRICS, engine="winograd")
    assert torch.allclose(found, expected, rtol=2e-5, atol=0)
    assert not torch.equal(found, expected)
    told = scorer.provenance()
    assert "openvino" not in told
    assert {told["metrics"][name]["engine"] for name in METRICS} == {"winograd"}


def test_a_difference_that_is_hardly_there_is_measured() -> None:
    y = photographs(1, 96, 96)
    x = y.clone()
    x[:, :, 40:50, 40:50] += 1 / 255
    pairs = loaded(x.clamp(0, 1), list(y))
    names = ("lpips_vgg", "lpips_alex", "dists")
    expected, _ = scores(pairs, names, engine="torch")
    found, _ = scores(pairs, names, engine="winograd")
    assert (expected < 2e-3).all()
    assert torch.allclose(found, expected, rtol=1e-3, atol=0)


def test_versions_of_references_are_compared_with_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = photographs(2, 72, 80)
    # four of one reference, which makes it worth while to look at it apart; then both in turn
    of = [other, other, other, other, one, other, one, one]
    pairs = loaded(noisy(torch.stack(of)), of)
    kept: list[bool] = []
    recall = KeptReferences.recall

    def listen(self: KeptReferences, reference: torch.Tensor, versions: int) -> list[torch.Tensor] | None:
        found = recall(self, reference, versions)
        kept.append(found is not None)
        return found

    monkeypatch.setattr(KeptReferences, "recall", listen)
    names = ("lpips_alex", "dists", "contextual")
    expected, _ = scores(pairs, names, engine="torch", batch_size=1)
    found, _ = scores(pairs, names, engine="winograd", batch_size=4)
    assert torch.allclose(found, expected, rtol=2e-5, atol=0)
    assert kept == [True]


def test_equal_pictures_score_as_such() -> None:
    y = photographs(3, 70, 90)
    names = METRICS[:-1]
    found, _ = scores(loaded(y, list(y.clone())), names, engine="winograd")
    assert torch.equal(found, torch.zeros_like(found))


@pytest.mark.parametrize("side", [40, pytest.param(64, marks=pytest.mark.slow), 80])
def test_a_version_equal_to_its_reference_scores_as_such(side: int) -> None:
    (y,) = photographs(1, side, side)
    x = noisy(torch.stack([y] * 4))
    x[0] = y
    found, _ = scores(loaded(x, [y] * 4), METRICS[:-1], engine="winograd")
    assert found[0].abs().max() < 1e-15  # DISTS adds up a reference that is repeated in another order
    assert (found[1:] > 1e-4).all()


def test_neighbours_hardly_move_a_score() -> None:
    y = photographs(4, 96, 70)
    pairs = loaded(noisy(y), list(y))
    alone, _ = scores(pairs, ("lpips_alex", "dists"), engine="winograd", batch_size=1)
    together, _ = scores(pairs, ("lpips_alex", "dists"), engine="winograd", batch_size=4)
    assert torch.allclose(alone, together, rtol=1e-6, atol=0)


def test_metrics_stay_in_use_when_another_scorer_joins_their_networks() -> None:
    y = photographs(1, 64, 64)
    pairs = loaded(noisy(y), list(y))
    lpips = create_metric("lpips_vgg")
    first = Scorer([lpips], Settings(engine="winograd"))
    (before,) = first.stream_loaded(pairs)
    Scorer([lpips, "content"], Settings(engine="winograd"))
    (after,) = first.stream_loaded(pairs)
    assert after.scores == before.scores


def test_changed_weights_are_computed_with() -> None:
    y = photographs(1, 64, 64)
    pairs = loaded(noisy(y), list(y))
    metric = create_metric("lpips_vgg")
    assert isinstance(metric, nn.Module)
    scorer = Scorer([metric], Settings(engine="winograd"))  # type: ignore[list-item]
    (before,) = scorer.stream_loaded(pairs)
    metric.get_submodule("backbone.trunk.features.2").weight.mul_(0.5)  # type: ignore[operator, union-attr]
    (after,) = scorer.stream_loaded(pairs)
    (direct,) = Scorer([metric], Settings(engine="torch")).stream_loaded(pairs)  # type: ignore[list-item]
    assert after.scores != before.scores
    assert after.scores["lpips_vgg"] == pytest.approx(direct.scores["lpips_vgg"], rel=1e-5)


class Brightest(nn.Module):
    """A metric of ours that looks at one picture."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone("alexnet", ["relu2"])
        lpips = describe_metric("lpips_alex")
        self.spec = dataclasses.replace(lpips, name="brightest", needs_reference=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Shape (N,)."""
        return self.backbone(x)["relu2"].amax((1, 2, 3))  # type: ignore[no-any-return]


def test_a_metric_of_one_picture_is_told_what_computes_its_network() -> None:
    y = photographs(2, 64, 64)
    pairs = loaded(noisy(y), list(y))
    rows = {}
    for engine in ("torch", "winograd"):
        scorer = Scorer([Brightest()], Settings(engine=engine))  # type: ignore[arg-type, list-item]
        rows[engine] = [pair.scores["brightest"] for pair in scorer.stream_loaded(pairs)]
        assert scorer.provenance()["metrics"]["brightest"]["engine"] == engine
    assert rows["winograd"] == pytest.approx(rows["torch"], rel=1e-5)
    assert rows["winograd"] != rows["torch"]


def test_a_network_that_gains_nothing_is_left_to_torch() -> None:
    assert not gains(Chain(CHAINS["squeezenet1_1"](), ["fire9"]))
    assert gains(Chain(CHAINS["alexnet"](), ["relu5"]))


def test_a_large_picture_is_seen_layer_by_layer_with_the_same_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    y = photographs(2, 64, 64)
    pairs = loaded(noisy(y), list(y))
    names = ("lpips_vgg", "lpips_alex", "dists")
    expected, _ = scores(pairs, names, engine="winograd")
    monkeypatch.setattr(winograd_engine, "_LARGEST", 1000)
    found, _ = scores(pairs, names, engine="winograd")
    direct, _ = scores(pairs, names, engine="torch")
    assert torch.allclose(found, expected, rtol=1e-6, atol=0)
    assert not torch.equal(found, direct)


def test_small_pictures_fail_where_they_must() -> None:
    y = photographs(1, 20, 20)
    scorer = Scorer(["lpips_vgg", "lpips_alex"], Settings(engine="winograd"))
    (pair,) = scorer.stream_loaded(loaded(noisy(y), list(y)))
    assert pair.scores["lpips_vgg"] is not None
    assert pair.error == "lpips_alex: the picture is 20x20; expected at least 31x31 pixels."
    assert pair.notes == ()


def test_maps_are_drawn() -> None:
    y = photographs(2, 64, 64)
    pairs = loaded(noisy(y), list(y))
    drawn = {}
    for engine in ("torch", "winograd"):
        scorer = Scorer(["lpips_alex", "dists"], Settings(engine=engine), maps=True)  # type: ignore[arg-type]
        drawn[engine] = [pair.maps["lpips_alex"] for pair in scorer.stream_loaded(pairs)]
    for ours, reference in zip(drawn["winograd"], drawn["torch"], strict=True):
        assert abs(ours - reference).max() < 1e-5


def test_layers_before_their_relu_are_given_as_they_are() -> None:
    backbone = Backbone("vgg16", ["conv1_2", "relu1_2", "conv2_1"])
    x = photographs(1, 40, 56)
    with torch.no_grad():
        expected = backbone(x)
        with quick_chains():
            found = backbone(x)
    assert not torch.equal(found["conv1_2"], expected["conv1_2"])
    assert found["conv1_2"].min() < 0
    for layer, features in expected.items():
        assert torch.allclose(found[layer], features, rtol=0, atol=1e-4), layer


def test_it_is_chosen_on_processors_in_float32() -> None:
    assert Settings(device="cpu").engine == "winograd"
    with pytest.raises(UsageError, match="engine is winograd, which computes in fp32"):
        Settings(engine="winograd", precision="bf16")
