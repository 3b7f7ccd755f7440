"""The distortions of Zhang et al. 2018 (BAPPS): singles, compositions, and patches for people to judge."""

from beholder.data.distortions.bapps_folder import triplet_folder, write_triplets
from beholder.data.distortions.compositions import COMPOSITIONS, Composition, read_composition
from beholder.data.distortions.distortion import Distortion
from beholder.data.distortions.levels import LevelPlan, Levels, read_strengths
from beholder.data.distortions.levels_folder import not_farther, write_levels
from beholder.data.distortions.registry import DISTORTIONS, find_distortion
from beholder.data.distortions.scheme import Choice, Scheme
from beholder.data.distortions.schemes import SCHEMES, create_scheme
from beholder.data.distortions.traditional import Traditional
from beholder.data.distortions.triplets import TripletPlan, Triplets

__all__ = [
    "COMPOSITIONS",
    "DISTORTIONS",
    "SCHEMES",
    "Choice",
    "Composition",
    "Distortion",
    "LevelPlan",
    "Levels",
    "Scheme",
    "Traditional",
    "TripletPlan",
    "Triplets",
    "create_scheme",
    "find_distortion",
    "not_farther",
    "read_composition",
    "read_strengths",
    "triplet_folder",
    "write_levels",
    "write_triplets",
]
