"""Small scores for tests: notes by string and fret, beats in a row."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from fretscribe.io.score import Score, ScoreBar, ScoreBeat, ScoreNote, ScoreTrack, TrackBar
from fretscribe.music import STANDARD_TUNING


def note(string: int, fret: int, **given: Any) -> ScoreNote:
    return ScoreNote(string=string, fret=fret, **given)


def row(
    *beats: ScoreBeat | ScoreNote | tuple[ScoreNote, ...] | None, of: str = "1", voice: int = 0
) -> TrackBar:
    """Beats of one length (quarter notes) in a row; None is a rest, a ready beat keeps its own length."""
    made, at = [], Fraction(0)
    for beat in beats:
        if isinstance(beat, ScoreBeat):
            made.append(ScoreBeat(**{f: getattr(beat, f) for f in beat.__slots__} | {"start": at}))
            at += 0 if beat.grace else beat.duration
            continue
        notes = () if beat is None else (beat,) if isinstance(beat, ScoreNote) else beat
        made.append(ScoreBeat(start=at, duration=Fraction(of), notes=notes, voice=voice))
        at += Fraction(of)
    return TrackBar(beats=tuple(made))


def track(*bars: TrackBar, **given: Any) -> ScoreTrack:
    strings = given.pop("open_pitches", STANDARD_TUNING.open_pitches)
    return ScoreTrack(name=given.pop("name", "Lead"), open_pitches=strings, bars=bars, **given)


def score(*tracks: ScoreTrack, bars: Iterable[ScoreBar] | None = None, **given: Any) -> Score:
    made = tuple(bars) if bars is not None else tuple(ScoreBar() for _ in tracks[0].bars)
    return Score(name="song.gp5", bars=made, tracks=tracks, **given)
