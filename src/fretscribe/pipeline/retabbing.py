"""Another tuning, capo, hand, tempo or metre for a tab that is there: every pitch stays, no sound is needed.

Neighbours: ``tabbing`` does the steps, ``transcriber`` goes the whole way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from fretscribe.errors import OptionError
from fretscribe.music import BeatGrid, Tab, TabNote, Technique, Tuning
from fretscribe.pipeline.ledger import Ledger
from fretscribe.pipeline.options import TranscribeOptions
from fretscribe.pipeline.tabbing import (
    Hands,
    begin_bar,
    count_notes,
    find_beats,
    judge_confidence,
    place_notes,
    told_bar,
)
from fretscribe.result import Stage, Transcription
from fretscribe.symbolic.decode import for_tuning

_OF_THE_HAND = frozenset({"tuning", "capo", "prefer", "max_span", "max_fret"})
_OF_TIME = frozenset({"bpm", "meter", "downbeat_s", "quantize"})
_BOUND_TO_A_STRING: frozenset[Technique] = frozenset({"slide", "hammer_on", "pull_off", "harmonic"})


def retab(
    transcription: Transcription, options: TranscribeOptions, *, hands: Hands | None = None
) -> Transcription:
    """Finger and count a tab anew.

    What is not asked for stays: without an option of the hand every note keeps its place, without ``bpm`` and
    ``meter`` the beats stay, and ``downbeat_s`` only moves them; ``quantize`` off takes the written places
    away. Pitches never change; those that the new tuning cannot play are left out, with a warning.

    Parameters
    ----------
    transcription : Transcription
    options : TranscribeOptions
        ``auto`` and None mean "as it is". Those of the recording cannot be given.
    hands : Hands, optional
        The stages.

    Raises
    ------
    OptionError
        If an option of the recording is given, or the tuning makes no sense.
    """
    given = options.given()
    foreign = sorted(set(given) - _OF_THE_HAND - _OF_TIME)
    if foreign:
        mend = "transcribe the recording again for that"
        raise OptionError(f"{', '.join(foreign)} cannot be changed without the recording", mend=mend)
    hands = hands or Hands()
    ledger = Ledger()
    old = transcription.tab
    tab, confidence = old, transcription.confidence
    if _OF_THE_HAND & set(given):
        tab = _finger_again(old, options.requested_tuning(old.tuning), options, hands, ledger)
    if tab.notes and (_OF_TIME & set(given) or (tab is not old and tab.beats is not None)):
        beats = _beats_again(tab, transcription, options, hands, ledger)
        with ledger.timed("rhythm"):
            tab = replace(tab, beats=beats, notes=count_notes(tab.notes, beats, options, hands))
    if tab.notes and confidence is not None and tab.tuning is not old.tuning:
        tab, confidence = judge_confidence(tab, confidence.target_accuracy, hands, ledger)
    changed_tuning = {"tuning", "capo"} & set(given)
    return replace(
        transcription,
        tab=replace(tab, provenance={**old.provenance, "retab": given}),
        stages=_merged(transcription.stages, ledger.stages),
        timings_s=ledger.timings_s,
        warnings=tuple(dict.fromkeys((*transcription.warnings, *ledger.warnings))),
        tuning_confidence=1.0 if changed_tuning else transcription.tuning_confidence,
        confidence=confidence,
    )


def _finger_again(old: Tab, tuning: Tuning, options: TranscribeOptions, hands: Hands, ledger: Ledger) -> Tab:
    notes = [for_tuning(tab_note.note, tuning) for tab_note in old.notes]
    placed = place_notes(notes, tuning, options, hands, ledger)
    origins: dict[tuple[float, int], list[TabNote]] = defaultdict(list)
    for tab_note in old.notes:
        origins[tab_note.note.onset_s, tab_note.note.pitch].append(tab_note)
    kept = []
    for tab_note in placed:
        origin = origins[tab_note.note.onset_s, tab_note.note.pitch].pop(0)
        kept.append(replace(tab_note, techniques=surviving_techniques(origin, tab_note)))
    return replace(old, tuning=tuning, notes=tuple(kept))


def surviving_techniques(old: TabNote, new: TabNote) -> frozenset[Technique]:
    """Bends and mutes go with a note wherever it is played; slides and hammers only on their string."""
    same_string = old.position.string == new.position.string
    return old.techniques if same_string else old.techniques - _BOUND_TO_A_STRING


def _beats_again(
    tab: Tab, transcription: Transcription, options: TranscribeOptions, hands: Hands, ledger: Ledger
) -> BeatGrid:
    beats_fit = tab.beats is not None and options.beat_unit in (None, tab.beats.beat_unit)
    if tab.beats is not None and beats_fit and options.bpm is None:
        ledger.note("rhythm", "ran", "counted anew on the beats of the tab" + told_bar(options))
        return begin_bar(_barred(tab.beats, options.beats_per_bar), options)
    heard = [tab_note.note for tab_note in tab.notes]
    audio = transcription.audio
    duration_s = tab.duration_s if audio is None else max(audio.duration_s, tab.duration_s)
    with ledger.timed("rhythm"):
        return find_beats(heard, duration_s, options, hands, ledger)


def _barred(beats: BeatGrid, beats_per_bar: int | None) -> BeatGrid:
    """The same beats in bars of another length, counted from the first downbeat."""
    if beats_per_bar is None or beats_per_bar == beats.beats_per_bar:
        return beats
    first = beats.downbeats[0] % beats_per_bar if beats.downbeats else 0
    downbeats = tuple(range(first, len(beats.beat_times_s), beats_per_bar))
    return replace(beats, beats_per_bar=beats_per_bar, downbeats=downbeats)


def _merged(old: Sequence[Stage], new: Sequence[Stage]) -> tuple[Stage, ...]:
    """The old account with the stages that ran again in their place."""
    again = {stage.name: stage for stage in new}
    kept = [again.pop(stage.name, stage) for stage in old]
    return (*kept, *again.values())
