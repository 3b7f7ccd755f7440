"""What several tests of training do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from beholder.data.photos import PHOTOS
from beholder.images import save_picture

TWO = """
import sys
from pathlib import Path
from beholder.training.reading import read_recipe
from beholder.training.run import train
train(read_recipe(sys.argv[1], sys.argv[3:]), Path(sys.argv[2]), devices=2, accelerator="cpu")
"""


def write_recipe_with_photographs(folder: Path, recipe: str, *, count: int, side: int) -> Path:
    """A recipe's file, with as many photographs as asked for where it says ``{photographs}``."""
    photographs = folder / "photographs"
    photographs.mkdir()
    for photo in PHOTOS[:count]:
        save_picture(photo.detail(side), photographs / f"{photo.name}.png")
    path = folder / "recipe.yaml"
    path.write_text(recipe.format(photographs=photographs), encoding="utf-8")
    return path


def train_in_two_processes(recipe: Path, folder: Path, *settings: str) -> None:
    script = folder.with_suffix(".py")
    script.write_text(TWO, encoding="utf-8")
    command = [sys.executable, str(script), str(recipe), str(folder), *settings]
    subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
