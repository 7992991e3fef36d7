"""Measures of playability: how far a hand must stretch and travel for a tab, and where it cannot.

A moment is a set of notes that start within 30 ms of its first one; the hand also holds what still sounds
from before and rings on for more than 30 ms. Open strings need no finger. Knows nothing of truth: a wrong
tab may be playable.
Neighbours: ``symbolic.fingering`` chooses the positions that are judged here.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from fretscribe.evaluation.notes import NoteArrays

MOMENT_S = 0.03
N_FINGERS = 4
HAND_FRETS = 4
"""Frets that a hand covers without moving, a finger each."""
MAX_SPAN = 4
"""Widest comfortable distance of two fretted notes held at once, in frets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playability:
    """What a tab asks of the left hand.

    Attributes
    ----------
    n_moments : int
    largest_span : int
        Frets between the lowest and the highest fretted note that sound at once, over all moments.
    mean_jump : float
        Frets that the hand must move from one fretted moment to the next, on average; the hand covers
        four frets and moves as little as it can. 0 for fewer than two fretted moments.
    n_violations : int
        Moments that need a span above ``MAX_SPAN`` or fingers on more than four different frets.
    """

    n_moments: int
    largest_span: int
    mean_jump: float
    n_violations: int


def playability(notes: NoteArrays, *, capo: int = 0) -> Playability:
    """Judge a tab's demands on the hand.

    Parameters
    ----------
    notes : NoteArrays
        Frets count from the nut.
    capo : int
        Notes at this fret are open.
    """
    moments = _moments(notes)
    held = [_fretted(notes, _held(notes, moment), capo) for moment in moments]
    spans = [max(frets) - min(frets) if frets else 0 for frets in held]
    started = [_fretted(notes, moment, capo) for moment in moments]
    return Playability(
        n_moments=len(moments),
        largest_span=max(spans, default=0),
        mean_jump=_mean_jump([frets for frets in started if frets]),
        n_violations=sum(
            span > MAX_SPAN or len(frets) > N_FINGERS for span, frets in zip(spans, held, strict=True)
        ),
    )


def _moments(notes: NoteArrays) -> list[list[int]]:
    order = sorted(range(len(notes)), key=lambda i: float(notes.onset_s[i]))
    moments: list[list[int]] = []
    for i in order:
        if moments and notes.onset_s[i] - notes.onset_s[moments[-1][0]] <= MOMENT_S:
            moments[-1].append(i)
        else:
            moments.append([i])
    return moments


def _held(notes: NoteArrays, moment: list[int]) -> list[int]:
    """The notes of a moment, and older ones on other strings that ring on for more than a moment."""
    start_s, last_s = notes.onset_s[moment[0]], notes.onset_s[moment[-1]]
    strings = {int(notes.string[i]) for i in moment}
    older = (notes.onset_s < start_s) & (notes.offset_s > last_s + MOMENT_S)
    return moment + [int(i) for i in older.nonzero()[0] if int(notes.string[i]) not in strings]


def _fretted(notes: NoteArrays, which: list[int], capo: int) -> set[int]:
    return {int(notes.fret[i]) for i in which if notes.fret[i] > capo}


def _mean_jump(moments: list[set[int]]) -> float:
    if len(moments) < 2:
        return 0.0
    hand = [min(moments[0])]
    for frets in moments[1:]:
        low, high = min(frets), max(frets)
        reach_high = min(low, high - HAND_FRETS + 1)  # a wider grip is played from its lowest fret
        hand.append(low if high - low >= HAND_FRETS else min(max(hand[-1], reach_high), low))
    jumps = [abs(b - a) for a, b in itertools.pairwise(hand)]
    return sum(jumps) / len(jumps)
