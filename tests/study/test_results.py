"""What a study tells: of whose answers, and that what was put in comes out."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from sqlalchemy import select, update

from beholder.data.judged import JndPair, Triplet, open_judgements
from beholder.judgements import psychometric
from beholder.spec import PictureError, UsageError
from beholder.study.design import Design
from beholder.study.folder import StudyFolder
from beholder.study.models import Observer, Response, Stimulus
from beholder.study.results import Analysis, analyse, read_answers
from beholder.study.results.exporting import export_study
from beholder.study.services.tokens import Signer
from beholder.study.services.way import completion_codes
from study.answering import answer_all
from study.conftest import MakeStudy, OpenStudy

CATCH = {"identical": 2, "noise": 2}


def analysed(folder: StudyFolder) -> Analysis:
    database = folder.open_database()
    try:
        return analyse(read_answers(database), folder.design)
    finally:
        database.close()


def figure(found: Analysis, name: str) -> float:
    return float(found.figures.filter(pl.col("name") == name)["value"].item())


def folder_of(place: Path, name: str, count: int) -> Path:
    (place / name).mkdir(parents=True)
    for row in range(count):
        draw = np.random.default_rng([row, *name.encode()])
        Image.fromarray(draw.integers(0, 256, (8, 8, 3), np.uint8)).save(place / name / f"{row}.png")
    return place / name


def mostly_p1(_: Stimulus, draw: np.random.Generator) -> str:
    return "p1" if draw.random() < 0.75 else "p0"


def coin(stimulus: Stimulus, draw: np.random.Generator) -> str:
    words = ("same", "different") if stimulus.reference is None else ("p0", "p1")
    return words[int(draw.integers(2))]


def test_shares_agreement_and_ceiling(make_study: MakeStudy) -> None:
    folder = make_study(catch=CATCH)
    answer_all(folder, lambda stimulus, _: "p1" if stimulus.id % 2 else "p0", observers=8, repetitions=4)
    found = analysed(folder)
    assert set(found.shares["share"]) == {0.0, 1.0}
    assert set(found.shares["votes"]) == {8}
    assert figure(found, "krippendorff_alpha") == pytest.approx(1)
    assert figure(found, "human_ceiling") == 1
    assert figure(found, "self_agreement") == 1
    assert figure(found, "seconds") == 1.5
    assert found.observers["counts"].all()


def test_a_repetition_is_no_vote(make_study: MakeStudy) -> None:
    folder = make_study(catch=CATCH)
    answer_all(folder, mostly_p1, observers=5, repetitions=12)
    found = analysed(folder)
    assert found.shares["votes"].sum() == 60
    assert 0 < figure(found, "self_agreement") < 1


def test_careless_observers_are_found_and_their_answers_left_out(make_study: MakeStudy) -> None:
    folder = make_study(catch=CATCH)
    answer_all(folder, lambda *_: "p1", observers=10)
    answer_all(folder, coin, observers=3, prefix="random", catches=lambda stimulus, _: "p0")
    answer_all(folder, coin, observers=2, prefix="quick", milliseconds=90)
    database = folder.open_database()
    with database.writing() as transaction:
        excluded = update(Observer).where(Observer.name == "observer3").values(excluded="wore no glasses")
        transaction.execute(excluded)
    database.close()
    found = analysed(folder)
    told = dict(zip(found.observers["observer"], found.observers["reason"], strict=True))
    assert {name for name, reason in told.items() if reason} == {
        *("random0", "random1", "random2", "quick0", "quick1", "observer3")
    }
    assert told["observer3"] == "excluded: wore no glasses"
    assert "catch trials right" in str(told["random0"])
    assert "200 ms" in str(told["quick0"])
    assert set(found.shares["share"]) == {1.0}
    assert set(found.shares["votes"]) == {9}


def test_who_answers_otherwise_is_told_or_by_the_design_left_out(make_study: MakeStudy) -> None:
    for limit, counts in ((None, True), (-1.5, False)):
        folder = make_study(f"study{limit}", catch=CATCH, screening={"least_likelihood": limit})
        answer_all(folder, lambda stimulus, _: "p1" if stimulus.id % 2 else "p0", observers=9)
        answer_all(folder, coin, observers=1, prefix="random")  # who saw through the catch trials
        found = analysed(folder)
        row = found.observers.filter(pl.col("observer") == "random0").to_dicts()[0]
        assert row["counts"] is counts
        assert any("random0" in note for note in found.notes) is counts
        assert counts or "interquartile ranges" in row["reason"]


def test_careless_observers_are_found_with_precision_and_recall() -> None:
    found: dict[float | None, list[tuple[bool, bool]]] = {None: [], -1.5: []}
    for seed in range(8):
        answers, careless = crowd(np.random.default_rng(seed))
        for limit, flagged in found.items():
            settings = {"title": "t", "kind": "2afc", "stimuli": {"bapps": "b"}, "retention": "2100-01-01"}
            design = Design.model_validate(settings | {"screening": {"least_likelihood": limit}})
            rows = analyse(answers, design).observers.to_dicts()
            flagged += [(row["observer"] in careless, not row["counts"]) for row in rows]
    for limit, (precision, recall) in {None: (0.95, 0.75), -1.5: (0.85, 0.95)}.items():
        hits = sum(bad and out for bad, out in found[limit])
        assert hits / sum(out for _, out in found[limit]) >= precision
        assert hits / sum(bad for bad, _ in found[limit]) >= recall


def crowd(draw: np.random.Generator) -> tuple[pl.DataFrame, set[str]]:
    """Thirty observers of 100 trials and 8 catch trials: two who guess, two who press one key, two who guess too quickly."""
    shares = draw.beta(0.7, 0.7, 200)
    frames, careless = [], {f"o{number}" for number in range(6)}
    for number in range(30):
        habit = ("guesses", "left", "quick")[number % 3] if number < 6 else ""
        shown = np.concatenate([draw.permutation(200)[:100], np.arange(200, 208)])
        expected, swapped = draw.integers(2, size=108), draw.integers(2, size=108)
        chances = np.where(shown < 200, shares[shown % 200], np.where(expected == 1, 0.97, 0.03))
        value = (draw.random(108) < (0.5 if habit else chances)).astype(float)
        if habit == "left":
            value = swapped.astype(float)
        milliseconds = draw.uniform(50, 250, 108) if habit == "quick" else 400 + draw.exponential(1200, 108)
        caught = shown >= 200
        frame = pl.DataFrame({"stimulus": shown, "value": value, "milliseconds": milliseconds})
        frames.append(
            frame.with_columns(
                observer=pl.lit(f"o{number}"),
                purpose=pl.Series(np.where(caught, "catch", "judged")),
                expected=pl.Series(np.where(caught, np.char.add("p", expected.astype(str)), "")),
                swapped=pl.Series(swapped == 1),
            )
        )
    answers = pl.concat(frames).with_columns(
        *(
            pl.lit(None, pl.String).alias(name)
            for name in ("subset", "condition0", "condition1", "failed", "excluded")
        ),
        stimulus=pl.col("stimulus").cast(pl.String),
        group=pl.col("stimulus").cast(pl.String),
        answer=pl.format("p{}", pl.col("value").cast(pl.Int64)),
        session=pl.lit(0),
        strength=pl.lit(None, pl.Float64),
        implausible=pl.col("milliseconds") < 200,
    )
    return answers, careless


def test_a_scale_of_conditions_is_recovered(make_study: MakeStudy, tmp_path: Path) -> None:
    values = {"a": 1.0, "b": 0.2, "c": -1.2}
    conditions = {name: folder_of(tmp_path / "results", name, 8) for name in values}
    folder = make_study(kind="ranking", stimuli={"conditions": conditions}, catch=CATCH)

    def choose(stimulus: Stimulus, draw: np.random.Generator) -> str:
        step = values[str(stimulus.condition1)] - values[str(stimulus.condition0)]
        return "p1" if draw.random() < 1 / (1 + np.exp(-step)) else "p0"

    answer_all(folder, choose, observers=30, seed=4)
    found = analysed(folder)
    assert found.scales is not None
    table = found.scales.filter(pl.col("model") == "bradley-terry")
    assert table["condition"].to_list() == ["a", "b", "c"]
    for row in table.to_dicts():
        assert row["low"] < values[row["condition"]] < row["high"]
        assert row["high"] - row["low"] < 0.8
    assert found.wins is not None
    pairs = {(row["condition"], row["other"]): row for row in found.wins.to_dicts()}
    assert len(pairs) == 6
    assert pairs["a", "b"]["won"] + pairs["b", "a"]["won"] == pairs["a", "b"]["votes"] == 240
    assert pairs["a", "c"]["won"] > pairs["c", "a"]["won"]


def test_ties_are_half_a_win(make_study: MakeStudy, tmp_path: Path) -> None:
    conditions = {name: folder_of(tmp_path / "results", name, 8) for name in "ab"}
    folder = make_study(kind="ranking", stimuli={"conditions": conditions}, ties=True, catch=CATCH)
    answer_all(folder, lambda *_: "tie", observers=3)
    found = analysed(folder)
    assert set(found.shares["share"]) == {0.5}
    assert found.scales is not None
    assert found.scales["value"].to_numpy() == pytest.approx(0, abs=1e-9)


@pytest.fixture
def levels(tmp_path: Path) -> Path:
    for name in ("reference", "1", "2", "3", "4", "5", "6"):
        folder_of(tmp_path / "noise", name, 2)
    return tmp_path / "noise"


def test_thresholds_are_recovered(make_study: MakeStudy, levels: Path) -> None:
    folder = make_study(kind="jnd", stimuli={"levels": levels}, catch=CATCH)
    thresholds = {"0": 2.4, "1": 4.3}

    def choose(stimulus: Stimulus, draw: np.random.Generator) -> str:
        chance = psychometric(stimulus.strength or 0.0, thresholds[stimulus.group], 2.0, guess=0.05)
        return "different" if draw.random() < chance else "same"

    answer_all(folder, choose, observers=60)
    found = analysed(folder)
    assert found.thresholds is not None
    rows = {row["reference"]: row for row in found.thresholds.to_dicts()}
    assert set(rows) == {"all", "0", "1"}
    for group, threshold in thresholds.items():
        assert rows[group]["threshold_low"] < threshold < rows[group]["threshold_high"]
        assert rows[group]["threshold_high"] - rows[group]["threshold_low"] < 0.6
        assert rows[group]["flag"] == ""
    assert figure(found, "false_alarms") == 0


def test_a_threshold_that_nothing_determines_is_flagged(make_study: MakeStudy, levels: Path) -> None:
    folder = make_study(kind="jnd", stimuli={"levels": levels}, catch=CATCH)
    answer_all(folder, lambda *_: "same", observers=5)
    found = analysed(folder)
    assert found.thresholds is not None
    assert set(found.thresholds["flag"]) == {"flat"}


def test_nothing_to_analyse_is_told(make_study: MakeStudy) -> None:
    folder = make_study(catch=CATCH)
    with pytest.raises(UsageError, match="nobody has answered yet"):
        analysed(folder)
    answer_all(folder, coin, observers=1, milliseconds=50)
    with pytest.raises(UsageError, match=r"nobody's answers count; observer0: .* in less than 200 ms"):
        analysed(folder)


def test_one_observer_is_enough(make_study: MakeStudy) -> None:
    folder = make_study(catch=CATCH)
    answer_all(folder, mostly_p1, observers=1)
    found = analysed(folder)
    assert set(found.shares["votes"]) == {1}
    for name in ("krippendorff_alpha", "human_ceiling", "majority"):  # nobody agrees with themselves alone
        assert np.isnan(figure(found, name))


def test_one_observer_has_a_scale(make_study: MakeStudy, tmp_path: Path) -> None:
    conditions = {name: folder_of(tmp_path / "results", name, 8) for name in ("a", "condition")}
    folder = make_study(kind="ranking", stimuli={"conditions": conditions}, catch=CATCH)
    answer_all(folder, lambda stimulus, _: "p0" if stimulus.condition0 == "a" else "p1", observers=1)
    found = analysed(folder)
    assert found.scales is not None
    assert found.scales["condition"].to_list() == ["a", "condition"] * 2
    assert found.scales["low"].is_finite().all()
    assert any("one observer's" in note for note in found.notes)
    assert any("infinitely far" in note for note in found.notes)


def test_agreement_has_intervals(make_study: MakeStudy) -> None:
    folder = make_study(catch=CATCH)
    answer_all(folder, mostly_p1, observers=8)
    found = analysed(folder)
    for row in found.figures.to_dicts():
        if row["name"] != "seconds":
            assert row["low"] <= row["value"] <= row["high"], row["name"]
            assert row["low"] < row["high"]


def test_differences_are_told_by_condition(make_study: MakeStudy, tmp_path: Path) -> None:
    folders = {name: folder_of(tmp_path / "results", name, 8) for name in ("mild", "plain", "none")}
    sources = {"reference": folders.pop("none"), "conditions": folders}
    folder = make_study(kind="jnd", stimuli=sources, catch=CATCH)
    chances = {"mild": 0.2, "plain": 0.9}

    def choose(stimulus: Stimulus, draw: np.random.Generator) -> str:
        return "different" if draw.random() < chances[str(stimulus.condition1)] else "same"

    answer_all(folder, choose, observers=20)
    found = analysed(folder)
    assert found.parts is not None
    assert found.parts["part"].to_list() == ["plain", "mild"]
    for row in found.parts.to_dicts():
        assert row["low"] < chances[row["part"]] < row["high"]


def test_answers_are_read_alike_from_both_databases(make_study: MakeStudy, address: str | None) -> None:
    folder = make_study(database=address, catch=CATCH)
    database = folder.open_database(address)
    assert len(read_answers(database)) == 0
    answer_all(folder, mostly_p1, observers=2, database=database)
    with database.writing() as transaction:
        first = transaction.scalars(select(Response).order_by(Response.trial_id)).first()
        assert first is not None
        first.timing = {"dropped": 3, "refresh": 60.0}
    answers = read_answers(database)
    database.close()
    assert len(answers) == 2 * (12 + 16)
    assert answers["position"].to_list() == [*range(28)] * 2
    assert answers["dropped"].to_list() == [3, *[None] * 55]
    assert set(answers["observer"]) == {"observer0", "observer1"}
    assert set(answers["value"]) <= {0.0, 1.0}


def export(folder: StudyFolder, path: Path) -> list[str]:
    database = folder.open_database()
    try:
        return export_study(folder, database, read_answers(database), path).forms
    finally:
        database.close()


def test_triplets_are_exported(make_study: MakeStudy, tmp_path: Path) -> None:
    folder = make_study(catch=CATCH)
    answer_all(folder, mostly_p1, observers=7)
    shares = {row["stimulus"]: row["share"] for row in analysed(folder).shares.to_dicts()}
    forms = export(folder, tmp_path / "out")
    assert forms == ["answers.csv", "answers.parquet", "stimuli.csv", "judgements.parquet", "2afc/"]
    for form in ("judgements.parquet", "2afc"):
        judged = open_judgements(tmp_path / "out" / form)
        rows = [row for row in judged if isinstance(row, Triplet)]
        assert sorted(row.judge for row in rows) == pytest.approx(sorted(shares.values()))
        assert [row.votes for row in rows] == [7 if form.endswith("parquet") else None] * 12
        stored = {path.read_bytes() for path in (folder.path / "stimuli").rglob("*.png")}
        assert all(picture.encoded() in stored for row in rows for picture in row.pictures)
    answers = pl.read_csv(tmp_path / "out" / "answers.csv")
    assert len(answers) == 7 * (12 + 16)
    assert answers["counts"].all()


def test_pairs_are_exported(make_study: MakeStudy, levels: Path, tmp_path: Path) -> None:
    folder = make_study(kind="jnd", stimuli={"levels": levels}, catch=CATCH)
    answer_all(
        folder, lambda stimulus, _: "same" if (stimulus.strength or 0) < 4 else "different", observers=3
    )
    export(folder, tmp_path / "out")
    judged = open_judgements(tmp_path / "out" / "judgements.parquet")
    assert sorted(row.same for row in judged if isinstance(row, JndPair)) == [0] * 6 + [1] * 6
    judged = open_judgements(tmp_path / "out" / "jnd")
    assert len(judged) == 12


def test_comparisons_without_references_are_exported(make_study: MakeStudy, tmp_path: Path) -> None:
    conditions = {name: folder_of(tmp_path / "results", name, 8) for name in "abc"}
    folder = make_study(kind="ranking", stimuli={"conditions": conditions}, catch=CATCH)
    answer_all(folder, lambda stimulus, _: "p0" if stimulus.condition0 == "a" else "p1", observers=3)
    assert export(folder, tmp_path / "out") == [
        *("answers.csv", "answers.parquet", "stimuli.csv", "comparisons.csv")
    ]
    rows = pl.read_csv(tmp_path / "out" / "comparisons.csv").to_dicts()
    assert {(row["condition"], row["other"]): (row["won"], row["votes"]) for row in rows} == {
        ("a", "b"): (24, 24),
        ("a", "c"): (24, 24),
        ("b", "a"): (0, 24),
        ("b", "c"): (0, 24),
        ("c", "a"): (0, 24),
        ("c", "b"): (24, 24),
    }


def test_nothing_that_is_exported_tells_of_persons(make_study: MakeStudy, tmp_path: Path) -> None:
    folder = make_study(catch=CATCH)
    answer_all(folder, mostly_p1, observers=3)
    database = folder.open_database()
    with database.writing() as transaction:
        named = update(Observer).where(Observer.name == "observer1").values(excluded="CANARY was ill")
        transaction.execute(named)
    database.close()
    export(folder, tmp_path / "out")
    written = [path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(written) > 40
    assert not any(b"CANARY" in content for content in written)
    answers = pl.read_csv(tmp_path / "out" / "answers.csv")
    excluded = answers.filter(pl.col("observer") == "observer1")
    assert set(excluded["reason"]) == {"excluded by the experimenter"}
    assert not excluded["counts"].any()
    columns = set(answers.columns)
    assert not columns & {"demographics", "screen", "code", "received", "created", "seen"}


def test_an_export_is_whole_or_not_at_all(make_study: MakeStudy, tmp_path: Path) -> None:
    folder = make_study(catch=CATCH)
    with pytest.raises(UsageError, match="has no answer yet that counts"):
        export(folder, tmp_path / "out")
    answer_all(folder, mostly_p1, observers=3)
    for picture in (folder.path / "stimuli").rglob("*.png"):
        picture.unlink()
    with pytest.raises(PictureError, match="cannot be read"):
        export(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".out")] == []
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(UsageError, match="is not empty"):
        export(folder, tmp_path / "out")


def test_completion_codes_are_of_those_who_are_done(make_study: MakeStudy, open_study: OpenStudy) -> None:
    folder = make_study()
    seat, database = open_study(folder)
    told = []
    for _ in range(2):
        done = seat().go_to_trials()
        done.finish()
        told.append(re.search(r'id="done-code">([A-Z2-7-]{11})<', done.client.get("/").text))
    seat().go_to_trials()
    with database.reading() as transaction:
        found = completion_codes(transaction, Signer(folder.key))
    assert found == sorted(each[1] for each in told if each)
    assert len(found) == 2
