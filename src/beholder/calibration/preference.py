"""How many people prefer a candidate, foretold from one metric's distances."""

from __future__ import annotations

import json
import math
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import polars as pl
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from scipy.special import expit, xlog1py, xlogy

from beholder.calibration.combining import fit_nonnegative_logistic
from beholder.calibration.folds import assign_folds
from beholder.calibration.ranking import RankingNetwork, fit_ranking, predict_preference
from beholder.judgements import agreements, human_ceilings, mean_interval
from beholder.judgements.columns import check_columns, check_shares
from beholder.metrics.metric_file import write_tensors
from beholder.spec import UsageError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from beholder.calibration.measured import MeasuredSet

__all__ = [
    "Form",
    "LogisticPreference",
    "PreferenceModel",
    "RankingPreference",
    "cross_validate",
    "fit_preference",
    "read_preference",
    "save_preference",
]

Form = Literal["logistic", "ranking"]

_KEY = "preference"
_LEAST = 1e-12  # of a share: where a model is wrong and certain, the cross-entropy stays finite


class PreferenceModel(Protocol):
    """From two distances to people's preference; in either order of the candidates the answer is the same."""

    form: Form

    def predict(self, d0: ArrayLike, d1: ArrayLike) -> NDArray[np.float64]:
        """Share of people who prefer candidate 1, shape (n,), in [0, 1]."""
        ...


class LogisticPreference:
    r"""Preference by one number: :math:`\sigma(a (d_0 - d_1))`.

    Args:
        slope: The :math:`a`, log-odds a unit of distance, at least 0.
    """

    form: Form = "logistic"

    def __init__(self, slope: float) -> None:
        self.slope = slope

    def predict(self, d0: ArrayLike, d1: ArrayLike) -> NDArray[np.float64]:
        """Share of people who prefer candidate 1, shape (n,), in [0, 1]."""
        first, second = check_columns(d0=d0, d1=d1)
        shares: NDArray[np.float64] = expit(self.slope * (first - second))
        return shares


class RankingPreference:
    """Preference by the ranking network G.

    Args:
        network: What `fit_ranking` gives.
    """

    form: Form = "ranking"

    def __init__(self, network: RankingNetwork) -> None:
        self.network = network

    def predict(self, d0: ArrayLike, d1: ArrayLike) -> NDArray[np.float64]:
        """Share of people who prefer candidate 1, shape (n,), in [0, 1]."""
        return predict_preference(self.network, d0, d1)


def fit_preference(
    d0: ArrayLike, d1: ArrayLike, judge: ArrayLike, *, form: Form = "logistic", seed: int = 0
) -> PreferenceModel:
    """Learn how sure people are from one metric's distances.

    Args:
        d0: Distance of candidate 0 in each triplet, shape (n,); for ``"ranking"`` at least 0.
        d1: Distance of candidate 1, shape (n,).
        judge: Share of people who prefer candidate 1, in [0, 1], shape (n,).
        form: ``"logistic"``, one number by least cross-entropy; ``"ranking"``, the network G of Zhang et al.
        seed: Of G's weights and the order of its steps.

    Raises:
        UsageError: If the form is unknown, the columns differ in length or are empty, or a number is impossible.
    """
    if form == "ranking":
        return RankingPreference(fit_ranking(d0, d1, judge, seed=seed))
    if form != "logistic":
        raise UsageError(f"form is {form!r}; expected logistic or ranking.")
    first, second, share = check_columns(d0=d0, d1=d1, judge=judge)
    check_shares(judge=share)
    fit = fit_nonnegative_logistic((first - second)[:, None], share)
    return LogisticPreference(float(fit.weights[0]))


def cross_validate(
    measured: MeasuredSet,
    metric: str,
    *,
    form: Form = "logistic",
    folds: int = 5,
    seed: int = 0,
    tell: Callable[[int, int], object] | None = None,
) -> pl.DataFrame:
    """What a model of preference is worth on reference pictures that it was not fitted on.

    Args:
        measured: Triplets and distances.
        metric: Whose distances to take.
        form: As `fit_preference` takes it.
        folds: Parts, each of whole reference pictures, that are left out in turn.
        seed: Of the folds, the fits and the intervals.
        tell: Called with the number of fits that are done, and of all.

    Returns:
        Rows ``metric`` (its plain rule: the nearer one), the form, and ``people``. `agreement` (2AFC score; of people the
        ceiling) and `cross_entropy` in nats (of people the least that any model can have; a coin has 0.6931), each with
        the ends of an interval of 95% by reference picture, `low` and `high`, `cross_entropy_low` and
        `cross_entropy_high`; null where there is none.

    Raises:
        UsageError: If the judgements are no triplets, or there are fewer reference pictures than folds.
    """
    if measured.kind != "triplets":
        raise UsageError(f"these are {measured.kind}; expected triplets, which have a preference to learn.")
    d0, d1 = measured.distances[metric].T
    judge = measured.answers
    of_row = assign_folds(measured.groups, len(measured), folds=folds, seed=seed)
    shares = np.empty(len(measured))
    for fold in range(folds):
        left_out = of_row == fold
        model = fit_preference(d0[~left_out], d1[~left_out], judge[~left_out], form=form, seed=seed)
        shares[left_out] = model.predict(d0[left_out], d1[left_out])
        if tell is not None:
            tell(fold + 1, folds)
    rows = [
        ("metric", agreements(d0, d1, judge), None),
        (form, agreements(shares, 1 - shares, judge), _cross_entropies(shares, judge)),
        ("people", human_ceilings(judge), _cross_entropies(judge, judge)),
    ]
    return pl.DataFrame([_told(measured, *row, seed=seed) for row in rows])


def _told(
    measured: MeasuredSet,
    model: str,
    agreed: NDArray[np.float64],
    entropies: NDArray[np.float64] | None,
    *,
    seed: int,
) -> dict[str, Any]:
    interval = mean_interval(agreed, measured.groups, seed=seed)
    told: dict[str, Any] = {"model": model, "agreement": interval.estimate}
    told |= {"low": interval.low, "high": interval.high}
    found = None if entropies is None else mean_interval(entropies, measured.groups, seed=seed)
    for name, end in (("", "estimate"), ("_low", "low"), ("_high", "high")):
        told[f"cross_entropy{name}"] = None if found is None else getattr(found, end)
    return told


def _cross_entropies(shares: NDArray[np.float64], judge: NDArray[np.float64]) -> NDArray[np.float64]:
    bounded = np.clip(shares, _LEAST, 1 - _LEAST)
    entropies: NDArray[np.float64] = -(xlogy(judge, bounded) + xlog1py(1 - judge, -bounded))
    return entropies


def save_preference(
    model: PreferenceModel, metric: str, path: str | Path, *, about: Mapping[str, Any] | None = None
) -> Path:
    """Write a model of preference, for `read_preference`.

    Args:
        model: What `fit_preference` gives.
        metric: Request of the metric whose distances it takes.
        path: ``.safetensors`` file.
        about: What else to tell in the file, as JSON can hold it.

    Raises:
        UsageError: If the file's ending is another, or it cannot be written.
    """
    if isinstance(model, RankingPreference):
        tensors = model.network.state_dict()
    elif isinstance(model, LogisticPreference):
        tensors = {"slope": torch.tensor(model.slope, dtype=torch.float64)}
    else:
        raise UsageError(f"{type(model).__name__} is no model that fit_preference gives.")
    told = {"form": model.form, "metric": metric, "beholder": version("beholder"), "about": dict(about or {})}
    return write_tensors(path, tensors, _KEY, told)


def read_preference(path: str | Path) -> tuple[PreferenceModel, dict[str, Any]]:
    """A model of preference, and what its file tells: its ``metric`` and what it is ``about``.

    Raises:
        WeightsError: If the file is missing, damaged, or holds something else.
    """
    expected = "expected what `beholder calibrate preference` saves"
    try:
        with safe_open(path, framework="pt") as file:
            told = json.loads((file.metadata() or {}).get(_KEY, "null"))
        tensors = load_file(path)
    except (OSError, SafetensorError, ValueError) as error:
        raise WeightsError(f"{path}: cannot be read: {error}; {expected}.") from error
    form = told.get("form") if isinstance(told, dict) else None
    if form == "logistic" and "slope" in tensors:
        slope = tensors["slope"]
        if slope.numel() != 1 or not 0 <= slope.item() < math.inf:
            raise WeightsError(
                f"{path}: its slope is {slope.tolist()}; expected one number, at least 0; {expected}."
            )
        return LogisticPreference(slope.item()), told
    if form != "ranking":
        raise WeightsError(f"{path}: holds no model of preference; {expected}.")
    network = RankingNetwork()
    try:
        network.load_state_dict(tensors, strict=True)
    except RuntimeError as error:
        raise WeightsError(f"{path}: its tensors do not fit the ranking network; {expected}.") from error
    return RankingPreference(network.eval().requires_grad_(requires_grad=False)), told
