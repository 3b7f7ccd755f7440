"""Ways to spoil pictures, by name: explicit, and loaded only when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beholder.catalog.requests import Entry, Shelf, split_requests
from beholder.spec import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEGRADATIONS", "create_degradation"]

DEGRADATIONS: Mapping[str, Entry] = {
    "jpeg": Entry("beholder.data.degradations.jpeg:Jpeg"),
    "shrink": Entry("beholder.data.degradations.shrink:Shrink"),
    "noise": Entry("beholder.data.degradations.noise:Noise"),
    "grey": Entry("beholder.data.degradations.grey:Grey"),
    "none": Entry("beholder.data.degradations.untouched:Untouched"),
}

_SHELF = Shelf("degradation", DEGRADATIONS)


def create_degradation(request: str, **options: Any) -> Any:
    """Build a degradation by its catalogue name, or several, to be applied in order.

    Args:
        request: A name with options (``"jpeg:quality=10"``, ``"noise:sigma=0..0.2"``), or several with commas between
            them (``"shrink:scale=4, jpeg:quality=30..95"``), first to last.
        **options: The options of one degradation, as its class documents them.

    Returns:
        A `beholder.data.degradations.Degradation`.

    Raises:
        UsageError: If a name or an option is unknown or impossible, or there is no name.
    """
    requests = split_requests(request) if isinstance(request, str) else [request]
    if len(requests) == 1:
        return _create(requests[0], options)
    if options:
        raise UsageError(
            f"{request!r} names {len(requests)} degradations; write each one's options behind its name."
        )
    parts = tuple(_create(each, {}) for each in requests)
    return Entry("beholder.data.degradations.in_order:InOrder").load()(parts)


def _create(request: str, options: Mapping[str, Any]) -> Any:
    name = request.partition(":")[0].strip() if isinstance(request, str) else request
    if name not in DEGRADATIONS:
        hint = did_you_mean(str(name).lower(), DEGRADATIONS)
        raise UsageError(f"there is no degradation {name!r}.{hint} There are {', '.join(DEGRADATIONS)}.")
    _, step, arguments = _SHELF.resolve(request, options)
    return step(**arguments)
