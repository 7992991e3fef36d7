"""Note values over the strings of a text tab, as letters: the rhythm that scores are engraved with.

Values, rests and tuplets are those of ``tab_to_score``, so that a text tab and a Guitar Pro file of the same
tab agree; only ties inside a bar are drawn as one letter where one letter will do.
Neighbours: ``ascii_tab`` places the marks, ``text_tab_words`` reads the row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from fretscribe.io.beat_groups import WrittenBeat, tuplet_spans
from fretscribe.io.score import ScoreBeat
from fretscribe.io.tab_to_score import tab_to_score
from fretscribe.io.written_values import WrittenValue, spell_duration
from fretscribe.music import BeatGrid, Tab

VALUE_LETTERS: Mapping[int, str] = {1: "w", 2: "h", 4: "q", 8: "e", 16: "s", 32: "t", 64: "x"}
"""By the number that the value divides a whole note by."""
Kind = Literal["struck", "tied", "rest"]
LEADS: Mapping[Kind, str] = {"struck": "", "tied": "+", "rest": "r"}
LEGEND: Mapping[str, str] = {
    "w": "whole", "h": "half", "q": "quarter", "e": "eighth", "s": "16th", "t": "32nd", "x": "64th",
    ".": "dotted", "+": "tied", "r": "rest", ".3.": "triplet", ".5.": "5 for 4", ".7.": "7 for 4",
}  # fmt: skip
LEGEND_MARK = "Rhythm:"


@dataclass(frozen=True, slots=True)
class RhythmMark:
    """A value: the beat it starts at, what it is, and how it is spelled."""

    start: Fraction
    kind: Kind
    value: WrittenValue

    @property
    def letter(self) -> str:
        """The letter with its dot."""
        return VALUE_LETTERS[self.value.head] + "." * self.value.dots

    @property
    def text(self) -> str:
        """As in the row: ``q``, ``+e.``, ``rh``."""
        return LEADS[self.kind] + self.letter

    @property
    def signs(self) -> set[str]:
        """What of `LEGEND` it uses."""
        notes = self.value.tuplet[0]
        return {*self.text, f".{notes}."} if notes > 1 else {*self.text}


def rhythm_of(tab: Tab, beats: BeatGrid, first_onset: Fraction) -> list[RhythmMark]:
    """The values of a tab with notes, without a gap, from before its first onset to the end of a bar.

    Parameters
    ----------
    tab : Tab
    beats : BeatGrid
        Its beats.
    first_onset : Fraction
        The written beat of the first note.

    Raises
    ------
    OutputError
        If the tab is longer than a score may be.
    """
    score = tab_to_score(tab)
    per_quarter = Fraction(beats.beat_unit, 4)
    marks: list[RhythmMark] = []
    bar_start = Fraction(0)
    for bar, played in zip(score.bars, score.tracks[0].bars, strict=True):
        marks += _marks(played.beats, bar_start, per_quarter)
        bar_start += bar.length * per_quarter
    origin = first_onset - next(mark.start for mark in marks if mark.kind == "struck")
    return [RhythmMark(mark.start + origin, mark.kind, mark.value) for mark in marks]


def _marks(played: Sequence[ScoreBeat], bar_start: Fraction, per_quarter: Fraction) -> Iterator[RhythmMark]:
    joined: list[tuple[Fraction, Fraction, Kind]] = []
    for beat in played:
        kind = _kind(beat)
        if joined and kind == "tied":
            start, duration, first_kind = joined[-1]
            if _is_one_plain_letter(duration, beat.duration):
                joined[-1] = (start, duration + beat.duration, first_kind)
                continue
        joined.append((beat.start, beat.duration, kind))
    for start, duration, kind in joined:
        value = spell_duration(duration)
        if value is None:
            raise ValueError(f"a score holds a beat of {duration} quarter notes, which no value lasts")
        yield RhythmMark(bar_start + start * per_quarter, kind, value)


def _kind(beat: ScoreBeat) -> Kind:
    if not beat.notes:
        return "rest"
    return "tied" if all(note.tied for note in beat.notes) else "struck"


def _is_one_plain_letter(first: Fraction, tied: Fraction) -> bool:
    values = [spell_duration(duration) for duration in (first, tied, first + tied)]
    return all(v is not None and v.tuplet == (1, 1) and v.dots < 2 for v in values)


def tuplets_of(marks: Sequence[RhythmMark]) -> list[tuple[int, int, int]]:
    """The tuplets of a bar: first mark, last mark, and how many stand in the time of a power of two."""
    beats = [WrittenBeat(start=m.start, value=m.value, rest=m.kind == "rest") for m in marks]
    return [(first, last, marks[first].value.tuplet[0]) for first, last in tuplet_spans(beats)]
