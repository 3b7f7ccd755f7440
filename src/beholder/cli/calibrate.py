"""`beholder calibrate`: metrics learned from people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from beholder.cli.completion import complete_metrics
from beholder.cli.console import print_out, progress_bar, say
from beholder.cli.learning import learn
from beholder.cli.measured import as_object, choose, read_or_measure, show_frames, tell_of
from beholder.cli.options import AsObject, Quiet
from beholder.cli.outputs import check_file
from beholder.spec import UsageError

if TYPE_CHECKING:
    import polars as pl

    from beholder.calibration import Agreement, Combination, MeasuredSet

__all__ = ["calibrate"]

calibrate = typer.Typer(
    help="Learn metrics from what people said.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
calibrate.command()(learn)

_Folds = Annotated[
    int,
    typer.Option(
        min=2, help="Parts, each of whole reference pictures, that are left out in turn to test on."
    ),
]
_Seed = Annotated[int, typer.Option(min=0, help="Of what is drawn.")]


@calibrate.command("combine")
def combine_metrics(
    judgements: Annotated[
        Path | None,
        typer.Argument(help="A set of judgements, as for `beholder agree`; or distances with --table."),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            "-m",
            "--metrics",
            autocompletion=complete_metrics,
            help="Members, with commas between them; or all of a table's.",
        ),
    ] = None,
    table: Annotated[
        Path | None, typer.Option(help="What `beholder agree --distances` wrote; no picture is needed.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the ensemble, a metric: a .safetensors file.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="Of a folder that holds several: triplets, pairs or ratings.")
    ] = None,
    folds: _Folds = 5,
    seed: _Seed = 0,
    engine: Annotated[str, typer.Option(help="What computes networks, as for `beholder score`.")] = "auto",
    precision: Annotated[str, typer.Option(help="fp32 or bf16, as for `beholder score`.")] = "auto",
    as_json: AsObject = False,
    quiet: Quiet = False,
) -> None:
    """Learn a weighted sum of metrics that agrees with people, and tell what it is worth on pictures it has not seen.

    Weights are at least 0 and have one best answer: by logistic regression on triplets and JND pairs, by least squares on
    ratings. The table shows each member and, under `ensemble`, the sum, each row by weights that were fitted without its
    reference picture. The file's weights are fitted on all rows; it is then a metric like others: -m mine.safetensors.

    Exit code: 0 all measured, 1 some rows could not be, 2 bad usage.

    Examples:
        beholder calibrate combine bapps/2afc/train -m lpips_vgg,mdsi,ssim -o mine.safetensors

        beholder calibrate combine --table distances.parquet -o mine.safetensors
    """
    import polars as pl

    from beholder.calibration import agree, combine
    from beholder.calibration.combining import ENSEMBLE
    from beholder.catalog.ensemble import check_members, save_ensemble
    from beholder.catalog.requests import split_requests

    if judgements is not None and not metrics:
        raise UsageError("expected the members: -m lpips_vgg,mdsi,ssim.")
    if output is not None:
        _check_output(output)
        if metrics:
            check_members(split_requests(metrics))
    _, measured = read_or_measure(
        judgements, table, metrics, kind=kind, engine=engine, precision=precision, quiet=quiet
    )
    if output is not None:
        check_members(measured.distances)
    found = combine(measured, folds=folds, seed=seed)
    with progress_bar("parts", quiet=quiet) as bar:
        task = bar.add_task("resampling", total=None, failed="")
        compared = agree(
            found.tested,
            seed=seed,
            against=ENSEMBLE,
            tell=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if output is not None:
        save_ensemble(output, found.weights, about=_about(found, compared, folds, seed))
        say(f"wrote {output}")
    weights = _weights(found)
    if as_json:
        told = {"weights": weights.to_dicts(), "folds": folds, **as_object(found.tested, compared)}
        print_out(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        digits = pl.col("weight", "lowest", "highest").map_elements("{:.4g}".format, pl.String)
        show_frames(weights.with_columns(digits), compared.scores, compared.comparisons)
    tell_of(measured)
    raise typer.Exit(1 if measured.errors else 0)


@calibrate.command()
def preference(
    table: Annotated[
        Path, typer.Argument(help="Distances of triplets, as `beholder agree --distances` wrote them.")
    ],
    metric: Annotated[
        str | None,
        typer.Option("-m", "--metric", help="Whose distances; where the table has only one, that."),
    ] = None,
    form: Annotated[
        Literal["logistic", "ranking"],
        typer.Option("--with", help="A logistic with one number, or the ranking network G of Zhang et al."),
    ] = "logistic",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the model: a .safetensors file.")
    ] = None,
    folds: _Folds = 5,
    seed: _Seed = 0,
    as_json: AsObject = False,
    quiet: Quiet = False,
) -> None:
    """Learn how sure people are from a metric's distances, and tell what that is worth on pictures it has not seen.

    Two distances become the share of people who prefer candidate 1. The table shows agreement (2AFC) and cross-entropy
    in nats, each row by a model that was fitted without its reference picture, beside the metric's own choice and what
    people would get: agreement of one person with another, and the least cross-entropy there is. In Python, `read_preference` of beholder.calibration reads the file.

    Examples:
        beholder calibrate preference distances.parquet -m lpips_alex -o sure.safetensors

        beholder calibrate preference distances.csv --with ranking --json
    """
    from beholder.calibration import fit_preference, read_measured, save_preference
    from beholder.calibration.preference import cross_validate

    if output is not None:
        _check_output(output)
    measured = choose(read_measured(table), metric)
    if len(measured.distances) > 1:
        raise UsageError(f"{table}: has distances of {', '.join(measured.distances)}; name one with -m.")
    ((name, distances),) = measured.distances.items()
    with progress_bar("fits", quiet=quiet) as bar:
        task = bar.add_task("fitting", total=folds, failed="")
        found = cross_validate(
            measured,
            name,
            form=form,
            folds=folds,
            seed=seed,
            tell=lambda done, total: bar.update(task, completed=done, total=total),
        )
    told = {"metric": name, "form": form, "rows": len(measured), "folds": folds, "seed": seed}
    told |= {"scores": found.to_dicts()}
    if output is not None:
        d0, d1 = distances.T
        model = fit_preference(d0, d1, measured.answers, form=form, seed=seed)
        save_preference(model, name, output, about=told)
        say(f"wrote {output}")
    if as_json:
        print_out(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        show_frames(found)
    tell_of(measured)


def _check_output(path: Path) -> None:
    """Refuse now what would be refused when all is learned."""
    if path.suffix.lower() != ".safetensors":
        raise UsageError(f"{path}: expected a file that ends in .safetensors.")
    check_file(path)


def _weights(found: Combination) -> pl.DataFrame:
    """A row for each member: weight, share in the sum, and the weights' range over the folds."""
    import polars as pl

    lowest, highest = found.fold_weights.min(0), found.fold_weights.max(0)
    return pl.DataFrame(
        {
            "metric": list(found.weights),
            "weight": list(found.weights.values()),
            "share": list(found.shares.values()),
            "lowest": lowest,
            "highest": highest,
        }
    )


def _about(found: Combination, compared: Agreement, folds: int, seed: int) -> dict[str, Any]:
    """What the ensemble's file tells of how it was made."""
    measured: MeasuredSet = found.tested
    told = as_object(measured, compared)
    return {
        "judgements": measured.provenance.get("judgements"),
        "kind": measured.kind,
        "rows": len(measured),
        "folds": folds,
        "seed": seed,
        "scores": [row for row in told["scores"] if row["by"] == "all"],
    }
