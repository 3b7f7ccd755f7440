"""Trials whose answer is known: made of stimuli that are judged."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from beholder.study.stimuli.found import FoundStimulus, Noisy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from beholder.study.design import Design, Kind
    from beholder.study.stimuli.found import Pixels

__all__ = ["add_known", "add_noise"]

_POOL = 4  # catch trials made for each that a session has, so that sessions differ
_LOOKED_AT = 4  # stimuli for each that is taken because its difference is plain
_DEVIATION = 80  # levels of 255


def add_known(
    judged: Sequence[FoundStimulus], design: Design, decode: Callable[[Path], Pixels]
) -> list[FoundStimulus]:
    """Make catch and training trials.

    In 2AFC the reference itself is closer than a candidate (identical), and a candidate closer than the other one with heavy
    noise, whichever it is. In JND equal pictures are the same, and one with heavy noise differs; in training, pairs that
    are judged differ, too. In ranking a result beats itself with heavy noise, and where there are references, those beat
    results. Where no noise helps, stimuli are taken whose pictures differ most of four times as many that are drawn.

    Args:
        judged: What is judged.
        design: Says how many a session has.
        decode: Reads a picture.

    Returns:
        Four times as many catch trials as a session has, and training trials, none twice, fewer where stimuli are few.
    """
    draw = np.random.default_rng([design.seed, 1])
    catch, known = design.catch, []
    wanted = [
        ("catch", "identical", _POOL * catch.identical),
        ("catch", "noise", _POOL * catch.noise),
        *_training(design),
    ]
    for purpose, how, count in wanted:
        order = draw.permutation(len(judged))
        made = [
            _make(judged[place], design.kind, how, int(draw.integers(2)), int(draw.integers(2**31)))
            for place in order[: _LOOKED_AT * count]
        ]
        if not all(_is_plain(each) for each in made):
            made.sort(key=lambda each: -_difference(each, decode))
        known += [
            dataclasses.replace(each, name=f"{purpose}/{how}/{each.name}", purpose=purpose)
            for each in made[:count]
        ]
    return known


def _is_plain(made: FoundStimulus) -> bool:
    """Whether the answer is plain whatever the stimulus: by noise, or since there is no difference."""
    return made.expected == "same" or any(isinstance(source, Noisy) for source in made.sources.values())


def _difference(made: FoundStimulus, decode: Callable[[Path], Pixels]) -> float:
    """Mean absolute difference, in levels; 0 where sizes differ, which is refused later."""
    p0, p1 = (decode(_path(source)).astype(np.float64) for source in (made.p0, made.p1))
    return float(np.abs(p0 - p1).mean()) if p0.shape == p1.shape else 0.0


def add_noise(pixels: Pixels, seed: int) -> Pixels:
    """Add white Gaussian noise with a standard deviation of 80 levels, heavy enough for anybody."""
    noise = np.random.default_rng(seed).normal(0, _DEVIATION, pixels.shape)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def _training(design: Design) -> list[tuple[str, str, int]]:
    """How many of which; JND as BAPPS had them: of ten, four the same, one obvious, five different."""
    count = design.training.trials
    if design.kind == "jnd":
        same, obvious = round(0.4 * count), round(0.1 * count)
        return [
            ("training", "identical", same),
            ("training", "noise", obvious),
            ("training", "different", count - same - obvious),
        ]
    return [("training", "identical", count // 2), ("training", "noise", count - count // 2)]


def _make(of: FoundStimulus, kind: Kind, how: str, side: int, seed: int) -> FoundStimulus:
    if kind == "jnd":
        return _make_pair(of, how, seed)
    better, worse = ("p0", "p1") if side == 0 else ("p1", "p0")
    pictures = {"p0": of.p0, "p1": of.p1}
    if how == "identical" and of.reference is not None:
        pictures[better] = of.reference
    else:
        pictures[worse] = Noisy(_path(pictures[better]), seed)
    return dataclasses.replace(
        of, p0=pictures["p0"], p1=pictures["p1"], condition0=None, condition1=None, expected=better
    )


def _make_pair(of: FoundStimulus, how: str, seed: int) -> FoundStimulus:
    match how:
        case "identical":
            p1, expected = of.p0, "same"
        case "noise":
            p1, expected = Noisy(_path(of.p0), seed), "different"
        case _:
            p1, expected = of.p1, "different"
    return dataclasses.replace(of, p1=p1, condition1=None, strength=None, expected=expected)


def _path(source: Path | Noisy) -> Path:
    return source.path if isinstance(source, Noisy) else source
