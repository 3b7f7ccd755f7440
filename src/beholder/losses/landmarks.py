"""Landmark loss: the points of a face must lie where they lie in the target."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from beholder.backbones.face_landmarks import FaceLandmarks
from beholder.backbones.fan import FAN
from beholder.losses.picture_loss import PictureLoss
from beholder.ops.shapes import check_pair
from beholder.spec import ShapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LandmarkLoss", "heat_map_distance", "render_points"]


def render_points(points: Tensor, *, size: int = 64, sigma: float = 2.0) -> Tensor:
    r"""A heat map for each point: a Gaussian around it, 1 at the point itself.

    .. math:: M_{ij} = \exp \left( -\frac{(j + 1/2 - s p_x)^2 + (i + 1/2 - s p_y)^2}{2 \sigma^2} \right)

    Args:
        points: Points p, shape (N, K, 2): x and y from 0, the left or upper edge, to 1. Those outside are drawn as
            far as their Gaussians reach in.
        size: Side s of the map, in cells.
        sigma: Standard deviation of the Gaussian, in cells.

    Returns:
        Shape (N, K, size, size), in [0, 1].
    """
    centres = torch.arange(size, dtype=points.dtype, device=points.device) + 0.5
    away = (centres - size * points[..., None]) / sigma  # (N, K, 2, size)
    across, down = torch.exp(-away.square() / 2).unbind(2)
    return down[..., :, None] * across[..., None, :]


def heat_map_distance(x: Tensor, y: Tensor) -> Tensor:
    r"""Mean squared difference of heat maps.

    .. math:: \frac{1}{K H W} \sum_{kij} (x_{kij} - y_{kij})^2

    Args:
        x: Heat maps, shape (N, K, H, W).
        y: Heat maps, same shape.

    Returns:
        Shape (N,), at least 0.
    """
    return (x - y).square().flatten(1).mean(1)


class LandmarkLoss(PictureLoss):
    """Landmark loss: heat maps of the landmarks found in output and target must agree.

    The network that finds them is frozen and in evaluation mode; gradients flow through it to the output, not to the
    target.

    Args:
        detector: What finds landmarks: by default `FaceLandmarks`, 68 points of a face; ``"fan"`` for the heat maps
            of the package face-alignment, which fetches its weights itself; or a module that takes pictures of shape
            (N, 3, h, w) in [0, 1] and gives points of shape (N, K, 2), x and y in [0, 1], or heat maps of shape
            (N, K, h', w'). A module given is frozen.
        box: The face's rectangle: top, left, height and width, in pixels, as a list or joined by ``+``; the same for
            all pictures. By default the face fills the picture.
        sigma: Standard deviation of the Gaussian around a point, in cells of the heat map. Used for points only.
        size: Side of the heat map, in cells. Used for points only.

    Raises:
        UsageError: If an option is impossible.
        WeightsError: If weights are missing or damaged.
        MissingPackageError: If face-alignment is asked for and not installed.

    References:
        Bulat and Tzimiropoulos, "Super-FAN: Integrated facial landmark localization and super-resolution of
        real-world low resolution faces in arbitrary poses with GANs", CVPR 2018, arXiv:1712.02765.
        Deviations: the paper's network is trained along and gives heat maps itself; the default here is frozen and
        gives points, of which heat maps are drawn. The mean is taken over the places, too.
    """

    title = "Landmarks of a face that lie elsewhere than in the target"
    paper = "Bulat and Tzimiropoulos, Super-FAN, CVPR 2018, arXiv:1712.02765"

    def __init__(
        self,
        *,
        detector: str | nn.Module | None = None,
        box: str | Sequence[int] | None = None,
        sigma: float = 2.0,
        size: int = 64,
    ) -> None:
        super().__init__()
        if not (isinstance(sigma, int | float) and 0 < sigma < math.inf):
            raise UsageError(f"sigma is {sigma!r}; expected a number above 0.")
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise UsageError(f"size is {size!r}; expected a whole number of cells, at least 1.")
        self.box = None if box is None else _read_box(box)
        self.sigma = sigma
        self.size = size
        self.detector = _build(detector).eval().requires_grad_(requires_grad=False)

    def train(self, mode: bool = True) -> LandmarkLoss:  # noqa: ARG002, FBT001, FBT002 -- the signature of nn.Module
        """Stay in evaluation mode: in training, a network's normalisation would mix the batch's faces."""
        return super().train(mode=False)

    def per_image(self, x: Tensor, y: Tensor) -> Tensor:
        """How far the heat maps differ, shape (N,), at least 0."""
        check_pair(x, y)
        with torch.no_grad():
            target = self._find(y)
        return heat_map_distance(self._find(x), target)

    def _find(self, pictures: Tensor) -> Tensor:
        """Heat maps of the pictures' landmarks, shape (N, K, h, w)."""
        found: object = self.detector(self._crop(pictures))
        if isinstance(found, Tensor) and found.shape[:1] == pictures.shape[:1]:
            if found.ndim == 3 and found.shape[2] == 2:
                return render_points(found, size=self.size, sigma=self.sigma)
            if found.ndim == 4:
                return found
        given = f"shape {tuple(found.shape)}" if isinstance(found, Tensor) else type(found).__name__
        raise ShapeError(
            f"the detector gives {given}; expected points ({len(pictures)}, K, 2) or heat maps "
            f"({len(pictures)}, K, h, w)."
        )

    def _crop(self, pictures: Tensor) -> Tensor:
        if self.box is None:
            return pictures
        top, left, height, width = self.box
        if top + height > pictures.shape[2] or left + width > pictures.shape[3]:
            raise ShapeError(
                f"the picture is {pictures.shape[3]}x{pictures.shape[2]}, and the box ends at column {left + width}, "
                f"row {top + height}; expected a box inside the picture: top, left, height, width."
            )
        return pictures[:, :, top : top + height, left : left + width]


def _build(detector: str | nn.Module | None) -> nn.Module:
    if detector is None:
        return FaceLandmarks()
    if isinstance(detector, nn.Module):
        return detector
    if detector == "fan":
        return FAN()
    raise UsageError(f"detector is {detector!r}; expected 'fan', or a module that finds landmarks.")


def _read_box(box: str | Sequence[int]) -> tuple[int, int, int, int]:
    try:
        # int(str()) refuses 1.5, which int() would cut
        parts = [int(str(part)) for part in (box.split("+") if isinstance(box, str) else box)]
    except (TypeError, ValueError):
        parts = []
    if len(parts) != 4 or min(parts[:2]) < 0 or min(parts[2:]) < 1:
        raise UsageError(
            f"box is {box!r}; expected the face's top, left, height and width in pixels, such as 72+172+108+108."
        )
    top, left, height, width = parts
    return top, left, height, width
