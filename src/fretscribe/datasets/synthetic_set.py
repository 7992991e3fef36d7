"""A set of rendered guitar music: recordings and annotations in GuitarSet's layout, and training arrays.

Tabs of the seeded generator (standard tuning, frets 0 to 20) are played by random guitars through random
recording chains. X_spec is heard from the sound, y read from the annotation as for the real set, X_lstm drawn
from a `ConfusionModel`. Track k is a function of the seed and k alone, whoever renders it.
Neighbours: ``idioms`` writes the tabs, ``synthetic`` plays them, ``noise`` errs, ``guitarset`` reads the
layout.
"""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from fretscribe.datasets.arrays import (
    AnyArray,
    ArraysInfo,
    check_free,
    cut_samples,
    encode_frets,
    frets_on_grid,
    sample_infos,
    write_pieces,
)
from fretscribe.datasets.arrays_info import SampleStyle
from fretscribe.datasets.effects import random_recording, record
from fretscribe.datasets.fret_frames import FretArray
from fretscribe.datasets.guitars import GuitarKind, random_guitar
from fretscribe.datasets.guitarset import AUDIO_FOLDERS
from fretscribe.datasets.guitarset_truth import parse_truth
from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.idioms.generator import Style
from fretscribe.datasets.noise import ConfusionModel, apply_noise
from fretscribe.datasets.noise_file import confusions_text
from fretscribe.datasets.synthetic import RENDER_RATE, render_strings
from fretscribe.dsp.mel import MEL_HOP_LENGTH, MEL_SAMPLE_RATE, log_mel, mel_grid
from fretscribe.errors import OptionError, OutputError
from fretscribe.frames import Audio, FloatArray
from fretscribe.io.audio import read_audio
from fretscribe.io.audio_writer import write_audio
from fretscribe.io.jams import render_jams
from fretscribe.music import Key, Tab, Tuning
from fretscribe.result import AudioInfo, Transcription
from fretscribe.symbols import key_tonic_name
from fretscribe.workers.pool import in_order

SetKind = Literal["mixed", "steel", "electric", "nylon"]


def parse_kind(text: str) -> SetKind:
    """A kind of set by name; `OptionError` for what is none."""
    for name in get_args(SetKind):
        if text == name:
            return name  # type: ignore[no-any-return]  # get_args forgets that it is a Literal
    raise OptionError(f"unknown kind {text!r}", mend=f"use {', '.join(get_args(SetKind))}")


PLAYERS = ("s0", "s1", "s2", "s3", "s4")
"""Made-up players: tracks are dealt out to them, so that folds by player work."""

_SHORTEST_S = 2.0
_TAIL_S = 0.5
_TUNING = Tuning(n_frets=20)  # the arrays have no room above
_COMP: tuple[Style, ...] = ("strum", "arpeggio", "fingerstyle", "jazz", "chords")
_SOLO: tuple[Style, ...] = ("lead", "riff", "chromatic", "repeat")
_AUDIO_FOLDER = AUDIO_FOLDERS["mic"]
_MADE_NAME = "s[0-4]_Synth*"


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthOptions:
    """What to render.

    Attributes
    ----------
    minutes : float
        Of music.
    seed : int
    kind : "mixed" | "steel" | "electric" | "nylon"
        Of guitar.
    arrays, layout : bool
        Whether to write training arrays, and whether recordings and annotations.
    timesteps : int
        Frames of a sample.
    track_s : float
        About how long a track is, in seconds; the tracks share the minutes evenly.
    """

    minutes: float
    seed: int = 0
    kind: SetKind = "mixed"
    arrays: bool = True
    layout: bool = True
    timesteps: int = 200
    track_s: float = 30.0

    def __post_init__(self) -> None:
        if not self.minutes * 60 >= _SHORTEST_S or self.minutes > 60 * 24 * 30:
            raise OptionError(f"{self.minutes} minutes cannot be rendered", mend="give --minutes 1 or more")
        if not (self.arrays or self.layout):
            raise OptionError("neither arrays nor layout: there is nothing to write")
        if self.seed < 0 or self.timesteps < 1 or self.track_s < _SHORTEST_S:
            raise OptionError("the seed must not be negative, timesteps and track_s must be positive")

    @property
    def n_tracks(self) -> int:
        return max(1, round(self.minutes * 60 / self.track_s))

    @property
    def duration_s(self) -> float:
        """Seconds of music of each track."""
        return self.minutes * 60 / self.n_tracks


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rendered:
    """A track as it comes from a worker; its files lie in the staging folder."""

    track: str
    player: str
    style: SampleStyle
    spec: FloatArray
    frets: FretArray
    n_above: int


def render_set(
    out: Path,
    options: SynthOptions,
    *,
    noise: ConfusionModel,
    executor: Executor | None = None,
    force: bool = False,
    progress: Callable[[str, float], None] | None = None,
) -> ArraysInfo | None:
    """Render a set into a folder.

    Parameters
    ----------
    out : Path
        Made if absent; gets ``annotation/``, ``audio_mono-mic/`` and the arrays.
    options : SynthOptions
    noise : ConfusionModel
        How the predictions in X_lstm err.
    executor : Executor, optional
        Renders the tracks; this process otherwise.
    force : bool
        Replace an earlier rendered set; other files stay.
    progress : callable, optional
        Called with the track that is done and the share done, 0..1.

    Returns
    -------
    ArraysInfo, or None without arrays

    Raises
    ------
    OutputError
        If an earlier set is there (without ``force``) or something cannot be written; then nothing is.
    """
    out = Path(out)
    if options.arrays:
        check_free(out, "train", force=force)
    if options.layout and not force and any(_made_files(out)):
        raise OutputError(f"{out} holds a rendered set", mend="use --force to replace it")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fretscribe-", dir=out) as temporary:
            staging = Path(temporary)
            work = partial(_render_track, options=options, staging=staging)
            rendered = []
            results = in_order(work, range(options.n_tracks), executor)
            for number, track in enumerate(results, start=1):
                rendered.append(track)
                if progress is not None:
                    progress(track.track, number / options.n_tracks)
            info = _write_arrays(out, rendered, options, noise, force=force) if options.arrays else None
            if options.layout:
                _publish(staging, out)
    except OSError as error:
        raise OutputError(f"cannot write into {out}: {error.strerror or error}") from error
    return info


def _made_files(out: Path) -> Iterator[Path]:
    yield from (out / "annotation").glob(f"{_MADE_NAME}.jams")
    yield from (out / _AUDIO_FOLDER).glob(f"{_MADE_NAME}.wav")


def _publish(staging: Path, out: Path) -> None:
    """Move the new files to their places; those of an earlier set go."""
    for old in list(_made_files(out)):
        old.unlink()
    for folder in ("annotation", _AUDIO_FOLDER):
        (out / folder).mkdir(exist_ok=True)
        for path in sorted((staging / folder).iterdir()):
            shutil.move(path, out / folder / path.name)


def _render_track(number: int, *, options: SynthOptions, staging: Path) -> _Rendered:
    rng = np.random.default_rng([options.seed, number])
    player = PLAYERS[number // 2 % len(PLAYERS)]
    style: Literal["comp", "solo"] = "solo" if number % 2 else "comp"
    styles = _SOLO if style == "solo" else _COMP
    playing = styles[int(rng.integers(len(styles)))]
    tab = generate_tab(rng, duration_s=options.duration_s, tuning=_TUNING, style=playing)
    kind: GuitarKind | None = None if options.kind == "mixed" else options.kind
    guitar = random_guitar(rng, tab.tuning, kind=kind)
    strings = render_strings(tab, guitar, rng, duration_s=options.duration_s + _TAIL_S)
    signal = record(strings, random_recording(rng, guitar.kind), rng, sample_rate=RENDER_RATE)
    audio = Audio(samples=signal[None], sample_rate=RENDER_RATE)
    name = _track_name(number, player, style, tab)
    annotation = _annotation(tab, audio)
    for folder in ("annotation", _AUDIO_FOLDER):
        (staging / folder).mkdir(exist_ok=True)
    sound_file = staging / _AUDIO_FOLDER / f"{name}_mic.wav"
    write_audio(audio, sound_file, force=True)  # a worker that died here may have written it
    (staging / "annotation" / f"{name}.jams").write_bytes(annotation)
    # Heard from the file, as a recording is: in quiet ones the 16 bits matter.
    spec = log_mel(read_audio(sound_file, sample_rate=MEL_SAMPLE_RATE).audio.mono())
    frets, n_above = frets_on_grid(parse_truth(annotation, name).notes, mel_grid(len(spec)))
    return _Rendered(track=name, player=player, style=style, spec=spec, frets=frets, n_above=n_above)


def _track_name(number: int, player: str, style: str, tab: Tab) -> str:
    """A name as GuitarSet's: player, excerpt-tempo-key, style."""
    tempo = round(float(str(tab.provenance["tempo_bpm"])))
    key = key_tonic_name(tab.key or Key(tonic=0, mode="major"))
    return f"{player}_Synth{number + 1:03d}-{tempo}-{key}_{style}"


def _annotation(tab: Tab, audio: Audio) -> bytes:
    """The tab as JAMS; dead notes are left out: they click, but their pitch does not sound."""
    sounding = tuple(note for note in tab.notes if "dead" not in note.techniques)
    info = AudioInfo(path="", duration_s=audio.duration_s, sha256="")
    return render_jams(Transcription(tab=dataclasses.replace(tab, notes=sounding), audio=info))


def _write_arrays(
    out: Path, tracks: Sequence[_Rendered], options: SynthOptions, noise: ConfusionModel, *, force: bool
) -> ArraysInfo:
    samples = [
        sample
        for item in tracks
        for sample in sample_infos(
            track=item.track,
            player=item.player,
            source="synthetic",
            style=item.style,
            n_frames=len(item.frets),
            timesteps=options.timesteps,
        )
    ]
    digest = hashlib.sha256(confusions_text(noise).encode()).hexdigest()
    info = ArraysInfo(
        sample_rate=MEL_SAMPLE_RATE,
        hop_length=MEL_HOP_LENGTH,
        start_s=0.0,
        timesteps=options.timesteps,
        samples=tuple(samples),
        open_pitches=_TUNING.open_pitches,
        seed=options.seed,
        n_above_fret_20=sum(item.n_above for item in tracks),
        x_lstm={
            "made_by": "noise model",
            "confusions_sha256": digest,
            "seen_player": {item.track: False for item in tracks},
        },
        provenance={"made_by": "rendered by datasets.synthetic", "kind": options.kind},
    )
    cut = partial(cut_samples, timesteps=options.timesteps)
    pieces: dict[str, Iterable[AnyArray]] = {
        "x_spec": (cut(item.spec)[0] for item in tracks),
        "y": (cut(encode_frets(item.frets))[0] for item in tracks),
        "valid": (cut(item.frets)[1] for item in tracks),
        "x_lstm": (
            cut(_predictions(number, item.frets, options, noise))[0] for number, item in enumerate(tracks)
        ),
    }
    write_pieces(out, info, pieces, "train", force=force)
    return info


def _predictions(number: int, frets: FretArray, options: SynthOptions, noise: ConfusionModel) -> FloatArray:
    rng = np.random.default_rng([options.seed, number, 1])  # not the renderer's own
    step_s = MEL_HOP_LENGTH / MEL_SAMPLE_RATE
    return apply_noise(frets, rng, noise, time_step_s=step_s, open_pitches=_TUNING.open_pitches)
