"""Metrics and people: how well scores agree with judgements, and what is learned from these."""

from beholder.calibration.agreement import Agreement, agree
from beholder.calibration.combining import Combination, combine
from beholder.calibration.measured import MeasuredSet
from beholder.calibration.measuring import measure
from beholder.calibration.preference import fit_preference, read_preference, save_preference
from beholder.calibration.tables import read_measured, write_measured

__all__ = [
    "Agreement",
    "Combination",
    "MeasuredSet",
    "agree",
    "combine",
    "fit_preference",
    "measure",
    "read_measured",
    "read_preference",
    "save_preference",
    "write_measured",
]
