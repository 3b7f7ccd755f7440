"""Torch's compiler gives the scores of torch, and says what it compiled."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from beholder.images import Pair
from beholder.scoring import Scorer, Settings
from beholder.scoring.pairs import LoadedPair
from beholder.spec import UsageError

METRICS = ["gmsd", "psnr"]

# Of the compiler's own making.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def score(scorer: Scorer, pictures: Tensor) -> tuple[list[list[float | None]], list[str]]:
    pair = Pair(Path("y.png"), Path("x.png"))
    loaded = [LoadedPair(place, pair, each, pictures[0]) for place, each in enumerate(pictures)]
    scored = list(scorer.stream_loaded(loaded))
    return [list(each.scores.values()) for each in scored], [
        note for each in scored for _, note in each.notes
    ]


@pytest.fixture(scope="module")
def compiled() -> Scorer:
    return Scorer(METRICS, Settings(engine="compiled", device="cpu"))


def test_it_scores_as_torch_does(compiled: Scorer, photos: Tensor) -> None:
    found, notes = score(compiled, photos)
    expected, _ = score(Scorer(METRICS, Settings(engine="torch")), photos)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5)
    assert found[0] == [0, float("inf")]
    assert notes == []


def test_the_provenance_tells_of_it(compiled: Scorer) -> None:
    told = compiled.provenance()
    assert told["engine"] == "compiled"
    assert [told["metrics"][name]["engine"] for name in METRICS] == ["compiled"] * 2


def test_what_is_not_compiled_for_a_size_is_computed_and_noted(photos: Tensor) -> None:
    from torch._dynamo import config

    scorer = Scorer(["mse"], Settings(engine="compiled", device="cpu"))
    config.recompile_limit = 1
    try:
        (whole, *_), none = score(scorer, photos[1:])
        (cut, *_), noted = score(scorer, photos[:2, :, :100, :64])
    finally:
        config.recompile_limit = 8
        torch._dynamo.reset()
    assert (whole, none) == ([0], [])
    assert cut == [0]
    assert noted == ["mse was computed uncompiled: of more than 64 sizes"] * 2


def test_without_a_compiler_it_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(UsageError, match=r"needs a C\+\+ compiler, and none is found; install"):
        Scorer(["mse"], Settings(engine="compiled", device="cpu"))
