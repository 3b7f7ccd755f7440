"""The landmarks' network against its definition, written with sums of shifted planes, and against a hand that measured."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from beholder.backbones import door
from beholder.backbones.cards import find_card
from beholder.backbones.face_landmarks import FaceLandmarks
from beholder.data.photos import PHOTOS
from beholder.spec import ShapeError

Array = NDArray[np.float64]

# Measured by eye on the enlarged picture.
KNOWN = {
    "chin": (8, 0.45, 0.975),
    "tip of the nose": (30, 0.475, 0.50),
    "left eye, outer corner": (36, 0.20, 0.265),
    "left eye, inner corner": (39, 0.36, 0.285),
    "right eye, inner corner": (42, 0.605, 0.305),
    "right eye, outer corner": (45, 0.80, 0.295),
    "mouth, left corner": (48, 0.285, 0.63),
    "mouth, right corner": (54, 0.67, 0.64),
}


@pytest.fixture(scope="module")
def network() -> FaceLandmarks:
    if door.locate(find_card("face_landmarks_68")) is None:
        pytest.skip(
            "the weights face_landmarks_68 are not in the cache: beholder weights fetch face_landmarks_68"
        )
    return FaceLandmarks()


@pytest.fixture(scope="module")
def face() -> Tensor:
    """The astronaut's face, shape (1, 3, 108, 108)."""
    return PHOTOS[0].load()[None, :, 72:180, 172:280]


def read_weights() -> dict[str, Array]:
    """Tensors under the names, and in the layout, of the file."""
    found = door.locate(find_card("face_landmarks_68"))
    assert found is not None
    content = found[0].read_bytes()
    start = content.index(b"\n]") + 2
    entries: list[dict[str, Any]] = json.loads(content[:start])[0]["weights"]
    tensors, data = {}, np.frombuffer(content[start:], np.uint8)
    for entry in entries:
        size, how = int(np.prod(entry["shape"])), entry["quantization"]
        tensors[entry["name"]] = data[:size].reshape(entry["shape"]) * how["scale"] + how["min"]
        data = data[size:]
    assert not len(data)
    return tensors


def convolve(planes: Array, kernel: Array, stride: int, equation: str) -> Array:
    """By TensorFlow's rule of "same", with channels last."""
    side = planes.shape[0]
    out = -(-side // stride)
    lack = max((out - 1) * stride + 3 - side, 0)
    padded = np.pad(planes, ((lack // 2, lack - lack // 2),) * 2 + ((0, 0),))
    return sum(
        np.einsum(
            equation,
            padded[
                row : row + (out - 1) * stride + 1 : stride, column : column + (out - 1) * stride + 1 : stride
            ],
            kernel[row, column],
        )
        for row in range(3)
        for column in range(3)
    )


def find_by_definition(face: Array) -> Array:
    """Points of one face of 112x112 pixels, channels last, in [0, 255]."""
    tensors = read_weights()

    def apply(planes: Array, name: str, stride: int) -> Array:
        if f"{name}/filters" in tensors:
            planes = convolve(planes, tensors[f"{name}/filters"], stride, "hwi,io->hwo")
        else:
            planes = convolve(planes, tensors[f"{name}/depthwise_filter"], stride, "hwi,im->hwi")
            planes = planes @ tensors[f"{name}/pointwise_filter"][0, 0]
        return planes + tensors[f"{name}/bias"]

    planes = (face - np.array([122.782, 117.001, 104.298])) / 255
    for block in range(4):
        one = np.maximum(apply(planes, f"dense{block}/conv0", 2), 0)
        two = apply(one, f"dense{block}/conv1", 1)
        three = apply(np.maximum(one + two, 0), f"dense{block}/conv2", 1)
        four = apply(np.maximum(one + two + three, 0), f"dense{block}/conv3", 1)
        planes = np.maximum(one + two + three + four, 0)
    assert planes.shape == (7, 7, 256)
    return (planes.mean((0, 1)) @ tensors["fc/weights"] + tensors["fc/bias"]).reshape(68, 2)


def test_by_definition(network: FaceLandmarks) -> None:
    face = PHOTOS[0].load()[None, :, 70:182, 170:282]
    expected = find_by_definition(face[0].permute(1, 2, 0).double().numpy() * 255)
    assert np.allclose(network(face)[0].numpy(), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", KNOWN)
def test_points_lie_where_a_hand_puts_them(network: FaceLandmarks, face: Tensor, name: str) -> None:
    index, *place = KNOWN[name]
    assert network(face)[0, index].tolist() == pytest.approx(place, abs=0.05)


def test_points_follow_the_frame(network: FaceLandmarks, face: Tensor) -> None:
    wider = PHOTOS[0].load()[None, :, 60:190, 160:290]
    expected = (network(face) * 108 + 12) / 130
    assert (network(wider) - expected).abs().mean() < 0.02
    enlarged = torch.nn.functional.interpolate(face, scale_factor=3, mode="bicubic").clamp(0, 1)
    assert (network(enlarged) - network(face)).abs().max() < 0.01


def test_each_face_for_itself(network: FaceLandmarks, face: Tensor) -> None:
    both = torch.cat([face, face.flip(3)])
    assert torch.allclose(network(both)[:1], network(face), atol=1e-6)
    assert torch.allclose(network(both)[1:], network(face.flip(3)), atol=1e-6)


def test_it_is_frozen_and_not_kept(network: FaceLandmarks, face: Tensor) -> None:
    assert not list(network.parameters())
    assert not network.state_dict()
    x = face.clone().requires_grad_()
    network(x).sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


def test_wrong_input_is_refused(network: FaceLandmarks) -> None:
    with pytest.raises(ShapeError, match="expected"):
        network(torch.rand(3, 112, 112))
    with pytest.raises(ShapeError, match="bring either to the other's type"):
        network(torch.rand(1, 3, 112, 112, dtype=torch.float64))
