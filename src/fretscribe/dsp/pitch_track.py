"""The fine pitch of notes over time: what a finger that bends, shakes or slides does to them.

Each note is followed by all of its partials together: a pitch is as salient as the (compressed) magnitudes at
its partials, those aside that another string's note covers, and the most salient path that does not jump is
taken (Viterbi). Where too few partials stand free nothing is said. Neighbours: ``note_frames`` has the
spectra, ``note_sound`` all that is no pitch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fretscribe.dsp.note_frames import Floats, Frames, SoundingNotes, covered, partial_hz
from fretscribe.frames import FloatArray

REACH_CENTS = 350.0
STEP_CENTS = 10.0
CENTS: Floats = np.arange(-REACH_CENTS, REACH_CENTS + 1, STEP_CENTS)

_N_PARTIALS = 8
_HIGHEST_HZ = 5000.0
_OTHERS_PARTIALS = 10
_NEAR_CENTS = 45.0
_FEWEST_FREE = 0.3  # of the partials
_LONGEST_S = 1.6
_FASTEST = 6  # steps a frame
_STEP_COST = 0.012


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PitchTrack:
    """Where a note's pitch went.

    Attributes
    ----------
    time_s : float64 array [n]
        After the onset.
    cents : float64 array [n]
        Above the note's pitch.
    clarity : float64 array [n]
        How far the pitch stands out, 0 to 1.
    free : float
        Share of the partials that no other note covers.
    """

    time_s: Floats
    cents: Floats
    clarity: Floats
    free: float


def track_pitch(frames: Frames, notes: SoundingNotes, chosen: Sequence[int]) -> list[PitchTrack | None]:
    """Follow notes from their onset to their offset, 1.6 s at most.

    Parameters
    ----------
    frames : Frames
        Cover the chosen notes.
    notes : SoundingNotes
        All, for what covers what.
    chosen : sequence of int
        Indices of those to follow.
    """
    saliences: list[FloatArray | None] = []
    spans: list[slice] = []
    frees: list[float] = []
    for i in chosen:
        end_s = min(notes.offset_s[i], notes.onset_s[i] + _LONGEST_S)
        spans.append(frames.span(notes.onset_s[i], end_s))
        salience, free = _salience(frames, notes, i, spans[-1], end_s)
        saliences.append(salience)
        frees.append(free)
    paths = iter(_best_paths([s for s in saliences if s is not None]))
    tracks: list[PitchTrack | None] = []
    for i, salience, span, free in zip(chosen, saliences, spans, frees, strict=True):
        if salience is None:
            tracks.append(None)
            continue
        path = next(paths)
        times = frames.start_s + np.arange(span.start, span.start + len(salience)) * frames.step_s
        tracks.append(
            PitchTrack(
                time_s=times - notes.onset_s[i],
                cents=_refined(salience, path),
                clarity=_clarity(salience, path),
                free=free,
            )
        )
    return tracks


def free_partials(
    notes: SoundingNotes, i: int, hz: Floats, start_s: float, end_s: float, lobe_hz: float, *, but: int = -1
) -> npt.NDArray[np.bool_]:
    """Which frequencies [...] no note of another string, ``but`` one, covers between two times."""
    others = np.unique(notes.pitch[notes.heard_with(i, start_s, end_s, but=but)])
    lines = [
        partial_hz(float(p), _OTHERS_PARTIALS, highest_hz=_HIGHEST_HZ * 1.1)
        for p in others
        if p != notes.pitch[i]
    ]
    near = covered(hz, np.concatenate(lines) if lines else np.zeros(0), 0.5 * lobe_hz, _NEAR_CENTS)
    return np.asarray(~near)


def _salience(
    frames: Frames, notes: SoundingNotes, i: int, span: slice, end_s: float
) -> tuple[FloatArray | None, float]:
    """Salience [n_frames, n_cents] of a note's pitches, and the share of free partials."""
    base = partial_hz(float(notes.pitch[i]), _N_PARTIALS, highest_hz=_HIGHEST_HZ)
    hz = base[:, None] * 2.0 ** (CENTS / 1200.0)
    free = free_partials(notes, i, hz, float(notes.onset_s[i]), end_s - 0.03, frames.lobe_hz)
    middle = len(CENTS) // 2
    share = float(free[:, middle].mean())
    if share < _FEWEST_FREE:
        return None, share
    magnitude = np.sqrt(frames.at(hz, span)) * free
    weight = np.maximum(free.sum(axis=0), 0.35 * len(base))
    return np.asarray(magnitude.sum(axis=1) / weight, dtype=np.float32), share


def _best_paths(saliences: Sequence[FloatArray]) -> list[npt.NDArray[np.int64]]:
    """For each salience [n_frames, n_cents] the path of indices that is most salient and does not jump.

    All paths are sought at once, padded to the longest: what is padded costs nothing and moves nothing.
    """
    if not saliences:
        return []
    n_frames = max(len(s) for s in saliences)
    emission = np.zeros((n_frames, len(saliences), len(CENTS)), dtype=np.float32)
    for k, salience in enumerate(saliences):
        emission[: len(salience), k] = salience / (salience.max() + 1e-9)
    score = emission[0].copy()
    moves = np.zeros(emission.shape, dtype=np.int8)
    for t in range(1, n_frames):
        best, move = score.copy(), moves[t]
        for step in range(1, _FASTEST + 1):
            for sign in (-1, 1):
                moved = np.full_like(score, -np.inf)
                if sign > 0:
                    moved[:, step:] = score[:, :-step]
                else:
                    moved[:, :-step] = score[:, step:]
                moved -= _STEP_COST * step
                better = moved > best
                best[better] = moved[better]
                move[better] = sign * step
        score = best + emission[t]
    at = score.argmax(axis=1)
    paths = np.zeros((len(saliences), n_frames), dtype=np.int64)
    rows = np.arange(len(saliences))
    for t in range(n_frames - 1, -1, -1):
        paths[:, t] = at
        at = at - moves[t, rows, at]
    return [path[: len(salience)] for path, salience in zip(paths, saliences, strict=True)]


def _refined(salience: FloatArray, path: npt.NDArray[np.int64]) -> Floats:
    """Cents along a path, between the steps by a parabola."""
    rows, inner = np.arange(len(path)), np.clip(path, 1, len(CENTS) - 2)
    left, middle, right = (salience[rows, inner + d].astype(np.float64) for d in (-1, 0, 1))
    curvature = left - 2.0 * middle + right
    shift = np.where(curvature < -1e-12, 0.5 * (left - right) / np.minimum(curvature, -1e-12), 0.0)
    return np.asarray(CENTS[inner] + STEP_CENTS * np.clip(shift, -1.0, 1.0))


def _clarity(salience: FloatArray, path: npt.NDArray[np.int64]) -> Floats:
    """How far the path stands above the usual salience of its frame."""
    on = salience[np.arange(len(path)), path].astype(np.float64)
    return np.asarray(1.0 - np.median(salience, axis=1) / np.maximum(on, 1e-9)).clip(0.0, 1.0)
