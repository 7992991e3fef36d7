"""Notes as a table for spreadsheets and scripts: comma-separated values, one note a row.

The columns: ``onset_s``, ``offset_s``; ``pitch`` (MIDI number) and ``pitch_name``; ``string`` (0 = lowest,
as in all data of fretscribe) and ``open_string`` (what it sounds open, without the capo); ``fret`` (from
the capo); ``velocity`` (1..127); ``confidence`` (0..1); ``onset_beats`` (from the first beat of the grid)
and ``duration_beats``, as decimals, since spreadsheets take 1/2 for a date; ``bar`` and ``beat`` in it,
from 1 as the text tab counts; ``techniques``, with blanks between; ``bend`` as ``cents@seconds`` after the
onset. What is not known is empty.

Written, not read: a table has no place for strings that are not played, and none for beats, key, chords,
alternatives and the title.
Neighbours: ``bars`` counts bars, ``formats`` picks this module.
Source: RFC 4180, "Common format and MIME type for comma-separated values (CSV) files", 2005.
"""

from __future__ import annotations

import bisect
import csv
import io
from collections.abc import Iterator, Sequence
from fractions import Fraction

from fretscribe.convert import pitch_name
from fretscribe.errors import OutputError
from fretscribe.io.bars import Bar, bars_between
from fretscribe.music import BendPoint, Tab, TabNote
from fretscribe.symbols import key_uses_flats

COLUMNS = (
    "onset_s", "offset_s", "pitch", "pitch_name", "string", "open_string", "fret", "velocity", "confidence",
    "onset_beats", "duration_beats", "bar", "beat", "techniques", "bend",
)  # fmt: skip
_MAX_BEATS = 200_000


def render_csv(tab: Tab) -> bytes:
    """A tab as CSV: ASCII, a header, lines ended by CR LF, rows in the order of the notes.

    Raises
    ------
    OutputError
        If the notes span more than 200 000 beats.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    places = _places(tab)
    bars = _bars(tab, places)
    flats = tab.key is not None and key_uses_flats(tab.key)
    for tab_note, place in zip(tab.notes, places, strict=True):
        writer.writerow(_row(tab, tab_note, place, bars, flats=flats))
    return buffer.getvalue().encode("ascii")


def csv_losses(tab: Tab) -> tuple[str, ...]:
    """What of the music a table lacks."""
    lost = (
        f"{len(tab.chords)} chord symbols" if tab.chords else "",
        "the key" if tab.key is not None else "",
    )
    return tuple(text for text in lost if text)


def _places(tab: Tab) -> list[Fraction | None]:
    """The beat of each note, None where the tab has none."""
    beats = tab.beats
    if beats is None:
        return [None] * len(tab.notes)
    return [
        Fraction(beats.beat_at(n.note.onset_s)) if n.onset_beats is None else n.onset_beats for n in tab.notes
    ]


def _bars(tab: Tab, places: Sequence[Fraction | None]) -> list[Bar]:
    known = [place for place in places if place is not None]
    if tab.beats is None or not known:
        return []
    first, last = min(Fraction(0), *known), max(known)
    if last - first > _MAX_BEATS:
        raise OutputError(f"a table of {int(last - first)} beats would be too long (limit {_MAX_BEATS})")
    return bars_between(tab.beats, first, last)


def _row(
    tab: Tab, n: TabNote, place: Fraction | None, bars: Sequence[Bar], *, flats: bool
) -> Iterator[object]:
    note, string = n.note, n.position.string
    yield from (
        f"{note.onset_s:.6f}",
        f"{note.offset_s:.6f}",
        note.pitch,
        pitch_name(note.pitch, flats=flats),
    )
    yield from (
        string,
        pitch_name(tab.tuning.open_pitches[string], flats=flats),
        n.position.fret,
        note.velocity,
    )
    yield "" if n.confidence is None else f"{n.confidence:.6f}"
    yield _decimal(n.onset_beats)
    yield _decimal(n.duration_beats)
    if place is None:
        yield from ("", "")
    else:
        number = bisect.bisect_right(bars, place, key=lambda bar: Fraction(bar[0]))
        yield from (number, _decimal(place - bars[number - 1][0] + 1))
    yield " ".join(sorted(n.techniques))
    yield " ".join(map(_point, note.bend))


def _decimal(beats: Fraction | None) -> str:
    return "" if beats is None else f"{float(beats):.6f}".rstrip("0").rstrip(".")


def _point(point: BendPoint) -> str:
    return f"{point.cents:.1f}@{point.time_s:.6f}"
