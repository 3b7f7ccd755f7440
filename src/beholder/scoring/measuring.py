"""A batch of pictures through every metric, whatever computes it."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from beholder.backbones import Backbone
from beholder.backbones.joining import join_trunks
from beholder.backbones.passes import hand_in, one_pass
from beholder.backbones.precision import formulas_in_full
from beholder.backbones.quick_chains import quick_chains
from beholder.scoring.engines.compiled_torch import CompiledTorch
from beholder.scoring.engines.openvino_engine import OpenVINOEngine
from beholder.scoring.engines.winograd_engine import WinogradEngine
from beholder.scoring.memory import is_out_of_memory
from beholder.spec import MapMetric, ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from beholder.scoring.settings import Settings
    from beholder.spec import Metric, NoReferenceMetric

__all__ = ["Measurer", "Outcome", "too_large"]

_LEFT = "torch computed the networks: a size that OpenVINO is not given"
_HELD_PIXELS = 1024 * 1024  # of a batch whose features may all be held at once: 1 GB of VGG-16


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of one metric and pair.

    Attributes:
        score: The score; ``None`` where it failed.
        map: Its map, shape (h, w), where one is asked for.
        error: Why it failed.
    """

    score: float | None = None
    map: NDArray[np.float32] | None = None
    error: str | None = None


class Measurer:
    """Metrics on a device, with the engine and precision of the settings.

    Equal networks of several metrics are joined, and see each picture once.

    Args:
        metrics: The metrics, by the names of their columns; modules are moved to the device.
        settings: How to score.
        maps: Whether to compute the maps of metrics that have one.

    Raises:
        UsageError: If the processor cannot compute in the precision.
    """

    def __init__(
        self, metrics: Mapping[str, Metric | NoReferenceMetric], settings: Settings, *, maps: bool = False
    ) -> None:
        self._metrics = metrics
        self._settings = settings
        self._maps = maps
        modules = [metric for metric in metrics.values() if isinstance(metric, nn.Module)]
        for module in modules:
            module.to(settings.device).to(memory_format=torch.channels_last)
        backbones = [part for module in modules for part in module.modules() if isinstance(part, Backbone)]
        join_trunks(backbones)
        self._looking = {
            name
            for name, metric in metrics.items()
            if isinstance(metric, nn.Module) and any(isinstance(part, Backbone) for part in metric.modules())
        }
        self._engine = _find_engine(metrics, settings, maps=maps)
        self._compiled = CompiledTorch(metrics, settings.device) if settings.engine == "compiled" else None

    def measure(
        self, pictures: Sequence[Tensor], references: Sequence[Tensor]
    ) -> tuple[dict[str, list[Outcome]], tuple[str, ...]]:
        """What comes of a batch of pairs, by metric, and what is to be noted of each of them.

        Args:
            pictures: Those under test, each (3, H, W), of one size, in [0, 1].
            references: Their references, alike; the same tensor where pairs share one.

        Raises:
            MemoryError: If there is no room to bring them to the device (also RuntimeError).
        """
        shared = all(reference is references[0] for reference in references)
        x = self._stack(pictures)
        # Networks see one picture here, however often it is compared.
        y = self._stack(references[:1] if shared else references).expand_as(x)
        with torch.inference_mode(), _full_precision(), self._standing_in():
            computed = self._engine.run(x, references) if self._engine else None
            if computed is not None:
                with one_pass():
                    for picture, features in ((x, computed.of_x), (y, computed.of_y)):
                        for trunk, layers in features.items():
                            hand_in(trunk, picture, layers)
                    return self._complete(computed.scores, x, y), ()
            # What is compiled does not know which pictures were seen.
            shares = self._compiled is None and x[:, 0].numel() <= _HELD_PIXELS
            with one_pass() if shares else contextlib.nullcontext():
                outcomes = self._complete({}, x, y)
        if self._compiled:
            return outcomes, self._compiled.notes(x.shape[-2:])
        return outcomes, (_LEFT,) if isinstance(self._engine, OpenVINOEngine) else ()

    def told(self) -> dict[str, dict[str, Any]]:
        """Engine and precision of each metric, as the provenance tells them."""
        told = {}
        for name in self._metrics:
            looking = name in self._looking
            own: dict[str, Any] = {
                "engine": "torch",
                "precision": self._settings.precision if looking else "fp32",
            }
            if isinstance(self._engine, WinogradEngine) and name in self._engine.quick:
                own["engine"] = "winograd"
            elif isinstance(self._engine, OpenVINOEngine) and name in (
                *self._engine.scored,
                *self._engine.fed,
            ):
                own["engine"] = "openvino" if name in self._engine.scored else "openvino, formula in torch"
            elif self._compiled and name in self._compiled.names and not self._draws(name):
                own["engine"] = "compiled"
            told[name] = own
        return told

    def _standing_in(self) -> contextlib.AbstractContextManager[None]:
        if isinstance(self._engine, WinogradEngine):
            return quick_chains()  # also for pictures that are too large to be seen at once
        return contextlib.nullcontext()

    def _stack(self, pictures: Sequence[Tensor]) -> Tensor:
        """Pictures as a batch on the device, laid out as what computes is quick on."""
        # A large one is not copied. For engines none is: OpenVINO would have torch's threads, once awake, in its way.
        if len(pictures) == 1 and (self._engine or pictures[0][0].numel() > _HELD_PIXELS):
            return pictures[0][None].to(self._settings.device)
        batch = torch.stack(list(pictures))
        if self._looking and self._engine is None:
            batch = batch.contiguous(memory_format=torch.channels_last)
        return batch.to(self._settings.device)

    def _complete(self, ready: Mapping[str, Tensor], x: Tensor, y: Tensor) -> dict[str, list[Outcome]]:
        return {
            name: [Outcome(score) for score in ready[name].tolist()]
            if name in ready
            else self._measure(name, x, y)
            for name in self._metrics
        }

    def _measure(self, name: str, x: Tensor, y: Tensor) -> list[Outcome]:
        metric = self._metrics[name]
        try:
            with self._in_precision(x):
                if isinstance(metric, MapMetric) and self._draws(name):
                    scores, maps = metric.score_and_map(x, y)
                    drawn = list(maps[:, 0].float().cpu().numpy())
                else:
                    pictures = (x, y) if metric.spec.needs_reference else (x,)
                    scores, drawn = self._score(name, *pictures), [None] * len(x)
        except ShapeError as error:
            return [Outcome(error=str(error))] * len(x)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        else:
            return [Outcome(value, drawn[place]) for place, value in enumerate(scores.tolist())]
        # Not inside the handler: its error would hold what the failed attempt had taken.
        if len(x) > 1:
            return [self._measure(name, x[i : i + 1], y[i : i + 1])[0] for i in range(len(x))]
        return [Outcome(error=too_large(x))]

    def _draws(self, name: str) -> bool:
        return self._maps and isinstance(self._metrics[name], MapMetric)

    def _score(self, name: str, *pictures: Tensor) -> Tensor:
        scores = None
        if self._compiled and name in self._compiled.names:
            scores = self._compiled.score(name, *pictures)
        return self._metrics[name](*pictures) if scores is None else scores

    @contextlib.contextmanager
    def _in_precision(self, x: Tensor) -> Iterator[None]:
        if self._settings.precision == "fp32":
            yield
            return
        with torch.autocast(x.device.type, dtype=torch.bfloat16), formulas_in_full(x):
            yield


def too_large(x: Tensor) -> str:
    """That there is no room for a picture of this size."""
    return f"not enough memory for a picture of {x.shape[-1]}x{x.shape[-2]} pixels"


def _find_engine(
    metrics: Mapping[str, Metric | NoReferenceMetric], settings: Settings, *, maps: bool
) -> OpenVINOEngine | WinogradEngine | None:
    if settings.engine == "winograd":
        quick = WinogradEngine(metrics)
        return quick if quick.quick else None
    if settings.engine == "openvino":
        engine = OpenVINOEngine(metrics, settings.precision, maps=maps)
        return engine if engine.scored or engine.fed else None
    return None


def _full_precision() -> contextlib.AbstractContextManager[None]:
    """Keep CUDA's convolutions from rounding to TF32, which moves LPIPS in the fifth digit."""
    if not torch.cuda.is_available():
        return contextlib.nullcontext()
    flags: contextlib.AbstractContextManager[None] = torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=False, allow_tf32=False
    )
    return flags
