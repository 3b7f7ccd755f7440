"""What is installed: Beholder, Python, torch, and the packages of each extra, by their own metadata."""

from __future__ import annotations

import functools
import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement

from beholder.machine.findings import Finding, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BRINGS", "examine_extras", "examine_installation"]

_NAME = "beholder"
# Extra -> what it brings; those for developers, and those that only gather others, are left out.
BRINGS = {
    "cluster": "scoring on many machines: `beholder score --cluster`",
    "cpu": "OpenVINO, a faster engine for bfloat16 on processors: `--engine openvino`",
    "cvvdp": "the metric `cvvdp`, ColorVideoVDP",
    "demo": "more photographs for `beholder demo`",
    "excel": "what people said in Excel files: `beholder data check`",
    "fan": "landmarks of faces by FAN, for losses",
    "lightning": "metrics of a validation in Lightning: `beholder.adapters.LightningMetrics`",
    "postgresql": "studies and sweeps in PostgreSQL in place of SQLite",
    "serve": "scores over HTTP: `beholder serve`",
    "storage": "pictures and results in object storage: s3://...",
    "study": "studies with people: `beholder study`",
    "timm": "networks of timm: `-m lpips:timm:NAME`",
    "torchmetrics": "metrics of torchmetrics as ours, and ours as theirs",
    "train": "training by recipes, and sweeps of their weights: `beholder train`, `beholder sweep`",
    "video": "videos: `beholder score a.mp4 b.mp4`, and libvmaf",
}


def examine_installation() -> Section:
    """Beholder, Python, torch with torchvision, and what Beholder cannot do without."""
    version = _installed(_NAME)
    facts: dict[str, Any] = {
        "beholder": version,
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
    }
    findings = [Finding("fine", f"Beholder {version}, Python {facts['python']}, {facts['system']}")]
    if version is None:
        told = f"Python {facts['python']} knows no installed Beholder: it runs from a folder of sources"
        findings = [Finding("broken", told, "pip install .   # in that folder")]
    needed = _requirements(_NAME)
    facts["packages"] = {each.name: _installed(each.name) for each in needed}
    lacking = _lacking(needed)
    if lacking:
        findings.append(
            Finding("broken", f"Beholder needs {_listed(lacking)}", f"pip install {_quoted(lacking)}")
        )
    elif needed:
        findings.append(Finding("fine", f"the {len(needed)} packages that it needs are there, none too old"))
    torch_facts, torch_finding = examine_torch()
    return Section("installation", facts | {"torch_works": torch_facts}, (*findings, torch_finding))


@functools.cache
def examine_torch() -> tuple[bool, Finding]:
    """Whether torch and torchvision load and fit each other: by their metadata, and by an operator in both."""
    torch_version, vision_version = _installed("torch"), _installed("torchvision")
    told = f"torch {torch_version}, torchvision {vision_version}"
    remedy = "pip install --upgrade --force-reinstall torch torchvision   # both in one command"
    wanted = next((each for each in _requirements("torchvision") if each.name == "torch"), None)
    if torch_version and wanted and not wanted.specifier.contains(torch_version, prereleases=True):
        return False, Finding("broken", f"{told}: this torchvision needs {wanted}", remedy)
    try:
        import torch
        import torchvision

        boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.9, 0.9]])
        kept = torchvision.ops.nms(boxes, torch.tensor([1.0, 0.5]), 0.5)
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        first = (str(error).splitlines() or [""])[0]
        return False, Finding("broken", f"{told}: do not load: {type(error).__name__}: {first}", remedy)
    if kept.tolist() != [0]:
        return False, Finding("broken", f"{told}: torchvision's operators give wrong results", remedy)
    platforms = {"CUDA": torch.version.cuda, "ROCm": torch.version.hip}
    build = [f"{name} {version}" for name, version in platforms.items() if version] or ["processors only"]
    return True, Finding("fine", f"{told}: they fit each other; built for {build[0]}")


def examine_extras() -> Section:
    """Each extra: whether it is complete, what it brings, and how to have it."""
    facts: dict[str, dict[str, Any]] = {}
    findings = []
    for extra, brings in BRINGS.items():
        wanted = _requirements(_NAME, extra)
        lacking = _lacking(wanted)
        facts[extra] = {
            "complete": bool(wanted) and not lacking,
            "brings": brings,
            "packages": {each.name: _installed(each.name) for each in wanted},
            "lacking": [f"{each.name}{each.specifier}" for each in lacking],
        }
        versions = ", ".join(f"{name} {version}" for name, version in facts[extra]["packages"].items())
        if not wanted:
            told = (
                f"{extra}: {brings}; the installed Beholder is older than its sources and knows no such extra"
            )
            findings.append(
                Finding("missing", told, "pip install --editable .   # in the folder of the sources")
            )
        elif lacking:
            install = f"pip install '{_NAME}[{extra}]'"
            findings.append(Finding("missing", f"{extra}: {brings}; lacks {_listed(lacking)}", install))
        else:
            findings.append(Finding("fine", f"{extra}: {versions}"))
    return Section("extras", facts, tuple(findings))


def _installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _requirements(package: str, extra: str = "") -> list[Requirement]:
    """What a package needs here, or what one of its extras adds; none where it is not installed."""
    try:
        listed = [Requirement(line) for line in metadata.requires(package) or ()]
    except metadata.PackageNotFoundError:
        return []
    return [each for each in listed if _applies(each, extra) and (not extra or not _applies(each, ""))]


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _lacking(wanted: Sequence[Requirement]) -> list[Requirement]:
    """Requirements that are not installed, or too old; of those with extras, what these add, too."""
    lacking = []
    for each in wanted:
        version = _installed(each.name)
        if version is None or not each.specifier.contains(version, prereleases=True):
            lacking.append(each)
            continue
        for extra in each.extras:
            lacking += _lacking([inner for inner in _requirements(each.name, extra) if not inner.extras])
    return lacking


def _listed(lacking: Sequence[Requirement]) -> str:
    told = []
    for each in lacking:
        version = _installed(each.name)
        found = f"{version} is installed" if version else "not installed"
        told.append(f"{each.name}{each.specifier} ({found})")
    return ", ".join(told)


def _quoted(lacking: Sequence[Requirement]) -> str:
    return " ".join(f"'{each.name}{each.specifier}'" for each in lacking)
