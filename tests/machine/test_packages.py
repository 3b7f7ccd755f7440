"""What is installed, by metadata that tests write."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from beholder.machine.packages import BRINGS, examine_extras, examine_installation, examine_torch

ROOT = Path(__file__).parents[2]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose packages are found before those that are really there."""
    monkeypatch.syspath_prepend(tmp_path)
    examine_torch.cache_clear()
    yield tmp_path
    examine_torch.cache_clear()


def install(folder: Path, name: str, version: str, *requirements: str) -> None:
    told = folder / f"{name}-{version}.dist-info" / "METADATA"
    told.parent.mkdir()
    lines = [f"Requires-Dist: {each}" for each in requirements]
    head = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    told.write_text("\n".join([*head, *lines, ""]), encoding="utf-8")


def test_every_extra_for_users_is_told() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(BRINGS) == set(project["optional-dependencies"]) - {"all", "bench", "dev", "guide"}


def test_extras(installed: Path) -> None:
    install(
        installed,
        "beholder",
        "9.9.9",
        "toy-deep[inner]>=2; extra == 'cluster'",
        "toy-old>=3.0; extra == 'cpu'",
        "toy-none>=1.5; extra == 'video'",
        "toy-there; extra == 'timm'",
        "toy-elsewhere; extra == 'timm' and python_version < '3'",
    )
    install(installed, "toy_deep", "2.1", "toy-core", "toy-inner>=7; extra == 'inner'")
    install(installed, "toy_old", "2.9")
    install(installed, "toy_there", "0.1")
    section = examine_extras()
    told = {finding.told.partition(":")[0]: finding for finding in section.findings}
    assert told["timm"].level == "fine"
    assert told["timm"].told == "timm: toy-there 0.1"
    assert [told[each].level for each in ("cluster", "cpu", "video")] == ["missing"] * 3
    assert "lacks toy-inner>=7 (not installed)" in told["cluster"].told
    assert "lacks toy-old>=3.0 (2.9 is installed)" in told["cpu"].told
    assert told["video"].remedy == "pip install 'beholder[video]'"
    assert section.facts["video"] == {
        "complete": False,
        "brings": BRINGS["video"],
        "packages": {"toy-none": None},
        "lacking": ["toy-none>=1.5"],
    }
    assert "knows no such extra" in told["study"].told


def test_what_beholder_needs(installed: Path) -> None:
    install(
        installed, "beholder", "9.9.9", "numpy>=1", "pillow>=9999", "toy-none", "toy-other; extra == 'cpu'"
    )
    section = examine_installation()
    assert section.facts["beholder"] == "9.9.9"
    assert set(section.facts["packages"]) == {"numpy", "pillow", "toy-none"}
    broken = next(finding for finding in section.findings if finding.level == "broken")
    assert broken.told.startswith("Beholder needs pillow>=9999 (")
    assert broken.remedy == "pip install 'pillow>=9999' 'toy-none'"


def test_torch_and_torchvision_that_fit() -> None:
    works, finding = examine_torch()
    assert works
    assert finding.level == "fine"


def test_torch_and_torchvision_that_do_not_fit(installed: Path) -> None:
    install(installed, "torchvision", "0.1.0", "numpy", "torch==0.9.0")
    works, finding = examine_torch()
    assert not works
    assert finding.level == "broken"
    assert "this torchvision needs torch==0.9.0" in finding.told
    assert "torch torchvision" in finding.remedy


def test_torchvision_that_does_not_load(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torchvision

    def refuse(*_: object) -> None:
        raise RuntimeError("operator torchvision::nms does not exist\nand more")

    monkeypatch.setattr(torchvision.ops, "nms", refuse)
    works, finding = examine_torch()
    assert not works
    assert finding.told.endswith("do not load: RuntimeError: operator torchvision::nms does not exist")
