"""Adversarial loss: what a discriminator, trained along, still tells from real pictures."""

from __future__ import annotations

import math
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import logsigmoid, relu

from beholder.backbones import Backbone
from beholder.backbones.precision import formulas_in_full
from beholder.losses.gradient_penalty import gradient_penalty
from beholder.losses.picture_loss import PictureLoss, full_precision
from beholder.ops.shapes import check_pair
from beholder.spec import ShapeError, UsageError

__all__ = ["AdversarialLoss", "Kind", "discriminator_loss", "generator_loss"]

Kind = Literal["vanilla", "least_squares", "hinge", "wasserstein", "relativistic"]

_INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def generator_loss(fake: Tensor, real: Tensor | None = None, kind: Kind = "vanilla") -> Tensor:
    r"""What a generator minimises, given a discriminator's outputs.

    With f and r the outputs for generated and real pictures, s the sigmoid, and a bar for the mean over the batch:

    ================= =====================================================
    ``vanilla``       :math:`-\log s(f)`
    ``least_squares`` :math:`(f - 1)^2 / 2`
    ``hinge``         :math:`-f`
    ``wasserstein``   :math:`-f`
    ``relativistic``  :math:`-\log s(f - \bar r) - \log s(\bar f - r)`
    ================= =====================================================

    Args:
        fake: Outputs for generated pictures, before any sigmoid, shape (N, ...): one each, or a map over places.
        real: Outputs for real pictures, same shape; only ``"relativistic"`` looks at them.
        kind: One of the table's.

    Returns:
        The mean over each image's outputs, shape (N,). At least 0 except for hinge and Wasserstein, which have no
        bound. Values of ``"relativistic"`` depend on the other images of the batch, by its definition.

    Raises:
        UsageError: If ``kind`` is unknown, or ``real`` is missing where it is needed.
        ShapeError: If the outputs have no batch, are empty, or differ in shape.

    References:
        vanilla: Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014, arXiv:1406.2661, the form that does
        not saturate. least_squares: Mao et al., ICCV 2017, arXiv:1611.04076, equation 9. hinge: Lim & Ye,
        "Geometric GAN", 2017, arXiv:1705.02894. wasserstein: Arjovsky et al., ICML 2017, arXiv:1701.07875.
        relativistic: Jolicoeur-Martineau, ICLR 2019, arXiv:1807.00734, the average; as in ESRGAN, arXiv:1809.00219.
    """
    _check_kind(kind)
    if kind == "relativistic":
        if real is None:
            raise UsageError(
                "the relativistic kind compares with real pictures; hand in the outputs for them."
            )
        _check_outputs(fake, real)
        values = -logsigmoid(fake - real.mean()) - logsigmoid(fake.mean() - real)
    else:
        _check_outputs(fake)
        if kind == "vanilla":
            values = -logsigmoid(fake)
        else:
            values = (fake - 1).square() / 2 if kind == "least_squares" else -fake
    return values.reshape(len(fake), -1).mean(1)


def discriminator_loss(fake: Tensor, real: Tensor, kind: Kind = "vanilla") -> Tensor:
    r"""What a discriminator minimises, given its outputs.

    With f and r the outputs for generated and real pictures, s the sigmoid, and a bar for the mean over the batch:

    ================= =====================================================
    ``vanilla``       :math:`-\log s(r) - \log s(-f)`
    ``least_squares`` :math:`((r - 1)^2 + f^2) / 2`
    ``hinge``         :math:`\max(0, 1 - r) + \max(0, 1 + f)`
    ``wasserstein``   :math:`f - r`, to which a gradient penalty is added
    ``relativistic``  :math:`-\log s(r - \bar f) - \log s(\bar r - f)`
    ================= =====================================================

    Args:
        fake: Outputs for generated pictures, before any sigmoid, shape (N, ...): one each, or a map over places.
        real: Outputs for real pictures, same shape.
        kind: One of the table's.

    Returns:
        The mean over each image's outputs, shape (N,). At least 0 except for Wasserstein, which has no bound.
        Values of ``"relativistic"`` depend on the other images of the batch, by its definition.

    Raises:
        UsageError: If ``kind`` is unknown.
        ShapeError: If the outputs have no batch, are empty, or differ in shape.

    References:
        As of `generator_loss`.
    """
    _check_kind(kind)
    _check_outputs(fake, real)
    if kind == "vanilla":
        values = -logsigmoid(real) - logsigmoid(-fake)
    elif kind == "least_squares":
        values = ((real - 1).square() + fake.square()) / 2
    elif kind == "hinge":
        values = relu(1 - real) + relu(1 + fake)
    elif kind == "wasserstein":
        values = fake - real
    else:
        values = -logsigmoid(real - fake.mean()) - logsigmoid(real.mean() - fake)
    return values.reshape(len(fake), -1).mean(1)


class AdversarialLoss(PictureLoss):
    """Adversarial loss: what a discriminator, trained along, still tells from real pictures.

    Calling it gives the generator's side: gradients reach x, and leave the discriminator's parameters alone.
    `discriminator_loss` gives the other side, for an optimiser of ``loss.discriminator.parameters()``.

    Each image's value depends on that image alone, if the discriminator judges each by itself (batch normalisation
    in training does not), except for ``"relativistic"``: its mean over the batch is part of the definition. On
    several machines it is each one's own batch.

    Args:
        discriminator: A network that maps (N, 3, H, W) pictures to outputs of shape (N, ...), without a sigmoid: one
            for each picture, or a map over its places. Where labels are handed in, it is called with them, too.
        kind: ``"vanilla"`` (cross-entropy), ``"least_squares"``, ``"hinge"``, ``"wasserstein"`` or
            ``"relativistic"`` (average); formulas in `generator_loss` and the function `discriminator_loss`.
        backbone: Where given, the discriminator sees this network's features instead of pictures.
        layer: The layer of the backbone that it sees; may be left out if the backbone has one only.
        penalty_weight: Weight of the gradient penalty that Wasserstein's discriminator side needs; other kinds have
            none.

    Raises:
        UsageError: If the discriminator is no module, or an option is unknown or impossible.

    References:
        Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014, arXiv:1406.2661; those of each kind in
        `generator_loss`; the penalty and its weight: Gulrajani et al., NeurIPS 2017, arXiv:1704.00028.

    Example:
        >>> loss = AdversarialLoss(discriminator, "hinge")
        >>> loss(generated, originals).backward()  # then a step of the generator's optimiser
        >>> loss.discriminator_loss(generated, originals).backward()  # then one of the discriminator's
    """

    title = "What a discriminator, trained along, still tells from real pictures"
    paper = "Goodfellow et al., NeurIPS 2014, arXiv:1406.2661"
    inputs = ("labels",)

    def __init__(
        self,
        discriminator: nn.Module,
        kind: Kind = "vanilla",
        *,
        backbone: Backbone | None = None,
        layer: str | None = None,
        penalty_weight: float = 10.0,
    ) -> None:
        super().__init__()
        if not isinstance(discriminator, nn.Module):
            raise UsageError(f"discriminator is {discriminator!r}; expected a network: a torch.nn.Module.")
        _check_kind(kind)
        if not 0 <= penalty_weight < math.inf:
            raise UsageError(f"penalty_weight is {penalty_weight!r}; expected a number of at least 0.")
        self.layer = _choose_layer(backbone, layer)
        self.discriminator = discriminator
        self.kind = kind
        self.backbone = backbone
        self.penalty_weight = penalty_weight

    def per_image(self, x: Tensor, y: Tensor, labels: Tensor | None = None) -> Tensor:
        """The generator's side.

        Args:
            x: Generated pictures, shape (N, 3, H, W), about in [0, 1].
            y: Real pictures, same shape, in [0, 1]; only ``"relativistic"`` shows them to the discriminator.
            labels: The class of each image, integers of shape (N,), for a discriminator that takes them.

        Returns:
            Shape (N,), see `generator_loss`.

        Raises:
            ShapeError: If the pictures or labels do not fit each other or the networks.
        """
        _check(x, y, labels)
        # Detached, they take no gradient; switching requires_grad off and on would reach whoever else uses them.
        fixed = {name: parameter.detach() for name, parameter in self.discriminator.named_parameters()}
        fake = self._judge(self._see(x), labels, fixed)
        real = self._judge(self._see(y), labels, fixed) if self.kind == "relativistic" else None
        return generator_loss(fake, real, self.kind)

    def discriminator_loss(self, x: Tensor, y: Tensor, labels: Tensor | None = None) -> Tensor:
        """The discriminator's side; gradients reach its parameters, and neither x nor y.

        For Wasserstein it holds the gradient penalty, which draws from torch's generator.

        Args:
            x: Generated pictures, shape (N, 3, H, W), about in [0, 1].
            y: Real pictures, same shape, in [0, 1].
            labels: The class of each image, integers of shape (N,), for a discriminator that takes them.

        Returns:
            A scalar: the mean over the batch, see the function `discriminator_loss`.

        Raises:
            ShapeError: If the pictures or labels do not fit each other or the networks.
        """
        with formulas_in_full(x):
            x, y = full_precision(x.detach()), full_precision(y.detach())
            _check(x, y, labels)
            with torch.no_grad():
                x, y = self._see(x), self._see(y)
            loss = discriminator_loss(self._judge(x, labels), self._judge(y, labels), self.kind).mean()
            if self.kind == "wasserstein" and self.penalty_weight:
                loss = loss + self.penalty_weight * self._penalise(x, y, labels).mean()
            return loss

    def _penalise(self, x: Tensor, y: Tensor, labels: Tensor | None) -> Tensor:
        def critic(between: Tensor) -> Tensor:
            # Autograd refuses labels that were made in inference mode, not their copy made outside of it.
            return self._judge(between, None if labels is None else labels.clone())

        return gradient_penalty(critic, x, y)

    def _see(self, pictures: Tensor) -> Tensor:
        """What the discriminator is shown of pictures."""
        return pictures if self.backbone is None else self.backbone(pictures)[self.layer]

    def _judge(
        self, seen: Tensor, labels: Tensor | None, parameters: dict[str, Tensor] | None = None
    ) -> Tensor:
        given = (seen,) if labels is None else (seen, labels)
        if parameters is None:
            outputs = self.discriminator(*given)
        else:
            outputs = functional_call(self.discriminator, parameters, given)
        if not isinstance(outputs, Tensor) or outputs.shape[:1] != seen.shape[:1] or not outputs.numel():
            found = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__qualname__
            raise ShapeError(
                f"the discriminator made {found} of {len(seen)} pictures; expected a tensor of shape "
                f"({len(seen)}, ...): outputs for each picture."
            )
        return outputs

    def extra_repr(self) -> str:
        """The kind, and the layer that the discriminator sees."""
        return f"{self.kind!r}" + (f", layer={self.layer!r}" if self.layer else "")


def _check_kind(kind: str) -> None:
    if kind not in get_args(Kind):
        raise UsageError(f"kind is {kind!r}; expected one of {', '.join(get_args(Kind))}.")


def _check_outputs(fake: Tensor, real: Tensor | None = None) -> None:
    if fake.ndim == 0 or fake.numel() == 0:
        raise ShapeError(f"the outputs have shape {tuple(fake.shape)}; expected (N, ...), N at least 1.")
    if real is not None and fake.shape != real.shape:
        raise ShapeError(
            f"the outputs for generated pictures have shape {tuple(fake.shape)} and those for real ones "
            f"{tuple(real.shape)}; expected the same."
        )


def _check(x: Tensor, y: Tensor, labels: Tensor | None) -> None:
    check_pair(x, y)
    if labels is not None and (labels.shape != x.shape[:1] or labels.dtype not in _INTEGERS):
        raise ShapeError(
            f"labels has shape {tuple(labels.shape)} and type {labels.dtype}; expected one integer for each image: "
            f"shape ({len(x)},)."
        )


def _choose_layer(backbone: Backbone | None, layer: str | None) -> str | None:
    if backbone is None:
        if layer is not None:
            raise UsageError(f"layer is {layer!r}, of no network; give a backbone along with it.")
        return None
    if not isinstance(backbone, Backbone):
        raise UsageError(
            f"backbone is {backbone!r}; expected a Backbone, such as Backbone('vgg16', ['relu3_3'])."
        )
    if layer is None and len(backbone.layers) == 1:
        return backbone.layers[0]
    if layer not in backbone.layers:
        raise UsageError(f"layer is {layer!r}; expected one of the backbone's: {', '.join(backbone.layers)}.")
    return layer
