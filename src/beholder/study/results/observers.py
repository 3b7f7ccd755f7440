"""Who looked: each observer by the study's rules, and by what else tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from beholder.judgements import answer_likelihoods
from beholder.study.services.rules import Attention

if TYPE_CHECKING:
    from beholder.study.design import Design

__all__ = ["examine_observers", "votes"]


def examine_observers(answers: pl.DataFrame, design: Design) -> pl.DataFrame:
    """Tell of each observer what shows whether they looked.

    Args:
        answers: Of `beholder.study.results.read_answers`.
        design: Holds the rules.

    Returns:
        A row for each observer: `answers` that are votes; `catch_right` of `catch_shown`; `quick`, the share of implausibly quick
        answers; `seconds`, the median time; `first`, the share of answers for what was on the left, or, of JND, "different" of
        equal catch pairs (`false_alarms`); `consistent`, the share of repetitions answered as before; `likelihood`, how far
        their answers are from others', in interquartile ranges from the median (`beholder.judgements.answer_likelihoods`); `counts`;
        and `reason`, why not.
    """
    judged = answers.filter(pl.col("purpose") == "judged")
    table = (
        answers.group_by("observer", maintain_order=True)
        .agg(
            answers=(pl.col("purpose") == "judged").sum(),
            catch_right=((pl.col("answer") == pl.col("expected")) & (pl.col("purpose") == "catch")).sum(),
            catch_shown=(pl.col("purpose") == "catch").sum(),
            quick=pl.col("implausible").mean(),
            seconds=pl.col("milliseconds").median() / 1000,
            failed=pl.col("failed").first(),
            excluded=pl.col("excluded").first(),
            quick_answers=pl.col("implausible").sum(),
            all_answers=pl.len(),
        )
        .join(_sides(answers, design), on="observer", how="left", maintain_order="left")
        .join(_consistency(answers), on="observer", how="left", maintain_order="left")
    )
    scores = _likelihoods(judged)
    reasons = [_reason(row, design, scores) for row in table.to_dicts()]
    return table.with_columns(
        likelihood=pl.Series([scores.get(name) for name in table["observer"]], dtype=pl.Float64()),
        counts=pl.Series([reason is None for reason in reasons], dtype=pl.Boolean()),
        reason=pl.Series(reasons, dtype=pl.String()),
    ).drop("failed", "excluded", "quick_answers", "all_answers")


def votes(answers: pl.DataFrame, observers: pl.DataFrame) -> pl.DataFrame:
    """The answers that are votes: of judged trials, the first time they were shown, of observers that count."""
    counting = observers.filter(pl.col("counts"))["observer"].implode()
    return answers.filter((pl.col("purpose") == "judged") & pl.col("observer").is_in(counting))


def _sides(answers: pl.DataFrame, design: Design) -> pl.DataFrame:
    if design.kind == "jnd":
        same = answers.filter((pl.col("purpose") == "catch") & (pl.col("expected") == "same"))
        return same.group_by("observer").agg(false_alarms=pl.col("value").mean())
    chosen = (pl.col("value") == 1) == pl.col("swapped")
    sided = answers.filter((pl.col("purpose") == "judged") & (pl.col("value") != 0.5))
    return sided.group_by("observer").agg(first=chosen.mean())


def _consistency(answers: pl.DataFrame) -> pl.DataFrame:
    keys = ["observer", "session", "stimulus"]
    before = answers.filter(pl.col("purpose") == "judged").select(*keys, before="answer")
    again = answers.filter(pl.col("purpose") == "repeat").join(before, on=keys, how="inner")
    return again.group_by("observer").agg(consistent=(pl.col("answer") == pl.col("before")).mean())


def _likelihoods(judged: pl.DataFrame) -> dict[str, float | None]:
    # A tie is neither answer.
    clear = judged.filter(pl.col("value") != 0.5)
    if clear["observer"].n_unique() < 2:
        return {}
    found = answer_likelihoods(
        clear["observer"].to_numpy(), clear["stimulus"].to_numpy(), clear["value"].to_numpy()
    )
    return {name: None if each.score != each.score else each.score for name, each in found.items()}


def _reason(row: dict[str, object], design: Design, scores: dict[str, float | None]) -> str | None:
    if row["excluded"] is not None:
        return f"excluded: {row['excluded']}"
    attention = Attention(
        catches=_whole(row["catch_shown"]),
        right=_whole(row["catch_right"]),
        answers=_whole(row["all_answers"]),
        implausible=_whole(row["quick_answers"]),
    )
    least, score = design.screening.least_likelihood, scores.get(str(row["observer"]))
    unlikely = least is not None and score is not None and score < least
    by_likelihood = (
        f"answers {score:.1f} interquartile ranges from the median, less than {least:g}" if unlikely else None
    )
    failed = None if row["failed"] is None else str(row["failed"])
    return attention.failure(design) or failed or by_likelihood


def _whole(value: object) -> int:
    return int(str(value))
