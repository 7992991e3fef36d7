"""``fretscribe theory``: key, scale, chords with their Roman numerals, and what to play over them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fretscribe.cli.report import note_line, warning_line

if TYPE_CHECKING:
    from fretscribe.music import BeatGrid, Chord, Key, Note, Tab
    from fretscribe.symbols import ChordSymbol

_SCALES_SHOWN = 3
_SCALES_A_CHORD = 2
_PLAIN_BPM = 120.0


def theory(
    source: Annotated[Path, typer.Argument(metavar="TAB", help="A tab or score that can be read.")],
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="KEY", help='Such as "F# minor". Default: found from the notes.'),
    ] = None,
    track: Annotated[
        str | None,
        typer.Option(
            "--track",
            metavar="N|NAME",
            help="Track of a score or MIDI file. Default: the first guitar with notes.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only the harmony and errors.")] = False,
) -> None:
    """Say what a tab is in: key, scale, chords by bars with Roman numerals, and scales that fit each.

    Chords that the file names are kept, others are found from the notes; they are named as they sound, and
    with a capo also as the hand sees them. Bars are numbered as in the text tab; 3:2 is the second beat of
    bar 3.
    """
    from fretscribe.pipeline.importing import import_tab
    from fretscribe.symbols import parse_key

    known = None if key is None else parse_key(key)
    result = import_tab(source, track=track)
    if not quiet:
        for line in _account(result.tab):
            note_line(f"{source}: {line}")
        for warning in result.warnings:
            warning_line(f"{source}: {warning}")
    sys.stdout.write("\n".join(harmony_lines(result.tab, known)) + "\n")


def _account(tab: Tab) -> list[str]:
    """What the harmony rests on, where that is not plain."""
    lines = (
        [] if tab.beats else [f"has no beats: chords are sought every quarter second ({_PLAIN_BPM:.0f} bpm)"]
    )
    return [*lines, "its own chord names are kept"] if tab.chords else lines


def harmony_lines(tab: Tab, key: Key | None = None) -> list[str]:
    """Key, scales and a table of chords.

    Parameters
    ----------
    tab : Tab
    key : Key, optional
        Where it is known; found from the notes otherwise.
    """
    from fretscribe.music import BeatGrid
    from fretscribe.symbolic.theory import analyse_harmony
    from fretscribe.symbols import key_name

    notes = [placed.note for placed in tab.notes]
    beats = tab.beats or BeatGrid.constant(_PLAIN_BPM, tab.duration_s)
    found = analyse_harmony(notes, beats, key=key)
    if found.key is None:
        lines = ["key     none: fewer than three different tones"]
    else:
        lines = [f"key     {key_name(found.key)}", *_scale_lines(notes, found.key)]
    chords = tab.chords or found.chords
    if not chords:
        return [*lines, "chords  none"]
    rows = _rows(chords, found.key, beats, tab)
    return [*lines, "", *_table([_heading(tab.tuning.capo), *rows])]


def _heading(capo: int) -> tuple[str, ...]:
    shape = (f"capo {capo}",) if capo else ()
    return ("bar", "time", "chord", *shape, "numeral", "scales that fit")


def _scale_lines(notes: Sequence[Note], key: Key) -> list[str]:
    from fretscribe.symbolic.scales import fitting_scales, scale_name, scale_tones

    return [
        f"{'' if i else 'scale':<7} {scale_name(fit.scale, key)} ({scale_tones(fit.scale, key)}), "
        f"{100 * fit.share:.0f} % of the notes"
        for i, fit in enumerate(fitting_scales(notes, key)[:_SCALES_SHOWN])
    ]


def _rows(chords: Sequence[Chord], key: Key | None, beats: BeatGrid, tab: Tab) -> list[tuple[str, ...]]:
    from fretscribe.symbolic.numerals import roman_numerals
    from fretscribe.symbolic.scales import scale_name, scales_over
    from fretscribe.symbols import split_chord

    symbols = [split_chord(chord.name) for chord in chords]
    numerals = [""] * len(chords) if key is None else roman_numerals(symbols, key)
    places = _places([chord.start_s for chord in chords], beats, tab)
    rows: list[tuple[str, ...]] = []
    for chord, symbol, numeral, place in zip(chords, symbols, numerals, places, strict=True):
        scales = () if symbol is None else scales_over(symbol, key)[:_SCALES_A_CHORD]
        minutes, seconds = divmod(chord.start_s, 60.0)
        names = ", ".join(scale_name(scale, key) for scale in scales)
        shape = (_shape(symbol, tab.tuning.capo, key),) if tab.tuning.capo else ()
        rows.append((place, f"{minutes:.0f}:{seconds:04.1f}", chord.name, *shape, numeral, names))
    return rows


def _shape(symbol: ChordSymbol | None, capo: int, key: Key | None) -> str:
    """The chord that a hand sees above the capo."""
    from dataclasses import replace

    from fretscribe.symbols import moved_chord

    if symbol is None:
        return ""
    seen = None if key is None else replace(key, tonic=(key.tonic - capo) % 12)
    return str(moved_chord(symbol, -capo, seen))


def _places(times_s: Sequence[float], beats: BeatGrid, tab: Tab) -> list[str]:
    """Bar, and beat where it is not the first: ``3``, ``3:2``, ``3:2.5``."""
    from fractions import Fraction

    from fretscribe.io.bars import bars_between

    halves = [Fraction(round(2 * beats.beat_at(time_s)), 2) for time_s in times_s]
    first = min(halves[0], *(Fraction(beats.beat_at(n.note.onset_s)) for n in tab.notes), Fraction(0))
    bars = bars_between(beats, first, max(halves))
    places = []
    for beat in halves:
        number, start = max((i, bar[0]) for i, bar in enumerate(bars, start=1) if i == 1 or bar[0] <= beat)
        in_bar = 1 + beat - start
        places.append(f"{number}" if in_bar == 1 else f"{number}:{float(in_bar):g}")
    return places


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
