"""An existing Dask cluster as an executor (extra ``cluster``).

The workers of the cluster need this version of fretscribe and see the files under the same paths. A worker
that dies loses nothing: the scheduler gives its items to others, and gives up on those that several
workers died of (its setting ``allowed-failures``). Neighbours: ``pool`` chooses between this and processes.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from fretscribe.errors import MissingExtraError, OptionError, WorkerError

P = ParamSpec("P")
Result = TypeVar("Result")

_CONNECT_S = 15


@contextlib.contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The workers behind a scheduler, such as ``tcp://host:8786``.

    Raises
    ------
    MissingExtraError
        Without the extra ``cluster``.
    OptionError
        If that is no address.
    WorkerError
        If nobody answers there, or no worker has joined.
    """
    try:
        from distributed import Client
    except ImportError:
        raise MissingExtraError("a cluster", "cluster") from None
    _check_address(address)
    try:
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    except OSError as error:
        mend = "start it with 'dask scheduler', and its workers with 'dask worker'"
        raise WorkerError(f"no scheduler answers at {address}", mend=mend) from error
    with client:
        if not client.nthreads():
            raise WorkerError(f"no worker has joined {address}", mend=f"dask worker {address}")
        executor = ClusterExecutor(client)
        try:
            yield executor
        finally:
            executor.shutdown(wait=False, cancel_futures=True)


def _check_address(address: str) -> None:
    """A client that is given what is none complains for half a minute."""
    try:
        parts = urlsplit(address)
        well = parts.scheme in ("tcp", "tls") and bool(parts.hostname) and parts.port is not None
    except ValueError:
        well = False
    if not well:
        raise OptionError(f"{address!r} is no scheduler's address", mend="write tcp://host:port")


class ClusterExecutor(Executor):
    """Submits to a `distributed.Client`; an item that the cluster loses gets a `WorkerError`, alone."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._pending: set[Future[Any]] = set()

    def submit(self, fn: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs) -> Future[Result]:
        """A future that has what ``fn`` returns or raises, or `WorkerError`."""
        future: Future[Result] = Future()
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        call = functools.partial(fn, *args, **kwargs)
        task = self._client.submit(call, pure=False)
        future.add_done_callback(lambda done: task.cancel() if done.cancelled() else None)
        task.add_done_callback(functools.partial(_settle, future))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for what is submitted, or, with ``cancel_futures``, let go of it."""
        for future in list(self._pending):
            if cancel_futures:
                future.cancel()
            elif wait:
                future.exception()


def _settle(future: Future[Any], task: Any) -> None:
    """Hand on what came of a task of the cluster."""
    from distributed.scheduler import KilledWorker

    if not future.set_running_or_notify_cancel():
        return
    if task.cancelled():
        future.set_exception(WorkerError("the cluster lost it", mend="is its scheduler still running?"))
        return
    error = task.exception()
    if error is None:
        future.set_result(task.result())
    elif isinstance(error, KilledWorker):
        future.set_exception(WorkerError("several workers of the cluster died of it"))
    else:
        future.set_exception(error)
