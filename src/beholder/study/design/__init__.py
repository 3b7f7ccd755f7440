"""What a study asks, of whom, and how often: ``design.yaml``."""

from beholder.study.design.design import (
    Breaks,
    CatchTrials,
    Consent,
    Design,
    Kind,
    Language,
    Presentation,
    Sampling,
    Screening,
    SessionPlan,
    Sources,
    Training,
    read_design,
)

__all__ = [
    "Breaks",
    "CatchTrials",
    "Consent",
    "Design",
    "Kind",
    "Language",
    "Presentation",
    "Sampling",
    "Screening",
    "SessionPlan",
    "Sources",
    "Training",
    "read_design",
]
