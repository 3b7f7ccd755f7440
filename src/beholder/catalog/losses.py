"""What can be minimised, by name: explicit, and loaded only when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beholder.catalog.metrics import METRICS, describe_metric, name_of_file
from beholder.catalog.requests import Entry, Shelf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beholder.spec import Loss

__all__ = ["LOSSES", "check_loss", "create_loss", "list_loss_weights"]

LOSSES: Mapping[str, Entry] = {
    "l1": Entry("beholder.losses.pixel:PixelLoss", {"penalty": "l1"}),
    "l2": Entry("beholder.losses.pixel:PixelLoss", {"penalty": "l2"}),
    "charbonnier": Entry("beholder.losses.pixel:PixelLoss", {"penalty": "charbonnier"}),
    "huber": Entry("beholder.losses.pixel:PixelLoss", {"penalty": "huber"}),
    "content": Entry("beholder.losses.content:ContentLoss"),
    "gram": Entry("beholder.losses.gram:GramLoss"),
    "nearest_patch": Entry("beholder.losses.nearest_patch:NearestPatchLoss"),
    "contextual": Entry("beholder.losses.contextual_loss:ContextualLoss"),
    "adversarial": Entry("beholder.losses.adversarial:AdversarialLoss"),
    "cycle": Entry("beholder.losses.cycle:CycleLoss"),
    "shrunk": Entry("beholder.losses.shrunk:ShrunkLoss"),
    "identity": Entry("beholder.losses.identity:IdentityLoss"),
    "total_variation": Entry("beholder.losses.total_variation:TotalVariation"),
    "edges": Entry("beholder.losses.edges:EdgeLoss"),
    "frequency": Entry("beholder.losses.frequency:FrequencyLoss"),
    "histogram": Entry("beholder.losses.histogram:HistogramLoss"),
    "landmarks": Entry("beholder.losses.landmarks:LandmarkLoss"),
}

_SHELF = Shelf("loss", {**METRICS, **LOSSES}, name_of_file)


def create_loss(request: str, **options: Any) -> Loss:
    """Build a loss by its catalogue name; a differentiable metric's name makes a loss of the metric.

    Where a loss and a metric share a name (``"content"``), it is the loss, which has more options.

    Args:
        request: A name (``"l1"``), or a name with options (``"content:layers=relu2_2"``, ``"ssim:channel=rgb"``).
        **options: The loss's own options, as its class documents them: also what no text can name, such as
            ``create_loss("adversarial", discriminator=network)``.

    Returns:
        A loss: ``loss(x, y)`` gives a scalar for pictures of shape (N, 3, H, W) in [0, 1].

    Raises:
        UsageError: If the name or an option is unknown, or an option is given twice.
        WeightsError: If the loss needs weights that are not in the cache.
    """
    name, loss_class, arguments = _SHELF.resolve(request, options)
    if name not in LOSSES:
        return Entry("beholder.losses.from_metric:AsLoss").load()(request, **options)  # type: ignore[no-any-return]
    loss: Loss = loss_class(**arguments)
    return loss


def check_loss(request: str) -> None:
    """Refuse a request that names no loss, without building one.

    Args:
        request: As `create_loss` takes it, where there are no further options.

    Raises:
        UsageError: If the name or an option is unknown, an option is missing, or it names layers that are not there.
    """
    _SHELF.resolve(request, {})
    list_loss_weights(request)


def list_loss_weights(request: str) -> tuple[str, ...]:
    """The weight cards that a loss needs, without building it or loading them.

    Args:
        request: As `create_loss` takes it.

    Raises:
        UsageError: If the name is unknown, or an option is impossible.
    """
    name, requested = _SHELF.parse(request)
    if name not in LOSSES:
        return describe_metric(request).weights
    options = LOSSES[name].list_options() | requested
    if options.keys() >= {"backbone", "layers", "weights"}:
        from beholder.backbones.choice import choose  # loads torch

        return choose(options["backbone"], options["layers"], options["weights"]).cards
    if "detector" in options:
        return ("face_landmarks_68",) if options["detector"] is None else ()
    return ()
