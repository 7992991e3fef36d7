"""What a player made of a transcription, note by note: found by comparing the first tab with the mended one.

Notes are paired by when they start; a pair is accepted, moved to another place, or of another pitch, and what
has no partner was added or deleted. With every note goes what was suggested, how sure that was, and what the
rules of the hand alone expect of it among the notes around.
Knows no files. Neighbours: ``store`` keeps these, ``symbolic.habits`` learns from them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from fretscribe.errors import InputError
from fretscribe.feedback.written_times import on_the_clock
from fretscribe.music import Alternative, Position, TabNote, Tuning
from fretscribe.result import AudioInfo, Transcription
from fretscribe.symbolic.fingering import expected_strings
from fretscribe.symbolic.habits import PlacedNote

Kind = Literal["accepted", "moved", "changed", "added", "deleted"]
"""Left as it was; put on another string; given another pitch; not heard; heard where nothing was played."""

KINDS: tuple[Kind, ...] = ("accepted", "moved", "changed", "added", "deleted")

SAME_ONSET_S = 0.05
"""Notes that start no further apart may be the same one."""

CERTAIN = 1.0
"""Confidence of notes that a player placed by hand."""

_OTHER_PITCH, _OTHER_STRING = 2.0, 0.5  # against onsets that differ by up to 1, in units of SAME_ONSET_S


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNote:
    """A note on the neck.

    Attributes
    ----------
    onset_s, offset_s : float
    pitch : int
    position : Position
    """

    onset_s: float
    offset_s: float
    pitch: int
    position: Position

    def __post_init__(self) -> None:
        if not 0.0 <= self.onset_s < self.offset_s:
            raise ValueError(f"a note needs 0 <= onset_s < offset_s: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A note as it was transcribed.

    Attributes
    ----------
    note : SetNote
    confidence : float, or None
    alternatives : tuple of Alternative
        Places with their probabilities, the suggested one among them.
    """

    note: SetNote
    confidence: float | None = None
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A note that a player looked at.

    Attributes
    ----------
    suggested : Suggestion, or None
        None where the player added the note.
    chosen : SetNote, or None
        None where the player deleted it.
    expected : tuple of float
        P(string) of the chosen note by the rules of the hand alone; empty where there is none.
    """

    suggested: Suggestion | None
    chosen: SetNote | None
    expected: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.suggested is None and self.chosen is None:
            raise ValueError("a correction needs a suggested note or a chosen one")
        if (self.chosen is None) != (self.expected == ()):
            raise ValueError("expected belongs to the chosen note")

    @property
    def kind(self) -> Kind:
        """What the player did."""
        if self.suggested is None:
            return "added"
        if self.chosen is None:
            return "deleted"
        if self.suggested.note.pitch != self.chosen.pitch:
            return "changed"
        same = self.suggested.note.position.string == self.chosen.position.string
        return "accepted" if same else "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class MendedRecording:
    """All that a player said of one recording.

    Attributes
    ----------
    key : str
        The recording's sha256, or that of the first tab's notes where there was no recording.
    title : str
    tuning : Tuning
        As the player left it.
    whole : bool
        Whether the chosen notes are all that sounds: nothing was left unseen.
    corrections : tuple of Correction
        By onset.
    audio : AudioInfo, or None
        Where the recording was, and the checksum to know it by.
    program : str
        What made the first tab; "" where that is not known.
    """

    key: str
    title: str
    tuning: Tuning
    whole: bool
    corrections: tuple[Correction, ...]
    audio: AudioInfo | None = None
    program: str = ""

    def __post_init__(self) -> None:
        for correction in self.corrections:
            note = correction.chosen
            if note is None:
                continue
            place, tuning = note.position, self.tuning
            fits = place.string < tuning.n_strings and place.fret <= tuning.highest_fret
            if not fits or self.tuning.pitch(note.position) != note.pitch:
                raise ValueError(f"{note} is not on the neck of {self.tuning}")
            if len(correction.expected) != self.tuning.n_strings:
                raise ValueError(f"expected strings of {note} do not fit {self.tuning.n_strings} strings")

    def placed_notes(self) -> Iterator[PlacedNote]:
        """What the player's habits can be learned from."""
        for correction in self.corrections:
            if (note := correction.chosen) is not None:
                yield PlacedNote(
                    tuning=self.tuning,
                    pitch=note.pitch,
                    string=note.position.string,
                    expected=correction.expected,
                )


def compare(first: Transcription, mended: Transcription, *, changed_only: bool = False) -> MendedRecording:
    """What a player made of a transcription.

    Parameters
    ----------
    first, mended : Transcription
        As it was heard, and as the player left it. The notes of a score get their seconds back, see
        `on_the_clock`.
    changed_only : bool
        True takes what was left alone as not looked at, but for notes that are certain (confidence 1).

    Returns
    -------
    MendedRecording

    Raises
    ------
    InputError
        If the two are of different recordings or pieces, or nothing was looked at.
    """
    old, new = first.tab, mended.tab
    heard, kept = first.audio, mended.audio
    if heard is not None and kept is not None and heard.sha256 != kept.sha256:
        mend = "give the first and the mended tab of one"
        raise InputError(f"these are of two recordings: {heard.path} and {kept.path}", mend=mend)
    notes = on_the_clock(first, mended)
    pairs = pair_notes(old.notes, notes)
    expected = expected_strings([n.note for n in notes], new.tuning)
    partner = {j: i for i, j in pairs}
    made: list[tuple[float, Correction]] = []
    for j, tab_note in enumerate(notes):
        suggestion = _suggestion(old.notes[partner[j]]) if j in partner else None
        correction = Correction(suggested=suggestion, chosen=_set(tab_note), expected=expected[j])
        if changed_only and correction.kind == "accepted" and tab_note.confidence != CERTAIN:
            continue
        made.append((tab_note.note.onset_s, correction))
    paired = {i for i, _ in pairs}
    gone = [tab_note for i, tab_note in enumerate(old.notes) if i not in paired]
    made += [(n.note.onset_s, Correction(suggested=_suggestion(n), chosen=None)) for n in gone]
    if not made:
        raise InputError("nothing was changed: there is nothing to learn from", mend="mend the tab first")
    return MendedRecording(
        key=recording_key(first),
        title=new.title or old.title,
        tuning=new.tuning,
        whole=not changed_only,
        corrections=tuple(correction for _, correction in sorted(made, key=lambda m: m[0])),
        audio=heard or kept,
        program=str(old.provenance.get("program", "")),
    )


def pair_notes(old: Sequence[TabNote], new: Sequence[TabNote]) -> list[tuple[int, int]]:
    """Indices of notes that are the same one in two tabs, the most alike first.

    Both start within `SAME_ONSET_S`; equal pitch counts most, then equal string, then the time between.
    """
    likeness = []
    starts = [n.note.onset_s for n in new]
    first = 0
    for i, one in enumerate(old):
        onset_s = one.note.onset_s
        while first < len(new) and starts[first] < onset_s - SAME_ONSET_S:
            first += 1
        for j in range(first, len(new)):
            if starts[j] > onset_s + SAME_ONSET_S:
                break
            other = new[j]
            distance = abs(starts[j] - onset_s) / SAME_ONSET_S
            distance += _OTHER_PITCH * (one.note.pitch != other.note.pitch)
            distance += _OTHER_STRING * (one.position.string != other.position.string)
            likeness.append((distance, i, j))
    pairs: list[tuple[int, int]] = []
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    for _, i, j in sorted(likeness):
        if i not in taken_old and j not in taken_new:
            taken_old.add(i)
            taken_new.add(j)
            pairs.append((i, j))
    return pairs


def recording_key(first: Transcription) -> str:
    """What a recording is known by: the checksum of its sound, or of the notes where there is no sound."""
    if first.audio is not None:
        return first.audio.sha256
    tab = first.tab
    told = [(n.note.onset_s, n.note.pitch, n.position.string) for n in tab.notes]
    return hashlib.sha256(repr((tab.tuning.open_pitches, tab.tuning.capo, told)).encode()).hexdigest()


def _set(tab_note: TabNote) -> SetNote:
    note = tab_note.note
    return SetNote(onset_s=note.onset_s, offset_s=note.offset_s, pitch=note.pitch, position=tab_note.position)


def _suggestion(tab_note: TabNote) -> Suggestion:
    return Suggestion(note=_set(tab_note), confidence=tab_note.confidence, alternatives=tab_note.alternatives)
