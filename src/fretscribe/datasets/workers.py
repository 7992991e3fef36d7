"""Work on many tracks, here or in other processes, with results in the order of the jobs.

Any `concurrent.futures.Executor` will do, one that spans machines as well. Knows nothing of what is worked
on. Neighbours: ``guitarset_arrays`` and ``synthetic_set`` send their tracks through it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from typing import TypeVar

from fretscribe.errors import DatasetError, OptionError

Job = TypeVar("Job")
Result = TypeVar("Result")


@contextlib.contextmanager
def worker_pool(n_workers: int) -> Iterator[Executor | None]:
    """An executor of so many processes; None for one worker, who works in this process.

    Raises
    ------
    OptionError
        If there are fewer than one.
    """
    if n_workers < 1:
        raise OptionError(f"{n_workers} workers do no work", mend="give --workers 1 or more")
    if n_workers == 1:
        yield None
        return
    # Spawned, not forked: the parent may run threads (onnxruntime), which do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=n_workers, mp_context=context) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def in_order(
    work: Callable[[Job], Result], jobs: Sequence[Job], executor: Executor | None
) -> Iterator[Result]:
    """Results of all jobs, in their order, each as soon as it and those before it are done.

    Raises
    ------
    DatasetError
        If a worker process died.
    """
    if executor is None:
        yield from map(work, jobs)
        return
    futures = [executor.submit(work, job) for job in jobs]
    try:
        for future in futures:
            yield future.result()
    except BrokenExecutor as error:
        raise DatasetError(
            "a worker process died, perhaps for want of memory", mend="use fewer --workers"
        ) from error
    finally:
        for future in futures:
            future.cancel()
