"""Metrics and people: how well scores agree with judgements."""

from beholder.calibration.agreement import Agreement, agree
from beholder.calibration.measured import MeasuredSet
from beholder.calibration.measuring import measure
from beholder.calibration.tables import read_measured, write_measured

__all__ = ["Agreement", "MeasuredSet", "agree", "measure", "read_measured", "write_measured"]
