"""Which tuning and capo a recording was played with, as a probability for each that is considered.

What tells: notes below a tuning's lowest string; which strings the acoustic model and the notes' stiffness
point to at which pitch; where open strings would lie, and whether a hand could hold what sounds together
(``tuning_hands``); how slack the strings are (``string_lines``); and what guitarists use most. What cannot
tell: music that never touches the strings in which two tunings differ, and closed grips that fit anywhere on
the neck. Then the probability says so. Tunings that are each other's with a capo (open A is open G with a
capo on 2) differ in nothing but tension.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from fretscribe.music import STANDARD_TUNING, Note, Tuning
from fretscribe.symbolic.fingering import group_events
from fretscribe.symbolic.string_lines import Array, stiffness_evidence
from fretscribe.symbolic.tuning_hands import HandModel, Moment, explain
from fretscribe.tunings import NAMED_TUNINGS

HIGHEST_CAPO = 7
MOMENT_S = 0.06
"""Notes that start within this time are held by one grip: long enough for a slow strum."""

N_STRINGS = 6
"""Of the acoustic model."""
_MOST_NOTES = 6

_LOG_SHARES: Mapping[str, float] = MappingProxyType(
    {
        "standard": 4.0,
        "half-step down": 1.0,
        "whole-step down": 0.3,
        "C# standard": 0.0,
        "C standard": 0.0,
        "B standard": 0.0,
        "drop D": 1.5,
        "drop C#": 0.0,
        "drop C": 0.5,
        "drop B": 0.0,
        "DADGAD": 0.0,
        "open G": 0.0,
        "open D": -0.3,
        "open E": -0.3,
        "open A": 0.0,
        "open C": -0.3,
        "7-string standard": -2.0,
    }
)
_LEARNED_FROM: Mapping[str, float] = MappingProxyType(
    {
        "standard": 0.68,
        "drop D": 0.08,
        "half-step down": 0.07,
        "whole-step down": 0.04,
        "drop C": 0.04,
        "DADGAD": 0.03,
        "open G": 0.03,
        "open D": 0.03,
    }
)
"""Shares of tunings among the rendered clips of the acoustic model's training (``datasets.idioms``)."""
_LEARNED_FALLS = 0.12  # a fret, of how often it was played there
_HIGHEST_LEARNED = 22

_WITH_CAPO = frozenset({"standard", "drop D", "DADGAD", "open G", "open D"})

CONSIDERED: tuple[str, ...] = tuple(_LOG_SHARES)
"""Tunings that are told apart, by their names in `tunings.NAMED_TUNINGS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningWeights:
    """What the evidence is worth. Fitted on simulated notes of pieces that nothing is measured on.

    Attributes
    ----------
    evidence, expected, evidence_floor : float
        Exponents of ``Note.string_probs`` and of `expected_strings` (by which they are divided), and what is
        added to each share first.
    stiffness : float
        Exponent of what a note's stiffness says of its string.
    doubt : float
        Share of notes of which all this is wrong.
    tension, most_tension : float
        Weight of how slack the strings sound, and the most that it may count, in nats.
    temperature : float
        Divides the likelihood of the notes: they follow from each other, so they tell less than they would
        one by one.
    capo, odd_capo : float
        Log odds against a capo, and what is added where the tuning is not standard.
    sure : float
        From this probability on an answer is called sure.
    hand : HandModel
    """

    evidence: float = 0.5
    expected: float = 0.35
    evidence_floor: float = 0.03
    stiffness: float = 2.4
    doubt: float = 0.03
    tension: float = 0.2
    most_tension: float = 6.0
    temperature: float = 4.0
    capo: float = 4.0
    odd_capo: float = 2.0
    sure: float = 0.82
    hand: HandModel = HandModel()  # noqa: RUF009 - frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningGuess:
    """A tuning (with its capo) and its probability, 0..1."""

    tuning: Tuning
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningEstimate:
    """What was considered, the most probable first.

    Attributes
    ----------
    guesses : tuple of TuningGuess
        Their probabilities sum to 1.
    sure : bool
        Whether the first is probable enough to act on.
    """

    guesses: tuple[TuningGuess, ...]
    sure: bool

    def probability(self, tuning: Tuning) -> float:
        """Of a tuning and capo; 0 where they were not considered."""
        return sum(
            guess.probability
            for guess in self.guesses
            if (guess.tuning.open_pitches, guess.tuning.capo) == (tuning.open_pitches, tuning.capo)
        )


def candidate_tunings(
    *, open_pitches: tuple[int, ...] | None = None, capo: int | None = None, n_frets: int = 22
) -> tuple[Tuning, ...]:
    """The tunings and capos to choose from.

    Parameters
    ----------
    open_pitches : tuple of int, optional
        Considers these strings alone, with every capo.
    capo : int, optional
        Considers this fret alone.
    n_frets : int

    >>> len(candidate_tunings()), len(candidate_tunings(capo=0))
    (52, 17)
    """
    if open_pitches is not None:
        capos = range(HIGHEST_CAPO + 1) if capo is None else (capo,)
        return tuple(Tuning(open_pitches=open_pitches, capo=c, n_frets=n_frets) for c in capos)
    return tuple(
        Tuning(open_pitches=NAMED_TUNINGS[name], capo=at, n_frets=n_frets)
        for name in CONSIDERED
        for at in (range(_highest_capo(name) + 1) if capo is None else (capo,))
    )


def _highest_capo(name: str) -> int:
    return HIGHEST_CAPO if name in _WITH_CAPO else 0


def estimate_tuning(
    notes: Sequence[Note], tunings: Sequence[Tuning], weights: TuningWeights | None = None
) -> TuningEstimate:
    """How probable each tuning is, given what was heard.

    Parameters
    ----------
    notes : sequence of Note
        In any order, with the acoustic model's own strings in ``string_probs`` (as ``decode`` gives them) and
        ``stiffness`` where it was measured.
    tunings : sequence of Tuning
        At least one, such as `candidate_tunings`.
    weights : TuningWeights, optional

    Raises
    ------
    ValueError
        If there is nothing to choose from.
    """
    if not tunings:
        raise ValueError("there is no tuning to choose from")
    weights = weights or TuningWeights()
    log_odds = np.array([_prior(tuning, weights) for tuning in tunings])
    if notes:
        likelihood, tension = _heard(notes, tunings, weights)
        log_odds += likelihood / weights.temperature
        log_odds += np.maximum(weights.tension * (tension - tension.max()), -weights.most_tension)
    probabilities = np.exp(log_odds - log_odds.max())
    probabilities /= probabilities.sum()
    guesses = tuple(
        TuningGuess(tuning=tunings[i], probability=float(probabilities[i]))
        for i in np.argsort(-probabilities, kind="stable")
    )
    return TuningEstimate(guesses=guesses, sure=guesses[0].probability >= weights.sure)


def _heard(notes: Sequence[Note], tunings: Sequence[Tuning], weights: TuningWeights) -> tuple[Array, Array]:
    """ln likelihood of the notes, and of their stiffness, on every guitar."""
    ordered = sorted(notes, key=lambda note: (note.onset_s, note.pitch))
    evidence = weights.evidence * np.log(_shares(ordered) + weights.evidence_floor)
    evidence -= weights.expected * np.log(expected_strings(ordered) + weights.evidence_floor)
    shares = _normal(np.exp(evidence))
    likelihood, tension = np.zeros(len(tunings)), np.zeros(len(tunings))
    for n_strings in {tuning.n_strings for tuning in tunings}:
        rows = [i for i, tuning in enumerate(tunings) if tuning.n_strings == n_strings]
        alike = [tunings[i] for i in rows]
        guitars = list(dict.fromkeys(tuning.open_pitches for tuning in alike))
        of_guitar = [guitars.index(tuning.open_pitches) for tuning in alike]
        carried = _carried(shares, n_strings)
        stiffness = stiffness_evidence(ordered, carried, guitars)
        heard = _normal(carried * np.exp(weights.stiffness * stiffness.strings))
        strings = np.log((1.0 - weights.doubt) * heard + weights.doubt / n_strings)
        likelihood[rows] = explain(_moments(ordered, strings[of_guitar]), alike, weights.hand)
        tension[rows] = stiffness.fit[of_guitar]
    return likelihood, tension


def _carried(shares: Array, n_strings: int) -> Array:
    """P(string) of six strings as that of n: what speaks for the lowest is shared with extra low ones."""
    n_extra = n_strings - N_STRINGS
    if n_extra <= 0:
        return _normal(shares[:, :n_strings] + 1e-9)
    lowest = np.repeat(shares[:, :1] / (n_extra + 1), n_extra + 1, axis=1)
    return np.concatenate([lowest, shares[:, 1:]], axis=1)


def _prior(tuning: Tuning, weights: TuningWeights) -> float:
    """What guitarists use, as log odds; a tuning without a name counts like a rare one."""
    by_pitches = {NAMED_TUNINGS[name]: share for name, share in _LOG_SHARES.items()}
    log_odds = by_pitches.get(tuning.open_pitches, 0.0)
    if tuning.capo:
        standard = tuning.open_pitches == STANDARD_TUNING.open_pitches
        log_odds -= weights.capo + (0.0 if standard else weights.odd_capo)
    return log_odds


def _shares(notes: Sequence[Note]) -> Array:
    """P(string) of each note by the acoustic model, [n, 6]; even where it says nothing.

    Strings of a model that knows more are counted from the highest, of one that knows fewer from the lowest.
    """
    shares = np.zeros((len(notes), N_STRINGS))
    for i, note in enumerate(notes):
        known = note.string_probs or (1.0,) * N_STRINGS
        n_extra = max(0, len(known) - N_STRINGS)
        shares[i, : len(known)] = (sum(known[: n_extra + 1]), *known[n_extra + 1 :])
    return _normal(shares)


def expected_strings(notes: Sequence[Note]) -> Array:
    """P(string | pitch) on the guitars that the acoustic model learned from, [n, 6].

    What the model says of strings is a posterior: on those guitars a G2 was hardly ever an open string.
    Divided by this, what is left is what the sound itself says.
    """
    pitches = np.array([note.pitch for note in notes])
    expected = np.zeros((len(notes), N_STRINGS))
    for name, share in _LEARNED_FROM.items():
        frets = pitches[:, None] - np.array(NAMED_TUNINGS[name])
        on_neck = (frets >= 0) & (frets <= _HIGHEST_LEARNED)
        expected += share * np.where(on_neck, np.exp(-_LEARNED_FALLS * frets), 0.0)
    total = expected.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(expected, total, out=np.zeros_like(expected), where=total > 0.0))


def _normal(shares: Array) -> Array:
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))


def _moments(notes: Sequence[Note], evidence: Array) -> list[Moment]:
    """The notes by moments; of a pitch that is heard twice in one, the first counts."""
    moments, first = [], 0
    for group in group_events(notes, MOMENT_S):
        by_pitch: dict[int, int] = {}
        for i, note in enumerate(group, start=first):
            by_pitch.setdefault(note.pitch, i)
        first += len(group)
        pitches = sorted(by_pitch)[:_MOST_NOTES]
        moments.append(Moment(pitches=tuple(pitches), evidence=evidence[:, [by_pitch[p] for p in pitches]]))
    return moments
