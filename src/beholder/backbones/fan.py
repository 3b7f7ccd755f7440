"""The face alignment network (FAN) of the package face-alignment."""

from __future__ import annotations

import importlib

from torch import Tensor, nn

from beholder.ops.resize import resize
from beholder.spec import MissingPackageError

__all__ = ["FAN"]

_SIDE = 256  # pixels that the network was trained with


class FAN(nn.Module):
    """Heat maps of 68 landmarks of a face, by four stacked hourglass networks.

    The package fetches the weights itself, over the network, when they are not on the machine.

    Raises:
        MissingPackageError: If the package face-alignment is not installed.

    References:
        Bulat and Tzimiropoulos, "How far are we from solving the 2D & 3D Face Alignment problem?", ICCV 2017,
        arXiv:1703.07332.
    """

    def __init__(self) -> None:
        super().__init__()
        try:
            package = importlib.import_module("face_alignment")
        except ModuleNotFoundError as error:
            raise MissingPackageError(
                "detector='fan' needs the package face-alignment: pip install 'face-alignment>=1.5'. "
                "It fetches its weights over the network."
            ) from error
        # "folder" finds no faces: the pictures are faces already, and a finder of faces has weights of its own.
        built = package.FaceAlignment(
            package.LandmarksType.TWO_D, device="cpu", face_detector="folder", compile=False
        )
        self.network: nn.Module = built.face_alignment_net

    def forward(self, x: Tensor) -> Tensor:
        """Heat maps of faces of shape (N, 3, H, W) in [0, 1]: shape (N, 68, 64, 64)."""
        found = self.network(resize(x, _SIDE, _SIDE, kernel="bilinear"))
        last: Tensor = (
            found if isinstance(found, Tensor) else found[-1]
        )  # each hourglass mends the one before
        return last
