"""Variations of a tab that stay playable: excerpts, other tempi, other places on the neck.

Used to make more rendered clips out of one performance. Beats, chords and key are dropped: the results
are notes to be played, no scores.
"""

from __future__ import annotations

import dataclasses

from fretscribe.music import BendPoint, Position, Tab, TabNote

_SHORTEST_NOTE_S = 0.02


def excerpt(tab: Tab, start_s: float, duration_s: float) -> Tab:
    """Notes that start within a stretch of time, cut at its end, timed from its start."""
    end_s = start_s + duration_s
    notes = tuple(
        _retimed(n, n.note.onset_s - start_s, min(n.note.offset_s, end_s) - start_s)
        for n in tab.notes
        if start_s <= n.note.onset_s < end_s - _SHORTEST_NOTE_S
    )
    return Tab(tuning=tab.tuning, notes=notes, title=tab.title)


def stretched(tab: Tab, factor: float) -> Tab:
    """The same notes ``factor`` times as slow; bends keep their shape."""
    notes = tuple(
        dataclasses.replace(
            n,
            note=dataclasses.replace(
                n.note,
                onset_s=n.note.onset_s * factor,
                offset_s=n.note.offset_s * factor,
                bend=tuple(BendPoint(time_s=p.time_s * factor, cents=p.cents) for p in n.note.bend),
            ),
            onset_beats=None,
            duration_beats=None,
        )
        for n in tab.notes
    )
    return Tab(tuning=tab.tuning, notes=notes, title=tab.title)


def moved_along_neck(tab: Tab, n_frets: int) -> Tab | None:
    """Every note ``n_frets`` higher on its own string; None if a note would leave the neck."""
    frets = [n.position.fret + n_frets for n in tab.notes]
    if any(not 0 <= fret <= tab.tuning.highest_fret for fret in frets):
        return None
    notes = tuple(
        dataclasses.replace(
            n,
            note=dataclasses.replace(n.note, pitch=n.note.pitch + n_frets),
            position=Position(string=n.position.string, fret=fret),
        )
        for n, fret in zip(tab.notes, frets, strict=True)
    )
    return Tab(tuning=tab.tuning, notes=notes, title=tab.title)


def _retimed(tab_note: TabNote, onset_s: float, offset_s: float) -> TabNote:
    note = dataclasses.replace(
        tab_note.note, onset_s=max(0.0, onset_s), offset_s=max(offset_s, onset_s + _SHORTEST_NOTE_S)
    )
    return dataclasses.replace(tab_note, note=note, onset_beats=None, duration_beats=None)
