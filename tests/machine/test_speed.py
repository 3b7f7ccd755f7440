"""Speeds: told of whatever computes, and of whatever computes something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from beholder.machine import speed
from beholder.machine.engines import engines_there
from beholder.machine.speed import examine_speed
from beholder.spec import UsageError


@pytest.fixture(autouse=True)
def briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "_SECONDS", 0.0)


def test_every_engine_is_measured_and_agrees() -> None:
    section = examine_speed()
    ways = [(row["metric"], row["device"], row["engine"]) for row in section.facts["measured"]]
    assert ways == [("ssim", "cpu", "torch"), *(("lpips_alex", "cpu", each) for each in engines_there("cpu"))]
    assert all(row["milliseconds"] > 0 for row in section.facts["measured"])
    assert [finding.level for finding in section.findings] == ["fine", "fine"]
    scores = {row["score"] for row in section.facts["measured"] if row["metric"] == "lpips_alex"}
    assert max(scores) - min(scores) < 1e-5
    assert min(scores) > 0.01


def test_without_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHOLDER_CACHE", str(tmp_path))
    section = examine_speed()
    assert [row["metric"] for row in section.facts["measured"]] == ["ssim"]
    assert [finding.level for finding in section.findings] == ["fine", "missing"]
    assert section.findings[1].remedy.startswith("beholder weights fetch alexnet ")


def test_an_engine_that_fails_and_one_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(metric: str, device: str, engine: str) -> tuple[float, float]:
        if engine == "winograd":
            raise UsageError("it cannot")
        return (float("nan") if engine == "openvino" else 0.5), 10.0

    monkeypatch.setattr(speed, "_measure", measure)
    monkeypatch.setattr(speed, "engines_there", lambda _: ["torch", "winograd", "openvino"])
    told = [finding.told for finding in examine_speed().findings if finding.level == "broken"]
    assert told == [
        "lpips_alex is nan by openvino on cpu, and 0.500000 by torch on cpu",
        "lpips_alex by winograd on cpu: fails: UsageError: it cannot",
    ]
