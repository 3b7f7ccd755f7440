"""Networks by name: explicit, and loaded only when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beholder.catalog.requests import Entry, Shelf
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beholder.networks import Discriminator, RestorationNetwork

__all__ = ["DISCRIMINATORS", "NETWORKS", "create_discriminator", "create_network"]

NETWORKS: Mapping[str, Entry] = {
    "l8": Entry("beholder.networks.l8:L8"),
    "ar_cnn": Entry("beholder.networks.ar_cnn:ARCNN"),
    "srcnn": Entry("beholder.networks.srcnn:SRCNN"),
    "compact": Entry("beholder.networks.compact:Compact"),
    "autoencoder": Entry("beholder.networks.autoencoder:Autoencoder"),
    "transform": Entry("beholder.networks.transform:TransformNet"),
    "edsr": Entry("beholder.networks.edsr:EDSR"),
    "rrdb": Entry("beholder.networks.rrdb:RRDBNet"),
}

DISCRIMINATORS: Mapping[str, Entry] = {
    "patchgan": Entry("beholder.networks.patchgan:PatchGAN"),
    "vgg": Entry("beholder.networks.vgg_discriminator:VGGDiscriminator"),
    "unet": Entry("beholder.networks.unet_discriminator:UNetDiscriminator"),
}

_SHELF = Shelf("network", {**NETWORKS, **DISCRIMINATORS})


def create_network(request: str, **options: Any) -> RestorationNetwork:
    """Build a restoration network by its catalogue name, with the weights that training starts from.

    Args:
        request: A name (``"l8"``), or a name with options (``"edsr:scale=2:blocks=8"``).
        **options: The network's own options, as its class documents them.

    Returns:
        A network from (N, C, H, W) in [0, 1] to (N, C, scale * H, scale * W).

    Raises:
        UsageError: If the name or an option is unknown or impossible, or an option is given twice.
    """
    name, network_class, arguments = _SHELF.resolve(request, options)
    if name not in NETWORKS:
        raise UsageError(
            f"{name!r} judges pictures; expected a network that restores them: {', '.join(NETWORKS)}."
        )
    network: RestorationNetwork = network_class(**arguments)
    return network


def create_discriminator(request: str, **options: Any) -> Discriminator:
    """Build a discriminator by its catalogue name, with the weights that training starts from.

    Args:
        request: A name (``"patchgan"``), or a name with options (``"unet:width=32"``).
        **options: The discriminator's own options, as its class documents them.

    Returns:
        A network from (N, C, H, W) to (N, 1, h, w) or (N, 1), without a sigmoid.

    Raises:
        UsageError: If the name or an option is unknown or impossible, or an option is given twice.
    """
    name, network_class, arguments = _SHELF.resolve(request, options)
    if name not in DISCRIMINATORS:
        raise UsageError(
            f"{name!r} restores pictures; expected a network that judges them: {', '.join(DISCRIMINATORS)}."
        )
    discriminator: Discriminator = network_class(**arguments)
    return discriminator
