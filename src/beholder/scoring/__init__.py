"""Pairs of pictures in, a table of scores out."""

from beholder.scoring.calls import score, score_iter, score_table
from beholder.scoring.pairs import ScoredPair, as_text
from beholder.scoring.scorer import Scorer
from beholder.scoring.settings import RESIZE_RULES, ResizeRule, Settings
from beholder.scoring.table import ScoreTable, StoredScores

__all__ = [
    "RESIZE_RULES",
    "ResizeRule",
    "ScoreTable",
    "ScoredPair",
    "Scorer",
    "Settings",
    "StoredScores",
    "as_text",
    "score",
    "score_iter",
    "score_table",
]
