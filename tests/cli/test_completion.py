"""What shells complete, by the protocol of their scripts, and that it costs no torch."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from beholder.backbones import CARDS
from beholder.catalog import METRICS, NETWORKS
from beholder.cli.completion import complete_metrics
from beholder.training.shipped import shipped_metric_recipes, shipped_models, shipped_recipes

# What came is told behind the completions.
PROGRAM = """
import sys
try:
    from beholder.cli import main
    main()
finally:
    print("torch" in sys.modules, file=sys.stderr)
"""


def complete(shell: str, *words: str) -> list[str]:
    """What is offered for the last of the words, as the shell's script asks for it."""
    told = {"_BEHOLDER_COMPLETE": f"complete_{shell}"}
    if shell == "bash":
        told |= {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
    else:
        told |= {"_TYPER_COMPLETE_ARGS": " ".join(words), "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=os.environ | told, capture_output=True, text=True, check=False
    )
    assert done.stderr == "False\n"
    return [line for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("score a b -m lpips_v", ["lpips_vgg"]),
        ("score a b -m lpips_vgg,psnr_", ["lpips_vgg,psnr_y", "lpips_vgg,psnr_hvs_m", "lpips_vgg,psnr_hvs"]),
        ("agree set -m dists,", None),
        ("calibrate combine set -m hAA", []),
        ("serve -m haar", ["haarpsi"]),
        ("restore deblock-l8-q10-b", ["deblock-l8-q10-both"]),
        ("compare deblock-l8-q10-b", ["deblock-l8-q10-both"]),
        ("compare deblock --on a -m psnr,haar", ["psnr,haarpsi"]),
        ("train sr-x4-g", ["sr-x4-gan"]),
        ("train deblock network=", None),
        ("calibrate learn sc", ["scratch"]),
        ("weights fetch vgg", None),
        ("weig", ["weights"]),
    ],
)
def test_fish(words: str, expected: list[str] | None) -> None:
    offered = [line.split("\t")[0] for line in complete("fish", "beholder", *words.split(" "))]
    if expected is None:
        expected = {
            "agree": [f"dists,{name}" for name in complete_metrics("") if name != "dists"],
            "train": [f"network={name}" for name in NETWORKS],
            "weights": [name for name in CARDS if name.startswith("vgg")],
        }[words.split()[0]]
    assert offered == expected


def test_zsh() -> None:
    (line,) = set(complete("zsh", "beholder", "score", "a", "b", "-m", "ssim,ms_s"))
    assert line == """_arguments '*: :(("ssim,ms_ssim"))'"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # bash takes words apart at colons and equals signs, and wants the last part only.
        (["beholder", "score", "a", "b", "-m", "ssim,ms_s"], ["ssim,ms_ssim"]),
        (["beholder", "score", "a", "b", "-m", "psnr_y", ":", "border", "=", "4,ms_s"], ["4,ms_ssim"]),
        (
            ["beholder", "score", "a", "b", "-m", "lpips", ":"],
            ["alexnet", "vgg16", "vgg19", "squeezenet1_1", "resnet50"],
        ),
        (["beholder", "score", "--metrics", "=", "haar"], ["haarpsi"]),
        (["beholder", "train", "deblock", "network", "=", "e"], ["edsr"]),
        (["beholder", "calibrate", "learn", "lin", "backbone", "=", "r"], ["resnet50"]),
        (["beholder", "doc"], ["doctor"]),
    ],
)
def test_bash(words: list[str], expected: list[str]) -> None:
    assert complete("bash", *words) == expected


def test_every_metric_without_a_file_is_offered() -> None:
    offered = complete_metrics("")
    assert [name for name in METRICS if METRICS[name].subject is None] == [
        name for name in offered if ":" not in name
    ]
    assert "lpips:vgg19" in offered


def test_names_are_those_of_the_package() -> None:
    from beholder.cli import completion

    assert completion.complete_models("") == list(shipped_models())
    assert completion.complete_recipes("") == list(shipped_recipes())
    assert completion.complete_metric_recipes("") == list(shipped_metric_recipes())
    assert completion.complete_weights("dists") == [("dists", CARDS["dists"].title)]


def test_it_is_quick() -> None:
    took = []
    for _ in range(3):
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        complete("bash", "beholder", "score", "a", "b", "-m", "ssim,ms_s")
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime)
    assert min(took) < 0.5


@pytest.mark.parametrize(
    ("shell", "file"),
    [
        ("bash", ".bash_completions/beholder.sh"),
        ("zsh", ".zfunc/_beholder"),
        ("fish", ".config/fish/completions/beholder.fish"),
    ],
)
def test_it_is_installed_where_the_doctor_looks(tmp_path: Path, shell: str, file: str) -> None:
    from beholder.cli.completion import installed_completion

    told = {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    call = [sys.executable, "-c", "from beholder.cli import main; main()", "--install-completion", shell]
    subprocess.run(call, env=os.environ | told, check=True, capture_output=True)
    assert installed_completion(tmp_path) == {shell: tmp_path / file}
    assert "_BEHOLDER_COMPLETE" in (tmp_path / file).read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_in_a_real_bash(tmp_path: Path) -> None:
    program = tmp_path / "beholder"
    program.write_text(
        f"#!/bin/sh\nexec '{sys.executable}' -c 'from beholder.cli import main; main()' \"$@\"\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    script = subprocess.run(
        [program],
        env=os.environ | {"_BEHOLDER_COMPLETE": "source_bash"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    asked = """
COMP_WORDS=(beholder score a b -m psnr_y : border = 4,haar)
COMP_CWORD=9
_beholder_completion beholder
printf '%s|' "${COMPREPLY[@]}"
"""
    done = subprocess.run(
        ["bash", "--norc", "-c", script + asked],
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "4,haarpsi|"
