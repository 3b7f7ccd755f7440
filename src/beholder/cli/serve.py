"""`beholder serve`: scores over HTTP."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated

import typer

from beholder.catalog import split_requests
from beholder.cli.completion import complete_metrics
from beholder.cli.console import say
from beholder.cli.options import Device, MaxPixels
from beholder.spec import MissingPackageError, UsageError

__all__ = ["serve"]

_PACKAGES = ("fastapi", "httpx2", "multipart", "prometheus_client", "uvicorn")


def serve(
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "-m",
            "--metrics",
            autocompletion=complete_metrics,
            help="Metrics that may be asked for, comma-separated or each with an -m.",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen at; by default only this machine can ask.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at; 0 for any that is free.")] = 8000,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            help="Host that pictures may be fetched from, each with its own --allow-host: HOST, at public addresses "
            "only, or HOST:PORT, at any."
        ),
    ] = None,
    max_megabytes: Annotated[float, typer.Option(help="Refuse larger files.")] = 25,
    max_pixels: MaxPixels = 40_000_000,
    timeout: Annotated[float, typer.Option(help="Seconds that a request may take.")] = 30,
    resize: Annotated[
        str, typer.Option(help="Where sizes differ: refuse, reference, distorted (resize to it) or crop.")
    ] = "refuse",
    background: Annotated[str, typer.Option(help="Colour to lay transparent pictures on.")] = "white",
    device: Device = "auto",
) -> None:
    """Serve scores to other programs, over HTTP, until Ctrl-C or SIGTERM.

    A request is a form (multipart) with the pictures reference and distorted, POSTed to /score; the answer is JSON.
    What it looks like in full is told at /openapi.json.

    Exit code: 0 stopped, after what was in hand is answered; 2 bad usage.

    Examples:
        beholder serve -m lpips_alex,ssim

        curl -F reference=@original.png -F distorted=@restored.png http://127.0.0.1:8000/score

        beholder serve -m lpips_alex --port 9000 --allow-host pictures.example.org --timeout 10
    """
    names = [name for given in metrics or () for name in split_requests(given)]
    if not names:
        raise UsageError(
            "no metric is named; for example -m lpips_alex,ssim. `beholder metrics` lists them all."
        )
    if missing := [package for package in _PACKAGES if find_spec(package) is None]:
        raise MissingPackageError(
            f"serving needs the packages {', '.join(missing)}: pip install 'beholder[serve]'"
        )
    from beholder import serving, web
    from beholder.cli.weights import fetch_missing
    from beholder.scoring import Scorer, Settings
    from beholder.scoring.memory import limit_memory

    settings = serving.ServerSettings(
        max_bytes=round(1e6 * max_megabytes), timeout=timeout, allowed_hosts=tuple(allow_host or ())
    )
    how = Settings(
        resize=resize,  # type: ignore[arg-type]  # Settings refuses what is no rule
        background=background,
        max_pixels=max_pixels,
        device=device,
    )
    limit_memory()
    fetch_missing(names)
    app = serving.create_app(Scorer(names, how), settings)
    with web.open_port(host, port) as listener:
        place = f"[{host}]" if ":" in host else host
        say(f"{', '.join(names)} at http://{place}:{listener.getsockname()[1]}/score; Ctrl-C stops")
        web.serve(app, listener, timeout)
