"""Studies made of designs, and designs that none can be made of."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError
from sqlalchemy import select

from beholder.spec import PairingError, ShapeError, UsageError
from beholder.study.creating import observers_needed
from beholder.study.design import Design, read_design
from beholder.study.folder import StudyFolder
from beholder.study.models import Stimulus
from study.conftest import MakeStudy


def stimuli(folder: StudyFolder) -> list[Stimulus]:
    database = folder.open_database()
    with database.reading() as transaction:
        found = list(transaction.scalars(select(Stimulus).order_by(Stimulus.id)))
    database.close()
    return found


def pixels(folder: StudyFolder, digest: str | None) -> np.ndarray:
    assert digest
    return np.asarray(Image.open(folder.picture(digest))).astype(float)


def test_triplets(make_study: MakeStudy, bapps: Path) -> None:
    folder = make_study()
    found = stimuli(folder)
    assert Counter(each.purpose for each in found) == {"judged": 12, "catch": 8, "training": 2}
    first = found[0]
    assert (first.name, first.subset, first.expected) == ("val/noise/000000", "val/noise", None)
    for role, part in (("reference", "ref"), ("p0", "p0"), ("p1", "p1")):
        original = np.asarray(Image.open(bapps / "val" / "noise" / part / "000000.png"))
        assert (pixels(folder, getattr(first, role)) == original).all()


def test_known_answers_are_right(make_study: MakeStudy) -> None:
    folder = make_study(catch={"identical": 3, "noise": 3}, training={"trials": 6})
    for each in stimuli(folder):
        if each.purpose == "judged":
            continue
        reference = pixels(folder, each.reference)
        errors = {
            side: np.abs(pixels(folder, getattr(each, side)) - reference).mean() for side in ("p0", "p1")
        }
        assert each.expected == min(errors, key=errors.__getitem__)
        if "/identical/" in each.name:
            assert min(errors.values()) == 0
        else:
            assert max(errors.values()) > 40


def test_pairs_of_triplets(make_study: MakeStudy) -> None:
    folder = make_study(kind="jnd", training={"trials": 10}, catch={"identical": 2, "noise": 2})
    found = stimuli(folder)
    assert sum(each.purpose == "judged" for each in found) == 24
    training = Counter(each.expected for each in found if each.purpose == "training")
    assert training == {"same": 4, "different": 6}
    for each in found:
        assert each.reference is None
        if each.expected:
            assert (each.p0 == each.p1) == (each.expected == "same")


@pytest.fixture
def results(bapps: Path, tmp_path: Path) -> Path:
    """Folders of three networks' results, and of references."""
    for name, part in (("reference", "ref"), ("a", "p0"), ("b", "p1"), ("c", "p0")):
        shutil.copytree(bapps / "val" / "noise" / part, tmp_path / "results" / name)
    return tmp_path / "results"


def sources(results: Path, *names: str, reference: bool = True) -> dict[str, Any]:
    found: dict[str, Any] = {"conditions": {name: results / name for name in names}}
    return found | ({"reference": results / "reference"} if reference else {})


def test_conditions(make_study: MakeStudy, results: Path) -> None:
    for kind, names, reference, judged in (
        ("2afc", "ab", True, 12),
        ("ranking", "abc", True, 36),
        ("ranking", "abc", False, 36),
        ("jnd", "abc", True, 36),
    ):
        folder = make_study(
            f"{kind}{judged}{reference}", kind=kind, stimuli=sources(results, *names, reference=reference)
        )
        found = [each for each in stimuli(folder) if each.purpose == "judged"]
        assert len(found) == judged
        assert all((each.reference is not None) == (reference and kind != "jnd") for each in found)
        assert {each.group for each in found} == {f"{row:06d}" for row in range(12)}


def test_levels(make_study: MakeStudy, results: Path) -> None:
    (results / "b").rename(results / "0.5")
    (results / "a").rename(results / "0.25")
    shutil.rmtree(results / "c")
    folder = make_study(kind="jnd", stimuli={"levels": results})
    found = [each for each in stimuli(folder) if each.purpose == "judged"]
    assert Counter(each.strength for each in found) == {0.25: 12, 0.5: 12}
    (results / "0.5").rename(results / "strong")
    with pytest.raises(PairingError, match="its name is no number"):
        make_study("again", kind="jnd", stimuli={"levels": results})


def test_what_is_missing_is_named(make_study: MakeStudy, results: Path, tmp_path: Path) -> None:
    (results / "b" / "000003.png").unlink()
    with pytest.raises(PairingError, match="lacks 1 of 12 pictures, such as '000003'"):
        make_study(stimuli=sources(results, "a", "b"))
    (results / "a" / "000003.png").unlink()
    (results / "reference" / "000003.png").unlink()
    (results / "b" / "more.png").touch()
    with pytest.raises(PairingError, match="1 pictures too many, such as 'more'"):
        make_study(stimuli=sources(results, "a", "b"))
    with pytest.raises(PairingError, match="no such folder"):
        make_study(stimuli=sources(results, "a", "none"))
    assert not (tmp_path / "study").exists()


def test_sizes_that_differ(make_study: MakeStudy, results: Path, tmp_path: Path) -> None:
    Image.new("RGB", (30, 24)).save(results / "b" / "000003.png")
    with pytest.raises(ShapeError, match=r"000003\.png: found 30x24 pixels .* expected 32x24"):
        make_study(stimuli=sources(results, "a", "b"))
    assert list(tmp_path.glob("*study*")) == []


def test_a_folder_that_is_not_empty(make_study: MakeStudy) -> None:
    make_study()
    with pytest.raises(UsageError, match="is there already"):
        make_study()


def test_too_few_stimuli(make_study: MakeStudy) -> None:
    with pytest.raises(PairingError, match="12 stimuli, fewer than the 13 trials"):
        make_study(session={"trials": 13})


def test_what_nobody_else_may_read(make_study: MakeStudy) -> None:
    folder = make_study()
    assert folder.path.stat().st_mode & 0o077 == 0
    assert (folder.path / "secret.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"kind": "rating"}, "2afc"),
        ({"kind": "ranking"}, "needs stimuli.conditions"),
        ({"kind": "jnd", "ties": True}, "same or different"),
        ({"kind": "jnd", "training": {"trials": 1}}, "2 trials"),
        ({"stimuli": {}}, "exactly|expected one of"),
        ({"stimuli": {"bapps": "a", "levels": "b"}}, "bapps and levels"),
        ({"stimuli": {"levels": "b"}}, "for kind jnd"),
        ({"stimuli": {"conditions": {"a": "a", "b": "b"}}}, "needs stimuli.reference"),
        ({"session": {"trials": 3, "repetitions": 4}}, "4 repetitions of 3 trials"),
        ({"languages": ["en", "en"]}, "each once"),
        ({"languages": ["fr"]}, "en"),
        ({"vote": 3}, "Extra inputs"),
        ({"votes": 0}, "greater than or equal to 1"),
    ],
)
def test_designs_that_do_not_fit_together(settings: dict[str, Any], told: str) -> None:
    good = {"title": "x", "kind": "2afc", "stimuli": {"bapps": "x"}, "retention": "2100-01-01"}
    Design.model_validate(good)
    with pytest.raises(ValidationError, match=told):
        Design.model_validate(good | settings)


def test_paths_are_taken_from_the_designs_folder(tmp_path: Path) -> None:
    (tmp_path / "design.yaml").write_text(
        "title: x\nkind: 2afc\nstimuli: {reference: r, conditions: {a: ../a, b: /b}}\nretention: 2100-01-01\n"
    )
    found = read_design(tmp_path / "design.yaml", ["votes=7"])
    assert found.stimuli.reference == tmp_path / "r"
    assert found.stimuli.conditions == {"a": tmp_path / "../a", "b": Path("/b")}
    assert found.votes == 7


def test_how_many_observers() -> None:
    good = {"title": "x", "kind": "2afc", "stimuli": {"bapps": "x"}, "retention": "2100-01-01"}
    design = Design.model_validate(good | {"votes": 5, "session": {"trials": 100}})
    assert observers_needed(design, 1000) == 50
    assert observers_needed(design, 100) == 5
    assert observers_needed(design, 150) == 8


def test_a_retention_in_the_past_is_refused(make_study: MakeStudy, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="retention is 2026-01-01; expected a day to come"):
        make_study(retention="2026-01-01")
    assert not (tmp_path / "study").exists()


def test_a_ranking_with_references_asks_which_is_closer() -> None:
    given = {"title": "T", "kind": "ranking", "retention": "2100-01-01"}
    conditions = {"a": "a", "b": "b"}
    plain = Design.model_validate(given | {"stimuli": {"conditions": conditions}})
    closer = Design.model_validate(given | {"stimuli": {"conditions": conditions, "reference": "r"}})
    assert (plain.asks, closer.asks) == ("ranking", "2afc")
