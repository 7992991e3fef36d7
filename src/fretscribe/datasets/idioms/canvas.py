"""The page that the styles write on: plucks on strings in beats, made into a valid `Tab` at the end.

The styles say what a hand would do; the canvas keeps what a hand and a string *can* do: a string sounds
one note, a new stroke ends the old one, fretting hands reach `MAX_SPAN` frets, and a slur needs a note to
come from. It owns time: the drift of the beat, swing and human jitter. Knows no harmony and no styles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from fretscribe.datasets.idioms.dice import Dice
from fretscribe.music import BeatGrid, BendPoint, Chord, Key, Note, Position, Tab, TabNote, Technique, Tuning

TICKS = 48
"""Ticks in a beat: 64th notes, triplets and sextuplets are whole numbers of them."""

MAX_SPAN = 5
"""Highest minus lowest fret of the fretted notes that sound at one time."""

_MIN_NOTE_S = 0.03
_SLUR_REACH_S = 0.02  # below _MIN_NOTE_S, so that at most one note a string begins in it
_SLURS: frozenset[Technique] = frozenset({"hammer_on", "pull_off", "slide"})
_NO_TECHNIQUES: frozenset[Technique] = frozenset()


@dataclass(slots=True, kw_only=True)
class Pluck:
    """A note as it is being written; `ticks` is its written length, `offset_s` its real end."""

    onset_s: float
    offset_s: float
    string: int
    fret: int
    velocity: int
    tick: int
    ticks: int
    techniques: frozenset[Technique]
    bend: tuple[BendPoint, ...]


class Canvas:
    """Plucks, chords and their time.

    Parameters
    ----------
    tuning : Tuning
    beats : BeatGrid
    dice : Dice
    end_s : float
        Nothing starts or sounds after it.
    swing : float
        Where the off-beat eighth falls in the beat: 0.5 is straight, 0.67 a full shuffle.
    jitter_s : float
        Standard deviation of a stroke's timing, clipped at twice that.
    touch_s : tuple of float
        How long the pick or finger touches a sounding string before it plucks it again: least and most.
    """

    def __init__(
        self,
        tuning: Tuning,
        beats: BeatGrid,
        dice: Dice,
        *,
        end_s: float,
        swing: float = 0.5,
        jitter_s: float = 0.008,
        touch_s: tuple[float, float] = (0.0, 0.012),
    ) -> None:
        self.tuning = tuning
        self.beats = beats
        self.dice = dice
        self.end_s = end_s
        self.swing = swing
        self.jitter_s = jitter_s
        self.touch_s = touch_s
        self.plucks: list[Pluck] = []
        self.chords: list[Chord] = []

    def time_at(self, tick: float) -> float:
        """Seconds at a tick, swing included."""
        beat, part = divmod(tick / TICKS, 1.0)
        if part < 0.5:
            swung = part * 2.0 * self.swing
        else:
            swung = self.swing + (part - 0.5) * 2.0 * (1.0 - self.swing)
        return self.beats.time_at(beat + swung)

    def human(self) -> float:
        """Lateness (or earliness) of one stroke in seconds."""
        return self.dice.bell(self.jitter_s, 2.0 * self.jitter_s)

    def pluck(
        self,
        string: int,
        fret: int,
        tick: int,
        ticks: int,
        *,
        velocity: float = 80,
        hold: float = 1.0,
        late_s: float | None = None,
        techniques: frozenset[Technique] = _NO_TECHNIQUES,
        bend: tuple[BendPoint, ...] = (),
    ) -> None:
        """Write a note; what lies off the neck or after the end is left out.

        Parameters
        ----------
        string, fret : int
        tick, ticks : int
            Written onset and length.
        velocity : float
            Clipped to 1..127, with a little chance added.
        hold : float
            Sounding length over written length: below 1 staccato, above it rings on.
        late_s : float or None
            Shift of the onset; None draws a human one.
        """
        if not 0 <= fret <= self.tuning.highest_fret or not 0 <= string < self.tuning.n_strings:
            return
        shift_s = self.human() if late_s is None else late_s
        onset_s = max(0.0, self.time_at(tick) + shift_s)
        offset_s = min(self.end_s, self.time_at(tick + ticks * hold) + shift_s)
        if offset_s - onset_s < _MIN_NOTE_S:
            return
        self.plucks.append(
            Pluck(
                onset_s=onset_s,
                offset_s=offset_s,
                string=string,
                fret=fret,
                velocity=min(127, max(1, round(velocity + self.dice.between(-7, 7)))),
                tick=tick,
                ticks=ticks,
                techniques=techniques,
                bend=bend,
            )
        )

    def name_chord(self, tick: int, end_tick: int, name: str) -> None:
        """Note down the chord that holds from one tick to another."""
        start_s, end_s = self.time_at(tick), min(self.end_s, self.time_at(end_tick))
        if start_s < end_s - _MIN_NOTE_S:
            self.chords.append(Chord(start_s=start_s, end_s=end_s, name=name))

    def finish(self, *, key: Key | None, title: str, provenance: dict[str, object]) -> Tab:
        """The tab of what was written."""
        plucks = sorted(self.plucks, key=lambda p: (p.onset_s, p.string))
        kept = self._one_hand(plucks)
        return Tab(
            tuning=self.tuning,
            notes=tuple(self._tab_note(p) for p in kept),
            beats=self.beats,
            key=key,
            chords=tuple(self.chords),
            title=title,
            provenance=provenance,
        )

    def _one_hand(self, plucks: list[Pluck]) -> list[Pluck]:
        """Play the plucks in order with one hand: cut what has to stop, leave out what cannot start."""
        sounding: list[Pluck | None] = [None] * self.tuning.n_strings
        kept = []
        for pluck in plucks:
            before = sounding[pluck.string]
            stopped = [p for p in sounding if p is not None and _must_stop(p, pluck)]
            if any(pluck.onset_s - p.onset_s < _MIN_NOTE_S or pluck.tick <= p.tick for p in stopped):
                continue
            for old in stopped:
                self._stop(old, pluck)
            if pluck.techniques & _SLURS:
                if before is not None and _can_slur(before, pluck, sounding):
                    before.offset_s = pluck.onset_s
                else:
                    pluck.bend = () if "slide" in pluck.techniques else pluck.bend
                    pluck.techniques -= _SLURS
            sounding[pluck.string] = pluck
            kept.append(pluck)
        return kept

    def _stop(self, old: Pluck, new: Pluck) -> None:
        # The pick or finger touches a string a moment before it sounds again; a slur does not.
        gap_s = 0.0
        if old.string == new.string and not new.techniques & _SLURS:
            gap_s = min(self.dice.between(*self.touch_s), 0.2 * (new.onset_s - old.onset_s))
        old.offset_s = min(old.offset_s, new.onset_s - gap_s)
        old.ticks = min(old.ticks, new.tick - old.tick)

    def _tab_note(self, pluck: Pluck) -> TabNote:
        position = Position(string=pluck.string, fret=pluck.fret)
        length_s = pluck.offset_s - pluck.onset_s
        bend = tuple(p for p in pluck.bend if p.time_s <= length_s)
        techniques = pluck.techniques
        if pluck.bend and all(abs(p.cents) < 1.0 for p in bend):  # cut before the finger moved
            bend, techniques = (), techniques - {"bend", "vibrato"}
        return TabNote(
            note=Note(
                onset_s=pluck.onset_s,
                offset_s=pluck.offset_s,
                pitch=self.tuning.pitch(position),
                velocity=pluck.velocity,
                bend=bend,
            ),
            position=position,
            onset_beats=Fraction(pluck.tick, TICKS),
            duration_beats=Fraction(pluck.ticks, TICKS),
            techniques=techniques,
        )


def _must_stop(old: Pluck, new: Pluck) -> bool:
    if old.string == new.string:
        return True
    if old.offset_s <= new.onset_s or not old.fret or not new.fret:
        return False
    return abs(old.fret - new.fret) > MAX_SPAN


def _can_slur(before: Pluck, pluck: Pluck, sounding: list[Pluck | None]) -> bool:
    if before.fret == pluck.fret or "dead" in before.techniques:
        return False
    if pluck.onset_s - before.offset_s > _SLUR_REACH_S:
        return False
    since = (p for p in sounding if p is not None and p.onset_s >= before.offset_s)
    if any(p.fret and before.fret and abs(p.fret - before.fret) > MAX_SPAN for p in since):
        return False
    if "hammer_on" in pluck.techniques:
        return before.fret < pluck.fret
    if "pull_off" in pluck.techniques:
        return before.fret > pluck.fret
    comes_from = pluck.bend[0].cents if pluck.bend else 0.0
    return before.fret > 0 and pluck.fret > 0 and abs(comes_from - 100.0 * (before.fret - pluck.fret)) < 1.0


def drifting_beats(
    dice: Dice, tempo_bpm: float, duration_s: float, *, start_s: float, beats_per_bar: int, drift: float
) -> BeatGrid:
    """A beat grid whose tempo wanders by at most ``drift`` (a share) around ``tempo_bpm``."""
    steady = BeatGrid.constant(tempo_bpm, duration_s, start_s=start_s, beats_per_bar=beats_per_bar)
    if drift <= 0.0:
        return steady
    step_s, stretch = 60.0 / tempo_bpm, 0.0
    times = [start_s]
    while times[-1] <= duration_s or len(times) < 2:
        stretch = min(drift, max(-drift, 0.95 * stretch + dice.bell(drift / 4.0, drift)))
        times.append(times[-1] + step_s * (1.0 + stretch))
    return replace(steady, beat_times_s=tuple(times), downbeats=tuple(range(0, len(times), beats_per_bar)))
