"""Reads a recording of any format, rate and channel count into mono audio at one sample rate.

Works as a stream: decode a block, check it, mix it down, resample it, append it; so a long file needs little
more memory than its result. What is wrong with a recording but can be lived with is told in ``warnings``;
nothing is mended in silence. It knows nothing of guitars.
Neighbours: ``io.media`` opens the files, ``pipeline`` hears what comes out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from fretscribe.errors import AudioError, OptionError
from fretscribe.frames import Audio, FloatArray
from fretscribe.io.media import AudioStream, open_stream
from fretscribe.result import AudioInfo

DEFAULT_SAMPLE_RATE = 22050

_LOWEST_RATE_HZ = 4000  # below it not even the fundamentals of the neck fit
_DULL_RATE_HZ = 16000
_FULL_SCALE = 0.999
_CLIPPED_SHARE = 0.001
_AUDIBLE_OFFSET = 0.001
_ABSURD_PEAK = 4.0  # float files in integer units; a hot float master stays below
_CANCELLED = 0.1  # the mix has less than a tenth of the power that unrelated channels would give

Progress = Callable[[float], None]
_Mix = Callable[[FloatArray], npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFile:
    """A recording as read: mono sound, where it comes from, and what is wrong with it.

    Attributes
    ----------
    audio : Audio
        One channel, the section asked for.
    info : AudioInfo
        Path, duration of the whole recording in seconds, sha256 of the file.
    warnings : tuple of str
        One line each.
    only_channel : int, or None
        The channel that was used alone, because the channels cancel each other; None: all were mixed.
    """

    audio: Audio
    info: AudioInfo
    warnings: tuple[str, ...] = ()
    only_channel: int | None = None


def read_audio(
    path: Path | str,
    *,
    sample_rate: int = DEFAULT_SAMPLE_RATE,
    start_s: float = 0.0,
    end_s: float | None = None,
    progress: Progress | None = None,
) -> AudioFile:
    """Read a recording, or a section of it, as mono sound.

    Parameters
    ----------
    path : Path or str
        WAV, FLAC, MP3, OGG, AIFF ... as libsndfile reads them; m4a, mp4, webm through PyAV or ffmpeg.
    sample_rate : int
        Of the result, in Hz.
    start_s, end_s : float
        The section, in seconds from the start of the recording; ``end_s`` None is its end.
    progress : callable, optional
        Called with the share that is done, 0..1.

    Raises
    ------
    AudioError
        If the path is no readable file, holds no sound, or holds samples that are not numbers.
    OptionError
        If the section is empty or starts after the recording's end.
    MissingExtraError
        If the format needs PyAV or ffmpeg, and neither is there.
    """
    path = Path(path)
    check_audio_path(path)
    if start_s < 0 or (end_s is not None and end_s <= start_s):
        raise OptionError(f"the section {start_s} .. {end_s} s is empty", mend="give 0 <= start < end")
    reader = _Reader(path=path, sample_rate=sample_rate, start_s=start_s, end_s=end_s, progress=progress)
    samples, levels = reader.run(mix=_mean_of_channels)
    warnings = list(reader.warnings)
    only_channel = None
    if levels.channels_cancel:
        only_channel = loudest = int(np.argmax(levels.channel_power))
        warnings.append(f"the channels cancel each other when mixed; only channel {loudest + 1} was used")
        samples, _ = reader.run(mix=lambda block: np.ascontiguousarray(block[:, loudest]))
    warnings += levels.warnings()
    warnings += _tame(samples)
    info = AudioInfo(path=str(path), duration_s=reader.duration_s, sha256=file_sha256(path))
    audio = Audio(samples=samples[np.newaxis], sample_rate=sample_rate)
    return AudioFile(audio=audio, info=info, warnings=tuple(warnings), only_channel=only_channel)


def stereo_blocks(
    path: Path,
    *,
    sample_rate: int,
    start_s: float = 0.0,
    end_s: float | None = None,
    channel: int | None = None,
) -> Iterator[FloatArray]:
    """A recording that `read_audio` could read once more, in stereo: float32 blocks [2, n_samples].

    Parameters
    ----------
    path : Path
    sample_rate : int
        Of the result, in Hz.
    start_s, end_s : float
        The section, in seconds; ``end_s`` None is the end.
    channel : int, optional
        The only channel to use. Else one channel, or the mean of more than two, goes to both sides.
    """
    with open_stream(path) as stream:
        blocks = (_two_channels(block, channel) for block in stream.blocks(start_s, end_s))
        for block in resample_stream(blocks, stream.sample_rate, sample_rate):
            yield np.ascontiguousarray(block.T)


def _two_channels(block: FloatArray, channel: int | None) -> FloatArray:
    if channel is not None:
        block = block[:, channel : channel + 1]
    if block.shape[1] == 2:
        return block
    return np.ascontiguousarray(np.repeat(block.mean(axis=1, keepdims=True, dtype=np.float32), 2, axis=1))


def resample_stream(blocks: Iterable[FloatArray], rate: int, sample_rate: int) -> Iterator[FloatArray]:
    """Blocks [n_samples] or [n_samples, n_channels] at another sample rate; empty ones are left out."""
    if rate == sample_rate:
        yield from blocks
        return
    resampler, like = None, np.zeros(0, dtype=np.float32)
    for block in blocks:
        if resampler is None:
            resampler = soxr.ResampleStream(rate, sample_rate, block.shape[1] if block.ndim > 1 else 1)
            like = block[:0]
        resampled = resampler.resample_chunk(np.ascontiguousarray(block))
        if len(resampled):
            yield resampled
    if resampler is not None:
        yield resampler.resample_chunk(np.ascontiguousarray(like), last=True)


def check_audio_path(path: Path) -> None:
    """Raise `AudioError` if ``path`` cannot be a recording: absent, a folder, empty, not permitted."""
    if any("\ud800" <= sign <= "\udfff" for sign in str(path)):
        raise AudioError(f"{str(path)!r}: the name is not text", mend="give it another name")
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise AudioError(f"{path} is a folder", mend="name the recordings inside it")
        if not path.is_file():
            raise AudioError(f"{path} is not a regular file", mend="save the sound into a file first")
        with path.open("rb"):
            pass
    except (FileNotFoundError, NotADirectoryError) as error:
        raise AudioError(f"{path} does not exist", mend="check the spelling and the folder") from error
    except OSError as error:
        raise AudioError(
            f"{path} cannot be opened: {error.strerror}", mend="check its permissions"
        ) from error
    if size == 0:
        raise AudioError(f"{path} is empty", mend="export or download it again")


def file_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes, read as a stream."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cut_audio(audio: Audio, start_s: float, end_s: float | None) -> Audio:
    """The section ``start_s .. end_s`` of a sound, all channels.

    Raises
    ------
    OptionError
        If it starts after the end of the sound.
    """
    if start_s > 0 and start_s >= audio.duration_s:
        length = f"the sound lasts {audio.duration_s:.2f} s"
        raise OptionError(f"the section starts at {start_s} s, but {length}", mend="start earlier")
    stop = audio.n_samples if end_s is None else round(end_s * audio.sample_rate)
    section = audio.samples[:, round(start_s * audio.sample_rate) : stop]
    return Audio(samples=section, sample_rate=audio.sample_rate)


def resample_audio(audio: Audio, sample_rate: int) -> Audio:
    """A sound at another sample rate, all channels; the same object if there is nothing to do."""
    if audio.sample_rate == sample_rate:
        return audio
    resampled = soxr.resample(np.ascontiguousarray(audio.samples.T), audio.sample_rate, sample_rate)
    return Audio(samples=np.ascontiguousarray(resampled.T), sample_rate=sample_rate)


def _mean_of_channels(block: FloatArray) -> npt.NDArray[np.float32]:
    if block.shape[1] == 1:
        return np.ascontiguousarray(block[:, 0])
    return np.asarray(block.mean(axis=1, dtype=np.float32))


class _Levels:
    """Running level statistics of the channels and of their mix."""

    def __init__(self, n_channels: int) -> None:
        self._n = 0
        self._n_full_scale = 0
        self._sums = np.zeros((2, n_channels + 1))  # first and second moment; the mix is the last column

    def add(self, block: FloatArray, mixed: npt.NDArray[np.float32]) -> None:
        self._n += len(block)
        self._n_full_scale += int(np.count_nonzero(np.abs(block) >= _FULL_SCALE))
        for moment, power in enumerate((1, 2)):
            self._sums[moment, :-1] += (block.astype(np.float64) ** power).sum(axis=0)
            self._sums[moment, -1] += float((mixed.astype(np.float64) ** power).sum())

    @property
    def _power(self) -> npt.NDArray[np.float64]:
        mean, square = self._sums / max(self._n, 1)
        return np.asarray(np.maximum(square - mean**2, 0.0))  # without the offset

    @property
    def channel_power(self) -> npt.NDArray[np.float64]:
        return self._power[:-1]

    @property
    def channels_cancel(self) -> bool:
        """Whether the mix is far weaker than the mean of unrelated channels would be."""
        unrelated = float(self.channel_power.sum()) / len(self.channel_power) ** 2
        return len(self.channel_power) > 1 and float(self._power[-1]) < _CANCELLED * unrelated

    def warnings(self) -> list[str]:
        share = self._n_full_scale / max(self._n * len(self.channel_power), 1)
        if share <= _CLIPPED_SHARE:
            return []
        return [f"{100 * share:.1f} % of the samples are at full scale: the recording is clipped"]


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Streams one file into mono samples at the target rate; `run` may be called again with another mix."""

    path: Path
    sample_rate: int
    start_s: float
    end_s: float | None
    progress: Progress | None
    duration_s: float = 0.0
    warnings: tuple[str, ...] = ()

    def run(self, *, mix: _Mix) -> tuple[npt.NDArray[np.float32], _Levels]:
        with open_stream(self.path) as stream:
            self._check_stream(stream)
            buffer, levels, n_frames = self._pump(stream, mix)
            self._judge(stream, n_frames)
        return np.frombuffer(buffer, dtype=np.float32), levels

    def _check_stream(self, stream: AudioStream) -> None:
        rate = stream.sample_rate
        if rate < _LOWEST_RATE_HZ:
            mend = f"record with {DEFAULT_SAMPLE_RATE} Hz or more"
            raise AudioError(f"{self.path} has {rate} samples a second, too few for a guitar", mend=mend)
        if stream.duration_s == 0.0:
            raise AudioError(f"{self.path} holds no sound", mend="export or download it again")
        if stream.duration_s is not None and self.start_s >= stream.duration_s:
            length = f"{self.path} lasts {stream.duration_s:.2f} s"
            raise OptionError(f"the section starts at {self.start_s} s, but {length}", mend="start earlier")

    def _pump(self, stream: AudioStream, mix: _Mix) -> tuple[bytearray, _Levels, int]:
        rate = stream.sample_rate
        resampler = soxr.ResampleStream(rate, self.sample_rate, 1) if rate != self.sample_rate else None
        levels = _Levels(stream.n_channels)
        buffer = bytearray()  # grows in place, so the sound is never in memory twice
        n_frames = 0
        expected = self._expected_frames(stream)
        for block in stream.blocks(self.start_s, self.end_s):
            self._check_finite(block, self.start_s + n_frames / rate, rate)
            mixed = mix(block)
            levels.add(block, mixed)
            buffer += (mixed if resampler is None else resampler.resample_chunk(mixed)).tobytes()
            n_frames += len(block)
            if self.progress is not None and expected:
                self.progress(min(n_frames / expected, 1.0))
        if resampler is not None:
            buffer += resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True).tobytes()
        return buffer, levels, n_frames

    def _expected_frames(self, stream: AudioStream) -> float:
        """Frames of the section; 0 where nobody knows."""
        ends = [e for e in (self.end_s, stream.duration_s) if e is not None]
        return max(min(ends) - self.start_s, 0.0) * stream.sample_rate if ends else 0.0

    def _check_finite(self, block: FloatArray, block_start_s: float, rate: int) -> None:
        finite = np.isfinite(block).all(axis=1)
        if not finite.all():
            at_s = block_start_s + int(np.argmin(finite)) / rate
            mend = "export it again, or leave that place out with --start or --end"
            raise AudioError(f"{self.path} has a sample at {at_s:.3f} s that is not a number", mend=mend)

    def _judge(self, stream: AudioStream, n_frames: int) -> None:
        """Fail if nothing was decoded; else keep the duration and the warnings."""
        if n_frames == 0:
            reason = f": {stream.fault}" if stream.fault else ""
            mend = "export or download it again" if self.start_s == 0 else "start earlier"
            raise AudioError(f"{self.path} holds no sound that can be decoded{reason}", mend=mend)
        read_until_s = self.start_s + n_frames / stream.sample_rate
        self.duration_s = read_until_s
        if stream.duration_s is not None:
            due_s = stream.duration_s if self.end_s is None else min(self.end_s, stream.duration_s)
            self.duration_s = stream.duration_s if read_until_s >= due_s - 0.01 else read_until_s
        warnings = []
        if stream.fault:
            warnings.append(f"the file is damaged, {stream.fault}; what could be decoded was used")
        if stream.sample_rate < _DULL_RATE_HZ:
            top_khz = stream.sample_rate / 2000
            warnings.append(
                f"the recording has nothing above {top_khz:g} kHz; strings are harder to tell apart"
            )
        if self.end_s is not None and self.end_s > self.duration_s + 0.01:
            warnings.append(f"the section ends at {self.end_s} s, the recording at {self.duration_s:.2f} s")
        self.warnings = tuple(warnings)


def _tame(samples: npt.NDArray[np.float32]) -> list[str]:
    """Take a constant offset and an absurd scale out of the samples, in place; say what was done."""
    warnings = []
    offset = float(samples.mean(dtype=np.float64)) if len(samples) else 0.0
    if abs(offset) > _AUDIBLE_OFFSET:
        samples -= np.float32(offset)
        warnings.append(f"a constant (DC) offset of {100 * offset:.1f} % of full scale was taken out")
    peak = float(max(samples.max(initial=0.0), -samples.min(initial=0.0)))
    if peak > _ABSURD_PEAK:
        samples /= np.float32(peak)
        warnings.append(f"the samples reached {peak:.0f} times full scale and were scaled down")
    return warnings
