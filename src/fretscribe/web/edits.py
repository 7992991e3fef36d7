"""What a player may do to a tab, as functions from `Tab` to `Tab`.

A note that a player placed is certain: its confidence is 1, and it keeps its string when the tab is fingered
anew. A string plays one note at a time: an earlier note ends where the edited one starts, the edited one
where the next starts; two that start together are refused. Nothing here knows jobs, files or HTTP.
Neighbours: ``edit_requests`` reads what is asked, ``store`` remembers every state, ``pipeline.retabbing``
fingers anew.
"""

from __future__ import annotations

import bisect
import statistics
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from fretscribe.convert import pitch_name
from fretscribe.errors import InputError
from fretscribe.music import BeatGrid, Note, Position, Tab, TabNote, Technique
from fretscribe.pipeline import TranscribeOptions, retab
from fretscribe.pipeline.retabbing import surviving_techniques
from fretscribe.pipeline.tabbing import Hands
from fretscribe.result import Transcription
from fretscribe.symbolic.fingering import EVENT_WINDOW_S, cut_overlaps

CERTAIN = 1.0
"""Confidence of a note that a player placed."""

_USUAL_VELOCITY = 80
_MAX_PITCH = 127  # of MIDI
_CURVED: frozenset[Technique] = frozenset({"bend", "vibrato"})


def place_note(tab: Tab, index: int, position: Position) -> Tab:
    """Put a note on another place of the neck.

    Where its pitch changes by that, what was heard of its string goes: it was said of another pitch.

    Parameters
    ----------
    tab : Tab
    index : int
        Of the note in ``tab.notes``.
    position : Position

    Raises
    ------
    InputError
        If there is no such note or place, or another note starts on that string at the same time.
    """
    old = note_at(tab, index)
    note, alternatives = old.note, old.alternatives
    pitch = _pitch(tab, position)
    if pitch != note.pitch:
        note = replace(note, pitch=pitch, string_probs=None, tab_probs=None, stiffness=None)
        alternatives = ()
    new = replace(
        old,
        note=note,
        position=position,
        confidence=CERTAIN,
        alternatives=alternatives,
        rule_probability=old.rule_probability if position == old.position else None,
    )
    new = replace(new, techniques=surviving_techniques(old, new))
    stays = position.string == old.position.string
    return _put(_without(tab, index), new, is_new_there=not stays)


def delete_note(tab: Tab, index: int) -> Tab:
    """Take a note away; the others stay as they are.

    Raises
    ------
    InputError
        If there is no such note.
    """
    note_at(tab, index)
    return _without(tab, index)


def add_note(tab: Tab, position: Position, onset_beats: Fraction, duration_beats: Fraction) -> Tab:
    """Write a note that nobody heard, as loud as the others are.

    Parameters
    ----------
    tab : Tab
    position : Position
    onset_beats, duration_beats : Fraction
        From the first beat of the grid; not before the recording starts.

    Raises
    ------
    InputError
        If there is no such place or time, the tab has no beats, or another note starts there.
    """
    if duration_beats <= 0:
        raise InputError(f"a note cannot last {duration_beats} beats")
    beats = _beats(tab)
    onset_s = _time_at(beats, onset_beats)
    loud = [n.note.velocity for n in tab.notes]
    note = Note(
        onset_s=onset_s,
        offset_s=max(beats.time_at(onset_beats + duration_beats), onset_s + EVENT_WINDOW_S),
        pitch=_pitch(tab, position),
        velocity=round(statistics.median(loud)) if loud else _USUAL_VELOCITY,
    )
    new = TabNote(
        note=note,
        position=position,
        onset_beats=onset_beats,
        duration_beats=duration_beats,
        confidence=CERTAIN,
    )
    return _put(tab, new)


def shift_note(tab: Tab, index: int, by_beats: Fraction) -> Tab:
    """Move a note in time; it stays as long as it is.

    Raises
    ------
    InputError
        If there is no such note or time, the tab has no beats, or another note starts there.
    """
    old = note_at(tab, index)
    beats = _beats(tab)
    note = old.note
    if old.onset_beats is None:
        onset_beats = None
        onset_s = _time_at(beats, beats.beat_at(note.onset_s) + float(by_beats))
    else:
        onset_beats = old.onset_beats + by_beats
        onset_s = _time_at(beats, onset_beats)
    moved = replace(note, onset_s=onset_s, offset_s=onset_s + note.duration_s)
    return _put(_without(tab, index), replace(old, note=moved, onset_beats=onset_beats, confidence=CERTAIN))


def set_techniques(tab: Tab, index: int, techniques: frozenset[Technique]) -> Tab:
    """Say how a note is played; a pitch curve goes with the last technique that has one.

    Raises
    ------
    InputError
        If there is no such note.
    """
    old = note_at(tab, index)
    straight = bool(_CURVED & old.techniques) and not _CURVED & techniques
    note = replace(old.note, bend=()) if straight else old.note
    changed = replace(old, note=note, techniques=techniques)
    return replace(tab, notes=(*tab.notes[:index], changed, *tab.notes[index + 1 :]))


def finger_anew(result: Transcription, options: TranscribeOptions, hands: Hands) -> Transcription:
    """Another tuning, capo, hand, tempo or metre; certain notes keep their string where they can.

    Raises
    ------
    OptionError
        As `retab`.
    """
    again = retab(result, options, hands=hands)
    if again.tab.tuning == result.tab.tuning and again.tab.notes == result.tab.notes:
        return again
    strings = {
        (n.note.onset_s, n.note.pitch): n.position.string for n in result.tab.notes if n.confidence == CERTAIN
    }
    tab = again.tab
    for told in [n for n in tab.notes if (n.note.onset_s, n.note.pitch) in strings]:
        tab = _kept_on_string(tab, told, strings[told.note.onset_s, told.note.pitch])
    return with_tab(again, tab)


def with_tab(result: Transcription, tab: Tab) -> Transcription:
    """The result with another tab; the share of accepted notes is counted anew."""
    summary = result.confidence
    if summary is not None and summary.threshold is not None and tab.notes:
        accepted = sum((n.confidence or 0.0) >= summary.threshold for n in tab.notes)
        summary = replace(summary, share_accepted=accepted / len(tab.notes))
    return replace(result, tab=tab, confidence=summary)


def note_at(tab: Tab, index: int) -> TabNote:
    """A note by its index.

    Raises
    ------
    InputError
        If there is none.
    """
    if not 0 <= index < len(tab.notes):
        raise InputError(f"there is no note {index}: the tab has {len(tab.notes)}")
    return tab.notes[index]


def _kept_on_string(tab: Tab, told: TabNote, string: int) -> Tab:
    """The tab with a note back on the string where a player put it, if that string has a place for it now."""
    places = {p.string: p for p in tab.tuning.positions(told.note.pitch)}
    index = next((i for i, n in enumerate(tab.notes) if n.position == told.position and _same(n, told)), None)
    if string not in places or index is None:
        return tab
    try:
        return place_note(tab, index, places[string])
    except InputError:  # another note stands there now
        return tab


def _same(one: TabNote, other: TabNote) -> bool:
    return (one.note.onset_s, one.note.pitch) == (other.note.onset_s, other.note.pitch)


def _pitch(tab: Tab, position: Position) -> int:
    tuning = tab.tuning
    if position.string >= tuning.n_strings or position.fret > tuning.highest_fret:
        where = f"{tuning.n_strings} strings and {tuning.highest_fret} frets above the nut or capo"
        raise InputError(
            f"string {position.string}, fret {position.fret} is not on this neck: it has {where}"
        )
    pitch = tuning.pitch(position)
    if pitch > _MAX_PITCH:
        raise InputError(f"string {position.string}, fret {position.fret} is too high to have a name")
    return pitch


def _beats(tab: Tab) -> BeatGrid:
    if tab.beats is None:
        raise InputError("this tab has no beats to count on", mend="give it a tempo first")
    return tab.beats


def _time_at(beats: BeatGrid, beat: Fraction | float) -> float:
    time_s = beats.time_at(beat)
    if time_s < 0.0:
        raise InputError("a note cannot start before the recording does")
    return time_s


def _without(tab: Tab, index: int) -> Tab:
    return replace(tab, notes=(*tab.notes[:index], *tab.notes[index + 1 :]))


def _put(tab: Tab, new: TabNote, *, is_new_there: bool = True) -> Tab:
    """The tab with one more note; those around it on its string give way, if it was not there before."""
    string, onset_s = new.position.string, new.note.onset_s
    on_string = [n for n in tab.notes if n.position.string == string] if is_new_there else []
    for other in on_string:
        if abs(other.note.onset_s - onset_s) < EVENT_WINDOW_S:
            raise InputError(
                f"string {tab.tuning.n_strings - string} plays {pitch_name(other.note.pitch)} at that moment",
                mend="move or delete that note first",
            )
    notes = list(tab.notes)
    bisect.insort(notes, new, key=lambda n: (n.note.onset_s, n.position.string))
    return replace(tab, notes=_written_apart(cut_overlaps(notes), string))


def _written_apart(notes: Sequence[TabNote], string: int) -> tuple[TabNote, ...]:
    """The notes, those of one string written to end where the next one on it starts."""
    following: Fraction | None = None
    apart = []
    for n in reversed(notes):
        if n.position.string == string and n.onset_beats is not None and n.duration_beats is not None:
            if following is not None and n.onset_beats < following < n.onset_beats + n.duration_beats:
                n = replace(n, duration_beats=following - n.onset_beats)
            following = n.onset_beats
        apart.append(n)
    return tuple(reversed(apart))
