"""A tab that grows while a recording is listened to: real notes, fingered and barred for a first look.

Provisional in everything: TabCNN, stiffness, the second hearing of low notes, rhythm, harmony and confidence
come when all was heard, and nothing of a draft goes into the result. Costs little, whatever the recording's
length: notes are decoded, fingered and barred once, the tuning is guessed anew only when twice as much was
heard. Neighbours: ``transcriber`` hands in what the acoustic model has heard so far, ``symbolic.draft_bars``
draws bar lines.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fretscribe.frames import StringRoll
from fretscribe.music import Note, TabNote, Tuning
from fretscribe.pipeline.ledger import Ledger
from fretscribe.pipeline.options import TranscribeOptions
from fretscribe.pipeline.tabbing import Hands
from fretscribe.pipeline.tuning_choice import EstimateTuning, choose_tuning
from fretscribe.symbolic.decode import for_tuning
from fretscribe.symbolic.draft_bars import EARLY_S, DraftBars, draft_bars
from fretscribe.symbolic.rhythm import parse_meter

_UNDECIDED_S = 0.3  # before the edge of what was heard: the end of a note may change what it is
_AROUND_S = 0.5  # heard again ahead of new notes, so that peaks at the edge are told from slopes
_CERTAIN = 0.9  # probability of a tuning from which on it is not asked for again


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftBar:
    """A bar as first heard.

    Attributes
    ----------
    start_s, end_s : float
        On the clock of the recording; a pick-up bar may start before 0.
    notes : tuple of TabNote
        Sorted by onset, then string; those of a bar start in it, at most `EARLY_S` before it.
    """

    start_s: float
    end_s: float
    notes: tuple[TabNote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is new in the growing tab.

    Attributes
    ----------
    tuning : Tuning
    first : int
        Place of the first of ``bars`` in the tab, from 0. Bars from there on that were told before are void:
        all of them are told again where the tuning turned out to be another one.
    bars : tuple of DraftBar
    """

    tuning: Tuning
    first: int
    bars: tuple[DraftBar, ...]


Watch = Callable[[Draft], None]


class Drafting:
    """Makes drafts of one recording.

    Parameters
    ----------
    options : TranscribeOptions
        Tuning, capo, tempo, metre and what is asked of the hand are obeyed.
    decode, estimate_tuning : callable
        As for the result.
    hands : Hands
        Its ``finger`` places the notes.
    watch : callable
        Called with every draft.
    """

    def __init__(
        self,
        options: TranscribeOptions,
        decode: Callable[[StringRoll], Sequence[Note]],
        estimate_tuning: EstimateTuning,
        hands: Hands,
        watch: Watch,
    ) -> None:
        self._options = options
        self._decode = decode
        self._estimate_tuning = estimate_tuning
        self._hands = hands
        self._watch = watch
        self._decided_s = -math.inf
        self._notes: list[Note] = []
        self._lines_s: list[float] = []
        self._drawn: DraftBars | None = None
        self._tuning: Tuning | None = None
        self._n_heard = 0
        self._ask_again = True

    def hear(self, roll: StringRoll) -> None:
        """Draw the bars that are complete in what was heard so far, from the recording's start on."""
        self._go_on(roll, roll.grid.time_s(roll.grid.n_frames) - _UNDECIDED_S, whole=False)

    def end(self, roll: StringRoll) -> None:
        """Draw what is left; ``roll`` is all of the recording."""
        self._go_on(roll, math.inf, whole=True)

    def _go_on(self, roll: StringRoll, decided_s: float, *, whole: bool) -> None:
        self._notes += self._new_notes(roll, decided_s)
        self._n_heard += 1
        waiting = self._after_last_line()
        if not waiting:
            return
        drawn = draft_bars(
            waiting,
            waiting[-1].onset_s + 2 * EARLY_S if whole else decided_s,
            bpm=self._options.bpm,
            meter=None if self._options.meter is None else parse_meter(self._options.meter),
            before=self._drawn,
        )
        lines_s = [t for t in drawn.lines_s if whole or t <= decided_s]
        if len(lines_s) < 2:
            return
        first = max(0, len(self._lines_s) - 1)
        self._lines_s[first:] = lines_s
        self._drawn = replace(drawn, lines_s=tuple(lines_s))
        if self._tune():
            first = 0
        self._tell(first)

    def _new_notes(self, roll: StringRoll, decided_s: float) -> list[Note]:
        """Notes that start after what was decided before, and before ``decided_s``."""
        since_s, self._decided_s = self._decided_s, decided_s
        first = 0 if math.isinf(since_s) else max(0, math.floor(roll.grid.frame(since_s - _AROUND_S)))
        grid = replace(roll.grid, n_frames=roll.grid.n_frames - first, start_s=roll.grid.time_s(first))
        part = replace(
            roll,
            grid=grid,
            onset=roll.onset[first:],
            active=roll.active[first:],
            level=None if roll.level is None else roll.level[first:],
        )
        return [note for note in self._decode(part) if since_s <= note.onset_s < decided_s]

    def _after_last_line(self) -> list[Note]:
        return [n for n in self._notes if not self._lines_s or n.onset_s >= self._lines_s[-1] - EARLY_S]

    def _tune(self) -> bool:
        """Guess the tuning where twice as much was heard as last time; whether it is another one now."""
        is_power_of_two = self._n_heard & (self._n_heard - 1) == 0
        if not self._ask_again or (self._tuning is not None and not is_power_of_two):
            return False
        before = self._tuning
        self._tuning, probability = choose_tuning(self._notes, self._options, self._estimate_tuning, Ledger())
        self._ask_again = probability is None or probability < _CERTAIN
        return before is not None and before != self._tuning

    def _tell(self, first: int) -> None:
        """Finger and tell all bars from ``first`` on."""
        if self._tuning is None:
            raise ValueError("there is no tuning yet")
        lines_s = [t - EARLY_S for t in self._lines_s]
        notes = [n for n in self._notes if lines_s[first] <= n.onset_s < lines_s[-1]]
        fingering = self._hands.finger(
            [for_tuning(note, self._tuning) for note in notes], self._tuning, self._options.fingering()
        )
        held: list[list[TabNote]] = [[] for _ in lines_s[first + 1 :]]
        for placed in fingering.notes:
            held[bisect.bisect_right(lines_s, placed.note.onset_s) - 1 - first].append(placed)
        bars = tuple(
            DraftBar(start_s=self._lines_s[i], end_s=self._lines_s[i + 1], notes=tuple(inside))
            for i, inside in enumerate(held, first)
        )
        self._watch(Draft(tuning=self._tuning, first=first, bars=bars))
