"""Simulated observers, who go the whole way through a served study as people's browsers do."""

from beholder.study.rehearsal.browser import Browser, LostError, TurnedAwayError
from beholder.study.rehearsal.copying import copy_study
from beholder.study.rehearsal.crowd import send_crowd
from beholder.study.rehearsal.minds import HABITS, Habit, Mind, draw_habits
from beholder.study.rehearsal.run import Rehearsed, rehearse_study
from beholder.study.rehearsal.visitor import Answer, Shown, Visitor
from beholder.study.rehearsal.world import Curve, World

__all__ = [
    "HABITS",
    "Answer",
    "Browser",
    "Curve",
    "Habit",
    "LostError",
    "Mind",
    "Rehearsed",
    "Shown",
    "TurnedAwayError",
    "Visitor",
    "World",
    "copy_study",
    "draw_habits",
    "rehearse_study",
    "send_crowd",
]
