"""A mended score on the clock of its recording: scores know beats, recordings know seconds.

A score that was written from a tab begins with its first bar, and its notes stand on the grid. To compare it
with the tab, its notes get the seconds at which they were heard, or those of the tab's own beats.
Neighbour: ``corrections`` compares.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from fretscribe.errors import InputError
from fretscribe.music import BeatGrid, Note, TabNote
from fretscribe.result import Transcription

_MOST_SHIFT_BEATS = 32
"""A score may begin this much earlier or later than the tab: rests before a pick-up, bars that were cut."""

_LEAST_SHARED = 0.5
"""Of the notes of the shorter one. Fewer in common, and it is another piece, or counted otherwise."""


def on_the_clock(first: Transcription, mended: Transcription) -> tuple[TabNote, ...]:
    """The notes of a mended tab in seconds of the first one's recording, by onset and string.

    Parameters
    ----------
    first, mended : Transcription
        As it was heard, and as the player left it. A mended tab that names its recording, or has notes
        without written places, has such seconds already: its notes are unchanged.

    Raises
    ------
    InputError
        If too few notes stand at the same places for the two to be of one piece.
    """
    old, new = first.tab, mended.tab
    written = bool(new.notes) and all(n.onset_beats is not None for n in (*old.notes, *new.notes))
    on_paper = first.audio is not None and mended.audio is None and written
    if not on_paper or old.beats is None or new.beats is None:
        return new.notes
    scale = Fraction(old.beats.beat_unit, new.beats.beat_unit)
    places = [_beats(note) * scale for note in new.notes]
    shift, n_shared = _shift(old.notes, new.notes, places)
    if n_shared < _LEAST_SHARED * min(len(old.notes), len(new.notes)):
        raise InputError(
            f"only {n_shared} of {len(new.notes)} notes stand where they were: another piece, or other bars",
            mend="mend the tab that transcribe wrote and keep its bars; retab --bpm and --meter change those",
        )
    partners = _partners(old.notes, new.notes, [place + shift for place in places])
    placed = [
        _placed(note, place + shift, scale, old.beats) if partner is None else _at(note, partner.note)
        for note, place, partner in zip(new.notes, places, partners, strict=True)
    ]
    return tuple(sorted(placed, key=lambda n: (n.note.onset_s, n.position.string)))


def _beats(note: TabNote) -> Fraction:
    return note.onset_beats if note.onset_beats is not None else Fraction(0)


def _shift(
    old: Sequence[TabNote], new: Sequence[TabNote], places: Sequence[Fraction]
) -> tuple[Fraction, int]:
    """By how many beats the new notes stand too early, and how many then agree with old ones."""
    of_pitch: dict[int, list[Fraction]] = defaultdict(list)
    for note in old:
        of_pitch[note.note.pitch].append(_beats(note))
    shifts = Counter(
        place - at
        for note, at in zip(new, places, strict=True)
        for place in of_pitch[note.note.pitch]
        if abs(place - at) <= _MOST_SHIFT_BEATS
    )
    return max(shifts.items(), key=lambda s: (s[1], -abs(s[0])), default=(Fraction(0), 0))


def _partners(
    old: Sequence[TabNote], new: Sequence[TabNote], places: Sequence[Fraction]
) -> list[TabNote | None]:
    """The old note at each new one's place: of its pitch, or else any that no other note claims."""
    free: dict[Fraction, list[TabNote]] = defaultdict(list)
    for note in old:
        free[_beats(note)].append(note)
    found: list[TabNote | None] = [None] * len(new)
    for same_pitch in (True, False):
        for i, (note, place) in enumerate(zip(new, places, strict=True)):
            if found[i] is None:
                found[i] = _take(free[place], note if same_pitch else None)
    return found


def _take(notes: list[TabNote], like: TabNote | None) -> TabNote | None:
    """Take a note out of a list: one of the same pitch, on the same string if there is one; or the first."""
    wanted: Iterable[TabNote] = notes
    if like is not None:
        same = [n for n in notes if n.note.pitch == like.note.pitch]
        wanted = sorted(same, key=lambda n: n.position.string != like.position.string)
    taken = next(iter(wanted), None)
    if taken is not None:
        notes.remove(taken)
    return taken


def _at(note: TabNote, heard: Note) -> TabNote:
    return replace(note, note=replace(note.note, onset_s=heard.onset_s, offset_s=heard.offset_s))


def _placed(note: TabNote, place: Fraction, scale: Fraction, beats: BeatGrid) -> TabNote:
    """A note that nobody heard, at the times of its beats."""
    length = (note.duration_beats or Fraction(1)) * scale
    onset_s = max(0.0, beats.time_at(place))
    offset_s = max(beats.time_at(place + length), onset_s + note.note.duration_s * 0.1)
    return replace(note, note=replace(note.note, onset_s=onset_s, offset_s=offset_s))
