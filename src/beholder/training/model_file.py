"""A trained network as a file: its weights, and what it takes to build and judge it."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save

from beholder.catalog import create_network
from beholder.networks.on_luma import for_rgb
from beholder.spec import WeightsError
from beholder.training.writing import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from beholder.training.recipe import Recipe

__all__ = ["load_model", "read_about", "save_model", "write_model"]


def save_model(
    network: nn.Module,
    recipe: Recipe,
    target: Path,
    *,
    step: int,
    scores: Mapping[str, float],
    before: Mapping[str, float],
) -> None:
    """Save a trained network, whole or not at all.

    Args:
        network: The network.
        recipe: What it was trained by; it goes into the file.
        target: ``.safetensors`` file.
        step: Steps that it was trained for.
        scores: Its scores in validation.
        before: Those of the pictures that it restored there.

    Raises:
        TrainingError: If it cannot be written; the file before stands.
    """
    told = {
        "beholder": version("beholder"),
        "network": recipe.network,
        "step": step,
        "scores": dict(scores),
        "before": dict(before),
        "recipe": recipe.model_dump(mode="json"),
    }
    write_model(network, told, target)


def write_model(network: nn.Module, told: Mapping[str, Any], target: Path) -> None:
    """Write a network with what its file tells of it, whole or not at all.

    Args:
        network: The network.
        told: As `read_about` gives it.
        target: ``.safetensors`` file.

    Raises:
        TrainingError: If it cannot be written; the file before stands.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    with replacing(target) as partial:
        partial.write_bytes(save(tensors, {"model": json.dumps(dict(told))}))


def read_about(path: str | Path) -> dict[str, Any]:
    """What a model's file tells of it: network, steps, scores and recipe.

    Raises:
        WeightsError: If the file cannot be read or holds no such model.
    """
    path = Path(path)
    if path.is_dir():
        raise WeightsError(
            f"{path}: is a folder; expected a file, such as {path / 'model.safetensors'} of a run."
        )
    try:
        with safe_open(path, framework="pt") as file:
            told = json.loads((file.metadata() or {}).get("model", "null"))
    except (OSError, SafetensorError, ValueError) as error:
        raise WeightsError(
            f"{path}: cannot be read as a model: {error}; expected model.safetensors, as a training run saves it."
        ) from error
    if not isinstance(told, dict) or "network" not in told:
        raise WeightsError(
            f"{path}: holds tensors, but does not tell of which network; expected a model that `beholder train` saved."
        )
    return told


def load_model(path: str | Path) -> tuple[nn.Module, dict[str, Any]]:
    """Build the network that a file holds.

    Args:
        path: What `save_model` wrote.

    Returns:
        The network for RGB pictures, in evaluation mode, and what the file tells of it. One with a single channel
        restores their luma.

    Raises:
        WeightsError: If the file cannot be read or holds no such model.
    """
    told = read_about(path)
    tensors = load_file(path)
    network = for_rgb(create_network(told["network"]))
    try:
        network.load_state_dict(tensors, strict=True)
    except RuntimeError as error:
        raise WeightsError(f"{path}: its weights do not fit {told['network']}: {error}") from error
    return network.eval(), told
