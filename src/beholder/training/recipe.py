"""What a training run is made of, as typed settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationInfo,
    field_validator,
    model_validator,
)

from beholder.catalog import (
    check_loss,
    create_degradation,
    create_discriminator,
    create_network,
    describe_metric,
)
from beholder.settings import Settings
from beholder.spec import UsageError
from beholder.training.catalogued import there_is
from beholder.training.shipped import find_model

__all__ = ["Adversary", "Cycle", "Data", "LossMix", "Optimiser", "Recipe", "Schedule", "Validation"]

Share = Annotated[float, Field(ge=0, le=1)]


def _find_comparing(metric: str) -> None:
    if not describe_metric(metric).needs_reference:
        raise UsageError(f"{metric} judges a picture alone; expected metrics that compare with a reference")


LossRequest = Annotated[str, there_is(check_loss)]
MetricRequest = Annotated[str, there_is(_find_comparing)]


class Data(Settings):
    """Pictures, and what is done to them.

    Attributes:
        train: Folder or archive of undistorted pictures.
        validation: Another, for validation. By default every tenth of the training pictures, which are then not
            trained on.
        degradation: What makes the network's input of a clean picture, as `beholder.catalog.create_degradation` takes
            it.
        patch: Height and width of the target patches, in pixels.
        offset: The target patch lies up to so many pixels off, down, up, left or right, drawn for each pair.
            Validation is aligned.
        unpaired: The target patch is any patch of any picture. Validation is paired.
        workers: Processes that prepare patches; 0 prepares them between the steps.
    """

    train: Path
    validation: Path | None = None
    degradation: Annotated[str, there_is(create_degradation)]
    patch: PositiveInt = 96
    offset: Annotated[int, Field(ge=0)] = 0
    unpaired: bool = False
    workers: Annotated[int, Field(ge=0)] = 1

    @field_validator("unpaired")
    @classmethod
    def _unpaired_have_no_offset(cls, unpaired: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 -- pydantic's
        if unpaired and info.data.get("offset"):
            raise ValueError("patches that lie anywhere have no data.offset; give one or the other")
        return unpaired


class LossMix(Settings):
    """What is minimised, as `beholder.losses.WeightedSum` takes it.

    Attributes:
        terms: Name -> request of a loss. There may be none beside an adversary.
        weights: What each term weighs; 1 where none is given.
        balance: How the terms are balanced.
        against: Term -> picture that it compares with, in place of the target: a style.
    """

    terms: dict[str, LossRequest]
    weights: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    balance: Literal["fixed", "equalise", "gradient", "uncertainty"] = "fixed"
    against: dict[str, Path] = Field(default_factory=dict)

    @field_validator("weights")
    @classmethod
    def _weights_name_terms(cls, weights: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        terms = info.data.get("terms") or weights  # that there are none is told elsewhere
        if foreign := [name for name in weights if name not in (*terms, "adversary")]:
            raise ValueError(f"there is no term {', '.join(foreign)}; the terms are {', '.join(terms)}")
        return weights

    @field_validator("against")
    @classmethod
    def _against_names_terms(cls, against: dict[str, Path], info: ValidationInfo) -> dict[str, Path]:
        terms = info.data.get("terms", against)
        if foreign := [name for name in against if name not in terms]:
            raise ValueError(f"there is no term {', '.join(foreign)}; the terms are {', '.join(terms)}")
        return against


class Adversary(Settings):
    """A discriminator that is trained along, and adds the term ``adversary`` to the loss.

    Attributes:
        discriminator: As `beholder.catalog.create_discriminator` takes it.
        kind: Its loss, see `beholder.losses.adversarial`.
        weight: What the term weighs.
    """

    discriminator: Annotated[str, there_is(create_discriminator)]
    kind: Literal["vanilla", "least_squares", "hinge", "wasserstein", "relativistic"] = "vanilla"
    weight: Annotated[float, Field(ge=0)] = 1e-3


class Cycle(Settings):
    """A second network, which goes back, with a discriminator of its own: training without pairs, as CycleGAN.

    Both are of the kind of the first ones. What goes there and back, from either side, must come out as it was.

    Attributes:
        weight: What the difference from that weighs.
        identity: What it weighs that each network leave alone what is as it should be already.
    """

    weight: Annotated[float, Field(ge=0)] = 10.0
    identity: Annotated[float, Field(ge=0)] = 5.0


class Optimiser(Settings):
    """Adam, with decoupled weight decay where there is any.

    Attributes:
        rate: The learning rate.
        betas: Decay of the running means of the gradient and of its square.
        weight_decay: As in AdamW.
        clip: Largest norm of the gradient; larger ones are scaled down to it. 0 leaves them.
    """

    rate: PositiveFloat = 1e-3
    betas: tuple[Share, Share] = (0.9, 0.999)
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    clip: Annotated[float, Field(ge=0)] = 1.0


class Schedule(Settings):
    """How the learning rate goes.

    Attributes:
        kind: ``"cosine"``, down to ``floor``; ``"step"``, times ``factor`` at each of ``milestones``; ``"constant"``.
        warmup: Steps in which the rate rises from 0.
        floor: Where the cosine ends, in parts of the rate.
        milestones: Steps at which the rate falls.
        factor: By what it falls.
    """

    kind: Literal["cosine", "step", "constant"] = "cosine"
    warmup: Annotated[int, Field(ge=0)] = 0
    floor: Share = 0.01
    milestones: tuple[PositiveInt, ...] = ()
    factor: Share = 0.1


class Validation(Settings):
    """What tells how good the network is.

    Attributes:
        every: Steps from one validation to the next.
        metrics: Requests of metrics, as `beholder.catalog.create_metric` takes them.
        select: The one of them by which the best network is kept; ``"last"`` keeps the last, where none of them tells
            what is wanted.
        pictures: How many pictures, at most, are looked at.
        shown: How many of them are drawn in the grid.
        patience: Stop after so many validations without a better one; 0 never stops early.
    """

    every: PositiveInt = 1000
    metrics: Annotated[tuple[MetricRequest, ...], Field(min_length=1)] = ("psnr", "ssim", "lpips_alex")
    select: str = "psnr"
    pictures: PositiveInt = 20
    shown: Annotated[int, Field(ge=0)] = 4
    patience: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _select_is_measured(self) -> Validation:
        if self.select not in (*self.metrics, "last"):
            raise ValueError(
                f"select is {self.select!r}; expected one of metrics, or last: {', '.join(self.metrics)}"
            )
        if self.select == "last" and self.patience:
            raise ValueError("the last network is always the best by select: last; expected no patience")
        return self


class Recipe(Settings):
    """A training run, whole: with it and the pictures, the network can be trained again.

    Attributes:
        title: What comes out of it, in a line.
        network: As `beholder.catalog.create_network` takes it.
        start_from: A model whose weights training begins with: a file, or the name of one that comes with Beholder.
        data: Pictures, and what is done to them.
        loss: What is minimised.
        adversary: A discriminator that is trained along.
        cycle: A second network that goes back, for training without pairs.
        steps: Steps of the optimiser.
        batch: Pairs of patches in a step, over all processes.
        optimiser: How the weights are moved.
        schedule: How the learning rate goes.
        average: Decay of the running mean of the weights, which is what is kept as the model; 0 keeps the weights.
        precision: ``"bfloat16"`` computes networks in it, weights stay in float32.
        validation: What tells how good the network is.
        checkpoint: Steps from one checkpoint to the next.
        seed: Of weights, patches and whatever else is drawn.
    """

    title: str
    network: Annotated[str, there_is(create_network)]
    start_from: Annotated[str, there_is(find_model)] | None = None
    data: Data
    loss: LossMix
    adversary: Annotated[Adversary | None, Field(validate_default=True)] = None
    cycle: Cycle | None = None
    steps: PositiveInt
    batch: PositiveInt = 16
    optimiser: Optimiser = Optimiser()
    schedule: Schedule = Schedule()
    average: Annotated[float, Field(ge=0, lt=1)] = 0.999
    precision: Literal["float32", "bfloat16"] = "float32"
    validation: Validation = Validation()
    checkpoint: PositiveInt = 500
    seed: Annotated[int, Field(ge=0)] = 0

    def from_anywhere(self) -> Self:
        """The same with absolute paths."""
        start = self.start_from
        if start is not None and Path(start).is_file():
            start = str(Path(start).absolute())
        return super().from_anywhere().model_copy(update={"start_from": start})

    @field_validator("adversary")
    @classmethod
    def _something_is_minimised(cls, adversary: Adversary | None, info: ValidationInfo) -> Adversary | None:
        loss = info.data.get("loss")
        if adversary is None and loss is not None and not loss.terms:
            raise ValueError("loss.terms are empty; expected at least one, or an adversary")
        return adversary

    @field_validator("cycle")
    @classmethod
    def _a_cycle_has_an_adversary(cls, cycle: Cycle | None, info: ValidationInfo) -> Cycle | None:
        if cycle is not None and info.data.get("adversary") is None:
            raise ValueError(
                "a cycle alone is content with two networks that do nothing; expected an adversary"
            )
        return cycle
