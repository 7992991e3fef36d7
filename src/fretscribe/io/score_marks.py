"""How the notes of a tab are played, as a score writes it: what leads to the next note, bends, ties.

A `Tab` says how a note is reached, a `Score` how it leads to the next one on its string. Knows no beats.
Neighbours: ``tab_to_score`` says where the notes stand, ``score_play`` reads these marks.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Collection, Sequence
from fractions import Fraction

import numpy as np

from fretscribe.io.bends import thin_bend
from fretscribe.io.score import CurvePoint, ScoreNote, Slide
from fretscribe.music import Tab, TabNote, Technique

_OF_THE_NOTE: frozenset[Technique] = frozenset({"vibrato", "palm_mute", "dead", "harmonic", "let_ring"})
_GOES_ON: frozenset[Technique] = frozenset({"vibrato", "palm_mute", "let_ring"})
_SLIDES_IN: frozenset[Slide] = frozenset({"in_below"})
_LEGATO: frozenset[Slide] = frozenset({"legato"})
_NO_SLIDES: frozenset[Slide] = frozenset()
_CURVE_TOLERANCE_CENTS = 10.0
_CURVE_POINTS = 10
_PLACES = 1000  # points of a bend stand at thousandths of their note


def ways_of_playing(tab: Tab, ringing: Collection[int], lost: Counter[str]) -> list[ScoreNote]:
    """Every note of a tab as it is struck, in the tab's order.

    Parameters
    ----------
    tab : Tab
    ringing : collection of int
        Indices of notes that ring on over others.
    lost : Counter
        Counts what finds no place.
    """
    written: list[ScoreNote] = []
    latest: dict[int, int] = {}  # string -> index of its last note
    for i, tab_note in enumerate(tab.notes):
        string, techniques = tab_note.position.string, tab_note.techniques
        slides = _NO_SLIDES
        before = latest.get(string)
        if before is not None:
            written[before] = _leading_on(written[before], techniques)
        elif "slide" in techniques:
            slides = _SLIDES_IN
        if before is None and techniques & {"hammer_on", "pull_off"}:
            lost["hammer-ons and pull-offs from no note"] += 1
        latest[string] = i
        curve = _curve(tab_note) if "bend" in techniques else ()
        lost["bends of unknown height"] += "bend" in techniques and not curve
        written.append(
            ScoreNote(
                string=string,
                fret=tab_note.position.fret,
                velocity=tab_note.note.velocity,
                techniques=(techniques & _OF_THE_NOTE) | ({"let_ring"} if i in ringing else frozenset()),
                slides=slides,
                harmonic="natural" if "harmonic" in techniques else None,
                bend=curve,
            )
        )
    return written


def written_notes(notes: Sequence[ScoreNote], shares: Sequence[Fraction]) -> list[tuple[ScoreNote, ...]]:
    """Notes struck together as the tied parts that they are written in, one tuple of notes a part.

    Parameters
    ----------
    notes : sequence of ScoreNote
    shares : sequence of Fraction
        How much of their length each part has; sum to 1.

    >>> [n.tied for (n,) in written_notes([ScoreNote(string=0, fret=3)], [Fraction(2, 3), Fraction(1, 3)])]
    [False, True]
    """
    edges = list(itertools.accumulate(shares, initial=Fraction(0)))
    last = len(shares) - 1
    return [
        tuple(_part(n, start, end, is_last=i == last) for n in notes)
        for i, (start, end) in enumerate(itertools.pairwise(edges))
    ]


def _part(note: ScoreNote, start: Fraction, end: Fraction, *, is_last: bool) -> ScoreNote:
    tied = start > 0
    slides: frozenset[Slide] = note.slides if is_last else note.slides & _SLIDES_IN
    if tied:
        slides -= _SLIDES_IN
    return dataclasses.replace(
        note,
        tied=tied,
        techniques=note.techniques & _GOES_ON if tied else note.techniques,
        harmonic=None if tied else note.harmonic,
        hammer=note.hammer and is_last,
        slides=slides,
        bend=_cut_curve(note.bend, start, end),
    )


def _leading_on(note: ScoreNote, techniques: frozenset[Technique]) -> ScoreNote:
    """A note with the signs that lead to the next one, which is reached by these techniques."""
    slides = note.slides | (_LEGATO if "slide" in techniques else _NO_SLIDES)
    hammer = bool(techniques & {"hammer_on", "pull_off"})
    return dataclasses.replace(note, slides=slides, hammer=hammer)


def _curve(tab_note: TabNote) -> tuple[CurvePoint, ...]:
    """The bend over its note's length, thinned to what a page can show; empty where it never leaves 0."""
    note = tab_note.note
    points = [(p.time_s, p.cents) for p in sorted(note.bend, key=lambda p: p.time_s)]
    inside = {min(max(t / note.duration_s, 0.0), 1.0): cents for t, cents in points}
    if not any(inside.values()):
        return ()
    shares, cents = np.array(list(inside)), np.array(list(inside.values()))
    thin = thin_bend(shares, cents, tolerance_cents=_CURVE_TOLERANCE_CENTS, max_points=_CURVE_POINTS)
    return tuple(CurvePoint(at=Fraction(round(p.time_s * _PLACES), _PLACES), cents=p.cents) for p in thin)


def _cut_curve(curve: tuple[CurvePoint, ...], start: Fraction, end: Fraction) -> tuple[CurvePoint, ...]:
    """The part of a curve between two shares of its note, in shares of that part."""
    if not curve or (start == 0 and end == 1):
        return curve
    inside = {p.at: p.cents for p in curve if start <= p.at <= end}
    for edge in (start, end):
        inside.setdefault(edge, _height_at(curve, edge))
    if not any(inside.values()):
        return ()
    return tuple(CurvePoint(at=(at - start) / (end - start), cents=inside[at]) for at in sorted(inside))


def _height_at(curve: tuple[CurvePoint, ...], at: Fraction) -> float:
    return float(np.interp(float(at), [float(p.at) for p in curve], [p.cents for p in curve]))
