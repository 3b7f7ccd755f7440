"""Pairs of pictures in, a table of scores out."""

from beholder.scoring.scorer import ScoredPair, Scorer, as_text, score
from beholder.scoring.settings import RESIZE_RULES, ResizeRule, Settings
from beholder.scoring.table import ScoreTable

__all__ = ["RESIZE_RULES", "ResizeRule", "ScoreTable", "ScoredPair", "Scorer", "Settings", "as_text", "score"]
