"""Which tuning and capo a recording gets: what was asked for, else what was heard, else standard, openly.

Where the ear is not sure and standard is out of the question (most often for notes below its lowest string),
the best guess is taken, as openly.

Neighbours: ``symbolic.tuning`` estimates; ``options`` says what is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fretscribe.music import Note, Tuning
from fretscribe.pipeline.ledger import Ledger
from fretscribe.pipeline.options import AUTO, TranscribeOptions
from fretscribe.symbolic.tuning import TuningEstimate, TuningGuess, candidate_tunings
from fretscribe.tunings import tuning_name

STAGE_NAME = "tuning"

RULED_OUT = 0.01
"""Probability below which standard tuning is no way out."""

EstimateTuning = Callable[[Sequence[Note], Sequence[Tuning]], TuningEstimate]
"""As `symbolic.tuning.estimate_tuning`."""


def choose_tuning(
    notes: Sequence[Note], options: TranscribeOptions, estimate: EstimateTuning, ledger: Ledger
) -> tuple[Tuning, float | None]:
    """The tuning to transcribe for, and P(it is right): 1 where it was given, None where nothing was heard.

    Parameters
    ----------
    notes : sequence of Note
        As decoded: of any pitch, with the acoustic model's own strings.
    options : TranscribeOptions
        What is not ``auto`` there is obeyed.
    estimate : callable
    ledger : Ledger
    """
    asked = options.requested_tuning()
    if options.tuning != AUTO and options.capo != AUTO:
        ledger.note(STAGE_NAME, "skipped", "tuning and capo were given")
        return asked, 1.0
    if not notes:
        ledger.note(STAGE_NAME, "fallback", f"no notes: {_assumed(options)}")
        return asked, None
    with ledger.timed(STAGE_NAME):
        heard = estimate(notes, _candidates(asked, options))
    best = heard.guesses[0]
    if heard.sure:
        ledger.note(STAGE_NAME, "ran", _told(heard.guesses[:2]))
        return options.requested_tuning(best.tuning), best.probability
    probability = heard.probability(asked)
    ruled_out = probability < RULED_OUT
    assumed = f"{_name(best.tuning)} assumed" if ruled_out else _assumed(options)
    ledger.note(STAGE_NAME, "fallback", f"not sure: {_told(heard.guesses[:2])}; {assumed}")
    if probability < best.probability:
        likelier = "" if ruled_out else f", though {_told(heard.guesses[:1])} is likelier"
        given = "--capo" if options.tuning != AUTO else "--tuning"
        ledger.warn(
            f"the tuning is not clear from the sound: {assumed}{likelier}; give {given} if that is wrong"
        )
    if ruled_out:
        return options.requested_tuning(best.tuning), best.probability
    return asked, probability


def _candidates(asked: Tuning, options: TranscribeOptions) -> tuple[Tuning, ...]:
    """What may be chosen from: what was given stays."""
    return candidate_tunings(
        open_pitches=None if options.tuning == AUTO else asked.open_pitches,
        capo=None if options.capo == AUTO else asked.capo,
        n_frets=asked.n_frets,
    )


def _assumed(options: TranscribeOptions) -> str:
    assumed = [
        what
        for what, value in (("standard tuning", options.tuning), ("no capo", options.capo))
        if value == AUTO
    ]
    return f"{' and '.join(assumed)} assumed"


def _told(guesses: Sequence[TuningGuess]) -> str:
    """Such as ``drop D, no capo: 93 %, then standard, no capo: 5 %``."""
    return ", then ".join(f"{_name(guess.tuning)}: {100 * guess.probability:.0f} %" for guess in guesses)


def _name(tuning: Tuning) -> str:
    capo = f"capo {tuning.capo}" if tuning.capo else "no capo"
    return f"{tuning_name(tuning)}, {capo}"
