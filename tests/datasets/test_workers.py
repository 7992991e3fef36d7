"""Work here or in other processes, in order, and what happens when one dies."""

from __future__ import annotations

import os

import pytest

from fretscribe.datasets.workers import in_order, worker_pool
from fretscribe.errors import DatasetError, OptionError


def test_one_worker_works_in_this_process_and_in_order() -> None:
    with worker_pool(1) as pool:
        assert pool is None
        assert list(in_order(abs, [-3, 2, -1], pool)) == [3, 2, 1]


@pytest.mark.slow  # starts processes
def test_more_keep_the_order_too_and_a_dead_one_is_said() -> None:
    with worker_pool(2) as pool:
        assert pool is not None
        assert list(in_order(abs, list(range(-20, 0)), pool)) == list(range(20, 0, -1))
    with worker_pool(2) as pool, pytest.raises(DatasetError, match="a worker process died"):
        list(in_order(os._exit, [1, 1], pool))


def test_no_workers_are_refused() -> None:
    with pytest.raises(OptionError, match="0 workers do no work"), worker_pool(0):
        pass
