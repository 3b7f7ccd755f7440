"""Memory: a picture too large for it fails its row, not the run."""

from __future__ import annotations

import contextlib
from pathlib import Path

import torch

__all__ = ["available_memory", "is_out_of_memory", "limit_memory"]

_CGROUP = Path("/sys/fs/cgroup")
# Limit, use, and what of the use are files that the system drops at need, in a container of version 2 and 1.
_CONTAINERS = (
    ("memory.max", "memory.current", "memory.stat", ""),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_"),
)

_SHARE = 0.9  # of what is left; other programs, too, want more in the course of a run
# What torch's processor allocator, the C++ library and oneDNN say.
_REFUSALS = ("allocate memory", "bad_alloc", "could not create a memory")


def limit_memory(spare: int | None = None) -> None:
    """Make an allocation beyond the memory that is there fail, where Linux would kill the process for it.

    A failed allocation is an error that one pair's row can carry. Systems other than Linux are left as they are.

    Args:
        spare: Bytes that the process may still take; by default what the machine or the container has left.
    """
    if spare is None:
        spare = available_memory()
    taken = _number(Path("/proc/self/status"), "VmData:")
    if spare is None or taken is None:
        return
    import resource  # not on Windows

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = taken * 1024 + int(_SHARE * spare)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard < 0 else min(wanted, hard), hard))


def available_memory(cgroup: Path = _CGROUP) -> int | None:
    """Bytes that a new process could take without swapping; ``None`` where the system does not tell."""
    free = _number(Path("/proc/meminfo"), "MemAvailable:")
    if free is None:
        return None
    left = [free * 1024]
    for limit, used, statistics, prefix in _CONTAINERS:
        with contextlib.suppress(OSError, ValueError):  # the other version, or "max": no limit
            cached = [_number(cgroup / statistics, f"{prefix}{kind}_file") for kind in ("active", "inactive")]
            room = int((cgroup / limit).read_text()) - int((cgroup / used).read_text())
            left.append(room + sum(size or 0 for size in cached))
    return max(0, min(left))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of Python, NumPy or torch means that memory was refused."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _REFUSALS)


def _number(file: Path, key: str) -> int | None:
    if not file.exists():
        return None
    for line in file.read_text().splitlines():
        word, *values = line.split()
        if word == key:
            return int(values[0])
    return None
