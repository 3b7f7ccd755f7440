"""What the names of many files share, to be told once."""

from __future__ import annotations

import os
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["common_folder"]


def common_folder(paths: Sequence[str]) -> str:
    """The leading folders that all paths share, with the closing separator; empty when there are none."""
    first, last = min(paths, default=""), max(paths, default="")
    # Elsewhere than on Windows a backslash may be part of a name.
    separators = "/\\" if os.sep == "\\" or PureWindowsPath(first).drive else "/"
    end = 0
    for place, (sign, other) in enumerate(zip(first, last, strict=False)):
        if sign != other:
            break
        if sign in separators:
            end = place + 1
    return first[:end]
