"""Signs that writers of scores have in common: dynamics, tempo marks, text on one line, plain numbers.

Knows no format. Neighbours: every writer that starts from ``tab_to_score``.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from fretscribe.io.score import Score, ScoreBar, ScoreBeat, ScoreNote, ScoreTrack
from fretscribe.io.score_clock import DEFAULT_QUARTERS_A_MINUTE
from fretscribe.io.written_values import WrittenValue, spell_duration

DYNAMICS = ("ppp", "pp", "p", "mp", "mf", "f", "ff", "fff")
_NO_CHARACTERS = "\ufffe\uffff"
_SOFTEST, _VELOCITIES_A_DYNAMIC = 15, 16
SHOWN_CHANGE = 0.1
"""Share by which the tempo must differ from the one that was last shown, to be shown again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TempoMark:
    """A change of tempo.

    Attributes
    ----------
    bar : int
    position : Fraction
        Share of the bar that is over, 0 to 1.
    quarters_a_minute : float
    shown : bool
        Whether a player reads it, or only a player's program follows it.
    """

    bar: int
    position: Fraction
    quarters_a_minute: float
    shown: bool


def only_track(score: Score) -> ScoreTrack:
    """The track of a score that ``tab_to_score`` made: one, in one voice, without graces.

    Raises
    ------
    ValueError
        If it is no such score.
    """
    if len(score.tracks) != 1:
        raise ValueError(f"a tab is one track, not {len(score.tracks)}")
    for index, bar in enumerate(score.tracks[0].bars):
        if any(beat.voice or beat.grace for beat in bar.beats) or bar.simile or not bar.beats:
            raise ValueError(f"bar {index + 1} is not one voice of beats that fill it")
    return score.tracks[0]


def written_value(beat: ScoreBeat) -> WrittenValue:
    """How a beat's length is drawn; ValueError where no single sign has it."""
    value = spell_duration(beat.duration)
    if value is None:
        raise ValueError(f"no single sign lasts {beat.duration} quarter notes")
    return value


def place_of(note: ScoreNote) -> tuple[int, int]:
    """String (0 = lowest) and fret of a note; ValueError where it has none."""
    if note.string is None or note.fret is None:
        raise ValueError(f"a note of a tab has a string and a fret: {note}")
    return note.string, note.fret


def dynamic_of(beat: ScoreBeat, before: str) -> str:
    """The dynamic of the loudest note that is struck, ``before`` where none is.

    >>> note = ScoreNote(string=0, fret=0, velocity=80)
    >>> dynamic_of(ScoreBeat(start=Fraction(0), duration=Fraction(1), notes=(note,)), "p")
    'mf'
    """
    velocity = max((n.velocity for n in beat.notes if not n.tied), default=None)
    if velocity is None:
        return before
    return DYNAMICS[min(max(round((velocity - _SOFTEST) / _VELOCITIES_A_DYNAMIC), 0), len(DYNAMICS) - 1)]


def tempo_marks_of(bars: Sequence[ScoreBar]) -> Iterator[TempoMark]:
    """Every change of tempo, the first at the start; only what is large and lasts a bar is shown.

    A beat that is heard late makes two changes close together, which no player should read.
    """
    starts = list(itertools.accumulate((bar.length for bar in bars), initial=Fraction(0)))
    changes = [(i, at, tempo) for i, bar in enumerate(bars) for at, tempo in bar.tempos]
    if not changes or changes[0][:2] != (0, Fraction(0)):
        changes.insert(0, (0, Fraction(0), DEFAULT_QUARTERS_A_MINUTE))
    ends = [starts[i] + at for i, at, _ in changes[1:]] + [starts[-1]]
    shown = 0.0
    for (i, at, tempo), end in zip(changes, ends, strict=True):
        lasts = end - starts[i] - at >= bars[i].length or end == starts[-1]
        is_shown = not shown or (lasts and abs(tempo - shown) >= SHOWN_CHANGE * shown)
        yield TempoMark(bar=i, position=at / bars[i].length, quarters_a_minute=tempo, shown=is_shown)
        shown = tempo if is_shown else shown


def one_line(text: str) -> str:
    """Text as a title can be: without control characters, white space as single blanks.

    >>> one_line(" Lied\\r\\nohne\\0 Worte ")
    'Lied ohne Worte'
    """
    kept = (" " if unicodedata.category(c) in ("Cc", "Cs") or c in _NO_CHARACTERS else c for c in text)
    return " ".join("".join(kept).split())


def plain_number(value: float | Fraction, digits: int = 3) -> str:
    """A number with as few digits as say it.

    >>> plain_number(120.0), plain_number(Fraction(1, 3)), plain_number(0.25)
    ('120', '0.333', '0.25')
    """
    return f"{float(value):.{digits}f}".rstrip("0").rstrip(".")
