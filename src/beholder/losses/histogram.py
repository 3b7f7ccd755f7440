"""Differences of colour histograms, wherever the colours stand."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from beholder.losses.picture_loss import PictureLoss
from beholder.ops.shapes import check_pair
from beholder.ops.sums import wide_type
from beholder.spec import UsageError

__all__ = ["HistogramLoss", "cumulative_histogram", "histogram_distance"]

_REACH = 4  # standard deviations that a Gaussian is cut at


def cumulative_histogram(x: Tensor, bins: int) -> Tensor:
    """Share of each channel's pixels at or below each bin, in a histogram with soft bins.

    Bins stand at 0, 1 / (bins - 1), ..., 1. A pixel counts for the two beside it, for each the more the nearer it is
    (a linear, or triangular, kernel): every pixel counts for 1 in all, its place is kept exactly, and time and memory
    do not grow with the number of bins.

    Args:
        x: Pictures, shape (N, C, H, W); values outside of [0, 1] count as 0 or 1.
        bins: How many, at least 2.

    Returns:
        Shape (N, C, bins - 1), in [0, 1], float64 where the device has it: the last bin, at or below which all
        pixels are, is left out.
    """
    x = x.flatten(2)
    # Not clamp, whose gradient at its bounds is 0: black and white pixels are pulled too.
    places = (x - (x - 1).relu() + (-x).relu()) * (bins - 1)
    below = places.detach().floor().clamp(0, bins - 2)
    index = below.long()
    # At or below a bin are all pixels up to the next one, less the parts that they give to the next one.
    above = (places - below).to(wide_type(x))
    shape = (*x.shape[:2], bins - 1)
    counted = above.new_zeros(shape).scatter_add(2, index, torch.ones_like(above)).cumsum(2)
    return (counted - above.new_zeros(shape).scatter_add(2, index, above)) / places.shape[2]


def histogram_distance(x: Tensor, y: Tensor, *, bins: int = 64, bandwidth: float | None = None) -> Tensor:
    r"""Earth mover's distance of colour histograms: how far the values of a channel must move, on average.

    .. math:: \frac{1}{C} \sum_c \int |P(x_c \le t) - P(y_c \le t)| \, dt

    by soft histograms, see `cumulative_histogram`. Every pixel is pulled towards where the target has more of a
    colour, also where both have no colour in common.

    Args:
        x: Pictures, shape (N, C, H, W), about in [0, 1]. How far values lie outside of it adds to the distance.
        y: Pictures of the same C and type; H and W may be others.
        bins: How many bins each channel has, at least 2.
        bandwidth: Standard deviation of a Gaussian that smooths both histograms, in intensity; ``None`` for none.

    Returns:
        Shape (N,), at least 0, at most 1 for pictures in [0, 1].

    References:
        Linear kernel: Ustinova and Lempitsky, "Learning Deep Embeddings with Histogram Loss", NIPS 2016,
        arXiv:1611.00822. Earth mover's distance of soft histograms as a loss: Avi-Aharon et al., "DeepHist:
        Differentiable Joint and Color Histogram Layers for Image-to-Image Translation", arXiv:2005.03995; there with
        sigmoid kernels, and squared.
    """
    difference = cumulative_histogram(x, bins) - cumulative_histogram(y, bins)
    if bandwidth is not None:
        difference = _smooth(difference, bandwidth * (bins - 1))
    inside = difference.abs().sum(2) / (bins - 1)
    beyond = [(_mean_above(a) - _mean_above(b)).abs() for a, b in ((x - 1, y - 1), (-x, -y))]
    return (inside + beyond[0] + beyond[1]).mean(1).to(x.dtype)


def _mean_above(x: Tensor) -> Tensor:
    return x.flatten(2).relu().to(wide_type(x)).mean(2)


def _smooth(difference: Tensor, sigma: float) -> Tensor:
    """Convolve with a Gaussian of ``sigma`` bins, also beyond 0 and 1, where what is smoothed is 0."""
    reach = int(_REACH * sigma) + 1
    offsets = torch.arange(-reach, reach + 1, dtype=difference.dtype, device=difference.device)
    weights = torch.exp(-((offsets / sigma).square()) / 2)
    weights = weights / weights.sum()
    smoothed = functional.conv1d(difference.flatten(0, 1)[:, None], weights[None, None], padding=2 * reach)
    return smoothed.view(*difference.shape[:2], -1)


class HistogramLoss(PictureLoss):
    """Difference of the colour histograms of the three channels, whatever stands where.

    Args:
        bins: How many bins each channel has, at least 2.
        bandwidth: Standard deviation of a Gaussian that smooths both histograms, in intensity, above 0 and at most
            1; by default they are not smoothed.

    Raises:
        UsageError: If an option is impossible.
    """

    title = "Difference of colour histograms: how far colours must move"
    paper = "Avi-Aharon et al., 2020, arXiv:2005.03995"

    def __init__(self, *, bins: int = 64, bandwidth: float | None = None) -> None:
        super().__init__()
        if not isinstance(bins, int) or isinstance(bins, bool) or bins < 2:
            raise UsageError(f"bins is {bins!r}; expected a whole number of at least 2.")
        if bandwidth is not None and not 0 < bandwidth <= 1:
            raise UsageError(f"bandwidth is {bandwidth!r}; expected a number above 0, at most 1.")
        self.bins = bins
        self.bandwidth = bandwidth

    def per_image(self, x: Tensor, y: Tensor) -> Tensor:
        """How far the values of each picture must move, mean over channels, shape (N,), at least 0.

        Args:
            x: Pictures made by the network, shape (N, 3, H, W), about in [0, 1].
            y: Target pictures, same shape, in [0, 1].

        Raises:
            ShapeError: If the shapes differ or ``y`` leaves [0, 1].
        """
        check_pair(x, y)
        return histogram_distance(x, y, bins=self.bins, bandwidth=self.bandwidth)
