"""The open account of a run: which stages ran, skipped or fell back and why, how long each took, warnings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from fretscribe.result import Stage


class Ledger:
    """Collects what `Transcription` reports beside the tab."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self.timings_s: dict[str, float] = {}
        self.warnings: list[str] = []

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Count the time of the block for a stage; blocks of one stage add up."""
        started_s = time.perf_counter()
        try:
            yield
        finally:
            self.timings_s[name] = self.timings_s.get(name, 0.0) + time.perf_counter() - started_s

    def note(self, name: str, status: Literal["ran", "skipped", "fallback"], detail: str) -> None:
        """Enter a stage."""
        self.stages.append(Stage(name=name, status=status, detail=detail))

    def warn(self, message: str) -> None:
        """Enter a warning, once."""
        if message not in self.warnings:
            self.warnings.append(message)
