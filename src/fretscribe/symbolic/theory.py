"""Keys and chords from notes: the likeliest key and path of chords, found together.

The notes are heard in slices of half a beat (``slices``). A hidden Markov model over chords runs in all 24
keys at once (``harmony_model`` has its numbers); the key is the one in which notes and chords together are
likeliest, with the correlation of the key's profile added; the chords are the best path (Viterbi) in that
key. A single line has no chords. One key for a piece: modulations are not followed.
Neighbours: ``rhythm`` makes the beats, ``symbols`` spells, ``scales`` and ``numerals`` tell more of what is
found here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fretscribe.music import BeatGrid, Chord, Key, Note
from fretscribe.symbolic.harmony_model import (
    CHORD_QUALITIES,
    KEYS,
    N_CHORDS,
    NO_CHORD_STATE,
    SHIPPED,
    HarmonyModel,
    HarmonyTables,
    harmony_tables,
)
from fretscribe.symbolic.slices import Slices, slice_notes
from fretscribe.symbols import NO_CHORD, ChordSymbol, chord_intervals, is_diminished, spelled

Array = npt.NDArray[np.float64]

_MIN_PITCH_CLASSES = 3  # fewer tell no key
_MIN_CHORD_TONES = 2
_CHORDAL = 3  # pitch classes at once, from which their number says that a chord is played
_HEARD = 0.2  # weight from which a pitch class counts as sounding
_SLASH_SHARE = 0.6  # of a chord's time that another bass than the root must be lowest
_ROOT_SHARE = 0.15  # of it that the root may be lowest all the same
_BLOCK = 256  # slices


@dataclass(frozen=True, slots=True, kw_only=True)
class Harmony:
    """Key and chords of a piece.

    Attributes
    ----------
    key : Key, or None
        None where fewer than three pitch classes sound.
    chords : tuple of Chord
        Rising, without overlap. Where notes sound without a chord, between chords or beside them, the name is
        `symbols.NO_CHORD`; a piece without any chord has none, and silence at the ends has none.
    """

    key: Key | None
    chords: tuple[Chord, ...]


def analyse_harmony(
    notes: Sequence[Note], beats: BeatGrid, *, key: Key | None = None, model: HarmonyModel = SHIPPED
) -> Harmony:
    """Key and chords of notes.

    Parameters
    ----------
    notes : sequence of Note
        In any order. At most a bar of them before the first beat and after the last is heard.
    beats : BeatGrid
        Chords change on slices of half a beat (of a beat where an eighth is one), most easily on downbeats.
    key : Key, optional
        Where it is known; found otherwise.
    model : HarmonyModel

    >>> strums = ((48, 52, 55, 60), (53, 57, 60, 65), (55, 59, 62, 65), (48, 52, 55, 60))
    >>> strums = [(2.0 * i, pitch) for i, chord in enumerate(strums) for pitch in chord]
    >>> notes = [Note(onset_s=start, offset_s=start + 2.0, pitch=pitch) for start, pitch in strums]
    >>> harmony = analyse_harmony(notes, BeatGrid.constant(120.0, 8.0))
    >>> [chord.name for chord in harmony.chords], harmony.key
    (['C', 'F', 'G7', 'C'], Key(tonic=0, mode='major'))
    """
    slices = slice_notes(notes, beats)
    if not slices.tones.any():
        return Harmony(key=key, chords=())
    tables = harmony_tables(model)
    if key is None:
        row = int(np.argmax(_key_scores(slices, tables, model)))
        key = KEYS[row] if len({note.pitch % 12 for note in notes}) >= _MIN_PITCH_CLASSES else None
    else:
        row = KEYS.index(key)
    states = _best_path(_written_evidence(slices, tables, model, row), slices.places, tables, model, row)
    return Harmony(key=key, chords=_chords(states, slices, max(n.offset_s for n in notes), key))


def _evidence(tones: Array, bass: Array, tables: HarmonyTables, keys: slice) -> Array:
    """Log likelihood of slices' tones in some keys under each chord or none, [n, n_keys, N_CHORDS + 1]."""
    of_tones, of_bass, lines = tables.tones[keys], tables.bass[keys], tables.lines[keys]
    of_chords = tones @ of_tones.reshape(-1, 12).T + bass @ of_bass.reshape(-1, 12).T
    evidence = np.empty((len(tones), len(lines), N_CHORDS + 1))
    evidence[:, :, :N_CHORDS] = of_chords.reshape(len(tones), len(lines), N_CHORDS)
    evidence[:, :, NO_CHORD_STATE] = (tones + bass) @ lines.T
    return evidence


def _written_evidence(slices: Slices, tables: HarmonyTables, model: HarmonyModel, row: int) -> Array:
    """Log likelihood of slices in one key, tones and how they are played, [n, N_CHORDS + 1].

    Single notes may be picked from a chord: their motion speaks, not their number.
    """
    bass = model.bass_weight * slices.bass
    evidence = _evidence(slices.tones, bass, tables, slice(row, row + 1))[:, 0]
    thick = _n_classes(slices.tones) >= _CHORDAL
    chord = _texture(slices.tones, model.chord_texture) * thick + slices.motion @ np.log(model.chord_motion)
    line = _texture(slices.tones, model.line_texture) * thick + slices.motion @ np.log(model.line_motion)
    evidence[:, :N_CHORDS] += chord[:, None]
    evidence[:, NO_CHORD_STATE] += line
    return evidence


def _n_classes(tones: Array) -> npt.NDArray[np.int64]:
    """How many pitch classes sound in each slice, up to four."""
    counts: npt.NDArray[np.int64] = np.minimum((tones > _HEARD / 2).sum(axis=1), 4)
    return counts


def _texture(tones: Array, probs: Sequence[float]) -> Array:
    """Log probability of how many pitch classes sound in each slice; silence tells nothing."""
    logs: Array = np.log([1.0, *probs])[_n_classes(tones)]
    return logs


def _key_scores(slices: Slices, tables: HarmonyTables, model: HarmonyModel) -> Array:
    """Log probability of tones and textures in each key, over all paths (forward algorithm), [24]."""
    on_tonic = np.ones((len(KEYS), N_CHORDS + 1))
    for row, key in enumerate(KEYS):
        on_tonic[row, _chords_on(key.tonic)] = np.exp(model.tonic_bonus)
    chord_probs = np.exp(tables.chords)
    forward = chord_probs * on_tonic
    scale = 0.0
    for i, likelihoods in enumerate(_likelihoods(slices, tables, model)):
        if i:
            change = model.change[slices.places[i]]
            arrived = forward.sum(axis=1, keepdims=True) * chord_probs
            forward = forward * (1.0 - change) + arrived * change
        forward *= likelihoods
        total = forward.sum()
        forward /= total
        scale += float(np.log(total))
    # the smallest number keeps hopeless keys comparable instead of at log 0
    joint = np.log((forward * on_tonic).sum(axis=1) + np.finfo(float).tiny) + scale
    heard = slices.tones.sum(axis=0)
    heard -= heard.mean()
    fits = tables.profiles @ heard / max(float(np.linalg.norm(heard)), np.finfo(float).tiny)
    scores: Array = joint + model.profile_weight * fits
    return scores


def _likelihoods(slices: Slices, tables: HarmonyTables, model: HarmonyModel) -> Iterator[Array]:
    """Likelihood of each slice in all keys, up to a factor, [24, N_CHORDS + 1]; blocks save memory."""
    for start in range(0, len(slices.tones), _BLOCK):
        tones = slices.tones[start : start + _BLOCK]
        bass = model.bass_weight * slices.bass[start : start + _BLOCK]
        evidence = _evidence(tones, bass, tables, slice(None))
        evidence[:, :, :N_CHORDS] += _texture(tones, model.chord_texture)[:, None, None]
        evidence[:, :, NO_CHORD_STATE] += _texture(tones, model.line_texture)[:, None]
        yield from np.exp(evidence - evidence.max(axis=(1, 2), keepdims=True))


def _chords_on(root: int) -> slice:
    n_qualities = len(CHORD_QUALITIES)
    return slice(root * n_qualities, (root + 1) * n_qualities)


def _best_path(
    evidence: Array, places: npt.NDArray[np.int64], tables: HarmonyTables, model: HarmonyModel, row: int
) -> list[int]:
    """The likeliest state of each slice in one key (Viterbi); ``evidence`` is [n_slices, N_CHORDS + 1]."""
    prior = tables.chords[row]
    stay, change = np.log1p(-np.array(model.change))[places], np.log(model.change)[places]
    total = prior + evidence[0]
    total[_chords_on(KEYS[row].tonic)] += model.tonic_bonus
    back: list[npt.NDArray[np.int64]] = []
    own = np.arange(len(prior))
    for i in range(1, len(evidence)):
        best = int(np.argmax(total))
        moved = total[best] + change[i] + prior
        stayed = total + stay[i]
        back.append(np.where(stayed >= moved, own, best))
        total = np.maximum(stayed, moved) + evidence[i]
    states = [int(np.argmax(total))]
    for source in reversed(back):
        states.append(int(source[states[-1]]))
    return states[::-1]


def _chords(states: Sequence[int], slices: Slices, end_s: float, key: Key | None) -> tuple[Chord, ...]:
    """Runs of equal states as chords, from the first slice that sounds."""
    first = int(np.argmax(slices.tones.any(axis=1)))
    heard = list(states)
    for start, stop in _runs(states, first):
        if not _is_heard(states[start], slices.tones[start:stop]):
            heard[start:stop] = [NO_CHORD_STATE] * (stop - start)
    chords = []
    for start, stop in _runs(heard, first):
        start_s, stop_s = max(0.0, float(slices.edges[start])), min(float(slices.edges[stop]), end_s)
        if stop_s > start_s:
            name = _name(heard[start], slices.bass[start:stop], key)
            chords.append(Chord(start_s=start_s, end_s=stop_s, name=name))
    return tuple(chords) if any(chord.name != NO_CHORD for chord in chords) else ()


def _runs(states: Sequence[int], first: int) -> list[tuple[int, int]]:
    starts = [i for i in range(first, len(states)) if i == first or states[i] != states[i - 1]]
    return list(zip(starts, [*starts[1:], len(states)], strict=True))


def _is_heard(state: int, tones: Array) -> bool:
    """Whether at least two tones of a chord sound while it holds: one pitch class is no chord."""
    if state == NO_CHORD_STATE:
        return True
    root, quality = divmod(state, len(CHORD_QUALITIES))
    own = [(root + interval) % 12 for interval in chord_intervals(CHORD_QUALITIES[quality])]
    return int((tones.sum(axis=0)[own] > _HEARD).sum()) >= _MIN_CHORD_TONES


def _name(state: int, bass: Array, key: Key | None) -> str:
    if state == NO_CHORD_STATE:
        return NO_CHORD
    root, quality = divmod(state, len(CHORD_QUALITIES))
    low = _slash_bass(root, CHORD_QUALITIES[quality], bass)
    return str(
        ChordSymbol(
            root=spelled(root, key, raised=is_diminished(CHORD_QUALITIES[quality])),
            quality=CHORD_QUALITIES[quality],
            bass=None if low is None else spelled(low, key),
        )
    )


def _slash_bass(root: int, quality: str, bass: Array) -> int | None:
    """The pitch class that is lowest nearly all the time instead of the root; None without one."""
    total = bass.sum(axis=0)
    if total.sum() <= 0.0:
        return None
    shares = total / total.sum()
    low = int(np.argmax(shares))
    if low == root or shares[low] < _SLASH_SHARE or shares[root] > _ROOT_SHARE:
        return None
    is_power_chord = len(chord_intervals(quality)) == 2
    return None if is_power_chord and (low - root) % 12 == chord_intervals(quality)[1] else low
