"""Scales: which one a piece is played in, and which fit a chord.

A piece's scale keeps the tonic of its key; each scale is judged by how likely the notes are if they are drawn
from it, so that the smallest scale that holds them wins over larger ones. Over a chord fit the scales on its
root that hold its tones, those with the fewest tones from outside the key first. Neighbours: ``theory`` finds
key and chords, ``numerals`` counts them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fretscribe.music import Key, Note
from fretscribe.symbols import ChordSymbol, spelled

SCALES: Final = {  # the usual ones first: of two that fit alike the earlier is named
    "major": (0, 2, 4, 5, 7, 9, 11),
    "natural minor": (0, 2, 3, 5, 7, 8, 10),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "major pentatonic": (0, 2, 4, 7, 9),
    "blues": (0, 3, 5, 6, 7, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "phrygian dominant": (0, 1, 4, 5, 7, 8, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "major blues": (0, 2, 3, 4, 7, 9),
    "lydian dominant": (0, 2, 4, 6, 7, 9, 10),
    "whole tone": (0, 2, 4, 6, 8, 10),
    "diminished": (0, 2, 3, 5, 6, 8, 9, 11),
}
_BLUES = ("minor pentatonic", "blues")  # are played over major chords as well
_FOREIGN_SHARE = 0.04  # of notes that a player takes from outside the scale
_MIN_PITCH_CLASSES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A scale: pitch class of the tonic and a name of `SCALES`."""

    tonic: int
    name: str

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Rising from the tonic."""
        return tuple((self.tonic + step) % 12 for step in SCALES[self.name])


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleFit:
    """How well a scale fits notes.

    Attributes
    ----------
    scale : Scale
    share : float
        Share of the notes that lie in it, 0..1.
    log_likelihood : float
        Of the notes, if drawn from it.
    """

    scale: Scale
    share: float
    log_likelihood: float


def scale_name(scale: Scale, key: Key | None = None) -> str:
    """A scale as a guitarist says it, spelled in a key where one is given.

    >>> scale_name(Scale(tonic=9, name="minor pentatonic"))
    'A minor pentatonic'
    """
    return f"{spelled(scale.tonic, key)} {scale.name}"


def scale_tones(scale: Scale, key: Key | None = None) -> str:
    """Names of its tones, for example ``A C D E G``."""
    return " ".join(spelled(pitch_class, key) for pitch_class in scale.pitch_classes)


def fitting_scales(notes: Sequence[Note], key: Key) -> tuple[ScaleFit, ...]:
    """Scales on the tonic of a key, the one that fits the notes best first.

    Major scales for a major key, minor ones for a minor key, and the blues and its pentatonic for either.
    Empty where fewer than three pitch classes sound.

    >>> line = [Note(onset_s=i, offset_s=i + 1, pitch=p) for i, p in enumerate((57, 60, 62, 64, 67, 69))]
    >>> scale_name(fitting_scales(line, Key(tonic=9, mode="minor"))[0].scale)
    'A minor pentatonic'
    """
    counts = [0.0] * 12
    for note in notes:
        counts[(note.pitch - key.tonic) % 12] += note.onset_prob
    total = sum(counts)
    if sum(count > 0.0 for count in counts) < _MIN_PITCH_CLASSES:
        return ()
    third = 4 if key.mode == "major" else 3
    fits = []
    for name, steps in SCALES.items():
        if (third not in steps or 7 not in steps) and name not in _BLUES:
            continue
        inside = sum(counts[step] for step in steps)
        log_in = math.log((1.0 - _FOREIGN_SHARE) / len(steps))
        log_out = math.log(_FOREIGN_SHARE / (12 - len(steps)))
        likelihood = inside * log_in + (total - inside) * log_out
        scale = Scale(tonic=key.tonic, name=name)
        fits.append(ScaleFit(scale=scale, share=inside / total, log_likelihood=likelihood))
    return tuple(sorted(fits, key=lambda fit: -fit.log_likelihood))


def scales_over(chord: ChordSymbol, key: Key | None = None) -> tuple[Scale, ...]:
    """What can be played over a chord: scales on its root that hold its tones, the best first.

    Those with the fewest tones from outside the key come first, then the more usual ones. The raised leading
    note belongs to a minor key where the chord has it.

    >>> e7 = ChordSymbol(root="E", quality="7")
    >>> [scale_name(scale) for scale in scales_over(e7, Key(tonic=9, mode="minor"))[:2]]
    ['E phrygian dominant', 'E mixolydian']
    """
    root = chord.root_class
    tones = {(pitch_class - root) % 12 for pitch_class in chord.pitch_classes}
    known = None if key is None else _tones_of(key, chord)
    is_minor = 3 in tones and 4 not in tones  # a scale with both thirds would make it major
    fitting = [
        Scale(tonic=root, name=name)
        for name, steps in SCALES.items()
        if tones <= set(steps) and not (is_minor and 4 in steps)
    ]
    order = list(SCALES)
    return tuple(
        sorted(
            fitting,
            key=lambda scale: (
                0 if known is None else sum(pitch not in known for pitch in scale.pitch_classes),
                order.index(scale.name),
            ),
        )
    )


def _tones_of(key: Key, chord: ChordSymbol) -> set[int]:
    name = "major" if key.mode == "major" else "natural minor"
    known = set(Scale(tonic=key.tonic, name=name).pitch_classes)
    leading = (key.tonic - 1) % 12
    if key.mode == "minor" and leading in chord.pitch_classes:
        known = known - {(key.tonic - 2) % 12} | {leading}
    return known
