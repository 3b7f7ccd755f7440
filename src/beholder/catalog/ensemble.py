"""Weighted sums of metrics in files, which name their members as requests do."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from beholder.backbones.door import sha256_of
from beholder.catalog.metrics import create_metric, describe_metric, parse_request
from beholder.metrics.ensemble import Ensemble, describe_ensemble
from beholder.metrics.metric_file import read_metric, save_metric, tell_metric
from beholder.spec import MetricSpec, UsageError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["SavedEnsemble", "check_members", "save_ensemble"]

_NAME = "ensemble"
_FILES = ("learned_lpips", _NAME)


class SavedEnsemble(Ensemble):
    """A weighted sum of metrics, read from a file; its members are built by their names.

    Args:
        file: What `save_ensemble` wrote.

    Raises:
        UsageError: If no file is named.
        WeightsError: If the file is missing, damaged or holds something else; if a member's file is not the one that
            the ensemble was made of; if a member's weights are missing.
    """

    def __init__(self, file: str | Path | None = None) -> None:
        if file is None:
            raise UsageError(f"{_NAME} wants a file: {_NAME}:mine.safetensors, or mine.safetensors alone.")
        members = _read_members(file)
        built = {name: create_metric(member.request) for name, member in members.items()}
        weights = {name: member.weight for name, member in members.items()}
        super().__init__(built, weights, name=Path(file).stem)
        self.weights += (read_metric(file, "ensemble").record,)

    @staticmethod
    def describe(file: str | Path | None = None) -> MetricSpec:
        """The specification of the ensemble in a file; without one, of the kind."""
        if file is None:
            return MetricSpec(
                name=_NAME,
                title="Weighted sum of several metrics' distances, from a file",
                direction="lower",
                best=0.0,
                range=(0.0, float("inf")),
                unit="1",
                differentiable=True,
                symmetric=True,
                min_size=1,
                paper="Bradley and Terry, Biometrika 1952, doi:10.2307/2334029",
            )
        if not isinstance(file, str | Path):
            raise UsageError(f"file is {file!r}; expected the path of a file.")
        members = _read_members(file)
        specs = {name: describe_metric(member.request) for name, member in members.items()}
        weights = {name: member.weight for name, member in members.items()}
        return describe_ensemble(specs, weights, name=Path(file).stem)


class _Member(NamedTuple):
    request: str
    weight: float


def save_ensemble(
    path: str | Path, weights: Mapping[str, float], *, about: Mapping[str, Any] | None = None
) -> Path:
    """Save a weighted sum of metrics, for `SavedEnsemble` and wherever a metric is named.

    Members that are files of metrics stay files: named from the ensemble's folder, each with its SHA-256.

    Args:
        path: ``.safetensors`` file.
        weights: Request of each metric (``"lpips_vgg"``, ``"ssim:channel=rgb"``) -> its weight, at least 0; those of
            weight 0 are left out.
        about: What else to tell in the file: data, options, scores, as JSON can hold it.

    Returns:
        The file.

    Raises:
        UsageError: If a metric is unknown or cannot be added up (see `describe_ensemble`), no weight is above 0, or
            the file cannot be written.
        WeightsError: If a member's file cannot be read.
    """
    kept = {request: float(weight) for request, weight in weights.items() if weight != 0}
    describe_ensemble({request: describe_metric(request) for request in kept}, kept)
    named = [_name_member(request, Path(path)) for request in kept]
    if twice := [each for place, each in enumerate(named) if each in named[:place]]:
        raise UsageError(f"{path}: {' and '.join(map(str, twice[0].values()))} is named twice; name it once.")
    members = [{**each, "weight": weight} for each, weight in zip(named, kept.values(), strict=True)]
    return save_metric(path, "ensemble", {"members": members}, {}, about)


def check_members(requests: Iterable[str]) -> None:
    """Refuse metrics that no ensemble can be made of, without building them.

    Raises:
        UsageError: If one is unknown, or cannot be added up: see `describe_ensemble`.
        WeightsError: If a metric's file cannot be read.
    """
    specs = {request: describe_metric(request) for request in requests}
    describe_ensemble(specs, dict.fromkeys(specs, 1.0))


def _name_member(request: str, ensemble: Path) -> dict[str, Any]:
    """A member as the file names it."""
    name, options = parse_request(request)
    if name not in _FILES:
        return {"request": request}
    if options.keys() != {"file"}:
        raise UsageError(f"{request!r}: a member that is a file takes no options in an ensemble.")
    file = Path(options["file"])
    digest = sha256_of(file.read_bytes())
    try:
        told = Path(os.path.relpath(file, ensemble.parent))
    except ValueError:  # another drive
        told = file.absolute()
    return {"file": told.as_posix(), "sha256": digest}


def _read_members(file: str | Path) -> dict[str, _Member]:
    told = tell_metric(file, "ensemble").get("members")
    if not isinstance(told, list) or not told:
        raise WeightsError(f"{file}: names no members; expected what save_ensemble writes.")
    members = [_read_member(Path(file), each) for each in told]
    found = {member.request: member for member in members}
    if len(found) < len(members):
        raise WeightsError(f"{file}: names a member twice; save it again.")
    return found


def _read_member(ensemble: Path, told: Any) -> _Member:
    weight = told.get("weight") if isinstance(told, dict) else None
    if not isinstance(weight, float) or not 0 < weight < math.inf or not told.keys() & {"request", "file"}:
        raise WeightsError(
            f"{ensemble}: its member {told!r} has no name, or no weight above 0; save it again."
        )
    if "request" in told:
        request = str(told["request"])
        if parse_request(request)[0] in _FILES:
            raise WeightsError(
                f"{ensemble}: its member {request} is a file without its sha256; save it again."
            )
        return _Member(request, weight)
    file = ensemble.parent / str(told["file"])
    if not file.is_file():
        raise WeightsError(f"{ensemble}: its member {file} is not there. Bring it along with the ensemble.")
    if (found := sha256_of(file.read_bytes())) != told.get("sha256"):
        raise WeightsError(
            f"{ensemble}: its member {file} is another file now: sha256 {found}, expected {told.get('sha256')}. "
            "Bring the one that it was made of, or make the ensemble anew."
        )
    return _Member(str(file), weight)
