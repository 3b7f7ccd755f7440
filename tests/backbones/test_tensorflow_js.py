"""Weights of TensorFlow.js: bytes become the numbers that the manifest says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from beholder.backbones.tensorflow_js import read_tensorflow_js
from beholder.backbones.weight_files import read_weights
from beholder.spec import WeightsError

SHAPES = {
    "net/whole/filters": (3, 2, 4, 5),
    "net/apart/depthwise_filter": (3, 2, 4, 1),
    "net/apart/pointwise_filter": (1, 1, 4, 5),
    "net/apart/bias": (5,),
    "last/weights": (4, 6),
}
DATA = {name: np.random.default_rng(3).integers(0, 256, shape, np.uint8) for name, shape in SHAPES.items()}


def tell(name: str, *, dtype: str = "uint8") -> dict[str, Any]:
    quantization = {"dtype": dtype, "scale": 0.5, "min": -3.0}
    return {"name": name, "shape": SHAPES[name], "dtype": "float32", "quantization": quantization}


def content(*, dtype: str = "uint8") -> bytes:
    manifest = [{"weights": [tell(name, dtype=dtype) for name in SHAPES], "paths": ["net.bin"]}]
    return json.dumps(manifest, indent=2).encode() + b"".join(data.tobytes() for data in DATA.values())


def test_bytes_are_scaled_and_laid_out_as_torch_has_them() -> None:
    tensors = read_tensorflow_js(content())
    assert list(tensors) == [
        "net.whole.weight",
        "net.apart.depthwise",
        "net.apart.pointwise",
        "net.apart.bias",
        "last.weight",
    ]
    assert all(tensor.dtype == torch.float32 for tensor in tensors.values())
    whole, depthwise, pointwise, bias, last = tensors.values()
    for row, column, source, target in np.ndindex(3, 2, 4, 5):
        told = DATA["net/whole/filters"][row, column, source, target] * 0.5 - 3
        assert whole[target, source, row, column] == told
    for row, column, channel in np.ndindex(3, 2, 4):
        told = DATA["net/apart/depthwise_filter"][row, column, channel, 0] * 0.5 - 3
        assert depthwise[channel, 0, row, column] == told
    assert pointwise.shape == (5, 4, 1, 1)
    assert pointwise[3, 2, 0, 0] == DATA["net/apart/pointwise_filter"][0, 0, 2, 3] * 0.5 - 3
    assert bias.tolist() == (DATA["net/apart/bias"] * 0.5 - 3).tolist()
    assert last.tolist() == (DATA["last/weights"].T * 0.5 - 3).tolist()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (b"\0" * 20, "it is not a manifest of TensorFlow.js"),
        (content()[:-1], "damaged or cut short"),
        (content() + b"\0", "damaged or cut short"),
        (content()[:30], "damaged or cut short"),
        (content(dtype="uint16"), "damaged or cut short"),
        (b"[]", "damaged or cut short"),
    ],
    ids=["other format", "cut", "too long", "cut manifest", "other type", "empty list"],
)
def test_refuses_other_files(given: bytes, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        read_weights(Path("net.tfjs"), given)
