"""The processor, the memory, and the GPUs."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import Any

from beholder.machine.findings import Finding, Section
from beholder.machine.packages import examine_torch

__all__ = ["examine_gpus", "examine_processor", "gpus"]

_INFORMATION = Path("/proc/cpuinfo")
_DRIVER = Path("/proc/driver/nvidia/version")
# What of the processor's instructions moves Beholder's speed, as Linux names them.
_FEATURES = ("avx2", "avx512f", "avx512_bf16", "amx_tile", "amx_bf16", "asimd", "bf16", "sve")
_GIB = 2**30


def examine_processor(information: Path = _INFORMATION) -> Section:
    """Cores, instructions, torch's threads, and memory."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    name, features = _identify(information)
    facts: dict[str, Any] = {
        "name": name,
        "cores": os.cpu_count(),
        "usable_cores": usable,
        "features": features,
        "bf16": None if features is None else not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(features),
        "amx": None if features is None else "amx_tile" in features,
        "memory_bytes": _memory(),
    } | _of_torch()
    told = [f"{name}: {usable} of {facts['cores']} cores are Beholder's to use"]
    if features is not None:
        has = {True: "computes", False: "has no instructions to compute"}[facts["bf16"]]
        told.append(f"{has} in bfloat16; AMX: {'yes' if facts['amx'] else 'no'} ({', '.join(features)})")
    findings = [Finding("fine", "; ".join(told))]
    if facts["threads"] is not None:
        findings.append(_judge_threads(facts["threads"], usable or 1))
    if facts["memory_bytes"]:
        left = facts["available_memory_bytes"]
        tail = f", {left / _GIB:.1f} GiB of it available" if left is not None else ""
        findings.append(Finding("fine", f"memory: {facts['memory_bytes'] / _GIB:.1f} GiB{tail}"))
    return Section("processor", facts, tuple(findings))


def examine_gpus() -> Section:
    """GPUs that torch computes on, each with a sum as a test, and those that it does not see."""
    works, _ = examine_torch()
    if not works:
        return Section("gpus", {"devices": None}, ())
    import torch

    driver = shutil.which("nvidia-smi") is not None or _DRIVER.exists()
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    found = gpus()
    facts = {
        "devices": found,
        "nvidia_driver": driver,
        "torch_cuda": torch.version.cuda,
        "CUDA_VISIBLE_DEVICES": hidden,
    }
    findings = [_judge_gpu(each) for each in found]
    if found or not driver:
        findings = findings or [Finding("fine", "no GPU; all of Beholder runs on processors, too")]
    elif hidden is not None:
        told = f"CUDA_VISIBLE_DEVICES={hidden!r} hides the NVIDIA GPU from torch"
        findings = [Finding("missing", told, "unset CUDA_VISIBLE_DEVICES   # to compute on it")]
    elif torch.version.cuda is None:
        told = "an NVIDIA driver is there, and this torch is built for processors only"
        remedy = "pip install --force-reinstall torch torchvision   # a build for CUDA, as torch's installation page tells"
        findings = [Finding("missing", told, remedy)]
    else:
        told = f"an NVIDIA driver is there, and torch, built for CUDA {torch.version.cuda}, sees no GPU"
        findings = [Finding("missing", told, "nvidia-smi   # is the driver new enough for that CUDA?")]
    return Section("gpus", facts, tuple(findings))


def gpus() -> list[dict[str, Any]]:
    """The GPUs that torch sees: device, name, memory in bytes, compute capability; torch must work."""
    import torch

    found: list[dict[str, Any]] = []
    for index in range(torch.cuda.device_count()):
        told = torch.cuda.get_device_properties(index)
        capability = f"{told.major}.{told.minor}"
        found.append(
            {
                "device": f"cuda:{index}",
                "name": told.name,
                "memory_bytes": told.total_memory,
                "capability": capability,
            }
        )
    if torch.backends.mps.is_available():
        found.append({"device": "mps", "name": "Apple's GPU", "memory_bytes": None, "capability": None})
    return found


def _judge_gpu(gpu: dict[str, Any]) -> Finding:
    import torch

    memory = f", {gpu['memory_bytes'] / _GIB:.0f} GiB" if gpu["memory_bytes"] else ""
    told = f"{gpu['device']}: {gpu['name']}{memory}"
    try:
        torch.ones(8, device=gpu["device"]).sum().item()
    except RuntimeError as error:
        first = (str(error).splitlines() or [""])[0]
        remedy = (
            "install a torch whose CUDA fits the driver and the GPU, or hide the GPU: CUDA_VISIBLE_DEVICES="
        )
        return Finding("broken", f"{told}: cannot compute: {first}", remedy)
    return Finding("fine", f"{told}: computes")


def _judge_threads(threads: int, usable: int) -> Finding:
    asked = os.environ.get("OMP_NUM_THREADS")
    why = f" (OMP_NUM_THREADS={asked})" if asked else ""
    told = f"torch computes in {threads} thread{'s' if threads > 1 else ''}{why}"
    if threads < usable and asked:
        return Finding("missing", f"{told}, of {usable} cores", "unset OMP_NUM_THREADS   # to use them all")
    return Finding("fine", told)


def _identify(information: Path) -> tuple[str, list[str] | None]:
    """The processor's name, and which of its instructions matter here; ``None`` where the system does not tell."""
    told: dict[str, str] = {}
    if information.is_file():
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            told.setdefault(key.strip().lower(), value.strip())
    flags = told.get("flags", told.get("features"))
    name = told.get("model name") or platform.processor() or platform.machine()
    return name, None if flags is None else [each for each in _FEATURES if each in flags.split()]


def _memory() -> int | None:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _of_torch() -> dict[str, Any]:
    works, _ = examine_torch()
    if not works:
        return {"threads": None, "available_memory_bytes": None}
    import torch

    from beholder.scoring.memory import available_memory

    return {"threads": torch.get_num_threads(), "available_memory_bytes": available_memory()}
