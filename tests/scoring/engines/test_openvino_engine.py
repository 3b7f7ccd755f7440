"""OpenVINO gives the scores that torch gives, and says what it computed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from beholder.catalog import create_metric
from beholder.scoring import Scorer, Settings
from beholder.scoring.engines import references
from beholder.scoring.engines.graphs import Pairs, trace_graph
from beholder.spec import MissingPackageError, UsageError
from forking import ForkedCommands
from scoring.engines.pairs import loaded, noisy, photographs, scores

openvino = pytest.importorskip("openvino", reason="OpenVINO is not installed (extra cpu)")

SCORED = ("lpips_vgg", "lpips_alex:lin=false", "stlpips_alex", "dists", "content", "gram", "lpips_random")
FED = ("contextual",)


@pytest.mark.parametrize(("height", "width"), [pytest.param(64, 64, marks=pytest.mark.slow), (101, 77)])
def test_scores_are_those_of_torch(height: int, width: int) -> None:
    y = photographs(3, height, width)
    x = noisy(y)
    x[2] = y[2]
    pairs = loaded(x, list(y))
    expected, _ = scores(pairs, (*SCORED, *FED), engine="torch")
    found, scorer = scores(pairs, (*SCORED, *FED), engine="openvino")
    assert torch.allclose(found[:2], expected[:2], rtol=2e-5, atol=0)
    equal = found[2, : len(SCORED)]
    assert torch.equal(equal, torch.zeros_like(equal))
    told = scorer.provenance()["metrics"]
    assert {told[name]["engine"] for name in SCORED} == {"openvino"}
    assert {told[name]["engine"] for name in FED} == {"openvino, formula in torch"}


def test_versions_of_references_are_compared_with_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = photographs(2, 72, 80)
    # one pair, then four of one reference, which makes it worth while to look at it apart, then both in turn
    of = [one, other, other, other, other, one, other, one]
    pairs = loaded(noisy(torch.stack(of)), of)
    looked: list[int] = []
    recall = references.KeptReferences.recall

    def listen(self: references.KeptReferences, reference: Tensor, versions: int) -> list[Tensor] | None:
        found = recall(self, reference, versions)
        looked.append(found is not None)
        return found

    monkeypatch.setattr(references.KeptReferences, "recall", listen)
    names = ("lpips_alex", *FED)
    expected, _ = scores(pairs, names, engine="torch", batch_size=1)
    found, _ = scores(pairs, names, engine="openvino", batch_size=8)
    assert torch.allclose(found, expected, rtol=2e-5, atol=0)
    assert looked == [False, True, False, False, False]


def test_small_pictures_are_left_to_torch_and_noted() -> None:
    y = photographs(1, 20, 20)
    pairs = loaded(noisy(y), list(y))
    scorer = Scorer(["lpips_vgg", "lpips_alex"], Settings(engine="openvino"))
    (pair,) = scorer.stream_loaded(pairs)
    assert pair.scores["lpips_vgg"] is not None
    assert pair.error == "lpips_alex: the picture is 20x20; expected at least 31x31 pixels."
    assert [note for _, note in pair.notes] == [
        "torch computed the networks: a size that OpenVINO is not given"
    ]


def test_maps_are_drawn() -> None:
    y = photographs(2, 64, 64)
    pairs = loaded(noisy(y), list(y))
    names = ["lpips_alex", "dists", "ssim"]
    drawn = {}
    for engine in ("torch", "openvino"):
        scorer = Scorer(names, Settings(engine=engine), maps=True)  # type: ignore[arg-type]
        drawn[engine] = [pair.maps for pair in scorer.stream_loaded(pairs)]
    assert scorer.provenance()["metrics"]["lpips_alex"]["engine"] == "openvino, formula in torch"
    for ours, reference in zip(drawn["openvino"], drawn["torch"], strict=True):
        assert ours.keys() == reference.keys() == {"lpips_alex", "ssim"}
        for name in ours:
            assert abs(ours[name] - reference[name]).max() < 1e-5


def skip_without_bfloat16() -> None:
    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this processor has no bfloat16")


def test_networks_compute_in_bfloat16_and_say_so() -> None:
    skip_without_bfloat16()
    y = photographs(3, 96, 96)
    pairs = loaded(functional.avg_pool2d(y, 5, 1, 2), list(y))
    names = (*SCORED[:6], *FED, "ssim")
    full, _ = scores(pairs, names, engine="torch")
    for engine in ("openvino", "torch"):
        found, scorer = scores(pairs, names, engine=engine, precision="bf16")
        told = scorer.provenance()
        assert [told["metrics"][name]["precision"] for name in names] == ["bf16"] * 7 + ["fp32"]
        difference = ((found - full) / full).abs()
        assert (difference[:, :7] < 0.05).all()
        assert (difference[:, :7] > 1e-6).any(dim=0).all()
        assert torch.equal(found[:, 7], full[:, 7])


def test_equal_pictures_are_no_further_apart_in_bfloat16() -> None:
    skip_without_bfloat16()
    y = photographs(3, 96, 96)
    names = (*SCORED, *FED)
    changed, _ = scores(loaded(noisy(y), list(y)), names, engine="torch")
    for of in (list(y), [y[0]] * 3):  # each its own, and one that is looked at apart
        found, _ = scores(loaded(torch.stack(of), of), names, engine="openvino", precision="bf16")
        assert (found < 2e-3 * changed).all()


def test_both_pictures_come_to_the_networks_by_the_same_arithmetic() -> None:
    # In bfloat16 each step rounds: one more on either side is a difference between equal pictures.
    metrics = [create_metric(name) for name in ("lpips_alex", "dists")]
    model = trace_graph(
        Pairs(metrics, [create_metric("contextual")]), torch.rand(2, 3, 64, 64), torch.rand(1, 3, 64, 64)
    )
    ways = {name: set() for name in ("x", "y")}
    for name, given in zip(ways, model.inputs, strict=True):
        follow(given.get_node().output(0), (), ways[name])
    assert ways["x"] == ways["y"] != set()


def follow(output: openvino.Output, way: tuple[str, ...], ways: set[tuple[str, ...]]) -> None:
    """Collect the kinds of operations on every way from an output to the next convolution."""
    for target in output.get_target_inputs():
        node = target.get_node()
        kind = node.get_type_name()
        if kind == "Convolution":
            ways.add(way)
        else:
            for following in node.outputs():
                follow(following, (*way, kind), ways)


def test_a_processor_without_bfloat16_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino.Core, "get_property", lambda *_: ["FP32"])
    with pytest.raises(UsageError, match="this processor does not compute in it"):
        Scorer(["lpips_alex"], Settings(engine="openvino", precision="bf16"))


def test_it_is_chosen_for_bfloat16() -> None:
    assert Settings(device="cpu", precision="bf16").engine == "openvino"


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beholder.scoring.settings.find_spec", lambda _: None)
    assert Settings(precision="bf16").engine == "torch"
    with pytest.raises(MissingPackageError, match=r"pip install 'beholder\[cpu\]'"):
        Settings(engine="openvino")


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_a_signal_is_survived_after_another_thread_let_go_of_the_engine(
    forked: ForkedCommands, tmp_path: Path
) -> None:
    code = """
import gc, os, signal, threading
from pathlib import Path
import torch
from beholder.images import Pair
from beholder.scoring import Scorer, Settings
from beholder.scoring.pairs import LoadedPair
signal.signal(signal.SIGUSR1, lambda *_: print("handled"))
scorers = [Scorer(["lpips_alex"], Settings(engine="openvino"))]
list(scorers[0].stream_loaded([LoadedPair(0, Pair(Path("y"), Path("x")), *torch.rand(2, 3, 64, 64))]))
thread = threading.Thread(target=lambda: (scorers.clear(), gc.collect()))
thread.start()
thread.join()
os.kill(os.getpid(), signal.SIGUSR1)
"""
    done = forked.call([], tmp_path, program=code)
    assert (done.returncode, done.stdout) == (0, "handled\n"), done.stderr
