"""Reading a text tab as it is posted: any number of systems, words around them, bad habits and all.

``parse_text_tab`` returns the `Tab` with an account of where each note stood, what was assumed, and what
could not be read; nothing in the text is dropped in silence. Bytes that hold neither strings nor chords are
an error.

Neighbours, in the order of the work: ``text_tab_lines`` (lines that draw strings), ``text_tab_systems``
(systems), ``text_tab_header`` and ``text_tab_strings`` (tuning and other facts), ``text_tab_words`` (rows and
headings), ``text_tab_measures`` and ``text_tab_cells`` (notes), ``text_tab_timing`` (beats),
``text_tab_notes`` (the tab). ``ascii_tab`` writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from fretscribe.convert import counted
from fretscribe.errors import OptionError, TabFormatError
from fretscribe.io.files import read_limited
from fretscribe.io.text_tab_cells import Remark
from fretscribe.io.text_tab_header import FASTEST_BPM, HIGHEST_CAPO, SLOWEST_BPM, Header, read_header
from fretscribe.io.text_tab_lines import StringLine, clean_lines, decode, string_line
from fretscribe.io.text_tab_measures import DrawnNote, Measure, Rows, measures_of, unrolled
from fretscribe.io.text_tab_notes import NoteBuilder, TextEvent
from fretscribe.io.text_tab_page import read_page
from fretscribe.io.text_tab_strings import Strings, find_strings, strings_stated
from fretscribe.io.text_tab_systems import group_systems
from fretscribe.io.text_tab_timing import (
    DEFAULT_BPM,
    DEFAULT_METRE,
    Bars,
    TempoSource,
    Timed,
    Timing,
    join_cut_bars,
    place,
    usual_bars,
)
from fretscribe.io.text_tab_words import ChordMark
from fretscribe.music import Tab, Tuning
from fretscribe.result import Transcription

MAX_BYTES = 1_000_000
_MOST_MEASURES = 20_000
_SECONDS_BLOCK = 33
"""Characters of two seconds, as ``ascii_tab`` draws where it knows no beats."""
_BLOCK_BEAT = 8
"""Characters of the half second that stands in for a beat there."""
_WARNED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedTextTab:
    """A text tab with the account of its reading.

    Attributes
    ----------
    kind : "tab", "chords" or "empty"
        Strings; chord names only; or facts and no notes.
    tab : Tab
    events : tuple of TextEvent
        One for each note of the tab, in its order.
    sections : tuple of (name, line)
    chords : tuple of ChordMark
        Every chord name of the text; those over strings are in the tab as well, with their times.
    not_understood : tuple of Remark
        Line, column, text, and why it is no note.
    comments : tuple of Remark
        What follows the strings' lines (``x4``, words) and systems that lack strings.
    strings : Strings
        Tuning, where it comes from, and which way up the tab is drawn.
    capo_from : "given", "header" or "default"
    timing : Timing
    artist : str
    """

    kind: Literal["tab", "chords", "empty"]
    tab: Tab
    events: tuple[TextEvent, ...]
    sections: tuple[tuple[str, int], ...]
    chords: tuple[ChordMark, ...]
    not_understood: tuple[Remark, ...]
    comments: tuple[Remark, ...]
    strings: Strings
    capo_from: Literal["given", "header", "default"]
    timing: Timing
    artist: str

    def account(self) -> tuple[str, ...]:
        """One line each: what was stated, what was assumed, how much was not understood."""
        timing = self.timing
        said = [
            f"tuning: {self.strings.why}",
            f"capo: fret {self.tab.tuning.capo} ({self.capo_from})",
            f"tempo: {timing.tempo_bpm:g} bpm ({timing.tempo_from}), "
            f"{timing.beats_per_bar}/{timing.beat_unit} ({timing.metre_from})",
            f"time: {timing.characters_per_beat:g} characters a beat ({timing.columns_from}), "
            f"one is {timing.time_step_s:.4g} s",
        ]
        if self.kind == "chords":
            said.append(f"a chord sheet: {len(self.chords)} chord names and no strings")
        if self.not_understood:
            said.append(f"{counted(len(self.not_understood), 'place was', 'places were')} not understood")
        return tuple(said)


def read_text_tab(
    path: Path | str,
    *,
    tuning: Tuning | None = None,
    capo: int | None = None,
    bpm: float | None = None,
    unroll: bool = False,
) -> ParsedTextTab:
    """A text tab from a file; see `parse_text_tab`."""
    return parse_text_tab(
        read_limited(path, MAX_BYTES), str(path), tuning=tuning, capo=capo, bpm=bpm, unroll=unroll
    )


def parse_text(data: bytes, name: str = "text tab", *, unroll: bool = False) -> Transcription:
    """A text tab as `io.formats` reads it: what was assumed and not understood becomes warnings."""
    parsed = parse_text_tab(data, name, unroll=unroll)
    unread = [
        f"line {r.line}, column {r.column}: {r.text!r} was not understood: {r.why}"
        for r in parsed.not_understood[:_WARNED]
    ]
    return Transcription(
        tab=parsed.tab,
        warnings=(*(line for line in parsed.account() if "default" in line or "assumed" in line), *unread),
    )


def parse_text_tab(
    data: bytes | str,
    name: str = "text tab",
    *,
    tuning: Tuning | None = None,
    capo: int | None = None,
    bpm: float | None = None,
    unroll: bool = False,
) -> ParsedTextTab:
    """A text tab from bytes or text.

    Parameters
    ----------
    data : bytes or str
        In any usual encoding and with any line ends.
    name : str
        For messages.
    tuning, capo, bpm : optional
        Of the user: they win over what the text says. Only the open strings of ``tuning`` count.
    unroll : bool
        Play repeats (``x4``, ``|: :|``) out; else each repeated part is read once.

    Raises
    ------
    TabFormatError
        If the text is longer than 1 MB or holds neither strings nor chords nor facts of a tab.
    OptionError
        If ``capo`` or ``bpm`` is out of range, or ``tuning`` has another number of strings.
    """
    _check_options(capo, bpm)
    if len(data) > MAX_BYTES:
        raise TabFormatError(f"{name}: is longer than the limit of {MAX_BYTES} characters")
    lines = clean_lines(decode(data) if isinstance(data, bytes) else data)
    found = [string_line(number, line) for number, line in enumerate(lines, start=1)]
    drawn = [line for line in found if line is not None]
    header = read_header((n, text) for n, text in enumerate(lines, start=1) if found[n - 1] is None)
    grouping = group_systems(drawn)
    page = read_page(lines, {line.number for line in drawn}, grouping.systems)
    if not grouping.systems and not page.chords and not header.tunings and not header.says_empty:
        raise TabFormatError(
            f"{name}: no line looks like a string of a tab, and none holds chords",
            mend="a string is drawn as e|--3--5--|",
        )
    fret = capo if capo is not None else header.capo or 0
    labels = grouping.labels if grouping.systems else ("",) * strings_stated(header.tunings)
    strings = find_strings(labels, header.tunings, given=tuning, capo=fret)
    remarks = [*header.remarks, *(_left_over(line) for line in grouping.left_over)]
    comments = [_lacking(s.lines, len(grouping.labels)) for s in grouping.systems if not s.is_full]
    measures: list[Measure] = []
    for i, (system, rows) in enumerate(zip(grouping.systems, page.rows, strict=True)):
        cut, unread, said = measures_of(i, system, strings, rows)
        measures += cut
        remarks += unread
        comments += said
    timing, timed = _timed(measures, header, bpm, page.rows, unroll=unroll, name=name)
    builder = NoteBuilder(strings.tuning, timing, page, with_beats=header.seconds_per_column is None)
    builder.add_all(timed)
    return ParsedTextTab(
        kind="tab" if grouping.systems else "chords" if page.chords else "empty",
        tab=builder.tab(header, timed, strings),
        events=tuple(builder.events()),
        sections=tuple((s.name, s.line) for s in page.sections),
        chords=tuple(page.chords),
        not_understood=tuple(sorted([*remarks, *builder.remarks], key=lambda r: (r.line, r.column))),
        comments=tuple(sorted(comments, key=lambda r: (r.line, r.column))),
        strings=strings,
        capo_from="given" if capo is not None else "default" if header.capo is None else "header",
        timing=timing,
        artist=header.artist,
    )


def _check_options(capo: int | None, bpm: float | None) -> None:
    if capo is not None and not 0 <= capo <= HIGHEST_CAPO:
        raise OptionError(f"a capo sits on fret 0 (none) to {HIGHEST_CAPO}, not {capo}")
    if bpm is not None and not SLOWEST_BPM <= bpm <= FASTEST_BPM:
        raise OptionError(f"a tempo lies between {SLOWEST_BPM:g} and {FASTEST_BPM:g} bpm, not {bpm:g}")


def _left_over(line: StringLine) -> Remark:
    return Remark(
        line=line.number,
        column=line.start + 1,
        text=line.body,
        why="frets on a line that belongs to no system of strings",
    )


def _lacking(lines: Sequence[StringLine], n_strings: int) -> Remark:
    return Remark(
        line=lines[0].number,
        column=1,
        text="",
        why=f"{len(lines)} of {n_strings} strings are drawn; their labels say which",
    )


def _timed(
    measures: list[Measure],
    header: Header,
    bpm: float | None,
    rows: Sequence[Rows],
    *,
    unroll: bool,
    name: str,
) -> tuple[Timing, list[Timed]]:
    tempo_from: TempoSource = "given" if bpm is not None else "header" if header.tempo_bpm else "default"
    tempo_bpm = bpm or header.tempo_bpm or DEFAULT_BPM
    beats_per_bar, beat_unit = header.metre or DEFAULT_METRE
    if header.seconds_per_column is not None:
        measures = _in_seconds(measures, rows)
        tempo_bpm, tempo_from = 60.0 / (_BLOCK_BEAT * header.seconds_per_column), "header"
        beats_per_bar, beat_unit = DEFAULT_METRE
    bars = usual_bars(measures, beats_per_bar)
    if bars.are_strict:
        measures = join_cut_bars(measures)
    if unroll:
        measures = unrolled(measures, _MOST_MEASURES)
        bars = Bars(
            characters=bars.characters, pad=bars.pad, are_measured=bars.are_measured, are_strict=False
        )
    try:
        timed, source = place(measures, bars, beats_per_bar, beat_unit)
    except TabFormatError as e:
        raise TabFormatError(f"{name}: {e.message}") from e
    timing = Timing(
        tempo_bpm=tempo_bpm,
        tempo_from=tempo_from,
        beats_per_bar=beats_per_bar,
        beat_unit=beat_unit,
        metre_from="default" if header.metre is None else "header",
        characters_per_beat=float(bars.characters),
        columns_from="seconds" if header.seconds_per_column is not None else source,
        tempo_changes=() if tempo_from == "given" else _tempo_changes(timed),
    )
    return timing, timed


def _tempo_changes(timed: Sequence[Timed]) -> tuple[tuple[Fraction, float], ...]:
    return tuple((t.start, t.measure.tempo_bpm) for t in timed if t.measure.tempo_bpm is not None)


def _in_seconds(measures: Sequence[Measure], rows: Sequence[Rows]) -> list[Measure]:
    """Cut lines without bar lines into the blocks of two seconds that they were drawn in."""
    cut: list[Measure] = []
    for measure in measures:
        stamp = rows[measure.system].stamp
        first = 1 + (0 if stamp is None else stamp.time_s // 2)
        for i, start in enumerate(range(0, max(measure.width, 1), _SECONDS_BLOCK)):
            end = start + _SECONDS_BLOCK
            cut.append(
                Measure(
                    width=_SECONDS_BLOCK,
                    notes=[
                        DrawnNote(x=n.x - start, string=n.string, cell=n.cell, line=n.line)
                        for n in measure.notes
                        if start <= n.x < end
                    ],
                    chords=[(x - start, c) for x, c in measure.chords if start <= x < end],
                    counts=[],
                    rhythm=[],
                    is_closed=True,
                    system=measure.system,
                    bar=first + i,
                )
            )
    return cut
