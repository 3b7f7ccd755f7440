"""A small frozen network that finds 68 landmarks of a face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from beholder.backbones import door
from beholder.ops.resize import resize
from beholder.ops.shapes import check_images
from beholder.spec import ShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FaceLandmarks"]

_CARD = "face_landmarks_68"
_SIDE = 112  # pixels that the network was trained with
_MEAN = (122.782, 117.001, 104.298)  # of R, G and B, where white is 255
_BLOCKS = 4
_CONVOLUTIONS = 4  # in each block


class FaceLandmarks(nn.Module):
    """68 landmarks of a face: the jaw's 17, then brows, nose, eyes and mouth, in the order of iBUG's 300-W.

    A face is resized to 112x112 pixels. Four blocks of four convolutions halve it; within a block each convolution
    sees the sum of the outputs before it. Means over the places then give the coordinates.

    It is frozen, and none of it goes into a checkpoint; gradients flow to its input.

    Raises:
        WeightsError: If the weights are missing (``beholder weights fetch face_landmarks_68``) or damaged.

    References:
        Vincent Mühler's face-api.js (MIT), trained on about 35,000 faces, which are not named; points of Sagonas et al.,
        "300 Faces in-the-Wild Challenge", ICCV Workshops 2013, doi:10.1109/ICCVW.2013.59.
        Deviation: pictures are resized with antialiasing, and stretched where they are not square, while the original
        pads them.
    """

    mean: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(self) -> None:
        super().__init__()
        tensors, self.weights = door.load(_CARD)
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1) / 255, persistent=False)
        self.blocks = nn.ModuleList(_Block(tensors, block) for block in range(_BLOCKS))
        _hold(self, tensors, "fc", "weight", "bias")

    def forward(self, x: Tensor) -> Tensor:
        """Landmarks of each face.

        Args:
            x: Pictures that a face fills, shape (N, 3, H, W), in [0, 1]. Square ones suit the network best.

        Returns:
            Shape (N, 68, 2): x and y from 0, the left or upper edge, to 1.

        Raises:
            ShapeError: If ``x`` is no such batch, or has another type than the network.
        """
        check_images(x)
        if x.dtype != self.mean.dtype:
            raise ShapeError(
                f"x is {x.dtype} and the network {self.mean.dtype}; bring either to the other's type."
            )
        features = resize(x, _SIDE, _SIDE, kernel="bilinear") - self.mean
        for block in self.blocks:
            features = block(features)
        return functional.linear(features.mean((2, 3)), self.weight, self.bias).view(len(x), -1, 2)


class _Block(nn.Module):
    """Convolutions that each see the sum of the outputs before; the first takes every second place."""

    def __init__(self, tensors: Mapping[str, Tensor], block: int) -> None:
        super().__init__()
        names = [f"dense{block}.conv{index}" for index in range(_CONVOLUTIONS)]
        first = _Separable if block else _Whole
        self.convolutions = nn.ModuleList(
            [first(tensors, names[0], stride=2), *(_Separable(tensors, name, stride=1) for name in names[1:])]
        )

    def forward(self, x: Tensor) -> Tensor:
        first, *others = self.convolutions
        total = functional.relu(first(x))
        seen = total
        for convolution in others:
            total = total + convolution(seen)
            seen = functional.relu(total)
        return seen


class _Whole(nn.Module):
    """A 3x3 convolution."""

    weight: Tensor
    bias: Tensor

    def __init__(self, tensors: Mapping[str, Tensor], name: str, *, stride: int) -> None:
        super().__init__()
        self.stride = stride
        _hold(self, tensors, name, "weight", "bias")

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(_pad(x, self.stride), self.weight, self.bias, self.stride)


class _Separable(nn.Module):
    """A 3x3 convolution of each channel alone, then sums of the channels at each place."""

    depthwise: Tensor
    pointwise: Tensor
    bias: Tensor

    def __init__(self, tensors: Mapping[str, Tensor], name: str, *, stride: int) -> None:
        super().__init__()
        self.stride = stride
        _hold(self, tensors, name, "depthwise", "pointwise", "bias")

    def forward(self, x: Tensor) -> Tensor:
        each = functional.conv2d(_pad(x, self.stride), self.depthwise, stride=self.stride, groups=x.shape[1])
        return functional.conv2d(each, self.pointwise, self.bias)


def _hold(module: nn.Module, tensors: Mapping[str, Tensor], name: str, *kinds: str) -> None:
    # As buffers outside of checkpoints: they are frozen, and come through the door.
    for kind in kinds:
        module.register_buffer(kind, tensors[f"{name}.{kind}"], persistent=False)


def _pad(x: Tensor, stride: int) -> Tensor:
    """As TensorFlow's "same": with stride 2 an even side is padded at its end only."""
    return functional.pad(x, (1, 1, 1, 1) if stride == 1 else (0, 1, 0, 1))
