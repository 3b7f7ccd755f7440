"""What is true in a rehearsal: how likely each answer is about each stimulus."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from scipy.special import ndtr
from sqlalchemy import select

from beholder.judgements import psychometric
from beholder.study.models import Stimulus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from beholder.study.database import Database
    from beholder.study.folder import StudyFolder

__all__ = ["Curve", "World"]

_WEBER = 0.5  # deviation of the difference between two distances, as a share of their mean
_FALSE_ALARMS = 0.05
_LAPSES = 0.02
_TIES = 0.3  # chance of "no difference" where both answers are equally likely
_INNER = (0.25, 0.75)  # of the strengths' range, where thresholds lie
_STEEPNESS = (8.0, 16.0)  # slopes times the strengths' range
_LOOKED_AT = 200  # pairs whose median distance is the threshold where strengths are not known


@dataclasses.dataclass(frozen=True, kw_only=True)
class Curve:
    """A psychometric function, of the logistic form of `beholder.judgements.psychometric`."""

    threshold: float
    slope: float
    guess: float = _FALSE_ALARMS
    lapse: float = _LAPSES

    def chance(self, strength: float) -> float:
        """Chance of "different" at a strength."""
        return float(psychometric(strength, self.threshold, self.slope, guess=self.guess, lapse=self.lapse))


class World:
    """How likely careful observers' answers are.

    - Of `levels`: "different" by a psychometric function for each reference; threshold and slope are drawn.
    - Of other JND: by a psychometric function of the root-mean-square difference, in levels of 255, whose threshold is its
      median over (at most 200 of) the pairs.
    - 2AFC: the candidate whose root-mean-square distance to the reference is smaller, with a chance by the normal distribution of the
      difference, whose deviation is half the mean of both.
    - Ranking: a scale value for each condition is drawn, normal with deviation 1, and the chance is that of Bradley and Terry.

    Equal pictures are called different by a false alarm (0.05); other known trials are answered rightly but for lapses (0.02),
    and so is what is plain. Where ties are allowed, 0.3 of answers that could as well be otherwise are ties.

    Args:
        folder: The study; its pictures are looked at.
        database: Its stimuli.
        seed: Of what is drawn.
    """

    def __init__(self, folder: StudyFolder, database: Database, seed: int) -> None:
        design = folder.design
        self.kind, self.ties = design.kind, design.ties
        self._folder = folder
        with database.reading() as transaction:
            rows = transaction.scalars(select(Stimulus).order_by(Stimulus.id)).all()
        judged = [row for row in rows if row.purpose == "judged"]
        # What is judged and also known is looked at as what is judged: later keys win.
        self._rows = {_key(row.reference, row.p0, row.p1): row for row in (*rows, *judged)}
        self._distance = functools.lru_cache(maxsize=100_000)(self._measure)
        self._pixels = functools.lru_cache(maxsize=64)(self._read)
        draw = np.random.default_rng([seed, 1])
        self.curves: dict[str, Curve] = {}
        self.values: dict[str, float] = {}
        if self.kind == "jnd":
            self.curves = self._draw_curves(judged, draw)
        if self.kind == "ranking":
            names = sorted({name for row in judged for name in (row.condition0, row.condition1) if name})
            drawn = draw.normal(size=len(names))
            self.values = dict(zip(names, (drawn - drawn.mean()).tolist(), strict=True))

    def chance(self, pictures: Mapping[str, str]) -> float:
        """Chance that a careful observer says "different", or, of two pictures, "left".

        Args:
            pictures: Digests by ``reference``, ``0`` and ``1``.
        """
        left, right = pictures["0"], pictures["1"]
        row = self._rows[_key(pictures.get("reference"), left, right)]
        if self.kind == "jnd":
            return self._sees_difference(row)
        if row.expected is not None and row.purpose != "judged":
            return 1 - _LAPSES if (row.expected == "p0") == (row.p0 == left) else _LAPSES
        if self.kind == "ranking":
            lead = self.values[row.condition0 or ""] - self.values[row.condition1 or ""]
            chance = 1 / (1 + np.exp(-lead))
        else:
            distances = [self._distance(row.reference or "", each) for each in (row.p0, row.p1)]
            mean = sum(distances) / 2
            chance = ndtr((distances[1] - distances[0]) / (_WEBER * mean)) if mean else 0.5
        chance = _LAPSES / 2 + (1 - _LAPSES) * float(chance)
        return chance if row.p0 == left else 1 - chance

    def tie(self, chance: float) -> float:
        """Chance that an observer says that there is no difference, if that may be said."""
        return _TIES * 4 * chance * (1 - chance) if self.ties else 0.0

    def told(self) -> dict[str, Any]:
        """All of it, as JSON holds it."""
        told: dict[str, Any] = {"kind": self.kind, "lapses": _LAPSES}
        if self.kind == "jnd":
            unit = "strength" if "" not in self.curves else "root-mean-square difference, levels"
            return told | {
                "unit": unit,
                "thresholds": {name: dataclasses.asdict(curve) for name, curve in self.curves.items()},
            }
        return told | ({"values": self.values} if self.kind == "ranking" else {"weber": _WEBER})

    def _sees_difference(self, row: Stimulus) -> float:
        if row.p0 == row.p1:
            return _FALSE_ALARMS
        if row.purpose != "judged":
            return 1 - _LAPSES if row.expected == "different" else _FALSE_ALARMS
        if row.strength is not None:
            return self.curves[row.group].chance(row.strength)
        return self.curves[""].chance(self._distance(row.p0, row.p1))

    def _draw_curves(self, judged: Sequence[Stimulus], draw: np.random.Generator) -> dict[str, Curve]:
        strengths = {row.strength for row in judged if row.strength is not None}
        if not strengths:
            some = draw.permutation(len(judged))[:_LOOKED_AT]
            middle = float(np.median([self._distance(judged[n].p0, judged[n].p1) for n in some]))
            return {"": Curve(threshold=middle, slope=4 / max(middle, 1e-6))}
        levels = np.array(sorted(strengths))
        curves = {}
        for group in sorted({row.group for row in judged}):
            place, steepness = draw.uniform(*_INNER), draw.uniform(*_STEEPNESS)
            threshold = np.interp(place * (len(levels) - 1), np.arange(len(levels)), levels)
            curves[group] = Curve(threshold=float(threshold), slope=float(steepness / np.ptp(levels)))
        return curves

    def _measure(self, one: str, other: str) -> float:
        """Root-mean-square difference of two pictures, in levels."""
        return float(np.sqrt(np.mean((self._pixels(one) - self._pixels(other)) ** 2)))

    def _read(self, digest: str) -> NDArray[np.float64]:
        with Image.open(self._folder.picture(digest)) as picture:
            return np.asarray(picture.convert("RGB"), dtype=np.float64)


def _key(reference: str | None, one: str, other: str) -> tuple[str | None, frozenset[str]]:
    return reference, frozenset((one, other))
