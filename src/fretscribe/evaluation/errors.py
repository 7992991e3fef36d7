"""Where a transcription goes wrong: every note of truth and guess gets one verdict, counted by what it was.

The verdicts are given in this order, each to notes that have none yet, one to one:
``right`` (onset, pitch, string), ``other_string`` (onset and pitch), ``timing`` (pitch, onset 50 to 150 ms
off), ``octave`` (onset, one or two octaves off), ``near_pitch`` (onset, up to two semitones off), then
``missed`` (truth that is left) and ``extra`` (guesses that are left).
Neighbours: ``metrics`` matches the notes, ``report`` writes the table, ``pictures`` draws.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from fretscribe.convert import pitch_name
from fretscribe.evaluation.metrics import match_notes, match_notes_on_strings
from fretscribe.evaluation.notes import Ints, NoteArrays, note_arrays

Verdict = Literal["right", "other_string", "timing", "octave", "near_pitch", "missed", "extra"]
Aspect = Literal["register", "polyphony", "string", "duration"]

VERDICTS: tuple[Verdict, ...] = (
    "right",
    "other_string",
    "timing",
    "octave",
    "near_pitch",
    "missed",
    "extra",
)
ASPECTS: tuple[Aspect, ...] = ("register", "polyphony", "string", "duration")

TIMING_TOLERANCE_S = 0.15
NEAR_PITCH_CENTS = 250.0
_OCTAVES = (12.0, -12.0, 24.0, -24.0)
_REGISTER_EDGES = (48, 60, 72)
_DURATION_EDGES_S = (0.1, 0.25, 0.5, 1.0)
_MAX_POLYPHONY = 6

Tally = Counter[tuple[Aspect, str, Verdict]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBreakdown:
    """Verdicts of one track or of several, pooled by adding.

    Attributes
    ----------
    n_ref, n_est : int
    verdicts : mapping of Verdict to int
        All but ``extra`` count notes of the truth and sum to ``n_ref``; all but ``missed`` sum to
        ``n_est``.
    by_aspect : mapping of (aspect, class, verdict) to int
        The same verdicts by register, polyphony, string and duration of the note of the truth (of the
        guess for ``extra``).
    """

    n_ref: int = 0
    n_est: int = 0
    verdicts: Mapping[Verdict, int] = field(default_factory=dict)
    by_aspect: Mapping[tuple[Aspect, str, Verdict], int] = field(default_factory=dict)

    def __add__(self, other: ErrorBreakdown) -> ErrorBreakdown:
        return ErrorBreakdown(
            n_ref=self.n_ref + other.n_ref,
            n_est=self.n_est + other.n_est,
            verdicts=dict(Counter(self.verdicts) + Counter(other.verdicts)),
            by_aspect=dict(Counter(self.by_aspect) + Counter(other.by_aspect)),
        )

    def classes(self, aspect: Aspect) -> tuple[str, ...]:
        """The classes of an aspect that occur, lowest or shortest first."""
        present = {name for (of, name, _), count in self.by_aspect.items() if of == aspect and count}
        return tuple(name for name in _class_names(aspect, present) if name in present)

    def count(self, aspect: Aspect, name: str, verdict: Verdict) -> int:
        return self.by_aspect.get((aspect, name, verdict), 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoteVerdicts:
    """What became of every note.

    Attributes
    ----------
    ref, est : tuple of Verdict
        One for each note of the truth, and one for each note of the guess.
    pairs : int64 array [n_pairs, 2]
        Index into the truth and into the guess of notes that were taken for each other, sorted; both have
        the same verdict.
    """

    ref: tuple[Verdict, ...]
    est: tuple[Verdict, ...]
    pairs: Ints


def error_breakdown(ref: NoteArrays, est: NoteArrays) -> ErrorBreakdown:
    """Count the verdicts of all notes.

    Raises
    ------
    MissingExtraError
        Without mir_eval.
    """
    found = verdicts(ref, est)
    counts: Counter[Verdict] = Counter(found.ref)
    extra = np.array([verdict == "extra" for verdict in found.est], dtype=np.bool_)
    counts["extra"] = int(extra.sum())
    tally = _tally(ref, found.ref)
    tally.update(_tally(est.select(extra), ["extra"] * int(extra.sum()), among=est))
    return ErrorBreakdown(
        n_ref=len(ref), n_est=len(est), verdicts={v: counts[v] for v in VERDICTS}, by_aspect=dict(tally)
    )


def verdicts(ref: NoteArrays, est: NoteArrays) -> NoteVerdicts:
    """Give every note of truth and guess its verdict.

    Raises
    ------
    MissingExtraError
        Without mir_eval.
    """
    pairs: list[tuple[int, int]] = []
    ref_verdicts: list[Verdict] = ["missed"] * len(ref)
    est_verdicts: list[Verdict] = ["extra"] * len(est)
    steps: list[tuple[Verdict, Callable[[NoteArrays, NoteArrays], Ints]]] = [
        ("right", match_notes_on_strings),
        ("other_string", match_notes),
        ("timing", lambda r, e: match_notes(r, e, onset_tolerance_s=TIMING_TOLERANCE_S)),
        *(("octave", _transposed_matcher(shift)) for shift in _OCTAVES),
        ("near_pitch", lambda r, e: match_notes(r, e, pitch_tolerance_cents=NEAR_PITCH_CENTS)),
    ]
    for verdict, match in steps:
        ref_left = np.array([i for i, v in enumerate(ref_verdicts) if v == "missed"], dtype=np.int64)
        est_left = np.array([i for i, v in enumerate(est_verdicts) if v == "extra"], dtype=np.int64)
        for i, j in match(ref.select(ref_left), est.select(est_left)):
            ref_verdicts[ref_left[i]] = verdict
            est_verdicts[est_left[j]] = verdict
            pairs.append((int(ref_left[i]), int(est_left[j])))
    return NoteVerdicts(
        ref=tuple(ref_verdicts),
        est=tuple(est_verdicts),
        pairs=np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2),
    )


def _transposed_matcher(semitones: float) -> Callable[[NoteArrays, NoteArrays], Ints]:
    def match(ref: NoteArrays, est: NoteArrays) -> Ints:
        moved = note_arrays(ref.onset_s, ref.offset_s, ref.pitch + semitones, ref.string, ref.fret)
        return match_notes(moved, est)

    return match


def _tally(notes: NoteArrays, verdicts_: Sequence[Verdict], *, among: NoteArrays | None = None) -> Tally:
    """Count verdicts by aspect; polyphony is that of ``among``, where ``notes`` are a part of it."""
    tally: Tally = Counter()
    polyphony = _polyphony(notes, notes if among is None else among)
    for i, verdict in enumerate(verdicts_):
        tally["register", _register(float(notes.pitch[i])), verdict] += 1
        tally["polyphony", str(min(int(polyphony[i]), _MAX_POLYPHONY)), verdict] += 1
        tally["string", str(int(notes.string[i])), verdict] += 1
        tally["duration", _duration(float(notes.offset_s[i] - notes.onset_s[i])), verdict] += 1
    return tally


def _polyphony(notes: NoteArrays, among: NoteArrays) -> Ints:
    """How many notes sound soon after each onset, itself included.

    50 ms after it, so that a strummed chord counts whole; never after the note's own end.
    """
    at_s = np.minimum(notes.onset_s + 0.05, 0.5 * (notes.onset_s + notes.offset_s))[:, None]
    sounding = (among.onset_s[None, :] <= at_s) & (among.offset_s[None, :] > at_s)
    return np.asarray(sounding.sum(axis=1), dtype=np.int64)


def _register(pitch: float) -> str:
    return _register_names()[sum(pitch >= edge - 0.5 for edge in _REGISTER_EDGES)]


def _register_names() -> tuple[str, ...]:
    names = [pitch_name(edge) for edge in _REGISTER_EDGES]
    inner = [f"{a} to {b}" for a, b in itertools.pairwise(names)]
    return (f"below {names[0]}", *inner, f"{names[-1]} and up")


def _duration(duration_s: float) -> str:
    return _duration_names()[sum(duration_s >= edge for edge in _DURATION_EDGES_S)]


def _duration_names() -> tuple[str, ...]:
    edges = [f"{edge:g}" for edge in _DURATION_EDGES_S]
    inner = [f"{a} to {b} s" for a, b in itertools.pairwise(edges)]
    return (f"under {edges[0]} s", *inner, f"{edges[-1]} s and more")


def _class_names(aspect: Aspect, present: set[str]) -> tuple[str, ...]:
    if aspect == "register":
        return _register_names()
    if aspect == "duration":
        return _duration_names()
    return tuple(sorted(present, key=int))


def class_label(aspect: Aspect, name: str) -> str:
    """A class as people read it.

    >>> class_label("string", "0"), class_label("polyphony", "3"), class_label("register", "below C3")
    ('string 0', '3 at once', 'below C3')
    """
    if aspect == "string":
        return f"string {name}"
    return f"{name} at once" if aspect == "polyphony" else name


def error_table(breakdown: ErrorBreakdown) -> str:
    """The breakdown as lines of text: all notes, then by aspect; counts, and shares of a row's true notes."""
    rows = [("all notes", breakdown.n_ref, [breakdown.verdicts.get(v, 0) for v in VERDICTS])]
    blocks = [rows]
    for aspect in ASPECTS:
        block = []
        for name in breakdown.classes(aspect):
            counts = [breakdown.count(aspect, name, verdict) for verdict in VERDICTS]
            block.append((class_label(aspect, name), sum(counts) - counts[VERDICTS.index("extra")], counts))
        blocks.append(block)
    lines = [f"{'':<15}{'notes':>6}" + "".join(f"{verdict:>14}" for verdict in VERDICTS)]
    for block in blocks:
        lines.extend(_error_line(label, n_ref, counts) for label, n_ref, counts in block)
        lines.append("")
    return "\n".join(lines[:-1])


def _error_line(label: str, n_ref: int, counts: list[int]) -> str:
    shares = [f"{100 * count / n_ref:.1f} %" if n_ref else "" for count in counts]
    cells = (f"{count:>6}{share:>8}" for count, share in zip(counts, shares, strict=True))
    return f"{label:<15}{n_ref:>6}" + "".join(cells)
