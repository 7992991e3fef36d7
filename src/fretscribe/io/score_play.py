"""How the notes of a written track sound: ties joined, graces in their time, one note a string.

Positions stay quarter notes; seconds come later, in ``score_to_tab``. Slides and hammer-ons lead to the next
note on their string in the same voice. What does not fit is counted. Neighbours: ``score`` is what it reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from fretscribe.errors import TabFormatError
from fretscribe.io.score import ScoreBeat, ScoreNote, ScoreTrack, TrackBar
from fretscribe.music import Technique, Tuning

_SLIDES_ON = frozenset({"shift", "legato"})
_SLIDES_IN = frozenset({"in_below", "in_above"})


@dataclass(slots=True)
class Sounding:
    """A note that may still grow by ties; ``bar`` is the written one it starts in."""

    written: ScoreNote
    bar: int
    start: Fraction
    end: Fraction
    techniques: set[Technique] = field(default_factory=set)
    curve: list[tuple[Fraction, float]] = field(default_factory=list)

    def lasts(self, note: ScoreNote, start: Fraction, end: Fraction) -> None:
        """Take over what a note (this one, or one tied to it) says from start to end."""
        self.end = max(self.end, end)
        self.techniques |= note.techniques
        self.techniques |= {"slide"} if note.slides & _SLIDES_IN else set()
        self.curve += [(start + p.at * (end - start), p.cents) for p in note.bend]


class Voices:
    """Strikes notes in the order they are played, and remembers what ties and slides refer to."""

    def __init__(self, counts: Counter[str]) -> None:
        self._notes: list[Sounding] = []
        self._last: dict[tuple[int, int | str], Sounding] = {}
        self._leads: dict[tuple[int, int | str], tuple[Sounding, set[str]]] = {}
        self._counts = counts

    def strike(self, beat: ScoreBeat, start: Fraction, end: Fraction, bar: int) -> None:
        """Sound the notes of a beat that lasts from start to end, in quarter notes."""
        for mark in beat.marks:
            self._counts[mark] += 1
        for note in beat.notes:
            self._note(note, beat.voice, start, end, bar)

    def _note(self, note: ScoreNote, voice: int, start: Fraction, end: Fraction, bar: int) -> None:
        key: tuple[int, int | str] = (voice, f"p{note.pitch}" if note.string is None else note.string)
        origin = self._last.get(key)
        if note.tied and (origin is None or not _same_place(origin.written, note)):
            origin = self._elsewhere(note)
        if note.tied and origin is not None:
            origin.lasts(note, start, end)
            sounding = origin
        else:
            if note.tied:
                self._counts["ties from no note, struck anew"] += 1
            sounding = Sounding(note, bar, start, end)
            sounding.lasts(note, start, end)
            self._notes.append(sounding)
            self._arrive(key, sounding)
        self._last[key] = sounding
        self._count(note)
        leads = ({"hammer"} if note.hammer else set()) | ({"slide"} if note.slides & _SLIDES_ON else set())
        if leads:
            self._leads[key] = (sounding, leads)

    def end(self) -> list[Sounding]:
        """All notes; what leads to no note any more is counted."""
        self._counts["slides and hammer-ons that lead to no note"] += len(self._leads)
        return self._notes

    def _elsewhere(self, note: ScoreNote) -> Sounding | None:
        """The latest note of any voice that a tie can go on from."""
        found = [o for o in self._last.values() if _same_place(o.written, note)]
        return max(found, key=lambda o: o.end, default=None)

    def _arrive(self, key: tuple[int, int | str], sounding: Sounding) -> None:
        origin, leads = self._leads.pop(key, (None, set()))
        if origin is None:
            return
        if "slide" in leads:
            sounding.techniques.add("slide")
        before, now = origin.written.fret, sounding.written.fret
        if "hammer" in leads and before is not None and now is not None:
            sounding.techniques.add("hammer_on" if now >= before else "pull_off")

    def _count(self, note: ScoreNote) -> None:
        for mark in note.marks:
            self._counts[mark] += 1
        for slide in note.slides - _SLIDES_ON - _SLIDES_IN:
            self._counts["slides out of a note" if slide.startswith("out") else "pick slides"] += 1


def _same_place(origin: ScoreNote, tied: ScoreNote) -> bool:
    if tied.string is None:
        return origin.pitch == tied.pitch
    return origin.string == tied.string and tied.fret in (None, origin.fret)


def bar_of(track: ScoreTrack, index: int) -> TrackBar:
    """The bar that is played at a bar's place: itself, or the one that its simile sign repeats."""
    bar = track.bars[index]
    while bar.simile and index >= bar.simile:
        index -= bar.simile
        bar = track.bars[index]
    return bar


def timed_beats(
    beats: Sequence[ScoreBeat], bar_start: Fraction, counts: Counter[str]
) -> Iterator[tuple[ScoreBeat, Fraction, Fraction]]:
    """Beats with their start and end in quarter notes, in the order that they sound.

    Graces take at most half of their main beat (or of the time since the piece began): before the beat they
    shorten what comes before, on it they delay the beat.
    """
    waiting: dict[int, list[ScoreBeat]] = {}
    timed: list[tuple[Fraction, int, ScoreBeat, Fraction]] = []
    for beat in beats:
        if beat.grace is not None:
            waiting.setdefault(beat.voice, []).append(beat)
            continue
        start, end = bar_start + beat.start, bar_start + beat.start + beat.duration
        graces = waiting.pop(beat.voice, [])
        if graces:
            asked = sum((g.duration for g in graces), Fraction(0))
            room = min(asked, beat.duration / 2)
            before = graces[-1].grace == "before" and start >= room
            at = start - room if before else start
            start = start if before else start + room
            for grace in graces:
                share = room * grace.duration / asked
                timed.append((at, beat.voice, grace, at + share))
                at += share
        timed.append((start, beat.voice, beat, end))
    lost = sum(len(g.notes) for graces in waiting.values() for g in graces)
    if lost:
        counts["grace notes before no note"] += lost
    timed.sort(key=lambda t: (t[0], t[1]))
    for start, _, beat, end in timed:
        yield beat, start, end


def one_a_string(
    notes: list[Sounding], tuning: Tuning | None, place: str, counts: Counter[str]
) -> list[Sounding]:
    """Notes sorted by onset and string, one at a time on each string, those off the neck left out.

    Without a tuning: sorted by onset, each pitch once at a time of onset.
    """
    kept: list[Sounding] = []
    latest: dict[int, int] = {}  # string -> index of its last note in kept
    unisons: dict[tuple[Fraction, int], Sounding] = {}
    notes.sort(key=lambda n: (n.start, -1 if n.written.string is None else n.written.string))
    for sounding in notes:
        string = sounding.written.string
        if tuning is None or string is None:
            if sounding.written.pitch is None:
                raise TabFormatError(f"{place}, bar {sounding.bar + 1}: a note has neither string nor pitch")
            twin = unisons.setdefault((sounding.start, sounding.written.pitch), sounding)
            if twin is not sounding:
                counts["notes that another voice plays too"] += 1
                twin.end = max(twin.end, sounding.end)
                continue
            kept.append(sounding)
            continue
        if not 0 <= string < tuning.n_strings:
            counts["notes on strings that the track lacks"] += 1
            continue
        if sounding.written.fret is None or not 0 <= sounding.written.fret <= tuning.highest_fret:
            counts["notes off the neck"] += 1
            continue
        before = kept[latest[string]] if string in latest else None
        if before is not None and before.start == sounding.start:
            if before.bar == sounding.bar:
                counts["notes on a string that another voice plays"] += 1
                before.end = max(before.end, sounding.end)
            else:
                # The earlier bar is fuller than its metre: what the later one starts with is heard.
                counts["notes after the end of their bar, where the next one plays their string"] += 1
                kept[latest[string]] = sounding
            continue
        if before is not None:
            before.end = min(before.end, sounding.start)
        latest[string] = len(kept)
        kept.append(sounding)
    return kept
