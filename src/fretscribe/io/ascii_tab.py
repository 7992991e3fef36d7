"""The text tab that a guitarist would post (the mission's TabTextGenerator).

Highest string on top for left hands and right, bars side by side, columns in proportion to beats, note values
and chord names above. It is for reading; the lossless form is ``tab_json``.

A text tab has one voice: what sounds on under later notes is drawn no longer than to the next one (or as
"let ring" where it is marked so). It has no velocities, confidences or alternatives, of a bend only how far
it goes, and of a drifting tempo one number a line, where that changes by more than 8 %.

Neighbours: ``ascii_grid`` finds the columns, ``ascii_rhythm`` the note values, ``ascii_bar`` draws a bar,
``text_tab_reader`` reads such tabs.
"""

from __future__ import annotations

import bisect
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from fretscribe.convert import counted
from fretscribe.errors import OutputError
from fretscribe.io.ascii_bar import RHYTHM, ROWS, SIGNS, BarCells, Block, draw_bar, note_text, span_labels
from fretscribe.io.ascii_grid import column_of, columns_per_beat, drawn_beats
from fretscribe.io.ascii_rhythm import LEGEND, LEGEND_MARK, RhythmMark, rhythm_of
from fretscribe.io.bars import Bar, bars_between
from fretscribe.io.page_options import StringNames
from fretscribe.io.score_rhythm import Raster
from fretscribe.music import BeatGrid, Chord, Tab, TabNote, Tuning
from fretscribe.symbols import NO_CHORD, flat_symbol, key_name, key_uses_flats
from fretscribe.tunings import tuning_name, tuning_text

_MIN_COLUMNS = 20
_MAX_BEATS = 200_000
_SECONDS_GRID = BeatGrid(beat_times_s=(0.0, 0.5), downbeats=(0,))
"""Stands in for beats where there are none: a "beat" of half a second, four columns each."""
_SECONDS_COLUMNS = 4
_ANY_WIDTH = 1_000_000
_TEMPO_CHANGE = 0.08
_NEAR_WHOLE_BPM = 0.25


@dataclass(frozen=True, slots=True)
class _Placed:
    note: TabNote
    previous: TabNote | None
    beat: Fraction


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block with the time and number of the bar it begins (none for a later part of a split bar)."""

    block: Block
    bar: Bar
    bar_number: int


def write_ascii(
    tab: Tab,
    *,
    columns: int = 80,
    show_doubt: float | None = None,
    times: bool = True,
    chords: bool = True,
    rhythm: bool = True,
    string_names: StringNames = "letters",
) -> str:
    """A tab as text, lines of about ``columns`` characters ended by ``\\n``.

    Parameters
    ----------
    tab : Tab
        Notes with ``onset_beats`` are drawn there; those without at the nearest quarter or third of a beat;
        without a `BeatGrid` columns are equal times and there are no bar lines.
    columns : int
        Where to wrap, 20 or more. A bar is split only where it alone is wider.
    show_doubt : float, or None
        Put ``?`` behind notes whose confidence is below this; None = no marks.
    times : bool
        A time stamp (m:ss), bar number and, where it changes much, tempo over each system.
    chords : bool
        Chord names above the strings.
    rhythm : bool
        Note values above the strings. A bar with a value that has no letter (64th notes do) has none.
    string_names : "letters", "pitches" or "numbers"
        What stands before a string: ``E``, ``E2``, or ``6`` (1 = highest).

    Raises
    ------
    ValueError
        If ``columns`` is below 20.
    OutputError
        If the notes span more than 200 000 beats.
    """
    if columns < _MIN_COLUMNS:
        raise ValueError(f"columns must be {_MIN_COLUMNS} or more, not {columns}")
    lines = [*_header(tab), ""]
    if not tab.notes:
        return "\n".join([*lines, "(no notes heard)", ""])
    labels = _string_labels(tab.tuning, string_names)
    margin = len(labels[0]) + 1
    pieces, signs = _pieces(tab, columns - margin, show_doubt=show_doubt, chords=chords, rhythm=rhythm)
    tempo_bpm = None if tab.beats is None else tab.beats.tempo_bpm
    for system in _systems(pieces, columns - margin):
        if times:
            stamp, tempo_bpm = _stamp(system, tab.beats, tempo_bpm)
            lines.append(stamp)
        lines += _system_lines(system, labels)
    for mark, legend in ((LEGEND_MARK + " ", LEGEND), ("", SIGNS)):
        used = [f"{sign} {meaning}" for sign, meaning in legend.items() if mark + sign in signs]
        lines += _legend(mark, used, columns)
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


def _legend(mark: str, entries: Sequence[str], columns: int) -> list[str]:
    """Signs and their meanings in lines of at most ``columns`` characters, none where there are none."""
    lines: list[str] = []
    for entry in entries:
        if lines and len(lines[-1]) + 3 + len(entry) <= columns:
            lines[-1] += f"   {entry}"
        else:
            lines.append((" " * len(mark) if lines else mark) + entry)
    return lines


def text_losses(tab: Tab) -> tuple[str, ...]:
    """What of the music a text tab could not say; errors as `write_ascii`."""
    if tab.beats is None or not tab.notes:
        return ()
    pieces, _ = _pieces(tab, _ANY_WIDTH, show_doubt=None, chords=False, rhythm=True)
    without = sum(RHYTHM not in piece.block.rows for piece in pieces)
    return (f"note values of {counted(without, 'bar')}",) if without else ()


def _header(tab: Tab) -> Iterator[str]:
    if tab.title:
        yield "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in tab.title).strip()
    name, strings = tuning_name(tab.tuning), tuning_text(tab.tuning)
    yield f"Tuning: {strings}" if name == strings else f"Tuning: {name} ({strings})"
    if tab.tuning.capo:
        yield f"Capo: fret {tab.tuning.capo} (frets are counted from the capo)"
    facts = []
    if tab.beats is not None:
        facts.append(f"Tempo: {_tempo_text(tab.beats.tempo_bpm)}")
        facts.append(f"Time: {tab.beats.beats_per_bar}/{tab.beats.beat_unit}")
    if tab.key is not None:
        facts.append(f"Key: {key_name(tab.key)}")
    if facts:
        yield "   ".join(facts)
    if tab.beats is None and tab.notes:
        step_s = 0.5 / _SECONDS_COLUMNS
        yield f"No beats known: two characters are {step_s:g} s"


def _tempo_text(tempo_bpm: float) -> str:
    """A whole number, as metronomes have, but where that is far off."""
    whole = round(tempo_bpm)
    return f"{whole} bpm" if abs(tempo_bpm - whole) <= _NEAR_WHOLE_BPM else f"{tempo_bpm:.1f} bpm"


def _string_labels(tuning: Tuning, names: StringNames) -> list[str]:
    """Names of the strings, lowest first; a top letter is small where a lower one is the same."""
    labels = tuning_text(tuning).split()
    if names == "numbers":
        labels = [str(number) for number in range(tuning.n_strings, 0, -1)]
    elif names == "letters":
        labels = [text.rstrip("-0123456789") for text in labels]
        if labels[-1] in labels[:-1]:
            labels[-1] = labels[-1].lower()
    width = max(len(label) for label in labels)
    return [label.ljust(width) for label in labels]


def _pieces(
    tab: Tab, available: int, *, show_doubt: float | None, chords: bool, rhythm: bool
) -> tuple[list[_Piece], set[str]]:
    beats = tab.beats or _SECONDS_GRID
    placed = _placed(tab, beats)
    first, last = min(p.beat for p in placed), max(p.beat for p in placed)
    if last - first > _MAX_BEATS:
        raise OutputError(f"a text tab of {int(last - first)} beats would be too long (limit {_MAX_BEATS})")
    marks = rhythm_of(tab, beats, first) if rhythm and tab.beats is not None else []
    last = max([last, *(mark.start for mark in marks if mark.kind != "rest")])
    bars = bars_between(beats, min(first, Fraction(0)), last)
    by_bar = _by_bar(placed, bars)
    flats = tab.key is not None and key_uses_flats(tab.key)
    names = _chords_by_bar(tab.chords, beats, bars, flats=flats) if chords else [[] for _ in bars]
    pieces: list[_Piece] = []
    signs: set[str] = set()
    for number, (bar, inside, bar_chords) in enumerate(zip(bars, by_bar, names, strict=True), start=1):
        if bar[1] <= first:
            continue
        values = _inside(marks, bar)
        cells = _cells(bar, inside, bar_chords, values, beats, show_doubt, has_beats=tab.beats is not None)
        signs |= {sign for text in cells.texts.values() for sign in text.signs}
        signs |= {f"{LEGEND_MARK} {sign}" for mark in cells.rhythm.values() for sign in mark.signs}
        blocks = draw_bar(cells, tab.tuning.n_strings, available, bar_line=tab.beats is not None)
        pieces += [_Piece(block, bar, number) for block in blocks]
    return pieces, signs


def _inside(marks: Sequence[RhythmMark], bar: Bar) -> list[RhythmMark]:
    """The values of a bar, counted from its start."""
    edges = (Fraction(edge) for edge in bar)
    first, after = (bisect.bisect_left(marks, edge, key=lambda mark: mark.start) for edge in edges)
    return [replace(mark, start=mark.start - bar[0]) for mark in marks[first:after]]


def _placed(tab: Tab, beats: BeatGrid) -> list[_Placed]:
    """Every note where it is drawn; where there are beats, at a place that scores can write as well."""
    notes = tab.notes
    if tab.beats is None:  # beats of notes would count on a grid that is not there
        drawn = drawn_beats([_without_beats(n) for n in notes], beats, triplets=False)
    else:
        drawn = _writable(notes, drawn_beats(notes, beats), beats.beat_unit)
    last: dict[int, TabNote] = {}
    placed = []
    for note, beat in zip(notes, drawn, strict=True):
        placed.append(_Placed(note, last.get(note.position.string), beat))
        last[note.position.string] = note
    return placed


def _writable(notes: Sequence[TabNote], drawn: Sequence[Fraction], beat_unit: int) -> list[Fraction]:
    """The nearest places that a note value reaches, rising on every string."""
    raster = Raster(drawn, beat_unit)
    last: dict[int, Fraction] = {}
    places = []
    for note, beat in zip(notes, drawn, strict=True):
        string, place = note.position.string, raster.nearest(beat)
        if string in last and place <= last[string]:
            place = raster.after(last[string])
        last[string] = place
        places.append(place)
    return places


def _without_beats(note: TabNote) -> TabNote:
    return TabNote(note=note.note, position=note.position)


def _by_bar(placed: Iterable[_Placed], bars: Sequence[Bar]) -> list[list[_Placed]]:
    by_bar: list[list[_Placed]] = [[] for _ in bars]
    i = 0
    for p in sorted(placed, key=lambda p: p.beat):
        while p.beat >= bars[i][1]:
            i += 1
        by_bar[i].append(p)
    return by_bar


def _chords_by_bar(
    chords: Sequence[Chord], beats: BeatGrid, bars: Sequence[Bar], *, flats: bool
) -> list[list[tuple[Fraction, str]]]:
    """Names where they change, at the nearest half beat, in the spelling of the key; the first is a chord."""
    found: list[list[tuple[Fraction, str]]] = [[] for _ in bars]
    shown = ""
    for chord in chords:
        beat = Fraction(round(beats.beat_at(chord.start_s) * 2), 2)
        for i, (start, end) in enumerate(bars):
            if start <= beat < end and chord.name != (shown or NO_CHORD):
                found[i].append((beat, flat_symbol(chord.name) if flats else chord.name))
                shown = chord.name
                break
    return found


def _cells(
    bar: Bar,
    inside: Sequence[_Placed],
    chords: Sequence[tuple[Fraction, str]],
    rhythm: Sequence[RhythmMark],
    beats: BeatGrid,
    show_doubt: float | None,
    *,
    has_beats: bool,
) -> BarCells:
    start, end = bar
    if has_beats:
        places = [p.beat - start for p in inside] + [beat - start for beat, _ in chords]
        at_least = 2 if beats.beat_unit <= 4 else 1
        grid = columns_per_beat(places, at_least=at_least)
        values = _by_column(rhythm, grid, end - start)
        if not values:  # no room: as fine as the values need
            grid = columns_per_beat([*places, *(mark.start for mark in rhythm)], at_least=at_least)
            values = _by_column(rhythm, grid, end - start)
    else:
        grid, values = _SECONDS_COLUMNS, {}
    cells = BarCells(n_columns=(end - start) * grid, columns_per_beat=grid)
    for p in inside:
        string = p.note.position.string
        column = min(column_of(p.beat - start, grid), cells.n_columns - 1)
        while (string, column) in cells.texts:
            column += 1
        cells.n_columns = max(cells.n_columns, column + 1)
        cells.texts[string, column] = note_text(p.note, p.previous, show_doubt)
        for label in span_labels(p.note):
            cells.spans.setdefault(label, set()).add(column)
    for beat, name in chords:
        cells.chords[column_of(beat - start, grid)] = name
    cells.rhythm = values
    return cells


def _by_column(rhythm: Sequence[RhythmMark], grid: int, n_beats: int) -> dict[int, RhythmMark]:
    """The values of a bar by column; none where two would meet."""
    found = {min(column_of(mark.start, grid), n_beats * grid - 1): mark for mark in rhythm}
    return found if len(found) == len(rhythm) else {}


def _systems(pieces: Iterable[_Piece], available: int) -> Iterator[list[_Piece]]:
    system: list[_Piece] = []
    width = 0
    for piece in pieces:
        if system and width + piece.block.width > available:
            yield system
            system, width = [], 0
        system.append(piece)
        width += piece.block.width
    if system:
        yield system


def _stamp(
    system: Sequence[_Piece], beats: BeatGrid | None, said_bpm: float | None
) -> tuple[str, float | None]:
    """Time and number of the first bar, and the tempo where it is far from what was said last."""
    (start, _), (_, end) = system[0].bar, system[-1].bar
    grid = beats or _SECONDS_GRID
    time_s = max(0.0, grid.time_at(start))
    stamp = f"[{int(time_s) // 60}:{int(time_s) % 60:02d}]"
    if beats is None or said_bpm is None:
        return stamp, said_bpm
    tempo_bpm = 60.0 * (end - start) / (beats.time_at(end) - beats.time_at(start))
    stamp += f"  bar {system[0].bar_number}"
    if abs(tempo_bpm / said_bpm - 1.0) <= _TEMPO_CHANGE:
        return stamp, said_bpm
    return f"{stamp}  {_tempo_text(tempo_bpm)}", tempo_bpm


def _system_lines(system: Sequence[_Piece], labels: Sequence[str]) -> Iterator[str]:
    margin = " " * (len(labels[0]) + 1)
    chord_line = ""
    width = 0
    for piece in system:
        if piece.block.chords.strip():
            chord_line = chord_line.ljust(width) + piece.block.chords
        width += piece.block.width
    if chord_line:
        yield margin + chord_line
    for name in ROWS:
        if any(name in p.block.rows for p in system):
            yield margin + "".join(p.block.rows.get(name, "").ljust(p.block.width) for p in system)
    for string in reversed(range(len(labels))):
        row = "".join(p.block.strings[string] + "|" * p.block.ends_bar for p in system)
        yield f"{labels[string]}|{row}"
    yield ""
