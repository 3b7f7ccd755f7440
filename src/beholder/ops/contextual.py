"""Contextual distance between sets of features: exact, forwards and backwards, in tiles."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from beholder.spec import ShapeError, UsageError

__all__ = ["Distance", "check_options", "contextual_distance"]

Distance = Literal["cosine", "l1", "l2"]

_EPS = 1e-5
_TILE = 2**20  # numbers of the matrix of distances that are held at once


def contextual_distance(
    x: Tensor,
    y: Tensor,
    *,
    bandwidth: float = 0.5,
    distance: Distance = "cosine",
    spatial_weight: float = 0.0,
    sample: int | None = None,
) -> Tensor:
    r"""Contextual distance between feature maps, each place a feature.

    With distances :math:`d_{ij}` between feature i of x and feature j of y,

    .. math::
        \tilde d_{ij} = \frac{d_{ij}}{\min_k d_{ik} + 10^{-5}}, \qquad
        CX_{ij} = \frac{e^{(1 - \tilde d_{ij}) / h}}{\sum_k e^{(1 - \tilde d_{ik}) / h}}, \qquad
        -\log \frac{1}{M} \sum_j \max_i CX_{ij}

    over the M features of y, in logarithms throughout, so that nothing overflows. The matrix of distances is never
    whole: some rows are computed at a time, and on the way back only rows in which some feature of y found its best
    match are computed again. Memory grows with the number of features, not with its square.

    Args:
        x: Features, shape (N, C, H, W).
        y: Features, shape (N, C, H', W'); as many places as x is not asked for.
        bandwidth: The bandwidth h, above 0.
        distance: ``"cosine"``, one minus the cosine after the mean of y over its places is subtracted from both;
            ``"l1"``, the sum of absolute differences; or ``"l2"``, of squared ones.
        spatial_weight: Weight of the distance between the places themselves, in parts of the picture's sides, that
            is added to each :math:`d_{ij}`; 0 leaves places out.
        sample: Compare so many places of each map, drawn at random with torch's generator, the same for all images,
            and for x and y where their sizes agree; all where a map has no more.

    Returns:
        Shape (N,), from 0 to log(H' W').

    Raises:
        ShapeError: If the batches or channels differ.
        UsageError: If an option is impossible.

    References:
        Mechrez et al., "The Contextual Loss for Image Transformation with Non-Aligned Data", ECCV 2018,
        arXiv:1803.02077; with places: Zhang et al., "Zoom to Learn, Learn to Zoom", CVPR 2019, arXiv:1905.05169.
        Deviation from the authors' code: the mean of y is that of each image, not of the batch.
    """
    check_options(bandwidth=bandwidth, distance=distance, spatial_weight=spatial_weight, sample=sample)
    if x.ndim != 4 or y.ndim != 4 or x.shape[:2] != y.shape[:2]:
        raise ShapeError(
            f"the features have shapes {tuple(x.shape)} and {tuple(y.shape)}; expected (N, C, H, W) with equal N and C."
        )
    if distance == "cosine":
        centre = y.mean((2, 3), keepdim=True)
        rows, columns = (_directions(features - centre) for features in (x, y))
    else:
        rows, columns = (features.flatten(2).mT for features in (x, y))
    places = _places(x), _places(y)
    if sample is not None:
        here = torch.randperm(len(places[0]), device=x.device)[:sample]
        alike = x.shape == y.shape  # the same places then, so that equal maps stay equal
        there = here if alike else torch.randperm(len(places[1]), device=x.device)[:sample]
        drawn = (here, there)
        rows, columns = rows[:, drawn[0]], columns[:, drawn[1]]
        places = places[0][drawn[0]], places[1][drawn[1]]
    matrix = _Matrix(distance, bandwidth, spatial_weight, places)
    return torch.stack(
        [
            math.log(len(b)) - torch.logsumexp(_BestMatches.apply(a, b, matrix), 0)
            for a, b in zip(rows, columns, strict=True)
        ]
    )


def check_options(
    *, bandwidth: float, distance: Distance = "cosine", spatial_weight: float = 0.0, sample: int | None = None
) -> None:
    """Refuse options that `contextual_distance` does not take.

    Raises:
        UsageError: If an option is impossible.
    """
    if isinstance(bandwidth, bool) or not isinstance(bandwidth, int | float) or not 0 < bandwidth < math.inf:
        raise UsageError(f"bandwidth is {bandwidth!r}; expected a number above 0, such as 0.5.")
    if distance not in get_args(Distance):
        raise UsageError(f"distance is {distance!r}; expected one of {', '.join(get_args(Distance))}.")
    if not 0 <= spatial_weight < math.inf:
        raise UsageError(f"spatial_weight is {spatial_weight!r}; expected a number of at least 0.")
    if sample is not None and (not isinstance(sample, int) or sample < 2):
        raise UsageError(f"sample is {sample!r}; expected a number of places, 2 or more.")


def _directions(features: Tensor) -> Tensor:
    """Each place's feature at unit length, shape (N, H W, C); torch's norm has gradient 0 at 0."""
    flat = features.flatten(2).mT
    length: Tensor = torch.linalg.vector_norm(flat, dim=2, keepdim=True)
    return flat / length.clamp_min(torch.finfo(flat.dtype).tiny)


def _places(features: Tensor) -> Tensor:
    """Middles of a map's places, in parts of its sides, shape (H W, 2)."""
    height, width = features.shape[-2:]
    down, across = (
        (torch.arange(side, dtype=features.dtype, device=features.device) + 0.5) / side
        for side in (height, width)
    )
    return torch.cartesian_prod(down, across).view(-1, 2)


class _Matrix:
    """The matrix of distances, by rows."""

    def __init__(
        self, distance: Distance, bandwidth: float, spatial_weight: float, places: tuple[Tensor, Tensor]
    ) -> None:
        self.distance = distance
        self.bandwidth = bandwidth
        self.spatial_weight = spatial_weight
        self.places = places

    def compare(self, x: Tensor, y: Tensor, rows: Tensor | slice) -> Tensor:
        """Distances of features x, which are those of the given rows, from all features y."""
        if self.distance == "cosine":
            distances = torch.addmm(x.new_ones(()), x, y.mT, alpha=-1).clamp_min(0)
        elif self.distance == "l2":
            squares = x.square().sum(1)[:, None] + y.square().sum(1)
            distances = torch.addmm(squares, x, y.mT, alpha=-2).clamp_min(0)
        else:
            distances = torch.cdist(x, y, p=1)
        if self.spatial_weight:
            distances = distances + self.spatial_weight * torch.cdist(self.places[0][rows], self.places[1])
        return distances

    def log_likeness(self, distances: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log CX of rows of distances, and of each row the place of the least distance and that distance + 1e-5.

        Overwrites the distances.
        """
        least, nearest = distances.min(1, keepdim=True)
        scale = least + _EPS
        # d / scale / -h, after the least, which falls out of the quotient
        logits = distances.sub_(least).mul_(-1 / (self.bandwidth * scale))
        return logits.sub_(logits.exp().sum(1, keepdim=True).log_()), nearest, scale


class _BestMatches(torch.autograd.Function):
    """For each feature of y the greatest log CX_ij over the features of x, shape (M,)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, matrix: _Matrix) -> Tensor:
        best = y.new_full((len(y),), -math.inf)
        found = torch.zeros(len(y), dtype=torch.long, device=y.device)
        step = _rows_at_once(y)
        for start in range(0, len(x), step):
            rows = slice(start, min(start + step, len(x)))
            likeness, *_ = matrix.log_likeness(matrix.compare(x[rows], y, rows))
            here, row = likeness.max(0)
            better = here > best
            # what is no number must stay one
            best = torch.where(better | here.isnan(), here, best)
            found = torch.where(better, row + start, found)
        ctx.save_for_backward(x, y, found)
        ctx.matrix = matrix
        return best

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, y, found = ctx.saved_tensors
        matrix: _Matrix = ctx.matrix
        chosen, place = found.unique(return_inverse=True)
        order = place.argsort()
        ends = torch.searchsorted(place[order], torch.arange(len(chosen) + 1, device=y.device)).tolist()
        gradient_x, gradient_y = torch.zeros_like(x), torch.zeros_like(y)
        step = _rows_at_once(y)
        for start in range(0, len(chosen), step):
            end = min(start + step, len(chosen))
            rows = chosen[start:end]
            columns = order[ends[start] : ends[end]]
            with torch.enable_grad():
                features, others = x[rows].requires_grad_(), y.detach().requires_grad_()
                distances = matrix.compare(features, others, rows)
            pull = _pull(matrix, distances.detach().clone(), place[columns] - start, columns, gradient)
            found_x, found_y = torch.autograd.grad(distances, (features, others), pull)
            gradient_x[rows] = found_x
            gradient_y += found_y
        return gradient_x, gradient_y, None


def _pull(matrix: _Matrix, distances: Tensor, rows: Tensor, columns: Tensor, gradient: Tensor) -> Tensor:
    """Gradient at rows of distances, of which (rows, columns) are the best matches.

    Of log CX_ij by the logits it is 1 at j less CX_ik everywhere; of the logits by d_ij it is -1 / (h scale), and by
    the least distance, which scales its row, the sum of d_ik / (h scale^2).
    """
    kept = distances.clone()
    likeness, nearest, scale = matrix.log_likeness(distances)
    amount = gradient.new_zeros(len(kept)).index_add_(0, rows, gradient[columns])
    at_logits = likeness.exp_().mul_(-amount[:, None])
    at_logits[rows, columns] += gradient[columns]
    at_distances = at_logits.mul_(-1 / (matrix.bandwidth * scale))
    by_scale = (at_distances * kept).sum(1, keepdim=True) / -scale
    return at_distances.scatter_add_(1, nearest, by_scale)


def _rows_at_once(y: Tensor) -> int:
    return max(1, _TILE // len(y))
