"""Ray Data's plan: one task lists blocks of pairs, others decode them, actors score them."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING, Any

from beholder.scoring.cluster_work import Order, Worker, count_deaths, decode, list_blocks, open_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from beholder.images import Pairs
    from beholder.scoring.pairs import ScoredPair
    from beholder.spec import BeholderError

__all__ = ["LISTING", "run_plan", "run_remotely"]

# Of the cores that Ray counts for a worker, so much is said to be taken by scoring and by decoding. Neither keeps to
# it: whichever is behind gets the cores.
_SCORING, _DECODING = 0.5, 0.4
LISTING = 0.001


def run_plan(
    order: Order, pairs: Pairs, done: int, *, workers: int, here: Mapping[str, float] | None
) -> Iterator[list[ScoredPair] | BeholderError | bool]:
    """Score pairs on the cluster that this process has joined.

    Args:
        order: What is to be scored.
        pairs: The pairs of the run.
        done: How many turns of their plan are done.
        workers: How many actors score, and how many tasks decode.
        here: What Ray calls the machine that lists the pairs; by default any.

    Yields:
        Scored pairs, in the plan's order; an error that ends the run; last, whether workers died.
    """
    import ray

    deaths = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(count_deaths()).remote()
    order = dataclasses.replace(order, deaths=deaths)
    plan = _plan(order, ray.put(pairs), done, workers, here)
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    for rows in plan.iter_batches(batch_size=None, batch_format="pyarrow"):
        yield from open_rows(rows)
    yield ray.get(deaths.any.remote())


def run_remotely(
    order: Order, pairs: Pairs, done: int, *, workers: int, here: Mapping[str, float] | None
) -> Iterator[list[ScoredPair] | BeholderError | bool]:
    """`run_plan`, in a process of the cluster: Ray Data cannot be driven from outside it."""
    import ray

    foreman = ray.remote(num_cpus=0)(_Foreman).remote(order, pairs, done, workers, here)
    coming = foreman.following.remote()
    while (told := ray.get(coming)) is not None:
        coming = foreman.following.remote()
        yield told


class _Foreman:
    def __init__(
        self, order: Order, pairs: Pairs, done: int, workers: int, here: Mapping[str, float] | None
    ) -> None:
        self._told = run_plan(order, pairs, done, workers=workers, here=here)

    def following(self) -> list[ScoredPair] | BeholderError | bool | None:
        return next(self._told, None)


def _plan(order: Order, pairs: Any, done: int, workers: int, here: Mapping[str, float] | None) -> Any:
    import ray.data
    from ray.data import ActorPoolStrategy, DataContext, TaskPoolStrategy

    context = DataContext.get_current().copy()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.execution_options.preserve_order = True
    context.target_max_block_size = 1  # each row goes on at once; by default they wait for 128 MB of them
    decoding = {"num_cpus": _DECODING * order.cores}
    scoring = {"num_cpus": _SCORING * order.cores} | (
        {"num_gpus": 1} if order.settings.device != "cpu" else {}
    )
    arrow = {"batch_format": "pyarrow"}
    with DataContext.current(context):
        listed = ray.data.from_items([0]).map_batches(
            list_blocks, fn_args=(order, pairs, done), num_cpus=LISTING, resources=here, **arrow
        )
        decoded = listed.map_batches(
            decode, fn_args=(order,), compute=TaskPoolStrategy(size=workers), **decoding, **arrow
        )
        return decoded.map_batches(
            Worker,
            fn_constructor_args=(order,),
            compute=ActorPoolStrategy(size=workers),
            **scoring,
            **arrow,
        )
