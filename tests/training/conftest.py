"""A run so small that it trains in seconds: few idiomatic clips, a thin network."""

from __future__ import annotations

from pathlib import Path

import pytest

TINY = """
[model]
fine_channels = 4
channels = 8
dilations = [1, 2]
pitch_context = 5

[clips.idioms]
content = "idioms"
voice = "physical"
n_shards = 1
clips_per_shard = 4
clip_s = 2.0

[loop]
n_steps = 6
batch_clips = 2
save_every = 3
n_workers = 1
"""


@pytest.fixture
def tiny_config(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY, encoding="utf-8")
    return path
