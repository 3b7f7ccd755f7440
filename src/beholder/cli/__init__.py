"""The command line: parse, call, print. Heavy imports wait until a command runs."""

from beholder.cli.app import main

__all__ = ["main"]
