"""What of a recipe may change while a run is broken off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from beholder.settings import Settings

__all__ = ["check_changes"]


def check_changes(begun: Mapping[str, Any], now: Settings, free: Collection[str]) -> None:
    """Refuse a recipe with which a checkpoint cannot go on.

    Args:
        begun: The recipe of the checkpoint, as plain data.
        now: The recipe to go on with.
        free: Names of the settings that may differ; with dots within settings of settings.

    Raises:
        UsageError: If a setting differs on which the meaning of the checkpoint depends.
    """
    before, after = dict(_settings(begun, free)), dict(_settings(now.model_dump(mode="json"), free))
    for name in before.keys() | after.keys():
        if before.get(name) != after.get(name):
            raise UsageError(
                f"{name} is {after.get(name)!r} and was {before.get(name)!r} when the run was broken off; what may change on "
                f"the way are {', '.join(free)}. For another run from the same weights, name the model in start_from."
            )


def _settings(told: Mapping[str, Any], free: Collection[str], place: str = "") -> Iterator[tuple[str, Any]]:
    """Name and value of each setting that must stay."""
    for key, value in told.items():
        name = f"{place}{key}"
        if name in free:
            continue
        if isinstance(value, dict) and value:
            yield from _settings(value, free, f"{name}.")
        else:
            yield name, value
