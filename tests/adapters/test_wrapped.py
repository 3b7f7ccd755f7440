"""Metrics of other libraries as ours."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

import beholder
from beholder.adapters import wrap_metric
from beholder.catalog import create_metric
from beholder.images import Pair, save_picture
from beholder.scoring import Scorer, Settings, score
from beholder.spec import Metric, ShapeError, UsageError

piq = pytest.importorskip("piq", reason="piq is not installed")
torchmetrics = pytest.importorskip("torchmetrics", reason="torchmetrics is not installed")


@pytest.fixture
def pair(photos: Tensor) -> tuple[Tensor, Tensor]:
    return (photos + 0.1 * torch.sin(torch.arange(192.0) / 3)).clamp(0, 1), photos


@pytest.fixture
def files(pair: tuple[Tensor, Tensor], tmp_path: Path) -> list[Pair]:
    pairs = []
    for index, (x, y) in enumerate(zip(*pair, strict=True)):
        pairs.append(Pair(tmp_path / f"r{index}.png", tmp_path / f"d{index}.png"))
        save_picture(y, pairs[-1].reference)
        save_picture(x, pairs[-1].distorted)
    return pairs


def test_a_function_that_averages_scores_each_image(pair: tuple[Tensor, Tensor]) -> None:
    metric = wrap_metric(piq.vsi, "vsi_piq", "higher", best=1.0)
    assert isinstance(metric, Metric)
    assert torch.allclose(metric(*pair), piq.vsi(*pair, reduction="none"), rtol=1e-6, atol=0)
    assert metric.spec.name == "vsi_piq"
    assert metric.origin == f"piq.vsi.vsi (piq {piq.__version__})"


@pytest.mark.parametrize(
    "made",
    [
        lambda: torchmetrics.image.StructuralSimilarityIndexMeasure(data_range=1.0),
        lambda: torchmetrics.functional.image.structural_similarity_index_measure,
    ],
    ids=["object", "function"],
)
def test_torchmetrics_keeps_nothing_of_one_pair_for_the_next(
    made: object, pair: tuple[Tensor, Tensor]
) -> None:
    metric = wrap_metric(made(), "ssim_tm", "higher", best=1.0)  # type: ignore[operator]
    first = metric(*pair)
    assert first.shape == (3,)
    assert torch.equal(metric(*pair), first)
    assert torch.equal(metric(pair[0][1:2], pair[1][1:2]), first[1:2])
    assert torch.equal(copy.deepcopy(metric)(*pair), first)
    if isinstance(metric.function, torchmetrics.Metric):
        assert not metric.function.update_called


def test_gradients_flow_through(pair: tuple[Tensor, Tensor]) -> None:
    for function in (piq.ssim, torchmetrics.image.StructuralSimilarityIndexMeasure(data_range=1.0)):
        x = pair[0].clone().requires_grad_()
        wrap_metric(function, "other", "higher", best=1.0, differentiable=True)(x, pair[1]).sum().backward()
        assert x.grad is not None
        assert (x.grad.flatten(1).abs().sum(1) > 0).all()


def test_plain_numbers_will_do(pair: tuple[Tensor, Tensor]) -> None:
    metric = wrap_metric(lambda x, y: float((x - y).abs().max()), "worst", "lower", best=0.0)
    expected = (pair[0] - pair[1]).abs().amax((1, 2, 3))
    assert torch.allclose(metric(*pair), expected)


def test_files_are_scored_beside_our_own(files: list[Pair], pair: tuple[Tensor, Tensor]) -> None:
    own = wrap_metric(
        torchmetrics.image.StructuralSimilarityIndexMeasure(data_range=1.0), "ssim_tm", "higher", best=1.0
    )
    border = create_metric("psnr_y:border=4")
    table = beholder.score_table(files, ["ssim:channel=rgb", own, border], Settings(batch_size=1))
    assert table.frame.columns[2:-1] == ["ssim:channel=rgb", "ssim_tm", "psnr_y"]
    assert table.failed.is_empty()
    assert table.frame["ssim_tm"].to_list() == pytest.approx(own(*pair).tolist(), abs=2e-3)
    told = table.provenance["metrics"]
    assert json.loads(json.dumps(told)) == told
    assert told["ssim_tm"]["object"] == (
        f"torchmetrics.image.ssim.StructuralSimilarityIndexMeasure (torchmetrics {torchmetrics.__version__})"
    )
    assert told["psnr_y"]["object"] == "beholder.metrics.psnr.PSNR"
    assert told["ssim_tm"]["options"] is told["psnr_y"]["options"] is None
    assert told["ssim:channel=rgb"]["options"] == {"channel": "rgb"}
    assert "object" not in told["ssim:channel=rgb"]


def test_small_pictures_fail_their_row(files: list[Pair]) -> None:
    metric = wrap_metric(piq.vsi, "vsi_piq", "higher", best=1.0, min_size=300)
    errors = score(files, [metric, "psnr"])["error"].to_list()
    assert errors == ["vsi_piq: the picture is 192x192; expected at least 300x300 pixels."] * 3


def test_more_than_one_number_is_refused(pair: tuple[Tensor, Tensor]) -> None:
    metric = wrap_metric(lambda x, y: x - y, "difference", "lower", best=0.0)
    with pytest.raises(
        ShapeError, match=r"difference gave \(1, 3, 192, 192\) for one pair; expected one number"
    ):
        metric(*pair)


def test_what_is_no_metric_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be called"):
        wrap_metric(3, "three", "lower", best=0.0)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="expected a word without colons"):
        wrap_metric(piq.vsi, "vsi:piq", "higher", best=1.0)
    with pytest.raises(UsageError, match="expected 'higher' or 'lower'"):
        wrap_metric(piq.vsi, "vsi_piq", "up", best=1.0)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"is no metric; expected a catalogue name, or an object"):
        Scorer([piq.vsi])
    with pytest.raises(UsageError, match="named twice: ssim"):
        Scorer(["ssim", create_metric("ssim")])
