"""Notes, strings and hands: the symbolic values that every stage exchanges.

Conventions (the only ones): string index 0 is the lowest-pitched string; fret 0 is open, counted from
the capo; ``pitch = open_pitches[string] + capo + fret`` in MIDI numbers; times in seconds end in ``_s``,
times in beats are `fractions.Fraction` and count from the first beat of the `BeatGrid`.
Neighbours: ``frames`` has audio and probabilities, ``symbolic`` computes with these values, ``io``
writes them.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

Technique = Literal[
    "bend", "vibrato", "slide", "hammer_on", "pull_off", "palm_mute", "dead", "harmonic", "let_ring"
]
"""How a note is played; `slide`, `hammer_on` and `pull_off` say how it is reached."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Position:
    """A place on the fretboard: string 0 = lowest, fret 0 = open (or at the capo)."""

    string: int
    fret: int

    def __post_init__(self) -> None:
        if self.string < 0 or self.fret < 0:
            raise ValueError(f"string and fret must not be negative: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Open strings low to high as MIDI pitches (without the capo), frets and capo.

    Attributes
    ----------
    open_pitches : tuple of int
        4 to 8 MIDI pitches, index 0 = lowest-pitched string position (re-entrant tunings allowed).
    n_frets : int
        Highest fret of the neck, counted from the nut.
    capo : int
        Fret of the capo, 0 = none. ``n_frets - capo`` frets remain above it.
    """

    open_pitches: tuple[int, ...] = (40, 45, 50, 55, 59, 64)
    n_frets: int = 22
    capo: int = 0

    def __post_init__(self) -> None:
        if not 4 <= len(self.open_pitches) <= 8:
            raise ValueError(f"a tuning has 4 to 8 strings, not {len(self.open_pitches)}")
        if not all(12 <= p <= 100 for p in self.open_pitches):
            raise ValueError(f"open pitches out of range: {self.open_pitches}")
        if not 1 <= self.n_frets <= 36:
            raise ValueError(f"n_frets must be 1..36, not {self.n_frets}")
        if not 0 <= self.capo < self.n_frets:
            raise ValueError(f"capo must be 0..{self.n_frets - 1}, not {self.capo}")

    @property
    def n_strings(self) -> int:
        return len(self.open_pitches)

    @property
    def highest_fret(self) -> int:
        """Highest fret counted from the capo."""
        return self.n_frets - self.capo

    def pitch(self, position: Position) -> int:
        """MIDI pitch at a position.

        >>> Tuning().pitch(Position(string=1, fret=3))
        48
        """
        return self.open_pitches[position.string] + self.capo + position.fret

    def positions(self, pitch: int) -> tuple[Position, ...]:
        """All places where a pitch can be played, lowest string first; empty if there is none.

        >>> [(p.string, p.fret) for p in Tuning().positions(50)]
        [(0, 10), (1, 5), (2, 0)]
        """
        frets = (pitch - open_pitch - self.capo for open_pitch in self.open_pitches)
        return tuple(Position(string=s, fret=f) for s, f in enumerate(frets) if 0 <= f <= self.highest_fret)


STANDARD_TUNING = Tuning()


@dataclass(frozen=True, slots=True, kw_only=True)
class BendPoint:
    """A point of a note's pitch curve: seconds after its onset, cents above its pitch."""

    time_s: float
    cents: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stiffness:
    """How stiff a note's string sounds.

    Attributes
    ----------
    log_b : float
        ln B, where partial n lies at ``n f0 sqrt(1 + B n^2)``.
    error : float
        Standard error of ``log_b``, above 0.
    """

    log_b: float
    error: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.log_b) or not 0.0 < self.error < math.inf:
            raise ValueError(f"stiffness needs a finite log_b and a finite error above 0: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A heard note, not yet on a string.

    Attributes
    ----------
    onset_s, offset_s : float
        Seconds from the start of the recording; the offset lies after the onset.
    pitch : int
        MIDI pitch.
    velocity : int
        1..127.
    onset_prob : float
        The acoustic model's probability that this note is there, 0..1.
    string_probs : tuple of float, or None
        The acoustic model's evidence for each string of the tuning (sums to 1); None where nothing is known.
    tab_probs : tuple of float, or None
        What the tab networks (TabCNN, LSTMPredictor) say: for each string of the tuning P(it sounds this
        pitch), each 0..1; None where they did not listen.
    stiffness : Stiffness, or None
        Of the string that it was played on; None where it was not, or could not be, measured.
    bend : tuple of BendPoint
        Pitch curve, empty where it stays at the pitch.
    """

    onset_s: float
    offset_s: float
    pitch: int
    velocity: int = 80
    onset_prob: float = 1.0
    string_probs: tuple[float, ...] | None = None
    tab_probs: tuple[float, ...] | None = None
    stiffness: Stiffness | None = None
    bend: tuple[BendPoint, ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 <= self.onset_s < self.offset_s:
            raise ValueError(f"a note needs 0 <= onset_s < offset_s: {self}")
        if not 0 <= self.pitch <= 127 or not 1 <= self.velocity <= 127:
            raise ValueError(f"pitch must be 0..127 and velocity 1..127: {self}")

    @property
    def duration_s(self) -> float:
        return self.offset_s - self.onset_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another place where a note may have been played, with its probability."""

    position: Position
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TabNote:
    """A note on a string.

    Attributes
    ----------
    note : Note
    position : Position
    onset_beats, duration_beats : Fraction, or None
        Quantised, from the first beat of the grid; None before the rhythm stage has run.
    techniques : frozenset of Technique
    confidence : float, or None
        P(pitch, string and fret all right); None where it was not judged (imported tabs).
    alternatives : tuple of Alternative
        Most probable first; may include the chosen position.
    rule_probability : float, or None
        P(this position) by the rules of the hand alone, without evidence from the sound; None where they were
        not asked.
    """

    note: Note
    position: Position
    onset_beats: Fraction | None = None
    duration_beats: Fraction | None = None
    techniques: frozenset[Technique] = frozenset()
    confidence: float | None = None
    alternatives: tuple[Alternative, ...] = ()
    rule_probability: float | None = None

    def __post_init__(self) -> None:
        if (self.onset_beats is None) != (self.duration_beats is None):
            raise ValueError("onset_beats and duration_beats come together")
        if self.duration_beats is not None and self.duration_beats <= 0:
            raise ValueError(f"duration_beats must be positive, not {self.duration_beats}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatGrid:
    """Beats in seconds, and which of them start a bar.

    Attributes
    ----------
    beat_times_s : tuple of float
        At least 2, strictly rising; beat 0 is the first. Outside them the nearest interval goes on.
    downbeats : tuple of int
        Indices of the beats that start a bar, rising; beats before the first are a pick-up bar.
    beats_per_bar : int
        Numerator of the metre.
    beat_unit : int
        Denominator of the metre: the note value of one beat.
    meter_confidence : float, or None
        Where the metre was found by listening, how probable it is, 0..1. Does not count in comparisons.
    """

    beat_times_s: tuple[float, ...]
    downbeats: tuple[int, ...]
    beats_per_bar: int = 4
    beat_unit: int = 4
    meter_confidence: float | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        times = self.beat_times_s
        if len(times) < 2 or any(b <= a for a, b in itertools.pairwise(times)):
            raise ValueError("beat_times_s needs at least two strictly rising times")
        if any(b <= a for a, b in itertools.pairwise(self.downbeats)):
            raise ValueError("downbeats must rise strictly")
        if self.downbeats and not 0 <= self.downbeats[0] <= self.downbeats[-1] < len(times):
            raise ValueError("downbeats must be indices of beats")
        if self.beats_per_bar < 1 or self.beat_unit not in (1, 2, 4, 8, 16):
            raise ValueError(f"impossible metre {self.beats_per_bar}/{self.beat_unit}")

    @property
    def tempo_bpm(self) -> float:
        """Mean tempo in beats a minute."""
        times = self.beat_times_s
        return 60.0 * (len(times) - 1) / (times[-1] - times[0])

    def beat_at(self, time_s: float) -> float:
        """Fractional beat at a time.

        >>> BeatGrid(beat_times_s=(1.0, 1.5, 2.0), downbeats=(0,)).beat_at(2.25)
        2.5
        """
        times = self.beat_times_s
        i = min(max(bisect.bisect_right(times, time_s) - 1, 0), len(times) - 2)
        return i + (time_s - times[i]) / (times[i + 1] - times[i])

    def time_at(self, beat: float | Fraction) -> float:
        """Seconds at a fractional beat; the inverse of `beat_at`."""
        times = self.beat_times_s
        i = min(max(int(beat // 1), 0), len(times) - 2)
        return times[i] + (float(beat) - i) * (times[i + 1] - times[i])

    @classmethod
    def constant(
        cls,
        tempo_bpm: float,
        duration_s: float,
        *,
        start_s: float = 0.0,
        beats_per_bar: int = 4,
        beat_unit: int = 4,
    ) -> BeatGrid:
        """A steady grid that covers ``start_s .. duration_s``, downbeat first."""
        step = 60.0 / tempo_bpm
        n_beats = max(2, int((duration_s - start_s) / step) + 2)
        return cls(
            beat_times_s=tuple(start_s + i * step for i in range(n_beats)),
            downbeats=tuple(range(0, n_beats, beats_per_bar)),
            beats_per_bar=beats_per_bar,
            beat_unit=beat_unit,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key: pitch class of the tonic (C = 0) and mode."""

    tonic: int
    mode: Literal["major", "minor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chord:
    """A chord symbol such as ``Am7`` or ``D/F#`` that holds from ``start_s`` to ``end_s``."""

    start_s: float
    end_s: float
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A piece for one guitar. Notes are sorted by onset, then string; a string sounds one at a time.

    Attributes
    ----------
    tuning : Tuning
    notes : tuple of TabNote
    beats : BeatGrid, or None
        None where nothing is known of time but seconds.
    key : Key, or None
    chords : tuple of Chord
    title : str
    provenance : mapping of str to JSON values
        Where the tab comes from (file, weights, options); kept, never interpreted.

    Raises
    ------
    ValueError
        If notes are out of order, off the neck, at a pitch that differs from their position's, or two
        sound on one string at once.
    """

    tuning: Tuning
    notes: tuple[TabNote, ...]
    beats: BeatGrid | None = None
    key: Key | None = None
    chords: tuple[Chord, ...] = ()
    title: str = ""
    provenance: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))
        _check_notes(self.tuning, self.notes)

    @property
    def duration_s(self) -> float:
        return max((n.note.offset_s for n in self.notes), default=0.0)


_OVERLAP_TOLERANCE_S = 1e-6


def _check_notes(tuning: Tuning, notes: tuple[TabNote, ...]) -> None:
    sounding_until = [0.0] * tuning.n_strings
    previous = (0.0, -1)
    for tab_note in notes:
        note, position = tab_note.note, tab_note.position
        if position.string >= tuning.n_strings or position.fret > tuning.highest_fret:
            raise ValueError(f"{position} is not on the neck of {tuning}")
        if tuning.pitch(position) != note.pitch:
            raise ValueError(f"{position} sounds {tuning.pitch(position)}, the note is {note.pitch}")
        if (note.onset_s, position.string) < previous:
            raise ValueError(f"notes must be sorted by onset and string; at {note.onset_s:.3f} s")
        if note.onset_s < sounding_until[position.string] - _OVERLAP_TOLERANCE_S:
            raise ValueError(f"two notes at once on string {position.string} at {note.onset_s:.3f} s")
        previous = (note.onset_s, position.string)
        sounding_until[position.string] = note.offset_s
