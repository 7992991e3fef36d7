"""Any tab, score or MIDI file to a `Transcription`: read where it has strings, fingered where it has not.

Neighbours: ``io.formats`` reads, ``tabbing`` finds places for notes, ``retabbing`` changes what is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fretscribe.convert import pitch_name
from fretscribe.errors import TabFormatError
from fretscribe.io.files import read_limited
from fretscribe.io.formats import SCORES, format_of, read_score, read_tab
from fretscribe.io.midi_parts import MidiPart, parse_midi_piece
from fretscribe.io.midi_reader import MAX_BYTES, has_strings
from fretscribe.io.score import Score, TrackKind, track_kind
from fretscribe.io.score_to_tab import PlayedNote, play_track, tab_of_played, transcription_of
from fretscribe.io.track_choice import TrackSummary, choose_track, told_choice
from fretscribe.music import Note, Tab, TabNote, Tuning
from fretscribe.pipeline.ledger import Ledger
from fretscribe.pipeline.options import TranscribeOptions
from fretscribe.pipeline.tabbing import Hands, place_notes
from fretscribe.result import Transcription
from fretscribe.tunings import parse_tuning, tuning_name

MAX_LOST_SHARE = 0.1
"""Share of a part's notes that a hand may not be able to hold before the part is refused."""

_GUITARS = ("standard", "drop D", "7-string standard", "8-string standard")
_BASSES = ("bass", "5-string bass")
_N_FRETS = 24


def import_tab(
    path: Path | str, *, track: str | None = None, unroll: bool = False, hands: Hands | None = None
) -> Transcription:
    """Read a tab file of any format; what names pitches only gets a fingering.

    Parameters
    ----------
    path : path or str
    track : str, optional
        Number (from 1) or name of a track of a score or MIDI file. Without it the first guitar with notes is
        taken, else the first bass, else the first other track with strings, else one with pitches.
    unroll : bool
        Whether the repeats of a score are played as often as they sound.
    hands : Hands, optional
        The stages that finger.

    Raises
    ------
    OptionError
        If the suffix is unknown, there is no such track, or the format has no tracks or repeats.
    TabFormatError
        If the file is absent or broken, or the track cannot be played on a guitar or bass; the message names
        the file and the place.
    """
    hands = hands or Hands()
    form = format_of(path)
    if form in SCORES:
        return tab_of_score(read_score(path), track=track, unroll=unroll, hands=hands)
    if form == "mid" and not unroll:
        data = read_limited(path, MAX_BYTES)
        if not has_strings(data, str(path)):
            return _finger_midi(data, str(path), track, hands)
    return read_tab(path, track=track, unroll=unroll)


def tab_of_score(
    score: Score, *, track: str | None = None, unroll: bool = False, hands: Hands | None = None
) -> Transcription:
    """One track of a score, fingered where it has no strings; options and errors as `import_tab`."""
    played = play_track(score, track=track, unroll=unroll)
    if played.tuning is not None:
        return tab_of_played(played)
    if played.track.n_staves > 1:
        raise TabFormatError(
            f"{played.place}: is written on {played.track.n_staves} staves without tab, as for a keyboard",
            mend="choose another --track",
        )
    ledger = Ledger()
    notes = [n.note for n in played.notes]
    tuning = _fitting_tuning(notes, played.track.kind, played.place)
    placed = _placed(notes, tuning, played.place, hands or Hands(), ledger)
    result = transcription_of(played, tuning, _counted(placed, played.notes))
    warnings = (*result.warnings, *_told_tuning(notes, tuning), *ledger.warnings)
    return replace(result, stages=tuple(ledger.stages), warnings=warnings)


def _finger_midi(data: bytes, file: str, track: str | None, hands: Hands) -> Transcription:
    piece = parse_midi_piece(data, file)
    summaries = [_summary(part) for part in piece.parts]
    if not summaries:
        raise TabFormatError(f"{file}: has no notes")
    index = choose_track(summaries, track, file)
    part = piece.parts[index]
    place = f"{file}: track {index + 1} {part.name[:40]!r}"
    if part.is_drums:
        raise TabFormatError(f"{place}: is a drum kit, which no tab can hold", mend="choose another --track")
    ledger = Ledger()
    tuning = _fitting_tuning(part.notes, summaries[index].kind, place)
    placed = hands.quantize(_placed(part.notes, tuning, place, hands, ledger), piece.beats)
    tab = Tab(
        tuning=tuning,
        notes=placed,
        beats=piece.beats,
        key=piece.key,
        title=piece.title,
        provenance={"source": Path(file).name, "track": index + 1, "track_name": part.name},
    )
    warnings = (
        *told_choice(summaries, index),
        *_told_tuning(part.notes, tuning),
        *piece.warnings,
        *ledger.warnings,
    )
    return Transcription(tab=tab, stages=tuple(ledger.stages), warnings=warnings)


def _summary(part: MidiPart) -> TrackSummary:
    kind: TrackKind = "drums" if part.is_drums else track_kind(part.program, ())
    return TrackSummary(name=part.name, kind=kind, n_notes=len(part.notes), has_strings=False)


def _told_tuning(notes: Sequence[Note], tuning: Tuning) -> tuple[str, ...]:
    return () if not notes else (f"the file names no strings: fingered in {tuning_name(tuning)}",)


def _fitting_tuning(notes: Sequence[Note], kind: TrackKind, place: str) -> Tuning:
    """The first usual tuning that has a place for every pitch."""
    names = (*_BASSES, *_GUITARS) if kind == "bass" else _GUITARS
    tunings = [parse_tuning(name, n_frets=_N_FRETS) for name in names]
    pitches = {note.pitch for note in notes}
    for tuning in tunings:
        if all(tuning.positions(pitch) for pitch in pitches):
            return tuning
    low, high = (
        min(min(t.open_pitches) for t in tunings),
        max(max(t.open_pitches) for t in tunings) + _N_FRETS,
    )
    raise TabFormatError(
        f"{place}: its pitches {pitch_name(min(pitches))} to {pitch_name(max(pitches))} do not lie on a "
        f"guitar ({pitch_name(low)} to {pitch_name(high)} at most)",
        mend="choose another --track",
    )


def _placed(
    notes: Sequence[Note], tuning: Tuning, place: str, hands: Hands, ledger: Ledger
) -> tuple[TabNote, ...]:
    placed = place_notes(notes, tuning, TranscribeOptions(), hands, ledger)
    lost = len(notes) - len(placed)
    if lost > MAX_LOST_SHARE * len(notes):
        raise TabFormatError(
            f"{place}: {lost} of its {len(notes)} notes are more at once than a hand can hold on a guitar",
            mend="choose another --track",
        )
    return placed


def _counted(placed: Sequence[TabNote], played: Sequence[PlayedNote]) -> tuple[TabNote, ...]:
    """Placed notes with beats and techniques of the score, cut where a string is struck again."""
    origins: dict[tuple[float, int], list[PlayedNote]] = defaultdict(list)
    for note in played:
        origins[note.note.onset_s, note.note.pitch].append(note)
    counted: list[TabNote] = []
    last_on: dict[int, int] = {}
    for tab_note in placed:
        origin = origins[tab_note.note.onset_s, tab_note.note.pitch].pop(0)
        before = last_on.get(tab_note.position.string)
        if before is not None:
            earlier = counted[before]
            if earlier.onset_beats is not None and earlier.duration_beats is not None:
                room = origin.onset_beats - earlier.onset_beats
                counted[before] = replace(earlier, duration_beats=min(earlier.duration_beats, room))
        last_on[tab_note.position.string] = len(counted)
        counted.append(
            replace(
                tab_note,
                onset_beats=origin.onset_beats,
                duration_beats=origin.duration_beats,
                techniques=origin.techniques,
            )
        )
    return tuple(counted)
