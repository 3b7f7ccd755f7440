"""Gradient penalty: how far a critic is from changing by 1 where its input changes by 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from beholder.ops.stable import sqrt

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = ["gradient_penalty"]


def gradient_penalty(critic: Callable[[Tensor], Tensor], x: Tensor, y: Tensor) -> Tensor:
    r"""How far the norm of a critic's gradient is from 1 between generated and real pictures.

    .. math:: (\|\nabla_z D(z)\|_2 - 1)^2, \qquad z = y + t (x - y)

    where t is drawn for each image, evenly from 0 to 1, by torch's generator, and D is the mean of the critic's
    outputs for the image. It can be differentiated for the critic's parameters, and its value is found also where
    gradients are off.

    Args:
        critic: What maps such pictures to values of shape (N, ...), each image's from that image alone.
        x: Generated pictures, or features of them, shape (N, ...). No gradient flows to them.
        y: Real ones, same shape. No gradient flows to them either.

    Returns:
        Shape (N,), at least 0; 1 with gradient 0 where the critic does not change.

    References:
        Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017, arXiv:1704.00028, equation 3.
        Deviation: a critic with many outputs counts as their mean; the paper's has one.
    """
    wanted = torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
    with torch.inference_mode(mode=False):  # a validation step's mode has no gradients at all
        with torch.no_grad():
            share = torch.rand(len(x), *(1,) * (x.ndim - 1), dtype=x.dtype, device=x.device)
            between = (y + share * (x - y)).requires_grad_()
        with torch.enable_grad():
            values = critic(between).reshape(len(x), -1).mean(1)
            (slope,) = torch.autograd.grad(values.sum(), between, create_graph=wanted, materialize_grads=True)
            return (sqrt(slope.flatten(1).square().sum(1)) - 1).square()
