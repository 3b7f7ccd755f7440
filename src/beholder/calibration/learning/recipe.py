"""What learning a metric is made of, as typed settings."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- pydantic reads annotations as the program runs
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, ValidationInfo, field_validator, model_validator

from beholder.backbones.stages import find_stages
from beholder.settings import Settings
from beholder.training.catalogued import there_is
from beholder.training.recipe import Optimiser

__all__ = ["Judgements", "MetricRecipe", "Validation"]

Share = Annotated[float, Field(ge=0, lt=1)]


class Judgements(Settings):
    """Triplets that people judged.

    Attributes:
        train: A set of triplets, as `beholder.data.judged.open_judgements` takes it.
        validation: Another, for validation. By default some references of the training set, which are then not
            trained on.
        held_out: The share of the references that validation takes from the training set, where it has none of its own.
        workers: Processes that decode pictures; 0 decodes between the steps.
    """

    train: Path
    validation: Path | None = None
    held_out: Annotated[float, Field(gt=0, lt=1)] = 0.1
    workers: Annotated[int, Field(ge=0)] = 1


class Validation(Settings):
    """What tells how good the metric is.

    Attributes:
        every: Passes over the triplets from one validation to the next.
        select: ``"agreement"`` keeps the metric with the highest 2AFC score, ``"cross_entropy"`` that with which the
            ranking network foretells preferences best, ``"last"`` the last.
        triplets: How many of them, at most, are looked at.
        patience: Stop after so many validations without a better one; 0 never stops early.
    """

    every: PositiveInt = 1
    select: Literal["agreement", "cross_entropy", "last"] = "agreement"
    triplets: PositiveInt = 5000
    patience: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _the_last_waits_for_nothing(self) -> Self:
        if self.select == "last" and self.patience:
            raise ValueError("the last metric is always the best by select: last; expected no patience")
        return self


class MetricRecipe(Settings):
    """A metric's learning, whole: with it and the judgements, the metric can be learned again.

    The defaults are those of the authors of LPIPS.

    Attributes:
        title: What comes out of it, in a line.
        kind: ``"lin"`` learns a weight for each channel of a network that stays as it is; ``"tune"`` moves the pretrained
            network, too; ``"scratch"`` begins with one of random weights.
        backbone: A network, as `beholder.backbones.Backbone` takes it.
        layers: Its layers; by default those of `beholder.backbones.stages.find_stages`.
        weights: A file to take the network's weights from; by default the cache.
        data: What people judged.
        epochs: Passes over the triplets at the full rate.
        decay: Passes in which the rate falls to 0 in a line.
        batch: Triplets in a step, over all processes.
        dropout: The share of the squared differences that is left out in training, at each place and channel.
        optimiser: How the weights are moved.
        network_rate: The rate of the network's own weights, in parts of the others'.
        precision: ``"bfloat16"`` computes networks in it, weights stay in float32.
        validation: What tells how good the metric is.
        checkpoint: Steps from one checkpoint to the next.
        seed: Of weights, order, and whatever else is drawn.

    References:
        Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018,
        arXiv:1801.03924.
    """

    title: str
    kind: Literal["lin", "tune", "scratch"]
    backbone: Annotated[str, there_is(find_stages)] = "alexnet"
    layers: tuple[str, ...] = ()
    weights: Path | None = None
    data: Judgements
    epochs: PositiveInt = 5
    decay: Annotated[int, Field(ge=0)] = 5
    batch: PositiveInt = 50
    dropout: Share = 0.5
    optimiser: Optimiser = Optimiser(rate=1e-4, betas=(0.5, 0.999), clip=0)
    network_rate: Annotated[float, Field(gt=0)] = 1.0
    precision: Literal["float32", "bfloat16"] = "float32"
    validation: Validation = Validation()
    checkpoint: PositiveInt = 500
    seed: Annotated[int, Field(ge=0)] = 0

    @field_validator("weights")
    @classmethod
    def _scratch_has_no_weights(cls, weights: Path | None, info: ValidationInfo) -> Path | None:
        if weights is not None and info.data.get("kind") == "scratch":
            raise ValueError("scratch begins with random weights; leave them out, or learn by tune")
        return weights
