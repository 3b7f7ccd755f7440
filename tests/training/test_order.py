"""Which items come when."""

from __future__ import annotations

from beholder.training.order import Order


def test_every_item_comes_once_in_order() -> None:
    assert list(Order(3, 4)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_a_resumed_run_goes_on_where_it_was() -> None:
    order = Order(5, 4, start=3)
    assert list(order) == list(Order(5, 4))[3:]
    assert len(order) == 2


def test_processes_split_each_batch() -> None:
    halves = [list(Order(3, 4, rank=rank, processes=2)) for rank in range(2)]
    assert [first + second for first, second in zip(*halves, strict=True)] == list(Order(3, 4))
