"""What a metric is, and what can go wrong: the words that every room shares."""

from __future__ import annotations

import dataclasses
import difflib
import math
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

__all__ = [
    "AddressError",
    "BeholderError",
    "ClusterError",
    "Loss",
    "MapMetric",
    "Metric",
    "MetricSpec",
    "MissingPackageError",
    "NoReferenceMetric",
    "PairingError",
    "PictureError",
    "ShapeError",
    "StoringError",
    "TrainingError",
    "UsageError",
    "WeightsError",
    "did_you_mean",
]


class BeholderError(Exception):
    """Bad input, told in full: what was found, what was expected, and what to do."""


class UsageError(BeholderError):
    """A request that cannot be met as asked: an unknown name, an impossible option."""


class ShapeError(BeholderError):
    """Tensors whose shape, size, type or number of channels a function does not take."""


class PictureError(BeholderError):
    """A file that is not a picture, or not one that can be read whole and faithfully."""


class AddressError(BeholderError):
    """A file in object storage that cannot be had or written: no such thing, no permission, no answer."""


class PairingError(BeholderError):
    """Files that cannot be put into pairs without guessing."""


class WeightsError(BeholderError):
    """Weights that are missing, damaged, or do not fit their network."""


class TrainingError(BeholderError):
    """A training run that cannot go on: its loss is no number, or its folder takes no more."""


class StoringError(BeholderError):
    """Results that cannot be written where they were to go: the disk is full, or does not let them."""


class ClusterError(BeholderError):
    """A cluster that cannot be reached, or whose workers cannot go on."""


class MissingPackageError(BeholderError):
    """An optional package that the request needs is not installed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MetricSpec:
    """What a user must know of a metric before trusting its number.

    Attributes:
        name: The catalogue's name, such as ``"lpips_vgg"``; of a metric in a file, the file's without its ending.
        title: One line that says what it measures.
        direction: ``"higher"`` when a higher score means more alike, else ``"lower"``.
        best: The score of two equal pictures; may be infinite.
        range: Lowest and highest possible score.
        unit: Unit of the score; ``"1"`` where it has none.
        differentiable: Whether gradients flow to both pictures.
        symmetric: Whether ``metric(x, y) == metric(y, x)``.
        min_size: Smallest height and width, in pixels, that it accepts.
        paper: Authors, title, venue and DOI or arXiv number.
        map_range: For metrics with a map, the map's value where pictures are alike and where they differ
            strongly: the two ends of the heat map's colour scale. ``None`` when there is no map.
        weights: Names of the weight cards that the metric loads.
        needs_reference: Whether it compares with a reference; ``best`` is then the score of two equal pictures,
            else the lowest or highest that there is.
    """

    name: str
    title: str
    direction: Literal["higher", "lower"]
    best: float
    range: tuple[float, float]
    unit: str
    differentiable: bool
    symmetric: bool
    min_size: int
    paper: str
    map_range: tuple[float, float] | None = None
    weights: tuple[str, ...] = ()
    needs_reference: bool = True

    def distance(self, score: Tensor) -> Tensor:
        """How far scores are from the best, which must be finite: lower is nearer, 0 for equal pictures."""
        return score - self.best if self.direction == "lower" else self.best - score

    def as_dict(self) -> dict[str, Any]:
        """The specification as JSON can hold it: an infinite number becomes ``None``."""
        plain = dataclasses.asdict(self)
        plain["best"] = _finite(self.best)
        plain["range"] = [_finite(bound) for bound in self.range]
        plain["map_range"] = None if self.map_range is None else list(self.map_range)
        plain["weights"] = list(self.weights)
        return plain


@runtime_checkable
class Metric(Protocol):
    """A full-reference distance between pictures.

    ``metric(x, y)`` takes the pictures under test ``x`` and their references ``y``, float tensors of shape
    (N, 3, H, W), RGB, sRGB-encoded, in [0, 1], and returns the raw scores, shape (N,). It never reduces,
    flips or detaches, and a score does not depend on the other images of the batch.
    """

    spec: MetricSpec

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Score each image of ``x`` against its reference in ``y``."""
        ...


@runtime_checkable
class MapMetric(Metric, Protocol):
    """A metric that also tells where pictures differ; its ``spec.map_range`` is not ``None``."""

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and a map, shape (N, 1, h, w), from one computation."""
        ...


@runtime_checkable
class NoReferenceMetric(Protocol):
    """A judgement of a picture alone; its ``spec.needs_reference`` is false.

    ``metric(x)`` takes pictures as `Metric` does and returns the raw scores, shape (N,), each independent of the
    other images of the batch.
    """

    spec: MetricSpec

    def __call__(self, x: Tensor) -> Tensor:
        """Score each image of ``x``."""
        ...


@runtime_checkable
class Loss(Protocol):
    """What training minimises: a module that is called with pictures and gives a scalar.

    ``loss(x, y)`` takes pictures made by a network ``x`` and their targets ``y``, float tensors of shape
    (N, 3, H, W), RGB, sRGB-encoded, in [0, 1], and returns the mean over the batch. What a loss takes besides is
    handed over as keywords, and named in its ``inputs`` where it has any.
    """

    def __call__(self, x: Tensor, y: Tensor, **inputs: Tensor) -> Tensor:
        """The scalar to be minimised."""
        ...


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint with known names like the one given, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=3)
    return f" Did you mean {' or '.join(near)}?" if near else ""


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
