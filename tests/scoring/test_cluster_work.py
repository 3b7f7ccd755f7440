"""The steps of a cluster, one behind the other in this process."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from beholder.data.degradations import add_noise
from beholder.images import Pair, Pairing, save_picture
from beholder.scoring import Scorer, Settings
from beholder.scoring.cluster_work import Order, Worker, count_deaths, decode, list_blocks, open_rows
from beholder.scoring.planner import plan_after
from beholder.spec import ClusterError, PairingError

ray = pytest.importorskip("ray", reason="Ray is not installed (extra cluster)")
METRICS = ["ssim", "mae"]


@pytest.fixture
def pairs(photos: Tensor, tmp_path: Path) -> Pairing:
    """Pairs of two sizes in no regular order; every tenth lacks a file."""
    for number, photo in enumerate(photos):
        cut = photo[:, : 64 + 32 * (number % 2)]
        save_picture(cut, tmp_path / f"r{number}.png")
        for version in range(3):
            save_picture(add_noise(cut, 0.05, seed=version), tmp_path / f"d{number}{version}.png")
    names = [(place * place % 3, place % 3) for place in range(150)]
    return Pairing(
        tuple(
            Pair(tmp_path / f"r{r}.png", tmp_path / (f"d{r}{d}.png" if place % 10 else "none.png"))
            for place, (r, d) in enumerate(names)
        )
    )


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Order:
    """An order for workers of this process, whose folder, cores and memory stay as they are."""
    monkeypatch.setattr(ray, "get", lambda handle: handle)
    monkeypatch.setattr(Order, "settle", lambda order: None)
    settings = Settings(engine="torch")
    return Order(METRICS, settings, maps=False, run=Scorer(METRICS, settings).provenance(), folder=tmp_path, cores=1, neighbours=1)  # fmt: skip


def kill(monkeypatch: pytest.MonkeyPatch, deaths: dict[str, int]) -> None:
    """Let so many workers have died of some work."""

    @contextlib.contextmanager
    def attempt(order: Order, work: str) -> Iterator[int]:
        yield deaths.get(work, 0)

    monkeypatch.setattr(Order, "attempt", attempt)


def score(order: Order, pairs: Any, done: int = 0) -> list[Any]:
    worker = Worker(order)
    return [
        told
        for block in list_blocks(None, order, pairs, done)
        for parcel in decode(block, order)
        for row in worker(parcel)
        for told in open_rows(row)
    ]


@pytest.mark.parametrize("done", [0, 70])
def test_rows_are_those_of_a_scorer(
    order: Order, pairs: Pairing, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    kill(monkeypatch, {})
    monkeypatch.setattr("beholder.scoring.cluster_work._PARCEL_BYTES", 500_000)
    parcels = score(order, pairs, done)
    assert len(parcels) > 4
    expected = list(Scorer(METRICS, order.settings).stream_planned(plan_after(pairs, done)))
    assert [pair for parcel in parcels for pair in parcel] == expected
    assert {pair.error is None for pair in expected} == {True, False}


def test_only_the_batch_that_kills_fails(
    order: Order, pairs: Pairing, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill(monkeypatch, {})
    before = [pair for parcel in score(order, pairs) for pair in parcel]
    kill(monkeypatch, {"parcel 0.0": 4, "parcel 0.0.1": 3, "parcel 0.0.2": 2})
    after = [pair for parcel in score(order, pairs) for pair in parcel]
    changed = [place for place, (one, two) in enumerate(zip(before, after, strict=True)) if one != two]
    assert changed
    assert changed == list(range(changed[0], changed[0] + len(changed)))
    assert len(changed) < 20
    for place in changed:
        assert after[place].error == "3 workers died while they worked on this pair and its neighbours"
        assert dataclasses.replace(after[place], error=None, scores={}) == dataclasses.replace(
            before[place], error=None, scores={}
        )


def test_a_pair_that_cannot_be_decoded_alive_fails(
    order: Order, pairs: Pairing, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill(monkeypatch, {})
    whole = [pair for parcel in score(order, pairs) for pair in parcel]
    kill(monkeypatch, {"block 64": 2, f"pair {whole[70].index}": 3})
    scored = [pair for parcel in score(order, pairs) for pair in parcel]
    assert [turn for turn, pair in enumerate(scored) if "workers died" in str(pair.error)] == [70]
    assert [pair.index for pair in scored] == [pair.index for pair in whole]
    assert scored[69].scores == whole[69].scores


def test_a_worker_that_would_score_otherwise_refuses(
    order: Order, pairs: Pairing, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill(monkeypatch, {})
    parcels = score(dataclasses.replace(order, run={**order.run, "torch": "1.0"}), pairs)
    assert isinstance(parcels[0], ClusterError)
    assert "its torch differ" in str(parcels[0])
    assert "there '1.0'" in str(parcels[0])


def test_a_list_that_breaks_off_is_told_as_without_a_cluster(
    order: Order, pairs: Pairing, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill(monkeypatch, {})

    class Broken(Pairing):
        def after(self, count: int) -> Iterator[Pair]:
            yield from super().after(count)
            raise PairingError("list.csv, line 7: found nothing")

    last = score(order, Broken(pairs.pairs))[-1]
    assert isinstance(last, PairingError)
    assert str(last) == "list.csv, line 7: found nothing"


def test_deaths_are_what_was_begun_again() -> None:
    deaths = count_deaths()()
    assert [deaths.begin("a"), deaths.begin("b")] == [0, 0]
    deaths.end("b")
    assert deaths.begin("b") == 0
    assert not deaths.any()
    assert deaths.begin("a") == 1
    assert deaths.any()
