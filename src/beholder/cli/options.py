"""Options that many commands have, in one wording."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["AsList", "AsObject", "Device", "MaxPixels", "Quiet"]

AsList = Annotated[bool, typer.Option("--json", help="A list of objects, for machines.")]
AsObject = Annotated[bool, typer.Option("--json", help="One object, for machines.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
MaxPixels = Annotated[int, typer.Option(help="Refuse pictures with more pixels.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar.")]
