"""The authors' LPIPS on the trunk that we use: their own download is replaced by our verified file."""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING

import lpips

from beholder.backbones import door

if TYPE_CHECKING:
    from torch import nn

__all__ = ["lpips_authors"]


@functools.cache
def lpips_authors(network: str, version: str = "0.1", *, lin: bool = True) -> nn.Module:
    """Their module, ready to score."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = lpips.LPIPS(net=network, version=version, lpips=lin, pnet_rand=True, verbose=False)
    tensors, _ = door.load({"alex": "alexnet", "vgg": "vgg16"}[network])
    state = model.net.state_dict()
    # Their slices keep torchvision's numbers: slice2.3.weight is features.3.weight.
    model.net.load_state_dict({name: tensors["features." + name.split(".", 1)[1]] for name in state})
    return model.eval()
