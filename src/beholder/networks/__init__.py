"""Networks that restore pictures, and networks that judge restored ones: one per file."""

from beholder.networks.cost import count_flops, count_parameters
from beholder.networks.discriminator import Discriminator
from beholder.networks.restoration import RestorationNetwork

__all__ = ["Discriminator", "RestorationNetwork", "count_flops", "count_parameters"]
