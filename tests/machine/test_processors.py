"""Processors and GPUs, also those that this machine has not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from beholder.machine.processors import examine_gpus, examine_processor

SAPPHIRE = "model name\t: A Processor\nflags\t\t: fpu avx2 avx512f avx512_bf16 amx_bf16 amx_tile amx_int8\n"


@dataclasses.dataclass
class Device:
    name: str = "A GPU"
    major: int = 9
    minor: int = 0
    total_memory: int = 80 * 2**30


def test_processor_with_amx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    (tmp_path / "cpuinfo").write_text(SAPPHIRE, encoding="utf-8")
    section = examine_processor(tmp_path / "cpuinfo")
    assert section.facts["name"] == "A Processor"
    assert section.facts["amx"]
    assert section.facts["bf16"]
    assert section.facts["features"] == ["avx2", "avx512f", "avx512_bf16", "amx_tile", "amx_bf16"]
    assert section.facts["memory_bytes"] > section.facts["available_memory_bytes"] > 0
    assert "computes in bfloat16; AMX: yes" in section.findings[0].told
    assert {finding.level for finding in section.findings} == {"fine"}


def test_processor_that_the_system_does_not_describe(tmp_path: Path) -> None:
    section = examine_processor(tmp_path / "missing")
    assert section.facts["bf16"] is None
    assert "bfloat16" not in section.findings[0].told


def test_threads_that_are_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    told = next(finding for finding in examine_processor().findings if "thread" in finding.told)
    assert told.level == "missing"
    assert told.told == "torch computes in 1 thread (OMP_NUM_THREADS=1), of 8 cores"


def pretend_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: Device())


def test_gpu_that_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_gpu(monkeypatch)
    monkeypatch.setattr(torch, "ones", lambda *_, **__: torch.zeros(8))
    section = examine_gpus()
    assert section.facts["devices"][0]["capability"] == "9.0"
    assert [(each.level, each.told) for each in section.findings] == [
        ("fine", "cuda:0: A GPU, 80 GiB: computes")
    ]


def test_gpu_that_cannot_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA error: no kernel image is available\nCUDA kernel errors ...")

    pretend_gpu(monkeypatch)
    monkeypatch.setattr(torch, "ones", refuse)
    (finding,) = examine_gpus().findings
    assert finding.level == "broken"
    assert finding.told.endswith("cannot compute: CUDA error: no kernel image is available")


@pytest.mark.parametrize(
    ("hidden", "cuda", "remedy"),
    [("", "13.0", "unset CUDA_VISIBLE_DEVICES"), (None, None, "pip install"), (None, "13.0", "nvidia-smi")],
)
def test_gpu_that_torch_does_not_see(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hidden: str | None, cuda: str | None, remedy: str
) -> None:
    (tmp_path / "version").touch()
    monkeypatch.setattr("beholder.machine.processors._DRIVER", tmp_path / "version")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    if hidden is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    (finding,) = examine_gpus().findings
    assert finding.level == "missing"
    assert finding.remedy.startswith(remedy)
