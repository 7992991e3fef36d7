"""Measures of transcription: pure functions of two `NoteArrays`, the truth ``ref`` and the guess ``est``.

Conventions
-----------
- Everything is counted first (`Counts`: matched, in the reference, in the estimate) and divided last, so
  tracks are pooled by adding counts.
- A ratio with nothing below the line is 0, as in mir_eval: an empty estimate scores 0, and so does any
  estimate of an empty reference.
- Notes match one to one (largest matching, Raffel et al., *mir_eval*, ISMIR 2014) if their onsets differ
  by at most 50 ms and their pitches by at most 50 cents; "with offsets" also asks that the offsets differ by
  at most 20 % of the reference's duration, or 50 ms where that is more.
- Frame measures and TDR are those of TabCNN (Wiggins and Kim, *Guitar tablature estimation with a
  convolutional neural network*, ISMIR 2019). A note covers the frames at ``onset <= t < offset``.

Neighbours: ``notes`` makes the arrays, ``confidence`` and ``playability`` have the other measures, ``run``
applies them all to a dataset.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from fretscribe.convert import midi_to_hz
from fretscribe.errors import MissingExtraError
from fretscribe.evaluation.notes import Bools, Floats, Ints, NoteArrays
from fretscribe.frames import FrameGrid

ONSET_TOLERANCE_S = 0.05
PITCH_TOLERANCE_CENTS = 50.0
OFFSET_RATIO = 0.2
OFFSET_MIN_TOLERANCE_S = 0.05
FRAME_RATE = (22050, 512)
"""Sample rate and hop of the default frame grid: TabCNN's."""

_SILENT = -1
_N_PITCHES = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Hits against what was to be found and what was claimed.

    >>> counts = Counts(n_matched=3, n_ref=4, n_est=6)
    >>> counts.precision, counts.recall, round(counts.f1, 3)
    (0.5, 0.75, 0.6)
    """

    n_matched: int = 0
    n_ref: int = 0
    n_est: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.n_matched <= min(self.n_ref, self.n_est):
            raise ValueError(f"impossible counts {self}")

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            n_matched=self.n_matched + other.n_matched,
            n_ref=self.n_ref + other.n_ref,
            n_est=self.n_est + other.n_est,
        )

    @property
    def precision(self) -> float:
        return _ratio(self.n_matched, self.n_est)

    @property
    def recall(self) -> float:
        return _ratio(self.n_matched, self.n_ref)

    @property
    def f1(self) -> float:
        return _ratio(2 * self.n_matched, self.n_ref + self.n_est)


def _ratio(above: float, below: float) -> float:
    return above / below if below else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteScores:
    """The note-level measures of one track or of several, pooled by adding.

    Attributes
    ----------
    onset : Counts
        Pitch and onset right (F50).
    offset : Counts
        Pitch, onset and offset right.
    tab : Counts
        Pitch, onset and string right: matched string by string, summed over the strings.
    """

    onset: Counts = Counts()
    offset: Counts = Counts()
    tab: Counts = Counts()

    def __add__(self, other: NoteScores) -> NoteScores:
        return NoteScores(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    @property
    def string_accuracy(self) -> float:
        """Of the notes with pitch and onset right, the share on the right string."""
        return _ratio(self.tab.n_matched, self.onset.n_matched)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameScores:
    """The frame-level measures of one track or of several, pooled by adding.

    Attributes
    ----------
    multipitch : Counts
        Over (frame, pitch); a pitch on two strings counts once.
    tab : Counts
        Over (frame, string, fret).
    """

    multipitch: Counts = Counts()
    tab: Counts = Counts()

    def __add__(self, other: FrameScores) -> FrameScores:
        return FrameScores(multipitch=self.multipitch + other.multipitch, tab=self.tab + other.tab)

    @property
    def tdr(self) -> float:
        """Tablature disambiguation rate: right (string, fret) over right pitches.

        Unisons may carry it above 1. Few and easy notes make it high: read it beside the tab recall.
        """
        return _ratio(self.tab.n_matched, self.multipitch.n_matched)


def match_notes(
    ref: NoteArrays,
    est: NoteArrays,
    *,
    onset_tolerance_s: float = ONSET_TOLERANCE_S,
    pitch_tolerance_cents: float = PITCH_TOLERANCE_CENTS,
    with_offsets: bool = False,
) -> Ints:
    """Pair as many notes as possible by pitch and onset (and offset).

    Returns
    -------
    int64 array [n_matched, 2]
        Index into ``ref`` and index into ``est``, sorted.

    Raises
    ------
    MissingExtraError
        Without mir_eval.
    """
    matcher = _mir_eval_matcher()
    if len(ref) == 0 or len(est) == 0:
        return np.empty((0, 2), dtype=np.int64)
    pairs = matcher(
        _intervals(ref),
        _frequencies_hz(ref),
        _intervals(est),
        _frequencies_hz(est),
        onset_tolerance=onset_tolerance_s,
        pitch_tolerance=pitch_tolerance_cents,
        offset_ratio=OFFSET_RATIO if with_offsets else None,
        offset_min_tolerance=OFFSET_MIN_TOLERANCE_S,
    )
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)


def match_notes_on_strings(ref: NoteArrays, est: NoteArrays) -> Ints:
    """Pair notes by pitch, onset and string; int64 [n_matched, 2] as `match_notes`."""
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for string in np.union1d(ref.string, est.string):
        ref_at, est_at = np.flatnonzero(ref.string == string), np.flatnonzero(est.string == string)
        matched = match_notes(ref.select(ref_at), est.select(est_at))
        pairs.append(np.stack([ref_at[matched[:, 0]], est_at[matched[:, 1]]], axis=1))
    found = np.concatenate(pairs)
    return found[np.argsort(found[:, 0], kind="stable")]


def note_scores(ref: NoteArrays, est: NoteArrays) -> NoteScores:
    """All note-level measures."""

    def counts(pairs: Ints) -> Counts:
        return Counts(n_matched=len(pairs), n_ref=len(ref), n_est=len(est))

    return NoteScores(
        onset=counts(match_notes(ref, est)),
        offset=counts(match_notes(ref, est, with_offsets=True)),
        tab=counts(match_notes_on_strings(ref, est)),
    )


def note_correctness(ref: NoteArrays, est: NoteArrays) -> Bools:
    """Which estimated notes are all right: onset, pitch, string and fret.

    Returns
    -------
    bool array [n_est]
        What a confidence should predict. The fret follows from pitch and string where both tabs have one
        tuning; where they differ it is compared too.
    """
    pairs = match_notes_on_strings(ref, est)
    pairs = pairs[ref.fret[pairs[:, 0]] == est.fret[pairs[:, 1]]]
    correct = np.zeros(len(est), dtype=np.bool_)
    correct[pairs[:, 1]] = True
    return correct


def frame_grid(duration_s: float) -> FrameGrid:
    """TabCNN's grid over a recording: frames at 0, 512/22050 s, ... before its end."""
    sample_rate, hop_length = FRAME_RATE
    n_frames = math.ceil(duration_s * sample_rate / hop_length)
    return FrameGrid(sample_rate=sample_rate, hop_length=hop_length, n_frames=n_frames)


def frame_scores(ref: NoteArrays, est: NoteArrays, grid: FrameGrid) -> FrameScores:
    """All frame-level measures on a grid; fractional pitches are rounded."""
    n_strings = int(max(np.max(ref.string, initial=-1), np.max(est.string, initial=-1))) + 1
    ref_sounding, est_sounding = (_sounding_note(notes, grid, n_strings) for notes in (ref, est))
    ref_frets, est_frets = _look_up(ref.fret, ref_sounding), _look_up(est.fret, est_sounding)
    ref_pitches = _pitches(ref, ref_sounding)
    est_pitches = _pitches(est, est_sounding)
    return FrameScores(
        multipitch=Counts(
            n_matched=int(np.sum(ref_pitches & est_pitches)),
            n_ref=int(np.sum(ref_pitches)),
            n_est=int(np.sum(est_pitches)),
        ),
        tab=Counts(
            n_matched=int(np.sum((ref_frets == est_frets) & (ref_frets != _SILENT))),
            n_ref=int(np.sum(ref_frets != _SILENT)),
            n_est=int(np.sum(est_frets != _SILENT)),
        ),
    )


def _sounding_note(notes: NoteArrays, grid: FrameGrid, n_strings: int) -> Ints:
    """Index of the note that sounds, int64 [n_frames, n_strings]; where two overlap, the later one."""
    sounding = np.full((grid.n_frames, n_strings), _SILENT, dtype=np.int64)
    times_s = grid.times_s()
    first = np.searchsorted(times_s, notes.onset_s, side="left")
    beyond = np.searchsorted(times_s, notes.offset_s, side="left")
    for note in np.argsort(notes.onset_s, kind="stable"):
        sounding[first[note] : beyond[note], notes.string[note]] = note
    return sounding


def _look_up(values: Ints, sounding: Ints) -> Ints:
    out = np.full(sounding.shape, _SILENT, dtype=np.int64)
    there = sounding != _SILENT
    out[there] = values[sounding[there]]
    return out


def _pitches(notes: NoteArrays, sounding: Ints) -> Bools:
    """Which pitches sound, bool [n_frames, 128], the strings united."""
    pitches = _look_up(np.rint(notes.pitch).astype(np.int64), sounding)
    out = np.zeros((len(sounding), _N_PITCHES), dtype=np.bool_)
    frame, string = np.nonzero(pitches != _SILENT)
    out[frame, pitches[frame, string]] = True
    return out


def _intervals(notes: NoteArrays) -> Floats:
    return np.stack([notes.onset_s, notes.offset_s], axis=1)


def _frequencies_hz(notes: NoteArrays) -> Floats:
    return np.array([midi_to_hz(pitch) for pitch in notes.pitch], dtype=np.float64)


def require_mir_eval() -> None:
    """Fail now, before minutes of work, where the extra ``eval`` is missing.

    Raises
    ------
    MissingExtraError
        Without mir_eval.
    """
    _mir_eval_matcher()


def _mir_eval_matcher() -> Callable[..., list[tuple[int, int]]]:
    try:
        from mir_eval import transcription
    except ImportError as error:
        raise MissingExtraError("evaluation", "eval") from error
    matcher: Callable[..., list[tuple[int, int]]] = transcription.match_notes
    return matcher
