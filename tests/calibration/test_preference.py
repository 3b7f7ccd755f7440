"""How sure people are, from one metric's distances: fits, tests on unseen rows, files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import ArrayLike, NDArray
from safetensors.torch import save_file
from scipy.special import expit

from beholder.calibration import preference
from beholder.calibration.measured import MeasuredSet
from beholder.calibration.preference import (
    LogisticPreference,
    cross_validate,
    fit_preference,
    read_preference,
    save_preference,
)
from beholder.spec import UsageError, WeightsError


def make_set(rows: int = 900, *, slope: float = 6.0) -> MeasuredSet:
    generator = np.random.default_rng(0)
    distances = generator.uniform(0, 0.8, (rows, 2))
    chance = expit(slope * (distances[:, 0] - distances[:, 1]))
    return MeasuredSet(
        kind="triplets",
        answers=generator.binomial(5, chance) / 5,
        distances={"lpips_alex": distances},
        parts={},
        groups=np.arange(rows) // 3,
        places=np.arange(rows),
    )


def test_the_slope_is_found() -> None:
    measured = make_set(9000)
    model = fit_preference(*measured.distances["lpips_alex"].T, measured.answers)
    assert isinstance(model, LogisticPreference)
    assert model.slope == pytest.approx(6, rel=0.05)
    assert model.predict([0.5, 0.2], [0.2, 0.5]) == pytest.approx(
        expit([0.3 * model.slope, -0.3 * model.slope])
    )


@pytest.mark.parametrize("form", ["logistic", "ranking"])
def test_a_file_foretells_as_what_was_saved(form: str, tmp_path: Path) -> None:
    measured = make_set(300)
    d0, d1 = measured.distances["lpips_alex"].T
    model = fit_preference(d0, d1, measured.answers, form=form)  # type: ignore[arg-type]
    path = save_preference(model, "lpips_alex", tmp_path / "new" / "p.safetensors", about={"rows": 300})
    read, told = read_preference(path)
    assert (told["metric"], told["form"], told["about"]) == ("lpips_alex", form, {"rows": 300})
    assert np.array_equal(read.predict(d0, d1), model.predict(d0, d1))
    assert np.allclose(read.predict(d0, d1), 1 - read.predict(d1, d0), rtol=0, atol=1e-12)


def test_what_it_is_worth_on_unseen_rows() -> None:
    found = {row["model"]: row for row in cross_validate(make_set(3000), "lpips_alex").to_dicts()}
    assert found["metric"]["agreement"] == pytest.approx(found["logistic"]["agreement"])
    assert found["metric"]["cross_entropy"] is None
    assert found["people"]["agreement"] > 0.6
    assert found["people"]["cross_entropy"] < found["logistic"]["cross_entropy"] < math.log(2) - 0.1
    for row in found.values():
        assert row["low"] < row["agreement"] < row["high"]


def test_cross_validation_keeps_groups_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = make_set(300)
    place = {
        tuple(pair): group
        for pair, group in zip(measured.distances["lpips_alex"], measured.groups, strict=True)
    }
    tested: list[int] = []

    class Remembering:
        form = "logistic"

        def __init__(self, d0: NDArray[np.float64], d1: NDArray[np.float64]) -> None:
            self.seen = {place[pair] for pair in zip(d0, d1, strict=True)}

        def predict(self, d0: NDArray[np.float64], d1: NDArray[np.float64]) -> NDArray[np.float64]:
            groups = {place[pair] for pair in zip(d0, d1, strict=True)}
            assert not groups & self.seen
            tested.extend(groups)
            return np.full(len(d0), 0.5)

    def remember(
        d0: NDArray[np.float64], d1: NDArray[np.float64], judge: ArrayLike, **_: object
    ) -> Remembering:
        return Remembering(d0, d1)

    monkeypatch.setattr(preference, "fit_preference", remember)
    found = cross_validate(measured, "lpips_alex", folds=4)
    assert sorted(tested) == list(range(100))
    assert found["cross_entropy"][1] == pytest.approx(math.log(2))


def test_certain_and_wrong_is_finite() -> None:
    measured = make_set(60, slope=1e6)
    assert cross_validate(measured, "lpips_alex", folds=2)["cross_entropy"].is_finite().all()


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    measured = make_set(30)
    columns = (*measured.distances["lpips_alex"].T, measured.answers)
    with pytest.raises(UsageError, match="form is 'spline'; expected logistic or ranking"):
        fit_preference(*columns, form="spline")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"ends in .safetensors"):
        save_preference(LogisticPreference(1.0), "ssim", tmp_path / "p.json")
    other = tmp_path / "other.safetensors"
    save_file({"slope": torch.zeros(1)}, other)
    with pytest.raises(WeightsError, match="holds no model of preference"):
        read_preference(other)
    save_file({"slope": torch.zeros(1)}, other, {"preference": '{"form": "ranking"}'})
    with pytest.raises(WeightsError, match="do not fit the ranking network"):
        read_preference(other)
    with pytest.raises(WeightsError, match="cannot be read"):
        read_preference(tmp_path / "none.safetensors")
