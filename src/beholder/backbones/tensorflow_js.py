"""Weights of TensorFlow.js: a manifest in JSON, and a byte for each number."""

from __future__ import annotations

import json
import math
from typing import Any

import torch
from torch import Tensor

__all__ = ["read_tensorflow_js"]

_NAMES = {
    "filters": "weight",
    "weights": "weight",
    "depthwise_filter": "depthwise",
    "pointwise_filter": "pointwise",
    "bias": "bias",
}


def read_tensorflow_js(content: bytes) -> dict[str, Tensor]:
    r"""Tensors of a manifest and its data, in float32, laid out as torch has them.

    A byte b of the data is the number :math:`b s + m`, where the manifest gives the scale s and the minimum m of each
    tensor.

    Args:
        content: The manifest, and behind it the data.

    Returns:
        Tensors by name (``"dense0.conv1.depthwise"``): convolutions as (out, in, height, width), depthwise ones as
        (channels, 1, height, width), matrices as (out, in).

    Raises:
        ValueError: If it is no such manifest, or the data are longer or shorter than it says.
    """
    text = content.decode(
        "latin-1"
    )  # a character for each byte, so that places in the text are places in the bytes
    manifest, start = json.JSONDecoder().raw_decode(text)
    tensors = {}
    for entry in manifest[0]["weights"]:
        end = start + math.prod(entry["shape"])
        module, _, name = entry["name"].rpartition("/")
        tensors[f"{module.replace('/', '.')}.{_NAMES[name]}"] = _to_torch(
            name, _restore(content[start:end], entry)
        )
        start = end
    if start != len(content):
        raise ValueError(f"{len(content)} bytes; expected {start}")
    return tensors


def _restore(data: bytes, entry: dict[str, Any]) -> Tensor:
    how = entry["quantization"]
    if how["dtype"] != "uint8":
        raise ValueError(f"numbers of type {how['dtype']}; expected uint8")
    numbers = torch.frombuffer(bytearray(data), dtype=torch.uint8).double()
    restored: Tensor = numbers * how["scale"] + how["min"]
    return restored.float().view(entry["shape"])


def _to_torch(name: str, tensor: Tensor) -> Tensor:
    if name == "depthwise_filter":  # height, width, channels, 1
        return tensor.permute(2, 3, 0, 1).contiguous()
    if tensor.ndim == 4:  # height, width, in, out
        return tensor.permute(3, 2, 0, 1).contiguous()
    return tensor.mT.contiguous() if tensor.ndim == 2 else tensor
