"""Writes into a tab how its notes are played, as heard in the sound that the networks heard.

No note is added, left out, or changed in pitch; a slurred note goes to the string that it comes from, a
harmonic to the one that sounds, over the fret whose pitch is its own: the 24th if need be, beyond the neck,
where no fret is needed. There a stroke ends what sounded before. Neighbours: ``symbolic.techniques`` listens
and decides, ``detuning`` has the sound and its clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from fretscribe.frames import FloatArray
from fretscribe.music import BendPoint, Position, Tab, TabNote, Tuning
from fretscribe.pipeline.detuning import InTune
from fretscribe.pipeline.ledger import Ledger
from fretscribe.symbolic.techniques import SLURS, Marks

STAGE_NAME = "techniques"

HearTechniques = Callable[[FloatArray, int, Sequence[TabNote], Tuning], list[Marks]]
"""As `symbolic.techniques.hear_techniques`: signal, sample rate, notes, tuning."""

_AT_ITS_OWN_PITCH = {2: 12, 3: 19, 4: 24}
"""Partial to the fret whose pitch is that of the harmonic over it."""

_FARTHEST_NODE = max(_AT_ITS_OWN_PITCH.values())

_GIVES_WAY_S = 0.05  # offsets are heard no better


def mark_techniques(tab: Tab, heard: InTune, start_s: float, hear: HearTechniques, ledger: Ledger) -> Tab:
    """The same tab with techniques, and with the pitch curves of bends and vibrato.

    Parameters
    ----------
    tab : Tab
        On the clock of the recording.
    heard : InTune
        What the networks heard of it, from ``start_s`` on.
    start_s : float
    hear : callable
    ledger : Ledger
    """
    if not tab.notes:
        ledger.note(STAGE_NAME, "skipped", "no notes")
        return tab
    speed = float(heard.speed)
    with ledger.timed(STAGE_NAME):
        timed = [_timed(note, start_s, speed) for note in tab.notes]
        found = hear(heard.audio.mono(), heard.audio.sample_rate, timed, tab.tuning)
        notes = list(tab.notes)
        reach = replace(tab.tuning, n_frets=max(tab.tuning.n_frets, tab.tuning.capo + _FARTHEST_NODE))
        touched = _places_of_harmonics(notes, found, reach)
        _touch(notes, touched)
        for i, marks in enumerate(found):
            _marked(notes, i, marks, tab.tuning, i in touched, speed)
        beyond = any(note.position.fret > tab.tuning.highest_fret for note in notes)
    counts = Counter(technique for note in notes for technique in note.techniques)
    told = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in sorted(counts.items()))
    ledger.note(STAGE_NAME, "ran", told or "none stands out")
    notes.sort(key=lambda n: (n.note.onset_s, n.position.string))
    return replace(tab, tuning=reach if beyond else tab.tuning, notes=tuple(notes))


def _timed(note: TabNote, start_s: float, speed: float) -> TabNote:
    """The note on the clock of the sound that was heard."""
    onset_s = max(0.0, (note.note.onset_s - start_s) * speed)
    offset_s = max((note.note.offset_s - start_s) * speed, onset_s + 1e-3)
    return replace(note, note=replace(note.note, onset_s=onset_s, offset_s=offset_s))


def _marked(notes: list[TabNote], i: int, marks: Marks, tuning: Tuning, touched: bool, speed: float) -> None:
    """Write the marks of note i, a harmonic where it has its place; a slur may take it to another string."""
    note, techniques = notes[i], frozenset(marks.techniques)
    if not touched:
        techniques -= {"harmonic"}
    slurs = techniques & SLURS
    if slurs:
        place = _place_of_slur(notes, i, marks.before, tuning)
        if place is None:
            techniques -= slurs
        else:
            note = replace(note, position=place)
            notes[marks.before] = _ending_by(notes[marks.before], note.note.onset_s)
    if marks.curve and techniques & {"bend", "vibrato"}:
        curve = tuple(BendPoint(time_s=point.time_s / speed, cents=point.cents) for point in marks.curve)
        note = replace(note, note=replace(note.note, bend=curve))
    notes[i] = replace(note, techniques=techniques)


def _ending_by(note: TabNote, end_s: float) -> TabNote:
    return note if note.note.offset_s <= end_s else replace(note, note=replace(note.note, offset_s=end_s))


def _place_of_slur(notes: Sequence[TabNote], i: int, before: int, tuning: Tuning) -> Position | None:
    """The note's place on the string that it comes from; None where it has none, or the string is taken."""
    if before < 0:
        return None
    string = notes[before].position.string
    for place in tuning.positions(notes[i].note.pitch):
        if place.string == string:
            return None if _taken(notes, i, string, but=before) else place
    return None


def _places_of_harmonics(
    notes: Sequence[TabNote], found: Sequence[Marks], tuning: Tuning
) -> dict[int, Position]:
    """Where the harmonics go, by index: all of them at once, as one may lie on the string of another.

    One that a note which is none keeps from its string is dropped: it sounds like that string. Of those in
    each other's way one that has a further place goes there, the least likely first.
    """
    left = {
        i: _over_nodes(notes[i], marks.partial, tuning)
        for i, marks in enumerate(found)
        if "harmonic" in marks.techniques
    }
    left = {i: places for i, places in left.items() if places}
    while hindered := _hindered(notes, left):
        i = min(
            hindered,
            key=lambda i: (not hindered[i], len(left[i]) == 1, found[i].techniques["harmonic"]),
        )
        if hindered[i] or len(left[i]) == 1:
            del left[i]
        else:
            left[i] = left[i][1:]
    return {i: places[0] for i, places in left.items()}


def _over_nodes(note: TabNote, partial: int, tuning: Tuning) -> tuple[Position, ...]:
    """Where a harmonic has the pitch of its fret, as what it sounds like first; none if no fret has that."""
    fret = _AT_ITS_OWN_PITCH.get(partial)
    frets = _AT_ITS_OWN_PITCH.values()
    places = [place for place in tuning.positions(note.note.pitch) if place.fret in frets]
    places.sort(key=lambda place: place.fret != fret)
    return tuple(places) if places and places[0].fret == fret else ()


def _hindered(notes: Sequence[TabNote], left: Mapping[int, Sequence[Position]]) -> dict[int, bool]:
    """Harmonics that another note keeps from the first place left to them; whether one that is none does."""
    strings = [left[k][0].string if k in left else note.position.string for k, note in enumerate(notes)]
    hindered = {}
    for i in left:
        in_the_way = [
            k
            for k, other in enumerate(notes)
            if k != i and strings[k] == strings[i] and _in_the_way(other, notes[i], k in left)
        ]
        if in_the_way:
            hindered[i] = any(k not in left for k in in_the_way)
    return hindered


def _in_the_way(other: TabNote, harmonic: TabNote, is_harmonic: bool) -> bool:
    """Whether another note of its string rules a harmonic out; a later stroke only ends it."""
    after_s = other.note.onset_s - harmonic.note.onset_s
    if abs(after_s) <= _GIVES_WAY_S:
        return True
    rings_s = other.note.offset_s - harmonic.note.onset_s
    return after_s < 0.0 and rings_s > _GIVES_WAY_S and not is_harmonic


def _touch(notes: list[TabNote], places: Mapping[int, Position]) -> None:
    """Bring harmonics to their places; there a stroke ends what sounded before."""
    for i, place in places.items():
        notes[i] = replace(notes[i], position=place)
    for i, place in places.items():
        for k, other in enumerate(notes):
            if k != i and other.position.string == place.string:
                first, then = (i, k) if notes[i].note.onset_s < other.note.onset_s else (k, i)
                notes[first] = _ending_by(notes[first], notes[then].note.onset_s)


def _taken(notes: Sequence[TabNote], i: int, string: int, *, but: int = -1) -> bool:
    """Whether another note (``but`` one) sounds on a string while note i does."""
    note = notes[i].note
    return any(
        other.position.string == string
        and other.note.onset_s < note.offset_s
        and note.onset_s < other.note.offset_s
        for k, other in enumerate(notes)
        if k not in (i, but)
    )
