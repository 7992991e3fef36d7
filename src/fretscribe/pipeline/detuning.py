"""Whether a guitar is heard as it is, or brought to the semitones first; and the clock of what is heard then.

Neighbours: ``dsp.detune`` measures and resamples; ``transcriber`` lets the networks hear what comes out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from fretscribe.convert import A4_HZ, CENTS_PER_SEMITONE
from fretscribe.dsp.detune import Detune, slowed, speed_of
from fretscribe.frames import Audio, FloatArray, FrameGrid
from fretscribe.pipeline.ledger import Ledger
from fretscribe.pipeline.options import AUTO, TranscribeOptions

STAGE_NAME = "detune"

SMALLEST_CENTS = 10.0
"""Guitars that lie nearer to the semitones are heard as they are: every string's own error is as large."""

LEAST_CERTAINTY = 0.3
"""Noise and clicks have next to none, recordings of guitars have 0.5 and more."""

_HALF_WAY_CENTS = 40.0

EstimateDetune = Callable[[FloatArray, int], Detune]


@dataclass(frozen=True, slots=True, kw_only=True)
class InTune:
    """A recording as the networks are to hear it.

    Attributes
    ----------
    audio : Audio
    speed : Fraction
        How many times as fast the recording itself runs.
    cents : float, or None
        How far its guitar lies above concert pitch; None where that is not known.
    """

    audio: Audio
    speed: Fraction = Fraction(1)
    cents: float | None = None

    def clock(self, grid: FrameGrid, start_s: float) -> FrameGrid:
        """A grid of ``audio`` on the clock of the recording, of which it starts at ``start_s``."""
        grid = grid.faster(self.speed)
        return replace(grid, start_s=grid.start_s + start_s)


def bring_in_tune(
    audio: Audio, options: TranscribeOptions, estimate: EstimateDetune, ledger: Ledger
) -> InTune:
    """Play a recording slower or faster until its guitar lies on the semitones; as it is where it does."""
    with ledger.timed(STAGE_NAME):
        cents, reason = _cents(audio, options, estimate)
        if cents is None or reason:
            ledger.note(STAGE_NAME, "skipped", reason)
            return InTune(audio=audio, cents=cents)
        speed = speed_of(cents)
        tuned = slowed(audio, speed)
    given = "" if options.detune == AUTO else ", given"
    a4_hz = A4_HZ * 2.0 ** (cents / (12 * CENTS_PER_SEMITONE))
    ledger.note(STAGE_NAME, "ran", f"{cents:+.0f} cents (A4 = {a4_hz:.1f} Hz){given}")
    if options.detune == AUTO and abs(cents) >= _HALF_WAY_CENTS:
        other = cents - CENTS_PER_SEMITONE if cents > 0 else cents + CENTS_PER_SEMITONE
        lies, off = ("above", "low") if cents > 0 else ("below", "high")
        ledger.warn(
            f"the guitar lies {abs(cents):.0f} cents {lies} the semitones, near half-way: "
            f"if every note is a semitone too {off}, give --detune {other:.0f}"
        )
    return InTune(audio=tuned, speed=speed, cents=cents)


def _cents(audio: Audio, options: TranscribeOptions, estimate: EstimateDetune) -> tuple[float | None, str]:
    """How far above concert pitch, where known, and why nothing need be done about it."""
    if options.detune == "off":
        return None, "switched off"
    if options.detune != AUTO:
        cents = float(options.detune)
        return cents, "" if cents else "0 cents were given"
    heard = estimate(audio.mono(), audio.sample_rate)
    if heard.certainty < LEAST_CERTAINTY:
        return None, f"too few steady pitches to tell (certainty {heard.certainty:.2f})"
    cents = round(heard.cents, 1)
    if abs(cents) < SMALLEST_CENTS:
        return cents, f"{cents:+.0f} cents: below {SMALLEST_CENTS:.0f} nothing is changed"
    return cents, ""
