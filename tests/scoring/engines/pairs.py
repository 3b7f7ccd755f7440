"""Pairs of photographs, and their scores by any engine."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from beholder.data.degradations import add_noise
from beholder.data.photos import PHOTOS
from beholder.images import Pair
from beholder.scoring import Scorer, Settings
from beholder.scoring.pairs import LoadedPair

__all__ = ["loaded", "noisy", "photographs", "scores"]


def loaded(x: Tensor, references_: list[Tensor]) -> list[LoadedPair]:
    pair = Pair(Path("y.png"), Path("x.png"))
    return [LoadedPair(index, pair, *two) for index, two in enumerate(zip(x, references_, strict=True))]


def scores(pairs: list[LoadedPair], metrics: tuple[str, ...], **settings: object) -> tuple[Tensor, Scorer]:
    scorer = Scorer(metrics, Settings(**settings))  # type: ignore[arg-type]
    rows = [pair.scores for pair in scorer.stream_loaded(pairs)]
    return torch.tensor([[row[name] for name in metrics] for row in rows], dtype=torch.float64), scorer


def photographs(count: int, height: int, width: int) -> Tensor:
    return torch.stack([photo.load()[:, :height, :width] for photo in (PHOTOS * count)[:count]])


def noisy(y: Tensor) -> Tensor:
    return torch.stack([add_noise(picture, 0.05, seed=seed) for seed, picture in enumerate(y)])
