"""Where the distortions of triplets come from, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.data.distortions.cnn.schemes import Cnn, Mix
from beholder.data.distortions.traditional import Traditional
from beholder.spec import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from beholder.data.distortions.scheme import Scheme

__all__ = ["SCHEMES", "create_scheme"]

SCHEMES: Mapping[str, type[Traditional | Cnn | Mix]] = {"traditional": Traditional, "cnn": Cnn, "mix": Mix}


def create_scheme(name: str, autoencoders: Path | None = None) -> Scheme:
    """Build a scheme by its name.

    Args:
        name: One of `SCHEMES`.
        autoencoders: A folder of trained autoencoders, for ``"cnn"`` and ``"mix"``.

    Raises:
        UsageError: If there is none, or it takes no autoencoders, or wants some.
        WeightsError: If the folder holds fewer than two.
    """
    if name not in SCHEMES:
        hint = did_you_mean(name.lower(), SCHEMES)
        raise UsageError(f"there is no scheme {name!r}.{hint} There are: {', '.join(SCHEMES)}.")
    if name == "traditional":
        if autoencoders is not None:
            raise UsageError(f"the scheme traditional takes no autoencoders; leave out {autoencoders}.")
        return Traditional()
    if autoencoders is None:
        raise UsageError(
            f"the scheme {name} wants a folder of autoencoders; make some by `beholder distort train-autoencoders`."
        )
    return (Cnn if name == "cnn" else Mix)(autoencoders)
