"""What a comparison finds, and its words."""

from __future__ import annotations

import io
import json
import math

import polars as pl
import pytest
from rich.console import Console

from beholder.judgements import compare_paired, holm
from beholder.reports.compare_extremes import find_extremes, in_order_of_interest
from beholder.reports.compare_findings import find
from beholder.reports.compare_words import compare_table, findings_object, legend, sentence, warning
from beholder.spec import UsageError
from reports.comparisons import SPECS, make_findings, make_frame


def marks(metric: str, **options: str) -> list[str]:
    standings = make_findings(**options).standings[metric]  # type: ignore[arg-type]
    return ["best" if each.best and not each.mark else each.mark for each in standings]


def test_all_are_compared_two_by_two_and_corrected_for_all() -> None:
    findings, frame = make_findings(), make_frame()
    assert [(each.first, each.second) for each in findings.comparisons[:3]] == [
        ("one", "two"),
        ("one", "three"),
        ("two", "three"),
    ]
    assert [each.verdict for each in findings.comparisons] == ["worse"] * 3 + ["unclear"] * 3
    columns = {
        (metric, name): frame.filter(pl.col("candidate") == name)[metric].to_numpy()
        for metric in SPECS
        for name in findings.candidates
    }
    expected = [
        compare_paired(columns[each.metric, each.first], columns[each.metric, each.second])
        for each in findings.comparisons
    ]
    assert [each.found for each in findings.comparisons] == expected
    assert [each.p_value for each in findings.comparisons] == list(holm([each.p_value for each in expected]))
    first = findings.comparisons[0]
    assert (first.wins, first.losses) == (0, 12)


def test_the_best_is_marked_and_what_is_not_told_from_it() -> None:
    assert marks("psnr") == ["", "", "best"]
    assert sorted(marks("lpips_alex")) == ["best", "like", "like"]


def test_with_a_baseline_only_it_is_compared_with() -> None:
    assert len(make_findings(baseline="two").comparisons) == 4
    assert marks("psnr", baseline="two") == ["worse", "", "better"]
    assert marks("lpips_alex", baseline="one")[1:] == ["like", "like"]
    with pytest.raises(UsageError, match="expected one of one, two, three"):
        make_findings(baseline="four")


def test_a_picture_that_fails_is_left_out_for_all() -> None:
    frame = make_frame()
    bad = (pl.col("picture") == "p3") & (pl.col("candidate") == "two")
    frame = frame.with_columns(
        error=pl.when(bad).then(pl.lit("cannot be read")),
        psnr=pl.when(bad).then(None).otherwise("psnr"),
    )
    findings = find(frame, SPECS)
    assert dict(findings.left_out) == {"p3": "two: cannot be read"}
    assert findings.pictures == 11
    assert all("p3" not in each.pictures for each in findings.measured.values())
    assert sum(each.found.above + each.found.below for each in findings.comparisons[:1]) == 11


def test_an_infinite_score_is_left_out_of_its_metric() -> None:
    bad = (pl.col("picture") == "p3") & (pl.col("candidate") == "two")
    frame = make_frame().with_columns(psnr=pl.when(bad).then(math.inf).otherwise("psnr"))
    findings = find(frame, SPECS)
    assert findings.measured["psnr"].infinite == ("p3",)
    assert [len(each.pictures) for each in findings.measured.values()] == [11, 12]
    assert findings_object(findings)["infinite"] == {"psnr": ["p3"]}


def test_sentences_name_the_better_one_first() -> None:
    findings = make_findings()
    words = sentence(findings.comparisons[0], SPECS["psnr"])
    assert words.startswith("two beats one in psnr on 12 of 12 pictures (+")
    assert " dB, 95% " in words
    assert words.endswith(", effect 1.00, p = 0.0029)")  # 6 comparisons, 2 in 4096 ways
    unclear = sentence(findings.comparisons[3], SPECS["lpips_alex"])
    assert "one and two are not told apart in lpips_alex" in unclear or "two and one" in unclear
    equal = find(make_frame().with_columns(psnr=pl.lit(20.0)), SPECS)
    assert "are equal in psnr on all of 12 pictures" in sentence(equal.comparisons[0], SPECS["psnr"])


def test_too_few_pictures_are_told() -> None:
    assert warning(make_findings()) == ""
    assert warning(make_findings(pictures=5)).startswith(
        "5 pictures are too few to tell candidates apart: with 6 comparisons, 8 are needed"
    )
    assert "1 picture is too few" in warning(make_findings(pictures=1))
    assert not math.isfinite(make_findings(pictures=1).standings["psnr"][0].mean.low)


def test_a_metric_that_has_too_few_is_named() -> None:
    """Scores that are infinite take pictures from one metric, and none from the others."""
    few = pl.col("picture").is_in(["p0", "p1", "p2"])
    findings = find(make_frame().with_columns(psnr=pl.when(few).then("psnr").otherwise(math.inf)), SPECS)
    assert findings.scarce == {"psnr": 3}
    assert warning(findings).startswith(
        "3 pictures are too few to tell candidates apart by psnr: with 6 comp"
    )
    assert findings_object(findings)["pictures_needed"] == 8
    assert findings_object(make_findings())["pictures_needed"] is None


def test_equal_means_are_both_the_best() -> None:
    findings = find(make_frame().with_columns(psnr=pl.lit(20.0)), SPECS)
    assert [each.best for each in findings.standings["psnr"]] == [True] * 3
    assert sum(each.best for each in findings.standings["lpips_alex"]) == 1


def test_where_mean_and_ranks_differ_the_sentence_says_which_is_which() -> None:
    """One is better on fewer pictures, but by more; a single picture turns the mean."""
    rows = []
    for place in range(60):
        gain = -1e3 if place == 0 else 1 + place / 100 if place < 30 else -place / 100
        for name, score in (("one", 30 + gain), ("two", 30.0)):
            rows.append({"picture": f"p{place}", "candidate": name, "psnr": score, "error": None})
    frame = pl.DataFrame(rows, schema_overrides={"error": pl.String})
    (versus,) = find(frame, {"psnr": SPECS["psnr"]}).comparisons
    assert (versus.verdict, versus.wins, versus.losses) == ("mixed", 29, 31)
    assert versus.found.difference.estimate < 0 < versus.found.effect
    words = sentence(versus, SPECS["psnr"])
    assert words.startswith("one is better than two in psnr on 29 of 60 pictures, but not in the mean")


def test_a_table_for_a_terminal_and_an_object_for_machines() -> None:
    findings = make_findings()
    text = io.StringIO()
    Console(file=text, width=150).print(compare_table(findings))
    lines = text.getvalue().splitlines()
    assert "psnr, dB ↑" in lines[1]
    cells = {line.split()[0]: line.split() for line in lines[3:6]}
    assert cells["three"][5] == "*"
    assert cells["one"][5] != "*"
    assert "corrected for 6 comparisons" in legend(findings)
    told = json.loads(json.dumps(findings_object(findings), allow_nan=False))
    assert told["pictures"] == 12
    assert [each["best"] for each in told["scores"][:3]] == [False, False, True]
    assert told["comparisons"][0]["p_holm"] == pytest.approx(6 * told["comparisons"][0]["p_value"])
    alone = findings_object(make_findings(pictures=1))
    assert alone["scores"][0]["low"] is None


def test_where_to_look() -> None:
    findings = make_findings()
    extremes = find_extremes(findings)
    scores = findings.measured["psnr"].scores
    spread = scores.max(axis=1) - scores.min(axis=1)
    assert extremes["psnr"].different[0][0] == f"p{spread.argmax()}"
    assert extremes["psnr"].different[0][1][0] == "three"
    assert extremes["psnr"].ends[1].worst[0] == (f"p{scores[:, 1].argmin()}", scores[:, 1].min())
    lpips = findings.measured["lpips_alex"].scores
    assert extremes["lpips_alex"].ends[0].worst[0] == (f"p{lpips[:, 0].argmax()}", lpips[:, 0].max())
    order = in_order_of_interest(findings, extremes)
    assert order[:2] == [extremes["psnr"].different[0][0], extremes["lpips_alex"].different[0][0]]
    assert sorted(order) == sorted(findings.measured["psnr"].pictures)
