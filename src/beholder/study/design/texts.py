"""Texts that neither databases nor pages can hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["find_unstorable"]


def find_unstorable(told: object, place: str = "") -> str:
    r"""Tell of the first text, however deep, that holds what PostgreSQL or UTF-8 has no place for.

    That is the character NUL, and halves of surrogate pairs, which Python makes of file names that are no UTF-8.

    Args:
        told: A text or a path, or lists and dictionaries of them; anything else is passed over.
        place: What it is called.

    Returns:
        Where and what it is, such as ``"title holds '\x00'"``; empty if there is none.
    """
    if isinstance(told, Mapping):
        return next(filter(None, (_of_entry(key, value, place) for key, value in told.items())), "")
    if isinstance(told, (list, tuple)):
        return next(filter(None, (find_unstorable(each, place) for each in told)), "")
    if isinstance(told, (str, Path)):
        for character in str(told):
            if character == "\0" or "\ud800" <= character <= "\udfff":
                return f"{place or 'a name'} holds {character!a}"
    return ""


def _of_entry(key: object, value: object, place: str) -> str:
    return find_unstorable(key, place) or find_unstorable(value, f"{place}.{key}" if place else str(key))
