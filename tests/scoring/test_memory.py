import subprocess
import sys
from pathlib import Path

import pytest

from beholder.scoring.memory import available_memory

linux = pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")


@linux
def test_an_allocation_beyond_the_limit_fails_and_the_process_goes_on() -> None:
    code = """
import torch
from beholder.scoring.memory import limit_memory
limit_memory(500_000_000)
try:
    torch.zeros(1_000_000_000)
except RuntimeError as error:
    assert "allocate memory" in str(error), error
    print(torch.zeros(10_000_000).sum().item())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "0.0\n", done.stderr


@linux
def test_a_container_leaves_less_than_the_machine(tmp_path: Path) -> None:
    assert (available_memory(tmp_path) or 0) > 1_000_000
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("900000\n")
    (tmp_path / "memory.stat").write_text("anon 600000\nactive_file 100000\ninactive_file 200000\n")
    assert available_memory(tmp_path) == 400_000
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory(tmp_path) == pytest.approx(available_memory(tmp_path / "none"), rel=0.2)
