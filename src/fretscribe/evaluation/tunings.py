"""How well the tuning, the capo and the concert offset of a recording are heard.

Pieces that are written for each tuning are played by guitars that nothing learned from, between the
semitones, and transcribed by the whole route without being told; real recordings in standard tuning are the
check on crying wolf. What counts as right is the tuning and the capo exactly as played. Neighbours:
``datasets.tuned_pieces`` and ``tuned_guitars`` make the recordings, ``symbolic.tuning`` estimates,
``tunings_report`` writes the report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fretscribe.datasets.tuned_guitars import RIFF_GUITARS, SONG_GUITARS, TunedGuitar, play_tuned
from fretscribe.datasets.tuned_pieces import tuned_piece
from fretscribe.frames import Audio
from fretscribe.music import STANDARD_TUNING, Note, Tab, Tuning
from fretscribe.pipeline import TranscribeOptions, Transcriber
from fretscribe.pipeline.tuning_choice import EstimateTuning
from fretscribe.symbolic.tuning import CONSIDERED, HIGHEST_CAPO, TuningEstimate
from fretscribe.tunings import NAMED_TUNINGS

SEED = 6
PIECE_S = 20.0
MOST_CENTS = 40.0
"""Guitars lie up to so far off: past 50 cents the neighbouring semitone is as good an answer."""

CAPOED = "standard with capo"
_HEAVY = frozenset({"riff", "power"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningRow:
    """One recording.

    Attributes
    ----------
    name : str
        Which tuning it is counted under.
    played : Tuning
    source : str
        What played what.
    estimate : TuningEstimate, or None
        None where no note was heard.
    answered : Tuning
        What the user gets: the best guess where it is sure or standard out of the question, else standard.
    cents, heard_cents : float, or None
        Concert offset as played (None: not known) and as heard (None: could not tell).
    """

    name: str
    played: Tuning
    source: str
    estimate: TuningEstimate | None
    answered: Tuning
    cents: float | None
    heard_cents: float | None

    @property
    def right(self) -> bool:
        """Whether the best guess is what was played."""
        return self.estimate is not None and same_guitar(self.estimate.guesses[0].tuning, self.played)

    @property
    def sure(self) -> bool:
        """Whether the answer calls itself sure."""
        return self.estimate is not None and self.estimate.sure


def same_guitar(one: Tuning, other: Tuning) -> bool:
    """Whether two tunings have the same strings and the same capo."""
    return (one.open_pitches, one.capo) == (other.open_pitches, other.capo)


@dataclass(slots=True, kw_only=True)
class Remembered:
    """An estimator of tunings that remembers what it said last."""

    estimate: EstimateTuning
    last: list[TuningEstimate] = field(default_factory=list)

    def __call__(self, notes: Sequence[Note], tunings: Sequence[Tuning]) -> TuningEstimate:
        self.last[:] = [self.estimate(notes, tunings)]
        return self.last[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listener:
    """The route without what the tuning does not need, and what it said of tunings."""

    transcriber: Transcriber
    remembered: Remembered

    @classmethod
    def of(cls, transcriber: Transcriber) -> _Listener:
        remembered = Remembered(estimate=transcriber.estimate_tuning)
        return cls(
            transcriber=replace(transcriber, tabcnn=None, lstm=None, estimate_tuning=remembered),
            remembered=remembered,
        )

    def __call__(
        self, sound: Audio | Path, *, name: str, played: Tuning, source: str, cents: float | None
    ) -> TuningRow:
        self.remembered.last.clear()
        heard = self.transcriber(sound, TranscribeOptions())
        return TuningRow(
            name=name,
            played=played,
            source=source,
            estimate=self.remembered.last[0] if self.remembered.last else None,
            answered=heard.tab.tuning,
            cents=cents,
            heard_cents=heard.detune_cents,
        )


def judge_tunings(
    transcriber: Transcriber,
    *,
    pieces_each: int = 6,
    names: Sequence[str] = (*CONSIDERED, CAPOED),
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[TuningRow, ...]:
    """Play pieces in every tuning, transcribe and compare.

    Parameters
    ----------
    transcriber : Transcriber
        Its tab networks do not listen: they say nothing of tunings.
    pieces_each : int
        Pieces in each tuning.
    names : sequence of str
        Of `symbolic.tuning.CONSIDERED`, or `CAPOED`: standard tuning with a capo on fret 1 to 7.
    progress : callable
    """
    listen = _Listener.of(transcriber)
    rows = []
    for i in range(pieces_each):
        for name in names:
            piece = plan_piece(name, i)
            audio = play_tuned(piece.tab, piece.guitar, detune_cents=piece.cents, seed=piece.seed)
            source = f"{', '.join(dict.fromkeys(piece.parts))} on {piece.guitar.heard_as}"
            rows.append(listen(audio, name=name, played=piece.tab.tuning, source=source, cents=piece.cents))
            progress(f"{name} {i + 1}/{pieces_each}: {'right' if rows[-1].right else 'wrong'}")
    return tuple(rows)


def judge_recordings(
    transcriber: Transcriber, recordings: Sequence[Path], *, progress: Callable[[str], None] = lambda _: None
) -> tuple[TuningRow, ...]:
    """The same of real recordings in standard tuning without capo."""
    listen = _Listener.of(transcriber)
    rows = []
    for path in recordings:
        progress(path.stem)
        rows.append(listen(path, name="standard", played=STANDARD_TUNING, source=path.stem, cents=None))
    return tuple(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPiece:
    """A piece, and what plays it.

    Attributes
    ----------
    tab : Tab
    parts : tuple of str
        What the piece is made of.
    guitar : TunedGuitar
    cents : float
        How far the guitar lies above concert pitch.
    seed : int
        Of the performance.
    """

    tab: Tab
    parts: tuple[str, ...]
    guitar: TunedGuitar
    cents: float
    seed: int


def plan_piece(name: str, index: int) -> PlannedPiece:
    """Piece number ``index`` in a tuning of `CONSIDERED`, or `CAPOED`; a function of both alone."""
    rng = np.random.default_rng([SEED, index, *name.encode()])
    capo = 1 + 3 * index % HIGHEST_CAPO if name == CAPOED else 0
    strings = NAMED_TUNINGS["standard" if name == CAPOED else name]
    cents, seed = float(rng.uniform(-MOST_CENTS, MOST_CENTS)), int(rng.integers(2**31))
    tab = tuned_piece(seed, Tuning(open_pitches=strings, capo=capo), duration_s=PIECE_S)
    parts = tuple(str(tab.provenance["parts"]).split(", "))
    guitars = SONG_GUITARS if _HEAVY.isdisjoint(parts) else RIFF_GUITARS
    guitar = guitars[int(rng.integers(len(guitars)))]
    return PlannedPiece(tab=tab, parts=parts, guitar=guitar, cents=cents, seed=seed)
