"""What observers said: read, screened, analysed, exported."""

from beholder.study.results.analysis import Analysis, Curve, analyse
from beholder.study.results.answers import read_answers

__all__ = ["Analysis", "Curve", "analyse", "read_answers"]
