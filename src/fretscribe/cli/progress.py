"""A progress line with the time left, on stderr, for terminals only."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

_REDRAW_S = 0.1
_TRUST_ETA_AFTER_S = 1.0


class ProgressLine:
    """One line that redraws itself: what is worked on, which stage, share done, time left.

    Parameters
    ----------
    label : str
        What is worked on.
    enabled : bool
        False draws nothing; neither does a stream that is no terminal.
    stream : text file, optional
        Default ``sys.stderr``.
    clock : callable
        Seconds, monotonic.
    """

    def __init__(
        self,
        label: str,
        *,
        enabled: bool = True,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._label = label
        self._own_stream = stream
        self._enabled = enabled and self._stream.isatty()
        self._clock = clock
        self._started_s = clock()
        self._drawn_s = float("-inf")

    @property
    def _stream(self) -> TextIO:
        return sys.stderr if self._own_stream is None else self._own_stream  # it may be swapped meanwhile

    def __call__(self, stage: str, share: float) -> None:
        """Show that ``share`` (0..1) of all the work is done, and that ``stage`` runs."""
        now_s = self._clock()
        if not self._enabled or now_s - self._drawn_s < _REDRAW_S:
            return
        self._drawn_s = now_s
        text = f"{self._label}: {stage} {100 * share:3.0f} %{self._time_left(now_s, share)}"
        width = shutil.get_terminal_size().columns - 1
        self._stream.write("\r\x1b[K" + text[:width])
        self._stream.flush()

    def _time_left(self, now_s: float, share: float) -> str:
        elapsed_s = now_s - self._started_s
        if share <= 0.0 or elapsed_s < _TRUST_ETA_AFTER_S:
            return ""
        left_s = round(elapsed_s * (1.0 - share) / share)
        hours, minutes = divmod(left_s // 60, 60)
        clock = f"{hours}:{minutes:02d}:{left_s % 60:02d}" if hours else f"{minutes}:{left_s % 60:02d}"
        return f", {clock} left"

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line off the terminal, whatever happened."""
        if self._enabled and self._drawn_s > float("-inf"):
            self._stream.write("\r\x1b[K")
            self._stream.flush()
