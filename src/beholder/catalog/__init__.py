"""What there is, by name."""

from beholder.catalog.degradations import DEGRADATIONS, create_degradation
from beholder.catalog.losses import LOSSES, check_loss, create_loss, list_loss_weights
from beholder.catalog.metrics import (
    METRICS,
    NO_REFERENCE_METRICS,
    create_metric,
    create_no_reference_metric,
    describe_metric,
    list_options,
    parse_request,
)
from beholder.catalog.networks import DISCRIMINATORS, NETWORKS, create_discriminator, create_network
from beholder.catalog.requests import Entry, split_requests

__all__ = [
    "DEGRADATIONS",
    "DISCRIMINATORS",
    "LOSSES",
    "METRICS",
    "NETWORKS",
    "NO_REFERENCE_METRICS",
    "Entry",
    "check_loss",
    "create_degradation",
    "create_discriminator",
    "create_loss",
    "create_metric",
    "create_network",
    "create_no_reference_metric",
    "describe_metric",
    "list_loss_weights",
    "list_options",
    "parse_request",
    "split_requests",
]
