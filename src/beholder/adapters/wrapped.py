"""A metric of another library in the dress of ours."""

from __future__ import annotations

import sys
import threading
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from beholder.ops.shapes import check_pair
from beholder.spec import MetricSpec, ShapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["WrappedMetric", "wrap_metric"]

# Objects with a memory are called by one thread at a time: their state would be another thread's.
_ONE_AT_A_TIME = threading.Lock()


class WrappedMetric(nn.Module):
    """A callable of another library as a metric; made by `wrap_metric`.

    Args:
        function: What compares two batches.
        spec: What a user must know of it.
    """

    def __init__(self, function: Callable[[Tensor, Tensor], Any], spec: MetricSpec) -> None:
        super().__init__()
        self.function = function
        self.spec = spec
        if isinstance(function, nn.Module):
            function.eval().requires_grad_(requires_grad=False)

    def train(self, mode: bool = True) -> WrappedMetric:  # noqa: ARG002, FBT001, FBT002 -- the signature of nn.Module
        """Stay in evaluation mode, whatever the module around asks for."""
        return super().train(mode=False)

    @property
    def origin(self) -> str:
        """What computes the scores: its name and the version of its package, for the provenance."""
        made = type(self.function) if isinstance(self.function, nn.Module) else self.function
        module, name = (getattr(made, key, "?") for key in ("__module__", "__qualname__"))
        package = str(module).partition(".")[0]
        try:
            return f"{module}.{name} ({package} {version(package)})"
        except PackageNotFoundError:
            return f"{module}.{name}"

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs, one image at a time: shape (N,)."""
        check_pair(x, y, min_size=self.spec.min_size)
        pairs = zip(torch.split(x, 1), torch.split(y, 1), strict=True)
        return torch.cat([self._score(*pair) for pair in pairs])

    def _score(self, x: Tensor, y: Tensor) -> Tensor:
        if _accumulates(self.function):
            with _ONE_AT_A_TIME:
                try:
                    value = self.function(x, y)
                finally:
                    self.function.reset()  # type: ignore[attr-defined]
        else:
            value = self.function(x, y)
        score = torch.as_tensor(value, dtype=x.dtype, device=x.device)
        if score.numel() != 1:
            raise ShapeError(
                f"{self.spec.name} gave {tuple(score.shape)} for one pair; expected one number. "
                "Wrap a function that picks or averages it."
            )
        return score.reshape(1)


def wrap_metric(
    function: Callable[[Tensor, Tensor], Any],
    name: str,
    direction: Literal["higher", "lower"],
    *,
    best: float,
    title: str | None = None,
    range: tuple[float, float] = (-float("inf"), float("inf")),  # noqa: A002 -- MetricSpec's word
    unit: str = "1",
    differentiable: bool = False,
    symmetric: bool = False,
    min_size: int = 1,
    paper: str = "",
) -> WrappedMetric:
    """Make a metric of a callable of torchmetrics, piq or your own, for `Scorer`, `score` and losses.

    It is called with one pair at a time, so that a score never depends on the other pictures of a batch, whatever
    the callable averages over. A ``torchmetrics.Metric`` is reset after every pair.

    Args:
        function: ``function(x, y)``: pictures under test and references, (1, 3, H, W) in [0, 1], to one number. A
            callable that wants another range or order is wrapped in a lambda first.
        name: The column's name.
        direction: ``"higher"`` when a higher score means more alike, else ``"lower"``.
        best: The score of two equal pictures; may be infinite.
        title: One line that says what it measures; by default where the callable comes from.
        range: Lowest and highest possible score.
        unit: Unit of the score.
        differentiable: Whether gradients flow to both pictures.
        symmetric: Whether the order of the pictures does not matter.
        min_size: Smallest height and width, in pixels, that it accepts.
        paper: Authors, title, venue and DOI.

    Raises:
        UsageError: If the callable is none, or a word is impossible.

    Example:
        >>> vsi = wrap_metric(piq.vsi, "vsi_piq", "higher", best=1.0)
        >>> beholder.score(pairs, ["ssim", vsi])
    """
    if not callable(function):
        raise UsageError(f"{function!r} cannot be called; expected a function of two batches of pictures.")
    if not isinstance(name, str) or not name or set(name) & set(":,"):
        raise UsageError(f"name is {name!r}; expected a word without colons and commas.")
    if direction not in ("higher", "lower"):
        raise UsageError(f"direction is {direction!r}; expected 'higher' or 'lower'.")
    spec = MetricSpec(
        name=name,
        title=title or f"{name}, of another library",
        direction=direction,
        best=best,
        range=range,
        unit=unit,
        differentiable=differentiable,
        symmetric=symmetric,
        min_size=min_size,
        paper=paper,
    )
    return WrappedMetric(function, spec)


def _accumulates(function: object) -> bool:
    """Whether it is a ``torchmetrics.Metric``; torchmetrics is not imported to find out."""
    library = sys.modules.get("torchmetrics")
    return library is not None and isinstance(function, library.Metric)
