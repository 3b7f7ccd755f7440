"""Metrics against people: pictures to distances, distances to figures."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from beholder.calibration import MeasuredSet, agree, measure, read_measured, write_measured
from beholder.calibration.agreement import ALL, MEAN
from beholder.catalog import describe_metric
from beholder.data.judged import open_judgements, write_judgements
from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from beholder.judgements import agreements, human_ceilings, krippendorff_alpha, pair_up, pairwise_roc
from beholder.metrics.psnr import psnr
from beholder.scoring.measuring import Measurer
from beholder.spec import UsageError
from judged_sets import label, make_bapps, make_tid2013, put


def make_triplets(root: Path, count: int = 8, *, side: int = 24) -> Path:
    """A BAPPS subset of noisy photographs, whose people mostly prefer the less noisy one."""
    generator = torch.Generator().manual_seed(0)
    for row in range(count):
        clean = PHOTOS[row // 2].detail(side)
        less, more = (
            (clean + sigma * torch.randn(clean.shape, generator=generator)).clamp(0, 1)
            for sigma in (0.05, 0.2)
        )
        names = {"ref": clean, "p0": more if row % 2 else less, "p1": less if row % 2 else more}
        for name, picture in names.items():
            (root / "2afc/val/cnn" / name).mkdir(parents=True, exist_ok=True)
            save_picture(picture, root / f"2afc/val/cnn/{name}/{row:06d}.png")
        put(root / f"2afc/val/cnn/judge/{row:06d}.npy", label(0.8 if row % 2 else 0.2))
    return root


def test_distances_are_those_of_the_metric(tmp_path: Path) -> None:
    judged = open_judgements(make_triplets(tmp_path))
    told: list[tuple[int, int]] = []
    grouped: list[tuple[int, int]] = []
    measured = measure(
        judged,
        ["psnr", "mse"],
        tell=lambda *step: told.append(step),
        tell_groups=lambda *step: grouped.append(step),
    )
    assert told[-1] == grouped[-1] == (8, 8)
    for row in range(len(judged)):
        y, p0, p1 = judged.pictures(row)
        expected = [-psnr(x[None], y[None]).item() for x in (p0, p1)]
        assert measured.distances["psnr"][row].tolist() == pytest.approx(expected, rel=1e-6)
    assert len(set(measured.groups.tolist())) == 4
    assert measured.provenance["metrics"]["psnr"]["engine"] == "torch"
    write_measured(measured, tmp_path / "told.csv")
    assert read_measured(tmp_path / "told.csv").provenance == measured.provenance
    found = agree(measured)
    row_of_psnr = found.scores.row(0, named=True)
    assert [row_of_psnr[key] for key in ("metric", "by", "rows", "groups")] == ["psnr", ALL, 8, 4]
    assert row_of_psnr["agreement"] == pytest.approx(0.8)
    assert row_of_psnr["ceiling"] == pytest.approx(0.68)
    assert found.comparisons["difference"].to_list() == [0.0]
    assert found.comparisons["p_value"].to_list() == [1.0]


def test_jnd_pairs_and_ratings_are_measured(tmp_path: Path) -> None:
    pairs = measure(open_judgements(make_bapps(tmp_path / "b", jnd_cnn=6), kind="pairs"), ["mse", "mae"])
    found = agree(pairs)
    assert found.scores["average_precision"].is_between(0, 1).all()
    assert found.comparisons.columns == ["first", "second", "difference", "low", "high", "p_value", "p_holm"]
    rated = open_judgements(make_tid2013(tmp_path / "t"))
    ratings = measure(rated, ["mse"])
    assert ratings.kind == "ratings"
    assert ratings.distances["mse"].shape == (len(rated), 1)


def make_ratings(better: str) -> MeasuredSet:
    generator = np.random.default_rng(0)
    quality = generator.normal(size=120)
    return MeasuredSet(
        kind="ratings",
        answers=quality if better == "higher" else -quality,
        distances={
            "good": -np.tanh(quality)[:, None],
            "worse": (-quality + generator.normal(size=120))[:, None],
        },
        parts={"distortion": np.array(["blur", "noise"] * 60)},
        groups=np.arange(120) // 4,
        places=np.arange(120),
        better=better,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_ratings_have_correlations_in_the_direction_of_quality(better: str) -> None:
    found = agree(make_ratings(better), resamples=200)
    good = found.scores.row(0, named=True)
    assert good["srcc"] == pytest.approx(1)
    assert good["plcc"] > 0.97
    assert good["rmse"] < 0.3
    assert found.scores["part"].to_list() == [ALL, "blur", "noise"] * 2
    assert found.comparisons["difference"][0] > 0.1
    assert found.comparisons["p_holm"][0] < 0.01


def make_measured(count: int = 400) -> MeasuredSet:
    generator = np.random.default_rng(1)
    judge = generator.integers(0, 6, count) / 5
    margin = judge - 0.5
    subset = np.where(np.arange(count) < count // 4, "few", "many")
    near = 0.5 - np.where(subset == "few", margin, generator.normal(size=count))
    return MeasuredSet(
        kind="triplets",
        answers=judge,
        distances={"metric": np.stack([np.full(count, 0.5), near], 1)},
        parts={"subset": subset},
        groups=np.arange(count) // 2,
        places=np.arange(count),
    )


def test_subsets_are_told_of_and_count_alike_in_their_mean() -> None:
    measured = make_measured()
    found = agree(measured).scores
    by_part = {row["part"]: row for row in found.to_dicts()}
    assert list(by_part) == [ALL, MEAN, "few", "many"]
    for part in ("few", "many"):
        chosen = measured.parts["subset"] == part
        d0, d1 = measured.distances["metric"][chosen].T
        judge = measured.answers[chosen]
        assert by_part[part]["agreement"] == pytest.approx(agreements(d0, d1, judge).mean())
        assert by_part[part]["ceiling"] == pytest.approx(human_ceilings(judge).mean())
        assert by_part[part]["low"] < by_part[part]["agreement"] < by_part[part]["high"]
    mean = (by_part["few"]["agreement"] + by_part["many"]["agreement"]) / 2
    assert by_part[MEAN]["agreement"] == pytest.approx(mean)
    assert by_part[MEAN]["agreement"] > by_part[ALL]["agreement"] + 0.05


def with_errors(measured: MeasuredSet) -> MeasuredSet:
    errors = np.full(len(measured), 0.25)
    errors[::7] = np.nan
    return dataclasses.replace(measured, standard_errors=errors)


def with_votes(measured: MeasuredSet) -> MeasuredSet:
    return dataclasses.replace(measured, votes=np.full(len(measured), 5))


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
@pytest.mark.parametrize(
    "measured",
    [
        make_measured(60),
        with_votes(make_measured(60)),
        make_ratings("lower"),
        with_errors(make_ratings("lower")),
    ],
    ids=["triplets", "votes", "ratings", "errors"],
)
def test_a_table_holds_what_was_measured(tmp_path: Path, ending: str, measured: MeasuredSet) -> None:
    write_measured(measured, tmp_path / f"distances.{ending}")
    read = read_measured(tmp_path / f"distances.{ending}")
    assert (read.kind, read.better, read.grouped) == (measured.kind, measured.better, True)
    assert np.array_equal(read.answers, measured.answers)
    assert list(read.distances) == list(measured.distances)
    for one, other in ((read.votes, measured.votes), (read.standard_errors, measured.standard_errors)):
        assert (one is None) == (other is None)
        assert one is None or other is None or np.array_equal(one, other, equal_nan=True)
    for name, distances in measured.distances.items():
        assert np.array_equal(read.distances[name], distances)
    for name, column in measured.parts.items():
        assert read.parts[name].tolist() == column.tolist()
    assert len(set(read.groups.tolist())) == len(set(measured.groups.tolist()))


def test_a_table_without_names_is_called_by_its_file(tmp_path: Path) -> None:
    pl.DataFrame({"d0": [0.1, 0.3], "d1": [0.2, 0.1], "judge": [0.0, 1.0]}).write_csv(tmp_path / "mine.csv")
    read = read_measured(tmp_path / "mine.csv")
    assert list(read.distances) == ["mine"]
    assert not read.grouped
    assert agree(read).scores["agreement"].to_list() == [1.0]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"d0": [0.1], "d1": [0.2]}, "expected d0, d1 and judge"),
        ({"d0": [0.1], "judge": [0.2]}, "has no column d1"),
        ({"judge": [0.2]}, "expected d0, d1 and judge"),
        (
            {"d0": [0.1] * 3, "d1": ["0.1", "near", "?"], "judge": [0.2] * 3},
            "row 2: found 'near' under d1; expected numbers",
        ),
        ({"d0": [0.1, None], "d1": [0.2, 0.1], "judge": [0.2, 1]}, "row 2: d0 is None"),
        ({"d": [0.1], "opinion": [3], "better": ["best"]}, "better is best"),
        ({"d": [0.1], "opinion": [3], "standard_error": [-0.1]}, "row 1: standard_error is -0.1"),
        (
            {"d": [0.1], "opinion": [3], "standard_error": ["?"]},
            "row 1: found '.' under standard_error; expected numbers",
        ),
        ({"d": [0.1, 0.2], "same": [1, 0], "votes": [3.0, 2.5]}, "row 2: votes is 2.5"),
        ({"d": [0.1], "same": [1], "votes": ["3"]}, "under votes; expected whole numbers"),
    ],
    ids=str,
)
def test_a_wrong_table_is_refused(tmp_path: Path, columns: dict[str, list[object]], words: str) -> None:
    pl.DataFrame(columns).write_parquet(tmp_path / "wrong.parquet")
    with pytest.raises(UsageError, match=words):
        read_measured(tmp_path / "wrong.parquet")


def test_other_endings_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"the ending '\.txt' is unknown"):
        read_measured(tmp_path / "table.txt")
    with pytest.raises(UsageError, match="cannot be read"):
        read_measured(tmp_path / "none.csv")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        write_measured(make_measured(8), tmp_path / "file" / "table.csv")


def test_rows_that_cannot_be_read_are_left_out_and_named(tmp_path: Path) -> None:
    root = make_triplets(tmp_path)
    (root / "2afc/val/cnn/p1/000003.png").write_bytes(b"no picture")
    measured = measure(open_judgements(root), ["mse"])
    assert len(measured) == len(measured.distances["mse"]) == len(measured.groups) == 7
    ((name, why),) = measured.errors
    assert "000003.png" in name
    assert "000003.png" in why
    for file in (root / "2afc/val/cnn/ref").iterdir():
        file.write_bytes(b"none")
    with pytest.raises(UsageError, match="no row could be measured"):
        measure(open_judgements(root), ["mse"])


def test_metrics_that_judge_alone_are_refused(tmp_path: Path) -> None:
    class Alone:
        spec = dataclasses.replace(describe_metric("mse"), name="alone", needs_reference=False)

        def __call__(self, x: torch.Tensor) -> torch.Tensor:
            return x.flatten(1).mean(1)

    judged = open_judgements(make_triplets(tmp_path, 2))
    with pytest.raises(UsageError, match="alone: judges a picture alone"):
        measure(judged, [Alone()])  # type: ignore[list-item]


def test_a_reference_that_is_gone_costs_its_row_only(tmp_path: Path) -> None:
    judged = open_judgements(make_triplets(tmp_path))
    (tmp_path / "2afc/val/cnn/ref/000003.png").unlink()
    measured = measure(judged, ["mse"])
    assert measured.places.tolist() == [0, 1, 2, 4, 5, 6, 7]
    assert "000003.png" in measured.errors[0][1]


def test_sizes_that_differ_cost_their_row_only(tmp_path: Path) -> None:
    judged = open_judgements(make_triplets(tmp_path))
    save_picture(PHOTOS[0].detail(20), tmp_path / "2afc/val/cnn/p1/000001.png")
    measured = measure(judged, ["mse"])
    assert measured.places.tolist() == [0, 2, 3, 4, 5, 6, 7]
    assert "20x20" in measured.errors[0][1]


def test_equal_pictures_stay_the_nearest(tmp_path: Path) -> None:
    root = make_triplets(tmp_path)
    folder = root / "2afc/val/cnn"
    (folder / "p1/000002.png").write_bytes((folder / "ref/000002.png").read_bytes())
    measured = measure(open_judgements(root), ["psnr", "mse"])
    assert len(measured) == 8
    assert measured.distances["psnr"][2, 1] == measured.distances["psnr"].min()
    assert np.isfinite(measured.distances["psnr"]).all()


def test_a_packed_set_gives_the_same(tmp_path: Path) -> None:
    judged = open_judgements(make_bapps(tmp_path / "set", val_cnn=40))
    write_judgements(judged, tmp_path / "set.parquet")
    found = measure(open_judgements(tmp_path / "set.parquet"), ["mse"])
    expected = measure(judged, ["mse"])
    assert np.array_equal(found.distances["mse"], expected.distances["mse"])
    assert np.array_equal(found.answers, expected.answers)


def test_versions_of_a_reference_are_seen_with_one_tensor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.Tensor] = []
    run = Measurer.measure

    def listening(self: Measurer, pictures: object, references: list[torch.Tensor]) -> object:
        seen.extend(references)
        return run(self, pictures, references)  # type: ignore[arg-type]

    monkeypatch.setattr(Measurer, "measure", listening)
    rated = open_judgements(make_tid2013(tmp_path))
    measure(rated, ["mse"])
    assert len(seen) == len(rated)
    assert len(set(map(id, seen))) == len(set(rated.groups().tolist()))


def make_offsets(seed: int) -> MeasuredSet:
    """Two equally good metrics whose errors are shared by all versions of a reference."""
    generator = np.random.default_rng(seed)
    groups = np.repeat(np.arange(25), 8)
    quality = generator.normal(size=len(groups))
    errors = [
        1.5 * generator.normal(size=25)[groups] + 0.2 * generator.normal(size=len(groups)) for _ in range(2)
    ]
    return MeasuredSet(
        kind="ratings",
        answers=quality,
        distances={name: (error - quality)[:, None] for name, error in zip(("a", "b"), errors, strict=True)},
        parts={},
        groups=groups,
        places=np.arange(len(groups)),
    )


@pytest.mark.slow
def test_metrics_that_are_equally_good_seldom_differ() -> None:
    p_values = [agree(make_offsets(seed), resamples=100).comparisons["p_value"][0] for seed in range(40)]
    assert sum(p < 0.05 for p in p_values) <= 6
    assert sum(p < 0.5 for p in p_values) >= 10


def test_subsets_are_not_drawn_so_their_mean_is_as_sure_as_they_are() -> None:
    generator = np.random.default_rng(0)
    subset = np.repeat(["easy", "hard"], [300, 100])
    judge = np.where(subset == "easy", 1.0, generator.integers(0, 2, 400))
    measured = MeasuredSet(
        kind="triplets",
        answers=judge,
        distances={"metric": np.tile([0.5, 0.4], (400, 1))},
        parts={"subset": subset},
        groups=np.arange(400),
        places=np.arange(400),
    )
    by_part = {row["part"]: row for row in agree(measured).scores.to_dicts()}
    width = {part: row["high"] - row["low"] for part, row in by_part.items()}
    assert width["easy"] == pytest.approx(0)
    assert width[MEAN] == pytest.approx(width["hard"] / 2, rel=0.15)


def test_a_constant_metric_has_no_p_value() -> None:
    measured = make_ratings("higher")
    distances = {**measured.distances, "constant": np.ones((120, 1))}
    found = agree(dataclasses.replace(measured, distances=distances), resamples=100).comparisons
    assert np.isfinite(found["p_holm"].to_numpy()).tolist() == [True, False, False]


def test_every_figure_has_an_interval_around_it() -> None:
    for measured in (with_votes(make_measured()), with_errors(make_ratings("higher"))):
        found = agree(measured, resamples=200).scores
        columns = found.columns
        figures = [name.removesuffix("_low") for name in columns if name.endswith("_low")]
        assert len(figures) == {"triplets": 3, "ratings": 8}[measured.kind]
        for row in found.filter(pl.col("by") != MEAN).to_dicts():
            for name in figures:
                assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"], (row["metric"], name)
        worse = found.row(-1, named=True)
        assert all(worse[f"{name}_low"] < worse[f"{name}_high"] for name in figures)


def test_people_are_told_of_as_far_as_their_votes_are_known() -> None:
    measured = make_measured()
    assert "alpha" not in agree(measured, resamples=100).scores.columns
    found = agree(with_votes(measured), resamples=100).scores.row(0, named=True)
    counts = np.stack([5 * (1 - measured.answers), 5 * measured.answers], 1).round()
    assert found["alpha"] == pytest.approx(krippendorff_alpha(counts))
    odd = dataclasses.replace(measured, votes=np.full(len(measured), 3))
    assert np.isnan(agree(odd, resamples=100).scores["alpha"][0])


def test_which_pairs_differ_hangs_on_standard_errors() -> None:
    plain = make_ratings("lower")
    without = agree(plain, resamples=100).scores.row(0, named=True)
    assert np.isnan(without["auc_different"])
    assert without["auc_better"] == without["correct"] == 1
    assumed = plain.assume_standard_error(0.4)
    found = agree(assumed, resamples=100).scores.row(3, named=True)
    pairs = pair_up(-plain.answers, np.full(120, 0.4))
    scores = -plain.distances["worse"][:, 0]
    expected = pairwise_roc(scores[pairs.first] - scores[pairs.second], pairs.significant)
    told = found["auc_different"], found["auc_better"], found["correct"]
    assert told == (expected.different_similar, expected.better_worse, expected.correct)
    for wrong, value in ((plain, 0.0), (plain, float("nan")), (make_measured(), 0.1)):
        with pytest.raises(UsageError, match="standard error"):
            wrong.assume_standard_error(value)
