"""Excerpts played as others might have, or heard as a model might: for what learns from few performances.

Slower or faster, in another key, with notes missed, doubled, late or cut short, now and then in bars of
three. Neighbours: ``excerpts`` cuts and bends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fretscribe.datasets.excerpts import Excerpt, warped_excerpt, without_beat
from fretscribe.music import BeatGrid, Note, TabNote

_SHORT_SHARE, _TRIPLE_SHARE, _CUT_SHARE = 0.15, 0.2, 0.15
_SPEED_OCTAVES = 0.2
_LEAST_SPEED, _MOST_SPEED = 0.65, 1.55
_STEPS = 6  # of transposition, either way
_MISSED = (0.0, 0.0, 0.05, 0.12, 0.25)
_JITTER_S = (0.002, 0.005, 0.012)
_LENGTH_SPREAD = (0.05, 0.25)
_DOUBLED = (0.0, 0.0, 0.04, 0.1)
_OF_DOUBLES = (0, 12, 7, -12, 19)  # semitones
_LEAST_S = 0.03


def varied_excerpt(
    notes: Sequence[TabNote], beats: BeatGrid, duration_s: float, rng: np.random.Generator
) -> tuple[list[Note], Excerpt]:
    """A variation, and the excerpt (with the beats) that it is one of; both in the time of the variation."""
    most_cut = 0.45 if rng.random() < _SHORT_SHARE else 0.25
    excerpt = warped_excerpt(notes, beats, duration_s, rng, most_cut=most_cut)
    if beats.beats_per_bar == 4 and rng.random() < _TRIPLE_SHARE and len(excerpt.beats_s):
        excerpt = without_beat(excerpt, int(rng.integers(1, 4)))
    speed = float(np.clip(2.0 ** rng.normal(0.0, _SPEED_OCTAVES), _LEAST_SPEED, _MOST_SPEED))
    excerpt = replace(excerpt, beats_s=excerpt.beats_s * speed, duration_s=excerpt.duration_s * speed)
    return _misheard([n.note for n in excerpt.notes], speed, rng), excerpt


def _misheard(notes: Sequence[Note], speed: float, rng: np.random.Generator) -> list[Note]:
    steps = int(rng.integers(-_STEPS, _STEPS + 1))
    missed, jitter_s, spread, doubled = (
        float(rng.choice(choices)) for choices in (_MISSED, _JITTER_S, _LENGTH_SPREAD, _DOUBLED)
    )
    cut = _CUT_SHARE if rng.random() < 0.5 else 0.0
    heard: list[Note] = []
    for note in notes:
        if rng.random() < missed:
            continue
        onset_s = max(0.0, note.onset_s * speed + float(rng.normal(0.0, jitter_s)))
        length_s = (note.offset_s - note.onset_s) * speed * float(np.exp(rng.normal(0.0, spread)))
        if rng.random() < cut:
            length_s *= float(rng.uniform(0.3, 1.0))
        pitch = min(max(note.pitch + steps, 20), 110)
        heard.append(Note(onset_s=onset_s, offset_s=onset_s + max(length_s, _LEAST_S), pitch=pitch))
        if rng.random() < doubled:
            again_s = onset_s + float(rng.choice((0.0, 0.1, 0.3)) * rng.uniform(0.3, 1.0))
            pitch = min(max(pitch + int(rng.choice(_OF_DOUBLES)), 20), 110)
            heard.append(Note(onset_s=again_s, offset_s=again_s + 0.1, pitch=pitch))
    return heard
