"""The network that a recipe names: pretrained, or of random weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from beholder.backbones import CARDS, Backbone
from beholder.backbones.cutting import cut_network
from beholder.backbones.stages import find_stages, name_some_layers
from beholder.data.drawing import random_source
from beholder.spec import UsageError, WeightsError

if TYPE_CHECKING:
    from beholder.calibration.learning.recipe import MetricRecipe

__all__ = ["build_trunk"]


def build_trunk(recipe: MetricRecipe) -> Backbone:
    """Build a recipe's network, its weights free to be learned unless it is of the kind ``lin``.

    Weights that are not pretrained are drawn from a normal distribution of mean 0 and of variance 2 over the number of
    inputs, which keeps the size of features through rectifiers (He et al., ICCV 2015, arXiv:1502.01852); biases are 0. The
    authors of LPIPS name a Gaussian, not which.

    Raises:
        UsageError: If the network or a layer is unknown, or none is named where none are customary.
        WeightsError: If weights are missing or damaged.
        MissingPackageError: If timm is asked for and not installed.
    """
    name, stages = recipe.backbone, find_stages(recipe.backbone)
    layers = recipe.layers or stages.layers
    if not layers:
        raise UsageError(
            f"backbone {name} wants layers, such as the last before each halving of resolution. Some of its names: "
            f"{name_some_layers(name)}."
        )
    if recipe.kind != "scratch" and recipe.weights is None and name not in CARDS:
        raise WeightsError(f"there is no weight card for {name!r}; name a file in the setting weights.")
    weights = _draw(name, layers, recipe.seed) if recipe.kind == "scratch" else recipe.weights
    backbone = Backbone(name, layers, weights=weights, mean=stages.mean, std=stages.std)
    backbone.trunk.requires_grad_(requires_grad=recipe.kind != "lin")
    return backbone


def _draw(network: str, layers: tuple[str, ...], seed: int) -> dict[str, Tensor]:
    with torch.device("meta"):
        trunk, _ = cut_network(network, layers)
    draw = random_source(f"{seed}/trunk")
    return {name: _draw_one(name, tensor, draw) for name, tensor in trunk.state_dict().items()}


def _draw_one(name: str, like: Tensor, draw: torch.Generator) -> Tensor:
    if not like.is_floating_point():
        return torch.zeros(like.shape, dtype=like.dtype)
    if like.dim() < 2:  # of normalisations, and biases
        return torch.full(like.shape, float(name.endswith(("weight", "running_var"))))
    spread = math.sqrt(2 / like[0].numel())
    return torch.normal(0.0, spread, like.shape, generator=draw)
