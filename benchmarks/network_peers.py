"""Peers that compare features of pretrained networks, given the same trunks as ours in place of their downloads.

Each is called as those of peers.py; their packages are imported when first called.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable
from unittest import mock

import piq
import torch
from torch import Tensor, nn
from torchvision.models import vgg

from beholder.backbones import door

Peer = Callable[[Tensor, Tensor], Tensor]


def _vgg16(*_: object, **__: object) -> nn.Module:
    """The network of torchvision with its features' weights from our verified file."""
    network = vgg.vgg16(weights=None, init_weights=False)
    tensors, _file = door.load("vgg16")
    network.load_state_dict(tensors, strict=False)
    return network.eval()


@functools.cache
def _dists(dtype: torch.dtype) -> nn.Module:
    from DISTS_pytorch import DISTS_pt

    with mock.patch.object(DISTS_pt.models, "vgg16", _vgg16):
        return DISTS_pt.DISTS().to(dtype)


def dists(x: Tensor, y: Tensor) -> Tensor:
    """The authors' DISTS."""
    return _dists(x.dtype)(x, y).reshape(-1)


@functools.cache
def _stlpips(network: str, dtype: torch.dtype) -> nn.Module:
    for unused in ("IPython", "torchsummary"):  # imported there, not needed and not among its requirements
        sys.modules.setdefault(unused, types.ModuleType(unused))
    sys.modules["IPython"].embed = sys.modules["torchsummary"].summary = None  # type: ignore[attr-defined]
    from stlpips_pytorch import stlpips

    return stlpips.LPIPS(net=network, variant="shift_tolerant", verbose=False).to(dtype)


def shift_tolerant(network: str) -> Peer:
    """The authors' shift-tolerant LPIPS."""
    return lambda x, y: _stlpips(network, x.dtype)(x, y, normalize=True).flatten()


@functools.cache
def _piq(kind: str, layers: tuple[str, ...], weights: tuple[float, ...], dtype: torch.dtype) -> nn.Module:
    loss = getattr(piq, kind)
    return loss(_vgg16().features.to(dtype), layers=layers, weights=weights, reduction="none")


def content(x: Tensor, y: Tensor) -> Tensor:
    """The content loss of piq on relu3_3, divided by its 256 channels, over which it adds up."""
    return _piq("ContentLoss", ("15",), (1 / 256,), x.dtype)(x, y)


def style(x: Tensor, y: Tensor) -> Tensor:
    """The style loss of piq on Johnson's layers, weighted as if its Gram matrices were divided by their size."""
    height, width = x.shape[-2:]
    weights = tuple(((height >> halvings) * (width >> halvings)) ** -2.0 for halvings in range(4))
    return _piq("StyleLoss", ("3", "8", "15", "22"), weights, x.dtype)(x, y)
