"""Columns added to a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from beholder.images import Pair
from beholder.scoring import ScoreTable
from beholder.scoring.adding import Base
from beholder.scoring.manifest import hash_pairs
from beholder.spec import UsageError

RUN: dict[str, Any] = {
    "beholder": "1",
    "created": "monday",
    "torch": "2.4",
    "precision": "float32",
    "resize": "refuse",
    "background": "white",
    "max_pixels": 9,
    "warnings": ["a: turned"],
    "stopped": None,
}
SSIM = {"direction": "higher", "options": {}, "weights": []}
DISTS = {"direction": "lower", "options": {}, "weights": [{"sha256": "d1"}]}


def rows(name: str, *scores: tuple[float | None, str | None]) -> list[dict[str, Any]]:
    return [
        {"reference": "r", "distorted": str(place), name: score, "error": error}
        for place, (score, error) in enumerate(scores)
    ]


@pytest.fixture(params=[".parquet", ".csv", ".jsonl"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Base:
    path = tmp_path / f"scores{request.param}"
    scores = rows("ssim", (0.5, None), (None, "1: empty"), (None, "ssim: small"), (0.7, None))
    ScoreTable.from_rows(scores, {**RUN, "metrics": {"ssim": SSIM}}).save(path)
    return Base.open(path)


def test_columns_and_errors_and_provenance_are_joined(base: Base) -> None:
    scores = rows("dists", (0.1, None), (None, "1: empty"), (None, "dists: small"), (None, "dists: bad"))
    told = {**RUN, "created": "friday", "torch": "2.5", "warnings": ["a: turned", "b: resized"]}
    added = ScoreTable.from_rows(scores, {**told, "metrics": {"dists": DISTS}})
    whole = base.complete(added.stored())
    frame = whole.frame.collect()
    assert frame.columns == ["reference", "distorted", "ssim", "dists", "error"]
    assert frame["dists"].to_list() == [0.1, None, None, None]
    assert frame["ssim"].to_list() == [0.5, None, None, 0.7]
    assert frame["error"].to_list() == [None, "1: empty", "ssim: small; dists: small", "dists: bad"]
    assert whole.provenance["created"] == "monday"
    assert whole.provenance["warnings"] == ["a: turned", "b: resized"]
    assert whole.provenance["metrics"] == {
        "ssim": SSIM,
        "dists": {**DISTS, "created": "friday", "torch": "2.5"},
    }
    ScoreTable(frame, whole.provenance).save(base.path)
    assert ScoreTable.load(base.path).frame.equals(frame)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"resize": "crop"}, "was scored with resize 'refuse', now 'crop'"),
        ({"metrics": {"ssim": {**SSIM, "options": {"channel": "y"}}}}, "has ssim with other options"),
        ({"metrics": {"ssim": {**SSIM, "weights": [{"sha256": "x"}]}}}, "has ssim with other weights"),
        ({"precision": "bfloat16", "metrics": {"ssim": SSIM}}, "has ssim with other precision"),
        ({"precision": "bfloat16"}, None),
        ({"torch": "3", "created": "friday", "metrics": {"ssim": SSIM}}, None),
    ],
)
def test_what_cannot_stand_beside_it_is_refused(
    base: Base, changed: dict[str, Any], words: str | None
) -> None:
    asked = {**RUN, "metrics": {}, **changed}
    if words is None:
        base.check(asked)
        return
    with pytest.raises(UsageError, match=words):
        base.check(asked)


def test_other_pairs_are_refused(base: Base) -> None:
    pairs = [Pair(Path("r"), Path(str(place))) for place in range(4)]
    base.check_pairs(4, hash_pairs(pairs))
    with pytest.raises(UsageError, match="has 4 pairs, now 3 are asked for"):
        base.check_pairs(3, hash_pairs(pairs[:3]))
    with pytest.raises(UsageError, match="has other pairs than are asked for, or in another order"):
        base.check_pairs(4, hash_pairs(pairs[::-1]))


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no such table; leave out --add to make it"):
        Base.open(tmp_path / "none.parquet")
    (tmp_path / "junk.parquet").write_text("junk")
    with pytest.raises(UsageError, match="cannot be read as a table of scores"):
        Base.open(tmp_path / "junk.parquet")
