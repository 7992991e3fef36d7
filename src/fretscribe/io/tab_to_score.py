"""From a `Tab` to a written `Score`, the inverse of ``score_to_tab``: what writers of scores start from.

Counts no fingers and knows no file format. Neighbours: ``score_rhythm`` says which places can be written,
``score_metre`` splits lengths at the beats, ``score_tempo`` finds the tempo marks, ``score_marks`` writes a
note's techniques; the writers turn the score into bytes.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from fretscribe.errors import OutputError, TabFormatError
from fretscribe.io.ascii_grid import drawn_beats
from fretscribe.io.bars import Bar, bars_between
from fretscribe.io.score import (
    MAX_BARS,
    MAX_BEATS,
    MAX_QUARTERS_A_BAR,
    Score,
    ScoreBar,
    ScoreBeat,
    ScoreNote,
    ScoreTrack,
    TrackBar,
    check_limits,
    track_kind,
)
from fretscribe.io.score_marks import ways_of_playing, written_notes
from fretscribe.io.score_metre import split_span
from fretscribe.io.score_rhythm import Raster, TupletGroup, split_tuplet
from fretscribe.io.score_tempo import tempo_marks
from fretscribe.music import BeatGrid, Tab, TabNote
from fretscribe.symbols import NO_CHORD, flat_symbol, key_uses_flats

STEEL_GUITAR_PROGRAM = 25
BASS_PROGRAM = 33
STEADY = BeatGrid(beat_times_s=(0.0, 0.5), downbeats=(0,))
"""Stands in for beats where there are none: 120 quarter notes a minute in 4/4."""
_LONGEST_BAR = 32  # beats between downbeats; what lies further apart is several bars
# Quarter notes: no rest is as short as the first, a note may swallow one that is shorter than the second, and
# what rings on over others for the third is marked, where so many beats in a row do.
_FUSSY = Fraction(1, 4)
_LONGEST_ABSORBED = Fraction(1)
_RINGS_ON = Fraction(1)
_RINGING_BEATS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A note with its written place and its sounding end, in quarter notes from beat 0 of the grid.

    ``index`` is its place in the tab.
    """

    index: int
    start: Fraction
    end: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """What sounds, or is silent, from one place to the next: one written value, or several tied ones."""

    start: Fraction
    end: Fraction
    members: tuple[_Placed, ...] = ()


def tab_to_score(tab: Tab) -> Score:
    """The score of one guitar that a tab is written as.

    What a writer may rely on:

    - One track with strings and frets. Its bars follow each other without a gap, from beat 0 of the grid (or
      an earlier first note) to the end of the last note; there is at least one. Only the first may be shorter
      than its metre: a pick-up. Bars of another length have a metre of their own.
    - One voice. Beats are sorted and fill their bar exactly; a bar without notes holds rests alone. Every
      beat lasts one written value of `spell_duration`, of a whole note to a 64th, with at most one dot and
      in no tuplet but 3:2, 5:4 or 7:4; longer notes and rests are split where ``score_metre`` says, and the
      later parts of a note are tied. Tuplets stand in complete groups that lie inside one beat.
    - A struck note has string and fret; no string is struck twice in a beat. Hammer-ons and slides stand on
      the last part of the note they start from and lead to the next note on its string.
    - Every bar has the key. The first has a tempo, and further ones stand where the written beats would
      otherwise sound more than `TEMPO_TOLERANCE_S` from those of the grid.

    How it is engraved: notes stand at their quantised beats, those without at the nearest quarter (or third)
    of a beat, those of a tab without beats at the nearest sixteenth of 120 quarter notes a minute. Onsets
    that no written value reaches move to the nearest 32nd note or tuplet; notes of one string that would meet
    there stand one after the other. A beat lasts to the next onset or to the end of its longest note; a
    silence up to a sixteenth, or shorter than a quarter note and than the note before it, is not written.
    Where three beats in a row, or more, ring on over the next onset for a quarter note or longer, they are
    marked "let ring".

    What is lost: seconds before beat 0, jitter of beats within the tolerance, lengths of notes that end
    before their chord does or soon after the next onset, pitch curves of notes that are not called bends,
    confidence and alternatives, and the ends of chord symbols. What of the music finds no place is counted in
    ``left_out``.

    Raises
    ------
    OutputError
        If the tab, or a bar of it, is longer than a score may have it.
    """
    lost: Counter[str] = Counter()
    beats = tab.beats or STEADY
    quarter = Fraction(4, beats.beat_unit)
    raster, placed = _place(tab, beats, lost)
    bars = _bars(beats, placed)
    stretches = _stretches(placed, raster, quarter, bars)
    now = stretches[-1].end if stretches else bars[0][0] * quarter
    # The last note may be written shorter than it rings.
    bars = [bar for bar in bars if bar[0] * quarter < now] or bars[:1]
    if now < bars[-1][1] * quarter:
        stretches.append(_Stretch(start=now, end=bars[-1][1] * quarter))
    playing = ways_of_playing(tab, _ringing(stretches), lost)
    measures = _measures(stretches, playing, bars, beats, raster)
    _write_chords(tab, beats, bars, measures, lost)
    return _score(tab, beats, bars, measures, lost)


def bar_beats(tab: Tab, score: Score) -> list[int]:
    """The beat of the tab's grid at which each bar of its score starts, and at last the one after the end.

    ``score`` is `tab_to_score` of the tab. Without a grid, beats count half seconds from 0 s.
    """
    beats = tab.beats or STEADY
    _, placed = _place(tab, beats, Counter())
    lengths = (int(bar.length * beats.beat_unit / 4) for bar in score.bars)
    return list(itertools.accumulate(lengths, initial=_bars(beats, placed)[0][0]))


def told_losses(score: Score) -> tuple[str, ...]:
    """What a score could not hold of its tab, most first, such as ``"3 bends of unknown height"``."""
    return tuple(
        f"{n} {what}" for what, n in sorted(score.left_out.items(), key=lambda c: (-c[1], c[0])) if n
    )


def _place(tab: Tab, beats: BeatGrid, lost: Counter[str]) -> tuple[Raster, list[_Placed]]:
    """Every note at a place that can be written, sorted by it and string; strictly rising on each string."""
    notes: Sequence[TabNote] = tab.notes
    if tab.beats is None:  # beats of notes would count on a grid that is not there
        notes = [dataclasses.replace(n, onset_beats=None, duration_beats=None) for n in notes]
    wanted = drawn_beats(notes, beats, triplets=tab.beats is not None)
    if wanted and max(wanted) - min(wanted) > MAX_BEATS:
        raise OutputError(f"a score of more than {MAX_BEATS} beats would be too long")
    raster = Raster(wanted, beats.beat_unit)
    quarter = Fraction(4, beats.beat_unit)
    placed = []
    strings = [n.position.string for n in notes]
    for i, (n, place) in enumerate(zip(notes, _apart(strings, wanted, raster), strict=True)):
        lost["notes moved to the nearest place that can be written"] += place != wanted[i]
        length = n.duration_beats
        if length is None:
            length = Fraction(beats.beat_at(n.note.offset_s) - beats.beat_at(n.note.onset_s))
        placed.append(_Placed(index=i, start=place * quarter, end=(place + length) * quarter))
    placed.sort(key=lambda p: (p.start, strings[p.index]))
    return raster, placed


def _apart(strings: Sequence[int], wanted: Sequence[Fraction], raster: Raster) -> list[Fraction]:
    """The nearest places; what would meet the next note of its string stands before it, or pushes it on."""
    places = [raster.nearest(place) for place in wanted]
    following: dict[int, Fraction] = {}
    for i in reversed(range(len(places))):
        if strings[i] in following and wanted[i] < places[i] >= following[strings[i]]:
            places[i] = raster.before(wanted[i])
        following[strings[i]] = places[i]
    latest: dict[int, Fraction] = {}
    for i, string in enumerate(strings):
        if string in latest and places[i] <= latest[string]:
            places[i] = raster.after(latest[string])
        latest[string] = places[i]
    return places


def _bars(beats: BeatGrid, placed: Sequence[_Placed]) -> list[Bar]:
    """The bars from beat 0, or the first note, to the end of the last note; very long ones are cut."""
    size, quarter = beats.beats_per_bar, Fraction(4, beats.beat_unit)
    first = min((p.start for p in placed), default=Fraction(0)) / quarter
    last = max((p.end for p in placed), default=Fraction(0)) / quarter
    begin = min(first, Fraction(0))
    if (last - begin) / size > MAX_BARS:
        raise OutputError(f"a score of more than {MAX_BARS} bars would be too long")
    if size * quarter > MAX_QUARTERS_A_BAR:
        raise OutputError(f"bars of more than {MAX_QUARTERS_A_BAR} quarter notes cannot be written")
    bars: list[Bar] = []
    for start, end in bars_between(beats, begin, last):
        cuts = range(start, end, size) if end - start > max(_LONGEST_BAR, size) else (start,)
        bars += [(a, min(a + size, end) if len(cuts) > 1 else end) for a in cuts]
    while len(bars) > 1 and bars[-1][0] >= last:
        bars.pop()
    return bars


def _stretches(
    placed: Sequence[_Placed], raster: Raster, quarter: Fraction, bars: Sequence[Bar]
) -> list[_Stretch]:
    """Notes struck together and the silences between them, from the first bar to the last note."""
    stretches: list[_Stretch] = []
    now, end = bars[0][0] * quarter, bars[-1][1] * quarter
    groups = [tuple(group) for _, group in itertools.groupby(placed, key=lambda p: p.start)]
    starts = [group[0].start for group in groups] + [end]
    for group, (start, following) in zip(groups, itertools.pairwise(starts), strict=True):
        if now < start:
            stretches.append(_Stretch(start=now, end=start))
        now = _written_end(start, max(p.end for p in group), following, raster, quarter)
        stretches.append(_Stretch(start=start, end=now, members=group))
    return stretches


def _written_end(
    start: Fraction, end: Fraction, following: Fraction, raster: Raster, quarter: Fraction
) -> Fraction:
    """Where a beat ends: at the next onset, or where a rest reads well, in quarter notes."""
    silence = following - end
    fussy = min(_FUSSY, quarter / 2)
    if silence <= fussy or (silence < _LONGEST_ABSORBED and silence < end - start):
        return following
    step = 2 * fussy
    wanted = round(end / step) * step
    if wanted <= start:
        wanted = (start // step + 1) * step
    tuplet = raster.tuplet_at(wanted / quarter)
    if tuplet is not None:
        parts = math.ceil((wanted / quarter - tuplet.start) / tuplet.step)
        wanted = (tuplet.start + parts * tuplet.step) * quarter
    return following if following - wanted <= fussy else wanted


def _ringing(stretches: Sequence[_Stretch]) -> set[int]:
    """The notes of passages that ring on; single notes that do are no way of playing."""
    found: set[int] = set()
    for rings, group in itertools.groupby(stretches, key=_rings_on):
        passage = list(group)
        if rings and len(passage) >= _RINGING_BEATS:
            found |= {p.index for stretch in passage for p in stretch.members}
    return found


def _rings_on(stretch: _Stretch) -> bool:
    return bool(stretch.members) and all(p.end >= stretch.end + _RINGS_ON for p in stretch.members)


def _measures(
    stretches: Sequence[_Stretch],
    playing: Sequence[ScoreNote],
    bars: Sequence[Bar],
    beats: BeatGrid,
    raster: Raster,
) -> list[list[ScoreBeat]]:
    """The written beats of each bar."""
    measures: list[list[ScoreBeat]] = [[] for _ in bars]
    for stretch in stretches:
        spans = list(_spans(stretch, bars, beats, raster))
        shares = [(end - start) / (stretch.end - stretch.start) for _, start, end in spans]
        parts = written_notes([playing[p.index] for p in stretch.members], shares)
        for (bar, start, end), notes in zip(spans, parts, strict=True):
            origin = bars[bar][0] * Fraction(4, beats.beat_unit)
            measures[bar].append(ScoreBeat(start=start - origin, duration=end - start, notes=notes))
    return measures


def _spans(
    stretch: _Stretch, bars: Sequence[Bar], beats: BeatGrid, raster: Raster
) -> Iterator[tuple[int, Fraction, Fraction]]:
    """The single written values of a stretch: index of the bar, start and end in quarter notes."""
    quarter = Fraction(4, beats.beat_unit)
    rest = not stretch.members
    start, end = stretch.start / quarter, stretch.end / quarter
    bar = bisect_right(bars, start, key=lambda b: Fraction(b[0])) - 1
    while start < end:
        first, after = bars[bar]
        bar_end = min(end, Fraction(after))
        size = after - first
        # A pick-up is the end of a bar: its beats are counted from where that bar would have begun.
        missing = beats.beats_per_bar - size if bar == 0 and size < beats.beats_per_bar else 0
        origin = (first - missing) * quarter
        for a, b, is_tuplet in _cut_at_tuplets(start, bar_end, raster):
            if is_tuplet is not None:
                parts = [(x * quarter, y * quarter) for x, y in split_tuplet(is_tuplet, a, b)]
            else:
                span = (a * quarter - origin, b * quarter - origin)
                split = split_span(span, size + missing, beats.beat_unit, rest=rest)
                parts = [(x + origin, y + origin) for x, y in split]
            yield from ((bar, x, y) for x, y in parts)
        start, bar = bar_end, bar + 1


def _cut_at_tuplets(
    start: Fraction, end: Fraction, raster: Raster
) -> Iterator[tuple[Fraction, Fraction, TupletGroup | None]]:
    """Stretches (in beats) of part of a tuplet, and the straight ones between; whole tuplets are straight."""
    head, tail = raster.tuplet_at(start), raster.tuplet_at(end)
    if head is not None and (head.start < start or end < head.end):
        yield start, min(end, head.end), head
        start = min(end, head.end)
    straight_end = end if tail is None else max(start, tail.start)
    if start < straight_end:
        yield start, straight_end, None
    if straight_end < end:
        yield straight_end, end, tail


def _write_chords(
    tab: Tab, beats: BeatGrid, bars: Sequence[Bar], measures: list[list[ScoreBeat]], lost: Counter[str]
) -> None:
    """Chord symbols where they change, each at the nearest written beat, spelled as the key is."""
    quarter = Fraction(4, beats.beat_unit)
    places = [(bar, i) for bar, inside in enumerate(measures) for i in range(len(inside))]
    starts = [bars[bar][0] * quarter + measures[bar][i].start for bar, i in places]
    flats = tab.key is not None and key_uses_flats(tab.key)
    shown = ""
    for chord in sorted(tab.chords, key=lambda c: c.start_s):
        if not chord.name or chord.name == (shown or NO_CHORD):  # that there is none yet goes without saying
            continue
        wanted = float(beats.beat_at(chord.start_s) * quarter)
        after = bisect_left(starts, wanted)
        near = range(max(after - 1, 0), min(after + 1, len(starts)))
        bar, i = places[min(near, key=lambda place: abs(starts[place] - wanted))]
        if measures[bar][i].chord:
            lost["chord symbols without a beat of their own"] += 1
            continue
        shown = chord.name
        name = flat_symbol(chord.name) if flats else chord.name
        measures[bar][i] = dataclasses.replace(measures[bar][i], chord=name)


def _score(
    tab: Tab,
    beats: BeatGrid,
    bars: Sequence[Bar],
    measures: Sequence[Sequence[ScoreBeat]],
    lost: Counter[str],
) -> Score:
    open_pitches = tab.tuning.open_pitches
    is_bass = track_kind(None, open_pitches) == "bass"
    artist, name = tab.provenance.get("artist"), tab.provenance.get("track_name")
    track = ScoreTrack(
        name=name if isinstance(name, str) and name else "Guitar",
        kind="bass" if is_bass else "guitar",
        open_pitches=open_pitches,
        capo=tab.tuning.capo,
        n_frets=tab.tuning.n_frets,
        program=BASS_PROGRAM if is_bass else STEEL_GUITAR_PROGRAM,
        bars=tuple(TrackBar(beats=tuple(inside)) for inside in measures),
    )
    score = Score(
        name=tab.title or "tab",
        title=tab.title,
        artist=artist if isinstance(artist, str) else "",
        bars=tuple(_score_bars(tab, beats, bars)),
        tracks=(track,),
        left_out={what: n for what, n in lost.items() if n},
    )
    try:
        return check_limits(score)
    except TabFormatError as e:
        raise OutputError(e.message, mend="write a shorter part, with --start and --end") from e


def _score_bars(tab: Tab, beats: BeatGrid, bars: Sequence[Bar]) -> Iterator[ScoreBar]:
    quarter = Fraction(4, beats.beat_unit)
    marks: dict[int, list[tuple[Fraction, float]]] = defaultdict(list)
    starts = [start for start, _ in bars]
    for beat, tempo in tempo_marks(beats, starts, bars[-1][1]):
        bar = bisect_right(starts, beat) - 1
        marks[bar].append(((beat - starts[bar]) * quarter, tempo))
    for i, (start, end) in enumerate(bars):
        n_beats = end - start
        is_pickup = i == 0 and n_beats < beats.beats_per_bar
        yield ScoreBar(
            beats_per_bar=beats.beats_per_bar if is_pickup else n_beats,
            beat_unit=beats.beat_unit,
            length=n_beats * quarter,
            tempos=tuple(marks[i]),
            key=tab.key,
        )
