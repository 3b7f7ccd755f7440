"""What is handed out: the wheel, the source archive, and the container's recipe."""

from __future__ import annotations

import fnmatch
import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def instructions() -> list[tuple[str, str]]:
    """The Containerfile's instructions with what stands behind them."""
    lines = (ROOT / "Containerfile").read_text(encoding="utf-8").splitlines()
    parts = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in parts]


def given(word: str) -> list[str]:
    return [rest for each, rest in instructions() if each == word]


def test_classifiers_name_the_versions_that_are_allowed() -> None:
    versions = [each.rpartition(" ")[2] for each in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", each)]
    assert versions == ["3.11", "3.12", "3.13"]
    assert PROJECT["requires-python"] == f">={versions[0]}"
    assert given("ARG")[0].partition("=")[2] in versions


def test_the_container_copies_what_is_there_and_not_ignored() -> None:
    rules = (ROOT / ".containerignore").read_text(encoding="utf-8").split("\n")
    kept = [rule[1:] for rule in rules if rule.startswith("!")]
    assert "*" in rules
    sources = [
        source for rest in given("COPY") if not rest.startswith("--from") for source in rest.split()[:-1]
    ]
    assert len(sources) >= 4
    for source in sources:
        assert (ROOT / source).exists(), f"the Containerfile copies {source}, which is not there"
        assert any(fnmatch.fnmatch(source, rule) for rule in kept), f".containerignore leaves out {source}"
    for needed in ("README.md", *PROJECT["license-files"], "pyproject.toml", "src"):
        assert needed in sources, f"the wheel is built from {needed}, which the Containerfile does not copy"


def test_the_container_runs_the_command_as_nobody_special() -> None:
    assert json.loads(given("ENTRYPOINT")[0]) == [*PROJECT["scripts"]]
    assert given("USER")[-1] not in ("root", "0")
    assert any(f"useradd --create-home --uid 1000 {given('USER')[-1]}" in rest for rest in given("RUN"))
    assert given("ENV") == [f"BEHOLDER_CACHE={given('VOLUME')[0]}"]
    assert any(given("VOLUME")[0] in rest.split() for rest in given("RUN"))
    (extras,) = [rest.partition("=")[2] for rest in given("ARG") if rest.startswith("EXTRAS=")]
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    assert [word for word, _ in instructions()].index("USER") > max(
        place for place, (word, _) in enumerate(instructions()) if word == "RUN"
    )


@pytest.mark.slow
def test_wheel_and_source_archive(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", tmp_path, ROOT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,), (archive,) = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    assert wheel.name.endswith("-py3-none-any.whl")
    checked = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", wheel, archive],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    sources = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "beholder").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    kinds = {Path(name).suffix for name in sources}
    assert kinds >= {".py", ".j2", ".css", ".js", ".yaml", ".safetensors", ".md", ".typed"}
    with zipfile.ZipFile(wheel) as opened:
        inside = set(opened.namelist())
        told = opened.read(next(name for name in inside if name.endswith(".dist-info/METADATA"))).decode()
    assert sources == {name for name in inside if ".dist-info/" not in name}
    assert "Description-Content-Type: text/markdown" in told
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "tests/conftest.py", "docs/install.md"} <= names
    assert {f"src/{name}" for name in sources} <= names
