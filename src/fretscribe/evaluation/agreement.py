"""Whether fast hearing changes what is heard: recordings heard plainly and fast, both judged by the truth.

Neighbours: ``plain_route`` hears plainly, ``speed`` reports.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fretscribe.datasets.guitarset import Track
from fretscribe.datasets.guitarset_truth import TrackTruth
from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.synthetic import render
from fretscribe.evaluation.held_out import played_truth
from fretscribe.evaluation.run import evaluate_track
from fretscribe.evaluation.speed import Agreement
from fretscribe.frames import Audio
from fretscribe.music import STANDARD_TUNING, Tab
from fretscribe.pipeline import TranscribeOptions, Transcriber
from fretscribe.result import Transcription

RENDERED_S = 75.0
"""Of the rendered piece: long enough to be heard in three chunks."""

_SAME_S = 0.001
_TOLD = TranscribeOptions(tuning="standard", capo=0)

Progress = Callable[[str, float], None]


def agreements(
    fast: Transcriber,
    plain: Transcriber,
    tracks: Sequence[Track],
    *,
    rendered_s: float = RENDERED_S,
    progress: Progress = lambda _what, _share: None,
) -> tuple[Agreement, ...]:
    """Hear recordings and a rendered piece both ways, told that the guitar is in standard tuning.

    Parameters
    ----------
    fast, plain : Transcriber
    tracks : sequence of Track
        Their microphone recordings.
    rendered_s : float
        Length of the piece, which a seed invents and a steel-string guitar plays.
    progress : callable

    Raises
    ------
    DatasetError
        If a recording or its truth is missing or broken.
    MissingExtraError
        Without mir_eval.
    """
    found = []
    for done, track in enumerate(tracks):
        progress(f"{track.track_id} plainly and fast", done / (len(tracks) + 1))
        heard = [transcriber(track.audio_path(), _TOLD) for transcriber in (plain, fast)]
        found.append(_agreement(track.track_id, track.truth(), *heard))
    progress("a rendered piece plainly and fast", len(tracks) / (len(tracks) + 1))
    tab = generate_tab(0, duration_s=rendered_s, tuning=STANDARD_TUNING)
    audio: Audio = render(tab, seed=0)
    heard = [transcriber(audio, _TOLD) for transcriber in (plain, fast)]
    found.append(_agreement("rendered, seed 0", played_truth(tab, audio.duration_s), *heard))
    return tuple(found)


def _agreement(name: str, truth: TrackTruth, plain: Transcription, fast: Transcription) -> Agreement:
    plain_f1, fast_f1 = (evaluate_track(truth, heard.tab).notes.onset.f1 for heard in (plain, fast))
    return Agreement(
        name=name,
        duration_s=truth.duration_s,
        plain_f1=plain_f1,
        fast_f1=fast_f1,
        n_plain=len(plain.tab.notes),
        n_fast=len(fast.tab.notes),
        n_same=n_same_notes(plain.tab, fast.tab),
    )


def n_same_notes(a: Tab, b: Tab) -> int:
    """How many notes are in both: of one pitch, string and fret, and within a millisecond of each other."""
    left: dict[tuple[int, int, int], list[float]] = {}
    for note in a.notes:
        place = (note.note.pitch, note.position.string, note.position.fret)
        left.setdefault(place, []).append(note.note.onset_s)
    n_same = 0
    for note in b.notes:
        onsets = left.get((note.note.pitch, note.position.string, note.position.fret), [])
        near = [onset for onset in onsets if abs(onset - note.note.onset_s) <= _SAME_S]
        if near:
            onsets.remove(near[0])
            n_same += 1
    return n_same
