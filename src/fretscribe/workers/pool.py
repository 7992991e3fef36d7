"""One way to go through many items, whoever works on them.

An item's work is a plain callable, picklable where others do it. Neighbours: ``processes`` and ``cluster``
are the workers; ``datasets`` takes results in order, ``pipeline.library`` as they are finished.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from typing import TypeVar

from fretscribe.errors import FretscribeError, OptionError
from fretscribe.workers.processes import ProcessExecutor

Key = TypeVar("Key")
Job = TypeVar("Job")
Result = TypeVar("Result")


@contextlib.contextmanager
def worker_pool(n_workers: int, scheduler: str | None = None) -> Iterator[Executor | None]:
    """An executor of so many processes, or of a cluster; None for one worker, who works in this process.

    Parameters
    ----------
    n_workers : int
    scheduler : str, optional
        Address of a Dask scheduler, whose workers it uses instead: `cluster.cluster`.

    Raises
    ------
    OptionError
        If there are fewer than one, or the address is none.
    MissingExtraError, WorkerError
        If the cluster cannot be reached.
    """
    if scheduler is None and n_workers == 1:
        yield None
        return
    with far_workers(n_workers, scheduler) as executor:
        yield executor


@contextlib.contextmanager
def far_workers(n_workers: int, scheduler: str | None = None) -> Iterator[Executor]:
    """As `worker_pool`, but never in this process: what kills a worker does not kill the work."""
    if n_workers < 1:
        raise OptionError(f"{n_workers} workers do no work", mend="give --workers 1 or more")
    if scheduler is not None:
        from fretscribe.workers.cluster import cluster

        with cluster(scheduler) as executor:
            yield executor
        return
    processes = ProcessExecutor(n_workers)
    try:
        yield processes
    finally:
        processes.shutdown(cancel_futures=True)


def in_order(
    work: Callable[[Job], Result], jobs: Sequence[Job], executor: Executor | None
) -> Iterator[Result]:
    """Results of all jobs, in their order, each as soon as it and those before it are done.

    Raises
    ------
    WorkerError
        If a job killed its workers.
    """
    if executor is None:
        yield from map(work, jobs)
        return
    futures = [executor.submit(work, job) for job in jobs]
    try:
        for future in futures:
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def as_finished(
    work: Callable[[Job], Result], jobs: Mapping[Key, Job], executor: Executor | None
) -> Iterator[tuple[Key, Result | Exception]]:
    """The key of each job as it is finished, with its result or what it failed of; none stops the others.

    In this process (``executor`` None) only a `FretscribeError` is a failure; others are raised.
    """
    if executor is None:
        for key, job in jobs.items():
            try:
                result = work(job)
            except FretscribeError as failure:
                yield key, failure
            else:
                yield key, result
        return
    keys: dict[Future[Result], Key] = {executor.submit(work, job): key for key, job in jobs.items()}
    try:
        for future in as_completed(list(keys)):
            key = keys.pop(future)  # a result that is handed on is not kept
            error = future.exception()
            yield key, error if isinstance(error, Exception) else future.result()
    finally:
        for future in keys:
            future.cancel()
