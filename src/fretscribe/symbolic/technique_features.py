"""The figures by which techniques are told: a note's sound and pitch curve, its neighbours, the recording.

How a recording strikes its notes is taken from its own median, so that a dull microphone or a soft player
changes little. Neighbours: ``dsp.playing`` measures, ``techniques`` decides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from fretscribe.dsp.note_sound import NoteSound
from fretscribe.dsp.playing import PlayedSound
from fretscribe.music import TabNote
from fretscribe.symbolic.pitch_curves import PitchCurve, describe

Features = Mapping[str, float]
"""Name to figure; NaN where it could not be measured."""

REACH_SCALE_CENTS = 15.0
"""``log_reach`` is ln(1 + cents / this)."""

_NAN = float("nan")
_TOGETHER_S = 0.03
_OF_THE_RECORDING = ("rise_high", "rise_all", "flux", "bright", "pitched", "fall_early")
_OF_THE_SOUND = (
    *_OF_THE_RECORDING, "rise_own", "fall_late", "fall_high", "joined", "step", "dip", "bright_step",
    "kept_low", "kept_high", "kept_spread", "between", "below", "below_rise", "below_fall",
    "below_clear",
)  # fmt: skip


def technique_features(notes: Sequence[TabNote], played: Sequence[PlayedSound]) -> list[Features]:
    """Figures of all notes of a tab.

    Parameters
    ----------
    notes : sequence of TabNote
        In the order of the tab.
    played : sequence of PlayedSound
        Of the same notes.
    """
    usual = {
        name: float(np.median([getattr(one.sound, name) for one in played])) if played else 0.0
        for name in _OF_THE_RECORDING
    }
    onsets = np.array([note.note.onset_s for note in notes])
    features: list[Features] = []
    for note, one in zip(notes, played, strict=True):
        before = notes[one.before] if one.before >= 0 else None
        together = int((np.abs(onsets - note.note.onset_s) < _TOGETHER_S).sum()) - 1
        features.append(
            _of_sound(one.sound, usual)
            | _of_curve(describe(one.track))
            | _of_note(note, before, together)
            | {
                "free": 0.0 if one.track is None else one.track.free,
                "on_touched": _chance_of_string(note, one.sound.touched),
            }
        )
    return features


def _of_sound(sound: NoteSound, usual: Mapping[str, float]) -> dict[str, float]:
    figures = {name: float(getattr(sound, name)) for name in _OF_THE_SOUND}
    beside = {f"{name}_beside": figures[name] - usual[name] for name in _OF_THE_RECORDING}
    return (
        figures
        | beside
        | {
            "log_flux": math.log(max(sound.flux, 0.1)),
            "fall_least": min(sound.fall_early, sound.fall_late),
        }
    )


def _of_curve(curve: PitchCurve) -> dict[str, float]:
    return {
        "log_reach": _log(curve.reach, REACH_SCALE_CENTS),
        "log_excursion": _log(curve.excursion, 15.0),
        "ends": abs(curve.ends),
        "log_steepest": _log(curve.steepest, 5.0),
        "still": curve.still,
        "moves_at": curve.moves_at_s,
        "clarity": curve.clarity,
        "log_vibrato": _log(curve.vibrato_cents, 8.0),
        "vibrato_hz": curve.vibrato_hz,
        "vibrato_share": curve.vibrato_share,
        "period_alike": curve.period_alike,
        "half_period_alike": curve.half_period_alike,
    }


def _of_note(note: TabNote, before: TabNote | None, together: int) -> dict[str, float]:
    return {
        "log_length": math.log(note.note.duration_s),
        "pitch": float(note.note.pitch),
        "fret": float(note.position.fret),
        "onset_prob": note.note.onset_prob,
        "velocity": float(note.note.velocity),
        "together": float(together),
        "interval": _NAN if before is None else float(note.note.pitch - before.note.pitch),
        "size": _NAN if before is None else abs(float(note.note.pitch - before.note.pitch)),
        "same_string": 0.0 if before is None else float(before.position.string == note.position.string),
        "fret_before": _NAN if before is None else float(before.position.fret),
        "log_since": _NAN if before is None else math.log(max(0.01, note.note.onset_s - before.note.onset_s)),
    }


def _chance_of_string(note: TabNote, string: int) -> float:
    """P(a note is on a string), from what was heard where that is known; NaN without a string."""
    if string < 0:
        return _NAN
    heard = note.note.string_probs
    return float(note.position.string == string) if heard is None else float(heard[string])


def _log(value: float, scale: float) -> float:
    return math.log1p(max(0.0, value) / scale) if not math.isnan(value) else _NAN
