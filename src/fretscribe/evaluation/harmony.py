"""Key and chords of GuitarSet, judged by its annotations: from the annotated notes, and from what is heard.

From annotated notes each player is judged by a model whose counts (``harmony_fit``) know nothing of them;
what is set by hand in it was set on the players of `TUNED_ON`, so that the others alone are new to all of it.
Every player plays the same lead sheets. From sound, the development recordings are transcribed by the whole
route.
Neighbours: ``harmony_metrics`` measures, ``harmony_report`` writes the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, GuitarSet, Style
from fretscribe.datasets.guitarset_harmony import parse_harmony
from fretscribe.errors import DatasetError
from fretscribe.evaluation.harmony_fit import AnnotatedTrack, fit_harmony
from fretscribe.evaluation.harmony_metrics import ChordScores, chord_scores, key_score
from fretscribe.music import Chord, Key
from fretscribe.result import Transcription
from fretscribe.symbolic.theory import analyse_harmony
from fretscribe.symbols import NO_CHORD

TUNED_ON = ("00", "01", "02")
"""Players on whom the numbers that are not counted were chosen."""

RIGHT, FIFTH, RELATIVE = 1.0, 0.5, 0.3
"""Of the key score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmonyRow:
    """One track judged.

    Attributes
    ----------
    track_id, player : str
    style : "comp" or "solo"
    chords : ChordScores
    true_key : Key
    key : Key, or None
        As found.
    key_score : float
        See `harmony_metrics.key_score`.
    n_chords, n_true : int
        Chords found (without those called none) and annotated.
    """

    track_id: str
    player: str
    style: Style
    chords: ChordScores
    true_key: Key
    key: Key | None
    key_score: float
    n_chords: int
    n_true: int

    @property
    def key_is_near(self) -> bool:
        """Whether the key is right, a fifth off or the relative one."""
        return self.key_score >= RELATIVE


def annotated_tracks(dataset: GuitarSet) -> tuple[AnnotatedTrack, ...]:
    """All tracks with their harmony.

    Raises
    ------
    DatasetError
        If an annotation is broken, or lacks beats, chords or key.
    """
    tracks = []
    for track in dataset.tracks:
        tab = track.tab()
        if tab.beats is None:
            raise DatasetError(f"{track.track_id}: no beats are annotated", mend="download the dataset again")
        tracks.append(
            AnnotatedTrack(
                track_id=track.track_id,
                player=track.player,
                style=track.style,
                notes=tuple(n.note for n in tab.notes),
                beats=tab.beats,
                truth=parse_harmony(track.annotation.read(), track.track_id),
            )
        )
    return tuple(tracks)


def harmony_of_notes(
    tracks: Sequence[AnnotatedTrack], *, progress: Callable[[str], None] = lambda _: None
) -> tuple[HarmonyRow, ...]:
    """Judge what is found in annotated notes and beats, leave one player out.

    Parameters
    ----------
    tracks : sequence of AnnotatedTrack
    progress : callable
        Gets a line for each player.

    Raises
    ------
    MissingExtraError
        Without mir_eval.
    """
    rows = []
    for player in sorted({track.player for track in tracks}):
        model = fit_harmony(countable_tracks(tracks, without=player))
        own = [track for track in tracks if track.player == player]
        progress(f"player {player}: {len(own)} tracks")
        for track in own:
            found = analyse_harmony(track.notes, track.beats, model=model)
            rows.append(judge_harmony(track, found.chords, found.key))
    return tuple(rows)


def countable_tracks(tracks: Sequence[AnnotatedTrack], *, without: str | None = None) -> list[AnnotatedTrack]:
    """The accompaniments that may be counted: none of the development tracks, none of a player."""
    return [
        track
        for track in tracks
        if track.style == "comp" and track.player != without and track.track_id not in DEVELOPMENT_TRACKS
    ]


def harmony_of_sound(
    dataset: GuitarSet,
    transcribe: Callable[[Path], Transcription],
    tracks: Sequence[AnnotatedTrack],
    *,
    names: Sequence[str] = DEVELOPMENT_TRACKS,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[HarmonyRow, ...]:
    """Judge what the whole route, with its own notes and beats, finds in recordings.

    Raises
    ------
    DatasetError
        If a recording is missing.
    MissingExtraError
        Without mir_eval.
    """
    by_id = {track.track_id: track for track in tracks}
    rows = []
    for name in names:
        progress(name)
        tab = transcribe(dataset.track(name).audio_path()).tab
        rows.append(judge_harmony(by_id[name], tab.chords, tab.key))
    return tuple(rows)


def judge_harmony(track: AnnotatedTrack, chords: Sequence[Chord], key: Key | None) -> HarmonyRow:
    """Compare found chords and key with a track's annotation."""
    return HarmonyRow(
        track_id=track.track_id,
        player=track.player,
        style=track.style,
        chords=chord_scores(track.truth.chords, chords),
        true_key=track.truth.key,
        key=key,
        key_score=key_score(track.truth.key, key),
        n_chords=sum(chord.name != NO_CHORD for chord in chords),
        n_true=len(track.truth.chords),
    )
