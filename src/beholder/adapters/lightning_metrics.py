"""Our metrics in the validation of a Lightning module."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from beholder.backbones import Backbone
from beholder.backbones.joining import join_trunks
from beholder.backbones.passes import one_pass
from beholder.catalog import create_metric, create_no_reference_metric, describe_metric
from beholder.ops.shapes import check_pair
from beholder.spec import Metric, MetricSpec, MissingPackageError, NoReferenceMetric, ShapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightning.pytorch import Callback, LightningModule, Trainer
else:

    def _find_callback() -> type:
        """The base class of the package whose trainer the program uses, as far as can be told."""
        names = ("lightning.pytorch", "pytorch_lightning")
        for name in sorted(names, key=lambda name: name not in sys.modules):
            try:
                return importlib.import_module(name).Callback
            except ModuleNotFoundError as error:
                if error.name not in (name, name.partition(".")[0]):
                    raise
        raise MissingPackageError(
            "this needs Lightning, which is not installed: pip install 'beholder[lightning]'"
        )

    Callback = _find_callback()

__all__ = ["LightningMetrics"]

_HELD_PIXELS = 1024 * 1024  # whose features may all be held at once: 1 GB of VGG-16


class LightningMetrics(Callback):
    """Logs metrics of the pictures that ``validation_step`` returns: means over pictures, whatever the batches.

    The step returns a mapping with the pictures under test, ``"x"``, and their references, ``"y"``, each of shape
    (N, 3, H, W), in [0, 1]; or ``choose`` finds them. Scores are those of pictures clamped to [0, 1], as a file would
    hold them, in float32 whatever the precision of the trainer. References outside of [0, 1] are refused.

    All pictures of a validation count once, also those of several processes, whose sums are added. Metrics move to
    the module's device, look through equal networks together, and are not part of the module: its checkpoints do not
    hold them. The sanity check that Lightning begins with computes them and logs nothing. With several loaders each
    gets its own numbers, and Lightning's ending ``/dataloader_idx_N``.

    Args:
        metrics: Catalogue names, with options if wished (``"psnr_y:border=4"``), or metrics. Those that judge a picture
            alone are shown the one under test.
        choose: ``choose(outputs, batch)``: what the step returned, and its batch, to ``(x, y)``.
        prefix: What stands before each name in the log.
        prog_bar: Whether the progress bar shows them.

    Raises:
        UsageError: If a metric is unknown, none or named twice; once training starts, if a callback that monitors one
            of them takes worse for better, or the step returns no pictures.
        ShapeError: If they are none, differ in shape, or the references leave [0, 1].
        WeightsError: If weights are missing.

    Example:
        >>> metrics = LightningMetrics(["psnr", "lpips_vgg"])
        >>> best = ModelCheckpoint(monitor="val/lpips_vgg", mode="min")
        >>> Trainer(callbacks=[metrics, best]).fit(module, loader, validation_loader)
    """

    def __init__(
        self,
        metrics: Sequence[str | Metric | NoReferenceMetric],
        *,
        choose: Callable[[Any, Any], tuple[Tensor, Tensor]] | None = None,
        prefix: str = "val/",
        prog_bar: bool = False,
    ) -> None:
        if isinstance(metrics, str) or not metrics:
            raise UsageError(
                f"metrics is {metrics!r}; expected a list of names, such as ['psnr', 'lpips_vgg']."
            )
        self.metrics: dict[str, Metric | NoReferenceMetric] = {}
        for given in metrics:
            name, metric = _create(given)
            if name in self.metrics:
                raise UsageError(f"named twice: {name}.")
            self.metrics[name] = metric
        self._modules = [metric for metric in self.metrics.values() if isinstance(metric, nn.Module)]
        join_trunks(
            part for module in self._modules for part in module.modules() if isinstance(part, Backbone)
        )
        self._choose = choose
        self._prefix = prefix
        self._prog_bar = prog_bar
        self._sums: dict[int, Tensor] = {}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:  # noqa: ARG002
        """Refuse callbacks that would keep the worst network for the best."""
        for callback in trainer.callbacks:  # type: ignore[attr-defined]
            monitored = str(getattr(callback, "monitor", None)).partition("/dataloader_idx_")[0]
            for name, metric in self.metrics.items():
                mode = "max" if metric.spec.direction == "higher" else "min"
                if monitored == self._prefix + name and getattr(callback, "mode", mode) != mode:
                    raise UsageError(
                        f"{type(callback).__name__} monitors {monitored} with mode={callback.mode!r}, but "
                        f"{metric.spec.direction} is better; expected mode={mode!r}."
                    )

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Begin with no pictures, on the module's device."""
        self._sums = {}
        for module in self._modules:
            module.to(pl_module.device)

    def on_validation_batch_end(
        self,
        trainer: Trainer,  # noqa: ARG002 -- the signature of Lightning
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,  # noqa: ARG002
        dataloader_idx: int = 0,
    ) -> None:
        """Score what the step returned."""
        x, y = self._choose(outputs, batch) if self._choose else _named(outputs)
        with torch.no_grad(), torch.autocast(pl_module.device.type, enabled=False):
            x, y = (_in_full(picture, pl_module.device) for picture in (x, y))
            check_pair(x, y)
            for part in _parts(x.clamp(0, 1), y.clamp(0, 1)):
                self._sums[dataloader_idx] = self._sums.get(dataloader_idx, 0) + self._score(*part)

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log the means, over all processes."""
        if trainer.sanity_checking:
            return
        loaders = len(trainer.num_val_batches)
        nothing = torch.zeros(len(self.metrics) + 1, dtype=torch.float64)
        sums = torch.stack([self._sums.get(index, nothing) for index in range(loaders)])
        if trainer.world_size > 1:
            sums = trainer.strategy.reduce(sums.to(pl_module.device), reduce_op="sum").cpu()
        for index, (*totals, pictures) in enumerate(sums.tolist()):
            ending = f"/dataloader_idx_{index}" if loaders > 1 else ""
            for name, total in zip(self.metrics, totals, strict=True):
                if pictures:
                    # the processes have the same number: averaging them, which Lightning asks for, changes nothing
                    pl_module.log(
                        f"{self._prefix}{name}{ending}",
                        total / pictures,
                        prog_bar=self._prog_bar,
                        sync_dist=True,
                        add_dataloader_idx=False,
                    )

    def _score(self, x: Tensor, y: Tensor) -> Tensor:
        """Sum of each metric's scores, and the number of pictures, float64, on the processor."""
        shares = x[:, 0].numel() <= _HELD_PIXELS
        with one_pass() if shares else contextlib.nullcontext():
            sums = []
            for metric in self.metrics.values():
                scores = metric(*((x, y) if metric.spec.needs_reference else (x,)))
                sums.append(scores.cpu().double().sum())  # some accelerators have no float64
        return torch.stack([*sums, torch.tensor(len(x), dtype=torch.float64)])


def _create(given: object) -> tuple[str, Metric | NoReferenceMetric]:
    if isinstance(given, str):
        create = create_metric if describe_metric(given).needs_reference else create_no_reference_metric
        return given, create(given)
    spec = getattr(given, "spec", None)
    if not (callable(given) and isinstance(spec, MetricSpec)):
        raise UsageError(f"{given!r} is no metric; expected a catalogue name or a metric.")
    return spec.name, given  # type: ignore[return-value]


def _named(outputs: object) -> tuple[Tensor, Tensor]:
    if isinstance(outputs, Mapping) and {"x", "y"} <= set(outputs):
        return outputs["x"], outputs["y"]
    found = (
        f"a mapping with {sorted(map(str, outputs))}"
        if isinstance(outputs, Mapping)
        else type(outputs).__name__
    )
    raise UsageError(
        f"validation_step returned {found}; expected a mapping with 'x', the pictures under test, and 'y', their "
        "references. Return these, or say where they are: choose=lambda outputs, batch: (x, y)."
    )


def _in_full(pictures: Any, device: torch.device) -> Tensor:
    """Pictures in float32; what is none, or holds whole numbers, is left for the check to tell."""
    if not isinstance(pictures, Tensor):
        raise ShapeError(
            f"the pictures are a {type(pictures).__qualname__}; expected a torch.Tensor of shape (N, 3, H, W)."
        )
    return pictures.to(device, torch.float32 if pictures.is_floating_point() else None)


def _parts(x: Tensor, y: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """As many pairs at once as may have their features held."""
    count = max(1, _HELD_PIXELS // x[0, 0].numel())
    yield from zip(torch.split(x, count), torch.split(y, count), strict=True)
