"""Gaussian scale mixtures: neighbourhoods of coefficients that share one covariance and differ in strength."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

__all__ = ["covariance", "information", "strengths"]


def covariance(vectors: Tensor) -> Tensor:
    """The mean outer product of vectors, shape (N, K, P), with themselves: shape (N, K, K)."""
    return vectors @ vectors.mT / vectors.shape[-1]


def strengths(vectors: Tensor, spread: Tensor) -> Tensor:
    r"""How strong each vector u is for its covariance C: :math:`u^T C^{-1} u / K`.

    Args:
        vectors: P vectors of K coefficients, shape (N, K, P).
        spread: C, shape (N, K, K).

    Returns:
        Shape (N, P), at least 0; 0 for a vector of zeros, also where C is 0.
    """
    # Neighbourhoods that hold fewer than all patterns have no inverse; their rounding errors are not patterns.
    eps = torch.finfo(spread.dtype).eps
    ridge = eps * spread.diagonal(dim1=1, dim2=2).mean(1) + eps**2
    identity = torch.eye(spread.shape[-1], dtype=spread.dtype, device=spread.device)
    solved: Tensor = torch.linalg.solve(spread + ridge.view(-1, 1, 1) * identity, vectors)
    return (vectors * solved).mean(1)


def information(signal: Tensor, spread: Tensor) -> Tensor:
    r"""What a noisy channel tells of each vector, in nats: :math:`\sum_k \log(1 + s \lambda_k)`.

    Args:
        signal: s, the strength over the noise's variance, shape (N, P), at least 0.
        spread: The covariance, of which :math:`\lambda_k` are the eigenvalues, shape (N, K, K).

    Returns:
        Shape (N, P).
    """
    eigenvalues: Tensor = torch.linalg.eigvalsh(spread)
    # Products of a few factors stay finite in float32 and save logarithms.
    logarithms = []
    for few in eigenvalues.clamp(min=0).unsqueeze(-1).chunk(3, 1):
        factors = [1 + signal * each for each in few.unbind(1)]
        logarithms.append(functools.reduce(torch.mul, factors).log())
    return functools.reduce(torch.add, logarithms)
