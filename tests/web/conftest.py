"""A studio and a browser's requests to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("starlette", reason="the extra 'studio' is not installed")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A second of quiet noise: the studio hears its riff in anything."""
    path = tmp_path / "song.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(22050), 22050)
    return path


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Any]:
    """A studio with an empty folder."""
    from studio_visit import open_visit

    with open_visit(tmp_path / "studio") as opened:
        yield opened
