"""What the machine and the installation offer, and whether they work; what is damaged does not stop the telling."""

from beholder.machine.examination import Examination, examine
from beholder.machine.findings import Finding, Section

__all__ = ["Examination", "Finding", "Section", "examine"]
