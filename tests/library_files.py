"""A library as people have them: good recordings, odd ones, broken ones, and names that nobody expects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from fretscribe.datasets.idioms import demo_tab
from fretscribe.datasets.synthetic import render
from fretscribe.frames import FloatArray

Put = Callable[[Path, FloatArray, int], None]

_LENGTH_S = 1.5


def write_library(folder: Path, n_files: int) -> list[Path]:
    """That many files, some of them in folders of the folder; every kind before any comes again.

    Returns
    -------
    list of Path
        Sorted; also what is no recording, and a link that leads nowhere.
    """
    audio = render(demo_tab(), seed=11)
    sound, rate = audio.samples[0], audio.sample_rate
    paths = []
    for number in range(n_files):
        name, put = _KINDS[number % len(_KINDS)]
        round_ = number // len(_KINDS)
        path = folder / ("" if round_ % 2 == 0 else f"album {round_}") / f"{number:03d}{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        start = round((0.2 + 0.37 * number % 18.0) * rate)
        put(path, sound[start : start + round(_LENGTH_S * rate)], rate)
        paths.append(path)
    return sorted(paths)


def _wav(path: Path, sound: FloatArray, rate: int) -> None:
    soundfile.write(path, sound, rate, format="WAV", subtype="PCM_16")


def _by_suffix(path: Path, sound: FloatArray, rate: int) -> None:
    soundfile.write(path, sound, rate)


def _eight_bits(path: Path, sound: FloatArray, rate: int) -> None:
    soundfile.write(path, sound, rate, subtype="PCM_U8")


def _out_of_phase(path: Path, sound: FloatArray, rate: int) -> None:
    soundfile.write(path, np.stack([sound, -sound], axis=1), rate)


def _clipped(path: Path, sound: FloatArray, rate: int) -> None:
    soundfile.write(path, np.clip(30 * sound, -1.0, 1.0), rate)


def _not_a_number(path: Path, sound: FloatArray, rate: int) -> None:
    soundfile.write(path, np.where(sound > 0.5 * sound.max(), np.nan, sound), rate, subtype="FLOAT")


def _silence(path: Path, sound: FloatArray, rate: int) -> None:
    soundfile.write(path, np.zeros_like(sound), rate)


def _tiny(path: Path, sound: FloatArray, rate: int) -> None:
    soundfile.write(path, sound[:7], rate)


def _no_samples(path: Path, _: FloatArray, rate: int) -> None:
    soundfile.write(path, np.zeros(0), rate)


def _empty(path: Path, _: FloatArray, __: int) -> None:
    path.touch()


def _text(path: Path, _: FloatArray, __: int) -> None:
    path.write_text("e|--0--2--3--|\n" * 50)


def _bytes(path: Path, sound: FloatArray, _: int) -> None:
    path.write_bytes(sound.tobytes())


def _cut_short(path: Path, sound: FloatArray, rate: int) -> None:
    _by_suffix(path, sound, rate)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _header_only(path: Path, sound: FloatArray, rate: int) -> None:
    _wav(path, sound, rate)
    path.write_bytes(path.read_bytes()[:44])


def _folder(path: Path, _: FloatArray, __: int) -> None:
    path.mkdir()


def _nowhere(path: Path, _: FloatArray, __: int) -> None:
    path.symlink_to("gone.wav")


def _copy_of_the_first(path: Path, _: FloatArray, __: int) -> None:
    path.write_bytes(next(path.parents[path.parent.name.startswith("album")].glob("000*")).read_bytes())


_KINDS: tuple[tuple[str, Put], ...] = (
    (".wav", _wav),
    (".flac", _by_suffix),
    (" two words.mp3", _by_suffix),
    (" Für Élise – 吉他.ogg", _by_suffix),
    (' it\'s "mine", #1 & 50%.wav', _wav),
    (" really a wav.mp3", _wav),
    (" copy.wav", _copy_of_the_first),
    (".with.dots.WAV", _wav),
    (" 8 bits.wav", _eight_bits),
    (" out of phase.wav", _out_of_phase),
    (" clipped.wav", _clipped),
    (" not a number.wav", _not_a_number),
    (" silence.wav", _silence),
    (" tiny.wav", _tiny),
    (" no samples.wav", _no_samples),
    (" empty.wav", _empty),
    (" text.wav", _text),
    (" bytes.flac", _bytes),
    (" cut short.mp3", _cut_short),
    (" header only.wav", _header_only),
    (" folder.wav", _folder),
    (" nowhere.wav", _nowhere),
    (" no suffix at all", _wav),
    (" 2.aiff", _by_suffix),
)
N_KINDS = len(_KINDS)
