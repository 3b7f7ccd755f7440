"""What a sweep varies: settings of a recipe, each over a range or a few values."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from scipy.stats import qmc

from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optuna.trial import Trial

__all__ = ["Choice", "Span", "parse_span", "read_value", "spread"]


@dataclasses.dataclass(frozen=True)
class Span:
    """A range of numbers.

    Attributes:
        low: Where it begins.
        high: Where it ends; both ends are tried.
        is_log: Whether equal ratios count alike, in place of equal differences.
    """

    low: float
    high: float
    is_log: bool

    @property
    def examples(self) -> tuple[str, ...]:
        """Values that must be possible for all to be."""
        return _as_text(self.low), _as_text(self.high)

    def suggest(self, trial: Trial, key: str, *, whole: bool) -> str:
        """A value to try, as YAML.

        Args:
            trial: What asks for it.
            key: The setting.
            whole: Whether it must be a whole number.
        """
        if whole:
            return str(trial.suggest_int(key, math.ceil(self.low), math.floor(self.high), log=self.is_log))
        drawn = trial.suggest_float(key, self.low, self.high, log=self.is_log)
        # Four digits are more than a weight can be told apart by, and can be read.
        return _as_text(min(max(float(f"{drawn:.4g}"), self.low), self.high))

    def at(self, share: float, *, whole: bool) -> float:
        """The value at a share of the way from low to high, from 0 to 1."""
        low, high = (math.log(self.low), math.log(self.high)) if self.is_log else (self.low, self.high)
        value = low + share * (high - low)
        value = min(max(math.exp(value) if self.is_log else value, self.low), self.high)
        return round(value) if whole else value


@dataclasses.dataclass(frozen=True)
class Choice:
    """A few values.

    Attributes:
        values: Each as YAML.
    """

    values: tuple[str, ...]

    @property
    def examples(self) -> tuple[str, ...]:
        """Values that must be possible for all to be."""
        return self.values

    def suggest(self, trial: Trial, key: str, *, whole: bool) -> str:  # noqa: ARG002 -- as of a Span
        """A value to try, as YAML."""
        chosen: str = trial.suggest_categorical(key, self.values)
        return chosen

    def at(self, share: float, *, whole: bool) -> str:  # noqa: ARG002 -- as of a Span
        """The value at a share of the way from the first to the last, from 0 to below 1."""
        return self.values[int(share * len(self.values))]


def spread(
    space: Mapping[str, Span | Choice], whole: Mapping[str, bool], count: int, seed: int
) -> list[dict[str, Any]]:
    """Values that cover a space evenly, by a scrambled Halton sequence: the first of many are those of few.

    Args:
        space: Setting -> what it is varied over.
        whole: Setting -> whether it takes whole numbers only.
        count: How many.
        seed: Of the scrambling.
    """
    shares = qmc.Halton(len(space), rng=seed).random(count)
    return [
        {key: span.at(share, whole=whole[key]) for (key, span), share in zip(space.items(), row, strict=True)}
        for row in shares
    ]


def parse_span(key: str, text: str) -> Span | Choice:
    """What a setting is varied over.

    Args:
        key: The setting.
        text: ``"0:20"``, ``"1e-4:1e-2:log"``, or values with bars between: ``"l1|l2|charbonnier"``.

    Raises:
        UsageError: If it is none of these.
    """
    told = f"--over {key}={text}"
    if "|" in text:
        values = tuple(value.strip() for value in text.split("|"))
        if not all(values) or len(set(values)) < len(values):
            raise UsageError(f"{told}: expected values that differ, with bars between, as in l1|charbonnier.")
        return Choice(values)
    low, *rest = text.split(":")
    try:
        ends = (float(low), float(rest[0]))
    except (ValueError, IndexError):
        raise UsageError(
            f"{told}: expected a range, as in 0:20 or 1e-4:1e-2:log, or values with bars between, as in l1|charbonnier."
        ) from None
    return _span(told, ends, rest[1:])


def _span(told: str, ends: tuple[float, float], rest: list[str]) -> Span:
    low, high = ends
    if rest not in ([], ["log"]):
        raise UsageError(f"{told}: found {':'.join(rest)!r} behind the range; expected log, or nothing.")
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise UsageError(f"{told}: expected a range that runs upwards; found {low:g} to {high:g}.")
    if rest and low <= 0:
        raise UsageError(f"{told}: a logarithmic range cannot begin at {low:g}; expected more than 0.")
    return Span(low, high, bool(rest))


def _as_text(value: float) -> str:
    """A number as YAML reads it back as one: it takes ``1e-05`` for text, ``1.0e-05`` not."""
    text = repr(float(value))
    mantissa, exponent, power = text.partition("e")
    return f"{mantissa if '.' in mantissa else f'{mantissa}.0'}e{power}" if exponent else text


def read_value(settings: Any, key: str) -> Any:
    """The value of a setting, by its name with dots; ``None`` where it stands nowhere."""
    place = settings
    for part in key.split("."):
        place = place.get(part) if isinstance(place, dict) else getattr(place, part, None)
    return place
