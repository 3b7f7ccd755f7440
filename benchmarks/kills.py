"""A run that is killed ten times, and gone on with each time, against one that is not.

Both are `beholder train` as a user calls it. The kills (SIGKILL) come at random times: each run in turn must first write a
random number of checkpoints, and lives for a random part of a second more; the first is killed before its first checkpoint.
Compared are all tensors of the last checkpoint (weights, running mean, optimiser, balancing), the model, and the scores.

Usage: python benchmarks/kills.py [--kills N] [--seed N]
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from beholder.training.folder import RunFolder

STEPS, CHECKPOINT, WAIT = 2000, 20, 300
SETTINGS = [
    f"steps={STEPS}",
    f"checkpoint={CHECKPOINT}",
    "network=compact:width=8:blocks=1",
    "data.patch=16",
    "batch=4",
    "loss={terms: {pixels: l1, structure: gmsd}, balance: equalise}",
    "validation={every: 400, metrics: [psnr], pictures: 2, shown: 1}",
]


def call(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from beholder.cli import main; main()", "train", *arguments, "-q"]


def step_of(run: RunFolder) -> int:
    state = run.load_checkpoint()
    return int(state["learner"]["step"]) if state else 0


def wait_until(process: subprocess.Popen[bytes], reached: Any) -> None:
    deadline = time.monotonic() + WAIT
    while not reached():
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"the run ended by itself ({process.returncode}), or hangs: it cannot be killed")
        time.sleep(0.005)


def kill_once(command: list[str], run: RunFolder, draw: random.Random, checkpoints: int) -> None:
    before = step_of(run)
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    if checkpoints:
        wait_until(process, lambda: step_of(run) >= before + checkpoints * CHECKPOINT)
        time.sleep(draw.uniform(0, 0.3))
    else:
        wait_until(process, run.recipe.is_file)
    process.kill()
    process.wait()
    print(f"killed: went on from step {before}, last checkpoint at step {step_of(run)}", flush=True)


def tensors(state: Any, name: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(state, torch.Tensor):
        yield name, state
    elif isinstance(state, dict | list | tuple):
        inner = state.items() if isinstance(state, dict) else enumerate(state)
        for key, each in inner:
            yield from tensors(each, f"{name}.{key}")


def compare(one: RunFolder, other: RunFolder) -> str:
    first, second = (dict(tensors(run.load_checkpoint())) for run in (one, other))
    models = [load_file(run.model) for run in (one, other)]
    same = (
        first.keys() == second.keys()
        and all(torch.equal(first[name], second[name]) for name in first)
        and all(torch.equal(models[0][name], models[1][name]) for name in models[0])
        and one.validations.read_bytes() == other.validations.read_bytes()
    )
    return f"{len(first)} tensors of the checkpoint, the model and the scores are {'EQUAL' if same else 'DIFFERENT'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3)))
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    print(f"seed {arguments.seed}, {STEPS} steps, a checkpoint every {CHECKPOINT}")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "photographs").mkdir()
        for photo in PHOTOS[:4]:
            save_picture(photo.detail(96), root / "photographs" / f"{photo.name}.png")
        start = ["denoise", f"data.train={root / 'photographs'}", *SETTINGS, "-o"]
        whole, killed = RunFolder(root / "whole"), RunFolder(root / "killed")
        subprocess.run(call(*start, str(whole.path)), check=True, stderr=subprocess.DEVNULL)
        most = STEPS // CHECKPOINT // (arguments.kills + 2)  # so that the last kill still finds a run
        for kill in range(arguments.kills):
            command = call("--resume", str(killed.path)) if kill else call(*start, str(killed.path))
            kill_once(command, killed, draw, draw.randint(1, most) if kill else 0)
        subprocess.run(call("--resume", str(killed.path)), check=True, stderr=subprocess.DEVNULL)
        print(compare(whole, killed))


if __name__ == "__main__":
    main()
