"""What people said of pictures: the data sets that metrics are checked against and learn from."""

from beholder.data.judged.examining import Examination, examine
from beholder.data.judged.findings import Findings, Problem
from beholder.data.judged.forms import FORMS, Form, open_judgements
from beholder.data.judged.packing import write_judgements
from beholder.data.judged.rows import JndPair, PictureFile, RatedPair, Row, Triplet
from beholder.data.judged.sets import JudgementSet
from beholder.data.judged.unpacking import unpack_judgements

__all__ = [
    "FORMS",
    "Examination",
    "Findings",
    "Form",
    "JndPair",
    "JudgementSet",
    "PictureFile",
    "Problem",
    "RatedPair",
    "Row",
    "Triplet",
    "examine",
    "open_judgements",
    "unpack_judgements",
    "write_judgements",
]
