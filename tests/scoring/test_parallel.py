"""Batches over cores: in order, bounded, alone where large, and no thread count left changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import torch

from beholder.scoring.parallel import map_over_cores


@pytest.fixture(autouse=True)
def three_cores() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    assert torch.get_num_threads() == 3
    torch.set_num_threads(before)


def never(batch: int) -> bool:
    return False


def test_results_come_in_order() -> None:
    def slow_first(batch: int) -> int:
        time.sleep(0.05 if batch % 3 == 0 else 0)
        return batch * batch

    assert list(map_over_cores(slow_first, range(12), never)) == [batch * batch for batch in range(12)]


def test_each_thread_works_with_one_core() -> None:
    counts = set(map_over_cores(lambda _: torch.get_num_threads(), range(12), never))
    assert counts == {1}


def test_few_batches_get_all_cores_each() -> None:
    names = list(
        map_over_cores(lambda _: (threading.current_thread().name, torch.get_num_threads()), range(2), never)
    )
    assert names == [(threading.current_thread().name, 3)] * 2


def test_a_large_batch_runs_alone_on_all_cores() -> None:
    running = 0
    most_beside_large = 0
    lock = threading.Lock()

    def work(batch: int) -> int:
        nonlocal running, most_beside_large
        with lock:
            running += 1
            if batch == 5:
                most_beside_large = running
        time.sleep(0.01)
        with lock:
            running -= 1
        return torch.get_num_threads()

    threads = list(map_over_cores(work, range(10), lambda batch: batch == 5))
    assert most_beside_large == 1
    assert threads == [1] * 5 + [3] + [1] * 4


def test_batches_are_taken_only_as_they_are_needed() -> None:
    taken = 0

    def batches() -> Iterator[int]:
        nonlocal taken
        for batch in range(100):
            taken += 1
            yield batch

    results = map_over_cores(lambda batch: batch, batches(), never)
    for _ in range(10):
        next(results)
    assert taken <= 10 + 3 + 1
    results.close()  # type: ignore[attr-defined]


def test_an_error_reaches_the_caller() -> None:
    def fails(batch: int) -> int:
        if batch == 4:
            raise ZeroDivisionError("batch 4")
        return batch

    results = map_over_cores(fails, range(10), never)
    assert [next(results) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(ZeroDivisionError, match="batch 4"):
        next(results)


def test_new_threads_start_with_all_cores_again() -> None:
    list(map_over_cores(lambda batch: batch, range(6), never))
    counts: list[int] = []
    thread = threading.Thread(target=lambda: counts.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert counts == [3]
