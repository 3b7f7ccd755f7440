"""Differences of edges: Sobel gradients of output and target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.losses.picture_loss import PictureLoss
from beholder.ops.gradients import sobel
from beholder.ops.shapes import check_pair
from beholder.ops.stable import sqrt

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["EdgeLoss", "edge_difference", "edge_strength"]

_MIN_SIZE = 3  # Sobel's operator takes 3x3 pixels
_LEVEL = 1 / 255  # one level of an 8-bit picture


def edge_strength(y: Tensor) -> Tensor:
    r"""How much of an edge each place is, compared with the mean of its picture.

    .. math:: \frac{m_{hw}}{\operatorname{mean}(m) + 1/255}, \qquad
        m = \sqrt{\sum_c S_w(y_c)^2 + S_h(y_c)^2}

    with Sobel's operators S. One level of 8 bits is added, so that rounding in flat pictures is no edge.

    Args:
        y: Pictures, shape (N, C, H, W), in [0, 1], H and W at least 3.

    Returns:
        Shape (N, 1, H - 2, W - 2), at least 0, with a mean below 1; 0 where the picture is flat. It is constant: no
        gradient flows through it.
    """
    across, down = sobel(y.detach())
    magnitude = sqrt((across.square() + down.square()).sum(1, keepdim=True))
    return magnitude / (magnitude.mean((1, 2, 3), keepdim=True) + _LEVEL)


def edge_difference(x: Tensor, y: Tensor, *, masked: bool = False) -> Tensor:
    r"""Mean absolute difference of the Sobel gradients, over both directions, channels and places.

    .. math:: \frac{1}{2 C} \sum_c \operatorname{mean}_{hw} \left( s_{hw}
        \left(|S_w(x_c - y_c)| + |S_h(x_c - y_c)|\right)_{hw} \right)

    with Sobel's operators S, divided by 4, and :math:`s = 1`, or the target's `edge_strength`. Both directions keep
    their signs: an edge from dark to bright is no match for one from bright to dark. Pixels of the border have no
    gradient of their own; what lies beyond it is not guessed.

    Args:
        x: Pictures, shape (N, C, H, W), about in [0, 1], H and W at least 3.
        y: Target pictures, same shape.
        masked: Weigh places by the target's edges.

    Returns:
        Shape (N,), at least 0. Masked, it is 0 for a target that is flat.
    """
    across, down = sobel(x - y)
    costs = (across.abs() + down.abs()).mean(1, keepdim=True) / 2
    if masked:
        costs = costs * edge_strength(y)
    return costs.flatten(1).mean(1)


class EdgeLoss(PictureLoss):
    """Difference of edges: mean absolute difference of Sobel gradients in each of the three channels.

    Args:
        masked: Weigh places by how strong the target's edges are, so that flat regions do not count.

    References:
        Gradients as a loss: Mathieu et al., "Deep multi-scale video prediction beyond mean square error", ICLR 2016,
        arXiv:1511.05440. Deviations: Sobel's operator instead of differences of neighbours, signed gradients instead
        of their absolute values. Weights from the target's edges: Seif and Androutsos, "Edge-Based Loss Function for
        Single Image Super-Resolution", ICASSP 2018, there on the difference of pixels.
    """

    title = "Difference of edges: Sobel gradients, if wished weighted by those of the target"
    paper = "Mathieu et al., ICLR 2016, arXiv:1511.05440"

    def __init__(self, *, masked: bool = False) -> None:
        super().__init__()
        self.masked = masked

    def per_image(self, x: Tensor, y: Tensor) -> Tensor:
        """The mean difference of each picture's edges, shape (N,), at least 0.

        Args:
            x: Pictures made by the network, shape (N, 3, H, W), about in [0, 1], H and W at least 3.
            y: Target pictures, same shape, in [0, 1].

        Raises:
            ShapeError: If the shapes differ, a side is shorter than 3, or ``y`` leaves [0, 1].
        """
        check_pair(x, y, min_size=_MIN_SIZE)
        return edge_difference(x, y, masked=self.masked)
