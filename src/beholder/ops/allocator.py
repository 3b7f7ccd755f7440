"""Memory that the C library keeps for itself between the steps of a long computation."""

from __future__ import annotations

import ctypes
import platform

__all__ = ["keep_freed_memory"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of glibc's mallopt()
_LARGEST_KEPT = 32 * 2**20  # bytes; glibc takes no more
_NEVER = 2**31 - 1


def keep_freed_memory() -> bool:
    """Let glibc keep what is freed for the next allocation, for the rest of the process.

    By default it gives each large block back to the system, which clears it page by page when it is asked for again: in
    a step of L8's training (64 patches of 42x42, one thread) 41,000 page faults, and a fifth of the time; in SSIM of 1,000
    pairs of 256x256 507,000 faults and half of the system's time. Blocks above 32 MiB still go back. More is
    not taken in advance: it would count where a process's memory is limited, and nobody else could have it.

    Returns:
        Whether it does: only glibc does, on Linux.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    settings = ((_MMAP_THRESHOLD, _LARGEST_KEPT), (_TRIM_THRESHOLD, _NEVER))
    return [mallopt(name, value) for name, value in settings] == [1, 1]
