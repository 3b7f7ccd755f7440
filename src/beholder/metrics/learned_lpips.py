"""LPIPS with weights of your own, read from a file."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from beholder.backbones import CARDS, Backbone, WeightFile
from beholder.backbones.backbone import IMAGENET_MEAN, IMAGENET_STD
from beholder.backbones.cutting import cut_network
from beholder.backbones.sizes import feature_shapes, smallest_square, takes
from beholder.metrics.lpips import FeatureDistance
from beholder.metrics.lpips_backbone import find_channels_last
from beholder.metrics.metric_file import MetricFile, read_metric, save_metric, tell_metric
from beholder.spec import MetricSpec, UsageError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LearnedLPIPS", "save_learned_lpips"]

_BRIGHTEST = 7  # mean weights: 0.6 with LPIPS's own, as its maps are drawn
_NAME = "learned_lpips"


class LearnedLPIPS(FeatureDistance):
    r"""LPIPS on any network, with channel weights, and where it was trained too the network, from a file.

    .. math:: \sum_l \frac{1}{H_l W_l} \sum_{h, w} \sum_c w_{l c} \left(\hat{x}^l_{c h w} - \hat{y}^l_{c h w}\right)^2

    where :math:`\hat{x}^l` are the features of layer :math:`l`, scaled to unit length along their channels.

    Args:
        file: What `save_learned_lpips` wrote.
        trunk: A file to take the network's weights from, where ``file`` does not hold them; by default the cache.

    Raises:
        UsageError: If no file is named, or a trunk beside a file that has its own.
        WeightsError: If a file is missing, damaged or holds something else, a weight is negative or not finite, or
            the network's weights are not those that the channel weights were learned on.
        MissingPackageError: If timm is asked for and not installed.

    References:
        Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018,
        arXiv:1801.03924: "lin", "tune" and "scratch".
    """

    def __init__(self, file: str | Path | None = None, *, trunk: str | Path | None = None) -> None:
        if file is None:
            raise UsageError(f"{_NAME} wants a file: {_NAME}:mine.safetensors, or mine.safetensors alone.")
        read = read_metric(file, "lpips")
        told = _check_told(file, read.told)
        trained = {
            name.removeprefix("trunk."): tensor
            for name, tensor in read.tensors.items()
            if name.startswith("trunk.")
        }
        if trained and trunk is not None:
            raise UsageError(f"{file}: holds its own network; leave out trunk={trunk}.")
        backbone = _build(file, told, trained or trunk)
        if trained:
            backbone.weights = read.record
        else:
            _check_trunk(file, told, backbone.weights)
        files = tuple(dict.fromkeys((backbone.weights, read.record)))
        weights = _channel_weights(file, read, backbone)
        last = find_channels_last(backbone, told["min_size"])
        super().__init__(backbone, weights, files=files, channels_last=last)
        self.spec = self.describe(file, trunk=trunk)

    @staticmethod
    def describe(file: str | Path | None = None, *, trunk: str | Path | None = None) -> MetricSpec:
        """The specification of the metric in a file; without one, of the kind."""
        for name, value in (("file", file), ("trunk", trunk)):
            if value is not None and not isinstance(value, str | Path):
                raise UsageError(f"{name} is {value!r}; expected the path of a file.")
        spec = MetricSpec(
            name=_NAME,
            title="LPIPS with weights of your own, from a file",
            direction="lower",
            best=0.0,
            range=(0.0, float("inf")),
            unit="1",
            differentiable=True,
            symmetric=True,
            min_size=1,
            paper="Zhang et al., CVPR 2018, arXiv:1801.03924",
            map_range=(0.0, 0.6),
        )
        if file is None:
            return spec
        told = _check_told(file, tell_metric(file, "lpips"))
        card = told["trunk"]["card"] if told["trunk"] and trunk is None else None
        return dataclasses.replace(
            spec,
            name=Path(file).stem,
            title=f"Distance of {told['backbone']} features, weighted as {Path(file).name} has it",
            min_size=told["min_size"],
            map_range=(told["map_range"][0], told["map_range"][1]),
            weights=(card,) if card in CARDS else (),
        )


def save_learned_lpips(
    path: str | Path,
    *,
    backbone: str,
    layers: Sequence[str],
    weights: Sequence[Tensor],
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    trunk: Mapping[str, Tensor] | None = None,
    trunk_file: WeightFile | None = None,
    about: Mapping[str, Any] | None = None,
) -> Path:
    """Save an LPIPS of your own, for `LearnedLPIPS` and wherever a metric is named.

    Args:
        path: ``.safetensors`` file.
        backbone: The network, as `Backbone` takes it.
        layers: Its layers.
        weights: For each layer the weight of each channel, shape (C,), at least 0; not all of them 0.
        mean: Mean of each channel that the network sees, for RGB in [0, 1].
        std: Standard deviation of each channel, likewise.
        trunk: The network's tensors, as `Backbone.trunk`'s state dictionary has them, where they were trained too.
        trunk_file: Where the network's tensors came from (`Backbone.weights`), where they were not: the file names it,
            and no other is taken.
        about: What else to tell in the file: data, options, scores, as JSON can hold it.

    Returns:
        The file.

    Raises:
        UsageError: If not one of ``trunk`` and ``trunk_file`` is given, the network or a layer is unknown, or the file
            cannot be written.
        WeightsError: If tensors do not fit the network, are not finite, or a weight is negative.
    """
    if (trunk is None) == (trunk_file is None):
        raise UsageError("expected trunk (the tensors) or trunk_file (where they come from); one of them.")
    if trunk is None:
        network, tensors = cut_network(backbone, list(layers))[0], {}
    else:
        network = Backbone(backbone, layers, weights=trunk, mean=mean, std=std).trunk
        tensors = {f"trunk.{name}": tensor for name, tensor in network.state_dict().items()}
    if unfit := [name for name, tensor in tensors.items() if not tensor.isfinite().all()]:
        raise WeightsError(f"{path}: {unfit[0]} is not finite; save what was learned before it was lost.")
    smallest = smallest_square(network) or 1
    _check_weights(path, weights, network, layers, smallest)
    plain = [weight.detach().float() for weight in weights]
    told = {
        "backbone": backbone,
        "layers": list(layers),
        "mean": list(map(float, mean)),
        "std": list(map(float, std)),
        "min_size": smallest,
        "map_range": [0.0, _BRIGHTEST * float(torch.cat(plain).double().mean())],
        "trunk": dataclasses.asdict(trunk_file) if trunk_file else None,
    }
    tensors |= {f"weight.{index}": weight for index, weight in enumerate(plain)}
    return save_metric(path, "lpips", _check_told(path, told), tensors, about)


def _check_told(file: str | Path, told: dict[str, Any]) -> dict[str, Any]:
    """What a file tells, if it is all that it takes."""
    numbers = {"mean": 3, "std": 3, "map_range": 2}
    trunk = told.get("trunk")
    whole = (
        isinstance(told.get("backbone"), str)
        and _is_list(told.get("layers"), str)
        and all(_is_list(told.get(name), float) and len(told[name]) == n for name, n in numbers.items())
        and all(map(math.isfinite, (*told["mean"], *told["map_range"])))
        and all(0 < value < math.inf for value in told["std"])
        and type(told.get("min_size")) is int
        and told["min_size"] >= 1
        and "trunk" in told
        and (
            trunk is None
            or (
                isinstance(trunk, dict)
                and all(isinstance(trunk.get(name), str) for name in ("card", "file", "sha256"))
            )
        )
    )
    if not whole:
        raise WeightsError(
            f"{file}: does not tell of its network whole; expected its name, layers, mean and std (three numbers "
            "each) and where its tensors come from, as save_learned_lpips writes them."
        )
    return told


def _is_list(value: object, kind: type) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, kind) for each in value)


def _build(
    file: str | Path, told: dict[str, Any], weights: Mapping[str, Tensor] | str | Path | None
) -> Backbone:
    if told["trunk"] is None and not isinstance(weights, Mapping):
        raise WeightsError(f"{file}: holds no network, and does not tell of one. Save it again.")
    if weights is None and told["trunk"]["card"] not in CARDS:
        raise WeightsError(
            f"{file}: was learned on {told['trunk']['file']}, weights of {told['backbone']!r} that have no card; name "
            f"the file: {_NAME}:{file}:trunk={told['trunk']['file']}"
        )
    return Backbone(told["backbone"], told["layers"], weights=weights, mean=told["mean"], std=told["std"])


def _check_trunk(file: str | Path, told: dict[str, Any], found: WeightFile) -> None:
    """Refuse a network other than the one that the weights were learned on."""
    expected = told["trunk"]
    # The sources of a card hold the same tensors in different files.
    same = {source.sha256 for source in CARDS[found.card].sources} if found.card in CARDS else set()
    if found.sha256 != expected["sha256"] and not {found.sha256, expected["sha256"]} <= same:
        raise WeightsError(
            f"{file}: its weights were learned on {expected['file']} with sha256 {expected['sha256']}; found "
            f"{found.file} with sha256 {found.sha256}. Name the right one: {_NAME}:{file}:trunk=FILE"
        )


def _channel_weights(file: str | Path, read: MetricFile, backbone: Backbone) -> list[Tensor]:
    names = [f"weight.{index}" for index in range(len(backbone.layers))]
    weights = [read.tensors[name] for name in names if name in read.tensors]
    _check_weights(file, weights, backbone.trunk, backbone.layers, read.told["min_size"])
    return weights


def _check_weights(
    file: str | Path, weights: Sequence[Tensor], trunk: nn.Module, layers: Sequence[str], side: int
) -> None:
    """Refuse weights that do not fit the layers' channels, or make no distance."""
    if len(weights) != len(layers):
        raise WeightsError(f"{file}: found the weights of {len(weights)} layers; expected {len(layers)}.")
    if not takes(trunk, side, side):
        raise WeightsError(
            f"{file}: its network takes no pictures of {side}x{side} pixels, as the file has it."
        )
    try:
        shapes = feature_shapes(trunk, side, side)
    except NotImplementedError:  # then the first picture tells
        shapes = {}
    channels = {layer: shape[1] if shape[2:3] == shape[3:] else shape[-1] for layer, shape in shapes.items()}
    for layer, weight in zip(layers, weights, strict=True):
        if tuple(weight.shape) != (channels.get(layer, weight.numel()),):
            raise WeightsError(
                f"{file}: the weights of {layer} have the shape {tuple(weight.shape)}; expected one number for each "
                f"of its channels, ({channels.get(layer, 'C')},)."
            )
        if not (weight.isfinite().all() and (weight >= 0).all()):
            raise WeightsError(f"{file}: weights of {layer} are negative or not finite; expected at least 0.")
    if not any(weight.any() for weight in weights):
        raise WeightsError(f"{file}: all weights are 0; expected some above it.")
