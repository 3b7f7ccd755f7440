"""What several tests of training do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TWO = """
import sys
from pathlib import Path
from beholder.training.reading import read_recipe
from beholder.training.run import train
train(read_recipe(sys.argv[1], sys.argv[3:]), Path(sys.argv[2]), devices=2, accelerator="cpu")
"""


def train_in_two_processes(recipe: Path, folder: Path, *settings: str) -> None:
    script = folder.with_suffix(".py")
    script.write_text(TWO, encoding="utf-8")
    command = [sys.executable, str(script), str(recipe), str(folder), *settings]
    subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
