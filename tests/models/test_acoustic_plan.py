"""Chunks cover a recording once, of any length; levels are brought to a common one; silence is left alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.dsp.level import level_gain
from fretscribe.frames import Audio
from fretscribe.models.acoustic import load_acoustic, plan_chunks


@given(n_frames=st.integers(1, 500), chunk_frames=st.integers(1, 100), context_frames=st.integers(0, 30))
def test_chunks_cover_every_frame_once_with_context(
    n_frames: int, chunk_frames: int, context_frames: int
) -> None:
    chunks = list(plan_chunks(n_frames, chunk_frames=chunk_frames, context_frames=context_frames))
    assert [f for c in chunks for f in range(c.first, c.last)] == list(range(n_frames))
    for chunk in chunks:
        assert chunk.heard_from == max(0, chunk.first - context_frames)
        assert chunk.heard_to == min(n_frames, chunk.last + context_frames)


@given(level=st.floats(0.002, 1.0))
def test_any_level_becomes_the_same(level: float) -> None:
    tone = np.sin(np.arange(22050) / 10).astype(np.float32)
    heard = (level * tone) * level_gain(np.float32(level) * tone)
    assert np.allclose(heard, tone * level_gain(tone), atol=1e-3)


def test_silence_is_not_blown_up() -> None:
    assert level_gain(np.zeros(22050, np.float32)) == 1
    assert level_gain(np.zeros(0, np.float32)) == 1
    assert level_gain(np.full(100, 1e-6, np.float32)) == 1


def test_recordings_of_any_length_have_a_frame_for_each_hop_and_one_more() -> None:
    """Also whole hops: those that AAC at 44.1 kHz leaves are."""
    model = load_acoustic()
    hop = model.hop_length
    for n_samples in (0, hop - 1, hop, hop + 1, 20 * hop):
        samples = np.full((1, n_samples), 0.01, np.float32)
        roll = model(Audio(samples=samples, sample_rate=model.sample_rate))
        assert roll.grid.n_frames == len(roll.onset) == n_samples // hop + 1
        assert np.isfinite(roll.onset).all()
