"""What training minimises: losses, and sums of them that are weighed and balanced."""

from beholder.losses.contextual_loss import contextual
from beholder.losses.from_metric import AsLoss
from beholder.losses.picture_loss import PictureLoss
from beholder.losses.weighted import WeightedSum

__all__ = ["AsLoss", "PictureLoss", "WeightedSum", "contextual"]
