"""Rendered phrases with techniques, for tests that listen to how notes are played."""

from __future__ import annotations

import dataclasses

import numpy as np

from fretscribe.datasets.guitars import Guitar, random_guitar
from fretscribe.datasets.synthetic import RENDER_RATE, render_strings
from fretscribe.frames import FloatArray
from fretscribe.music import BendPoint, Note, Position, Tab, TabNote, Technique, Tuning

PLAIN: frozenset[Technique] = frozenset()


def tab_note(
    onset_s: float,
    offset_s: float,
    string: int,
    fret: int,
    *techniques: Technique,
    bend: tuple[tuple[float, float], ...] = (),
    velocity: int = 90,
) -> TabNote:
    """A note of a guitar in standard tuning; ``bend`` is (seconds, cents)."""
    return TabNote(
        note=Note(
            onset_s=onset_s,
            offset_s=offset_s,
            pitch=Tuning().open_pitches[string] + fret,
            velocity=velocity,
            bend=tuple(BendPoint(time_s=t, cents=c) for t, c in bend),
        ),
        position=Position(string=string, fret=fret),
        techniques=frozenset(techniques),
    )


def tab_of(*notes: TabNote) -> Tab:
    return Tab(tuning=Tuning(), notes=notes)


def plain_guitar(seed: int = 3, **changes: object) -> Guitar:
    """A steel-string guitar in perfect tune."""
    guitar = random_guitar(np.random.default_rng(seed), kind="steel")
    tuned = dataclasses.replace(guitar, detune_cents=(0.0,) * 6, fret_cents=0.0)
    return dataclasses.replace(tuned, **changes)  # type: ignore[arg-type]


def sound_of(tab: Tab, guitar: Guitar | None = None, seed: int = 0) -> FloatArray:
    """The strings of a tab together, half a second longer than it, at `RENDER_RATE`."""
    strings = render_strings(tab, guitar or plain_guitar(), np.random.default_rng(seed))
    return np.asarray(strings.sum(axis=0), dtype=np.float32)


def level_db(sound: FloatArray, from_s: float, to_s: float) -> float:
    """Root mean square of a stretch in dB."""
    stretch = sound[int(from_s * RENDER_RATE) : int(to_s * RENDER_RATE)].astype(np.float64)
    return float(10 * np.log10((stretch**2).mean() + 1e-12))
