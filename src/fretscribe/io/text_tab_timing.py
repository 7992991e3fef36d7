"""When the columns of a text tab sound: tempo, metre, characters a beat, and the beat of every note.

What decides, the surest first: a row of rhythm letters or a count line over the measure; bar lines, each
measure being a whole bar where its width is near the usual one, else as many whole beats as it is wide;
where bar lines say nothing, four characters a beat. The result says which it was.

Text of two characters pushes what follows to the right. Of three readings of a measure (as drawn; tight
neighbours taken as one step; every wide text taken back) the one that puts the notes on the coarsest grid
counts. Neighbours: ``text_tab_measures`` gives the measures, ``text_tab_reader`` makes notes of it.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from fretscribe.errors import TabFormatError
from fretscribe.io.text_tab_measures import DrawnNote, Measure

DEFAULT_BPM = 120.0
DEFAULT_METRE = (4, 4)
DEFAULT_CHARACTERS_A_BEAT = 4
MOST_BEATS = 200_000
_FINEST = 48
"""Beats are rounded to 1/48: every division of the writer's grids but those finer than eighths of a beat."""
_NARROWEST, _WIDEST, _WIDEST_ALONE = 2, 12, 8
"""Characters a beat that a bar may have; fewer where no system has two bars to compare."""
_NEAR = (Fraction(3, 4), Fraction(3, 2))
_STEP = 2

TempoSource = Literal["given", "header", "default"]
ColumnSource = Literal["rhythm letters", "count line", "bar lines", "seconds", "default"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How columns became time.

    Attributes
    ----------
    tempo_bpm : float
    tempo_from : "given", "header" or "default"
        The default is 120 beats a minute.
    beats_per_bar, beat_unit : int
    metre_from : "given", "header" or "default"
        The default is 4/4.
    characters_per_beat : float
        Of a usual bar.
    columns_from : "rhythm letters", "count line", "bar lines", "seconds" or "default"
        The default is 4 characters a beat, so that notes with one dash between them are eighths.
    tempo_changes : tuple of (Fraction, float)
        Beats, rising, and the tempo from there on.
    """

    tempo_bpm: float
    tempo_from: TempoSource
    beats_per_bar: int
    beat_unit: int
    metre_from: TempoSource
    characters_per_beat: float
    columns_from: ColumnSource
    tempo_changes: tuple[tuple[Fraction, float], ...] = ()

    @property
    def time_step_s(self) -> float:
        """Seconds from one character of a usual bar to the next."""
        return 60.0 / self.tempo_bpm / self.characters_per_beat


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A measure in time.

    Attributes
    ----------
    measure : Measure
    start, length : Fraction
        Beats.
    beats : tuple of Fraction
        Of each note.
    rests : tuple of Fraction, or None
        Beats at which everything falls silent; None where no note values are drawn.
    """

    measure: Measure
    start: Fraction
    length: Fraction
    beats: tuple[Fraction, ...]
    rests: tuple[Fraction, ...] | None = None

    def beat_of(self, x: int) -> Fraction:
        """The beat of a column, as its neighbours among the notes have it."""
        pad = _pad(self.measure, 1)
        ratio = Fraction(max(0, x - pad), max(1, self.measure.width - pad))
        known = {note.x: beat for note, beat in zip(self.measure.notes, self.beats, strict=True)}
        return known.get(x, self.start + min(ratio, Fraction(1)) * self.length)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """The usual bar of a file: how many characters a beat, and how many stand before the first note."""

    characters: Fraction
    pad: int
    are_measured: bool
    are_strict: bool
    """Every measure is one bar whatever its width, as where fretscribe wrote the tab."""


def usual_bars(measures: Sequence[Measure], beats_per_bar: int) -> Bars:
    """What the bar lines of a file say of its beats."""
    strict = any(m.bar is not None for m in measures)
    pad = 1 if strict else _usual_pad(measures)
    per_system = Counter(m.system for m in measures)
    widths = Counter(max(1, m.width - pad) for m in measures if m.is_closed and per_system[m.system] > 1)
    widest = _WIDEST
    if not widths:
        widths, widest = Counter(max(1, m.width - pad) for m in measures if m.is_closed), _WIDEST_ALONE
    usual = _usual_width(widths, _NARROWEST * beats_per_bar, widest * beats_per_bar)
    usual += not strict and usual > 0 and _lacks_its_last(usual, beats_per_bar)
    measured = usual > 0
    return Bars(
        characters=Fraction(usual, beats_per_bar) if measured else Fraction(DEFAULT_CHARACTERS_A_BEAT),
        pad=pad,
        are_measured=measured or strict,
        are_strict=strict,
    )


def _usual_width(widths: Counter[int], narrowest: int, widest: int) -> int:
    """The most frequent width that a bar may have, 0 where most that are wide enough are too wide."""
    wide_enough = {w: n for w, n in widths.items() if w >= narrowest}
    fitting = {w: n for w, n in wide_enough.items() if w <= widest}
    if not fitting or 2 * sum(fitting.values()) < sum(wide_enough.values()):
        return 0
    return max(fitting, key=lambda w: (fitting[w], -w))


def _lacks_its_last(characters: int, beats: int) -> bool:
    """Whether a bar lacks its last dash: it is one character too narrow for whole beats."""
    return characters % beats != 0 and (characters + 1) % beats == 0


def _usual_pad(measures: Sequence[Measure]) -> int:
    firsts = Counter(m.notes[0].x for m in measures if m.notes and m.notes[0].x <= 2)
    return max(firsts, key=lambda x: (firsts[x], x == 1)) if firsts else 1


def join_cut_bars(measures: Sequence[Measure]) -> list[Measure]:
    """Join the pieces of bars that were too wide for a line: stamps give both the same number."""
    joined: list[Measure] = []
    for measure in measures:
        last = joined[-1] if joined else None
        if last is None or last.is_closed or measure.bar is None or last.bar != measure.bar:
            joined.append(measure)
            continue
        offset = last.width
        last.notes += [
            DrawnNote(x=n.x + offset, string=n.string, cell=n.cell, line=n.line) for n in measure.notes
        ]
        last.chords += [(x + offset, name) for x, name in measure.chords]
        last.rhythm += [replace(letter, at=letter.at + offset) for letter in measure.rhythm]
        last.width += measure.width
        last.is_closed = measure.is_closed
        last.was_cut = True
        last.repeats = max(last.repeats, measure.repeats)
    return joined


def place(
    measures: Sequence[Measure], bars: Bars, beats_per_bar: int, beat_unit: int
) -> tuple[list[Timed], ColumnSource]:
    """Put measures one after the other in time.

    Raises
    ------
    TabFormatError
        If they last more than 200 000 beats.
    """
    timed: list[Timed] = []
    sources: Counter[ColumnSource] = Counter()
    now, number = Fraction(0), 1
    for measure in measures:
        if bars.are_strict and measure.bar is not None:
            now += max(0, measure.bar - number) * beats_per_bar
            number = max(number, measure.bar)
        number += 1
        marks = _marks(measure, beat_unit)
        positions = None if marks is None else _by_marks(measure, marks.known, marks.length)
        rests = None
        if marks is None or positions is None:
            length = _length(measure, bars, beats_per_bar)
            positions = _by_columns(measure, bars, length)
            sources["bar lines" if bars.are_measured else "default"] += 1
        else:
            length = marks.length
            rests = None if marks.rests is None else tuple(now + rest for rest in marks.rests)
            sources[marks.source] += 1
        beats = tuple(now + p for p in positions)
        timed.append(Timed(measure=measure, start=now, length=length, beats=beats, rests=rests))
        now += length
        if now > MOST_BEATS:
            raise TabFormatError(f"the tab lasts more than {MOST_BEATS} beats")
    return timed, max(sources, key=lambda s: sources[s]) if sources else "default"


def _length(measure: Measure, bars: Bars, beats_per_bar: int) -> Fraction:
    if bars.are_strict:
        return Fraction(beats_per_bar)
    characters = max(1, measure.width - _pad(measure, bars.pad))
    beats = characters / bars.characters
    if not bars.are_measured:
        return beats
    if _NEAR[0] <= beats / beats_per_bar <= _NEAR[1]:
        return Fraction(beats_per_bar)
    return Fraction(max(1, round(beats)))


def _pad(measure: Measure, usual: int) -> int:
    """Characters before the first place of a measure: the usual, but never beyond its first note."""
    return min(usual, measure.notes[0].x) if measure.notes else min(usual, measure.width - 1)


def _by_columns(measure: Measure, bars: Bars, length: Fraction) -> list[Fraction]:
    pad = _pad(measure, bars.pad)
    onset_of = _onsets(measure.notes)
    xs = sorted(set(onset_of.values()))
    if not xs:
        return []
    widths = _text_widths(measure.notes, onset_of)
    strict = int(length) if bars.are_strict else None
    edges = [pad, *xs, max(measure.width, xs[-1] + 1)]
    places, total = _best_reading(edges, [1, *(widths[x] for x in xs)], strict, was_cut=measure.was_cut)
    if bars.are_measured:
        total += not bars.are_strict and _lacks_its_last(total, int(length))
        beats = [Fraction(p, total) * length for p in places]
    else:
        beats = [p / bars.characters for p in places]
    by_x = dict(zip(xs, _rounded(beats), strict=True))
    return [by_x[onset_of[note.x]] for note in measure.notes]


def _onsets(notes: Sequence[DrawnNote]) -> dict[int, int]:
    """The onset that each column belongs to: a digit under the second one of a number is struck with it."""
    strings: dict[int, set[int]] = {}
    wide: set[int] = set()
    for note in notes:
        strings.setdefault(note.x, set()).add(note.string)
        if note.cell.text_width >= 2 and note.text.strip("<>[]{}()hHpPtTsS/\\")[:2].isdecimal():
            wide.add(note.x)
    found: dict[int, int] = {}
    for x in sorted(strings):
        joins = x - 1 in wide and found.get(x - 1) == x - 1 and not strings[x] & strings[x - 1]
        found[x] = x - 1 if joins else x
    return found


def _text_widths(notes: Sequence[DrawnNote], onset_of: dict[int, int]) -> dict[int, int]:
    """The width of the widest text at each onset."""
    widths: dict[int, int] = {}
    for note in notes:
        onset = onset_of[note.x]
        widths[onset] = max(widths.get(onset, 1), note.x - onset + note.cell.text_width)
    return widths


def _best_reading(
    edges: Sequence[int], wide: Sequence[int], beats_if_strict: int | None, *, was_cut: bool
) -> tuple[list[int], int]:
    """Places of the onsets from the start of the measure, and its length, in characters of equal time.

    ``edges`` are the start, the onsets and the end, ``wide`` the width of the text at all but the last. Where
    fretscribe wrote the measure, its length is an even number of characters for each beat, only what makes
    an odd distance was pushed, and in a bar cut over two lines every wide text was.
    """
    drawn = [b - a for a, b in itertools.pairwise(edges)]
    strict = beats_if_strict is not None
    tight = [_tight(d, w, odd_only=strict) for d, w in zip(drawn, wide, strict=True)]
    even = [max(min(d, 1), d - (w - 1)) for d, w in zip(drawn, wide, strict=True)]

    if beats_if_strict is None:
        best = max((drawn, tight, even), key=lambda steps: math.gcd(*steps))
    else:
        unit = _STEP * beats_if_strict
        readings = (even, drawn, tight) if was_cut else (drawn, tight, even)
        fitting = (s for s in readings if sum(s) % unit == 0 and math.gcd(*s) % _STEP == 0)
        best = next(fitting, drawn)
    places = list(itertools.accumulate(best))
    return places[:-1], places[-1]


def _tight(distance: int, width: int, *, odd_only: bool) -> int:
    """A distance that a text fills but for one dash: one step."""
    if width < 2 or distance > width + 1:
        return distance
    if odd_only:
        return distance - distance % 2 if distance > 1 else distance
    return _STEP if distance == width + 1 else distance


def _rounded(beats: list[Fraction]) -> list[Fraction]:
    rounded = [Fraction(round(b * _FINEST), _FINEST) for b in beats]
    return rounded if len(set(rounded)) == len(beats) else beats


@dataclass(frozen=True, slots=True)
class _Marks:
    """What stands over a measure says: beats of columns and of rests from its start, and its length."""

    known: list[tuple[int, Fraction]]
    length: Fraction
    rests: list[Fraction] | None
    source: ColumnSource


def _marks(measure: Measure, beat_unit: int) -> _Marks | None:
    """What rhythm letters or a count line say; None where there are none."""
    onsets = [note.x for note in measure.notes]
    struck = [letter.at for letter in measure.rhythm if letter.kind == "struck"]
    if measure.rhythm and 5 * sum(_is_near(onsets, x) for x in struck) >= 4 * len(struck):
        return _marks_of_letters(measure, onsets, beat_unit)
    if len(measure.counts) > 1 and onsets:
        base = Fraction(math.floor(measure.counts[0][1]))
        known = [(x, beat - base) for x, beat in measure.counts]
        return _Marks(known, Fraction(math.floor(known[-1][1]) + 1), None, "count line")
    return None


def _marks_of_letters(measure: Measure, onsets: Sequence[int], beat_unit: int) -> _Marks:
    """Without the sign of a rest a letter is one where nothing but another letter's note is next to it."""
    struck = [letter.at for letter in measure.rhythm if letter.kind == "struck"]
    taken = {_nearest(onsets, x) for x in struck if _is_near(onsets, x)}
    under = {x: _nearest(onsets, x) for x in struck if onsets}
    known: list[tuple[int, Fraction]] = []
    rests: list[Fraction] = []
    now = Fraction(0)
    for letter in measure.rhythm:
        x = under.get(letter.at) if letter.kind == "struck" else None
        if x is not None and (x not in taken or _is_near(onsets, letter.at)):
            known.append((x, now))
        elif letter.kind != "tied":
            rests.append(now)
        now += letter.quarters * beat_unit / 4
    return _Marks(known, Fraction(max(1, math.ceil(now))), rests, "rhythm letters")


def _is_near(onsets: Sequence[int], x: int) -> bool:
    return bool(onsets) and abs(_nearest(onsets, x) - x) <= 1


def _nearest(onsets: Sequence[int], x: int) -> int:
    i = bisect.bisect_left(onsets, x)
    return min(onsets[max(0, i - 1) : i + 1] or [x], key=lambda o: abs(o - x))


def _by_marks(measure: Measure, known: list[tuple[int, Fraction]], length: Fraction) -> list[Fraction] | None:
    """Beats between marks; nothing where they would put two columns on one beat."""
    if not measure.notes:
        return []
    if not known:
        return None
    known = [*known, (_end_of_marks(measure, known, length), length)]
    xs = [x for x, _ in known]
    if any(b <= a for a, b in itertools.pairwise(xs)):
        return None
    onset_of = _onsets(measure.notes)
    exact = dict(known)
    places = {x: exact.get(x, _between(known, xs, x)) for x in sorted(set(onset_of.values()))}
    beats = list(places.values())
    if any(b <= a for a, b in itertools.pairwise(beats)) or any(b >= length for b in beats):
        return None
    rounded = [b if x in exact else Fraction(round(b * _FINEST), _FINEST) for x, b in places.items()]
    if all(a < b for a, b in itertools.pairwise([*rounded, length])):
        places = dict(zip(places, rounded, strict=True))
    return [places[onset_of[note.x]] for note in measure.notes]


def _end_of_marks(measure: Measure, known: Sequence[tuple[int, Fraction]], length: Fraction) -> int:
    """Where the measure would end if its last marks went on as they are spaced, but not before it does."""
    x, beat = known[-1]
    end = max(measure.width, x + 1)
    if len(known) < 2 or beat <= known[-2][1]:
        return end
    return max(end, round(x + (length - beat) * (x - known[-2][0]) / (beat - known[-2][1])))


def _between(known: Sequence[tuple[int, Fraction]], xs: Sequence[int], x: int) -> Fraction:
    i = min(max(bisect.bisect_right(xs, x) - 1, 0), len(known) - 2)
    (x0, b0), (x1, b1) = known[i], known[i + 1]
    return max(Fraction(0), b0 + (b1 - b0) * Fraction(x - x0, x1 - x0))
