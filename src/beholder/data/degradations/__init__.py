"""Ways in which cameras, codecs and networks spoil a picture."""

from beholder.data.degradations.degradation import Degradation
from beholder.data.degradations.distortions import add_noise, blur, compress_jpeg, shrink_and_enlarge
from beholder.data.degradations.grey import Grey
from beholder.data.degradations.in_order import InOrder
from beholder.data.degradations.jpeg import Jpeg
from beholder.data.degradations.noise import Noise
from beholder.data.degradations.shrink import Shrink
from beholder.data.degradations.untouched import Untouched

__all__ = [
    "Degradation",
    "Grey",
    "InOrder",
    "Jpeg",
    "Noise",
    "Shrink",
    "Untouched",
    "add_noise",
    "blur",
    "compress_jpeg",
    "shrink_and_enlarge",
]
