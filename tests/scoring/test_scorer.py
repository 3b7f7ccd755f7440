"""The run: order, batches, failures, resize rules, provenance."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

import beholder
from beholder.catalog import METRICS, Entry, create_metric
from beholder.images import Pair, read_picture, save_picture
from beholder.ops.resize import resize
from beholder.scoring import Scorer, Settings, score_table
from beholder.scoring.measuring import Measurer
from beholder.scoring.pairs import LoadedPair
from beholder.scoring.planner import plan
from beholder.scoring.reader import read_pairs_ahead
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.fixture
def pairs(photos: Tensor, tmp_path: Path) -> list[Pair]:
    """Five pairs of two sizes, with sizes in turn so that batches break."""
    made = []
    for index in range(5):
        photo = photos[index % 3][..., : 176 if index == 2 else 192]
        reference, distorted = tmp_path / f"r{index}.png", tmp_path / f"d{index}.png"
        save_picture(photo, reference)
        save_picture((photo + 0.02 * (index + 1)).clamp(0, 1), distorted)
        made.append(Pair(reference, distorted))
    return made


def direct(name: str, pair: Pair) -> float:
    x, y = (read_picture(path).pixels[None] for path in (pair.distorted, pair.reference))
    return float(create_metric(name)(x, y))


@pytest.mark.parametrize("batch_size", [None, 1, 2])
def test_scores_are_those_of_the_metrics_in_order(pairs: list[Pair], batch_size: int | None) -> None:
    names = ["psnr", "ssim", "lpips_alex", "psnr_y:border=4"]
    table = beholder.score_table(pairs, names, Settings(batch_size=batch_size))
    assert table.frame.columns == ["reference", "distorted", *names, "error"]
    assert table.frame["distorted"].to_list() == [str(pair.distorted) for pair in pairs]
    assert table.frame["error"].null_count() == len(pairs)
    for name in names:
        expected = [direct(name, pair) for pair in pairs]
        assert table.frame[name].to_list() == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_the_package_alone_leads_from_files_to_scores(unequal: Pair) -> None:
    x = beholder.read_picture(unequal.distorted).pixels[None, :, :90, :120]
    y = beholder.read_picture(unequal.reference).pixels[None, :, :90, :120]
    assert beholder.create_metric("ssim")(x, y).item() == pytest.approx(1)
    table = beholder.score_table(
        [(unequal.reference, unequal.distorted)], ["ssim"], beholder.Settings(resize="crop")
    )
    assert table.failed.is_empty()


def test_plain_tuples_of_paths_will_do(pairs: list[Pair]) -> None:
    table = score_table([(str(pair.reference), pair.distorted) for pair in pairs[:1]], ["psnr"])
    assert table.frame["psnr"].item() == pytest.approx(direct("psnr", pairs[0]))


def test_batches_hold_equal_sizes_and_respect_the_limit(
    pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    scorer = Scorer(["psnr"], Settings(batch_size=2))
    metric = scorer.metrics["psnr"]
    monkeypatch.setattr(metric, "forward", lambda x, y, f=metric.forward: seen.append(len(x)) or f(x, y))
    assert len(list(scorer.stream(pairs))) == 5
    assert sorted(seen) == [1, 2, 2]  # in any order: batches run side by side


def test_a_bad_file_fails_its_row_only(pairs: list[Pair], tmp_path: Path) -> None:
    pairs[1].distorted.write_bytes(b"")
    pairs[3].reference.unlink()
    table = score_table(pairs, ["psnr", "ssim"])
    failed = table.failed
    assert failed["distorted"].to_list() == [str(pairs[1].distorted), str(pairs[3].distorted)]
    assert str(pairs[1].distorted) in failed["error"][0]
    assert str(pairs[3].reference) in failed["error"][1]
    assert failed["psnr"].null_count() == 2
    assert table.frame["psnr"].null_count() == 2


def test_a_metric_that_cannot_leaves_the_others_alone(tmp_path: Path) -> None:
    for name in ("r", "d"):
        Image.new("RGB", (8, 8), "grey").save(tmp_path / f"{name}.png")
    table = score_table([(tmp_path / "r.png", tmp_path / "d.png")], ["ssim", "psnr", "gmsd"])
    row = table.frame.row(0, named=True)
    assert row["psnr"] == math.inf
    assert row["gmsd"] == 0
    assert row["ssim"] is None
    assert row["error"] == "ssim: the picture is 8x8; expected at least 11x11 pixels."


class _Broken:
    spec = create_metric("psnr").spec

    def __init__(self, fault: str) -> None:
        self.fault = fault

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        if self.fault == "nan":
            return torch.full((len(x),), math.nan)
        if self.fault == "memory" and len(x) > 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        if self.fault == "bug":
            raise RuntimeError("a bug")
        return torch.zeros(len(x))


def test_not_a_number_is_an_error(pairs: list[Pair], monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = Scorer(["psnr"])
    monkeypatch.setitem(scorer.metrics, "psnr", _Broken("nan"))
    scored = list(scorer.stream(pairs))
    assert [pair.scores["psnr"] for pair in scored] == [None] * 5
    assert scored[0].error == "psnr: the score is not a number"


def test_too_little_memory_for_a_batch_is_met_one_by_one(
    pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer = Scorer(["psnr"])
    monkeypatch.setitem(scorer.metrics, "psnr", _Broken("memory"))
    assert [pair.scores["psnr"] for pair in scorer.stream(pairs)] == [0.0] * 5


def test_a_bug_is_not_taken_for_bad_input(pairs: list[Pair], monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = Scorer(["psnr"])
    monkeypatch.setitem(scorer.metrics, "psnr", _Broken("bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        list(scorer.stream(pairs))


@pytest.fixture
def unequal(photos: Tensor, tmp_path: Path) -> Pair:
    pair = Pair(tmp_path / "r.png", tmp_path / "d.png")
    save_picture(photos[0][:, :100, :120], pair.reference)
    save_picture(photos[0][:, :90, :150], pair.distorted)
    return pair


def test_unequal_sizes_are_refused(unequal: Pair) -> None:
    error = score_table([unequal], ["psnr"]).frame["error"].item()
    assert "150x90" in error
    assert "120x100" in error
    assert "--resize" in error


def test_resize_rules(unequal: Pair) -> None:
    x, y = (read_picture(path).pixels[None] for path in (unequal.distorted, unequal.reference))
    metric = create_metric("psnr")
    expected = {
        "reference": metric(resize(x, 100, 120).clamp(0, 1), y),
        "distorted": metric(x, resize(y, 90, 150).clamp(0, 1)),
        "crop": metric(x[..., :, 15:135], y[..., 5:95, :]),
    }
    for rule, value in expected.items():
        table = score_table([unequal], ["psnr"], Settings(resize=rule))  # type: ignore[arg-type]
        assert table.frame["psnr"].item() == pytest.approx(value.item(), rel=1e-6)
        assert table.provenance["resize"] == rule


def test_what_a_resize_rule_changed_is_noted_with_its_file(unequal: Pair) -> None:
    expected = {
        "reference": [f"{unequal.distorted}: 150x90 resized to 120x100"],
        "distorted": [f"{unequal.reference}: 120x100 resized to 150x90"],
        "crop": [
            f"{unequal.distorted}: 150x90 cropped to 120x90",
            f"{unequal.reference}: 120x100 cropped to 120x90",
        ],
    }
    equal = Pair(unequal.reference, unequal.reference)
    for rule, notes in expected.items():
        table = score_table([unequal, equal], ["psnr"], Settings(resize=rule))  # type: ignore[arg-type]
        assert table.provenance["warnings"] == notes


def test_maps_come_with_the_scores(pairs: list[Pair]) -> None:
    scored = next(iter(Scorer(["ssim", "ms_ssim"], maps=True).stream(pairs[:1])))
    assert set(scored.maps) == {"ssim"}
    assert scored.maps["ssim"].shape == (182, 182)
    assert scored.maps["ssim"].mean() == pytest.approx(scored.scores["ssim"], abs=1e-6)
    assert next(iter(Scorer(["ssim"]).stream(pairs[:1]))).maps == {}


def test_transparency_is_told_and_the_background_obeyed(tmp_path: Path) -> None:
    Image.new("RGBA", (16, 16), (255, 255, 255, 0)).save(tmp_path / "d.png")
    Image.new("RGB", (16, 16), "black").save(tmp_path / "r.png")
    pair = (tmp_path / "r.png", tmp_path / "d.png")
    white, black = (
        score_table([pair], ["psnr"], Settings(background=colour)) for colour in ("white", "black")
    )
    assert white.frame["psnr"].item() == pytest.approx(0, abs=1e-6)
    assert black.frame["psnr"].item() == math.inf
    assert len(white.provenance["warnings"]) == 1
    assert str(tmp_path / "d.png") in white.provenance["warnings"][0]
    assert "white" in white.provenance["warnings"][0]


def test_provenance_is_json_and_whole(pairs: list[Pair]) -> None:
    provenance = score_table(pairs[:1], ["lpips_alex", "psnr_y:border=4"]).provenance
    assert json.loads(json.dumps(provenance, allow_nan=False)) == provenance
    assert provenance["beholder"] == beholder.__version__
    assert (provenance["device"], provenance["precision"], provenance["engine"]) == (
        "cpu",
        "fp32",
        "winograd",
    )
    assert [provenance["metrics"][name]["engine"] for name in ("lpips_alex", "psnr_y:border=4")] == [
        "winograd",
        "torch",
    ]
    cards = [file["card"] for file in provenance["metrics"]["lpips_alex"]["weights"]]
    assert cards == ["alexnet", "lpips_alex_lin_v0.1"]
    assert provenance["metrics"]["psnr_y:border=4"]["options"] == {"border": 4}


@pytest.mark.parametrize(
    ("metrics", "message"),
    [([], "no metric"), (["psnr", "psnr"], "named twice: psnr"), (["pnsr"], "Did you mean psnr"),
     (["psnr:edge=4"], "no option 'edge'; its options are channel, border"), (["psnr:border"], "KEY=VALUE"),
     (["psnr_y:channel=rgb"], "no option 'channel'")],
)  # fmt: skip
def test_impossible_requests_are_refused(metrics: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        score_table([], metrics)


def test_one_name_in_place_of_a_list_is_refused(pairs: list[Pair]) -> None:
    with pytest.raises(UsageError, match=r"metrics is 'ssim'; expected a list of names, such as \['ssim'\]"):
        score_table(pairs, "ssim")


@pytest.mark.parametrize("pair", ["ab", ("a.png",), ("a.png", "b.png", "c.png"), ("a.png", None), None])
def test_what_is_no_pair_is_refused_before_anything_is_scored(pair: object, pairs: list[Pair]) -> None:
    with pytest.raises(UsageError, match=r"expected two files: \(reference, distorted\)"):
        score_table([pairs[0], pair], ["psnr"])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"resize": "stretch"}, "refuse, reference, distorted, crop"), ({"device": "tpu"}, "this machine has cpu"),
     ({"batch_size": 0}, "1 or more"), ({"background": "blurple"}, "blurple"), ({"max_pixels": 0}, "1 or more"),
     ({"engine": "tensorrt"}, "auto, torch, winograd, openvino"), ({"precision": "int8"}, "auto, fp32, bf16")],
)  # fmt: skip
def test_impossible_settings_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Settings(**options)  # type: ignore[arg-type]


def test_a_shared_reference_is_decoded_once(
    photos: Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_picture(photos[0], tmp_path / "r.png")
    read: list[str] = []

    def counting(path: Path, **options: object) -> object:
        read.append(path.name)
        return read_picture(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("beholder.scoring.reader.read_picture", counting)
    pairs = [Pair(tmp_path / "r.png", tmp_path / "r.png")] * 20
    assert len(list(read_pairs_ahead(plan(pairs), Settings()))) == 20
    assert len(read) == 21


def test_names_that_are_not_text_lose_nothing(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.png")
    Image.new("RGB", (16, 16)).save(tmp_path / "r.png")
    (tmp_path / name).write_bytes((tmp_path / "r.png").read_bytes())
    table = score_table([(tmp_path / "r.png", tmp_path / name)], ["psnr"])
    assert table.frame["distorted"].item().endswith("\\xff.png")
    assert table.frame["psnr"].item() == math.inf


def test_large_pictures_are_not_all_decoded_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(tmp_path / "p.png")
    monkeypatch.setattr("beholder.scoring.reader._BYTES_AHEAD", 2 * 3 * 64 * 64 * 4 * 3)
    asked: list[int] = []

    def pairs() -> object:
        for index in range(100):
            asked.append(index)
            yield Pair(tmp_path / "p.png", tmp_path / "p.png")

    stream = read_pairs_ahead(plan(pairs(), gather=False), Settings())  # type: ignore[arg-type]
    for handed_out in range(1, 61):
        next(stream)
        assert len(asked) - handed_out <= 3
    stream.close()  # type: ignore[attr-defined]


def test_the_catalogue_leads_to_real_classes() -> None:
    for name, entry in METRICS.items():
        assert isinstance(entry, Entry)
        assert entry.load().describe(**entry.options).name == name


def test_versions_of_a_larger_reference_make_a_batch() -> None:
    y, other = torch.rand(2, 3, 500, 500)
    pair = Pair(Path("y.png"), Path("x.png"))
    of = [y, y, y, y, y, other]
    loaded = [LoadedPair(index, pair, torch.rand(3, 500, 500), each) for index, each in enumerate(of)]
    ends = [scored.ends_batch for scored in Scorer(["psnr"]).stream_loaded(loaded)]
    assert ends == [False, False, False, True, True, True]


def test_versions_far_apart_are_scored_together_and_listed_in_order(
    photos: Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, photo in enumerate(photos):
        save_picture(photo[:, :64, :64], tmp_path / f"{number}.png")
    pairs = [Pair(tmp_path / f"{y}.png", tmp_path / f"{x}.png") for x in range(3) for y in range(3)]
    shared: list[bool] = []
    measure = Measurer.measure

    def counting(self: Measurer, pictures: Sequence[Tensor], references: Sequence[Tensor]) -> object:
        shared.append(len(pictures) > 1 and all(each is references[0] for each in references))
        return measure(self, pictures, references)

    monkeypatch.setattr(Measurer, "measure", counting)
    scored = list(Scorer(["mse"], Settings(batch_size=3)).stream(pairs))
    assert shared == [True] * 3
    assert [each.pair for each in scored] == pairs
    assert [each.index for each in scored if each.scores["mse"] == 0] == [0, 4, 8]
