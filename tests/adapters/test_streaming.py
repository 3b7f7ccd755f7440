"""Our metrics as torchmetrics'."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, multiprocessing

from beholder.adapters import as_torchmetric
from beholder.catalog import create_metric
from beholder.spec import MissingPackageError, UsageError

torchmetrics = pytest.importorskip("torchmetrics", reason="torchmetrics is not installed")


@pytest.fixture
def pair(photos: Tensor) -> tuple[Tensor, Tensor]:
    return (photos + 0.1 * torch.sin(torch.arange(192.0) / 3)).clamp(0, 1), photos


def test_the_mean_is_over_pictures_whatever_the_batches(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    metric = as_torchmetric("psnr_y:border=4")
    metric.update(x[:2], y[:2])
    metric.update(x[2:], y[2:])
    expected = create_metric("psnr_y:border=4")(x, y).double().mean()
    assert metric.compute().dtype == torch.float64
    assert metric.compute().item() == pytest.approx(expected.item(), rel=1e-6)
    metric.reset()
    metric.update(x[:1], y[:1])
    assert metric.compute().item() == pytest.approx(create_metric("psnr_y", border=4)(x[:1], y[:1]).item())


def test_states_merge(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    metric, other = as_torchmetric("ssim"), as_torchmetric("ssim")
    metric.update(x[:2], y[:2])
    other.update(x[2:], y[2:])
    metric.merge_state(other)
    assert metric.compute().item() == pytest.approx(create_metric("ssim")(x, y).mean().item(), rel=1e-6)


def test_forward_gives_the_batch_with_gradients_and_accumulates(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair[0].clone().requires_grad_(), pair[1]
    metric = as_torchmetric("gmsd")
    first = metric(x[:2], y[:2])
    first.backward()
    assert x.grad is not None
    assert (x.grad[:2].flatten(1).abs().sum(1) > 0).all()
    metric(x[2:], y[2:])
    scores = create_metric("gmsd")(x, y)
    assert first.item() == pytest.approx(scores[:2].mean().item(), rel=1e-6)
    assert metric.compute().item() == pytest.approx(scores.mean().item(), rel=1e-6)
    assert not metric.compute().requires_grad


def test_flags_and_options(pair: tuple[Tensor, Tensor]) -> None:
    metric = as_torchmetric("ssim", channel="rgb", dist_sync_on_step=True)
    assert metric.dist_sync_on_step
    assert torch.equal(metric.metric(*pair), create_metric("ssim:channel=rgb")(*pair))
    assert (metric.higher_is_better, metric.is_differentiable) == (True, True)
    assert as_torchmetric("lpips_alex").higher_is_better is False
    given = create_metric("ssim", channel="rgb")
    assert as_torchmetric(given).metric is given
    with pytest.raises(UsageError, match="Did you mean ssim"):
        as_torchmetric("ssmi")
    with pytest.raises(ValueError, match="colour"):
        as_torchmetric("ssim", colour="rgb")
    with pytest.raises(UsageError, match="expected a catalogue name or a metric"):
        as_torchmetric(torch.nn.functional.mse_loss)  # type: ignore[arg-type]


def test_collections_and_copies(pair: tuple[Tensor, Tensor]) -> None:
    collection = torchmetrics.MetricCollection({name: as_torchmetric(name) for name in ("ssim", "psnr")})
    collection.update(*pair)
    computed = collection.compute()
    assert {name: value.item() for name, value in computed.items()} == pytest.approx(
        {name: create_metric(name)(*pair).mean().item() for name in ("ssim", "psnr")}, rel=1e-6
    )
    copied = pickle.loads(pickle.dumps(as_torchmetric("ssim")))
    copied.update(*pair)
    assert copied.compute().item() == pytest.approx(computed["ssim"].item())


def test_a_collection_keeps_metrics_apart_that_begin_alike(pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    names = ("ssim", "gmsd", "mse", "haarpsi")  # of equal pictures two are 0, two are 1
    collection = torchmetrics.MetricCollection({name: as_torchmetric(name) for name in names})
    collection.update(y, y)
    collection.update(x, y)
    expected = {
        name: create_metric(name)(torch.cat([y, x]), torch.cat([y, y])).mean().item() for name in names
    }
    computed = {name: value.item() for name, value in collection.compute().items()}
    assert computed == pytest.approx(expected, rel=1e-5)


def test_half_of_the_network_leaves_the_sum_in_double_precision() -> None:
    metric = as_torchmetric("ssim").half()
    assert metric.total.dtype == torch.float64


def _work(rank: int, meeting: str, x: Tensor, y: Tensor, results: Tensor) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    metric = as_torchmetric("ssim")
    own = slice(0, 2) if rank == 0 else slice(2, 3)
    metric.update(x[own], y[own])
    results[rank] = metric.compute()
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_agree_on_the_mean(pair: tuple[Tensor, Tensor], tmp_path: Path) -> None:
    results = torch.zeros(2, dtype=torch.float64).share_memory_()
    multiprocessing.spawn(_work, (str(tmp_path / "meeting"), *pair, results), nprocs=2)
    expected = create_metric("ssim")(*pair).mean().item()
    assert results.tolist() == pytest.approx([expected] * 2, rel=1e-6)


def test_without_torchmetrics_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchmetrics", None)
    monkeypatch.delitem(sys.modules, "beholder.adapters.streaming", raising=False)
    with pytest.raises(MissingPackageError, match="pip install torchmetrics"):
        as_torchmetric("ssim")
