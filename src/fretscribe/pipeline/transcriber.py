"""The route from a recording to a tab: each stage is a callable that can be exchanged.

`Transcriber` only composes: it passes values from stage to stage and keeps the account (`Ledger`). It knows
no algorithm. Neighbours: ``io.audio``, ``separation``, ``models.acoustic`` and ``symbolic`` do the work;
``retabbing`` goes the second half of the way again without sound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from fretscribe import __version__
from fretscribe.dsp.dead_strokes import hear_dead_strokes
from fretscribe.dsp.detune import estimate_detune
from fretscribe.dsp.stiffness import measure_stiffness
from fretscribe.frames import Audio, FretProbs, StringRoll
from fretscribe.io.audio import AudioFile, cut_audio, read_audio, resample_audio
from fretscribe.music import Note
from fretscribe.pipeline.dead_notes import HearDeadStrokes, write_dead_notes
from fretscribe.pipeline.detuning import EstimateDetune, InTune, bring_in_tune
from fretscribe.pipeline.drafting import Drafting, Watch
from fretscribe.pipeline.ledger import Ledger
from fretscribe.pipeline.low_notes import HearLowNotes, hear_low_notes, low_trace_s
from fretscribe.pipeline.options import TranscribeOptions
from fretscribe.pipeline.separating import Original, Separation
from fretscribe.pipeline.stiff_strings import MeasureStiffness, hear_stiffness
from fretscribe.pipeline.tabbing import Hands, compose_tab, judge_confidence
from fretscribe.pipeline.technique_marks import HearTechniques, mark_techniques
from fretscribe.pipeline.tuning_choice import EstimateTuning, choose_tuning
from fretscribe.result import AudioInfo, Transcription
from fretscribe.symbolic.decode import decode_notes, for_tuning
from fretscribe.symbolic.evidence import hear_strings
from fretscribe.symbolic.techniques import hear_techniques
from fretscribe.symbolic.tuning import estimate_tuning

Progress = Callable[[str, float], None]
"""Called with the name of the running stage and the share of all the work that is done, 0..1."""

_READ_SHARE = 0.1
_SEPARATED_SHARE = 0.8  # where it runs, it takes by far the longest
# Of what is left then, as it takes for a song of three minutes.
_HEARD, _HEARD_FRETS, _HEARD_STRINGS, _COMPOSED = 0.25, 0.4, 0.55, 0.8


class Acoustic(Protocol):
    """Hears: audio at ``sample_rate`` -> onset and activity of every string and pitch.

    ``so_far`` is given only where somebody watches: it is called with what was heard up to then.
    """

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    @property
    def sample_rate(self) -> int: ...

    def __call__(
        self,
        audio: Audio,
        *,
        progress: Callable[[float], None] | None = None,
        so_far: Callable[[StringRoll], None] | None = None,
    ) -> StringRoll: ...


class Read(Protocol):
    """Reads a section of a recording as mono audio."""

    def __call__(
        self,
        path: Path,
        *,
        sample_rate: int,
        start_s: float,
        end_s: float | None,
        progress: Callable[[float], None] | None,
    ) -> AudioFile: ...


class TabNetwork(Protocol):
    """TabCNN: hears frets, on the strings of the guitar with these ``open_pitches``."""

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    @property
    def open_pitches(self) -> tuple[int, ...]: ...

    def __call__(self, audio: Audio) -> FretProbs: ...


class Refine(Protocol):
    """LSTMPredictor: refines a sequence of frets."""

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    def __call__(self, frets: FretProbs) -> FretProbs: ...


class Separate(Protocol):
    """Takes the guitar out of a mix, where there is one, and enters the stage."""

    def __call__(
        self,
        audio: Audio,
        original: Original,
        options: TranscribeOptions,
        ledger: Ledger,
        progress: Callable[[float], None] | None = None,
    ) -> Audio: ...


Decode = Callable[[StringRoll], Sequence[Note]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcriber:
    """Turns recordings into tabs. Call it with a path or with `Audio`; it may be called any number of times.

    Attributes
    ----------
    acoustic : Acoustic
        The loaded acoustic model.
    tabcnn : TabNetwork, or None
        The loaded TabCNN; None leaves strings to the acoustic model alone, and the account says so.
    lstm : Refine, or None
        The loaded LSTMPredictor.
    read, separate, estimate_detune, decode, hear_low_notes, measure_stiffness, estimate_tuning : callable
        The stages up to the notes, what was heard of their strings, and the guitar's tuning.
    hands : Hands
        The stages after: fingering, beats, key and chords, confidence.
    hear_techniques, hear_dead_strokes : callable
        Listen once more, to how the notes of the tab are played, and between them.
    notices : tuple of str
        What every result should warn of: found when the parts were loaded.
    """

    acoustic: Acoustic
    tabcnn: TabNetwork | None = None
    lstm: Refine | None = None
    read: Read = read_audio
    separate: Separate = field(default_factory=Separation)
    estimate_detune: EstimateDetune = estimate_detune
    decode: Decode = decode_notes
    hear_low_notes: HearLowNotes = hear_low_notes
    measure_stiffness: MeasureStiffness = measure_stiffness
    estimate_tuning: EstimateTuning = estimate_tuning
    hands: Hands = Hands()  # noqa: RUF009 - frozen
    hear_techniques: HearTechniques = hear_techniques
    hear_dead_strokes: HearDeadStrokes = hear_dead_strokes
    notices: tuple[str, ...] = ()

    def __call__(
        self,
        source: Path | str | Audio,
        options: TranscribeOptions | None = None,
        *,
        progress: Progress | None = None,
        watch: Watch | None = None,
    ) -> Transcription:
        """Transcribe one recording.

        Parameters
        ----------
        source : Path, str or Audio
        options : TranscribeOptions, optional
        progress : callable, optional
        watch : callable, optional
            Called with bars as they are first heard, see `Draft`; the result is the same with and without.

        Returns
        -------
        Transcription
            Times count from the start of the recording, also when only a section was heard. A silent
            recording gives an empty tab and a warning.

        Raises
        ------
        FretscribeError
            If the recording cannot be read, or an option cannot be met.
        """
        options = options or TranscribeOptions()
        ledger = Ledger()
        for notice in self.notices:
            ledger.warn(notice)
        audio, info, original = self._read(source, options, ledger, progress)
        title = Path(info.path).stem if info is not None else ""
        duration_s = options.start_s + audio.duration_s
        with ledger.timed("separation"):
            told = _part(progress, "separating", _READ_SHARE, _SEPARATED_SHARE)
            guitar = self.separate(audio, original, options, ledger, told)
        heard_from = _READ_SHARE if guitar is audio else _SEPARATED_SHARE
        audio = guitar
        del guitar, original
        heard = bring_in_tune(audio, options, self.estimate_detune, ledger)
        del audio  # an hour of it is a third of a gigabyte
        tell = _rest(progress, heard_from)
        drafting = None
        if watch is not None:
            drafting = Drafting(options, self.decode, self.estimate_tuning, self.hands, watch)
        roll = self._hear(heard, options, ledger, _part(tell, "listening", 0.0, _HEARD), drafting)
        with ledger.timed("decode"):
            notes = list(self.decode(roll))
        trace_s = low_trace_s(roll)
        del roll  # an hour of it is half a gigabyte, and the tab networks need room
        frets = self._hear_frets(heard, options, ledger)
        tell("listening", _HEARD_FRETS)
        ledger.note("decode", "ran", f"{len(notes)} notes")
        notes = self.hear_low_notes(notes, trace_s, heard, options, self.acoustic, self.decode, ledger)
        notes = hear_stiffness(notes, heard, options.start_s, self.measure_stiffness, ledger)
        tell("fingering", _HEARD_STRINGS)
        tuning, tuning_confidence = choose_tuning(notes, options, self.estimate_tuning, ledger)
        notes = [for_tuning(note, tuning) for note in notes]
        if frets is not None and self.tabcnn is not None:
            notes = hear_strings(notes, frets, self.tabcnn.open_pitches, tuning)
        detune_cents = heard.cents
        del frets
        tab = compose_tab(notes, tuning, duration_s, options, self.hands, ledger)
        tell("hearing techniques", _COMPOSED)
        tab = mark_techniques(tab, heard, options.start_s, self.hear_techniques, ledger)
        tab, confidence = judge_confidence(tab, options.target_accuracy, self.hands, ledger)
        tab = write_dead_notes(tab, heard, options, self.hear_dead_strokes, self.hands, ledger)
        del heard
        return Transcription(
            tab=replace(tab, title=title, provenance=self._provenance(options)),
            stages=tuple(ledger.stages),
            timings_s=ledger.timings_s,
            warnings=tuple(ledger.warnings),
            audio=info,
            tuning_confidence=tuning_confidence,
            detune_cents=detune_cents,
            confidence=confidence,
        )

    def _read(
        self,
        source: Path | str | Audio,
        options: TranscribeOptions,
        ledger: Ledger,
        progress: Progress | None,
    ) -> tuple[Audio, AudioInfo | None, Original]:
        rate = self.acoustic.sample_rate
        with ledger.timed("read"):
            if isinstance(source, Audio):
                audio = resample_audio(cut_audio(source, options.start_s, options.end_s), rate)
                ledger.note("read", "skipped", "the sound was handed in")
                return audio, None, Original.in_memory(source)
            file = self.read(
                Path(source),
                sample_rate=rate,
                start_s=options.start_s,
                end_s=options.end_s,
                progress=_part(progress, "reading", 0.0, _READ_SHARE),
            )
        ledger.note("read", "ran", f"{file.audio.duration_s:.2f} s")
        for warning in file.warnings:
            ledger.warn(warning)
        original = Original(source=Path(source), sha256=file.info.sha256, channel=file.only_channel)
        return file.audio, file.info, original

    def _hear(
        self,
        heard: InTune,
        options: TranscribeOptions,
        ledger: Ledger,
        progress: Callable[[float], None] | None,
        drafting: Drafting | None,
    ) -> StringRoll:
        """What the acoustic model hears, on the clock of the recording."""

        def on_clock(roll: StringRoll) -> StringRoll:
            return replace(roll, grid=heard.clock(roll.grid, options.start_s))

        with ledger.timed("acoustic"):
            if drafting is None:
                roll = on_clock(self.acoustic(heard.audio, progress=progress))
            else:
                roll = on_clock(
                    self.acoustic(
                        heard.audio, progress=progress, so_far=lambda part: drafting.hear(on_clock(part))
                    )
                )
                drafting.end(roll)
        ledger.note("acoustic", "ran", f"{self.acoustic.name}, {roll.grid.n_frames} frames")
        return roll

    def _hear_frets(self, heard: InTune, options: TranscribeOptions, ledger: Ledger) -> FretProbs | None:
        """What the tab networks hear, on the clock of the recording."""
        if self.tabcnn is None:
            ledger.note("tabcnn", "skipped", "no TabCNN was given")
            ledger.note("lstm", "skipped", "no TabCNN was given")
            return None
        with ledger.timed("tabcnn"):
            frets = self.tabcnn(heard.audio)
        ledger.note("tabcnn", "ran", f"{self.tabcnn.name}, {frets.grid.n_frames} frames")
        if self.lstm is None:
            ledger.note("lstm", "skipped", "no LSTMPredictor was given")
        else:
            with ledger.timed("lstm"):
                frets = self.lstm(frets)
            ledger.note("lstm", "ran", f"{self.lstm.name}, {frets.grid.n_frames} frames")
        return replace(frets, grid=heard.clock(frets.grid, options.start_s))

    def weights(self) -> dict[str, str]:
        """Name -> sha256 of the networks in use."""
        networks = (self.acoustic, self.tabcnn, self.lstm)
        return {network.name: network.sha256 for network in networks if network is not None}

    def _provenance(self, options: TranscribeOptions) -> dict[str, object]:
        return {
            "program": f"fretscribe {__version__}",
            "weights": self.weights(),
            "options": options.given(),
        }


def _part(progress: Progress | None, stage: str, low: float, high: float) -> Callable[[float], None] | None:
    """The progress of one stage as a stretch of the whole."""
    if progress is None:
        return None
    return lambda share: progress(stage, low + (high - low) * share)


def _rest(progress: Progress | None, done: float) -> Progress:
    """The progress of what is left when ``done`` of the whole is."""
    if progress is None:
        return lambda stage, share: None
    return lambda stage, share: progress(stage, done + (1.0 - done) * share)
