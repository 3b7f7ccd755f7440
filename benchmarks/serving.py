"""Many clients at once against `beholder serve`, and the same pairs through the scorer that it uses.

Usage: python benchmarks/serving.py [--requests 2000] [--clients 32]

The server is a process of its own, with lpips_alex; the clients share the machine with it. Each sends two JPEGs of 256x256
pixels and waits for its answer before it sends the next. A request is lost if it has no answer, or not its own pair's score.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2
import torch

from beholder.data.degradations import add_noise
from beholder.data.photos import PHOTOS
from beholder.images import Pair, save_picture
from beholder.scoring import Scorer
from beholder.scoring.planner import plan

METRIC = "lpips_alex"
PAIRS = 64
TOLERANCE = 1e-5  # between batches of one and of more


def make_pairs(folder: Path) -> list[Pair]:
    """Details of photographs, rolled so that no two are alike, and noisy versions of them."""
    details = [photo.detail() for photo in PHOTOS]
    pairs = []
    for index in range(PAIRS):
        reference = torch.roll(details[index % len(details)], (index, index), dims=(1, 2))
        pair = Pair(folder / f"{index}.jpg", folder / f"{index}-noisy.jpg")
        save_picture(reference, pair.reference)
        save_picture(add_noise(reference, 0.002 * (index + 1), seed=index), pair.distorted)
        pairs.append(pair)
    return pairs


def start() -> tuple[subprocess.Popen[str], str]:
    program = "from beholder.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "serve", "-m", METRIC, "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    found = re.search(r"http://[^/]+", process.stderr.readline() if process.stderr else "")
    if found is None:
        sys.exit("the server did not start")
    return process, found[0]


async def ask(
    url: str, files: list[dict[str, bytes]], clients: int
) -> tuple[list[float | None], list[float]]:
    """Send all requests; the score of each, ``None`` where there is none, and the seconds that it took."""
    scores: list[float | None] = [None] * len(files)
    seconds = [0.0] * len(files)
    left = iter(range(len(files)))

    async def send(client: httpx2.AsyncClient) -> None:
        for place in left:
            began = time.perf_counter()
            try:
                answer = await client.post(f"{url}/score", files=files[place])
            except httpx2.HTTPError as error:
                print(f"request {place}: {error!r}", file=sys.stderr)
                continue
            seconds[place] = time.perf_counter() - began
            if answer.status_code == 200:
                scores[place] = answer.json()["scores"][METRIC]

    async with httpx2.AsyncClient(timeout=120, limits=httpx2.Limits(max_connections=clients)) as client:
        await asyncio.gather(*(send(client) for _ in range(clients)))
    return scores, seconds


def count_batches(url: str) -> tuple[float, float]:
    """Pairs and batches so far."""
    text = httpx2.get(f"{url}/metrics").text
    pairs, batches = (re.search(rf"beholder_batch_pairs_{kind} (\S+)", text) for kind in ("sum", "count"))
    return (float(pairs[1]), float(batches[1])) if pairs and batches else (0, 0)


def measure(requests: int, clients: int) -> bool:
    """Print everything; whether no request was lost."""
    with tempfile.TemporaryDirectory() as name:
        pairs = make_pairs(Path(name))
        sent = [pairs[place % PAIRS] for place in range(requests)]
        loaded = [
            {"reference": pair.reference.read_bytes(), "distorted": pair.distorted.read_bytes()}
            for pair in pairs
        ]
        files = [loaded[place % PAIRS] for place in range(requests)]
        process, url = start()
        try:
            asyncio.run(ask(url, files[: 2 * clients], clients))  # the first batches are slower
            pairs_before, batches_before = count_batches(url)
            began = time.perf_counter()
            scores, seconds = asyncio.run(ask(url, files, clients))
            served = requests / (time.perf_counter() - began)
            pairs_after, batches_after = count_batches(url)
        finally:
            process.terminate()
        print(f"stopped with exit code {process.wait()}")
        scorer = Scorer([METRIC])
        list(scorer.stream(sent[:64]))
        began = time.perf_counter()
        expected = [scored.scores[METRIC] for scored in scorer.stream_planned(plan(sent, gather=False))]
        streamed = requests / (time.perf_counter() - began)
    lost = sum(
        found is None or wanted is None or abs(found - wanted) > TOLERANCE
        for found, wanted in zip(scores, expected, strict=True)
    )
    cuts = statistics.quantiles(seconds, n=100)
    print(f"{requests} requests, {clients} clients: {lost} lost")
    print(
        f"{served:.1f} requests/s; median {1000 * cuts[49]:.0f} ms, 99th percentile {1000 * cuts[98]:.0f} ms"
    )
    print(f"{(pairs_after - pairs_before) / (batches_after - batches_before):.1f} pairs a batch")
    print(f"{streamed:.1f} pairs/s through Scorer.stream: the server reaches {served / streamed:.0%} of it")
    return lost == 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=32)
    given = parser.parse_args()
    sys.exit(0 if measure(given.requests, given.clients) else 1)
