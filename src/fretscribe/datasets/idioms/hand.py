"""Where a hand goes: chord voicings, scales and positions on the neck of any tuning.

In tunings with standard intervals the voicings come from ``chord_shapes``; elsewhere they are searched:
chord tones within a hand's reach, the root lowest where it can be. Knows nothing of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import groupby

from fretscribe.convert import pitch_class_name
from fretscribe.datasets.chord_shapes import CHORD_SHAPES, QUALITY_TONES, STANDARD_STEPS, Family
from fretscribe.datasets.idioms.dice import Dice
from fretscribe.music import Tuning
from fretscribe.symbolic import scales

Voicing = tuple[int | None, ...]
"""Frets of a held chord, one a string, low to high; None is not played."""

SCALES = scales.SCALES | {"minor": scales.SCALES["natural minor"]}  # so that a key's mode names one


@dataclass(frozen=True, slots=True, kw_only=True)
class Harmony:
    """A chord to be played: pitch class of its root and quality (see `QUALITY_TONES`)."""

    root: int
    quality: str

    @property
    def name(self) -> str:
        """Chord symbol.

        >>> Harmony(root=9, quality="m7").name
        'Am7'
        """
        return pitch_class_name(self.root) + self.quality

    @property
    def tones(self) -> frozenset[int]:
        """Pitch classes of the chord."""
        return frozenset((self.root + step) % 12 for step in QUALITY_TONES[self.quality])


def has_standard_steps(tuning: Tuning) -> bool:
    """Whether the shapes of standard tuning fit (any key of the same intervals)."""
    lowest = tuning.open_pitches[0]
    return tuple(p - lowest for p in tuning.open_pitches) == STANDARD_STEPS


@cache
def _shapes(quality: str, root_step: int, highest_fret: int) -> dict[Family, tuple[Voicing, ...]]:
    """Voicings of the shape table for a root, in semitones 0..11 above the open lowest string."""
    found: dict[Family, list[Voicing]] = {}
    for shape in CHORD_SHAPES:
        if shape.quality != quality:
            continue
        fretted = [fret for fret in shape.frets if fret is not None]
        shift = (root_step - shape.root_step) % 12
        for move in (shift - 12, shift, shift + 12) if shape.movable else ((0,) if shift == 0 else ()):
            lowest = min(fretted) + move
            if shape.movable and not 1 <= lowest <= 14:
                continue
            if max(fretted) + move <= highest_fret:
                voicing = tuple(None if fret is None else fret + move for fret in shape.frets)
                found.setdefault(shape.family, []).append(voicing)
    return {family: tuple(voicings) for family, voicings in found.items()}


def find_voicing(
    tuning: Tuning, harmony: Harmony, dice: Dice, *, families: dict[Family, float], near: int | None = None
) -> Voicing:
    """A playable voicing of a chord.

    Parameters
    ----------
    tuning : Tuning
    harmony : Harmony
    dice : Dice
    families : mapping of Family to weight
        Which shapes are wanted; those that do not exist for this chord are passed over.
    near : int or None
        Prefer voicings around this fret.
    """
    if has_standard_steps(tuning):
        root_step = (harmony.root - tuning.open_pitches[0] - tuning.capo) % 12
        by_family = _shapes(harmony.quality, root_step, tuning.highest_fret)
        present = {family: weight for family, weight in families.items() if family in by_family}
        if present:
            voicings = by_family[dice.weighted(present)]
            if near is not None and len(voicings) > 1 and dice.chance(0.8):
                return min(voicings, key=lambda v: abs(lowest_fretted(v) - near))
            return dice.pick(voicings)
    lowest = near if near is not None else dice.whole(0, max(0, min(9, tuning.highest_fret - 4)))
    return search_voicing(tuning, harmony, dice, lowest=lowest, full=not {"shell", "triad"} & set(families))


def lowest_fretted(voicing: Voicing) -> int:
    """Lowest fret that a finger presses; 0 where all strings are open."""
    return min((fret for fret in voicing if fret), default=0)


def search_voicing(
    tuning: Tuning, harmony: Harmony, dice: Dice, *, lowest: int, full: bool = True
) -> Voicing:
    """A voicing found on the neck: chord tones within 4 frets from ``lowest``, and open strings.

    Tries a dozen hands and keeps the one with the most chord tones, the root lowest, and no more than
    four fingers. At least one string sounds, though in an odd tuning it may lack tones.
    """
    top = min(tuning.highest_fret, lowest + 3)
    choices: list[list[int]] = []
    for pitch in tuning.open_pitches:
        frets = [f for f in range(max(lowest, 1), top + 1) if (pitch + tuning.capo + f) % 12 in harmony.tones]
        if (pitch + tuning.capo) % 12 in harmony.tones:
            frets.append(0)
        choices.append(frets)
    best: Voicing = ()
    best_score = -1e9
    for _ in range(12):
        voicing: Voicing = tuple(dice.pick(frets) if frets else None for frets in choices)
        voicing = _rooted(tuning, harmony, voicing)
        if not full:
            voicing = _thinned(voicing, dice)
        score = _voicing_score(tuning, harmony, voicing)
        if score > best_score:
            best, best_score = voicing, score
    return best


def _rooted(tuning: Tuning, harmony: Harmony, voicing: Voicing) -> Voicing:
    """The voicing without the strings below its lowest root, if it has one in its lower half."""
    for string in range(len(voicing) // 2):
        fret = voicing[string]
        if fret is not None and (tuning.open_pitches[string] + tuning.capo + fret) % 12 == harmony.root:
            return (None,) * string + voicing[string:]
    return voicing


def _thinned(voicing: Voicing, dice: Dice) -> Voicing:
    sounding = [s for s, fret in enumerate(voicing) if fret is not None]
    kept = set(sounding[:1] + dice.sample(sounding[1:], dice.whole(2, 3)))
    return tuple(fret if s in kept else None for s, fret in enumerate(voicing))


def _voicing_score(tuning: Tuning, harmony: Harmony, voicing: Voicing) -> float:
    pitches = [
        tuning.open_pitches[s] + tuning.capo + fret for s, fret in enumerate(voicing) if fret is not None
    ]
    if not pitches:
        return -1e6
    tones = len({p % 12 for p in pitches})
    rooted = min(pitches) % 12 == harmony.root
    return 3.0 * tones + 2.0 * rooted + 0.5 * len(pitches) - 5.0 * max(0, fingers(voicing) - 4)


def fingers(voicing: Voicing) -> int:
    """Fingers that a voicing takes.

    A barre at the lowest fret counts one if no open string lies under it; so do three or more adjacent
    strings at one higher fret, which one finger lays down.

    >>> fingers((1, 3, 3, 2, 1, 1)), fingers((None, 3, 2, 0, 1, 0)), fingers((None, 3, 2, 3, 3, 3))
    (4, 3, 3)
    """
    fretted = [fret for fret in voicing if fret]
    if not fretted:
        return 0
    lowest = min(fretted)
    first = next(s for s, fret in enumerate(voicing) if fret == lowest)
    if 0 in voicing[first:]:
        return len(fretted)
    higher = [(fret, len(list(run))) for fret, run in groupby(voicing) if fret and fret > lowest]
    return 1 + sum(1 if length >= 3 else length for _, length in higher)


def scale_in_position(
    tuning: Tuning, tonic: int, steps: tuple[int, ...], *, lowest: int, reach: int = 4, from_string: int = 0
) -> list[tuple[int, int]]:
    """The notes of a scale under one hand, rising in pitch, each pitch once.

    Returns
    -------
    list of (string, fret)
        Frets ``lowest .. lowest + reach``; at the nut open strings come by themselves.
    """
    wanted = {(tonic + step) % 12 for step in steps}
    by_pitch: dict[int, tuple[int, int]] = {}
    for string in range(from_string, tuning.n_strings):
        for fret in range(lowest, min(lowest + reach, tuning.highest_fret) + 1):
            pitch = tuning.open_pitches[string] + tuning.capo + fret
            if pitch % 12 in wanted:
                by_pitch.setdefault(pitch, (string, fret))
    return [by_pitch[pitch] for pitch in sorted(by_pitch)]
