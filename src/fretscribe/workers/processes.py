"""Processes of this machine as an executor, each on its own: one that dies takes nothing else along.

The pool of the standard library breaks as a whole when one process dies, and forgets what all of them were
doing. Here each process has a pipe with a thread at its end, so it is known which item died with it.
Knows nothing of what is worked on. Neighbours: ``pool`` chooses between these, ``cluster`` and no workers.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from typing import Any, ParamSpec, TypeVar

from fretscribe.errors import WorkerError

P = ParamSpec("P")
Result = TypeVar("Result")

N_TRIES = 2
"""So often an item is begun whose process dies; the first death may have been somebody else's doing."""

_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)


class ProcessExecutor(Executor):
    """So many processes; each is started when there is work for it, and works with one thread.

    What is submitted is pickled, and so is what comes back. Ctrl-C reaches the parent only, which decides
    whether its workers are to stop (`shutdown` with ``cancel_futures``). A parent that is killed leaves no
    process behind for longer than the item that it works on.

    Parameters
    ----------
    n_workers : int
    """

    def __init__(self, n_workers: int) -> None:
        self._context = multiprocessing.get_context("spawn")  # threads do not survive a fork
        self._own = threading.local()
        self._lock = threading.Lock()
        self._workers: list[_Worker] = []
        self._stopped = False
        self._threads = ThreadPoolExecutor(n_workers, "worker", initializer=_leave_interrupts_to_the_parent)

    def submit(self, fn: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs) -> Future[Result]:
        """A future that has what ``fn`` returns or raises, or `WorkerError` if it killed its processes."""
        return self._threads.submit(self._send, functools.partial(fn, *args, **kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the processes finish, or, with ``cancel_futures``, end them where they are."""
        if cancel_futures:
            with self._lock:
                self._stopped = True
                for worker in self._workers:
                    worker.kill()
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        if wait:
            for worker in self._workers:
                worker.leave()

    def _send(self, call: Callable[[], Result]) -> Result:
        for _ in range(N_TRIES):
            worker = self._worker()
            try:
                well, answer = worker.ask(call)
            except (EOFError, ConnectionError):
                self._bury(worker)
                continue
            if well:
                return answer  # type: ignore[no-any-return]  # what the call returns, by way of a pipe
            raise answer
        raise WorkerError(
            "the worker process died of it twice, perhaps for want of memory", mend="use fewer --workers"
        )

    def _worker(self) -> _Worker:
        """The process of this thread, a fresh one if it has none."""
        worker: _Worker | None = getattr(self._own, "worker", None)
        with self._lock:
            if self._stopped:
                raise CancelledError
            if worker is None:
                worker = self._own.worker = _Worker(self._context)
                self._workers.append(worker)
        return worker

    def _bury(self, worker: _Worker) -> None:
        self._own.worker = None
        with self._lock:
            self._workers.remove(worker)
        worker.leave()


class _Worker:
    """A process, and the parent's end of the pipe to it."""

    def __init__(self, context: SpawnContext) -> None:
        self._end, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()  # now the pipe ends when the process does

    def ask(self, call: Callable[[], object]) -> tuple[bool, Any]:
        """Whether the call went well, and what it returned or raised; `EOFError` if the process died."""
        self._end.send(call)
        answer: tuple[bool, Any] = self._end.recv()
        return answer

    def kill(self) -> None:
        self._process.kill()

    def leave(self) -> None:
        self._end.close()
        self._process.join()


def _leave_interrupts_to_the_parent() -> None:
    """Keep Ctrl-C from the processes that this thread starts: they inherit what it blocks."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _serve(end: Connection) -> None:
    """The life of a worker process: answers until the parent closes its end, or dies."""
    os.environ.update(_ONE_THREAD)  # before the first call brings numpy in
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            call = end.recv()
        except (EOFError, ConnectionError):
            return
        answer: tuple[bool, object]
        try:
            answer = (True, call())
        except Exception as error:  # noqa: BLE001 - it goes to whoever asked
            answer = (False, error)
        try:
            end.send(answer)
        except ConnectionError:  # nobody is there any more
            return
