"""Keys and chords from notes.

Keys: correlation of the pitch classes' sounding time with the profiles of Krumhansl and Kessler
("Tracing the dynamic changes in perceived tonal organization", Psychological Review 89, 1982). Chords:
templates over each beat, joined by Viterbi. Where too little sounds to tell a chord there is none.
Neighbours: ``rhythm`` makes the beats, ``convert`` spells pitch classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fretscribe.convert import pitch_class_name
from fretscribe.music import BeatGrid, Chord, Key, Note

Array = npt.NDArray[np.float64]

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_FLAT_MAJORS = frozenset({1, 3, 5, 8, 10})
_TRITONE = 6
_MIN_PITCH_CLASSES = 3

_SHAPES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "5": (0, 7),
    "sus4": (0, 5, 7),
    "sus2": (0, 2, 7),
    "dim": (0, 3, 6),
    "m7b5": (0, 3, 6, 10),
}
# Rarer shapes must fit better: a passing note makes a triad look like one of them.
_SHAPE_PRIOR = {"": 0.0, "m": 0.0, "7": -0.03, "m7": -0.03, "maj7": -0.05, "5": -0.04}
_RARE_PRIOR = -0.08
_QUALITIES = tuple(_SHAPES)
_NO_CHORD_SCORE = 0.55
_BASS_SHARE = 0.4  # weight of the lowest sounding pitch on top of its own
_CHANGE_PRICE = 0.25
_DOWNBEAT_CHANGE_PRICE = 0.1


def pitch_class_weights(notes: Sequence[Note]) -> Array:
    """Seconds that each pitch class sounds, weighted by ``onset_prob``, float64 [12]."""
    weights = np.zeros(12)
    for note in notes:
        weights[note.pitch % 12] += note.duration_s * note.onset_prob
    return weights


def estimate_key(notes: Sequence[Note]) -> Key | None:
    """The key whose profile correlates best with the notes; None with fewer than three pitch classes.

    >>> line = [Note(onset_s=i, offset_s=i + 1, pitch=p) for i, p in enumerate((55, 57, 59, 60, 62, 64, 66))]
    >>> key_name(estimate_key(line))
    'G major'
    """
    weights = pitch_class_weights(notes)
    if np.count_nonzero(weights) < _MIN_PITCH_CLASSES or weights.std() < 1e-9:
        return None
    best: tuple[float, Key] | None = None
    for tonic in range(12):
        for mode, profile in (("major", _MAJOR), ("minor", _MINOR)):
            fit = float(np.corrcoef(np.roll(profile, tonic), weights)[0, 1])
            if best is None or fit > best[0] + 1e-12:
                best = fit, Key(tonic=tonic, mode="major" if mode == "major" else "minor")
    return best[1] if best else None


def uses_flats(key: Key | None) -> bool:
    """Whether a key's signature has flats; False without a key (and for keys with neither)."""
    if key is None:
        return False
    relative_major = key.tonic if key.mode == "major" else (key.tonic + 3) % 12
    if relative_major == _TRITONE:  # six of either: F# major, but Eb minor
        return key.mode == "minor"
    return relative_major in _FLAT_MAJORS


def key_name(key: Key) -> str:
    """Name of a key, spelled as its signature.

    >>> key_name(Key(tonic=3, mode="major")), key_name(Key(tonic=6, mode="minor"))
    ('Eb major', 'F# minor')
    """
    return f"{pitch_class_name(key.tonic, flats=uses_flats(key))} {key.mode}"


def estimate_chords(notes: Sequence[Note], beats: BeatGrid, key: Key | None = None) -> tuple[Chord, ...]:
    """Chord symbols over the beats of a grid.

    Parameters
    ----------
    notes : sequence of Note
    beats : BeatGrid
        Chords change on beats, most easily on downbeats.
    key : Key, optional
        Decides flats or sharps; estimated from the notes if None.

    Returns
    -------
    tuple of Chord
        Rising, without overlap; gaps where too few pitch classes sound (single lines, rests). Changes of
        harmony within a beat are not followed.
    """
    edges = np.array([*beats.beat_times_s, beats.time_at(len(beats.beat_times_s))])
    chroma, n_classes = _beat_chroma(notes, edges)
    states = _best_states(_template_scores(chroma, n_classes), set(beats.downbeats))
    flats = uses_flats(key if key is not None else estimate_key(notes))
    last_s = max((n.offset_s for n in notes), default=0.0)
    chords: list[Chord] = []
    start = 0
    for i in range(1, len(states) + 1):
        if i < len(states) and states[i] == states[start]:
            continue
        end_s = min(float(edges[i]), last_s)
        if states[start] > 0 and end_s > edges[start]:
            chords.append(
                Chord(start_s=max(0.0, float(edges[start])), end_s=end_s, name=_name(states[start], flats))
            )
        start = i
    return tuple(chords)


def _name(state: int, flats: bool) -> str:
    root, quality = divmod(state - 1, len(_QUALITIES))
    return pitch_class_name(root, flats=flats) + _QUALITIES[quality]


def _beat_chroma(notes: Sequence[Note], edges: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """What sounds in each beat: pitch class weights [n_beats, 12] with the bass raised, and how many classes.

    A note counts with its share of the beat; one that fills less than a tenth of a beat does not.
    """
    n_beats = len(edges) - 1
    chroma = np.zeros((n_beats, 12))
    lowest = np.full(n_beats, 128)
    for note in notes:
        first = int(np.searchsorted(edges, note.onset_s, side="right")) - 1
        last = int(np.searchsorted(edges, note.offset_s, side="left"))
        for beat in range(max(first, 0), min(last, n_beats)):
            overlap = min(note.offset_s, edges[beat + 1]) - max(note.onset_s, edges[beat])
            share = overlap / (edges[beat + 1] - edges[beat])
            if share >= 0.1:
                # Octaves of one pitch class say little more than one of them.
                chroma[beat, note.pitch % 12] += share * note.onset_prob
                lowest[beat] = min(lowest[beat], note.pitch)
    n_classes = (chroma > 0.1).sum(axis=1)
    chroma = np.sqrt(chroma)
    sounding = np.flatnonzero(lowest < 128)
    chroma[sounding, lowest[sounding] % 12] += _BASS_SHARE
    return chroma, n_classes


def _template_scores(chroma: Array, n_classes: npt.NDArray[np.int64]) -> Array:
    """Cosine of each beat with no chord (column 0) and every chord, [n_beats, 1 + 12 * qualities]."""
    templates = np.zeros((12 * len(_QUALITIES), 12))
    priors = np.zeros(12 * len(_QUALITIES))
    for root in range(12):
        for q, quality in enumerate(_QUALITIES):
            row = root * len(_QUALITIES) + q
            for interval in _SHAPES[quality]:
                templates[row, (root + interval) % 12] = 1.0
            templates[row, root] += 0.3  # the root is doubled more often than the rest
            priors[row] = _SHAPE_PRIOR.get(quality, _RARE_PRIOR)
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    norm = np.linalg.norm(chroma, axis=1, keepdims=True)
    fit = (chroma / np.maximum(norm, 1e-9)) @ templates.T + priors
    none = np.full((len(chroma), 1), _NO_CHORD_SCORE)
    fifths = np.array([q == "5" for _ in range(12) for q in _QUALITIES])
    fit[n_classes < 2] = 0.0
    fit[np.ix_(n_classes == 2, ~fifths)] -= 0.35
    scores: Array = np.hstack([none, fit])
    return scores


def _best_states(scores: Array, downbeats: set[int]) -> list[int]:
    """Viterbi: stay on a chord unless another fits better by more than a change costs."""
    total = scores[0].copy()
    back: list[Array] = []
    n_states = scores.shape[1]
    for beat in range(1, len(scores)):
        price = _DOWNBEAT_CHANGE_PRICE if beat in downbeats else _CHANGE_PRICE
        best = int(np.argmax(total))
        moved = total[best] - price
        source = np.where(total >= moved, np.arange(n_states), best)
        total = np.maximum(total, moved) + scores[beat]
        back.append(source)
    states = [int(np.argmax(total))]
    for source in reversed(back):
        states.append(int(source[states[-1]]))
    return states[::-1]
