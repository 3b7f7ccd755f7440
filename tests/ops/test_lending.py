"""Memory is lent again when the tensors that borrowed it are gone, and not before."""

from __future__ import annotations

import gc
import threading

import pytest
import torch

from beholder.ops import lending
from beholder.ops.lending import Lender


def test_what_is_gone_is_lent_again() -> None:
    lender = Lender()
    first = lender.empty(3, 1000)
    place = first.data_ptr()
    del first
    second = lender.empty(60, 50)
    assert second.data_ptr() == place
    assert second.shape == (60, 50)
    assert second.dtype == torch.float32
    assert second.is_contiguous()


def test_a_view_keeps_what_it_shares() -> None:
    lender = Lender()
    row = lender.empty(10, 100).fill_(1)[3]
    others = [lender.empty(10, 100).fill_(2) for _ in range(5)]
    assert torch.equal(row, torch.ones(100))
    assert len({each.data_ptr() for each in others}) == 5


def test_a_block_serves_half_its_size_and_no_less() -> None:
    lender = Lender()
    place = lender.empty(1000).data_ptr()
    small = lender.empty(499)
    assert small.data_ptr() != place
    del small
    assert lender.empty(500).data_ptr() == place
    larger = lender.empty(1001)
    assert larger.data_ptr() != place


def test_memory_outlives_its_lender() -> None:
    tensor = Lender().empty(1000).fill_(3)
    gc.collect()
    assert torch.equal(tensor, torch.full((1000,), 3.0))


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lending, "_WAITING", 2500)
    lender = Lender()
    lent = [lender.empty(1000) for _ in range(5)]
    newest = lent[-1].data_ptr()
    while lent:
        lent.pop(0)
    held = lender.empty(2001)  # none fits: the oldest go
    assert held.numel() == 2001
    kept = [lender.empty(1000) for _ in range(2)]
    assert newest in {each.data_ptr() for each in kept}
    assert len(lender._waiting) == 0


def test_threads_borrow_at_once() -> None:
    lender = Lender()
    wrong = []

    def work(number: int) -> None:
        for _ in range(300):
            borrowed = lender.empty(257).fill_(number)
            other = lender.empty(300).fill_(-number)
            if not (borrowed == number).all() or not (other == -number).all():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(lender._waiting) + len(lender._back) <= 8 * 4  # two, and those before them


def test_the_default_type_does_not_matter() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        assert Lender().empty(5).dtype == torch.float32
    finally:
        torch.set_default_dtype(torch.float32)
