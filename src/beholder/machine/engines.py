"""What would compute scores: engines for pictures, FFmpeg and libvmaf for videos."""

from __future__ import annotations

import importlib
import subprocess
from importlib.util import find_spec
from typing import Any

from beholder.machine.findings import Finding, Section, at_home
from beholder.machine.packages import examine_torch
from beholder.spec import BeholderError

__all__ = ["engines_there", "examine_engines", "examine_video"]

_SECONDS = 20  # for FFmpeg to tell what it can


def examine_engines() -> Section:
    """What `--engine auto` is here, and which others there are."""
    works, _ = examine_torch()
    if not works:
        return Section("engines", {"device": None}, ())
    from beholder.scoring.engines.compiled_torch import find_compiler
    from beholder.scoring.settings import Settings

    fp32, bf16 = Settings(), Settings(precision="bf16")
    compiler = find_compiler()
    openvino, broken = _openvino()
    facts = {
        "device": fp32.device,
        "fp32": fp32.engine,
        "bf16": bf16.engine,
        "openvino": openvino,
        "compiler": compiler and at_home(compiler),
    }
    told = f"pairs are scored on {fp32.device} by {fp32.engine} in fp32"
    if openvino and bf16.engine == "openvino" and "BF16" not in openvino["capabilities"]:
        told += "; --precision bf16 is refused: this processor does not compute in it"
    else:
        told += f", by {bf16.engine} with --precision bf16"
    findings = [Finding("fine", told)]
    if broken:
        remedy = "pip install --upgrade --force-reinstall openvino"
        findings.append(Finding("broken", f"openvino is installed and does not work: {broken}", remedy))
    elif openvino:
        fast = "with" if "BF16" in openvino["capabilities"] else "without"
        findings.append(Finding("fine", f"openvino is there, on this processor {fast} bfloat16"))
    else:
        told = "openvino is not there: quicker networks in bfloat16 on processors"
        findings.append(Finding("missing", told, "pip install 'beholder[cpu]'"))
    if compiler or fp32.device != "cpu":
        tail = f"C++ compiler {at_home(compiler)}" if compiler else fp32.device
        findings.append(
            Finding("fine", f"compiled can be asked for ({tail}); each metric takes seconds to compile")
        )
    else:
        findings.append(
            Finding("missing", "compiled needs a C++ compiler, and none is found", "install g++ or clang")
        )
    return Section("engines", facts, tuple(findings))


def engines_there(device: str) -> list[str]:
    """Engines that compute networks on a device in float32 as they are, without compiling; torch must work."""
    if device != "cpu":
        return ["torch"]
    return ["torch", "winograd", *(["openvino"] if find_spec("openvino") else [])]


def examine_video() -> Section:
    """FFmpeg as imageio-ffmpeg brings it, libvmaf in it, and PyAV, which decodes frames."""
    facts: dict[str, Any] = {
        "ffmpeg": None,
        "version": None,
        "libvmaf": False,
        "pyav": find_spec("av") is not None,
    }
    remedy = "pip install 'beholder[video]'"
    findings = []
    if facts["pyav"]:
        findings.append(Finding("fine", "PyAV is there: frames of videos can be read"))
    else:
        findings.append(Finding("missing", "PyAV is not there: no video can be read", remedy))
    if find_spec("imageio_ffmpeg") is None:
        findings.append(
            Finding("missing", "FFmpeg with libvmaf is not there: imageio-ffmpeg brings it", remedy)
        )
        return Section("video", facts, tuple(findings))
    try:
        program = str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
        version = _ask(program, "-version").splitlines()[0].removeprefix("ffmpeg version ").split(" ")[0]
        filters = _ask(program, "-filters")
    except (ImportError, OSError, RuntimeError, IndexError, subprocess.SubprocessError) as error:
        told = f"the FFmpeg of imageio-ffmpeg does not run: {(str(error).splitlines() or [''])[0]}"
        again = "pip install --force-reinstall imageio-ffmpeg"
        return Section("video", facts, (*findings, Finding("broken", told, again)))
    has_libvmaf = " libvmaf " in filters
    facts |= {"ffmpeg": at_home(program), "version": version, "libvmaf": has_libvmaf}
    if has_libvmaf:
        findings.append(Finding("fine", f"FFmpeg {version} with libvmaf, of imageio-ffmpeg"))
    else:
        told = f"FFmpeg {version} ({at_home(program)}) has no libvmaf; VMAF is computed by torch, only slower"
        findings.append(
            Finding("missing", told, "unset IMAGEIO_FFMPEG_EXE, or point it to a build with libvmaf")
        )
    return Section("video", facts, tuple(findings))


def _openvino() -> tuple[dict[str, Any] | None, str | None]:
    """What OpenVINO tells of the processor, or why it does not."""
    if find_spec("openvino") is None:
        return None, None
    try:
        from beholder.scoring.engines.compiled_graphs import openvino_core

        told = openvino_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    except (BeholderError, ImportError, OSError, RuntimeError, AttributeError) as error:
        return None, (str(error).splitlines() or [""])[0]
    return {"capabilities": list(told)}, None


def _ask(program: str, option: str) -> str:
    command = [program, "-hide_banner", option]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SECONDS).stdout
