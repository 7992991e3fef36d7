"""What a user may ask of a transcription: values checked once, before anything heavy is loaded.

Neighbours: ``transcriber`` and ``retab`` obey these; the command line and `fretscribe.transcribe` fill them
in.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fretscribe.errors import OptionError
from fretscribe.music import Tuning
from fretscribe.separation.stems import SEPARATION_MODES, STEMS, SeparationMode, Stem, require_separation
from fretscribe.symbolic.fingering import FingeringOptions, Preference
from fretscribe.symbolic.rhythm import MAX_BPM, MIN_BPM, parse_meter
from fretscribe.tunings import parse_tuning

AUTO: Literal["auto"] = "auto"

N_FRETS = 22
_MOST_FRETS = 36
_MOST_DETUNE = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribeOptions:
    """Options of `fretscribe.transcribe` and, but for those of the recording, of `retab`.

    Attributes
    ----------
    tuning : str
        A name, or strings low to high (see `tunings.parse_tuning`), or ``auto``.
    capo : int or "auto"
        Fret of the capo, 0 = none.
    bpm : float, or None
        Tempo in beats a minute; None estimates it.
    meter : str, or None
        Such as ``"3/4"``; None estimates it.
    downbeat_s : float, or None
        A time at which a bar begins, in seconds of the recording: the beats that were found move there. Take
        the time of a note on the first beat of a bar.
    quantize : bool
        Whether notes are given written places and lengths on the beats; without, they keep only their times.
    prefer : "low", "open", "position", or None
        What fingerings lean to; None is balanced.
    max_span : int, or None
        Widest stretch of the hand in frets.
    max_fret : int, or None
        Highest fret to use, counted from the capo. Above 22 it also makes the neck longer.
    start_s, end_s : float
        Section of the recording in seconds; ``end_s`` None is its end.
    separate : "auto", "on", "off"
        Whether the guitar is taken out of a mix first; ``auto`` does where more than a guitar is heard.
    stem : "guitar", "other", "bass", "no_vocals"
        What is listened to after separation.
    detune : float, "auto" or "off"
        How many cents the whole guitar lies above concert pitch, -100..100; ``auto`` hears it, ``off`` takes
        it to be in tune. What is heard lies within 50 cents of a semitone: a guitar 60 cents flat is heard as
        one 40 cents sharp that plays a semitone lower.
    dead_notes : bool
        Whether strokes over damped strings are written, on the strings of the stroke before.
    target_accuracy : float
        Share of accepted notes that should be right, 0..1.

    Raises
    ------
    OptionError
        If a value makes no sense.
    MissingExtraError
        If ``separate`` is "on" and the extra is not installed.

    >>> TranscribeOptions(tuning="drop D", meter="6/8").beats_per_bar
    6
    """

    tuning: str = AUTO
    capo: int | Literal["auto"] = AUTO
    bpm: float | None = None
    meter: str | None = None
    downbeat_s: float | None = None
    quantize: bool = True
    prefer: Preference | None = None
    max_span: int | None = None
    max_fret: int | None = None
    start_s: float = 0.0
    end_s: float | None = None
    separate: SeparationMode = "auto"
    stem: Stem = "guitar"
    detune: float | Literal["auto", "off"] = AUTO
    dead_notes: bool = False
    target_accuracy: float = 0.8

    def __post_init__(self) -> None:
        self._check_numbers()
        if self.separate not in SEPARATION_MODES:
            mend = f"choose from {', '.join(SEPARATION_MODES)}"
            raise OptionError(f"separate cannot be {self.separate!r}", mend=mend)
        if self.stem not in STEMS:
            raise OptionError(f"stem cannot be {self.stem!r}", mend=f"choose from {', '.join(STEMS)}")
        if self.separate == "off" and self.stem != "guitar":
            raise OptionError("there is no stem to choose with separate off", mend="use separate auto or on")
        if self.meter is not None:
            parse_meter(self.meter)
        if self.separate == "on":
            require_separation()
        self.requested_tuning()

    def _check_numbers(self) -> None:
        if self.capo != AUTO and not isinstance(self.capo, int):
            raise OptionError(f"{self.capo!r} is not a capo position", mend="write a fret number, or auto")
        if isinstance(self.detune, int | float):
            _require_range("detune", self.detune, -_MOST_DETUNE, _MOST_DETUNE)
        elif self.detune not in (AUTO, "off"):
            raise OptionError(f"{self.detune!r} is no detuning", mend="write cents, or auto, or off")
        _require_range("bpm", self.bpm, MIN_BPM, MAX_BPM)
        _require_range("downbeat", self.downbeat_s, 0, float("inf"))
        self.fingering()
        _require_range("start", self.start_s, 0, float("inf"))
        _require_range("target_accuracy", self.target_accuracy, 0.01, 1.0)
        if self.end_s is not None and not self.end_s > self.start_s:
            raise OptionError(
                f"the section {self.start_s:g} .. {self.end_s:g} s is empty", mend="end after the start"
            )

    @property
    def beats_per_bar(self) -> int | None:
        """Numerator of the metre, if one was given."""
        return None if self.meter is None else parse_meter(self.meter)[0]

    @property
    def beat_unit(self) -> int | None:
        """Denominator of the metre, if one was given."""
        return None if self.meter is None else parse_meter(self.meter)[1]

    def fingering(self) -> FingeringOptions:
        """What these options ask of the hand."""
        span = FingeringOptions().max_span if self.max_span is None else self.max_span
        return FingeringOptions(prefer=self.prefer, max_span=span, max_fret=self.max_fret)

    def requested_tuning(self, otherwise: Tuning | None = None) -> Tuning:
        """The tuning and capo asked for; what is ``auto`` comes from ``otherwise`` (standard, no capo)."""
        base = Tuning(n_frets=N_FRETS) if otherwise is None else otherwise
        capo = base.capo if self.capo == AUTO else int(self.capo)
        n_frets = max(base.n_frets, min(capo + (self.max_fret or 0), _MOST_FRETS))
        if self.tuning == AUTO:
            if not 0 <= capo < n_frets:
                mend = f"choose 0 (none) to {n_frets - 1}"
                raise OptionError(f"a capo cannot sit on fret {capo}", mend=mend)
            return dataclasses.replace(base, capo=capo, n_frets=n_frets)
        return parse_tuning(self.tuning, capo=capo, n_frets=n_frets)

    @classmethod
    def from_mapping(cls, options: Mapping[str, object]) -> TranscribeOptions:
        """Options by name.

        Raises
        ------
        OptionError
            If a name is not an option, or a value makes no sense.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for name in options:
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
                mend = f"did you mean {close[0]!r}?" if close else f"options are {', '.join(known)}"
                raise OptionError(f"{name!r} is not an option of transcribe", mend=mend)
        try:
            return cls(**options)  # type: ignore[arg-type]  # values are checked on construction
        except TypeError as error:
            raise OptionError(f"an option has a value of the wrong kind: {error}") from error

    def given(self) -> dict[str, object]:
        """The options that differ from their defaults, as JSON values."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        }


def _require_range(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        limits = f"{low:g} or more" if high == float("inf") else f"{low:g} to {high:g}"
        raise OptionError(f"{name} cannot be {value:g}", mend=f"choose {limits}")
