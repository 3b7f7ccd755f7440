"""Engines and FFmpeg, where they are and where not."""

from __future__ import annotations

import importlib.util
import os
import stat
from pathlib import Path

import pytest

from beholder.machine import engines
from beholder.machine.engines import engines_there, examine_engines, examine_video
from beholder.scoring.settings import Settings


def hide(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(engines, "find_spec", lambda name: None if name in packages else there(name))


def test_what_scoring_takes() -> None:
    section = examine_engines()
    assert section.facts["device"] == Settings().device
    assert section.facts["fp32"] == Settings().engine == "winograd"
    assert section.findings[0].told.startswith("pairs are scored on cpu by winograd in fp32")


def test_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    section = examine_engines()
    assert section.facts["compiler"] is None
    assert section.findings[-1].level == "missing"
    assert section.findings[-1].remedy == "install g++ or clang"


def test_no_openvino(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "openvino")
    section = examine_engines()
    assert section.facts["openvino"] is None
    assert any(finding.remedy == "pip install 'beholder[cpu]'" for finding in section.findings)
    assert engines_there("cpu") == ["torch", "winograd"]
    assert engines_there("cuda:0") == ["torch"]


def test_openvino_that_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openvino")

    def refuse() -> None:
        raise RuntimeError("no plugin")

    monkeypatch.setattr("beholder.scoring.engines.compiled_graphs.openvino_core", refuse)
    broken = [finding.told for finding in examine_engines().findings if finding.level == "broken"]
    assert broken == ["openvino is installed and does not work: no plugin"]


def test_video_as_it_is_here() -> None:
    pytest.importorskip("imageio_ffmpeg")
    section = examine_video()
    assert section.facts["libvmaf"]
    assert section.facts["version"]
    assert {finding.level for finding in section.findings} == {"fine"}


def test_video_without_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "av", "imageio_ffmpeg")
    section = examine_video()
    assert [finding.level for finding in section.findings] == ["missing", "missing"]
    assert section.facts["ffmpeg"] is None


@pytest.mark.skipif(os.name == "nt", reason="a script stands for FFmpeg")
@pytest.mark.parametrize(
    ("script", "level", "told"),
    [
        ("echo ffmpeg version 9.1 of mine; echo ' .. scale V->V'", "missing", "FFmpeg 9.1 ("),
        ("echo ffmpeg version 9.1 of mine; echo ' .. libvmaf VV->V'", "fine", "FFmpeg 9.1 with libvmaf"),
        ("exit 3", "broken", "does not run"),
    ],
)
def test_another_ffmpeg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, level: str, told: str
) -> None:
    pytest.importorskip("imageio_ffmpeg")
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr("imageio_ffmpeg.get_ffmpeg_exe", lambda: str(program))
    finding = examine_video().findings[-1]
    assert finding.level == level
    assert told in finding.told
