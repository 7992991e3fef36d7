"""Opens recordings: one block stream over libsndfile, PyAV and the ``ffmpeg`` program.

Each stream has a ``sample_rate``, ``n_channels``, a ``duration_s`` (None where only decoding tells),
hands out float32 blocks ``[n_frames, n_channels]`` of a section, and says in ``fault`` if the file broke off
on the way. Codecs put silence before the sound; where the container does not tell how much (``codec_delay``
knows), it is taken out. It knows nothing of downmix, resampling or what makes a recording fit for use: that
is ``io.audio``.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soundfile

from fretscribe.errors import AudioError, MissingExtraError
from fretscribe.frames import FloatArray
from fretscribe.io.codec_delay import FirstFrame, FirstPacket, in_time, read_framecrc, untold_delay

BLOCK_FRAMES = 16384
"""Small, because libsndfile loses the block in which a broken file ends."""

MEDIA_SUFFIXES = frozenset({
    ".m4a", ".mp4", ".m4v", ".mov", ".3gp", ".aac", ".webm", ".mkv", ".mka", ".wma", ".wmv", ".asf", ".ac3",
    ".eac3", ".avi", ".flv", ".ts", ".mpg",
})  # fmt: skip
"""What PyAV or ffmpeg is asked to read."""

# Some that FFmpeg knows, such as HLS playlists, would open other files and addresses.
_DEMUXERS = "mov,matroska,webm,asf,aac,ac3,eac3,avi,flv,mpegts,mpeg,mp3,ogg,wav,flac"
_READABLE = "give a WAV, FLAC, MP3, OGG or AIFF file"


class AudioStream(Protocol):
    """An open recording. Use it as a context manager; `blocks` may be drawn once."""

    sample_rate: int
    n_channels: int
    duration_s: float | None
    fault: str | None

    def blocks(self, start_s: float, end_s: float | None) -> Iterator[FloatArray]:
        """Float32 blocks [n_frames, n_channels] of ``start_s .. end_s`` (None: to the end)."""
        ...

    def __enter__(self) -> AudioStream: ...

    def __exit__(self, *exc_info: object) -> None: ...


def open_stream(path: Path, *, find_program: Callable[[str], str | None] = shutil.which) -> AudioStream:
    """Open a recording with the first decoder that can read it.

    Parameters
    ----------
    path : Path
        A regular, non-empty file.
    find_program : callable
        Finds ``ffmpeg``: name -> path, or None.

    Raises
    ------
    AudioError
        If no decoder knows the content.
    MissingExtraError
        If the content needs PyAV or ffmpeg, and neither is there.
    """
    try:
        return _SoundFileStream(path)
    except soundfile.LibsndfileError as error:
        if not _is_media_container(path):
            raise AudioError(
                f"{path} is not audio that can be read: {_reason(error)}", mend=_READABLE
            ) from error
    if importlib.util.find_spec("av") is not None:
        return _AvStream(path)
    program = find_program("ffmpeg")
    if program is not None:
        return _FfmpegStream(path, program)
    raise MissingExtraError(f"reading {path} ({path.suffix or 'a media container'})", "media")


def _is_media_container(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(12)
    magic = head[4:8] == b"ftyp" or head[:4] in (b"\x1a\x45\xdf\xa3", b"\x30\x26\xb2\x75")
    raw = head[:2] in (b"\xff\xf1", b"\xff\xf9", b"\x0b\x77")  # ADTS, AC-3
    return magic or raw or path.suffix.lower() in MEDIA_SUFFIXES


def _reason(error: soundfile.LibsndfileError) -> str:
    # code 7 is what an MP3 decoder without a single MPEG frame reports: "file does not exist"
    return "no audio found in it" if error.code == 7 else str(error.error_string).rstrip(". ").lower()


class _SoundFileStream:
    """What libsndfile reads: WAV, FLAC, MP3, OGG, AIFF, AU, CAF ..."""

    def __init__(self, path: Path) -> None:
        self._file = soundfile.SoundFile(os.fspath(path))
        self.sample_rate = int(self._file.samplerate)
        self.n_channels = int(self._file.channels)
        self.duration_s: float | None = self._file.frames / self.sample_rate
        self.fault = _short_chunk(path)

    def __enter__(self) -> AudioStream:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._file.close()

    def blocks(self, start_s: float, end_s: float | None) -> Iterator[FloatArray]:
        start = min(round(start_s * self.sample_rate), self._file.frames)
        stop = self._file.frames
        if end_s is not None:
            stop = min(round(end_s * self.sample_rate), stop)
        position = start
        try:
            if start:
                self._file.seek(start)
            while position < stop:
                wanted = min(BLOCK_FRAMES, stop - position)
                block = self._file.read(wanted, dtype="float32", always_2d=True)
                position += len(block)
                if len(block):
                    yield block
                if len(block) < wanted:
                    break
        except soundfile.LibsndfileError as error:
            self.fault = f"it cannot be decoded past {position / self.sample_rate:.1f} s ({_reason(error)})"
        else:
            if position < stop:
                lengths = f"{position / self.sample_rate:.1f} s of {stop / self.sample_rate:.1f} s are there"
                self.fault = f"it is cut short: {lengths}"


def _short_chunk(path: Path) -> str | None:
    """Say so if a RIFF or AIFF file is shorter than its header says; libsndfile mends that in silence."""
    with path.open("rb") as file:
        head = file.read(12)
        actual = file.seek(0, os.SEEK_END)
    if len(head) < 12 or head[:4] not in (b"RIFF", b"FORM"):
        return None
    (declared,) = struct.unpack("<I" if head[:4] == b"RIFF" else ">I", head[4:8])
    never_filled_in = declared >= 0x7FFFFF00  # recorders and pipes that could not seek back
    if never_filled_in or declared + 8 <= actual + 1:
        return None
    return f"it is cut short: {actual} bytes of {declared + 8} are there"


class _AvStream:
    """What the FFmpeg libraries inside PyAV read: m4a, mp4, webm ..."""

    def __init__(self, path: Path) -> None:
        import av

        self._path = path
        self._decode_errors = (av.error.FFmpegError, EOFError)
        try:
            options = {"format_whitelist": _DEMUXERS, "protocol_whitelist": "file"}
            # Titles are not always the UTF-8 that they should be, and nothing here depends on them.
            self._container: Any = av.open(os.fspath(path), options=options, metadata_errors="replace")
        except self._decode_errors as error:
            raise AudioError(f"{path} is not audio that can be read: {error}", mend=_READABLE) from error
        audio = self._container.streams.audio
        if not audio:
            self._container.close()
            raise AudioError(f"{path} has no sound track", mend="give a file with sound")
        self._track = audio[0]
        if self._track.codec_context is None or not self._track.rate:
            self._container.close()
            raise AudioError(f"{path}: the codec of its sound track is unknown", mend=_READABLE)
        self.sample_rate = int(self._track.rate)
        self.n_channels = len(self._track.codec_context.layout.channels)
        length = self._container.duration
        self.duration_s: float | None = None if length is None else length / av.time_base
        self.fault: str | None = None
        self._resampler = av.AudioResampler(  # one sample format and layout, even if the stream changes
            format="fltp", layout=self._track.codec_context.layout, rate=self.sample_rate
        )

    def __enter__(self) -> AudioStream:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._container.close()

    def blocks(self, start_s: float, end_s: float | None) -> Iterator[FloatArray]:
        late: list[int] = []
        blocks = in_time(self._decoded(late), late, self.n_channels)
        return _section(blocks, self.sample_rate, start_s, end_s)

    def _decoded(self, late: list[int]) -> Iterator[FloatArray]:
        """The sound as decoded; ``late`` gets one entry before the first block."""
        n_frames = 0
        first: FirstPacket | None = None
        by_ffmpeg = any(told.startswith("Lavf") for told in self._container.metadata.values())
        try:
            for packet in self._container.demux(self._track):
                first = first or FirstPacket.of(packet)
                for frame in packet.decode():
                    if not late:
                        delay = untold_delay(first, FirstFrame.of(frame), by_ffmpeg=by_ffmpeg)
                        late.append(round(delay * self.sample_rate / frame.sample_rate))
                    for part in self._resampler.resample(frame):
                        block = np.ascontiguousarray(part.to_ndarray().T, dtype=np.float32)
                        n_frames += len(block)
                        yield block
        except self._decode_errors as error:
            self.fault = f"it cannot be decoded past {n_frames / self.sample_rate:.1f} s ({error})"


class _FfmpegStream:
    """What the ``ffmpeg`` program reads, through a pipe in AU format (its header is 24 plain bytes)."""

    def __init__(self, path: Path, program: str) -> None:
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the stream
        command = [program, "-v", "error", "-nostdin", "-format_whitelist", _DEMUXERS]
        command += ["-protocol_whitelist", "file,pipe", "-copyts", "-i", f"file:{path}", "-map", "0:a:0"]
        self._late = [_delay_by_ffmpeg(command)]
        command += ["-c:a", "pcm_f32be", "-f", "au", "-"]
        self._process = subprocess.Popen(  # noqa: S603 - the program was found on PATH, no shell
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._messages
        )
        header = self._read_exactly(24)
        if len(header) < 24 or header[:4] != b".snd":
            self._process.wait()
            reason = self._first_message()
            self.__exit__()
            raise AudioError(f"{path} is not audio that can be read: {reason}", mend=_READABLE)
        _, data_offset, _, _, self.sample_rate, self.n_channels = struct.unpack(">4s5I", header)
        self._read_exactly(data_offset - 24)
        self.duration_s: float | None = None
        self.fault: str | None = None

    def __enter__(self) -> AudioStream:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.kill()
        self._process.wait()
        self._messages.close()

    def blocks(self, start_s: float, end_s: float | None) -> Iterator[FloatArray]:
        blocks = in_time(self._decoded(), self._late, self.n_channels)
        return _section(blocks, self.sample_rate, start_s, end_s)

    def _decoded(self) -> Iterator[FloatArray]:
        frame_bytes = 4 * self.n_channels
        n_frames = 0
        while data := self._read_exactly(BLOCK_FRAMES * frame_bytes):
            whole = data[: len(data) - len(data) % frame_bytes]
            block = np.frombuffer(whole, dtype=">f4").astype(np.float32).reshape(-1, self.n_channels)
            n_frames += len(block)
            yield block
        if self._process.wait() != 0:
            position_s = n_frames / self.sample_rate
            self.fault = f"it cannot be decoded past {position_s:.1f} s ({self._first_message()})"

    def _read_exactly(self, n_bytes: int) -> bytes:
        return b"" if self._process.stdout is None else self._process.stdout.read(n_bytes)

    def _first_message(self) -> str:
        self._messages.seek(0)
        lines = self._messages.read(2000).decode("utf-8", "replace").strip().splitlines()
        return lines[0] if lines else "ffmpeg found no sound in it"


def _delay_by_ffmpeg(command: Sequence[str]) -> int:
    """What `untold_delay` says of the track that a command reads; 0 where ``ffmpeg`` cannot read it.

    The program does not tell who encoded a file: WMA is left as it is decoded.
    """
    firsts = []
    for how in (["-c:a", "copy", "-avoid_negative_ts", "disabled"], []):
        done = subprocess.run(  # noqa: S603 - the program was found on PATH, no shell
            [*command, *how, "-frames:a", "1", "-f", "framecrc", "-"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        firsts.append(read_framecrc(done.stdout.decode("utf-8", "replace")))
    packet, frame = firsts
    return 0 if packet is None or frame is None else untold_delay(packet[0], frame[1], by_ffmpeg=False)


def _section(
    blocks: Iterator[FloatArray], sample_rate: int, start_s: float, end_s: float | None
) -> Iterator[FloatArray]:
    """Cut ``start_s .. end_s`` out of a stream that can only be read from its beginning."""
    start = round(start_s * sample_rate)
    stop = None if end_s is None else round(end_s * sample_rate)
    position = 0
    for block in blocks:
        cut = block[max(0, start - position) : None if stop is None else max(0, stop - position)]
        position += len(block)
        if len(cut):
            yield cut
        if stop is not None and position >= stop:
            return
