"""Banks of recorded single notes: reads them, checks that each sounds as labelled, trims them to the onset.

A set is a folder with ``labels.csv`` beside its recordings (FLAC or WAV). Columns: ``file`` and ``peak``
(level before normalisation) always; ``midi``, or else the file is named after its note (``A#3``, ``GS2``);
``string_0lowE`` where the string is known; ``guitar`` where a set holds several; ``dyn``, or ``_mf_`` in the
name; ``semitone_check`` (not 0 = plays another pitch) and ``ambiguous`` where somebody has listened.
Neighbour: ``sample_voice`` plays tabs on a voice of the bank.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from fretscribe.convert import hz_to_midi, parse_pitch
from fretscribe.errors import DatasetError, OptionError
from fretscribe.music import STANDARD_TUNING, Tuning

BANK_RATE = 22050
"""Sample rate of all recordings in memory, Hz."""

_SETS: dict[str, tuple[str, ...]] = {
    "strat": ("strat",),
    "emily": ("emily",),
    "black-green": ("black", "green"),
    "spanish-classical": ("spanish-classical",),
    "freesound-acoustic": ("freesound-acoustic",),
}
VOICE_NAMES: tuple[str, ...] = tuple(name for names in _SETS.values() for name in names)
"""One name for each guitar, so that training can leave a whole guitar out."""

_DYNAMIC_VELOCITY = {"p": 45.0, "mp": 65.0, "mf": 85.0, "f": 108.0}
_NAMED_NOTE = re.compile(r"([A-G])([S#]?)(\d)([S#]?)")
_NAMED_DYNAMIC = re.compile(r"_(p|mp|mf|f)_")
_MAX_DETUNE = 0.5  # semitones from the label
_MIN_PERIODICITY = 0.6
_LOWEST_HZ, _HIGHEST_HZ = 40.0, 1500.0
_ONSET_BELOW_PEAK = 10.0 ** (-15.0 / 20.0)
_ONSET_SEARCH_S = 0.25
_KEPT_BEFORE_ONSET_S = 0.002
_REACH = 1  # semitones that a recording may be shifted

Int16Array = npt.NDArray[np.int16]
Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordedNote:
    """A recorded note, its onset 2 ms after the first sample.

    Attributes
    ----------
    samples : int16 array [n_samples]
        At `BANK_RATE`, as stored (normalised), faded at both ends.
    pitch : int
        MIDI.
    string : int or None
        The string of a guitar in standard tuning, 0 = lowest; None where nobody knows.
    velocity : float
        What the dynamic mark stands for, 1..127; 80 where there is none.
    level : float
        Gain that restores how loud the note was beside the others of its dynamic; about 1.
    """

    samples: Int16Array
    pitch: int
    string: int | None
    velocity: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleVoice:
    """One guitar: its recorded notes by what they can play.

    Attributes
    ----------
    name : str
    notes : tuple of RecordedNote
    """

    name: str
    notes: tuple[RecordedNote, ...]
    _by_place: Mapping[tuple[int | None, int], tuple[RecordedNote, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.notes:
            raise ValueError(f"voice {self.name!r} has no notes")
        if len({note.string is None for note in self.notes}) != 1:
            raise ValueError(f"voice {self.name!r} knows the string of some notes only")
        by_place: dict[tuple[int | None, int], list[RecordedNote]] = {}
        for note in self.notes:
            by_place.setdefault((note.string, note.pitch), []).append(note)
        frozen = {place: tuple(notes) for place, notes in by_place.items()}
        object.__setattr__(self, "_by_place", MappingProxyType(frozen))

    @property
    def knows_strings(self) -> bool:
        """Whether a note is played on the string that the tab asks for; otherwise only its pitch is right."""
        return self.notes[0].string is not None

    def recordings(self, pitch: int, open_pitch: int) -> tuple[RecordedNote, ...]:
        """Recordings that can play a pitch on a string tuned to ``open_pitch``, empty if there are none.

        The nearest by pitch, at most a semitone away. A voice that knows its strings plays a string on its
        own string of nearest tuning, at most 3 semitones away (the string gauge would not fit otherwise).
        """
        string: int | None = None
        if self.knows_strings:
            gaps = [abs(own - open_pitch) for own in STANDARD_TUNING.open_pitches]
            if min(gaps) > 3:
                return ()
            string = gaps.index(min(gaps))
        for gap in range(_REACH + 1):
            found = [self._by_place.get((string, pitch + sign * gap), ()) for sign in (1, -1)[: gap + 1]]
            if any(found):
                return tuple(note for notes in found for note in notes)
        return ()

    def can_play(self, pitch: int, open_pitch: int) -> bool:
        """Whether there is a recording for a pitch on a string tuned to ``open_pitch``."""
        return bool(self.recordings(pitch, open_pitch))

    def playable_frets(self, tuning: Tuning, string: int) -> tuple[int, ...]:
        """Frets of a string (from the capo) that this voice can play."""
        open_pitch = tuning.open_pitches[string]
        frets = range(tuning.highest_fret + 1)
        return tuple(f for f in frets if self.can_play(open_pitch + tuning.capo + f, open_pitch))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleBank:
    """The voices that were asked for, and the recordings that were refused.

    Attributes
    ----------
    voices : mapping of name to SampleVoice
    rejected : tuple of (file, reason)
        ``set/path`` of recordings that do not sound as labelled.
    """

    voices: Mapping[str, SampleVoice]
    rejected: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "voices", MappingProxyType(dict(self.voices)))


def load_sample_bank(
    root: Path, names: Iterable[str] = VOICE_NAMES, *, restore_level: bool = True
) -> SampleBank:
    """Read voices from a folder of sample sets.

    Parameters
    ----------
    root : Path
        Holds a folder for each set (``strat``, ``emily``, ``black-green`` ...).
    names : iterable of str
        Voices wanted, see `VOICE_NAMES`.
    restore_level : bool
        Undo the recordings' normalisation among notes of one dynamic (at most 6 dB).

    Raises
    ------
    OptionError
        If a name is unknown.
    DatasetError
        If a set is absent, its labels cannot be used, or a voice has no usable note.
    """
    wanted = list(names)
    unknown = [name for name in wanted if name not in VOICE_NAMES]
    if unknown:
        raise OptionError(
            f"unknown sample voice {', '.join(unknown)}", mend=f"choose from {', '.join(VOICE_NAMES)}"
        )
    voices: dict[str, SampleVoice] = {}
    rejected: list[tuple[str, str]] = []
    for set_name, voice_names in _SETS.items():
        chosen = [name for name in voice_names if name in wanted]
        if not chosen:
            continue
        rows = _read_labels(root / set_name)
        for name in chosen:
            own = [row for row in rows if row.get("guitar", name) == name]
            notes, refused = _read_voice(root / set_name, own, restore_level=restore_level)
            rejected.extend((f"{set_name}/{file}", reason) for file, reason in refused)
            if not notes:
                raise DatasetError(f"no recording of voice {name!r} in {root / set_name} can be used")
            voices[name] = SampleVoice(name=name, notes=tuple(notes))
    return SampleBank(voices=voices, rejected=tuple(rejected))


def _read_labels(folder: Path) -> list[dict[str, str]]:
    path = folder / "labels.csv"
    if not path.is_file():
        raise DatasetError(
            f"no sample set at {folder}: labels.csv is missing",
            mend="point to the folder that holds the sets",
        )
    with path.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    if not rows or not {"file", "peak"} <= rows[0].keys():
        raise DatasetError(f"{path} needs the columns file and peak, and at least one row")
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Take:
    """A recording with its label, before it is judged beside the rest of its voice."""

    file: str
    samples: Float64Array
    labelled: int
    named: bool
    heard: float
    string: int | None
    velocity: float
    peak: float


def _read_voice(
    folder: Path, rows: list[dict[str, str]], *, restore_level: bool
) -> tuple[list[RecordedNote], list[tuple[str, str]]]:
    takes: list[_Take] = []
    rejected: list[tuple[str, str]] = []
    for row in rows:
        reason = _refused_by_label(row)
        if not reason:
            take = _read_take(folder, row)
            if isinstance(take, _Take):
                takes.append(take)
                continue
            reason = take
        rejected.append((row["file"], reason))
    shift = _octave_shift([take for take in takes if take.named])
    notes = []
    for take in takes:
        pitch = take.labelled + (shift if take.named else 0)
        if abs(take.heard - pitch) > _MAX_DETUNE:
            rejected.append((take.file, f"sounds {take.heard:.2f}, labelled {pitch}"))
            continue
        usual = float(np.median([t.peak for t in takes if t.velocity == take.velocity]))
        level = float(np.clip(take.peak / usual, 0.5, 2.0)) if restore_level else 1.0
        notes.append(
            RecordedNote(
                samples=_as_int16(take.samples),
                pitch=pitch,
                string=take.string,
                velocity=take.velocity,
                level=level,
            )
        )
    return notes, rejected


def _refused_by_label(row: Mapping[str, str]) -> str:
    check = row.get("semitone_check") or "0"
    if float(check) != 0.0:
        return f"labelled as {check} semitones off"
    if (row.get("ambiguous") or "False").lower() in ("true", "1", "yes"):
        return "labelled as ambiguous"
    return ""


def _read_take(folder: Path, row: Mapping[str, str]) -> _Take | str:
    """One row's recording, trimmed; or the reason why it cannot be used."""
    path = folder / row["file"]
    try:
        samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    except soundfile.SoundFileError as error:
        raise DatasetError(f"cannot read the recording {path}: {error}") from error
    mono = samples.mean(axis=1)
    if rate != BANK_RATE:
        mono = soxr.resample(mono, rate, BANK_RATE)
    if not mono.size or float(np.abs(mono).max()) < 1e-4:
        return "silent"
    heard, periodicity = estimate_pitch(mono, BANK_RATE)
    if periodicity < _MIN_PERIODICITY:
        return f"no clear pitch (periodicity {periodicity:.2f})"
    dynamic = row.get("dyn") or next(iter(_NAMED_DYNAMIC.findall(path.name)), "")
    if dynamic and dynamic not in _DYNAMIC_VELOCITY:
        raise DatasetError(f"{folder / 'labels.csv'}: unknown dynamic {dynamic!r} of {row['file']}")
    try:
        return _Take(
            file=row["file"],
            samples=trim_to_onset(mono),
            labelled=int(row["midi"]) if row.get("midi") else pitch_of_file_name(path.stem),
            named=not row.get("midi"),
            heard=heard,
            string=int(row["string_0lowE"]) if row.get("string_0lowE") else None,
            velocity=_DYNAMIC_VELOCITY.get(dynamic, 80.0),
            peak=float(row["peak"]),
        )
    except ValueError as error:
        raise DatasetError(f"{folder / 'labels.csv'}: bad number for {row['file']}: {error}") from error


def pitch_of_file_name(stem: str) -> int:
    """MIDI pitch of a recording named after its note; ``S`` is a sharp, before or after the octave.

    Raises
    ------
    DatasetError
        If the name is not a note.

    >>> pitch_of_file_name("A#3"), pitch_of_file_name("GS2"), pitch_of_file_name("G4S")
    (58, 44, 68)
    """
    match = _NAMED_NOTE.fullmatch(stem)
    if match is None:
        raise DatasetError(f"the recording {stem!r} is not named after a note and has no midi column")
    sharp = "#" if match[2] or match[4] else ""
    return parse_pitch(f"{match[1]}{sharp}{match[3]}")


def _octave_shift(named: list[_Take]) -> int:
    """Semitones between the octave numbers of the file names and scientific ones (0 where they agree)."""
    if not named:
        return 0
    return 12 * round(float(np.median([take.heard - take.labelled for take in named])) / 12.0)


def estimate_pitch(samples: Float64Array, sample_rate: int) -> tuple[float, float]:
    """Pitch of a plucked note by autocorrelation, from 50 ms after its loudest moment.

    Parameters
    ----------
    samples : float array [n_samples]
    sample_rate : int

    Returns
    -------
    pitch : float
        Fractional MIDI pitch between 40 Hz and 1.5 kHz; 0 where there is none.
    periodicity : float
        Height of the autocorrelation there, 0..1.
    """
    n_window = round(0.37 * sample_rate)
    peak = int(np.argmax(np.abs(samples[:sample_rate])))
    start = max(0, min(peak + round(0.05 * sample_rate), len(samples) - n_window))
    window = samples[start : start + n_window]
    n = len(window)
    if n <= 2 * sample_rate / _LOWEST_HZ:
        return 0.0, 0.0
    taper = np.hanning(n)
    curve = _autocorrelation((window - window.mean()) * taper) / np.maximum(_autocorrelation(taper), 1e-9)
    curve = curve / max(float(curve[0]), 1e-12)
    lags = np.arange(int(sample_rate / _HIGHEST_HZ), int(sample_rate / _LOWEST_HZ))
    peaks = lags[(curve[lags] >= curve[lags - 1]) & (curve[lags] > curve[lags + 1])]
    if not len(peaks):
        return 0.0, 0.0
    # The first of the high peaks: multiples of the period are as high.
    lag = int(peaks[curve[peaks] >= 0.9 * curve[peaks].max()][0])
    below, here, above = curve[lag - 1 : lag + 2]
    refined = lag + 0.5 * (below - above) / (below - 2.0 * here + above)
    return hz_to_midi(sample_rate / float(refined)), float(np.clip(here, 0.0, 1.0))


def _autocorrelation(signal: Float64Array) -> Float64Array:
    n_padded = 1 << (2 * len(signal) - 1).bit_length()  # a power of two is many times faster than a prime
    spectrum = np.abs(np.fft.rfft(signal, n_padded)) ** 2
    return np.asarray(np.fft.irfft(spectrum)[: len(signal)], dtype=np.float64)


def trim_to_onset(samples: Float64Array) -> Float64Array:
    """The recording from 2 ms before its onset, faded in over those 2 ms and out over its last 20 ms.

    The onset is where the short-time level first comes within 15 dB of its highest in the first 0.25 s
    after the level first rises: pick noise and hum before the stroke lie below that in the sets at hand.
    """
    n_kept = round(_KEPT_BEFORE_ONSET_S * BANK_RATE)
    energy = np.concatenate((np.zeros(n_kept), np.cumsum(samples**2)))
    level = np.sqrt(np.maximum(energy[n_kept:] - energy[:-n_kept], 0.0))
    first = int(np.argmax(level > 0.01 * level.max()))
    loudest = level[first : first + round(_ONSET_SEARCH_S * BANK_RATE)].max()
    onset = first + int(np.argmax(level[first:] >= _ONSET_BELOW_PEAK * loudest))
    trimmed = samples[max(0, onset - n_kept) :].copy()
    n_in, n_out = min(n_kept, len(trimmed)), min(round(0.02 * BANK_RATE), len(trimmed))
    trimmed[:n_in] *= np.linspace(0.0, 1.0, n_in)
    trimmed[-n_out:] *= np.linspace(1.0, 0.0, n_out)
    return trimmed


def _as_int16(samples: Float64Array) -> Int16Array:
    # Half the memory of float32, and the recordings were no finer.
    scaled = np.clip(np.rint(samples * 32767.0), -32768, 32767).astype(np.int16)
    scaled.flags.writeable = False
    return scaled
