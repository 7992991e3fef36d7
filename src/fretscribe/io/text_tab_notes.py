"""The notes of a text tab: from what was drawn and when it sounds to a `Tab`.

Where note values stand over the strings, a note lasts to the next value, or to the next note of its string
where it is to ring. Elsewhere durations are not drawn: a note lasts until the next on its string, at most a
bar. A dead one lasts at most half a beat. Neighbours: ``text_tab_timing`` gives the beats,
``text_tab_reader`` is the door.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from fretscribe.io.text_tab_cells import Remark
from fretscribe.io.text_tab_header import Header
from fretscribe.io.text_tab_measures import DrawnNote
from fretscribe.io.text_tab_page import Page
from fretscribe.io.text_tab_strings import Strings
from fretscribe.io.text_tab_timing import Timed, Timing
from fretscribe.music import BeatGrid, BendPoint, Chord, Note, Position, Tab, TabNote, Tuning

_DEAD_LASTS = Fraction(1, 2)
_SHORTEST = Fraction(1, 48)
_BEND_TAKES_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEvent:
    """Where a note of the tab stood: line and column from 1, its text, section, player and bar (from 1)."""

    line: int
    column: int
    text: str
    section: str
    part: str
    bar: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    beat: Fraction
    note: DrawnNote
    bar: int
    has_value: bool


class NoteBuilder:
    """Makes notes of what was drawn, and says where each stood."""

    def __init__(self, tuning: Tuning, timing: Timing, page: Page, *, with_beats: bool) -> None:
        self._tuning = tuning
        self._timing = timing
        self._page = page
        self._with_beats = with_beats
        self._clock = _clock(timing)
        self._placed: list[_Placed] = []
        self.remarks: list[Remark] = []

    def add_all(self, timed: Sequence[Timed]) -> None:
        """Take the notes of all measures, in order, but those that no neck has or that fall on another."""
        last: dict[int, Fraction] = {}
        placed = [
            _Placed(beat=beat, note=note, bar=bar, has_value=measure.rests is not None)
            for bar, measure in enumerate(timed, start=1)
            for note, beat in zip(measure.measure.notes, measure.beats, strict=True)
        ]
        placed.sort(key=lambda p: (p.beat, p.note.string))
        for p in placed:
            string = p.note.string
            if self._pitch(p.note) > 127:
                self._refuse(p.note, "sounds above what MIDI numbers reach")
            elif string in last and p.beat <= last[string]:
                self._refuse(p.note, "falls on another note of its string")
            else:
                last[string] = p.beat
                self._placed.append(p)

    def _pitch(self, note: DrawnNote) -> int:
        return self._tuning.pitch(Position(string=note.string, fret=note.cell.fret))

    def _refuse(self, note: DrawnNote, why: str) -> None:
        self.remarks.append(Remark(line=note.line.number, column=note.column, text=note.text, why=why))

    def events(self) -> Iterator[TextEvent]:
        for p in self._placed:
            number = p.note.line.number
            yield TextEvent(
                line=number,
                column=p.note.column,
                text=p.note.text,
                section=self._page.section_at(number),
                part=self._page.part_at(number),
                bar=p.bar,
            )

    def tab(self, header: Header, timed: Sequence[Timed], strings: Strings) -> Tab:
        end = max((t.start + t.length for t in timed), default=Fraction(0))
        return Tab(
            tuning=self._tuning,
            notes=tuple(self._notes(timed, end)),
            beats=self._beats(end, timed) if self._with_beats and timed else None,
            key=header.key,
            chords=tuple(self._chords(timed, end)),
            title=header.title,
            provenance={
                "format": "text tab",
                "tuning_from": strings.tuning_from,
                "tempo_from": self._timing.tempo_from,
                "columns_from": self._timing.columns_from,
                "time_step_s": self._timing.time_step_s,
                **({"artist": header.artist} if header.artist else {}),
            },
        )

    def _seconds(self, beat: Fraction | int) -> float:
        beat = Fraction(beat)
        start, start_s, bpm = self._clock[bisect.bisect_right(self._clock, beat, key=lambda c: c[0]) - 1]
        return start_s + float(beat - start) * 60.0 / bpm

    def _ends(self, rests: Sequence[Fraction], end: Fraction) -> list[Fraction]:
        """The beat at which each note ends; ``rests`` rise, ``end`` is that of the piece."""
        if self._placed:
            end = max(end, self._placed[-1].beat + _SHORTEST)  # rounding may put the last note on the end
        following: dict[int, Fraction] = {}
        ends: list[Fraction] = []
        later, value_end = end, end
        for p in reversed(self._placed):
            techniques = p.note.cell.techniques
            if p.beat < later:
                later, value_end = p.beat, later
            i = bisect.bisect_right(rests, p.beat)
            silent = rests[i] if i < len(rests) else end
            latest = p.beat + Fraction(self._timing.beats_per_bar)
            if p.has_value and "let_ring" not in techniques:
                latest = value_end
            if p.has_value:
                latest = min(latest, silent)
            if "dead" in techniques:
                latest = min(latest, p.beat + _DEAD_LASTS)
            ends.append(min(latest, following.get(p.note.string, latest)))
            following[p.note.string] = p.beat
        return ends[::-1]

    def _notes(self, timed: Sequence[Timed], piece_end: Fraction) -> Iterator[TabNote]:
        rests = [rest for measure in timed for rest in measure.rests or ()]
        for p, end in zip(self._placed, self._ends(rests, piece_end), strict=True):
            onset_s, offset_s = self._seconds(p.beat), self._seconds(end)
            yield TabNote(
                note=Note(
                    onset_s=onset_s,
                    offset_s=offset_s,
                    pitch=self._pitch(p.note),
                    bend=_bend(p.note.cell.bend_cents, p.note.cell.release_cents, offset_s - onset_s),
                ),
                position=Position(string=p.note.string, fret=p.note.cell.fret),
                onset_beats=p.beat if self._with_beats else None,
                duration_beats=end - p.beat if self._with_beats else None,
                techniques=frozenset(p.note.cell.techniques),
            )

    def _beats(self, end: Fraction, timed: Sequence[Timed]) -> BeatGrid:
        n_beats = max(2, int(end) + 2)
        starts = [t.start for t in timed]
        size = self._timing.beats_per_bar
        if self._timing.columns_from == "default" or any(s.denominator != 1 for s in starts):
            downbeats = list(range(0, n_beats, size))
        else:
            downbeats = sorted({*range(0, int(starts[0]), size), *(int(s) for s in starts), int(end)})
        return BeatGrid(
            beat_times_s=tuple(self._seconds(i) for i in range(n_beats)),
            downbeats=tuple(d for d in downbeats if d < n_beats),
            beats_per_bar=size,
            beat_unit=self._timing.beat_unit,
        )

    def _chords(self, timed: Sequence[Timed], end: Fraction) -> Iterator[Chord]:
        marks = sorted((t.beat_of(x), name) for t in timed for x, name in t.measure.chords)
        for (beat, name), (following, _) in itertools.pairwise([*marks, (end, "")]):
            if following > beat:
                yield Chord(start_s=self._seconds(beat), end_s=self._seconds(following), name=name)


def _clock(timing: Timing) -> list[tuple[Fraction, float, float]]:
    """Beat and second of each change of tempo, and the tempo from there on."""
    clock = [(Fraction(0), 0.0, timing.tempo_bpm)]
    for beat, tempo_bpm in timing.tempo_changes:
        start, start_s, bpm = clock[-1]
        clock.append((beat, start_s + float(beat - start) * 60.0 / bpm, tempo_bpm))
    return clock


def _bend(cents: float, release_cents: float | None, duration_s: float) -> tuple[BendPoint, ...]:
    if not cents:
        return ()
    parts = 2 if release_cents is None else 3
    reached_s = min(duration_s / parts, _BEND_TAKES_S)
    curve = (BendPoint(time_s=0.0, cents=0.0), BendPoint(time_s=reached_s, cents=cents))
    if release_cents is None:
        return curve
    back = (
        BendPoint(time_s=duration_s - reached_s, cents=cents),
        BendPoint(time_s=duration_s, cents=release_cents),
    )
    return curve + back
