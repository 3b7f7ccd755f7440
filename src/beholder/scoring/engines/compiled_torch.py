"""Metrics compiled by torch, for whoever scores so many pictures of one size that it pays."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from beholder.spec import Metric, NoReferenceMetric

__all__ = ["CompiledTorch", "find_compiler"]

_SIZES = 64  # that a metric is compiled for, before it is computed uncompiled


def find_compiler() -> str | None:
    """The C++ compiler that torch would take: ``$CXX`` or one of the usual names; ``None`` where there is none."""
    return next(filter(None, map(shutil.which, (os.environ.get("CXX", "c++"), "g++", "clang++"))), None)


class CompiledTorch:
    """Metrics as graphs of torch's compiler, whole: networks are not shared between them.

    Args:
        metrics: The metrics, by the names of their columns; those that are no modules are left to whoever asks.
        device: Where they compute.

    Attributes:
        names: The metrics that are compiled.

    Raises:
        UsageError: If there is no compiler for C++ to compile with.
    """

    def __init__(self, metrics: Mapping[str, Metric | NoReferenceMetric], device: str) -> None:
        if device == "cpu" and find_compiler() is None:
            raise UsageError(
                "engine is compiled, which needs a C++ compiler, and none is found; install g++ or clang, or leave "
                "engine at auto."
            )
        import torch._dynamo

        torch._dynamo.config.recompile_limit = _SIZES
        # Else it would go on uncompiled, and tell it to a log only.
        torch._dynamo.config.fail_on_recompile_limit_hit = True
        # Threads compute side by side, each with as many cores as torch has there.
        options: dict[str, Any] = {"cpp.dynamic_threads": True} if device == "cpu" else {}
        self._compiled: dict[str, Callable[..., Tensor]] = {
            name: torch.compile(metric, options=options)
            for name, metric in metrics.items()
            if isinstance(metric, nn.Module)
        }
        self.names = tuple(self._compiled)
        self._left: set[tuple[str, torch.Size]] = set()

    def score(self, name: str, *pictures: Tensor) -> Tensor | None:
        """Scores of a batch, shape (N,), pair by pair: a graph is one for a single pair, or for a number of them.

        Args:
            name: One of `names`.
            pictures: What the metric takes, shape (N, 3, H, W) each.

        Returns:
            ``None`` where the metric was compiled for too many sizes already.
        """
        from torch._dynamo.exc import FailOnRecompileLimitHit

        compiled = self._compiled[name]
        try:
            return torch.cat(
                [compiled(*pair) for pair in zip(*(torch.split(each, 1) for each in pictures), strict=True)]
            )
        except FailOnRecompileLimitHit:
            self._left.add((name, pictures[0].shape[-2:]))
            return None

    def notes(self, size: torch.Size) -> tuple[str, ...]:
        """What is to be noted of pictures of a size that were scored."""
        left = [name for name in self.names if (name, size) in self._left]
        return tuple(f"{name} was computed uncompiled: of more than {_SIZES} sizes" for name in left)
