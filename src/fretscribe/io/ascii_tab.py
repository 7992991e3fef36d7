"""The text tab that a guitarist would post (the mission's TabTextGenerator).

Highest string on top, bars side by side, columns in proportion to beats, chord names above. It is for
reading and shows no durations; the lossless form is ``tab_json``.

Neighbours: ``ascii_grid`` finds the columns, ``ascii_bar`` draws a bar, ``text_tab_reader`` reads such tabs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from fretscribe.errors import OutputError
from fretscribe.io.ascii_bar import SIGNS, BarCells, Block, draw_bar, note_text, span_labels
from fretscribe.io.ascii_grid import column_of, columns_per_beat, drawn_beats
from fretscribe.io.bars import Bar, bars_between
from fretscribe.io.symbols import flat_symbol, key_name, key_uses_flats
from fretscribe.music import BeatGrid, Chord, Tab, TabNote, Tuning
from fretscribe.tunings import tuning_name, tuning_text

_MIN_COLUMNS = 20
_MAX_BEATS = 200_000
_SECONDS_GRID = BeatGrid(beat_times_s=(0.0, 0.5), downbeats=(0,))
"""Stands in for beats where there are none: a "beat" of half a second, four columns each."""
_SECONDS_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class _Placed:
    note: TabNote
    previous: TabNote | None
    beat: Fraction


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block with the time and number of the bar it begins (none for a later part of a split bar)."""

    block: Block
    time_s: float
    bar_number: int


def write_ascii(
    tab: Tab, *, columns: int = 80, show_doubt: float | None = None, times: bool = True, chords: bool = True
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
        A time stamp (m:ss) and bar number over each system.
    chords : bool
        Chord names above the strings.

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
    labels = _string_labels(tab.tuning)
    margin = len(labels[0]) + 1
    pieces, signs = _pieces(tab, columns - margin, show_doubt=show_doubt, chords=chords)
    for system in _systems(pieces, columns - margin):
        lines += _system_lines(system, labels, times=times, bar_numbers=tab.beats is not None)
    if signs:
        lines.append("   ".join(f"{sign} {meaning}" for sign, meaning in SIGNS.items() if sign in signs))
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


def _header(tab: Tab) -> Iterator[str]:
    if tab.title:
        yield "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in tab.title).strip()
    name, strings = tuning_name(tab.tuning), tuning_text(tab.tuning)
    yield f"Tuning: {strings}" if name == strings else f"Tuning: {name} ({strings})"
    if tab.tuning.capo:
        yield f"Capo: fret {tab.tuning.capo} (frets are counted from the capo)"
    facts = []
    if tab.beats is not None:
        facts.append(f"Tempo: {tab.beats.tempo_bpm:.0f} bpm")
        facts.append(f"Time: {tab.beats.beats_per_bar}/{tab.beats.beat_unit}")
    if tab.key is not None:
        facts.append(f"Key: {key_name(tab.key)}")
    if facts:
        yield "   ".join(facts)
    if tab.beats is None and tab.notes:
        step_s = 0.5 / _SECONDS_COLUMNS
        yield f"No beats known: two characters are {step_s:g} s"


def _string_labels(tuning: Tuning) -> list[str]:
    """A letter a string, lowest first; the top one in small letters where a lower one has its name."""
    labels = [text.rstrip("-0123456789") for text in tuning_text(tuning).split()]
    if labels[-1] in labels[:-1]:
        labels[-1] = labels[-1].lower()
    width = max(len(label) for label in labels)
    return [label.ljust(width) for label in labels]


def _pieces(
    tab: Tab, available: int, *, show_doubt: float | None, chords: bool
) -> tuple[list[_Piece], set[str]]:
    beats = tab.beats or _SECONDS_GRID
    placed = _placed(tab, beats)
    first, last = min(p.beat for p in placed), max(p.beat for p in placed)
    if last - first > _MAX_BEATS:
        raise OutputError(f"a text tab of {int(last - first)} beats would be too long (limit {_MAX_BEATS})")
    bars = bars_between(beats, min(first, Fraction(0)), last)
    by_bar = _by_bar(placed, bars)
    flats = tab.key is not None and key_uses_flats(tab.key)
    names = _chords_by_bar(tab.chords, beats, bars, flats=flats) if chords else [[] for _ in bars]
    pieces: list[_Piece] = []
    signs: set[str] = set()
    for number, (bar, inside, bar_chords) in enumerate(zip(bars, by_bar, names, strict=True), start=1):
        if bar[1] <= first:
            continue
        cells = _cells(bar, inside, bar_chords, beats, show_doubt, has_beats=tab.beats is not None)
        signs |= {sign for text in cells.texts.values() for sign in text.signs}
        time_s = max(0.0, beats.time_at(bar[0]))
        blocks = draw_bar(cells, tab.tuning.n_strings, available, bar_line=tab.beats is not None)
        pieces += [_Piece(block, time_s, number) for block in blocks]
    return pieces, signs


def _placed(tab: Tab, beats: BeatGrid) -> list[_Placed]:
    notes = tab.notes
    if tab.beats is None:  # beats of notes would count on a grid that is not there
        drawn = drawn_beats([_without_beats(n) for n in notes], beats, triplets=False)
    else:
        drawn = drawn_beats(notes, beats)
    last: dict[int, TabNote] = {}
    placed = []
    for note, beat in zip(notes, drawn, strict=True):
        placed.append(_Placed(note, last.get(note.position.string), beat))
        last[note.position.string] = note
    return placed


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
    """Names where they change, at the nearest half beat, in the spelling of the key."""
    found: list[list[tuple[Fraction, str]]] = [[] for _ in bars]
    shown = ""
    for chord in chords:
        beat = Fraction(round(beats.beat_at(chord.start_s) * 2), 2)
        for i, (start, end) in enumerate(bars):
            if start <= beat < end and chord.name != shown:
                found[i].append((beat, flat_symbol(chord.name) if flats else chord.name))
                shown = chord.name
                break
    return found


def _cells(
    bar: Bar,
    inside: Sequence[_Placed],
    chords: Sequence[tuple[Fraction, str]],
    beats: BeatGrid,
    show_doubt: float | None,
    *,
    has_beats: bool,
) -> BarCells:
    start, end = bar
    if has_beats:
        places = [p.beat - start for p in inside] + [beat - start for beat, _ in chords]
        grid = columns_per_beat(places, at_least=2 if beats.beat_unit <= 4 else 1)
    else:
        grid = _SECONDS_COLUMNS
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
    return cells


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


def _system_lines(
    system: Sequence[_Piece], labels: Sequence[str], *, times: bool, bar_numbers: bool
) -> Iterator[str]:
    margin = " " * (len(labels[0]) + 1)
    if times:
        stamp = f"{int(system[0].time_s) // 60}:{int(system[0].time_s) % 60:02d}"
        yield f"[{stamp}]  bar {system[0].bar_number}" if bar_numbers else f"[{stamp}]"
    chord_line = ""
    width = 0
    for piece in system:
        if piece.block.chords.strip():
            chord_line = chord_line.ljust(width) + piece.block.chords
        width += piece.block.width
    if chord_line:
        yield margin + chord_line
    for label in ("PM", "LR"):
        if any(label in p.block.spans for p in system):
            row = "".join(p.block.spans.get(label, "").ljust(p.block.width) for p in system)
            yield margin + row
    for string in reversed(range(len(labels))):
        row = "".join(p.block.strings[string] + "|" * p.block.ends_bar for p in system)
        yield f"{labels[string]}|{row}"
    yield ""
