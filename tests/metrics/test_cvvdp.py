"""ColorVideoVDP through the authors' package."""

from __future__ import annotations

import copy
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from beholder.catalog import create_metric, describe_metric
from beholder.data.degradations import add_noise
from beholder.spec import MissingPackageError, UsageError


@pytest.fixture
def pycvvdp() -> object:
    return pytest.importorskip("pycvvdp", reason="the package cvvdp is not installed")


@pytest.fixture
def pair(photos: Tensor) -> tuple[Tensor, Tensor]:
    return torch.stack([add_noise(photo, 0.1, seed=1) for photo in photos]), photos


@pytest.mark.parametrize("display", ["standard_4k", "standard_phone"])
def test_scores_are_those_of_the_package(display: str, pycvvdp: object, pair: tuple[Tensor, Tensor]) -> None:
    x, y = pair
    authors = pycvvdp.cvvdp(display, device=torch.device("cpu"), quiet=True)  # type: ignore[attr-defined]
    expected = [authors.predict(x[i], y[i], dim_order="CHW")[0].item() for i in range(3)]
    assert create_metric("cvvdp", display=display)(x, y).tolist() == pytest.approx(expected, abs=1e-5)


def test_displays_differ(pycvvdp: object, pair: tuple[Tensor, Tensor]) -> None:
    desk, phone = (
        create_metric(f"cvvdp:display={name}")(*pair) for name in ("standard_fhd", "standard_phone")
    )
    assert (phone > desk + 0.1).all()  # finer pixels, less to see


def test_threads_and_sizes_do_not_disturb_each_other(pycvvdp: object, pair: tuple[Tensor, Tensor]) -> None:
    metric = create_metric("cvvdp")
    cuts = [(x[:1, :, :size, :size], y[:1, :, :size, :size]) for size in (64, 96, 128) * 3 for x, y in [pair]]
    alone = [metric(*cut).item() for cut in cuts]
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(lambda cut: metric(*cut).item(), cuts)) == alone


def test_gradients_flow_after_scoring(pycvvdp: object, pair: tuple[Tensor, Tensor]) -> None:
    metric = copy.deepcopy(create_metric("cvvdp"))
    with torch.inference_mode():
        scored = metric(*pair)
    x = pair[0].clone().requires_grad_()
    scores = metric(x, pair[1])
    scores.sum().backward()
    assert torch.equal(scores.detach(), scored)
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    with torch.no_grad():
        assert not metric(x, pair[1]).requires_grad


def test_unfit_displays_are_refused(pycvvdp: object) -> None:
    with pytest.raises(UsageError, match=r"no display 'standard_4m'. Did you mean standard_4k"):
        create_metric("cvvdp:display=standard_4m")
    with pytest.raises(UsageError, match="shows PQ pictures; expected one for sRGB"):
        create_metric("cvvdp:display=standard_hdr_pq")
    with pytest.raises(UsageError, match="display is 4; expected the name"):
        create_metric("cvvdp:display=4")


def test_without_the_package_it_is_described_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycvvdp", None)
    assert describe_metric("cvvdp").unit == "JOD"
    with pytest.raises(MissingPackageError, match="pip install cvvdp"):
        create_metric("cvvdp")
