"""Pictures and weights that many tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torchvision.models import squeezenet1_1

from beholder.data.photos import PHOTOS

os.environ["CUDA_VISIBLE_DEVICES"] = ""  # expected values are those of a processor


@pytest.fixture(scope="session")
def photos() -> Tensor:
    """Three details of photographs, shape (3, 3, 192, 192), in [0, 1]."""
    return torch.stack([photo.detail(192) for photo in PHOTOS[:3]])


@pytest.fixture(scope="session")
def squeezenet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights for SqueezeNet, whose trained ones no package ships."""
    path = tmp_path_factory.mktemp("weights") / "squeezenet1_1.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_file(squeezenet1_1(weights=None).state_dict(), path)
    return path
