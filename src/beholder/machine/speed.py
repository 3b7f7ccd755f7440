"""The speed of one pair, measured now, and whether the engines agree about it."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from beholder.machine.engines import engines_there
from beholder.machine.findings import Finding, Section
from beholder.machine.packages import examine_torch
from beholder.machine.processors import gpus
from beholder.spec import BeholderError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["examine_speed"]

_SIDE = 256  # pixels
_SECONDS = 0.3  # for each engine, behind the first two calls, which prepare
_APART = 1e-3  # engines in float32 differ by less than 1e-6; see docs/engines.md


def examine_speed() -> Section:
    """Milliseconds of one pair of 256x256, by each metric and engine that is there, and what they score."""
    works, _ = examine_torch()
    if not works:
        return Section("speed", {"side": _SIDE, "measured": []}, ())
    devices = ["cpu", *(gpu["device"] for gpu in gpus())]
    ways = [("ssim", device, "torch") for device in devices]
    ways += [("lpips_alex", device, engine) for device in devices for engine in engines_there(device)]
    measured: list[dict[str, Any]] = []
    failed: list[Finding] = []
    for metric, device, engine in ways:
        told = f"{metric} by {engine} on {device}"
        try:
            score, milliseconds = _measure(metric, device, engine)
        except WeightsError:
            told = f"{metric}: not measured, since its weights are not there undamaged"
            remedy = "beholder weights fetch alexnet lpips_alex_lin_v0.1"
            failed.append(Finding("missing", told, remedy))
            break
        except (BeholderError, RuntimeError, OSError, ImportError) as error:
            remedy = f"leave it out: --engine torch --device {device}; the message above tells what fails"
            first = (str(error).splitlines() or [""])[0]
            failed.append(Finding("broken", f"{told}: fails: {type(error).__name__}: {first}", remedy))
        else:
            measured.append(
                {
                    "metric": metric,
                    "device": device,
                    "engine": engine,
                    "milliseconds": milliseconds,
                    "score": score,
                }
            )
    findings = (*_judge(measured), *failed)
    return Section("speed", {"side": _SIDE, "measured": measured}, findings)


def _measure(name: str, device: str, engine: Any) -> tuple[float, float]:
    """The score of the pair, and the median of the milliseconds that it takes, its copy to the device with it."""
    import torch

    from beholder.catalog import create_metric
    from beholder.scoring.measuring import Measurer
    from beholder.scoring.settings import Settings

    generator = torch.Generator().manual_seed(0)
    reference = torch.rand(3, _SIDE, _SIDE, generator=generator)
    picture = (reference + 0.1 * torch.randn(3, _SIDE, _SIDE, generator=generator)).clamp(0, 1)
    measurer = Measurer({name: create_metric(name)}, Settings(device=device, engine=engine))

    def score() -> float:
        outcome = measurer.measure([picture], [reference])[0][name][0]
        if outcome.score is None:
            raise RuntimeError(outcome.error or "it gives no score")
        return outcome.score

    took: list[float] = []
    for _ in _for_a_while():
        start = time.perf_counter()
        score()
        took.append(time.perf_counter() - start)
    return score(), 1000 * statistics.median(took[2:])


def _for_a_while() -> Iterator[None]:
    """At least five turns, and as many as begin within the time behind the first two."""
    for _ in range(2):
        yield
    end, turns = time.perf_counter() + _SECONDS, 0
    while turns < 3 or time.perf_counter() < end:
        turns += 1
        yield


def _judge(measured: list[dict[str, Any]]) -> Iterator[Finding]:
    """How long each metric took, and which engines give other scores than torch on the processor."""
    for metric in dict.fromkeys(row["metric"] for row in measured):
        rows = [row for row in measured if row["metric"] == metric]
        times = ", ".join(f"{row['engine']} on {row['device']} {row['milliseconds']:.1f} ms" for row in rows)
        yield Finding("fine", f"{metric}, one pair of {_SIDE}x{_SIDE}: {times}")
        for row in rows[1:]:
            if not abs(row["score"] - rows[0]["score"]) < _APART:
                told = (
                    f"{metric} is {row['score']:.6f} by {row['engine']} on {row['device']}, and {rows[0]['score']:.6f} "
                    f"by {rows[0]['engine']} on {rows[0]['device']}"
                )
                remedy = "do not trust that engine here: leave it out with --engine torch, and report it with --json"
                yield Finding("broken", told, remedy)
