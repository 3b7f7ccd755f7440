"""Named features of a frozen, pretrained network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from beholder.backbones import door
from beholder.backbones.cards import CARDS
from beholder.backbones.chains import CHAINS, TRAINED_AS, Chain
from beholder.backbones.cutting import cut_network
from beholder.backbones.graphs import check_network
from beholder.backbones.passes import look_once
from beholder.backbones.precision import network_precision
from beholder.backbones.quick_chains import stand_in
from beholder.backbones.sizes import smallest_square, takes
from beholder.ops.shapes import check_images
from beholder.ops.tracing import is_traced
from beholder.spec import ShapeError, UsageError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["IMAGENET_MEAN", "IMAGENET_STD", "Backbone"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Backbone(nn.Module):
    """A pretrained network that returns the features of named layers.

    It is frozen and stays in evaluation mode; gradients flow to its input. Only the layers up to the last
    one asked for are kept and run.

    Args:
        network: A network of torchvision (``"vgg16"``, ``"alexnet"``, ``"resnet50"``, ...), or one of timm
            (``"timm:resnet18"``).
        layers: Layers to return. VGG-16 and -19, AlexNet and SqueezeNet 1.1 go by the field's names
            (``"relu2_2"``, ``"relu3"``, ``"fire5"``), others by those of their graph (``"layer1.0.relu"``).
        weights: A file to take the weights from: ``.safetensors``, or a state dictionary that ``torch.save``
            wrote, bare or under ``"state_dict"``, with or without DataParallel's ``module.`` before its names.
            By default the cache, filled by ``beholder weights fetch``. Or the tensors themselves, by name.
        mean: Mean of each channel that the network was trained with, for RGB in [0, 1].
        std: Standard deviation of each channel that the network was trained with, above 0.

    Raises:
        UsageError: If the network or a layer is unknown, ``layers`` is no list, or ``mean`` or ``std`` are not
            three such numbers.
        WeightsError: If the weights are missing, damaged, or do not fit the network exactly.
        MissingPackageError: If timm is asked for and not installed.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        network: str,
        layers: Sequence[str],
        *,
        weights: str | Path | Mapping[str, Tensor] | None = None,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
    ) -> None:
        super().__init__()
        if isinstance(layers, str):
            raise UsageError(f"layers is {layers!r}; expected a list of names: layers=[{layers!r}].")
        if not layers:
            raise UsageError(f"no layers of {network!r} are named; expected at least one, such as 'relu2_2'.")
        self.network = network
        self.layers = tuple(layers)
        self.register_buffer("mean", _per_channel("mean", mean, above=-math.inf), persistent=False)
        self.register_buffer("std", _per_channel("std", std, above=0), persistent=False)
        if network not in CHAINS:
            check_network(network)
        card = TRAINED_AS.get(network, network)
        if weights is None and card not in CARDS:
            raise WeightsError(
                f"there is no weight card for {network!r}; name a file: "
                f"Backbone({network!r}, layers, weights='FILE')."
            )
        self.trunk, known = cut_network(network, layers)
        if isinstance(weights, Mapping):
            tensors, self.weights = dict(weights), _record(network, weights)
        else:
            tensors, self.weights = door.load(card, weights)
        _fill(self.trunk, tensors, known, network)
        # Convolutions take a third less time on weights that lie this way, in either order of the pictures.
        self.trunk.eval().requires_grad_(requires_grad=False).to(memory_format=torch.channels_last)
        # Its weights come through the door, not out of the checkpoint of what is trained with it.
        self.register_state_dict_post_hook(_leave_out_trunk)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_bring_own_trunk)  # type: ignore[no-untyped-call]

    def train(self, mode: bool = True) -> Backbone:  # noqa: ARG002, FBT001, FBT002 -- the signature of nn.Module
        """Stay in evaluation mode, whatever the module around asks for."""
        return super().train(mode=False)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Features of each named layer.

        Args:
            x: Images, shape (N, 3, H, W), in [0, 1].

        Returns:
            Layer name -> features, shape (N, C, H', W').

        Raises:
            ShapeError: If ``x`` is no such batch, has another type than the network, or a size that its layers
                do not take.
        """
        found = dict(self.walk(x))
        return {layer: found[layer] for layer in self.layers}

    def walk(self, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Names and features as `forward`, in the network's order, each as soon as it is computed.

        Who lets go of a layer before asking for the next holds one layer at a time, not all: on large pictures
        the first ones alone take gigabytes. Networks that are cut from a graph compute all layers at once.
        """
        check_images(x)
        if x.dtype != self.mean.dtype:
            raise ShapeError(
                f"x is {x.dtype} and the network {self.mean.dtype}; bring either to the other's type."
            )
        found = look_once(self.trunk, x, lambda: dict(self._walk_trunk(x)))
        wanted = set(self.layers)  # the trunk may be another backbone's too, and compute more
        for layer, features in self._walk_trunk(x) if found is None else found.items():
            if layer in wanted:
                yield layer, features
                wanted.remove(layer)
            if not wanted:
                return

    def _walk_trunk(self, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        # One picture, expanded into a batch, is seen once; not where its copies want gradients of their own.
        repeated = x.shape[0] if x.stride(0) == 0 and not x.requires_grad else 1
        # (x - mean) / std, in one pass over the pictures
        normalised = torch.addcmul(-self.mean / self.std, x[::repeated], self.std.reciprocal())
        try:
            for layer, features in self._run_trunk(normalised):
                # In a traced graph what is done with the features repeats them as it needs.
                once = repeated == 1 or is_traced()
                yield layer, features if once else features.expand(repeated, *features.shape[1:])
        except (RuntimeError, AssertionError):
            self._refuse_size(*x.shape[-2:])
            raise

    def _run_trunk(self, normalised: Tensor) -> Iterator[tuple[str, Tensor]]:
        precision = network_precision()
        if precision is not None:
            # All layers at once: autocast would stay on in whoever takes them one by one.
            with torch.autocast(normalised.device.type, dtype=precision):
                features: dict[str, Tensor] = self.trunk.forward(normalised)
            return iter({name: found.to(normalised.dtype) for name, found in features.items()}.items())
        if isinstance(self.trunk, Chain):
            return stand_in(self.trunk).walk(normalised)
        # not self.trunk(...): as a module, a cut graph prints what goes wrong in it
        features = self.trunk.forward(normalised)
        return iter(features.items())

    def _refuse_size(self, height: int, width: int) -> None:
        """Tell that pictures of a size cannot be seen through the layers, if that is so."""
        if takes(self.trunk, height, width):
            return
        side = smallest_square(self.trunk)
        hint = f"; the smallest square that they take is {side}x{side} pixels" if side else ""
        raise ShapeError(
            f"the picture is {width}x{height}, a size that the layers {', '.join(self.layers)} of "
            f"{self.network!r} do not take{hint}. Resize the picture or ask for earlier layers."
        )

    def extra_repr(self) -> str:
        """The network, its layers and its weight file."""
        return f"{self.network!r}, layers={self.layers}, weights={self.weights.file}"


def _leave_out_trunk(backbone: nn.Module, held: dict[str, Tensor], prefix: str, _: object) -> None:
    for name in backbone.trunk.state_dict():  # type: ignore[union-attr]
        del held[f"{prefix}trunk.{name}"]


def _bring_own_trunk(backbone: nn.Module, held: dict[str, Tensor], prefix: str, *_: object) -> None:
    for name, tensor in backbone.trunk.state_dict().items():  # type: ignore[union-attr]
        held[f"{prefix}trunk.{name}"] = tensor


def _record(network: str, weights: Mapping[str, Tensor]) -> door.WeightFile:
    content = b"".join(
        name.encode() + weights[name].detach().cpu().contiguous().numpy().tobytes()
        for name in sorted(weights)
    )
    return door.WeightFile(network, "tensors in memory", door.sha256_of(content))


def _per_channel(name: str, values: Sequence[float], *, above: float) -> Tensor:
    try:
        numbers = [float(value) for value in values]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != 3 or not all(above < number < math.inf for number in numbers):
        limit = " above 0" if above == 0 else ""
        raise UsageError(f"{name} is {values!r}; expected three numbers{limit}, one each for R, G and B.")
    return torch.tensor(numbers).view(1, 3, 1, 1)


def _fill(trunk: nn.Module, tensors: dict[str, Tensor], known: set[str], network: str) -> None:
    needed = trunk.state_dict()
    missing = sorted(needed.keys() - tensors.keys())
    # Files of whole networks also hold the classifier, those of metrics their channel weights.
    foreign = sorted(name for name in tensors.keys() - known if not name.startswith(("classifier.", "lin")))
    wrong = [name for name in needed if name in tensors and tensors[name].shape != needed[name].shape]
    for names, fault in (
        (missing, "lack"),
        (foreign, "hold, beyond the network's own,"),
        (wrong, "have a wrong shape for"),
    ):
        if names:
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            raise WeightsError(f"the weights do not fit {network!r}: they {fault} {shown}.")
    # Of a mapping that the caller holds, copies: its parameters must not be frozen with ours.
    fitting = {name: tensors[name].detach().to(needed[name].dtype, copy=True) for name in needed}
    trunk.load_state_dict(fitting, strict=True, assign=True)
