"""`beholder blend`: networks between two."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beholder.cli.completion import complete_metrics, complete_models
from beholder.cli.console import print_wide, progress_bar, say
from beholder.cli.options import Quiet
from beholder.cli.outputs import check_folder
from beholder.cli.runs import require, tell_passing
from beholder.cli.sweep import Storage
from beholder.spec import UsageError

if TYPE_CHECKING:
    from decimal import Decimal

    from rich.progress import Progress as Bar

    from beholder.training.blending import Blend
    from beholder.training.sweeping.front import Axis, Point
    from beholder.training.sweeping.plan import Sweep

__all__ = ["blend"]


def blend(
    first: Annotated[
        str,
        typer.Argument(
            help="One of `beholder models`, or model.safetensors of a run.", autocompletion=complete_models
        ),
    ],
    second: Annotated[
        str, typer.Argument(help="Another, of the same network.", autocompletion=complete_models)
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the models, made for them.")],
    alpha: Annotated[
        str, typer.Option(help="Shares of the second: 0.3, or 0,0.5,1, or FIRST:LAST:DIFFERENCE.")
    ] = "0:1:0.1",
    on: Annotated[
        Path | None,
        typer.Option(help="Undistorted photographs to measure on; spoilt as the first was taught."),
    ] = None,
    beside: Annotated[
        Path | None,
        typer.Option(help="Folder of a sweep: measure as its trials were, and draw both on one plane."),
    ] = None,
    storage: Storage = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            "-m",
            "--metrics",
            help="Two metrics: how close, and how good it looks.  [default: psnr,lpips_alex]",
            autocompletion=complete_metrics,
        ),
    ] = None,
    pictures: Annotated[
        int | None, typer.Option(min=1, help="How many of the photographs, at most.  [default: 20]")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Mix two trained networks weight by weight: from the one that is closest to the one that looks best, without training.

    The folder gets a model for each share, alpha-SHARE.safetensors, to be used like any other; where they are measured,
    blend.csv, and blend.html with the plane of both measures. Networks that come from one another can be mixed; of
    two that were trained apart, what lies between is useless.

    Examples:
        beholder blend deblock-l8-q10-pixels deblock-l8-q10-features --on photographs/ -o blends/

        beholder blend runs/a/model.safetensors runs/b/model.safetensors --alpha 0.3 -o blends/

        beholder blend deblock-l8-q10 deblock-l8-q10-features --beside sweeps/l8 -o blends/
    """
    require("lightning_fabric", "pydantic", "yaml")
    from beholder.training.blending import Blend, parse_alphas

    alphas = parse_alphas(alpha)
    if on is not None and beside is not None:
        raise UsageError("--on and --beside both say what is measured on; leave one out.")
    if beside is not None and (metrics is not None or pictures is not None):
        raise UsageError("--beside takes metrics and pictures from the sweep; leave out -m and --pictures.")
    if on is None and beside is None and (metrics is not None or pictures is not None):
        raise UsageError("nothing is measured: name photographs by --on, or a sweep by --beside.")
    mixed = Blend(first, second)
    targets = {each: output / f"alpha-{each}.safetensors" for each in alphas}
    if there := [path for path in targets.values() if path.exists()]:
        raise UsageError(f"{there[0]}: exists; name another folder.")
    check_folder(output)
    if on is None and beside is None:
        for share, path in targets.items():
            mixed.save(share, path, {}, {})
    else:
        plan, points = (None, []) if beside is None else _read_sweep(beside, storage)
        with progress_bar("networks", quiet=quiet) as bar:
            course = _Course(mixed, bar, on, plan, metrics, pictures)
            found = course.measure(targets)
        _tell(mixed, course, found, points, output)
    say(f"wrote {len(targets)} models to {output}")


class _Course:
    """What the networks are measured on, and by."""

    def __init__(
        self,
        mixed: Blend,
        bar: Bar,
        on: Path | None,
        plan: Sweep | None,
        metrics: str | None,
        pictures: int | None,
    ) -> None:
        import torch

        from beholder.catalog import split_requests
        from beholder.cli.weights import fetch_missing
        from beholder.training.pairs import open_pairs
        from beholder.training.recipe import Validation
        from beholder.training.sweeping.plan import axis_of
        from beholder.training.validating import Validator

        self.bar = bar
        self.mixed = mixed
        names = split_requests(metrics or "psnr,lpips_alex") if plan is None else plan.objectives
        if len(names) != 2:
            raise UsageError(f"-m names {len(names)} metrics; expected two, as in psnr,lpips_alex.")
        self.axes: tuple[Axis, Axis] = (axis_of(names[0]), axis_of(names[1]))
        fetch_missing(names)
        told = mixed.told["recipe"]
        if plan is None:
            self.pairs = _open(on, told, pictures or 20, bar)
            self.words = f"{told['data']['degradation']} on {len(self.pairs)} pictures of {on}"
        else:
            self.pairs = open_pairs(plan.of(()), mixed.scale, tell_passing(bar, "decoding", "pictures"))[1]
            self.words = f"measured as the trials of {plan.name}"
        settings = Validation(metrics=tuple(names), select="last", shown=0)
        self.validator = Validator(settings, torch.device("cpu"))

    def measure(self, targets: dict[Decimal, Path]) -> list[tuple[str, tuple[float, float]]]:
        """Measure and save each."""
        from beholder.training.validating import Enlarger

        names = [axis.metric for axis in self.axes]
        task = self.bar.add_task("measuring", total=len(targets) + 1, failed="")
        before = self.validator.score(Enlarger(self.mixed.scale), self.pairs)
        found = []
        for share, path in targets.items():
            self.bar.advance(task)
            scores = self.validator.score(self.mixed.at(share), self.pairs)
            self.mixed.save(share, path, scores, before)
            found.append((str(share), (scores[names[0]], scores[names[1]])))
        self.bar.advance(task)
        return found


def _open(on: Path | None, told: dict[str, Any], count: int, bar: Bar) -> Any:
    from torch.utils.data import Subset

    from beholder.data.packs import open_pack
    from beholder.data.patches import PicturePairs

    pack = open_pack(on, tell=tell_passing(bar, "decoding", "pictures"))  # type: ignore[arg-type]  # one is named
    pairs = PicturePairs(pack, told["data"]["degradation"], told["seed"])
    count = min(count, len(pairs))
    return Subset(pairs, [place * len(pairs) // count for place in range(count)])


def _read_sweep(folder: Path, storage: str | None) -> tuple[Sweep, list[Point]]:
    from beholder.cli.sweep import read_sweep
    from beholder.training.sweeping.ledger import open_ledger, own_storage

    plan, _ = read_sweep(folder, None, storage)
    return plan, open_ledger(plan, folder, storage or own_storage(folder)).points()


def _tell(
    mixed: Blend,
    course: _Course,
    found: list[tuple[str, tuple[float, float]]],
    beside: list[Point],
    output: Path,
) -> None:
    from datetime import UTC, datetime

    import polars as pl
    from rich.table import Table

    from beholder.reports.blend_page import write_blend_page

    names = [axis.metric for axis in course.axes]
    table = Table(f"share of {mixed.names[1]}", *names)
    for share, scores in found:
        table.add_row(share, *(f"{score:.5g}" for score in scores))
    print_wide(table)
    rows = [{"alpha": float(share), **dict(zip(names, scores, strict=True))} for share, scores in found]
    try:
        pl.DataFrame(rows).write_csv(output / "blend.csv")
        write_blend_page(
            output / "blend.html",
            names=mixed.names,
            steps=found,
            axes=course.axes,
            measured=course.words,
            beside=beside,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )
    except OSError as error:
        raise UsageError(f"{output}: cannot be written in: {error.strerror}. Name another folder.") from error
    say(f"wrote {output / 'blend.csv'} and blend.html")
