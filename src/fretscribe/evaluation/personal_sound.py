"""What corrections of one recording do for the same player's next one, by the whole route from sound.

A player mends a transcription as the truth has it: the least sure notes only, or all of them. What that
teaches goes through a store, as at home, and the player's other recordings are transcribed with it.
Neighbours: ``personal`` judges habits on annotated notes, ``personal_report`` writes the tables.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, GuitarSet, Track
from fretscribe.evaluation.heard_once import heard_once
from fretscribe.evaluation.metrics import NoteScores, note_scores
from fretscribe.evaluation.notes import tab_arrays, truth_arrays
from fretscribe.feedback.corrections import CERTAIN, MendedRecording, compare, pair_notes
from fretscribe.feedback.store import FeedbackStore
from fretscribe.music import Tab, TabNote
from fretscribe.pipeline import TranscribeOptions, Transcriber
from fretscribe.pipeline.tabbing import with_habits
from fretscribe.result import Transcription
from fretscribe.symbolic.habits import Habits

N_CORRECTED = 30

OPTIONS = TranscribeOptions(tuning="standard", capo=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundRow:
    """One recording corrected, another one judged.

    Attributes
    ----------
    corrected, judged : str
        Track ids of one player.
    n_changed : int
        Of the `N_CORRECTED` least sure notes, those that were wrong.
    before, after_some, after_all : NoteScores
        Of the judged one: without habits, after these notes, and after all notes of the other.
    """

    corrected: str
    judged: str
    n_changed: int
    before: NoteScores
    after_some: NoteScores
    after_all: NoteScores


def measure_sound(
    dataset: GuitarSet,
    transcriber: Transcriber,
    *,
    names: Sequence[str] = DEVELOPMENT_TRACKS,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[SoundRow, ...]:
    """Judge every ordered pair of recordings by one player.

    Raises
    ------
    DatasetError
        If a recording is missing.
    MissingExtraError
        Without mir_eval.
    """
    rows = []
    tracks = [dataset.track(name) for name in names]
    for player in sorted({track.player for track in tracks}):
        own = [track for track in tracks if track.player == player]
        if len(own) > 1:
            rows += list(_of_player(own, heard_once(transcriber), progress))
    return tuple(rows)


def _of_player(
    tracks: Sequence[Track], transcriber: Transcriber, progress: Callable[[str], None]
) -> Iterator[SoundRow]:
    def scores(track: Track, habits: Habits | None) -> NoteScores:
        leaning = replace(transcriber, hands=with_habits(transcriber.hands, habits))
        est = leaning(track.audio_path(), OPTIONS).tab
        return note_scores(truth_arrays(track.truth()), tab_arrays(est))

    before = {}
    for track in tracks:
        progress(track.track_id)
        before[track.track_id] = scores(track, None)
    for corrected in tracks:
        progress(f"{corrected.track_id} corrected")
        first = transcriber(corrected.audio_path(), OPTIONS)
        some = mend_least_sure(first, corrected.tab(), N_CORRECTED)
        whole = compare(first, replace(first, tab=corrected.tab()))
        for judged in tracks:
            if judged is not corrected:
                yield SoundRow(
                    corrected=corrected.track_id,
                    judged=judged.track_id,
                    n_changed=sum(c.kind != "accepted" for c in some.corrections),
                    before=before[judged.track_id],
                    after_some=scores(judged, kept_habits(some)),
                    after_all=scores(judged, kept_habits(whole)),
                )


def mend_least_sure(first: Transcription, truth: Tab, n_notes: int) -> MendedRecording:
    """What a player teaches who looks at the least sure notes only, one after the other.

    A note that the truth has goes to its place, with its pitch; one that it has not is deleted.
    """
    notes = list(first.tab.notes)
    partner = {i: truth.notes[j] for i, j in pair_notes(notes, truth.notes)}
    ranked = sorted(range(len(notes)), key=lambda i: (notes[i].confidence or 0.0, i))[:n_notes]
    mended: list[TabNote] = [note for i, note in enumerate(notes) if i not in ranked]
    for i in ranked:
        if i in partner:
            position, pitch = partner[i].position, partner[i].note.pitch
            note = replace(notes[i].note, pitch=pitch, string_probs=None, tab_probs=None, stiffness=None)
            mended.append(replace(notes[i], note=note, position=position, confidence=CERTAIN))
    return compare(first, replace(first, tab=_sounding_apart(first.tab, mended)), changed_only=True)


def _sounding_apart(tab: Tab, notes: Sequence[TabNote]) -> Tab:
    """A tab of these notes; where two sound on one string the earlier ends, or the unsure one goes."""
    kept: list[TabNote] = []
    by_string: dict[int, TabNote] = {}
    for note in sorted(notes, key=lambda n: (n.note.onset_s, n.position.string)):
        last = by_string.get(note.position.string)
        if last is not None and last.note.offset_s > note.note.onset_s:
            if last.note.onset_s == note.note.onset_s:
                if note.confidence == CERTAIN:
                    kept[kept.index(last)] = by_string[note.position.string] = note
                continue
            cut = replace(last, note=replace(last.note, offset_s=note.note.onset_s, bend=()))
            kept[kept.index(last)] = cut
        kept.append(note)
        by_string[note.position.string] = note
    return replace(tab, notes=tuple(kept))


def kept_habits(recording: MendedRecording) -> Habits | None:
    """Habits as a store gives them back."""
    with tempfile.TemporaryDirectory() as folder, FeedbackStore(Path(folder) / "feedback.sqlite3") as store:
        store.keep([recording])
        return store.habits()
