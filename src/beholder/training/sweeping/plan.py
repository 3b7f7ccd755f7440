"""What a sweep is made of, as typed settings, and the recipe of each of its trials."""

from __future__ import annotations

import itertools
from typing import Annotated

from pydantic import Field, PositiveInt, field_validator

from beholder.catalog import describe_metric
from beholder.settings import Settings, change_settings
from beholder.spec import UsageError
from beholder.training.recipe import MetricRequest, Recipe  # noqa: TC001 -- pydantic reads them
from beholder.training.sweeping.front import Axis
from beholder.training.sweeping.space import Choice, Span, parse_span, read_value

__all__ = ["BALANCES", "Sweep", "axis_of"]

BALANCES = ("equalise", "gradient", "uncertainty")
"""What balances the terms of a sum by itself; each is a point of its own where there are terms to balance."""

_FIXED = ("validation.metrics", "validation.select", "validation.patience")


class Sweep(Settings):
    """Many runs of a recipe, which differ in a few settings, measured by two metrics.

    Attributes:
        name: What it is called in its storage.
        recipe: What all trials have in common.
        over: Setting -> what it is varied over, as `parse_span` takes it.
        objectives: Two metrics: the plane on which the trials lie. The first asks for the closest picture (PSNR), the
            second for the best-looking one (LPIPS).
        trials: How many, with those of ``points`` and of the balances.
        points: Name -> settings, KEY=VALUE, of points that are given, not searched for: weights chosen by hand.
        balances: Also try each way of balancing the terms, with the recipe's weights.
        prune: End trials early that early validations tell to be beaten.
        seed: Of what is tried. The recipe has its own.
    """

    name: str
    recipe: Recipe
    over: dict[str, str] = Field(min_length=1)
    objectives: Annotated[tuple[MetricRequest, ...], Field(min_length=2, max_length=2)]
    trials: PositiveInt = 20
    points: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    balances: bool = True
    prune: bool = True
    seed: Annotated[int, Field(ge=0)] = 0

    @field_validator("objectives")
    @classmethod
    def _measures_differ(cls, objectives: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(objectives)) < len(objectives):
            raise ValueError(f"{objectives[0]} is given twice; expected two metrics, as in psnr,lpips_alex")
        return objectives

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """The measures of the plane."""
        first, second = map(axis_of, self.objectives)
        return first, second

    @property
    def space(self) -> dict[str, Span | Choice]:
        """What is varied, and over what."""
        return {key: parse_span(key, text) for key, text in self.over.items()}

    @property
    def named(self) -> dict[str, tuple[str, ...]]:
        """Name -> settings of all points that are not searched for."""
        balances = BALANCES if self.balances and self._terms() > 1 else ()
        return {f"balance: {name}": (f"loss.balance={name}",) for name in balances} | self.points

    def is_whole(self, key: str) -> bool:
        """Whether a setting takes whole numbers only."""
        span = parse_span(key, self.over[key])
        value = read_value(self.of((f"{key}={span.examples[0]}",)), key)
        return isinstance(value, int) and not isinstance(value, bool)

    def of(self, settings: tuple[str, ...]) -> Recipe:
        """The recipe of a trial.

        Args:
            settings: In what it differs: KEY=VALUE.

        Raises:
            UsageError: If a setting is unknown or impossible.
        """
        # The last network, not the best by one of the measures: trials must be compared after the same steps.
        measured = f"validation.metrics=[{', '.join(map(_quoted, self.objectives))}]"
        fixed = (measured, "validation.select=last", "validation.patience=0")  # see _FIXED
        return change_settings(self.recipe, (*settings, *fixed))

    def recommended(self, settings: tuple[str, ...]) -> Recipe:
        """The recipe of a point, to train by: measured by the metrics that the sweep's recipe names."""
        return change_settings(self.recipe, settings)

    def check(self) -> None:
        """Try all ends of all ranges, and all points, before anything is trained.

        Raises:
            UsageError: If a setting is unknown or impossible, or there is no room for the search.
        """
        given = [*self.over, *(each.partition("=")[0] for each in itertools.chain(*self.points.values()))]
        if fixed := [key for key in given if key.startswith(_FIXED)]:
            raise UsageError(
                f"{fixed[0]}: a sweep measures its objectives with the network of the last step; leave it out."
            )
        for key, span in self.space.items():
            for example in span.examples:
                self.of((f"{key}={example}",))
        for settings in self.named.values():
            self.of(settings)
        if self.trials <= len(self.named):
            raise UsageError(
                f"{self.trials} trials leave none to search with: {len(self.named)} points are given "
                f"({', '.join(self.named)}); expected more trials."
            )

    def _terms(self) -> int:
        return len(self.recipe.loss.terms) + (self.recipe.adversary is not None)


def axis_of(metric: str) -> Axis:
    """A metric as a measure of the plane."""
    spec = describe_metric(metric)
    return Axis(metric, higher=spec.direction == "higher", unit="" if spec.unit == "1" else spec.unit)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
