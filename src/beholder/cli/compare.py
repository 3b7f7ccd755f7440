"""`beholder compare`: models and folders of results side by side, on the same pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beholder.cli.compare_candidates import name_candidates, plan_photos
from beholder.cli.compare_making import Maker
from beholder.cli.compare_rows import CompareOutput, measure_rows, show_pictures
from beholder.cli.completion import complete_metrics, complete_models
from beholder.cli.console import messages, print_out, print_wide, progress_bar, say
from beholder.cli.options import AsObject, Device, MaxPixels, Quiet
from beholder.spec import UsageError

if TYPE_CHECKING:
    import polars as pl

    from beholder.reports.compare_findings import Findings

__all__ = ["compare"]

_METRICS = "psnr,ssim,lpips_alex"
_SHOWN = 10


def compare(
    candidates: Annotated[
        list[str],
        typer.Argument(
            help="Of `beholder models`, model.safetensors files, or folders of results.",
            autocompletion=complete_models,
        ),
    ],
    on: Annotated[Path, typer.Option("--on", help="The originals: a folder of pictures, or one.")],
    degrade: Annotated[
        str | None,
        typer.Option(help="How to spoil the originals for models, as `beholder degrade`: jpeg:quality=10"),
    ] = None,
    inputs: Annotated[
        Path | None, typer.Option(help="Spoilt pictures for models, named as the originals.")
    ] = None,
    metrics: Annotated[
        str,
        typer.Option(
            "-m", "--metrics", help="Metrics, with commas between them.", autocompletion=complete_metrics
        ),
    ] = _METRICS,
    baseline: Annotated[
        str | None,
        typer.Option(
            help="Compare the others with this candidate only (or with `input`), and not all two by two."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="Scores to write, a row per picture and candidate: .parquet, .csv or .jsonl; or a new folder, for the "
            "restored pictures too.",
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="HTML page to write, with the pictures side by side.")
    ] = None,
    as_json: AsObject = False,
    allow_unmatched: Annotated[
        bool,
        typer.Option("--allow-unmatched", help="Compare what all have, although some pictures are missing."),
    ] = False,
    seed: Annotated[int, typer.Option(help="Of what --degrade draws.")] = 0,
    device: Device = "auto",
    max_pixels: MaxPixels = 100_000_000,
    quiet: Quiet = False,
) -> None:
    """Compare restored pictures: which model, or which folder of results, is better, and by more than chance.

    All are scored against the same originals. Means have 95% intervals, and every two candidates are tested on the
    same pictures (Wilcoxon's signed-rank test, corrected by Holm's method). A picture that fails for one is left out for all.

    Exit code: 0 all compared, 1 some pictures failed (the column error says why), 2 bad usage.

    Examples:
        beholder compare deblock deblock-l8-q10-both --on photographs/ --degrade jpeg:quality=10

        beholder compare runs/a/model.safetensors runs/b/model.safetensors --on originals/ --inputs blocky/ --report page.html

        beholder compare theirs/ ours/ --on originals/ -m psnr,dists --baseline theirs -o scores.parquet
    """
    from beholder.catalog import split_requests
    from beholder.cli.weights import fetch_missing
    from beholder.reports.compare_findings import find
    from beholder.scoring import Scorer, Settings

    if degrade is not None and inputs is not None:
        raise UsageError("--degrade spoils the originals and --inputs names spoilt ones; give one of them.")
    named = name_candidates(candidates)
    plan = plan_photos(on, named, inputs, allow_unmatched=allow_unmatched)
    wanted = CompareOutput.check(output, report, plan)
    settings = Settings(device=device, max_pixels=max_pixels)
    requests = split_requests(metrics)
    maker = Maker(
        named,
        degradation=degrade,
        seed=seed,
        has_inputs=inputs is not None,
        shows=report is not None,
        device=settings.device,
        max_pixels=max_pixels,
    )
    if baseline is not None:
        baseline = _find_baseline(baseline, {each.given: each.name for each in named}, maker.names)
    fetch_missing(requests)
    scorer = Scorer(requests, settings)
    told = wanted.tell_of(named, maker, plan, on=on, degradation=degrade, seed=seed, inputs=inputs)
    with progress_bar("pictures", quiet=quiet) as bar:
        frame, provenance = measure_rows(maker, scorer, plan.photos, wanted, told, bar)
        task = bar.add_task("resampling", total=None, failed="", unit="pairs")
        specs = {name: metric.spec for name, metric in scorer.metrics.items()}
        findings = find(
            frame,
            specs,
            baseline=baseline,
            tell=lambda done, total: bar.update(task, completed=done, total=total),
        )
        wanted.write_table(frame, provenance)
        if report is not None:
            show_pictures(findings, maker, plan.photos, report, provenance, bar)
    _print(findings, frame, as_json=as_json)
    wanted.tell_of_files()
    raise typer.Exit(1 if findings.left_out else 0)


def _find_baseline(given: str, names: dict[str, str], all_names: list[str]) -> str:
    name = names.get(given, given)
    if name not in all_names:
        raise UsageError(f"the baseline is {given!r}; expected one of {', '.join(all_names)}.")
    return name


def _print(findings: Findings, frame: pl.DataFrame, *, as_json: bool) -> None:
    from beholder.reports.compare_words import compare_table, findings_object, legend, sentence, warning
    from beholder.scoring.writing import plain_rows

    if as_json:
        rows: list[dict[str, Any]] = plain_rows(frame, list(findings.measured))
        told = findings_object(findings) | {"rows": rows}
        print_out(json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        print_wide(compare_table(findings))
        print_out(legend(findings))
        if words := warning(findings):
            print_out(f"\n{words}")
        last = ""
        for each in findings.comparisons:
            print_out(
                ("\n" if each.metric != last else "") + sentence(each, findings.measured[each.metric].spec)
            )
            last = each.metric
    _tell_of_what_is_left_out(findings)


def _tell_of_what_is_left_out(findings: Findings) -> None:
    console = messages()
    for name, each in findings.measured.items():
        if each.infinite:
            say(
                f"{name}: {len(each.infinite)} pictures with an infinite score are left out for all candidates: "
                f"{', '.join(each.infinite[:_SHOWN])}{' and more' if len(each.infinite) > _SHOWN else ''}"
            )
    if findings.left_out:
        console.print(
            f"[red]{len(findings.left_out):,} pictures failed, and are left out for all candidates:[/]"
        )
        for picture, why in list(findings.left_out.items())[:_SHOWN]:
            say(f"  {picture}: {why}")
        if len(findings.left_out) > _SHOWN:
            say(f"  and {len(findings.left_out) - _SHOWN:,} more: see the column error")
