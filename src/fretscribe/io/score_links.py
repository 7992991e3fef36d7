"""How the notes of a written track hang together: ties, and slides and slurs from one note to the next.

A `ScoreNote` says only what follows it; whoever draws both ends of a line needs them named. Reads tracks of
one voice, as ``tab_to_score`` makes them. Neighbours: ``musicxml_writer`` and ``lilypond_writer`` draw what
is found here, ``score_play`` sounds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from fretscribe.io.score import ScoreBeat, ScoreNote, ScoreTrack
from fretscribe.music import Technique

Lead = Literal["slide", "legato_slide", "hammer_on", "pull_off"]

SLURRED: frozenset[Lead] = frozenset({"legato_slide", "hammer_on", "pull_off"})
"""Leads whose second note is not picked."""


@dataclass(slots=True, kw_only=True)
class LinkedNote:
    """A note and what joins it to its neighbours on the string.

    Attributes
    ----------
    note : ScoreNote
    string, fret : int
        As `ScoreNote`, but never None.
    pitch : int
        MIDI pitch of the place.
    tie_stop, tie_start : bool
        Whether it goes on from the note before it, and whether the next one goes on from it.
    leads : set of Lead
        How the next struck note on the string is reached from this one.
    reached : set of Lead
        How this one is reached from the last one on the string.
    leads_at_once, reached_at_once : bool
        Whether that next note stands in the very next beat, and this one in the beat after that last one.
    """

    note: ScoreNote
    string: int
    fret: int
    pitch: int
    tie_stop: bool = False
    tie_start: bool = False
    leads: set[Lead]
    reached: set[Lead]
    leads_at_once: bool = False
    reached_at_once: bool = False

    @property
    def starts_slur(self) -> bool:
        """Slurs are drawn between neighbours only: over other notes they would slur those too."""
        return self.leads_at_once and bool(self.leads & SLURRED)

    @property
    def stops_slur(self) -> bool:
        return self.reached_at_once and bool(self.reached & SLURRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedBeat:
    """A beat and its notes, lowest string first; a rest has none."""

    beat: ScoreBeat
    notes: tuple[LinkedNote, ...]


def link_notes(track: ScoreTrack) -> tuple[tuple[LinkedBeat, ...], ...]:
    """The beats of every bar, their notes linked.

    Parameters
    ----------
    track : ScoreTrack
        With strings, and one voice without graces.
    """
    last: dict[int, tuple[LinkedNote, int]] = {}
    bars = []
    n_beats = 0
    for bar in track.bars:
        beats = []
        for beat in bar.beats:
            notes = tuple(sorted(_linked(beat, track, last, n_beats), key=lambda n: n.string))
            beats.append(LinkedBeat(beat=beat, notes=notes))
            n_beats += 1
        bars.append(tuple(beats))
    for note, _ in last.values():
        note.leads = set()  # they lead to nothing
    return tuple(bars)


def _linked(
    beat: ScoreBeat, track: ScoreTrack, last: dict[int, tuple[LinkedNote, int]], index: int
) -> Iterator[LinkedNote]:
    for note in beat.notes:
        if note.string is None:
            raise ValueError(f"a note of {track.name!r} is on no string")
        before, place = last.get(note.string, (None, -1))
        tied = note.tied and before is not None and note.fret in (None, before.fret)
        fret = before.fret if tied and before is not None else note.fret
        if fret is None:
            raise ValueError(f"a note of {track.name!r} on string {note.string} has no fret")
        linked = LinkedNote(
            note=note,
            string=note.string,
            fret=fret,
            pitch=track.open_pitches[note.string] + track.capo + fret,
            tie_stop=tied,
            leads=set(),
            reached=set(),
        )
        if before is not None and tied:
            before.tie_start = True
            linked.leads = before.leads
            before.leads = set()
        elif before is not None:
            _lead(before, linked, at_once=place == index - 1)
        linked.leads |= _asked(note)
        last[note.string] = (linked, index)
        yield linked


def _asked(note: ScoreNote) -> set[Lead]:
    """What the note asks of the next one; whether that is hammered on or pulled off is seen there."""
    asked: set[Lead] = set()
    if note.hammer:
        asked.add("hammer_on")
    if "legato" in note.slides:
        asked.add("legato_slide")
    elif "shift" in note.slides:
        asked.add("slide")
    return asked


def _lead(before: LinkedNote, now: LinkedNote, *, at_once: bool) -> None:
    if "hammer_on" in before.leads and now.fret < before.fret:
        before.leads = (before.leads - {"hammer_on"}) | {"pull_off"}
    now.reached = set(before.leads)
    before.leads_at_once = now.reached_at_once = at_once


def technique_runs(
    bars: Sequence[Sequence[LinkedBeat]], technique: Technique
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """First and last beat, as (bar, beat), of every stretch of beats whose notes all have a technique.

    Notes that are only tied on do not count; rests end a stretch.
    """
    runs = []
    first: tuple[int, int] | None = None
    last = (0, 0)
    for b, bar in enumerate(bars):
        for i, beat in enumerate(bar):
            struck = [n for n in beat.notes if not n.tie_stop]
            there = bool(struck) and all(technique in n.note.techniques for n in struck)
            if first is not None and not there and (struck or not beat.notes):
                runs.append((first, last))
                first = None
            if there:
                first = first or (b, i)
            last = (b, i)
    if first is not None:
        runs.append((first, last))
    return runs
