"""Scores over HTTP, for tools that are not written in Python."""

from beholder.serving.app import create_app
from beholder.serving.settings import ServerSettings

__all__ = ["ServerSettings", "create_app"]
