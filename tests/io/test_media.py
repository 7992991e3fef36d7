"""Containers that libsndfile cannot read: PyAV where installed, the ffmpeg program, or a clear line."""

from __future__ import annotations

import importlib.util
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fretscribe.errors import AudioError, MissingExtraError
from fretscribe.io import media
from fretscribe.io.audio import read_audio
from media_files import write_media

RATE = 44100
HAS_AV = importlib.util.find_spec("av") is not None

_FAKE_FFMPEG = """#!{python}
import struct, sys
path = sys.argv[sys.argv.index("-i") + 1].removeprefix("file:")
data = open(path, "rb").read()
if "framecrc" in sys.argv:
    print("#tb 0: 1/{rate}", "#codec_id 0: " + ("aac" if b"raw" in data else "alac"), sep="\\n")
    print("#sample_rate 0: {rate}", "0, 0, 0, 1024, 30, 0x0", sep="\\n")
    sys.exit()
if b"broken" in data:
    sys.exit("moov atom not found")
sys.stdout.buffer.write(struct.pack(">4s5I", b".snd", 28, 0xFFFFFFFF, 6, {rate}, 2) + bytes(4))
sys.stdout.buffer.write(struct.pack(">2f", 0.5, -0.25) * {rate} * 2)
if b"late" in data:
    sys.exit("corrupt packet")
"""


@pytest.fixture
def ffmpeg(tmp_path: Path) -> str:
    """A stand-in that speaks as ffmpeg does: AU on stdout, messages on stderr, an exit code."""
    program = tmp_path / "ffmpeg"
    program.write_text(_FAKE_FFMPEG.format(python=sys.executable, rate=RATE))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def media_file(tmp_path: Path, content: bytes = b"") -> Path:
    path = tmp_path / "it's: a song.m4a"
    path.write_bytes(b"\0\0\0\x18ftypM4A " + content)
    return path


posix = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script with a shebang line")


@posix
def test_ffmpeg_is_read_through_a_pipe(tmp_path: Path, ffmpeg: str) -> None:
    with media._FfmpegStream(media_file(tmp_path), ffmpeg) as stream:
        assert (stream.sample_rate, stream.n_channels) == (RATE, 2)
        samples = np.concatenate(list(stream.blocks(0.0, None)))
    assert samples.shape == (2 * RATE, 2)
    assert (samples == np.array([0.5, -0.25], dtype=np.float32)).all()
    assert stream.fault is None


@posix
def test_a_delay_that_ffmpeg_leaves_in_is_taken_out(tmp_path: Path, ffmpeg: str) -> None:
    with media._FfmpegStream(media_file(tmp_path, b"raw"), ffmpeg) as stream:
        assert sum(map(len, stream.blocks(0.0, None))) == 2 * RATE - 1024


@posix
def test_a_section_through_ffmpeg(tmp_path: Path, ffmpeg: str) -> None:
    with media._FfmpegStream(media_file(tmp_path), ffmpeg) as stream:
        samples = np.concatenate(list(stream.blocks(0.5, 1.25)))
    assert len(samples) == round(0.75 * RATE)


@posix
def test_ffmpeg_failures_are_told(tmp_path: Path, ffmpeg: str) -> None:
    with pytest.raises(AudioError, match="moov atom not found"):
        media._FfmpegStream(media_file(tmp_path, b"broken"), ffmpeg)
    with media._FfmpegStream(media_file(tmp_path, b"late"), ffmpeg) as stream:
        assert sum(map(len, stream.blocks(0.0, None))) == 2 * RATE
    assert stream.fault is not None
    assert "corrupt packet" in stream.fault


@pytest.mark.skipif(HAS_AV, reason="PyAV is installed, so nothing is missing")
def test_without_decoder_the_extra_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError, match="fretscribe\\[media\\]"):
        media.open_stream(media_file(tmp_path), find_program=lambda _: None)


@pytest.mark.skipif(HAS_AV, reason="PyAV is installed and comes first")
@posix
def test_ffmpeg_steps_in_for_pyav(tmp_path: Path, ffmpeg: str) -> None:
    with media.open_stream(media_file(tmp_path), find_program=lambda _: ffmpeg) as stream:
        assert stream.sample_rate == RATE


def test_a_broken_container_is_an_audio_error(tmp_path: Path) -> None:
    pytest.importorskip("av", reason="needs the extra 'media'")
    with pytest.raises(AudioError, match="is not audio that can be read"):
        read_audio(media_file(tmp_path, bytes(100)))


def test_m4a_through_pyav(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="needs the extra 'media'")
    time_s = np.arange(3 * RATE) / RATE
    sine = (0.5 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)
    wav, m4a = tmp_path / "a.wav", tmp_path / "a.m4a"
    soundfile.write(wav, np.stack([sine, sine], axis=1), RATE)
    with av.open(str(m4a), "w") as out, av.open(str(wav)) as source:
        track = out.add_stream("aac", rate=RATE, layout="stereo")
        for frame in source.decode(audio=0):
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
    file = read_audio(m4a)
    assert file.info.duration_s == pytest.approx(3.0, abs=0.1)
    spectrum = np.abs(np.fft.rfft(file.audio.samples[0]))
    assert np.argmax(spectrum) / file.audio.duration_s == pytest.approx(440.0, abs=1.0)
    assert read_audio(m4a, start_s=1.0, end_s=2.0).audio.duration_s == pytest.approx(1.0, abs=0.01)
    m4a.write_bytes(m4a.read_bytes()[:200])
    with pytest.raises(AudioError):
        read_audio(m4a)


def _with(path: Path, old: bytes, new: bytes) -> Path:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    return path


@pytest.mark.skipif(not HAS_AV, reason="needs the extra media")
def test_titles_that_are_no_utf_8_do_not_matter(tmp_path: Path) -> None:
    sound = 0.3 * np.sin(np.arange(8000) / 9.0)[np.newaxis]
    path = write_media(tmp_path / "song.m4a", "aac", sound, RATE)
    as_it_is = read_audio(path).audio.samples
    # All but the encoder's name, which tells of the codec's delay.
    heard = read_audio(_with(path, b"SoundHandler", b"S\xf6undHandler")).audio.samples
    np.testing.assert_array_equal(heard, as_it_is)


@pytest.mark.skipif(not HAS_AV, reason="needs the extra media")
def test_a_sound_track_of_an_unknown_codec_is_refused(tmp_path: Path) -> None:
    path = write_media(tmp_path / "song.m4a", "aac", np.zeros((1, 8000)), RATE)
    data = path.read_bytes().replace(b"mp4a", b"zzzz").replace(b"esds", b"free")
    path.write_bytes(data)
    with pytest.raises(AudioError, match=r"song\.m4a: the codec of its sound track is unknown"):
        read_audio(path)
